/* Server and client over a real Unix socket. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "link/client.h"
#include "link/endpoint.h"
#include "link/server.h"
#include "os/fs.h"

enum { POOL = 4, HELD_MAX = 4096, THREADS = 8, CALLS = 200 };

/* A vault in miniature: a queue of calls that a few threads answer, in the order they please. */
static struct {
	char folder[40], path[64];
	struct server *server;
	pthread_t pool[POOL];
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct server_call *held[HELD_MAX];
	size_t count;
	bool stopping, paused;
	atomic_uint seen, cancelled;
} lab;

static void answer_call(struct server_call *call)
{
	const struct frame_call *f = server_call_frame(call);
	struct frame_answer answer = { .status = OK, .entry_index = f->counter, .body = f->body };

	answer.json_len = (uint32_t)f->body.len;
	if (strcmp(f->verb, "test.wait") == 0) {
		while (!server_call_cancelled(call))
			sched_yield();
		atomic_fetch_add(&lab.cancelled, 1);
		answer.status = ERR_CANCELLED;
	} else if (strcmp(f->verb, "test.big") == 0) {
		static char big[600000];

		answer.body = str_of(big, sizeof(big));
		answer.json_len = 0;
	} else if (strcmp(f->verb, "test.huge") == 0) {
		static char huge[LIMIT_FRAME_BYTES];

		answer.body = str_of(huge, sizeof(huge));
		answer.json_len = 0;
	} else if (strcmp(f->verb, "test.read") == 0) {
		static char text[16];
		ssize_t n = pread(server_call_fd(call), text, sizeof(text), 0);

		answer.body = str_of(text, n > 0 ? (size_t)n : 0);
		answer.json_len = 0;
	} else if (strcmp(f->verb, "test.steps") == 0) {
		server_progress(call, STR("{\"done\":1}"));
		server_progress(call, STR("{\"done\":2}"));
	}
	server_answer(call, &answer);
}

static void *answer_calls(void *arg)
{
	uint64_t turn = (uintptr_t)&arg;

	pthread_mutex_lock(&lab.lock);
	for (;;) {
		while ((lab.count == 0 || lab.paused) && !lab.stopping)
			pthread_cond_wait(&lab.changed, &lab.lock);
		if (lab.count == 0)
			break;
		turn = turn * UINT64_C(6364136223846793005) + 1;
		size_t at = (size_t)(turn >> 33) % lab.count;
		struct server_call *call = lab.held[at];

		lab.held[at] = lab.held[--lab.count];
		pthread_mutex_unlock(&lab.lock);
		answer_call(call);
		pthread_mutex_lock(&lab.lock);
	}
	pthread_mutex_unlock(&lab.lock);
	return NULL;
}

static void hold_call(void *arg, struct server_call *call)
{
	(void)arg;
	atomic_fetch_add(&lab.seen, 1);
	pthread_mutex_lock(&lab.lock);
	assert_true(lab.count < HELD_MAX);
	lab.held[lab.count++] = call;
	pthread_cond_signal(&lab.changed);
	pthread_mutex_unlock(&lab.lock);
}

static void start_server(void)
{
	struct server_options options = { .handle = hold_call };
	struct err err;

	assert_int_equal(endpoint_listen(lab.path, 0600, &options.listen_fd, &err), OK);
	assert_int_equal(server_start(&options, &lab.server, &err), OK);
}

static int setup(void **state)
{
	struct err err;

	(void)state;
	memset(&lab, 0, sizeof(lab));
	pthread_mutex_init(&lab.lock, NULL);
	pthread_cond_init(&lab.changed, NULL);
	snprintf(lab.folder, sizeof(lab.folder), "/tmp/vitrine-link-XXXXXX");
	if (mkdtemp(lab.folder) == NULL || crypto_init(&err) != OK)
		return -1;
	snprintf(lab.path, sizeof(lab.path), "%s/vault.sock", lab.folder);
	start_server();
	for (int i = 0; i < POOL; i++)
		if (pthread_create(&lab.pool[i], NULL, answer_calls, NULL) != 0)
			return -1;
	return 0;
}

