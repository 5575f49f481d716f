/*
 * vfs: SQLite's own file layer, with two things added.
 *
 *  - What was written is read back and compared. A bit that turns over on the way would else lie in the records, unseen
 *    until a page is read from the file again.
 *  - Every page has a checksum (page_sum.h): put in when it is written into the file, looked at when it is read from the
 *    file or from the write-ahead log. A page that fails it is never handed on: the read fails with SQLITE_IOERR_DATA.
 *
 * Files have pages of PAGE_BYTES, of which PAGE_SUM_BYTES are reserved; db_open sees to it.
 */
#ifndef STORE_VFS_H
#define STORE_VFS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* Name to open a database with; registered at the first call. NULL: SQLite could not. Any thread. */
const char *vfs_checked(void);

/* The last page of a connection that failed its checksum. */
struct vfs_damage {
	uint32_t page; /* from 1 on; 0: none has failed */
	bool in_log; /* in the write-ahead log, not in the file */
	bool unreserved; /* the file says that its pages have no room for a checksum */
};

/* handle: of the thread that asks. All zero when the file is not one of ours. */
struct vfs_damage vfs_last_damage(sqlite3 *handle);

#endif
