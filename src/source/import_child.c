/* import_child: the process that reads a source. It has the source, its socket and nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limit.h"
#include "os/ipc.h"
#include "os/sandbox.h"
#include "source/import_read.h"
#include "source/ingest.h"

enum { SOCK = 3, WINDOWS_BYTES = IMPORT_WINDOWS * IMPORT_WINDOW_BYTES };

enum what { WHAT_DIR, WHAT_GIT, WHAT_ARCHIVE, WHAT_DSC };

struct task {
	struct import_start start;
	int source_fd;
	enum what what;
	const char *git_path; /* within the source, as the sandbox shows it */
};

static enum err_kind receive_task(struct import_out *o, struct task *task, struct err *err)
{
	static const struct ipc_rule rules[IMPORT_MESSAGES] = {
		[IMPORT_START] = { .size = sizeof(struct import_start), .fds = 2 },
	};
	struct ipc_msg msg;
	enum err_kind rc = ipc_receive(SOCK, rules, IMPORT_MESSAGES, -1, &msg, err);

	if (rc != OK)
		return rc;
	memcpy(&task->start, msg.body, sizeof(task->start));
	task->source_fd = msg.fds[0];
	void *windows = mmap(
		NULL, WINDOWS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, msg.fds[1], 0);

	close(msg.fds[1]);
	if (windows == MAP_FAILED)
		return err_errno(err, errno, "map the windows");
	*o = (struct import_out){ .sock = SOCK,
		.windows = windows,
		.files_max = task->start.files_max,
		.bytes_max = task->start.bytes_max };
	return OK;
}

static bool has(int dir_fd, const char *name, mode_t type)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		(st.st_mode & S_IFMT) == type;
}

/* Only names and types are looked at here: nothing is parsed before the rights are gone. */
static enum err_kind classify(struct task *task, struct err *err)
{
	struct stat st;
	int fd = task->source_fd;

	if (fstat(fd, &st) != 0)
		return err_errno(err, errno, "look at the source");
	if (S_ISREG(st.st_mode)) {
		task->what = str_ends(str_from(task->start.name), STR(".dsc")) ? WHAT_DSC
									       : WHAT_ARCHIVE;
		return OK;
	}
	if (!S_ISDIR(st.st_mode))
		return err_set(
			err, ERR_INPUT, "the source is neither a folder nor an ordinary file");
	if (faccessat(fd, ".", R_OK | X_OK, AT_EACCESS) != 0)
		return err_set(err, ERR_INPUT,
			"the folder cannot be read by the lab's user (%s): make it readable (chmod -R "
			"a+rX), or pack it into a tar",
			strerror(errno));
	task->what = WHAT_DIR;
	if (task->start.is_plain_folder != 0)
		return OK;
	task->what = WHAT_GIT;
	if (has(fd, ".git", S_IFDIR))
		task->git_path = SANDBOX_SRC ".git";
	else if (has(fd, "HEAD", S_IFREG) && has(fd, "objects", S_IFDIR) &&
		has(fd, "refs", S_IFDIR))
		task->git_path = SANDBOX_SRC;
	else
		task->what = WHAT_DIR;
	return OK;
}

static enum err_kind give_rights_up(const struct task *task, struct err *err)
{
	static const struct sandbox_limits limits = {
		.memory_bytes = LIMIT_IMPORT_MEM_BYTES,
		.cpu_s = LIMIT_IMPORT_CPU_S,
		.open_files = LIMIT_PATH_DEPTH + 64,
	};
	bool is_folder = task->what == WHAT_DIR || task->what == WHAT_GIT;

	/* Both read files of the machine: character sets for names in a zip, the time zone for its times. */
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return err_set(err, ERR_IO, "the locale C.UTF-8 is missing");
	if (setenv("TZ", "UTC0", 1) != 0)
		return err_errno(err, errno, "set the time zone");
	tzset();
	enum err_kind rc = task->what == WHAT_GIT ? import_git_init(err) : OK;

	if (rc != OK)
		return rc;
	return sandbox_enter(is_folder ? SANDBOX_READER : SANDBOX_COMPUTE, &limits,
		is_folder ? task->source_fd : -1, err);
}

static enum err_kind read_source(struct import_out *o, struct task *task, struct err *err)
{
	struct str ref = str_from(task->start.ref);

	if (ref.len > 0 && task->what != WHAT_GIT)
		return err_set(err, ERR_INPUT,
			"@%.*s is for git repositories, and the source is none", STR_ARG(ref));
	switch (task->what) {
	case WHAT_DIR:
		return import_read_dir(o, task->source_fd, err);
	case WHAT_GIT:
		return import_read_git(o, task->git_path, ref, err);
	case WHAT_DSC:
		return import_read_dsc(o, task->source_fd, err);
	case WHAT_ARCHIVE:
		break;
	}
	return import_read_archive(o, task->source_fd, err);
}

/*
 * Until the vault has closed its end: a socket that is closed with a message unread would take back what it has
 * sent (unix(7): ECONNRESET).
 */
static void await_end(void)
{
	static const struct ipc_rule rules[IMPORT_MESSAGES] = {
		[IMPORT_GO] = { .size = sizeof(struct import_window) },
	};
	struct ipc_msg msg;
	struct err err;

	while (ipc_receive(SOCK, rules, IMPORT_MESSAGES, -1, &msg, &err) == OK)
		continue;
}

_Noreturn void import_child(void)
{
	struct import_out out;
	struct task task = { 0 };
	struct err err;

	if (receive_task(&out, &task, &err) != OK)
		_exit(1);
	enum err_kind rc = classify(&task, &err);

	if (rc == OK)
		rc = give_rights_up(&task, &err);
	if (rc == OK)
		rc = read_source(&out, &task, &err);
	if (rc != OK)
		import_out_fail(&out, &err);
	await_end();
	_exit(0);
}
