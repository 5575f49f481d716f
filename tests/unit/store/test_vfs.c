/* The file layer below SQLite: checksums of pages, and what is written read back, over a layer that lies. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "store/db.h"
#include "store/page_sum.h"
#include "store/vfs.h"
#include "temp.h"

enum { ROWS = 40, VALUE_BYTES = 1500, PAGES_MAX = 256 };

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

/* What the layer below ours does to the next write into a file of records. */
static enum lie {
	HONEST,
	TURNS_A_BIT,
	WRITES_NOTHING,
	WRITES_HALF,
	FAILS,
	IS_FULL,
	READS_SHORT
} lie;
static sqlite3_vfs liar;
/* Of the write-ahead log; of the database */
static sqlite3_io_methods liar_methods[2];
static const sqlite3_io_methods *real_methods;

static int lying_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
	enum lie now = len == PAGE_BYTES ? lie : HONEST;
	uint8_t page[PAGE_BYTES];

	switch (now) {
	case TURNS_A_BIT:
		memcpy(page, bytes, PAGE_BYTES);
		page[1000] ^= 4;
		return real_methods->xWrite(file, page, len, at);
	case WRITES_NOTHING:
		return SQLITE_OK;
	case WRITES_HALF:
		return real_methods->xWrite(file, bytes, len / 2, at);
	case FAILS:
		return SQLITE_IOERR_WRITE;
	case IS_FULL:
		return SQLITE_FULL;
	default:
		return real_methods->xWrite(file, bytes, len, at);
	}
}

static int lying_read(sqlite3_file *file, void *bytes, int len, sqlite3_int64 at)
{
	if (lie != READS_SHORT || len != PAGE_BYTES)
		return real_methods->xRead(file, bytes, len, at);
	int rc = real_methods->xRead(file, bytes, len / 2, at);

	memset((char *)bytes + len / 2, 0, (size_t)(len - len / 2));
	return rc == SQLITE_OK ? SQLITE_IOERR_SHORT_READ : rc;
}

static int lying_open(
	sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out_flags)
{
	sqlite3_vfs *real = vfs->pAppData;
	int rc = real->xOpen(real, name, file, flags, out_flags);

	if (rc == SQLITE_OK && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0) {
		sqlite3_io_methods *methods = &liar_methods[(flags & SQLITE_OPEN_MAIN_DB) != 0];

		/* Both kinds of files are read and written by the same two functions. */
		real_methods = file->pMethods;
		*methods = *file->pMethods;
		methods->xWrite = lying_write;
		methods->xRead = lying_read;
		file->pMethods = methods;
	}
	return rc;
}

/* Files opened from here on lie when they are told to. */
static void begin_lying(void)
{
	sqlite3_vfs *real = sqlite3_vfs_find("unix");

	assert_non_null(real);
	liar = *real;
	liar.zName = "liar";
	liar.pAppData = real;
	liar.xOpen = lying_open;
	lie = HONEST;
	assert_int_equal(sqlite3_vfs_register(&liar, 1), SQLITE_OK);
}

static void end_lying(void)
{
	lie = HONEST;
	sqlite3_vfs_unregister(&liar);
	sqlite3_vfs_register(sqlite3_vfs_find("unix"), 1);
}

static struct db *open_db(enum db_mode mode)
{
	struct db *db = NULL;

	if (db_open(temp_file(&temp, "records.db"), mode, &db, &err) != OK)
		fail_msg("%s", err.msg);
	return db;
}

/* Rows from..to, all of one letter; in the caller's transaction. */
static enum err_kind put_rows(struct db *db, int from, int to, char letter)
{
	char value[VALUE_BYTES];
	enum err_kind rc = OK;

	memset(value, letter, sizeof(value));
	for (int i = from; i < to && rc == OK; i++) {
		struct stmt *s;
		char key[32];

		snprintf(key, sizeof(key), "row %d", i);
		rc = stmt_begin(db,
			"INSERT INTO meta (key, value) VALUES (:key, :value) "
			"ON CONFLICT (key) DO UPDATE SET value = excluded.value",
			&s, &err);
		if (rc != OK)
			break;
		stmt_text(s, ":key", str_from(key));
		stmt_text(s, ":value", str_of(value, sizeof(value)));
		rc = stmt_run(s, NULL, &err);
	}
	return rc;
}

/* How many rows begin with the letter. */
static int64_t count_rows(struct db *db, const char *letter)
{
	struct stmt *s;
	bool row = false;

	assert_int_equal(stmt_begin(db,
				 "SELECT COUNT(*) FROM meta WHERE key LIKE 'row %' "
				 "AND substr(value, 1, 1) = :letter",
				 &s, &err),
		OK);
	stmt_text(s, ":letter", str_from(letter));
	assert_int_equal(stmt_step(s, &row, &err), OK);
	int64_t n = stmt_col_i64(s, 0);

	stmt_end(s);
	return n;
}

