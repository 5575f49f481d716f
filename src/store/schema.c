#include "store/schema.h"

#include <stdbool.h>

#include "store/db_fail.h"

static enum err_kind exec(sqlite3 *handle, const char *sql, struct err *err)
{
	int rc = sqlite3_exec(handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? OK : db_fail(handle, rc, "schema", err);
}

enum err_kind schema_version(sqlite3 *handle, int *version, struct err *err)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(handle, "PRAGMA user_version", -1, &s, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*version = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return rc == SQLITE_ROW ? OK : db_fail(handle, rc, "read the records' version", err);
}

/* One step and its number, or nothing. */
static enum err_kind take_step(sqlite3 *handle, const char *sql, int version, struct err *err)
{
	char set_version[64];
	enum err_kind rc = exec(handle, "BEGIN IMMEDIATE", err);

	if (rc != OK)
		return rc;
	snprintf(set_version, sizeof(set_version), "PRAGMA user_version = %d", version);
	rc = exec(handle, sql, err);
	if (rc == OK)
		rc = exec(handle, set_version, err);
	if (rc == OK)
		rc = exec(handle, "COMMIT", err);
	if (rc != OK)
		sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

enum err_kind schema_migrate(sqlite3 *handle, const char *const *steps, int count, struct err *err)
{
	int version = 0;
	enum err_kind rc = schema_version(handle, &version, err);

	if (rc != OK)
		return rc;
	if (version < 0 || version > count)
		return err_set(err, ERR_CONFLICT,
			"records are of version %d and this program knows %d: use a newer vitrine",
			version, count);
	for (int next = version; next < count; next++) {
		rc = take_step(handle, steps[next], next + 1, err);
		if (rc != OK) {
			err_context(err, "migrate records to version %d", next + 1);
			return rc;
		}
	}
	return OK;
}
