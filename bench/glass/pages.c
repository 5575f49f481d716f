#include "pages.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "png_check.h"

enum { FILES_MAX = 400, PATH_BYTES_MAX = 4096, FILE_LINES_LEAST = 30 };

static const struct {
	unsigned every; /* tile of a file */
	const char *files[8];
} sets[] = {
	[PAGES_TRAIN] = { 6,
		{ "kernel/events/core.c", "fs/namei.c", "drivers/usb/core/hub.c", "net/core/dev.c",
			"drivers/md/raid5.c", "include/linux/mm.h", "sound/core/pcm_native.c",
			"lib/vsprintf.c" } },
	[PAGES_MEASURE] = { 4,
		{ "kernel/sched/core.c", "mm/page_alloc.c", "fs/ext4/inode.c",
			"net/ipv4/tcp_input.c", "drivers/net/ethernet/intel/e1000e/netdev.c",
			"include/linux/sched.h", "arch/x86/kvm/x86.c", "kernel/fork.c" } },
};

const char *pages_kernel(void)
{
	static const char usual[] = "/usr/src/linux-source-6.1";
	const char *named = getenv("VITRINE_KERNEL");
	struct stat st;

	if (named != NULL && named[0] != '\0')
		return named;
	return stat(usual, &st) == 0 && S_ISDIR(st.st_mode) ? usual : NULL;
}

struct walk {
	const struct coverage *coverage;
	pages_fn *fn;
	void *state;
	unsigned every;
	size_t count, max;
};

static void walk_file(struct walk *walk, const char *path)
{
	struct layout_index index;
	struct arena mem;
	struct err err;
	size_t len;
	uint8_t *file = png_check_load(path, &len);

	if (file == NULL) {
		fprintf(stderr, "%s cannot be read\n", path);
		return;
	}
	struct str bytes = str_of(file, len);
	struct pages_tile tile = { .index = &index, .bytes = bytes };

	tile.place.blob = sha256_of(bytes);
	arena_init(&mem, layout_index_bytes(len));
	if (layout_index_build(&mem, walk->coverage, bytes, str_from(path), &index, &err) == OK &&
		!index.is_binary)
		for (uint32_t line = 0;
			line + FILE_LINES_LEAST < index.lines && walk->count < walk->max;
			line += walk->every * LIMIT_TILE_LINES) {
			tile.place.first_line = line;
			walk->fn(walk->state, &tile);
			walk->count++;
		}
	arena_reset(&mem);
	free(file);
}

size_t pages_of_kernel(const char *kernel, enum pages_set set, const struct coverage *coverage,
	pages_fn *fn, void *state)
{
	struct walk walk = { coverage, fn, state, sets[set].every, 0, SIZE_MAX };

	for (size_t i = 0; i < sizeof(sets[set].files) / sizeof(sets[set].files[0]); i++) {
		char path[PATH_BYTES_MAX];

		snprintf(path, sizeof(path), "%s/%s", kernel, sets[set].files[i]);
		walk_file(&walk, path);
	}
	return walk.count;
}

static char *paths[FILES_MAX];
static size_t path_count;

static int take(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	size_t len = strlen(path);

	(void)st;
	(void)ftw;
	if (type == FTW_F && len > 2 && strcmp(path + len - 2, ".c") == 0 && path_count < FILES_MAX)
		paths[path_count++] = strdup(path);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

size_t pages_of_folder(
	const char *folder, size_t max, const struct coverage *coverage, pages_fn *fn, void *state)
{
	struct walk walk = { coverage, fn, state, sets[PAGES_MEASURE].every, 0, max };

	if (nftw(folder, take, 16, FTW_PHYS) != 0)
		fprintf(stderr, "%s cannot be read\n", folder);
	qsort(paths, path_count, sizeof(paths[0]), by_name);
	for (size_t i = 0; i < path_count; i++) {
		walk_file(&walk, paths[i]);
		free(paths[i]);
	}
	path_count = 0;
	return walk.count;
}
