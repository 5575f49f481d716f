/*
 * bench_page: what a page costs: tiles of C files drawn one by one, ours and the peer's in turn.
 *
 *   bench_page FOLDER...     the first of the folders that exists; C files beneath it, by name
 */
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

#include "glass/layout.h"
#include "os/clock.h"
#include "peer.h"
#include "png_check.h"
#include "report.h"

enum { FILES_MAX = 400, PAGES_MAX = 262, ROUNDS = 3, FILE_LINES_LEAST = 30 };

static char *paths[FILES_MAX];
static size_t path_count;
static double page_ms[PAGES_MAX], page_bytes[PAGES_MAX], peer_ms[PAGES_MAX], peer_bytes[PAGES_MAX];
static size_t page_count;
static double index_ms, index_bytes;

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

static double cpu_ms(void)
{
	return (double)clock_cpu_us() / 1000;
}

struct drawer {
	struct atlas *atlas;
	struct page_encoder *encoder;
	struct palette palette;
	uint8_t *png;
};

static void measure_tile(
	const struct drawer *d, const struct layout_index *index, struct str bytes, uint32_t line)
{
	static struct grid grid;
	static const struct marks marks;
	const struct page_options options = { GLASS_LIGHT, GLASS_1X };
	struct err err;
	size_t len = 0;
	double best = 1e9, peer_best = 1e9;

	for (int round = 0; round < ROUNDS; round++) {
		double start = cpu_ms();

		layout_tile(index, atlas_coverage(d->atlas), bytes, line, 0, &grid);
		grid_put_foot(
			&grid, atlas_coverage(d->atlas), STR("Reviewer 3 \xc2\xb7 Operator A"));
		if (page_encode(d->encoder, &grid, &marks, &options, d->png, &len, &err) != OK) {
			fprintf(stderr, "bench_page: %s\n", err.msg);
			exit(1);
		}
		double middle = cpu_ms();

		peer_bytes[page_count] = (double)peer_page(&grid, &d->palette);
		double end = cpu_ms();

		best = middle - start < best ? middle - start : best;
		peer_best = end - middle < peer_best ? end - middle : peer_best;
	}
	page_ms[page_count] = best;
	peer_ms[page_count] = peer_best;
	page_bytes[page_count] = (double)len;
	page_count++;
}

static void measure_file(const struct drawer *d, const char *path)
{
	struct layout_index index;
	struct arena mem;
	struct err err;
	size_t len;
	uint8_t *file = png_check_load(path, &len);

	if (file == NULL)
		return;
	struct str bytes = str_of(file, len);

	arena_init(&mem, layout_index_bytes(len));
	double start = cpu_ms();

	if (layout_index_build(
		    &mem, atlas_coverage(d->atlas), bytes, str_from(path), &index, &err) == OK &&
		!index.is_binary) {
		index_ms += cpu_ms() - start;
		index_bytes += (double)len;
		for (uint32_t line = 0;
			line + FILE_LINES_LEAST < index.lines && page_count < PAGES_MAX;
			line += 4 * LIMIT_TILE_LINES)
			measure_tile(d, &index, bytes, line);
	}
	arena_reset(&mem);
	free(file);
}

static double mean(const double *values, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += values[i];
	return sum / (double)count;
}

static void report(const char *folder)
{
	bool has_peer = peer_bytes[0] > 0;
	const char *peer = has_peer ? "cairo+pango, unmarked" : NULL;
	char load[160];

	snprintf(load, sizeof(load), "%zu pages of %s, one thread, simple encoder", page_count,
		folder);
	const struct report_figure figures[] = {
		{ "glass.page.bytes", mean(page_bytes, page_count), "B", "mean <= 30000", peer,
			mean(peer_bytes, page_count), load },
		{ "glass.page.bytes_p95", report_percentile(page_bytes, page_count, 0.95), "B",
			"<= 36000", peer, report_percentile(peer_bytes, page_count, 0.95), load },
		{ "glass.page.cpu_ms", report_percentile(page_ms, page_count, 0.5), "ms",
			"median <= 0.5", peer, report_percentile(peer_ms, page_count, 0.5), load },
		{ "glass.page.cpu_ms_p99", report_percentile(page_ms, page_count, 0.99), "ms",
			"<= 1", peer, report_percentile(peer_ms, page_count, 0.99), load },
		{ "glass.index.mb_per_s", index_bytes / 1000 / index_ms, "MB/s", NULL, NULL, 0,
			load },
	};

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		report_figure(&figures[i]);
}

int main(int argc, char **argv)
{
	struct drawer d;
	struct err err;
	struct stat st;
	size_t font_len;
	uint8_t *font = png_check_load(TEST_FONT, &font_len);
	const char *folder = NULL;

	for (int i = 1; i < argc && folder == NULL; i++)
		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			folder = argv[i];
	if (folder == NULL || font == NULL || nftw(folder, take, 16, FTW_PHYS) != 0) {
		fprintf(stderr, "bench_page: no folder of source, or no font\n");
		return 1;
	}
	qsort(paths, path_count, sizeof(paths[0]), by_name);
	if (atlas_open(str_of(font, font_len), &d.atlas, &err) != OK ||
		page_encoder_open(d.atlas, &d.encoder, &err) != OK) {
		fprintf(stderr, "bench_page: %s\n", err.msg);
		return 1;
	}
	d.png = malloc(page_bytes_max(GLASS_1X));
	palette_make(GLASS_LIGHT, &d.palette);
	for (size_t i = 0; i < path_count && page_count < PAGES_MAX && d.png != NULL; i++)
		measure_file(&d, paths[i]);
	if (page_count == 0) {
		fprintf(stderr, "bench_page: no page in %s\n", folder);
		return 1;
	}
	report(folder);
	free(d.png);
	page_encoder_close(d.encoder);
	atlas_close(d.atlas);
	for (size_t i = 0; i < path_count; i++)
		free(paths[i]);
	free(font);
	return 0;
}
