/* govern_password: passwords and authenticators of accounts. */
#include "app/attempts.h"
#include "app/govern_session.h"
#include "app/person.h"
#include "app/record.h"
#include "crypto/sign.h"
#include "format/base32.h"
#include "os/random.h"

/* A person's own new password, hashed. */
struct new_password {
	bool is_wrong; /* the old one: counts as a failure */
	struct credential credential;
	struct password_hash hash;
	struct str once; /* person.credential: the password in clear, for the answer */
};

/* An old password is guessed at as well as any: the same waiting. */
static enum err_kind check_old(struct ctx *ctx, struct new_password *new, struct err *err)
{
	int64_t wait_s;
	bool matches = false;
	enum err_kind rc = attempts_wait(ctx->lab, ctx->db, new->credential.login,
		ctx->caller.address, ctx->now_us, &wait_s, err);

	if (rc != OK)
		return rc;
	if (wait_s > 0)
		return err_set(err, ERR_LIMIT, "too many failed attempts: try again in %lld s",
			(long long)wait_s);
	rc = password_check(&new->credential.password, arg_str(ctx, "old"), &matches, err);
	if (rc != OK || matches)
		return rc;
	new->is_wrong = true;
	return err_set(err, ERR_DENIED, "the old password is wrong");
}

enum err_kind password_compute(struct ctx *ctx, struct err *err)
{
	struct new_password *new = arena_array(ctx->mem, struct new_password, 1);

	if (new == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	enum err_kind rc = credential_of_person(
		ctx->db, ctx->mem, ctx->caller.person_id, &new->credential, err);

	if (rc != OK)
		return rc;
	ctx->state = new;
	struct str chosen = arg_str(ctx, "new");

	if (str_eq(chosen, arg_str(ctx, "old")))
		return err_set(err, ERR_INPUT, "new: must differ from the old one");
	if (str_eq(chosen, new->credential.login))
		return err_set(err, ERR_INPUT, "new: must differ from the account's name");
	rc = check_old(ctx, new, err);
	return rc != OK ? rc : password_make(chosen, &new->hash, err);
}

enum err_kind password_refused(struct ctx *ctx, struct err *err)
{
	const struct new_password *new = ctx->state;

	if (new == NULL || !new->is_wrong)
		return OK;
	return attempts_failed(
		ctx->lab, ctx->db, new->credential.login, ctx->caller.address, ctx->now_us, err);
}

/* Note how many sessions a new password ended. */
static enum err_kind end_sessions(
	struct ctx *ctx, struct str person_id, struct str but, struct err *err)
{
	int64_t ended;
	enum err_kind rc = session_end_others(
		ctx->lab, ctx->db, ctx->mem, person_id, but, ctx->now_us, &ended, err);

	if (rc == OK)
		entry_detail_i64(ctx, "sessions_ended", ended);
	return rc;
}

enum err_kind password_apply(struct ctx *ctx, struct err *err)
{
	const struct new_password *new = ctx->state;
	struct stmt *s;
	int64_t changed;
	enum err_kind rc = stmt_begin(ctx->db,
		"UPDATE credentials SET password = :new, must_change = 0 "
		"WHERE person = :person AND password = :old",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":new", str_from(new->hash.text));
	stmt_text(s, ":person", ctx->caller.person_id);
	stmt_text(s, ":old", str_from(new->credential.password.text));
	rc = stmt_run(s, &changed, err);
	if (rc != OK)
		return rc;
	if (changed != 1)
		return err_set(err, ERR_CONFLICT, "the password was changed meanwhile");
	entry_subject(ctx, ctx->caller.person_id);
	rc = attempts_passed(ctx->lab, ctx->db, new->credential.login, ctx->caller.address, err);
	return rc != OK ? rc
			: end_sessions(ctx, ctx->caller.person_id, ctx->caller.session_id, err);
}

/* Percent-encoded but for letters, digits and "-._~" (RFC 3986 section 2.3). */
static void out_uri_part(struct out *o, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';

		if (plain)
			out_char(o, c);
		else
			out_printf(o, "%%%02X", (unsigned)(unsigned char)c);
	}
}

enum err_kind totp_begin_compute(struct ctx *ctx, struct err *err)
{
	uint8_t *secret = arena_array(ctx->mem, uint8_t, TOTP_SECRET_BYTES);
	struct credential credential;
	struct str base32, uri;
	struct out text, link;
	enum err_kind rc = credential_of_person(
		ctx->db, ctx->mem, ctx->caller.person_id, &credential, err);

