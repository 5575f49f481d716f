/* The reader of Debian's source control files (reader.h has the property). */
#include "reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r;
	struct err err;

	if (size > LIMIT_DSC_BYTES + 16)
		return 0;
	reader_begin(&r);
	enum err_kind rc = import_read_dsc(&r.out, reader_file(data, size), &err);

	reader_end(&r, rc, &err);
	return 0;
}
