#include "glass/atlas.h"

#include <ft2build.h>
#include FT_FREETYPE_H

#include "base/utf8.h"

const struct atlas_cell atlas_cells[GLASS_ZOOMS] = {
	[GLASS_1X] = { .font_px = 12, .width = 8, .height = 16, .baseline = 12 },
	[GLASS_1_5X] = { .font_px = 18, .width = 12, .height = 24, .baseline = 18 },
	[GLASS_2X] = { .font_px = 24, .width = 16, .height = 32, .baseline = 24 },
};

enum { GLYPHS_MAX = 16384 };

struct atlas {
	struct coverage coverage;
	/* Ordinal of each range's first glyph. */
	uint32_t range_start[COVERAGE_RANGES_MAX];
	uint32_t glyph_count;
	uint8_t *levels[GLASS_ZOOMS]; /* glyph_count pictures */
};

static size_t picture_bytes(enum glass_zoom zoom)
{
	return (size_t)atlas_cells[zoom].width * atlas_cells[zoom].height;
}

static uint8_t level_of(unsigned grey)
{
	return (uint8_t)((grey * 3 * 2 + 255) / (255 * 2));
}

/* Lines and blocks fill their cell to the edge and beyond it: cutting them there is what makes them join. */
static bool may_be_cut(uint32_t code_point)
{
	return code_point >= 0x2500 && code_point <= 0x259f;
}

/*
 * Copy a rendered bitmap into a cell, moved as far as needed to fit: a capital with two accents stands a
 * pixel lower rather than lose one. Returns false when ink above
 * the light level would be lost, or none is left.
 */
static bool place_bitmap(
	const FT_GlyphSlot slot, const struct atlas_cell *cell, bool cut, uint8_t *picture)
{
	const FT_Bitmap *bitmap = &slot->bitmap;
	int left = slot->bitmap_left, top = cell->baseline - slot->bitmap_top;
	int width = (int)bitmap->width, height = (int)bitmap->rows;
	bool has_ink = false;

	if (left < 0 && width <= cell->width)
		left = 0;
	if (left + width > cell->width && width <= cell->width)
		left = cell->width - width;
	/* Row 0 stays free: paper signs are read off it. */
	if (!cut && top < 1 && height < cell->height)
		top = 1;
	if (!cut && top + height > cell->height && height < cell->height)
		top = cell->height - height;
	for (int y = 0; y < height; y++) {
		for (int x = 0; x < width; x++) {
			uint8_t level = level_of(bitmap->buffer[y * bitmap->pitch + x]);
			int to_x = left + x, to_y = top + y;

			if (level == ATLAS_PAPER)
				continue;
			if (to_x < 0 || to_x >= cell->width || to_y < 1 || to_y >= cell->height) {
				if (level > ATLAS_LIGHT && !cut)
					return false;
				continue;
			}
			picture[to_y * cell->width + to_x] = level;
			has_ink = true;
		}
	}
	return has_ink;
}

/* One code point at one zoom. False when it cannot be shown. */
static bool draw_glyph(FT_Face face, enum glass_zoom zoom, uint32_t code_point, uint8_t *picture)
{
	const struct atlas_cell *cell = &atlas_cells[zoom];

	if (FT_Load_Char(face, code_point, FT_LOAD_RENDER | FT_LOAD_NO_BITMAP) != 0)
		return false;
	if (face->glyph->bitmap.pixel_mode != FT_PIXEL_MODE_GRAY || face->glyph->bitmap.pitch < 0)
		return false;
	memset(picture, 0, picture_bytes(zoom));
	return place_bitmap(face->glyph, cell, may_be_cut(code_point), picture);
}

static bool set_zoom(FT_Face face, enum glass_zoom zoom)
{
	return FT_Set_Char_Size(face, 0, (FT_F26Dot6)atlas_cells[zoom].font_px * 64, 72, 72) == 0;
}

/* Which code points can be shown at every zoom? */
static enum err_kind find_coverage(FT_Face face, struct atlas *atlas, struct err *err)
{
	uint8_t picture[ATLAS_CELL_WIDTH_MAX * ATLAS_CELL_HEIGHT_MAX];
	uint8_t *shown = calloc(0x110000, 1);
	enum err_kind rc = OK;

