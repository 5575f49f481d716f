/*
 * trial_lab: records with the installed kinds in a temporary folder, where tests act as people do: by verbs. It
 * stands where the pipeline stands (arguments, role, a savepoint an act, one entry) and keeps the public
 * fields that a handler set, so that they can be looked at. One transaction, never committed.
 */
#ifndef TRIAL_LAB_H
#define TRIAL_LAB_H

#include "harness.h"

#include "app/access.h"
#include "app/kind.h"
#include "app/lab.h"
#include "app/record.h"

struct trial {
	struct lab lab;
	struct db *db;
	struct arena mem; /* one act's, reset at the next */
	struct err err; /* of the last refusal */
	json_t *answer; /* of the last act */
	json_t *publics,
		*details; /* every public field, and what was added to the detail, of the last act */
	int64_t now_us;
	char folder[64];
	char state[32], engagement[32], subject[LAB_ID_BYTES]; /* public fields of the last act */
	char maker[LAB_ID_BYTES]; /* the maker's organisation */
};

struct actor {
	char id[LAB_ID_BYTES], organisation[LAB_ID_BYTES];
	unsigned roles;
	const char *line, *point;
};

/* A moment in 2026, the first of every test. */
#define TRIAL_NOW_US (INT64_C(1795000000) * 1000000)

void trial_open(struct trial *b);
void trial_close(struct trial *b);

/* An active person, made as vitrine init does; organisation NULL: the maker's. */
struct actor trial_person(
	struct trial *b, const char *name, const char *organisation, const char *roles);
/* An active organisation of the line; its id into `id`. */
void trial_organisation(struct trial *b, const char *name, const char *line, char id[LAB_ID_BYTES]);
/* A record as the program adds it; fields as in json_pack, taken over. */
void trial_add(struct trial *b, const char *kind, const char *state, json_t *fields,
	char id[LAB_ID_BYTES]);

/* Call a verb; args are taken over. The answer is in b->answer. Asserts that the verb exists. */
enum err_kind trial_act(struct trial *b, const struct actor *who, const char *verb, json_t *args);
/* The same for a family's row. */
enum err_kind trial_call(
	struct trial *b, const struct actor *who, const struct verb *verb, json_t *args);
/* The id that the last act answered, copied. */
void trial_id(const struct trial *b, char id[LAB_ID_BYTES]);
struct caller trial_caller(const struct actor *who);
/* A context as a handler gets it, for functions below the verbs; b->mem is reset. */
struct ctx trial_ctx(struct trial *b, const struct actor *who);
/* "draft" and so on, or "" when there is no such record. */
const char *trial_state(struct trial *b, const char *id);

/* A reproducible sequence (splitmix64). */
uint64_t trial_random(uint64_t *state);

#endif
