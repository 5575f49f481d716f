/* answer_list: one page of a list in an answer, newest first, each item of an entry of the ledger. */
#ifndef APP_ANSWER_LIST_H
#define APP_ANSWER_LIST_H

#include "app/verb.h"
#include "store/db.h"

/* Writes the item of the row that the statement stands on. */
typedef enum err_kind answer_item_fn(struct ctx *ctx, struct stmt *s, struct err *err);

/*
 * "name":[items],"next":index of the entry with which the next page begins, or null. The rows' first column is that index;
 * s selects up to limit + 1 of them and is ended here. Errors: those of the statement and of the item.
 */
MUST_CHECK enum err_kind answer_list(struct ctx *ctx, struct stmt *s, const char *name,
	int64_t limit, answer_item_fn *write_item, struct err *err);

#endif
