#include "web/asset.h"

#include <stdio.h>

#include "crypto/digest.h"
#include "web/embedded.h"

enum { PREFIX_BYTES = 3, NAME_BYTES = 48 };

static const struct {
	const unsigned char *bytes;
	const size_t *len;
	const char *suffix, *type;
} rows[ASSETS] = {
	[ASSET_STYLE] = { embedded_style, &embedded_style_len, "css", "text/css; charset=utf-8" },
	[ASSET_ROOM] = { embedded_room, &embedded_room_len, "js",
		"text/javascript; charset=utf-8" },
	[ASSET_ICON] = { embedded_icon, &embedded_icon_len, "svg", "image/svg+xml" },
};
static char paths[ASSETS][PREFIX_BYTES + NAME_BYTES];

void asset_init(void)
{
	for (int i = 0; i < ASSETS; i++) {
		struct sha256 digest = sha256_of(str_of(rows[i].bytes, *rows[i].len));
		char hex[SHA256_HEX_BYTES];

		sha256_format(&digest, hex);
		snprintf(paths[i], sizeof(paths[i]), "/a/%.32s.%s", hex, rows[i].suffix);
	}
}

const char *asset_path(enum asset asset)
{
	assert(asset < ASSETS && paths[asset][0] == '/');
	return paths[asset];
}

bool asset_find(struct str name, struct str *bytes, const char **type)
{
	for (int i = 0; i < ASSETS; i++) {
		if (!str_eq(name, str_from(paths[i] + PREFIX_BYTES)))
			continue;
		*bytes = str_of(rows[i].bytes, *rows[i].len);
		*type = rows[i].type;
		return true;
	}
	return false;
}
