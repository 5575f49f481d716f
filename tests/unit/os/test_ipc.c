#include "os/ipc.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"

enum { MSG_EXACT = 1, MSG_UP_TO = 2, MSG_FD = 3, MSG_RULES };

static const struct ipc_rule rules[MSG_RULES] = {
	[MSG_EXACT] = { .size = 4 },
	[MSG_UP_TO] = { .max = 100 },
	[MSG_FD] = { .fds = 1 },
};

static enum err_kind receive(int fd, struct ipc_msg *msg)
{
	struct err err;

	return ipc_receive(fd, rules, MSG_RULES, 0, msg, &err);
}

static void carries_what_the_rules_allow(void **state)
{
	static struct ipc_msg msg;
	struct err err;
	int pair[2];

	(void)state;
	assert_int_equal(ipc_pair(pair, &err), OK);
	assert_int_equal(ipc_send(pair[0], MSG_EXACT, "abcd", 4, NULL, 0, &err), OK);
	assert_int_equal(ipc_send(pair[0], MSG_UP_TO, NULL, 0, NULL, 0, &err), OK);
	assert_int_equal(ipc_send(pair[0], MSG_FD, NULL, 0, &pair[0], 1, &err), OK);
	assert_int_equal(receive(pair[1], &msg), OK);
	assert_int_equal(msg.type, MSG_EXACT);
	assert_memory_equal(msg.body, "abcd", 4);
	assert_int_equal(receive(pair[1], &msg), OK);
	assert_int_equal(msg.len, 0);
	assert_int_equal(receive(pair[1], &msg), OK);
	assert_int_equal(msg.fd_count, 1);
	assert_int_equal(fcntl(msg.fds[0], F_GETFD), FD_CLOEXEC);
	close(msg.fds[0]);
	assert_int_equal(receive(pair[1], &msg), ERR_LIMIT);
	close(pair[0]);
	assert_int_equal(receive(pair[1], &msg), ERR_NOT_FOUND);
	assert_int_equal(ipc_send(pair[1], MSG_EXACT, "abcd", 4, NULL, 0, &err), ERR_NOT_FOUND);
	close(pair[1]);
}

/* Lowest free descriptor: tells whether a refused message left one open. */
static int lowest_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

static void refuses_what_they_do_not(void **state)
{
	static const struct {
		uint32_t type;
		size_t len, fds;
	} bad[] = { { 0, 4, 0 }, { MSG_RULES, 4, 0 }, { UINT32_MAX, 4, 0 }, { MSG_EXACT, 3, 0 },
		{ MSG_EXACT, 5, 0 }, { MSG_EXACT, 4, 1 }, { MSG_UP_TO, 101, 0 },
		{ MSG_UP_TO, IPC_MSG_BYTES_MAX, 0 }, { MSG_FD, 0, 0 }, { MSG_FD, 0, 2 },
		{ MSG_FD, 1, 1 } };
	static uint8_t body[IPC_MSG_BYTES_MAX];
	static struct ipc_msg msg;
	struct err err;
	int pair[2];

	(void)state;
	assert_int_equal(ipc_pair(pair, &err), OK);
	int fds[2] = { pair[0], pair[1] };
	int lowest = lowest_fd();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
			ipc_send(pair[0], bad[i].type, body, bad[i].len, fds, bad[i].fds, &err),
			OK);
		assert_int_equal(receive(pair[1], &msg), ERR_CORRUPT);
		assert_int_equal(lowest_fd(), lowest);
	}
	/* Datagrams not made by ipc_send: too short for a head, a length that lies, too long. */
	static uint8_t raw[IPC_MSG_BYTES_MAX + 64];

	raw[0] = MSG_EXACT;
	raw[4] = 4;
	assert_int_equal(send(pair[0], raw, 7, 0), 7);
	assert_int_equal(receive(pair[1], &msg), ERR_CORRUPT);
	assert_int_equal(send(pair[0], raw, 13, 0), 13);
	assert_int_equal(receive(pair[1], &msg), ERR_CORRUPT);
	assert_true(send(pair[0], raw, sizeof(raw), 0) > 0);
	assert_int_equal(receive(pair[1], &msg), ERR_CORRUPT);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_what_the_rules_allow),
		cmocka_unit_test(refuses_what_they_do_not),
	};

	return cmocka_run_group_tests_name("ipc", tests, NULL, NULL);
}
