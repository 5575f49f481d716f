/*
 * import_stream: the vault's side of what an import child says. Pure: bytes in, checked files out. The child
 * is not believed in anything: paths, link targets, modes, sizes, counts and order are judged here again, and
 * whatever an honest child would not have sent is ERR_CORRUPT.
 */
#ifndef SOURCE_IMPORT_STREAM_H
#define SOURCE_IMPORT_STREAM_H

#include "base/limit.h"
#include "source/import_proto.h"
#include "source/release.h"

/* A whole file; everything is borrowed until the callback returns. */
struct import_file {
	enum file_mode mode;
	struct str path;
	struct str bytes;
	struct str same_as; /* a hard link: the path it repeats, and no bytes; else empty */
};

/* A file that a .dsc names. */
struct import_part {
	struct str name; /* dsc_name_is_safe */
	struct sha256 digest;
	uint64_t size;
};

struct import_sink {
	enum err_kind (*file)(void *arg, const struct import_file *file, struct err *err);
	enum err_kind (*part)(void *arg, const struct import_part *part, struct err *err);
	void *arg;
};

struct import_limits {
	uint64_t files_max, bytes_max;
};

struct import_stream {
	struct import_limits limits;
	struct import_sink sink;
	uint64_t files, bytes; /* taken so far */
	bool ended;
	/* After the end. */
	enum import_format format;
	uint32_t git_folders;
	char origin[IMPORT_TEXT_BYTES];
	/* The file under way: content gathered so far, when it does not lie in one piece. */
	bool in_file;
	enum file_mode mode;
	uint64_t size, got;
	size_t path_len;
	char path[LIMIT_PATH_BYTES];
	char *content;
};

void import_stream_init(struct import_stream *s, const struct import_limits *limits,
	const struct import_sink *sink);
/* Frees what was gathered of a file under way. */
void import_stream_reset(struct import_stream *s);

/*
 * Take the records of one window. `window` must be the vault's own copy: the child can still write to the
 * shared one.
 * Errors: what the child reports (ERR_INPUT, ERR_LIMIT, ERR_NOT_FOUND, ERR_IO), what the sink returns,
 * ERR_CORRUPT when the child broke the rules.
 */
MUST_CHECK enum err_kind import_stream_feed(
	struct import_stream *s, struct str window, struct err *err);

#endif
