#include "web/cookie.h"

#include <strings.h>

#include "base/hex.h"

static bool parse_token(struct str text, uint8_t token[FRAME_TOKEN_BYTES])
{
	uint8_t bytes[FRAME_TOKEN_BYTES];
	size_t len = 0;

	if (!base64url_parse(text, bytes, sizeof(bytes), &len) || len != sizeof(bytes))
		return false;
	memcpy(token, bytes, sizeof(bytes));
	return true;
}

bool cookie_token(struct str header, uint8_t token[FRAME_TOKEN_BYTES])
{
	struct str found = STR("");
	unsigned count = 0;

	while (header.len > 0) {
		struct str pair, rest, name, value;

		if (!str_cut(header, ';', &pair, &rest)) {
			pair = header;
			rest = STR("");
		}
		header = rest;
		if (!str_cut(str_trim(pair), '=', &name, &value) || !str_eq(name, STR(COOKIE_NAME)))
			continue;
		found = value;
		count++;
	}
	return count == 1 && parse_token(found, token);
}

bool bearer_token(struct str header, uint8_t token[FRAME_TOKEN_BYTES])
{
	static const struct str scheme = { "Bearer ", 7 };

	if (header.len < scheme.len || strncasecmp(header.ptr, scheme.ptr, scheme.len) != 0)
		return false;
	return parse_token(str_trim(str_skip(header, scheme.len)), token);
}
