#include "glass/grammar.h"

#include "glass/grammar_words.h"

#define WORDS(list) .keywords = (list), .keyword_count = sizeof(list) / sizeof((list)[0])

/* Rows that several grammars share. */
#define LINE_COMMENT(open_)                                                                        \
	{                                                                                          \
		.open = (open_), .ink = INK_COMMENT, .flags = PAIR_CONTINUES                       \
	}
#define HASH_COMMENT                                                                               \
	{                                                                                          \
		.open = "#", .ink = INK_COMMENT, .flags = PAIR_AFTER_BLANK                         \
	}
#define BLOCK_COMMENT                                                                              \
	{                                                                                          \
		.open = "/*", .close = "*/", .ink = INK_COMMENT, .flags = PAIR_LINES               \
	}
#define STRING(open_, close_, escape_, flags_)                                                     \
	{                                                                                          \
		.open = (open_), .close = (close_), .ink = INK_STRING, .escape = (escape_),        \
		.flags = (flags_)                                                                  \
	}

/* clang-format off */
static const struct grammar grammars[LANGUAGES] = {
	[LANGUAGE_PLAIN] = { .name = "plain" },
	[LANGUAGE_BINARY] = { .name = "binary" },
	[LANGUAGE_C] = { .name = "C", WORDS(c_words),
		.flags = GRAMMAR_NAMES | GRAMMAR_PREPROCESSOR | GRAMMAR_TYPE_SUFFIX,
		.pairs = {
			BLOCK_COMMENT, LINE_COMMENT("//"),
			STRING("\"", "\"", '\\', PAIR_CONTINUES), STRING("'", "'", '\\', PAIR_CHAR),
			STRING("<", ">", 0, PAIR_INCLUDE),
		} },
	[LANGUAGE_CPP] = { .name = "C++", WORDS(cpp_words),
		.flags = GRAMMAR_NAMES | GRAMMAR_PREPROCESSOR | GRAMMAR_TYPE_SUFFIX | GRAMMAR_DIGIT_QUOTE,
		.pairs = {
			BLOCK_COMMENT, LINE_COMMENT("//"), STRING("R\"(", ")\"", 0, PAIR_LINES),
			STRING("\"", "\"", '\\', PAIR_CONTINUES), STRING("'", "'", '\\', PAIR_CHAR),
			STRING("<", ">", 0, PAIR_INCLUDE),
		} },
	[LANGUAGE_PYTHON] = { .name = "Python", WORDS(python_words),
		.flags = GRAMMAR_NAMES,
		.pairs = {
			{ .open = "#", .ink = INK_COMMENT },
			STRING("\"\"\"", "\"\"\"", '\\', PAIR_LINES), STRING("'''", "'''", '\\', PAIR_LINES),
			STRING("\"", "\"", '\\', PAIR_CONTINUES), STRING("'", "'", '\\', PAIR_CONTINUES),
		},
		.lines = { { "@", INK_NUMBER, true } } },
	[LANGUAGE_SHELL] = { .name = "shell", WORDS(shell_words),
		.flags = GRAMMAR_NAMES | GRAMMAR_HEREDOC | GRAMMAR_BACKSLASH, .word_bytes = "-",
		.pairs = {
			HASH_COMMENT, STRING("\"", "\"", '\\', PAIR_LINES), STRING("'", "'", 0, PAIR_LINES),
			{ .open = "${", .close = "}", .ink = INK_NUMBER },
		} },
	[LANGUAGE_MAKE] = { .name = "Makefile", WORDS(make_words),
		.flags = GRAMMAR_NAMES | GRAMMAR_BACKSLASH | GRAMMAR_TARGETS, .word_bytes = "-", .key_ends = ":=",
		.pairs = {
			{ .open = "#", .ink = INK_COMMENT, .flags = PAIR_CONTINUES },
			{ .open = "$(", .close = ")", .ink = INK_NUMBER, .flags = PAIR_NESTED },
			{ .open = "${", .close = "}", .ink = INK_NUMBER, .flags = PAIR_NESTED },
		} },
	[LANGUAGE_CMAKE] = { .name = "CMake", WORDS(cmake_words),
		.flags = GRAMMAR_NAMES | GRAMMAR_ANY_CASE,
		.pairs = {
			{ .open = "#[[", .close = "]]", .ink = INK_COMMENT, .flags = PAIR_LINES },
			{ .open = "#", .ink = INK_COMMENT }, STRING("\"", "\"", '\\', PAIR_LINES),
			{ .open = "${", .close = "}", .ink = INK_NUMBER, .flags = PAIR_NESTED },
		} },
	[LANGUAGE_JSON] = { .name = "JSON", WORDS(json_words),
		.flags = GRAMMAR_STRING_KEYS,
		.pairs = { STRING("\"", "\"", '\\', 0), LINE_COMMENT("//"), BLOCK_COMMENT } },
	[LANGUAGE_YAML] = { .name = "YAML", WORDS(yaml_words),
		.flags = GRAMMAR_LINE_KEYS, .word_bytes = "-", .key_ends = ":",
		.pairs = { HASH_COMMENT, STRING("\"", "\"", '\\', PAIR_AFTER_BLANK), STRING("'", "'", 0, PAIR_AFTER_BLANK) },
		.lines = { { "---", INK_KEYWORD, false }, { "%", INK_NUMBER, true } } },
	[LANGUAGE_MARKDOWN] = { .name = "Markdown",
		.pairs = {
			STRING("```", "```", 0, PAIR_LINES | PAIR_AT_START), STRING("~~~", "~~~", 0, PAIR_LINES | PAIR_AT_START),
			STRING("``", "``", 0, 0), STRING("`", "`", 0, 0),
			{ .open = "<!--", .close = "-->", .ink = INK_COMMENT, .flags = PAIR_LINES },
			{ .open = "](", .close = ")", .ink = INK_NAME },
		},
		.lines = {
			{ "#", INK_KEYWORD, true }, { ">", INK_COMMENT, true }, { "- ", INK_NUMBER, false },
			{ "* ", INK_NUMBER, false }, { "+ ", INK_NUMBER, false },
		} },
	[LANGUAGE_GO] = { .name = "Go", WORDS(go_words),
		.flags = GRAMMAR_NAMES,
		.pairs = {
			BLOCK_COMMENT, { .open = "//", .ink = INK_COMMENT }, STRING("`", "`", 0, PAIR_LINES),
			STRING("\"", "\"", '\\', 0), STRING("'", "'", '\\', PAIR_CHAR),
		} },
	[LANGUAGE_JAVASCRIPT] = { .name = "JavaScript", WORDS(javascript_words),
		.flags = GRAMMAR_NAMES, .word_bytes = "$",
		.pairs = {
			BLOCK_COMMENT, { .open = "//", .ink = INK_COMMENT }, STRING("`", "`", '\\', PAIR_LINES),
			STRING("\"", "\"", '\\', PAIR_CONTINUES), STRING("'", "'", '\\', PAIR_CONTINUES),
		} },
	[LANGUAGE_TYPESCRIPT] = { .name = "TypeScript", WORDS(typescript_words),
		.flags = GRAMMAR_NAMES, .word_bytes = "$",
		.pairs = {
			BLOCK_COMMENT, { .open = "//", .ink = INK_COMMENT }, STRING("`", "`", '\\', PAIR_LINES),
			STRING("\"", "\"", '\\', PAIR_CONTINUES), STRING("'", "'", '\\', PAIR_CONTINUES),
		} },
	[LANGUAGE_JAVA] = { .name = "Java", WORDS(java_words),
		.flags = GRAMMAR_NAMES, .word_bytes = "$",
		.pairs = {
			BLOCK_COMMENT, { .open = "//", .ink = INK_COMMENT }, STRING("\"\"\"", "\"\"\"", '\\', PAIR_LINES),
			STRING("\"", "\"", '\\', 0), STRING("'", "'", '\\', PAIR_CHAR),
		} },
	[LANGUAGE_RUST] = { .name = "Rust", WORDS(rust_words),
		.flags = GRAMMAR_NAMES,
		.pairs = {
			{ .open = "/*", .close = "*/", .ink = INK_COMMENT, .flags = PAIR_LINES | PAIR_NESTED },
			{ .open = "//", .ink = INK_COMMENT }, STRING("r##\"", "\"##", 0, PAIR_LINES),
			STRING("r#\"", "\"#", 0, PAIR_LINES), STRING("r\"", "\"", 0, PAIR_LINES),
			STRING("\"", "\"", '\\', PAIR_LINES), STRING("'", "'", '\\', PAIR_CHAR),
		},
		.lines = { { "#[", INK_NUMBER, true }, { "#![", INK_NUMBER, true } } },
	[LANGUAGE_SQL] = { .name = "SQL", WORDS(sql_words),
		.flags = GRAMMAR_NAMES | GRAMMAR_ANY_CASE,
		.pairs = {
			{ .open = "--", .ink = INK_COMMENT }, BLOCK_COMMENT, STRING("'", "'", 0, PAIR_LINES),
			STRING("\"", "\"", 0, 0),
		} },
	[LANGUAGE_XML] = { .name = "XML",
		.pairs = {
			{ .open = "<!--", .close = "-->", .ink = INK_COMMENT, .flags = PAIR_LINES },
			STRING("<![CDATA[", "]]>", 0, PAIR_LINES),
			{ .open = "</", .close = ">", .ink = INK_KEYWORD, .flags = PAIR_LINES },
			{ .open = "<", .close = ">", .ink = INK_KEYWORD, .flags = PAIR_LINES },
			{ .open = "&", .close = ";", .ink = INK_NUMBER, .flags = PAIR_CHAR },
		} },
	[LANGUAGE_INI] = { .name = "settings", WORDS(ini_words),
		.flags = GRAMMAR_LINE_KEYS, .word_bytes = "-.", .key_ends = "=:",
		.pairs = {
			HASH_COMMENT, { .open = ";", .ink = INK_COMMENT, .flags = PAIR_AT_START },
			STRING("\"\"\"", "\"\"\"", '\\', PAIR_LINES), STRING("\"", "\"", '\\', 0),
			STRING("'", "'", 0, PAIR_AFTER_BLANK),
		},
		.lines = { { "[", INK_KEYWORD, true } } },
	[LANGUAGE_DIFF] = { .name = "difference",
		.flags = GRAMMAR_LINES_FLUSH,
		.lines = {
			{ "+++ ", INK_NUMBER, true }, { "--- ", INK_NUMBER, true }, { "@@", INK_KEYWORD, true },
			{ "diff ", INK_NUMBER, true }, { "Index: ", INK_NUMBER, true }, { "index ", INK_NUMBER, true },
			{ "+", INK_NAME, true }, { "-", INK_STRING, true },
		} },
};
/* clang-format on */

const struct grammar *grammar_of(enum language language)
{
	assert(language >= 0 && language < LANGUAGES);
	return &grammars[language];
}
