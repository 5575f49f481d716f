/*
 * publish: writes the static files of the log, LAB/ledger/: checkpoint, log.vkey, tile/… They are derived from
 * the records, and each start compares all of them, so nobody waits for the disk to keep them: what a power cut
 * takes away is made again before anything is answered. (Four syncs for each full tile stood in the way of
 * whoever waited for their entry just then: the 99th percentile was theirs.)
 */
#ifndef LEDGER_PUBLISH_H
#define LEDGER_PUBLISH_H

#include "ledger/tiles.h"

/* Partial tiles that a full one has replaced, being removed a few at a time. */
struct publish_sweep {
	char folder[TILEPATH_BYTES_MAX]; /* "tile/0/004.p"; empty: nothing to do */
	unsigned next_width;
	bool made[TILE_WIDTH]; /* widths that may be there */
};

/* Partial tiles of the place at the end of the log. */
struct publish_partials {
	uint64_t index;
	bool made[TILE_WIDTH]; /* by width */
};

struct publish {
	int dir_fd; /* LAB/ledger, borrowed */
	bool durable; /* each tile is synced: for whoever has no records to make it again from */
	bool compares; /* start: a file that holds the right bytes is left alone */
	uint64_t missing, differing; /* counted while comparing */
	/* Of hashes (level 0) and of entries. What stood there before the start is not known: any width may be. */
	struct publish_partials partials[2];
	struct publish_sweep sweeps[2]; /* of hashes and of entries */
};

void publish_init(struct publish *p, int dir_fd);
/* A tiles_emit_fn; arg is the struct publish. */
MUST_CHECK enum err_kind publish_tile(
	void *arg, const struct tile *tile, struct str bytes, struct err *err);
/* Readers see the old or the new bytes. durable: after a power cut as well. Errors: ERR_IO. */
MUST_CHECK enum err_kind publish_file(
	const struct publish *p, const char *path, struct str bytes, bool durable, struct err *err);
/* Some of the removal that is due; all of it when `everything`. */
MUST_CHECK enum err_kind publish_sweep(struct publish *p, bool everything, struct err *err);

#endif
