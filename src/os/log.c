#include "os/log.h"

#include <assert.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/when.h"
#include "os/clock.h"

enum { LINE_BYTES_MAX = 1024, ROLE_BYTES_MAX = 24 };

/* Set before the first thread starts, only read afterwards. */
static char log_role[ROLE_BYTES_MAX] = "vitrine";
static enum log_level log_least = LOG_INFO;

static const char *const words[] = {
	[LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"
};

void log_init(const char *role, enum log_level least)
{
	assert(least >= LOG_DEBUG && least <= LOG_ERROR);
	snprintf(log_role, sizeof(log_role), "%s", role);
	log_least = least;
}

/* One message is one line of visible bytes, whatever outside text it quotes. */
static void flatten(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7f)
			text[i] = ' ';
	}
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char line[LINE_BYTES_MAX], when[WHEN_TEXT_BYTES];
	struct clock machine;
	va_list ap;

	assert(level >= LOG_DEBUG && level <= LOG_ERROR);
	if (level < log_least)
		return;
	clock_init_machine(&machine);
	when_format(clock_now_us(&machine), when);

	int head = snprintf(line, sizeof(line), "%s %s %s: ", when, log_role, words[level]);

	assert(head > 0 && (size_t)head < sizeof(line) / 2);
	size_t used = (size_t)head, room = sizeof(line) - used - 1;

	va_start(ap, fmt);
	int n = vsnprintf(line + used, room, fmt, ap);

	va_end(ap);
	if (n > 0)
		used += (size_t)n < room ? (size_t)n : room - 1;
	flatten(line, used);
	line[used++] = '\n';
	/* A log that cannot be written must not stop the work; there is nowhere to tell it. */
	ssize_t written = write(STDERR_FILENO, line, used);

	(void)written;
}
