/* sandbox_spawn: a child in user and PID namespaces of its own, and this program in it. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/ipc.h"
#include "os/sandbox_layer.h"

enum { CHILD_SOCK = 3, REPORT_FD = 4, FIRST_FREE_FD = 16 };

static bool write_file(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, len) == (ssize_t)len;

	if (fd >= 0)
		close(fd);
	return done;
}

/* "0 1000 1" without stdio: the parent may have threads that hold its locks. Returns the length. */
static size_t format_map(unsigned outside, char line[32])
{
	size_t digits = 1, len = 0;

	for (unsigned rest = outside / 10; rest > 0; rest /= 10)
		digits++;
	line[len++] = '0';
	line[len++] = ' ';
	for (size_t i = digits; i-- > 0; outside /= 10)
		line[len + i] = (char)('0' + outside % 10);
	len += digits;
	line[len++] = ' ';
	line[len++] = '1';
	return len;
}

/* One user is mapped, the one who runs us: as 0, so that its capabilities survive execve. */
static bool map_user(unsigned uid, unsigned gid)
{
	char line[32];

	/* A process that changed its user is not dumpable, and then its files in /proc are root's. */
	if (prctl(PR_SET_DUMPABLE, 1) != 0)
		return false;
	if (!write_file("/proc/self/setgroups", "deny", 4))
		return false;
	if (!write_file("/proc/self/uid_map", line, format_map(uid, line)))
		return false;
	return write_file("/proc/self/gid_map", line, format_map(gid, line));
}

int layer_fork(void)
{
	unsigned uid = geteuid(), gid = getegid();
	long pid = syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0 && !map_user(uid, gid))
		_exit(125);
	return (int)pid;
}

const char *layer_fork_why(int errnum)
{
	if (errnum == ENOSPC || errnum == EUSERS)
		return "the kernel allows no more (sysctl user.max_user_namespaces, user.max_pid_namespaces)";
	if (errnum == EPERM)
		return "not allowed to this user (sysctl kernel.unprivileged_userns_clone, or a chroot)";
	return strerrordesc_np(errnum);
}

/* What the child tells when it does not come as far as execve. */
struct failure {
	enum { STEP_MAP = 1, STEP_DESCRIPTORS, STEP_SIGNALS, STEP_EXEC } step;
	int errnum;
};

static const char *const steps[] = { [STEP_MAP] = "map the user into its namespace",
	[STEP_DESCRIPTORS] = "arrange descriptors",
	[STEP_SIGNALS] = "reset signals",
	[STEP_EXEC] = "execute /proc/self/exe" };

struct child_start {
	unsigned uid, gid;
	int sock, report;
	char *const *argv;
};

/* Descriptors 0 to 3 as sandbox.h says, 4 = the report, nothing else. */
static bool arrange_descriptors(struct child_start *s)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int high_null = fcntl(null_fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	int high_sock = fcntl(s->sock, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	int high_report = fcntl(s->report, F_DUPFD_CLOEXEC, FIRST_FREE_FD);

	if (null_fd < 0 || high_null < 0 || high_sock < 0 || high_report < 0)
		return false;
	s->report = high_report;
	if (dup2(high_null, STDIN_FILENO) < 0 || dup2(high_null, STDOUT_FILENO) < 0)
		return false;
	if (fcntl(STDERR_FILENO, F_GETFD) < 0 && dup2(high_null, STDERR_FILENO) < 0)
		return false;
	if (dup2(high_sock, CHILD_SOCK) < 0)
		return false;
	if (dup3(high_report, REPORT_FD, O_CLOEXEC) < 0)
		return false;
	s->report = REPORT_FD;
	return syscall(SYS_close_range, REPORT_FD + 1, ~0U, 0) == 0;
}

static bool reset_signals(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	sigemptyset(&none);
	for (int sig = 1; sig < 32; sig++)
		if (sig != SIGKILL && sig != SIGSTOP && sigaction(sig, &dfl, NULL) != 0)
			return false;
	return sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

static _Noreturn void run_child(struct child_start *s)
{
	static char *const no_env[] = { NULL };
	struct failure failure = { 0 };

	if (!map_user(s->uid, s->gid)) {
		failure.step = STEP_MAP;
	} else if (!arrange_descriptors(s)) {
		failure.step = STEP_DESCRIPTORS;
	} else if (!reset_signals()) {
		failure.step = STEP_SIGNALS;
	} else {
		execve("/proc/self/exe", s->argv, no_env);
		failure.step = STEP_EXEC;
	}
	failure.errnum = errno;
	ssize_t n = write(s->report, &failure, sizeof(failure));

	_exit(n == (ssize_t)sizeof(failure) ? 125 : 126);
}

/* Waits until the child has executed (the report closes) or told why not. */
static enum err_kind await_exec(int pid, int report, struct err *err)
{
	struct failure failure;
	ssize_t n;

	do {
		n = read(report, &failure, sizeof(failure));
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return OK;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (n != (ssize_t)sizeof(failure) || failure.step < STEP_MAP || failure.step > STEP_EXEC)
		return err_set(err, ERR_IO, "start a child: it ended before it said why");
	return err_errno(err, failure.errnum, "start a child: %s", steps[failure.step]);
}

enum err_kind sandbox_spawn(const char *role, int *pid, int *sock, struct err *err)
{
	char name[] = "vitrine", option[] = "--child", role_arg[32];
	char *argv[] = { name, option, role_arg, NULL };
	int pair[2], report[2];
	enum err_kind rc;

	if ((size_t)snprintf(role_arg, sizeof(role_arg), "%s", role) >= sizeof(role_arg))
		return err_set(err, ERR_INPUT, "start a child: role name too long");
	rc = ipc_pair(pair, err);
	if (rc != OK)
		return rc;
	if (pipe2(report, O_CLOEXEC) != 0) {
		rc = err_errno(err, errno, "start a child: pipe");
		goto close_pair;
	}
	struct child_start start = { .uid = geteuid(),
		.gid = getegid(),
		.sock = pair[1],
		.report = report[1],
		.argv = argv };
	long child = syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);

	if (child == 0)
		run_child(&start);
	int why = errno;

	close(report[1]);
	if (child < 0)
		rc = err_set(err, ERR_IO, "start a child: own user and PID namespaces: %s",
			layer_fork_why(why));
	else
		rc = await_exec((int)child, report[0], err);
	close(report[0]);
	if (rc == OK) {
		close(pair[1]);
		*pid = (int)child;
		*sock = pair[0];
		return OK;
	}
close_pair:
	close(pair[0]);
	close(pair[1]);
	return rc;
}
