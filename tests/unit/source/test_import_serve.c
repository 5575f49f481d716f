/* The vault's side against a thread that plays the child: an honest one, and those that do not keep to the rules. */
#include "source/import_run.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "os/ipc.h"

struct play {
	int sock;
	char *windows;
	void (*act)(struct play *p);
};

/* False once nobody takes it any more. */
static bool say(struct play *p, uint32_t type, const void *body, size_t len, const int *fd)
{
	struct err err;

	return ipc_send(p->sock, type, body, len, fd, fd != NULL, &err) == OK;
}

static void send_window(struct play *p, uint32_t window, uint32_t len)
{
	struct import_window w = { window, len };

	say(p, IMPORT_FULL, &w, sizeof(w), NULL);
}

static size_t put_record(char *to, uint32_t type, const void *body, size_t len)
{
	struct record_head head = { type, (uint32_t)len };

	memcpy(to, &head, sizeof(head));
	memcpy(to + sizeof(head), body, len);
	return sizeof(head) + len;
}

/* One file "a" of `size` bytes and the end, in one window. */
static size_t whole_release(char *to, size_t size)
{
	struct {
		struct record_file fixed;
		char path[1];
	} file = { { size, FILE_PLAIN, 1 }, { 'a' } };
	struct record_end end = { .files = 1, .bytes = size, .format = IMPORT_TAR };
	char content[64];
	size_t len = put_record(to, RECORD_FILE, &file, sizeof(file.fixed) + 1);

	memset(content, 'x', sizeof(content));
	len += put_record(to + len, RECORD_DATA, content, size);
	return len + put_record(to + len, RECORD_END, &end, sizeof(end));
}

static void honest(struct play *p)
{
	send_window(p, 0, (uint32_t)whole_release(p->windows, 10));
}

/* What was sent changes at once: the vault must judge and keep one and the same copy. */
static void changes_what_it_sent(struct play *p)
{
	size_t len = whole_release(p->windows, 10);

	send_window(p, 0, (uint32_t)len);
	for (int i = 0; i < 100000; i++)
		p->windows[(size_t)i % len] = (char)i;
}

static void odd_window(struct play *p)
{
	send_window(p, IMPORT_WINDOWS, 10);
}

static void window_too_long(struct play *p)
{
	send_window(p, 0, IMPORT_WINDOW_BYTES + 1);
}

static void odd_message(struct play *p)
{
	say(p, IMPORT_START, "x", 1, NULL);
}

static void sends_a_descriptor(struct play *p)
{
	struct import_window w = { 0 };

	say(p, IMPORT_FULL, &w, sizeof(w), &p->sock);
}

static void garbage(struct play *p)
{
	memset(p->windows, 0xff, 4096);
	send_window(p, 0, 4096);
}

static void goes_away(struct play *p)
{
	shutdown(p->sock, SHUT_RDWR);
}

/* Never ends: sends empty windows as long as anybody takes them. */
static void floods(struct play *p)
{
	struct import_window w = { 0 };

	while (say(p, IMPORT_FULL, &w, sizeof(w), NULL))
		continue;
}

static void *play_child(void *arg)
{
	static const struct ipc_rule rules[IMPORT_MESSAGES] = {
		[IMPORT_START] = { .size = sizeof(struct import_start), .fds = 2 },
		[IMPORT_GO] = { .size = sizeof(struct import_window) },
	};
	struct play *p = arg;
	struct ipc_msg msg;
	struct err err;

	if (ipc_receive(p->sock, rules, IMPORT_MESSAGES, -1, &msg, &err) != OK)
		return NULL;
	p->windows = mmap(NULL, IMPORT_WINDOWS * IMPORT_WINDOW_BYTES, PROT_READ | PROT_WRITE,
		MAP_SHARED, msg.fds[1], 0);
	close(msg.fds[0]);
	close(msg.fds[1]);
	if (p->windows == MAP_FAILED)
		return NULL;
	p->act(p);
	while (ipc_receive(p->sock, rules, IMPORT_MESSAGES, -1, &msg, &err) == OK)
		continue;
	munmap(p->windows, IMPORT_WINDOWS * IMPORT_WINDOW_BYTES);
	return NULL;
}

static int taken;

static enum err_kind take(void *arg, const struct import_file *file, struct err *err)
{
	(void)arg;
	(void)err;
	taken += str_eq(file->path, STR("a")) && str_eq(file->bytes, STR("xxxxxxxxxx"));
	return OK;
}

/* True until it was asked `*arg` times. */
static bool ask(void *arg, uint64_t files, uint64_t bytes)
{
	int *left = arg;

	(void)files;
	(void)bytes;
	return (*left)-- > 0;
}

static enum err_kind served(void (*act)(struct play *p), int patience, bool *died, struct err *err)
{
	const struct import_limits limits = { .files_max = 10, .bytes_max = 1000 };
	const struct import_sink sink = { .file = take };
	struct import_task task = { .source_fd = STDIN_FILENO,
		.name = STR("n"),
		.ref = STR(""),
		.progress = ask,
		.arg = &patience };
	struct import_stream s;
	struct play play = { .act = act };
	pthread_t thread;
	int pair[2];

	taken = 0;
	assert_int_equal(ipc_pair(pair, err), OK);
	play.sock = pair[1];
	assert_int_equal(pthread_create(&thread, NULL, play_child, &play), 0);
	import_stream_init(&s, &limits, &sink);
	enum err_kind rc = import_serve(pair[0], &task, &s, died, err);

	import_stream_reset(&s);
	close(pair[0]);
	pthread_join(thread, NULL);
	close(pair[1]);
	return rc;
}

static void an_honest_child_is_taken(void **state)
{
	struct err err;
	bool died;

	(void)state;
	assert_int_equal(served(honest, 1000, &died, &err), OK);
	assert_int_equal(taken, 1);
}

static void a_copy_is_judged_and_kept(void **state)
{
	struct err err;
	bool died;

	(void)state;
	for (int i = 0; i < 20; i++) {
		enum err_kind rc = served(changes_what_it_sent, 1000, &died, &err);

		/* Changed before the copy: a lie. After it: what was sent. Never a mixture of both. */
		assert_true(rc == ERR_CORRUPT || rc == OK || rc == ERR_INPUT);
	}
}

static void broken_rules_are_lies(void **state)
{
	static void (*const acts[])(struct play *) = { odd_window, window_too_long, odd_message,
		sends_a_descriptor, garbage };
	struct err err;
	bool died;

	(void)state;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		assert_int_equal(served(acts[i], 1000, &died, &err), ERR_CORRUPT);
		assert_int_equal(taken, 0);
	}
}

static void an_early_end_is_noticed(void **state)
{
	struct err err;
	bool died;

	(void)state;
	assert_int_not_equal(served(goes_away, 1000, &died, &err), OK);
	assert_true(died);
}

static void the_caller_can_stop_a_flood(void **state)
{
	struct err err;
	bool died;

	(void)state;
	assert_int_equal(served(floods, 50, &died, &err), ERR_CANCELLED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_honest_child_is_taken),
		cmocka_unit_test(a_copy_is_judged_and_kept),
		cmocka_unit_test(broken_rules_are_lies),
		cmocka_unit_test(an_early_end_is_noticed),
		cmocka_unit_test(the_caller_can_stop_a_flood),
	};

	return cmocka_run_group_tests_name("import_serve", tests, NULL, NULL);
}
