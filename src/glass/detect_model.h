/* detect_model: the page as it looks without a mark, as grey values. */
#ifndef GLASS_DETECT_MODEL_H
#define GLASS_DETECT_MODEL_H

#include "glass/detect.h"
#include "glass/detect_plane.h"

/*
 * Of the rows of source; the foot is left out, for nobody knows whose name stood there. All of one size.
 *
 * still, shifted  luminance without and with the shift, paper between its two levels
 * middle          the mean of both: what an average mark looks like
 * paper           1 where there is paper in both
 */
struct detect_model {
	struct plane still, shifted, middle, paper;
};

/* Errors: ERR_LIMIT (memory), ERR_CORRUPT when the atlas lacks a code point of the grid. */
MUST_CHECK enum err_kind detect_model_make(const struct atlas *atlas,
	const struct detect_page *page, struct detect_model *model, struct err *err);
/* The same as seen smaller; scale at most 1. False without memory. */
bool detect_model_reduce(const struct detect_model *from, double scale, struct detect_model *to);
void detect_model_free(struct detect_model *model);

#endif
