/* picture: the vault's side of a picture child: one picture, one child. */
#ifndef GLASS_PICTURE_H
#define GLASS_PICTURE_H

#include "glass/decode.h"
#include "glass/glass.h"

/*
 * bytes     of the file
 * *luma_fd  the caller's to close: width x height bytes of luminance, as decode_picture makes them. The child has
 *           ended: nobody else writes to it any more
 * Errors: ERR_INPUT (no picture, damaged, or the child died of it), ERR_LIMIT, ERR_CORRUPT, ERR_IO.
 */
MUST_CHECK enum err_kind picture_read(
	struct glass *g, struct str bytes, struct decoded *about, int *luma_fd, struct err *err);

#endif
