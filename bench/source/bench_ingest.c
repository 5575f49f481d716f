/*
 * bench_ingest: a tree into an empty store, through the real child, to the committed rows.
 *
 * usage: bench_ingest FOLDER    (any source: a folder, archive, repository)
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/limit.h"
#include "os/clock.h"
#include "os/fs.h"
#include "report.h"
#include "source/ingest.h"

struct lab {
	char path[64];
	int dir_fd;
	struct db *write, *read;
	struct pack_store *store;
};

static enum err_kind open_lab(struct lab *lab, struct err *err)
{
	char path[96];

	snprintf(lab->path, sizeof(lab->path), "/var/tmp/vitrine-bench-XXXXXX");
	if (mkdtemp(lab->path) == NULL)
		return err_errno(err, errno, "make a folder");
	snprintf(path, sizeof(path), "%s/records.db", lab->path);
	enum err_kind rc = fs_open_dir(AT_FDCWD, lab->path, &lab->dir_fd, err);

	if (rc == OK)
		rc = db_open(path, DB_WRITE, &lab->write, err);
	if (rc == OK)
		rc = db_open(path, DB_READ, &lab->read, err);
	return rc == OK ? pack_open(lab->dir_fd, lab->write, &lab->store, err) : rc;
}

static void close_lab(struct lab *lab)
{
	struct err err;

	pack_close(lab->store);
	db_close(lab->read);
	db_close(lab->write);
	close(lab->dir_fd);
	if (fs_remove_tree(AT_FDCWD, lab->path, &err) != OK)
		fprintf(stderr, "bench_ingest: %s\n", err.msg);
}

static enum err_kind commit(
	struct db *db, const struct ingest_result *result, double *ms, struct err *err)
{
	int64_t start_us = clock_monotonic_us();
	enum err_kind rc = db_begin(db, err);

	if (rc == OK)
		rc = ingest_record(db, STR("rel_bench"), result, err);
	if (rc == OK)
		rc = db_commit(db, err);
	*ms = (double)(clock_monotonic_us() - start_us) / 1e3;
	return rc;
}

/* The largest this process was, and the largest of its children, which ran beside it. */
static double memory_mb(void)
{
	struct rusage self, children;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	return (double)(self.ru_maxrss + children.ru_maxrss) / 1024;
}

static enum err_kind measure(struct lab *lab, const char *source, struct err *err)
{
	struct ingest_request request = { .source_fd = open(source, O_RDONLY | O_CLOEXEC),
		.name = STR("bench"),
		.ref = STR("") };
	struct ingest_result result;
	struct arena mem;
	double commit_ms = 0;
	char load[64];

	if (request.source_fd < 0)
		return err_errno(err, errno, "open %.200s", source);
	arena_init(&mem, LIMIT_LONG_MEM_BYTES);
	int64_t start_us = clock_monotonic_us();
	enum err_kind rc = ingest_read(
		lab->store, lab->read, &mem, &request, NULL, NULL, &result, err);

	if (rc == OK) {
		rc = commit(lab->write, &result, &commit_ms, err);
		pack_end(lab->store, rc == OK);
	}
	double seconds = (double)(clock_monotonic_us() - start_us) / 1e6;

	if (rc == OK) {
		snprintf(load, sizeof(load), "%llu files, %.1f MB",
			(unsigned long long)result.files, (double)result.bytes / 1e6);
		report_figure(&(struct report_figure){ .name = "ingest.tree.s",
			.value = seconds,
			.unit = "s",
			.goal = "<= 120 for the kernel's",
			.load = load });
		report_figure(&(struct report_figure){ .name = "ingest.tree.memory_mb",
			.value = memory_mb(),
			.unit = "MB",
			.goal = "<= 1000",
			.load = load });
		report_figure(&(struct report_figure){ .name = "ingest.tree.mb_per_s",
			.value = (double)result.bytes / 1e6 / seconds,
			.unit = "MB/s",
			.goal = ">= 11",
			.load = load });
		report_figure(&(struct report_figure){ .name = "ingest.tree.commit_ms",
			.value = commit_ms,
			.unit = "ms",
			.load = load });
	}
	arena_reset(&mem);
	close(request.source_fd);
	return rc;
}

int main(int argc, char **argv)
{
	struct lab lab = { 0 };
	struct err err;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && strcmp(argv[1], "--child") == 0)
		import_child();
	if (argc != 2)
		return 2;
	enum err_kind rc = open_lab(&lab, &err);

	if (rc == OK)
		rc = measure(&lab, argv[1], &err);
	if (rc != OK)
		fprintf(stderr, "bench_ingest: %s\n", err.msg);
	else
		close_lab(&lab);
	return rc == OK ? 0 : 1;
}
