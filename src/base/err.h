/*
 * err: the one error type of the tree.
 *
 * Invariants
 *  - a function that can fail returns `enum err_kind` and takes `struct err *err` last;
 *  - on failure err is filled and every output is untouched; on success err is untouched;
 *  - the kind decides HTTP status and exit code in one place (err_http_status, err_exit_code);
 *  - the message is for the person who reads it: it names what is wrong and what to do, and never
 *    holds a line of source or a secret.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err_kind {
	OK = 0,
	ERR_INPUT, /* the caller sent something malformed: 400, exit 2 */
	ERR_AUTH, /* not signed in, or no longer: 401 */
	ERR_DENIED, /* signed in, and not allowed: 403 */
	ERR_NOT_FOUND, /* no such thing, or not for this caller: 404 */
	ERR_CONFLICT, /* the thing exists already or has moved on: 409 */
	ERR_LIMIT, /* a stated bound was reached: 429 */
	ERR_IO, /* the operating system failed us: 500 */
	ERR_CORRUPT, /* stored bytes fail their checksum: 500, page someone */
	ERR_FROZEN, /* the record may not grow: 503, reading goes on */
	ERR_CANCELLED, /* the caller went away or asked to stop: 499 */
	ERR_KINDS
};

enum { ERR_MSG_BYTES_MAX = 320 };

struct err {
	enum err_kind kind;
	char msg[ERR_MSG_BYTES_MAX];
};

#define MUST_CHECK __attribute__((warn_unused_result))

/* Record a failure and return its kind, so `return err_set(...)` reads well. err may not be NULL. */
enum err_kind err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Prefix what we were doing: "publish zlib: read manifest: end of file". Returns the kind kept. */
enum err_kind err_context(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ERR_IO with the text of `errnum`, "open records.db: permission denied". */
enum err_kind err_errno(struct err *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Short stable word of a kind, "not-found"; used in JSON answers and logs. */
const char *err_word(enum err_kind kind);
int err_http_status(enum err_kind kind);
int err_exit_code(enum err_kind kind);

#endif
