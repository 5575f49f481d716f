/* args: one check a type, chosen by the row; then the getters. */
#include "app/args.h"

#include "app/lab.h"
#include "base/hex.h"
#include "base/limit.h"
#include "base/utf8.h"
#include "base/when.h"

/* What a check works on: the row, the value, and where to complain. */
struct checked {
	const struct verb_arg *row;
	const json_t *value;
	struct arena *mem;
	struct err *err;
};

static enum err_kind refuse(const struct checked *c, const char *what)
{
	return err_set(c->err, ERR_INPUT, "%s: %s", c->row->name, what);
}

static struct str text_of(const json_t *value)
{
	return str_of(json_string_value(value), json_string_length(value));
}

static int64_t max_of(const struct verb_arg *row, int64_t of_type)
{
	return row->max != 0 ? row->max : of_type;
}

/* Control and invisible characters would be obeyed by a terminal or page that shows them. */
static enum err_kind check_characters(const struct checked *c, struct str s, bool lines)
{
	while (s.len > 0) {
		uint32_t code_point;
		size_t n = utf8_decode(s, &code_point);

		if (n == 0)
			return refuse(c, "not UTF-8");
		bool is_space = lines &&
			(code_point == '\n' || code_point == '\t' || code_point == '\r');

		if (code_point == 0 || (!is_space && utf8_is_hidden(code_point)))
			return err_set(c->err, ERR_INPUT,
				"%s: holds the character U+%04X, which cannot be seen",
				c->row->name, (unsigned)code_point);
		s = str_skip(s, n);
	}
	return OK;
}

static enum err_kind check_length(
	const struct checked *c, size_t len, int64_t of_type, const char *unit)
{
	int64_t max = max_of(c->row, of_type);

	if ((int64_t)len < c->row->min && len == 0)
		return refuse(c, "may not be empty");
	if ((int64_t)len < c->row->min)
		return err_set(c->err, ERR_INPUT, "%s: shorter than %lld %s", c->row->name,
			(long long)c->row->min, unit);
	if ((int64_t)len > max)
		return err_set(c->err, ERR_INPUT, "%s: longer than %lld %s", c->row->name,
			(long long)max, unit);
	return OK;
}

static enum err_kind check_text(const struct checked *c)
{
	bool lines = c->row->type == ARG_TEXT;

	if (!json_is_string(c->value))
		return refuse(c, "must be text");
	struct str s = text_of(c->value);
	enum err_kind rc = check_length(
		c, s.len, lines ? LIMIT_TEXT_BYTES : LIMIT_LINE_BYTES, "bytes");

	return rc != OK ? rc : check_characters(c, s, lines);
}

/* Is `s` among the space-separated words? */
static bool is_word(const char *words, struct str s)
{
	struct str rest = str_from(words), word;

	while (str_cut(rest, ' ', &word, &rest)) {
		if (str_eq(word, s))
			return true;
	}
	return s.len > 0 && str_eq(rest, s);
}

static bool is_id(const struct verb_arg *row, struct str s)
{
	static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
	struct str prefix, rest;

	if (!str_cut(s, '_', &prefix, &rest) || prefix.len != 3 || rest.len == 0 ||
		s.len >= LAB_ID_BYTES)
		return false;
	for (size_t i = 0; i < prefix.len; i++) {
		if (prefix.ptr[i] < 'a' || prefix.ptr[i] > 'z')
			return false;
	}
	for (size_t i = 0; i < rest.len; i++) {
		if (memchr(letters, rest.ptr[i], sizeof(letters) - 1) == NULL)
			return false;
	}
	return row->words == NULL || is_word(row->words, prefix);
}

static enum err_kind check_id(const struct checked *c)
{
	if (!json_is_string(c->value) || !is_id(c->row, text_of(c->value)))
		return err_set(c->err, ERR_INPUT, "%s: must be an id such as %.3s_7k2m9q4xw3ht",
			c->row->name, c->row->words != NULL ? c->row->words : "eng");
	return OK;
}

static enum err_kind check_int(const struct checked *c)
{
	int64_t max = max_of(c->row, INT64_C(1) << 53);

	if (!json_is_integer(c->value))
		return refuse(c, "must be a whole number");
	int64_t v = json_integer_value(c->value);

	if (v < c->row->min || v > max)
		return err_set(c->err, ERR_INPUT, "%s: must be from %lld to %lld", c->row->name,
			(long long)c->row->min, (long long)max);
	return OK;
}

static enum err_kind check_bool(const struct checked *c)
{
	return json_is_boolean(c->value) ? OK : refuse(c, "must be true or false");
}

static enum err_kind check_time(const struct checked *c)
{
	int64_t when_us;

	if (!json_is_string(c->value) || !when_parse(text_of(c->value), &when_us))
		return refuse(c, "must be a date or a UTC time such as 2026-11-22T15:04:05Z");
	return OK;
}

static enum err_kind check_path(const struct checked *c)
{
	struct str path;
	struct err why;

	if (!json_is_string(c->value))
		return refuse(c, "must be a path");
	if (text_of(c->value).len == 0)
		return c->row->min > 0 ? refuse(c, "may not be empty") : OK;
	enum err_kind rc = path_from_shown(c->mem, text_of(c->value), &path, &why);