	if (rc != OK)
		return rc;
	if (secret == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	random_bytes(secret, TOTP_SECRET_BYTES);
	out_init(&text, ctx->mem, 64);
	base32_put(&text, str_of(secret, TOTP_SECRET_BYTES));
	rc = out_finish(&text, &base32, err);
	if (rc != OK)
		return rc;
	struct str lab = str_from(ctx->lab->settings.name);

	out_init(&link, ctx->mem, 2048);
	out_put(&link, STR("otpauth://totp/"));
	out_uri_part(&link, lab);
	out_char(&link, ':');
	out_uri_part(&link, credential.login);
	out_put(&link, STR("?secret="));
	out_put(&link, base32);
	out_put(&link, STR("&issuer="));
	out_uri_part(&link, lab);
	rc = out_finish(&link, &uri, err);
	if (rc != OK)
		return rc;
	ctx->state = secret;
	jw_kstr(ctx->answer, "secret", base32);
	jw_kstr(ctx->answer, "uri", uri);
	return OK;
}

enum err_kind totp_begin_apply(struct ctx *ctx, struct err *err)
{
	struct stmt *s;
	int64_t changed;
	enum err_kind rc = stmt_begin(ctx->db,
		"UPDATE credentials SET totp_secret = :secret, totp_step = 0 "
		"WHERE person = :person AND totp_confirmed = 0",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_blob(s, ":secret", str_of(ctx->state, TOTP_SECRET_BYTES));
	stmt_text(s, ":person", ctx->caller.person_id);
	rc = stmt_run(s, &changed, err);
	if (rc == OK && changed != 1)
		rc = err_set(err, ERR_CONFLICT,
			"an authenticator is set up already; an officer can remove it");
	entry_subject(ctx, ctx->caller.person_id);
	return rc;
}

enum err_kind totp_confirm_apply(struct ctx *ctx, struct err *err)
{
	struct credential credential;
	struct stmt *s;
	uint64_t step;
	enum err_kind rc = credential_of_person(
		ctx->db, ctx->mem, ctx->caller.person_id, &credential, err);

	if (rc != OK)
		return rc;
	if (credential.totp_confirmed)
		return err_set(err, ERR_CONFLICT, "an authenticator is set up already");
	if (credential.totp_secret.len != TOTP_SECRET_BYTES)
		return err_set(err, ERR_CONFLICT, "begin with session.totp_begin");
	if (!totp_check(credential.totp_secret, arg_str(ctx, "code"), ctx->now_us,
		    credential.totp_step, &step))
		return err_set(err, ERR_DENIED, "the code is wrong: check the clock of the device");
	rc = stmt_begin(ctx->db,
		"UPDATE credentials SET totp_confirmed = 1, totp_step = :step WHERE person = :person",
		&s, err);
	if (rc != OK)
		return rc;
	stmt_i64(s, ":step", (int64_t)step);
	stmt_text(s, ":person", ctx->caller.person_id);
	entry_subject(ctx, ctx->caller.person_id);
	return stmt_run(s, NULL, err);
}

enum err_kind password_make_up(struct arena *mem, struct str *once, struct err *err)
{
	static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
	uint8_t bytes[20];
	struct out o;

	random_bytes(bytes, sizeof(bytes));
	out_init(&o, mem, 32);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		if (i > 0 && i % 5 == 0)
			out_char(&o, '-');
		out_char(&o, letters[bytes[i] & 31]);
	}
	secret_wipe(bytes, sizeof(bytes));
	return out_finish(&o, once, err);
}

/*
 * A one-time password for an officer who has one of their own would put two officers into one hand: it is not
 * for person.credential, but for whoever may work at the centre's own machine.
 */
static enum err_kind check_not_taken(
	struct ctx *ctx, struct str id, unsigned roles, struct err *err)
{
	struct credential has;
	struct err none;

	if ((ctx->verb->flags & VERB_CONSOLE) != 0 || (roles & ROLE_OFFICER) == 0)
		return OK;
	enum err_kind rc = credential_of_person(ctx->db, ctx->mem, id, &has, &none);

