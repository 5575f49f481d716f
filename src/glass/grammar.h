/*
 * grammar: what the lexer knows of each language, as data. A grammar colours; it does not parse: it must be
 * right about comments and strings, and may be simple about the rest.
 *
 * GRAMMAR_VERSION goes up whenever a table, the lexer or the layout changes what a page shows: it is part of the
 * render profile, and the golden pages pin it.
 */
#ifndef GLASS_GRAMMAR_H
#define GLASS_GRAMMAR_H

#include "base/str.h"
#include "glass/grid.h"

enum { GRAMMAR_VERSION = 1 };

enum language {
	LANGUAGE_PLAIN,
	LANGUAGE_BINARY, /* the hex page */
	LANGUAGE_C,
	LANGUAGE_CPP,
	LANGUAGE_PYTHON,
	LANGUAGE_SHELL,
	LANGUAGE_MAKE,
	LANGUAGE_CMAKE,
	LANGUAGE_JSON,
	LANGUAGE_YAML,
	LANGUAGE_MARKDOWN,
	LANGUAGE_GO,
	LANGUAGE_JAVASCRIPT,
	LANGUAGE_TYPESCRIPT,
	LANGUAGE_JAVA,
	LANGUAGE_RUST,
	LANGUAGE_SQL,
	LANGUAGE_XML,
	LANGUAGE_INI,
	LANGUAGE_DIFF,
	LANGUAGES
};

enum pair_flag {
	PAIR_LINES = 1, /* goes on over ends of line */
	PAIR_NESTED = 2,
	PAIR_AFTER_BLANK = 4, /* opens only at the start of a line or after a blank, ; ( or | */
	PAIR_AT_START = 8, /* opens only as the first thing on a line */
	PAIR_CHAR = 16, /* opens only when it closes within a few bytes: Rust's 'a is no string */
	PAIR_INCLUDE = 32, /* opens only behind #include */
	PAIR_CONTINUES = 64, /* goes on when the line ends in a backslash */
};

/* A comment or a string: all between two delimiters. */
struct grammar_pair {
	const char *open, *close; /* close NULL: to the end of the line */
	enum grid_ink ink;
	unsigned flags;
	char escape; /* takes the next byte with it; 0: none */
};

/* A line that begins so. */
struct grammar_line {
	const char *prefix;
	enum grid_ink ink;
	bool is_whole; /* the line, or the prefix alone */
};

enum grammar_flag {
	GRAMMAR_NAMES = 1, /* words are identifiers: hits, and functions before "(" */
	GRAMMAR_PREPROCESSOR = 2, /* # at the start of a line */
	GRAMMAR_TYPE_SUFFIX = 4, /* words in _t are types */
	GRAMMAR_ANY_CASE = 8, /* of keywords */
	GRAMMAR_HEREDOC = 16, /* <<WORD */
	GRAMMAR_BACKSLASH = 32, /* outside strings, too, a backslash takes the next byte with it */
	GRAMMAR_STRING_KEYS = 64, /* "key": */
	GRAMMAR_LINE_KEYS = 128, /* key: or key = as the first thing on a line */
	GRAMMAR_TARGETS = 256, /* key: or key = in column 0 only, whatever follows */
	GRAMMAR_DIGIT_QUOTE = 512, /* 1'000 */
	GRAMMAR_LINES_FLUSH = 1024, /* rows of `lines` fit in column 0 only */
};

enum { GRAMMAR_PAIRS_MAX = 10, GRAMMAR_LINES_MAX = 10 };

struct grammar {
	const char *name;
	const char *word_bytes; /* besides letters, digits and _ */
	const char *const *keywords; /* ascending by bytes */
	size_t keyword_count;
	struct grammar_pair pairs[GRAMMAR_PAIRS_MAX]; /* the first that fits; ends with open NULL */
	struct grammar_line lines[GRAMMAR_LINES_MAX]; /* likewise, prefix NULL */
	unsigned flags;
	char key_ends[3]; /* what may follow a key */
};

const struct grammar *grammar_of(enum language language);
/* By the last part of the path, its extension, or the "#!" line that bytes begin with. */
enum language language_of(struct str path, struct str bytes);

#endif
