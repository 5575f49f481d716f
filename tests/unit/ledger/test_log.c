/* test_log: the ledger as it runs: appending, undoing, proving, redacting, and what it publishes. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "labfix.h"
#include "ledger/published.h"
#include "ledger/tlogproof.h"

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

static struct db *reader(void)
{
	struct db *db = NULL;

	assert_int_equal(db_open(temp_file(&fix.temp, "records.db"), DB_READ, &db, &fix.err), OK);
	return db;
}

static struct note_vkey vkey(void)
{
	struct note_vkey key;

	if (published_vkey(fix.dir_fd, &mem, &key, &fix.err) != OK)
		fail_msg("%s", fix.err.msg);
	return key;
}

static void new_log_is_empty_and_published(void **state)
{
	struct checkpoint c;
	struct ledger_head head;
	struct str note, same;

	(void)state;
	labfix_start(&fix, NULL);
	struct note_vkey key = vkey();

	assert_int_equal(published_checkpoint(fix.dir_fd, &mem, &note, &fix.err), OK);
	assert_int_equal(checkpoint_open(&mem, note, &key, &c, &fix.err), OK);
	assert_int_equal(c.size, 0);
	assert_true(str_eq(c.origin, LABFIX_ORIGIN));
	assert_int_equal(ledger_checkpoint(fix.ledger, &mem, &head, &same, &fix.err), OK);
	assert_true(str_eq(note, same));
	labfix_stop(&fix);
}

/* State and entry are one: a job that fails after its append leaves neither, and the places close up. */
struct stateful {
	const char *key;
	bool fails;
	uint64_t index;
};

static enum err_kind change_and_append(struct db *db, void *arg, struct err *err)
{
	struct stateful *s = arg;
	struct stmt *stmt;
	char text[64];
	struct entry_draft draft = labfix_draft(1, text);
	enum err_kind rc = stmt_begin(
		db, "INSERT INTO meta (key, value) VALUES (:key, 'x')", &stmt, err);

	if (rc != OK)
		return rc;
	stmt_text(stmt, ":key", str_from(s->key));
	rc = stmt_run(stmt, NULL, err);
	if (rc == OK)
		rc = ledger_append(fix.ledger, db, &draft, &s->index, err);
	if (rc == OK && s->fails)
		rc = err_set(err, ERR_DENIED, "refused after the append");
	return rc;
}

static void state_and_entry_are_one(void **state)
{
	struct stateful a = { .key = "a" }, b = { .key = "b", .fails = true }, c = { .key = "c" };
	struct ledger_head head;
	struct str note;
	struct stmt *s;
	bool row;

	(void)state;
	labfix_start(&fix, NULL);
	assert_int_equal(writer_run(fix.writer, change_and_append, &a, &fix.err), OK);
	assert_int_equal(writer_run(fix.writer, change_and_append, &b, &fix.err), ERR_DENIED);
	assert_int_equal(writer_run(fix.writer, change_and_append, &c, &fix.err), OK);
	assert_int_equal(a.index, 0);
	assert_int_equal(c.index, 1);
	assert_int_equal(ledger_checkpoint(fix.ledger, &mem, &head, &note, &fix.err), OK);
	assert_int_equal(head.size, 2);
	struct db *db = reader();

	assert_int_equal(stmt_begin(db, "SELECT group_concat(key) FROM meta", &s, &fix.err), OK);
	assert_int_equal(stmt_step(s, &row, &fix.err), OK);
	assert_true(str_eq(stmt_col_str(s, 0), STR("a,c")));
	stmt_end(s);
	db_close(db);
	labfix_stop(&fix);
}

/* Many at once, some failing after their append: a batch with holes in it. */
enum { BATCH = 300 };

struct queued {
	struct writer_job job;
	int n;
	enum err_kind result;
	uint64_t index, size_when_done;
};

static enum err_kind append_queued(struct db *db, void *arg, struct err *err)
{
	struct queued *q = arg;
	char text[64];
	struct entry_draft draft = labfix_draft(q->n, text);
	enum err_kind rc = ledger_append(fix.ledger, db, &draft, &q->index, err);

