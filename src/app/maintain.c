/*
 * maintain: what time brings. Each task first asks a read connection whether there is anything to do, so that
 * an idle lab writes nothing.
 */
#include "app/call.h"
#include "app/pseudonym.h"
#include "app/trail.h"
#include "app/witnessing.h"
#include "base/when.h"

enum {
	SESSIONS_A_TURN = 100,
	MINUTES_A_TURN = 10,
	ADDRESSES_SHOWN_MAX = 500, /* of one minute, in the private detail; the rest is summed */
};

struct turn {
	struct lab *lab;
	int64_t now_us;
};

enum err_kind stranger_count(struct db *db, struct str address, int64_t now_us, struct err *err)
{
	int64_t minute = now_us / WHEN_MINUTE_US;
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(
		db, "SELECT count(*) FROM strangers WHERE minute = :minute", &s, err);

	if (rc != OK)
		return rc;
	stmt_i64(s, ":minute", minute);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	bool is_full = stmt_col_i64(s, 0) >= LIMIT_STRANGERS_MINUTE;

	stmt_end(s);
	rc = stmt_begin(db,
		"INSERT INTO strangers (address, minute, count) VALUES (:address, :minute, 1) "
		"ON CONFLICT (address, minute) DO UPDATE SET count = count + 1",
		&s, err);
	if (rc != OK)
		return rc;
	stmt_text(s, ":address", is_full ? STR("others") : address);
	stmt_i64(s, ":minute", minute);
	return stmt_run(s, NULL, err);
}

/* {"strangers":[{"address":…,"count":…}]} of a minute, and how many refusals it was in all. */
static enum err_kind strangers_detail(struct db *db, struct arena *mem, int64_t minute,
	struct str *detail, int64_t *total, struct err *err)
{
	struct stmt *s;
	struct out o;
	struct jw w;
	bool row = true;
	int shown = 0;
	enum err_kind rc = stmt_begin(db,
		"SELECT address, count FROM strangers WHERE minute = :minute ORDER BY count DESC, address",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_i64(s, ":minute", minute);
	out_init(&o, mem, LIMIT_DETAIL_BYTES);
	jw_init(&w, &o);
	jw_object(&w);
	jw_key(&w, "strangers");
	jw_array(&w);
	*total = 0;
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		*total += stmt_col_i64(s, 1);
		if (shown++ >= ADDRESSES_SHOWN_MAX)
			continue;
		jw_object(&w);
		jw_kstr(&w, "address", stmt_col_str(s, 0));
		jw_ki64(&w, "count", stmt_col_i64(s, 1));
		jw_object_end(&w);
	}
	jw_array_end(&w);
	jw_object_end(&w);
	return rc != OK ? rc : out_finish(&o, detail, err);
}

static enum err_kind enter_minute(
	struct lab *lab, struct db *db, int64_t minute, int64_t now_us, struct err *err)
{
	struct arena mem;
	struct stmt *s;
	uint64_t index;
	int64_t total;
	struct entry_draft draft = { .kind = "refused.strangers",
		.time_us = now_us,
		.session = STR(""),
		.record = STR(""),
		.field_count = 2 };
	char text[WHEN_TEXT_BYTES];

	arena_init(&mem, LIMIT_REQUEST_MEM_BYTES);
	enum err_kind rc = strangers_detail(db, &mem, minute, &draft.detail, &total, err);

	if (rc != OK)
		goto out;
	when_format(minute * WHEN_MINUTE_US, text);
	draft.fields[0] = (struct entry_field){ .name = "minute", .text = str_from(text) };
	draft.fields[1] = (struct entry_field){
		.name = "count", .number = total, .is_number = true
	};
	rc = ledger_append(lab->ledger, db, &draft, &index, err);
	if (rc == OK)
		rc = stmt_begin(db, "DELETE FROM strangers WHERE minute = :minute", &s, err);
	if (rc != OK)
		goto out;
	stmt_i64(s, ":minute", minute);
	rc = stmt_run(s, NULL, err);
out:
	arena_reset(&mem);
	return rc;
}

/* The minutes that are over and have no entry yet, oldest first. */
static enum err_kind old_minutes(struct db *db, int64_t now_us, int64_t minutes[MINUTES_A_TURN],
	size_t *count, struct err *err)
{
	struct stmt *s;
	bool row = true;
	enum err_kind rc = stmt_begin(db,
		"SELECT DISTINCT minute FROM strangers WHERE minute < :now ORDER BY minute", &s,
		err);

	*count = 0;
	if (rc != OK)
		return rc;
	stmt_i64(s, ":now", now_us / WHEN_MINUTE_US);
	while (*count < MINUTES_A_TURN && (rc = stmt_step(s, &row, err)) == OK && row)
		minutes[(*count)++] = stmt_col_i64(s, 0);
	stmt_end(s);
	return rc;
}

static enum err_kind enter_minutes(struct db *db, void *arg, struct err *err)
{
	const struct turn *turn = arg;
	int64_t minutes[MINUTES_A_TURN];
	size_t count;
	enum err_kind rc = old_minutes(db, turn->now_us, minutes, &count, err);

	for (size_t i = 0; rc == OK && i < count; i++)
		rc = enter_minute(turn->lab, db, minutes[i], turn->now_us, err);
	return rc;
}

struct ended {
	char id[LAB_ID_BYTES], person[LAB_ID_BYTES];
};

static void copy_id(char to[LAB_ID_BYTES], struct str id)
{
	assert(id.len < LAB_ID_BYTES);
	memcpy(to, id.ptr, id.len);
	to[id.len] = 0;
}

