/* labfix: a ledger in a temporary folder, with its writer, for tests: records.db and ledger/ as in a lab. */
#ifndef LEDGER_LABFIX_H
#define LEDGER_LABFIX_H

#include "ledger/log.h"
#include "temp.h"

#define LABFIX_ORIGIN STR("example.org/test-lab")

struct labfix {
	struct temp temp;
	int dir_fd; /* of ledger/ */
	/* The writer's; after start only for reading through a connection of one's own */
	struct db *db;
	struct ledger *ledger;
	struct writer *writer;
	struct sign_secret key;
	struct err err;
};

void labfix_make(struct labfix *fix);
/* The same in a folder that exists and stays. */
void labfix_make_at(struct labfix *fix, const char *dir);
/* Opens database and ledger; OK also when frozen. */
enum err_kind labfix_open(struct labfix *fix);
/* Opens, and starts the writer with these hooks (NULL: the ledger's). */
void labfix_start(struct labfix *fix, const struct writer_hooks *hooks);
void labfix_stop(struct labfix *fix);
void labfix_remove(struct labfix *fix);

/* Append entry number n (its kind, fields and detail follow from n), waiting for it. */
enum err_kind labfix_append(struct labfix *fix, int n, uint64_t *index);
/* As many in one transaction. */
enum err_kind labfix_append_batch(struct labfix *fix, int from, int count);
struct entry_draft labfix_draft(int n, char text[64]);
/* Run one SQL text on the stopped lab, as whoever owns the disk could. */
void labfix_sql(struct labfix *fix, const char *sql);

#endif
