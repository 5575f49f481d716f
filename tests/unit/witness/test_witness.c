/* The state machine: what it signs, what it refuses, what it remembers, and who comes second. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "harness.h"
#include "ledger/cosignature.h"
#include "os/fs.h"
#include "temp.h"
#include "testlog.h"

enum { YEARS_10_S = 315576000 };

struct fixture {
	struct temp temp;
	struct testlog log;
	struct testwitness w;
};

static struct fixture fix;
static bool disk_fails;

enum err_kind __real_fs_replace(
	int at, const char *path, struct str bytes, mode_t mode, struct err *err);
enum err_kind __wrap_fs_replace(
	int at, const char *path, struct str bytes, mode_t mode, struct err *err);

/* The disk says EIO when it is asked to keep the new state. */
enum err_kind __wrap_fs_replace(
	int at, const char *path, struct str bytes, mode_t mode, struct err *err)
{
	return disk_fails ? err_errno(err, EIO, "fsync %s", path)
			  : __real_fs_replace(at, path, bytes, mode, err);
}

static unsigned syncs;

int __real_fsync(int fd);
int __wrap_fsync(int fd);

int __wrap_fsync(int fd)
{
	syncs++;
	return __real_fsync(fd);
}

static int make(void **state)
{
	struct err err;

	(void)state;
	disk_fails = false;
	temp_make(&fix.temp);
	if (crypto_init(&err) != OK)
		return -1;
	testlog_make(&fix.log, "example.org/log", 1, 5);
	testwitness_make(&fix.w, &fix.log, fix.temp.dir, 0);
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	disk_fails = false;
	testwitness_free(&fix.w);
	testlog_free(&fix.log);
	temp_remove(&fix.temp);
	return 0;
}

static void expect(enum witness_verdict want, struct witness_answer got)
{
	if (got.verdict != want)
		fail_msg("verdict %d instead of %d: %s", got.verdict, want, got.why);
}

/* The answer's line is this witness's cosignature on that head, and of when. */
static uint64_t line_time(struct str head, struct str lines)
{
	struct note_verdict verdict;
	struct note note;
	struct str both;
	struct out o;
	struct err err;

	out_init(&o, &fix.log.mem, NOTE_BYTES_MAX);
	out_put(&o, head);
	out_put(&o, lines);
	assert_int_equal(out_finish(&o, &both, &err), OK);
	assert_int_equal(note_parse(both, &note, &err), OK);
	assert_int_equal(note_verify(&fix.log.mem, &note, &fix.w.vkey, 1, &verdict, &err), OK);
	return verdict.time_s;
}

static void a_log_grows_and_is_cosigned(void **state)
{
	uint64_t old = 0, before = 0;

	(void)state;
	for (uint64_t size = 0; size <= 40; old = size, size += 1 + size % 3) {
		struct witness_answer a = testwitness_add(&fix.w, 0, old, size);

		expect(WITNESS_COSIGNED, a);
		assert_int_equal(a.size, size);
		uint64_t time = line_time(testlog_note(&fix.log, 0, size), a.lines);

		assert_true(time >= before && time > 1700000000);
		before = time;
	}
	/* The same head again is as true as before. */
	expect(WITNESS_COSIGNED, testwitness_add(&fix.w, 0, old, old));
	assert_int_equal(fix.w.alarms, 0);
}

static void what_is_stored_holds_after_a_restart(void **state)
{
	struct witness_state s;
	struct err err;

	(void)state;
	expect(WITNESS_COSIGNED, testwitness_add(&fix.w, 0, 0, 7));
	testwitness_restart(&fix.w);
	assert_int_equal(witness_head(fix.w.witness, fix.log.vkey.name, &s, &err), OK);
	struct sha256 root = testlog_root(&fix.log, 0, 7);

	assert_int_equal(s.size, 7);
	assert_memory_equal(&s.root, &root, sizeof(root));
	/* The other branch left at 5: no proof leads there from what is remembered. */
	expect(WITNESS_UNPROVED, testwitness_add(&fix.w, 1, 7, 9));
	expect(WITNESS_CONFLICT, testwitness_add(&fix.w, 1, 0, 9));
	expect(WITNESS_CONFLICT, testwitness_add(&fix.w, 1, 5, 9));
	expect(WITNESS_COSIGNED, testwitness_add(&fix.w, 0, 7, 9));
}