	return rc == OK && q->n % 5 == 2 ? err_set(err, ERR_LIMIT, "no") : rc;
}

static void queued_done(void *arg, enum err_kind result, const struct err *err)
{
	struct queued *q = arg;
	struct arena scratch;
	struct ledger_head head;
	struct str note;
	struct err e;

	(void)err;
	q->result = result;
	arena_init(&scratch, 1 << 16);
	assert_int_equal(ledger_checkpoint(fix.ledger, &scratch, &head, &note, &e), OK);
	q->size_when_done = head.size;
	arena_reset(&scratch);
}

static void batches_with_holes_number_without_gaps(void **state)
{
	static struct queued jobs[BATCH];
	uint64_t next = 0;

	(void)state;
	labfix_start(&fix, NULL);
	for (int i = 0; i < BATCH; i++) {
		jobs[i] = (struct queued){ .n = i };
		jobs[i].job = (struct writer_job){
			.run = append_queued, .done = queued_done, .arg = &jobs[i]
		};
		assert_int_equal(writer_submit(fix.writer, &jobs[i].job, &fix.err), OK);
	}
	labfix_stop(&fix);
	for (int i = 0; i < BATCH; i++) {
		assert_int_equal(jobs[i].result, i % 5 == 2 ? ERR_LIMIT : OK);
		if (i % 5 == 2)
			continue;
		assert_int_equal(jobs[i].index, next);
		next++;
		/* Signed before answered. */
		assert_true(jobs[i].size_when_done > jobs[i].index);
	}
	labfix_start(&fix, NULL);
	assert_null(ledger_frozen(fix.ledger));
	labfix_stop(&fix);
}

static void assert_proved(struct db *db, uint64_t index, const struct note_vkey *key)
{
	struct tlogproof proof;
	struct checkpoint c;
	struct entry_row row;
	struct str text;
	struct arena scratch;

	arena_init(&scratch, 4 << 20);
	if (ledger_proof(fix.ledger, db, &scratch, index, &text, &fix.err) != OK)
		fail_msg("proof of %llu: %s", (unsigned long long)index, fix.err.msg);
	assert_int_equal(ledger_entry(db, &scratch, index, &row, &fix.err), OK);
	assert_int_equal(tlogproof_parse(text, &proof, &fix.err), OK);
	assert_int_equal(proof.index, index);
	if (tlogproof_verify(&scratch, &proof, key, &row.leaf, &c, &fix.err) != OK)
		fail_msg("proof of %llu: %s", (unsigned long long)index, fix.err.msg);
	arena_reset(&scratch);
}

static void every_entry_is_proved_at_every_kind_of_size(void **state)
{
	static const int sizes[] = { 1, 2, 3, 255, 256, 257, 511, 512, 513, 1000 };
	int count = 0;

	(void)state;
	labfix_start(&fix, NULL);
	struct note_vkey key = vkey();
	struct db *db = reader();

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(labfix_append_batch(&fix, count, sizes[i] - count), OK);
		count = sizes[i];
		for (int at = 0; at<count; at += count> 20 ? 37 : 1)
			assert_proved(db, (uint64_t)at, &key);
		assert_proved(db, (uint64_t)count - 1, &key);
		struct str text;

		assert_int_equal(
			ledger_proof(fix.ledger, db, &mem, (uint64_t)count, &text, &fix.err),
			ERR_NOT_FOUND);
	}
	db_close(db);
	labfix_stop(&fix);
}

/* 65,536 leaves make the first hash of level 2. */
static void three_levels_of_tiles(void **state)
{
	(void)state;
	labfix_start(&fix, NULL);
	struct note_vkey key = vkey();

	for (int n = 0; n < 66000; n += 6000)
		assert_int_equal(labfix_append_batch(&fix, n, 6000), OK);
	struct db *db = reader();

	assert_int_equal(faccessat(fix.dir_fd, "tile/2/000.p/1", F_OK, 0), 0);
	assert_int_equal(faccessat(fix.dir_fd, "tile/1/000", F_OK, 0), 0);
	assert_int_equal(faccessat(fix.dir_fd, "tile/entries/256", F_OK, 0), 0);
	for (uint64_t at = 0; at < 66000; at += 4999)
		assert_proved(db, at, &key);
	db_close(db);
	labfix_stop(&fix);
	labfix_start(&fix, NULL);
	assert_null(ledger_frozen(fix.ledger));
	labfix_stop(&fix);
}

