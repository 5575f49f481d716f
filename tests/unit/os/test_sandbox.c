/*
 * The sandbox against children that try to leave it. Run as root and, by the argument --ordinary, as an ordinary
 * user. This program is its own child: sandbox_spawn starts /proc/self/exe.
 */
#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "os/fs.h"
#include "os/ipc.h"

enum { ORDINARY_UID = 65534, CHILD_SOCK = 3, MIB = 1 << 20 };

/* parent -> child: which profile, then which attempt; child -> parent: 0 or errno of the attempt. */
enum { MSG_ENTER = 1, MSG_TRY = 2, MSG_RESULT = 3, MSG_RULES };

struct enter {
	uint32_t profile, has_src;
};

struct
try {
	uint32_t attempt;
};

struct result {
	int32_t errnum;
};

static const struct ipc_rule enter_rules[MSG_RULES] = { [MSG_ENTER] = { .max = sizeof(struct enter),
								.fds = 0 } };
static const struct ipc_rule enter_src_rules[MSG_RULES] = {
	[MSG_ENTER] = { .max = sizeof(struct enter), .fds = 1 }
};
static const struct ipc_rule try_rules[MSG_RULES] = { [MSG_TRY] = { sizeof(struct try), 0, 0 } };
static const struct ipc_rule result_rules[MSG_RULES] = { [MSG_RESULT] = {
								 sizeof(struct result), 0, 0 } };

/* What a child attempts. Returns 0 when it was allowed, else errno. */

static int code(long rc)
{
	return rc >= 0 ? 0 : errno;
}

static int try_work(void)
{
	size_t len = 8 * (size_t)MIB;
	char *p = malloc(len), text[64];

	if (p == NULL)
		return errno;
	memset(p, 1, len);
	snprintf(text, sizeof(text), "%.3f", (double)p[len / 2]);
	free(p);
	int fd = memfd_create("t", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, 4096) != 0)
		return errno;
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return p == MAP_FAILED ? errno : 0;
}

