#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "harness.h"
#include "http_fixture.h"
#include "tls_client.h"

static char answer[1 << 16];

static void ask(struct tls_client *c, const char *request)
{
	assert_true(tls_client_send(c, request, strlen(request)));
	assert_true(tls_client_receive(c, answer, sizeof(answer)) > 0);
}

static void expect(const char *part)
{
	if (strstr(answer, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, answer);
}

static void hands_over_what_was_asked(void **state)
{
	struct http_fixture f;
	struct tls_client c;

	(void)state;
	http_fixture_start(&f, &(struct http_options){ 0 });
	assert_true(tls_client_open(&c, f.port, NULL));
	ask(&c, "GET /a%2Fb/c?x=1&y=%20 HTTP/1.1\r\nHost: h\r\nCookie: k=v\r\n\r\n");
	expect("HTTP/1.1 200");
	expect("get|/a%2Fb/c|x=1&y=%20|k=v|");
	ask(&c, "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
	expect("post|/p|||hello");
	ask(&c, "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n");
	expect("post|/p|||hello");
	ask(&c, "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
	expect("post|/p|||");
	tls_client_close(&c);
	http_fixture_stop(&f);
}

static void puts_the_security_headers_on_all(void **state)
{
	static const char *const requests[] = {
		"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /a/x.css HTTP/1.1\r\nHost: h\r\n\r\n",
		"DELETE / HTTP/1.1\r\nHost: h\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 65\r\n\r\n",
	};
	static const char *const headers[] = {
		"Content-Security-Policy: default-src 'none'; script-src 'self';",
		"frame-ancestors 'none'",
		"X-Content-Type-Options: nosniff",
		"Referrer-Policy: no-referrer",
		"Cross-Origin-Opener-Policy: same-origin",
		"Cross-Origin-Resource-Policy: same-origin",
		"Permissions-Policy: ",
		"Strict-Transport-Security: ",
	};
	struct http_fixture f;

	(void)state;
	http_fixture_start(&f, &(struct http_options){ 0 });
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct tls_client c;

		assert_true(tls_client_open(&c, f.port, NULL));
		ask(&c, requests[i]);
		for (size_t k = 0; k < sizeof(headers) / sizeof(headers[0]); k++)
			expect(headers[k]);
		expect(i == 1 ? "Cache-Control: public, max-age=31536000, immutable"
			      : "Cache-Control: no-store");
		tls_client_close(&c);
	}
	http_fixture_stop(&f);
}

static void refuses_what_is_out_of_bounds(void **state)
{
	struct http_fixture f;
	struct tls_client c;
	char long_request[20000];

	(void)state;
	http_fixture_start(&f, &(struct http_options){ 0 });
	assert_true(tls_client_open(&c, f.port, NULL));
	ask(&c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 65\r\n\r\n");
	expect("HTTP/1.1 413");
	tls_client_close(&c);

	assert_true(tls_client_open(&c, f.port, NULL));
	ask(&c, "PUT / HTTP/1.1\r\nHost: h\r\n\r\n");
	expect("HTTP/1.1 405");
	expect("Allow: GET, HEAD, POST");
	tls_client_close(&c);

	/* A chunked body that grows past its bound ends the connection. */
	assert_true(tls_client_open(&c, f.port, NULL));
	int head = snprintf(long_request, sizeof(long_request),
		"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n%0256d\r\n0\r\n\r\n",
		0);
	assert_true(tls_client_send(&c, long_request, (size_t)head));
	assert_true(tls_client_is_closed(&c));
	tls_client_close(&c);

	/* An address longer than HTTP_URI_BYTES_MAX. */
	assert_true(tls_client_open(&c, f.port, NULL));
	head = snprintf(long_request, sizeof(long_request), "GET /%0*d HTTP/1.1\r\nHost: h\r\n\r\n",
		HTTP_URI_BYTES_MAX, 0);
	ask(&c, long_request);
	expect("HTTP/1.1 414");
	tls_client_close(&c);
	http_fixture_stop(&f);
}

/* "/big" takes twice what is large. Who does not say how much is coming is not let in; nor is a fifth. */
static void bounds_large_bodies(void **state)
{
	struct http_fixture f;
	struct tls_client holding[HTTP_LARGE_BODIES], c;
	char head[200];
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };

	(void)state;
	http_fixture_start(&f, &(struct http_options){ 0 });
	assert_true(tls_client_open(&c, f.port, NULL));
	ask(&c, "POST /big HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n0\r\n\r\n");
	expect("HTTP/1.1 411");
	tls_client_close(&c);
	snprintf(head, sizeof(head), "POST /big HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n",
		HTTP_LARGE_BODY_BYTES + 1);
	/* 100 Continue says that the place is taken. */
	for (int i = 0; i < HTTP_LARGE_BODIES; i++) {
		char hold[300];

		snprintf(hold, sizeof(hold), "%.*s\r\nExpect: 100-continue\r\n\r\n",
			(int)strlen(head) - 4, head);
		assert_true(tls_client_open(&holding[i], f.port, NULL));
		assert_true(tls_client_send(&holding[i], hold, strlen(hold)));
		ssize_t n = gnutls_record_recv(holding[i].tls, answer, sizeof(answer) - 1);

		assert_true(n > 0);
		answer[n] = '\0';
		expect("HTTP/1.1 100");
	}
	assert_true(tls_client_open(&c, f.port, NULL));
	ask(&c, head);
	expect("HTTP/1.1 503");
	tls_client_close(&c);
	/* Bodies that are not large are taken all the same. */
	assert_true(tls_client_open(&c, f.port, NULL));
	ask(&c, "POST /big HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhe");
	expect("post|/big|||he");
	tls_client_close(&c);
	/* Who goes away gives the place back. */
	tls_client_close(&holding[0]);
	unsigned refused = 0;

	do {
		if (refused > 0)
			nanosleep(&pause, NULL);
		assert_true(tls_client_open(&c, f.port, NULL));
		assert_true(tls_client_send(&c, head, strlen(head)));
		static char body[HTTP_LARGE_BODY_BYTES + 1];

		(void)tls_client_send(&c, body, sizeof(body));
		if (tls_client_receive(&c, answer, sizeof(answer)) <= 0)
			answer[0] = '\0';
		tls_client_close(&c);
	} while (strstr(answer, "HTTP/1.1 200") == NULL && ++refused < 500);
	assert_true(refused < 500);
	for (int i = 1; i < HTTP_LARGE_BODIES; i++)
		tls_client_close(&holding[i]);
	http_fixture_stop(&f);
}

/* Requests that are answered later: whose path begins with "/later", by a thread of ours; "/now" at once. */
static struct {
	pthread_mutex_t lock;
	struct http_later *waiting[8];
	size_t count;
} later = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool start(void *arg, struct arena *mem, const struct http_request *q,
	struct http_response *response, struct http_later *l)
{
	(void)arg;
	(void)mem;
	*response = (struct http_response){
		.status = 200, .type = "text/plain", .body = STR("answered later")
	};
	if (str_starts(q->path, STR("/now"))) {
		l->answer(l);
		return true;
	}
	if (!str_starts(q->path, STR("/later")))
		return false;
	pthread_mutex_lock(&later.lock);
	later.waiting[later.count++] = l;
	pthread_mutex_unlock(&later.lock);
	return true;
}

static size_t later_count(void)
{
	pthread_mutex_lock(&later.lock);
	size_t count = later.count;

	pthread_mutex_unlock(&later.lock);
	return count;
}

static void answers_later_what_was_taken_over(void **state)
{
	enum { LATER = 3 };
	static const char request[] =
		"POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}";
	struct http_fixture f;
	struct tls_client c[LATER], other;

	(void)state;
	http_fixture_start(&f, &(struct http_options){ .start = start, .workers = 1 });
	for (size_t i = 0; i < LATER; i++) {
		assert_true(tls_client_open(&c[i], f.port, NULL));
		assert_true(tls_client_send(&c[i], request, strlen(request)));
		while (later_count() <= i)
			sched_yield();
	}
	/* They hold up nobody: neither who is answered at once, nor who needs a worker. */
	assert_true(tls_client_open(&other, f.port, NULL));
	ask(&other, "GET /now HTTP/1.1\r\nHost: h\r\n\r\n");
	expect("answered later");
	ask(&other, "GET /worker HTTP/1.1\r\nHost: h\r\n\r\n");
	expect("get|/worker|");
	tls_client_close(&other);
	for (size_t i = LATER; i-- > 0;) {
		later.waiting[i]->answer(later.waiting[i]);
		assert_true(tls_client_receive(&c[i], answer, sizeof(answer)) > 0);
		expect("answered later");
		expect("X-Content-Type-Options: nosniff");
		tls_client_close(&c[i]);
	}
	http_fixture_stop(&f);
}

static void speaks_tls_1_3_only(void **state)
{
	struct http_fixture f;
	struct tls_client c;

	(void)state;
	http_fixture_start(&f, &(struct http_options){ 0 });
	assert_false(tls_client_open(&c, f.port, "NORMAL:-VERS-ALL:+VERS-TLS1.2"));
	tls_client_close(&c);
	assert_true(tls_client_open(&c, f.port, NULL));
	tls_client_close(&c);
	http_fixture_stop(&f);
}

static void bounds_the_connections_of_one_address(void **state)
{
	struct http_fixture f;
	struct tls_client c[3];

	(void)state;
	http_fixture_start(&f, &(struct http_options){ .connections_per_address_max = 2 });
	for (int i = 0; i < 3; i++)
		assert_int_equal(tls_client_open(&c[i], f.port, NULL), i < 2);
	for (int i = 0; i < 3; i++)
		tls_client_close(&c[i]);
	http_fixture_stop(&f);
}

static void closes_a_silent_connection(void **state)
{
	struct http_fixture f;
	struct tls_client c;

	(void)state;
	http_fixture_start(&f, &(struct http_options){ .idle_s = 1 });
	assert_true(tls_client_open(&c, f.port, NULL));
	assert_true(tls_client_send(&c, "GET / HT", 8));
	assert_true(tls_client_is_closed(&c));
	tls_client_close(&c);
	http_fixture_stop(&f);
}

static void answer_much(
	void *arg, struct arena *mem, const struct http_request *q, struct http_response *response)
{
	size_t len = (size_t)12 << 20;
	char *text = arena_array(mem, char, len);

	(void)arg;
	(void)q;
	assert_non_null(text);
	*response = (struct http_response){
		.status = 200, .type = "text/plain", .body = str_of(text, len)
	};
}

/* A byte now and then keeps a connection from being silent, not from being too slow. */
static void ends_a_request_that_never_ends(void **state)
{
	struct http_fixture f;
	struct tls_client c;
	struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
	unsigned sent = 0;

	(void)state;
	http_fixture_start(&f, &(struct http_options){ .idle_s = 5, .request_s = 1 });
	assert_true(tls_client_open(&c, f.port, NULL));
	assert_true(tls_client_send(&c, "GET / HTTP/1.1\r\nX: ", 19));
	while (sent < 100 && tls_client_send(&c, "x", 1)) {
		sent++;
		nanosleep(&pause, NULL);
	}
	assert_in_range(sent, 5, 50);
	tls_client_close(&c);
	http_fixture_stop(&f);
}

/* Who does not take the answer does not keep the place for ever. */
static void ends_an_answer_that_nobody_takes(void **state)
{
	struct http_fixture f;
	struct tls_client slow, next;
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	unsigned refused = 0;

	(void)state;
	http_fixture_start(&f,
		&(struct http_options){ .idle_s = 60,
			.answer_s = 1,
			.connections_per_address_max = 1,
			.handle = answer_much });
	assert_true(tls_client_open(&slow, f.port, NULL));
	assert_true(tls_client_send(&slow, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 27));
	/* The only place is taken until the answer's time is over. */
	for (; refused < 200 && !tls_client_open(&next, f.port, NULL); refused++) {
		tls_client_close(&next);
		nanosleep(&pause, NULL);
	}
	assert_in_range(refused, 1, 199);
	tls_client_close(&next);
	tls_client_close(&slow);
	http_fixture_stop(&f);
}

static void tells_what_is_wrong_with_an_address(void **state)
{
	static const char *const bad[] = { "", "8443", ":8443", "localhost:8443",
		"127.0.0.1:99999999", "127.0.0.1:x" };
	struct err err;
	unsigned port;
	int fd;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(http_listen(bad[i], &fd, &port, &err), ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hands_over_what_was_asked),
		cmocka_unit_test(puts_the_security_headers_on_all),
		cmocka_unit_test(refuses_what_is_out_of_bounds),
		cmocka_unit_test(bounds_large_bodies),
		cmocka_unit_test(answers_later_what_was_taken_over),
		cmocka_unit_test(speaks_tls_1_3_only),
		cmocka_unit_test(bounds_the_connections_of_one_address),
		cmocka_unit_test(closes_a_silent_connection),
		cmocka_unit_test(ends_a_request_that_never_ends),
		cmocka_unit_test(ends_an_answer_that_nobody_takes),
		cmocka_unit_test(tells_what_is_wrong_with_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