	return rc == OK ? OK : err_set(c->err, rc, "%s: %s", c->row->name, why.msg);
}

static enum err_kind check_enum(const struct checked *c)
{
	assert(c->row->words != NULL);
	if (!json_is_string(c->value) || !is_word(c->row->words, text_of(c->value)))
		return err_set(
			c->err, ERR_INPUT, "%s: must be one of: %s", c->row->name, c->row->words);
	return OK;
}

static enum err_kind check_list(const struct checked *c)
{
	if (!json_is_array(c->value))
		return refuse(c, "must be a list");
	enum err_kind rc = check_length(c, json_array_size(c->value), LIMIT_LIST_ITEMS, "items");

	for (size_t i = 0; rc == OK && i < json_array_size(c->value); i++) {
		const json_t *item = json_array_get(c->value, i);

		if (!json_is_string(item))
			return refuse(c, "every item must be text");
		struct str s = text_of(item);

		if (s.len == 0 || s.len > LIMIT_LINE_BYTES)
			return err_set(c->err, ERR_INPUT, "%s: every item must have 1 to %d bytes",
				c->row->name, LIMIT_LINE_BYTES);
		if (c->row->words != NULL && !is_word(c->row->words, s))
			return err_set(c->err, ERR_INPUT, "%s: every item must be one of: %s",
				c->row->name, c->row->words);
		rc = check_characters(c, s, false);
	}
	return rc;
}

static enum err_kind decode_base64(const struct checked *c, struct str *bytes)
{
	struct str text = text_of(c->value);
	size_t cap = text.len / 4 * 3 + 3, len;
	uint8_t *buf = arena_array(c->mem, uint8_t, cap);

	if (buf == NULL)
		return err_set(c->err, ERR_LIMIT, "%s: request memory used up", c->row->name);
	if (!base64_parse(text, buf, cap, &len))
		return refuse(c, "must be base64 (RFC 4648 section 4, padded)");
	*bytes = str_of(buf, len);
	return OK;
}

static enum err_kind check_bytes(const struct checked *c)
{
	struct str bytes = STR("");

	if (!json_is_string(c->value))
		return refuse(c, "must be base64");
	enum err_kind rc = decode_base64(c, &bytes);

	return rc != OK ? rc : check_length(c, bytes.len, LIMIT_JSON_BYTES, "bytes");
}

static enum err_kind (*const checks[])(const struct checked *c) = {
	[ARG_LINE] = check_text,
	[ARG_TEXT] = check_text,
	[ARG_ID] = check_id,
	[ARG_INT] = check_int,
	[ARG_BOOL] = check_bool,
	[ARG_TIME] = check_time,
	[ARG_PATH] = check_path,
	[ARG_ENUM] = check_enum,
	[ARG_SECRET] = check_text,
	[ARG_LIST] = check_list,
	[ARG_BYTES] = check_bytes,
};

const struct verb_arg *args_find(const struct verb *verb, const char *name)
{
	const struct verb_arg *row = verb->args;

	while (row != NULL && row->name != NULL && strcmp(row->name, name) != 0)
		row++;
	return row != NULL && row->name != NULL ? row : NULL;
}

/* A name that nobody declared may hold anything: show it escaped and cut. */
static enum err_kind refuse_unknown(struct arena *mem, const char *name, struct err *err)
{
	struct out o;
	struct str shown;
	struct err full;

	out_init(&o, mem, 4 * (size_t)LIMIT_NAME_BYTES);
	size_t len = strlen(name);

	while (len > LIMIT_NAME_BYTES || (len > 0 && !utf8_valid(str_of(name, len))))
		len--;
	out_shown(&o, str_of(name, len));
	if (out_finish(&o, &shown, &full) != OK)
		shown = STR("(long name)");
	return err_set(err, ERR_INPUT, "%.*s: no such argument of this verb", STR_ARG(shown));
}

