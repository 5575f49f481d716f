/* lab_compact: the content store rid of what nothing in the lab names. */
#ifndef APP_LAB_COMPACT_H
#define APP_LAB_COMPACT_H

#include "app/lab.h"

/*
 * Of an open lab that serves nobody. What is dropped, and the entry "store.compact" {blobs, bytes} that says so, are
 * one transaction; where there is nothing to drop, there is no entry.
 * Errors: ERR_FROZEN, ERR_CORRUPT (a blob that must be kept is damaged: nothing is dropped), ERR_IO.
 */
MUST_CHECK enum err_kind lab_compact(struct lab *lab, struct pack_freed *freed, struct err *err);

#endif
