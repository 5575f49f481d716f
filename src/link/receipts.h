/*
 * receipts: what a peer keeps of the calls that it signed, so that a monitor can ask the record for each: an
 * append-only file of 96-byte rows (docs/formats/link.md). Of a call it holds the digest and nothing else.
 *
 * Row, integers big-endian: counter u64, request digest 32, time u64 (UTC microseconds), entry index u64, tree size
 * u64, root 32. A call has two rows of one counter: RECEIPT_SENT as index when it is sent, and what was answered.
 */
#ifndef LINK_RECEIPTS_H
#define LINK_RECEIPTS_H

#include "link/client.h"

enum { RECEIPT_BYTES = 96 };
#define RECEIPT_NO_ENTRY UINT64_MAX /* the answer names no entry */
#define RECEIPT_SENT (UINT64_MAX - 1) /* not answered yet */

struct receipt {
	uint64_t counter;
	struct sha256 request;
	int64_t time_us;
	uint64_t entry_index, tree_size;
	struct sha256 root;
};

void receipt_format(const struct receipt *receipt, uint8_t row[RECEIPT_BYTES]);
/* Errors: ERR_INPUT: a time that is none, an index beyond its tree, or a row of one sent that tells more than that. */
MUST_CHECK enum err_kind receipt_parse(
	const uint8_t row[RECEIPT_BYTES], struct receipt *receipt, struct err *err);

struct receipts;

/*
 * Opens or makes the file below the folder `at`; a row that a crash cut short is cut off. The file is the caller's
 * alone until receipts_close. Errors: ERR_LIMIT (it is full), ERR_IO.
 */
MUST_CHECK enum err_kind receipts_open(
	int at, const char *path, struct receipts **r, struct err *err);
void receipts_close(struct receipts *r);
/*
 * For client_options.receipt; arg is the receipts. Rows are on disk within a second (receipts_sync). One that cannot
 * be written is counted: see receipts_whole.
 */
void receipts_note(void *arg, const struct client_receipt *receipt);
/* False when a row could not be written, or the file is full: the peer takes no call on any more. */
bool receipts_whole(const struct receipts *r);
/* How many calls were answered since receipts_open, and the newest entry among them; RECEIPT_NO_ENTRY: none. */
void receipts_count(const struct receipts *r, uint64_t *answered, uint64_t *newest_entry);
/* Once a second, from one thread. */
void receipts_sync(struct receipts *r);

#endif
