/* sandbox_seccomp: the system calls that a child may make. */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>

#include "os/sandbox_layer.h"

#define CALL(name) SCMP_SYS(name)

/* Memory, descriptors it has, its socket, the clock, its own end. */
static const int compute_calls[] = { CALL(brk), CALL(clock_getres), CALL(clock_gettime),
	CALL(close), CALL(dup), CALL(exit), CALL(exit_group), CALL(fstat), CALL(ftruncate),
	CALL(futex), CALL(getpid), CALL(getrandom), CALL(getrusage), CALL(gettid),
	CALL(gettimeofday), CALL(lseek), CALL(madvise), CALL(memfd_create), CALL(mremap),
	CALL(munmap), CALL(poll), CALL(ppoll), CALL(pread64), CALL(preadv), CALL(pwrite64),
	CALL(read), CALL(readv), CALL(recvmsg), CALL(restart_syscall), CALL(rt_sigaction),
	CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(sched_yield), CALL(sendmsg),
	CALL(sigaltstack), CALL(time), CALL(write), CALL(writev) };

/* Finding and opening files to read; what libraries ask about themselves. */
static const int reader_calls[] = { CALL(access), CALL(chdir), CALL(faccessat), CALL(faccessat2),
	CALL(fchdir), CALL(fstatfs), CALL(getcwd), CALL(getdents64), CALL(getegid), CALL(geteuid),
	CALL(getgid), CALL(getuid), CALL(lstat), CALL(newfstatat), CALL(readlink), CALL(readlinkat),
	CALL(stat), CALL(statfs), CALL(statx), CALL(umask), CALL(uname) };

/* Questions that libraries ask in passing; they get an error and live on. */
static const struct {
	int call;
	int errnum;
} answered_calls[] = { { CALL(ioctl), ENOTTY }, { CALL(sysinfo), EPERM },
	{ CALL(sched_getaffinity), EPERM }, { CALL(prctl), EPERM }, { CALL(fadvise64), EPERM } };

/*
 * An argument of 32 bits under a mask: what a caller puts into the upper half, the kernel ignores, and so do we. (The
 * library's own macros for this need an extension that is not in C.)
 */
static struct scmp_arg_cmp masked(unsigned arg, uint32_t mask, uint32_t value)
{
	return (struct scmp_arg_cmp){
		.arg = arg, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value
	};
}

static struct scmp_arg_cmp equal(unsigned arg, uint32_t value)
{
	return masked(arg, UINT32_MAX, value);
}

static int allow_all(scmp_filter_ctx filter, const int *calls, size_t count)
{
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	return rc;
}

/* Memory that is never executable. */
static int allow_memory(scmp_filter_ctx filter)
{
	int rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(mmap), 1, masked(2, PROT_EXEC, 0));

	if (rc == 0)
		rc = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, CALL(mprotect), 1, masked(2, PROT_EXEC, 0));
	return rc;
}

static int allow_fcntl(scmp_filter_ctx filter)
{
	static const int commands[] = { F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC, F_ADD_SEALS,
		F_GET_SEALS };
	int rc = 0;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]) && rc == 0; i++)
		rc = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, CALL(fcntl), 1, equal(1, (uint32_t)commands[i]));
	return rc;
}

/* abort() signals itself: signals to process 1 of its namespace, which it is, reach nobody else. */
static int allow_abort(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(tgkill), 1, equal(0, 1));
}

/* Opening to read is allowed; to write or create is answered, so that a library may try to read instead. */
static int allow_reading_opens(scmp_filter_ctx filter)
{
	static const struct {
		uint32_t mask, value;
	} writing[] = { { O_ACCMODE, O_WRONLY }, { O_ACCMODE, O_RDWR }, { O_CREAT, O_CREAT },
		{ O_TRUNC, O_TRUNC } };
	const uint32_t any = O_ACCMODE | O_CREAT | O_TRUNC;
	int rc = seccomp_rule_add(
		filter, SCMP_ACT_ALLOW, CALL(openat), 1, masked(2, any, O_RDONLY));

	if (rc == 0)
		rc = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, CALL(open), 1, masked(1, any, O_RDONLY));
	for (size_t i = 0; i < sizeof(writing) / sizeof(writing[0]) && rc == 0; i++) {
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EROFS), CALL(openat), 1,
			masked(2, writing[i].mask, writing[i].value));
		if (rc == 0)
			rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EROFS), CALL(open), 1,
				masked(1, writing[i].mask, writing[i].value));
	}
	return rc;
}

static int fill(scmp_filter_ctx filter, enum sandbox_profile profile)
{
	int rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	if (rc == 0) /* a sorted tree: the frequent calls cost a few comparisons, not fifty */
		rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (rc == 0)
		rc = allow_all(filter, compute_calls, sizeof(compute_calls) / sizeof(int));
	if (rc == 0)
		rc = allow_memory(filter);
	if (rc == 0)
		rc = allow_fcntl(filter);
	if (rc == 0)
		rc = allow_abort(filter);
	for (size_t i = 0; i < sizeof(answered_calls) / sizeof(answered_calls[0]) && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)answered_calls[i].errnum),
			answered_calls[i].call, 0);
	if (profile == SANDBOX_COMPUTE && rc == 0) /* fstat, as glibc makes it: no path */
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(newfstatat), 1,
			masked(3, AT_EMPTY_PATH, AT_EMPTY_PATH));
	if (profile == SANDBOX_READER && rc == 0)
		rc = allow_all(filter, reader_calls, sizeof(reader_calls) / sizeof(int));
	if (profile == SANDBOX_READER && rc == 0)
		rc = allow_reading_opens(filter);
	return rc;
}

enum err_kind layer_seccomp(enum sandbox_profile profile, struct err *err)
{
	enum err_kind result = OK;
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);

	if (filter == NULL)
		return err_set(err, ERR_IO, "sandbox: seccomp: no memory for the filter");
	int rc = fill(filter, profile);

	if (rc != 0)
		result = err_errno(err, -rc, "sandbox: seccomp filter");
	if (rc == 0)
		rc = seccomp_load(filter);
	if (rc != 0 && result == OK)
		result = err_errno(err, -rc, "sandbox: seccomp");
	seccomp_release(filter);
	return result;
}
