/* peer: the same cells drawn by cairo and pango, without marks. */
#ifndef BENCH_GLASS_PEER_H
#define BENCH_GLASS_PEER_H

#include "glass/page.h"

/* PNG bytes; 0 where cairo and pango were not there at build time. */
size_t peer_page(const struct grid *grid, const struct palette *palette);

#endif
