/*
 * golden_pages: pages of our own small inputs, pinned by the digest of their pixels.
 *
 *   golden_pages check FOLDER             compare with FOLDER/pages.txt, as TAP
 *   golden_pages print FOLDER             what pages.txt should hold (see update)
 *   golden_pages both FILE THEME ZOOM OUT RGB               one page as PNG, and the pixels that its grid says
 *   golden_pages draw FILE THEME ZOOM OUT [LINE [COLUMN]]   one page, to look at
 *
 * Pages carry the mark of one session under one key, both fixed below. A page is read back by zlib and by libpng
 * and compared with its grid before its pixels are hashed, so that what is pinned is what a browser shows,
 * whatever the encoder does.
 */
#include <stdio.h>

#include "glass/layout.h"
#include "glass/mark.h"
#include "glass/page_fast.h"
#include "glass/profile.h"
#include "png_check.h"

/* Inputs that no text file of ours may hold: hidden characters, bytes that are not UTF-8. */
static const char hidden_c[] =
	"/* \342\200\256 } \342\201\246if (admin)\342\201\251 \342\201\246 begin */\nint a"
	"\342\200\213b;\n\357\273\277x \377\376 bad \300\200\n\014form feed, \033[31mred, "
	"lone\015return\n";
static const char binary_bin[] =
	"\000\001\002\003\004\005\006\007\010\011\n\013\014\015\016\017\020\021\022\023\024"
	"\025\026\027\030\031\032\033\034\035\036\037 !\042#$%&'()*+,-./0123456789:;<=>\077"
	"@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\134]^_`abcdefghijklmnopqrstuvwxyz{|}~\177\200\201\202"
	"\203\204\205\206\207\210\211\212\213\214\215\216\217\220\221\222\223\224\225\226\227"
	"\230\231\232\233\234\235\236\237\240\241\242\243\244\245\246\247\250\251\252\253\254"
	"\255\256\257\260\261\262\263\264\265\266\267\270\271\272\273\274\275\276\277\300\301"
	"\302\303\304\305\306\307\310\311\312\313\314\315\316\317\320\321\322\323\324\325\326"
	"\327\330\331\332\333\334\335\336\337\340\341\342\343\344\345\346\347\350\351\352\353"
	"\354\355\356\357\360\361\362\363\364\365\366\367\370\371\372\373\374\375\376\377\177"
	"ELF\002\001\001\000\000\000\000\000\000\000\000\000text in it";
#define BYTES(array)                                                                               \
	{                                                                                          \
		(array), sizeof(array) - 1                                                         \
	}

/* Inputs (in/NAME.in, so that no checker of our own sources takes them for such), and the tile that is drawn. */
static const struct golden {
	const char *file;
	uint32_t line, column;
	struct str bytes; /* of an input that is not in in/ */
} goldens[] = {
	{ "sample.c", 0, 0, { 0 } },
	{ "sample.cpp", 0, 0, { 0 } },
	{ "sample.py", 0, 0, { 0 } },
	{ "sample.sh", 0, 0, { 0 } },
	{ "Makefile", 0, 0, { 0 } },
	{ "CMakeLists.txt", 0, 0, { 0 } },
	{ "sample.json", 0, 0, { 0 } },
	{ "sample.yaml", 0, 0, { 0 } },
	{ "sample.md", 0, 0, { 0 } },
	{ "sample.go", 0, 0, { 0 } },
	{ "sample.js", 0, 0, { 0 } },
	{ "sample.ts", 0, 0, { 0 } },
	{ "sample.java", 0, 0, { 0 } },
	{ "sample.rs", 0, 0, { 0 } },
	{ "sample.sql", 0, 0, { 0 } },
	{ "sample.xml", 0, 0, { 0 } },
	{ "sample.ini", 0, 0, { 0 } },
	{ "sample.diff", 0, 0, { 0 } },
	{ "plain", 0, 0, { 0 } },
	{ "empty", 0, 0, { 0 } },
	{ "tabs.c", 0, 0, { 0 } },
	{ "wide.txt", 0, 0, { 0 } },
	{ "hidden.c", 0, 0, BYTES(hidden_c) },
	{ "crlf.c", 0, 0, { 0 } },
	{ "alphabets.txt", 0, 0, { 0 } },
	{ "long.txt", 0, 0, { 0 } },
	{ "long.txt", 0, 80, { 0 } },
	{ "many.txt", 60, 0, { 0 } },
	{ "binary.bin", 0, 0, BYTES(binary_bin) },
};
enum { GOLDENS = sizeof(goldens) / sizeof(goldens[0]), PATH_MAX_BYTES = 4096 };

