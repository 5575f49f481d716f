#include "harness.h"

#include "glass/lex.h"

/* . text, k keyword, c comment, s string, n name, 5 number */
static const char inks[INKS + 1] = ".kcsn5";

struct row {
	enum language language;
	const char *in, *want; /* lines end with \n in both */
};

static const struct row rows[] = {
	{ LANGUAGE_C, "if (a) f(1);", "kk.....n.5.." },
	{ LANGUAGE_C, "/* a\nb */ int", "cccc\ncccc.kkk" },
	{ LANGUAGE_C, "a // b\nc", "..cccc\n." },
	{ LANGUAGE_C, "// a\\\nb\nc", "ccccc\nc\n." },
	{ LANGUAGE_C, "\"a\\\"b\" c", "ssssss.." },
	{ LANGUAGE_C, "\"a\nb", "ss\n." },
	{ LANGUAGE_C, "\"a\\\nb\" c", "sss\nss.." },
	{ LANGUAGE_C, "'a' '\\'' x", "sss.ssss.." },
	{ LANGUAGE_C, "don't say", "........." },
	{ LANGUAGE_C, "#include <a.h>", "55555555.sssss" },
	{ LANGUAGE_C, "# define X <b>", "55555555......" },
	{ LANGUAGE_C, "a < b > c", "........." },
	{ LANGUAGE_C, "uint16_t x_t2 0x1fUL 1e-5 1.5f", "kkkkkkkk......555555.5555.5555" },
	{ LANGUAGE_C, "u8s int3", "........" },
	{ LANGUAGE_CPP, "R\"(a\n\")\" class", "ssss\nsss.kkkkk" },
	{ LANGUAGE_CPP, "1'000 'a'", "55555.sss" },
	{ LANGUAGE_PYTHON, "def f(x): # y", "kkk.n.....ccc" },
	{ LANGUAGE_PYTHON, "'''a\n'b''' 'c' d", "ssss\nsssss.sss.." },
	{ LANGUAGE_PYTHON, "  @cached", "..5555555" },
	{ LANGUAGE_SHELL, "x=$#; # a\necho \"$y\" 'z", ".....cccc\n.....ssss.ss" },
	{ LANGUAGE_SHELL, "cat <<EOF\ndon't\nEOF\nfi", "....55555\nsssss\n555\nkk" },
	{ LANGUAGE_SHELL, "a <<-'X' b\n\tX\nif", "..555555..\n55\nkk" },
	{ LANGUAGE_SHELL, "say \\\"no\\\" if", "...........kk" },
	{ LANGUAGE_MAKE, "all: $(A $(B)) x # y", "nnn..555555555...ccc" },
	{ LANGUAGE_MAKE, "\tcc -o x: y", "..........." },
	{ LANGUAGE_MAKE, "ifeq ($(X),1)", "kkkk..5555.5." },
	{ LANGUAGE_CMAKE, "SET(x \"a\nb\") #[[ c\n]] if", "kkk...ss\nss..ccccc\ncc.kk" },
	{ LANGUAGE_JSON, "{\"a\": \"b\", \"c\" : true, 1}", ".nnn..sss..nnn...kkkk..5." },
	{ LANGUAGE_YAML, "- name: \"x\" # y\n  on: a: b", "..nnnn..sss.ccc\n..kk......" },
	{ LANGUAGE_YAML, "it's: a'b # c\nd#e", "..........ccc\n..." },
	{ LANGUAGE_MARKDOWN, "# A\n`b` c\n```\nd\n```\ne", "kkk\nsss..\nsss\ns\nsss\n." },
	{ LANGUAGE_MARKDOWN, "- [a](b)\n> c", "55..nnnn\nccc" },
	{ LANGUAGE_GO, "func f() { `a\nb` }", "kkkk.n.....ss\nss.." },
	{ LANGUAGE_JAVASCRIPT, "let $a = `x\ny` // z", "kkk......ss\nss.cccc" },
	{ LANGUAGE_TYPESCRIPT, "type A = string", "kkkk.....kkkkkk" },
	{ LANGUAGE_JAVA, "\"\"\"a\n\" b\"\"\" int", "ssss\nssssss.kkk" },
	{ LANGUAGE_RUST, "/* /* */ a */ fn f<'a>('b')", "ccccccccccccc.kk.......sss." },
	{ LANGUAGE_RUST, "r#\"a\"b\"# #[x]", "ssssssss....." },
	{ LANGUAGE_SQL, "SELECT 'a''b' -- c", "kkkkkk.ssssss.cccc" },
	{ LANGUAGE_XML, "<a b=\"c\">t<!-- d\n--></a>", "kkkkkkkkk.cccccc\nccckkkk" },
	{ LANGUAGE_INI, "[a]\nb = 1 ; c\n; d", "kkk\nnn..5....\nccc" },
	{ LANGUAGE_DIFF, "+++ a\n-b\n+c\n -d\n@@ 1", "55555\nss\nnn\n...\nkkkk" },
	{ LANGUAGE_PLAIN, "if 1 \"a\" /* b", "............." },
};

