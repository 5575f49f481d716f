/*
 * json: strict reading by jansson (duplicate keys, bad UTF-8, trailing bytes, too deep: refused) and our own
 * emitter for answers.
 */
#ifndef FORMAT_JSON_H
#define FORMAT_JSON_H

#include <jansson.h>

#include "base/err.h"
#include "base/out.h"

/*
 * Any JSON value; objects and arrays nest at most LIMIT_JSON_DEPTH deep; no NUL in strings.
 * *root is the caller's to json_decref. Messages never quote the text, which may hold a password.
 * Errors: ERR_INPUT with line and column; ERR_LIMIT (longer than bytes_max, too deep, no memory).
 */
MUST_CHECK enum err_kind json_parse(
	struct str text, size_t bytes_max, json_t **root, struct err *err);
/* Typed look-ups in an object: false when absent or of another type. Strings are borrowed from `object`. */
bool json_str(const json_t *object, const char *key, struct str *out);
bool json_i64(const json_t *object, const char *key, int64_t *out);
bool json_flag(const json_t *object, const char *key, bool *out);
/*
 * The text of a member of an object that jw or json_canonical wrote: no white space, no escapes in names. For what
 * every call looks at; the value may be given to json_parse. False: there is none. Borrowed from `object`.
 */
bool json_member(struct str object, const char *name, struct str *value);

/*
 * jw: writes one JSON value. Commas and quoting are its own; nesting is checked; bytes that are not UTF-8
 * become U+FFFD. Failure is sticky in the struct out.
 */
enum { JW_DEPTH_MAX = 16 };
struct jw {
	struct out *out;
	uint8_t depth;
	bool first[JW_DEPTH_MAX + 1];
	bool is_object[JW_DEPTH_MAX + 1];
	bool after_key;
};

void jw_init(struct jw *w, struct out *out);
void jw_object(struct jw *w);
void jw_object_end(struct jw *w);
void jw_array(struct jw *w);
void jw_array_end(struct jw *w);
void jw_key(struct jw *w, const char *key);
void jw_str(struct jw *w, struct str value);
void jw_i64(struct jw *w, int64_t value);
void jw_u64(struct jw *w, uint64_t value);
void jw_bool(struct jw *w, bool value);
void jw_null(struct jw *w);
void jw_hex(struct jw *w, const void *bytes, size_t len);
void jw_when(struct jw *w, int64_t when_us);
/* A value that is JSON already (made by jw or checked by json_parse). */
void jw_raw(struct jw *w, struct str json);
/* Into an object: all members of such an object that has some. */
void jw_members(struct jw *w, struct str object);
/* Members in their order. Fails the out when nested deeper than LIMIT_JSON_DEPTH. */
void jw_value(struct jw *w, const json_t *value);
/* Key and value in one. */
void jw_kstr(struct jw *w, const char *key, struct str value);
void jw_ki64(struct jw *w, const char *key, int64_t value);
void jw_kbool(struct jw *w, const char *key, bool value);
void jw_kwhen(struct jw *w, const char *key, int64_t when_us);
void jw_khex(struct jw *w, const char *key, const void *bytes, size_t len);
void jw_kbase64(struct jw *w, const char *key, struct str bytes);

/*
 * RFC 8785 text of a value. Numbers: only integers that every reader holds exactly (JSON_INT_MAX either way).
 * Keys are sorted in out's arena. Errors: ERR_INPUT (other numbers, strings that are not UTF-8), ERR_LIMIT.
 */
#define JSON_INT_MAX ((INT64_C(1) << 53) - 1)
MUST_CHECK enum err_kind json_canonical(const json_t *value, struct out *out, struct err *err);

#endif
