/* prove_trail: what a session looked at, sealed as it lies in the records, for those who hold the keys' secrets. */
#include "app/families.h"
#include "app/lab.h"
#include "app/opening.h"
#include "app/record.h"
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

/* What may be handed out: what the officer role alone opens, and what those open who agreed. */
static bool is_handed_out(const struct opening_agreed *agreed, struct str recipient)
{
	return str_eq(recipient, STR(TRAIL_OFFICER_ROLE)) || opening_covers(agreed, recipient);
}

static enum err_kind write_keys(
	struct ctx *ctx, struct str session, const struct opening_agreed *agreed, struct err *err)
{
	struct jw *w = ctx->answer;
	struct stmt *s;
	bool row = true;
	enum err_kind rc = stmt_begin(ctx->db,
		"SELECT seq, recipient, wrapped FROM session_keys WHERE session = :session "
		"ORDER BY seq, recipient",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":session", session);
	jw_key(w, "keys");
	jw_array(w);
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		if (!is_handed_out(agreed, stmt_col_str(s, 1)))
			continue;
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

/* The session of the opening, and who agreed to it. Whoever asked, an officer, or somebody of those who agreed gets it. */
static enum err_kind check_opening(
	struct ctx *ctx, struct str *session, struct opening_agreed *agreed, struct err *err)
{
	struct record_desk desk = record_desk_of(ctx);
	struct record opening;
	enum err_kind rc = record_find(&desk, arg_str(ctx, "opening"), &opening, err);

	if (rc == OK)
		rc = opening_agreed_load(ctx->db, opening.id, agreed, err);
	if (rc != OK)
		return rc;
	if (!str_eq(opening.state, STR("opened")))
		return err_set(err, ERR_CONFLICT, "this opening is not open: its state is %.*s",
			STR_ARG(opening.state));
	if ((ctx->caller.roles & ROLE_OFFICER) == 0 &&
		!str_eq(opening.created_by, ctx->caller.person_id) &&
		!opening_has_agreed(agreed, ctx->caller.organisation_id))
		return err_set(
			err, ERR_DENIED, "for those who asked, who agreed, and the lab's officers");
	*session = record_text(&opening, "session");
	return OK;
}

/* Without an opening: an officer, and only what no agreement sealed for parties. */
static enum err_kind check_session(struct ctx *ctx, struct str session, struct err *err)
{
	bool enough = false;

	if ((ctx->caller.roles & ROLE_OFFICER) == 0)
		return err_set(err, ERR_DENIED, "only an officer may do this without an opening");
	enum err_kind rc = opening_is_enough(ctx->db, session, NULL, &enough, err);

	if (rc == OK && !enough)
		rc = err_set(err, ERR_CONFLICT,
			"this session's trail is sealed for its parties: ask them for an opening");
	return rc;
}

static enum err_kind write_session(struct ctx *ctx, struct str session, struct err *err)
{
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
	return OK;
}

static enum err_kind export_compute(struct ctx *ctx, struct err *err)
{
	struct opening_agreed agreed = { 0 };
	struct str session = arg_str(ctx, "session");
	bool has_opening = arg_given(ctx, "opening");
	enum err_kind rc = OK;

	if (has_opening == arg_given(ctx, "session"))
		return err_set(err, ERR_INPUT, "name a session or an opening");
	if (has_opening)
		rc = check_opening(ctx, &session, &agreed, err);
	if (rc == OK)
		rc = write_session(ctx, session, err);
	if (rc == OK && !has_opening)
		rc = check_session(ctx, session, err);
	if (rc == OK)
		rc = write_keys(ctx, session, &agreed, err);
	if (rc == OK && has_opening)
		entry_public(ctx, "opening", arg_str(ctx, "opening"));
	return rc != OK ? rc : write_items(ctx, session, err);
}

static const struct verb_arg export_args[] = {
	{ "session", ARG_ID, 0, 0, 0, "ses",
		"whose trail; only where it is sealed for the officer role" },
	{ "opening", ARG_ID, 0, 0, 0, "opn", "the opening that its parties agreed to" },
	{ "from", ARG_INT, 0, 0, 0, NULL, "index of the first entry; from the answer before" },
	{ 0 },
};

const struct verb verbs_trail[] = {
	{
		.name = "trail.export",
		.summary =
			"Hand out a session's trail as it is stored: sealed, with the wrapped keys.",
		.args = export_args,
		.roles = ROLE_SIGNED_IN,
		.public_fields = "actor opening",
		.compute = export_compute,
	},
	{ 0 },
};
