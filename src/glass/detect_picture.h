/* detect_picture: what the detector's parts share of one picture and one page; for src/glass/detect*.c only. */
#ifndef GLASS_DETECT_PICTURE_H
#define GLASS_DETECT_PICTURE_H

#include "glass/detect_align.h"
#include "glass/detect_model.h"

struct detector {
	const struct atlas *atlas;
};

/* Errors: ERR_INPUT (nothing to see), ERR_LIMIT (size, memory). detect_pyramid_free only after OK. */
MUST_CHECK enum err_kind detect_pyramid_make(
	const struct picture *picture, struct pyramid *pyramid, struct err *err);
void detect_pyramid_free(struct pyramid *pyramid);

#endif
