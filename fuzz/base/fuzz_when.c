/* Property: a time that is accepted is written so that it reads back as the same microsecond. */
#include "base/when.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[WHEN_TEXT_BYTES];
	int64_t when_us, again_us;

	if (size == sizeof(when_us)) {
		memcpy(&when_us, data, sizeof(when_us));
		when_format(when_us, text);
		if (!when_parse(str_from(text), &again_us))
			abort();
	}
	if (!when_parse(str_of(data, size), &when_us))
		return 0;
	when_format(when_us, text);
	if (!when_parse(str_from(text), &again_us) || again_us != when_us)
		abort();
	return 0;
}
