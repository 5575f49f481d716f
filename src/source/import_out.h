/*
 * import_out: the import child's side: what a reader of some format found, checked and put into the windows.
 * The first failure, whoever had it, ends the import and is what the vault is told.
 */
#ifndef SOURCE_IMPORT_OUT_H
#define SOURCE_IMPORT_OUT_H

#include "base/limit.h"
#include "source/dsc.h"
#include "source/import_proto.h"
#include "source/release.h"

struct import_out {
	int sock;
	char *windows; /* IMPORT_WINDOWS * IMPORT_WINDOW_BYTES, shared with the vault */
	uint32_t window; /* the one being filled */
	bool has_window;
	size_t used; /* bytes of it */
	uint64_t files_max, bytes_max;
	/* Size of an archive: how much it may unpack to depends on it; 0: no archive */
	uint64_t packed_bytes;
	uint64_t files, bytes;
	uint64_t entries; /* looked at, taken or not */
	uint32_t git_folders; /* left out */
	uint64_t left; /* content still to come of the file under way */
	char path[LIMIT_PATH_BYTES]; /* of the file under way, for messages */
	size_t path_len;
};

/* Count a thing looked at, folders included. Errors: ERR_LIMIT: a source may not be mostly folders. */
MUST_CHECK enum err_kind import_out_entry(struct import_out *o, struct err *err);

/*
 * A file begins; `size` bytes of content must follow by import_out_data.
 * Errors: ERR_INPUT (path), ERR_LIMIT (counts, sizes; a bomb): both name the path and say what to do.
 */
MUST_CHECK enum err_kind import_out_file(
	struct import_out *o, enum file_mode mode, struct str path, uint64_t size, struct err *err);
/* Errors: ERR_INPUT when it is more than was said. */
MUST_CHECK enum err_kind import_out_data(struct import_out *o, struct str bytes, struct err *err);
/* Room for content in the window itself: read straight into it, then call import_out_filled. */
MUST_CHECK enum err_kind import_out_room(
	struct import_out *o, char **room, size_t *len, struct err *err);
MUST_CHECK enum err_kind import_out_filled(struct import_out *o, size_t len, struct err *err);
/* Errors: ERR_INPUT when content is missing. */
MUST_CHECK enum err_kind import_out_file_end(struct import_out *o, struct err *err);

/* A symbolic link, whose target is checked here; a submodule, whose commit is `id` in hex. */
MUST_CHECK enum err_kind import_out_link(
	struct import_out *o, struct str path, struct str target, struct err *err);
MUST_CHECK enum err_kind import_out_submodule(
	struct import_out *o, struct str path, struct str id, struct err *err);
/* A hard link to a file that came before. */
MUST_CHECK enum err_kind import_out_same(
	struct import_out *o, struct str path, struct str target, struct err *err);
MUST_CHECK enum err_kind import_out_part(
	struct import_out *o, const struct dsc_part *part, struct err *err);

/* Ends the stream and gives the last window back. */
MUST_CHECK enum err_kind import_out_end(
	struct import_out *o, enum import_format format, struct str origin, struct err *err);
/* Tells the vault why not. Whether it arrives no longer matters to the child. */
void import_out_fail(struct import_out *o, const struct err *why);

#endif