static enum err_kind commit_rows(struct db *db, int from, int to, char letter)
{
	enum err_kind rc = db_begin(db, &err);

	if (rc == OK)
		rc = put_rows(db, from, to, letter);
	if (rc == OK)
		rc = db_commit(db, &err);
	if (rc != OK)
		db_rollback(db);
	return rc;
}

static void make_records(void)
{
	struct db *db = open_db(DB_WRITE);

	assert_int_equal(commit_rows(db, 0, ROWS, 'a'), OK);
	db_close(db);
}

static size_t read_file(const char *name, uint8_t *bytes, size_t size)
{
	int fd = open(temp_file(&temp, name), O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, bytes, size);

	assert_true(fd >= 0 && len >= 0);
	close(fd);
	return (size_t)len;
}

static void turn_bit(const char *name, off_t at)
{
	int fd = open(temp_file(&temp, name), O_RDWR | O_CLOEXEC);
	uint8_t byte;

	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 16;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static void assert_damaged(enum err_kind rc, const char *says)
{
	assert_int_equal(rc, ERR_CORRUPT);
	if (strstr(err.msg, says) == NULL)
		fail_msg("%s", err.msg);
}

static void each_page_has_its_sum(void **state)
{
	static uint8_t file[PAGES_MAX * PAGE_BYTES];
	struct db *db;
	uint64_t pages = 0;

	(void)state;
	make_records();
	size_t len = read_file("records.db", file, sizeof(file));

	assert_true(len > (size_t)10 * PAGE_BYTES && len < sizeof(file) && len % PAGE_BYTES == 0);
	for (uint32_t i = 0; i < len / PAGE_BYTES; i++) {
		assert_true(page_sum_fits(file + (size_t)i * PAGE_BYTES, i + 1));
		assert_false(page_sum_fits(file + (size_t)i * PAGE_BYTES, i + 2));
	}
	db = open_db(DB_READ);
	assert_int_equal(db_verify(db, &pages, &err), OK);
	assert_int_equal(pages, len / PAGE_BYTES);
	db_close(db);
}

static void every_bit_and_a_page_of_zeros_are_found(void **state)
{
	static uint8_t page[PAGE_BYTES];

	(void)state;
	assert_false(page_sum_fits(page, 1));
	for (size_t i = 0; i < PAGE_BYTES; i++)
		page[i] = (uint8_t)(i * 31 + (i >> 8));
	page_sum_put(page, 77);
	for (size_t bit = 0; bit < (size_t)8 * PAGE_BYTES; bit++) {
		page[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(page_sum_fits(page, 77));
		page[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	assert_true(page_sum_fits(page, 77));
}

static void damaged_page_is_named_and_not_read(void **state)
{
	struct db *db;
	struct stat st;
	uint64_t pages;

	(void)state;
	make_records();
	assert_int_equal(stat(temp_file(&temp, "records.db"), &st), 0);
	/* The last page holds rows that opening does not ask for. */
	turn_bit("records.db", st.st_size - PAGE_BYTES + 2000);
	char says[64];

	snprintf(says, sizeof(says), "page %lld in records.db does not fit its checksum",
		(long long)(st.st_size / PAGE_BYTES));
	db = open_db(DB_READ);
	assert_damaged(db_verify(db, &pages, &err), says);
	db_close(db);
	db = open_db(DB_WRITE);
	assert_damaged(commit_rows(db, 0, ROWS, 'b'), says);
	db_close(db);
	turn_bit("records.db", st.st_size - PAGE_BYTES + 2000);
	db = open_db(DB_READ);
	assert_int_equal(count_rows(db, "a"), ROWS);
	db_close(db);
}

static void file_that_was_cut_off_is_no_zeros(void **state)
{
	struct db *db;
	struct stat st;
	uint64_t pages;

	(void)state;
	make_records();
	assert_int_equal(stat(temp_file(&temp, "records.db"), &st), 0);
	assert_int_equal(truncate(temp_file(&temp, "records.db"), st.st_size - PAGE_BYTES / 2), 0);
	db = open_db(DB_READ);
	assert_damaged(db_verify(db, &pages, &err), "does not fit its checksum");
	db_close(db);
}

static void file_without_sums_is_refused(void **state)
{
	struct db *db = NULL;
	sqlite3 *raw;

	(void)state;
	assert_int_equal(sqlite3_open(temp_file(&temp, "records.db"), &raw), SQLITE_OK);
	assert_int_equal(sqlite3_exec(raw, "CREATE TABLE t (x)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(raw);
	assert_damaged(db_open(temp_file(&temp, "records.db"), DB_WRITE, &db, &err),
		"of a vitrine that kept no checksums");
}

static void damaged_page_of_the_log_is_not_read(void **state)
{
	struct db *writer, *reader;
	struct stat st;
	uint64_t pages;

	(void)state;
	make_records();
	writer = open_db(DB_WRITE);
	assert_int_equal(commit_rows(writer, 0, ROWS, 'b'), OK);
	reader = open_db(DB_READ);
	assert_int_equal(count_rows(reader, "b"), ROWS);
	db_forget_pages(reader);
	assert_int_equal(stat(temp_file(&temp, "records.db-wal"), &st), 0);
	turn_bit("records.db-wal", st.st_size - 100);
	assert_damaged(db_verify(reader, &pages, &err), "in records.db-wal does not fit");
	/* Nor is it moved into the file, where it would get a sum that fits. */
	assert_damaged(db_checkpoint(writer, &err), "in records.db-wal does not fit");
	turn_bit("records.db-wal", st.st_size - 100);
	assert_int_equal(db_checkpoint(writer, &err), OK);
	db_close(reader);
	db_close(writer);
}

/* More than the cache holds: pages go into the log before the end and are written there again. */
static void transaction_beyond_the_cache_reads_its_own_pages(void **state)
{
	enum { MANY = 3000 };
	struct db *db = open_db(DB_WRITE);
	uint64_t pages;

	(void)state;
	for (int round = 0; round < 2; round++) {
		char letter = (char)('a' + 2 * round);
		const char last[] = { (char)(letter + 1), '\0' };

		assert_int_equal(db_begin(db, &err), OK);
		assert_int_equal(put_rows(db, 0, MANY, letter), OK);
		assert_int_equal(put_rows(db, 0, MANY, last[0]), OK);
		assert_int_equal(count_rows(db, last), MANY);
		/* The first time it comes to nothing, and the next one writes over what it left. */
		if (round == 0) {
			db_rollback(db);
		} else {
			assert_int_equal(db_commit(db, &err), OK);
		}
	}
	struct db *reader = open_db(DB_READ);

	assert_int_equal(count_rows(reader, "d"), MANY);
	assert_int_equal(db_verify(reader, &pages, &err), OK);
	db_close(reader);
	assert_int_equal(db_checkpoint(db, &err), OK);
	assert_int_equal(db_verify(db, &pages, &err), OK);
	db_close(db);
}

/*
 * What a lie about a write comes to, in a process of its own: its status. letter: another one than is there, as
 * SQLite writes no page that stays the same.
 */
static int told_lie(enum lie about, bool when_moving, char letter)
{
	fflush(NULL);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(9);
		begin_lying();

		struct db *db = open_db(DB_WRITE);

		if (when_moving && commit_rows(db, 0, ROWS, letter) != OK)
			_exit(8);
		lie = about;
		enum err_kind rc = when_moving ? db_checkpoint(db, &err)
					       : commit_rows(db, 0, ROWS, letter);

		_exit(rc == OK ? 0 : rc == ERR_IO ? 1 : 2);
	}
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void lies_about_writes_end_the_process(void **state)
{
	static const enum lie lies[] = { TURNS_A_BIT, WRITES_NOTHING, WRITES_HALF, FAILS };

	(void)state;
	make_records();
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		for (int moving = 0; moving < 2; moving++) {
			int status = told_lie(lies[i], moving, (char)('b' + 2 * (int)i + moving));

			if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
				fail_msg("lie %zu, moving %d: status %x", i, moving,
					(unsigned)status);
		}
	}
	struct db *db = open_db(DB_WRITE);
	uint64_t pages;

	/* Nothing of them is left: what was committed before a lie about moving pages is in the log. */
	assert_int_equal(db_verify(db, &pages, &err), OK);
	db_close(db);
}

static void full_disk_comes_back(void **state)
{
	(void)state;
	make_records();
	int status = told_lie(IS_FULL, false, 'b');

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	struct db *db = open_db(DB_READ);

	assert_int_equal(count_rows(db, "a"), ROWS);
	db_close(db);
}

static void short_read_is_an_error(void **state)
{
	uint64_t pages;

	(void)state;
	make_records();
	begin_lying();

	struct db *db = open_db(DB_READ);

	db_forget_pages(db);
	lie = READS_SHORT;
	assert_damaged(db_verify(db, &pages, &err), "does not fit its checksum");
	db_close(db);
	end_lying();
}

#define T(name) cmocka_unit_test_setup_teardown(name, make_temp, remove_temp)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_page_has_its_sum),
		T(every_bit_and_a_page_of_zeros_are_found),
		T(damaged_page_is_named_and_not_read),
		T(file_that_was_cut_off_is_no_zeros),
		T(file_without_sums_is_refused),
		T(damaged_page_of_the_log_is_not_read),
		T(transaction_beyond_the_cache_reads_its_own_pages),
		T(lies_about_writes_end_the_process),
		T(full_disk_comes_back),
		T(short_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
