/* clock: now. A deadline is compared with a clock that is passed in, so that a test can replace it. */
#ifndef OS_CLOCK_H
#define OS_CLOCK_H

#include <stdint.h>

#include "base/err.h"

/*
 * A lab's clock: UTC microseconds. With offset_path (a test lab's run/clock file, decimal seconds, re-read
 * at each call) it is shifted by that many seconds; without, it is the machine's.
 */
struct clock {
	int offset_fd; /* -1: the machine's clock */
};

void clock_init_machine(struct clock *clock);
MUST_CHECK enum err_kind clock_init_shifted(
	struct clock *clock, int dir_fd, const char *name, struct err *err);
void clock_close(struct clock *clock);
int64_t clock_now_us(const struct clock *clock);
/* Monotonic microseconds, for time-outs and rates only. */
int64_t clock_monotonic_us(void);
/* CPU time of this thread in microseconds, for benchmarks. */
int64_t clock_cpu_us(void);

#endif
