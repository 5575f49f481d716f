#include "glass/huffman.h"

#include <assert.h>
#include <string.h>

/* Source: RFC 1951 section 3.2.5. */
enum { LENGTH_CODES = 29, FIRST_LENGTH = 257 };
static const uint16_t length_base[LENGTH_CODES] = { 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23,
	27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258 };
static const uint8_t length_extra[LENGTH_CODES] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2,
	3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0 };
static const uint16_t distance_base[HUFFMAN_DISTANCES] = { 1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49,
	65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289,
	16385, 24577 };
static const uint8_t distance_extra[HUFFMAN_DISTANCES] = { 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5,
	6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13 };

/* Lengths of code lengths (section 3.2.7): their alphabet, the order they are written in, and their bits. */
enum { LENGTHS = 19, LENGTHS_BITS_MAX = 7 };
static const uint8_t lengths_order[LENGTHS] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13,
	2, 14, 1, 15 };
enum { REPEAT_LAST = 16 };

static_assert(HUFFMAN_BITS_MAX + 5 + HUFFMAN_BITS_MAX + 13 <= HUFFMAN_STRING_BITS_MAX,
	"a match with both extras is one string");
static_assert(HUFFMAN_HEAD_BYTES_MAX * 8 >= 16 + 17 + 3 * LENGTHS +
			(HUFFMAN_LITERALS + HUFFMAN_DISTANCES) * (LENGTHS_BITS_MAX + 7),
	"the head has room for lengths that compress not at all");

/* --- lengths from counts --------------------------------------------------------------------------------- */

enum { NODES_MAX = 2 * HUFFMAN_LITERALS };

/* The lightest node without a parent, that is not `but`. */
static size_t lightest(const uint64_t *weight, const int16_t *parent, size_t nodes, size_t but)
{
	size_t best = nodes;

	for (size_t i = 0; i < nodes; i++)
		if (parent[i] < 0 && i != but && (best == nodes || weight[i] < weight[best]))
			best = i;
	return best;
}

/* Huffman's own way. Returns the longest code's length. */
static unsigned grow_tree(const uint64_t *weights, size_t count, uint8_t *lengths)
{
	uint64_t weight[NODES_MAX];
	int16_t parent[NODES_MAX];
	unsigned longest = 0;

	assert(count >= 2 && 2 * count <= NODES_MAX);
	memset(parent, 0xff, sizeof(parent));
	memcpy(weight, weights, count * sizeof(weight[0]));
	for (size_t nodes = count; nodes < 2 * count - 1; nodes++) {
		size_t a = lightest(weight, parent, nodes, nodes);
		size_t b = lightest(weight, parent, nodes, a);

		weight[nodes] = weight[a] + weight[b];
		parent[a] = parent[b] = (int16_t)nodes;
	}
	for (size_t i = 0; i < count; i++) {
		unsigned depth = 0;

		for (int16_t at = parent[i]; at >= 0; at = parent[at])
			depth++;
		lengths[i] = (uint8_t)depth;
		longest = depth > longest ? depth : longest;
	}
	return longest;
}

/* Counts are flattened until the longest code is short enough: near enough to the best lengths. */
static void lengths_of(const uint64_t *counts, size_t count, unsigned bits_max, uint8_t *lengths)
{
	uint64_t weights[HUFFMAN_LITERALS];

	for (size_t i = 0; i < count; i++)
		weights[i] = counts[i] * 8;
	while (grow_tree(weights, count, lengths) > bits_max)
		for (size_t i = 0; i < count; i++)
			weights[i] = weights[i] - weights[i] / 4 + 1;
}

void huffman_train(const struct huffman_counts *counts, struct huffman_lengths *lengths)
{
	struct huffman_counts more = *counts;

	for (size_t i = 0; i < HUFFMAN_LITERALS; i++)
		more.literal[i]++;
	for (size_t i = 0; i < HUFFMAN_DISTANCES; i++)
		more.distance[i]++;
	lengths_of(more.literal, HUFFMAN_LITERALS, HUFFMAN_BITS_MAX, lengths->literal);
	lengths_of(more.distance, HUFFMAN_DISTANCES, HUFFMAN_BITS_MAX, lengths->distance);
}

