/* govern_record: what the list and the page of a record share. */
#ifndef APP_GOVERN_RECORD_H
#define APP_GOVERN_RECORD_H

#include "app/record.h"

/* Members of an open object: id, kind, state, title, fields, created, created_by, created_by_name, entry. */
MUST_CHECK enum err_kind record_write_head(
	const struct record_desk *desk, const struct record *record, struct jw *w, struct err *err);

/* The handler of record.show. */
enum err_kind record_show(struct ctx *ctx, struct err *err);

#endif