static void set_paused(bool paused)
{
	pthread_mutex_lock(&lab.lock);
	lab.paused = paused;
	pthread_cond_broadcast(&lab.changed);
	pthread_mutex_unlock(&lab.lock);
}

static int teardown(void **state)
{
	struct err err;

	(void)state;
	server_stop(lab.server);
	pthread_mutex_lock(&lab.lock);
	lab.stopping = true;
	pthread_cond_broadcast(&lab.changed);
	pthread_mutex_unlock(&lab.lock);
	for (int i = 0; i < POOL; i++)
		pthread_join(lab.pool[i], NULL);
	return fs_remove_tree(AT_FDCWD, lab.folder, &err) == OK ? 0 : -1;
}

static struct client *open_client(int timeout_ms)
{
	struct client_options options = {
		.socket_path = lab.path, .point = "console", .timeout_ms = timeout_ms
	};
	struct client *c;
	struct err err;

	assert_int_equal(client_open(&options, &c, &err), OK);
	return c;
}

static enum err_kind ask(struct client *c, struct arena *mem, const char *verb, struct str body,
	struct client_answer *answer)
{
	struct client_call call = { .verb = verb, .body = body, .fd = -1 };
	struct err err;

	return client_ask(c, mem, &call, answer, &err);
}

struct asker {
	struct client *client;
	int number;
	bool good;
};

static void *ask_many(void *arg)
{
	struct asker *a = arg;
	struct arena mem;

	a->good = true;
	for (int i = 0; i < CALLS && a->good; i++) {
		struct client_answer answer;
		char body[64];
		int len = snprintf(body, sizeof(body), "{\"asker\":%d,\"i\":%d}", a->number, i);

		arena_init(&mem, 1 << 16);
		a->good = ask(a->client, &mem, "test.echo", str_of(body, (size_t)len), &answer) ==
				OK &&
			answer.status == OK && str_eq(answer.json, str_from(body)) &&
			answer.bytes.len == 0;
		arena_reset(&mem);
	}
	return NULL;
}

