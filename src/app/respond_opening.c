/*
 * respond_opening: asking for a session's sealed trail to be opened, and who agreed. For whom the trail is sealed is told by
 * its wrapped keys, not by whoever asks. The rest of an opening's life is kinds/opening.yaml.
 */
#include "app/families.h"
#include "app/lab.h"
#include "app/opening.h"
#include "app/record_seen.h"
#include "app/trail_plan.h"

enum { ASK_TEXT_BYTES = 2000 };

/* The organisations of a session's keys. */
struct sealed_for {
	char parties[OPENING_PARTIES_MAX][LAB_ID_BYTES];
	size_t count;
	char own[LAB_ID_BYTES]; /* alone; empty: there is none */
};

static enum err_kind add_party(struct sealed_for *to, struct str id, struct err *err)
{
	for (size_t i = 0; i < to->count; i++) {
		if (str_eq(str_from(to->parties[i]), id))
			return OK;
	}
	if (to->count == OPENING_PARTIES_MAX || id.len >= LAB_ID_BYTES)
		return err_set(err, ERR_CORRUPT, "the session's keys are wrapped for too many");
	memcpy(to->parties[to->count++], id.ptr, id.len);
	return OK;
}

static enum err_kind add_recipient(struct sealed_for *to, struct str recipient, struct err *err)
{
	bool is_alone = memchr(recipient.ptr, '+', recipient.len) == NULL;
	struct str id;
	enum err_kind rc = OK;

	if (str_eq(recipient, STR(TRAIL_OFFICER_ROLE)))
		return OK;
	/* The longest come first: one that stands alone behind them is the own organisation. */
	if (is_alone && to->count > 0 && recipient.len < LAB_ID_BYTES) {
		memcpy(to->own, recipient.ptr, recipient.len);
		return OK;
	}
	while (rc == OK && trail_recipient_next(&recipient, &id))
		rc = add_party(to, id, err);
	return rc;
}

static enum err_kind read_sealed_for(
	struct db *db, struct str session_id, struct sealed_for *to, struct err *err)
{
	struct stmt *s;
	bool row = true;
	enum err_kind rc = stmt_begin(db,
		"SELECT DISTINCT recipient FROM session_keys WHERE session = :session "
		"ORDER BY length(recipient) DESC, recipient",
		&s, err);

	*to = (struct sealed_for){ 0 };
	if (rc != OK)
		return rc;
	stmt_text(s, ":session", session_id);
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		rc = add_recipient(to, stmt_col_str(s, 0), err);
		if (rc != OK) {
			stmt_end(s);
			return rc;
		}
	}
	return rc;
}

static enum err_kind check_session(struct ctx *ctx, struct sealed_for *to, struct err *err)
{
	struct str session = arg_str(ctx, "session");
	struct stmt *s;
	bool row, enough = false;
	enum err_kind rc = stmt_begin(ctx->db, "SELECT 1 FROM sessions WHERE id = :id", &s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":id", session);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	if (!row)
		return err_set(err, ERR_NOT_FOUND, "no such session");
	stmt_end(s);
	rc = opening_is_enough(ctx->db, session, NULL, &enough, err);
	if (rc == OK && enough)
		return err_set(err, ERR_CONFLICT,
			"no agreement named parties for this session: its trail is sealed for the lab's officers, who need no "
			"opening");
	return rc != OK ? rc : read_sealed_for(ctx->db, session, to, err);
}

static json_t *opening_fields(struct ctx *ctx, const struct sealed_for *to)
{
	json_t *fields = json_object(), *parties = json_array();
	static const char *const texts[] = { "session", "question", "reason" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct str text = arg_str(ctx, texts[i]);

		json_object_set_new(fields, texts[i], json_stringn(text.ptr, text.len));
	}
	for (size_t i = 0; i < to->count; i++)
		json_array_append_new(parties, json_string(to->parties[i]));
	json_object_set_new(fields, "parties", parties);
	if (to->own[0] != '\0')
		json_object_set_new(fields, "organisation", json_string(to->own));
	return fields;
}

static enum err_kind ask_apply(struct ctx *ctx, struct err *err)
{
	struct record_desk desk = record_desk_of(ctx);
	struct sealed_for to = { 0 };
	char id[LAB_ID_BYTES];

	if (kinds_find(ctx->lab->kinds, STR("opening")) == NULL)
		return err_set(err, ERR_CONFLICT, "this lab has no kinds/opening.yaml");
	enum err_kind rc = check_session(ctx, &to, err);

	if (rc != OK)
		return rc;
	json_t *fields = opening_fields(ctx, &to);

	rc = record_add(&desk, "opening", "asked", "ask", fields, id, err);
	json_decref(fields);
	if (rc != OK)
		return rc;
	entry_subject(ctx, str_from(id));
	entry_public(ctx, "record", str_from(id));
	entry_public(ctx, "state", STR("asked"));
	jw_kstr(ctx->answer, "id", str_from(id));
	return OK;
}

/* ---- progress ---- */

