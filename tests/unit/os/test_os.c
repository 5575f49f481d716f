/* clock, random and log. */
#include <fcntl.h>
#include <unistd.h>

#include "base/when.h"
#include "harness.h"
#include "os/clock.h"
#include "os/fs.h"
#include "os/log.h"
#include "os/random.h"

static void clock_is_shifted_by_its_file(void **state)
{
	char path[] = "/tmp/vitrine-clock-XXXXXX";
	struct clock machine, shifted;
	struct err err;
	int fd = mkstemp(path);

	(void)state;
	clock_init_machine(&machine);
	assert_int_equal(clock_init_shifted(&shifted, AT_FDCWD, path, &err), ERR_INPUT);
	assert_int_equal(pwrite(fd, "3600\n", 5, 0), 5);
	assert_int_equal(clock_init_shifted(&shifted, AT_FDCWD, path, &err), OK);
	int64_t ahead = clock_now_us(&shifted) - clock_now_us(&machine);

	assert_in_range(ahead, 3599 * WHEN_SECOND_US, 3600 * WHEN_SECOND_US);
	assert_int_equal(pwrite(fd, "-7\n\n\n", 5, 0), 5);
	int64_t behind = clock_now_us(&machine) - clock_now_us(&shifted);

	assert_in_range(behind, 6 * WHEN_SECOND_US, 7 * WHEN_SECOND_US);
	clock_close(&shifted);
	close(fd);
	unlink(path);
	assert_int_equal(clock_init_shifted(&shifted, AT_FDCWD, path, &err), ERR_IO);
}

static void clocks_do_not_run_backwards(void **state)
{
	int64_t before = clock_monotonic_us(), cpu_before = clock_cpu_us();

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_true(clock_monotonic_us() >= before);
	assert_true(clock_cpu_us() >= cpu_before);
}

static void random_fills_every_byte(void **state)
{
	unsigned char seen[64] = { 0 };

	(void)state;
	for (int round = 0; round < 32; round++) {
		unsigned char bytes[64];

		random_bytes(bytes, sizeof(bytes));
		for (size_t i = 0; i < sizeof(bytes); i++)
			seen[i] |= bytes[i];
	}
	for (size_t i = 0; i < sizeof(seen); i++)
		assert_int_not_equal(seen[i], 0);
}

static void a_log_message_is_one_line(void **state)
{
	int pipe_fds[2], saved = dup(STDERR_FILENO);
	char text[4096];

	(void)state;
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	assert_true(dup2(pipe_fds[1], STDERR_FILENO) >= 0);
	log_init("vault", LOG_INFO);
	log_line(LOG_DEBUG, "not told");
	log_line(LOG_WARN, "a\nb\x1b[2J%2000s", "end");
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(pipe_fds[1]);
	ssize_t n = read(pipe_fds[0], text, sizeof(text) - 1);

	close(pipe_fds[0]);
	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, " vault warn: a b [2J "));
	assert_ptr_equal(strchr(text, '\n'), text + n - 1);
	assert_null(strchr(text, '\x1b'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clock_is_shifted_by_its_file),
		cmocka_unit_test(clocks_do_not_run_backwards),
		cmocka_unit_test(random_fills_every_byte),
		cmocka_unit_test(a_log_message_is_one_line),
	};

	return cmocka_run_group_tests_name("os", tests, NULL, NULL);
}
