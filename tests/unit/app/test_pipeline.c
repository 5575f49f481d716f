/* test_pipeline: the steps of a call in a real lab: real records, ledger and keys. */
#include <pthread.h>
#include <unistd.h>

#include "app/trail.h"
#include "app/trail_wrap.h"
#include "crypto/seal.h"
#include "open_lab.h"
#include "os/fs.h"

static struct open_lab lab;
static struct token olga;

static int start(void **state)
{
	(void)state;
	open_lab_start(&lab);
	open_lab_session(&lab, lab.officers[0], "console", &olga);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	open_lab_stop(&lab);
	return 0;
}

#define CREATE(name) "{\"name\":\"" name "\",\"line\":\"customer\",\"country\":\"IT\"}"

static enum err_kind ask(const char *verb, const char *body, const uint8_t *token)
{
	return open_lab_status(&lab, &(struct ask){ .verb = verb, .body = body, .token = token });
}

static int64_t entries_of(const char *kind)
{
	char sql[160];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM entries WHERE kind = '%s'", kind);
	return open_lab_number(&lab, sql);
}

static void an_act_is_answered_with_its_entry(void **state)
{
	(void)state;
	const struct told *told = open_lab_ask(&lab,
		&(struct ask){ .verb = "organisation.create",
			.body = CREATE("Operator A"),
			.token = olga.bytes });

	assert_int_equal(told->status, OK);
	assert_true(told->entry < told->size);
	assert_int_equal(open_lab_number(&lab, "SELECT max(idx) FROM entries"), told->entry);
	assert_string_equal(
		open_lab_text(&lab, "SELECT kind FROM entries ORDER BY idx DESC LIMIT 1"),
		"organisation.create");
	/* The person's name stands in the private detail, never in the entry. */
	assert_int_equal(open_lab_number(&lab,
				 "SELECT instr(bytes, 'per_') FROM entries "
				 "ORDER BY idx DESC LIMIT 1"),
		0);
	assert_true(open_lab_number(&lab,
			    "SELECT instr(detail, 'per_') FROM entries "
			    "ORDER BY idx DESC LIMIT 1") > 0);
}

static void what_fails_leaves_nothing_but_its_refusal(void **state)
{
	(void)state;
	int64_t made = open_lab_number(&lab, "SELECT count(*) FROM records");
	int64_t refused = entries_of("refused");
	struct token reviewer;
	char id[LAB_ID_BYTES];

	open_lab_person(&lab, "rita", lab.organisation, "\"reviewer\"", id);
	open_lab_session(&lab, id, "console", &reviewer);
	assert_int_equal(ask("organisation.create", CREATE("B"), reviewer.bytes), ERR_DENIED);
	assert_int_equal(open_lab_number(&lab, "SELECT count(*) FROM records"), made + 1);
	assert_int_equal(entries_of("refused"), refused + 1);
	assert_true(open_lab_number(&lab,
			    "SELECT instr(bytes, '\"reason\":\"denied\"') > 0 AND "
			    "instr(bytes, '\"verb\":\"organisation.create\"') > 0 AND "
			    "instr(detail, '\"name\":\"B\"') > 0 FROM entries "
			    "WHERE kind = 'refused' ORDER BY idx DESC LIMIT 1") == 1);
	/* Malformed calls are no acts and no refusals. */
	assert_int_equal(ask("organisation.create", "{\"x\":1}", olga.bytes), ERR_INPUT);
	assert_int_equal(ask("organisation.create", "{", olga.bytes), ERR_INPUT);
	assert_int_equal(entries_of("refused"), refused + 1);
	assert_int_equal(ask("no.such", "{}", olga.bytes), ERR_NOT_FOUND);
}

