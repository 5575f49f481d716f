/* db_fail: what an SQLite result code means to us. */
#ifndef STORE_DB_FAIL_H
#define STORE_DB_FAIL_H

#include <sqlite3.h>

#include "base/err.h"

/*
 * The error of a failed call on `handle` (extended codes on). A failed write or sync of the file does not
 * come back: what reached the disk is unknown then, and trying again could acknowledge a record that the
 * kernel has dropped, so the process ends with a line in the log. A full disk comes back as ERR_IO.
 */
enum err_kind db_fail(sqlite3 *handle, int code, const char *what, struct err *err);

#endif