/* {"id", "name", "agreed": the moment or null} */
static enum err_kind write_party(
	struct ctx *ctx, struct str opening_id, struct str organisation_id, struct err *err)
{
	struct jw *w = ctx->answer;
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(ctx->db,
		"SELECT r.title, (SELECT min(h.at_us) FROM record_history h WHERE h.id = :opening "
		"AND h.act = 'agree' AND h.organisation = r.id) FROM records r WHERE r.id = :id",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":opening", opening_id);
	stmt_text(s, ":id", organisation_id);
	rc = stmt_step(s, &row, err);
	if (rc != OK || !row)
		return rc;
	jw_object(w);
	jw_kstr(w, "id", organisation_id);
	jw_kstr(w, "name", stmt_col_str(s, 0));
	if (stmt_col_i64(s, 1) > 0) {
		jw_kwhen(w, "agreed", stmt_col_i64(s, 1));
	} else {
		jw_key(w, "agreed");
		jw_null(w);
	}
	jw_object_end(w);
	stmt_end(s);
	return OK;
}

static enum err_kind write_progress(struct ctx *ctx, const struct record *record, struct err *err)
{
	struct jw *w = ctx->answer;
	struct opening_agreed agreed;
	size_t count;
	const struct str *parties = record_items(record, "parties", &count);
	bool enough = false;
	enum err_kind rc = opening_agreed_load(ctx->db, record->id, &agreed, err);

	if (rc == OK)
		rc = opening_is_enough(
			ctx->db, record_text(record, "session"), &agreed, &enough, err);
	jw_kbool(w, "enough", enough);
	jw_key(w, "sealed");
	if (rc == OK)
		rc = trail_readers_write(w, ctx->db, record_text(record, "session"), err);
	jw_key(w, "parties");
	jw_array(w);
	for (size_t i = 0; i < count && rc == OK; i++)
		rc = write_party(ctx, record->id, parties[i], err);
	jw_array_end(w);
	jw_key(w, "own");
	if (!record_given(record, "organisation"))
		jw_null(w);
	else if (rc == OK)
		rc = write_party(ctx, record->id, record_text(record, "organisation"), err);
	return rc;
}

static enum err_kind write_opening(
	struct ctx *ctx, const struct record_desk *desk, struct str id, struct err *err)
{
	struct jw *w = ctx->answer;
	struct record record;
	enum err_kind rc = record_load(desk, id, &record, err);

	if (rc != OK)
		return rc;
	jw_object(w);
	jw_kstr(w, "id", record.id);
	jw_kstr(w, "state", record.state);
	jw_kwhen(w, "asked", record.created_us);
	jw_kstr(w, "asked_by", record.created_by);
	jw_kstr(w, "session", record_text(&record, "session"));
	jw_kstr(w, "question", record_text(&record, "question"));
	jw_kstr(w, "reason", record_text(&record, "reason"));
	jw_kstr(w, "answer", record_text(&record, "answer"));
	rc = write_progress(ctx, &record, err);
	jw_object_end(w);
	return rc;
}

static enum err_kind list_compute(struct ctx *ctx, struct err *err)
{
	struct record_desk desk = record_desk_of(ctx);
	const struct kind *kind = kinds_find(ctx->lab->kinds, STR("opening"));
	struct str ids[LIMIT_OPENINGS_PAGE];
	size_t count = 0;
	struct stmt *s;
	bool row = true;
	enum err_kind rc;

	if (kind == NULL) {
		jw_key(ctx->answer, "openings");
		jw_array(ctx->answer);
		jw_array_end(ctx->answer);
		return OK;
	}
	rc = stmt_begin(ctx->db,
		"SELECT r.id FROM records r WHERE r.kind = 'opening' AND (:id = '' OR r.id = :id) "
		"AND " RECORD_SEEN " ORDER BY r.created_us DESC, r.id LIMIT :limit",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":id", arg_str(ctx, "id"));
	stmt_i64(s, ":limit", LIMIT_OPENINGS_PAGE);
	record_seen_bind(s, &desk, kind);
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		assert(count < LIMIT_OPENINGS_PAGE);
		if (!arena_copy(ctx->mem, stmt_col_str(s, 0), &ids[count++])) {
			stmt_end(s);
			return err_set(err, ERR_LIMIT, "request memory used up");
		}
	}
	jw_key(ctx->answer, "openings");
	jw_array(ctx->answer);
	for (size_t i = 0; i < count && rc == OK; i++)
		rc = write_opening(ctx, &desk, ids[i], err);
	jw_array_end(ctx->answer);
	return rc;
}

static const struct verb_arg ask_args[] = {
	{ "session", ARG_ID, ARG_REQUIRED, 0, 0, "ses", "whose trail is to be opened" },
	{ "question", ARG_TEXT, ARG_REQUIRED, 1, ASK_TEXT_BYTES, NULL,
		"what is to be answered, and nothing else" },
	{ "reason", ARG_TEXT, ARG_REQUIRED, 1, ASK_TEXT_BYTES, NULL, "why" },
	{ 0 },
};

static const struct verb_arg list_args[] = {
	{ "id", ARG_ID, 0, 0, 0, "opn", "this one only" },
	{ 0 },
};

const struct verb verbs_opening[] = {
	{
		.name = "opening.ask",
		.summary = "Ask the parties of a session to open its sealed trail.",
		.args = ask_args,
		.roles = ROLE_OFFICER | ROLE_AUDITOR,
		.public_fields = "actor record state",
		.apply = ask_apply,
	},
	{
		.name = "opening.list",
		.summary = "List openings, newest first: who agreed and who is awaited.",
		.args = list_args,
		.roles = ROLE_SIGNED_IN,
		.public_fields = "actor",
		.compute = list_compute,
	},
	{ 0 },
};
