#include "link/receipts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/fs.h"
#include "os/log.h"

enum { FILE_MODE = 0600 };

struct receipts {
	int fd;
	atomic_bool failed, dirty;
	atomic_uint_fast64_t bytes, answered, newest_entry;
};

static uint8_t *put_be64(uint8_t *at, uint64_t v)
{
	for (int i = 7; i >= 0; i--)
		*at++ = (uint8_t)(v >> 8 * i);
	return at;
}

static const uint8_t *take_be64(const uint8_t *at, uint64_t *v)
{
	*v = 0;
	for (int i = 0; i < 8; i++)
		*v = *v << 8 | *at++;
	return at;
}

void receipt_format(const struct receipt *receipt, uint8_t row[RECEIPT_BYTES])
{
	uint8_t *at = put_be64(row, receipt->counter);

	memcpy(at, receipt->request.bytes, SHA256_BYTES);
	at = put_be64(at + SHA256_BYTES, (uint64_t)receipt->time_us);
	at = put_be64(at, receipt->entry_index);
	at = put_be64(at, receipt->tree_size);
	memcpy(at, receipt->root.bytes, SHA256_BYTES);
	assert(at + SHA256_BYTES == row + RECEIPT_BYTES);
}

enum err_kind receipt_parse(
	const uint8_t row[RECEIPT_BYTES], struct receipt *receipt, struct err *err)
{
	static const struct sha256 none;
	struct receipt got;
	uint64_t time_us;
	const uint8_t *at = take_be64(row, &got.counter);

	memcpy(got.request.bytes, at, SHA256_BYTES);
	at = take_be64(at + SHA256_BYTES, &time_us);
	at = take_be64(at, &got.entry_index);
	at = take_be64(at, &got.tree_size);
	memcpy(got.root.bytes, at, SHA256_BYTES);
	if (time_us > INT64_MAX)
		return err_set(err, ERR_INPUT, "receipt: a time that is none");
	got.time_us = (int64_t)time_us;
	if (got.entry_index == RECEIPT_SENT &&
		(got.tree_size != 0 || memcmp(&got.root, &none, sizeof(none)) != 0))
		return err_set(err, ERR_INPUT, "receipt: a call not answered yet, with an answer");
	if (got.entry_index < RECEIPT_SENT && got.entry_index >= got.tree_size)
		return err_set(err, ERR_INPUT, "receipt: an entry beyond its tree");
	*receipt = got;
	return OK;
}

enum err_kind receipts_open(int at, const char *path, struct receipts **out, struct err *err)
{
	struct receipts *r = calloc(1, sizeof(*r));
	struct stat st = { 0 };

	if (r == NULL)
		return err_set(err, ERR_LIMIT, "%s: no memory", path);
	r->fd = openat(at, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	enum err_kind rc = r->fd < 0 || fstat(r->fd, &st) != 0 ? err_errno(err, errno, "%s", path)
							       : OK;

	if (rc == OK && st.st_size % RECEIPT_BYTES != 0 &&
		ftruncate(r->fd, st.st_size - st.st_size % RECEIPT_BYTES) != 0)
		rc = err_errno(err, errno, "%s: cut off a row that a crash left", path);
	if (rc == OK && (uint64_t)st.st_size >= LIMIT_RECEIPTS_BYTES)
		rc = err_set(err, ERR_LIMIT, "%s is full: take it away to where it is kept", path);
	if (rc != OK) {
		receipts_close(r);
		return rc;
	}
	atomic_init(&r->bytes, (uint64_t)st.st_size);
	atomic_init(&r->newest_entry, RECEIPT_NO_ENTRY);
	*out = r;
	return OK;
}

void receipts_close(struct receipts *r)
{
	if (r->fd >= 0) {
		receipts_sync(r);
		close(r->fd);
	}
	free(r);
}

void receipts_note(void *arg, const struct client_receipt *receipt)
{
	struct receipts *r = arg;
	uint8_t bytes[RECEIPT_BYTES];
	struct clock machine;

	clock_init_machine(&machine);
	const struct receipt row = {
		.counter = receipt->counter,
		.request = receipt->request,
		.time_us = clock_now_us(&machine),
		.entry_index = receipt->is_answered ? receipt->entry_index : RECEIPT_SENT,
		.tree_size = receipt->tree_size,
		.root = receipt->root,
	};

	receipt_format(&row, bytes);
	/* One write of an appended row is one step for whoever reads beside. */
	if (atomic_fetch_add(&r->bytes, RECEIPT_BYTES) >= LIMIT_RECEIPTS_BYTES ||
		write(r->fd, bytes, sizeof(bytes)) != sizeof(bytes)) {
		if (!atomic_exchange(&r->failed, true))
			log_line(LOG_ERROR, "receipts: cannot be written any more: %s",
				strerrordesc_np(errno));
		return;
	}
	atomic_store(&r->dirty, true);
	if (!receipt->is_answered)
		return;
	atomic_fetch_add(&r->answered, 1);
	if (receipt->entry_index != RECEIPT_NO_ENTRY)
		atomic_store(&r->newest_entry, receipt->entry_index);
}

bool receipts_whole(const struct receipts *r)
{
	return !atomic_load(&r->failed);
}

void receipts_count(const struct receipts *r, uint64_t *answered, uint64_t *newest_entry)
{
	*answered = atomic_load(&r->answered);
	*newest_entry = atomic_load(&r->newest_entry);
}

void receipts_sync(struct receipts *r)
{
	struct err err;

	if (!atomic_exchange(&r->dirty, false) || fs_sync(r->fd, &err) == OK)
		return;
	atomic_store(&r->failed, true);
	log_line(LOG_ERROR, "receipts: %s", err.msg);
}