static void the_remembered_size_is_told(void **state)
{
	(void)state;
	expect(WITNESS_COSIGNED, testwitness_add(&fix.w, 0, 0, 20));
	struct witness_answer a = testwitness_add(&fix.w, 0, 19, 30);

	expect(WITNESS_CONFLICT, a);
	assert_int_equal(a.size, 20);
	expect(WITNESS_CONFLICT, testwitness_add(&fix.w, 0, 21, 30));
	/* An older head, of its own right size: the witness never goes back. */
	expect(WITNESS_CONFLICT, testwitness_add(&fix.w, 0, 10, 10));
	expect(WITNESS_MALFORMED, testwitness_add(&fix.w, 0, 20, 10));
}

static void another_root_of_the_same_size_is_kept_as_proof(void **state)
{
	char name[SHA256_HEX_BYTES], path[SHA256_HEX_BYTES + 8];
	struct str kept;
	struct err err;

	(void)state;
	expect(WITNESS_COSIGNED, testwitness_add(&fix.w, 0, 0, 8));
	expect(WITNESS_UNPROVED, testwitness_add(&fix.w, 1, 8, 8));
	assert_string_equal(fix.w.rules, "fork ");
	witness_state_name(fix.log.vkey.name, name);
	snprintf(path, sizeof(path), "%s" WITNESS_FORK_SUFFIX, name);
	assert_int_equal(
		fs_read(fix.w.dir_fd, path, NOTE_BYTES_MAX, &fix.log.mem, &kept, &err), OK);
	assert_true(str_eq(kept, testlog_note(&fix.log, 1, 8)));
}

static void proofs_that_do_not_hold(void **state)
{
	struct add_request good, r;

	(void)state;
	expect(WITNESS_COSIGNED, testwitness_add(&fix.w, 0, 0, 6));
	good = testlog_request(&fix.log, 0, 6, 13);
	assert_true(good.path.count > 2);
	r = good;
	r.path.count--;
	expect(WITNESS_UNPROVED, testwitness_ask(&fix.w, &r));
	r = good;
	r.path.nodes[r.path.count++] = r.path.nodes[0];
	expect(WITNESS_UNPROVED, testwitness_ask(&fix.w, &r));
	r = good;
	r.path.count = 0;
	expect(WITNESS_UNPROVED, testwitness_ask(&fix.w, &r));
	for (size_t i = 0; i < good.path.count; i++) {
		for (unsigned bit = 0; bit < 256; bit += 37) {
			r = good;
			r.path.nodes[i].bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
			expect(WITNESS_UNPROVED, testwitness_ask(&fix.w, &r));
		}
	}
	/* A path that nobody refutes proves nothing against the log: no alarm. */
	assert_int_equal(fix.w.alarms, 0);
	expect(WITNESS_COSIGNED, testwitness_ask(&fix.w, &good));
}

/* Size 13 with the root of the first 8: the path from 6 to 8 leads to both roots, and is too short for 13. */
static void a_short_path_to_a_smaller_tree(void **state)
{
	struct checkpoint c = {
		.origin = fix.log.vkey.name, .size = 13, .root = testlog_root(&fix.log, 0, 8)
	};
	struct add_request r;
	struct err err;

	(void)state;
	expect(WITNESS_COSIGNED, testwitness_add(&fix.w, 0, 0, 6));
	r = testlog_request(&fix.log, 0, 6, 8);
	assert_int_equal(
		checkpoint_sign(&fix.log.mem, &c, &fix.log.vkey, &fix.log.key, &r.note, &err), OK);
	expect(WITNESS_UNPROVED, testwitness_ask(&fix.w, &r));
}

static void a_first_head_needs_an_empty_proof(void **state)
{
	struct add_request r = testlog_request(&fix.log, 0, 0, 6);

	(void)state;
	r.path.count = 1;
	expect(WITNESS_UNPROVED, testwitness_ask(&fix.w, &r));
	r.path.count = 0;
	expect(WITNESS_COSIGNED, testwitness_ask(&fix.w, &r));
}

/* A note over this text, with the line of that key. */
static struct add_request signed_text(const char *text, const struct note_vkey *vkey)
{
	struct add_request r = { .old_size = 0 };
	struct out o;
	struct err err;

	out_init(&o, &fix.log.mem, NOTE_BYTES_MAX);
	note_put(&o, vkey, &fix.log.key, str_from(text));
	assert_int_equal(out_finish(&o, &r.note, &err), OK);
	return r;
}

