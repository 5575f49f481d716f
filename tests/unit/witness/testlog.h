/*
 * testlog: a log in memory, for whoever witnesses one: heads and proofs of any size, and a second branch that leaves
 * the first at a given size, as a centre would show it that serves two histories.
 */
#ifndef WITNESS_TESTLOG_H
#define WITNESS_TESTLOG_H

#include "witness/witness.h"

enum { TESTLOG_LEAVES_MAX = 600 };

struct testlog {
	struct arena mem; /* of names, notes and requests */
	struct note_vkey vkey;
	struct sign_secret key;
	struct sha256 leaves[2][TESTLOG_LEAVES_MAX]; /* by branch */
};

/* Leaves below `fork_at` are the same on both branches. name outlives the log. */
void testlog_make(struct testlog *log, const char *name, uint8_t seed, uint64_t fork_at);
void testlog_free(struct testlog *log);
struct sha256 testlog_root(const struct testlog *log, unsigned branch, uint64_t size);
/* A signed head; in log->mem. */
struct str testlog_note(struct testlog *log, unsigned branch, uint64_t size);
/* A request with the proof of this branch from old_size to size. */
struct add_request testlog_request(
	struct testlog *log, unsigned branch, uint64_t old_size, uint64_t size);
/* A witness in a folder of its own: its state's folder is made, one log begun. */
struct testwitness {
	struct testlog *log;
	int dir_fd;
	struct sign_secret key;
	struct note_vkey vkey;
	struct witness_log_keys keys;
	struct clock clock;
	struct witness *witness;
	unsigned alarms;
	char rules[256]; /* of the alarms raised, with a space behind each */
	char name[64];
};

/* `number` makes its key; folder must exist and be empty. */
void testwitness_make(
	struct testwitness *w, struct testlog *log, const char *folder, unsigned number);
/* The same in a folder that may hold a state already. */
void testwitness_join(
	struct testwitness *w, struct testlog *log, const char *folder, unsigned number);
/* Ends and begins again, as after a crash. */
void testwitness_restart(struct testwitness *w);
void testwitness_free(struct testwitness *w);
/* One request; the answer's lines lie in the log's arena. */
struct witness_answer testwitness_ask(struct testwitness *w, const struct add_request *request);
struct witness_answer testwitness_add(
	struct testwitness *w, unsigned branch, uint64_t old_size, uint64_t size);

#endif
