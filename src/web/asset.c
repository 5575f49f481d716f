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
	[ASSET_NOTES] = { embedded_notes, &embedded_notes_len, "js",
		"text/javascript; charset=utf-8" },
	[ASSET_KEYS] = { embedded_keys, &embedded_keys_len, "js",
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

void asset_digest(char hex[ASSET_DIGEST_BYTES])
{
	static const struct {
		enum asset asset;
		const char *name;
	} files[] = { { ASSET_ICON, "icon.svg" }, { ASSET_KEYS, "keys.js" },
		{ ASSET_NOTES, "notes.js" }, { ASSET_ROOM, "room.js" },
		{ ASSET_STYLE, "style.css" } };
	struct sha256_state s;

	static_assert(sizeof(files) / sizeof(files[0]) == ASSETS, "all of them");
	static_assert((int)ASSET_DIGEST_BYTES == (int)SHA256_HEX_BYTES, "a digest");
	sha256_begin(&s);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct sha256 digest = sha256_of(
			str_of(rows[files[i].asset].bytes, *rows[files[i].asset].len));
		char one[SHA256_HEX_BYTES];

		sha256_format(&digest, one);
		sha256_add(&s, str_from(one));
		sha256_add(&s, STR("  "));
		sha256_add(&s, str_from(files[i].name));
		sha256_add(&s, STR("\n"));
	}
	struct sha256 all = sha256_end(&s);

	sha256_format(&all, hex);
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
