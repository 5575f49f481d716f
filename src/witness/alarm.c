#include "witness/alarm.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/when.h"
#include "os/fs.h"
#include "os/log.h"

enum { TOLD_MAX = 256, TOLD_BYTES = 96, LINE_BYTES = 1024 };

/* One that was told not long ago. */
struct told {
	char what[TOLD_BYTES]; /* rule and subject */
	int64_t at_us; /* monotonic */
};

struct alarms {
	int dir_fd, fd;
	const struct clock *clock;
	pthread_mutex_t lock;
	unsigned count, told_count;
	struct told told[TOLD_MAX]; /* the oldest goes first */
};

/* What the file holds counts as told: entries that are read again at a start raise nothing anew. */
static enum err_kind remember(struct alarms *a, struct err *err)
{
	struct arena mem;
	struct str text, line;

	arena_init(&mem, 4 * (size_t)ALARM_FILE_BYTES_MAX);
	enum err_kind rc = alarms_read(a->dir_fd, &mem, &text, err);

	while (rc == OK && str_cut(text, '\n', &line, &text)) {
		struct told *next = &a->told[a->told_count % TOLD_MAX];
		struct str when, what;
		const char *end;

		if (!str_cut(line, ' ', &when, &what))
			continue;
		end = memmem(what.ptr, what.len, ": ", 2);
		snprintf(next->what, sizeof(next->what), "%.*s",
			end == NULL ? 0 : (int)(end - what.ptr), what.ptr);
		next->at_us = clock_monotonic_us();
		a->told_count++;
	}
	arena_reset(&mem);
	return rc;
}

enum err_kind alarms_open(
	int dir_fd, const struct clock *clock, struct alarms **out, struct err *err)
{
	struct alarms *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return err_set(err, ERR_LIMIT, "no memory for alarms");
	a->fd = openat(
		dir_fd, ALARM_FILE, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (a->fd < 0) {
		free(a);
		return err_errno(err, errno, "open " ALARM_FILE);
	}
	a->dir_fd = dir_fd;
	a->clock = clock;
	pthread_mutex_init(&a->lock, NULL);
	enum err_kind rc = remember(a, err);

	if (rc != OK) {
		alarms_close(a);
		return rc;
	}
	*out = a;
	return OK;
}

void alarms_close(struct alarms *a)
{
	if (a == NULL)
		return;
	close(a->fd);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

/* With the lock held: was this told within the hour? Remembers it if not. */
static bool was_told(struct alarms *a, const char *what)
{
	int64_t now_us = clock_monotonic_us();
	unsigned held = a->told_count < TOLD_MAX ? a->told_count : TOLD_MAX;

	for (unsigned i = 0; i < held; i++)
		if (strcmp(a->told[i].what, what) == 0 &&
			now_us - a->told[i].at_us < ALARM_AGAIN_S * WHEN_SECOND_US)
			return true;
	struct told *next = &a->told[a->told_count++ % TOLD_MAX];

	snprintf(next->what, sizeof(next->what), "%s", what);
	next->at_us = now_us;
	return false;
}

static void write_line(struct alarms *a, const char *line, size_t len)
{
	off_t size = lseek(a->fd, 0, SEEK_END);
	struct err err;

	if (size < 0 || size > ALARM_FILE_BYTES_MAX)
		return;
	if (fs_write_all(a->fd, line, len, &err) != OK || fs_sync(a->fd, &err) != OK)
		log_line(LOG_ERROR, "an alarm could not be kept: %s", err.msg);
}

void alarms_raise(void *arg, const char *rule, struct str subject, const char *words)
{
	struct alarms *a = arg;
	char what[TOLD_BYTES], when[WHEN_TEXT_BYTES], line[LINE_BYTES];

	snprintf(what, sizeof(what), "%s %.*s", rule, STR_ARG(subject));
	pthread_mutex_lock(&a->lock);
	if (!was_told(a, what)) {
		when_format(clock_now_us(a->clock), when);
		int n = snprintf(line, sizeof(line), "%s %s %.*s: %s\n", when, rule,
			STR_ARG(str_head(subject, subject.len < 300 ? subject.len : 300)), words);

		/* A subject comes from outside: one alarm stays one line. */
		for (int i = 0; i < n - 1; i++)
			if (line[i] == '\n')
				line[i] = ' ';
		a->count++;
		log_line(LOG_ERROR, "alarm: %.*s", n - 1, line);
		write_line(a, line, (size_t)n);
	}
	pthread_mutex_unlock(&a->lock);
}

unsigned alarms_count(struct alarms *a)
{
	pthread_mutex_lock(&a->lock);
	unsigned count = a->count;

	pthread_mutex_unlock(&a->lock);
	return count;
}

enum err_kind alarms_read(int dir_fd, struct arena *mem, struct str *text, struct err *err)
{
	enum err_kind rc = fs_read(
		dir_fd, ALARM_FILE, ALARM_FILE_BYTES_MAX + LINE_BYTES, mem, text, err);

	if (rc != ERR_NOT_FOUND)
		return rc;
	*text = STR("");
	return OK;
}
