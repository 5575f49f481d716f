/* asset: style sheet, script and icon, embedded by the build; each address names its content's digest. */
#ifndef WEB_ASSET_H
#define WEB_ASSET_H

#include "base/str.h"

enum asset { ASSET_STYLE, ASSET_ROOM, ASSET_NOTES, ASSET_KEYS, ASSET_ICON, ASSETS };

/* Once, before the others: computes the digests. */
void asset_init(void);
/* "/a/3f9c0d….css" */
const char *asset_path(enum asset asset);
/*
 * Digest of the client code: SHA-256, in hexadecimal, of the lines that sha256sum prints for icon.svg, notes.js, room.js and
 * style.css, in this order. Needs no asset_init.
 */
enum { ASSET_DIGEST_BYTES = 65 };
void asset_digest(char hex[ASSET_DIGEST_BYTES]);
/* Looks an address' last part up; false when there is none of that name now. */
bool asset_find(struct str name, struct str *bytes, const char **type);

#endif
