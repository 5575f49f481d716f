/*
 * import_read: the readers of the import child, one a kind of source. Each runs without rights, gives what it
 * finds to import_out and ends the stream.
 * Errors, all of them: ERR_INPUT names the entry and what to do; ERR_LIMIT; ERR_NOT_FOUND (git: the ref);
 * ERR_IO.
 */
#ifndef SOURCE_IMPORT_READ_H
#define SOURCE_IMPORT_READ_H

#include "source/import_out.h"

/* dir_fd stays the caller's. */
MUST_CHECK enum err_kind import_read_dir(struct import_out *o, int dir_fd, struct err *err);
/* A tar, plain or compressed by gzip, xz or zstd, or a zip: told apart by what is in it, not by its name. */
MUST_CHECK enum err_kind import_read_archive(struct import_out *o, int fd, struct err *err);
/* git_path: a bare repository or the .git folder of one that is not. */
MUST_CHECK enum err_kind import_read_git(
	struct import_out *o, const char *git_path, struct str ref, struct err *err);
/* What libgit2 wants to find before the rights go. */
MUST_CHECK enum err_kind import_git_init(struct err *err);
/* Only which files make the package; the vault fetches them and checks their digests. */
MUST_CHECK enum err_kind import_read_dsc(struct import_out *o, int fd, struct err *err);

#endif
