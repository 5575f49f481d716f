#include "store/vfs.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "store/page_sum.h"

enum {
	LAYERS_MAX = 8,
	SQLITE_PAGE_BYTES_MIN = 512, /* what is read and shorter is no page */
	FIRST_PAGE_AT = WAL_HEADER_BYTES + WAL_FRAME_HEADER_BYTES, /* in a log */
	RESERVED_AT =
		20, /* in the header of the file: bytes that are left free at the end of each page */
};

static const sqlite3_int64 NOWHERE = INT64_MAX;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int registered = SQLITE_ERROR;
static sqlite3_vfs checked; /* SQLite's default, but for opening */
static size_t own_at; /* bytes from the start of a file's struct to ours in it */

/* A table of methods below, and ours over it. SQLite has one for files with locks and one for those without. */
static struct layer {
	sqlite3_io_methods own; /* first: a file's pMethods leads back here */
	const sqlite3_io_methods *below;
} layers[LAYERS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of layers */

enum role { OTHER, RECORDS, LOG };

/* What we keep of an open file; it lies behind SQLite's own struct. */
struct own {
	enum role role;
	struct own
		*records; /* of a log: the file that it is the log of, which is closed after it */
	/*
	 * Of a log. A transaction that outgrew the cache may write a page of its own a second time, in place, and mends
	 * the sums of that frame and those behind it only at its end; until then it alone reads them.
	 */
	sqlite3_int64
		header_at; /* where the last frame's header was written, if its page is still to come */
	sqlite3_int64 loose_from; /* pages from here on have sums that are to be mended */
	struct vfs_damage damage; /* of records */
};

static struct own *own_of(sqlite3_file *file)
{
	return (struct own *)((char *)file + own_at);
}

static const sqlite3_io_methods *below_of(const sqlite3_file *file)
{
	return ((const struct layer *)file->pMethods)->below;
}

static bool is_page_of_log(sqlite3_int64 at)
{
	return at >= FIRST_PAGE_AT && (at - FIRST_PAGE_AT) % WAL_FRAME_BYTES == 0;
}

static int damaged(struct own *records, uint32_t page, bool in_log)
{
	records->damage.page = page;
	records->damage.in_log = in_log;
	return SQLITE_IOERR_DATA;
}

static int read_page(sqlite3_file *file, uint8_t *page, sqlite3_int64 at)
{
	struct own *own = own_of(file);
	uint32_t number = (uint32_t)(at / PAGE_BYTES) + 1;
	int rc = below_of(file)->xRead(file, page, PAGE_BYTES, at);

	/* SQLite would take what a file that was cut off lacks for zeros. */
	if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ)
		return rc;
	if (rc == SQLITE_OK && page_sum_fits(page, number))
		return SQLITE_OK;
	if (number == 1)
		own->damage.unreserved = page[RESERVED_AT] != PAGE_SUM_BYTES;
	return damaged(own, number, false);
}

/* Frame and the sum before it in one call: that is a frame's length before, but for the first. */
static int read_logged_page(sqlite3_file *file, void *page, sqlite3_int64 at)
{
	struct own *own = own_of(file);
	uint8_t bytes[WAL_SUM_BYTES + WAL_FRAME_BYTES + PAGE_BYTES];
	int lead = WAL_SUM_BYTES + WAL_FRAME_HEADER_BYTES + (at == FIRST_PAGE_AT ? 0 : PAGE_BYTES);
	const uint8_t *frame = bytes + lead - WAL_FRAME_HEADER_BYTES;
	int rc = below_of(file)->xRead(file, bytes, lead + PAGE_BYTES, at - lead);

	if (rc != SQLITE_OK)
		return rc;
	memcpy(page, bytes + lead, PAGE_BYTES);
	if (at >= own->loose_from || wal_sum_fits(bytes, frame))
		return SQLITE_OK;
	return damaged(own->records,
		(uint32_t)frame[0] << 24 | (uint32_t)frame[1] << 16 | (uint32_t)frame[2] << 8 |
			frame[3],
		true);
}

/* Anything but a page is a header, which SQLite checks by itself or reads again with its page. */
static int read_checked(sqlite3_file *file, void *bytes, int len, sqlite3_int64 at)
{
	struct own *own = own_of(file);

	if (own->role == RECORDS && len >= SQLITE_PAGE_BYTES_MIN) {
		if (len != PAGE_BYTES || at % PAGE_BYTES != 0)
			return damaged(own, 1, false);
		return read_page(file, bytes, at);
	}
	if (own->role == LOG && len == PAGE_BYTES && is_page_of_log(at))
		return read_logged_page(file, bytes, at);
	return below_of(file)->xRead(file, bytes, len, at);
}