static void strangers_are_counted_and_entered_by_the_minute(void **state)
{
	(void)state;
	struct err err;
	int64_t minutes = entries_of("refused.strangers");

	for (int i = 0; i < 3; i++)
		assert_int_equal(ask("record.list", "{\"kind\":\"person\"}", NULL), ERR_AUTH);
	assert_int_equal(
		open_lab_number(&lab, "SELECT sum(count) FROM strangers WHERE address = 'local'"),
		3);
	assert_int_equal(pipeline_maintain(lab.pipeline, &err), OK);
	open_lab_clock(&lab, 61);
	assert_int_equal(pipeline_maintain(lab.pipeline, &err), OK);
	assert_int_equal(entries_of("refused.strangers"), minutes + 1);
	assert_true(open_lab_number(&lab,
			    "SELECT instr(bytes, '\"count\":3') > 0 AND instr(bytes, 'local') = 0 "
			    "FROM entries WHERE kind = 'refused.strangers' "
			    "ORDER BY idx DESC LIMIT 1") == 1);
	assert_int_equal(open_lab_number(&lab, "SELECT count(*) FROM strangers"), 0);
}

/* Two threads: the writer stands still until the call has been computed. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int asked;
	bool go;
} gate = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false };

/* The pipeline asks before computing and again when computed. */
static bool note_computed(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&gate.lock);
	gate.asked++;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
	return false;
}

static enum err_kind stand_still(struct db *db, void *arg, struct err *err)
{
	(void)db;
	(void)arg;
	(void)err;
	pthread_mutex_lock(&gate.lock);
	while (!gate.go)
		pthread_cond_wait(&gate.changed, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
	return OK;
}

static enum err_kind change(struct db *db, void *arg, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(db, arg, &s, err);

	return rc != OK ? rc : stmt_run(s, NULL, err);
}

static void nothing(void *arg, enum err_kind result, const struct err *err)
{
	(void)arg;
	(void)result;
	(void)err;
}

/* `sql` is committed between the computing of a call and its turn in the writer. */
static enum err_kind ask_while(const char *sql, const struct token *who, const char *body)
{
	struct writer_job first = { .run = stand_still, .done = nothing };
	struct writer_job second = {
		.run = change, .done = nothing, .arg = (void *)(uintptr_t)sql
	};
	struct err err;

