#include "source/ingest_dsc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/job.h"
#include "os/fs.h"
#include "os/log.h"
#include "source/dsc.h"
#include "source/path.h"

#define WORK "run/unpack"

enum {
	COPY_BYTES = 1 << 16,
	JOB_WALL_S = 1800, /* the kernel's package takes two minutes */
	JOB_PROCESSES = 64,
	JOB_TEXT_BYTES = 16 << 10,
};
static const uint64_t job_memory_bytes = 4ULL << 30; /* xz at its highest level, and perl */

struct unpacking {
	const struct import_task *task;
	int in; /* folder of the copies */
};

void ingest_clean(void)
{
	struct err err;

	if (fs_remove_tree(AT_FDCWD, WORK, &err) != OK)
		log_line(LOG_WARN, "ingest: %s", err.msg);
}

/* A file beside the .dsc, as it is; *size in bytes. */
static enum err_kind open_beside(
	const struct import_task *task, struct str name, int *fd, uint64_t *size, struct err *err)
{
	char path[DSC_NAME_BYTES_MAX + 1];
	struct stat st;

	assert(name.len < sizeof(path));
	memcpy(path, name.ptr, name.len);
	path[name.len] = '\0';
	int opened = openat(task->source_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (opened < 0)
		return err_set(err, ERR_INPUT,
			"%s cannot be read (%s): put all files of the source package into one folder",
			path, strerror(errno));
	if (fstat(opened, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(opened);
		return err_set(err, ERR_INPUT, "%s is no ordinary file", path);
	}
	*fd = opened;
	*size = (uint64_t)st.st_size;
	return OK;
}

static bool wants_on(const struct import_task *task)
{
	return task->progress == NULL || task->progress(task->arg, 0, 0);
}

/* Copies at most bytes_max of `from` to a new file and tells what it copied. */
static enum err_kind copy(const struct unpacking *u, int from, struct str name, uint64_t bytes_max,
	struct sha256 *digest, uint64_t *len, struct err *err)
{
	char path[DSC_NAME_BYTES_MAX + 1], bytes[COPY_BYTES];
	struct sha256_state state;
	enum err_kind rc = OK;
	uint64_t got = 0;

	snprintf(path, sizeof(path), "%.*s", STR_ARG(name));
	int to = openat(u->in, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (to < 0)
		return err_errno(err, errno, "copy %s", path);
	sha256_begin(&state);
	while (rc == OK) {
		ssize_t n = read(from, bytes, sizeof(bytes));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = err_errno(err, errno, "read %s", path);
		if (n <= 0)
			break;
		got += (uint64_t)n;
		if (got > bytes_max)
			rc = err_set(err, ERR_INPUT, "%s is larger than it should be", path);
		else if (!wants_on(u->task))
			rc = err_set(err, ERR_CANCELLED, "the ingest was stopped");
		else
			rc = fs_write_all(to, bytes, (size_t)n, err);
		sha256_add(&state, str_of(bytes, (size_t)n));
	}
	close(to);
	*digest = sha256_end(&state);
	*len = got;
	return rc;
}

static enum err_kind fetch_part(void *arg, const struct import_part *part, struct err *err)
{
	const struct unpacking *u = arg;
	struct sha256 digest;
	uint64_t size, len;
	int fd = -1;
	enum err_kind rc = open_beside(u->task, part->name, &fd, &size, err);

	if (rc != OK)
		return rc;
	rc = copy(u, fd, part->name, part->size, &digest, &len, err);
	close(fd);
	if (rc == OK && (len != part->size || !sha256_eq(&digest, &part->digest)))
		rc = err_set(err, ERR_INPUT,
			"%.*s is not the file that the .dsc names (size or SHA-256 differs): fetch it again",
			STR_ARG(part->name));
	return rc;
}

/* Into WORK/in: the .dsc, and by it everything else. */
static enum err_kind fetch(struct unpacking *u, const struct import_limits *limits,
	char origin[IMPORT_TEXT_BYTES], struct err *err)
{
	const struct import_sink sink = { .part = fetch_part, .arg = u };
	char path[sizeof(WORK) + DSC_NAME_BYTES_MAX + 8];
	struct import_task task = *u->task;
	struct import_stream s;
	struct sha256 digest;
	uint64_t size, len;
	int fd = -1;
	enum err_kind rc = open_beside(u->task, task.name, &fd, &size, err);

	if (rc != OK)
		return rc;
	rc = copy(u, fd, task.name, LIMIT_DSC_BYTES, &digest, &len, err);
	close(fd);
	if (rc != OK)
		return rc;
	snprintf(path, sizeof(path), WORK "/in/%.*s", STR_ARG(task.name));
	task.source_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (task.source_fd < 0)
		return err_errno(err, errno, "open %s", path);
	import_stream_init(&s, limits, &sink);
	rc = import_run(&task, &s, err);
	memcpy(origin, s.origin, IMPORT_TEXT_BYTES);
	import_stream_reset(&s);
	close(task.source_fd);
	return rc;
}

static enum err_kind say_why(const struct job_result *result, struct err *err)
{
	char shown[PATH_SHOWN_BYTES];
	struct str line = str_trim(result->errors), before, rest;

	switch (result->end) {
	case JOB_CANCELLED:
		return err_set(err, ERR_CANCELLED, "the ingest was stopped");
	case JOB_TIME_OVER:
		return err_set(err, ERR_LIMIT,
			"the source package could not be unpacked in %d minutes", JOB_WALL_S / 60);
	case JOB_OUT_FULL:
		return err_set(err, ERR_LIMIT,
			"the source package unpacks to more than the lab takes: raise ingest_bytes_max or "
			"ingest_files_max");
	case JOB_EXITED:
		break;
	}
	while (str_cut(line, '\n', &before, &rest))
		line = rest;
	return err_set(err, ERR_INPUT, "dpkg-source cannot unpack the source package: %s",
		path_shown(line, shown));
}

static bool is_cancelled(void *arg)
{
	return !wants_on(arg);
}

static uint32_t at_most_u32(uint64_t value)
{
	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static enum err_kind run_job(const struct import_task *task, const struct import_limits *limits,
	struct arena *mem, struct err *err)
{
	struct import_task asked = *task;
	char here[LIMIT_PATH_BYTES];

	if (getcwd(here, sizeof(here)) == NULL)
		return err_errno(err, errno, "find the lab's folder");
	const char *in = arena_printf(mem, "%s/" WORK "/in", here);
	const char *out = arena_printf(mem, "%s/" WORK "/out", here);
	const char *dsc = arena_printf(mem, "/in/%.*s", STR_ARG(task->name));

	if (in == NULL || out == NULL || dsc == NULL)
		return err_set(err, ERR_LIMIT, "no memory to unpack");
	static const char tree[] = JOB_OUT "/tree";
	const char *argv[] = { "/usr/bin/dpkg-source", "--no-check", "-x", dsc, tree, NULL };
	const struct job_bind bind = { .from = in, .to = "/in" };
	const struct job_options options = {
		.argv = argv,
		.read_only = &bind,
		.read_only_count = 1,
		.out_dir = out,
		.memory_bytes = job_memory_bytes,
		.file_bytes_max = limits->bytes_max,
		.out_bytes_max = limits->bytes_max,
		.out_files_max = at_most_u32(limits->files_max * LIMIT_INGEST_ENTRIES_A_FILE),
		.cpu_s = JOB_WALL_S,
		.wall_s = JOB_WALL_S,
		.processes = JOB_PROCESSES,
		.open_files = 256,
		.text_bytes_max = JOB_TEXT_BYTES,
		.cancelled = is_cancelled,
		.arg = &asked,
	};
	struct job_result result;
	enum err_kind rc = job_run(&options, mem, &result, err);

	if (rc == OK && (result.end != JOB_EXITED || result.exit_code != 0))
		rc = say_why(&result, err);
	return rc;
}

static enum err_kind unpack_in(const struct import_task *task, const struct import_limits *limits,
	int *tree, char origin[IMPORT_TEXT_BYTES], struct err *err)
{
	struct unpacking u = { .task = task };
	struct arena mem;
	enum err_kind rc = fs_make_dirs(AT_FDCWD, WORK "/in", 0700, err);

	if (rc == OK)
		rc = fs_make_dirs(AT_FDCWD, WORK "/out", 0700, err);
	if (rc == OK)
		rc = fs_open_dir(AT_FDCWD, WORK "/in", &u.in, err);
	if (rc != OK)
		return rc;
	rc = fetch(&u, limits, origin, err);
	close(u.in);
	if (rc != OK)
		return rc;
	arena_init(&mem, 1U << 20);
	rc = run_job(task, limits, &mem, err);
	arena_reset(&mem);
	if (rc == OK)
		rc = fs_remove_tree(AT_FDCWD, WORK "/out/tree/.pc", err);
	return rc == OK ? fs_open_dir(AT_FDCWD, WORK "/out/tree", tree, err) : rc;
}

enum err_kind dsc_unpack(const struct import_task *task, const struct import_limits *limits,
	int *tree, char origin[IMPORT_TEXT_BYTES], struct err *err)
{
	if (!dsc_name_is_safe(task->name))
		return err_set(err, ERR_INPUT, "the .dsc has an unusual name: rename it");
	if (task->ref.len > 0)
		return err_set(err, ERR_INPUT, "@%.*s is for git repositories", STR_ARG(task->ref));
	ingest_clean();
	enum err_kind rc = unpack_in(task, limits, tree, origin, err);

	if (rc != OK)
		ingest_clean();
	return rc;
}

void dsc_end(int tree)
{
	close(tree);
	ingest_clean();
}
