/*
 * endpoint: the Unix socket on which the vault listens. A path longer than sun_path is reached through its
 * folder's descriptor.
 */
#ifndef LINK_ENDPOINT_H
#define LINK_ENDPOINT_H

#include <sys/types.h>

#include "base/err.h"

/*
 * Listen at path, with the given mode. A socket that an earlier process left there is replaced: the caller
 * holds the lab's lock. *fd is the caller's. Errors: ERR_IO.
 */
MUST_CHECK enum err_kind endpoint_listen(const char *path, mode_t mode, int *fd, struct err *err);
/* *fd is the caller's, blocking. Errors: ERR_NOT_FOUND (nobody listens), ERR_IO. */
MUST_CHECK enum err_kind endpoint_connect(const char *path, int *fd, struct err *err);

#endif
