/*
 * killat: ends a program, and all that it started, right before the n-th system call that changes a file.
 *
 *   killat N -- CMD [ARG…]      kill before the N-th such call; exit code 137. When there are fewer: CMD's exit code
 *   killat count -- CMD [ARG…]  let it run; CMD's exit code
 *
 * The last line on standard error says how many such calls were seen. When killat returns, the whole tree has ended.
 *
 * What counts: write, writev, pwrite64, pwritev, pwritev2, copy_file_range, fallocate, ftruncate, fsync, fdatasync on a
 * file that has a name, or a folder; and truncate, rename*, unlink*, mkdir*, rmdir, link*, symlink*. Pipes, sockets,
 * event counters, anonymous memory and the kernel's own files (/proc, /sys) leave nothing behind and do not count.
 *
 * A seccomp filter stops the tree at these calls only, so that the rest runs at its own speed. It is inherited by every
 * process of the tree, whatever namespaces or further filters they enter. Source: ptrace(2), seccomp(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_CALL = 1, FD_CALL = 2, COPY_CALL = 3, TREE_MAX = 4096, KILLED_EXIT = 128 + SIGKILL };

static const struct {
	int call;
	uint16_t how; /* what the filter hands to the tracer */
} calls[] = {
	{ SCMP_SYS(write), FD_CALL },
	{ SCMP_SYS(writev), FD_CALL },
	{ SCMP_SYS(pwrite64), FD_CALL },
	{ SCMP_SYS(pwritev), FD_CALL },
	{ SCMP_SYS(pwritev2), FD_CALL },
	{ SCMP_SYS(fallocate), FD_CALL },
	{ SCMP_SYS(ftruncate), FD_CALL },
	{ SCMP_SYS(fsync), FD_CALL },
	{ SCMP_SYS(fdatasync), FD_CALL },
	{ SCMP_SYS(copy_file_range), COPY_CALL },
	{ SCMP_SYS(truncate), PATH_CALL },
	{ SCMP_SYS(rename), PATH_CALL },
	{ SCMP_SYS(renameat), PATH_CALL },
	{ SCMP_SYS(renameat2), PATH_CALL },
	{ SCMP_SYS(unlink), PATH_CALL },
	{ SCMP_SYS(unlinkat), PATH_CALL },
	{ SCMP_SYS(mkdir), PATH_CALL },
	{ SCMP_SYS(mkdirat), PATH_CALL },
	{ SCMP_SYS(rmdir), PATH_CALL },
	{ SCMP_SYS(link), PATH_CALL },
	{ SCMP_SYS(linkat), PATH_CALL },
	{ SCMP_SYS(symlink), PATH_CALL },
	{ SCMP_SYS(symlinkat), PATH_CALL },
};

/* The tree: every thread that is traced, so that all can be killed at once. */
static struct tree {
	pid_t threads[TREE_MAX];
	size_t count;
	pid_t first; /* CMD itself */
	int exit_code; /* of CMD */
	unsigned long seen, kill_at; /* kill_at 0: never */
	bool killed;
} tree;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "killat: %s: %s\n", what, strerrordesc_np(errno));
	exit(125); /* the tracees die with their tracer (PTRACE_O_EXITKILL) */
}

/* Root may install a filter without no_new_privs, which leaves CMD's world as it is; anybody else needs it. */
static void install_filter(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int rc = filter == NULL ? -ENOMEM
				: seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, geteuid() != 0);

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]) && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_TRACE(calls[i].how), calls[i].call, 0);
	if (rc == 0)
		rc = seccomp_load(filter);
	if (rc != 0) {
		errno = -rc;
		fail("install the filter");
	}
	seccomp_release(filter);
}

/* Waits for a byte, which comes once it is traced; then becomes CMD. */
static _Noreturn void become(int go, char **argv)
{
	char byte;

	if (read(go, &byte, 1) != 1)
		_exit(125);
	close(go);
	install_filter();
	execvp(argv[0], argv);
	fprintf(stderr, "killat: %s: %s\n", argv[0], strerrordesc_np(errno));
	_exit(127);
}

static void add_thread(pid_t tid)
{
	for (size_t i = 0; i < tree.count; i++)
		if (tree.threads[i] == tid)
			return;
	if (tree.count == TREE_MAX) {
		errno = EAGAIN;
		fail("too many threads");
	}
	tree.threads[tree.count++] = tid;
}

