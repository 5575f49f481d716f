#include "job/job.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "job/job_command.h"
#include "job/job_group.h"
#include "os/clock.h"
#include "os/fs.h"

enum { LOOK_MS = 200, DRAIN_MS = 5000, STATUS_BYTES_MAX = 1024, FIRST_FREE_FD = 16 };

/* One stream of the job's text: kept up to a bound, read to its end. */
struct capture {
	int fd; /* -1: ended */
	char *bytes;
	size_t len, cap;
	bool cut;
};

enum { TEXT, ERRORS, STATUS, CAPTURES };

struct job {
	const struct job_options *options;
	char **argv;
	int filter_fd;
	struct job_group group;
	struct capture captures[CAPTURES];
	int write_fds[CAPTURES]; /* the job's ends; -1 after the start */
	pid_t pid;
	int pid_fd;
};

/* Between fork and execve: system calls only, the parent may have threads. */

static bool limit(__rlimit_resource_t resource, rlim_t value)
{
	struct rlimit l = { value, value };

	return setrlimit(resource, &l) == 0;
}

static bool set_limits(const struct job_options *o)
{
	return limit(RLIMIT_AS, o->memory_bytes) && limit(RLIMIT_CPU, o->cpu_s) &&
		limit(RLIMIT_FSIZE, o->file_bytes_max) && limit(RLIMIT_NOFILE, o->open_files) &&
		limit(RLIMIT_CORE, 0) && limit(RLIMIT_MEMLOCK, 0) && limit(RLIMIT_MSGQUEUE, 0);
}

static bool arrange_descriptors(const struct job *job)
{
	const int from[] = { job->options->stdin_fd > 0 ? job->options->stdin_fd
							: open("/dev/null", O_RDONLY | O_CLOEXEC),
		job->write_fds[TEXT], job->write_fds[ERRORS], job->write_fds[STATUS],
		job->filter_fd };
	enum { COUNT = sizeof(from) / sizeof(from[0]) };
	int high[COUNT];

	static_assert(COUNT == JOB_FILTER_FD + 1 && JOB_STATUS_FD == JOB_FILTER_FD - 1,
		"descriptors in their order");
	for (int i = 0; i < COUNT; i++) {
		high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
		if (high[i] < 0)
			return false;
	}
	for (int i = 0; i < COUNT; i++)
		if (dup2(high[i], i) < 0)
			return false;
	return syscall(SYS_close_range, COUNT, ~0U, 0) == 0;
}

