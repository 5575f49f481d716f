#include "app/record_values.h"

#include "app/args.h"
#include "base/hex.h"
#include "base/limit.h"
#include "base/utf8.h"
#include "base/when.h"
#include "crypto/digest.h"
#include "crypto/sign.h"

/* What a check works on. */
struct checked {
	struct arena *mem;
	const struct kind_field *field;
	struct err *err;
};

static enum err_kind refuse(const struct checked *c, const char *what)
{
	return err_set(c->err, ERR_INPUT, "%s: %s", c->field->name, what);
}

static bool is_numeric(const struct kind_field *f)
{
	return f->type == FIELD_INT || f->type == FIELD_BOOL || f->type == FIELD_TIME;
}

bool record_value_is_empty(const struct kind_field *field, const struct record_value *value)
{
	if (field->list)
		return value->count == 0;
	return !is_numeric(field) && value->text.len == 0;
}

/* Nothing that a page would obey rather than show. */
static bool is_plain_text(struct str s, bool lines)
{
	while (s.len > 0) {
		uint32_t code_point;
		size_t n = utf8_decode(s, &code_point);

		if (n == 0)
			return false;
		bool is_space = lines &&
			(code_point == '\n' || code_point == '\t' || code_point == '\r');

		if (!is_space && utf8_is_hidden(code_point))
			return false;
		s = str_skip(s, n);
	}
	return true;
}

static enum err_kind check_name(const struct checked *c, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char ch = s.ptr[i];
		bool is_letter = ch >= 'a' && ch <= 'z';
		bool is_other = (ch >= '0' && ch <= '9') || ch == '.' || ch == '_' || ch == '-';

		if (!is_letter && (i == 0 || !is_other))
			return refuse(c,
				"must be small letters, digits, dots, dashes and underscores, a letter first");
	}
	return OK;
}

static enum err_kind check_digest(const struct checked *c, struct str s)
{
	struct sha256 digest;

	return sha256_parse(s, &digest) ? OK : refuse(c, "must be 64 hexadecimal digits");
}

static enum err_kind check_key(const struct checked *c, struct str s)
{
	uint8_t key[SIGN_PUBLIC_BYTES];
	size_t len;

	return base64_parse(s, key, sizeof(key), &len) && len == sizeof(key)
		? OK
		: refuse(c, "must be a key: 32 bytes in base64");
}

static enum err_kind check_enum(const struct checked *c, struct str s)
{
	struct str rest = str_from(c->field->words), word;

	while (str_cut(rest, ' ', &word, &rest)) {
		if (str_eq(word, s))
			return OK;
	}
	if (str_eq(rest, s))
		return OK;
	return err_set(
		c->err, ERR_INPUT, "%s: must be one of: %s", c->field->name, c->field->words);
}

static enum err_kind check_id(const struct checked *c, struct str s)
{
	struct str prefix, rest;

	if (!str_cut(s, '_', &prefix, &rest) || s.len >= LAB_ID_BYTES ||
		!str_eq(prefix, str_from(c->field->target->prefix)))
		return err_set(c->err, ERR_INPUT, "%s: must be the id of a record of kind %s",
			c->field->name, c->field->target_name);
	return OK;
}

/* People write folders with a slash at the end. */
static enum err_kind check_path(const struct checked *c, struct str *s)
{
	struct str raw;
	struct err why;

	if (s->len > 1 && str_ends(*s, STR("/")))
		*s = str_head(*s, s->len - 1);
	enum err_kind rc = path_from_shown(c->mem, *s, &raw, &why);

	return rc == OK ? OK : err_set(c->err, rc, "%s: %s", c->field->name, why.msg);
}

/* A text that is not empty. A path may lose its last slash. */
static enum err_kind check_text(const struct checked *c, struct str *s)
{
	const struct kind_field *f = c->field;

	if (!is_plain_text(*s, f->type == FIELD_TEXT))
		return refuse(c, "holds bytes that cannot be shown");
	if (!f->list && f->max > 0 && ((int64_t)s->len > f->max || (int64_t)s->len < f->min))
		return err_set(c->err, ERR_INPUT, "%s: must have %lld to %lld bytes", f->name,
			(long long)f->min, (long long)f->max);
	switch (f->type) {
	case FIELD_NAME:
		return check_name(c, *s);
	case FIELD_DIGEST:
		return check_digest(c, *s);
	case FIELD_KEY:
		return check_key(c, *s);
	case FIELD_ENUM:
		return check_enum(c, *s);
	case FIELD_ID:
		return check_id(c, *s);
	case FIELD_PATH:
		return check_path(c, s);
	default:
		return OK;
	}
}

static enum err_kind copy_text(const struct checked *c, const json_t *json, struct str *text)
{
	if (!json_is_string(json))
		return refuse(c, "must be text");
	if (!arena_copy(c->mem, str_of(json_string_value(json), json_string_length(json)), text))
		return err_set(c->err, ERR_LIMIT, "record: request memory used up");
	return OK;
}

static enum err_kind read_number(
	const struct checked *c, const json_t *json, struct record_value *value)
{
	switch (c->field->type) {
	case FIELD_BOOL:
		if (!json_is_boolean(json))
			return refuse(c, "must be true or false");
		value->number = json_is_true(json) ? 1 : 0;
		return OK;
	case FIELD_TIME:
		if (json_is_string(json) &&
			when_parse(str_of(json_string_value(json), json_string_length(json)),
				&value->number))
			return OK;
		if (!json_is_integer(json))
			return refuse(c, "must be a date or a UTC time");
		value->number = json_integer_value(json);
		return OK;
	default:
		if (!json_is_integer(json))
			return refuse(c, "must be a whole number");
		value->number = json_integer_value(json);
		return OK;
	}
}

