/*
 * vfs: SQLite's own file layer, with one thing added: what was written is read back and compared. A bit that turns
 * over on the way would else lie in the records, unseen until a page is read from the file again.
 */
#ifndef STORE_VFS_H
#define STORE_VFS_H

/* Name to open a database with; registered at the first call. NULL: SQLite could not. Any thread. */
const char *vfs_checked(void);

#endif
