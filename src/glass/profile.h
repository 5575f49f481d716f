/*
 * profile: what a drawing hangs on besides its grid, so that a page can be drawn again in years. The text
 * (docs/formats/glass.md) holds a line a fact; the id is "g1." and the first 16 hex digits of its SHA-256.
 */
#ifndef GLASS_PROFILE_H
#define GLASS_PROFILE_H

#include "crypto/digest.h"
#include "glass/palette.h"

/* Goes up when the same grid gives other pixels. */
enum { PROFILE_RENDERER_VERSION = 2 };
enum { PROFILE_ID_BYTES = 24, PROFILE_TEXT_BYTES_MAX = 512 };

struct profile {
	struct sha256 font;
	char engine[ATLAS_ENGINE_BYTES]; /* FreeType's version */
	enum glass_theme theme;
	enum glass_zoom zoom;
};

/* Returns the text's length; it is followed by a NUL. */
size_t profile_text(const struct profile *profile, char text[PROFILE_TEXT_BYTES_MAX]);
void profile_id(const struct profile *profile, char id[PROFILE_ID_BYTES]);
/* "light", "1.5": as arguments of source.view name them. */
const char *profile_theme_name(enum glass_theme theme);
const char *profile_zoom_name(enum glass_zoom zoom);

#endif
