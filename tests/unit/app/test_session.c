/* test_session: signing in, what it costs to guess, and when a session ends. */
#include <stdatomic.h>

#include "base/hex.h"
#include "base/when.h"
#include "crypto/password.h"
#include "format/base32.h"
#include "open_lab.h"

static struct open_lab lab;
static const uint8_t here[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 };
static const uint8_t there[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 2 };
static const uint8_t wide[16] = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 1 };
static const uint8_t wide_too[16] = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 2 };

static int start(void **state)
{
	(void)state;
	open_lab_start(&lab);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	open_lab_stop(&lab);
	return 0;
}

static const struct told *sign_in(const char *name, const char *password, const uint8_t *peer)
{
	char body[256];

	snprintf(body, sizeof(body), "{\"name\":\"%s\",\"password\":\"%s\"}", name, password);
	return open_lab_ask(
		&lab, &(struct ask){ .verb = "session.start", .body = body, .peer = peer });
}

static void take_token(const struct told *told, struct token *token)
{
	size_t len;

	assert_int_equal(told->status, OK);
	assert_true(base64url_parse(
		str_from(told_text(told, "token")), token->bytes, sizeof(token->bytes), &len));
	assert_int_equal(len, 32);
	snprintf(token->session, sizeof(token->session), "%s", told_text(told, "session"));
}

static enum err_kind show(const struct token *token)
{
	return open_lab_status(
		&lab, &(struct ask){ .verb = "session.show", .token = token->bytes });
}

static void a_sign_in_gives_a_token_that_is_not_stored(void **state)
{
	(void)state;
	struct token token;
	char sql[200], hex[65];

	take_token(sign_in("olga", OLGA_PASSWORD, NULL), &token);
	assert_int_equal(show(&token), OK);
	hex_format(token.bytes, sizeof(token.bytes), hex);
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM sessions WHERE token = x'%s'", hex);
	assert_int_equal(open_lab_number(&lab, sql), 0);
	assert_int_equal(open_lab_number(&lab, "SELECT count(*) FROM session_keys"), 1);
	/* The entry names nobody, and no secret stands in the detail. */
	assert_true(open_lab_number(&lab,
			    "SELECT instr(bytes, 'olga') = 0 AND instr(bytes, 'per_') = 0 "
			    "AND instr(detail, 'correct-horse') = 0 FROM entries "
			    "WHERE kind = 'session.start'") == 1);
	assert_int_equal(
		open_lab_status(&lab, &(struct ask){ .verb = "session.end", .token = token.bytes }),
		OK);
	assert_int_equal(show(&token), ERR_AUTH);
}

static void every_failure_has_one_text(void **state)
{
	(void)state;
	char first[400];

	assert_int_equal(sign_in("olga", "wrong-wrong-wrong", there)->status, ERR_AUTH);
	snprintf(first, sizeof(first), "%s", told_text(sign_in("olga", "wrong", there), "message"));
	assert_string_equal(told_text(sign_in("nobody", "wrong", there), "message"), first);
	open_lab_sql(&lab, "UPDATE records SET state = 'suspended' WHERE title = 'Oleg'");
	const struct told *told = sign_in("oleg", "correct-horse-staple", there);

	assert_int_equal(told->status, ERR_AUTH);
	assert_string_equal(told_text(told, "message"), first);
	open_lab_sql(&lab, "UPDATE records SET state = 'active' WHERE title = 'Oleg'");
	open_lab_sql(&lab, "DELETE FROM attempts");
}

/* Every run of argon2id goes through here: the linker puts these in the library's place. */
int __real_crypto_pwhash_argon2id_str_verify(
	const char *text, const char *password, unsigned long long len);
int __wrap_crypto_pwhash_argon2id_str_verify(
	const char *text, const char *password, unsigned long long len);
int __real_crypto_pwhash_str_alg(char *text, const char *password, unsigned long long len,
	unsigned long long passes, size_t memory, int algorithm);
int __wrap_crypto_pwhash_str_alg(char *text, const char *password, unsigned long long len,
	unsigned long long passes, size_t memory, int algorithm);

static atomic_int hash_runs;

int __wrap_crypto_pwhash_argon2id_str_verify(
	const char *text, const char *password, unsigned long long len)
{
	hash_runs++;
	return __real_crypto_pwhash_argon2id_str_verify(text, password, len);
}

int __wrap_crypto_pwhash_str_alg(char *text, const char *password, unsigned long long len,
	unsigned long long passes, size_t memory, int algorithm)
{
	hash_runs++;
	return __real_crypto_pwhash_str_alg(text, password, len, passes, memory, algorithm);
}

