/* test_trail: for whom a session's key is wrapped, by the agreements in force, and what is handed out of it. */
#include "app/trail_plan.h"
#include "base/hex.h"
#include "open_lab.h"

enum { PARTIES = 3 };

static struct open_lab lab;
static char operator[LAB_ID_BYTES], parties[PARTIES][LAB_ID_BYTES], rita[LAB_ID_BYTES];
static char agreements[PARTIES][LAB_ID_BYTES], ours[LAB_ID_BYTES];
static struct token rita_token, olga;

/* 32 bytes in base64: one letter over and over is one. */
static void key_text(char letter, char text[45])
{
	uint8_t bytes[32];
	struct arena mem;
	struct out o;
	struct str got;
	struct err err;

	memset(bytes, letter, sizeof(bytes));
	arena_init(&mem, 4096);
	out_init(&o, &mem, 64);
	out_base64(&o, str_of(bytes, sizeof(bytes)));
	assert_int_equal(out_finish(&o, &got, &err), OK);
	snprintf(text, 45, "%.*s", STR_ARG(got));
	arena_reset(&mem);
}

static void agree(const char *organisation, char letter, bool has_key, const char *more,
	char id[LAB_ID_BYTES])
{
	char fields[700], root[45], key[45], sealing[80] = "";

	key_text(letter, root);
	key_text((char)(letter + 32), key);
	if (has_key)
		snprintf(sealing, sizeof(sealing), ",\"sealing_key\":\"%s\"", key);
	snprintf(fields, sizeof(fields), "{\"organisation\":\"%s\",\"root_key\":\"%s\"%s%s}",
		organisation, root, sealing, more);
	open_lab_record(&lab, "agreement", "in_force", fields, id);
}

static int start(void **state)
{
	char fields[200], more[200];

	(void)state;
	open_lab_start(&lab);
	open_lab_record(&lab, "organisation", "active",
		"{\"name\":\"Operator\",\"line\":\"customer\"}", operator);
	for (size_t i = 0; i < PARTIES; i++) {
		snprintf(fields, sizeof(fields), "{\"name\":\"Party %zu\",\"line\":\"regulator\"}",
			i);
		open_lab_record(&lab, "organisation", "active", fields, parties[i]);
		agree(parties[i], (char)('A' + i), true, "", agreements[i]);
	}
	snprintf(more, sizeof(more), ",\"parties\":[\"%s\",\"%s\",\"%s\"],\"quorum\":2", parties[0],
		parties[1], parties[2]);
	agree(operator, 'Q', true, more, ours);
	open_lab_person(&lab, "rita", operator, "\"reviewer\"", rita);
	open_lab_session(&lab, rita, "console", &rita_token);
	open_lab_session(&lab, lab.officers[0], "console", &olga);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	open_lab_stop(&lab);
	return 0;
}

static enum err_kind plan_of(const char *session, struct trail_plan *plan, struct err *err)
{
	struct arena mem;
	struct db *db;

	arena_init(&mem, 1 << 20);
	assert_int_equal(db_open(LAB_RECORDS, DB_READ, &db, err), OK);
	enum err_kind rc = trail_plan_load(
		db, &mem, str_from(session), clock_now_us(&lab.lab.clock), plan, err);

	db_close(db);
	arena_reset(&mem);
	return rc;
}

static void parties_and_own_organisation_but_no_officer(void **state)
{
	struct trail_plan plan;
	struct err err;

	(void)state;
	assert_int_equal(plan_of(rita_token.session, &plan, &err), OK);
	assert_false(plan.for_officers);
	assert_true(plan.has_own);
	assert_string_equal(plan.own.id, operator);
	assert_int_equal(plan.party_count, 3);
	assert_int_equal(plan.quorum, 2);
	assert_int_equal(trail_plan_count(&plan), 4);
	/* The maker has no agreement: its officers' own sessions are theirs. */
	assert_int_equal(plan_of(olga.session, &plan, &err), OK);
	assert_true(plan.for_officers);
	assert_int_equal(plan.party_count, 0);
}

static void a_party_without_a_key_is_left_out_and_too_few_refuse(void **state)
{
	struct trail_plan plan;
	struct err err;
	char sql[200];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		snprintf(sql, sizeof(sql), "UPDATE records SET state = 'ended' WHERE id = '%s'",
			agreements[i]);
		open_lab_sql(&lab, sql);
		assert_int_equal(
			plan_of(rita_token.session, &plan, &err), i == 0 ? OK : ERR_CONFLICT);
	}
	open_lab_sql(&lab, "UPDATE records SET state = 'in_force' WHERE kind = 'agreement'");
	assert_int_equal(plan_of(rita_token.session, &plan, &err), OK);
}

/* A sealed refusal: rita names a release that nobody opened to her. */
static void the_refused_look(void)
{
	assert_int_equal(open_lab_status(&lab,
				 &(struct ask){ .verb = "source.tree",
					 .body = "{\"engagement\":\"eng_000000000000\",\"release\":"
						 "\"rel_000000000000\"}",
					 .token = rita_token.bytes }),
		ERR_DENIED);
}

