/*
 * bench_page: what a marked page costs: tiles of C files drawn one by one, ours and the peer's in turn.
 *
 *   bench_page FOLDER     the kernel's source where it lies (pages.h), else the C files beneath FOLDER
 */
#include <stdio.h>

#include "glass/page_fast.h"
#include "os/clock.h"
#include "pages.h"
#include "peer.h"
#include "png_check.h"
#include "report.h"

enum { PAGES_MAX = 400, ROUNDS = 3, HOSTILE_PAGES = 20 };

static const char visible[] =
	"Reviewer 3 \xc2\xb7 Operator A \xc2\xb7 eng_7k2m9q4x5b6c \xc2\xb7 22 Nov 2026 15:04 UTC";

/* One number a page. */
struct column {
	double of[PAGES_MAX];
};

struct bench {
	struct atlas *atlas;
	struct page_fast *fast;
	struct page_encoder *simple;
	struct palette palette;
	uint8_t *png;
	size_t count;
	struct column layout_ms, mark_ms, page_ms, bytes, simple_ms, simple_bytes, peer_ms,
		peer_bytes;
};

static struct grid grid;
static struct marks marks;
static const struct page_options options = { GLASS_LIGHT, GLASS_1X };

static double cpu_ms(void)
{
	return (double)clock_cpu_us() / 1000;
}

static void keep_least(double *least, double value, int round)
{
	*least = round == 0 || value < *least ? value : *least;
}

static void require(enum err_kind rc, const struct err *err)
{
	if (rc == OK)
		return;
	fprintf(stderr, "bench_page: %s\n", err->msg);
	exit(1);
}

/* One tile, ROUNDS times by each in turn; the least of each is kept. */
static void measure_tile(void *state, const struct pages_tile *tile)
{
	struct bench *b = state;
	const struct coverage *coverage = atlas_coverage(b->atlas);
	/* The file's digest serves as a secret: as good as chance. */
	const struct sha256 secret = tile->place.blob;
	size_t i = b->count, len;
	struct err err;

	if (i == PAGES_MAX)
		return;
	for (int round = 0; round < ROUNDS; round++) {
		double start = cpu_ms();

		layout_tile(tile->index, coverage, tile->bytes, tile->place.first_line, 0, &grid);
		grid_put_foot(&grid, coverage, str_from(visible));
		double laid_out = cpu_ms();

		mark_page(&secret, &tile->place, &grid, &marks);
		double marked = cpu_ms();

		require(page_fast_encode(b->fast, &grid, &marks, &options, b->png, &len, &err),
			&err);
		double drawn = cpu_ms();

		b->bytes.of[i] = (double)len;
		require(page_encode(b->simple, &grid, &marks, &options, b->png, &len, &err), &err);
		double simply = cpu_ms();

		b->simple_bytes.of[i] = (double)len;
		b->peer_bytes.of[i] = (double)peer_page(&grid, &b->palette);
		double by_peer = cpu_ms();

		keep_least(&b->layout_ms.of[i], laid_out - start, round);
		keep_least(&b->mark_ms.of[i], marked - laid_out, round);
		keep_least(&b->page_ms.of[i], drawn - laid_out, round);
		keep_least(&b->simple_ms.of[i], simply - drawn, round);
		keep_least(&b->peer_ms.of[i], by_peer - simply, round);
	}
	b->count++;
}

