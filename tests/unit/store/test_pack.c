#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "os/fs.h"
#include "store/pack.h"
#include "temp.h"

/*
 * Every write, sync, commit and removal of the store goes through these: the fault tests count them in a
 * child and end it at the n-th, before the call or after it (linked with --wrap).
 */
static int die_at, calls;
static bool sync_fails, bit_flips;

static void count_call(void)
{
	if (die_at > 0 && ++calls == die_at)
		_exit(9);
}

enum err_kind __real_fs_pwrite_all(int, const void *, size_t, uint64_t, struct err *);
enum err_kind __wrap_fs_pwrite_all(int, const void *, size_t, uint64_t, struct err *);
enum err_kind __real_fs_sync(int, struct err *);
enum err_kind __wrap_fs_sync(int, struct err *);
enum err_kind __real_fs_sync_dir(int, const char *, struct err *);
enum err_kind __wrap_fs_sync_dir(int, const char *, struct err *);
enum err_kind __real_fs_remove(int, const char *, struct err *);
enum err_kind __wrap_fs_remove(int, const char *, struct err *);
enum err_kind __real_db_commit(struct db *, struct err *);
enum err_kind __wrap_db_commit(struct db *, struct err *);

enum err_kind __wrap_fs_pwrite_all(
	int fd, const void *bytes, size_t len, uint64_t at, struct err *e)
{
	/* Half of it reaches the file when this is the call to die at. */
	if (die_at > 0 && calls + 1 == die_at)
		(void)!__real_fs_pwrite_all(fd, bytes, len / 2, at, e);
	count_call();
	if (bit_flips && len > 100) {
		const char *from = bytes;
		char flipped = (char)(from[99] ^ 1);
		enum err_kind rc = __real_fs_pwrite_all(fd, bytes, len, at, e);

		return rc != OK ? rc : __real_fs_pwrite_all(fd, &flipped, 1, at + 99, e);
	}
	return __real_fs_pwrite_all(fd, bytes, len, at, e);
}

enum err_kind __wrap_fs_sync(int fd, struct err *e)
{
	count_call();
	if (sync_fails)
		return err_set(e, ERR_IO, "fdatasync: as the test wants it");
	return __real_fs_sync(fd, e);
}

enum err_kind __wrap_fs_sync_dir(int at, const char *path, struct err *e)
{
	count_call();
	return __real_fs_sync_dir(at, path, e);
}

enum err_kind __wrap_fs_remove(int at, const char *path, struct err *e)
{
	count_call();
	return __real_fs_remove(at, path, e);
}

enum err_kind __wrap_db_commit(struct db *db, struct err *e)
{
	count_call();
	enum err_kind rc = __real_db_commit(db, e);

	count_call();
	return rc;
}

/* A lab's store: a database and a folder of packs. */
struct fixture {
	struct temp temp;
	int dir_fd;
	struct db *db;
	struct pack_store *store;
};

static struct fixture fx;
static struct err err;

static void open_store(void)
{
	fx.dir_fd = temp_open(&fx.temp);
	if (db_open(temp_file(&fx.temp, "records.db"), DB_WRITE, &fx.db, &err) != OK ||
		pack_open(fx.dir_fd, fx.db, &fx.store, &err) != OK)
		fail_msg("%s", err.msg);
}

static void close_store(void)
{
	pack_close(fx.store);
	db_close(fx.db);
	close(fx.dir_fd);
}

static int set_up(void **state)
{
	(void)state;
	die_at = calls = 0;
	sync_fails = bit_flips = false;
	temp_make(&fx.temp);
	open_store();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close_store();
	temp_remove(&fx.temp);
	return 0;
}

/* Blob number n: its length and bytes follow from n; number 0 is empty. */
static struct str blob(int n)
{
	static char bytes[64 * 1024];
	size_t len = (size_t)n * 37 % sizeof(bytes);

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)((size_t)n * 131 + i * 7);
	if (len >= 4)
		memcpy(bytes, &n, 4);
	return str_of(bytes, len);
}

static enum err_kind ingest(int from, int to, bool keep)
{
	struct pack_place places[256];
	size_t count = 0;
	enum err_kind rc = pack_begin(fx.store, &err);

	for (int n = from; n < to && rc == OK; n++) {
		bool fresh;

		rc = pack_add(fx.store, fx.db, blob(n), &places[count], &fresh, &err);
		count += fresh;
	}
	if (rc == OK)
		rc = pack_sync(fx.store, &err);
	if (rc == OK && keep) {
		rc = db_begin(fx.db, &err);
		if (rc == OK)
			rc = pack_record(fx.db, places, count, &err);
		if (rc == OK)
			rc = db_commit(fx.db, &err);
	}
	pack_end(fx.store, keep && rc == OK);
	return rc;
}

