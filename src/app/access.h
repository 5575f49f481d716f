/*
 * access: what a caller's grants cover. The pipeline asks before computing and again inside the
 * transaction; nothing else decides about scope.
 *
 * A grant counts while it is approved and within [from, until), its engagement is open and before its own
 * end, the release is not withdrawn, and party, people, release, access point, activity and form fit. What
 * it opens is its paths without its exceptions; what several grants open adds up. Nothing is kept between
 * two calls, so expiry and revocation bite at the next one.
 */
#ifndef APP_ACCESS_H
#define APP_ACCESS_H

#include "app/verb.h"

enum grant_form { FORM_GLASS = 1, FORM_NAMES = 2, FORM_TEXT = 4 };

/* What one grant in force opens of the release. */
struct scope_grant {
	struct str id;
	unsigned forms; /* mask of enum grant_form */
	int64_t until_us, lines_per_hour, lines_left;
	const struct str *prefixes, *excepted; /* raw paths; no prefix: everything */
	size_t prefix_count, excepted_count;
};

struct scope {
	struct str engagement_id, engagement_title, engagement_pseudonym, actor_pseudonym;
	/* Of the grants that cover the path asked for, the one with the most lines left; its figures follow. */
	struct str grant_id;
	unsigned forms;
	int64_t until_us; /* first moment no longer covered */
	int64_t lines_per_hour, lines_left; /* of the budget, now */
	const struct scope_grant *grants; /* all in force for release and activity */
	size_t grant_count;
};

/*
 * Which grants of the caller are in force now, for engagement, release (empty: any) and, unless empty, path
 * (raw bytes)? With `listing` a folder above something covered passes too.
 * Errors: ERR_DENIED with who can grant it; the text never tells whether path, release or engagement exist.
 */
MUST_CHECK enum err_kind access_check(struct ctx *ctx, enum activity activity,
	struct str engagement, struct str release, struct str path, bool listing,
	struct scope *scope, struct err *err);
/* ERR_DENIED with the text for a path that no grant covers: for one that does not exist, so that nobody can tell. */
enum err_kind access_refuse_path(struct err *err);
bool scope_covers(const struct scope *scope, struct str path);
/* A folder in which something may be covered; empty is the root. */
bool scope_reaches(const struct scope *scope, struct str folder);
/* Nothing of the release is left out. */
bool scope_is_whole(const struct scope *scope);
/* Whole parts: "tests" covers "tests" and "tests/x", never "tests2". Empty covers everything. */
bool path_covers(struct str prefix, struct str path);

/*
 * In apply: take `lines` from the budget of scope->grant_id: one person is shown at most lines_per_hour lines in
 * any 60 minutes. Errors: ERR_LIMIT says when there is room again.
 */
MUST_CHECK enum err_kind budget_take(
	struct ctx *ctx, const struct scope *scope, int64_t lines, struct err *err);
/* Lines of the grant that the person was shown in the last hour. */
MUST_CHECK enum err_kind budget_used(struct db *db, struct str grant_id, struct str person_id,
	int64_t now_us, int64_t *lines, struct err *err);

struct record_desk;
struct record;
/*
 * For lists of what is open: the grants of the engagement that are in force for the caller, whatever the
 * activity and release; *records[i] belongs to (*grants)[i]. From desk->mem.
 */
MUST_CHECK enum err_kind access_grants(const struct record_desk *desk,
	const struct record *engagement, struct scope_grant **grants, struct record **records,
	size_t *count, struct err *err);

#endif