/* Time tells nothing, because every failure costs the same: one run of the same hash. A wait costs none. */
static void every_failure_costs_one_hash(void **state)
{
	(void)state;
	static const char *const failures[][2] = { { "nobody", "wrong-wrong-wrong" },
		{ "olga", "wrong-wrong-wrong" }, { "olga", "x" },
		{ "oleg", "correct-horse-staple" }, { "no such name", "correct-horse-staple" } };

	open_lab_sql(&lab, "DELETE FROM attempts");
	open_lab_sql(&lab, "UPDATE records SET state = 'suspended' WHERE title = 'Oleg'");
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		hash_runs = 0;
		assert_int_equal(sign_in(failures[i][0], failures[i][1], there)->status, ERR_AUTH);
		assert_int_equal(hash_runs, 1);
	}
	open_lab_sql(&lab, "UPDATE records SET state = 'active' WHERE title = 'Oleg'");
	open_lab_sql(&lab, "DELETE FROM attempts");
	hash_runs = 0;
	assert_int_equal(sign_in("olga", OLGA_PASSWORD, there)->status, OK);
	assert_int_equal(hash_runs, 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(sign_in("olga", "wrong", here)->status, ERR_AUTH);
	open_lab_sql(&lab, "UPDATE attempts SET failures = 8 WHERE subject LIKE 'b:%'");
	hash_runs = 0;
	assert_int_equal(sign_in("olga", OLGA_PASSWORD, here)->status, ERR_LIMIT);
	assert_int_equal(hash_runs, 0);
	open_lab_sql(&lab, "DELETE FROM attempts");
}

static void guessing_slows_the_guesser_alone(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(sign_in("olga", "wrong", here)->status, ERR_AUTH);
	/* So many that a slow machine cannot sit the waiting out: eight make 32 s. */
	open_lab_sql(&lab, "UPDATE attempts SET failures = 8 WHERE subject LIKE 'b:%'");
	/* The pair waits, even with the right password; nobody else does. */
	assert_int_equal(sign_in("olga", OLGA_PASSWORD, here)->status, ERR_LIMIT);
	assert_int_equal(sign_in("olga", OLGA_PASSWORD, there)->status, OK);
	assert_int_equal(sign_in("oleg", "correct-horse-staple", here)->status, OK);
	open_lab_clock(&lab, lab.shift_s + 33);
	assert_int_equal(sign_in("olga", OLGA_PASSWORD, here)->status, OK);
	/* A success forgets the pair. */
	assert_int_equal(sign_in("olga", "wrong", here)->status, ERR_AUTH);
	assert_int_equal(sign_in("olga", OLGA_PASSWORD, here)->status, OK);
	/* Whoever has a /64 has one address. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(sign_in("olga", "wrong", wide)->status, ERR_AUTH);
	open_lab_sql(&lab, "UPDATE attempts SET failures = 8 WHERE subject LIKE 'b:%'");
	assert_int_equal(sign_in("olga", OLGA_PASSWORD, wide_too)->status, ERR_LIMIT);
	open_lab_sql(&lab, "DELETE FROM attempts");
}

static void a_session_ends_when_idle_or_old_to_the_second(void **state)
{
	(void)state;
	struct token token;
	struct err err;
	int64_t idle_s = lab.lab.settings.session_idle_s, began = lab.shift_s;
	char sql[160];

	/* The clock goes on while the test runs: some seconds of room below the limit, none above. */
	open_lab_session(&lab, lab.officers[0], "console", &token);
	open_lab_clock(&lab, began + idle_s - 20);
	assert_int_equal(show(&token), OK);
	open_lab_clock(&lab, began + idle_s);
	assert_int_equal(show(&token), ERR_AUTH);

	/* Looking at one's own session is no act; acts keep it open until it is too old. */
	began = lab.shift_s;
	open_lab_session(&lab, lab.officers[0], "console", &token);
	for (int64_t at = 0; at + idle_s - 20 < lab.lab.settings.session_absolute_s;
		at += idle_s - 20) {
		open_lab_clock(&lab, began + at);
		assert_int_equal(
			open_lab_status(
				&lab, &(struct ask){ .verb = "point.list", .token = token.bytes }),
			OK);
	}
	open_lab_clock(&lab, began + lab.lab.settings.session_absolute_s);
	assert_int_equal(show(&token), ERR_AUTH);
	assert_int_equal(pipeline_maintain(lab.pipeline, &err), OK);
	snprintf(sql, sizeof(sql),
		"SELECT count(*) FROM entries WHERE kind = 'session.end' AND session = '%s'",
		token.session);
	assert_int_equal(open_lab_number(&lab, sql), 1);
}

