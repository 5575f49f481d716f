/*
 * train_page: prints src/glass/page_lengths.c: lengths of the code that pages are written in, trained on pages of the
 * Linux kernel that no benchmark measures.
 *
 *   train_page >src/glass/page_lengths.c        needs the kernel's source (pages.h)
 *
 * Begins with equal lengths, writes all pages, counts the symbols that they were written with, and does so again
 * with the lengths that fit these counts: what is written hangs a little on what it costs.
 */
#include <stdio.h>

#include "glass/page_write.h"
#include "pages.h"
#include "png_check.h"

enum { ROUNDS = 4, DECODED_BITS = HUFFMAN_BITS_MAX };

/* Symbol and length for each HUFFMAN_BITS_MAX bits that may come. */
struct decoder {
	uint16_t symbol[1 << DECODED_BITS];
	uint8_t bits[1 << DECODED_BITS];
};

static void make_decoder(
	const uint16_t *codes, const uint8_t *lengths, size_t count, struct decoder *decoder)
{
	for (size_t i = 0; i < count; i++)
		for (uint32_t at = codes[i]; at < 1 << DECODED_BITS; at += 1U << lengths[i]) {
			decoder->symbol[at] = (uint16_t)i;
			decoder->bits[at] = lengths[i];
		}
}

static uint32_t peek(const uint8_t *stream, size_t at)
{
	uint32_t bits = 0;

	memcpy(&bits, stream + at / 8, 3);
	return bits >> at % 8;
}

/* The symbols of a stream that page_write made; its Adler-32 stands behind what is read too far. */
static void count_symbols(const struct huffman *h, const uint8_t *stream, size_t head_bits,
	struct huffman_counts *counts)
{
	static struct decoder literals, distances;
	const uint32_t mask = (1U << DECODED_BITS) - 1;
	size_t at = head_bits;

	make_decoder(h->literal, h->lengths.literal, HUFFMAN_LITERALS, &literals);
	make_decoder(h->distance, h->lengths.distance, HUFFMAN_DISTANCES, &distances);
	for (;;) {
		uint32_t peeked = peek(stream, at) & mask;
		uint16_t symbol = literals.symbol[peeked];

		at += literals.bits[peeked];
		counts->literal[symbol]++;
		if (symbol == HUFFMAN_END)
			return;
		if (symbol < HUFFMAN_END)
			continue;
		/* Source: RFC 1951 section 3.2.5: how many extra bits. */
		uint32_t n = symbol - 257U;

		at += n < 8 || n == 28 ? 0 : (n - 4) / 4;
		peeked = peek(stream, at) & mask;
		symbol = distances.symbol[peeked];
		at += distances.bits[peeked] + (symbol < 4 ? 0 : (symbol - 2U) / 2);
		counts->distance[symbol]++;
	}
}

struct trainer {
	const struct atlas *atlas;
	struct page_writer *writer;
	struct page_code code;
	struct huffman_counts counts;
	uint64_t bytes;
};

static void train_tile(void *state, const struct pages_tile *tile)
{
	static struct grid grid;
	static struct marks marks;
	struct trainer *t = state;
	/* Any session will do: its marks are as good as chance. */
	const struct sha256 secret = tile->place.blob;
	const uint8_t *stream;
	struct err err;
	size_t len;

	layout_tile(tile->index, atlas_coverage(t->atlas), tile->bytes, tile->place.first_line, 0,
		&grid);
	grid_put_foot(&grid, atlas_coverage(t->atlas),
		STR("Reviewer 3 \xc2\xb7 Operator A \xc2\xb7 eng_7k2m9q4x5b6c \xc2\xb7 22 Nov 2026 15:04 UTC"));
	mark_page(&secret, &tile->place, &grid, &marks);
	if (page_write(t->writer, &grid, &marks, &stream, &len, &err) != OK) {
		fprintf(stderr, "train_page: %s\n", err.msg);
		exit(1);
	}
	count_symbols(&t->code.huffman, stream, t->code.head_bits, &t->counts);
	t->bytes += len;
}

static void print_lengths(const char *name, const uint8_t *lengths, size_t count)
{
	printf("\t\t.%s = {\n", name);
	for (size_t i = 0; i < count; i++)
		printf("%s%u,%s", i % 24 == 0 ? "\t\t\t" : " ", lengths[i],
			i % 24 == 23 || i + 1 == count ? "\n" : "");
	printf("\t\t},\n");
}

static bool train(const char *kernel, struct trainer *t, enum glass_zoom zoom,
	struct huffman_lengths *lengths, struct err *err)
{
	const struct huffman_counts none = { .literal = { 0 } };

	huffman_train(&none, lengths);
	for (int round = 0; round < ROUNDS; round++) {
		t->counts = none;
		t->bytes = 0;
		if (page_code_make(zoom, lengths, &t->code, err) != OK ||
			page_writer_open(t->atlas, zoom, lengths, &t->writer, err) != OK)
			return false;
		size_t pages = pages_of_kernel(
			kernel, PAGES_TRAIN, atlas_coverage(t->atlas), train_tile, t);

		page_writer_close(t->writer);
		fprintf(stderr, "zoom %d, round %d: %zu pages of %.0f bytes\n", (int)zoom, round,
			pages, (double)t->bytes / (double)(pages > 0 ? pages : 1));
		huffman_train(&t->counts, lengths);
	}
	return true;
}

int main(void)
{
	static const char *const names[GLASS_ZOOMS] = { "GLASS_1X", "GLASS_1_5X", "GLASS_2X" };
	static struct trainer t;
	const char *kernel = pages_kernel();
	struct huffman_lengths lengths;
	struct atlas *atlas;
	struct err err;
	size_t font_len;
	uint8_t *font = png_check_load(TEST_FONT, &font_len);

	if (kernel == NULL || font == NULL) {
		fprintf(stderr, "train_page: no source of the kernel, or no font\n");
		return 1;
	}
	if (atlas_open(str_of(font, font_len), &atlas, &err) != OK) {
		fprintf(stderr, "train_page: %s\n", err.msg);
		return 1;
	}
	t.atlas = atlas;
	printf("/* Made by bench/glass/train_page.c; not edited by hand. */\n"
	       "#include \"glass/page_code.h\"\n\n/* clang-format off */\n"
	       "const struct huffman_lengths page_lengths[GLASS_ZOOMS] = {\n");
	for (int zoom = 0; zoom < GLASS_ZOOMS; zoom++) {
		if (!train(kernel, &t, (enum glass_zoom)zoom, &lengths, &err)) {
			fprintf(stderr, "train_page: %s\n", err.msg);
			return 1;
		}
		printf("\t[%s] = {\n", names[zoom]);
		print_lengths("literal", lengths.literal, HUFFMAN_LITERALS);
		print_lengths("distance", lengths.distance, HUFFMAN_DISTANCES);
		printf("\t},\n");
	}
	printf("};\n/* clang-format on */\n");
	atlas_close(atlas);
	free(font);
	return 0;
}
