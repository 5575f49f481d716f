#include "cli/progress.h"

#include <signal.h>
#include <unistd.h>

#include "base/limit.h"
#include "format/json.h"
#include "os/clock.h"

/* A person reads no faster; a log wants fewer lines. */
#define TERMINAL_EVERY_US INT64_C(100000)
#define LOG_EVERY_US INT64_C(5000000)

static volatile sig_atomic_t interrupted;
static struct sigaction before;

static void note_interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

void progress_begin(struct progress *p, const char *what)
{
	struct sigaction action = { .sa_handler = note_interrupt, .sa_flags = (int)SA_RESETHAND };
	int64_t now_us = clock_monotonic_us();

	*p = (struct progress){ .what = what,
		.is_terminal = isatty(STDERR_FILENO) == 1,
		.begun_us = now_us,
		.told_us = now_us };
	interrupted = 0;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGINT, &action, &before) != 0)
		abort(); /* arguments of ours are wrong */
}

void progress_end(struct progress *p)
{
	if (p->shown && p->is_terminal)
		fprintf(stderr, "\r\x1b[K"); /* the line has served its time */
	if (sigaction(SIGINT, &before, NULL) != 0)
		abort();
}

bool progress_cancelled(void *progress)
{
	(void)progress;
	return interrupted != 0;
}

/* Appends; what does not fit is cut. */
static size_t add(char line[PROGRESS_LINE_BYTES], size_t len, const char *text)
{
	int n = snprintf(line + len, PROGRESS_LINE_BYTES - len, "%s%s", len > 0 ? ", " : "", text);

	return n < 0 || (size_t)n >= PROGRESS_LINE_BYTES - len ? PROGRESS_LINE_BYTES - 1
							       : len + (size_t)n;
}

static size_t add_bytes(char line[PROGRESS_LINE_BYTES], size_t len, int64_t bytes, double seconds)
{
	const double mib = 1 << 20;
	char text[64];

	snprintf(text, sizeof(text), "%.1f MiB", (double)bytes / mib);
	len = add(line, len, text);
	if (seconds < 0.5) /* a rate of so little says nothing */
		return len;
	snprintf(text, sizeof(text), "%.1f MiB/s", (double)bytes / mib / seconds);
	return add(line, len, text);
}

bool progress_format(struct str json, double seconds, char line[PROGRESS_LINE_BYTES])
{
	struct str unit = STR("");
	int64_t done = 0, total = 0, files = -1, bytes = -1;
	char text[96];
	size_t len = 0;
	json_t *root;
	struct err err;

	if (json_parse(json, LIMIT_JSON_BYTES, &root, &err) != OK)
		return false;
	bool told = json_i64(root, "done", &done) && json_str(root, "unit", &unit) && done >= 0;

	json_i64(root, "total", &total);
	json_i64(root, "files", &files);
	json_i64(root, "bytes", &bytes);
	line[0] = '\0';
	if (told && str_eq(unit, STR("bytes"))) {
		bytes = done;
	} else if (told) {
		snprintf(text, sizeof(text), "%lld %.*s", (long long)done,
			unit.len > 40 ? 40 : (int)unit.len, unit.ptr);
		len = add(line, len, text);
	}
	json_decref(root);
	if (!told)
		return false;
	if (files >= 0) {
		snprintf(text, sizeof(text), "%lld files", (long long)files);
		len = add(line, len, text);
	}
	if (bytes >= 0)
		len = add_bytes(line, len, bytes, seconds);
	if (total > 0 && done <= total) {
		snprintf(text, sizeof(text), "%d %%", (int)((double)done / (double)total * 100));
		add(line, len, text);
	}
	return true;
}

void progress_tell(void *progress, struct str json)
{
	struct progress *p = progress;
	int64_t now_us = clock_monotonic_us();
	char line[PROGRESS_LINE_BYTES];

	if (now_us - p->told_us < (p->is_terminal ? TERMINAL_EVERY_US : LOG_EVERY_US))
		return;
	if (!progress_format(json, (double)(now_us - p->begun_us) / 1e6, line))
		return;
	p->told_us = now_us;
	p->shown = true;
	if (p->is_terminal)
		fprintf(stderr, "\r%s: %s\x1b[K", p->what, line);
	else
		fprintf(stderr, "%s: %s\n", p->what, line);
}