static struct atlas *atlas;
static struct page_fast *fast;
static struct sha256 font_digest;
static struct grid grid;
static struct marks marks;
static struct png_picture picture;
static uint8_t png[2 << 20];

static const char visible[] =
	"Reviewer 3 \xc2\xb7 Operator A \xc2\xb7 eng_7k2m9q4x5b6c \xc2\xb7 22 Nov 2026 15:04 UTC";

/* A mark key, 32 bytes as a lab's is, and a session of that lab. */
static const char mark_key[] = "vitrine golden pages' mark key 1";
static const char session[] = "ses_golden";

static const char *open_font(void)
{
	static struct err err;
	size_t len;
	uint8_t *font = png_check_load(TEST_FONT, &len);

	if (font == NULL)
		return TEST_FONT " is missing: install fonts-dejavu-core";
	font_digest = sha256_of((struct str){ (char *)font, len });
	bool opened = atlas_open((struct str){ (char *)font, len }, &atlas, &err) == OK &&
		page_fast_open(atlas, &fast, &err) == OK;

	free(font);
	return opened ? NULL : err.msg;
}

/* Lay out one tile. NULL, or why not. */
static const char *lay_out(struct str bytes, struct str name, uint32_t line, uint32_t column)
{
	static struct err err;
	struct arena mem;
	struct layout_index index;

	arena_init(&mem, layout_index_bytes(bytes.len));
	enum err_kind rc = layout_index_build(
		&mem, atlas_coverage(atlas), bytes, name, &index, &err);

	if (rc == OK) {
		layout_tile(&index, atlas_coverage(atlas), bytes, line, column, &grid);
		grid_put_foot(&grid, atlas_coverage(atlas), str_from(visible));
		rc = grid_check(&grid, &err);
	}
	if (rc == OK) {
		const struct mark_place place = { sha256_of(bytes), line, column };
		struct sha256 secret = mark_secret(str_from(mark_key), str_from(session));

		mark_page(&secret, &place, &grid, &marks);
	}
	arena_reset(&mem);
	return rc == OK ? NULL : err.msg;
}

static const char *lay_out_file(const char *path, struct str name, uint32_t line, uint32_t column)
{
	size_t len;
	uint8_t *bytes = png_check_load(path, &len);

	if (bytes == NULL)
		return "the input is missing";
	const char *why = lay_out(str_of(bytes, len), name, line, column);

	free(bytes);
	return why;
}

/* Draw the grid, read the page back, check it. NULL, or why it is not right. */
static const char *draw(const struct page_options *options, size_t *len)
{
	static struct err err;

	if (page_fast_encode(fast, &grid, &marks, options, png, len, &err) != OK)
		return err.msg;
	const char *why = png_check_read(png, *len, &picture);

	return why != NULL ? why : png_check_compare(&picture, atlas, &grid, &marks, options);
}

