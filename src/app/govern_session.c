/*
 * govern_session: signing in and out. A sign-in is checked outside any transaction (argon2id takes 0.2 s and
 * 64 MiB); what it rests on is looked at again in the transaction that makes the session. Every way to fail
 * has one text and takes one time.
 */
#include "app/govern_session.h"

#include "app/attempts.h"
#include "app/call.h"
#include "app/families.h"
#include "app/person.h"
#include "app/pseudonym.h"
#include "app/trail.h"
#include "app/trail_plan.h"
#include "base/hex.h"
#include "base/when.h"
#include "crypto/digest.h"
#include "crypto/sign.h"
#include "os/random.h"

static const char wrong[] = "name, password or code is wrong";

#define CREDENTIAL_COLUMNS                                                                         \
	"SELECT person, name, password, must_change, totp_secret, totp_confirmed, totp_step "      \
	"FROM credentials WHERE "

static enum err_kind read_credential(
	struct stmt *s, struct arena *mem, struct credential *out, struct err *err)
{
	struct credential c = { 0 };
	bool row;
	enum err_kind rc = stmt_step(s, &row, err);

	if (rc != OK)
		return rc;
	if (!row)
		return err_set(err, ERR_NOT_FOUND, "no such account");
	struct str hash = stmt_col_str(s, 2);
	bool fits = hash.len < sizeof(c.password.text) &&
		arena_copy(mem, stmt_col_str(s, 0), &c.person_id) &&
		arena_copy(mem, stmt_col_str(s, 1), &c.login) &&
		arena_copy(mem, stmt_col_str(s, 4), &c.totp_secret);

	if (fits)
		memcpy(c.password.text, hash.ptr, hash.len);
	c.must_change = stmt_col_i64(s, 3) != 0;
	c.totp_confirmed = stmt_col_i64(s, 5) != 0;
	c.totp_step = (uint64_t)stmt_col_i64(s, 6);
	stmt_end(s);
	if (!fits)
		return err_set(err, ERR_LIMIT, "request memory used up");
	*out = c;
	return OK;
}

enum err_kind credential_by_login(struct db *db, struct arena *mem, struct str login,
	struct credential *credential, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(db, CREDENTIAL_COLUMNS "name = :name", &s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":name", login);
	return read_credential(s, mem, credential, err);
}

enum err_kind credential_of_person(struct db *db, struct arena *mem, struct str person_id,
	struct credential *credential, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(db, CREDENTIAL_COLUMNS "person = :person", &s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":person", person_id);
	return read_credential(s, mem, credential, err);
}

void write_person(struct jw *w, const struct caller *person, struct str login)
{
	jw_key(w, "person");
	jw_object(w);
	jw_kstr(w, "id", person->person_id);
	jw_kstr(w, "name", login);
	jw_kstr(w, "display", person->person_name);
	jw_kstr(w, "organisation", person->organisation_id);
	jw_kstr(w, "organisation_name", person->organisation_name);
	jw_key(w, "roles");
	jw_array(w);
	for (unsigned bit = 1; bit < ROLE_STRANGER; bit <<= 1) {
		if (person->roles & bit)
			jw_str(w, str_from(role_word((enum role)bit)));
	}
	jw_array_end(w);
	jw_kstr(w, "line", person->line);
	jw_object_end(w);
}

/* From compute to apply. */
struct sign_in {
	bool is_wrong; /* counts as a failure; a try that came too early does not */
	bool uses_totp;
	uint64_t totp_step;
	struct credential credential;
	char session[LAB_ID_BYTES];
	struct sha256 mark;
	struct str id; /* of the session, for the end of the call */
	struct session_keys *keys;
};

static enum err_kind check_wait(struct ctx *ctx, struct err *err)
{
	int64_t wait_s;
	enum err_kind rc = attempts_wait(ctx->lab, ctx->db, arg_str(ctx, "name"),
		ctx->caller.address, ctx->now_us, &wait_s, err);

	if (rc == OK && wait_s > 0)
		rc = err_set(err, ERR_LIMIT, "too many failed sign-ins: try again in %lld s",
			(long long)wait_s);
	return rc;
}

/* *right: account, password, code and person all fit. The password is hashed whatever else is wrong. */
static enum err_kind check_secrets(
	struct ctx *ctx, struct sign_in *in, bool *right, struct err *err)
{
	const struct password_hash *hash = password_nobody();
	struct caller person = { 0 };
	struct err why;
	bool matches = false;
	enum err_kind rc = credential_by_login(
		ctx->db, ctx->mem, arg_str(ctx, "name"), &in->credential, &why);
	bool known = rc == OK;

