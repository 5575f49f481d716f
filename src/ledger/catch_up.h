/*
 * catch_up: a log that was restored from a backup takes the entries that it lost from a mirror's published files. They
 * are commitments: the details behind them are lost, and count as redacted.
 */
#ifndef LEDGER_CATCH_UP_H
#define LEDGER_CATCH_UP_H

#include "crypto/sign.h"
#include "store/db.h"

struct catch_up {
	uint64_t from, to; /* entries from `from` on, below `to`, came from the mirror */
};

/*
 * db       the records, of which nobody else is writing; the log is not open
 * from_fd  a folder with checkpoint and entry bundles, as a mirror, an export or LAB/ledger has it
 * origin, key  the log's own: only what it signed is taken
 * All in one transaction, after every entry of the mirror was hashed into the root that it signed, and every row of the
 * records was found to be the mirror's. Errors: ERR_CONFLICT (the mirror holds no more than the records), ERR_CORRUPT
 * (the records are no beginning of it, or it is damaged), ERR_DENIED (another log's), ERR_NOT_FOUND, ERR_IO.
 */
MUST_CHECK enum err_kind ledger_catch_up(struct db *db, int from_fd, struct str origin,
	const struct sign_secret *key, struct catch_up *done, struct err *err);

#endif