/* Which sums of the log are right: see struct own. */
static void note_logged(struct own *own, int len, sqlite3_int64 at)
{
	bool is_header = len == WAL_FRAME_HEADER_BYTES &&
		is_page_of_log(at + WAL_FRAME_HEADER_BYTES);

	if (at == 0)
		own->loose_from = NOWHERE;
	if (is_page_of_log(at) && own->header_at + WAL_FRAME_HEADER_BYTES != at &&
		at < own->loose_from)
		own->loose_from = at;
	if (is_header && at + WAL_FRAME_HEADER_BYTES == own->loose_from)
		own->loose_from += WAL_FRAME_BYTES;
	own->header_at = is_header ? at : -1;
}

/* SQLITE_IOERR_WRITE ends the process (db_fail): the next write of the page could go wrong as well. */
static int write_and_read_back(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
	const sqlite3_io_methods *methods = below_of(file);
	char part[PAGE_BYTES];
	const char *want = bytes;
	int rc = methods->xWrite(file, bytes, len, at);

	while (rc == SQLITE_OK && len > 0) {
		int n = len < PAGE_BYTES ? len : PAGE_BYTES;

		rc = methods->xRead(file, part, n, at);
		if (rc == SQLITE_OK && memcmp(part, want, (size_t)n) != 0)
			rc = SQLITE_IOERR_WRITE;
		want += n;
		at += n;
		len -= n;
	}
	return rc == SQLITE_IOERR_SHORT_READ ? SQLITE_IOERR_WRITE : rc;
}

static int write_checked(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
	struct own *own = own_of(file);
	uint8_t page[PAGE_BYTES];

	if (own->role == LOG)
		note_logged(own, len, at);
	if (own->role != RECORDS)
		return write_and_read_back(file, bytes, len, at);
	assert(len == PAGE_BYTES && at % PAGE_BYTES == 0);
	memcpy(page, bytes, PAGE_BYTES);
	page_sum_put(page, (uint32_t)(at / PAGE_BYTES) + 1);
	return write_and_read_back(file, page, len, at);
}

/* Pages that are mapped would be read past us. */
static int map_nothing(sqlite3_file *file, sqlite3_int64 at, int len, void **bytes)
{
	(void)file;
	(void)at;
	(void)len;
	*bytes = NULL;
	return SQLITE_OK;
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
			layers[i].own.xRead = read_checked;
			layers[i].own.xWrite = write_checked;
			layers[i].own.xFetch = map_nothing;
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
	struct own *own = own_of(file);

	*own = (struct own){ .role = OTHER, .header_at = -1, .loose_from = NOWHERE };
	own->records = own;
	if (flags & SQLITE_OPEN_MAIN_DB)
		own->role = RECORDS;
	if (flags & SQLITE_OPEN_WAL) {
		own->role = LOG;
		own->records = own_of(sqlite3_database_file_object(name));
	}
	const sqlite3_io_methods *over = layer_over(file->pMethods);

	assert(over != NULL);
	file->pMethods = over;
	return rc;
}

static void register_vfs(void)
{
	sqlite3_vfs *below = sqlite3_vfs_find(NULL);

	if (below == NULL)
		return;
	checked = *below;
	checked.zName = "vitrine";
	checked.pNext = NULL;
	checked.xOpen = open_checked;
	own_at = ((size_t)below->szOsFile + _Alignof(struct own) - 1) & ~(_Alignof(struct own) - 1);
	checked.szOsFile = (int)(own_at + sizeof(struct own));
	registered = sqlite3_vfs_register(&checked, 0);
}

const char *vfs_checked(void)
{
	pthread_once(&once, register_vfs);
	return registered == SQLITE_OK ? checked.zName : NULL;
}

struct vfs_damage vfs_last_damage(sqlite3 *handle)
{
	sqlite3_file *file = NULL;
	sqlite3_vfs *vfs = NULL;

	if (sqlite3_file_control(handle, "main", SQLITE_FCNTL_VFS_POINTER, &vfs) != SQLITE_OK ||
		vfs != &checked ||
		sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK)
		return (struct vfs_damage){ .page = 0 };
	return own_of(file)->damage;
}
