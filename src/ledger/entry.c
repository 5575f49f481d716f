#include "ledger/entry.h"

#include "base/hex.h"
#include "base/when.h"
#include "format/json.h"
#include "format/json_text.h"

enum { KIND_BYTES_MAX = 64 };

struct sha256 entry_commit(const struct entry_nonce *nonce, struct str detail)
{
	struct sha256_state s;

	sha256_begin(&s);
	sha256_add(&s, str_of(nonce->bytes, sizeof(nonce->bytes)));
	sha256_add(&s, detail);
	return sha256_end(&s);
}

/* Names of kinds and fields: ASCII, so that byte order is the order of RFC 8785. */
static bool word_valid(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
			    c == '-'))
			return false;
	}
	return s.len > 0 && s.len <= KIND_BYTES_MAX;
}

static enum err_kind put_text(struct out *o, struct str text, const char *name, struct err *err)
{
	if (memchr(text.ptr, '\0', text.len) != NULL || !json_text_put(o, text))
		return err_set(err, ERR_INPUT, "entry: %s is not text", name);
	return OK;
}

static enum err_kind put_public(const struct entry_draft *draft, struct out *o, struct err *err)
{
	const struct entry_field *sorted[ENTRY_FIELDS_MAX];
	enum err_kind rc = OK;

	for (size_t i = 0; i < draft->field_count; i++) {
		size_t at = i;

		for (; at > 0 && strcmp(sorted[at - 1]->name, draft->fields[i].name) > 0; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = &draft->fields[i];
	}
	out_char(o, '{');
	for (size_t i = 0; i < draft->field_count && rc == OK; i++) {
		const struct entry_field *f = sorted[i];

		if (!word_valid(str_from(f->name)) ||
			(i > 0 && strcmp(sorted[i - 1]->name, f->name) == 0))
			return err_set(err, ERR_INPUT, "entry: field %s", f->name);
		out_printf(o, "%s\"%s\":", i > 0 ? "," : "", f->name);
		if (!f->is_number)
			rc = put_text(o, f->text, f->name, err);
		else if (f->number > JSON_INT_MAX || f->number < -JSON_INT_MAX)
			rc = err_set(err, ERR_INPUT, "entry: %s is too large a number", f->name);
		else
			out_i64(o, f->number);
	}
	out_char(o, '}');
	return rc;
}

static bool is_zero(const struct sha256 *digest)
{
	static const struct sha256 zero;

	return memcmp(digest, &zero, sizeof(zero)) == 0;
}

enum err_kind entry_format(const struct entry_draft *draft, const struct sha256 *commit,
	struct out *o, struct err *err)
{
	char when[WHEN_TEXT_BYTES];
	size_t from = o->len;

	if (draft->field_count > ENTRY_FIELDS_MAX)
		return err_set(err, ERR_LIMIT, "entry: more than %d fields", ENTRY_FIELDS_MAX);
	if (!word_valid(str_from(draft->kind)))
		return err_set(err, ERR_INPUT, "entry: kind %s", draft->kind);
	when_format(draft->time_us, when);
	out_put(o, STR("{\"commit\":\""));
	out_hex(o, commit->bytes, SHA256_BYTES);
	out_printf(o, "\",\"kind\":\"%s\",\"public\":", draft->kind);
	enum err_kind rc = put_public(draft, o, err);

	if (rc != OK)
		return rc;
	if (!is_zero(&draft->request)) {
		out_put(o, STR(",\"request\":\""));
		out_hex(o, draft->request.bytes, SHA256_BYTES);
		out_char(o, '"');
	}
	out_printf(o, ",\"time\":\"%s\",\"v\":%d}", when, ENTRY_VERSION);
	if (o->failed || o->len - from > LIMIT_ENTRY_BYTES)
		return err_set(err, ERR_LIMIT, "entry: longer than %d bytes", LIMIT_ENTRY_BYTES);
	return OK;
}

/* The members and no others, each of its type. */
static bool read_members(const json_t *root, struct entry *entry, const json_t **public_object)
{
	struct str commit, request, time;
	char when[WHEN_TEXT_BYTES];
	int64_t version;

	*public_object = json_object_get(root, "public");
	entry->has_request = json_object_get(root, "request") != NULL;
	if (json_object_size(root) != (entry->has_request ? 6U : 5U) ||
		!json_i64(root, "v", &version) || version != ENTRY_VERSION ||
		!json_str(root, "commit", &commit) || !sha256_parse(commit, &entry->commit) ||
		!json_str(root, "kind", &entry->kind) || !word_valid(entry->kind) ||
		!json_str(root, "time", &time) || !when_parse(time, &entry->time_us) ||
		!json_is_object(*public_object))
		return false;
	if (entry->has_request &&
		(!json_str(root, "request", &request) || !sha256_parse(request, &entry->request) ||
			is_zero(&entry->request)))
		return false;
	when_format(entry->time_us, when);
	return str_eq(time, str_from(when));
}

static bool public_valid(json_t *object)
{
	const char *name;
	json_t *value;

	if (json_object_size(object) > ENTRY_FIELDS_MAX)
		return false;
	json_object_foreach(object, name, value)
	{
		if (!word_valid(str_from(name)) ||
			(!json_is_string(value) && !json_is_integer(value)))
			return false;
	}
	return true;
}

/* Canonical text of a value, in mem. */
static enum err_kind canonical(
	struct arena *mem, const json_t *value, struct str *text, struct err *err)
{
	struct out o;

	out_init(&o, mem, LIMIT_ENTRY_BYTES + 1);
	enum err_kind rc = json_canonical(value, &o, err);

	return rc == OK ? out_finish(&o, text, err) : rc;
}

enum err_kind entry_parse(struct arena *mem, struct str text, struct entry *entry, struct err *err)
{
	struct entry e = { .time_us = 0 };
	const json_t *public_object = NULL;
	struct str whole;
	json_t *root = NULL;
	enum err_kind rc = json_parse(text, LIMIT_ENTRY_BYTES, &root, err);

	if (rc != OK)
		return rc;
	if (!json_is_object(root) || !read_members(root, &e, &public_object) ||
		!public_valid(json_object_get(root, "public")))
		rc = err_set(err, ERR_INPUT, "entry: members missing, too many or of another type");
	if (rc == OK)
		rc = canonical(mem, root, &whole, err);
	if (rc == OK && !str_eq(whole, text))
		rc = err_set(err, ERR_INPUT, "entry: not in its canonical form");
	if (rc == OK)
		rc = canonical(mem, public_object, &e.public_json, err);
	if (rc == OK && !arena_copy(mem, e.kind, &e.kind))
		rc = err_set(err, ERR_LIMIT, "entry: memory used up");
	if (rc == OK)
		*entry = e;
	json_decref(root);
	return rc;
}