static void each_gets_its_own_answer(void **state)
{
	struct client *c = open_client(0);
	struct asker askers[THREADS];
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		askers[i] = (struct asker){ .client = c, .number = i };
		assert_int_equal(pthread_create(&threads[i], NULL, ask_many, &askers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(askers[i].good);
	}
	client_close(c);
}

static void carries_large_answers_and_bounds_larger_ones(void **state)
{
	struct client *c = open_client(0);
	struct client_answer answer;
	struct arena mem;

	(void)state;
	arena_init(&mem, 8 << 20);
	assert_int_equal(ask(c, &mem, "test.big", STR("{}"), &answer), OK);
	assert_int_equal(answer.bytes.len, 600000);
	assert_int_equal(ask(c, &mem, "test.huge", STR("{}"), &answer), OK);
	assert_int_equal(answer.status, ERR_LIMIT);
	assert_int_equal(ask(c, &mem, "no verb", STR("{}"), &answer), ERR_INPUT);
	static char body[LIMIT_JSON_BYTES + 1];

	assert_int_equal(ask(c, &mem, "test.echo", str_of(body, sizeof(body)), &answer), ERR_INPUT);
	assert_int_equal(ask(c, &mem, "test.echo", str_of(body, LIMIT_JSON_BYTES), &answer), OK);
	assert_int_equal(answer.json.len, LIMIT_JSON_BYTES);
	arena_reset(&mem);
	client_close(c);
}

static void hands_descriptors_over(void **state)
{
	struct client *c = open_client(0);
	struct arena mem;
	struct err err;
	int fds[2];

	(void)state;
	arena_init(&mem, 1 << 16);
	assert_int_equal(fs_memfd("one", STR("one"), &fds[0], &err), OK);
	assert_int_equal(fs_memfd("two", STR("two"), &fds[1], &err), OK);
	for (int i = 0; i < 20; i++) {
		struct client_call call = {
			.verb = "test.read", .body = STR("{}"), .fd = fds[i % 2]
		};
		struct client_answer answer;

		assert_int_equal(client_ask(c, &mem, &call, &answer, &err), OK);
		assert_true(str_eq(answer.bytes, i % 2 == 0 ? STR("one") : STR("two")));
	}
	close(fds[0]);
	close(fds[1]);
	arena_reset(&mem);
	client_close(c);
}

static void note_progress(void *arg, struct str json)
{
	(void)json;
	++*(int *)arg;
}

static bool always(void *arg)
{
	(void)arg;
	return true;
}

static void tells_progress_and_cancels(void **state)
{
	struct client *c = open_client(0);
	struct client_answer answer;
	struct arena mem;
	struct err err;
	int told = 0;
	struct client_call steps = { .verb = "test.steps",
		.body = STR("{}"),
		.fd = -1,
		.progress = note_progress,
		.arg = &told };
	struct client_call wait = {
		.verb = "test.wait", .body = STR("{}"), .fd = -1, .cancelled = always
	};

	(void)state;
	arena_init(&mem, 1 << 16);
	assert_int_equal(client_ask(c, &mem, &steps, &answer, &err), OK);
	assert_in_range(told, 1, 2);
	assert_int_equal(client_ask(c, &mem, &wait, &answer, &err), OK);
	assert_int_equal(answer.status, ERR_CANCELLED);
	client_close(c);
	/* Out of patience: the call is cancelled, the connection stays. */
	c = open_client(20);
	assert_int_equal(ask(c, &mem, "test.wait", STR("{}"), &answer), ERR_LIMIT);
	while (atomic_load(&lab.cancelled) < 2)
		sched_yield();
	assert_int_equal(ask(c, &mem, "test.echo", STR("{}"), &answer), OK);
	arena_reset(&mem);
	client_close(c);
}

static void wait_until_seen(unsigned count)
{
	while (atomic_load(&lab.seen) < count)
		sched_yield();
}

/* What was told about calls that nobody waits for in a thread. */
struct told {
	atomic_uint answered, lost, late;
	atomic_int rc; /* the last failure */
	char want[32]; /* answers must be this */
};

static void note_told(
	void *arg, enum err_kind rc, const struct client_answer *answer, const struct err *err)
{
	struct told *t = arg;

	if (rc != OK) {
		assert_non_null(err);
		atomic_store(&t->rc, (int)rc);
		atomic_fetch_add(rc == ERR_LIMIT ? &t->late : &t->lost, 1);
	} else if (str_eq(answer->json, str_from(t->want))) {
		atomic_fetch_add(&t->answered, 1);
	}
}

static void send_one(struct client *c, const char *verb, struct told *t)
{
	struct client_call call = { .verb = verb, .body = str_from(t->want), .fd = -1 };

	client_send(c, &call, note_told, t);
}

static void await_count(atomic_uint *counter, unsigned count)
{
	while (atomic_load(counter) < count)
		sched_yield();
	assert_int_equal(atomic_load(counter), count);
}

/* Each call is told once, whatever becomes of it: answered, malformed, too late, or its connection broke. */
static void tells_who_sends_without_waiting(void **state)
{
	enum { SENT = 2000 };
	struct told t = { .want = "{\"n\":1}" };
	struct client *c = open_client(0);

	(void)state;
	for (int i = 0; i < SENT; i++)
		send_one(c, "test.echo", &t);
	await_count(&t.answered, SENT);
	send_one(c, "no verb", &t);
	assert_int_equal(atomic_load(&t.lost), 1);
	assert_int_equal(atomic_load(&t.rc), ERR_INPUT);
	client_close(c);
	c = open_client(40);
	for (int i = 0; i < POOL - 1; i++)
		send_one(c, "test.wait", &t);
	await_count(&t.late, POOL - 1);
	client_close(c);
	c = open_client(0);
	/* In any order, and after all have been sent. */
	set_paused(true);
	for (int i = 0; i < 50; i++)
		send_one(c, "test.echo", &t);
	wait_until_seen(SENT + POOL - 1 + 50);
	set_paused(false);
	await_count(&t.answered, SENT + 50);
	client_close(c);
	assert_int_equal(atomic_load(&t.lost), 1);
}

/* A peer that speaks something else, and then nobody: who waits is told, and so is who calls later. */
static void tells_who_sends_that_the_connection_broke(void **state)
{
	struct told t = { .want = "{}" };
	struct err err;
	char byte;
	int listening;

	(void)state;
	server_stop(lab.server);
	assert_int_equal(endpoint_listen(lab.path, 0600, &listening, &err), OK);
	struct client *c = open_client(0);
	int peer = accept(listening, NULL, NULL);

	for (int i = 0; i < 50; i++)
		send_one(c, "test.echo", &t);
	assert_int_equal(recv(peer, &byte, 1, 0), 1);
	close(peer);
	await_count(&t.lost, 50);
	assert_int_equal(atomic_load(&t.rc), ERR_IO);
	close(listening);
	/* The reader may still be letting go of the old connection: both say that it was not done. */
	send_one(c, "test.echo", &t);
	await_count(&t.lost, 51);
	start_server();
	send_one(c, "test.echo", &t);
	await_count(&t.answered, 1);
	client_close(c);
}

static void *ask_waiting(void *arg)
{
	struct client_answer answer;
	struct arena mem;

	arena_init(&mem, 1 << 16);
	enum err_kind rc = ask(arg, &mem, "test.wait", STR("{}"), &answer);

	arena_reset(&mem);
	return (void *)(uintptr_t)(rc == OK ? 1000 + answer.status : rc);
}

/* A server that stops answers what is under way; then the client finds another one at the same place. */
static void reconnects_after_the_server_was_away(void **state)
{
	struct client *c = open_client(0);
	struct client_answer answer;
	struct arena mem;
	pthread_t thread;
	void *got;

	(void)state;
	arena_init(&mem, 1 << 16);
	assert_int_equal(pthread_create(&thread, NULL, ask_waiting, c), 0);
	wait_until_seen(1);
	server_stop(lab.server);
	pthread_join(thread, &got);
	assert_int_equal((uintptr_t)got, 1000 + ERR_CANCELLED);
	assert_int_not_equal(ask(c, &mem, "test.echo", STR("{}"), &answer), OK);
	start_server();
	assert_int_equal(ask(c, &mem, "test.echo", STR("{}"), &answer), OK);
	arena_reset(&mem);
	client_close(c);
}

static struct str call_bytes(struct arena *mem, const char *verb, uint64_t id, bool has_fd)
{
	struct frame frame = { .type = FRAME_CALL };
	struct out o;
	struct str bytes;
	struct err err;

	frame.call.request_id = id;
	assert_true(frame_set_name(frame.call.verb, FRAME_VERB_BYTES, verb));
	assert_true(frame_set_name(frame.call.point, FRAME_POINT_BYTES, "console"));
	frame.call.has_fd = has_fd;
	frame.call.body = STR("{}");
	out_init(&o, mem, 4096);
	frame_format(&o, &frame);
	assert_int_equal(out_finish(&o, &bytes, &err), OK);
	return bytes;
}

static int raw_connection(void)
{
	struct err err;
	int fd;

	assert_int_equal(endpoint_connect(lab.path, &fd, &err), OK);
	return fd;
}

static void send_bytes(int fd, struct str bytes)
{
	struct err err;

	assert_int_equal(fs_write_all(fd, bytes.ptr, bytes.len, &err), OK);
}

/* Whoever disconnects takes his calls along; others are not touched. */
static void a_peer_that_goes_or_lies_harms_itself_only(void **state)
{
	struct client *c = open_client(0);
	struct client_answer answer;
	struct arena mem;
	char byte;

	(void)state;
	arena_init(&mem, 1 << 16);
	int gone = raw_connection();

	send_bytes(gone, call_bytes(&mem, "test.wait", 1, false));
	wait_until_seen(1);
	close(gone);
	while (atomic_load(&lab.cancelled) < 1)
		sched_yield();

	int liar = raw_connection();

	send_bytes(liar, call_bytes(&mem, "test.wait", 1, false));
	wait_until_seen(2);
	send_bytes(liar, STR("GET / HTTP/1.1\r\n"));
	assert_true(recv(liar, &byte, 1, 0) <= 0);
	while (atomic_load(&lab.cancelled) < 2)
		sched_yield();
	close(liar);

	int promised = raw_connection(); /* a descriptor that does not come */

	send_bytes(promised, call_bytes(&mem, "test.read", 1, true));
	assert_true(recv(promised, &byte, 1, 0) <= 0);
	close(promised);
	assert_int_equal(ask(c, &mem, "test.echo", STR("{}"), &answer), OK);
	arena_reset(&mem);
	client_close(c);
}

/* Calls of a batch wait for its signature; when that never comes they never reach the lab. */
static struct str batch_call(struct arena *mem, bool has_more)
{
	struct frame frame = { .type = FRAME_CALL,
		.call = { .has_more = has_more, .body = STR("{}") } };
	struct out o;
	struct str wire;
	struct err err;

	assert_true(frame_set_name(frame.call.verb, FRAME_VERB_BYTES, "test.echo"));
	assert_true(frame_set_name(frame.call.point, FRAME_POINT_BYTES, "centre"));
	out_init(&o, mem, 1024);
	frame_format(&o, &frame);
	assert_int_equal(out_finish(&o, &wire, &err), OK);
	return wire;
}

static void await_answers(int fd, size_t count)
{
	uint8_t in[4096];
	struct frame frame;
	struct err err;
	size_t used, answers = 0;

	for (size_t len = 0; answers < count;) {
		ssize_t n = recv(fd, in + len, sizeof(in) - len, 0);

		assert_true(n > 0);
		len += (size_t)n;
		answers = 0;
		for (size_t at = 0; at < len; at += used, answers++) {
			assert_int_equal(
				frame_parse(str_of(in + at, len - at), &frame, &used, &err), OK);
			if (used == 0)
				break;
		}
	}
}

static void a_batch_waits_for_its_signature(void **state)
{
	struct arena mem;
	char byte;

	(void)state;
	arena_init(&mem, 1 << 16);
	unsigned before = atomic_load(&lab.seen);
	int cut = raw_connection(), whole = raw_connection(), liar = raw_connection();

	send_bytes(cut, batch_call(&mem, true));
	for (int i = 0; i < 3; i++)
		send_bytes(whole, batch_call(&mem, i < 2));
	await_answers(whole, 3);
	close(cut);
	close(whole);
	/* More than may be signed together: this is no client of ours. */
	for (int i = 0; i < FRAME_BATCH_CALLS_MAX; i++)
		send_bytes(liar, batch_call(&mem, true));
	assert_true(recv(liar, &byte, 1, 0) <= 0);
	close(liar);
	assert_int_equal(atomic_load(&lab.seen), before + 3);
	arena_reset(&mem);
}

/* More calls than may be under way: the rest waits in the socket, none is lost. */
static void calls_under_way_are_bounded(void **state)
{
	enum { MORE = LIMIT_LINK_INFLIGHT + 100 };
	struct arena mem;
	struct err err;
	static char in[1 << 20];
	size_t held = 0;
	unsigned answered = 0;

	(void)state;
	arena_init(&mem, 4 << 20);
	set_paused(true);
	int fd = raw_connection();

	for (uint64_t i = 0; i < MORE; i++)
		send_bytes(fd, call_bytes(&mem, "test.echo", i, false));
	wait_until_seen(LIMIT_LINK_INFLIGHT);
	for (int i = 0; i < 1000; i++)
		sched_yield();
	assert_int_equal(atomic_load(&lab.seen), LIMIT_LINK_INFLIGHT);
	set_paused(false);
	while (answered < MORE) {
		ssize_t n = recv(fd, in + held, sizeof(in) - held, 0);
		size_t at = 0, used = 1;

		assert_true(n > 0);
		held += (size_t)n;
		while (at < held && used > 0) {
			struct frame frame;

			assert_int_equal(
				frame_parse(str_of(in + at, held - at), &frame, &used, &err), OK);
			at += used;
			answered += used > 0;
		}
		held -= at;
		memmove(in, in + at, held);
	}
	close(fd);
	arena_reset(&mem);
}

/* A peer that asks for much and reads nothing is not read from, and then cut off. */
static void a_slow_reader_is_bounded(void **state)
{
	enum { ASKED = 400 }; /* times 600 KB: more than may ever wait */
	struct arena mem;
	struct client_answer answer;
	struct client *c = open_client(0);

	(void)state;
	arena_init(&mem, 4 << 20);
	int fd = raw_connection();
	struct pollfd p = { .fd = fd, .events = 0 };

	set_paused(true);
	for (uint64_t i = 0; i < ASKED; i++)
		send_bytes(fd, call_bytes(&mem, "test.big", i, false));
	wait_until_seen(ASKED);
	set_paused(false);
	/* Cut off: our end sees the hang-up without reading a byte. */
	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_true((p.revents & POLLHUP) != 0);
	close(fd);
	assert_int_equal(ask(c, &mem, "test.echo", STR("{}"), &answer), OK);
	arena_reset(&mem);
	client_close(c);
}

static void reaches_sockets_of_long_names(void **state)
{
	char folder[256], path[320];
	struct err err;
	int listening, fd;

	(void)state;
	memset(folder, 'n', sizeof(folder));
	memcpy(folder, lab.folder, strlen(lab.folder));
	folder[strlen(lab.folder)] = '/';
	folder[200] = '\0';
	assert_int_equal(fs_make_dirs(AT_FDCWD, folder, 0700, &err), OK);
	snprintf(path, sizeof(path), "%s/vault.sock", folder);
	assert_int_equal(endpoint_connect(path, &fd, &err), ERR_NOT_FOUND);
	assert_int_equal(endpoint_listen(path, 0600, &listening, &err), OK);
	assert_int_equal(endpoint_connect(path, &fd, &err), OK);
	close(fd);
	close(listening);
	assert_int_equal(endpoint_listen(path, 0600, &listening, &err), OK);
	close(listening);
	assert_int_equal(endpoint_connect(path, &fd, &err), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_gets_its_own_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(
			carries_large_answers_and_bounds_larger_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(hands_descriptors_over, setup, teardown),
		cmocka_unit_test_setup_teardown(tells_progress_and_cancels, setup, teardown),
		cmocka_unit_test_setup_teardown(tells_who_sends_without_waiting, setup, teardown),
		cmocka_unit_test_setup_teardown(
			tells_who_sends_that_the_connection_broke, setup, teardown),
		cmocka_unit_test_setup_teardown(
			reconnects_after_the_server_was_away, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_peer_that_goes_or_lies_harms_itself_only, setup, teardown),
		cmocka_unit_test_setup_teardown(a_batch_waits_for_its_signature, setup, teardown),
		cmocka_unit_test_setup_teardown(a_batch_waits_for_its_signature, setup, teardown),
		cmocka_unit_test_setup_teardown(calls_under_way_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(a_slow_reader_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(reaches_sockets_of_long_names, setup, teardown),
	};

	return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
