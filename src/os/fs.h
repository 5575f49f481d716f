/*
 * fs: files by directory descriptor. Nothing here follows a symbolic link in the last component, and
 * every descriptor is close-on-exec.
 */
#ifndef OS_FS_H
#define OS_FS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { FS_TREE_DEPTH_MAX = 192 };

MUST_CHECK enum err_kind fs_open_dir(int at, const char *path, int *fd, struct err *err);
/* Creates missing parents inside `at`; an existing directory is fine. */
MUST_CHECK enum err_kind fs_make_dirs(int at, const char *path, mode_t mode, struct err *err);
/* Whole file into mem. Errors: ERR_NOT_FOUND, ERR_LIMIT (more than bytes_max), ERR_IO. */
MUST_CHECK enum err_kind fs_read(int at, const char *path, size_t bytes_max, struct arena *mem,
	struct str *bytes, struct err *err);
/* The same of an open ordinary file, from its beginning; fd stays the caller's. Errors: ERR_INPUT (another kind of file). */
MUST_CHECK enum err_kind fs_read_fd(
	int fd, size_t bytes_max, struct arena *mem, struct str *bytes, struct err *err);
/*
 * Write beside (path with ".new" behind it), read back, fsync, rename over, fsync the folder: after OK the new
 * bytes are durable, before it the old. One caller at a time for one path.
 */
MUST_CHECK enum err_kind fs_replace(
	int at, const char *path, struct str bytes, mode_t mode, struct err *err);
/* All bytes or an error; retries EINTR and short writes. */
MUST_CHECK enum err_kind fs_write_all(int fd, const void *bytes, size_t len, struct err *err);
MUST_CHECK enum err_kind fs_pwrite_all(
	int fd, const void *bytes, size_t len, uint64_t at, struct err *err);
/*
 * Does the file give back from `at` on what was just written there? To be asked before anything relies on it: a bit
 * may turn over between hashing and storing. fd is open for reading. Errors: ERR_CORRUPT (no), ERR_IO.
 */
MUST_CHECK enum err_kind fs_reads_back(
	int fd, const void *bytes, size_t len, uint64_t at, struct err *err);
/* fdatasync; a failure is final and never retried (the kernel may have dropped the pages). */
MUST_CHECK enum err_kind fs_sync(int fd, struct err *err);
MUST_CHECK enum err_kind fs_sync_dir(int at, const char *path, struct err *err);
/* Removes a file or an empty folder; a missing one is fine. */
MUST_CHECK enum err_kind fs_remove(int at, const char *path, struct err *err);
/* The same with all that is in it. Errors: ERR_LIMIT below FS_TREE_DEPTH_MAX levels. */
MUST_CHECK enum err_kind fs_remove_tree(int at, const char *path, struct err *err);
/* Gives path and all that is in it to an owner; symbolic links themselves, not what they point at. */
MUST_CHECK enum err_kind fs_chown_tree(
	int at, const char *path, uid_t uid, gid_t gid, struct err *err);
/*
 * Does what lies beneath path (on disk, and how many files and folders) stay within both bounds? Names that come or
 * go meanwhile do not matter. Errors: ERR_LIMIT (no, or nested too deep), ERR_NOT_FOUND, ERR_IO.
 */
MUST_CHECK enum err_kind fs_tree_within(
	int at, const char *path, uint64_t bytes_max, uint64_t files_max, struct err *err);
/* An advisory lock held until fd is closed. Errors: ERR_CONFLICT when another process holds it. */
MUST_CHECK enum err_kind fs_lock(int at, const char *path, int *fd, struct err *err);
/* A sealed anonymous file holding `bytes`, to hand to a child: nobody can change it any more. */
MUST_CHECK enum err_kind fs_memfd(const char *name, struct str bytes, int *fd, struct err *err);
/*
 * An anonymous file of `len` zero bytes (len > 0), mapped for reading and writing, to share with a child. Its
 * size is sealed, so that the other side cannot cut it and kill us by SIGBUS; its bytes may change under us.
 * *map is the caller's to munmap.
 */
MUST_CHECK enum err_kind fs_shared(
	const char *name, size_t len, int *fd, void **map, struct err *err);

#endif
