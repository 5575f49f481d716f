/* Property: an accepted .dsc names only files that can neither leave a folder nor look like an option. */
#include <stdlib.h>

#include "base/limit.h"
#include "source/dsc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dsc dsc;
	struct err err;

	if (size > LIMIT_DSC_BYTES || dsc_parse(str_of(data, size), &dsc, &err) != OK)
		return 0;
	if (dsc.part_count == 0 || dsc.part_count > DSC_PARTS_MAX)
		abort();
	for (size_t i = 0; i < dsc.part_count; i++) {
		struct str name = dsc.parts[i].name;

		if (name.len == 0 || name.ptr[0] == '.' || name.ptr[0] == '-' ||
			memchr(name.ptr, '/', name.len) != NULL ||
			memchr(name.ptr, '\0', name.len) != NULL)
			abort();
	}
	return 0;
}
