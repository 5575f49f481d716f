#include "base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *word;
	int http_status;
	int exit_code;
} kinds[ERR_KINDS] = {
	[OK] = { "ok", 200, 0 },
	[ERR_INPUT] = { "input", 400, 2 },
	[ERR_AUTH] = { "auth", 401, 4 },
	[ERR_DENIED] = { "denied", 403, 4 },
	[ERR_NOT_FOUND] = { "not-found", 404, 3 },
	[ERR_CONFLICT] = { "conflict", 409, 5 },
	[ERR_LIMIT] = { "limit", 429, 6 },
	[ERR_IO] = { "io", 500, 1 },
	[ERR_CORRUPT] = { "corrupt", 500, 7 },
	[ERR_FROZEN] = { "frozen", 503, 8 },
	[ERR_CANCELLED] = { "cancelled", 499, 9 },
};

enum err_kind err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	assert(err != NULL && kind > OK && kind < ERR_KINDS);
	err->kind = kind;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return kind;
}

enum err_kind err_context(struct err *err, const char *fmt, ...)
{
	char prefixed[ERR_MSG_BYTES_MAX];
	va_list ap;

	assert(err->kind > OK && err->kind < ERR_KINDS);
	va_start(ap, fmt);
	int n = vsnprintf(prefixed, sizeof(prefixed), fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < sizeof(prefixed) - 2) {
		size_t used = (size_t)n;

		snprintf(prefixed + used, sizeof(prefixed) - used, ": %.*s",
			(int)(sizeof(prefixed) - used - 3), err->msg);
		memcpy(err->msg, prefixed, sizeof(err->msg));
	}
	return err->kind;
}

enum err_kind err_errno(struct err *err, int errnum, const char *fmt, ...)
{
	char what[ERR_MSG_BYTES_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_set(err, ERR_IO, "%.200s: %s", what, strerrordesc_np(errnum));
}

const char *err_word(enum err_kind kind)
{
	assert(kind >= OK && kind < ERR_KINDS);
	return kinds[kind].word;
}

int err_http_status(enum err_kind kind)
{
	assert(kind >= OK && kind < ERR_KINDS);
	return kinds[kind].http_status;
}

int err_exit_code(enum err_kind kind)
{
	assert(kind >= OK && kind < ERR_KINDS);
	return kinds[kind].exit_code;
}
