/*
 * access: what a caller's grants cover. The pipeline asks before computing and again inside the
 * transaction; nothing else decides about scope.
 */
#ifndef APP_ACCESS_H
#define APP_ACCESS_H

#include "app/verb.h"

enum grant_form { FORM_GLASS = 1, FORM_NAMES = 2, FORM_TEXT = 4 };

struct scope {
	struct str engagement_id, engagement_title, engagement_pseudonym, actor_pseudonym;
	struct str grant_id; /* the grant that covers the path asked for */
	unsigned forms;
	int64_t until_us; /* first moment no longer covered */
	int64_t lines_per_hour, lines_left; /* of the budget, now */
	const struct str *prefixes,
		*excepted; /* path prefixes of all grants in force for the release */
	size_t prefix_count, excepted_count;
};

/*
 * Which grants of the caller are in force now, for engagement, release and (unless empty) path? The path
 * itself, and a folder above something covered, pass for listing when `listing` is set.
 * Errors: ERR_DENIED with who can grant it; the text never tells whether the path exists.
 */
MUST_CHECK enum err_kind access_check(struct ctx *ctx, enum activity activity,
	struct str engagement, struct str release, struct str path, bool listing,
	struct scope *scope, struct err *err);
bool scope_covers(const struct scope *scope, struct str path);
/* A folder in which something may be covered. */
bool scope_reaches(const struct scope *scope, struct str folder);
/* In apply: take `lines` from the budget. Errors: ERR_LIMIT says when there is room again. */
MUST_CHECK enum err_kind budget_take(
	struct ctx *ctx, const struct scope *scope, int64_t lines, struct err *err);

#endif
