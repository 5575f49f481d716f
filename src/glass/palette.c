#include "glass/palette.h"

static_assert(4 + 2 * (INKS - 1) < PALETTE_BAND, "six inks and the foot's paper fit 16 colours");

/* Each full ink stands out at 4.5:1 from both papers and the band, 7:1 in the contrast theme: a test measures. */
static const struct {
	uint8_t paper[2][3], band[3], inks[INKS][3];
} themes[GLASS_THEMES] = {
	[GLASS_LIGHT] = { { { 252, 252, 252 }, { 255, 255, 255 } }, { 236, 235, 231 },
		{
			[INK_TEXT] = { 0x1d, 0x21, 0x25 },
			[INK_KEYWORD] = { 0x7a, 0x2e, 0x8e },
			[INK_COMMENT] = { 0x4f, 0x6b, 0x51 },
			[INK_STRING] = { 0x8a, 0x4b, 0x08 },
			[INK_NAME] = { 0x0a, 0x61, 0x68 },
			[INK_NUMBER] = { 0x1f, 0x4f, 0xa8 },
		} },
	[GLASS_DARK] = { { { 27, 31, 35 }, { 29, 33, 37 } }, { 42, 48, 54 },
		{
			[INK_TEXT] = { 0xe7, 0xe9, 0xea },
			[INK_KEYWORD] = { 0xcf, 0x9e, 0xe0 },
			[INK_COMMENT] = { 0x8f, 0xb3, 0x91 },
			[INK_STRING] = { 0xe0, 0xb2, 0x7a },
			[INK_NAME] = { 0x63, 0xc5, 0xcc },
			[INK_NUMBER] = { 0x8f, 0xb8, 0xf5 },
		} },
	[GLASS_CONTRAST] = { { { 0, 0, 0 }, { 4, 4, 4 } }, { 38, 38, 38 },
		{
			[INK_TEXT] = { 0xff, 0xff, 0xff },
			[INK_KEYWORD] = { 0xff, 0xb0, 0xff },
			[INK_COMMENT] = { 0x9c, 0xe8, 0x9c },
			[INK_STRING] = { 0xff, 0xc8, 0x6b },
			[INK_NAME] = { 0x6b, 0xee, 0xf5 },
			[INK_NUMBER] = { 0xff, 0xff, 0x5c },
		} },
};

enum { LIGHT_PERCENT = 36, MID_PERCENT = 68 };

static uint8_t blend(int paper, int ink, int percent)
{
	return (uint8_t)(paper + (ink - paper) * percent / 100);
}

void palette_make(enum glass_theme theme, struct palette *palette)
{
	assert(theme >= 0 && theme < GLASS_THEMES);
	for (int channel = 0; channel < 3; channel++) {
		int low = themes[theme].paper[0][channel], high = themes[theme].paper[1][channel];
		int paper = (low + high) / 2;

		palette->rgb[0][channel] = (uint8_t)low;
		palette->rgb[1][channel] = (uint8_t)high;
		palette->rgb[2][channel] = blend(
			paper, themes[theme].inks[INK_TEXT][channel], LIGHT_PERCENT);
		for (int ink = 0; ink < INKS; ink++) {
			int full = themes[theme].inks[ink][channel];

			palette->rgb[3 + 2 * ink][channel] = blend(paper, full, MID_PERCENT);
			palette->rgb[4 + 2 * ink][channel] = (uint8_t)full;
		}
		palette->rgb[PALETTE_BAND][channel] = themes[theme].band[channel];
	}
}
