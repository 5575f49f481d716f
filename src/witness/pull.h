/*
 * pull: one turn of the loop that asks the centre for its next head, has the core cosign it, and hands the cosignature
 * over. What the centre answers is not believed: the core decides.
 */
#ifndef WITNESS_PULL_H
#define WITNESS_PULL_H

#include "link/client.h"
#include "witness/witness.h"

enum { PULL_MEM_BYTES = 4 << 20 };

/* Asks the centre; arg is `pull->arg`. As client_ask; an answer that is not OK becomes the error that it tells. */
typedef enum err_kind pull_ask_fn(void *arg, struct arena *mem, const char *verb, struct str body,
	struct client_answer *answer, struct err *err);

struct pull {
	struct witness *witness;
	struct str origin; /* of the centre's log */
	pull_ask_fn *ask;
	witness_alarm_fn *alarm;
	void *ask_arg, *alarm_arg;
	bool handed_over; /* the centre has our line for the head that we remember */
};

enum pull_result {
	PULL_NOTHING, /* no new head */
	PULL_COSIGNED,
	PULL_REFUSED, /* the centre's head could not be cosigned; an alarm says why */
	PULL_AWAY, /* the centre cannot be asked, or does not answer as it should */
};

/* err is set with PULL_AWAY and PULL_REFUSED. */
enum pull_result pull_once(struct pull *pull, struct err *err);

#endif
