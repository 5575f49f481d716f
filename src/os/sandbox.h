/*
 * sandbox: how a pooled child gives up its rights, before it reads the first untrusted byte.
 *
 * Layers, each required; a missing one is an error and the child does not run (fail closed):
 *  - own user, mount, network, IPC, UTS and PID namespaces; the root is an empty tmpfs that holds at most
 *    one read-only bind mount, /src;
 *  - Landlock by the probed ABI: nothing, or reading beneath /src;
 *  - seccomp: a short list of system calls a profile, everything else kills;
 *  - rlimits: address space, CPU, open files, core 0, processes 0, file size;
 *  - no_new_privs, not dumpable, no core.
 */
#ifndef OS_SANDBOX_H
#define OS_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/out.h"

enum sandbox_profile {
	SANDBOX_COMPUTE, /* memory, its socket, descriptors it is handed: layout, draw */
	SANDBOX_READER, /* the same and opening files read-only beneath /src: import */
};

struct sandbox_limits {
	uint64_t memory_bytes; /* address space */
	uint32_t cpu_s; /* 0: no limit (a pooled child lives long) */
	uint32_t open_files;
	uint64_t file_bytes; /* largest file it may write (memfd); 0: none */
};

/*
 * Enter, for good. Call in the child while it has one thread.
 * src_fd  folder or file shown read-only as /src, or -1
 * Errors: ERR_IO names the layer that is missing.
 */
MUST_CHECK enum err_kind sandbox_enter(enum sandbox_profile profile,
	const struct sandbox_limits *limits, int src_fd, struct err *err);

/*
 * Start this program again as `vitrine --child ROLE` with descriptor 3 = its end of an ipc pair, a
 * cleared environment, every other descriptor closed.
 * *pid   to be reaped by the caller; *sock  our end
 */
MUST_CHECK enum err_kind sandbox_spawn(const char *role, int *pid, int *sock, struct err *err);

/* One row of `vitrine doctor`. */
struct sandbox_probe {
	const char *layer;
	bool in_force;
	char what[200]; /* "connect refused: network unreachable" or why not */
};
enum { SANDBOX_PROBES = 10 };
/* Tries each layer in a child of its own that attempts to break it. Returns how many rows were filled. */
int sandbox_probe_all(struct sandbox_probe rows[SANDBOX_PROBES]);

/*
 * Started as root: give every right up for `user` (or the lab folder's owner when it is not root), for
 * good, keeping access to the lab through a private mount (the caller's cwd is the lab afterwards).
 * Started as anybody else: chdir only.
 */
MUST_CHECK enum err_kind user_enter_lab(const char *lab_path, const char *user, struct err *err);

#endif
