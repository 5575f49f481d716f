/* settings: rows in, struct out. */
#include "app/settings.h"

#include "base/utf8.h"
#include "format/json.h"
#include "format/yaml.h"

#define AT(member) offsetof(struct settings, member)

const struct setting settings_rows[] = {
	{ "name", SETTING_TEXT, AT(name), 1, LIMIT_LINE_BYTES - 1, 0, NULL,
		"the lab's name, as it stands on every page" },
	{ "origin", SETTING_TEXT, AT(origin), 3, LIMIT_LINE_BYTES - 1, 0, NULL,
		"the name of the ledger and of its key, a URL without a scheme; never changed" },
	{ "user", SETTING_TEXT, AT(user), 0, LIMIT_NAME_BYTES - 1, 0, "",
		"whom the processes become when started as root" },
	{ "session_idle_s", SETTING_NUMBER, AT(session_idle_s), 60, 86400, 1800, NULL,
		"seconds without an act after which a session ends" },
	{ "session_absolute_s", SETTING_NUMBER, AT(session_absolute_s), 300, 604800, 43200, NULL,
		"seconds after which a session ends in any case" },
	{ "totp_required", SETTING_FLAG, AT(totp_required), 0, 1, 0, NULL,
		"nobody acts before an authenticator is set up" },
	{ "signatures", SETTING_TEXT, AT(signatures), 1, SETTINGS_WORD_BYTES - 1, 0, "keyed",
		"keyed: who has a key that counts signs decisions; required: nobody decides without" },
	{ "web.rp_id", SETTING_TEXT, AT(rp_id), 0, LIMIT_LINE_BYTES - 1, 0, "",
		"name of the host for which security keys are made, as in lab.example.org; empty: none" },
	{ "web.origin", SETTING_TEXT, AT(web_origin), 0, LIMIT_LINE_BYTES - 1, 0, "",
		"where the pages are, as in https://lab.example.org:8443; the host ends in web.rp_id" },
	{ "ingest_files_max", SETTING_NUMBER, AT(ingest_files_max), 1, LIMIT_RELEASE_FILES, 200000,
		NULL, "files of one release" },
	{ "ingest_bytes_max", SETTING_NUMBER, AT(ingest_bytes_max), 1, LIMIT_RELEASE_BYTES,
		INT64_C(8) << 30, NULL, "bytes of one release, unpacked" },
	{ "layout_children_max", SETTING_NUMBER, AT(layout_children_max), 1, 64, 4, NULL,
		"children that lay files out at once, one engagement each" },
	{ "witness_wait_s", SETTING_NUMBER, AT(witness_wait_s), 0, 86400, 60, NULL,
		"seconds for which a start waits to hear from witnesses before it acts without them" },
	{ "door.listen", SETTING_TEXT, AT(door_listen), 0, LIMIT_LINE_BYTES - 1, 0, "",
		"ADDRESS:PORT where points and witnesses of other machines come in; empty: none" },
	{ "test_clock", SETTING_FLAG, AT(test_clock), 0, 1, 0, NULL,
		"the clock is shifted by run/clock: for tests, said on every page" },
	{ NULL, SETTING_FLAG, 0, 0, 0, 0, NULL, NULL },
};

static void set_text(const struct setting *row, struct settings *settings, struct str value)
{
	char *at = (char *)settings + row->offset;

	assert(value.len <= (size_t)row->max);
	memcpy(at, value.ptr, value.len);
	at[value.len] = '\0';
}

static void set_number(const struct setting *row, struct settings *settings, int64_t value)
{
	char *at = (char *)settings + row->offset;
	bool flag = value != 0;

	if (row->type == SETTING_FLAG)
		memcpy(at, &flag, sizeof(flag));
	else
		memcpy(at, &value, sizeof(value));
}

static int64_t get_number(const struct setting *row, const struct settings *settings)
{
	const char *at = (const char *)settings + row->offset;
	int64_t value;
	bool flag;

	if (row->type == SETTING_FLAG) {
		memcpy(&flag, at, sizeof(flag));
		return flag;
	}
	memcpy(&value, at, sizeof(value));
	return value;
}

void settings_default(struct settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	for (const struct setting *row = settings_rows; row->key != NULL; row++) {
		if (row->type == SETTING_TEXT)
			set_text(row, settings, str_from(row->text));
		else
			set_number(row, settings, row->number);
	}
}

static enum err_kind take_text(
	const struct setting *row, const json_t *value, struct settings *settings, struct err *err)
{
	if (!json_is_string(value))
		return err_set(err, ERR_INPUT, "vitrine.yaml: %s: must be text", row->key);
	struct str text = str_of(json_string_value(value), json_string_length(value));

	if ((int64_t)text.len < row->min || (int64_t)text.len > row->max)
		return err_set(err, ERR_INPUT, "vitrine.yaml: %s: must have %lld to %lld bytes",
			row->key, (long long)row->min, (long long)row->max);
	for (struct str rest = text; rest.len > 0;) {
		uint32_t code_point;
		size_t n = utf8_decode(rest, &code_point);

		if (n == 0 || utf8_is_hidden(code_point))
			return err_set(err, ERR_INPUT,
				"vitrine.yaml: %s: holds a character that cannot be seen",
				row->key);
		rest = str_skip(rest, n);
	}
	set_text(row, settings, text);
	return OK;
}

