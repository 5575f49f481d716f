/* govern_record: what the list and the page of a record share. */
#ifndef APP_GOVERN_RECORD_H
#define APP_GOVERN_RECORD_H

#include "app/record.h"
#include "base/limit.h"

/* Members of an open object: id, kind, state, title, fields, created, created_by, created_by_name, entry. */
MUST_CHECK enum err_kind record_write_head(
	const struct record_desk *desk, const struct record *record, struct jw *w, struct err *err);

/* What a page of a list refers to at most, and any single record. */
enum { RECORD_IDS_MAX = 1024 };
static_assert(RECORD_IDS_MAX >= KIND_FIELDS_MAX + LIMIT_LIST_ITEMS, "one record's ids fit");

struct record_ids {
	size_t count;
	struct str items[RECORD_IDS_MAX];
};

/* What the record's fields refer to, each id once; what does not fit stays without a name. */
void record_ids_add(struct record_ids *ids, const struct record *record);
/* "names": the titles of those that the caller may see. */
MUST_CHECK enum err_kind record_write_names(const struct record_desk *desk,
	const struct record_ids *ids, struct jw *w, struct err *err);

/* The handler of record.show. */
enum err_kind record_show(struct ctx *ctx, struct err *err);

#endif
