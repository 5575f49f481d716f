/* bed: pages to measure the watermark on: tiles of real files, drawn as the vault draws them, read back by libpng. */
#ifndef BENCH_BED_H
#define BENCH_BED_H

#include "glass/detect.h"
#include "png_check.h"

struct bed {
	struct atlas *atlas;
	struct page_encoder *encoder;
	struct detector *detector;
	uint8_t *png;
	struct png_picture *picture;
};

struct bed_page {
	struct grid grid;
	struct mark_place place;
};

/* red, green, blue; malloc'd: free. */
struct bed_image {
	uint32_t width, height;
	uint8_t *rgb;
};

/* As many sessions as a busy lab issues in many years: what a false alarm is reckoned for. */
enum { BED_SESSIONS_EVER = 100000 };

/* What a picture of a page shows, at each place where it fits. tries: 0 when it is not found. */
struct bed_findings {
	struct registration where;
	size_t tries;
	struct evidence evidence[DETECT_PLACES_MAX];
};

/* Each exits with a message on failure, for nothing can be measured then. */
void bed_open(struct bed *bed);
void bed_close(struct bed *bed);
/* Where a tile begins. */
struct bed_corner {
	uint32_t line, column;
};
/* The tile of a file. False when the file cannot be read or is no text. */
bool bed_tile(
	struct bed *bed, const char *path, const struct bed_corner *at, struct bed_page *page);
/* secret NULL: without a mark. */
void bed_draw(struct bed *bed, const struct bed_page *page, const struct sha256 *secret,
	const struct page_options *options, struct bed_image *image);
/* As a detect child does. Errors: those of detect_register and detect_measure. */
MUST_CHECK enum err_kind bed_find(struct bed *bed, const struct picture *picture,
	const struct detect_page *page, struct bed_findings *findings, struct err *err);
/* The best of a session's scores, and whether it is named by it. */
bool bed_score(const struct bed_findings *findings, const struct sha256 *secret,
	const struct mark_place *place, struct score *best);
/* width x height bytes, malloc'd: the luminance that a detect child would see. */
uint8_t *bed_luma(const struct bed_image *image);
/* Of the numbered session. */
struct sha256 bed_secret(uint64_t session);

#endif
