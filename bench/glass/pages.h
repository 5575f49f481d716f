/* pages: tiles of real code to draw: of the Linux kernel's source where it lies, else of C files beneath a folder. */
#ifndef BENCH_GLASS_PAGES_H
#define BENCH_GLASS_PAGES_H

#include "glass/layout.h"
#include "glass/mark.h"

/* Files that the page's code is trained on, and files that it is measured on: none is in both. */
enum pages_set { PAGES_TRAIN, PAGES_MEASURE };

struct pages_tile {
	const struct layout_index *index;
	struct str bytes;
	struct mark_place place;
};

/* What is done with a tile. */
typedef void pages_fn(void *state, const struct pages_tile *tile);

/* VITRINE_KERNEL, or where Debian's linux-source-6.1 is unpacked by habit; NULL: not there. */
const char *pages_kernel(void);
/* Tiles of the set, every fourth of a file (every sixth to train). Returns how many there were; says what it could not read. */
size_t pages_of_kernel(const char *kernel, enum pages_set set, const struct coverage *coverage,
	pages_fn *fn, void *state);
/* Tiles of all C files beneath `folder`, by name, `max` at most. */
size_t pages_of_folder(
	const char *folder, size_t max, const struct coverage *coverage, pages_fn *fn, void *state);

#endif
