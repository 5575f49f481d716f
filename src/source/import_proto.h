/*
 * import_proto: what the vault and its import child say to each other.
 *
 * Two fixed messages over ipc: the vault lends a window of shared memory (GO), the child fills it and gives
 * it back (FULL). There are two windows, so that one is read while the other is filled; neither side ever
 * has more than two messages waiting. What the windows hold, one after the other, is a stream of records:
 * a fixed head, then its body. Only file content is split, into as many DATA records as it takes.
 *
 *   FILE path  DATA…   a file, a symbolic link (its text is the content) or a submodule (its commit id)
 *   SAME path target   a hard link of an archive: the same as the file `target` that came before
 *   PART name          a file that a .dsc needs, with what it says of it
 *   END origin         nothing follows
 *   FAIL text          the source cannot be taken; nothing follows
 *
 * Both ends are this program on one machine: integers are in its own byte order.
 */
#ifndef SOURCE_IMPORT_PROTO_H
#define SOURCE_IMPORT_PROTO_H

#include <assert.h>
#include <stdint.h>

enum { IMPORT_WINDOWS = 2, IMPORT_WINDOW_BYTES = 4 << 20, IMPORT_TEXT_BYTES = 256 };

enum import_message {
	IMPORT_START =
		1, /* vault -> child, once: struct import_start, descriptors: source, windows */
	IMPORT_GO, /* vault -> child: struct import_window, len 0 */
	IMPORT_FULL, /* child -> vault: struct import_window */
	IMPORT_MESSAGES
};

enum import_format {
	IMPORT_DIRECTORY,
	IMPORT_GIT,
	IMPORT_TAR,
	IMPORT_ZIP,
	IMPORT_DSC,
	IMPORT_FORMATS
};

struct import_start {
	uint64_t files_max, bytes_max;
	uint64_t is_plain_folder; /* 1: a folder is read as one, even with a .git in it */
	char name[IMPORT_TEXT_BYTES]; /* file name of the source, zero-padded */
	char ref[IMPORT_TEXT_BYTES]; /* git: what to take, zero-padded */
};

struct import_window {
	uint32_t window, len;
};

enum import_record {
	RECORD_FILE = 1,
	RECORD_DATA,
	RECORD_SAME,
	RECORD_PART,
	RECORD_END,
	RECORD_FAIL
};

/* Precedes every record; len counts the body. */
struct record_head {
	uint32_t type, len;
};

struct record_file {
	uint64_t size;
	uint32_t mode, path_len;
};

struct record_same {
	uint32_t path_len, target_len;
};

struct record_part {
	uint64_t size;
	uint8_t digest[32];
	uint32_t name_len, unused;
};

struct record_end {
	uint64_t files, bytes; /* the child's own count */
	uint32_t format, git_folders; /* git_folders: .git folders that were left out */
	uint32_t origin_len, unused;
};

struct record_fail {
	uint32_t kind, text_len;
};

static_assert(sizeof(struct import_start) == 24 + 2 * IMPORT_TEXT_BYTES, "no padding");
static_assert(sizeof(struct record_file) == 16, "no padding");
static_assert(sizeof(struct record_part) == 48, "no padding");
static_assert(sizeof(struct record_end) == 32, "no padding");

#endif
