#include "app/decision_text.h"

#include "base/hex.h"
#include "base/when.h"
#include "format/json.h"

enum decision_text_version { DECISION_TEXT_VERSION = 1 };

static bool read_digest(const json_t *root, const char *key, struct sha256 *digest)
{
	struct str hex;

	return json_str(root, key, &hex) && sha256_parse(hex, digest);
}

static bool read_copy(struct arena *mem, const json_t *root, const char *key, struct str *copy)
{
	struct str text;

	return json_str(root, key, &text) && arena_copy(mem, text, copy);
}

/* Members as they stand; what they must be is checked by writing them again. */
static bool read_members(struct arena *mem, const json_t *root, struct decision_text *decision)
{
	struct str organisation, time;

	return read_copy(mem, root, "act", &decision->act) &&
		read_copy(mem, root, "lab", &decision->lab) &&
		read_copy(mem, root, "person", &decision->person) &&
		read_copy(mem, root, "record", &decision->record) &&
		read_digest(root, "body", &decision->body) &&
		read_digest(root, "note", &decision->note) &&
		json_str(root, "organisation", &organisation) &&
		hex_parse(organisation, decision->root.bytes, sizeof(decision->root.bytes)) &&
		json_str(root, "time", &time) && when_parse(time, &decision->time_us) &&
		json_i64(root, "version", &decision->version);
}

enum err_kind decision_text_parse(
	struct arena *mem, struct str text, struct decision_text *decision, struct err *err)
{
	json_t *root = NULL;
	struct str again;
	enum err_kind rc = json_parse(text, DECISION_TEXT_BYTES_MAX, &root, err);

	if (rc != OK)
		return err_context(err, "decision");
	*decision = (struct decision_text){ .version = 0 };
	bool is_read = read_members(mem, root, decision);

	json_decref(root);
	if (!is_read)
		return err_set(
			err, ERR_INPUT, "decision: a member is missing, or not as the format says");
	rc = decision_text_format(mem, decision, &again, err);
	if (rc == OK && !str_eq(again, text))
		rc = err_set(err, ERR_INPUT,
			"decision: is not in the one spelling that is signed (canonical JSON)");
	return rc;
}

enum err_kind decision_text_format(
	struct arena *mem, const struct decision_text *decision, struct str *text, struct err *err)
{
	struct out o;
	struct jw w;

	out_init(&o, mem, DECISION_TEXT_BYTES_MAX);
	jw_init(&w, &o);
	jw_object(&w); /* in the order of RFC 8785 */
	jw_kstr(&w, "act", decision->act);
	jw_khex(&w, "body", decision->body.bytes, SHA256_BYTES);
	jw_kstr(&w, "lab", decision->lab);
	jw_khex(&w, "note", decision->note.bytes, SHA256_BYTES);
	jw_khex(&w, "organisation", decision->root.bytes, sizeof(decision->root.bytes));
	jw_kstr(&w, "person", decision->person);
	jw_kstr(&w, "record", decision->record);
	jw_kwhen(&w, "time", decision->time_us);
	jw_ki64(&w, "v", DECISION_TEXT_VERSION);
	jw_ki64(&w, "version", decision->version);
	jw_object_end(&w);
	return out_finish(&o, text, err);
}

enum err_kind decision_text_message(
	struct arena *mem, struct str text, struct str *message, struct err *err)
{
	struct out o;

	out_init(&o, mem, DECISION_TEXT_BYTES_MAX + 64);
	out_put(&o, STR("vitrine/decision/v1\n"));
	out_put(&o, text);
	return out_finish(&o, message, err);
}