static uint32_t code_now(struct str secret)
{
	return totp_code(secret, (uint64_t)(clock_now_us(&lab.lab.clock) / WHEN_SECOND_US / 30));
}

static void a_code_works_once(void **state)
{
	(void)state;
	struct token token;
	uint8_t secret[TOTP_SECRET_BYTES];
	char body[200];
	size_t len;

	open_lab_session(&lab, lab.officers[0], "console", &token);
	const struct told *told = open_lab_ask(
		&lab, &(struct ask){ .verb = "session.totp_begin", .token = token.bytes });

	assert_int_equal(told->status, OK);
	assert_true(
		base32_parse(str_from(told_text(told, "secret")), secret, sizeof(secret), &len));
	struct str key = str_of(secret, len);

	snprintf(
		body, sizeof(body), "{\"code\":\"%06u\"}", (unsigned)(code_now(key) + 1) % 1000000);
	assert_int_equal(open_lab_status(&lab,
				 &(struct ask){ .verb = "session.totp_confirm",
					 .token = token.bytes,
					 .body = body }),
		ERR_DENIED);
	/* Each code is asked for once: on a slow machine the next step may begin at any line. */
	unsigned code = (unsigned)code_now(key);

	snprintf(body, sizeof(body), "{\"code\":\"%06u\"}", code);
	assert_int_equal(open_lab_status(&lab,
				 &(struct ask){ .verb = "session.totp_confirm",
					 .token = token.bytes,
					 .body = body }),
		OK);
	assert_int_equal(sign_in("olga", OLGA_PASSWORD, NULL)->status, ERR_AUTH);
	/* The code that confirmed is used up; a later one works, once. */
	for (int round = 0; round < 3; round++) {
		if (round == 1) {
			open_lab_clock(&lab, lab.shift_s + 60);
			code = (unsigned)code_now(key);
		}
		snprintf(body, sizeof(body),
			"{\"name\":\"olga\",\"password\":\"%s\",\"totp\":\"%06u\"}", OLGA_PASSWORD,
			code);
		assert_int_equal(open_lab_status(&lab,
					 &(struct ask){ .verb = "session.start",
						 .body = body,
						 .peer = round == 2 ? there : NULL }),
			round == 1 ? OK : ERR_AUTH);
	}
	open_lab_sql(&lab, "UPDATE credentials SET totp_confirmed = 0, totp_secret = NULL");
	open_lab_sql(&lab, "DELETE FROM attempts");
}

static void a_one_time_password_is_good_for_setting_ones_own(void **state)
{
	(void)state;
	struct token officer, person, other;
	char id[LAB_ID_BYTES], body[300], once[64];

	open_lab_session(&lab, lab.officers[0], "console", &officer);
	open_lab_person(&lab, "rita", lab.organisation, "\"reviewer\"", id);
	open_lab_session(&lab, id, "console", &other);
	snprintf(body, sizeof(body), "{\"id\":\"%s\"}", lab.officers[0]);
	assert_int_equal(open_lab_status(&lab,
				 &(struct ask){ .verb = "person.credential",
					 .token = officer.bytes,
					 .body = body }),
		ERR_DENIED);
	snprintf(body, sizeof(body), "{\"id\":\"%s\"}", id);
	const struct told *told = open_lab_ask(&lab,
		&(struct ask){ .verb = "person.credential", .token = officer.bytes, .body = body });

	assert_int_equal(told->status, OK);
	snprintf(once, sizeof(once), "%s", told_text(told, "password"));
	assert_int_equal(show(&other), ERR_AUTH); /* sessions from before are over */
	take_token(sign_in("rita", once, NULL), &person);
	struct ask mine = { .verb = "engagement.mine", .token = person.bytes };

	assert_int_equal(open_lab_status(&lab, &mine), ERR_DENIED);
	struct ask change = { .verb = "session.password", .token = person.bytes, .body = body };

	snprintf(body, sizeof(body), "{\"old\":\"wrong\",\"new\":\"my-own-password\"}");
	assert_int_equal(open_lab_status(&lab, &change), ERR_DENIED);
	snprintf(body, sizeof(body), "{\"old\":\"%s\",\"new\":\"short\"}", once);
	assert_int_equal(open_lab_status(&lab, &change), ERR_INPUT);
	snprintf(body, sizeof(body), "{\"old\":\"%s\",\"new\":\"my-own-password\"}", once);
	assert_int_equal(open_lab_status(&lab, &change), OK);
	assert_int_equal(open_lab_status(&lab, &mine), OK);
	assert_int_equal(sign_in("rita", once, there)->status, ERR_AUTH);
}