/* The rows of a session, as the vault makes them when something is sealed. */
static void the_vault_stores_no_key_for_officers(void **state)
{
	char sql[300];

	(void)state;
	the_refused_look();
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM session_keys WHERE session = '%s'",
		rita_token.session);
	assert_int_equal(open_lab_number(&lab, sql), 4);
	snprintf(sql, sizeof(sql),
		"SELECT count(*) FROM session_keys WHERE session = '%s' AND (recipient = 'officer-role' "
		"OR (recipient NOT LIKE '%%+%%' AND recipient <> '%s'))",
		rita_token.session, operator);
	assert_int_equal(open_lab_number(&lab, sql), 0);
}

/* What was only in memory is gone: the session goes on under a key of its own, wrapped for the same. */
static void a_vault_that_starts_again_wraps_a_new_key(void **state)
{
	char sql[300];

	(void)state;
	open_lab_restart(&lab);
	the_refused_look();
	snprintf(sql, sizeof(sql),
		"SELECT count(*) FROM session_keys WHERE session = '%s' AND seq = 1",
		rita_token.session);
	assert_int_equal(open_lab_number(&lab, sql), 4);
	snprintf(sql, sizeof(sql),
		"SELECT count(*) FROM (SELECT DISTINCT wrapped FROM session_keys WHERE session = '%s')",
		rita_token.session);
	assert_int_equal(open_lab_number(&lab, sql), 8);
}

static enum err_kind ask(const char *verb, const char *body, const struct token *who)
{
	return open_lab_status(
		&lab, &(struct ask){ .verb = verb, .body = body, .token = who->bytes });
}

static void nothing_is_handed_out_before_enough_agreed(void **state)
{
	char body[300], opening[LAB_ID_BYTES], person[LAB_ID_BYTES], name[16];
	struct token token;

	(void)state;
	snprintf(body, sizeof(body), "{\"session\":\"%s\"}", rita_token.session);
	assert_int_equal(ask("trail.export", body, &olga), ERR_CONFLICT);
	assert_int_equal(ask("trail.export", body, &rita_token), ERR_DENIED);
	snprintf(body, sizeof(body),
		"{\"session\":\"%s\",\"question\":\"Who?\",\"reason\":\"A leak.\"}",
		rita_token.session);
	const struct told *told = open_lab_ask(
		&lab, &(struct ask){ .verb = "opening.ask", .body = body, .token = olga.bytes });

	assert_int_equal(told->status, OK);
	snprintf(opening, sizeof(opening), "%s", told_text(told, "id"));
	snprintf(body, sizeof(body), "{\"id\":\"%s\"}", opening);
	/* An officer is no party, and one party is not enough. */
	assert_int_equal(ask("opening.agree", body, &olga), ERR_DENIED);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(ask("opening.open", body, &olga), ERR_CONFLICT);
		snprintf(name, sizeof(name), "party%zu", i);
		open_lab_person(&lab, name, parties[i], "\"auditor\"", person);
		open_lab_session(&lab, person, "console", &token);
		assert_int_equal(ask("opening.agree", body, &token), OK);
		assert_int_equal(ask("opening.agree", body, &token), ERR_CONFLICT);
	}
	snprintf(body, sizeof(body), "{\"opening\":\"%s\"}", opening);
	assert_int_equal(ask("trail.export", body, &olga), ERR_CONFLICT);
	snprintf(body, sizeof(body), "{\"id\":\"%s\"}", opening);
	assert_int_equal(ask("opening.open", body, &olga), OK);
	snprintf(body, sizeof(body), "{\"opening\":\"%s\"}", opening);
	told = open_lab_ask(
		&lab, &(struct ask){ .verb = "trail.export", .body = body, .token = olga.bytes });
	assert_int_equal(told->status, OK);
	/* Wrapped for the two that agreed, and for nobody else. */
	snprintf(body, sizeof(body), "\"recipient\":\"%s+%s\"",
		strcmp(parties[0], parties[1]) < 0 ? parties[0] : parties[1],
		strcmp(parties[0], parties[1]) < 0 ? parties[1] : parties[0]);
	assert_non_null(strstr(told->json, body));
	assert_null(strstr(told->json, parties[2]));
	size_t keys = 0;

	for (const char *at = told->json; (at = strstr(at, "\"recipient\"")) != NULL; at++)
		keys++;
	/* One for each start of the vault. */
	assert_int_equal(keys, 2);
	assert_null(strstr(told->json, operator));
	/* Who sees it: the parties and the person's own organisation. */
	assert_non_null(
		strstr(open_lab_ask(&lab,
			       &(struct ask){ .verb = "opening.list", .token = rita_token.bytes })
				->json,
			opening));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parties_and_own_organisation_but_no_officer),
		cmocka_unit_test(a_party_without_a_key_is_left_out_and_too_few_refuse),
		cmocka_unit_test(the_vault_stores_no_key_for_officers),
		cmocka_unit_test(a_vault_that_starts_again_wraps_a_new_key),
		cmocka_unit_test(nothing_is_handed_out_before_enough_agreed),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
