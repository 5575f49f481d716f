/*
 * wal: the thread that moves pages from the write-ahead log into the database, on a connection of its own,
 * so that commits do not wait for it. It runs when woken; the writer wakes it.
 */
#ifndef STORE_WAL_H
#define STORE_WAL_H

#include "base/err.h"

struct wal_mover;

/* path: of the database. *mover to wal_mover_stop. */
MUST_CHECK enum err_kind wal_mover_start(
	const char *path, struct wal_mover **mover, struct err *err);
/* Returns at once; several calls while it works make one more round. */
void wal_mover_wake(struct wal_mover *mover);
void wal_mover_stop(struct wal_mover *mover);

#endif
