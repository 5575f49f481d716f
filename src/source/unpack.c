#include "source/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { IN_BYTES = 64 << 10, OUT_BYTES = 256 << 10 };

enum packing { PACKING_NONE, PACKING_ZLIB, PACKING_LIBARCHIVE };

struct unpack {
	int fd;
	off_t at; /* next byte of the file to read */
	enum packing packing;
	bool ended;
	struct archive *archive; /* xz, zstd */
	z_stream stream; /* ours: libarchive 3.6 passes over gzip's checksum */
	bool in_member;
	char in[IN_BYTES], out[OUT_BYTES];
};

static enum err_kind damaged(struct err *err, const char *how)
{
	return err_set(err, ERR_INPUT,
		"the archive is damaged or cut short (%s): fetch it again and compare its digest",
		how);
}

/* *len is 0 at the end of the file. */
static enum err_kind read_file(
	struct unpack *u, char *bytes, size_t cap, size_t *len, struct err *err)
{
	ssize_t n;

	do {
		n = pread(u->fd, bytes, cap, u->at);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(err, errno, "read the archive");
	u->at += n;
	*len = (size_t)n;
	return OK;
}

static la_ssize_t give(struct archive *a, void *arg, const void **bytes)
{
	struct unpack *u = arg;
	struct err err;
	size_t len;

	if (read_file(u, u->in, sizeof(u->in), &len, &err) != OK) {
		archive_set_error(a, EIO, "%s", err.msg);
		return ARCHIVE_FATAL;
	}
	*bytes = u->in;
	return (la_ssize_t)len;
}

static enum err_kind open_archive(struct unpack *u, struct err *err)
{
	struct archive_entry *entry;

	u->archive = archive_read_new();
	if (u->archive == NULL)
		return err_set(err, ERR_IO, "no memory to unpack");
	if (archive_read_support_filter_xz(u->archive) != ARCHIVE_OK ||
		archive_read_support_filter_zstd(u->archive) != ARCHIVE_OK ||
		archive_read_support_format_raw(u->archive) != ARCHIVE_OK)
		return err_set(err, ERR_IO, "libarchive cannot unpack xz and zstd here");
	if (archive_read_open(u->archive, u, NULL, give, NULL) != ARCHIVE_OK ||
		archive_read_next_header(u->archive, &entry) != ARCHIVE_OK)
		return damaged(err, archive_error_string(u->archive));
	return OK;
}

static enum packing packing_of(const unsigned char *head, size_t len)
{
	static const unsigned char xz[] = { 0xfd, '7', 'z', 'X', 'Z', 0 };
	static const unsigned char zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };

	if (len >= 2 && head[0] == 0x1f && head[1] == 0x8b)
		return PACKING_ZLIB;
	if ((len >= sizeof(xz) && memcmp(head, xz, sizeof(xz)) == 0) ||
		(len >= sizeof(zstd) && memcmp(head, zstd, sizeof(zstd)) == 0))
		return PACKING_LIBARCHIVE;
	return PACKING_NONE;
}

/* wrapping: of zlib's inflateInit2: 16 expects a gzip header and checks its checksum, 0 one of zlib. */
static enum err_kind open_packed(
	int fd, enum packing packing, int wrapping, struct unpack **out, struct err *err)
{
	struct unpack *u = calloc(1, sizeof(*u));
	enum err_kind rc = OK;

	if (u == NULL)
		return err_set(err, ERR_IO, "no memory to unpack");
	u->fd = fd;
	u->packing = packing;
	u->in_member = packing == PACKING_ZLIB;
	if (packing == PACKING_ZLIB && inflateInit2(&u->stream, wrapping + MAX_WBITS) != Z_OK)
		rc = err_set(err, ERR_IO, "no memory to unpack");
	if (packing == PACKING_LIBARCHIVE)
		rc = open_archive(u, err);
	if (rc != OK)
		unpack_close(u);
	else
		*out = u;
	return rc;
}