	gate.asked = 0;
	gate.go = false;
	assert_int_equal(writer_submit(lab.lab.writer, &first, &err), OK);
	assert_int_equal(writer_submit(lab.lab.writer, &second, &err), OK);
	open_lab_begin(&lab,
		&(struct ask){ .verb = "organisation.create",
			.body = body,
			.token = who->bytes,
			.cancelled = note_computed });
	pthread_mutex_lock(&gate.lock);
	while (gate.asked < 2)
		pthread_cond_wait(&gate.changed, &gate.lock);
	gate.go = true;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
	return open_lab_wait()->status;
}

enum { TOGETHER = 8, ROUNDS = 12 };

/* One of several who ask at once: each waits for its own answers. */
struct peer {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool answered;
	enum err_kind status;
	char json[4096];
	int number;
	bool good;
};

static void note_answer(void *arg, const struct pipeline_answer *answer)
{
	struct peer *p = arg;

	pthread_mutex_lock(&p->lock);
	p->answered = true;
	p->status = answer->status;
	snprintf(p->json, sizeof(p->json), "%.*s", STR_ARG(answer->json));
	pthread_cond_signal(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

static bool peer_ask(struct peer *p, const char *verb, const char *body)
{
	static const uint8_t zero[16];
	struct pipeline_request request = { .verb = str_from(verb),
		.point = STR("console"),
		.body = str_from(body),
		.token = olga.bytes,
		.idempotency_key = zero,
		.peer = zero,
		.uid = geteuid(),
		.fd = -1,
		.answer = note_answer,
		.arg = p };

	p->answered = false;
	pipeline_submit(lab.pipeline, &request);
	pthread_mutex_lock(&p->lock);
	while (!p->answered)
		pthread_cond_wait(&p->changed, &p->lock);
	pthread_mutex_unlock(&p->lock);
	return p->status == OK;
}

/* Makes an organisation and looks for it; both wait in the lane among those of others. */
static void *make_and_look(void *arg)
{
	struct peer *p = arg;

	p->good = true;
	for (int i = 0; i < ROUNDS && p->good; i++) {
		char name[40], body[160];

		snprintf(name, sizeof(name), "Together %d-%d.", p->number, i);
		snprintf(body, sizeof(body),
			"{\"name\":\"%s\",\"line\":\"customer\",\"country\":\"IT\"}", name);
		p->good = peer_ask(p, "organisation.create", body);
		snprintf(body, sizeof(body), "{\"kind\":\"organisation\",\"text\":\"%s\"}", name);
		p->good = p->good && peer_ask(p, "record.list", body) &&
			strstr(p->json, "\"total\":1") != NULL;
	}
	return NULL;
}

/* A snapshot that several calls share is no older than any of them. */
static void what_was_answered_is_seen_by_whatever_is_asked_then(void **state)
{
	struct peer peers[TOGETHER];
	pthread_t threads[TOGETHER];

	(void)state;
	for (int i = 0; i < TOGETHER; i++) {
		peers[i] = (struct peer){ .number = i };
		pthread_mutex_init(&peers[i].lock, NULL);
		pthread_cond_init(&peers[i].changed, NULL);
		assert_int_equal(pthread_create(&threads[i], NULL, make_and_look, &peers[i]), 0);
	}
	for (int i = 0; i < TOGETHER; i++) {
		pthread_join(threads[i], NULL);
		if (!peers[i].good)
			fail_msg("peer %d was told: %s", i, peers[i].json);
		pthread_cond_destroy(&peers[i].changed);
		pthread_mutex_destroy(&peers[i].lock);
	}
}

static void what_was_revoked_meanwhile_is_refused(void **state)
{
	(void)state;
	struct token one, two;
	char id[LAB_ID_BYTES], sql[256];

	open_lab_person(&lab, "omar", lab.organisation, "\"officer\"", id);
	open_lab_session(&lab, id, "console", &one);
	open_lab_session(&lab, id, "console", &two);
	/* With nothing changed it passes. */
	assert_int_equal(ask_while("UPDATE meta SET value = value WHERE key = 'none'", &one,
				 CREATE("While 0")),
		OK);
	int64_t made = open_lab_number(
		&lab, "SELECT count(*) FROM records WHERE kind = 'organisation'");

	snprintf(sql, sizeof(sql), "UPDATE sessions SET ended_us = 1 WHERE id = '%s'", one.session);
	assert_int_equal(ask_while(sql, &one, CREATE("While 1")), ERR_AUTH);
	snprintf(sql, sizeof(sql),
		"UPDATE records SET body = replace(body, 'officer', 'auditor') WHERE id = '%s'",
		id);
	assert_int_equal(ask_while(sql, &two, CREATE("While 2")), ERR_DENIED);
	snprintf(sql, sizeof(sql), "UPDATE records SET state = 'suspended' WHERE id = '%s'", id);
	open_lab_sql(&lab, "UPDATE records SET body = replace(body, 'auditor', 'officer')");
	assert_int_equal(ask_while(sql, &two, CREATE("While 3")), ERR_AUTH);
	assert_int_equal(
		open_lab_number(&lab, "SELECT count(*) FROM records WHERE kind = 'organisation'"),
		made);
}

static void a_key_means_once(void **state)
{
	(void)state;
	static const uint8_t key[16] = { 1, 2, 3 };
	struct ask call = { .verb = "organisation.create",
		.body = CREATE("Once"),
		.token = olga.bytes,
		.key = key };
	char first[64];
	const struct told *told = open_lab_ask(&lab, &call);
	uint64_t entry = told->entry;

	assert_int_equal(told->status, OK);
	snprintf(first, sizeof(first), "%s", told_text(told, "id"));
	int64_t entries = open_lab_number(&lab, "SELECT count(*) FROM entries");

	told = open_lab_ask(&lab, &call);
	assert_int_equal(told->status, OK);
	assert_string_equal(told_text(told, "id"), first);
	assert_int_equal(told->entry, entry);
	assert_int_equal(open_lab_number(&lab, "SELECT count(*) FROM entries"), entries);
	call.body = CREATE("Twice");
	assert_int_equal(open_lab_status(&lab, &call), ERR_CONFLICT);
	open_lab_restart(&lab);
	call.body = CREATE("Once");
	assert_int_equal(open_lab_ask(&lab, &call)->entry, entry);
	struct err err;

	open_lab_clock(&lab, lab.shift_s + 25 * 3600);
	assert_int_equal(pipeline_maintain(lab.pipeline, &err), OK);
	assert_int_equal(open_lab_number(&lab, "SELECT count(*) FROM idempotency"), 0);
	open_lab_session(&lab, lab.officers[0], "console", &olga);
}

static void points_sign_and_count(void **state)
{
	(void)state;
	struct sign_secret key, other;
	struct sign_public public_key, other_public;
	struct arena mem;
	struct str seed;
	struct err err;
	struct token centre;

	arena_init(&mem, 4096);
	assert_int_equal(
		fs_read(lab.lab.dir_fd, "points/centre/point.key", 32, &mem, &seed, &err), OK);
	sign_from_seed((const uint8_t *)seed.ptr, &public_key, &key);
	sign_generate(&other_public, &other);
	open_lab_session(&lab, lab.officers[0], "centre", &centre);
	struct ask call = { .verb = "session.show", .token = centre.bytes, .point = "centre" };

	call.sign = &other;
	call.counter = 9000;
	assert_int_equal(open_lab_status(&lab, &call), ERR_AUTH);
	call.sign = &key;
	assert_int_equal(open_lab_status(&lab, &call), OK);
	assert_int_equal(open_lab_status(&lab, &call), ERR_AUTH); /* again */
	call.counter = 8999;
	assert_int_equal(open_lab_status(&lab, &call), OK); /* overtaken */
	call.counter = 9000 - LIMIT_POINT_WINDOW + 1;
	assert_int_equal(open_lab_status(&lab, &call), OK);
	call.counter = 9000 - LIMIT_POINT_WINDOW;
	assert_int_equal(open_lab_status(&lab, &call), ERR_AUTH); /* too far back */
	call.counter = 20000;
	assert_int_equal(open_lab_status(&lab, &call), OK);
	call.counter = 19000;
	assert_int_equal(open_lab_status(&lab, &call), OK); /* the jump emptied the window */
	call.point = "nowhere";
	call.counter = 20001;
	assert_int_equal(open_lab_status(&lab, &call), ERR_AUTH);

	/* What acted is stored: a vault that starts again takes nothing from before. */
	call.point = "centre";
	call.verb = "organisation.create";
	call.body = CREATE("By the centre");
	call.counter = 20002;
	assert_int_equal(open_lab_status(&lab, &call), OK);
	open_lab_restart(&lab);
	call.verb = "session.show";
	call.body = NULL;
	call.counter = 20001;
	assert_int_equal(open_lab_status(&lab, &call), ERR_AUTH);
	call.counter = 20003;
	assert_int_equal(open_lab_status(&lab, &call), OK);
	arena_reset(&mem);
}

/* What is covered by a signature, and by no other. */
static void a_signature_covers_a_batch(void **state)
{
	struct sign_secret key, other;
	struct sign_public public_key, other_public;
	struct sha256 all = sha256_of(STR("two calls"));
	struct arena mem;
	struct str seed;
	struct err err;
	struct token centre;

	(void)state;
	arena_init(&mem, 4096);
	assert_int_equal(
		fs_read(lab.lab.dir_fd, "points/centre/point.key", 32, &mem, &seed, &err), OK);
	sign_from_seed((const uint8_t *)seed.ptr, &public_key, &key);
	sign_generate(&other_public, &other);
	open_lab_session(&lab, lab.officers[0], "centre", &centre);
	struct ask call = { .verb = "session.show",
		.token = centre.bytes,
		.point = "centre",
		.sign = &other,
		.signed_digest = &all,
		.counter = 30000 };

	assert_int_equal(open_lab_status(&lab, &call), ERR_AUTH);
	call.sign = &key;
	assert_int_equal(open_lab_status(&lab, &call), OK);
	/* The second call under it, at once known; not the first one again. */
	call.counter = 30001;
	assert_int_equal(open_lab_status(&lab, &call), OK);
	assert_int_equal(open_lab_status(&lab, &call), ERR_AUTH);
	arena_reset(&mem);
}

static void a_token_is_worth_nothing_at_another_point(void **state)
{
	(void)state;
	struct token centre;
	int64_t refused = entries_of("refused");

	open_lab_session(&lab, lab.officers[0], "centre", &centre);
	assert_int_equal(ask("session.show", "{}", centre.bytes), ERR_AUTH);
	assert_int_equal(entries_of("refused"), refused + 1);
}

static void sealed_detail_opens_with_the_officer_role_alone(void **state)
{
	(void)state;
	struct arena mem;
	struct err err;
	struct str sealed, wrapped, body, plain, secret_bytes, key_bytes;
	struct trail_opener officer, wrong;
	struct seal_key key;
	char path[96], sql[256];
	uint32_t seq;
	struct db *db;
	struct stmt *s;
	bool row;

	arena_init(&mem, 1 << 20);
	/* Sealing runs in a transaction of the writer's; any connection that may write will do here. */
	assert_int_equal(db_open(LAB_RECORDS, DB_WRITE, &db, &err), OK);
	assert_int_equal(db_begin(db, &err), OK);
	assert_int_equal(trail_seal(&lab.lab, db, &mem, str_from(olga.session),
				 STR("{\"path\":\"a.c\"}"), &sealed, &err),
		OK);
	assert_int_equal(db_commit(db, &err), OK);
	assert_true(trail_is_sealed(sealed));
	assert_false(trail_is_sealed(STR("{\"path\":\"a.c\"}")));
	assert_true(trail_split(sealed, &seq, &body));
	snprintf(sql, sizeof(sql),
		"SELECT wrapped FROM session_keys WHERE session = '%s' AND seq = %u", olga.session,
		seq);
	assert_int_equal(stmt_begin(db, sql, &s, &err), OK);
	assert_int_equal(stmt_step(s, &row, &err), OK);
	assert_true(row);
	assert_true(arena_copy(&mem, stmt_col_str(s, 0), &wrapped));
	stmt_end(s);
	db_close(db);
	snprintf(path, sizeof(path), "%s/officer.key", lab.dir);
	assert_int_equal(fs_read(-1, path, 64, &mem, &secret_bytes, &err), OK);
	memcpy(officer.secret.bytes, secret_bytes.ptr, sizeof(officer.secret.bytes));
	officer.public_key = lab.lab.keys.officer_role;
	box_generate(&wrong.public_key, &wrong.secret);
	struct trail_of of = { str_from(olga.session), seq };

	assert_int_equal(trail_peel(&mem, &wrong, &of, wrapped, &key_bytes, &err), ERR_CORRUPT);
	assert_int_equal(trail_peel(&mem, &officer, &of, wrapped, &key_bytes, &err), OK);
	assert_int_equal(key_bytes.len, SEAL_KEY_BYTES);
	memcpy(key.bytes, key_bytes.ptr, SEAL_KEY_BYTES);
	assert_int_equal(seal_open(&mem, &key, str_from(olga.session), body, &plain, &err), OK);
	assert_true(str_eq(plain, STR("{\"path\":\"a.c\"}")));
	/* Bound to its session. */
	assert_int_equal(seal_open(&mem, &key, STR("ses_other"), body, &plain, &err), ERR_CORRUPT);
	arena_reset(&mem);
}

static bool gone(void *arg)
{
	(void)arg;
	return true;
}

static void a_caller_that_went_away_gets_no_act(void **state)
{
	(void)state;
	int64_t entries = open_lab_number(&lab, "SELECT count(*) FROM entries");

	assert_int_equal(open_lab_status(&lab,
				 &(struct ask){ .verb = "organisation.create",
					 .body = CREATE("Gone"),
					 .token = olga.bytes,
					 .cancelled = gone }),
		ERR_CANCELLED);
	assert_int_equal(open_lab_number(&lab, "SELECT count(*) FROM entries"), entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_act_is_answered_with_its_entry),
		cmocka_unit_test(what_fails_leaves_nothing_but_its_refusal),
		cmocka_unit_test(strangers_are_counted_and_entered_by_the_minute),
		cmocka_unit_test(what_was_answered_is_seen_by_whatever_is_asked_then),
		cmocka_unit_test(what_was_revoked_meanwhile_is_refused),
		cmocka_unit_test(a_caller_that_went_away_gets_no_act),
		cmocka_unit_test(sealed_detail_opens_with_the_officer_role_alone),
		cmocka_unit_test(a_token_is_worth_nothing_at_another_point),
		cmocka_unit_test(points_sign_and_count),
		cmocka_unit_test(a_signature_covers_a_batch),
		cmocka_unit_test(a_key_means_once),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
