#include "glass/lex.h"

enum mode {
	MODE_NORMAL,
	MODE_PAIR, /* inside grammar.pairs[pair] */
	MODE_WORD, /* in a word longer than a span */
	MODE_LINE, /* the rest of the line in one ink */
	MODE_HEREDOC, /* at or in a line of a here-document */
};

enum state_flag {
	SEEN_INK = 1, /* something that is not blank stands before on this line */
	SEEN_INCLUDE = 2,
	HEREDOC_PENDING = 4, /* begins with the next line */
	HEREDOC_TABS = 8, /* <<-: tabs before the end word do not count */
};

enum {
	SPAN_STEP =
		256, /* a span is cut behind so many bytes; an escape, a delimiter or a character may follow */
	WORD_BYTES_MAX = 64, /* longer ones are no keyword and end no here-document */
	HEREDOC_END_BYTES_MAX = 2 * WORD_BYTES_MAX, /* the word that ends it, and tabs */
	KEY_BYTES_MAX = 512, /* how far a key is looked for */
	CHAR_BYTES_MAX = 12, /* '\u{10ffff}' */
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_word(const struct grammar *g, char c)
{
	return is_letter(c) || is_digit(c) ||
		(g->word_bytes != NULL && c != '\0' && strchr(g->word_bytes, c) != NULL);
}

static bool starts(struct str s, const char *text)
{
	for (size_t i = 0; text[i] != '\0'; i++)
		if (i >= s.len || s.ptr[i] != text[i])
			return false;
	return true;
}

static size_t word_len(const struct grammar *g, struct str rest, size_t from)
{
	while (from < rest.len && from < SPAN_STEP && is_word(g, rest.ptr[from]))
		from++;
	return from;
}

/* FNV-1a, never 0. A collision ends a here-document early in colour only. */
static uint32_t word_hash(struct str word)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < word.len; i++)
		h = (h ^ (uint8_t)word.ptr[i]) * 16777619U;
	return h == 0 ? 1 : h;
}

