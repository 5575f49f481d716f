/*
 * watermark_pipe: draws pages and scores pictures in bulk, for campaign.py: no process is started for an image.
 *
 * A request is a line on stdin, its words apart by a space, and for `find` the picture's bytes after it. An
 * answer is a line on stdout, and for `draw` the image's bytes after it.
 *
 *   tile LINE COLUMN PATH                   text INK LINES: cells with ink, lines of source; or: none
 *   draw MARKED SESSION THEME ZOOM          image WIDTH HEIGHT, then red, green, blue bytes
 *   find THEME ZOOM WIDTH HEIGHT            found MS CORRELATION INVERTED TRIES BITS-PAPER BITS-SHIFT
 *                                           A0 ... A7; or: lost KIND MS
 *   score SESSION                           score NAMED PAPER SHIFT BOTH LOG-CHANCE
 *   wrong FIRST COUNT                       wrong NAMED, then struct tally's chances, then its z: of COUNT
 *                                           sessions from FIRST on
 *
 * `score` and `wrong` are about the last picture found, and `draw` and `find` about the last tile.
 */
#include <errno.h>
#include <inttypes.h>

#include "bed.h"
#include "os/clock.h"
#include "tally.h"

enum { LINE_BYTES_MAX = 4096 };

struct state {
	struct bed bed;
	struct bed_page page;
	struct bed_findings findings;
	bool has_page;
};

static void fail(const char *what)
{
	fprintf(stderr, "watermark_pipe: %s\n", what);
	exit(1);
}

static uint64_t number(char **at)
{
	char *end;

	errno = 0;
	uint64_t v = strtoull(*at, &end, 10);

	if (errno != 0 || end == *at)
		fail("a number is missing");
	*at = end;
	return v;
}

static void do_tile(struct state *s, char *at)
{
	struct bed_corner corner = { .line = (uint32_t)number(&at) };
	unsigned ink = 0;

	corner.column = (uint32_t)number(&at);
	s->findings.tries = 0;
	s->has_page = *at == ' ' && bed_tile(&s->bed, at + 1, &corner, &s->page);
	if (!s->has_page) {
		printf("none\n");
		return;
	}
	for (size_t row = 0; row < GRID_FOOT; row++)
		for (size_t column = 0; column < LIMIT_TILE_COLUMNS; column++)
			ink += s->page.grid.cells[row][column].code_point != ' ';
	printf("text %u %u\n", ink, (unsigned)s->page.grid.lines_here);
}

static void do_draw(struct state *s, char *at)
{
	bool is_marked = number(&at) != 0;
	struct sha256 secret = bed_secret(number(&at));
	struct page_options options = { 0 };
	struct bed_image image;

	options.theme = number(&at) % GLASS_THEMES;
	options.zoom = number(&at) % GLASS_ZOOMS;
	if (!s->has_page)
		fail("draw: no tile");
	bed_draw(&s->bed, &s->page, is_marked ? &secret : NULL, &options, &image);
	printf("image %u %u\n", (unsigned)image.width, (unsigned)image.height);
	fwrite(image.rgb, 3, (size_t)image.width * image.height, stdout);
	free(image.rgb);
}

static void find(struct state *s, const struct picture *picture, const struct detect_page *page)
{
	const struct bed_findings *f = &s->findings;
	struct err err;
	int64_t start = clock_cpu_us();
	enum err_kind rc = bed_find(&s->bed, picture, page, &s->findings, &err);
	double ms = (double)(clock_cpu_us() - start) / 1000;

	if (rc != OK) {
		printf("lost %s %.1f\n", err_word(rc), ms);
		return;
	}
	printf("found %.1f %.4f %d %zu %u %u", ms, f->where.correlation, f->where.inverted,
		f->tries, f->evidence[0].layer[MARK_PAPER].bits,
		f->evidence[0].layer[MARK_SHIFT].bits);
	for (int i = 0; i < 8; i++)
		printf(" %.9g", f->where.a[i]);
	printf("\n");
}

static void do_find(struct state *s, char *at)
{
	struct detect_page page = { &s->page.grid, s->page.place, 0, 0 };

	page.theme = number(&at) % GLASS_THEMES;
	page.zoom = number(&at) % GLASS_ZOOMS;
	uint64_t width = number(&at), height = number(&at);

	if (width == 0 || height == 0 || width > 65536 || height > 65536)
		fail("find: a picture of odd size");
	uint8_t *luma = malloc(width * height);

	if (!s->has_page || luma == NULL || fread(luma, width, height, stdin) != height)
		fail("find: no tile, memory or picture");
	const struct picture picture = { (uint32_t)width, (uint32_t)height, luma };

	find(s, &picture, &page);
	free(luma);
}

static void do_score(struct state *s, char *at)
{
	struct sha256 secret = bed_secret(number(&at));
	struct score score;

	if (s->findings.tries == 0)
		fail("score: nothing found");
	bool named = bed_score(&s->findings, &secret, &s->page.place, &score);

	printf("score %d %.4f %.4f %.4f %.4f\n", named, score.paper, score.shift, score.both,
		score.log_chance);
}

static void do_wrong(struct state *s, char *at)
{
	uint64_t first = number(&at), count = number(&at);
	struct tally told = { .named = 0 };

	if (s->findings.tries == 0 || !tally(&s->findings, &s->page.place, first, count, &told))
		fail("wrong: nothing found, or no memory");
	printf("wrong %" PRIu64, told.named);
	for (size_t i = 0; i < TALLY_CHANCES; i++)
		printf(" %" PRIu64, told.chance[i]);
	for (size_t i = 0; i < TALLY_Z_BINS; i++)
		printf(" %" PRIu64, told.z[i]);
	printf("\n");
}

static const struct request {
	const char *name;
	void (*run)(struct state *s, char *at);
} requests[] = {
	{ "tile ", do_tile },
	{ "draw ", do_draw },
	{ "find ", do_find },
	{ "score ", do_score },
	{ "wrong ", do_wrong },
};

int main(void)
{
	static struct state state;
	static char line[LINE_BYTES_MAX];

	bed_open(&state.bed);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		const struct request *found = NULL;

		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
			if (strncmp(line, requests[i].name, strlen(requests[i].name)) == 0)
				found = &requests[i];
		if (found == NULL)
			fail("unknown request");
		found->run(&state, line + strlen(found->name));
		fflush(stdout);
	}
	bed_close(&state.bed);
	return 0;
}
