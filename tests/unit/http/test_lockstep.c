/*
 * Clients in lockstep: all send, then all wait for their answers. With exactly 128 events in one call of its epoll
 * loop libmicrohttpd 0.9.75 waits for ever; http.c keeps fewer connections than that on each thread.
 */
#include <stdbool.h>
#include <stdint.h>

#include "harness.h"
#include "http_fixture.h"
#include "tls_client.h"

enum { CLIENTS_MAX = 256, ROUNDS = 20 };

static void run_in_lockstep(unsigned clients)
{
	static struct tls_client c[CLIENTS_MAX];
	static char answer[8192];
	static const char request[] = "GET /step HTTP/1.1\r\nHost: h\r\n\r\n";
	struct http_fixture f;

	http_fixture_start(
		&f, &(struct http_options){ .connections_per_address_max = CLIENTS_MAX });
	for (unsigned i = 0; i < clients; i++)
		assert_true(tls_client_open(&c[i], f.port, NULL));
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < clients; i++)
			assert_true(tls_client_send(&c[i], request, sizeof(request) - 1));
		for (unsigned i = 0; i < clients; i++)
			assert_true(tls_client_receive(&c[i], answer, sizeof(answer)) > 0);
	}
	for (unsigned i = 0; i < clients; i++)
		tls_client_close(&c[i]);
	http_fixture_stop(&f);
}

static void answers_127_clients(void **state)
{
	(void)state;
	run_in_lockstep(127);
}

static void answers_128_clients(void **state)
{
	(void)state;
	run_in_lockstep(128);
}

static void answers_256_clients(void **state)
{
	(void)state;
	run_in_lockstep(256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_127_clients),
		cmocka_unit_test(answers_128_clients),
		cmocka_unit_test(answers_256_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
