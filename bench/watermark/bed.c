#include "bed.h"

#include <inttypes.h>

#include "crypto/sign.h"
#include "glass/layout.h"
#include "png_check.h"

static void need(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "watermark: %s\n", what);
	exit(1);
}

void bed_open(struct bed *bed)
{
	struct err err = { .msg = "no font" };
	size_t len = 0;
	uint8_t *font = png_check_load(TEST_FONT, &len);

	/* Without it libsodium takes its slowest key stream. */
	need(crypto_init(&err) == OK, err.msg);
	need(font != NULL && atlas_open(str_of(font, len), &bed->atlas, &err) == OK, err.msg);
	need(page_encoder_open(bed->atlas, &bed->encoder, &err) == OK, err.msg);
	need(detector_open(bed->atlas, &bed->detector, &err) == OK, err.msg);
	bed->png = malloc(page_bytes_max(GLASS_2X));
	bed->picture = malloc(sizeof(*bed->picture));
	need(bed->png != NULL && bed->picture != NULL, "no memory");
	free(font);
}

void bed_close(struct bed *bed)
{
	detector_close(bed->detector);
	page_encoder_close(bed->encoder);
	atlas_close(bed->atlas);
	free(bed->png);
	free(bed->picture);
}

bool bed_tile(struct bed *bed, const char *path, const struct bed_corner *at, struct bed_page *page)
{
	struct layout_index index;
	struct arena mem;
	struct err err;
	size_t len = 0;
	uint8_t *file = png_check_load(path, &len);

	if (file == NULL)
		return false;
	struct str bytes = str_of(file, len);

	arena_init(&mem, layout_index_bytes(len));
	bool is_text = layout_index_build(&mem, atlas_coverage(bed->atlas), bytes, str_from(path),
			       &index, &err) == OK &&
		!index.is_binary;

	if (is_text) {
		layout_tile(&index, atlas_coverage(bed->atlas), bytes, at->line, at->column,
			&page->grid);
		grid_put_foot(&page->grid, atlas_coverage(bed->atlas),
			STR("Reviewer 3 \xc2\xb7 Operator A \xc2\xb7 2026-11-22 18:36 UTC"));
		page->place = (struct mark_place){ sha256_of(bytes), at->line, at->column };
	}
	arena_reset(&mem);
	free(file);
	return is_text;
}

void bed_draw(struct bed *bed, const struct bed_page *page, const struct sha256 *secret,
	const struct page_options *options, struct bed_image *image)
{
	struct marks marks;
	struct err err = { 0 };
	size_t len = 0;

	memset(&marks, 0, sizeof(marks));
	if (secret != NULL)
		mark_page(secret, &page->place, &page->grid, &marks);
	need(page_encode(bed->encoder, &page->grid, &marks, options, bed->png, &len, &err) == OK,
		err.msg);
	const char *why = png_check_read(bed->png, len, bed->picture);

	need(why == NULL, why);
	*image = (struct bed_image){ bed->picture->width, bed->picture->height, NULL };
	image->rgb = malloc((size_t)image->width * image->height * 3);
	need(image->rgb != NULL, "no memory");
	uint8_t *to = image->rgb;

	for (uint32_t y = 0; y < image->height; y++)
		for (uint32_t x = 0; x < image->width; x++, to += 3)
			memcpy(to, bed->picture->palette[bed->picture->index[y][x]], 3);
}

enum err_kind bed_find(struct bed *bed, const struct picture *picture,
	const struct detect_page *page, struct bed_findings *findings, struct err *err)
{
	struct registration *where = &findings->where;

	findings->tries = 0;
	enum err_kind rc = detect_register(bed->detector, picture, page, where, err);

	for (size_t i = 0; rc == OK && i <= where->repeat_count; i++) {
		struct registration there = *where;

		if (i > 0)
			detect_repeat(where, page->zoom, i - 1, &there);
		rc = detect_measure(bed->detector, picture, page, &there,
			&findings->evidence[findings->tries], err);
		if (rc == OK)
			findings->tries++;
	}
	return findings->tries > 0 ? OK : rc;
}

bool bed_score(const struct bed_findings *findings, const struct sha256 *secret,
	const struct mark_place *place, struct score *best)
{
	for (size_t i = 0; i < findings->tries; i++) {
		struct score score;

		detect_score(&findings->evidence[i], secret, place, &score);
		if (i == 0 || score.log_chance < best->log_chance)
			*best = score;
	}
	return findings->tries > 0 &&
		detect_false_alarm(best->log_chance, BED_SESSIONS_EVER, findings->tries) <=
		detect_false_alarm_max;
}

uint8_t *bed_luma(const struct bed_image *image)
{
	size_t count = (size_t)image->width * image->height;
	uint8_t *luma = malloc(count);

	need(luma != NULL, "no memory");
	for (size_t i = 0; i < count; i++) {
		const uint8_t *p = image->rgb + 3 * i;

		luma[i] = (uint8_t)((299U * p[0] + 587U * p[1] + 114U * p[2] + 500U) / 1000U);
	}
	return luma;
}

struct sha256 bed_secret(uint64_t session)
{
	char name[32];
	int len = snprintf(name, sizeof(name), "ses_bench%016" PRIx64, session);

	return mark_secret(
		STR("the mark key of a lab to measure"), (struct str){ name, (size_t)len });
}
