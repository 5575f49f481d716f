/*
 * cosigned: the cosignatures that come for our own log's heads. A head is offered to every witness until the policy's
 * quorum has cosigned that very one, or until it has been offered for COSIGNED_OFFER_MS; then the newest is. So
 * witnesses meet on one head however fast the log grows.
 *
 * Invariants
 *  - a line counts only if it verifies, over a head that was offered, by a key of the policy in force;
 *  - checkpoint.witnessed is the newest head whose lines meet the policy, and never gets older.
 */
#ifndef LEDGER_COSIGNED_H
#define LEDGER_COSIGNED_H

#include "ledger/log.h"
#include "ledger/policy.h"

enum {
	COSIGNED_OFFER_MS = 1000,
	COSIGNED_LINES_BYTES_MAX = 8 << 10, /* what one witness may hand over at once */
};

struct cosigned;

/* What one witness has done; of the policy in force. */
struct cosigned_witness {
	struct str name, owner, key_name;
	uint64_t size; /* of the largest head that it cosigned; 0: none yet */
	uint64_t time_s; /* that it stated */
	int64_t received_us; /* by our clock */
	struct str line; /* empty: none yet */
};

/* A picture of it all, in the caller's arena. */
struct cosigned_view {
	struct str policy_text; /* empty: no policy is in force */
	struct policy policy;
	struct cosigned_witness witnesses[POLICY_WITNESSES_MAX]; /* as in the policy */
	struct ledger_head witnessed; /* size 0: none */
	struct str witnessed_note;
};

/* ledger and dir_fd (LAB/ledger) are borrowed. Errors: ERR_LIMIT, ERR_IO. */
MUST_CHECK enum err_kind cosigned_open(
	struct ledger *ledger, int dir_fd, struct cosigned **c, struct err *err);
void cosigned_close(struct cosigned *c);
/*
 * The policy in force from now on; empty text: none. Publishes it, and the witnessed head anew. Lines of witnesses that
 * stay are kept. Errors: those of policy_parse; ERR_IO.
 */
MUST_CHECK enum err_kind cosigned_set_policy(struct cosigned *c, struct str text, struct err *err);
/* At start: what a witness of the policy had cosigned before. Ignored when it does not hold. */
void cosigned_restore(struct cosigned *c, struct str note, int64_t received_us);
/*
 * The head for witnesses to cosign now. Any thread. *note is copied into mem.
 * now_us: monotonic. Errors: ERR_LIMIT.
 */
MUST_CHECK enum err_kind cosigned_offer(struct cosigned *c, struct arena *mem, int64_t now_us,
	struct ledger_head *head, struct str *note, struct err *err);
/*
 * At a start with a policy in force: have as many witnesses been heard as could stall its quorum? Then no head that a
 * quorum cosigned is ahead of this log unseen: each quorum has one of them. Any thread.
 */
bool cosigned_is_heard(struct cosigned *c);
/* An enrolled witness remembers a head of this size, which is not above ours. */
void cosigned_hear(struct cosigned *c, struct str peer);
/*
 * Lines over the offered head of this size. *taken counts those that hold and are of the policy.
 * received_us: the lab's clock. Errors: ERR_NOT_FOUND (no such head is offered any more), ERR_CORRUPT (a line of a
 * known key that fails), ERR_INPUT, ERR_IO.
 */
MUST_CHECK enum err_kind cosigned_take(struct cosigned *c, uint64_t size, struct str lines,
	int64_t received_us, unsigned *taken, struct err *err);
/* Any thread. Errors: ERR_LIMIT. */
MUST_CHECK enum err_kind cosigned_show(
	struct cosigned *c, struct arena *mem, struct cosigned_view *view, struct err *err);
/*
 * Heads with one witness's line each, to be stored: calls `store` for each witness whose last line has not been
 * stored yet, then counts it as stored if that returns OK. One caller at a time.
 */
typedef enum err_kind cosigned_store_fn(
	void *arg, struct str key_name, struct str note, int64_t received_us, struct err *err);
MUST_CHECK enum err_kind cosigned_unstored(
	struct cosigned *c, cosigned_store_fn *store, void *arg, struct err *err);
bool cosigned_has_unstored(struct cosigned *c);

#endif
