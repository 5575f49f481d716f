/* sandbox_layer: the single layers of the sandbox, for sandbox.c and the probes of `vitrine doctor`. */
#ifndef OS_SANDBOX_LAYER_H
#define OS_SANDBOX_LAYER_H

#include "os/sandbox.h"

/*
 * Like fork: returns 0 in the child, which lives in user and PID namespaces of its own, is uid 0 and process
 * 1 there and holds capabilities over these alone; its pid in the parent; -1 with errno. Until it calls
 * execve, a child of a process with threads may only make system calls.
 */
int layer_fork(void);
/* What errno of layer_fork means: a full table of namespaces is not "no space left on device". */
const char *layer_fork_why(int errnum);
/* Errors of all: ERR_IO naming the layer. In this order. */
MUST_CHECK enum err_kind layer_namespaces(int src_fd, struct err *err);
MUST_CHECK enum err_kind layer_limits(const struct sandbox_limits *limits, struct err *err);
MUST_CHECK enum err_kind layer_no_rights(struct err *err);
MUST_CHECK enum err_kind layer_landlock(int src_fd, struct err *err);
/* For a process that serves: everything beneath its own folder, no file elsewhere; the network stays. */
MUST_CHECK enum err_kind layer_landlock_folder(int dir_fd, struct err *err);
/* No file at all; of the network, where Landlock knows it, connecting to this TCP port alone (0: to none). */
MUST_CHECK enum err_kind layer_landlock_connect(unsigned port, struct err *err);
MUST_CHECK enum err_kind layer_seccomp(enum sandbox_profile profile, struct err *err);

#endif
