/*
 * page_fast: a grid with its marks as PNG, as page_encode draws it, pixel by pixel, in a fraction of its time. A page
 * that would come out larger than is good (no code, but noise) is drawn by page_encode after all.
 */
#ifndef GLASS_PAGE_FAST_H
#define GLASS_PAGE_FAST_H

#include "glass/page.h"

struct page_fast;
/* *fast to page_fast_close; one thread at a time. The atlas stays the caller's. Errors: ERR_LIMIT. */
MUST_CHECK enum err_kind page_fast_open(
	const struct atlas *atlas, struct page_fast **fast, struct err *err);
void page_fast_close(struct page_fast *fast);
/* As page_encode: room, errors, pixels. The bytes hang on the arguments alone, not on what was drawn before. */
MUST_CHECK enum err_kind page_fast_encode(struct page_fast *fast, const struct grid *grid,
	const struct marks *marks, const struct page_options *options, uint8_t *png, size_t *len,
	struct err *err);

#endif
