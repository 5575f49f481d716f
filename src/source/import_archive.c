/* import_archive: tar, however compressed, and zip, by libarchive. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limit.h"
#include "source/import_read.h"
#include "source/path.h"
#include "source/unpack.h"

enum {
	ZIP_READ_BYTES = 64 << 10,
	TAR_BLOCK_BYTES = 512,
	/* tar pads to its record, at most 1 MiB in the wild. */
	AFTER_END_BYTES_MAX = 1 << 20,
};

struct reading {
	struct import_out *out;
	struct archive *archive;
	struct unpack *unpack; /* tar */
	struct err unpack_err; /* why `give_tar` failed */
	int fd; /* zip */
	off_t at, size;
	char buffer[ZIP_READ_BYTES];
	int64_t end; /* tar: where the last entry ends */
	char last[PATH_SHOWN_BYTES]; /* the entry before, for messages */
};

static la_ssize_t give_tar(struct archive *a, void *arg, const void **bytes)
{
	struct reading *r = arg;
	struct str got;

	if (unpack_next(r->unpack, &got, &r->unpack_err) != OK) {
		archive_set_error(a, EIO, "unpacking failed");
		return ARCHIVE_FATAL;
	}
	*bytes = got.ptr;
	return (la_ssize_t)got.len;
}

static la_ssize_t give_zip(struct archive *a, void *arg, const void **bytes)
{
	struct reading *r = arg;
	ssize_t n;

	do {
		n = pread(r->fd, r->buffer, sizeof(r->buffer), r->at);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		archive_set_error(a, errno, "cannot be read");
		return ARCHIVE_FATAL;
	}
	r->at += n;
	*bytes = r->buffer;
	return n;
}

static la_int64_t seek_zip(struct archive *a, void *arg, la_int64_t offset, int whence)
{
	struct reading *r = arg;
	la_int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? r->at : r->size;
	la_int64_t to;

	if (__builtin_add_overflow(from, offset, &to) || to < 0 || to > r->size) {
		archive_set_error(a, EINVAL, "points outside itself");
		return ARCHIVE_FATAL;
	}
	r->at = to;
	return to;
}

/* What libarchive or the decompressor says of an archive that cannot be read on. */
static enum err_kind damaged(struct reading *r, struct err *err)
{
	const char *text = archive_error_string(r->archive);

	if (r->unpack_err.kind != OK) {
		*err = r->unpack_err;
		return err->kind;
	}
	return err_set(err, ERR_INPUT,
		"the archive is damaged or cut short after %s (%s): fetch it again and compare its "
		"digest",
		r->last, text == NULL ? "no reason given" : text);
}

static enum err_kind copy_content(struct reading *r, struct err *err)
{
	for (;;) {
		size_t len;
		char *room;
		enum err_kind rc = import_out_room(r->out, &room, &len, err);

		if (rc != OK)
			return rc;
		la_ssize_t n = archive_read_data(r->archive, room, len);

		if (n < 0)
			return damaged(r, err);
		if (n == 0)
			return import_out_file_end(r->out, err);
		rc = import_out_filled(r->out, (size_t)n, err);
		if (rc != OK)
			return rc;
	}
}

/* "./a/b/" is a/b: what archivers add to names and folders. */
static struct str tidy(struct str path, bool is_folder)
{
	while (str_starts(path, STR("./")))
		path = str_skip(path, 2);
	if (is_folder && str_ends(path, STR("/")))
		path = str_head(path, path.len - 1);
	return path;
}

static enum err_kind take_file(
	struct reading *r, struct archive_entry *entry, struct str path, struct err *err)
{
	bool runs = (archive_entry_perm(entry) & S_IXUSR) != 0;
	char shown[PATH_SHOWN_BYTES];

	if (!archive_entry_size_is_set(entry) || archive_entry_size(entry) < 0)
		return err_set(err, ERR_INPUT,
			"the archive does not say how large %s is: pack it again",
			path_shown(path, shown));
	enum err_kind rc = import_out_file(r->out, runs ? FILE_EXECUTABLE : FILE_PLAIN, path,
		(uint64_t)archive_entry_size(entry), err);

	return rc == OK ? copy_content(r, err) : rc;
}

static const char *odd_kind(unsigned type)
{
	switch (type) {
	case AE_IFIFO:
		return "a fifo";
	case AE_IFSOCK:
		return "a socket";
	case AE_IFCHR:
	case AE_IFBLK:
		return "a device";
	default:
		return "of no known kind";
	}
}

static enum err_kind take_entry(struct reading *r, struct archive_entry *entry, struct err *err)
{
	const char *name = archive_entry_pathname(entry), *same = archive_entry_hardlink(entry);
	unsigned type = (unsigned)archive_entry_filetype(entry);
	char shown[PATH_SHOWN_BYTES];
	enum err_kind rc = import_out_entry(r->out, err);

	if (rc != OK)
		return rc;
	if (name == NULL)
		return err_set(
			err, ERR_INPUT, "the entry after %s has no name that can be read", r->last);
	struct str path = tidy(str_from(name), type == AE_IFDIR && same == NULL);

