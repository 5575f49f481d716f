#include "store/vfs.h"

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <string.h>

enum { PART_BYTES = 4096, LAYERS_MAX = 8 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int registered = SQLITE_ERROR;
static sqlite3_vfs checked; /* SQLite's default, but for opening */

/* A table of methods below, and ours over it. SQLite has one for files with locks and one for those without. */
static struct layer {
	sqlite3_io_methods own; /* first: a file's pMethods leads back here */
	const sqlite3_io_methods *below;
} layers[LAYERS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of layers */

/* SQLITE_IOERR_WRITE ends the process (db_fail): the next write of the page could go wrong as well. */
static int write_checked(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
	const sqlite3_io_methods *methods = ((const struct layer *)file->pMethods)->below;
	char part[PART_BYTES];
	const char *want = bytes;
	int rc = methods->xWrite(file, bytes, len, at);

	while (rc == SQLITE_OK && len > 0) {
		int n = len < PART_BYTES ? len : PART_BYTES;

		rc = methods->xRead(file, part, n, at);
		if (rc == SQLITE_OK && memcmp(part, want, (size_t)n) != 0)
			rc = SQLITE_IOERR_WRITE;
		want += n;
		at += n;
		len -= n;
	}
	return rc == SQLITE_IOERR_SHORT_READ ? SQLITE_IOERR_WRITE : rc;
}

/* Ours over these methods; NULL when SQLite has more tables than it ever had. */
static const sqlite3_io_methods *layer_over(const sqlite3_io_methods *methods)
{
	const sqlite3_io_methods *own = NULL;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < LAYERS_MAX && own == NULL; i++) {
		if (layers[i].below == NULL) {
			layers[i].below = methods;
			layers[i].own = *methods;
			layers[i].own.xWrite = write_checked;
		}
		if (layers[i].below == methods)
			own = &layers[i].own;
	}
	pthread_mutex_unlock(&lock);
	return own;
}

static int open_checked(
	sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out_flags)
{
	sqlite3_vfs *below = sqlite3_vfs_find(NULL);
	int rc = below->xOpen(below, name, file, flags, out_flags);

	(void)vfs;

	/* A file without a name is a temporary one: it holds nothing that lasts. */
	if (rc != SQLITE_OK || name == NULL)
		return rc;
	const sqlite3_io_methods *own = layer_over(file->pMethods);

	assert(own != NULL);
	file->pMethods = own;
	return rc;
}

static void register_vfs(void)
{
	const sqlite3_vfs *below = sqlite3_vfs_find(NULL);

	if (below == NULL)
		return;
	checked = *below;
	checked.zName = "vitrine";
	checked.pNext = NULL;
	checked.xOpen = open_checked;
	registered = sqlite3_vfs_register(&checked, 0);
}

const char *vfs_checked(void)
{
	pthread_once(&once, register_vfs);
	return registered == SQLITE_OK ? checked.zName : NULL;
}