enum err_kind unpack_open(int fd, struct unpack **u, struct err *err)
{
	unsigned char head[16];
	ssize_t n;

	do {
		n = pread(fd, head, sizeof(head), 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(err, errno, "read the archive");
	return open_packed(fd, packing_of(head, (size_t)n), 16, u, err);
}

enum err_kind unpack_open_zlib(int fd, struct unpack **u, struct err *err)
{
	return open_packed(fd, PACKING_ZLIB, 0, u, err);
}

void unpack_close(struct unpack *u)
{
	if (u->archive != NULL)
		archive_read_free(u->archive);
	if (u->packing == PACKING_ZLIB)
		inflateEnd(&u->stream);
	free(u);
}

static enum err_kind refill(struct unpack *u, bool *more, struct err *err)
{
	size_t len = u->stream.avail_in;
	enum err_kind rc = OK;

	if (len == 0) {
		rc = read_file(u, u->in, sizeof(u->in), &len, err);
		u->stream.next_in = (Bytef *)u->in;
		u->stream.avail_in = (uInt)len;
	}
	*more = rc == OK && len > 0;
	return rc;
}

/* After a member: another one, zeros that pad, or the end. */
static enum err_kind begin_member(struct unpack *u, struct err *err)
{
	bool more;
	enum err_kind rc;

	for (;;) {
		rc = refill(u, &more, err);
		if (rc != OK || !more || *u->stream.next_in != 0)
			break;
		u->stream.next_in++;
		u->stream.avail_in--;
	}
	u->ended = rc == OK && !more;
	u->in_member = rc == OK && more && inflateReset(&u->stream) == Z_OK;
	return rc;
}

static enum err_kind next_zlib(struct unpack *u, struct str *bytes, struct err *err)
{
	u->stream.next_out = (Bytef *)u->out;
	u->stream.avail_out = sizeof(u->out);
	while (!u->ended && u->stream.avail_out > 0) {
		bool more;
		enum err_kind rc = u->in_member ? OK : begin_member(u, err);

		if (rc == OK && !u->ended)
			rc = refill(u, &more, err);
		if (rc != OK)
			return rc;
		if (u->ended)
			break;
		if (!more)
			return damaged(err, "packed data ends early");
		int z = inflate(&u->stream, Z_NO_FLUSH);

		if (z == Z_STREAM_END)
			u->in_member = false;
		else if (z != Z_OK)
			return damaged(err, u->stream.msg != NULL ? u->stream.msg : "packed data");
	}
	*bytes = str_of(u->out, sizeof(u->out) - u->stream.avail_out);
	return OK;
}

static enum err_kind next_archive(struct unpack *u, struct str *bytes, struct err *err)
{
	la_ssize_t n = archive_read_data(u->archive, u->out, sizeof(u->out));

	if (n < 0)
		return damaged(err, archive_error_string(u->archive));
	u->ended = n == 0;
	*bytes = str_of(u->out, (size_t)n);
	return OK;
}

enum err_kind unpack_next(struct unpack *u, struct str *bytes, struct err *err)
{
	enum err_kind rc;
	size_t len = 0;

	if (u->ended) {
		*bytes = STR("");
		return OK;
	}
	if (u->packing == PACKING_ZLIB)
		return next_zlib(u, bytes, err);
	if (u->packing == PACKING_LIBARCHIVE)
		return next_archive(u, bytes, err);
	rc = read_file(u, u->out, sizeof(u->out), &len, err);
	if (rc == OK) {
		u->ended = len == 0;
		*bytes = str_of(u->out, len);
	}
	return rc;
}

enum err_kind unpack_finish(struct unpack *u, uint64_t bytes_max, struct err *err)
{
	struct str bytes = STR("");
	enum err_kind rc;

	while ((rc = unpack_next(u, &bytes, err)) == OK && bytes.len > 0) {
		if (bytes.len > bytes_max)
			return err_set(err, ERR_INPUT,
				"the archive goes on long after its end: unpack it yourself and ingest "
				"the folder");
		bytes_max -= bytes.len;
	}
	return rc;
}
