/*
 * frame: the link's unit, over any byte stream (docs/formats/link.md).
 *
 * Wire: 12-byte prefix (magic "vtr1", type u8, flags u8, header length u16, body length u32), a fixed
 * header by type, the body. All integers big-endian.
 */
#ifndef LINK_FRAME_H
#define LINK_FRAME_H

#include "base/err.h"
#include "base/limit.h"
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
	FRAME_POINT_BYTES = 32
};

struct frame_call {
	uint64_t request_id; /* chosen by the caller, unique among its requests under way */
	char verb[FRAME_VERB_BYTES]; /* zero-padded, at least one zero */
	char point[FRAME_POINT_BYTES]; /* name of the point, zero-padded */
	uint8_t token[FRAME_TOKEN_BYTES]; /* of the session; all zero: not signed in */
	uint64_t counter; /* of this point, strictly increasing */
	uint8_t idempotency_key[FRAME_KEY_BYTES]; /* all zero: none */
	uint8_t peer[16]; /* IPv6 or mapped IPv4 of the browser, for back-off; zero: local */
	struct signature
		signature; /* of the point over "vitrine/call/v1\n" || header up to here || SHA-256(body) */
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
/* Appends the wire form. call.signature is written as it stands. */
void frame_format(struct out *o, const struct frame *frame);
/* What the point signs. */
struct sha256 frame_call_digest(const struct frame_call *call);

#endif