static enum err_kind read_blob(int n, struct str *bytes)
{
	struct sha256 digest = sha256_of(blob(n));

	return pack_read(fx.store, fx.db, &digest, bytes, &err);
}

static void assert_blobs(int from, int to, enum err_kind want)
{
	for (int n = from; n < to; n++) {
		struct str bytes;
		enum err_kind rc = read_blob(n, &bytes);

		if (rc != want)
			fail_msg("blob %d: %s", n, rc == OK ? "there" : err.msg);
		if (rc == OK)
			assert_true(str_eq(bytes, blob(n)));
	}
}

static uint64_t file_bytes(const char *name)
{
	struct stat st;

	return stat(temp_file(&fx.temp, name), &st) == 0 ? (uint64_t)st.st_size : 0;
}

static void reads_what_was_added(void **state)
{
	struct pack_place place;
	bool fresh = true;

	(void)state;
	assert_int_equal(ingest(0, 50, true), OK);
	assert_blobs(0, 50, OK);
	assert_blobs(50, 60, ERR_NOT_FOUND);
	/* The same bytes again take no room, from the records and within one batch. */
	uint64_t before = file_bytes("0001.pack");

	assert_int_equal(ingest(0, 50, true), OK);
	assert_int_equal(file_bytes("0001.pack"), before);
	assert_int_equal(pack_begin(fx.store, &err), OK);
	assert_int_equal(pack_add(fx.store, fx.db, blob(99), &place, &fresh, &err), OK);
	assert_true(fresh);
	assert_int_equal(pack_add(fx.store, fx.db, blob(99), &place, &fresh, &err), OK);
	assert_false(fresh);
	assert_int_equal(pack_begin(fx.store, &err), ERR_CONFLICT);
	pack_end(fx.store, false);
	assert_int_equal(file_bytes("0001.pack"), before);
	close_store();
	open_store();
	assert_blobs(0, 50, OK);
	uint64_t checked = 0;

	assert_int_equal(pack_verify(fx.store, fx.db, &checked, &err), OK);
	assert_int_equal(checked, 50);
}

static void what_was_not_recorded_is_cut_off(void **state)
{
	(void)state;
	assert_int_equal(ingest(1, 20, true), OK);
	uint64_t before = file_bytes("0001.pack");

	/* As an ingest that died: bytes at the end of the pack and a pack of its own. */
	int fd = open(temp_file(&fx.temp, "0001.pack"), O_WRONLY | O_APPEND);

	assert_int_equal(write(fd, "half a file", 11), 11);
	close(fd);
	fd = open(temp_file(&fx.temp, "0002.pack"), O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "vtrpack1", 8), 8);
	close(fd);
	close_store();
	open_store();
	assert_int_equal(file_bytes("0001.pack"), before);
	assert_int_equal(access(temp_file(&fx.temp, "0002.pack"), F_OK), -1);
	assert_blobs(1, 20, OK);
	assert_int_equal(ingest(20, 40, true), OK);
	assert_blobs(1, 40, OK);
}

static void a_second_open_conflicts_and_a_reader_does_not(void **state)
{
	struct pack_store *second;
	struct db *db;

	(void)state;
	assert_int_equal(ingest(1, 5, true), OK);
	assert_int_equal(pack_open(fx.dir_fd, fx.db, &second, &err), ERR_CONFLICT);
	assert_int_equal(db_open(temp_file(&fx.temp, "records.db"), DB_READ, &db, &err), OK);
	/* Beside an ingest under way: nothing is cut. */
	struct pack_place place;
	bool fresh;

	assert_int_equal(pack_begin(fx.store, &err), OK);
	assert_int_equal(pack_add(fx.store, fx.db, blob(77), &place, &fresh, &err), OK);
	uint64_t during = file_bytes("0001.pack");

	assert_int_equal(pack_open_read(fx.dir_fd, db, &second, &err), OK);
	uint64_t checked = 0;

	assert_int_equal(pack_verify(second, db, &checked, &err), OK);
	assert_int_equal(checked, 4);
	pack_close(second);
	db_close(db);
	assert_int_equal(file_bytes("0001.pack"), during);
	pack_end(fx.store, false);
}

static void flip(const char *name, uint64_t at)
{
	int fd = open(temp_file(&fx.temp, name), O_RDWR);
	char c;

	assert_int_equal(pread(fd, &c, 1, (off_t)at), 1);
	c ^= 0x10;
	assert_int_equal(pwrite(fd, &c, 1, (off_t)at), 1);
	close(fd);
}