/* Sessions that are too old or idle for too long and not yet marked as ended. */
static enum err_kind old_sessions(struct lab *lab, struct db *db, int64_t now_us,
	struct ended ended[SESSIONS_A_TURN], size_t *count, struct err *err)
{
	struct stmt *s;
	bool row = true;
	enum err_kind rc = stmt_begin(db,
		"SELECT id, person FROM sessions WHERE ended_us IS NULL "
		"AND (ends_us <= :now OR seen_us <= :idle) ORDER BY ends_us",
		&s, err);

	*count = 0;
	if (rc != OK)
		return rc;
	stmt_i64(s, ":now", now_us);
	stmt_i64(s, ":idle", now_us - lab->settings.session_idle_s * WHEN_SECOND_US);
	while (*count < SESSIONS_A_TURN && (rc = stmt_step(s, &row, err)) == OK && row) {
		copy_id(ended[*count].id, stmt_col_str(s, 0));
		copy_id(ended[*count].person, stmt_col_str(s, 1));
		++*count;
	}
	stmt_end(s);
	return rc;
}

static enum err_kind end_session(
	struct lab *lab, struct db *db, const struct ended *ended, int64_t now_us, struct err *err)
{
	char actor[PSEUDONYM_BYTES];
	uint64_t index;
	struct stmt *s;
	struct entry_draft draft = { .kind = "session.end",
		.time_us = now_us,
		.detail = STR("{\"reason\":\"ran out\"}"),
		.session = str_from(ended->id),
		.record = STR(""),
		.field_count = 1 };
	enum err_kind rc = stmt_begin(
		db, "UPDATE sessions SET ended_us = :now WHERE id = :id", &s, err);

	if (rc != OK)
		return rc;
	stmt_i64(s, ":now", now_us);
	stmt_text(s, ":id", str_from(ended->id));
	rc = stmt_run(s, NULL, err);
	if (rc != OK)
		return rc;
	pseudonym_actor(lab->keys.pseudonym, str_from(ended->person), STR(""), actor);
	draft.fields[0] = (struct entry_field){ .name = "actor", .text = str_from(actor) };
	trail_forget(lab->session_keys, str_from(ended->id));
	return ledger_append(lab->ledger, db, &draft, &index, err);
}

static enum err_kind end_sessions(struct db *db, void *arg, struct err *err)
{
	const struct turn *turn = arg;
	struct ended ended[SESSIONS_A_TURN];
	size_t count;
	enum err_kind rc = old_sessions(turn->lab, db, turn->now_us, ended, &count, err);

	for (size_t i = 0; rc == OK && i < count; i++)
		rc = end_session(turn->lab, db, &ended[i], turn->now_us, err);
	return rc;
}

/* Asks with one number whether there is something to drop, and drops it. */
static const struct leftover {
	const char *any, *drop;
	int64_t age_us;
} leftovers[] = {
	{ "SELECT count(*) FROM (SELECT 1 FROM idempotency WHERE at_us < :before LIMIT 1)",
		"DELETE FROM idempotency WHERE at_us < :before", WHEN_DAY_US },
	{ "SELECT count(*) FROM (SELECT 1 FROM attempts WHERE last_us < :before LIMIT 1)",
		"DELETE FROM attempts WHERE last_us < :before", WHEN_DAY_US },
};
enum { LEFTOVERS = sizeof(leftovers) / sizeof(leftovers[0]) };

static enum err_kind drop_leftovers(struct db *db, void *arg, struct err *err)
{
	const struct turn *turn = arg;
	enum err_kind rc = OK;

	for (size_t i = 0; rc == OK && i < LEFTOVERS; i++) {
		struct stmt *s;

		rc = stmt_begin(db, leftovers[i].drop, &s, err);
		if (rc != OK)
			break;
		stmt_i64(s, ":before", turn->now_us - leftovers[i].age_us);
		rc = stmt_run(s, NULL, err);
	}
	return rc;
}

static enum err_kind any_leftovers(struct db *db, int64_t now_us, bool *any, struct err *err)
{
	*any = false;
	for (size_t i = 0; i < LEFTOVERS; i++) {
		struct stmt *s;
		bool row;
		enum err_kind rc = stmt_begin(db, leftovers[i].any, &s, err);

		if (rc != OK)
			return rc;
		stmt_i64(s, ":before", now_us - leftovers[i].age_us);
		rc = stmt_step(s, &row, err);
		if (rc != OK)
			return rc;
		*any = *any || stmt_col_i64(s, 0) > 0;
		stmt_end(s);
	}
	return OK;
}

enum err_kind maintain_run(struct lab *lab, struct db *read, struct err *err)
{
	struct turn turn = { lab, clock_now_us(&lab->clock) };
	struct ended ended[SESSIONS_A_TURN];
	int64_t minutes[MINUTES_A_TURN];
	size_t sessions = 0, minute_count = 0;
	bool leftover = false;

	/* A frozen record may not grow: what is over waits. */
	if (ledger_frozen(lab->ledger) != NULL)
		return OK;
	enum err_kind rc = old_sessions(lab, read, turn.now_us, ended, &sessions, err);

	if (rc == OK && sessions > 0)
		rc = writer_run(lab->writer, end_sessions, &turn, err);
	if (rc == OK)
		rc = old_minutes(read, turn.now_us, minutes, &minute_count, err);
	if (rc == OK && minute_count > 0)
		rc = writer_run(lab->writer, enter_minutes, &turn, err);
	if (rc == OK)
		rc = any_leftovers(read, turn.now_us, &leftover, err);
	if (rc == OK && leftover)
		rc = writer_run(lab->writer, drop_leftovers, &turn, err);
	if (rc == OK && cosigned_has_unstored(lab->cosigned))
		rc = writer_run(lab->writer, witnessing_store, lab->cosigned, err);
	return rc;
}
