/*
 * sandbox_probe: tries each layer in a child of its own that attempts what the layer forbids. The child writes
 * what it saw into memory shared with its parent: that needs no system call.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "os/clock.h"
#include "os/sandbox_layer.h"

enum { MIB = 1 << 20, PROBE_SPIN_S = 20 };

/* Shared with the child. */
struct finding {
	bool held; /* the layer refused what was attempted */
	char what[sizeof(((struct sandbox_probe *)0)->what)];
};

static const struct sandbox_limits probe_limits = {
	.memory_bytes = 256 * (uint64_t)MIB, .cpu_s = 5, .open_files = 64, .file_bytes = MIB
};

static void note(struct finding *f, bool held, const char *what, int errnum)
{
	f->held = held;
	snprintf(f->what, sizeof(f->what), "%s: %s", what,
		errnum == 0 ? "allowed" : strerrordesc_np(errnum));
}

/* Notes why a layer could not be entered at all; returns true when it was. */
static bool entered(struct finding *f, enum err_kind rc, const struct err *err)
{
	if (rc != OK) {
		f->held = false;
		snprintf(f->what, sizeof(f->what), "%.190s", err->msg);
	}
	return rc == OK;
}

static void probe_processes(struct finding *f)
{
	/* Process 1 of its own namespace sees no other: neither its parent nor anybody's. */
	bool alone = getpid() == 1 && getppid() == 0 && kill(-1, 0) != 0;

	note(f, alone && getuid() == 0, "signal to every other process", alone ? ESRCH : 0);
}

static void probe_files(struct finding *f)
{
	struct err err;

	if (!entered(f, layer_namespaces(-1, &err), &err))
		return;
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	note(f, fd < 0 && errno == ENOENT, "open /etc/passwd", fd < 0 ? errno : 0);
	if (f->held && mkdir("/x", 0700) == 0)
		note(f, false, "make a folder", 0);
}

static void probe_network(struct finding *f)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(53) };
	struct err err;

	if (!entered(f, layer_namespaces(-1, &err), &err))
		return;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int local = fd < 0 ? -1 : connect(fd, (struct sockaddr *)&to, sizeof(to));

	to.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1: TEST-NET-1, RFC 5737 */
	int far = fd < 0 ? -1 : connect(fd, (struct sockaddr *)&to, sizeof(to));

	note(f, local != 0 && far != 0, "connect", local != 0 && far != 0 ? errno : 0);
}

static void probe_rights(struct finding *f)
{
	struct err err;

	if (!entered(f, layer_no_rights(&err), &err))
		return;
	int rc = unshare(CLONE_NEWNS);

	note(f, rc != 0, "unshare mounts", rc != 0 ? errno : 0);
	if (f->held && prctl(PR_GET_DUMPABLE) != 0)
		note(f, false, "be traced", 0);
}

static void probe_landlock(struct finding *f)
{
	struct err err;

	if (!entered(f, layer_no_rights(&err), &err) || !entered(f, layer_landlock(-1, &err), &err))
		return;
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC), why = fd < 0 ? errno : 0;

	f->held = fd < 0 && why == EACCES;
	snprintf(f->what, sizeof(f->what), "ABI %d; open /etc/passwd: %s", sandbox_landlock_abi(),
		why == 0 ? "allowed" : strerrordesc_np(why));
}

/* Whether it held is told by how the child ended: run_probe sees the signal. */
static void probe_seccomp(struct finding *f)
{
	struct err err;

	if (!entered(f, layer_no_rights(&err), &err) ||
		!entered(f, layer_seccomp(SANDBOX_COMPUTE, &err), &err))
		return;
	note(f, false, "socket", 0);
	syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	_exit(0);
}

static void probe_fork(struct finding *f)
{
	struct err err;

	if (!entered(f, sandbox_enter(SANDBOX_READER, &probe_limits, -1, &err), &err))
		return;
	note(f, false, "fork", 0);
	syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	_exit(0);
}

