/*
 * monitor: rules over the entries of the mirrored log, and over the calls that this host's point has sent. A row of the
 * table in monitor.c is a rule; a new kind of entry is a new row, not new code.
 */
#ifndef WITNESS_MONITOR_H
#define WITNESS_MONITOR_H

#include "witness/mirror.h"

enum {
	MONITOR_FACTS_MAX = 1
		<< 21, /* 64 bytes each; beyond it the monitor says that it sees no more */
	MONITOR_SUBJECT_FIELDS = 4,
	MONITOR_ANSWER_S = 60, /* a call that was sent has its answer or its entry by then */
	MONITOR_STALE_S = 300, /* a centre that was not heard of for so long */
};

/* What an entry of a kind says about a subject, named by some of its public fields; absent ones count as empty. */
struct monitor_rule {
	const char *alarm; /* the rule's name in alarms */
	const char *kind; /* of the entries that it is about */
	const char *subject[MONITOR_SUBJECT_FIELDS]; /* names of public fields; NULL: no more */
	const char *same; /* this field never differs for one subject; NULL: another rule */
	/* An entry of needs_kind, of the same subject, whose needs_field is needs_value, came before. */
	const char *needs_kind, *needs_field, *needs_value;
	const char *words;
};

struct monitor;

struct monitor_options {
	const struct monitor_rule
		*rules; /* ends with a row whose alarm is NULL; NULL: those of vitrine */
	witness_alarm_fn *alarm;
	void *arg;
	bool keeps_requests; /* there is a file of receipts to compare with */
};

MUST_CHECK enum err_kind monitor_open(
	const struct monitor_options *options, struct monitor **m, struct err *err);
void monitor_close(struct monitor *m);
/* A mirror_entry_fn; arg is the monitor. */
void monitor_entry(void *arg, uint64_t index, struct str entry);
/*
 * New rows of the point's receipts (an open file, read from where the last turn ended): each answer's entry is in
 * the log and is that call's; each root that the point was told is the mirror's; a call without an answer has its
 * entry. now_us: the machine's clock. Errors: ERR_IO.
 */
MUST_CHECK enum err_kind monitor_receipts(
	struct monitor *m, int fd, const struct mirror *mirror, int64_t now_us, struct err *err);

#endif