static void flipped_bits_name_the_digest(void **state)
{
	char hex[SHA256_HEX_BYTES];
	struct str bytes;
	uint64_t checked;
	struct sha256 digest = sha256_of(blob(7));

	(void)state;
	assert_int_equal(ingest(7, 9, true), OK);
	sha256_format(&digest, hex);
	/* Every byte of blob 7 in turn; blob 8 stays readable. */
	for (uint64_t at = 16; at < 16 + blob(7).len; at += 13) {
		flip("0001.pack", at);
		close_store();
		open_store();
		assert_int_equal(read_blob(7, &bytes), ERR_CORRUPT);
		assert_non_null(strstr(err.msg, hex));
		assert_int_equal(read_blob(8, &bytes), OK);
		assert_int_equal(pack_verify(fx.store, fx.db, &checked, &err), ERR_CORRUPT);
		assert_non_null(strstr(err.msg, hex));
		flip("0001.pack", at);
	}
	close_store();
	open_store();
	assert_int_equal(read_blob(7, &bytes), OK);
	/* Once hashed, a later reading is not hashed again, but verify does. */
	flip("0001.pack", 20);
	assert_int_equal(pack_verify(fx.store, fx.db, &checked, &err), ERR_CORRUPT);
}

static void an_empty_blob_does_not_vouch_for_its_neighbour(void **state)
{
	struct str bytes;

	(void)state;
	assert_int_equal(ingest(0, 2, true), OK); /* blob 1 begins where blob 0, empty, lies */
	flip("0001.pack", 16);
	assert_int_equal(read_blob(0, &bytes), OK);
	assert_int_equal(read_blob(1, &bytes), ERR_CORRUPT);
}

static void truncated_packs_are_read_as_far_as_they_go(void **state)
{
	struct str bytes;

	(void)state;
	assert_int_equal(ingest(1, 100, true), OK);
	uint64_t whole = file_bytes("0001.pack");

	for (int cut = 0; cut < 4; cut++) {
		uint64_t keep = whole * (uint64_t)(3 - cut) / 4;

		close_store();
		assert_int_equal(truncate(temp_file(&fx.temp, "0001.pack"), (off_t)keep), 0);
		open_store();
		assert_int_equal(read_blob(99, &bytes), ERR_CORRUPT);
		if (keep > whole / 4)
			assert_int_equal(read_blob(1, &bytes), OK);
		/* What comes next goes to a new pack, and that is sound. */
		assert_int_equal(ingest(100 + cut, 101 + cut, true), OK);
		assert_blobs(100, 101 + cut, OK);
		assert_int_equal(file_bytes("0001.pack"), keep);
	}
	close_store();
	assert_int_equal(unlink(temp_file(&fx.temp, "0001.pack")), 0);
	open_store();
	assert_int_equal(read_blob(1, &bytes), ERR_CORRUPT);
	assert_blobs(100, 104, OK);
}

static enum err_kind odd_is_live(void *arg, const struct sha256 *digest, bool *live, struct err *e)
{
	(void)arg;
	(void)e;
	*live = false;
	for (int n = 1; n < 60; n += 2) {
		struct sha256 odd = sha256_of(blob(n));

		*live |= sha256_eq(&odd, digest);
	}
	return OK;
}

/* As a lab does it, in a transaction of its own. */
static enum err_kind compact(struct pack_freed *freed)
{
	struct pack_compaction *c;
	enum err_kind rc = pack_compact_begin(fx.store, fx.db, odd_is_live, NULL, &c, freed, &err);

	if (rc == OK)
		rc = db_begin(fx.db, &err);
	if (rc == OK)
		rc = pack_compact_rows(c, fx.db, &err);
	if (rc == OK)
		rc = db_commit(fx.db, &err);
	return rc == OK ? pack_compact_end(c, true, &err) : rc;
}

static void a_compaction_that_is_given_up_changes_nothing(void **state)
{
	struct pack_freed freed;
	struct pack_compaction *c;

	(void)state;
	assert_int_equal(ingest(0, 20, true), OK);
	uint64_t before = file_bytes("0001.pack");

	assert_int_equal(
		pack_compact_begin(fx.store, fx.db, odd_is_live, NULL, &c, &freed, &err), OK);
	assert_int_equal(freed.blobs, 10);
	assert_true(file_bytes("0002.pack") > 0);
	assert_int_equal(pack_compact_end(c, false, &err), OK);
	assert_int_equal(file_bytes("0002.pack"), 0);
	assert_int_equal(file_bytes("0001.pack"), before);
	assert_blobs(0, 20, OK);
	assert_int_equal(ingest(20, 25, true), OK);
	assert_blobs(0, 25, OK);
}

