/*
 * ingest_probe: one ingest into a store of its own, for import_box.py: the real child in the real sandbox, no
 * vault around it.
 *
 * usage: ingest_probe STORE SOURCE REF FILES_MAX BYTES_MAX [N]    (STORE: an existing folder; REF "": none)
 * It kills itself at the Nth point: each asking for progress, before and after the rows, after the commit.
 * stdout: "ok FORMAT FILES BYTES LINES SUBMODULES GIT_FOLDERS ORIGIN" and the manifest, or "error KIND: TEXT".
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <unistd.h>

#include "base/limit.h"
#include "os/fs.h"
#include "source/ingest.h"

static long points_left; /* 0: not to be killed */

static void point(void)
{
	if (points_left > 0 && --points_left == 0)
		kill(getpid(), SIGKILL);
}

static bool progress(void *arg, uint64_t files, uint64_t bytes)
{
	(void)arg;
	(void)files;
	(void)bytes;
	point();
	return true;
}

static enum err_kind record(struct db *db, const struct ingest_result *result, struct err *err)
{
	enum err_kind rc = db_begin(db, err);

	if (rc != OK)
		return rc;
	point();
	rc = ingest_record(db, STR("rel_probe"), result, err);
	point();
	if (rc == OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
	point();
	return rc;
}

static void print(const struct ingest_result *r)
{
	printf("ok %s %llu %llu %llu %llu %llu %.*s\n", r->format, (unsigned long long)r->files,
		(unsigned long long)r->bytes, (unsigned long long)r->lines,
		(unsigned long long)r->submodules, (unsigned long long)r->git_folders,
		STR_ARG(r->origin));
	fwrite(r->manifest_bytes.ptr, 1, r->manifest_bytes.len, stdout);
}

static enum err_kind ingest(struct pack_store *store, struct db *write, struct db *read,
	const struct ingest_request *request, struct err *err)
{
	struct ingest_result result;
	struct arena mem;

	arena_init(&mem, LIMIT_LONG_MEM_BYTES);
	enum err_kind rc = ingest_read(store, read, &mem, request, progress, NULL, &result, err);

	if (rc == OK) {
		rc = record(write, &result, err);
		pack_end(store, rc == OK);
	}
	if (rc == OK)
		print(&result);
	arena_reset(&mem);
	return rc;
}

static enum err_kind run(char **argv, struct err *err)
{
	char path[4096];
	struct pack_store *store;
	struct db *write, *read;
	/* As the command line does it: the source of a .dsc is the folder it lies in. */
	bool is_dsc = str_ends(str_from(argv[2]), STR(".dsc"));
	char *name = strrchr(argv[2], '/') + 1;
	int dir_fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int source_fd;

	snprintf(path, sizeof(path), "%.*s", is_dsc ? (int)(name - argv[2]) : 4000, argv[2]);
	source_fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (dir_fd < 0 || source_fd < 0)
		return err_errno(err, errno, "open %s", path);
	struct ingest_request request = { .source_fd = source_fd,
		.name = str_from(name),
		.ref = str_from(argv[3]),
		.files_max = strtoull(argv[4], NULL, 10),
		.bytes_max = strtoull(argv[5], NULL, 10) };

	snprintf(path, sizeof(path), "%s/records.db", argv[1]);
	enum err_kind rc = db_open(path, DB_WRITE, &write, err);

	if (rc == OK)
		rc = db_open(path, DB_READ, &read, err);
	if (rc == OK)
		rc = pack_open(dir_fd, write, &store, err);
	if (rc != OK)
		return rc;
	rc = ingest(store, write, read, &request, err);
	pack_close(store);
	db_close(read);
	db_close(write);
	close(source_fd);
	close(dir_fd);
	return rc;
}

int main(int argc, char **argv)
{
	struct err err;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && strcmp(argv[1], "--child") == 0)
		import_child();
	if (argc < 6 || argc > 7 || strchr(argv[2], '/') == NULL)
		return 2;
	points_left = argc == 7 ? strtol(argv[6], NULL, 10) : 0;
	enum err_kind rc = run(argv, &err);

	if (rc != OK)
		printf("error %s: %s\n", err_word(rc), err.msg);
	return rc == OK ? 0 : 1;
}
