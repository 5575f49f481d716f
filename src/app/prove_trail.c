/* prove_trail: what a session looked at, sealed as it lies in the records, for whoever holds the key's secret. */
#include "app/families.h"
#include "app/lab.h"
#include "app/trail.h"
#include "base/hex.h"

/* Room that one more item and the rest of the answer may take. */
enum { ITEM_ROOM_BYTES = 2 * (int)LIMIT_DETAIL_BYTES };

static void write_base64(struct ctx *ctx, const char *key, struct str bytes)
{
	struct out o;
	struct str text;
	struct err err;

	out_init(&o, ctx->mem, bytes.len / 3 * 4 + 8);
	out_base64(&o, bytes);
	/* When the call's memory is used up the answer must fail, not lack an item. */
	if (out_finish(&o, &text, &err) != OK)
		ctx->answer->out->failed = true;
	else
		jw_kstr(ctx->answer, key, text);
}

static enum err_kind write_keys(struct ctx *ctx, struct str session, struct err *err)
{
	struct jw *w = ctx->answer;
	struct stmt *s;
	bool row = true;
	enum err_kind rc = stmt_begin(ctx->db,
		"SELECT seq, recipient, wrapped FROM session_keys WHERE session = :session ORDER BY seq",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":session", session);
	jw_key(w, "keys");
	jw_array(w);
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		jw_object(w);
		jw_ki64(w, "seq", stmt_col_i64(s, 0));
		jw_kstr(w, "recipient", stmt_col_str(s, 1));
		write_base64(ctx, "wrapped", stmt_col_str(s, 2));
		jw_object_end(w);
	}
	jw_array_end(w);
	return rc;
}

static void write_item(struct ctx *ctx, struct stmt *s)
{
	struct jw *w = ctx->answer;

	jw_object(w);
	jw_ki64(w, "index", stmt_col_i64(s, 0));
	jw_kwhen(w, "time", stmt_col_i64(s, 1));
	jw_kstr(w, "kind", stmt_col_str(s, 2));
	write_base64(ctx, "sealed", stmt_col_str(s, 3));
	jw_object_end(w);
}

/* As many as fit; next is the index to go on from. */
static enum err_kind write_items(struct ctx *ctx, struct str session, struct err *err)
{
	struct jw *w = ctx->answer;
	struct stmt *s;
	int64_t next = -1;
	bool row = true;
	enum err_kind rc = stmt_begin(ctx->db,
		"SELECT idx, time_us, kind, detail FROM entries "
		"WHERE session = :session AND idx >= :from AND redacted = 0 ORDER BY idx",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":session", session);
	stmt_i64(s, ":from", arg_i64(ctx, "from", 0));
	jw_key(w, "items");
	jw_array(w);
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		if (!trail_is_sealed(stmt_col_str(s, 3)))
			continue;
		if (w->out->len > LIMIT_ANSWER_BYTES - ITEM_ROOM_BYTES) {
			next = stmt_col_i64(s, 0);
			break;
		}
		write_item(ctx, s);
	}
	stmt_end(s);
	jw_array_end(w);
	jw_key(w, "next");
	if (next < 0)
		jw_null(w);
	else
		jw_i64(w, next);
	return rc;
}

static enum err_kind export_compute(struct ctx *ctx, struct err *err)
{
	struct str session = arg_str(ctx, "session");
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(
		ctx->db, "SELECT person FROM sessions WHERE id = :id", &s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":id", session);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	if (!row)
		return err_set(err, ERR_NOT_FOUND, "no such session");
	jw_kstr(ctx->answer, "session", session);
	jw_kstr(ctx->answer, "person", stmt_col_str(s, 0));
	stmt_end(s);
	rc = write_keys(ctx, session, err);
	return rc != OK ? rc : write_items(ctx, session, err);
}

static enum err_kind points_compute(struct ctx *ctx, struct err *err)
{
	struct jw *w = ctx->answer;
	struct stmt *s;
	bool row = true;
	enum err_kind rc = stmt_begin(
		ctx->db, "SELECT name, site, counter FROM points ORDER BY name", &s, err);

	if (rc != OK)
		return rc;
	jw_key(w, "points");
	jw_array(w);
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		jw_object(w);
		jw_kstr(w, "name", stmt_col_str(s, 0));
		jw_kstr(w, "site", stmt_col_str(s, 1));
		jw_ki64(w, "counter", stmt_col_i64(s, 2));
		jw_object_end(w);
	}
	jw_array_end(w);
	return rc;
}

static const struct verb_arg export_args[] = {
	{ "session", ARG_ID, ARG_REQUIRED, 0, 0, "ses", "whose trail" },
	{ "from", ARG_INT, 0, 0, 0, NULL, "index of the first entry; from the answer before" },
	{ 0 },
};

const struct verb verbs_trail[] = {
	{
		.name = "trail.export",
		.summary =
			"Hand out a session's trail as it is stored: sealed, with the wrapped keys.",
		.args = export_args,
		.roles = ROLE_OFFICER,
		.public_fields = "actor",
		.compute = export_compute,
	},
	{
		.name = "point.list",
		.summary = "List the access points.",
		.roles = ROLE_OFFICER | ROLE_ENGINEER | ROLE_AUDITOR,
		.public_fields = "",
		.compute = points_compute,
	},
	{ 0 },
};