static uint64_t draw_number(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Every cell a random visible character in a random ink: the largest page, and what it costs. */
static void measure_hostile(struct bench *b, double *bytes_max, double *ms_max)
{
	const struct mark_place place = { .first_line = 0 };
	uint64_t seed = 1;

	*bytes_max = *ms_max = 0;
	for (int page = 0; page < HOSTILE_PAGES; page++) {
		struct sha256 secret = { { (uint8_t)page } };
		struct err err;
		size_t len;

		grid_clear(&grid);
		grid.lines = grid.lines_here = LIMIT_TILE_LINES;
		for (size_t row = 0; row < GRID_ROWS; row++)
			for (size_t column = 0; column < LIMIT_TILE_COLUMNS; column++) {
				grid.cells[row][column].code_point = '!' +
					(uint32_t)(draw_number(&seed) % 94);
				grid.cells[row][column].ink = (uint8_t)(draw_number(&seed) % INKS);
			}
		double start = cpu_ms();

		mark_page(&secret, &place, &grid, &marks);
		require(page_fast_encode(b->fast, &grid, &marks, &options, b->png, &len, &err),
			&err);
		double ms = cpu_ms() - start;

		*ms_max = ms > *ms_max ? ms : *ms_max;
		*bytes_max = (double)len > *bytes_max ? (double)len : *bytes_max;
	}
}

static double mean(const struct column *column, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += column->of[i];
	return sum / (double)count;
}

static double at(struct column *column, size_t count, double part)
{
	return report_percentile(column->of, count, part);
}

static void report(struct bench *b, const char *folder)
{
	const char *peer = b->peer_bytes.of[0] > 0 ? "cairo+pango, unmarked" : NULL;
	size_t n = b->count;
	double hostile_bytes, hostile_ms;
	char load[160];

	measure_hostile(b, &hostile_bytes, &hostile_ms);
	snprintf(load, sizeof(load), "%zu pages of %s, both marks, one thread", n, folder);
	const struct report_figure figures[] = {
		{ "glass.page.bytes", mean(&b->bytes, n), "B", "mean <= 30000", peer,
			mean(&b->peer_bytes, n), load },
		{ "glass.page.bytes_p95", at(&b->bytes, n, 0.95), "B", "<= 36000", peer,
			at(&b->peer_bytes, n, 0.95), load },
		{ "glass.page.bytes_simple", mean(&b->simple_bytes, n), "B", NULL, NULL, 0, load },
		{ "glass.page.cpu_ms", at(&b->page_ms, n, 0.5), "ms", "median <= 0.5", peer,
			at(&b->peer_ms, n, 0.5), load },
		{ "glass.page.cpu_ms_p99", at(&b->page_ms, n, 0.99), "ms", "<= 1", peer,
			at(&b->peer_ms, n, 0.99), load },
		{ "glass.page.mark_ms", at(&b->mark_ms, n, 0.5), "ms", "part of cpu_ms", NULL, 0,
			load },
		{ "glass.page.layout_ms", at(&b->layout_ms, n, 0.5), "ms", "beside cpu_ms", NULL, 0,
			load },
		{ "glass.page.simple_ms", at(&b->simple_ms, n, 0.5), "ms", NULL, NULL, 0, load },
		{ "glass.page.hostile_bytes", hostile_bytes, "B", "<= 105000", NULL, 0,
			"20 pages, all cells random, largest" },
		{ "glass.page.hostile_ms", hostile_ms, "ms", NULL, NULL, 0,
			"20 pages, all cells random, slowest" },
	};

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		report_figure(&figures[i]);
}

int main(int argc, char **argv)
{
	static struct bench b;
	const char *kernel = pages_kernel();
	struct err err;
	size_t font_len;
	uint8_t *font = png_check_load(TEST_FONT, &font_len);

	if (argc != 2 || font == NULL) {
		fprintf(stderr, "bench_page: no folder of source, or no font\n");
		return 1;
	}
	require(atlas_open(str_of(font, font_len), &b.atlas, &err), &err);
	require(page_fast_open(b.atlas, &b.fast, &err), &err);
	require(page_encoder_open(b.atlas, &b.simple, &err), &err);
	palette_make(GLASS_LIGHT, &b.palette);
	b.png = malloc(page_bytes_max(GLASS_1X));
	if (b.png == NULL)
		return 1;
	if (kernel != NULL)
		pages_of_kernel(kernel, PAGES_MEASURE, atlas_coverage(b.atlas), measure_tile, &b);
	else
		pages_of_folder(argv[1], PAGES_MAX, atlas_coverage(b.atlas), measure_tile, &b);
	if (b.count == 0) {
		fprintf(stderr, "bench_page: no page\n");
		return 1;
	}
	report(&b, kernel != NULL ? "linux-source-6.1" : argv[1]);
	free(b.png);
	page_encoder_close(b.simple);
	page_fast_close(b.fast);
	atlas_close(b.atlas);
	free(font);
	return 0;
}