static void who_signed_matters(void **state)
{
	struct testlog other;
	struct note_vkey cosigner = note_vkey_make(
		fix.log.vkey.name, NOTE_COSIGNATURE, &fix.log.vkey.key);
	struct str text, line;
	struct add_request r;
	struct out o;
	struct err err;

	(void)state;
	/* Another log: its origin is not known here. */
	testlog_make(&other, "example.org/other", 1, 0);
	r = testlog_request(&other, 0, 0, 3);
	expect(WITNESS_UNKNOWN_LOG, testwitness_ask(&fix.w, &r));
	/* Our log's origin by another's key. */
	other.vkey = fix.log.vkey;
	other.vkey.id ^= 1;
	r = signed_text(
		"example.org/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", &other.vkey);
	expect(WITNESS_UNTRUSTED, testwitness_ask(&fix.w, &r));
	/* The right name and id, and a signature that fails. */
	testlog_free(&other);
	testlog_make(&other, "example.org/log", 9, 0);
	r = testlog_request(&other, 0, 0, 3);
	expect(WITNESS_UNTRUSTED, testwitness_ask(&fix.w, &r));
	/* A cosignature (04) of the log's own key is no signature of the log (01). */
	text = testlog_note(&fix.log, 0, 3);
	struct note note;

	assert_int_equal(note_parse(text, &note, &err), OK);
	out_init(&o, &fix.log.mem, NOTE_BYTES_MAX);
	out_put(&o, note.text);
	out_char(&o, '\n');
	assert_int_equal(cosignature_put_line(&fix.log.mem, &o, &cosigner, &fix.log.key, 1700000000,
				 note.text, &err),
		OK);
	assert_int_equal(out_finish(&o, &line, &err), OK);
	r = (struct add_request){ .note = line };
	expect(WITNESS_UNTRUSTED, testwitness_ask(&fix.w, &r));
	testlog_free(&other);
}

