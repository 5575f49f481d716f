/*
 * palette: the sixteen colours of a page. A theme is a palette and nothing else: the indices of a page's
 * pixels do not depend on it.
 *
 * 0, 1 paper low and high; 2 light ink, shared by all colours; 3+2c mid and 4+2c full ink of colour c;
 * 15 the paper of the foot.
 */
#ifndef GLASS_PALETTE_H
#define GLASS_PALETTE_H

#include <stdint.h>

#include "glass/atlas.h"
#include "glass/grid.h"

enum glass_theme { GLASS_LIGHT, GLASS_DARK, GLASS_CONTRAST, GLASS_THEMES };

enum { PALETTE_COLOURS = 16, PALETTE_BAND = 15 };

struct palette {
	uint8_t rgb[PALETTE_COLOURS][3];
};

void palette_make(enum glass_theme theme, struct palette *palette);

/* Index of a pixel: its level in the glyph, the cell's ink, and the index of the paper around it. */
static inline uint8_t palette_index(uint8_t level, uint8_t ink, uint8_t paper)
{
	if (level == ATLAS_PAPER)
		return paper;
	if (level == ATLAS_LIGHT)
		return 2;
	return (uint8_t)(3 + 2 * ink + (level - ATLAS_MID));
}

#endif