static void remove_thread(pid_t tid)
{
	for (size_t i = 0; i < tree.count; i++)
		if (tree.threads[i] == tid)
			tree.threads[i--] = tree.threads[--tree.count];
}

/* Does the descriptor lead to something with a name, that a crash would show? When in doubt, yes. */
static bool is_lasting(pid_t tid, uint64_t fd)
{
	char path[64];
	struct statfs fs;
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)tid, (int)fd);
	if (stat(path, &st) != 0)
		return errno != ENOENT;
	if (statfs(path, &fs) == 0 &&
		(fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC ||
			fs.f_type == CGROUP_SUPER_MAGIC || fs.f_type == CGROUP2_SUPER_MAGIC))
		return false;
	return S_ISDIR(st.st_mode) || (S_ISREG(st.st_mode) && st.st_nlink > 0);
}

static bool is_writing(pid_t tid)
{
	struct __ptrace_syscall_info info;
	unsigned long how;

	if (ptrace(PTRACE_GETEVENTMSG, tid, NULL, &how) != 0)
		return false; /* killed by somebody else meanwhile */
	if (how == PATH_CALL)
		return true;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) <= 0)
		return false;
	return is_lasting(tid, info.seccomp.args[how == COPY_CALL ? 2 : 0]);
}

static void kill_tree(void)
{
	tree.killed = true;
	for (size_t i = 0; i < tree.count; i++)
		kill(tree.threads[i], SIGKILL);
}

/* The stopped thread goes on; `sig` is delivered to it. */
static void let_go(pid_t tid, int sig)
{
	/* ESRCH: it was killed while stopped; its end is reported next. */
	if (ptrace(PTRACE_CONT, tid, NULL, sig) != 0 && errno != ESRCH)
		fail("continue a thread");
}

static void handle_stop(pid_t tid, int status)
{
	int event = status >> 16, sig = WSTOPSIG(status);

	add_thread(tid);
	if (tree.killed) {
		/* Born after the killing. */
		kill(tid, SIGKILL);
		return;
	}
	switch (event) {
	case PTRACE_EVENT_SECCOMP:
		if (is_writing(tid) && ++tree.seen == tree.kill_at)
			kill_tree();
		else
			let_go(tid, 0);
		return;
	case PTRACE_EVENT_STOP:
		if (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU) {
			ptrace(PTRACE_LISTEN, tid, NULL, NULL); /* stays stopped until SIGCONT */
			return;
		}
		let_go(tid, 0);
		return;
	case 0:
		let_go(tid, sig);
		return;
	default: /* fork, vfork, clone, exec */
		let_go(tid, 0);
	}
}

static void follow(void)
{
	int status;

	for (;;) {
		pid_t tid = waitpid(-1, &status, __WALL);

		if (tid < 0 && errno == EINTR)
			continue;
		if (tid < 0)
			return; /* ECHILD: nobody is left */
		if (WIFSTOPPED(status)) {
			handle_stop(tid, status);
			continue;
		}
		remove_thread(tid);
		if (tid == tree.first)
			tree.exit_code = WIFEXITED(status) ? WEXITSTATUS(status)
							   : 128 + WTERMSIG(status);
	}
}

static void start(char **argv)
{
	const long options = PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
		PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL;
	int go[2];

	if (pipe2(go, O_CLOEXEC) != 0)
		fail("pipe");
	tree.first = fork();
	if (tree.first < 0)
		fail("fork");
	if (tree.first == 0)
		become(go[0], argv);
	if (ptrace(PTRACE_SEIZE, tree.first, NULL, options) != 0) {
		kill(tree.first, SIGKILL);
		fail("trace");
	}
	add_thread(tree.first);
	if (write(go[1], "g", 1) != 1)
		fail("pipe");
	close(go[0]);
	close(go[1]);
}

int main(int argc, char **argv)
{
	char *end = NULL;

	if (argc < 4 || strcmp(argv[2], "--") != 0) {
		fprintf(stderr, "usage: killat N|count -- CMD [ARG...]\n");
		return 2;
	}
	if (strcmp(argv[1], "count") != 0) {
		tree.kill_at = strtoul(argv[1], &end, 10);
		if (*end != '\0' || tree.kill_at == 0) {
			fprintf(stderr, "killat: %s: want a number from 1 on, or count\n", argv[1]);
			return 2;
		}
	}
	start(argv + 3);
	follow();
	fprintf(stderr, "killat: %s %lu\n",
		tree.killed ? "killed before writing call" : "writing calls:", tree.seen);
	return tree.killed ? KILLED_EXIT : tree.exit_code;
}