enum err_kind args_check(
	const struct verb *verb, const json_t *args, struct arena *mem, struct err *err)
{
	const char *name;
	json_t *value;

	if (!json_is_object(args))
		return err_set(err, ERR_INPUT, "the arguments must be a JSON object");
	json_object_foreach((json_t *)args, name, value)
	{
		const struct verb_arg *row = args_find(verb, name);

		if (row == NULL)
			return refuse_unknown(mem, name, err);
		struct checked c = { row, value, mem, err };
		enum err_kind rc = checks[row->type](&c);

		if (rc != OK)
			return rc;
	}
	for (const struct verb_arg *row = verb->args; row != NULL && row->name != NULL; row++) {
		if ((row->flags & ARG_REQUIRED) && json_object_get(args, row->name) == NULL)
			return err_set(err, ERR_INPUT, "%s: is missing", row->name);
	}
	return OK;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One escape at the head of s, s.ptr[0] being the backslash: its bytes go to `bytes`. 0: malformed. */
static size_t take_escape(struct str s, char bytes[4], size_t *len)
{
	if (s.len >= 2 && s.ptr[1] == '\\') {
		bytes[0] = '\\';
		*len = 1;
		return 2;
	}
	if (s.len >= 4 && s.ptr[1] == 'x' && hex_digit(s.ptr[2]) >= 0 && hex_digit(s.ptr[3]) >= 0) {
		bytes[0] = (char)(hex_digit(s.ptr[2]) << 4 | hex_digit(s.ptr[3]));
		*len = 1;
		return 4;
	}
	if (s.len < 5 || s.ptr[1] != 'u' || s.ptr[2] != '{')
		return 0;
	uint32_t code_point = 0;
	size_t at = 3;

	for (; at < s.len && at < 9 && s.ptr[at] != '}'; at++) {
		if (hex_digit(s.ptr[at]) < 0)
			return 0;
		code_point = code_point << 4 | (uint32_t)hex_digit(s.ptr[at]);
	}
	if (at == s.len || s.ptr[at] != '}' || code_point > 0x10FFFF ||
		(code_point >= 0xD800 && code_point <= 0xDFFF))
		return 0;
	*len = utf8_encode(code_point, bytes);
	return at + 1;
}

static bool parts_are_plain(struct str path)
{
	struct str part, rest = path;
	bool more = true;

	while (more) {
		more = str_cut(rest, '/', &part, &rest);
		if (!more)
			part = rest;
		if (part.len == 0 || str_eq(part, STR(".")) || str_eq(part, STR("..")))
			return false;
	}
	return memchr(path.ptr, 0, path.len) == NULL;
}

enum err_kind path_from_shown(
	struct arena *mem, struct str shown, struct str *path, struct err *err)
{
	struct out raw, again;
	struct str bytes, spelled;

	out_init(&raw, mem, LIMIT_PATH_BYTES);
	for (struct str s = shown; s.len > 0;) {
		char escaped[4];
		size_t len = 1, used = 1;

		escaped[0] = s.ptr[0];
		if (s.ptr[0] == '\\') {
			used = take_escape(s, escaped, &len);
			if (used == 0)
				return err_set(err, ERR_INPUT,
					"a backslash must begin \\\\, \\xNN or \\u{NNNN}");
		}
		out_put(&raw, str_of(escaped, len));
		s = str_skip(s, used);
	}
	if (out_finish(&raw, &bytes, err) != OK)
		return err_set(err, ERR_INPUT, "longer than %d bytes", LIMIT_PATH_BYTES);
	if (!parts_are_plain(bytes))
		return err_set(
			err, ERR_INPUT, "must be relative, without empty, \".\" or \"..\" parts");
	out_init(&again, mem, 10 * (size_t)LIMIT_PATH_BYTES);
	out_shown(&again, bytes);
	enum err_kind rc = out_finish(&again, &spelled, err);

	if (rc != OK)
		return rc;
	if (!str_eq(spelled, shown))
		return err_set(err, ERR_INPUT, "must be spelled with as few escapes as can be");
	*path = bytes;
	return OK;
}

/* The value of a declared argument, or NULL when absent. Asking for an undeclared one is our mistake. */
static const json_t *value_of(const struct ctx *ctx, const char *name)
{
	assert(args_find(ctx->verb, name) != NULL);
	return json_object_get(ctx->args, name);
}

struct str arg_str(const struct ctx *ctx, const char *name)
{
	const json_t *value = value_of(ctx, name);

	assert(value == NULL || json_is_string(value));
	return value == NULL ? STR("") : text_of(value);
}

int64_t arg_i64(const struct ctx *ctx, const char *name, int64_t absent)
{
	const json_t *value = value_of(ctx, name);
	int64_t when_us;

	if (value == NULL)
		return absent;
	if (json_is_integer(value))
		return json_integer_value(value);
	bool is_time = json_is_string(value) && when_parse(text_of(value), &when_us);

	assert(is_time);
	return when_us;
}

bool arg_flag(const struct ctx *ctx, const char *name)
{
	return json_is_true(value_of(ctx, name));
}

bool arg_given(const struct ctx *ctx, const char *name)
{
	return value_of(ctx, name) != NULL;
}

size_t arg_count(const struct ctx *ctx, const char *name)
{
	return json_array_size(value_of(ctx, name));
}

struct str arg_item(const struct ctx *ctx, const char *name, size_t index)
{
	const json_t *item = json_array_get(value_of(ctx, name), index);

	assert(item != NULL);
	return text_of(item);
}

enum err_kind arg_path(const struct ctx *ctx, const char *name, struct str *path, struct err *err)
{
	struct str shown = arg_str(ctx, name);

	if (shown.len > 0)
		return path_from_shown(ctx->mem, shown, path, err);
	*path = STR("");
	return OK;
}

enum err_kind arg_bytes(const struct ctx *ctx, const char *name, struct str *bytes, struct err *err)
{
	const json_t *value = value_of(ctx, name);
	const struct verb_arg *row = args_find(ctx->verb, name);

	assert(row != NULL);
	struct checked c = { row, value, ctx->mem, err };

	if (value != NULL)
		return decode_base64(&c, bytes);
	*bytes = STR("");
	return OK;
}
