#include "job/job_command.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORDS_MAX = 512 };

/* A command line under construction; too many words or no memory is sticky. */
struct words {
	struct arena *mem;
	char **list;
	size_t count;
	bool failed;
};

static void add(struct words *w, const char *word)
{
	char *copy = w->failed ? NULL : arena_cstr(w->mem, str_from(word));

	if (copy == NULL || w->count == WORDS_MAX) {
		w->failed = true;
		return;
	}
	w->list[w->count++] = copy;
}

static void add3(struct words *w, const char *option, const char *first, const char *second)
{
	add(w, option);
	add(w, first);
	add(w, second);
}

static void add_number(struct words *w, const char *option, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	add(w, option);
	add(w, digits);
}

/* /bin, /lib and so on, as they are here: links into /usr, or folders of an older layout. */
static void add_system(struct words *w)
{
	static const char *const folders[] = { "/bin", "/sbin", "/lib", "/lib32", "/lib64",
		"/libx32" };

	add3(w, "--ro-bind", "/usr", "/usr");
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		struct stat st;
		char target[256];

		if (lstat(folders[i], &st) != 0)
			continue;
		ssize_t n = S_ISLNK(st.st_mode) ? readlink(folders[i], target, sizeof(target) - 1)
						: -1;

		if (n > 0) {
			target[n] = '\0';
			add3(w, "--symlink", target, folders[i]);
		} else if (S_ISDIR(st.st_mode)) {
			add3(w, "--ro-bind", folders[i], folders[i]);
		}
	}
}

static void add_tmpfs(struct words *w, uint64_t bytes, const char *where)
{
	add_number(w, "--size", bytes);
	add(w, "--tmpfs");
	add(w, where);
}

