#include "app/leak_judge.h"

#include "app/lab.h"
#include "ledger/entry.h"

enum { ENTRY_MEM_BYTES = 64 << 10 };

enum err_kind leak_sessions_all(struct ctx *ctx, struct str **ids, size_t *count, struct err *err)
{
	struct stmt *s;
	bool row = true;
	enum err_kind rc = stmt_begin(ctx->db, "SELECT count(*) FROM sessions", &s, err);

	if (rc == OK)
		rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	size_t max = (size_t)stmt_col_i64(s, 0), n = 0;

	stmt_end(s);
	if (max > LIMIT_LEAK_SESSIONS)
		return err_set(err, ERR_LIMIT, "this lab has issued more than %d sessions",
			LIMIT_LEAK_SESSIONS);
	*ids = arena_array(ctx->mem, struct str, max + 1);
	if (*ids == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	rc = stmt_begin(ctx->db, "SELECT id FROM sessions ORDER BY id", &s, err);
	while (rc == OK && row && n < max) {
		rc = stmt_step(s, &row, err);
		if (rc == OK && row && !arena_copy(ctx->mem, stmt_col_str(s, 0), &(*ids)[n++]))
			rc = err_set(err, ERR_LIMIT, "request memory used up");
	}
	if (rc == OK)
		stmt_end(s);
	*count = n;
	return rc;
}

static enum err_kind load_session(struct ctx *ctx, struct leak_candidate *c, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(ctx->db,
		"SELECT point, started_us, coalesce(ended_us, 0) FROM sessions WHERE id = :id", &s,
		err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":id", c->session);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	if (!row)
		return err_set(
			err, ERR_CORRUPT, "glass: the detect child names a session that is none");
	c->started_us = stmt_col_i64(s, 1);
	c->ended_us = stmt_col_i64(s, 2);
	if (!arena_copy(ctx->mem, stmt_col_str(s, 0), &c->point))
		rc = err_set(err, ERR_LIMIT, "request memory used up");
	stmt_end(s);
	return rc;
}

/* Does the entry hold this digest as the session's mark? */
static enum err_kind read_commitment(
	struct stmt *s, const struct sha256 *digest, bool *holds, struct err *err)
{
	char want[SHA256_HEX_BYTES];
	struct str mark = STR("");
	struct entry entry;
	struct arena mem;
	json_t *public = NULL;

	arena_init(&mem, ENTRY_MEM_BYTES);
	enum err_kind rc = entry_parse(&mem, stmt_col_str(s, 1), &entry, err);

	if (rc == OK)
		rc = json_parse(entry.public_json, LIMIT_ENTRY_BYTES, &public, err);
	sha256_format(digest, want);
	*holds = rc == OK && json_str(public, "mark", &mark) && str_eq(mark, str_from(want));
	json_decref(public);
	arena_reset(&mem);
	return rc;
}

static enum err_kind find_commitment(struct ctx *ctx, struct leak_candidate *c, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(ctx->db,
		"SELECT idx, bytes FROM entries WHERE session = :session AND kind = 'session.start' "
		"ORDER BY idx LIMIT 1",
		&s, err);

	c->start_entry = -1;
	if (rc != OK)
		return rc;
	stmt_text(s, ":session", c->session);
	rc = stmt_step(s, &row, err);
	if (rc != OK || !row)
		return rc;
	c->start_entry = stmt_col_i64(s, 0);
	rc = read_commitment(s, &c->best.digest, &c->committed, err);
	stmt_end(s);
	return rc;
}

/* Pages that it was shown, as far as anybody but the trail's owners can tell: that, and when. */
static enum err_kind count_views(
	struct ctx *ctx, int64_t seen_us, struct leak_candidate *c, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(ctx->db,
		"SELECT count(*), min(time_us), max(time_us), max(idx) FROM entries "
		"WHERE session = :session AND kind = 'source.view' AND time_us <= :seen",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":session", c->session);
	stmt_i64(s, ":seen", seen_us);
	rc = stmt_step(s, &row, err);
	if (rc != OK || !row)
		return rc;
	c->views = stmt_col_i64(s, 0);
	c->first_view_us = stmt_col_i64(s, 1);
	c->last_view_us = stmt_col_i64(s, 2);
	c->last_view_entry = stmt_col_i64(s, 3);
	stmt_end(s);
	return OK;
}

enum err_kind leak_judge(struct ctx *ctx, const struct detect_best *best, uint64_t sessions,
	uint64_t tries, int64_t seen_us, struct leak_candidate *c, struct err *err)
{
	const struct score score = { best->paper, best->shift, best->both, best->log_chance };

	*c = (struct leak_candidate){ .best = *best, .z = detect_best(&score) };
	c->false_alarm = detect_false_alarm(best->log_chance, sessions, tries);
	if (!arena_copy(ctx->mem, str_from(best->session), &c->session))
		return err_set(err, ERR_LIMIT, "request memory used up");
	enum err_kind rc = load_session(ctx, c, err);

	if (rc == OK)
		rc = find_commitment(ctx, c, err);
	if (rc == OK)
		rc = count_views(ctx, seen_us, c, err);
	if (rc != OK || c->false_alarm > detect_false_alarm_max)
		return rc;
	if (!c->committed)
		c->why_not = "the session did not commit to this mark when it began";
	else if (c->views == 0)
		c->why_not = "the record holds no page shown to it before the picture was seen";
	c->is_named = c->why_not == NULL;
	return OK;
}
