/*
 * lex: cuts a line into coloured spans, driven by a grammar.
 *
 * Invariants
 *  - a state is all there is to know between two spans: lexing may be taken up again there;
 *  - a span is 1 to LEX_SPAN_BYTES_MAX bytes and never cuts a UTF-8 sequence;
 *  - what a span is hangs on at most LEX_LOOK_BYTES of the line from its start on.
 */
#ifndef GLASS_LEX_H
#define GLASS_LEX_H

#include "glass/grammar.h"

enum { LEX_SPAN_BYTES_MAX = 272, LEX_LOOK_BYTES = 1024 };

struct lex_state {
	uint8_t mode; /* the lexer's own */
	uint8_t pair; /* in a pair: which */
	uint8_t depth; /* of nested pairs */
	uint8_t ink; /* of the pair or line */
	uint8_t flags;
	uint8_t last; /* byte before; 0 at the start of a line */
	uint16_t zero;
	uint32_t word; /* hash of the word that ends a here-document */
};

struct lex_span {
	uint32_t bytes;
	uint8_t ink;
	bool is_name; /* an identifier */
};

/* Whether inks and names of words are wanted. Spans and states are the same either way. */
enum lex_care { LEX_SKIM, LEX_COLOUR };
/* The next span of a line whose rest (rest.len > 0) this is. rest may be cut after LEX_LOOK_BYTES. */
void lex_next(const struct grammar *g, struct lex_state *state, struct str rest, enum lex_care care,
	struct lex_span *span);
/* Between two lines. */
void lex_line_end(const struct grammar *g, struct lex_state *state);

#endif