static void add_environment(struct words *w, const char *const *env)
{
	add(w, "--clearenv");
	add3(w, "--setenv", "PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
	add3(w, "--setenv", "HOME", JOB_HOME);
	add3(w, "--setenv", "LANG", "C.UTF-8");
	for (; env != NULL && *env != NULL; env++) {
		struct str name, value;
		char *name_text = NULL;

		if (!str_cut(str_from(*env), '=', &name, &value)) {
			w->failed = true;
			return;
		}
		name_text = arena_cstr(w->mem, name);
		if (name_text == NULL) {
			w->failed = true;
			return;
		}
		add3(w, "--setenv", name_text, value.ptr); /* the rest of a C string is one */
	}
}

static enum err_kind add_binds(struct words *w, const struct job_options *o, struct err *err)
{
	for (size_t i = 0; i < o->read_only_count; i++) {
		char real[PATH_MAX];

		if (o->read_only[i].to[0] != '/')
			return err_set(err, ERR_INPUT, "job: %.100s: not an absolute path",
				o->read_only[i].to);
		if (realpath(o->read_only[i].from, real) == NULL)
			return err_set(err, ERR_INPUT, "job: %.100s: %s", o->read_only[i].from,
				strerrordesc_np(errno));
		add3(w, "--ro-bind", real, o->read_only[i].to);
	}
	if (o->out_dir == NULL) {
		add_tmpfs(w, o->file_bytes_max, JOB_OUT);
		return OK;
	}
	char real[PATH_MAX];

	if (realpath(o->out_dir, real) == NULL)
		return err_set(
			err, ERR_INPUT, "job: %.100s: %s", o->out_dir, strerrordesc_np(errno));
	add3(w, "--bind", real, JOB_OUT);
	return OK;
}

enum err_kind job_command(
	const struct job_options *o, struct arena *mem, char ***argv, struct err *err)
{
	struct words w = { .mem = mem, .list = arena_array(mem, char *, WORDS_MAX + 1) };
	char fd[16];

	if (o->argv[0] == NULL || o->argv[0][0] != '/')
		return err_set(err, ERR_INPUT, "job: the program is not an absolute path");
	w.failed = w.list == NULL;
	add(&w, JOB_BWRAP);
	add(&w, "--unshare-all");
	add(&w, "--unshare-user"); /* unshare-all only tries it */
	add(&w, "--disable-userns");
	add(&w, "--die-with-parent");
	add(&w, "--new-session"); /* no terminal to type into */
	add(&w, "--cap-drop");
	add(&w, "ALL");
	add_number(&w, "--uid", 65534);
	add_number(&w, "--gid", 65534);
	add(&w, "--hostname");
	add(&w, "job");
	add_environment(&w, o->env);
	add_system(&w);
	add(&w, "--proc");
	add(&w, "/proc");
	add(&w, "--dev");
	add(&w, "/dev");
	add_tmpfs(&w, o->file_bytes_max, JOB_HOME);
	enum err_kind rc = add_binds(&w, o, err);

	if (rc != OK)
		return rc;
	/* What bubblewrap makes of memory without a bound is closed; the bounded places lie on top of it. */
	add3(&w, "--remount-ro", "/dev", "--remount-ro");
	add(&w, "/");
	add_tmpfs(&w, o->file_bytes_max, "/dev/shm");
	add(&w, "--chdir");
	add(&w, o->work_dir == NULL ? JOB_OUT : o->work_dir);
	snprintf(fd, sizeof(fd), "%d", JOB_STATUS_FD);
	add(&w, "--json-status-fd");
	add(&w, fd);
	snprintf(fd, sizeof(fd), "%d", JOB_FILTER_FD);
	add(&w, "--seccomp");
	add(&w, fd);
	/* Counted in the job's own user namespace: outside, all that this user runs would count. */
	snprintf(fd, sizeof(fd), "--nproc=%u", o->processes);
	add3(&w, "--", JOB_PRLIMIT, fd);
	add(&w, "--");
	for (const char *const *word = o->argv; *word != NULL; word++)
		add(&w, *word);
	if (w.failed)
		return err_set(err, ERR_LIMIT, "job: command line too long");
	*argv = w.list;
	return OK;
}

/* Doors into the kernel that no job needs. The rest of what it could do ends at the namespaces. */
static const int refused_calls[] = { SCMP_SYS(acct), SCMP_SYS(add_key), SCMP_SYS(bpf),
	SCMP_SYS(delete_module), SCMP_SYS(finit_module), SCMP_SYS(fsconfig), SCMP_SYS(fsmount),
	SCMP_SYS(fsopen), SCMP_SYS(init_module), SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register), SCMP_SYS(io_uring_setup), SCMP_SYS(kexec_file_load),
	SCMP_SYS(kexec_load), SCMP_SYS(keyctl), SCMP_SYS(mount), SCMP_SYS(mount_setattr),
	SCMP_SYS(move_mount), SCMP_SYS(move_pages), SCMP_SYS(name_to_handle_at),
	SCMP_SYS(open_by_handle_at), SCMP_SYS(open_tree), SCMP_SYS(perf_event_open),
	SCMP_SYS(pivot_root), SCMP_SYS(quotactl), SCMP_SYS(reboot), SCMP_SYS(request_key),
	SCMP_SYS(setns), SCMP_SYS(swapoff), SCMP_SYS(swapon), SCMP_SYS(syslog), SCMP_SYS(umount2),
	SCMP_SYS(unshare), SCMP_SYS(userfaultfd), SCMP_SYS(vhangup) };

/*
 * All bits of the mask as in value. The upper half of a 32-bit argument is not looked at, as the kernel does not: a
 * command number hidden behind garbage is still that command.
 */
static struct scmp_arg_cmp masked(unsigned arg, uint32_t mask, uint32_t value)
{
	return (struct scmp_arg_cmp){
		.arg = arg, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value
	};
}

static int fill_filter(scmp_filter_ctx filter)
{
	int rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	for (size_t i = 0; i < sizeof(refused_calls) / sizeof(int) && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused_calls[i], 0);
	/* clone3 hides its flags in memory: libraries fall back to clone, whose flags can be seen. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
			masked(0, CLONE_NEWUSER, CLONE_NEWUSER));
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
			masked(1, UINT32_MAX, TIOCSTI));
	return rc;
}

enum err_kind job_filter(int *fd, struct err *err)
{
	enum err_kind result = OK;
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int got = memfd_create("job-filter", MFD_CLOEXEC);
	int rc = filter == NULL || got < 0 ? -ENOMEM : fill_filter(filter);

	if (rc == 0)
		rc = seccomp_export_bpf(filter, got);
	if (rc == 0 && lseek(got, 0, SEEK_SET) != 0)
		rc = -errno;
	if (rc != 0)
		result = err_errno(err, -rc, "job: system call filter");
	if (filter != NULL)
		seccomp_release(filter);
	if (result == OK)
		*fd = got;
	else if (got >= 0)
		close(got);
	return result;
}
