#include "glass/profile.h"

#include "glass/grammar.h"

static const char *const theme_names[GLASS_THEMES] = { "light", "dark", "contrast" };
static const char *const zoom_names[GLASS_ZOOMS] = { "1", "1.5", "2" };

size_t profile_text(const struct profile *profile, char text[PROFILE_TEXT_BYTES_MAX])
{
	const struct atlas_cell *cell = &atlas_cells[profile->zoom];
	char font[SHA256_HEX_BYTES];

	sha256_format(&profile->font, font);
	int n = snprintf(text, PROFILE_TEXT_BYTES_MAX,
		"vitrine render profile 1\n"
		"renderer %d\n"
		"freetype %s\n"
		"font %s\n"
		"grammar %d\n"
		"theme %s\n"
		"zoom %s\n"
		"cell %ux%u\n"
		"tile %dx%d+1\n",
		PROFILE_RENDERER_VERSION, profile->engine, font, GRAMMAR_VERSION,
		profile_theme_name(profile->theme), profile_zoom_name(profile->zoom),
		(unsigned)cell->width, (unsigned)cell->height, LIMIT_TILE_COLUMNS,
		LIMIT_TILE_LINES);

	assert(n > 0 && n < PROFILE_TEXT_BYTES_MAX);
	return (size_t)n;
}

void profile_id(const struct profile *profile, char id[PROFILE_ID_BYTES])
{
	char text[PROFILE_TEXT_BYTES_MAX], hex[SHA256_HEX_BYTES];
	struct sha256 digest = sha256_of((struct str){ text, profile_text(profile, text) });

	sha256_format(&digest, hex);
	snprintf(id, PROFILE_ID_BYTES, "g1.%.16s", hex);
}

const char *profile_theme_name(enum glass_theme theme)
{
	assert(theme >= 0 && theme < GLASS_THEMES);
	return theme_names[theme];
}

const char *profile_zoom_name(enum glass_zoom zoom)
{
	assert(zoom >= 0 && zoom < GLASS_ZOOMS);
	return zoom_names[zoom];
}
