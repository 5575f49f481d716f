/*
 * Property: hits are places in the file that hold what they are said to hold, and a file that is made of the lines asked
 * for yields each of them. The needles' own table, changed byte by byte, is refused or safe to use.
 *
 * Input: mode, length of the text asked for (u16le), the text, the file.
 */
#include <stdlib.h>

#include "glass/find.h"

enum { HEAD_BYTES = 3 };

static void require(bool holds)
{
	if (!holds)
		abort();
}

static uint32_t lines_of(struct str bytes)
{
	uint32_t lines = 1;

	for (size_t i = 0; i < bytes.len; i++)
		lines += bytes.ptr[i] == '\n';
	return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct find_needles needles;
	static struct find_hit hits[FIND_HITS_MAX];
	struct err err;
	uint32_t blank;

	if (size < HEAD_BYTES)
		return 0;
	size_t len = (size_t)data[1] | (size_t)data[2] << 8;

	if (len > size - HEAD_BYTES)
		len = size - HEAD_BYTES;
	struct str text = str_of(data + HEAD_BYTES, len);
	struct str file = str_of(data + HEAD_BYTES + len, size - HEAD_BYTES - len);
	bool is_words = (data[0] & 1) == 0;
	enum err_kind rc = is_words ? find_split_words(text, &needles, &err)
				    : find_split_lines(text, &needles, &blank, &err);

	if (rc != OK)
		return 0;
	require(find_check(&needles));
	size_t count = find_in(file, &needles, hits);

	require(count <= FIND_HITS_MAX);
	for (size_t i = 0; i < count; i++) {
		require(hits[i].line < lines_of(file));
		require(hits[i].needle < needles.count);
		require(!is_words || hits[i].line % LIMIT_TILE_LINES == 0);
		require(!is_words || hits[i].column % LIMIT_TILE_COLUMNS == 0);
	}
	if (!is_words)
		require(find_in(text, &needles, hits) >= needles.count);
	/* What a shared table may hold. */
	((uint8_t *)&needles)[data[0] * 7U % sizeof(needles.needle)] ^= data[1];
	if (find_check(&needles))
		require(find_in(file, &needles, hits) <= FIND_HITS_MAX);
	return 0;
}
