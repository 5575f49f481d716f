#include "base/hex.h"
#include "base/limit.h"
#include "base/utf8.h"
#include "base/when.h"
#include "format/json.h"
#include "format/json_text.h"

static void put_escape(struct out *o, unsigned char c)
{
	static const char short_form[32] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'
	};
	char six[6] = { '\\', 'u', '0', '0', '0', '0' };

	if (c == '"' || c == '\\' || short_form[c] != '\0') {
		char two[2] = { '\\', c < 32 ? short_form[c] : (char)c };

		out_put(o, str_of(two, sizeof(two)));
		return;
	}
	assert(c < 32);
	six[4] = (char)('0' + (c >> 4));
	six[5] = "0123456789abcdef"[c & 15];
	out_put(o, str_of(six, sizeof(six)));
}

bool json_text_put(struct out *o, struct str value)
{
	size_t from = 0, at = 0;
	bool clean = true;

	out_char(o, '"');
	/* Runs that need no change are copied whole. */
	while (at < value.len) {
		unsigned char c = (unsigned char)value.ptr[at];
		uint32_t code_point;

		if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
			at++;
			continue;
		}
		size_t n = c < 0x80 ? 1 : utf8_decode(str_skip(value, at), &code_point);

		if (c >= 0x80 && n > 0) {
			at += n;
			continue;
		}
		out_put(o, str_of(value.ptr + from, at - from));
		if (c < 0x80) {
			put_escape(o, c);
		} else {
			out_put(o, STR("\xef\xbf\xbd"));
			clean = false;
		}
		at++;
		from = at;
	}
	out_put(o, str_of(value.ptr + from, at - from));
	out_char(o, '"');
	return clean;
}

void jw_init(struct jw *w, struct out *out)
{
	*w = (struct jw){ .out = out };
	w->first[0] = true;
}

/* A value begins: the comma before it, unless its key has written that. */
static void begin_value(struct jw *w)
{
	if (w->after_key) {
		w->after_key = false;
		return;
	}
	assert(!w->is_object[w->depth]); /* in an object a key comes first */
	assert(w->depth > 0 || w->first[0]); /* one value at the top */
	if (!w->first[w->depth])
		out_char(w->out, ',');
	w->first[w->depth] = false;
}

static void open_level(struct jw *w, bool is_object)
{
	begin_value(w);
	assert(w->depth < JW_DEPTH_MAX);
	w->depth++;
	w->first[w->depth] = true;
	w->is_object[w->depth] = is_object;
	out_char(w->out, is_object ? '{' : '[');
}

static void close_level(struct jw *w, bool is_object)
{
	assert(w->depth > 0 && !w->after_key);
	assert(w->is_object[w->depth] == is_object);
	w->depth--;
	out_char(w->out, is_object ? '}' : ']');
}

void jw_object(struct jw *w)
{
	open_level(w, true);
}

void jw_object_end(struct jw *w)
{
	close_level(w, true);
}

void jw_array(struct jw *w)
{
	open_level(w, false);
}

void jw_array_end(struct jw *w)
{
	close_level(w, false);
}

void jw_key(struct jw *w, const char *key)
{
	assert(w->is_object[w->depth] && !w->after_key);
	if (!w->first[w->depth])
		out_char(w->out, ',');
	w->first[w->depth] = false;
	json_text_put(w->out, str_from(key));
	out_char(w->out, ':');
	w->after_key = true;
}

void jw_str(struct jw *w, struct str value)
{
	begin_value(w);
	json_text_put(w->out, value);
}

void jw_i64(struct jw *w, int64_t value)
{
	begin_value(w);
	out_i64(w->out, value);
}

void jw_u64(struct jw *w, uint64_t value)
{
	begin_value(w);
	out_u64(w->out, value);
}

void jw_bool(struct jw *w, bool value)
{
	begin_value(w);
	out_put(w->out, value ? STR("true") : STR("false"));
}

void jw_null(struct jw *w)
{
	begin_value(w);
	out_put(w->out, STR("null"));
}

void jw_hex(struct jw *w, const void *bytes, size_t len)
{
	begin_value(w);
	out_char(w->out, '"');
	out_hex(w->out, bytes, len);
	out_char(w->out, '"');
}

