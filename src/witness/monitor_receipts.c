/* monitor_receipts: what this host's point was told, against what the log holds. */
#include <errno.h>
#include <unistd.h>

#include "base/when.h"
#include "ledger/entry.h"
#include "link/receipts.h"
#include "witness/monitor_inside.h"

enum {
	ROWS_A_READ = 512,
	ROOTS_A_TURN = 32, /* a root is some twenty tiles */
};

static void raise_call(struct monitor *m, const struct pending *p, const char *words)
{
	char subject[48];

	snprintf(subject, sizeof(subject), "call %llu", (unsigned long long)p->counter);
	m->options.alarm(m->options.arg, "request", str_from(subject), words);
}

static void take_row(struct monitor *m, const uint8_t row[RECEIPT_BYTES])
{
	struct receipt r;
	struct err err;

	if (receipt_parse(row, &r, &err) != OK) {
		m->options.alarm(m->options.arg, "receipts", STR("file"), err.msg);
		return;
	}
	struct pending p = { .counter = r.counter,
		.time_us = r.time_us,
		.entry_index = r.entry_index,
		.tree_size = r.tree_size,
		.request = r.request,
		.root = r.root };

	if (p.entry_index == RECEIPT_SENT) {
		if (m->call_count < MONITOR_CALLS_MAX)
			m->calls[m->call_count++] = p;
		return;
	}
	for (size_t i = 0; i < m->call_count; i++) {
		if (m->calls[i].counter == p.counter) {
			m->calls[i] = m->calls[--m->call_count];
			break;
		}
	}
	if (m->answer_count < MONITOR_ANSWERS_MAX)
		m->answers[m->answer_count++] = p;
}

/* Rows that are whole, from where the last turn ended. */
static enum err_kind read_rows(struct monitor *m, int fd, struct err *err)
{
	uint8_t rows[ROWS_A_READ * RECEIPT_BYTES];

	for (;;) {
		ssize_t n = pread(fd, rows, sizeof(rows), (off_t)m->receipts_at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "read the receipts");
		for (size_t at = 0; at + RECEIPT_BYTES <= (size_t)n; at += RECEIPT_BYTES)
			take_row(m, rows + at);
		m->receipts_at += (uint64_t)n / RECEIPT_BYTES * RECEIPT_BYTES;
		if ((size_t)n < sizeof(rows))
			return OK;
	}
}

/* The entry that an answer named is that call's. */
static void check_entry(struct monitor *m, const struct mirror *mirror, const struct pending *p)
{
	struct arena mem;
	struct entry e;
	struct str bytes;
	struct err err;

	arena_init(&mem, 8 << 20);
	if (mirror_entry(mirror, p->entry_index, &mem, &bytes, &err) != OK ||
		entry_parse(&mem, bytes, &e, &err) != OK || !e.has_request ||
		!sha256_eq(&e.request, &p->request))
		raise_call(m, p,
			"the centre named an entry for this call, and the entry of that number is another's");
	arena_reset(&mem);
}

static void check_root(struct monitor *m, const struct mirror *mirror, const struct pending *p)
{
	struct sha256 root;
	struct err err;

	if (mirror_root(mirror, p->tree_size, &root, &err) == OK && !sha256_eq(&root, &p->root))
		raise_call(m, p,
			"the point was told another root than the mirrored log has at this size: two histories");
}

static void check_answers(struct monitor *m, const struct mirror *mirror)
{
	unsigned roots = 0;
	size_t kept = 0;

	for (size_t i = 0; i < m->answer_count; i++) {
		struct pending *p = &m->answers[i];

		if (p->tree_size > mirror_size(mirror) ||
			(p->entry_index != RECEIPT_NO_ENTRY &&
				p->entry_index >= mirror_size(mirror))) {
			m->answers[kept++] = *p;
			continue;
		}
		if (p->entry_index != RECEIPT_NO_ENTRY)
			check_entry(m, mirror, p);
		if (roots++ < ROOTS_A_TURN)
			check_root(m, mirror, p);
	}
	m->answer_count = kept;
}

/* Sent long ago, and no answer: is it in the log all the same? */
static void check_calls(struct monitor *m, int64_t now_us)
{
	struct sha256 known;
	size_t kept = 0;

	for (size_t i = 0; i < m->call_count; i++) {
		struct pending *p = &m->calls[i];

		if (monitor_fact(m, &p->request, NULL, &known))
			continue;
		if (now_us - p->time_us < MONITOR_ANSWER_S * WHEN_SECOND_US) {
			m->calls[kept++] = *p;
			continue;
		}
		raise_call(m, p,
			"the point sent a call that has neither answer nor entry: it was lost with the link, or left out");
	}
	m->call_count = kept;
}

enum err_kind monitor_receipts(
	struct monitor *m, int fd, const struct mirror *mirror, int64_t now_us, struct err *err)
{
	enum err_kind rc = read_rows(m, fd, err);

	if (rc != OK)
		return rc;
	check_answers(m, mirror);
	check_calls(m, now_us);
	return OK;
}