static enum err_kind read_list(
	const struct checked *c, const json_t *json, bool strict, struct record_value *value)
{
	size_t count = json_array_size(json);
	struct str *items = arena_array(c->mem, struct str, count);

	if (!json_is_array(json))
		return refuse(c, "must be a list");
	if (items == NULL)
		return err_set(c->err, ERR_LIMIT, "record: request memory used up");
	if (strict && count > 0 &&
		((int64_t)count > c->field->max || (int64_t)count < c->field->min))
		return err_set(c->err, ERR_INPUT, "%s: must have %lld to %lld items",
			c->field->name, (long long)c->field->min, (long long)c->field->max);
	for (size_t i = 0; i < count; i++) {
		enum err_kind rc = copy_text(c, json_array_get(json, i), &items[i]);

		if (rc == OK && strict)
			rc = items[i].len == 0 ? refuse(c, "an item is empty")
					       : check_text(c, &items[i]);
		for (size_t k = 0; rc == OK && strict && k < i; k++) {
			if (str_eq(items[k], items[i]))
				rc = refuse(c, "an item stands there twice");
		}
		if (rc != OK)
			return rc;
	}
	value->items = items;
	value->count = count;
	return OK;
}

static enum err_kind read_value(
	const struct checked *c, const json_t *json, bool strict, struct record_value *value)
{
	enum err_kind rc;

	value->given = true;
	value->text = STR("");
	if (c->field->list)
		return read_list(c, json, strict, value);
	if (is_numeric(c->field)) {
		rc = read_number(c, json, value);
		if (rc == OK && strict && c->field->type == FIELD_INT &&
			(value->number < c->field->min || value->number > c->field->max))
			return err_set(c->err, ERR_INPUT, "%s: must be from %lld to %lld",
				c->field->name, (long long)c->field->min, (long long)c->field->max);
		return rc;
	}
	rc = copy_text(c, json, &value->text);
	if (rc == OK && strict && value->text.len > 0)
		rc = check_text(c, &value->text);
	return rc;
}

static enum err_kind read_values(struct arena *mem, const struct kind *kind, const json_t *object,
	bool strict, struct record_value **values, struct err *err)
{
	struct record_value *made = arena_array(mem, struct record_value, kind->field_count);

	if (made == NULL)
		return err_set(err, ERR_LIMIT, "record: request memory used up");
	for (size_t i = 0; i < kind->field_count; i++) {
		struct checked c = { mem, &kind->fields[i], err };
		const json_t *json = json_object_get(object, kind->fields[i].name);

		made[i].text = STR("");
		if (json == NULL)
			continue;
		enum err_kind rc = read_value(&c, json, strict, &made[i]);

		if (rc != OK)
			return rc;
	}
	*values = made;
	return OK;
}

enum err_kind record_values_read(const struct record_desk *desk, const struct kind *kind,
	const json_t *object, struct record_value **values, struct err *err)
{
	return read_values(desk->mem, kind, object, true, values, err);
}

enum err_kind record_body_read(struct arena *mem, struct str id, const struct kind *kind,
	struct str body, struct record_value **values, struct err *err)
{
	json_t *root = NULL;
	enum err_kind rc = json_parse(body, RECORD_BODY_BYTES_MAX, &root, err);

	if (rc == OK && !json_is_object(root))
		rc = err_set(err, ERR_INPUT, "not an object");
	if (rc == OK)
		rc = read_values(mem, kind, root, false, values, err);
	json_decref(root);
	if (rc == ERR_INPUT) { /* what we stored ourselves does not read */
		struct err why = *err;

		rc = err_set(err, ERR_CORRUPT, "record %.*s: %s", STR_ARG(id), why.msg);
	}
	return rc;
}

void record_value_write(
	const struct kind_field *field, const struct record_value *value, bool stored, struct jw *w)
{
	if (field->list) {
		jw_array(w);
		for (size_t i = 0; i < value->count; i++)
			jw_str(w, value->items[i]);
		jw_array_end(w);
	} else if (field->type == FIELD_TIME && !stored) {
		jw_when(w, value->number);
	} else if (field->type == FIELD_BOOL) {
		jw_bool(w, value->number != 0);
	} else if (is_numeric(field)) {
		jw_i64(w, value->number);
	} else {
		jw_str(w, value->text);
	}
}

enum err_kind record_body_write(struct arena *mem, const struct kind *kind,
	const struct record_value *values, struct str *body, struct err *err)
{
	struct out o;
	struct jw w;

	out_init(&o, mem, RECORD_BODY_BYTES_MAX);
	jw_init(&w, &o);
	jw_object(&w);
	for (size_t i = 0; i < kind->field_count; i++) {
		if (!values[i].given)
			continue;
		jw_key(&w, kind->fields[i].name);
		record_value_write(&kind->fields[i], &values[i], true, &w);
	}
	jw_object_end(&w);
	return out_finish(&o, body, err) == OK
		? OK
		: err_set(err, ERR_LIMIT, "record: larger than %d bytes", RECORD_BODY_BYTES_MAX);
}