void jw_when(struct jw *w, int64_t when_us)
{
	char text[WHEN_TEXT_BYTES];

	when_format(when_us, text);
	jw_str(w, str_from(text));
}

void jw_raw(struct jw *w, struct str json)
{
	assert(json.len > 0);
	begin_value(w);
	out_put(w->out, json);
}

void jw_members(struct jw *w, struct str object)
{
	assert(object.len > 2 && object.ptr[0] == '{');
	assert(w->is_object[w->depth] && !w->after_key);
	if (!w->first[w->depth])
		out_char(w->out, ',');
	w->first[w->depth] = false;
	out_put(w->out, str_of(object.ptr + 1, object.len - 2));
}

static void put_value(struct out *o, const json_t *value, unsigned depth);

static void put_container(struct out *o, const json_t *value, unsigned depth)
{
	bool first = true;

	if (json_is_array(value)) {
		out_char(o, '[');
		for (size_t i = 0; i < json_array_size(value); i++) {
			if (i > 0)
				out_char(o, ',');
			put_value(o, json_array_get(value, i), depth);
		}
		out_char(o, ']');
		return;
	}
	out_char(o, '{');
	/* The iterator does not change the object; jansson's prototype says otherwise. */
	json_t *object = (json_t *)(uintptr_t)value;

	for (void *it = json_object_iter(object); it != NULL;
		it = json_object_iter_next(object, it)) {
		if (!first)
			out_char(o, ',');
		first = false;
		json_text_put(o, str_from(json_object_iter_key(it)));
		out_char(o, ':');
		put_value(o, json_object_iter_value(it), depth);
	}
	out_char(o, '}');
}

/* 17 digits give the same double back; without a point or exponent it would come back as an integer. */
static void put_real(struct out *o, double value)
{
	char digits[40];
	int n = snprintf(digits, sizeof(digits), "%.17g", value);

	out_put(o, str_of(digits, (size_t)n));
	if (strpbrk(digits, ".e") == NULL)
		out_put(o, STR(".0"));
}

/* Recursion ends at LIMIT_JSON_DEPTH, as in json_parse. */
static void put_value(struct out *o, const json_t *value, unsigned depth)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
	case JSON_ARRAY:
		if (depth == LIMIT_JSON_DEPTH)
			o->failed = true;
		else
			put_container(o, value, depth + 1);
		return;
	case JSON_STRING:
		json_text_put(o, str_of(json_string_value(value), json_string_length(value)));
		return;
	case JSON_INTEGER:
		out_i64(o, json_integer_value(value));
		return;
	case JSON_REAL:
		put_real(o, json_real_value(value));
		return;
	case JSON_TRUE:
		out_put(o, STR("true"));
		return;
	case JSON_FALSE:
		out_put(o, STR("false"));
		return;
	case JSON_NULL:
		out_put(o, STR("null"));
		return;
	}
}

void jw_value(struct jw *w, const json_t *value)
{
	begin_value(w);
	put_value(w->out, value, 0);
}

void jw_kstr(struct jw *w, const char *key, struct str value)
{
	jw_key(w, key);
	jw_str(w, value);
}

void jw_ki64(struct jw *w, const char *key, int64_t value)
{
	jw_key(w, key);
	jw_i64(w, value);
}

void jw_kbool(struct jw *w, const char *key, bool value)
{
	jw_key(w, key);
	jw_bool(w, value);
}

void jw_kwhen(struct jw *w, const char *key, int64_t when_us)
{
	jw_key(w, key);
	jw_when(w, when_us);
}

void jw_khex(struct jw *w, const char *key, const void *bytes, size_t len)
{
	jw_key(w, key);
	jw_hex(w, bytes, len);
}

void jw_kbase64(struct jw *w, const char *key, struct str bytes)
{
	struct str text = STR("");
	struct err unused;
	struct out o;

	out_init(&o, w->out->mem, 2 * bytes.len + 8);
	out_base64(&o, bytes);
	if (out_finish(&o, &text, &unused) != OK)
		w->out->failed = true;
	jw_kstr(w, key, text);
}