	if (shown == NULL)
		return err_set(err, ERR_LIMIT, "glass: no memory for the font's coverage");
	for (int zoom = 0; zoom < GLASS_ZOOMS; zoom++) {
		FT_UInt glyph;

		if (!set_zoom(face, (enum glass_zoom)zoom)) {
			rc = err_set(err, ERR_CORRUPT, "glass: the font cannot be scaled");
			goto out;
		}
		for (FT_ULong c = FT_Get_First_Char(face, &glyph); glyph != 0;
			c = FT_Get_Next_Char(face, c, &glyph)) {
			uint32_t code_point = (uint32_t)c;

			if (c <= ' ' || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
				continue;
			if (utf8_is_hidden(code_point) || coverage_is_combining(code_point))
				continue;
			if (draw_glyph(face, (enum glass_zoom)zoom, code_point, picture))
				shown[c]++;
		}
	}
	for (uint32_t c = '!'; c <= 0x10ffff; c++) {
		if (shown[c] != GLASS_ZOOMS)
			continue;
		if (atlas->glyph_count == GLYPHS_MAX || !coverage_add(&atlas->coverage, c)) {
			rc = err_set(err, ERR_LIMIT, "glass: the font has too many characters");
			goto out;
		}
		if (c == atlas->coverage.ranges[atlas->coverage.count - 1].first)
			atlas->range_start[atlas->coverage.count - 1] = atlas->glyph_count;
		atlas->glyph_count++;
	}
	rc = coverage_check(&atlas->coverage, err);
out:
	free(shown);
	return rc;
}

static enum err_kind draw_all(FT_Face face, struct atlas *atlas, struct err *err)
{
	assert(atlas->glyph_count > 0);
	for (int z = 0; z < GLASS_ZOOMS; z++) {
		enum glass_zoom zoom = (enum glass_zoom)z;
		uint8_t *at = calloc(atlas->glyph_count, picture_bytes(zoom));

		if (at == NULL)
			return err_set(err, ERR_LIMIT, "glass: no memory for glyphs");
		atlas->levels[zoom] = at;
		if (!set_zoom(face, zoom))
			return err_set(err, ERR_CORRUPT, "glass: the font cannot be scaled");
		for (uint32_t i = 0; i < atlas->coverage.count; i++) {
			const struct coverage_range *range = &atlas->coverage.ranges[i];

			for (uint32_t c = range->first; c <= range->last;
				c++, at += picture_bytes(zoom))
				if (!draw_glyph(face, zoom, c, at))
					return err_set(err, ERR_CORRUPT,
						"glass: the font draws U+%04X only at times",
						(unsigned)c);
		}
	}
	return OK;
}

enum err_kind atlas_open(struct str font, struct atlas **atlas, struct err *err)
{
	enum err_kind rc;
	FT_Library library = NULL;
	FT_Face face = NULL;
	struct atlas *a;

	if (font.len == 0 || font.len > ATLAS_FONT_BYTES_MAX)
		return err_set(err, ERR_CORRUPT, "glass: a font of %zu bytes", font.len);
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return err_set(err, ERR_LIMIT, "glass: no memory for an atlas");
	if (FT_Init_FreeType(&library) != 0) {
		rc = err_set(err, ERR_IO, "glass: FreeType does not start");
		goto out;
	}
	if (FT_New_Memory_Face(library, (const FT_Byte *)font.ptr, (FT_Long)font.len, 0, &face) !=
		0) {
		rc = err_set(err, ERR_CORRUPT, "glass: the font cannot be read");
		goto out;
	}
	if (!FT_IS_FIXED_WIDTH(face) || FT_Select_Charmap(face, FT_ENCODING_UNICODE) != 0) {
		rc = err_set(
			err, ERR_CORRUPT, "glass: the font is not of one width, or not Unicode");
		goto out;
	}
	rc = find_coverage(face, a, err);
	if (rc == OK)
		rc = draw_all(face, a, err);
out:
	if (face != NULL)
		FT_Done_Face(face);
	if (library != NULL)
		FT_Done_FreeType(library);
	if (rc == OK)
		*atlas = a;
	else
		atlas_close(a);
	return rc;
}

void atlas_close(struct atlas *atlas)
{
	if (atlas == NULL)
		return;
	for (int zoom = 0; zoom < GLASS_ZOOMS; zoom++)
		free(atlas->levels[zoom]);
	free(atlas);
}

const struct coverage *atlas_coverage(const struct atlas *atlas)
{
	return &atlas->coverage;
}

const uint8_t *atlas_glyph(const struct atlas *atlas, enum glass_zoom zoom, uint32_t code_point)
{
	const struct coverage *coverage = &atlas->coverage;
	size_t low = 0, high = coverage->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (code_point > coverage->ranges[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == coverage->count || code_point < coverage->ranges[low].first)
		return NULL;
	uint32_t ordinal = atlas->range_start[low] + (code_point - coverage->ranges[low].first);

	assert(ordinal < atlas->glyph_count);
	return atlas->levels[zoom] + ordinal * picture_bytes(zoom);
}

void atlas_engine(char text[ATLAS_ENGINE_BYTES])
{
	FT_Library library;
	FT_Int major = 0, minor = 0, patch = 0;

	if (FT_Init_FreeType(&library) == 0) {
		FT_Library_Version(library, &major, &minor, &patch);
		FT_Done_FreeType(library);
	}
	snprintf(text, ATLAS_ENGINE_BYTES, "%d.%d.%d", (int)major, (int)minor, (int)patch);
}
