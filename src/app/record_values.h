/* record_values: the values of a record between JSON, memory and the records, for the files of the engine. */
#ifndef APP_RECORD_VALUES_H
#define APP_RECORD_VALUES_H

#include "app/record.h"

/* A stored body: types are checked, bounds are not (a kind's file may have changed). Errors: ERR_CORRUPT, ERR_LIMIT. */
MUST_CHECK enum err_kind record_body_read(struct arena *mem, struct str id, const struct kind *kind,
	struct str body, struct record_value **values, struct err *err);
/* The body to store; times as microseconds. Errors: ERR_LIMIT (RECORD_BODY_BYTES_MAX). */
MUST_CHECK enum err_kind record_body_write(struct arena *mem, const struct kind *kind,
	const struct record_value *values, struct str *body, struct err *err);
/* Nothing in it: no text, no items. Numbers are never empty. */
bool record_value_is_empty(const struct kind_field *field, const struct record_value *value);
/* One value of a record as JSON. */
void record_value_write(const struct kind_field *field, const struct record_value *value,
	bool stored, struct jw *w);

#endif
