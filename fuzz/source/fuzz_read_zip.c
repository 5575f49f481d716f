/* The reader of zips (reader.h has the property): the input begins as a zip does, whatever it began with. */
#include <locale.h>

#include "reader.h"

enum { INPUT_BYTES_MAX = 64 << 10, MAGIC = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t zip[INPUT_BYTES_MAX];
	struct reader r;
	struct err err;

	if (size < MAGIC || size > sizeof(zip) || setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return 0;
	memcpy(zip, data, size);
	memcpy(zip, data[2] == 5 ? "PK\5\6" : "PK\3\4", MAGIC);
	reader_begin(&r);
	enum err_kind rc = import_read_archive(&r.out, reader_file(zip, size), &err);

	reader_end(&r, rc, &err);
	return 0;
}