static void compaction_keeps_what_lives(void **state)
{
	struct pack_freed freed;
	uint64_t want = 0;

	(void)state;
	assert_int_equal(ingest(0, 60, true), OK);
	for (int n = 0; n < 60; n += 2)
		want += blob(n).len;
	uint64_t before = file_bytes("0001.pack");

	assert_int_equal(compact(&freed), OK);
	assert_int_equal(freed.bytes, want);
	assert_int_equal(freed.blobs, 30);
	assert_int_equal(file_bytes("0001.pack"), 0);
	assert_int_equal(file_bytes("0002.pack"), before - want);
	for (int n = 0; n < 60; n++)
		assert_blobs(n, n + 1, n % 2 == 1 ? OK : ERR_NOT_FOUND);
	assert_int_equal(compact(&freed), OK);
	assert_int_equal(freed.bytes, 0);
	assert_int_equal(ingest(70, 80, true), OK);
	close_store();
	open_store();
	assert_blobs(70, 80, OK);
}

/* Ends a child at its n-th call, for every n; after each death the store must hold what `check` says. */
static void die_everywhere(enum err_kind (*act)(void), void (*check)(bool finished))
{
	bool finished = false;

	close_store();
	for (int n = 1; !finished; n++) {
		int status = 0;

		assert_in_range(n, 1, 2000);
		fflush(NULL);
		pid_t pid = fork();

		if (pid == 0) {
			open_store();
			calls = 0;
			die_at = n;
			enum err_kind rc = act();

			_exit(rc == OK ? 0 : 1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 9);
		finished = WEXITSTATUS(status) == 0;
		open_store();
		check(finished);
		uint64_t checked;

		assert_int_equal(pack_verify(fx.store, fx.db, &checked, &err), OK);
		close_store();
	}
	open_store();
}

static enum err_kind act_compact(void)
{
	struct pack_freed freed;

	return compact(&freed);
}

static void check_compacted(bool finished)
{
	struct str bytes;
	bool moved = read_blob(2, &bytes) == ERR_NOT_FOUND;

	for (int n = 1; n < 20; n += 2)
		assert_blobs(n, n + 1, OK);
	for (int n = 0; n < 20; n += 2)
		assert_blobs(n, n + 1, moved ? ERR_NOT_FOUND : OK);
	assert_true(!finished || moved);
	if (moved && !finished) { /* begin anew, so that later calls are reached as well */
		for (int n = 0; n < 20; n += 2)
			assert_int_equal(ingest(n, n + 1, true), OK);
	}
}

static void compaction_may_die_anywhere(void **state)
{
	(void)state;
	assert_int_equal(ingest(0, 20, true), OK);
	die_everywhere(act_compact, check_compacted);
}

static enum err_kind act_ingest(void)
{
	return ingest(10, 20, true);
}

static void check_ingested(bool finished)
{
	struct str bytes;
	bool there = read_blob(15, &bytes) == OK;

	assert_blobs(1, 10, OK);
	assert_blobs(10, 20, there ? OK : ERR_NOT_FOUND);
	assert_true(!finished || there);
	if (!there) /* nothing is left behind */
		assert_int_equal(file_bytes("0001.pack"), 16 + 37 * 45 + PACK_PAD_BYTES);
}

static void ingest_may_die_anywhere(void **state)
{
	(void)state;
	assert_int_equal(ingest(1, 10, true), OK);
	die_everywhere(act_ingest, check_ingested);
}

static void a_bit_that_turns_over_on_the_way_is_noticed(void **state)
{
	(void)state;
	assert_int_equal(ingest(1, 10, true), OK);
	bit_flips = true;
	assert_int_equal(ingest(10, 20, true), ERR_CORRUPT);
	bit_flips = false;
	assert_blobs(10, 20, ERR_NOT_FOUND);
	assert_int_equal(ingest(10, 20, true), OK);
	assert_blobs(1, 20, OK);
}

/* A second sync could say OK of pages that the kernel has dropped: there must be none. */
static void a_sync_that_fails_ends_the_process(void **state)
{
	int status = 0;

	(void)state;
	assert_int_equal(ingest(1, 10, true), OK);
	close_store();
	fflush(NULL);
	pid_t pid = fork();

	if (pid == 0) {
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(3);
		open_store();
		sync_fails = true;
		_exit(ingest(10, 20, true) == OK ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	open_store();
	assert_blobs(1, 10, OK);
	assert_blobs(10, 20, ERR_NOT_FOUND);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(reads_what_was_added),
		T(what_was_not_recorded_is_cut_off),
		T(a_second_open_conflicts_and_a_reader_does_not),
		T(flipped_bits_name_the_digest),
		T(an_empty_blob_does_not_vouch_for_its_neighbour),
		T(truncated_packs_are_read_as_far_as_they_go),
		T(a_compaction_that_is_given_up_changes_nothing),
		T(compaction_keeps_what_lives),
		T(compaction_may_die_anywhere),
		T(ingest_may_die_anywhere),
		T(a_bit_that_turns_over_on_the_way_is_noticed),
		T(a_sync_that_fails_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
