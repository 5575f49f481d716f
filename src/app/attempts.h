/*
 * attempts: failed sign-ins, and how long the next one has to wait.
 *
 * The rule. What counts is the pair of account and address: a pair without a failure never waits, whatever
 * others did, so nobody can lock anybody else out. After a failure the pair waits
 *
 *   n = failures of the pair + crowd,  crowd = min(3, (other failures of the account + of the address) / 8)
 *   wait = 0 for n < 3, else 2^(n - 3) seconds, at most 15 minutes
 *
 * so that guessing from many addresses, or at many accounts, makes each guesser's second try dearer. A
 * success forgets the pair; a day without a failure forgets everything. Accounts that do not exist count
 * alike, under a keyed hash: what people type into the name field is not kept.
 */
#ifndef APP_ATTEMPTS_H
#define APP_ATTEMPTS_H

#include "app/lab.h"

enum { ATTEMPTS_WAIT_MAX_S = 900 };

/* The rule alone. pair, account, address: failures counted for each. */
int64_t attempts_delay_s(int64_t pair, int64_t account, int64_t address);

/* *wait_s: seconds until this pair may try again, 0: now. */
MUST_CHECK enum err_kind attempts_wait(const struct lab *lab, struct db *db, struct str account,
	struct str address, int64_t now_us, int64_t *wait_s, struct err *err);
/* In the transaction. */
MUST_CHECK enum err_kind attempts_failed(const struct lab *lab, struct db *db, struct str account,
	struct str address, int64_t now_us, struct err *err);
MUST_CHECK enum err_kind attempts_passed(const struct lab *lab, struct db *db, struct str account,
	struct str address, struct err *err);

#endif
