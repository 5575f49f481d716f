#include <sqlite3.h>

#include "base/out.h"
#include "harness.h"
#include "store/db.h"
#include "store/page_sum.h"
#include "store/schema.h"
#include "store/vfs.h"
#include "temp.h"

static struct temp temp;
static struct err err;

static int make_temp(void **state)
{
	(void)state;
	temp_make(&temp);
	return 0;
}

static int remove_temp(void **state)
{
	(void)state;
	temp_remove(&temp);
	return 0;
}

/* Rows that labs of version n + 1 hold; fixtures/NNN.sql, embedded like the schema. */
extern const char *const fixture_steps[];
extern const int fixture_step_count;

static sqlite3 *open_raw(void)
{
	sqlite3 *handle = NULL;

	int reserved = PAGE_SUM_BYTES;

	assert_int_equal(sqlite3_open_v2(temp_file(&temp, "records.db"), &handle,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs_checked()),
		SQLITE_OK);
	sqlite3_file_control(handle, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
	return handle;
}

static void run(sqlite3 *handle, const char *sql)
{
	char *why = NULL;

	if (sqlite3_exec(handle, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
}

static int append_row(void *arg, int columns, char **values, char **names)
{
	struct out *o = arg;

	(void)names;
	for (int i = 0; i < columns; i++)
		out_printf(o, "%s|", values[i] == NULL ? "NULL" : values[i]);
	out_char(o, '\n');
	return 0;
}

/* Everything that a query gives, as text. */
static struct str dump(struct arena *mem, sqlite3 *handle, const char *sql)
{
	struct out o;
	struct str text = STR("");

	out_init(&o, mem, 1 << 20);
	assert_int_equal(sqlite3_exec(handle, sql, append_row, &o, NULL), SQLITE_OK);
	assert_int_equal(out_finish(&o, &text, &err), OK);
	return text;
}

static int64_t count_rows(sqlite3 *handle, const char *table)
{
	char sql[128];
	sqlite3_stmt *s;

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
	assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(s, 0);

	sqlite3_finalize(s);
	return n;
}

/* A lab as version `version` left it. */
static void make_version(int version)
{
	sqlite3 *handle = open_raw();

	assert_int_equal(schema_migrate(handle, schema_steps, version, &err), OK);
	for (int i = 0; i < version; i++)
		run(handle, fixture_steps[i]);
	sqlite3_close(handle);
}

static const char schema_sql[] =
	"SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";

static void every_version_migrates(void **state)
{
	struct arena mem;
	struct str fresh = STR("");

	(void)state;
	arena_init(&mem, 4 << 20);
	assert_int_equal(fixture_step_count, schema_step_count);
	for (int version = 0; version <= schema_step_count; version++) {
		struct db *db;

		make_version(version);
		if (db_open(temp_file(&temp, "records.db"), DB_WRITE, &db, &err) != OK)
			fail_msg("from version %d: %s", version, err.msg);
		db_close(db);
		sqlite3 *handle = open_raw();
		struct str schema = dump(&mem, handle, schema_sql);
		int at = 0;

		assert_int_equal(schema_version(handle, &at, &err), OK);
		assert_int_equal(at, schema_step_count);
		if (version == 0)
			fresh = schema;
		assert_true(str_eq(schema, fresh));
		assert_int_equal(dump(&mem, handle, "PRAGMA foreign_key_check").len, 0);
		assert_true(str_eq(dump(&mem, handle, "PRAGMA integrity_check"), STR("ok|\n")));
		if (version > 0) {
			assert_int_equal(count_rows(handle, "records"), 2);
			assert_int_equal(count_rows(handle, "entries"), version < 4 ? 1 : 2);
			assert_int_equal(count_rows(handle, "release_nodes"), 1);
		}
		sqlite3_close(handle);
		assert_int_equal(remove(temp_file(&temp, "records.db")), 0);
	}
	arena_reset(&mem);
}

static void failing_step_leaves_the_version_before(void **state)
{
	static const char *const steps[] = {
		"CREATE TABLE meta (key TEXT PRIMARY KEY)",
		"CREATE TABLE more (a TEXT); INSERT INTO more VALUES ('x'); INSERT INTO nowhere VALUES (1)",
	};
	const char *const mended[] = { steps[0], "CREATE TABLE more (a TEXT)" };
	sqlite3 *handle = open_raw();
	int version = -1;

	(void)state;
	sqlite3_extended_result_codes(handle, 1);
	assert_int_not_equal(schema_migrate(handle, steps, 2, &err), OK);
	assert_int_equal(schema_version(handle, &version, &err), OK);
	assert_int_equal(version, 1);
	assert_int_equal(schema_migrate(handle, mended, 2, &err), OK);
	assert_int_equal(count_rows(handle, "more"), 0);
	sqlite3_close(handle);
}

static void newer_records_are_refused(void **state)
{
	struct db *db;
	sqlite3 *handle;

	(void)state;
	make_version(schema_step_count);
	handle = open_raw();
	run(handle, "PRAGMA user_version = 999");
	sqlite3_close(handle);
	assert_int_equal(
		db_open(temp_file(&temp, "records.db"), DB_WRITE, &db, &err), ERR_CONFLICT);
	assert_int_equal(db_open(temp_file(&temp, "records.db"), DB_READ, &db, &err), ERR_CONFLICT);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make_temp, remove_temp)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_version_migrates),
		T(failing_step_leaves_the_version_before),
		T(newer_records_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
