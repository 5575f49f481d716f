/*
 * pipeline: carries every call through the same steps (app/verb.h), and is the only caller of a verb.
 *
 * Invariants
 *  - a verb that makes an entry is answered after the entry is durable and signed, never before;
 *  - who calls, in what role and under which grant is decided twice: on the snapshot before computing, and in
 *    the transaction that changes and records; what was revoked in between is refused;
 *  - a refusal (auth, denied, not-found, limit) of somebody signed in is an entry of its own, made before the
 *    answer; those of strangers are counted by address and minute, one entry a minute;
 *  - each call is answered exactly once.
 *
 * Threads: quick calls share a few threads with a read connection each; those that check a password, and long
 * ones, have their own with queues of their own. The writer's thread runs apply and appends. No thread waits
 * for the writer.
 */
#ifndef APP_PIPELINE_H
#define APP_PIPELINE_H

#include "app/lab.h"
#include "crypto/sign.h"

struct pipeline;

struct pipeline_answer {
	enum err_kind status;
	struct str json, bytes; /* borrowed while the callback runs */
	uint64_t entry_index; /* UINT64_MAX: none */
	uint64_t tree_size; /* of the signed head that covers it */
	struct sha256 root;
};

/* A call as it came over the link, or as a test makes it up. */
struct pipeline_request {
	struct str verb; /* borrowed until pipeline_submit returns, like point and body */
	struct str point; /* "console": the command line on the lab's own machine */
	struct str body; /* strict JSON; empty: {} */
	const uint8_t *token; /* 32 bytes; all zero: not signed in */
	uint64_t counter; /* of the point */
	const uint8_t *idempotency_key; /* 16 bytes; all zero: none */
	const uint8_t *peer; /* 16 bytes, IPv6 or mapped IPv4; all zero: local */
	struct sha256 digest; /* frame_call_digest */
	/* What the point signed: frame_batch_digest, which covers digest */
	struct sha256 signed_digest;
	struct signature signature; /* over the 32 bytes of signed_digest */
	unsigned uid; /* of the process at the other end of the socket */
	bool over_door; /* it came over the door's socket: from another machine, or the door itself */
	int fd; /* VERB_FD, or -1; stays the caller's, open until the answer */

	/* Each from any thread. answer is called exactly once; afterwards arg is not touched. */
	void (*answer)(void *arg, const struct pipeline_answer *answer);
	void (*progress)(void *arg, struct str json); /* may be NULL */
	bool (*cancelled)(void *arg); /* may be NULL */
	void *arg;
};

/*
 * records_path  of the lab's records.db, for the read connections
 * threads       for quick calls; 0: as many as there are processors and two more
 */
MUST_CHECK enum err_kind pipeline_open(struct lab *lab, const char *records_path, unsigned threads,
	struct pipeline **p, struct err *err);
/* Takes the call on; never blocks. When there are LIMIT_CALLS already it is answered at once (ERR_LIMIT). */
void pipeline_submit(struct pipeline *p, const struct pipeline_request *request);
/*
 * What time brings: sessions that ran out are ended with an entry, minutes of strangers become entries, old
 * idempotency keys and failed sign-ins are dropped. Blocks for the writer when there is something to do.
 * Call about once a second, from one thread.
 */
MUST_CHECK enum err_kind pipeline_maintain(struct pipeline *p, struct err *err);
/* Answers everything under way, then ends the threads. No pipeline_submit may come any more. */
void pipeline_close(struct pipeline *p);

#endif
