/* session: tokens, people and their roles, read from the records each time. */
#include "app/session.h"

#include "app/person.h"
#include "app/trail.h"
#include "base/when.h"
#include "crypto/digest.h"

#define SESSION_COLUMNS                                                                            \
	"SELECT s.id, s.person, s.point, s.started_us, s.seen_us, s.ends_us, s.ended_us IS NULL, " \
	"s.mark, c.must_change, c.totp_confirmed, c.name FROM sessions s "                         \
	"LEFT JOIN credentials c ON c.person = s.person WHERE "

/* By the digest of its token, or by its id where token is NULL. */
static enum err_kind read_row(struct db *db, struct arena *mem, const struct sha256 *token,
	struct str id, struct session *session, bool *is_ended, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(db,
		token != NULL ? SESSION_COLUMNS "s.token = :token" : SESSION_COLUMNS "s.id = :id",
		&s, err);

	if (rc != OK)
		return rc;
	if (token != NULL)
		stmt_blob(s, ":token", str_of(token->bytes, SHA256_BYTES));
	else
		stmt_text(s, ":id", id);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	if (!row)
		return err_set(err, ERR_NOT_FOUND, "no such session");
	bool fits = arena_copy(mem, stmt_col_str(s, 0), &session->id) &&
		arena_copy(mem, stmt_col_str(s, 1), &session->person_id) &&
		arena_copy(mem, stmt_col_str(s, 2), &session->point) &&
		arena_copy(mem, stmt_col_str(s, 10), &session->login);
	struct str mark = stmt_col_str(s, 7);

	session->started_us = stmt_col_i64(s, 3);
	session->seen_us = stmt_col_i64(s, 4);
	session->ends_us = stmt_col_i64(s, 5);
	*is_ended = stmt_col_i64(s, 6) == 0;
	if (mark.len == SHA256_BYTES)
		memcpy(session->mark.bytes, mark.ptr, SHA256_BYTES);
	session->must_change = stmt_col_i64(s, 8) != 0;
	session->has_totp = stmt_col_i64(s, 9) != 0;
	stmt_end(s);
	return fits ? OK : err_set(err, ERR_LIMIT, "request memory used up");
}

static enum err_kind find(const struct lab *lab, struct db *db, struct arena *mem,
	const struct sha256 *token, struct str id, int64_t now_us, struct session *session,
	struct err *err)
{
	struct session found = { .person = { .person_name = STR(""),
					 .organisation_id = STR(""),
					 .organisation_name = STR(""),
					 .line = STR("") } };
	bool is_ended = true;
	enum err_kind rc = read_row(db, mem, token, id, &found, &is_ended, err);

	if (rc != OK)
		return rc;
	struct err why;

	rc = person_load(db, mem, found.person_id, &found.person, &why);
	if (rc != OK && rc != ERR_AUTH) {
		*err = why;
		return rc;
	}
	if (rc == ERR_AUTH) {
		found.person.person_id = found.person_id;
		found.person.roles = 0;
	}
	found.is_open = rc == OK && !is_ended && now_us < found.ends_us &&
		now_us - found.seen_us < lab->settings.session_idle_s * WHEN_SECOND_US;
	*session = found;
	return OK;
}

enum err_kind session_find(const struct lab *lab, struct db *db, struct arena *mem,
	const uint8_t token[SESSION_TOKEN_BYTES], int64_t now_us, struct session *session,
	struct err *err)
{
	struct sha256 digest = sha256_of(str_of(token, SESSION_TOKEN_BYTES));

	return find(lab, db, mem, &digest, STR(""), now_us, session, err);
}

enum err_kind session_load(const struct lab *lab, struct db *db, struct arena *mem,
	struct str session_id, int64_t now_us, struct session *session, struct err *err)
{
	return find(lab, db, mem, NULL, session_id, now_us, session, err);
}

void session_caller(const struct session *session, struct caller *caller)
{
	struct caller from = *caller;

	*caller = session->person;
	caller->session_id = session->id;
	caller->point = from.point;
	caller->address = from.address;
	caller->is_console = from.is_console;
	caller->peer = from.peer;
}

enum err_kind session_touch(struct db *db, struct str session_id, int64_t now_us, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(db,
		"UPDATE sessions SET seen_us = :now WHERE id = :id AND seen_us < :now", &s, err);

	if (rc != OK)
		return rc;
	stmt_i64(s, ":now", now_us);
	stmt_text(s, ":id", session_id);
	return stmt_run(s, NULL, err);
}

/* One open session of the person other than `but`; empty when there is none. */
static enum err_kind next_open(struct db *db, struct arena *mem, struct str person_id,
	struct str but, struct str *id, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(db,
		"SELECT id FROM sessions WHERE person = :person AND ended_us IS NULL AND id <> :but "
		"LIMIT 1",
		&s, err);

	*id = STR("");
	if (rc != OK)
		return rc;
	stmt_text(s, ":person", person_id);
	stmt_text(s, ":but", but);
	rc = stmt_step(s, &row, err);
	if (rc != OK || !row)
		return rc;
	if (!arena_copy(mem, stmt_col_str(s, 0), id))
		rc = err_set(err, ERR_LIMIT, "request memory used up");
	stmt_end(s);
	return rc;
}

enum err_kind session_end_others(const struct lab *lab, struct db *db, struct arena *mem,
	struct str person_id, struct str but, int64_t now_us, int64_t *ended, struct err *err)
{
	struct str id;
	enum err_kind rc;

	*ended = 0;
	while ((rc = next_open(db, mem, person_id, but, &id, err)) == OK && id.len > 0) {
		struct stmt *s;

		rc = stmt_begin(db, "UPDATE sessions SET ended_us = :now WHERE id = :id", &s, err);
		if (rc != OK)
			return rc;
		stmt_i64(s, ":now", now_us);
		stmt_text(s, ":id", id);
		rc = stmt_run(s, NULL, err);
		if (rc != OK)
			return rc;
		/* Were the transaction undone, the session would get a new key. */
		trail_forget(lab->session_keys, id);
		++*ended;
	}
	return rc;
}
