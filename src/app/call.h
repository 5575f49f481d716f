/*
 * call: one call on its way through the pipeline; private to the pipeline's files.
 */
#ifndef APP_CALL_H
#define APP_CALL_H

#include <pthread.h>

#include "app/access.h"
#include "app/pipeline.h"
#include "app/session.h"

enum {
	CALL_VERB_BYTES = 48,
	CALL_POINT_BYTES = 32,
	CALL_KEY_BYTES = 16,
	CALL_ADDRESS_BYTES = 48,
};

enum call_stage {
	STAGE_COMPUTE, /* on a lane: authenticate, check, authorise, compute */
	STAGE_APPLY, /* on the writer: the same again, apply, append */
	STAGE_REFUSE, /* on a lane: hand the refusal to the writer */
};

struct pipeline_call {
	struct pipeline *pipeline;
	struct pipeline_call *next; /* of its lane's queue */
	enum call_stage stage;

	/* What came, copied. */
	struct pipeline_request in;
	char verb_name[CALL_VERB_BYTES], point[CALL_POINT_BYTES];
	uint8_t token[SESSION_TOKEN_BYTES], key[CALL_KEY_BYTES];
	char address[CALL_ADDRESS_BYTES];
	bool has_token, has_key, is_signed;
	bool must_change, has_totp; /* of the session */
	int64_t seen_us; /* of the session, as the records have it */
	enum peer peer; /* as point_auth_check found it */

	struct arena mem;
	struct ctx ctx;
	json_t *args;
	struct scope scope;

	/* The answer and the entry under construction. */
	struct out answer_out;
	struct jw answer;
	struct out detail_out; /* what entry_detail added: an open JSON object */
	struct jw detail;
	struct entry_draft draft;
	void (*end)(void *arg, bool durable);
	void *end_arg;

	/* How it went. */
	enum err_kind status;
	struct err err;
	uint64_t entry_index;
	bool is_replayed; /* the answer is that of an earlier call with the same key */
	struct str json, bytes;
	struct writer_job job;
};

/* point_auth.c: signatures and counters of points. */
struct point_auth;
MUST_CHECK enum err_kind point_auth_open(struct point_auth **auth, struct err *err);
void point_auth_close(struct point_auth *auth);
/*
 * Is it this peer that asks, not for the second time, and is it not revoked? *is_signed: its counter moves with
 * the act. Errors: ERR_AUTH. Any thread.
 */
MUST_CHECK enum err_kind point_auth_check(struct point_auth *auth, struct db *db,
	const struct pipeline_request *request, enum peer *peer, bool *is_signed, struct err *err);
/* In the transaction: was the peer revoked since? Errors: ERR_AUTH. */
MUST_CHECK enum err_kind point_auth_still(
	struct point_auth *auth, struct str name, struct err *err);
/* From here on each call of that name is refused, or, where the transaction failed, taken again. */
void point_auth_revoke(struct point_auth *auth, struct str name, bool revoked);
/* What the door tells: whose links are open. Forgotten after some seconds without a word. */
void point_auth_note_links(struct point_auth *auth, const struct str *names, size_t count);
bool point_auth_is_linked(struct point_auth *auth, struct str name);
/* In the transaction: remember the counter, so that a restart does not forget it, and when it was. */
MUST_CHECK enum err_kind point_auth_store(
	struct db *db, struct str point, uint64_t counter, int64_t now_us, struct err *err);
/* "192.0.2.7", "2001:db8:0:1::/64" or "local". peer: 16 bytes. */
void peer_address(const uint8_t *peer, char text[CALL_ADDRESS_BYTES]);

/* authorise.c: who calls, and whether they may. The same on the snapshot and in the transaction. */
MUST_CHECK enum err_kind call_authenticate(struct pipeline_call *call, struct err *err);
MUST_CHECK enum err_kind call_authorise_role(struct pipeline_call *call, struct err *err);
MUST_CHECK enum err_kind call_authorise_grant(struct pipeline_call *call, struct err *err);

/* entry.c: what the entry says. */
/* The session that an entry belongs to, where it is not the caller's own (session.start). */
void entry_session(struct ctx *ctx, struct str session_id);
MUST_CHECK enum err_kind call_append_entry(
	struct pipeline_call *call, struct db *db, struct err *err);
/* The entry of a refusal, or the count of a stranger's. */
MUST_CHECK enum err_kind call_append_refusal(
	struct pipeline_call *call, struct db *db, struct err *err);

/* repeat.c: idempotency keys. */
/* Finds the answer of an earlier call with this key. Errors: ERR_CONFLICT (the key came with another call). */
MUST_CHECK enum err_kind repeat_find(
	struct pipeline_call *call, struct db *db, bool *found, struct err *err);
MUST_CHECK enum err_kind repeat_store(struct pipeline_call *call, struct db *db, struct err *err);

/* maintain.c */
MUST_CHECK enum err_kind maintain_run(struct lab *lab, struct db *read, struct err *err);
/* In the transaction: one more refusal of a stranger from this address in this minute. */
MUST_CHECK enum err_kind stranger_count(
	struct db *db, struct str address, int64_t now_us, struct err *err);

/* steps.c: the stages of a call. */
/*
 * On a lane's thread with its read connection: calls, linked by `next`, of which each ends in an answer, or in a job
 * for the writer. on_snapshot: they see one, begun after the last of them came.
 */
void call_steps(struct pipeline_call *calls, struct db *read, bool on_snapshot);
/* Nobody minds waiting for it: it draws no page. */
bool call_is_short(const struct pipeline_call *call);
/* pipeline.c: on to the quick lane; never fails. */
void pipeline_requeue(struct pipeline *p, struct pipeline_call *call);
/* After the answer: frees the call. */
void pipeline_release(struct pipeline *p, struct pipeline_call *call);
struct lab *pipeline_lab(const struct pipeline *p);
struct point_auth *pipeline_points(const struct pipeline *p);
/* Gives the answer and ends the call. */
void call_answer(struct pipeline_call *call);

#endif
