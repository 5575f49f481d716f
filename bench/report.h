/*
 * report: how a benchmark tells a figure: a line `name value unit (goal …; peer … value …; load …)` on stdout
 * and the same as one JSON object appended to build/bench.jsonl (or the file that BENCH_JSONL names).
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stddef.h>

struct report_figure {
	const char *name; /* "ledger.ack.p99_ms" */
	double value;
	const char *unit;
	const char *goal; /* "<= 10"; NULL: none */
	const char *peer; /* whom we compare with; NULL: nobody */
	double peer_value;
	const char *load; /* what ran and beside what; the machine's load average is added */
};

/* Exits with a message when the file cannot be written: a figure must not get lost. */
void report_figure(const struct report_figure *figure);

/* Sorts; p from 0 to 1, nearest rank. count > 0. */
double report_percentile(double *values, size_t count, double p);

#endif