static void partial_tiles_go_when_the_full_one_is_there(void **state)
{
	(void)state;
	labfix_start(&fix, NULL);
	for (int n = 0; n < 300; n++)
		assert_int_equal(labfix_append(&fix, n, NULL), OK);
	assert_int_equal(faccessat(fix.dir_fd, "tile/0/000", F_OK, 0), 0);
	assert_int_equal(faccessat(fix.dir_fd, "tile/entries/000", F_OK, 0), 0);
	assert_int_equal(faccessat(fix.dir_fd, "tile/0/000.p", F_OK, 0), -1);
	assert_int_equal(faccessat(fix.dir_fd, "tile/entries/000.p", F_OK, 0), -1);
	/* A checkpoint of any earlier size within the unfinished tile still finds its tiles. */
	for (unsigned width = 1; width <= 44; width++) {
		struct tile tile = { .level = 0, .index = 1, .width = (uint16_t)width };
		struct str bytes;

		assert_int_equal(published_tile(fix.dir_fd, &tile, &mem, &bytes, &fix.err), OK);
		assert_int_equal(bytes.len, width * 32);
	}
	labfix_stop(&fix);
}

static enum err_kind redact_run(struct db *db, void *arg, struct err *err)
{
	return ledger_redact(db, *(uint64_t *)arg, err);
}

/* Does the file hold these bytes anywhere? */
static bool file_holds(const char *name, const char *needle)
{
	int fd = open(temp_file(&fix.temp, name), O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return false;
	assert_int_equal(fstat(fd, &st), 0);
	char *bytes = malloc((size_t)st.st_size + 1);

	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
	close(fd);
	bool found = memmem(bytes, (size_t)st.st_size, needle, strlen(needle)) != NULL;

	free(bytes);
	return found;
}

static void redaction_keeps_every_proof(void **state)
{
	uint64_t gone = 5, none = 500;
	struct entry_row row;

	(void)state;
	labfix_start(&fix, NULL);
	assert_int_equal(labfix_append_batch(&fix, 0, 20), OK);
	struct note_vkey key = vkey();
	struct db *db = reader();

	assert_int_equal(ledger_entry(db, &mem, gone, &row, &fix.err), OK);
	assert_true(str_eq(row.detail, STR("{\"secret\":\"detail 5\"}")));
	assert_int_equal(row.nonce.len, 32);
	assert_int_equal(writer_run(fix.writer, redact_run, &gone, &fix.err), OK);
	assert_int_equal(writer_run(fix.writer, redact_run, &gone, &fix.err), ERR_CONFLICT);
	assert_int_equal(writer_run(fix.writer, redact_run, &none, &fix.err), ERR_NOT_FOUND);
	assert_int_equal(ledger_entry(db, &mem, gone, &row, &fix.err), OK);
	assert_true(row.redacted);
	assert_int_equal(row.detail.len + row.nonce.len, 0);
	for (uint64_t at = 0; at < 20; at++)
		assert_proved(db, at, &key);
	db_close(db);
	labfix_stop(&fix);
	assert_false(file_holds("records.db", "\"detail 5\""));
	assert_true(file_holds("records.db", "\"detail 6\""));
	labfix_start(&fix, NULL);
	assert_null(ledger_frozen(fix.ledger));
	labfix_stop(&fix);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(new_log_is_empty_and_published),
		T(state_and_entry_are_one),
		T(batches_with_holes_number_without_gaps),
		T(every_entry_is_proved_at_every_kind_of_size),
		T(three_levels_of_tiles),
		T(partial_tiles_go_when_the_full_one_is_there),
		T(redaction_keeps_every_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