/* --- codes from lengths ---------------------------------------------------------------------------------- */

static uint16_t reversed(uint32_t code, uint32_t bits)
{
	uint32_t r = 0;

	for (uint32_t i = 0; i < bits; i++)
		r |= (code >> i & 1) << (bits - 1 - i);
	return (uint16_t)r;
}

/* Source: RFC 1951 section 3.2.2. False when the lengths make no complete code; a length of 0 is no symbol. */
static bool make_codes(const uint8_t *lengths, size_t count, unsigned bits_max, uint16_t *codes)
{
	uint32_t of_length[HUFFMAN_BITS_MAX + 1] = { 0 }, next[HUFFMAN_BITS_MAX + 1] = { 0 };
	uint32_t code = 0, space = 0;

	assert(bits_max <= HUFFMAN_BITS_MAX);
	for (size_t i = 0; i < count; i++) {
		if (lengths[i] > bits_max)
			return false;
		of_length[lengths[i]]++;
	}
	of_length[0] = 0;
	for (uint32_t bits = 1; bits <= bits_max; bits++) {
		code = (code + of_length[bits - 1]) << 1;
		next[bits] = code;
		space += of_length[bits] << (bits_max - bits);
	}
	for (size_t i = 0; i < count; i++)
		codes[i] = lengths[i] == 0 ? 0 : reversed(next[lengths[i]]++, lengths[i]);
	return space == 1U << bits_max;
}

static bool has_every_symbol(const struct huffman_lengths *lengths)
{
	return memchr(lengths->literal, 0, HUFFMAN_LITERALS) == NULL &&
		memchr(lengths->distance, 0, HUFFMAN_DISTANCES) == NULL;
}

enum err_kind huffman_make(
	const struct huffman_lengths *lengths, struct huffman *code, struct err *err)
{
	if (!has_every_symbol(lengths) ||
		!make_codes(lengths->literal, HUFFMAN_LITERALS, HUFFMAN_BITS_MAX, code->literal) ||
		!make_codes(lengths->distance, HUFFMAN_DISTANCES, HUFFMAN_BITS_MAX, code->distance))
		return err_set(err, ERR_CORRUPT, "glass: lengths that make no complete code");
	code->lengths = *lengths;
	memset(code->match, 0, sizeof(code->match));
	for (size_t i = 0; i < LENGTH_CODES; i++) {
		size_t symbol = FIRST_LENGTH + i;
		uint32_t bits = lengths->literal[symbol];
		/* 258 has a symbol of its own; the one before it ends at 257. */
		uint32_t end = i + 1 == LENGTH_CODES ? 259
			: i + 2 == LENGTH_CODES      ? 258
						     : length_base[i + 1];

		for (uint32_t len = length_base[i]; len < end; len++)
			code->match[len] = (struct huffman_string){
				code->literal[symbol] | (uint64_t)(len - length_base[i]) << bits,
				bits + length_extra[i],
			};
	}
	return OK;
}

/* --- strings --------------------------------------------------------------------------------------------- */

void huffman_add(struct huffman_string *string, struct huffman_string more)
{
	string->bits |= more.bits << string->count;
	string->count += more.count;
	assert(string->count <= HUFFMAN_STRING_BITS_MAX);
}

struct huffman_string huffman_literal(const struct huffman *code, uint8_t byte)
{
	return (struct huffman_string){ code->literal[byte], code->lengths.literal[byte] };
}

struct huffman_string huffman_distance(const struct huffman *code, uint32_t distance)
{
	size_t symbol = HUFFMAN_DISTANCES - 1;

	assert(distance >= 1 && distance <= HUFFMAN_DISTANCE_MAX);
	if (distance <= 4) {
		symbol = distance - 1;
	} else {
		/* Two symbols a power of two. */
		unsigned top = 31 - (unsigned)__builtin_clz(distance - 1);

		symbol = 2 * top + ((distance - 1) >> (top - 1) & 1);
	}
	uint32_t bits = code->lengths.distance[symbol];