	if (rc != OK && rc != ERR_NOT_FOUND) {
		*err = why;
		return rc;
	}
	if (known)
		hash = &in->credential.password;
	rc = password_check(hash, arg_str(ctx, "password"), &matches, err);
	if (rc != OK)
		return rc;
	in->uses_totp = known && in->credential.totp_confirmed;
	bool code = !in->uses_totp ||
		totp_check(in->credential.totp_secret, arg_str(ctx, "totp"), ctx->now_us,
			in->credential.totp_step, &in->totp_step);
	bool active = false;

	if (known) {
		rc = person_load(ctx->db, ctx->mem, in->credential.person_id, &person, &why);
		if (rc != OK && rc != ERR_AUTH) {
			*err = why;
			return rc;
		}
		active = rc == OK;
	}
	*right = known && matches && code && active;
	return OK;
}

/* The mark's secret is drawn inside the draw child, before anything is shown; its digest is public. */
static enum err_kind commit_mark(struct ctx *ctx, struct sign_in *in, struct err *err)
{
	if (ctx->lab->glass != NULL)
		return glass_commit_session(ctx->lab->glass, str_from(in->session), &in->mark, err);
	if (!ctx->lab->without_glass)
		return err_set(err, ERR_IO, "the draw child does not run: nobody can sign in");
	return OK;
}

static enum err_kind start_compute(struct ctx *ctx, struct err *err)
{
	struct sign_in *in = arena_array(ctx->mem, struct sign_in, 1);
	bool right = false;

	if (in == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	ctx->state = in;
	enum err_kind rc = check_wait(ctx, err);

	if (rc == OK)
		rc = check_secrets(ctx, in, &right, err);
	if (rc != OK)
		return rc;
	if (!right) {
		in->is_wrong = true;
		return err_set(err, ERR_AUTH, "%s", wrong);
	}
	lab_new_id("ses", in->session);
	return commit_mark(ctx, in, err);
}

static enum err_kind start_refused(struct ctx *ctx, struct err *err)
{
	const struct sign_in *in = ctx->state;

	if (in == NULL || !in->is_wrong)
		return OK;
	return attempts_failed(
		ctx->lab, ctx->db, arg_str(ctx, "name"), ctx->caller.address, ctx->now_us, err);
}

/* What the sign-in rests on may have changed while the password was hashed. */
static enum err_kind check_again(struct ctx *ctx, const struct sign_in *in, struct err *err)
{
	struct credential now = { .person_id = STR("") };
	enum err_kind rc = check_wait(ctx, err);

	if (rc == OK)
		rc = credential_of_person(ctx->db, ctx->mem, in->credential.person_id, &now, err);
	if (rc != OK)
		return rc;
	bool same = strcmp(now.password.text, in->credential.password.text) == 0 &&
		now.totp_confirmed == in->credential.totp_confirmed &&
		(!in->uses_totp || now.totp_step < in->totp_step);

	return same ? OK : err_set(err, ERR_AUTH, "%s", wrong);
}

static enum err_kind use_totp_step(struct ctx *ctx, const struct sign_in *in, struct err *err)
{
	struct stmt *s;

	if (!in->uses_totp)
		return OK;
	enum err_kind rc = stmt_begin(ctx->db,
		"UPDATE credentials SET totp_step = :step WHERE person = :person", &s, err);

	if (rc != OK)
		return rc;
	stmt_i64(s, ":step", (int64_t)in->totp_step);
	stmt_text(s, ":person", in->credential.person_id);
	return stmt_run(s, NULL, err);
}

static enum err_kind insert_session(struct ctx *ctx, const struct sign_in *in,
	const struct sha256 *token, int64_t ends_us, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(ctx->db,
		"INSERT INTO sessions (id, token, person, point, started_us, seen_us, ends_us, ended_us, "
		"mark) VALUES (:id, :token, :person, :point, :now, :now, :ends, NULL, :mark)",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":id", str_from(in->session));
	stmt_blob(s, ":token", str_of(token->bytes, SHA256_BYTES));
	stmt_text(s, ":person", in->credential.person_id);
	stmt_text(s, ":point", ctx->caller.point);
	stmt_i64(s, ":now", ctx->now_us);
	stmt_i64(s, ":ends", ends_us);
	stmt_blob(s, ":mark", str_of(in->mark.bytes, SHA256_BYTES));
	return stmt_run(s, NULL, err);
}

static void start_end(void *arg, bool durable)
{
	const struct sign_in *in = arg;

	if (!durable)
		trail_forget(in->keys, in->id);
}

/* The token, the person, and until when. */
static void write_session(struct ctx *ctx, const struct sign_in *in, const struct caller *person,
	struct str token, int64_t ends_us)
{
	struct jw *w = ctx->answer;

