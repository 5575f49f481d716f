/*
 * sandbox: how a pooled child gives up its rights, before it reads the first untrusted byte.
 *
 * Layers, each required; a missing one is an error and the child does not run (fail closed):
 *  - own user and PID namespaces, made by sandbox_spawn: the child is process 1 of its own, so that no
 *    process stands between it and its parent; own mount, network, IPC, UTS and cgroup namespaces, made by
 *    sandbox_enter. The root is an empty read-only tmpfs, or the one folder that the child may read;
 *  - Landlock by the probed ABI: nothing, or reading beneath that folder;
 *  - seccomp: a short list of system calls a profile; a few harmless questions are answered with an error,
 *    everything else kills;
 *  - rlimits: address space, CPU, open files, core 0, processes 0, file size;
 *  - no capabilities, no_new_privs, not dumpable.
 *
 * A sanitizer's runtime needs what these layers refuse: children run in builds without sanitizers only.
 */
#ifndef OS_SANDBOX_H
#define OS_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/out.h"

enum sandbox_profile {
	SANDBOX_COMPUTE, /* memory, its socket, descriptors it is handed: layout, draw */
	SANDBOX_READER, /* the same and opening files read-only beneath SANDBOX_SRC: import */
};

/* Where a SANDBOX_READER finds the folder that it was given: it is the root of its file system. */
#define SANDBOX_SRC "/"

struct sandbox_limits {
	uint64_t memory_bytes; /* address space */
	uint32_t cpu_s; /* 0: no limit (a pooled child lives long) */
	uint32_t open_files;
	uint64_t file_bytes; /* largest file it may write (memfd); 0: none */
};

/*
 * Enter, for good. Call in a child of sandbox_spawn while it has one thread. Its standard error is closed on
 * success: from here on it tells its parent only what the messages allow.
 * src_fd  an open folder: becomes the root, for reading (its parents need not be reachable); -1: the root is
 *         empty. A file that the child may read is simply a descriptor and needs no mention here
 * Errors: ERR_IO names the layer that is missing.
 */
MUST_CHECK enum err_kind sandbox_enter(enum sandbox_profile profile,
	const struct sandbox_limits *limits, int src_fd, struct err *err);

/*
 * Start this program again (/proc/self/exe) as `vitrine --child ROLE` in user and PID namespaces of its own,
 * with descriptor 3 = its end of an ipc pair, a cleared environment, standard input and output on /dev/null,
 * every other descriptor closed. It is killed when the thread that spawned it ends.
 * *pid   to be reaped by the caller (SIGKILL ends it at any time); *sock  our end
 * Errors: ERR_IO names the step that failed, in the parent or in the child up to its execve.
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
/* Landlock's ABI, 0 when the kernel has none. */
int sandbox_landlock_abi(void);

/*
 * Started as root: give every right up for `user` (NULL or "": the lab folder's owner, when that is not root),
 * for good, keeping access to the lab through a private mount, because folders above it may be closed to that
 * user. The current folder is the lab afterwards; in this process and its children /mnt shows nothing else.
 * Started as anybody else: chdir only. One thread only; paths that are relative to the old folder or lie in
 * closed ones are to be opened before.
 * Errors: ERR_NOT_FOUND (no such lab or user), ERR_DENIED (root would stay root), ERR_IO.
 */
MUST_CHECK enum err_kind user_enter_lab(const char *lab_path, const char *user, struct err *err);

/* No core file, no new privileges, memory closed to other processes of the same user. Errors: ERR_IO. */
MUST_CHECK enum err_kind process_close(struct err *err);

#endif
