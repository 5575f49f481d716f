/* test_start: what a log makes of what it finds: a crash is caught up with, damage freezes it, files are made again. */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "labfix.h"
#include "ledger/published.h"
#include "ledger/verify.h"
#include "os/fs.h"

static struct labfix fix;
static struct arena mem;

static int set_up(void **state)
{
	(void)state;
	labfix_make(&fix);
	arena_init(&mem, 64 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_reset(&mem);
	labfix_remove(&fix);
	return 0;
}

/* A stopped lab of `count` entries, appended one by one, so that the records lag the file by one batch. */
static void make_log(int count)
{
	labfix_start(&fix, NULL);
	for (int n = 0; n < count; n++)
		assert_int_equal(labfix_append(&fix, n, NULL), OK);
	labfix_stop(&fix);
}

/* Opens; the log must be frozen with a reason that holds `words`, readable, and must take nothing. */
static void assert_frozen(const char *words)
{
	struct str before, after;
	struct entry_row row;

	assert_int_equal(published_checkpoint(fix.dir_fd, &mem, &before, &fix.err), OK);
	labfix_start(&fix, NULL);
	const char *why = ledger_frozen(fix.ledger);

	if (why == NULL || strstr(why, words) == NULL)
		fail_msg("frozen: %s; wanted: %s", why == NULL ? "no" : why, words);
	assert_int_equal(labfix_append(&fix, 9, NULL), ERR_FROZEN);
	struct db *db;

	assert_int_equal(db_open(temp_file(&fix.temp, "records.db"), DB_READ, &db, &fix.err), OK);
	assert_int_equal(ledger_entry(db, &mem, 0, &row, &fix.err), OK);
	db_close(db);
	labfix_stop(&fix);
	/* Nothing was signed or published. */
	assert_int_equal(published_checkpoint(fix.dir_fd, &mem, &after, &fix.err), OK);
	assert_true(str_eq(before, after));
}

static void assert_sound(uint64_t size)
{
	struct ledger_report report = { 0 };
	struct note_vkey key;
	struct db *db;

	labfix_start(&fix, NULL);
	if (ledger_frozen(fix.ledger) != NULL)
		fail_msg("frozen: %s", ledger_frozen(fix.ledger));
	assert_int_equal(published_vkey(fix.dir_fd, &mem, &key, &fix.err), OK);
	assert_int_equal(db_open(temp_file(&fix.temp, "records.db"), DB_READ, &db, &fix.err), OK);
	if (ledger_verify(fix.dir_fd, db, &key, &mem, &report, &fix.err) != OK)
		fail_msg("%s", fix.err.msg);
	assert_int_equal(report.checkpoint.size, size);
	assert_int_equal(report.beyond, 0);
	db_close(db);
	labfix_stop(&fix);
}

static void flip_file(const char *name, off_t at)
{
	int fd = openat(fix.dir_fd, name, O_RDWR | O_CLOEXEC);
	char c;

	assert_int_equal(pread(fd, &c, 1, at), 1);
	c ^= 1;
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
	close(fd);
}

static void write_file(const char *name, struct str bytes)
{
	assert_int_equal(fs_replace(fix.dir_fd, name, bytes, 0644, &fix.err), OK);
}

static void damage_below_a_signed_size_freezes(void **state)
{
	static const struct {
		const char *sql, *words;
	} cases[] = {
		{ "UPDATE entries SET bytes = CAST(replace(CAST(bytes AS TEXT), 'engagement.open', 'engagement.opeN') AS BLOB)"
		  " WHERE idx = 1",
			"entry 1 does not fit its hash" },
		{ "UPDATE entries SET leaf = x'00' || substr(leaf, 2) WHERE idx = 2",
			"entry 2 does not fit its hash" },
		{ "UPDATE entries SET leaf = x'' WHERE idx = 4", "entry 4 does not fit its hash" },
		{ "DELETE FROM entries WHERE idx = 3", "entry 3 is missing" },
		{ "DELETE FROM entries WHERE idx >= 3", "ahead of the records" },
		{ "UPDATE checkpoints SET root = x'00' || substr(root, 2)",
			"differs from the size and root" },
		{ "UPDATE checkpoints SET size = size - 1", "differs from the size and root" },
		{ "UPDATE checkpoints SET note = CAST(replace(CAST(note AS TEXT), 'example.org', 'example.orf') AS BLOB)",
			"not ours or damaged" },
		{ "DELETE FROM checkpoints", "no signed checkpoint" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_log(6);
		labfix_sql(&fix, cases[i].sql);
		assert_frozen(cases[i].words);
		labfix_remove(&fix);
		labfix_make(&fix);
	}
}

/* An entry rewritten with a matching leaf: only the signed root tells. */
static enum err_kind rewrite_run(struct db *db, void *arg, struct err *err)
{
	struct stmt *s;
	struct str bytes = *(const struct str *)arg;
	struct sha256 leaf = merkle_leaf(bytes);
	enum err_kind rc = stmt_begin(
		db, "UPDATE entries SET bytes = :bytes, leaf = :leaf WHERE idx = 1", &s, err);

	if (rc != OK)
		return rc;
	stmt_blob(s, ":bytes", bytes);
	stmt_blob(s, ":leaf", str_of(leaf.bytes, SHA256_BYTES));
	return stmt_run(s, NULL, err);
}

static void a_rewritten_entry_freezes(void **state)
{
	struct str forged = STR("{\"another\":\"entry\"}");

	(void)state;
	make_log(5);
	labfix_start(&fix, NULL);
	assert_int_equal(writer_run(fix.writer, rewrite_run, &forged, &fix.err), OK);
	labfix_stop(&fix);
	assert_frozen("another root than the checkpoint");
}

static void every_flipped_byte_of_the_published_checkpoint_freezes(void **state)
{
	struct str note;

	(void)state;
	make_log(3);
	assert_int_equal(published_checkpoint(fix.dir_fd, &mem, &note, &fix.err), OK);
	for (size_t at = 0; at < note.len; at++) {
		flip_file("checkpoint", (off_t)at);
		labfix_start(&fix, NULL);
		if (ledger_frozen(fix.ledger) == NULL)
			fail_msg("byte %zu flipped, and not frozen", at);
		labfix_stop(&fix);
		flip_file("checkpoint", (off_t)at);
	}
	assert_sound(3);
}

static void a_lost_checkpoint_file_is_made_again(void **state)
{
	static const char zeros[200];
	struct str note, again;

	(void)state;
	make_log(7);
	assert_int_equal(published_checkpoint(fix.dir_fd, &mem, &note, &fix.err), OK);
	for (int how = 0; how < 3; how++) {
		if (how == 0)
			assert_int_equal(unlinkat(fix.dir_fd, "checkpoint", 0), 0);
		else
			write_file("checkpoint", how == 1 ? STR("") : str_of(zeros, sizeof(zeros)));
		assert_sound(7);
		/* Ed25519 is deterministic: the very same note. */
		assert_int_equal(published_checkpoint(fix.dir_fd, &mem, &again, &fix.err), OK);
		assert_true(str_eq(note, again));
	}
}

static void older_records_freeze(void **state)
{
	struct str bytes;
	int at;

	(void)state;
	make_log(4);
	at = open(fix.temp.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(fs_read(at, "records.db", 16 << 20, &mem, &bytes, &fix.err), OK);
	labfix_start(&fix, NULL);
	assert_int_equal(labfix_append(&fix, 4, NULL), OK);
	labfix_stop(&fix);
	assert_int_equal(fs_replace(at, "records.db", bytes, 0600, &fix.err), OK);
	close(at);
	assert_frozen("the checkpoint of size 5 is ahead of the records, which hold 4 entries");
}

static void another_key_freezes(void **state)
{
	uint8_t seed[SIGN_SEED_BYTES] = { 8 };
	struct sign_public public_key;

	(void)state;
	make_log(2);
	sign_from_seed(seed, &public_key, &fix.key);
	assert_frozen("not ours or damaged");
}

static void damaged_tiles_are_made_again(void **state)
{
	(void)state;
	labfix_start(&fix, NULL);
	assert_int_equal(labfix_append_batch(&fix, 0, 600), OK);
	labfix_stop(&fix);
	flip_file("tile/0/000", 77);
	flip_file("tile/0/002.p/88", 5);
	flip_file("tile/entries/001", 1000);
	assert_int_equal(unlinkat(fix.dir_fd, "tile/1/000.p/2", 0), 0);
	assert_int_equal(truncate(temp_file(&fix.temp, "ledger/tile/0/001"), 100), 0);
	assert_sound(600);
	assert_int_equal(fs_remove_tree(fix.dir_fd, "tile", &fix.err), OK);
	assert_int_equal(unlinkat(fix.dir_fd, "log.vkey", 0), 0);
	labfix_start(&fix, NULL);
	labfix_stop(&fix);
	assert_sound(600);
	/* A frozen log publishes nothing, damaged tiles stay what they are. */
	flip_file("tile/0/000", 77);
	labfix_sql(&fix, "UPDATE entries SET leaf = x'00' WHERE idx = 5");
	assert_frozen("entry 5");
	flip_file("tile/0/000", 77);
}

/* Readers of an older checkpoint are never handed a tile that is not the beginning of today's. */
static void damaged_tiles_of_older_checkpoints_go_away(void **state)
{
	static const char *const names[] = { "tile/0/000.p/3", "tile/entries/000.p/3" };

	(void)state;
	make_log(5);
	for (size_t i = 0; i < 2; i++) {
		flip_file(names[i], 7);
		assert_sound(5);
		assert_int_equal(faccessat(fix.dir_fd, names[i], F_OK, 0), -1);
	}
	assert_int_equal(faccessat(fix.dir_fd, "tile/0/000.p/4", F_OK, 0), 0);
	assert_int_equal(truncate(temp_file(&fix.temp, "ledger/tile/entries/000.p/4"), 100), 0);
	assert_sound(5);
	assert_int_equal(faccessat(fix.dir_fd, "tile/entries/000.p/4", F_OK, 0), -1);
}

/* Ends the process inside a batch, at one of the places around the ledger's hooks. */
static struct writer_hooks inner;
static char die_where;
static int batches_until;

static void die_at(char where)
{
	if (where == die_where && batches_until == 0)
		kill(getpid(), SIGKILL);
}

static enum err_kind dying_before(void *arg, struct db *db, struct err *err)
{
	die_at('b');
	enum err_kind rc = inner.before_commit(arg, db, err);

	die_at('B');
	return rc;
}

static enum err_kind dying_after(void *arg, struct db *db, struct err *err)
{
	die_at('a');
	enum err_kind rc = inner.after_commit(arg, db, err);

	die_at('A');
	batches_until--;
	return rc;
}

/* In a child: append one by one, telling each acknowledged entry through the pipe, until killed. */
static void append_until_killed(int pipe_fd, int count, char where)
{
	if (labfix_open(&fix) != OK)
		_exit(3);
	inner = ledger_hooks(fix.ledger);
	struct writer_hooks dying = inner;

	dying.before_commit = dying_before;
	dying.after_commit = dying_after;
	die_where = where;
	batches_until = count;
	if (writer_start(fix.db, &dying, &fix.writer, &fix.err) != OK)
		_exit(3);
	for (int n = 0;; n++) {
		uint64_t index;

		if (labfix_append(&fix, n, &index) != OK ||
			write(pipe_fd, &index, sizeof(index)) != (ssize_t)sizeof(index))
			_exit(4);
	}
}

static void killed_anywhere_nothing_acknowledged_is_lost(void **state)
{
	static const char places[] = "bBaA";
	uint64_t size = 0;

	(void)state;
	labfix_start(&fix, NULL);
	labfix_stop(&fix);
	for (int round = 0; round < 12; round++) {
		char where = places[round % 4];
		int fds[2], status, after = round / 4 * 3;
		uint64_t index, acknowledged = 0;
		struct ledger_head head;
		struct str note;

		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		fflush(NULL);
		pid_t pid = fork();

		if (pid == 0)
			append_until_killed(fds[1], after, where);
		close(fds[1]);
		while (read(fds[0], &index, sizeof(index)) == (ssize_t)sizeof(index)) {
			assert_int_equal(index, size + acknowledged);
			acknowledged++;
		}
		close(fds[0]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		assert_int_equal(acknowledged, after);
		labfix_start(&fix, NULL);
		assert_null(ledger_frozen(fix.ledger));
		assert_int_equal(ledger_checkpoint(fix.ledger, &mem, &head, &note, &fix.err), OK);
		labfix_stop(&fix);
		/* Before the commit the last one is gone, after it it is there, and signed by now. */
		size += acknowledged + (where == 'a' || where == 'A');
		assert_int_equal(head.size, size);
		assert_sound(size);
	}
}

/* The commit holds something else than was hashed: the process must end, and nothing may be signed. */
static const char *corrupting;

static enum err_kind corrupt_before(void *arg, struct db *db, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = inner.before_commit(arg, db, err);

	if (rc == OK)
		rc = stmt_begin(db, corrupting, &s, err);
	return rc == OK ? stmt_run(s, NULL, err) : rc;
}

/* One bit of the newest row turns over in the write-ahead log itself, where no statement has been. */
static enum err_kind corrupt_file_after(void *arg, struct db *db, struct err *err)
{
	static char log[1 << 20];
	int fd = open(temp_file(&fix.temp, "records.db-wal"), O_RDWR | O_CLOEXEC);
	ssize_t len = read(fd, log, sizeof(log));
	size_t word_len = strlen(corrupting);
	char *at = NULL;

	for (char *p = log; len > 0 && p + word_len < log + len; p++)
		if (memcmp(p, corrupting, word_len) == 0)
			at = p;
	if (at == NULL)
		_exit(5);
	*at ^= 1;
	if (pwrite(fd, at, 1, at - log) != 1)
		_exit(5);
	close(fd);
	return inner.after_commit(arg, db, err);
}

static void dies_unsigned(const char *sql, bool in_file)
{
	struct str before, after;
	int status;

	corrupting = sql;
	assert_int_equal(published_checkpoint(fix.dir_fd, &mem, &before, &fix.err), OK);
	fflush(NULL);
	pid_t pid = fork();

	if (pid == 0) {
		if (freopen("/dev/null", "w", stderr) == NULL || labfix_open(&fix) != OK)
			_exit(3);
		inner = ledger_hooks(fix.ledger);
		struct writer_hooks hooks = inner;

		if (in_file)
			hooks.after_commit = corrupt_file_after;
		else
			hooks.before_commit = corrupt_before;
		if (writer_start(fix.db, &hooks, &fix.writer, &fix.err) != OK)
			_exit(3);
		(void)!labfix_append(&fix, 2, NULL);
		_exit(2); /* answered */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_int_equal(published_checkpoint(fix.dir_fd, &mem, &after, &fix.err), OK);
	assert_true(str_eq(before, after));
}

static void what_reads_back_otherwise_is_never_signed(void **state)
{
	(void)state;
	make_log(2);
	dies_unsigned("UPDATE entries SET bytes = x'7b7d' WHERE idx = 2", false);
	/* The bad row stands beyond what was signed, and is not taken over either. */
	assert_frozen("entry 2 does not fit its hash");
}

static void a_detail_that_reads_back_otherwise_is_never_signed(void **state)
{
	(void)state;
	make_log(2);
	dies_unsigned("UPDATE entries SET detail = x'7b7d' WHERE idx = 2", false);
	assert_frozen("the detail of entry 2 is not what it commits to");
}

static void what_lies_otherwise_in_the_file_is_never_signed(void **state)
{
	(void)state;
	make_log(2);
	dies_unsigned("{\"secret\":\"detail 2", true);
	/* The log of the database tells, too, that it was not written so: the entry is gone, and nobody was told of it. */
	assert_sound(2);
}

static void a_checkpoint_that_reads_back_otherwise_is_not_built_upon(void **state)
{
	(void)state;
	make_log(2);
	dies_unsigned("UPDATE checkpoints SET note = x'41'", false);
	assert_frozen("the checkpoint in the records is not ours or damaged");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(damage_below_a_signed_size_freezes),
		T(a_rewritten_entry_freezes),
		T(every_flipped_byte_of_the_published_checkpoint_freezes),
		T(a_lost_checkpoint_file_is_made_again),
		T(older_records_freeze),
		T(another_key_freezes),
		T(damaged_tiles_are_made_again),
		T(damaged_tiles_of_older_checkpoints_go_away),
		T(killed_anywhere_nothing_acknowledged_is_lost),
		T(what_reads_back_otherwise_is_never_signed),
		T(a_detail_that_reads_back_otherwise_is_never_signed),
		T(what_lies_otherwise_in_the_file_is_never_signed),
		T(a_checkpoint_that_reads_back_otherwise_is_not_built_upon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