	path_shown(path, r->last);
	if (type == AE_IFDIR && same == NULL && (path.len == 0 || str_eq(path, STR("."))))
		return OK;
	rc = path_check(path, err);
	if (rc != OK)
		return rc;
	if (path_in_git_folder(path)) {
		r->out->git_folders += str_ends(path, STR(".git"));
		return OK;
	}
	if (archive_entry_is_encrypted(entry))
		return err_set(err, ERR_INPUT, "%s is encrypted: pack it without a password",
			path_shown(path, shown));
	if (same != NULL)
		return import_out_same(r->out, path, tidy(str_from(same), false), err);
	if (type == AE_IFDIR)
		return OK;
	if (type == AE_IFLNK) {
		const char *target = archive_entry_symlink(entry);

		return import_out_link(
			r->out, path, target == NULL ? STR("") : str_from(target), err);
	}
	if (type == AE_IFREG)
		return take_file(r, entry, path, err);
	return err_set(err, ERR_INPUT, "%s is %s: leave it out of the archive",
		path_shown(path, shown), odd_kind(type));
}

static enum err_kind take_all(struct reading *r, struct err *err)
{
	enum err_kind rc = OK;

	while (rc == OK) {
		struct archive_entry *entry;
		int got = archive_read_next_header(r->archive, &entry);

		if (got == ARCHIVE_EOF)
			return OK;
		/* A warning is about what we do not take: owners, times, the character set of a name. */
		if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
			return damaged(r, err);
		int64_t size = archive_entry_size(entry);

		rc = take_entry(r, entry, err);
		r->end = archive_read_header_position(r->archive) + TAR_BLOCK_BYTES +
			(archive_entry_hardlink(entry) == NULL ? size : 0);
	}
	return rc;
}

/* A tar ends with blocks of zeros; one that was cut between two entries has none. */
static enum err_kind finish_tar(struct reading *r, struct err *err)
{
	if (r->end > 0 && archive_filter_bytes(r->archive, 0) < r->end + TAR_BLOCK_BYTES)
		return damaged(r, err);
	return unpack_finish(r->unpack, AFTER_END_BYTES_MAX, err);
}

static enum err_kind not_an_archive(struct reading *r, struct err *err)
{
	if (r->unpack_err.kind != OK)
		return damaged(r, err);
	return err_set(err, ERR_INPUT,
		"not an archive that can be read: tar, plain or with gzip, xz or zstd, and zip are; "
		"or it is cut short");
}

static enum err_kind read_tar(struct reading *r, struct err *err)
{
	enum err_kind rc = unpack_open(r->fd, &r->unpack, err);

	if (rc != OK)
		return rc;
	/*
	 * In a UTF-8 locale libarchive would normalise the names that a tar declares to be UTF-8; in the C locale
	 * it gives up on converting and hands out the bytes. (A zip's it would hand out not at all.)
	 */
	if (setlocale(LC_CTYPE, "C") == NULL ||
		archive_read_support_format_tar(r->archive) != ARCHIVE_OK)
		rc = err_set(err, ERR_IO, "libarchive cannot read tar here");
	else if (archive_read_open(r->archive, r, NULL, give_tar, NULL) != ARCHIVE_OK)
		rc = not_an_archive(r, err);
	else
		rc = take_all(r, err);
	if (rc == OK)
		rc = finish_tar(r, err);
	unpack_close(r->unpack);
	return rc == OK ? import_out_end(r->out, IMPORT_TAR, STR(""), err) : rc;
}

static enum err_kind read_zip(struct reading *r, struct err *err)
{
	enum err_kind rc;

	/* By its table of contents alone: what an archive streams and what it lists may differ. */
	if (archive_read_support_format_zip_seekable(r->archive) != ARCHIVE_OK ||
		archive_read_set_read_callback(r->archive, give_zip) != ARCHIVE_OK ||
		archive_read_set_seek_callback(r->archive, seek_zip) != ARCHIVE_OK ||
		archive_read_set_callback_data(r->archive, r) != ARCHIVE_OK)
		return err_set(err, ERR_IO, "libarchive cannot read zip here");
	if (archive_read_open1(r->archive) != ARCHIVE_OK)
		return not_an_archive(r, err);
	rc = take_all(r, err);
	return rc == OK ? import_out_end(r->out, IMPORT_ZIP, STR(""), err) : rc;
}

enum err_kind import_read_archive(struct import_out *o, int fd, struct err *err)
{
	static struct reading reading; /* one import a process */
	struct reading *r = &reading;
	char magic[4];
	struct stat st;
	enum err_kind rc;

	memset(r, 0, sizeof(*r));
	r->out = o;
	r->fd = fd;
	path_shown(STR(""), r->last);
	if (fstat(fd, &st) != 0)
		return err_errno(err, errno, "read the archive");
	r->size = st.st_size;
	o->packed_bytes = st.st_size > 0 ? (uint64_t)st.st_size : 1;
	r->archive = archive_read_new();
	if (r->archive == NULL)
		return err_set(err, ERR_IO, "no memory to read the archive");
	if (pread(fd, magic, 4, 0) == 4 &&
		(memcmp(magic, "PK\3\4", 4) == 0 || memcmp(magic, "PK\5\6", 4) == 0))
		rc = read_zip(r, err);
	else
		rc = read_tar(r, err);
	archive_read_free(r->archive);
	return rc;
}
