#include "store/page_sum.h"

#include <libdeflate.h>

enum { SUMMED_BYTES = PAGE_BYTES - 4, NUMBER_AT = PAGE_BYTES - PAGE_SUM_BYTES };

static void put_be32(uint8_t *to, uint32_t n)
{
	to[0] = (uint8_t)(n >> 24);
	to[1] = (uint8_t)(n >> 16);
	to[2] = (uint8_t)(n >> 8);
	to[3] = (uint8_t)n;
}

static uint32_t get_be32(const uint8_t *from)
{
	return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static uint32_t get_le32(const uint8_t *from)
{
	return (uint32_t)from[3] << 24 | (uint32_t)from[2] << 16 | (uint32_t)from[1] << 8 | from[0];
}

void page_sum_put(uint8_t page[PAGE_BYTES], uint32_t number)
{
	put_be32(page + NUMBER_AT, number);
	put_be32(page + SUMMED_BYTES, libdeflate_crc32(0, page, SUMMED_BYTES));
}

bool page_sum_fits(const uint8_t page[PAGE_BYTES], uint32_t number)
{
	return get_be32(page + NUMBER_AT) == number &&
		get_be32(page + SUMMED_BYTES) == libdeflate_crc32(0, page, SUMMED_BYTES);
}

/* Words as the machine that began the log has them, s0 and s1 taking turns. */
static void add_words(
	uint32_t sum[2], const uint8_t *from, size_t len, uint32_t (*word)(const uint8_t *))
{
	for (size_t i = 0; i < len; i += 8) {
		sum[0] += word(from + i) + sum[1];
		sum[1] += word(from + i + 4) + sum[0];
	}
}

static bool fits_in_order(
	const uint8_t *before, const uint8_t *frame, uint32_t (*word)(const uint8_t *))
{
	const uint8_t *want = frame + WAL_FRAME_HEADER_BYTES - WAL_SUM_BYTES;
	uint32_t sum[2] = { get_be32(before), get_be32(before + 4) };

	/* The salts between number and sum are the log's own, and not summed. */
	add_words(sum, frame, 8, word);
	add_words(sum, frame + WAL_FRAME_HEADER_BYTES, PAGE_BYTES, word);
	return sum[0] == get_be32(want) && sum[1] == get_be32(want + 4);
}

bool wal_sum_fits(const uint8_t before[WAL_SUM_BYTES], const uint8_t frame[WAL_FRAME_BYTES])
{
	/* The log's magic number tells the order; whoever wrote it was most likely this machine. */
	return fits_in_order(before, frame, get_le32) || fits_in_order(before, frame, get_be32);
}