static void texts_that_are_no_checkpoints(void **state)
{
	static const char empty_root[] = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
	static const struct {
		const char *format;
		enum witness_verdict want;
	} rows[] = {
		{ "example.org/log\n0\n%s\n", WITNESS_COSIGNED },
		{ "example.org/log\n0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
			WITNESS_UNPROVED },
		{ "example.org/log\n01\n%s\n", WITNESS_MALFORMED },
		{ "example.org/log\n-1\n%s\n", WITNESS_MALFORMED },
		{ "example.org/log\n99999999999999999999\n%s\n", WITNESS_MALFORMED },
		{ "example.org/log\n1\nAAAA\n", WITNESS_MALFORMED },
		{ "example.org/log\n1\n%s\nextension\n", WITNESS_MALFORMED },
		{ "example.org/log\n", WITNESS_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[256];
		const char *at = strstr(rows[i].format, "%s");

		snprintf(text, sizeof(text), "%.*s%s%s",
			(int)(at == NULL ? strlen(rows[i].format) : (size_t)(at - rows[i].format)),
			rows[i].format, at == NULL ? "" : empty_root, at == NULL ? "" : at + 2);
		struct add_request r = signed_text(text, &fix.log.vkey);

		expect(rows[i].want, testwitness_ask(&fix.w, &r));
	}
}

static void an_answer_never_comes_before_the_disk(void **state)
{
	struct witness_answer a;

	(void)state;
	expect(WITNESS_COSIGNED, testwitness_add(&fix.w, 0, 0, 4));
	disk_fails = true;
	a = testwitness_add(&fix.w, 0, 4, 6);
	expect(WITNESS_UNABLE, a);
	assert_int_equal(a.lines.len, 0);
	assert_int_equal(a.size, 4);
	assert_non_null(witness_dead(fix.w.witness));
	/* Final: the disk may say OK the next time, of what it has dropped. */
	disk_fails = false;
	expect(WITNESS_UNABLE, testwitness_add(&fix.w, 0, 4, 6));
	assert_string_equal(fix.w.rules, "disk ");
	testwitness_restart(&fix.w);
	expect(WITNESS_COSIGNED, testwitness_add(&fix.w, 0, 4, 6));
}

/* The file and the folder that holds its name: each cosignature waits for both. */
static void each_head_is_synced(void **state)
{
	(void)state;
	for (uint64_t size = 0; size < 4; size++) {
		syncs = 0;
		expect(WITNESS_COSIGNED, testwitness_add(&fix.w, 0, size, size + 1));
		assert_int_equal(syncs, 2);
	}
}

static void shift_clock(int64_t seconds)
{
	char text[32];
	struct err err;
	int n = snprintf(text, sizeof(text), "%-20lld", (long long)seconds);

	assert_int_equal(
		fs_replace(fix.w.dir_fd, "clock", str_of(text, (size_t)n), 0600, &err), OK);
	clock_close(&fix.w.clock);
	assert_int_equal(clock_init_shifted(&fix.w.clock, fix.w.dir_fd, "clock", &err), OK);
}

static void a_clock_that_jumps(void **state)
{
	struct witness_answer a;
	uint64_t last;

	(void)state;
	a = testwitness_add(&fix.w, 0, 0, 1);
	expect(WITNESS_COSIGNED, a);
	last = line_time(testlog_note(&fix.log, 0, 1), a.lines);
	/* A minute back: set right. The time that is signed does not go back. */
	shift_clock(-60);
	a = testwitness_add(&fix.w, 0, 1, 2);
	expect(WITNESS_COSIGNED, a);
	assert_true(line_time(testlog_note(&fix.log, 0, 2), a.lines) >= last);
	/* Ten years back: nothing is signed, also not after a restart. */
	shift_clock(-YEARS_10_S);
	expect(WITNESS_UNABLE, testwitness_add(&fix.w, 0, 2, 3));
	testwitness_restart(&fix.w);
	expect(WITNESS_UNABLE, testwitness_add(&fix.w, 0, 2, 3));
	assert_string_equal(fix.w.rules, "clock clock ");
	/* Ten years ahead: signed, under that time; afterwards the true time is behind. */
	shift_clock(YEARS_10_S);
	expect(WITNESS_COSIGNED, testwitness_add(&fix.w, 0, 2, 3));
	shift_clock(0);
	expect(WITNESS_UNABLE, testwitness_add(&fix.w, 0, 3, 4));
}

static void whoever_has_forgotten_does_not_sign(void **state)
{
	char name[SHA256_HEX_BYTES];
	struct str text;
	struct err err;

	(void)state;
	expect(WITNESS_COSIGNED, testwitness_add(&fix.w, 0, 0, 9));
	witness_state_name(fix.log.vkey.name, name);
	assert_int_equal(
		fs_read(fix.w.dir_fd, name, WITNESS_STATE_BYTES_MAX, &fix.log.mem, &text, &err),
		OK);
	assert_int_equal(fs_remove(fix.w.dir_fd, name, &err), OK);
	testwitness_restart(&fix.w);
	assert_string_equal(fix.w.rules, "forgotten ");
	expect(WITNESS_UNABLE, testwitness_add(&fix.w, 1, 0, 9));
	expect(WITNESS_UNABLE, testwitness_add(&fix.w, 0, 9, 10));
	/* Each byte of a state is covered: one that changed is a state that is gone. */
	for (size_t at = 0; at < text.len; at += 7) {
		char *bytes = arena_array(&fix.log.mem, char, text.len);

		memcpy(bytes, text.ptr, text.len);
		bytes[at] = (char)(bytes[at] ^ 4);
		assert_int_equal(
			fs_replace(fix.w.dir_fd, name, str_of(bytes, text.len), 0600, &err), OK);
		testwitness_restart(&fix.w);
		expect(WITNESS_UNABLE, testwitness_add(&fix.w, 0, 9, 10));
	}
	assert_int_equal(fs_replace(fix.w.dir_fd, name, text, 0600, &err), OK);
	testwitness_restart(&fix.w);
	expect(WITNESS_COSIGNED, testwitness_add(&fix.w, 0, 9, 10));
}

/* An old state is put back, and the log comes with a head that we cosigned later. */
static void a_restored_witness_is_told_of_what_it_signed(void **state)
{
	char name[SHA256_HEX_BYTES];
	struct str backup, head;
	struct add_request r;
	struct out o;
	struct err err;

	(void)state;
	witness_state_name(fix.log.vkey.name, name);
	expect(WITNESS_COSIGNED, testwitness_add(&fix.w, 0, 0, 6));
	assert_int_equal(
		fs_read(fix.w.dir_fd, name, WITNESS_STATE_BYTES_MAX, &fix.log.mem, &backup, &err),
		OK);
	struct witness_answer later = testwitness_add(&fix.w, 0, 6, 9);

	expect(WITNESS_COSIGNED, later);
	assert_int_equal(fs_replace(fix.w.dir_fd, name, backup, 0600, &err), OK);
	testwitness_restart(&fix.w);
	r = testlog_request(&fix.log, 0, 6, 9);
	out_init(&o, &fix.log.mem, NOTE_BYTES_MAX);
	out_put(&o, r.note);
	out_put(&o, later.lines);
	assert_int_equal(out_finish(&o, &head, &err), OK);
	r.note = head;
	expect(WITNESS_COSIGNED, testwitness_ask(&fix.w, &r));
	assert_string_equal(fix.w.rules, "restored ");
}

static void two_processes_do_not_share_a_state(void **state)
{
	struct witness_options options = { .dir_fd = fix.w.dir_fd,
		.name = str_from(fix.w.name),
		.key = &fix.w.key,
		.clock = &fix.w.clock,
		.logs = &fix.w.keys,
		.log_count = 1 };
	struct witness *second;
	struct err err;

	(void)state;
	assert_int_equal(witness_open(&options, &second, &err), ERR_CONFLICT);
}

enum { RACERS = 8, ROUNDS = 40 };

struct racer {
	pthread_t thread;
	unsigned branch;
	unsigned cosigned;
	struct add_request *requests;
	struct arena mem;
};

static void *race(void *arg)
{
	struct racer *r = arg;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct witness_answer answer;

		witness_add(fix.w.witness, &r->mem, &r->requests[round], &answer);
		r->cosigned += answer.verdict == WITNESS_COSIGNED;
	}
	return NULL;
}

