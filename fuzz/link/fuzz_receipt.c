/* Property: a row that is taken is written again byte for byte. */
#include "link/receipts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t row[RECEIPT_BYTES];
	struct receipt receipt;
	struct err err;

	if (size != RECEIPT_BYTES || receipt_parse(data, &receipt, &err) != OK)
		return 0;
	receipt_format(&receipt, row);
	if (memcmp(row, data, RECEIPT_BYTES) != 0)
		abort();
	return 0;
}
