/*
 * witness: the state machine that cosigns (C2SP tlog-witness 1.0.0). One core for the loop that pulls from the
 * centre and for the HTTP face: checkpoint and consistency proof in, cosignature out.
 *
 * Invariants
 *  - comparing with what is remembered, storing the new head durably, and letting a cosignature out happen in this
 *    order under one lock: two callers never both extend the same head;
 *  - a log's remembered size never falls, and for one size never has two roots;
 *  - an error of the disk is final: nothing is signed any more in this process;
 *  - a witness whose clock is behind its last cosignature, or that has forgotten a log, does not sign.
 */
#ifndef WITNESS_WITNESS_H
#define WITNESS_WITNESS_H

#include "os/clock.h"
#include "witness/request.h"
#include "witness/state.h"

enum {
	WITNESS_LOGS_MAX = 64,
	WITNESS_LOG_KEYS_MAX = 4,
	WITNESS_CLOCK_BACK_S =
		300, /* a clock that was set back by less is a clock that was set right */
};

/* Beside a log's state: a second head of the same size, signed by the log. */
#define WITNESS_FORK_SUFFIX ".fork"

/* What became of a request; the HTTP status is witness_status's. */
enum witness_verdict {
	WITNESS_COSIGNED,
	WITNESS_MALFORMED, /* the body, the note or its text; old above the checkpoint's size */
	WITNESS_UNKNOWN_LOG,
	WITNESS_UNTRUSTED, /* no key of the log has signed it, or a line of one of them fails */
	WITNESS_CONFLICT, /* old is not the remembered size, which is answered */
	WITNESS_UNPROVED, /* the proof does not hold, or another root at the remembered size */
	WITNESS_UNABLE, /* forgotten log, clock, disk */
};

struct witness_answer {
	enum witness_verdict verdict;
	uint64_t size; /* remembered now */
	struct str lines; /* WITNESS_COSIGNED: our signature line; in the request's arena */
	char why[ERR_MSG_BYTES_MAX]; /* any other verdict */
};

/* Something that the witness's owner must know: rule and subject tell one alarm from another. */
typedef void witness_alarm_fn(void *arg, const char *rule, struct str subject, const char *words);

/* A log, by its keys: all of one name, the origin. */
struct witness_log_keys {
	size_t count;
	struct note_vkey keys[WITNESS_LOG_KEYS_MAX];
};

struct witness_options {
	int dir_fd; /* of the states; borrowed until witness_close */
	struct str name; /* of the key: "example.org/witness" */
	const struct sign_secret *key; /* copied */
	const struct clock *clock; /* borrowed */
	const struct witness_log_keys *logs; /* borrowed, names too */
	size_t log_count;
	witness_alarm_fn
		*alarm; /* may be NULL; called with the lock held: must not come back here */
	void *arg;
};

struct witness;

/*
 * Takes the folder's lock and reads every state. A log whose state is gone or damaged is refused for good, with an
 * alarm, not an error: the other logs are served. Errors: ERR_CONFLICT (another process holds it), ERR_IO, ERR_INPUT.
 */
MUST_CHECK enum err_kind witness_open(
	const struct witness_options *options, struct witness **w, struct err *err);
void witness_close(struct witness *w);
/* A log's first state; an existing one is left alone (ERR_CONFLICT). For `witness init`. */
MUST_CHECK enum err_kind witness_begin_log(int dir_fd, struct str origin, struct err *err);

/* Any thread. mem: scratch, and the answer's lines. */
void witness_add(struct witness *w, struct arena *mem, const struct add_request *request,
	struct witness_answer *answer);
/* What is remembered of a log. Errors: ERR_NOT_FOUND. */
MUST_CHECK enum err_kind witness_head(
	struct witness *w, struct str origin, struct witness_state *state, struct err *err);
/* The note that is remembered, by witness_state_name, into mem. Errors: ERR_NOT_FOUND (never cosigned, too), ERR_LIMIT. */
MUST_CHECK enum err_kind witness_note(struct witness *w, struct arena *mem, struct str name_hex,
	struct str *note, struct err *err);
/* NULL, or why nothing is signed any more: the process is to end. */
const char *witness_dead(struct witness *w);
int witness_status(enum witness_verdict verdict);
const struct note_vkey *witness_vkey(const struct witness *w);

#endif