/* SHA-256 over width and height (u32be) and the pixels' RGB, row by row. */
static void digest_of_pixels(char hex[SHA256_HEX_BYTES])
{
	struct sha256_state state;
	uint8_t head[8] = { (uint8_t)(picture.width >> 24), (uint8_t)(picture.width >> 16),
		(uint8_t)(picture.width >> 8), (uint8_t)picture.width,
		(uint8_t)(picture.height >> 24), (uint8_t)(picture.height >> 16),
		(uint8_t)(picture.height >> 8), (uint8_t)picture.height };

	sha256_begin(&state);
	sha256_add(&state, (struct str){ (char *)head, sizeof(head) });
	for (uint32_t y = 0; y < picture.height; y++) {
		static uint8_t row[PNG_CHECK_WIDTH_MAX * 3];

		for (uint32_t x = 0; x < picture.width; x++)
			memcpy(row + 3 * (size_t)x, picture.palette[picture.index[y][x]], 3);
		sha256_add(&state, (struct str){ (char *)row, 3 * (size_t)picture.width });
	}
	struct sha256 digest = sha256_end(&state);

	sha256_format(&digest, hex);
}

/* The line of pages.txt that pins the font, or one page. */
static void font_line(char *line, size_t size)
{
	char hex[SHA256_HEX_BYTES], engine[ATLAS_ENGINE_BYTES];

	sha256_format(&font_digest, hex);
	atlas_engine(engine);
	snprintf(line, size, "font %s freetype %s", hex, engine);
}

static const char *page_line(const char *folder, const struct golden *golden,
	const struct page_options *options, char *line, size_t size)
{
	char path[PATH_MAX_BYTES], hex[SHA256_HEX_BYTES];
	size_t len;

	snprintf(path, sizeof(path), "%s/in/%s.in", folder, golden->file);
	const char *why = golden->bytes.len > 0
		? lay_out(golden->bytes, str_from(golden->file), golden->line, golden->column)
		: lay_out_file(path, str_from(golden->file), golden->line, golden->column);

	if (why == NULL)
		why = draw(options, &len);
	if (why != NULL)
		return why;
	digest_of_pixels(hex);
	snprintf(line, size, "%s %s %u %u %s %s", hex, golden->file, (unsigned)golden->line,
		(unsigned)golden->column, profile_theme_name(options->theme),
		profile_zoom_name(options->zoom));
	return NULL;
}

static int print(const char *folder)
{
	char line[512];

	font_line(line, sizeof(line));
	printf("%s\n", line);
	for (size_t i = 0; i < GOLDENS; i++)
		for (int theme = 0; theme < GLASS_THEMES; theme++)
			for (int zoom = 0; zoom < GLASS_ZOOMS; zoom++) {
				struct page_options options = { (enum glass_theme)theme,
					(enum glass_zoom)zoom };
				const char *why = page_line(
					folder, &goldens[i], &options, line, sizeof(line));

				if (why != NULL) {
					fprintf(stderr, "%s: %s\n", goldens[i].file, why);
					return 1;
				}
				printf("%s\n", line);
			}
	return 0;
}

/* Is this whole line in the text? */
static bool has_line(struct str text, const char *line)
{
	struct str head, rest = text;

	while (str_cut(rest, '\n', &head, &rest))
		if (str_eq(head, str_from(line)))
			return true;
	return false;
}

static int check(const char *folder)
{
	char path[PATH_MAX_BYTES], line[512];
	size_t len;
	unsigned test = 1, failed = 0;

	snprintf(path, sizeof(path), "%s/pages.txt", folder);
	uint8_t *pinned = png_check_load(path, &len);

	printf("1..%u\n", (unsigned)GOLDENS + 1);
	if (pinned == NULL) {
		printf("Bail out! pages.txt is missing\n");
		return 1;
	}
	struct str text = { (char *)pinned, len };

	font_line(line, sizeof(line));
	bool same_font = has_line(text, line);

	printf("%s 1 - the font is the pinned one\n", same_font ? "ok" : "not ok");
	if (!same_font)
		printf("# this machine has %s;\n# pages are pinned for another: with another font or FreeType they "
		       "differ, and profiles say so\n",
			line);
	for (size_t i = 0; i < GOLDENS; i++) {
		const char *why = NULL;
		struct page_options options = { GLASS_LIGHT, GLASS_1X };

		for (int k = 0; k < GLASS_THEMES * GLASS_ZOOMS && why == NULL; k++) {
			options.theme = (enum glass_theme)(k / GLASS_ZOOMS);
			options.zoom = (enum glass_zoom)(k % GLASS_ZOOMS);
			why = page_line(folder, &goldens[i], &options, line, sizeof(line));
			if (why == NULL && !has_line(text, line))
				why = "other pixels than the pinned ones";
		}
		printf("%s %u - %s %u,%u\n", why == NULL ? "ok" : "not ok", ++test, goldens[i].file,
			(unsigned)goldens[i].line, (unsigned)goldens[i].column);
		if (why != NULL)
			printf("# %s %s: %s\n", profile_theme_name(options.theme),
				profile_zoom_name(options.zoom), why);
		failed += why != NULL;
	}
	free(pinned);
	return failed > 0 || !same_font;
}

