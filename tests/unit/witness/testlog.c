#include "testlog.h"

#include <fcntl.h>
#include <unistd.h>

#include "harness.h"
#include "os/fs.h"

enum { TESTLOG_MEM_BYTES = 256 << 20 };

void testlog_make(struct testlog *log, const char *name, uint8_t seed, uint64_t fork_at)
{
	uint8_t bytes[SIGN_SEED_BYTES];
	struct sign_public public_key;

	arena_init(&log->mem, TESTLOG_MEM_BYTES);
	memset(bytes, seed, sizeof(bytes));
	sign_from_seed(bytes, &public_key, &log->key);
	log->vkey = note_vkey_make(str_from(name), NOTE_ED25519, &public_key);
	for (uint64_t i = 0; i < TESTLOG_LEAVES_MAX; i++) {
		for (unsigned branch = 0; branch < 2; branch++) {
			char entry[48];
			int n = snprintf(entry, sizeof(entry), "entry %llu%s",
				(unsigned long long)i,
				branch == 1 && i >= fork_at ? ", otherwise" : "");

			log->leaves[branch][i] = merkle_leaf(str_of(entry, (size_t)n));
		}
	}
}

void testlog_free(struct testlog *log)
{
	arena_reset(&log->mem);
}

struct sha256 testlog_root(const struct testlog *log, unsigned branch, uint64_t size)
{
	struct merkle_edge edge = { .size = 0 };

	for (uint64_t i = 0; i < size; i++)
		merkle_append(&edge, &log->leaves[branch][i]);
	return merkle_root(&edge);
}

static enum err_kind read_branch(
	void *arg, unsigned level, uint64_t index, struct sha256 *node, struct err *err)
{
	const struct sha256 *leaves = arg;
	struct merkle_edge edge = { .size = 0 };

	(void)err;
	for (uint64_t i = index << level; i < (index + 1) << level; i++)
		merkle_append(&edge, &leaves[i]);
	*node = merkle_root(&edge);
	return OK;
}

struct str testlog_note(struct testlog *log, unsigned branch, uint64_t size)
{
	struct checkpoint c = {
		.origin = log->vkey.name,
		.size = size,
		.root = testlog_root(log, branch, size),
	};
	struct str note;
	struct err err;

	assert_int_equal(checkpoint_sign(&log->mem, &c, &log->vkey, &log->key, &note, &err), OK);
	return note;
}

struct add_request testlog_request(
	struct testlog *log, unsigned branch, uint64_t old_size, uint64_t size)
{
	struct add_request r = { .old_size = old_size, .note = testlog_note(log, branch, size) };
	struct err err;

	if (old_size <= size)
		assert_int_equal(merkle_consistency(old_size, size, read_branch,
					 log->leaves[branch], &r.path, &err),
			OK);
	return r;
}

static void note_alarm(void *arg, const char *rule, struct str subject, const char *words)
{
	struct testwitness *w = arg;
	size_t used = strlen(w->rules);

	(void)words;
	assert_true(subject.len > 0);
	snprintf(w->rules + used, sizeof(w->rules) - used, "%s ", rule);
	w->alarms++;
}

static void begin(struct testwitness *w)
{
	struct witness_options options = {
		.dir_fd = w->dir_fd,
		.name = str_from(w->name),
		.key = &w->key,
		.clock = &w->clock,
		.logs = &w->keys,
		.log_count = 1,
		.alarm = note_alarm,
		.arg = w,
	};
	struct err err;

	if (witness_open(&options, &w->witness, &err) != OK)
		fail_msg("%s", err.msg);
}

void testwitness_join(
	struct testwitness *w, struct testlog *log, const char *folder, unsigned number)
{
	uint8_t seed[SIGN_SEED_BYTES] = { 77, (uint8_t)number };
	struct sign_public public_key;
	struct err err;

	memset(w, 0, sizeof(*w));
	w->log = log;
	snprintf(w->name, sizeof(w->name), "example.org/w%u", number);
	sign_from_seed(seed, &public_key, &w->key);
	w->vkey = note_vkey_make(str_from(w->name), NOTE_COSIGNATURE, &public_key);
	w->keys = (struct witness_log_keys){ .count = 1, .keys = { log->vkey } };
	clock_init_machine(&w->clock);
	enum err_kind rc = fs_open_dir(AT_FDCWD, folder, &w->dir_fd, &err);

	if (rc == OK)
		rc = witness_begin_log(w->dir_fd, log->vkey.name, &err);
	if (rc != OK && rc != ERR_CONFLICT)
		fail_msg("%s", err.msg);
	begin(w);
}

void testwitness_make(
	struct testwitness *w, struct testlog *log, const char *folder, unsigned number)
{
	testwitness_join(w, log, folder, number);
	assert_int_equal(w->alarms, 0);
}

void testwitness_restart(struct testwitness *w)
{
	witness_close(w->witness);
	begin(w);
}

void testwitness_free(struct testwitness *w)
{
	witness_close(w->witness);
	clock_close(&w->clock);
	close(w->dir_fd);
}

struct witness_answer testwitness_ask(struct testwitness *w, const struct add_request *request)
{
	struct witness_answer answer;

	witness_add(w->witness, &w->log->mem, request, &answer);
	return answer;
}

struct witness_answer testwitness_add(
	struct testwitness *w, unsigned branch, uint64_t old_size, uint64_t size)
{
	struct add_request request = testlog_request(w->log, branch, old_size, size);

	return testwitness_ask(w, &request);
}
