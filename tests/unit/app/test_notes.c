/* test_notes: notes are their owner's alone, kept as they come, bounded, and told only by their owner. */
#include "base/hex.h"
#include "crypto/digest.h"
#include "open_lab.h"

static struct open_lab lab;
static char operator[LAB_ID_BYTES], rita[LAB_ID_BYTES], rob[LAB_ID_BYTES];
static struct token rita_token, rob_token, olga;
/* 40 bytes, which no text of the lab holds. */
#define SEALED "dnRuMQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJic="

static int start(void **state)
{
	(void)state;
	open_lab_start(&lab);
	open_lab_record(&lab, "organisation", "active",
		"{\"name\":\"Operator\",\"line\":\"customer\"}", operator);
	open_lab_person(&lab, "rita", operator, "\"reviewer\"", rita);
	open_lab_person(&lab, "rob", operator, "\"reviewer\"", rob);
	open_lab_session(&lab, rita, "console", &rita_token);
	open_lab_session(&lab, rob, "console", &rob_token);
	open_lab_session(&lab, lab.officers[0], "console", &olga);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	open_lab_stop(&lab);
	return 0;
}

static const struct told *ask(const char *verb, const char *body, const struct token *who)
{
	return open_lab_ask(&lab, &(struct ask){ .verb = verb, .body = body, .token = who->bytes });
}

static enum err_kind put(const char *id, int version, const char *sealed, const struct token *who)
{
	char body[300];

	snprintf(body, sizeof(body), "{\"id\":\"%s\",\"version\":%d,\"sealed\":\"%s\"}", id,
		version, sealed);
	return ask("note.put", body, who)->status;
}

static void a_note_is_its_owners_alone(void **state)
{
	(void)state;
	assert_int_equal(put("not_000000000001", 1, SEALED, &rita_token), OK);
	assert_non_null(strstr(ask("note.list", "{}", &rita_token)->json, SEALED));
	assert_non_null(strstr(
		ask("note.get", "{\"id\":\"not_000000000001\"}", &rita_token)->json, SEALED));
	assert_null(strstr(ask("note.list", "{}", &rob_token)->json, "not_"));
	assert_int_equal(ask("note.get", "{\"id\":\"not_000000000001\"}", &rob_token)->status,
		ERR_NOT_FOUND);
	assert_int_equal(ask("note.drop", "{\"id\":\"not_000000000001\"}", &rob_token)->status,
		ERR_NOT_FOUND);
	assert_int_equal(
		ask("note.release", "{\"id\":\"not_000000000001\",\"text\":\"mine\"}", &rob_token)
			->status,
		ERR_NOT_FOUND);
	assert_int_equal(put("not_000000000001", 2, SEALED, &rob_token), ERR_NOT_FOUND);
	assert_int_equal(ask("note.list", "{}", &olga)->status, ERR_DENIED);
}

static void a_version_follows_the_one_before(void **state)
{
	(void)state;
	assert_int_equal(put("not_000000000002", 2, SEALED, &rita_token), ERR_CONFLICT);
	assert_int_equal(put("not_000000000002", 1, SEALED, &rita_token), OK);
	assert_int_equal(put("not_000000000002", 1, SEALED, &rita_token), ERR_CONFLICT);
	assert_int_equal(put("not_000000000002", 2, SEALED, &rita_token), OK);
	assert_non_null(strstr(ask("note.get", "{\"id\":\"not_000000000002\"}", &rita_token)->json,
		"\"version\":2"));
	assert_int_equal(
		ask("note.drop", "{\"id\":\"not_000000000002\"}", &rita_token)->status, OK);
	assert_int_equal(ask("note.get", "{\"id\":\"not_000000000002\"}", &rita_token)->status,
		ERR_NOT_FOUND);
}

/* Dropped means gone: the entry holds no more than the digest of what came, and that sealed. */
static void the_ledger_keeps_no_ciphertext_and_no_name(void **state)
{
	(void)state;
	assert_int_equal(open_lab_number(&lab,
				 "SELECT count(*) FROM entries WHERE kind LIKE 'note.%' AND "
				 "instr(CAST(detail AS BLOB), CAST('" SEALED "' AS BLOB)) > 0"),
		0);
	assert_int_equal(
		open_lab_number(&lab,
			"SELECT count(*) FROM entries WHERE kind IN ('note.put', 'note.list', "
			"'note.get', 'note.drop') AND (hex(substr(detail, 1, 4)) <> '76747331' OR "
			"instr(bytes, 'actor') > 0)"),
		0);
	assert_true(
		open_lab_number(&lab, "SELECT count(*) FROM entries WHERE kind = 'note.put'") > 0);
}

static void released_text_is_recorded_with_its_digest(void **state)
{
	(void)state;
	struct sha256 digest = sha256_of(STR("The sum wraps."));
	char hex[SHA256_HEX_BYTES], sql[300];

	sha256_format(&digest, hex);
	assert_int_equal(put("not_000000000003", 1, SEALED, &rita_token), OK);
	assert_int_equal(
		ask("note.release", "{\"id\":\"not_000000000003\",\"text\":\"The sum wraps.\"}",
			&rita_token)
			->status,
		OK);
	snprintf(sql, sizeof(sql),
		"SELECT count(*) FROM entries WHERE kind = 'note.release' AND instr(bytes, '%s') > 0 AND "
		"instr(detail, 'The sum wraps.') > 0 AND record = 'not_000000000003'",
		hex);
	assert_int_equal(open_lab_number(&lab, sql), 1);
	assert_null(strstr(ask("note.get", "{\"id\":\"not_000000000003\"}", &rita_token)->json,
		"\"released\":null"));
}

/* A note of `letters` characters of base64. */
static enum err_kind put_long(size_t letters)
{
	static char text[LIMIT_NOTE_BYTES / 3 * 4 + 8], body[sizeof(text) + 80];

	assert_true(letters < sizeof(text));
	memset(text, 'A', letters);
	text[letters] = '\0';
	snprintf(body, sizeof(body),
		"{\"id\":\"not_000000000004\",\"version\":1,\"sealed\":\"%s\"}", text);
	return ask("note.put", body, &rita_token)->status;
}

static void notes_are_bounded(void **state)
{
	static const size_t fits = (size_t)LIMIT_NOTE_BYTES / 3 * 4;
	char sql[300];

	(void)state;
	assert_int_equal(put_long(fits + 4), ERR_INPUT);
	assert_int_equal(put_long(fits), OK);
	assert_int_equal(put("not_000000000004", 1, "dnRuMQ==", &rita_token), ERR_INPUT);
	assert_int_equal(put("ses_000000000004", 1, SEALED, &rita_token), ERR_INPUT);
	snprintf(sql, sizeof(sql),
		"WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
		"INSERT INTO notes SELECT printf('not_%%012d', i), '%s', 1, x'00', 1, 1, NULL FROM n",
		LIMIT_NOTES + 10, rob);
	open_lab_sql(&lab, sql);
	assert_int_equal(put("not_000000000005", 1, SEALED, &rob_token), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_note_is_its_owners_alone),
		cmocka_unit_test(a_version_follows_the_one_before),
		cmocka_unit_test(the_ledger_keeps_no_ciphertext_and_no_name),
		cmocka_unit_test(released_text_is_recorded_with_its_digest),
		cmocka_unit_test(notes_are_bounded),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
