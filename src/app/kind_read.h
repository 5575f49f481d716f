/*
 * kind_read: one kind's file, parsed already, into struct kind. Strict: a key that the format does not know,
 * a value of another type, a name used twice or not declared are errors that name file, kind and part.
 */
#ifndef APP_KIND_READ_H
#define APP_KIND_READ_H

#include "app/kind.h"

/*
 * mem   the set's arena: the kind and its strings live there
 * file  for messages
 * Field targets stay unlinked (target_name only). Errors: ERR_INPUT, ERR_LIMIT.
 */
MUST_CHECK enum err_kind kind_read(struct arena *mem, struct str file, const json_t *root,
	struct kind **kind, struct err *err);

#endif