static int try_open_passwd(void)
{
	return code(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int try_open_passwd_by_parents(void)
{
	return code(open("../../../../../../../etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int try_open_link_out(void)
{
	return code(open(SANDBOX_SRC "out", O_RDONLY | O_CLOEXEC));
}

static int try_read_file(void)
{
	char text[8];
	int fd = open(SANDBOX_SRC "folder/file", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	return read(fd, text, sizeof(text)) == 5 && memcmp(text, "hello", 5) == 0 ? 0 : EIO;
}

static int try_write_file(void)
{
	return code(open(SANDBOX_SRC "folder/file", O_WRONLY | O_CLOEXEC));
}

static int try_create_file(void)
{
	return code(open(SANDBOX_SRC "new", O_RDONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int try_chmod(void)
{
	return code(chmod(SANDBOX_SRC "folder/file", 0777));
}

static int try_unlink(void)
{
	return code(unlink(SANDBOX_SRC "folder/file"));
}

static int try_socket(void)
{
	return code(socket(AF_INET, SOCK_STREAM, 0));
}

static int try_fork(void)
{
	return code(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static void *idle(void *arg)
{
	return arg;
}

static int try_thread(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, idle, NULL);
}

static int try_exec(void)
{
	char name[] = "x";
	char *argv[] = { name, NULL };

	return code(execv("/proc/self/exe", argv));
}

static int try_ptrace(void)
{
	return code(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int try_code(void)
{
	void *p = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? errno : 0;
}

static int try_chroot(void)
{
	return code(chroot("."));
}

static int try_memory(void)
{
	void *p = mmap(NULL, 300 * (size_t)MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? errno : 0;
}

static int try_many_files(void)
{
	for (int i = 0; i < 100; i++)
		if (memfd_create("t", MFD_CLOEXEC) < 0)
			return errno;
	return 0;
}

static int try_abort(void)
{
	abort();
}

static int try_fault(void)
{
	volatile char *p = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return *p;
}

static int try_spin(void)
{
	volatile unsigned turns = 1;

	while (turns != 0)
		turns |= 1;
	return 0;
}

enum { DIES = -1 };

static const struct attempt {
	const char *name;
	int (*attempt)(void);
	enum sandbox_profile profile;
	int want; /* errno, 0 when allowed, DIES */
	int signal; /* of DIES */
} attempts[] = {
	{ "compute works", try_work, SANDBOX_COMPUTE, 0, 0 },
	{ "compute opens", try_open_passwd, SANDBOX_COMPUTE, DIES, SIGSYS },
	{ "compute has a socket made", try_socket, SANDBOX_COMPUTE, DIES, SIGSYS },
	{ "compute forks", try_fork, SANDBOX_COMPUTE, DIES, SIGSYS },
	{ "compute starts a thread", try_thread, SANDBOX_COMPUTE, DIES, SIGSYS },
	{ "compute executes", try_exec, SANDBOX_COMPUTE, DIES, SIGSYS },
	{ "compute makes code", try_code, SANDBOX_COMPUTE, DIES, SIGSYS },
	{ "compute takes memory", try_memory, SANDBOX_COMPUTE, ENOMEM, 0 },
	{ "compute opens many", try_many_files, SANDBOX_COMPUTE, EMFILE, 0 },
	{ "compute aborts", try_abort, SANDBOX_COMPUTE, DIES, 0 },
	{ "compute faults", try_fault, SANDBOX_COMPUTE, DIES, SIGSEGV },
	{ "compute spins", try_spin, SANDBOX_COMPUTE, DIES, SIGKILL },
	{ "reader works", try_work, SANDBOX_READER, 0, 0 },
	{ "reader reads", try_read_file, SANDBOX_READER, 0, 0 },
	{ "reader opens outside", try_open_passwd, SANDBOX_READER, ENOENT, 0 },
	{ "reader climbs", try_open_passwd_by_parents, SANDBOX_READER, ENOENT, 0 },
	{ "reader follows a link out", try_open_link_out, SANDBOX_READER, ENOENT, 0 },
	{ "reader writes", try_write_file, SANDBOX_READER, EROFS, 0 },
	{ "reader creates", try_create_file, SANDBOX_READER, EROFS, 0 },
	{ "reader changes modes", try_chmod, SANDBOX_READER, DIES, SIGSYS },
	{ "reader removes", try_unlink, SANDBOX_READER, DIES, SIGSYS },
	{ "reader has a socket made", try_socket, SANDBOX_READER, DIES, SIGSYS },
	{ "reader forks", try_fork, SANDBOX_READER, DIES, SIGSYS },
	{ "reader traces", try_ptrace, SANDBOX_READER, DIES, SIGSYS },
	{ "reader changes its root", try_chroot, SANDBOX_READER, DIES, SIGSYS },
};

enum { ATTEMPTS = sizeof(attempts) / sizeof(attempts[0]) };

/* The child's side. */

static bool starts_clean(void)
{
	for (int fd = CHILD_SOCK + 1; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return false;
	return environ[0] == NULL && getpid() == 1;
}

static _Noreturn void child_main(void)
{
	static struct ipc_msg msg;
	struct sandbox_limits limits = {
		.memory_bytes = 256 * (uint64_t)MIB, .cpu_s = 1, .open_files = 32, .file_bytes = MIB
	};
	struct enter enter;
	struct try try;
	struct result result = { 0 };
	struct err err;

	if (!starts_clean())
		_exit(10);
	if (ipc_receive(CHILD_SOCK, enter_rules, MSG_RULES, -1, &msg, &err) != OK)
		_exit(11);
	memcpy(&enter, msg.body, sizeof(enter));
	int src = -1;

	if (enter.has_src != 0) {
		if (ipc_receive(CHILD_SOCK, enter_src_rules, MSG_RULES, -1, &msg, &err) != OK)
			_exit(12);
		src = msg.fds[0];
	}
	if (sandbox_enter((enum sandbox_profile)enter.profile, &limits, src, &err) != OK) {
		fprintf(stderr, "%s\n", err.msg);
		_exit(13);
	}
	while (ipc_receive(CHILD_SOCK, try_rules, MSG_RULES, -1, &msg, &err) == OK) {
		memcpy(&try, msg.body, sizeof(try));
		result.errnum = attempts[try.attempt].attempt();
		if (ipc_send(CHILD_SOCK, MSG_RESULT, &result, sizeof(result), NULL, 0, &err) != OK)
			_exit(14);
	}
	_exit(0);
}

/* The parent's side. */

static void start_child(enum sandbox_profile profile, int src, int *pid, int *sock)
{
	struct enter enter = { .profile = (uint32_t)profile, .has_src = src >= 0 };
	struct err err = { 0 };

	if (sandbox_spawn("test", pid, sock, &err) != OK)
		fail_msg("%s", err.msg);
	assert_int_equal(ipc_send(*sock, MSG_ENTER, &enter, sizeof(enter), NULL, 0, &err), OK);
	if (src >= 0)
		assert_int_equal(
			ipc_send(*sock, MSG_ENTER, &enter, sizeof(enter), &src, 1, &err), OK);
}

/* A folder to read whose parent nobody may enter: held by descriptor only. */
static int make_source(char path[])
{
	struct err err;

	assert_non_null(mkdtemp(path));
	int top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(fs_make_dirs(top, "src/folder", 0755, &err), OK);
	assert_int_equal(fs_replace(top, "src/folder/file", STR("hello"), 0644, &err), OK);
	assert_int_equal(symlinkat("/etc/passwd", top, "src/out"), 0);
	int src = openat(top, "src", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(fchmod(top, 0), 0);
	close(top);
	return src;
}

static void remove_source(const char *path)
{
	struct err err;

	assert_int_equal(chmod(path, 0700), 0);
	assert_int_equal(fs_remove_tree(AT_FDCWD, path, &err), OK);
}

static int wait_for(int pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void run_attempt(const struct attempt *a, uint32_t index, int src)
{
	static struct ipc_msg msg;
	struct try try = { index };
	struct result result;
	struct err err;
	int pid, sock;

	start_child(a->profile, a->profile == SANDBOX_READER ? src : -1, &pid, &sock);
	assert_int_equal(ipc_send(sock, MSG_TRY, &try, sizeof(try), NULL, 0, &err), OK);
	enum err_kind rc = ipc_receive(sock, result_rules, MSG_RULES, 20000, &msg, &err);

	close(sock);
	int status = wait_for(pid);

	if (a->want == DIES) {
		if (rc != ERR_NOT_FOUND || !WIFSIGNALED(status) ||
			(a->signal != 0 && WTERMSIG(status) != a->signal))
			fail_msg("%s: did not die as it should: %d, status %x", a->name, rc,
				(unsigned)status);
		return;
	}
	if (rc != OK)
		fail_msg("%s: %s, status %x", a->name, err.msg, (unsigned)status);
	memcpy(&result, msg.body, sizeof(result));
	if (result.errnum != a->want)
		fail_msg("%s: errno %d instead of %d", a->name, result.errnum, a->want);
	assert_int_equal(status, 0);
}

static void children_cannot_leave(void **state)
{
	char path[] = "/tmp/vitrine-sandbox-XXXXXX";
	int src = make_source(path);

	(void)state;
	for (uint32_t i = 0; i < ATTEMPTS; i++)
		run_attempt(&attempts[i], i, src);
	close(src);
	remove_source(path);
}

static void every_layer_is_in_force(void **state)
{
	struct sandbox_probe rows[SANDBOX_PROBES];

	(void)state;
	assert_int_equal(sandbox_probe_all(rows), SANDBOX_PROBES);
	for (int i = 0; i < SANDBOX_PROBES; i++)
		if (!rows[i].in_force)
			fail_msg("%s: %s", rows[i].layer, rows[i].what);
}

static void no_sandbox_without_its_own_process_namespace(void **state)
{
	struct sandbox_limits limits = { .memory_bytes = UINT64_MAX, .open_files = 32 };
	struct err err;

	(void)state;
	assert_int_equal(sandbox_enter(SANDBOX_COMPUTE, &limits, -1, &err), ERR_IO);
	assert_non_null(strstr(err.msg, "PID namespace"));
}

static void the_parent_ends_a_child_at_will(void **state)
{
	int pid, sock;

	(void)state;
	start_child(SANDBOX_COMPUTE, -1, &pid, &sock);
	assert_int_equal(kill(pid, SIGKILL), 0);
	int status = wait_for(pid);

	assert_true(WIFSIGNALED(status));
	close(sock);
}

/* The thread that spawns is gone before the child could read its first message. */
static void *spawn_and_end(void *arg)
{
	int *got = arg; /* pid, sock */

	start_child(SANDBOX_COMPUTE, -1, &got[0], &got[1]);
	/* It has entered, and with that asked to end with this thread, when it answers. */
	static struct ipc_msg msg;
	struct try try = { 0 };
	struct err err;

	if (ipc_send(got[1], MSG_TRY, &try, sizeof(try), NULL, 0, &err) != OK ||
		ipc_receive(got[1], result_rules, MSG_RULES, 20000, &msg, &err) != OK)
		got[0] = -1;
	return NULL;
}

static void a_child_ends_with_the_thread_that_spawned_it(void **state)
{
	pthread_t thread;
	int got[2] = { -1, -1 };

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, spawn_and_end, got), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(got[0] > 0);
	int status = wait_for(got[0]);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	close(got[1]);
}

/* In a child of its own: rights that are given up do not come back. Exit code 0: all as promised. */
static int live_as_ordinary_user(const char *lab, const char *closed)
{
	struct sandbox_probe rows[SANDBOX_PROBES];
	struct err err;

	if (user_enter_lab(lab, NULL, &err) != OK) {
		fprintf(stderr, "%s\n", err.msg);
		return 20;
	}
	if (getuid() != ORDINARY_UID || geteuid() != ORDINARY_UID || setuid(0) == 0)
		return 21;
	if (fs_replace(AT_FDCWD, "run/x", STR("x"), 0600, &err) != OK)
		return 22;
	if (open(closed, O_RDONLY | O_CLOEXEC) >= 0 || chroot("/") == 0)
		return 23;
	sandbox_probe_all(rows);
	for (int i = 0; i < SANDBOX_PROBES; i++) {
		if (rows[i].in_force)
			continue;
		fprintf(stderr, "%s: %s\n", rows[i].layer, rows[i].what);
		return 24;
	}
	int pid, sock;

	return sandbox_spawn("test", &pid, &sock, &err) == OK ? 0 : 25;
}

static void root_becomes_an_ordinary_user(void **state)
{
	char path[] = "/tmp/vitrine-lab-XXXXXX", lab[64], closed[64];
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(path)); /* 0700, root's */
	snprintf(lab, sizeof(lab), "%s/lab", path);
	snprintf(closed, sizeof(closed), "%s/closed", path);
	assert_int_equal(fs_make_dirs(AT_FDCWD, lab, 0700, &err), OK);
	assert_int_equal(fs_replace(AT_FDCWD, closed, STR("x"), 0644, &err), OK);
	int at = open(lab, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(fs_make_dirs(at, "run", 0700, &err), OK);
	/* A lab of root's own: nobody to become. */
	assert_int_equal(user_enter_lab(lab, NULL, &err), ERR_DENIED);
	assert_int_equal(user_enter_lab(lab, "no-such-user", &err), ERR_NOT_FOUND);
	assert_int_equal(user_enter_lab("/no/such/lab", NULL, &err), ERR_NOT_FOUND);
	assert_int_equal(fs_chown_tree(AT_FDCWD, lab, ORDINARY_UID, ORDINARY_UID, &err), OK);
	int pid = fork();

	if (pid == 0)
		_exit(live_as_ordinary_user(lab, closed));
	assert_int_equal(wait_for(pid), 0);
	/* What it wrote lies in the lab; its mount is not ours. */
	assert_int_equal(faccessat(at, "run/x", F_OK, 0), 0);
	close(at);
	assert_int_equal(fs_remove_tree(AT_FDCWD, path, &err), OK);
}

static void an_ordinary_user_just_enters(void **state)
{
	char path[] = "/tmp/vitrine-lab-XXXXXX", here[4096];
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(path));
	assert_int_equal(user_enter_lab(path, NULL, &err), OK);
	assert_non_null(getcwd(here, sizeof(here)));
	assert_string_equal(here, path);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(user_enter_lab(path, NULL, &err), ERR_NOT_FOUND);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--child") == 0)
		child_main();
	if (argc == 2 && strcmp(argv[1], "--ordinary") == 0 && geteuid() == 0 &&
		(setgroups(0, NULL) != 0 ||
			setresgid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID) != 0 ||
			setresuid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID) != 0))
		return 2;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(children_cannot_leave),
		cmocka_unit_test(every_layer_is_in_force),
		cmocka_unit_test(no_sandbox_without_its_own_process_namespace),
		cmocka_unit_test(the_parent_ends_a_child_at_will),
		cmocka_unit_test(a_child_ends_with_the_thread_that_spawned_it),
		{ "user_enter_lab",
			geteuid() == 0 ? root_becomes_an_ordinary_user
				       : an_ordinary_user_just_enters,
			NULL, NULL, NULL },
	};

	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
