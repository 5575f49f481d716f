/*
 * see_note: notes and draft findings. They are encrypted in the browser under a key that the lab never has; what is kept is
 * ciphertext, with its owner, version and times. Nobody but the owner is given it. Released text comes in clear, once, by its
 * owner's own act: it stands in that entry's detail.
 */
#include "app/families.h"
#include "app/lab.h"
#include "base/hex.h"
#include "crypto/digest.h"

/* Room that one more note and the rest of the answer may take. */
enum { NOTE_ROOM_BYTES = 2 * LIMIT_NOTE_BYTES };
/* The least that is one: magic, nonce, tag, and some text. */
enum { NOTE_OVERHEAD_BYTES = 4 + 12 + 16 };

static const char no_such[] = "no such note of yours";

static void write_note(struct ctx *ctx, struct stmt *s)
{
	struct jw *w = ctx->answer;
	struct str sealed = stmt_col_str(s, 5), text;
	struct err err;
	struct out o;

	jw_kstr(w, "id", stmt_col_str(s, 0));
	jw_ki64(w, "version", stmt_col_i64(s, 1));
	jw_kwhen(w, "created", stmt_col_i64(s, 2));
	jw_kwhen(w, "changed", stmt_col_i64(s, 3));
	jw_key(w, "released");
	if (stmt_col_i64(s, 4) > 0)
		jw_when(w, stmt_col_i64(s, 4));
	else
		jw_null(w);
	out_init(&o, ctx->mem, sealed.len / 3 * 4 + 8);
	out_base64(&o, sealed);
	/* When the call's memory is used up the answer must fail, not lack a note. */
	if (out_finish(&o, &text, &err) != OK)
		w->out->failed = true;
	else
		jw_kstr(w, "sealed", text);
}

#define NOTE_COLUMNS "SELECT id, version, created_us, changed_us, released_us, sealed FROM notes "

static enum err_kind list_compute(struct ctx *ctx, struct err *err)
{
	struct jw *w = ctx->answer;
	struct str last = STR("");
	bool row = true, more = false;
	struct stmt *s;
	enum err_kind rc = stmt_begin(ctx->db,
		NOTE_COLUMNS "WHERE person = :person AND id > :after ORDER BY id LIMIT :limit", &s,
		err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":person", ctx->caller.person_id);
	stmt_text(s, ":after", arg_str(ctx, "after"));
	stmt_i64(s, ":limit", LIMIT_NOTES);
	jw_key(w, "notes");
	jw_array(w);
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		more = w->out->len > LIMIT_ANSWER_BYTES - NOTE_ROOM_BYTES;
		if (more)
			break;
		jw_object(w);
		write_note(ctx, s);
		jw_object_end(w);
		if (!arena_copy(ctx->mem, stmt_col_str(s, 0), &last))
			w->out->failed = true;
	}
	stmt_end(s);
	jw_array_end(w);
	jw_key(w, "next");
	if (more)
		jw_str(w, last);
	else
		jw_null(w);
	return rc;
}

static enum err_kind get_compute(struct ctx *ctx, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(
		ctx->db, NOTE_COLUMNS "WHERE person = :person AND id = :id", &s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":person", ctx->caller.person_id);
	stmt_text(s, ":id", arg_str(ctx, "id"));
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	if (!row)
		return err_set(err, ERR_NOT_FOUND, "%s", no_such);
	write_note(ctx, s);
	stmt_end(s);
	return OK;
}

/* *version: of the caller's own note, or 0; *is_taken: the id is somebody's. */
static enum err_kind find_version(
	struct ctx *ctx, int64_t *version, bool *is_taken, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(
		ctx->db, "SELECT version, person = :person FROM notes WHERE id = :id", &s, err);

	*version = 0;
	if (rc != OK)
		return rc;
	stmt_text(s, ":person", ctx->caller.person_id);
	stmt_text(s, ":id", arg_str(ctx, "id"));
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	*is_taken = row;
	if (row && stmt_col_i64(s, 1) != 0)
		*version = stmt_col_i64(s, 0);
	if (row)
		stmt_end(s);
	return OK;
}

static enum err_kind check_room(struct ctx *ctx, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(
		ctx->db, "SELECT count(*) FROM notes WHERE person = :person", &s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":person", ctx->caller.person_id);
	rc = stmt_step(s, &row, err);
	if (rc == OK && stmt_col_i64(s, 0) >= LIMIT_NOTES)
		rc = err_set(err, ERR_LIMIT, "%d notes are kept for you already: drop some",
			LIMIT_NOTES);
	stmt_end(s);
	return rc;
}

static enum err_kind store(struct ctx *ctx, int64_t version, struct err *err)
{
	struct str sealed = STR("");
	struct stmt *s;
	enum err_kind rc = arg_bytes(ctx, "sealed", &sealed, err);

	if (rc == OK)
		rc = stmt_begin(ctx->db,
			"INSERT INTO notes (id, person, version, sealed, created_us, changed_us) "
			"VALUES (:id, :person, :version, :sealed, :now, :now) ON CONFLICT (id) DO UPDATE SET "
			"version = excluded.version, sealed = excluded.sealed, changed_us = excluded.changed_us",
			&s, err);
	if (rc != OK)
		return rc;
	stmt_text(s, ":id", arg_str(ctx, "id"));
	stmt_text(s, ":person", ctx->caller.person_id);
	stmt_i64(s, ":version", version);
	stmt_blob(s, ":sealed", sealed);
	stmt_i64(s, ":now", ctx->now_us);
	return stmt_run(s, NULL, err);
}