	jw_kstr(w, "token", token);
	jw_kstr(w, "session", str_from(in->session));
	write_person(w, person, in->credential.login);
	jw_kwhen(w, "ends", ends_us);
	jw_ki64(w, "idle_s", ctx->lab->settings.session_idle_s);
	jw_kbool(w, "must_change", in->credential.must_change);
	jw_khex(w, "mark", in->mark.bytes, SHA256_BYTES);
}

/* Entry: the mark's digest, the point, and the person's name for acts of no engagement. */
static void note_start(struct ctx *ctx, const struct sign_in *in)
{
	char hex[SHA256_HEX_BYTES], actor[PSEUDONYM_BYTES];

	sha256_format(&in->mark, hex);
	pseudonym_actor(ctx->lab->keys.pseudonym, in->credential.person_id, STR(""), actor);
	entry_public(ctx, "mark", str_from(hex));
	entry_public(ctx, "point", ctx->caller.point);
	entry_public(ctx, "actor", str_from(actor));
	entry_session(ctx, str_from(in->session));
	entry_subject(ctx, in->credential.person_id);
	entry_detail(ctx, "session", str_from(in->session));
	entry_detail(ctx, "person", in->credential.person_id);
}

static enum err_kind start_apply(struct ctx *ctx, struct err *err)
{
	struct sign_in *in = ctx->state;
	struct caller person = ctx->caller;
	uint8_t token[SESSION_TOKEN_BYTES];
	struct out o;
	struct str text;
	int64_t ends_us = ctx->now_us + ctx->lab->settings.session_absolute_s * WHEN_SECOND_US;
	enum err_kind rc = check_again(ctx, in, err);

	if (rc == OK)
		rc = person_load(ctx->db, ctx->mem, in->credential.person_id, &person, err);
	if (rc != OK)
		return rc;
	random_bytes(token, sizeof(token));
	struct sha256 digest = sha256_of(str_of(token, sizeof(token)));

	rc = insert_session(ctx, in, &digest, ends_us, err);
	in->id = str_from(in->session);
	in->keys = ctx->lab->session_keys;
	call_on_end(ctx, start_end, in);
	if (rc == OK)
		rc = trail_begin(ctx->lab, ctx->db, ctx->mem, in->id, err);
	if (rc == OK)
		rc = use_totp_step(ctx, in, err);
	if (rc == OK)
		rc = attempts_passed(
			ctx->lab, ctx->db, arg_str(ctx, "name"), ctx->caller.address, err);
	if (rc != OK)
		return rc;
	out_init(&o, ctx->mem, 64);
	out_base64url(&o, str_of(token, sizeof(token)));
	rc = out_finish(&o, &text, err);
	secret_wipe(token, sizeof(token));
	if (rc != OK)
		return rc;
	note_start(ctx, in);
	write_session(ctx, in, &person, text, ends_us);
	return OK;
}

/* The key leaves the memory once the end is on disk. */
struct sign_out {
	struct session_keys *keys;
	struct str session_id;
};

static void end_end(void *arg, bool durable)
{
	const struct sign_out *out = arg;

	if (durable)
		trail_forget(out->keys, out->session_id);
}

static enum err_kind end_apply(struct ctx *ctx, struct err *err)
{
	struct sign_out *out = arena_array(ctx->mem, struct sign_out, 1);
	struct stmt *s;

	if (out == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	*out = (struct sign_out){ ctx->lab->session_keys, ctx->caller.session_id };
	enum err_kind rc = stmt_begin(
		ctx->db, "UPDATE sessions SET ended_us = :now WHERE id = :id", &s, err);

	if (rc != OK)
		return rc;
	stmt_i64(s, ":now", ctx->now_us);
	stmt_text(s, ":id", ctx->caller.session_id);
	rc = stmt_run(s, NULL, err);
	if (rc != OK)
		return rc;
	entry_detail(ctx, "reason", STR("signed out"));
	call_on_end(ctx, end_end, out);
	return OK;
}

static enum err_kind show_compute(struct ctx *ctx, struct err *err)
{
	struct session session;
	struct jw *w = ctx->answer;
	enum err_kind rc = session_load(
		ctx->lab, ctx->db, ctx->mem, ctx->caller.session_id, ctx->now_us, &session, err);

	if (rc != OK)
		return rc;
	int64_t idle_us = session.seen_us + ctx->lab->settings.session_idle_s * WHEN_SECOND_US;

