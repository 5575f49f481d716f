/*
 * alarm: what the owner of a witness must know, kept in a file and told to the log. A line an alarm:
 *
 *	2026-11-22T15:04:05.123456Z fork example.org/lab: the log has signed two heads of size 8; …
 *
 * The same rule about the same subject is written once in ALARM_AGAIN_S seconds, however often it comes up.
 */
#ifndef WITNESS_ALARM_H
#define WITNESS_ALARM_H

#include "base/arena.h"
#include "base/err.h"
#include "os/clock.h"

#define ALARM_FILE "alarms"

enum {
	ALARM_AGAIN_S = 3600,
	ALARM_FILE_BYTES_MAX = 4
		<< 20, /* beyond it nothing is added: somebody has not looked for long */
};

struct alarms;

/* dir_fd and clock are borrowed. Errors: ERR_IO, ERR_LIMIT. */
MUST_CHECK enum err_kind alarms_open(
	int dir_fd, const struct clock *clock, struct alarms **a, struct err *err);
void alarms_close(struct alarms *a);
/* A witness_alarm_fn; arg is the struct alarms. Any thread. Never fails: what cannot be written is in the log. */
void alarms_raise(void *arg, const char *rule, struct str subject, const char *words);
/* How many have been raised by this process. */
unsigned alarms_count(struct alarms *a);
/* The whole file, oldest first, into mem; empty when there is none. Errors: ERR_IO, ERR_LIMIT. */
MUST_CHECK enum err_kind alarms_read(
	int dir_fd, struct arena *mem, struct str *text, struct err *err);

#endif
