/* vitrine.yaml. Property: settings that are taken, written again and read again are the same. */
#include "app/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct settings first, again;
	struct arena mem;
	struct out o;
	struct str text;
	struct err err;

	if (settings_parse(str_of(data, size), &first, &err) != OK)
		return 0;
	arena_init(&mem, 1 << 20);
	out_init(&o, &mem, SETTINGS_FILE_BYTES_MAX);
	settings_put(&o, &first);
	if (out_finish(&o, &text, &err) != OK || settings_parse(text, &again, &err) != OK ||
		memcmp(&first, &again, sizeof(first)) != 0)
		abort();
	arena_reset(&mem);
	return 0;
}