/* Two branches of a log, pushed by eight callers at once: each size is cosigned on one branch only. */
static void two_centres_race_one_witness(void **state)
{
	static struct racer racers[RACERS];
	static struct add_request requests[2][ROUNDS];
	struct witness_state s;
	struct err err;
	unsigned by_branch[2] = { 0, 0 };

	(void)state;
	for (unsigned branch = 0; branch < 2; branch++)
		for (uint64_t i = 0; i < ROUNDS; i++)
			requests[branch][i] = testlog_request(
				&fix.log, branch, i == 0 ? 0 : 5 + i, 6 + i);
	for (unsigned i = 0; i < RACERS; i++) {
		racers[i] = (struct racer){ .branch = i % 2, .requests = requests[i % 2] };
		arena_init(&racers[i].mem, 64 << 20);
		assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
	}
	for (unsigned i = 0; i < RACERS; i++) {
		pthread_join(racers[i].thread, NULL);
		by_branch[racers[i].branch] += racers[i].cosigned;
		arena_reset(&racers[i].mem);
	}
	/* Whoever came first at size 6, where the branches have parted already, keeps the witness. */
	assert_true(by_branch[0] == 0 || by_branch[1] == 0);
	assert_true(by_branch[0] + by_branch[1] > 0);
	assert_int_equal(witness_head(fix.w.witness, fix.log.vkey.name, &s, &err), OK);
	struct sha256 root = testlog_root(&fix.log, by_branch[0] == 0, s.size);

	assert_memory_equal(&s.root, &root, sizeof(root));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_log_grows_and_is_cosigned, make, unmake),
		cmocka_unit_test_setup_teardown(what_is_stored_holds_after_a_restart, make, unmake),
		cmocka_unit_test_setup_teardown(the_remembered_size_is_told, make, unmake),
		cmocka_unit_test_setup_teardown(
			another_root_of_the_same_size_is_kept_as_proof, make, unmake),
		cmocka_unit_test_setup_teardown(proofs_that_do_not_hold, make, unmake),
		cmocka_unit_test_setup_teardown(a_short_path_to_a_smaller_tree, make, unmake),
		cmocka_unit_test_setup_teardown(a_first_head_needs_an_empty_proof, make, unmake),
		cmocka_unit_test_setup_teardown(who_signed_matters, make, unmake),
		cmocka_unit_test_setup_teardown(texts_that_are_no_checkpoints, make, unmake),
		cmocka_unit_test_setup_teardown(
			an_answer_never_comes_before_the_disk, make, unmake),
		cmocka_unit_test_setup_teardown(each_head_is_synced, make, unmake),
		cmocka_unit_test_setup_teardown(a_clock_that_jumps, make, unmake),
		cmocka_unit_test_setup_teardown(whoever_has_forgotten_does_not_sign, make, unmake),
		cmocka_unit_test_setup_teardown(
			a_restored_witness_is_told_of_what_it_signed, make, unmake),
		cmocka_unit_test_setup_teardown(two_processes_do_not_share_a_state, make, unmake),
		cmocka_unit_test_setup_teardown(two_centres_race_one_witness, make, unmake),
	};

	return cmocka_run_group_tests_name("witness", tests, NULL, NULL);
}