/* The version stands in what is encrypted, too, so that whoever writes it names it. */
static enum err_kind put_apply(struct ctx *ctx, struct err *err)
{
	int64_t version = arg_i64(ctx, "version", 1), now;
	bool is_taken;
	enum err_kind rc = find_version(ctx, &now, &is_taken, err);

	if (rc != OK)
		return rc;
	if (is_taken && now == 0)
		return err_set(err, ERR_NOT_FOUND, "%s", no_such);
	if (version != now + 1)
		return err_set(err, ERR_CONFLICT,
			"the note was changed meanwhile: it has version %lld", (long long)now);
	if (now == 0)
		rc = check_room(ctx, err);
	if (rc == OK)
		rc = store(ctx, version, err);
	if (rc != OK)
		return rc;
	jw_kstr(ctx->answer, "id", arg_str(ctx, "id"));
	jw_ki64(ctx->answer, "version", version);
	return OK;
}

/* One's own note of that id: `text` changes it, with :id, :person and :now. */
static enum err_kind change(struct ctx *ctx, const char *text, bool has_now, struct err *err)
{
	struct stmt *s;
	int64_t changed = 0;
	enum err_kind rc = stmt_begin(ctx->db, text, &s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":id", arg_str(ctx, "id"));
	stmt_text(s, ":person", ctx->caller.person_id);
	if (has_now)
		stmt_i64(s, ":now", ctx->now_us);
	rc = stmt_run(s, &changed, err);
	if (rc == OK && changed == 0)
		rc = err_set(err, ERR_NOT_FOUND, "%s", no_such);
	return rc;
}

static enum err_kind drop_apply(struct ctx *ctx, struct err *err)
{
	return change(ctx, "DELETE FROM notes WHERE id = :id AND person = :person", false, err);
}

static enum err_kind release_apply(struct ctx *ctx, struct err *err)
{
	struct sha256 digest = sha256_of(arg_str(ctx, "text"));
	char hex[SHA256_HEX_BYTES];
	enum err_kind rc = change(ctx,
		"UPDATE notes SET released_us = :now WHERE id = :id AND person = :person", true,
		err);

	if (rc != OK)
		return rc;
	sha256_format(&digest, hex);
	entry_public(ctx, "text", str_from(hex));
	entry_subject(ctx, arg_str(ctx, "id"));
	jw_kstr(ctx->answer, "id", arg_str(ctx, "id"));
	jw_kstr(ctx->answer, "text_sha256", str_from(hex));
	return OK;
}

static const struct verb_arg put_args[] = {
	{ "id", ARG_ID, ARG_REQUIRED, 0, 0, "not", "made up by the writer" },
	{ "version", ARG_INT, ARG_REQUIRED, 1, 0, NULL,
		"1 for a new note, one more for each change" },
	{ "sealed", ARG_BYTES, ARG_REQUIRED | ARG_BY_DIGEST, NOTE_OVERHEAD_BYTES, LIMIT_NOTE_BYTES,
		NULL, "the note, encrypted by the writer (docs/formats/notes.md)" },
	{ 0 },
};

static const struct verb_arg list_args[] = {
	{ "after", ARG_ID, 0, 0, 0, "not", "go on behind this note; from the answer before" },
	{ 0 },
};

static const struct verb_arg one_args[] = {
	{ "id", ARG_ID, ARG_REQUIRED, 0, 0, "not", "one of the caller's own" },
	{ 0 },
};

static const struct verb_arg release_args[] = {
	{ "id", ARG_ID, ARG_REQUIRED, 0, 0, "not", "one of the caller's own" },
	{ "text", ARG_TEXT, ARG_REQUIRED, 1, 0, NULL,
		"what is told to the lab: recorded as it stands here" },
	{ 0 },
};

const struct verb verbs_note[] = {
	{
		.name = "note.put",
		.summary = "Keep a note that the caller encrypted, or a new version of it.",
		.args = put_args,
		.roles = ROLE_REVIEWER,
		.public_fields = "",
		.flags = VERB_SEALED,
		.apply = put_apply,
	},
	{
		.name = "note.list",
		.summary = "Hand out the caller's own notes, as they were encrypted.",
		.args = list_args,
		.roles = ROLE_REVIEWER,
		.public_fields = "",
		.flags = VERB_SEALED,
		.compute = list_compute,
	},
	{
		.name = "note.get",
		.summary = "Hand out one of the caller's own notes, as it was encrypted.",
		.args = one_args,
		.roles = ROLE_REVIEWER,
		.public_fields = "",
		.flags = VERB_SEALED,
		.compute = get_compute,
	},
	{
		.name = "note.drop",
		.summary = "Drop one of the caller's own notes.",
		.args = one_args,
		.roles = ROLE_REVIEWER,
		.public_fields = "",
		.flags = VERB_SEALED,
		.apply = drop_apply,
	},
	{
		.name = "note.release",
		.summary =
			"Tell the lab the text of one of the caller's own notes: it is recorded in clear.",
		.args = release_args,
		.roles = ROLE_REVIEWER,
		.public_fields = "actor text",
		.apply = release_apply,
	},
	{ 0 },
};
