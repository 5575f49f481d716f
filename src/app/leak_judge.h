/*
 * leak_judge: what may be said of a session whose mark agrees. Never the mark alone: the session must have committed to
 * this mark when it began, and must have been shown pages before the picture was seen.
 */
#ifndef APP_LEAK_JUDGE_H
#define APP_LEAK_JUDGE_H

#include "app/verb.h"
#include "glass/inquiry.h"

struct leak_candidate {
	struct detect_best best;
	double z, false_alarm; /* among all sessions ever issued and all drawings measured */
	bool is_named;
	const char *why_not; /* static text, when the false alarm is small enough; else NULL */
	struct str session, point;
	int64_t started_us, ended_us; /* ended_us 0: open */
	bool committed; /* the digest stands in the entry of session.start */
	int64_t start_entry;
	int64_t views, first_view_us, last_view_us, last_view_entry; /* not after seen_us */
};

/*
 * best     as inquiry_best tells
 * seen_us  when the picture was first seen; INT64_MAX: not known
 * Fills all of *c; strings in ctx->mem. Errors: ERR_CORRUPT (a session that was never issued), ERR_LIMIT, ERR_IO.
 */
MUST_CHECK enum err_kind leak_judge(struct ctx *ctx, const struct detect_best *best,
	uint64_t sessions, uint64_t tries, int64_t seen_us, struct leak_candidate *c,
	struct err *err);

/* Every session ever issued, by id, in ctx->mem. Errors: ERR_LIMIT (LIMIT_LEAK_SESSIONS). */
MUST_CHECK enum err_kind leak_sessions_all(
	struct ctx *ctx, struct str **ids, size_t *count, struct err *err);

#endif
