/*
 * unpack: the bytes of a file as they were before gzip, xz or zstd, read once from front to back. Used in the
 * import child. The compression is told by the first bytes; a file with none of them is given as it is.
 */
#ifndef SOURCE_UNPACK_H
#define SOURCE_UNPACK_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct unpack;

/* fd stays the caller's and open until unpack_close. */
MUST_CHECK enum err_kind unpack_open(int fd, struct unpack **u, struct err *err);
/* A zlib stream (RFC 1950), as git's loose objects are. */
MUST_CHECK enum err_kind unpack_open_zlib(int fd, struct unpack **u, struct err *err);
void unpack_close(struct unpack *u);
/* The next bytes, borrowed until the next call; empty at the end. Errors: ERR_INPUT (damaged, cut short). */
MUST_CHECK enum err_kind unpack_next(struct unpack *u, struct str *bytes, struct err *err);
/*
 * Go on to the end, so that the checksum behind the last byte is checked, too.
 * Errors: ERR_INPUT, also when more than bytes_max follow.
 */
MUST_CHECK enum err_kind unpack_finish(struct unpack *u, uint64_t bytes_max, struct err *err);

#endif