/* Pixels as the simple encoder draws them, read back, three bytes each: for a reader that is none of ours. */
static const char *put_pixels(const struct page_options *options, const char *path)
{
	static struct err err;
	struct page_encoder *simple;
	const char *why = NULL;
	size_t len;

	if (page_encoder_open(atlas, &simple, &err) != OK)
		return err.msg;
	if (page_encode(simple, &grid, &marks, options, png, &len, &err) != OK)
		why = err.msg;
	page_encoder_close(simple);
	if (why == NULL)
		why = png_check_read(png, len, &picture);
	FILE *out = why == NULL ? fopen(path, "wb") : NULL;

	if (out == NULL)
		return why != NULL ? why : "cannot be written";
	for (uint32_t y = 0; y < picture.height; y++)
		for (uint32_t x = 0; x < picture.width; x++)
			if (fwrite(picture.palette[picture.index[y][x]], 3, 1, out) != 1)
				why = "cannot be written";
	return fclose(out) != 0 ? "cannot be written" : why;
}

static int draw_one(int argc, char **argv)
{
	struct page_options options = { GLASS_LIGHT, GLASS_1X };
	bool is_both = strcmp(argv[1], "both") == 0;
	size_t len;

	for (int theme = 0; theme < GLASS_THEMES; theme++)
		if (strcmp(argv[3], profile_theme_name((enum glass_theme)theme)) == 0)
			options.theme = (enum glass_theme)theme;
	for (int zoom = 0; zoom < GLASS_ZOOMS; zoom++)
		if (strcmp(argv[4], profile_zoom_name((enum glass_zoom)zoom)) == 0)
			options.zoom = (enum glass_zoom)zoom;
	const char *why = lay_out_file(argv[2], str_from(argv[2]),
		argc > 6 && !is_both ? (uint32_t)strtoul(argv[6], NULL, 10) : 0,
		argc > 7 && !is_both ? (uint32_t)strtoul(argv[7], NULL, 10) : 0);

	if (why == NULL)
		why = draw(&options, &len);
	FILE *out = why == NULL ? fopen(argv[5], "wb") : NULL;

	if (out == NULL || fwrite(png, 1, len, out) != len || fclose(out) != 0) {
		fprintf(stderr, "%s: %s\n", argv[2], why != NULL ? why : "cannot be written");
		return 1;
	}
	why = is_both ? put_pixels(&options, argv[6]) : NULL;
	if (why != NULL)
		fprintf(stderr, "%s: %s\n", argv[6], why);
	return why != NULL;
}

int main(int argc, char **argv)
{
	const char *why = open_font();

	if (why != NULL) {
		printf("Bail out! %s\n", why);
		return 1;
	}
	if (argc == 3 && strcmp(argv[1], "check") == 0)
		return check(argv[2]);
	if (argc == 3 && strcmp(argv[1], "print") == 0)
		return print(argv[2]);
	if ((argc >= 6 && strcmp(argv[1], "draw") == 0) ||
		(argc == 7 && strcmp(argv[1], "both") == 0))
		return draw_one(argc, argv);
	fprintf(stderr, "golden_pages: see the head of golden_pages.c\n");
	return 2;
}