	if (rc == ERR_NOT_FOUND)
		return OK;
	if (rc != OK) {
		*err = none;
		return rc;
	}
	return err_set(err, ERR_DENIED,
		"an officer who has a password gets another one at the centre only: vitrine person "
		"reset --id %.*s --reason \"…\"",
		STR_ARG(id));
}

static enum err_kind check_subject(struct ctx *ctx, struct err *err)
{
	struct caller person = { 0 };
	struct err why;
	struct str id = arg_str(ctx, "id");

	if (str_eq(id, ctx->caller.person_id))
		return err_set(err, ERR_DENIED,
			"not for oneself: change your own password with session.password");
	enum err_kind rc = person_load(ctx->db, ctx->mem, id, &person, &why);

	if (rc == ERR_AUTH)
		return err_set(err, ERR_NOT_FOUND, "no active person of this id");
	if (rc != OK) {
		*err = why;
		return rc;
	}
	return check_not_taken(ctx, id, person.roles, err);
}

enum err_kind credential_compute(struct ctx *ctx, struct err *err)
{
	struct new_password *new = arena_array(ctx->mem, struct new_password, 1);

	if (new == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	enum err_kind rc = check_subject(ctx, err);

	if (rc != OK)
		return rc;
	if (arg_given(ctx, "password"))
		new->once = arg_str(ctx, "password");
	else
		rc = password_make_up(ctx->mem, &new->once, err);
	if (rc == OK)
		rc = password_make(new->once, &new->hash, err);
	ctx->state = new;
	return rc;
}

/* The name to sign in with, from the person's record. */
static enum err_kind login_of(
	struct ctx *ctx, struct str person_id, struct str *login, struct err *err)
{
	struct stmt *s;
	json_t *body = NULL;
	struct str name;
	bool row;
	enum err_kind rc = stmt_begin(
		ctx->db, "SELECT body FROM records WHERE id = :id AND kind = 'person'", &s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":id", person_id);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	if (!row)
		return err_set(err, ERR_NOT_FOUND, "no such person");
	rc = json_parse(stmt_col_str(s, 0), LIMIT_JSON_BYTES, &body, err);
	stmt_end(s);
	if (rc != OK || !json_str(body, "name", &name))
		rc = err_set(err, ERR_CORRUPT, "person %.*s has no name", STR_ARG(person_id));
	else if (!arena_copy(ctx->mem, name, login))
		rc = err_set(err, ERR_LIMIT, "request memory used up");
	json_decref(body);
	return rc;
}

/* It stands on the person's own page. */
static enum err_kind note_credential(struct ctx *ctx, struct str id, struct err *err)
{
	struct record_desk desk = record_desk_of(ctx);
	bool is_reset = (ctx->verb->flags & VERB_CONSOLE) != 0;

	return record_note(&desk, id, is_reset ? "reset" : "credential",
		is_reset ? arg_str(ctx, "reason") : STR(""), err);
}

enum err_kind credential_apply(struct ctx *ctx, struct err *err)
{
	const struct new_password *new = ctx->state;
	struct str id = arg_str(ctx, "id"), login = STR("");
	struct stmt *s;
	enum err_kind rc = check_subject(ctx, err);

	if (rc == OK)
		rc = login_of(ctx, id, &login, err);
	if (rc == OK)
		rc = stmt_begin(ctx->db,
			"INSERT INTO credentials (person, name, password, must_change, totp_secret, "
			"totp_confirmed, totp_step) VALUES (:person, :name, :password, 1, NULL, 0, 0) "
			"ON CONFLICT (person) DO UPDATE SET name = :name, password = :password, "
			"must_change = 1, totp_secret = NULL, totp_confirmed = 0, totp_step = 0",
			&s, err);
	if (rc != OK)
		return rc;
	stmt_text(s, ":person", id);
	stmt_text(s, ":name", login);
	stmt_text(s, ":password", str_from(new->hash.text));
	rc = stmt_run(s, NULL, err);
	if (rc == ERR_CONFLICT)
		return err_set(
			err, ERR_CONFLICT, "another account has the name %.*s", STR_ARG(login));
	if (rc == OK)
		rc = end_sessions(ctx, id, STR(""), err);
	if (rc == OK)
		rc = note_credential(ctx, id, err);
	if (rc != OK)
		return rc;
	entry_public(ctx, "record", id);
	entry_subject(ctx, id);
	jw_kstr(ctx->answer, "password", new->once);
	jw_kbool(ctx->answer, "must_change", true);
	return OK;
}
