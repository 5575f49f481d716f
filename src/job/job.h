/*
 * job: a program of others (a compiler, dpkg-source, an analyser) run under bubblewrap, on bytes of others.
 *
 * What the job sees: /usr read-only (with /bin, /lib and so on), /proc and /dev of its own, the binds that it is
 * given, a temporary /tmp, and one writable folder, JOB_OUT. No /etc, no network, no other process, no capability,
 * no way to further user namespaces; a cleared environment; it ends when its parent or its time ends.
 *
 * Limits: rlimits for each process; for all together the memory and process groups of the kernel where this user
 * may make them (cgroup v1 or v2). The count of processes holds by rlimit for an ordinary user and by cgroup for
 * root: where neither does, the job does not run. Without bubblewrap or a namespace it does not run either.
 */
#ifndef JOB_JOB_H
#define JOB_JOB_H

#include "base/arena.h"
#include "base/err.h"

#define JOB_OUT "/out"
#define JOB_HOME "/tmp"

struct job_bind {
	const char *from; /* outside; must exist */
	const char *to; /* inside; absolute */
};

struct job_options {
	const char *const *argv; /* ends with NULL; argv[0] is an absolute path inside */
	const char *const
		*env; /* "NAME=value" …, ends with NULL; on top of PATH, HOME, LANG; may be NULL */
	const struct job_bind *read_only;
	size_t read_only_count;
	/* Folder outside that becomes JOB_OUT, writable; NULL: JOB_OUT is temporary */
	const char *out_dir;
	const char *work_dir; /* inside; NULL: JOB_OUT */
	int stdin_fd; /* 0: /dev/null (nobody hands over our own standard input) */
	uint64_t memory_bytes; /* address space of a process; of all together with cgroups */
	uint64_t file_bytes_max; /* of one file, and of each temporary file system */
	uint64_t out_bytes_max; /* of all that lies in out_dir: the job is ended beyond */
	uint32_t out_files_max; /* likewise, files and folders */
	uint32_t cpu_s; /* of a process */
	uint32_t wall_s; /* of the job */
	uint32_t processes; /* at once */
	uint32_t open_files; /* of a process */
	size_t text_bytes_max; /* kept of standard output, and of standard error; the rest is dropped */
	bool (*cancelled)(void *arg); /* asked about five times a second; may be NULL */
	void *arg;
};

enum job_end { JOB_EXITED, JOB_TIME_OVER, JOB_OUT_FULL, JOB_CANCELLED };

struct job_result {
	enum job_end end;
	int exit_code; /* of JOB_EXITED; 128 + n: ended by signal n */
	struct str text, errors; /* standard output and error, in the caller's arena */
	bool text_cut, errors_cut; /* more was written than was kept */
	bool grouped; /* cgroups were in force */
	int64_t wall_us, cpu_us;
};

/*
 * Runs the job to its end and waits. The calling thread must live as long.
 * OK: it ran, whatever came of it. Errors: ERR_INPUT (a path is missing, argv[0] is not absolute), ERR_LIMIT (arena),
 * ERR_IO (bubblewrap, a namespace or a limit is missing: nothing ran).
 */
MUST_CHECK enum err_kind job_run(const struct job_options *options, struct arena *mem,
	struct job_result *result, struct err *err);

/* For `vitrine doctor`: which group limits this user may set: "memory and processes (cgroup v1)" or "none: …". */
bool job_groups_available(char *what, size_t what_bytes);

#endif
