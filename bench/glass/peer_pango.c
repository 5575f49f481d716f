#include "peer.h"

#include <pango/pangocairo.h>

#include "base/utf8.h"

static cairo_status_t count(void *bytes, const unsigned char *data, unsigned len)
{
	(void)data;
	*(size_t *)bytes += len;
	return CAIRO_STATUS_SUCCESS;
}

/* A row as UTF-8, and an attribute a run of one ink. */
static size_t row_text(
	const struct grid_cell *row, const struct palette *palette, char *text, PangoAttrList *inks)
{
	size_t len = 0, from = 0;

	for (size_t column = 0; column < LIMIT_TILE_COLUMNS; column++) {
		len += utf8_encode(row[column].code_point, text + len);
		if (column + 1 < LIMIT_TILE_COLUMNS && row[column + 1].ink == row[column].ink)
			continue;
		const uint8_t *rgb = palette->rgb[4 + 2 * row[column].ink];
		PangoAttribute *ink = pango_attr_foreground_new(
			(guint16)(rgb[0] * 257), (guint16)(rgb[1] * 257), (guint16)(rgb[2] * 257));

		ink->start_index = (guint)from;
		ink->end_index = (guint)len;
		pango_attr_list_insert(inks, ink);
		from = len;
	}
	return len;
}

size_t peer_page(const struct grid *grid, const struct palette *palette)
{
	cairo_surface_t *surface = cairo_image_surface_create(
		CAIRO_FORMAT_RGB24, (int)page_width(GLASS_1X), (int)page_height(GLASS_1X));
	cairo_t *cairo = cairo_create(surface);
	PangoLayout *layout = pango_cairo_create_layout(cairo);
	PangoFontDescription *font = pango_font_description_from_string("DejaVu Sans Mono 12px");
	size_t bytes = 0;

	pango_font_description_set_absolute_size(font, 12 * PANGO_SCALE);
	pango_layout_set_font_description(layout, font);
	cairo_set_source_rgb(cairo, 1, 1, 1);
	cairo_paint(cairo);
	for (size_t row = 0; row < GRID_ROWS; row++) {
		char text[4 * LIMIT_TILE_COLUMNS];
		PangoAttrList *inks = pango_attr_list_new();
		size_t len = row_text(grid->cells[row], palette, text, inks);

		pango_layout_set_text(layout, text, (int)len);
		pango_layout_set_attributes(layout, inks);
		cairo_move_to(cairo, 0, (double)row * atlas_cells[GLASS_1X].height);
		pango_cairo_show_layout(cairo, layout);
		pango_attr_list_unref(inks);
	}
	if (cairo_surface_write_to_png_stream(surface, count, &bytes) != CAIRO_STATUS_SUCCESS)
		bytes = 0;
	pango_font_description_free(font);
	g_object_unref(layout);
	cairo_destroy(cairo);
	cairo_surface_destroy(surface);
	return bytes;
}