	return (struct huffman_string){
		code->distance[symbol] | (uint64_t)(distance - distance_base[symbol]) << bits,
		bits + distance_extra[symbol],
	};
}

struct huffman_string huffman_match(const struct huffman *code, uint32_t len, uint32_t distance)
{
	assert(len >= HUFFMAN_MATCH_MIN && len <= HUFFMAN_MATCH_MAX);
	struct huffman_string string = code->match[len];

	huffman_add(&string, huffman_distance(code, distance));
	return string;
}

uint32_t huffman_match_cut(uint32_t left)
{
	assert(left >= HUFFMAN_MATCH_MIN);
	if (left <= HUFFMAN_MATCH_MAX)
		return left;
	return left - HUFFMAN_MATCH_MAX >= HUFFMAN_MATCH_MIN ? HUFFMAN_MATCH_MAX
							     : left - HUFFMAN_MATCH_MIN;
}

/* --- the head -------------------------------------------------------------------------------------------- */

static void put(uint8_t *to, size_t *at, uint32_t bits, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++, (*at)++)
		to[*at / 8] = (uint8_t)(to[*at / 8] | (bits >> i & 1) << *at % 8);
}

/* Lengths, runs of equal ones written as one (section 3.2.7); no length is 0, so that one symbol does. */
struct lengths_run {
	uint8_t symbol, repeat; /* repeat: of REPEAT_LAST, 3 to 6 */
};

static size_t cut_lengths(const struct huffman_lengths *lengths, struct lengths_run *runs)
{
	uint8_t all[HUFFMAN_LITERALS + HUFFMAN_DISTANCES];
	size_t count = 0;

	memcpy(all, lengths->literal, HUFFMAN_LITERALS);
	memcpy(all + HUFFMAN_LITERALS, lengths->distance, HUFFMAN_DISTANCES);
	for (size_t i = 0; i < sizeof(all);) {
		size_t same = 1;

		runs[count++] = (struct lengths_run){ all[i], 0 };
		while (i + same < sizeof(all) && same < 7 && all[i + same] == all[i])
			same++;
		if (same > 3)
			runs[count++] = (struct lengths_run){ REPEAT_LAST, (uint8_t)(same - 1) };
		i += same > 3 ? same : 1;
	}
	return count;
}

size_t huffman_head(const struct huffman *code, uint8_t head[HUFFMAN_HEAD_BYTES_MAX])
{
	struct lengths_run runs[HUFFMAN_LITERALS + HUFFMAN_DISTANCES];
	size_t count = cut_lengths(&code->lengths, runs), at = 0;
	uint64_t counts[LENGTHS];
	uint8_t lengths[LENGTHS];
	uint16_t codes[LENGTHS];

	for (size_t i = 0; i < LENGTHS; i++)
		counts[i] = 1;
	for (size_t i = 0; i < count; i++)
		counts[runs[i].symbol]++;
	lengths_of(counts, LENGTHS, LENGTHS_BITS_MAX, lengths);
	bool is_complete = make_codes(lengths, LENGTHS, LENGTHS_BITS_MAX, codes);

	assert(is_complete);
	memset(head, 0, HUFFMAN_HEAD_BYTES_MAX);
	/* zlib: deflate, window of 32 KiB, no dictionary. */
	put(head, &at, 0x78, 8);
	put(head, &at, 0x01, 8);
	/* The last block, with codes of its own. */
	put(head, &at, 1, 1);
	put(head, &at, 2, 2);
	put(head, &at, HUFFMAN_LITERALS - 257, 5);
	put(head, &at, HUFFMAN_DISTANCES - 1, 5);
	put(head, &at, LENGTHS - 4, 4);
	for (size_t i = 0; i < LENGTHS; i++)
		put(head, &at, lengths[lengths_order[i]], 3);
	for (size_t i = 0; i < count; i++) {
		put(head, &at, codes[runs[i].symbol], lengths[runs[i].symbol]);
		if (runs[i].symbol == REPEAT_LAST)
			put(head, &at, runs[i].repeat - 3U, 2);
	}
	return at;
}
