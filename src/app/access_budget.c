/*
 * access_budget: how many lines a person was shown under a grant, minute by minute. The window is the current
 * minute and the sixty before it, so that no 60 minutes, wherever they begin, hold more than the budget.
 */
#include "app/access.h"
#include "base/when.h"

enum { WINDOW_MINUTES = 60 };

static int64_t first_minute(int64_t now_us)
{
	return now_us / WHEN_MINUTE_US - WINDOW_MINUTES;
}

enum err_kind budget_used(struct db *db, struct str grant_id, struct str person_id, int64_t now_us,
	int64_t *lines, struct err *err)
{
	struct stmt *s;
	bool row;
	/* No upper end: minutes of a clock that was set back still count. */
	enum err_kind rc = stmt_begin(db,
		"SELECT coalesce(sum(lines), 0) FROM lines_shown"
		" WHERE grant_id = :grant AND person = :person AND minute >= :first",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":grant", grant_id);
	stmt_text(s, ":person", person_id);
	stmt_i64(s, ":first", first_minute(now_us));
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	assert(row);
	*lines = stmt_col_i64(s, 0);
	stmt_end(s);
	return OK;
}

/* The moment at which `lines` more fit again, or 0 when they never do. */
static enum err_kind room_again(const struct ctx *ctx, const struct scope *scope, int64_t used,
	int64_t lines, int64_t *when_us, struct err *err)
{
	struct stmt *s;
	bool row = true;
	enum err_kind rc = stmt_begin(ctx->db,
		"SELECT minute, lines FROM lines_shown"
		" WHERE grant_id = :grant AND person = :person AND minute >= :first ORDER BY minute",
		&s, err);

	*when_us = 0;
	if (rc != OK)
		return rc;
	stmt_text(s, ":grant", scope->grant_id);
	stmt_text(s, ":person", ctx->caller.person_id);
	stmt_i64(s, ":first", first_minute(ctx->now_us));
	while (used + lines > scope->lines_per_hour) {
		rc = stmt_step(s, &row, err);
		if (rc != OK)
			return rc;
		if (!row)
			break;
		used -= stmt_col_i64(s, 1);
		*when_us = (stmt_col_i64(s, 0) + WINDOW_MINUTES + 1) * WHEN_MINUTE_US;
	}
	if (row)
		stmt_end(s);
	if (used + lines > scope->lines_per_hour)
		*when_us = 0;
	return OK;
}

static enum err_kind refuse(const struct ctx *ctx, const struct scope *scope, int64_t used,
	int64_t lines, struct err *err)
{
	char text[WHEN_TEXT_BYTES];
	int64_t when_us;
	enum err_kind rc = room_again(ctx, scope, used, lines, &when_us, err);

	if (rc != OK)
		return rc;
	if (when_us == 0)
		return err_set(err, ERR_LIMIT,
			"your grant allows %lld lines an hour, fewer than asked for at once: ask the lab's officers for more",
			(long long)scope->lines_per_hour);
	when_format(when_us, text);
	return err_set(err, ERR_LIMIT,
		"your grant's %lld lines an hour are used up: there is room again at %.5s UTC",
		(long long)scope->lines_per_hour, text + 11);
}

static enum err_kind forget_old(const struct ctx *ctx, const struct scope *scope, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(ctx->db,
		"DELETE FROM lines_shown"
		" WHERE grant_id = :grant AND person = :person AND minute < :first",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":grant", scope->grant_id);
	stmt_text(s, ":person", ctx->caller.person_id);
	stmt_i64(s, ":first", first_minute(ctx->now_us));
	return stmt_run(s, NULL, err);
}

enum err_kind budget_take(
	struct ctx *ctx, const struct scope *scope, int64_t lines, struct err *err)
{
	struct stmt *s;
	int64_t used = 0;

	assert(lines >= 0);
	assert(scope->grant_id.len > 0);
	if (lines == 0)
		return OK;
	enum err_kind rc = budget_used(
		ctx->db, scope->grant_id, ctx->caller.person_id, ctx->now_us, &used, err);

	if (rc != OK)
		return rc;
	if (lines > scope->lines_per_hour || used > scope->lines_per_hour - lines)
		return refuse(ctx, scope, used, lines, err);
	rc = forget_old(ctx, scope, err);
	if (rc == OK)
		rc = stmt_begin(ctx->db,
			"INSERT INTO lines_shown (grant_id, person, minute, lines)"
			" VALUES (:grant, :person, :minute, :lines)"
			" ON CONFLICT (grant_id, person, minute)"
			" DO UPDATE SET lines = lines_shown.lines + excluded.lines",
			&s, err);
	if (rc != OK)
		return rc;
	stmt_text(s, ":grant", scope->grant_id);
	stmt_text(s, ":person", ctx->caller.person_id);
	stmt_i64(s, ":minute", ctx->now_us / WHEN_MINUTE_US);
	stmt_i64(s, ":lines", lines);
	return stmt_run(s, NULL, err);
}