static void probe_memory(struct finding *f)
{
	struct err err;

	if (!entered(f, sandbox_enter(SANDBOX_COMPUTE, &probe_limits, -1, &err), &err))
		return;
	void *p = mmap(NULL, 257 * (size_t)MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		-1, 0);

	note(f, p == MAP_FAILED, "257 MiB of memory under a limit of 256",
		p == MAP_FAILED ? errno : 0);
}

static void probe_file_size(struct finding *f)
{
	struct err err;

	if (!entered(f, sandbox_enter(SANDBOX_COMPUTE, &probe_limits, -1, &err), &err))
		return;
	int fd = memfd_create("probe", MFD_CLOEXEC);
	int rc = fd < 0 ? -1 : (int)pwrite(fd, "x", 1, MIB);

	note(f, fd >= 0 && rc < 0, "write beyond 1 MiB", rc < 0 ? errno : 0);
}

static void probe_time(struct finding *f)
{
	struct sandbox_limits limits = probe_limits;
	int64_t end_us = clock_monotonic_us() + PROBE_SPIN_S * INT64_C(1000000);
	struct err err;

	limits.cpu_s = 1;
	if (!entered(f, layer_limits(&limits, &err), &err))
		return;
	note(f, false, "more than a second of processor time", 0);
	while (clock_monotonic_us() < end_us)
		;
}

static const struct probe {
	const char *layer;
	void (*attempt)(struct finding *f);
	int held_signal; /* the layer holds when the child ends by it; 0: the child tells */
} probes[] = {
	{ "user and process namespaces", probe_processes, 0 },
	{ "mount namespace, empty root", probe_files, 0 },
	{ "network namespace", probe_network, 0 },
	{ "no capabilities, not dumpable", probe_rights, 0 },
	{ "Landlock", probe_landlock, 0 },
	{ "seccomp", probe_seccomp, SIGSYS },
	{ "no further process", probe_fork, SIGSYS },
	{ "memory limit", probe_memory, 0 },
	{ "file size limit", probe_file_size, 0 },
	{ "processor time limit", probe_time, SIGKILL },
};

static_assert(sizeof(probes) / sizeof(probes[0]) == SANDBOX_PROBES, "a row each");

static void judge(const struct probe *probe, struct finding *f, int status)
{
	size_t len = strlen(f->what);
	bool by_signal = WIFSIGNALED(status) && WTERMSIG(status) == probe->held_signal;

	if (probe->held_signal != 0 && by_signal) {
		const char *colon = strrchr(f->what, ':');
		int head = colon == NULL ? (int)len : (int)(colon - f->what);
		char ended[sizeof(f->what)];

		f->held = true;
		snprintf(ended, sizeof(ended), "%.*s: killed by SIG%s", head, f->what,
			sigabbrev_np(probe->held_signal));
		memcpy(f->what, ended, sizeof(ended));
	} else if (WIFSIGNALED(status)) {
		f->held = false;
		snprintf(f->what, sizeof(f->what), "the probe ended by SIG%s",
			sigabbrev_np(WTERMSIG(status)));
	} else if (WEXITSTATUS(status) != 0) {
		f->held = false;
		snprintf(f->what, sizeof(f->what), "the user could not be mapped into a namespace");
	}
}

static void run_probe(const struct probe *probe, struct sandbox_probe *row)
{
	struct finding *f = mmap(
		NULL, sizeof(*f), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;

	*row = (struct sandbox_probe){ .layer = probe->layer };
	if (f == MAP_FAILED) {
		snprintf(row->what, sizeof(row->what), "no memory for the probe");
		return;
	}
	int pid = layer_fork();

	if (pid == 0) {
		probe->attempt(f);
		_exit(0);
	}
	if (pid < 0) {
		snprintf(f->what, sizeof(f->what), "own user and PID namespaces: %s",
			layer_fork_why(errno));
	} else {
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		judge(probe, f, status);
	}
	f->what[sizeof(f->what) - 1] = '\0';
	row->in_force = f->held;
	memcpy(row->what, f->what, sizeof(row->what));
	munmap(f, sizeof(*f));
}

int sandbox_probe_all(struct sandbox_probe rows[SANDBOX_PROBES])
{
	for (int i = 0; i < SANDBOX_PROBES; i++)
		run_probe(&probes[i], &rows[i]);
	return SANDBOX_PROBES;
}
