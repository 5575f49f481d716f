/*
 * frame: the link's unit, over any byte stream (docs/formats/link.md has it byte for byte).
 *
 * Wire: 12-byte prefix (magic "vtr1", type u8, flags u8, header length u16, body length u32), a fixed
 * header by type, the body. All integers big-endian.
 *
 * Invariant: there is one wire form of a frame. What frame_parse accepts, frame_format writes again byte
 * for byte; padding, unused flags and reserved bytes that are not zero are refused.
 */
#ifndef LINK_FRAME_H
#define LINK_FRAME_H

#include "base/err.h"
#include "base/limit.h"
#include "base/out.h"
#include "base/str.h"
#include "crypto/digest.h"
#include "crypto/sign.h"

enum frame_type {
	FRAME_CALL = 1, /* point -> vault */
	FRAME_ANSWER = 2, /* vault -> point; ends the request */
	FRAME_PROGRESS = 3, /* vault -> point; body JSON {done,total,unit,…} */
	FRAME_CANCEL = 4, /* point -> vault; no body */
};

enum {
	FRAME_PREFIX_BYTES = 12,
	FRAME_VERB_BYTES = 48,
	FRAME_TOKEN_BYTES = 32,
	FRAME_KEY_BYTES = 16,
	FRAME_POINT_BYTES = 32,
	FRAME_PEER_BYTES = 16,
	FRAME_CALL_BYTES = 224, /* headers, without the prefix */
	FRAME_ANSWER_BYTES = 64,
	FRAME_PROGRESS_BYTES = 8,
	FRAME_CANCEL_BYTES = 8,
	FRAME_HEAD_BYTES_MAX = FRAME_PREFIX_BYTES + FRAME_CALL_BYTES,
	FRAME_PROGRESS_BODY_BYTES_MAX = 4096,
	/* Calls under one signature: beyond so many its cost no longer counts, and the first waits for the last. */
	FRAME_BATCH_CALLS_MAX = 64
};

/* Longest body of an answer: the whole frame fits LIMIT_FRAME_BYTES. */
#define FRAME_ANSWER_BODY_BYTES_MAX (LIMIT_FRAME_BYTES - FRAME_PREFIX_BYTES - FRAME_ANSWER_BYTES)

struct frame_call {
	uint64_t request_id; /* chosen by the caller, unique among its requests under way */
	char verb
		[FRAME_VERB_BYTES]; /* lower-case letters, digits, "._-"; zero-padded, at least one zero */
	char point[FRAME_POINT_BYTES]; /* name of the point, likewise */
	uint8_t token[FRAME_TOKEN_BYTES]; /* of the session; all zero: not signed in */
	uint64_t counter; /* of this point, strictly increasing */
	uint8_t idempotency_key[FRAME_KEY_BYTES]; /* all zero: none */
	/* IPv6 or mapped IPv4 of the browser, for back-off; zero: local */
	uint8_t peer[FRAME_PEER_BYTES];
	/* Of the point over frame_batch_digest; all zero: none, or with a later call */
	struct signature signature;
	bool has_more; /* flag 2: signed together with the calls after it; its own signature is zero */
	bool has_fd; /* flag 1: a descriptor comes with it, by SCM_RIGHTS; not signed, Unix sockets only */
	struct str body; /* strict JSON, at most LIMIT_JSON_BYTES; empty: {} */
};

struct frame_answer {
	uint64_t request_id;
	uint8_t status; /* enum err_kind */
	uint64_t entry_index; /* UINT64_MAX: none */
	uint64_t tree_size; /* of the checkpoint that covers it */
	struct sha256 root;
	uint32_t json_len; /* the body: JSON, then attached bytes (a PNG) */
	struct str body;
};

struct frame {
	enum frame_type type;
	union {
		struct frame_call call;
		struct frame_answer answer;
		struct {
			uint64_t request_id;
			struct str body;
		} progress;
		struct {
			uint64_t request_id;
		} cancel;
	};
};

/*
 * Take one frame off the front of `stream`. *used = 0: incomplete, read more. The frame borrows from stream.
 * Errors: ERR_INPUT (magic, type, lengths): the connection is to be closed.
 */
MUST_CHECK enum err_kind frame_parse(
	struct str stream, struct frame *frame, size_t *used, struct err *err);
/*
 * Appends the wire form. call.signature is written as it stands; lengths within the bounds above are the
 * caller's duty (asserted).
 */
void frame_format(struct out *o, const struct frame *frame);
/* The same without the body, which follows. Returns the length. */
size_t frame_format_head(const struct frame *frame, uint8_t head[FRAME_HEAD_BYTES_MAX]);
/* The bytes that follow the head: empty for a cancel. */
struct str frame_body(const struct frame *frame);
/* A zero-terminated, zero-padded field; false when text does not fit or is empty. */
bool frame_set_name(char *field, size_t field_bytes, const char *text);
/*
 * What the entry's `request` is, and the point's signature covers:
 * SHA-256("vitrine/call/v1\n" || the header's first 160 bytes, that is all before the signature || SHA-256(body)).
 */
struct sha256 frame_call_digest(const struct frame_call *call);
/*
 * The Ed25519 message of calls that are signed together, count from 1 to FRAME_BATCH_CALLS_MAX: of one call its
 * digest; of more SHA-256("vitrine/calls/v1\n" || u32 count || their digests in the order of the stream).
 */
struct sha256 frame_batch_digest(const struct sha256 *digests, size_t count);
/*
 * In the wire form of a call, before it is sent: it is signed with a later one, or here is the signature of it
 * and of those before.
 */
void frame_set_more(uint8_t *wire);
void frame_set_signature(uint8_t *wire, const struct signature *signature);

#endif