static enum err_kind take(
	const struct setting *row, const json_t *value, struct settings *settings, struct err *err)
{
	if (row->type == SETTING_TEXT)
		return take_text(row, value, settings, err);
	if (row->type == SETTING_FLAG) {
		if (!json_is_boolean(value))
			return err_set(err, ERR_INPUT, "vitrine.yaml: %s: must be true or false",
				row->key);
		set_number(row, settings, json_is_true(value));
		return OK;
	}
	if (!json_is_integer(value) || json_integer_value(value) < row->min ||
		json_integer_value(value) > row->max)
		return err_set(err, ERR_INPUT,
			"vitrine.yaml: %s: must be a number from %lld to %lld", row->key,
			(long long)row->min, (long long)row->max);
	set_number(row, settings, json_integer_value(value));
	return OK;
}

static const struct setting *find(const char *key)
{
	const struct setting *row = settings_rows;

	while (row->key != NULL && strcmp(row->key, key) != 0)
		row++;
	return row->key == NULL ? NULL : row;
}

/* The origin is the name of the ledger's key: no space, no '+', no control character (signed-note). */
static enum err_kind check_origin(const struct settings *settings, struct err *err)
{
	for (const char *c = settings->origin; *c != '\0'; c++) {
		bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			(*c >= '0' && *c <= '9') || strchr("./-_~", *c) != NULL;

		if (!plain)
			return err_set(err, ERR_INPUT,
				"vitrine.yaml: origin: letters, digits and ./-_~ only, as in "
				"example.org/lab");
	}
	return OK;
}

/* A security key signs for one host and what lies below it. */
static enum err_kind check_web(const struct settings *settings, struct err *err)
{
	struct str origin = str_from(settings->web_origin), rp = str_from(settings->rp_id);
	struct str host, rest;

	if (origin.len == 0 && rp.len == 0)
		return OK;
	host = str_starts(origin, STR("https://")) ? str_skip(origin, 8) : STR("");
	if (str_cut(host, ':', &host, &rest) && rest.len == 0)
		host = STR("");
	bool is_below = host.len > rp.len + 1 && str_ends(host, rp) &&
		host.ptr[host.len - rp.len - 1] == '.';

	if (rp.len == 0 || !(str_eq(host, rp) || is_below) ||
		memchr(origin.ptr + 8, '/', origin.len - 8) != NULL)
		return err_set(err, ERR_INPUT,
			"vitrine.yaml: web.origin: must be https:// and a host that ends in web.rp_id, no path");
	return OK;
}

static enum err_kind check_signatures(const struct settings *settings, struct err *err)
{
	if (strcmp(settings->signatures, "keyed") == 0 ||
		strcmp(settings->signatures, "required") == 0)
		return OK;
	return err_set(err, ERR_INPUT, "vitrine.yaml: signatures: must be keyed or required");
}

static enum err_kind take_row(
	const char *key, const json_t *value, struct settings *settings, struct err *err)
{
	const struct setting *row = find(key);

	return row == NULL ? err_set(err, ERR_INPUT, "vitrine.yaml: no such setting: %.40s", key)
			   : take(row, value, settings, err);
}

/* `door: {listen: …}` is the same as `door.listen: …`. */
static enum err_kind take_group(
	const char *group, const json_t *members, struct settings *settings, struct err *err)
{
	char name[2 * LIMIT_NAME_BYTES];
	enum err_kind rc = OK;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)members, key, value)
	{
		snprintf(name, sizeof(name), "%.60s.%.60s", group, key);
		rc = take_row(name, value, settings, err);
		if (rc != OK)
			break;
	}
	return rc;
}

static enum err_kind take_all(const json_t *root, struct settings *settings, struct err *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(root))
		return err_set(err, ERR_INPUT, "vitrine.yaml: must be keys and values");
	json_object_foreach((json_t *)root, key, value)
	{
		enum err_kind rc = json_is_object(value) ? take_group(key, value, settings, err)
							 : take_row(key, value, settings, err);

		if (rc != OK)
			return rc;
	}
	for (const struct setting *row = settings_rows; row->key != NULL; row++) {
		if (row->type == SETTING_TEXT && row->text == NULL &&
			json_object_get(root, row->key) == NULL)
			return err_set(err, ERR_INPUT, "vitrine.yaml: %s: is missing", row->key);
	}
	enum err_kind rc = check_origin(settings, err);

	if (rc == OK)
		rc = check_web(settings, err);
	return rc == OK ? check_signatures(settings, err) : rc;
}

enum err_kind settings_parse(struct str yaml, struct settings *settings, struct err *err)
{
	struct settings taken;
	json_t *root;
	enum err_kind rc = yaml_parse(yaml, SETTINGS_FILE_BYTES_MAX, &root, err);

	if (rc != OK)
		return err_context(err, "vitrine.yaml");
	settings_default(&taken);
	rc = take_all(root, &taken, err);
	json_decref(root);
	if (rc != OK)
		return rc;
	if (taken.session_idle_s > taken.session_absolute_s)
		return err_set(err, ERR_INPUT,
			"vitrine.yaml: session_idle_s: must not exceed session_absolute_s");
	*settings = taken;
	return OK;
}

/* A double-quoted scalar; what passed take_text needs only these two escaped. */
static void put_quoted(struct out *o, const char *text)
{
	out_char(o, '"');
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			out_char(o, '\\');
		out_char(o, *c);
	}
	out_char(o, '"');
}

void settings_put(struct out *o, const struct settings *settings)
{
	out_put(o,
		STR("# Settings of this lab; read when the vault starts. A key left out has its default.\n"));
	for (const struct setting *row = settings_rows; row->key != NULL; row++) {
		out_printf(o, "\n# %s\n%s: ", row->help, row->key);
		if (row->type == SETTING_TEXT)
			put_quoted(o, (const char *)settings + row->offset);
		else if (row->type == SETTING_FLAG)
			out_put(o, get_number(row, settings) ? STR("true") : STR("false"));
		else
			out_i64(o, get_number(row, settings));
		out_char(o, '\n');
	}
}
