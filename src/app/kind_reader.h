/*
 * kind_reader: typed, strict look-ups in the parsed text of a kind's file. Failure is sticky: the first one
 * is kept, later look-ups give empty values; ask kr_failed at the end.
 */
#ifndef APP_KIND_READER_H
#define APP_KIND_READER_H

#include "app/kind.h"

struct kind_reader {
	struct arena *mem;
	struct str file;
	const char *kind; /* known once its name was read */
	const char *part; /* "field until", or NULL */
	struct err *err;
	bool failed;
};

/* What a text of the file is for; decides its length and characters. */
enum kr_text {
	KR_NAME, /* a-z 0-9 _, begins with a letter, at most 32 */
	KR_WORDS, /* one line that a page shows */
};

enum { KR_NAME_BYTES_MAX = 32 };

/* "kinds/grant.yaml: grant: field until: …" */
void kr_fail(struct kind_reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Refuses members of `object` that are not among `keys` (separated by spaces), and what is no object. */
void kr_only(struct kind_reader *r, const json_t *object, const char *keys);
/* A text, copied; `absent` when it is not there (NULL: it must be). */
const char *kr_text(struct kind_reader *r, const json_t *object, const char *key, enum kr_text what,
	const char *absent);
bool kr_flag(struct kind_reader *r, const json_t *object, const char *key);
int64_t kr_i64(struct kind_reader *r, const json_t *object, const char *key, int64_t absent);
/* One of `words` (an array that ends with NULL); its place. `absent` below 0: it must be there. */
int kr_word(struct kind_reader *r, const json_t *object, const char *key, const char *const *words,
	int absent);
/*
 * A list of names of at most `max`, copied; how many. Absent is empty. Repeated names are refused.
 */
size_t kr_names(struct kind_reader *r, const json_t *object, const char *key, const char **names,
	size_t max);
/* The list under `key` as JSON, of 1 to max objects when required; NULL when absent or wrong. */
const json_t *kr_list(
	struct kind_reader *r, const json_t *object, const char *key, size_t max, bool required);
/* The object under `key`; NULL when absent or wrong. */
const json_t *kr_object(
	struct kind_reader *r, const json_t *object, const char *key, bool required);
/* Is `word` one of the space-separated `words`? */
bool kr_is_among(const char *words, struct str word);
/* a-z 0-9 _, a letter first, at most KR_NAME_BYTES_MAX. */
bool kr_is_name(struct str s);
/* Memory of the set, or NULL and failed. */
void *kr_alloc(struct kind_reader *r, size_t size);

#endif
