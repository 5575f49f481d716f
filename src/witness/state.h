/*
 * state: what a witness remembers of one log: the head that it cosigned last, and when. One small file a log,
 * replaced whole and synced (docs/formats/witness.md), so that a crash leaves the state before or after.
 *
 * A log that was never cosigned has a file, too. Where there is none the state was lost, and a witness that has
 * forgotten must not sign: it might have signed the other branch.
 */
#ifndef WITNESS_STATE_H
#define WITNESS_STATE_H

#include "ledger/checkpoint.h"

enum {
	WITNESS_NOTE_BYTES_MAX = 8 << 10, /* a head with the lines of its log's keys and ours */
	WITNESS_STATE_BYTES_MAX = WITNESS_NOTE_BYTES_MAX + 256,
};

struct witness_state {
	uint64_t size; /* 0 and no note: never cosigned */
	struct sha256 root;
	uint64_t time_s; /* of the last cosignature, Unix seconds */
	size_t note_len;
	char note[WITNESS_NOTE_BYTES_MAX]; /* the head as it was signed, with our cosignature */
};

/* "<hex of SHA-256(origin)>": the file's name, and the log's in addresses. */
void witness_state_name(struct str origin, char name[SHA256_HEX_BYTES]);
/* A log's first state, never cosigned. */
void witness_state_init(struct witness_state *state);
/*
 * The text of the file back into a state; the note must be the log's and say the same size.
 * keys, key_count  the log's, all of its origin's name
 * Errors: ERR_CORRUPT (damaged, or not this log's).
 */
MUST_CHECK enum err_kind witness_state_parse(struct str text, const struct note_vkey *keys,
	size_t key_count, struct witness_state *state, struct err *err);
void witness_state_put(struct out *o, const struct witness_state *state);
/* Errors: ERR_NOT_FOUND (forgotten), ERR_CORRUPT, ERR_IO. */
MUST_CHECK enum err_kind witness_state_load(int dir_fd, const struct note_vkey *keys,
	size_t key_count, struct witness_state *state, struct err *err);
/* Durable when it returns OK. Any error is final: what the disk holds is not known. */
MUST_CHECK enum err_kind witness_state_store(
	int dir_fd, struct str origin, const struct witness_state *state, struct err *err);

#endif