static void colours_each_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct grammar *g = grammar_of(rows[i].language);
		struct str in = str_from(rows[i].in);
		struct lex_state lex = { 0 };
		char got[128];
		size_t at = 0;

		assert_true(in.len < sizeof(got));
		while (at < in.len) {
			const char *end = memchr(in.ptr + at, '\n', in.len - at);
			size_t line_end = end == NULL ? in.len : (size_t)(end - in.ptr);

			while (at < line_end) {
				struct lex_span span;

				lex_next(g, &lex, (struct str){ in.ptr + at, line_end - at },
					LEX_COLOUR, &span);
				memset(got + at, inks[span.ink], span.bytes);
				at += span.bytes;
			}
			if (at < in.len)
				got[at++] = '\n';
			lex_line_end(g, &lex);
		}
		got[at] = '\0';
		/* Blanks have the ink of what is around them; they show none. */
		for (size_t k = 0; k < at; k++)
			if (in.ptr[k] != '\n' && got[k] != rows[i].want[k] && in.ptr[k] != ' ' &&
				in.ptr[k] != '\t')
				fail_msg("%s:\n%s\n%s not\n%s", g->name, rows[i].in, got,
					rows[i].want);
	}
}

static void keywords_ascend(void **state)
{
	(void)state;
	for (int l = 0; l < LANGUAGES; l++) {
		const struct grammar *g = grammar_of((enum language)l);

		assert_non_null(g->name);
		for (size_t i = 1; i < g->keyword_count; i++)
			if (strcmp(g->keywords[i - 1], g->keywords[i]) >= 0)
				fail_msg("%s: %s", g->name, g->keywords[i]);
	}
}

static void spans_keep_their_bounds(void **state)
{
	static char long_line[4096];
	static const char fills[] = "a0_\"'\\ \t(#\xe4\xff`<&";

	(void)state;
	for (int l = 0; l < LANGUAGES; l++) {
		const struct grammar *g = grammar_of((enum language)l);

		for (size_t f = 0; f < sizeof(fills) - 1; f++) {
			struct lex_state lex = { 0 };

			memset(long_line, fills[f], sizeof(long_line));
			for (size_t at = 0; at < sizeof(long_line);) {
				struct lex_span span;

				lex_next(g, &lex,
					(struct str){ long_line + at, sizeof(long_line) - at },
					LEX_SKIM, &span);
				assert_in_range(span.bytes, 1, LEX_SPAN_BYTES_MAX);
				assert_true(span.ink < INKS);
				at += span.bytes;
			}
		}
	}
}

static const struct {
	const char *path, *bytes;
	enum language want;
} languages[] = {
	{ "src/main.c", "", LANGUAGE_C },
	{ "a/b.H", "", LANGUAGE_C },
	{ "x.tar.cpp", "", LANGUAGE_CPP },
	{ "debian/rules", "#!/usr/bin/make -f\n", LANGUAGE_MAKE },
	{ "run", "#!/usr/bin/env python3.11 -u\nx", LANGUAGE_PYTHON },
	{ "run", "#! /bin/sh", LANGUAGE_SHELL },
	{ "run", "#!/usr/bin/env\tbash", LANGUAGE_PLAIN },
	{ "Makefile", "", LANGUAGE_MAKE },
	{ "sub/CMakeLists.txt", "", LANGUAGE_CMAKE },
	{ "README", "", LANGUAGE_PLAIN },
	{ "README.md", "", LANGUAGE_MARKDOWN },
	{ "c", "", LANGUAGE_PLAIN },
	{ ".c", "", LANGUAGE_C },
	{ "a.", "", LANGUAGE_PLAIN },
	{ "a.verylongextensionname", "", LANGUAGE_PLAIN },
	{ "", "", LANGUAGE_PLAIN },
	{ "0001.patch", "", LANGUAGE_DIFF },
};

static void knows_languages_by_path(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
		enum language got = language_of(
			str_from(languages[i].path), str_from(languages[i].bytes));

		if (got != languages[i].want)
			fail_msg("%s is %s", languages[i].path, grammar_of(got)->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(colours_each_case),
		cmocka_unit_test(keywords_ascend),
		cmocka_unit_test(spans_keep_their_bounds),
		cmocka_unit_test(knows_languages_by_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
