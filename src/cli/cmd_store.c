/* cmd_store: the content store checked, and rid of what nothing names. */
#include <fcntl.h>
#include <unistd.h>

#include "app/lab.h"
#include "app/lab_compact.h"
#include "cli/cmd.h"
#include "os/fs.h"
#include "os/sandbox.h"

/* Reads only; beside a running vault, too. */
static enum err_kind verify(const char *lab, struct err *err)
{
	struct pack_store *packs = NULL;
	struct db *db = NULL;
	uint64_t checked = 0;
	char path[4096];
	int fd = -1;

	if (snprintf(path, sizeof(path), "%s/" LAB_RECORDS, lab) >= (int)sizeof(path))
		return err_set(err, ERR_LIMIT, "the lab's path is too long");
	enum err_kind rc = db_open(path, DB_READ, &db, err);

	if (rc != OK)
		return rc;
	snprintf(path, sizeof(path), "%s/store", lab);
	rc = fs_open_dir(AT_FDCWD, path, &fd, err);
	if (rc == OK)
		rc = pack_open_read(fd, db, &packs, err);
	if (rc == OK)
		rc = pack_verify(packs, db, &checked, err);
	if (rc == OK)
		printf("%llu blobs of the content store are what their digests say\n",
			(unsigned long long)checked);
	if (packs != NULL)
		pack_close(packs);
	if (fd >= 0)
		close(fd);
	db_close(db);
	return rc;
}

static enum err_kind compact(const char *path, struct err *err)
{
	struct pack_freed freed;
	struct lab lab;
	enum err_kind rc = user_enter_lab(path, NULL, err);

	if (rc == OK)
		rc = lab_open(&lab, err);
	if (rc != OK)
		return rc;
	rc = lab_compact(&lab, &freed, err);
	lab_close(&lab);
	if (rc == OK && freed.blobs == 0)
		printf("nothing to drop: the lab names every blob of its store\n");
	else if (rc == OK)
		printf("%llu blobs that nothing names are dropped, %llu bytes\n",
			(unsigned long long)freed.blobs, (unsigned long long)freed.bytes);
	return rc;
}

int cmd_store(const struct cli *cli, int argc, char **argv)
{
	struct err err;
	enum err_kind rc = crypto_init(&err);

	if (argc != 2 || (strcmp(argv[1], "verify") != 0 && strcmp(argv[1], "compact") != 0))
		return cmd_misuse(argv[0]);
	if (rc == OK)
		rc = strcmp(argv[1], "verify") == 0 ? verify(cli->lab, &err)
						    : compact(cli->lab, &err);
	if (rc == OK && fflush(stdout) != 0)
		rc = err_set(&err, ERR_IO, "cannot write");
	return rc == OK ? 0 : cmd_fail(argv[1], &err);
}
