#include "os/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/str.h"
#include "base/when.h"

enum { OFFSET_BYTES_MAX = 32, OFFSET_TRIES = 10000 };
/* A hundred years: more would leave the range of when_format. */
#define OFFSET_S_MAX INT64_C(3155760000)

void clock_init_machine(struct clock *clock)
{
	clock->offset_fd = -1;
}

/* False while the file is empty (a shell's `echo 60 > clock` cuts it first) or holds anything but a number. */
static bool read_offset(int fd, int64_t *offset_s)
{
	char text[OFFSET_BYTES_MAX];
	ssize_t n = pread(fd, text, sizeof(text), 0);
	uint64_t magnitude;

	if (n <= 0 || n == (ssize_t)sizeof(text))
		return false;
	struct str s = str_trim(str_of(text, (size_t)n));
	bool negative = s.len > 0 && s.ptr[0] == '-';

	if (!str_to_u64(negative ? str_skip(s, 1) : s, &magnitude) || magnitude > OFFSET_S_MAX)
		return false;
	*offset_s = negative ? -(int64_t)magnitude : (int64_t)magnitude;
	return true;
}

enum err_kind clock_init_shifted(struct clock *clock, int dir_fd, const char *name, struct err *err)
{
	int64_t offset_s;
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return err_errno(err, errno, "open %s", name);
	if (!read_offset(fd, &offset_s)) {
		close(fd);
		return err_set(err, ERR_INPUT,
			"%s: want decimal seconds by which the clock is shifted", name);
	}
	clock->offset_fd = fd;
	return OK;
}

void clock_close(struct clock *clock)
{
	if (clock->offset_fd >= 0)
		close(clock->offset_fd);
	clock->offset_fd = -1;
}

static int64_t read_clock_us(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) != 0)
		abort();
	return (int64_t)ts.tv_sec * WHEN_SECOND_US + ts.tv_nsec / 1000;
}

int64_t clock_now_us(const struct clock *clock)
{
	int64_t offset_s = 0;

	if (clock->offset_fd < 0)
		return read_clock_us(CLOCK_REALTIME);
	/*
	 * Going on with a clock that is not shifted would revive what has expired: when the writer of
	 * the file does not finish, the process ends instead.
	 */
	for (int tries = 0; !read_offset(clock->offset_fd, &offset_s); tries++) {
		if (tries == OFFSET_TRIES)
			abort();
		sched_yield();
	}
	return read_clock_us(CLOCK_REALTIME) + offset_s * WHEN_SECOND_US;
}

int64_t clock_monotonic_us(void)
{
	return read_clock_us(CLOCK_MONOTONIC);
}

int64_t clock_cpu_us(void)
{
	return read_clock_us(CLOCK_THREAD_CPUTIME_ID);
}
