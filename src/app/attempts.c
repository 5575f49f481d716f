/* attempts: three counters a try: the pair's, the account's, the address's. */
#include "app/attempts.h"

#include "base/hex.h"
#include "base/when.h"
#include "crypto/digest.h"

enum { SUBJECT_BYTES = 2 + 32 + 1, CROWD_SHARE = 8, CROWD_MAX = 3, FREE_TRIES = 3 };

enum subject { PAIR, ACCOUNT, ADDRESS, SUBJECTS };

/* "b:…" the pair, "a:…" the account, "p:…" the address; keyed, because people type passwords into name fields. */
static void subject_format(const struct lab *lab, enum subject subject, struct str account,
	struct str address, char text[SUBJECT_BYTES])
{
	static const char letters[SUBJECTS] = { 'b', 'a', 'p' };
	char input[2 + LIMIT_LINE_BYTES + 1 + LIMIT_NAME_BYTES];
	int len = snprintf(input, sizeof(input), "%c|%.*s|%.*s", letters[subject],
		subject == ADDRESS ? 0 : (int)account.len, account.ptr,
		subject == ACCOUNT ? 0 : (int)address.len, address.ptr);

	assert(len > 0 && (size_t)len < sizeof(input));
	struct sha256 mac = hmac_sha256(
		str_of(lab->keys.pseudonym, 32), str_of(input, (size_t)len));

	text[0] = letters[subject];
	text[1] = ':';
	hex_format(mac.bytes, 16, text + 2);
}

int64_t attempts_delay_s(int64_t pair, int64_t account, int64_t address)
{
	if (pair <= 0)
		return 0;
	int64_t others = (account > pair ? account - pair : 0) +
		(address > pair ? address - pair : 0);
	int64_t crowd = others / CROWD_SHARE < CROWD_MAX ? others / CROWD_SHARE : CROWD_MAX;
	int64_t n = pair + crowd;

	if (n < FREE_TRIES)
		return 0;
	if (n - FREE_TRIES >= 10)
		return ATTEMPTS_WAIT_MAX_S;
	int64_t wait_s = INT64_C(1) << (n - FREE_TRIES);

	return wait_s < ATTEMPTS_WAIT_MAX_S ? wait_s : ATTEMPTS_WAIT_MAX_S;
}

/* What is older than a day is forgotten, whether it was swept up yet or not. */
static enum err_kind read_subject(struct db *db, const char *subject, int64_t now_us,
	int64_t *failures, int64_t *last_us, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(db,
		"SELECT failures, last_us FROM attempts WHERE subject = :subject AND last_us >= :since",
		&s, err);

	*failures = *last_us = 0;
	if (rc != OK)
		return rc;
	stmt_text(s, ":subject", str_from(subject));
	stmt_i64(s, ":since", now_us - WHEN_DAY_US);
	rc = stmt_step(s, &row, err);
	if (rc != OK || !row)
		return rc;
	*failures = stmt_col_i64(s, 0);
	*last_us = stmt_col_i64(s, 1);
	stmt_end(s);
	return OK;
}

enum err_kind attempts_wait(const struct lab *lab, struct db *db, struct str account,
	struct str address, int64_t now_us, int64_t *wait_s, struct err *err)
{
	int64_t failures[SUBJECTS], last_us[SUBJECTS];

	for (int i = 0; i < SUBJECTS; i++) {
		char subject[SUBJECT_BYTES];

		subject_format(lab, (enum subject)i, account, address, subject);
		enum err_kind rc = read_subject(
			db, subject, now_us, &failures[i], &last_us[i], err);

		if (rc != OK)
			return rc;
	}
	int64_t delay_us = WHEN_SECOND_US *
		attempts_delay_s(failures[PAIR], failures[ACCOUNT], failures[ADDRESS]);
	int64_t left_us = last_us[PAIR] + delay_us - now_us;

	*wait_s = left_us <= 0 ? 0 : (left_us + WHEN_SECOND_US - 1) / WHEN_SECOND_US;
	return OK;
}

/* When there are too many rows, the oldest hundred go. */
static enum err_kind make_room(struct db *db, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(db, "SELECT count(*) FROM attempts", &s, err);

	if (rc == OK)
		rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	bool is_full = stmt_col_i64(s, 0) > LIMIT_ATTEMPTS - SUBJECTS;

	stmt_end(s);
	if (!is_full)
		return OK;
	rc = stmt_begin(db,
		"DELETE FROM attempts WHERE subject IN "
		"(SELECT subject FROM attempts ORDER BY last_us LIMIT 100)",
		&s, err);
	return rc != OK ? rc : stmt_run(s, NULL, err);
}

enum err_kind attempts_failed(const struct lab *lab, struct db *db, struct str account,
	struct str address, int64_t now_us, struct err *err)
{
	enum err_kind rc = make_room(db, err);

	for (int i = 0; rc == OK && i < SUBJECTS; i++) {
		char subject[SUBJECT_BYTES];
		struct stmt *s;

		subject_format(lab, (enum subject)i, account, address, subject);
		rc = stmt_begin(db,
			"INSERT INTO attempts (subject, failures, last_us) VALUES (:subject, 1, :now) "
			"ON CONFLICT (subject) DO UPDATE SET last_us = :now, failures = "
			"CASE WHEN last_us < :since THEN 1 ELSE failures + 1 END",
			&s, err);
		if (rc != OK)
			break;
		stmt_text(s, ":subject", str_from(subject));
		stmt_i64(s, ":now", now_us);
		stmt_i64(s, ":since", now_us - WHEN_DAY_US);
		rc = stmt_run(s, NULL, err);
	}
	return rc;
}

enum err_kind attempts_passed(const struct lab *lab, struct db *db, struct str account,
	struct str address, struct err *err)
{
	char subject[SUBJECT_BYTES];
	struct stmt *s;
	enum err_kind rc = stmt_begin(db, "DELETE FROM attempts WHERE subject = :subject", &s, err);

	if (rc != OK)
		return rc;
	subject_format(lab, PAIR, account, address, subject);
	stmt_text(s, ":subject", str_from(subject));
	return stmt_run(s, NULL, err);
}
