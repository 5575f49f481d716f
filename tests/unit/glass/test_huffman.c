#include "harness.h"

#include <zlib.h>

#include "glass/huffman.h"
#include "numbers.h"

static struct huffman code;

/* Kraft's sum of a complete code is 1, and lengths grow as counts shrink. */
static void trains_complete_codes(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 20; round++) {
		struct huffman_counts counts = { .literal = { 0 } };
		struct huffman_lengths lengths;
		struct err err;
		uint64_t sum = 0;

		for (size_t i = 0; round > 0 && i < HUFFMAN_LITERALS; i++)
			counts.literal[i] = UINT64_C(1)
				<< (draw_number(&seed) % (2 * (uint64_t)round));
		counts.literal[7] = UINT64_C(1) << 45;
		huffman_train(&counts, &lengths);
		for (size_t i = 0; i < HUFFMAN_LITERALS; i++) {
			assert_in_range(lengths.literal[i], 1, HUFFMAN_BITS_MAX);
			assert_true(lengths.literal[7] <= lengths.literal[i]);
			sum += 1U << (HUFFMAN_BITS_MAX - lengths.literal[i]);
		}
		assert_int_equal(sum, 1U << HUFFMAN_BITS_MAX);
		assert_int_equal(huffman_make(&lengths, &code, &err), OK);
	}
}

static void refuses_codes_that_are_none(void **state)
{
	const struct huffman_counts none = { .literal = { 0 } };
	struct huffman_lengths lengths;
	struct err err;

	(void)state;
	huffman_train(&none, &lengths);
	lengths.literal[3]++;
	assert_int_equal(huffman_make(&lengths, &code, &err), ERR_CORRUPT);
	huffman_train(&none, &lengths);
	lengths.distance[3]--;
	assert_int_equal(huffman_make(&lengths, &code, &err), ERR_CORRUPT);
	huffman_train(&none, &lengths);
	lengths.literal[285] = 0;
	assert_int_equal(huffman_make(&lengths, &code, &err), ERR_CORRUPT);
	huffman_train(&none, &lengths);
	lengths.distance[0] = HUFFMAN_BITS_MAX + 1;
	assert_int_equal(huffman_make(&lengths, &code, &err), ERR_CORRUPT);
}

struct stream {
	uint8_t bytes[1 << 16], raw[1 << 20];
	size_t bits, raw_len;
};

static void put(struct stream *s, struct huffman_string string)
{
	for (uint32_t i = 0; i < string.count; i++, s->bits++)
		s->bytes[s->bits / 8] = (uint8_t)(s->bytes[s->bits / 8] |
			(string.bits >> i & 1) << s->bits % 8);
}

static void put_literal(struct stream *s, uint8_t byte)
{
	put(s, huffman_literal(&code, byte));
	s->raw[s->raw_len++] = byte;
}

static void put_match(struct stream *s, uint32_t len, uint32_t distance)
{
	put(s, huffman_match(&code, len, distance));
	for (uint32_t i = 0; i < len; i++, s->raw_len++)
		s->raw[s->raw_len] = s->raw[s->raw_len - distance];
}

/* Every literal, every length, distances at each power of two and beside it: zlib reads what was meant. */
static void zlib_reads_what_was_meant(void **state)
{
	static struct stream s;
	static uint8_t back[sizeof(s.raw)];
	struct huffman_counts counts = { .literal = { 0 } };
	struct huffman_lengths lengths;
	struct err err;
	uint64_t seed = 9;

	(void)state;
	for (size_t i = 0; i < HUFFMAN_LITERALS; i++)
		counts.literal[i] = draw_number(&seed) % 1000;
	huffman_train(&counts, &lengths);
	assert_int_equal(huffman_make(&lengths, &code, &err), OK);
	s.bits = huffman_head(&code, s.bytes);
	for (unsigned byte = 0; byte < 256; byte++)
		put_literal(&s, (uint8_t)byte);
	for (uint32_t len = HUFFMAN_MATCH_MIN; len <= HUFFMAN_MATCH_MAX; len++) {
		put_match(&s, len, 1 + len % 200);
		put_literal(&s, (uint8_t)draw_number(&seed));
	}
	for (uint32_t power = 4; power <= HUFFMAN_DISTANCE_MAX; power *= 2)
		for (uint32_t distance = power - 3; distance <= power + 1; distance++)
			if (distance <= HUFFMAN_DISTANCE_MAX && distance <= s.raw_len) {
				put_match(&s, 3 + distance % 250, distance);
				put_literal(&s, (uint8_t)draw_number(&seed));
			}
	assert_true(s.raw_len > HUFFMAN_DISTANCE_MAX);
	put(&s,
		(struct huffman_string){
			code.literal[HUFFMAN_END], code.lengths.literal[HUFFMAN_END] });
	size_t len = (s.bits + 7) / 8;
	uLong adler = adler32(1, s.raw, (uInt)s.raw_len);
	uLongf back_len = sizeof(back);

	for (int shift = 24; shift >= 0; shift -= 8)
		s.bytes[len++] = (uint8_t)(adler >> shift);
	assert_int_equal(uncompress(back, &back_len, s.bytes, len), Z_OK);
	assert_int_equal(back_len, s.raw_len);
	assert_memory_equal(back, s.raw, back_len);
}

static void cuts_long_matches(void **state)
{
	(void)state;
	for (uint32_t bytes = HUFFMAN_MATCH_MIN; bytes < 2000; bytes++) {
		uint32_t left = bytes;

		while (left > 0) {
			uint32_t len = huffman_match_cut(left);

			assert_in_range(len, HUFFMAN_MATCH_MIN, HUFFMAN_MATCH_MAX);
			assert_true(len <= left);
			left -= len;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trains_complete_codes),
		cmocka_unit_test(refuses_codes_that_are_none),
		cmocka_unit_test(zlib_reads_what_was_meant),
		cmocka_unit_test(cuts_long_matches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