static bool is_keyword(const struct grammar *g, struct str word)
{
	char small[WORD_BYTES_MAX];
	size_t low = 0, high = g->keyword_count;

	if (word.len > WORD_BYTES_MAX)
		return false;
	if ((g->flags & GRAMMAR_ANY_CASE) != 0) {
		for (size_t i = 0; i < word.len; i++) {
			char c = word.ptr[i];

			small[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
		}
		word.ptr = small;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = str_cmp(word, str_from(g->keywords[middle]));

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return (g->flags & GRAMMAR_TYPE_SUFFIX) != 0 && word.len > 2 && str_ends(word, STR("_t"));
}

/* Length of the span inside the open pair that begins at `from`; leaves the pair at its close. */
static size_t pair_span(
	const struct grammar *g, struct lex_state *state, struct str rest, size_t from)
{
	const struct grammar_pair *pair = &g->pairs[state->pair];
	size_t at = from;

	while (at < rest.len && at < SPAN_STEP) {
		if (pair->escape != 0 && rest.ptr[at] == pair->escape) {
			at += at + 1 < rest.len ? 2 : 1;
		} else if (pair->close != NULL && starts(str_skip(rest, at), pair->close)) {
			at += strlen(pair->close);
			if (state->depth == 0) {
				state->mode = MODE_NORMAL;
				return at;
			}
			state->depth--;
		} else if ((pair->flags & PAIR_NESTED) != 0 && state->depth < UINT8_MAX &&
			starts(str_skip(rest, at), pair->open)) {
			at += strlen(pair->open);
			state->depth++;
		} else {
			at++;
		}
	}
	return at;
}

/* One character, a short word or an escape, and the close: 'x', '\n', but not the lifetimes of <'a, 'b>. */
static bool closes_soon(const struct grammar_pair *pair, struct str rest)
{
	bool has_escape = rest.len > 1 && pair->escape != 0 && rest.ptr[1] == pair->escape;

	for (size_t at = has_escape ? 3 : 2; at < rest.len && at < CHAR_BYTES_MAX; at++) {
		char c = rest.ptr[at];

		if (starts(str_skip(rest, at), pair->close))
			return true;
		if (!has_escape && !is_letter(c) && !is_digit(c) && (uint8_t)c < 0x80)
			return false;
	}
	return false;
}

/* Is the string that begins rest followed by a colon? */
static bool is_string_key(struct str rest)
{
	size_t at = 1;

	while (at < rest.len && at < KEY_BYTES_MAX && rest.ptr[at] != '"')
		at += rest.ptr[at] == '\\' ? 2 : 1;
	if (at >= rest.len || at >= KEY_BYTES_MAX)
		return false;
	at++;
	while (at < rest.len && at < KEY_BYTES_MAX && is_blank(rest.ptr[at]))
		at++;
	return at < rest.len && rest.ptr[at] == ':';
}

static bool pair_may_open(
	const struct grammar_pair *pair, const struct lex_state *state, struct str rest)
{
	if ((pair->flags & PAIR_AFTER_BLANK) != 0 && state->last != 0 &&
		strchr(" \t;(|[{,=:-", state->last) == NULL)
		return false;
	if ((pair->flags & PAIR_AT_START) != 0 && (state->flags & SEEN_INK) != 0)
		return false;
	if ((pair->flags & PAIR_INCLUDE) != 0 && (state->flags & SEEN_INCLUDE) == 0)
		return false;
	return (pair->flags & PAIR_CHAR) == 0 || closes_soon(pair, rest);
}

static bool lex_pair(
	const struct grammar *g, struct lex_state *state, struct str rest, struct lex_span *span)
{
	for (uint8_t i = 0; i < GRAMMAR_PAIRS_MAX && g->pairs[i].open != NULL; i++) {
		const struct grammar_pair *pair = &g->pairs[i];

		if (!starts(rest, pair->open) || !pair_may_open(pair, state, rest))
			continue;
		state->mode = MODE_PAIR;
		state->pair = i;
		state->depth = 0;
		state->ink = (uint8_t)pair->ink;
		if ((g->flags & GRAMMAR_STRING_KEYS) != 0 && rest.ptr[0] == '"' &&
			is_string_key(rest))
			state->ink = INK_NAME;
		*span = (struct lex_span){ .ink = state->ink };
		span->bytes = (uint32_t)pair_span(g, state, rest, strlen(pair->open));
		return true;
	}
	return false;
}

/* `key:` or `key =` as the first thing on a line. */
static size_t key_len(const struct grammar *g, const struct lex_state *state, struct str rest)
{
	bool is_target = (g->flags & GRAMMAR_TARGETS) != 0;
	size_t at = 0;

	if (!is_target && (g->flags & GRAMMAR_LINE_KEYS) == 0)
		return 0;
	if ((is_target && state->last != 0) || rest.ptr[0] == '-')
		return 0;
	while (at < rest.len && at < SPAN_STEP &&
		strchr("\"'#{}[],&*!|>%@`", rest.ptr[at]) == NULL) {
		if (rest.ptr[at] != '\0' && strchr(g->key_ends, rest.ptr[at]) != NULL &&
			(is_target || rest.ptr[at] == '=' || at + 1 == rest.len ||
				is_blank(rest.ptr[at + 1])))
			return at;
		at++;
	}
	return 0;
}

static bool lex_line_start(
	const struct grammar *g, struct lex_state *state, struct str rest, struct lex_span *span)
{
	bool may_fit = state->last == 0 || (g->flags & GRAMMAR_LINES_FLUSH) == 0;

	for (size_t i = 0; may_fit && i < GRAMMAR_LINES_MAX && g->lines[i].prefix != NULL; i++) {
		const struct grammar_line *line = &g->lines[i];

		if (!starts(rest, line->prefix))
			continue;
		*span = (struct lex_span){ .bytes = (uint32_t)strlen(line->prefix),
			.ink = (uint8_t)line->ink };
		if (line->is_whole) {
			state->mode = MODE_LINE;
			state->ink = span->ink;
		}
		return true;
	}
	if ((g->flags & GRAMMAR_PREPROCESSOR) != 0 && rest.ptr[0] == '#') {
		size_t at = 1;

		while (at < rest.len && at < SPAN_STEP && is_blank(rest.ptr[at]))
			at++;
		size_t end = word_len(g, rest, at);

		if (starts(str_skip(rest, at), "include"))
			state->flags |= SEEN_INCLUDE;
		*span = (struct lex_span){ .bytes = (uint32_t)end, .ink = INK_NUMBER };
		return true;
	}
	return false;
}

/* "<<-'WORD'": the here-document itself begins with the next line. */
static bool lex_heredoc(struct lex_state *state, struct str rest, struct lex_span *span)
{
	size_t at = 2, from;

	if (!starts(rest, "<<") || starts(rest, "<<<"))
		return false;
	bool is_dash = at < rest.len && rest.ptr[at] == '-';

	at += is_dash ? 1 : 0;
	while (at < rest.len && at < SPAN_STEP && is_blank(rest.ptr[at]))
		at++;
	if (at < rest.len && (rest.ptr[at] == '\'' || rest.ptr[at] == '"' || rest.ptr[at] == '\\'))
		at++;
	from = at;
	while (at < rest.len && at - from < WORD_BYTES_MAX &&
		(is_letter(rest.ptr[at]) || is_digit(rest.ptr[at])))
		at++;
	if (at == from || is_digit(rest.ptr[from]))
		return false;
	state->word = word_hash((struct str){ rest.ptr + from, at - from });
	state->flags |= HEREDOC_PENDING;
	state->flags = (uint8_t)(is_dash ? state->flags | HEREDOC_TABS
					 : state->flags & ~HEREDOC_TABS);
	if (at < rest.len && (rest.ptr[at] == '\'' || rest.ptr[at] == '"'))
		at++;
	*span = (struct lex_span){ .bytes = (uint32_t)at, .ink = INK_NUMBER };
	return true;
}

static void lex_heredoc_line(struct lex_state *state, struct str rest, struct lex_span *span)
{
	struct str word = rest;

	if (state->last == 0 && word.len <= HEREDOC_END_BYTES_MAX) {
		while ((state->flags & HEREDOC_TABS) != 0 && word.len > 0 && word.ptr[0] == '\t')
			word = str_skip(word, 1);
		if (word.len > 0 && word.len <= WORD_BYTES_MAX && word_hash(word) == state->word) {
			state->mode = MODE_LINE;
			state->ink = INK_NUMBER;
			*span = (struct lex_span){ .bytes = (uint32_t)rest.len, .ink = INK_NUMBER };
			return;
		}
	}
	*span = (struct lex_span){ .bytes = (uint32_t)(rest.len < SPAN_STEP ? rest.len : SPAN_STEP),
		.ink = INK_STRING };
}

static void lex_word(const struct grammar *g, struct lex_state *state, struct str rest,
	enum lex_care care, struct lex_span *span)
{
	size_t len = word_len(g, rest, 1);
	bool is_cut = len < rest.len && is_word(g, rest.ptr[len]);

	*span = (struct lex_span){ .bytes = (uint32_t)len, .ink = INK_TEXT };
	if (is_cut) {
		state->mode = MODE_WORD;
		return;
	}
	if (care == LEX_SKIM)
		return;
	if (is_keyword(g, str_head(rest, len))) {
		span->ink = INK_KEYWORD;
		return;
	}
	span->is_name = (g->flags & GRAMMAR_NAMES) != 0;
	if (span->is_name && len < rest.len && rest.ptr[len] == '(')
		span->ink = INK_NAME;
}

static size_t number_len(const struct grammar *g, struct str rest)
{
	size_t at = 1;

	while (at < rest.len && at < SPAN_STEP) {
		char c = rest.ptr[at], before = rest.ptr[at - 1];
		bool is_sign = (c == '+' || c == '-') && (before == 'e' || before == 'E') &&
			rest.ptr[1] != 'x';
		bool is_quote = c == '\'' && (g->flags & GRAMMAR_DIGIT_QUOTE) != 0;

		if (!is_letter(c) && !is_digit(c) && c != '.' && !is_sign && !is_quote)
			break;
		at++;
	}
	return at;
}

static void lex_normal(const struct grammar *g, struct lex_state *state, struct str rest,
	enum lex_care care, struct lex_span *span)
{
	char c = rest.ptr[0];
	size_t len = 1;

	*span = (struct lex_span){ .ink = INK_TEXT };
	if ((state->flags & SEEN_INK) == 0 && lex_line_start(g, state, rest, span))
		return;
	if (is_blank(c)) {
		while (len < rest.len && len < SPAN_STEP && is_blank(rest.ptr[len]))
			len++;
		span->bytes = (uint32_t)len;
		return;
	}
	if (lex_pair(g, state, rest, span))
		return;
	if ((g->flags & GRAMMAR_HEREDOC) != 0 && c == '<' && lex_heredoc(state, rest, span))
		return;
	if ((state->flags & SEEN_INK) == 0 &&
		!(g->keyword_count > 0 && is_letter(c) &&
			is_keyword(g, str_head(rest, word_len(g, rest, 1))))) {
		len = key_len(g, state, rest);
		if (len > 0) {
			*span = (struct lex_span){ .bytes = (uint32_t)len, .ink = INK_NAME };
			return;
		}
		len = 1;
	}
	if (is_letter(c) && (g->flags & GRAMMAR_NAMES || g->keyword_count > 0)) {
		lex_word(g, state, rest, care, span);
	} else if (is_digit(c) && g->keyword_count > 0) {
		*span = (struct lex_span){ .bytes = (uint32_t)number_len(g, rest),
			.ink = INK_NUMBER };
	} else if (is_letter(c) || is_digit(c)) {
		while (len < rest.len && len < SPAN_STEP &&
			(is_letter(rest.ptr[len]) || is_digit(rest.ptr[len])))
			len++;
		span->bytes = (uint32_t)len;
	} else {
		span->bytes = (g->flags & GRAMMAR_BACKSLASH) != 0 && c == '\\' && rest.len > 1 ? 2
											       : 1;
	}
}

void lex_next(const struct grammar *g, struct lex_state *state, struct str rest, enum lex_care care,
	struct lex_span *span)
{
	assert(rest.len > 0);
	switch ((enum mode)state->mode) {
	case MODE_PAIR:
		*span = (struct lex_span){ .ink = state->ink };
		span->bytes = (uint32_t)pair_span(g, state, rest, 0);
		break;
	case MODE_WORD:
		*span = (struct lex_span){ .bytes = (uint32_t)word_len(g, rest, 0),
			.ink = INK_TEXT };
		if (span->bytes == rest.len || !is_word(g, rest.ptr[span->bytes]))
			state->mode = MODE_NORMAL;
		break;
	case MODE_LINE:
		*span = (struct lex_span){ .bytes = (uint32_t)(rest.len < SPAN_STEP ? rest.len
										    : SPAN_STEP),
			.ink = state->ink };
		break;
	case MODE_HEREDOC:
		lex_heredoc_line(state, rest, span);
		break;
	case MODE_NORMAL:
		lex_normal(g, state, rest, care, span);
		break;
	}
	/* A span ends where a character does. */
	for (int i = 0;
		i < 3 && span->bytes < rest.len && ((uint8_t)rest.ptr[span->bytes] & 0xc0) == 0x80;
		i++)
		span->bytes++;
	assert(span->bytes > 0 && span->bytes <= rest.len && span->bytes <= LEX_SPAN_BYTES_MAX);
	state->last = (uint8_t)rest.ptr[span->bytes - 1];
	if (state->last == 0)
		state->last = 1; /* a NUL is a byte, too */
	/* YAML's "- " leaves the line's first thing still to come. */
	bool is_dash = (g->flags & GRAMMAR_LINE_KEYS) != 0 && span->bytes == 1 &&
		rest.ptr[0] == '-';

	if (!is_blank(rest.ptr[0]) && !is_dash)
		state->flags |= SEEN_INK;
}

void lex_line_end(const struct grammar *g, struct lex_state *state)
{
	bool is_continued = state->last == '\\';

	if (state->mode == MODE_PAIR) {
		unsigned flags = g->pairs[state->pair].flags;

		if ((flags & PAIR_LINES) == 0 && !((flags & PAIR_CONTINUES) != 0 && is_continued))
			state->mode = MODE_NORMAL;
	} else if (state->mode != MODE_HEREDOC) {
		state->mode = MODE_NORMAL;
	}
	if (state->mode == MODE_NORMAL && (state->flags & HEREDOC_PENDING) != 0) {
		state->mode = MODE_HEREDOC;
		state->flags &= (uint8_t)~HEREDOC_PENDING;
	}
	state->flags &= HEREDOC_PENDING | HEREDOC_TABS;
	state->last = 0;
}