	jw_kstr(w, "session", session.id);
	write_person(w, &session.person, session.login);
	jw_kwhen(w, "started", session.started_us);
	jw_kwhen(w, "ends", session.ends_us);
	jw_kwhen(w, "idle_ends", idle_us < session.ends_us ? idle_us : session.ends_us);
	jw_kstr(w, "point", session.point);
	jw_kbool(w, "must_change", session.must_change);
	jw_kbool(w, "totp", session.has_totp);
	jw_kbool(w, "totp_required", ctx->lab->settings.totp_required);
	jw_khex(w, "mark", session.mark.bytes, SHA256_BYTES);
	jw_key(w, "trail");
	return trail_readers_write(w, ctx->db, session.id, err);
}

static const struct verb_arg start_args[] = {
	{ "name", ARG_LINE, ARG_REQUIRED, 1, LIMIT_NAME_BYTES, NULL, "the account's name" },
	{ "password", ARG_SECRET, ARG_REQUIRED, 1, LIMIT_LINE_BYTES, NULL, "its password" },
	{ "totp", ARG_SECRET, 0, TOTP_DIGITS, TOTP_DIGITS, NULL,
		"the six digits of the authenticator, where one is set up" },
	{ 0 },
};

static const struct verb_arg password_args[] = {
	{ "old", ARG_SECRET, ARG_REQUIRED, 1, LIMIT_LINE_BYTES, NULL, "the password until now" },
	{ "new", ARG_SECRET, ARG_REQUIRED, PASSWORD_MIN_BYTES, LIMIT_LINE_BYTES, NULL,
		"the new one, at least 12 characters" },
	{ 0 },
};

static const struct verb_arg confirm_args[] = {
	{ "code", ARG_SECRET, ARG_REQUIRED, TOTP_DIGITS, TOTP_DIGITS, NULL,
		"the six digits that the authenticator shows" },
	{ 0 },
};

static const struct verb_arg credential_args[] = {
	{ "id", ARG_ID, ARG_REQUIRED, 0, 0, "per", "whose account" },
	{ "password", ARG_SECRET, 0, PASSWORD_MIN_BYTES, LIMIT_LINE_BYTES, NULL,
		"a one-time password; absent: one is made up" },
	{ 0 },
};

static const struct verb_arg reset_args[] = {
	{ "id", ARG_ID, ARG_REQUIRED, 0, 0, "per", "whose account" },
	{ "reason", ARG_LINE, ARG_REQUIRED, 1, 0, NULL, "why; it stands in the person's history" },
	{ "password", ARG_SECRET, 0, PASSWORD_MIN_BYTES, LIMIT_LINE_BYTES, NULL,
		"a one-time password; absent: one is made up" },
	{ 0 },
};

const struct verb verbs_session[] = {
	{
		.name = "session.start",
		.summary = "Sign in.",
		.args = start_args,
		.roles = ROLE_ANYONE,
		.public_fields = "mark point actor",
		.flags = VERB_PASSWORD | VERB_SECRET | VERB_SELF,
		.compute = start_compute,
		.apply = start_apply,
		.refused = start_refused,
	},
	{
		.name = "session.end",
		.summary = "Sign out.",
		.roles = ROLE_SIGNED_IN,
		.public_fields = "actor",
		.flags = VERB_SELF,
		.apply = end_apply,
	},
	{
		.name = "session.show",
		.summary = "Show the caller's own session.",
		.roles = ROLE_SIGNED_IN,
		.public_fields = "",
		.flags = VERB_NO_ENTRY | VERB_SELF,
		.compute = show_compute,
	},
	{
		.name = "session.password",
		.summary = "Change one's own password; other sessions of the account end.",
		.args = password_args,
		.roles = ROLE_SIGNED_IN,
		.public_fields = "actor",
		.flags = VERB_PASSWORD | VERB_SELF,
		.compute = password_compute,
		.apply = password_apply,
		.refused = password_refused,
	},
	{
		.name = "session.totp_begin",
		.summary = "Begin to set up an authenticator (RFC 6238) for one's own account.",
		.roles = ROLE_SIGNED_IN,
		.public_fields = "actor",
		.flags = VERB_SECRET | VERB_SELF,
		.compute = totp_begin_compute,
		.apply = totp_begin_apply,
	},
	{
		.name = "session.totp_confirm",
		.summary = "Finish setting up the authenticator with a code that it shows.",
		.args = confirm_args,
		.roles = ROLE_SIGNED_IN,
		.public_fields = "actor",
		.flags = VERB_SELF,
		.apply = totp_confirm_apply,
	},
	{
		.name = "person.credential",
		.summary =
			"Give a person a one-time password; their sessions end, their authenticator is removed. "
			"Not for an officer who has a password: person.reset.",
		.args = credential_args,
		.roles = ROLE_OFFICER,
		.public_fields = "record actor",
		.flags = VERB_PASSWORD | VERB_SECRET,
		.compute = credential_compute,
		.apply = credential_apply,
	},
	{
		.name = "person.reset",
		.summary =
			"Give anybody, officers too, another one-time password at the centre's own machine.",
		.args = reset_args,
		.roles = ROLE_OFFICER,
		.public_fields = "record actor",
		.flags = VERB_PASSWORD | VERB_SECRET | VERB_CONSOLE,
		.compute = credential_compute,
		.apply = credential_apply,
	},
	{ 0 },
};
