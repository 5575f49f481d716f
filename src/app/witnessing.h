/* witnessing: what the records keep of witnesses, and how answers tell of them. */
#ifndef APP_WITNESSING_H
#define APP_WITNESSING_H

#include "app/verb.h"
#include "ledger/cosigned.h"

/* Cosignatures older than this are shown as stale: a witness asks ten times a second. */
enum { WITNESSING_STALE_S = 300 };

/* At start: the policy in force and the last cosignatures, from the records. Errors: ERR_IO, ERR_CORRUPT, ERR_LIMIT. */
MUST_CHECK enum err_kind witnessing_load(struct cosigned *c, struct db *db, struct err *err);
/* A writer job (arg: the struct cosigned): the last cosignature of each witness that has a new one. */
MUST_CHECK enum err_kind witnessing_store(struct db *db, void *arg, struct err *err);
/* "witnesses":[{name,owner,key,size,time,received}]: in the order of the policy. */
void witnessing_put(struct jw *w, const struct cosigned_view *view);
/* "witnessed" and "cosigned":[sizes]: what a page needs for its seals. */
MUST_CHECK enum err_kind witnessing_put_sizes(struct ctx *ctx, struct err *err);

#endif
