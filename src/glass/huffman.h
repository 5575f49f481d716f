/*
 * huffman: a code of DEFLATE (RFC 1951) that is fixed beforehand: lengths from counts, canonical codes, the bytes
 * that begin a block, and matches as strings of bits ready to be written.
 *
 * Invariants (huffman_make)
 *  - every literal, length and distance has a code, of HUFFMAN_BITS_MAX bits at most, and the codes are complete:
 *    any page can be written, and strict readers take it;
 *  - a string holds its first bit lowest, and HUFFMAN_STRING_BITS_MAX bits at most.
 */
#ifndef GLASS_HUFFMAN_H
#define GLASS_HUFFMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	HUFFMAN_LITERALS = 286, /* literals, end of block, lengths */
	HUFFMAN_DISTANCES = 30,
	HUFFMAN_END = 256,
	HUFFMAN_BITS_MAX = 13,
	HUFFMAN_STRING_BITS_MAX = 56, /* with the 7 that a writer may hold, less than its word */
	HUFFMAN_MATCH_MIN = 3,
	HUFFMAN_MATCH_MAX = 258,
	HUFFMAN_DISTANCE_MAX = 32768,
	/* zlib's two bytes, the block's head, and the lengths at 14 bits each. */
	HUFFMAN_HEAD_BYTES_MAX = 640,
};

struct huffman_lengths {
	uint8_t literal[HUFFMAN_LITERALS], distance[HUFFMAN_DISTANCES];
};

struct huffman_counts {
	uint64_t literal[HUFFMAN_LITERALS], distance[HUFFMAN_DISTANCES];
};

/* Bits to be written, the first one lowest. */
struct huffman_string {
	uint64_t bits;
	uint32_t count;
};

struct huffman {
	struct huffman_lengths lengths;
	uint16_t literal[HUFFMAN_LITERALS], distance[HUFFMAN_DISTANCES];
	struct huffman_string match[HUFFMAN_MATCH_MAX + 1]; /* by length, without the distance */
};

/* The best lengths for such counts, one added to each. */
void huffman_train(const struct huffman_counts *counts, struct huffman_lengths *lengths);
/* Errors: ERR_CORRUPT when an invariant would not hold. */
MUST_CHECK enum err_kind huffman_make(
	const struct huffman_lengths *lengths, struct huffman *code, struct err *err);

/* Append; the caller knows that it fits. */
void huffman_add(struct huffman_string *string, struct huffman_string more);
struct huffman_string huffman_literal(const struct huffman *code, uint8_t byte);
/* 1 <= distance <= HUFFMAN_DISTANCE_MAX */
struct huffman_string huffman_distance(const struct huffman *code, uint32_t distance);
/* One match of HUFFMAN_MATCH_MIN to HUFFMAN_MATCH_MAX bytes. */
struct huffman_string huffman_match(const struct huffman *code, uint32_t len, uint32_t distance);
/* Length of the first of the matches that `left` bytes (HUFFMAN_MATCH_MIN at least) are cut into. */
uint32_t huffman_match_cut(uint32_t left);

/*
 * What stands before the first symbol of a stream of one last block: zlib's head (RFC 1950), the block's head and
 * the code's lengths. Returns how many bits; those of the last byte that are not used are 0.
 */
size_t huffman_head(const struct huffman *code, uint8_t head[HUFFMAN_HEAD_BYTES_MAX]);

#endif