/* Asks for another password for the person by the verb, from a place. */
static const struct told *another(const struct token *officer, const char *verb, const char *person,
	const char *point, const struct sign_secret *sign)
{
	static uint64_t counter = 1000;
	char body[300];

	snprintf(body, sizeof(body), "{\"id\":\"%s\"%s}", person,
		strcmp(verb, "person.reset") == 0 ? ",\"reason\":\"left the phone in a taxi\""
						  : "");
	return open_lab_ask(&lab,
		&(struct ask){ .verb = verb,
			.body = body,
			.token = officer->bytes,
			.point = point,
			.sign = sign,
			.counter = ++counter });
}

static int64_t acts_of(const char *person, const char *act)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
		"SELECT count(*) FROM record_history WHERE id = '%s' AND act = '%s'", person, act);
	return open_lab_number(&lab, sql);
}

static void an_officer_is_not_taken_over_from_a_page(void **state)
{
	(void)state;
	struct token olga, oleg, far;
	struct sign_public at_desk;
	struct sign_secret desk;
	char fresh[LAB_ID_BYTES], sql[300], hex[65], once[64];

	sign_generate(&at_desk, &desk);
	hex_format(at_desk.bytes, sizeof(at_desk.bytes), hex);
	snprintf(sql, sizeof(sql),
		"INSERT INTO points (name, public_key, counter, site) VALUES ('desk', x'%s', 0, 'here')",
		hex);
	open_lab_sql(&lab, sql);
	open_lab_session(&lab, lab.officers[0], "console", &olga);
	open_lab_session(&lab, lab.officers[0], "desk", &far);
	open_lab_session(&lab, lab.officers[1], "console", &oleg);

	/* The page's verb is refused wherever it is called from, and leaves the other officer as they were. */
	assert_int_equal(another(&olga, "person.credential", lab.officers[1], NULL, NULL)->status,
		ERR_DENIED);
	const struct told *told = another(
		&far, "person.credential", lab.officers[1], "desk", &desk);

	assert_int_equal(told->status, ERR_DENIED);
	assert_non_null(strstr(told_text(told, "message"), "at the centre only"));
	/* The other one is refused at a point. */
	told = another(&far, "person.reset", lab.officers[1], "desk", &desk);
	assert_int_equal(told->status, ERR_DENIED);
	assert_non_null(strstr(told_text(told, "message"), "own machine"));
	assert_int_equal(show(&oleg), OK);
	assert_int_equal(
		acts_of(lab.officers[1], "reset") + acts_of(lab.officers[1], "credential"), 0);

	/* A new officer has a first password from a page, and no second. */
	open_lab_person(&lab, "orla", lab.organisation, "\"officer\"", fresh);
	snprintf(sql, sizeof(sql), "DELETE FROM credentials WHERE person = '%s'", fresh);
	open_lab_sql(&lab, sql);
	assert_int_equal(another(&far, "person.credential", fresh, "desk", &desk)->status, OK);
	assert_int_equal(
		another(&far, "person.credential", fresh, "desk", &desk)->status, ERR_DENIED);
	assert_int_equal(acts_of(fresh, "credential"), 1);

	/* At the centre's own machine it is an act with a kind of its own, and stands in the person's history. */
	told = another(&olga, "person.reset", lab.officers[1], NULL, NULL);
	assert_int_equal(told->status, OK);
	snprintf(once, sizeof(once), "%s", told_text(told, "password"));
	assert_int_equal(
		open_lab_number(&lab, "SELECT count(*) FROM entries WHERE kind = 'person.reset'"),
		1);
	assert_int_equal(acts_of(lab.officers[1], "reset"), 1);
	assert_int_equal(
		open_lab_number(&lab,
			"SELECT count(*) FROM record_history h, entries e WHERE h.act = 'reset' AND "
			"e.idx = h.entry AND e.kind = 'person.reset' AND e.record = h.id AND "
			"h.note = 'left the phone in a taxi'"),
		1);
	assert_int_equal(show(&oleg), ERR_AUTH);
	take_token(sign_in("oleg", once, there), &oleg);
	/* Nobody resets themselves. */
	assert_int_equal(
		another(&olga, "person.reset", lab.officers[0], NULL, NULL)->status, ERR_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sign_in_gives_a_token_that_is_not_stored),
		cmocka_unit_test(every_failure_has_one_text),
		cmocka_unit_test(every_failure_costs_one_hash),
		cmocka_unit_test(guessing_slows_the_guesser_alone),
		cmocka_unit_test(a_session_ends_when_idle_or_old_to_the_second),
		cmocka_unit_test(a_code_works_once),
		cmocka_unit_test(a_one_time_password_is_good_for_setting_ones_own),
		cmocka_unit_test(an_officer_is_not_taken_over_from_a_page),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
