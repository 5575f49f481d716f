/* kinds: the inside of a loaded set, for the files that make it. */
#ifndef APP_KINDS_H
#define APP_KINDS_H

#include "app/kind.h"

/* All kinds of a lab: KIND_FIELDS_MAX and so on bound each; their texts are at most KIND_FILE_BYTES_MAX. */
enum { KINDS_MEM_BYTES = KINDS_MAX * 4 * KIND_FILE_BYTES_MAX };

struct kinds {
	struct arena mem; /* everything below */
	struct kind *items[KINDS_MAX];
	size_t count;
	struct verb *verbs;
	size_t verb_count;
};

/* Fill in verbs and verb_count (app/kind_verbs.c). Errors: ERR_LIMIT. */
MUST_CHECK enum err_kind kinds_make_verbs(struct kinds *kinds, struct err *err);

#endif
