#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "store/db.h"
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

static struct db *open_db(enum db_mode mode)
{
	struct db *db = NULL;

	if (db_open(temp_file(&temp, "records.db"), mode, &db, &err) != OK)
		fail_msg("%s", err.msg);
	return db;
}

static void put(struct db *db, const char *key, const char *value)
{
	struct stmt *s;

	assert_int_equal(
		stmt_begin(db, "INSERT INTO meta (key, value) VALUES (:key, :value)", &s, &err),
		OK);
	stmt_text(s, ":key", str_from(key));
	stmt_text(s, ":value", str_from(value));
	assert_int_equal(stmt_run(s, NULL, &err), OK);
}

static bool has(struct db *db, const char *key)
{
	struct stmt *s;
	bool row = false;

	assert_int_equal(stmt_begin(db, "SELECT value FROM meta WHERE key = :key", &s, &err), OK);
	stmt_text(s, ":key", str_from(key));
	assert_int_equal(stmt_step(s, &row, &err), OK);
	stmt_end(s);
	return row;
}

static void settings_are_the_safe_ones(void **state)
{
	static const struct {
		const char *sql;
		int64_t want;
	} cases[] = {
		{ "PRAGMA synchronous", 2 },
		{ "PRAGMA foreign_keys", 1 },
		{ "PRAGMA wal_autocheckpoint", 0 },
		{ "PRAGMA secure_delete", 1 },
	};
	struct db *db = open_db(DB_WRITE);
	struct stat st;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stmt *s;
		bool row = false;

		assert_int_equal(stmt_begin(db, cases[i].sql, &s, &err), OK);
		assert_int_equal(stmt_step(s, &row, &err), OK);
		assert_true(row);
		assert_int_equal(stmt_col_i64(s, 0), cases[i].want);
		stmt_end(s);
	}
	assert_int_equal(stat(temp_file(&temp, "records.db"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(temp_file(&temp, "records.db-wal"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	db_close(db);
}

static void only_named_parameters(void **state)
{
	static const char *const refused[] = {
		"SELECT 1 WHERE 1 = ?",
		"SELECT 1 WHERE 1 = ?1",
		"SELECT 1 WHERE 1 = $1",
		"SELECT 1 WHERE 1 = $name",
		"SELECT 1 WHERE 1 = @name",
		"SELECT 1; SELECT 2",
		"",
		"SELECT \"no such column\"",
	};
	struct db *db = open_db(DB_WRITE);
	struct stmt *s;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_int_not_equal(stmt_begin(db, refused[i], &s, &err), OK);
	db_close(db);
}

static void binding_failures_surface_in_step(void **state)
{
	struct db *db = open_db(DB_WRITE);
	struct stmt *s;
	bool row;

	(void)state;
	assert_int_equal(stmt_begin(db, "SELECT :a + :b", &s, &err), OK);
	stmt_i64(s, ":a", 1);
	assert_int_equal(stmt_step(s, &row, &err), ERR_INPUT); /* :b has no value */
	assert_int_equal(stmt_begin(db, "SELECT :a + :b", &s, &err), OK);
	stmt_i64(s, ":a", 1);
	stmt_i64(s, ":b", 2);
	stmt_i64(s, "b", 2);
	assert_int_equal(stmt_step(s, &row, &err), ERR_INPUT); /* no parameter b */
	assert_int_equal(stmt_begin(db, "SELECT :a + :b", &s, &err), OK);
	stmt_i64(s, ":a", INT64_MAX - 1);
	stmt_i64(s, ":b", 1);
	assert_int_equal(stmt_step(s, &row, &err), OK);
	assert_true(row);
	assert_true(stmt_col_i64(s, 0) == INT64_MAX);
	assert_int_equal(stmt_step(s, &row, &err), OK);
	assert_false(row);
	db_close(db);
}

static void values_come_back_as_they_went(void **state)
{
	static const struct str values[] = { { "", 0 }, { "a\0b", 3 }, { "\xff\x00", 2 } };
	struct db *db = open_db(DB_WRITE);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct stmt *s;
		bool row = false;

		assert_int_equal(stmt_begin(db, "SELECT :blob, :text, :null", &s, &err), OK);
		stmt_blob(s, ":blob", values[i]);
		stmt_text(s, ":text", values[i]);
		stmt_null(s, ":null");
		assert_int_equal(stmt_step(s, &row, &err), OK);
		assert_true(row);
		assert_true(str_eq(stmt_col_str(s, 0), values[i]));
		assert_true(str_eq(stmt_col_str(s, 1), values[i]));
		assert_false(stmt_col_is_null(s, 0));
		assert_true(stmt_col_is_null(s, 2));
		assert_int_equal(stmt_col_str(s, 2).len, 0);
		stmt_end(s);
	}
	db_close(db);
}

static void savepoint_undoes_one_job(void **state)
{
	struct db *db = open_db(DB_WRITE);

	(void)state;
	assert_int_equal(db_begin(db, &err), OK);
	assert_int_equal(db_savepoint(db, &err), OK);
	put(db, "first", "1");
	assert_int_equal(db_release(db, &err), OK);
	assert_int_equal(db_savepoint(db, &err), OK);
	put(db, "second", "2");
	db_undo(db);
	assert_int_equal(db_savepoint(db, &err), OK);
	put(db, "third", "3");
	assert_int_equal(db_release(db, &err), OK);
	assert_int_equal(db_commit(db, &err), OK);
	assert_true(has(db, "first"));
	assert_false(has(db, "second"));
	assert_true(has(db, "third"));
	assert_true(db_wal_pages(db) > 0);
	assert_int_equal(db_checkpoint(db, &err), OK);
	db_close(db);
}

static void broken_constraints_conflict(void **state)
{
	struct db *db = open_db(DB_WRITE);
	struct stmt *s;

	(void)state;
	assert_int_equal(db_begin(db, &err), OK);
	put(db, "key", "1");
	assert_int_equal(
		stmt_begin(db, "INSERT INTO meta (key, value) VALUES (:key, :value)", &s, &err),
		OK);
	stmt_text(s, ":key", STR("key"));
	stmt_text(s, ":value", STR("2"));
	assert_int_equal(stmt_run(s, NULL, &err), ERR_CONFLICT);
	assert_int_equal(stmt_begin(db,
				 "INSERT INTO record_refs (id, field, target) "
				 "VALUES ('no', 'such', 'record')",
				 &s, &err),
		OK);
	assert_int_equal(stmt_run(s, NULL, &err), ERR_CONFLICT);
	db_rollback(db);
	db_close(db);
}

static void reader_keeps_its_snapshot(void **state)
{
	struct db *writer = open_db(DB_WRITE);

	(void)state;
	put(writer, "before", "1");
	struct db *reader = open_db(DB_READ);

	assert_int_equal(db_begin(reader, &err), OK);
	put(writer, "after", "1");
	assert_true(has(reader, "before"));
	assert_false(has(reader, "after"));
	db_rollback(reader);
	assert_true(has(reader, "after"));

	struct stmt *s;

	assert_int_equal(stmt_begin(reader, "DELETE FROM meta", &s, &err), OK);
	assert_int_not_equal(stmt_run(s, NULL, &err), OK);
	db_close(reader);
	db_close(writer);
}

static void half_read_statement_ends_with_its_transaction(void **state)
{
	struct db *db = open_db(DB_WRITE);
	struct stmt *s;
	bool row = false;

	(void)state;
	put(db, "a", "1");
	put(db, "b", "1");
	assert_int_equal(db_begin(db, &err), OK);
	assert_int_equal(stmt_begin(db, "SELECT key FROM meta", &s, &err), OK);
	assert_int_equal(stmt_step(s, &row, &err), OK);
	assert_true(row);
	assert_int_equal(db_commit(db, &err), OK);
	assert_int_equal(stmt_begin(db, "SELECT key FROM meta", &s, &err), OK);
	stmt_end(s);
	db_close(db);
}

static void opening_says_what_is_wrong(void **state)
{
	struct db *db;

	(void)state;
	assert_int_equal(
		db_open(temp_file(&temp, "records.db"), DB_READ, &db, &err), ERR_NOT_FOUND);
	int fd = open(temp_file(&temp, "records.db"), O_WRONLY | O_CREAT, 0600);

	for (int i = 0; i < 100; i++)
		assert_int_equal(write(fd, "this is not a database, but text ", 33), 33);
	close(fd);
	assert_int_equal(db_open(temp_file(&temp, "records.db"), DB_READ, &db, &err), ERR_CORRUPT);
	assert_int_equal(db_open(temp_file(&temp, "records.db"), DB_WRITE, &db, &err), ERR_CORRUPT);
}

/* A VFS whose syncs fail from the moment that `failing` is set. */
static bool failing;
static sqlite3_vfs failing_vfs;
static sqlite3_io_methods failing_methods[2]; /* of the write-ahead log; of the database */
static int (*real_sync)(sqlite3_file *file, int flags);

static int failing_sync(sqlite3_file *file, int flags)
{
	return failing ? SQLITE_IOERR_FSYNC : real_sync(file, flags);
}

static int failing_open(
	sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out_flags)
{
	sqlite3_vfs *real = vfs->pAppData;
	int rc = real->xOpen(real, name, file, flags, out_flags);

	if (rc == SQLITE_OK && file->pMethods != NULL) {
		sqlite3_io_methods *methods = &failing_methods[(flags & SQLITE_OPEN_MAIN_DB) != 0];

		real_sync = file->pMethods->xSync;
		*methods = *file->pMethods;
		methods->xSync = failing_sync;
		file->pMethods = methods;
	}
	return rc;
}

static void failed_sync_ends_the_process(void **state)
{
	(void)state;
	fflush(NULL);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		sqlite3_vfs *real = sqlite3_vfs_find(NULL);

		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(3);
		failing_vfs = *real;
		failing_vfs.zName = "failing";
		failing_vfs.pAppData = real;
		failing_vfs.xOpen = failing_open;
		sqlite3_vfs_register(&failing_vfs, 1);

		struct db *db;
		struct stmt *s;

		if (db_open(temp_file(&temp, "records.db"), DB_WRITE, &db, &err) != OK) {
			printf("# %s\n", err.msg);
			fflush(stdout);
			_exit(4);
		}
		failing = true;
		if (db_begin(db, &err) != OK ||
			stmt_begin(db, "INSERT INTO meta (key, value) VALUES ('a', 'b')", &s,
				&err) != OK ||
			stmt_run(s, NULL, &err) != OK)
			_exit(1);
		(void)!db_commit(db, &err);
		_exit(2); /* not reached */
	}
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);

	struct db *db = open_db(DB_WRITE);

	db_close(db);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make_temp, remove_temp)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(settings_are_the_safe_ones),
		T(only_named_parameters),
		T(binding_failures_surface_in_step),
		T(values_come_back_as_they_went),
		T(savepoint_undoes_one_job),
		T(broken_constraints_conflict),
		T(reader_keeps_its_snapshot),
		T(half_read_statement_ends_with_its_transaction),
		T(opening_says_what_is_wrong),
		T(failed_sync_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
