/* open_lab: a real lab in a folder of its own, made by lab_make and served by the real pipeline, without children. */
#ifndef OPEN_LAB_H
#define OPEN_LAB_H

#include "app/pipeline.h"
#include "harness.h"

enum { OPEN_LAB_JSON_BYTES = 256 << 10, OPEN_LAB_OFFICERS = 2 };

#define OLGA_PASSWORD "correct-horse-battery"

struct open_lab {
	struct lab lab;
	struct pipeline *pipeline;
	char dir[64]; /* holds "lab" and "officer.key" */
	int back_fd;
	char officers[OPEN_LAB_OFFICERS][LAB_ID_BYTES]; /* olga, oleg */
	char organisation[LAB_ID_BYTES]; /* theirs */
	int64_t shift_s; /* of the clock */
};

/* What is asked; absent members mean: nobody, console, {}, no key, local. */
struct ask {
	const char *verb, *body, *point;
	const uint8_t *token; /* 32 bytes */
	const uint8_t *key; /* 16 bytes */
	const uint8_t *peer; /* 16 bytes */
	const struct sign_secret *sign; /* of the point */
	const struct sha256 *signed_digest; /* of a batch; NULL: of this call alone */
	uint64_t counter;
	const int *fd; /* of a verb that takes one */
	bool (*cancelled)(void *arg);
	void (*progress)(void *arg, struct str json);
	void *arg; /* of both */
};

struct told {
	enum err_kind status;
	char json[OPEN_LAB_JSON_BYTES];
	uint64_t entry, size;
};

struct token {
	uint8_t bytes[32];
	char session[LAB_ID_BYTES];
};

void open_lab_start(struct open_lab *l);
void open_lab_stop(struct open_lab *l);
/* The vault starts again: what was only in memory is gone. */
void open_lab_restart(struct open_lab *l);
void open_lab_clock(struct open_lab *l, int64_t shift_s);

/* Ask and wait for the answer, which stays until the next question. */
const struct told *open_lab_ask(struct open_lab *l, const struct ask *ask);
enum err_kind open_lab_status(struct open_lab *l, const struct ask *ask);
/* Calls that overlap: begin, do something else, then wait. One at a time. */
void open_lab_begin(struct open_lab *l, const struct ask *ask);
const struct told *open_lab_wait(void);

/* An active person of an organisation; roles: JSON words without brackets: "\"reviewer\"". */
void open_lab_person(struct open_lab *l, const char *name, const char *organisation,
	const char *roles, char id[LAB_ID_BYTES]);
/* A record in a state, fields as JSON. */
void open_lab_record(struct open_lab *l, const char *kind, const char *state, const char *fields,
	char id[LAB_ID_BYTES]);
/* An open engagement of a party over a release of a product, and one grant under it. */
struct wanted_engagement {
	const char *party, *product, *release;
	const char *paths, *except; /* "\"src\",\"etc\"", or "" */
};
void open_lab_engagement(
	struct open_lab *l, const struct wanted_engagement *wanted, char id[LAB_ID_BYTES]);
/* A session without a sign-in. */
void open_lab_session(
	struct open_lab *l, const char *person, const char *point, struct token *token);
void open_lab_sql(struct open_lab *l, const char *sql);
/* The first column of the first row; -1: no row. */
int64_t open_lab_number(struct open_lab *l, const char *sql);
/* The same as text, in a static buffer; empty: no row. */
const char *open_lab_text(struct open_lab *l, const char *sql);

/* A member of an answer's JSON, as text; empty when absent. Static buffer. */
const char *told_text(const struct told *told, const char *member);

#endif
