#include "app/key_statement.h"

#include "base/hex.h"
#include "base/when.h"
#include "format/json.h"

enum key_statement_version { KEY_STATEMENT_VERSION = 1 };

/* Members as they stand; what they must be is checked by writing them again. */
static bool read_members(struct arena *mem, const json_t *root, struct key_statement *statement)
{
	struct str from, until, key, organisation, lab, person;

	return json_str(root, "from", &from) && when_parse(from, &statement->from_us) &&
		json_str(root, "until", &until) && when_parse(until, &statement->until_us) &&
		json_str(root, "key", &key) && public_key_parse(key, &statement->key) &&
		json_str(root, "organisation", &organisation) &&
		hex_parse(organisation, statement->root.bytes, sizeof(statement->root.bytes)) &&
		json_str(root, "lab", &lab) && arena_copy(mem, lab, &statement->lab) &&
		json_str(root, "person", &person) && arena_copy(mem, person, &statement->person);
}

enum err_kind key_statement_parse(
	struct arena *mem, struct str text, struct key_statement *statement, struct err *err)
{
	json_t *root = NULL;
	struct str again;
	enum err_kind rc = json_parse(text, KEY_STATEMENT_BYTES_MAX, &root, err);

	if (rc != OK)
		return err_context(err, "statement");
	*statement = (struct key_statement){ .lab = STR(""), .person = STR("") };
	bool is_read = read_members(mem, root, statement);

	json_decref(root);
	if (!is_read)
		return err_set(err, ERR_INPUT,
			"statement: from, key, lab, organisation, person and until must be there, each as the format says");
	rc = key_statement_format(mem, statement, &again, err);
	if (rc == OK && !str_eq(again, text))
		rc = err_set(err, ERR_INPUT,
			"statement: is not in the one spelling that is signed (canonical JSON)");
	if (rc == OK && statement->from_us >= statement->until_us)
		rc = err_set(err, ERR_INPUT, "statement: ends before it begins");
	return rc;
}

enum err_kind key_statement_format(
	struct arena *mem, const struct key_statement *statement, struct str *text, struct err *err)
{
	struct out o, key_out;
	struct str key;
	struct jw w;

	out_init(&key_out, mem, PUBLIC_KEY_TEXT_BYTES_MAX);
	public_key_put(&key_out, &statement->key);
	enum err_kind rc = out_finish(&key_out, &key, err);

	if (rc != OK)
		return rc;
	out_init(&o, mem, KEY_STATEMENT_BYTES_MAX);
	jw_init(&w, &o);
	jw_object(&w); /* in the order of RFC 8785 */
	jw_kwhen(&w, "from", statement->from_us);
	jw_kstr(&w, "key", key);
	jw_kstr(&w, "lab", statement->lab);
	jw_khex(&w, "organisation", statement->root.bytes, sizeof(statement->root.bytes));
	jw_kstr(&w, "person", statement->person);
	jw_kwhen(&w, "until", statement->until_us);
	jw_ki64(&w, "v", KEY_STATEMENT_VERSION);
	jw_object_end(&w);
	return out_finish(&o, text, err);
}

enum err_kind key_statement_message(
	struct arena *mem, struct str text, struct str *message, struct err *err)
{
	struct out o;

	out_init(&o, mem, KEY_STATEMENT_BYTES_MAX + 64);
	out_put(&o, STR("vitrine/person-key/v1\n"));
	out_put(&o, text);
	return out_finish(&o, message, err);
}
