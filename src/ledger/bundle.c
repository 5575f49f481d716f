#include "ledger/bundle.h"

void bundle_put(struct out *o, struct str entry)
{
	assert(entry.len <= UINT16_MAX);
	out_be16(o, (uint16_t)entry.len);
	out_put(o, entry);
}

bool bundle_next(struct str *rest, struct str *entry)
{
	const unsigned char *b = (const unsigned char *)rest->ptr;

	if (rest->len < 2)
		return false;
	size_t len = (size_t)b[0] << 8 | b[1];

	if (len > rest->len - 2)
		return false;
	*entry = str_of(rest->ptr + 2, len);
	*rest = str_skip(*rest, 2 + len);
	return true;
}
