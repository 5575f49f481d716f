/*
 * The reader of tars, plain and compressed (reader.h has the property). In a plain one the checksums of the headers
 * are set right first, since no change would get past them.
 */
#include <locale.h>
#include <stdlib.h>

#include "reader.h"

enum { BLOCK = 512, INPUT_BYTES_MAX = 64 << 10, CHECKSUM = 148, CHECKSUM_LEN = 8, SIZE = 124 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t octal(const uint8_t *field, size_t len)
{
	size_t value = 0;

	for (size_t i = 0; i < len && field[i] >= '0' && field[i] <= '7'; i++)
		value = value << 3 | (size_t)(field[i] - '0');
	return value;
}

static void set_checksums(uint8_t *tar, size_t size)
{
	for (size_t at = 0; size - at >= BLOCK;) {
		uint8_t *head = tar + at;
		unsigned sum = 0;
		char text[CHECKSUM_LEN + 1];

		memset(head + CHECKSUM, ' ', CHECKSUM_LEN);
		for (size_t i = 0; i < BLOCK; i++)
			sum += head[i];
		if (sum == CHECKSUM_LEN * ' ') {
			memset(head + CHECKSUM, 0, CHECKSUM_LEN);
		} else {
			snprintf(text, sizeof(text), "%06o", sum);
			memcpy(head + CHECKSUM, text, CHECKSUM_LEN - 1);
		}
		size_t blocks = 1 + (octal(head + SIZE, 11) + BLOCK - 1) / BLOCK;

		if (blocks > (size - at) / BLOCK)
			return;
		at += blocks * BLOCK;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t tar[INPUT_BYTES_MAX];
	struct reader r;
	struct err err;

	if (size > sizeof(tar) || setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return 0;
	memcpy(tar, data, size);
	/* "ustar", or the old format by its first letter: what compressors begin with is no letter that we write. */
	if (size >= BLOCK && data[0] != 0x1f && data[0] != 0xfd && data[0] != 0x28)
		set_checksums(tar, size);
	reader_begin(&r);
	enum err_kind rc = import_read_archive(&r.out, reader_file(tar, size), &err);

	reader_end(&r, rc, &err);
	return 0;
}
