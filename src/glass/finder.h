/*
 * finder: the vault's side of a find child: one question asked of many files. What the child says is copied and checked:
 * numbers in range, and no more.
 */
#ifndef GLASS_FINDER_H
#define GLASS_FINDER_H

#include "glass/find.h"
#include "glass/glass.h"

struct finder;

/* needles: checked by find_check, copied. *f to finder_close. Errors: ERR_IO, ERR_LIMIT. */
MUST_CHECK enum err_kind finder_open(
	struct glass *g, const struct find_needles *needles, struct finder **f, struct err *err);
/* NULL is fine. */
void finder_close(struct finder *f);
/*
 * hits   room for FIND_HITS_MAX; *count of them. Exactly FIND_HITS_MAX: there may be more
 * Errors: ERR_LIMIT (larger than LIMIT_FILE_BYTES), ERR_IO and ERR_CORRUPT (the child died, hangs or lies: close the
 * finder, the question is not answered).
 */
MUST_CHECK enum err_kind finder_look(
	struct finder *f, struct str bytes, struct find_hit *hits, size_t *count, struct err *err);

#endif
