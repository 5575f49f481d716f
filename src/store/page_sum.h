/*
 * page_sum: the checksums that tell whether a page of the records is what was once written.
 *
 * A page in the file ends with eight bytes that SQLite leaves to us (its header's byte 20 says so): the page's number and
 * the CRC-32 of all that comes before the sum, both big-endian. So a bit that turned over, a page of zeros and a page that
 * lies in another's place are told from a sound one. A page in the write-ahead log has SQLite's own checksum, which
 * covers every frame up to it (https://www.sqlite.org/fileformat2.html#walformat); SQLite itself looks at it only when
 * it recovers the log.
 */
#ifndef STORE_PAGE_SUM_H
#define STORE_PAGE_SUM_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PAGE_BYTES = 4096, /* of every page of the records */
	PAGE_SUM_BYTES = 8, /* at its end */
	WAL_SUM_BYTES = 8, /* at the end of a frame's header, and of the log's */
	WAL_HEADER_BYTES = 32,
	WAL_FRAME_HEADER_BYTES = 24,
	WAL_FRAME_BYTES = WAL_FRAME_HEADER_BYTES + PAGE_BYTES,
};

/* number: from 1 on. Writes the page's last PAGE_SUM_BYTES. */
void page_sum_put(uint8_t page[PAGE_BYTES], uint32_t number);
bool page_sum_fits(const uint8_t page[PAGE_BYTES], uint32_t number);

/* before: the sum of the frame before, or of the log's header when it is the first. frame: header and page. */
bool wal_sum_fits(const uint8_t before[WAL_SUM_BYTES], const uint8_t frame[WAL_FRAME_BYTES]);

#endif