static _Noreturn void run_child(struct job *job)
{
	static char *const no_env[] = { NULL };
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	sigemptyset(&none);
	for (int sig = 1; sig < 32; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			sigaction(sig, &dfl, NULL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* A process group of its own, for end_all; and no job without a parent. */
	if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		_exit(126);
	for (size_t i = 0; i < job->group.count; i++)
		if (write(job->group.procs_fd[i], "0", 1) != 1)
			_exit(126);
	if (!set_limits(job->options) || !arrange_descriptors(job))
		_exit(126);
	execve(JOB_BWRAP, job->argv, no_env);
	_exit(127);
}

/* The parent's side. */

static enum err_kind open_captures(struct job *job, struct arena *mem, struct err *err)
{
	for (int i = 0; i < CAPTURES; i++) {
		struct capture *c = &job->captures[i];
		int pair[2];

		c->cap = i == STATUS ? STATUS_BYTES_MAX : job->options->text_bytes_max;
		c->bytes = arena_array(mem, char, c->cap + 1);
		if (c->bytes == NULL)
			return err_set(err, ERR_LIMIT, "job: no memory for its output");
		if (pipe2(pair, O_CLOEXEC) != 0)
			return err_errno(err, errno, "job: pipe");
		c->fd = pair[0];
		job->write_fds[i] = pair[1];
		if (fcntl(c->fd, F_SETFL, O_NONBLOCK) != 0)
			return err_errno(err, errno, "job: pipe");
	}
	return OK;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Takes what is there; beyond the bound it is dropped, so that the job does not block on us. */
static void capture_some(struct capture *c)
{
	char rest[4096];
	bool full = c->len == c->cap;
	ssize_t n = full ? read(c->fd, rest, sizeof(rest))
			 : read(c->fd, c->bytes + c->len, c->cap - c->len);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close_fd(&c->fd);
		return;
	}
	if (full)
		c->cut = true;
	else
		c->len += (size_t)n;
}

static bool drained(const struct job *job)
{
	for (int i = 0; i < CAPTURES; i++)
		if (job->captures[i].fd >= 0)
			return false;
	return true;
}

/* Waits at most wait_ms; returns true once bubblewrap itself has ended. */
static bool capture(struct job *job, int wait_ms)
{
	struct pollfd p[CAPTURES + 1];

	for (int i = 0; i < CAPTURES; i++)
		p[i] = (struct pollfd){ .fd = job->captures[i].fd, .events = POLLIN };
	p[CAPTURES] = (struct pollfd){ .fd = job->pid_fd, .events = POLLIN };
	if (poll(p, CAPTURES + 1, wait_ms) < 0)
		return false;
	for (int i = 0; i < CAPTURES; i++)
		if (p[i].revents != 0)
			capture_some(&job->captures[i]);
	return p[CAPTURES].revents != 0;
}

static bool out_is_full(const struct job_options *o)
{
	struct err err;
	enum err_kind rc;

	if (o->out_dir == NULL)
		return false;
	rc = fs_tree_within(AT_FDCWD, o->out_dir, o->out_bytes_max, o->out_files_max, &err);
	/* Files come and go under the walk; only the bound counts here. */
	return rc == ERR_LIMIT;
}

/* Until the job ends by itself or is ended. */
static enum job_end watch(struct job *job)
{
	const struct job_options *o = job->options;
	int64_t end_us = clock_monotonic_us() + (int64_t)o->wall_s * 1000000, look_us = 0;

	while (!capture(job, LOOK_MS)) {
		int64_t now_us = clock_monotonic_us();

		if (now_us >= end_us)
			return JOB_TIME_OVER;
		if (now_us < look_us)
			continue;
		if (o->cancelled != NULL && o->cancelled(o->arg))
			return JOB_CANCELLED;
		if (out_is_full(o))
			return JOB_OUT_FULL;
		/* A large folder takes long to look at: then look less often. */
		look_us = clock_monotonic_us() + LOOK_MS * INT64_C(1000) +
			4 * (clock_monotonic_us() - now_us);
	}
	return JOB_EXITED;
}

/* A number of the status that bubblewrap writes: { "child-pid": 7, … } at the start, { "exit-code": 0 } at the end. */
static bool read_status(const struct job *job, const char *name, int *value)
{
	const char *text = job->captures[STATUS].bytes;
	const char *at = text == NULL ? NULL : strstr(text, name);
	char *end;

	if (at == NULL)
		return false;
	at += strlen(name);
	long got = strtol(at, &end, 10);

	if (end == at || got < 0 || got > INT32_MAX)
		return false;
	*value = (int)got;
	return true;
}

/*
 * Killing bubblewrap alone is not enough while it starts: its child asks to die with it only after a while. The
 * child, process 1 of the job's namespace, first: its pid is its own as long as bubblewrap lives.
 */
static void end_all(struct job *job)
{
	int child;

	if (read_status(job, "\"child-pid\": ", &child) && child > 1)
		kill(child, SIGKILL);
	kill(-job->pid, SIGKILL);
	kill(job->pid, SIGKILL); /* before it made its group */
}

/* Its first line says which namespace or path is missing. */
static enum err_kind did_not_run(const struct job *job, struct err *err)
{
	struct str text = str_of(job->captures[ERRORS].bytes, job->captures[ERRORS].len), line;

	if (!str_cut(text, '\n', &line, &text))
		line = text;
	if (line.len == 0)
		line = STR("it ended before the program started; a limit may be too small");
	return err_set(err, ERR_IO, "job: bubblewrap: %.*s", line.len > 200 ? 200 : (int)line.len,
		line.ptr);
}

static enum err_kind finish(struct job *job, enum job_end end, int64_t begun_us,
	struct job_result *result, struct err *err)
{
	struct rusage usage;
	int status;

	if (end != JOB_EXITED)
		end_all(job);
	while (wait4(job->pid, &status, 0, &usage) < 0 && errno == EINTR)
		;
	int64_t drain_us = clock_monotonic_us() + DRAIN_MS * INT64_C(1000);

	close_fd(&job->pid_fd);
	while (!drained(job) && clock_monotonic_us() < drain_us)
		capture(job, LOOK_MS);
	struct job_result got = {
		.end = end,
		.text = str_of(job->captures[TEXT].bytes, job->captures[TEXT].len),
		.errors = str_of(job->captures[ERRORS].bytes, job->captures[ERRORS].len),
		.text_cut = job->captures[TEXT].cut,
		.errors_cut = job->captures[ERRORS].cut,
		.grouped = job->group.limits_memory && job->group.limits_processes,
		.wall_us = clock_monotonic_us() - begun_us,
		.cpu_us = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000) +
			usage.ru_utime.tv_usec + usage.ru_stime.tv_usec,
	};

	if (end == JOB_EXITED && !read_status(job, "\"exit-code\": ", &got.exit_code))
		return did_not_run(job, err);
	/* What was written in its last moment counts, too. */
	if (end == JOB_EXITED && out_is_full(job->options))
		got.end = JOB_OUT_FULL;
	*result = got;
	return OK;
}

static enum err_kind start(struct job *job, struct err *err)
{
	job->pid = fork();
	if (job->pid == 0)
		run_child(job);
	if (job->pid < 0)
		return err_errno(err, errno, "job: fork");
	for (int i = 0; i < CAPTURES; i++)
		close_fd(&job->write_fds[i]);
	job->pid_fd = (int)syscall(SYS_pidfd_open, job->pid, 0);
	if (job->pid_fd >= 0)
		return OK;
	enum err_kind rc = err_errno(err, errno, "job: pidfd");

	kill(job->pid, SIGKILL);
	waitpid(job->pid, NULL, 0);
	return rc;
}

static enum err_kind prepare(struct job *job, struct arena *mem, struct err *err)
{
	const struct job_options *o = job->options;
	enum err_kind rc;

	assert(o->wall_s > 0 && o->cpu_s > 0);
	assert(o->memory_bytes > 0 && o->processes > 0 && o->open_files > JOB_FILTER_FD + 1);
	if (access(JOB_BWRAP, X_OK) != 0)
		return err_set(err, ERR_IO,
			"job: bubblewrap is missing (" JOB_BWRAP
			"): install the package bubblewrap");
	rc = job_command(o, mem, &job->argv, err);
	if (rc == OK)
		rc = job_filter(&job->filter_fd, err);
	if (rc == OK)
		rc = open_captures(job, mem, err);
	if (rc != OK)
		return rc;
	job_group_open(&job->group, o->memory_bytes, o->processes);
	if (geteuid() == 0 && !job->group.limits_processes)
		return err_set(err, ERR_IO,
			"job: root's processes are counted by control groups only, and there are none: "
			"run the lab as an ordinary user");
	return OK;
}

enum err_kind job_run(const struct job_options *options, struct arena *mem,
	struct job_result *result, struct err *err)
{
	struct job job = { .options = options, .filter_fd = -1, .pid_fd = -1 };
	int64_t begun_us = clock_monotonic_us();

	for (int i = 0; i < CAPTURES; i++)
		job.captures[i].fd = job.write_fds[i] = -1;
	enum err_kind rc = prepare(&job, mem, err);

	if (rc == OK)
		rc = start(&job, err);
	if (rc == OK)
		rc = finish(&job, watch(&job), begun_us, result, err);
	for (int i = 0; i < CAPTURES; i++) {
		close_fd(&job.captures[i].fd);
		close_fd(&job.write_fds[i]);
	}
	close_fd(&job.filter_fd);
	close_fd(&job.pid_fd);
	job_group_close(&job.group);
	return rc;
}

bool job_groups_available(char *what, size_t what_bytes)
{
	struct job_group group;

	job_group_open(&group, UINT64_C(1) << 30, 64);
	bool both = group.limits_memory && group.limits_processes;

	snprintf(what, what_bytes, "%s%s%s%s", group.limits_memory ? "memory" : "",
		both ? " and " : "", group.limits_processes ? "processes" : "",
		group.count == 0 ? "none: this user may make no control group; rlimits hold for "
				   "each process"
				 : " of a job together");
	job_group_close(&group);
	return both;
}
