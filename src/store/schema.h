/*
 * schema: the tables of the records as numbered steps, schema/001.sql, schema/002.sql, … A database's
 * version is how many of them it has had (PRAGMA user_version); a step, once released, never changes.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include <sqlite3.h>

#include "base/err.h"

/* schema_steps[n] leads from version n to n + 1. Made at build time from schema/NNN.sql. */
extern const char *const schema_steps[];
extern const int schema_step_count;

MUST_CHECK enum err_kind schema_version(sqlite3 *handle, int *version, struct err *err);
/*
 * Bring the database to version `count`, each step in a transaction of its own that also sets the version:
 * a crash leaves one of the versions, never something between.
 * Errors: ERR_CONFLICT (the database is newer than `count`), ERR_CORRUPT, ERR_IO.
 */
MUST_CHECK enum err_kind schema_migrate(
	sqlite3 *handle, const char *const *steps, int count, struct err *err);

#endif
