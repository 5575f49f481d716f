/* Words and lines in small files, a line a case. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "glass/find.h"

static struct find_needles needles;
static struct find_hit hits[FIND_HITS_MAX];

static void finds_tiles_by_words(void **state)
{
	static const struct {
		const char *words, *file;
		size_t count;
		struct find_hit first;
	} cases[] = {
		{ "main", "int main(void)\n", 1, { 0, 0, 0 } },
		{ "main void", "int main(void)\n", 1, { 0, 0, 0 } },
		{ "main absent", "int main(void)\n", 0, { 0, 0, 0 } },
		{ "main main", "int main(void)", 1, { 0, 0, 0 } },
		{ "b a", "a\nb\n", 1, { 0, 0, 0 } },
		{ "x", "", 0, { 0, 0, 0 } },
		{ "x", "\t\t\t\t\t\t\t\t\t\tx\n", 1, { 0, 0, 80 } },
		{ "x", "\t\t\t\t\t\t\t\t\t       x\n", 1, { 0, 0, 0 } },
		/* Ten characters of two bytes each are ten cells. */
		{ "x", "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\t\t\t\t\t\t\t\t\tx",
			1, { 0, 0, 80 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err;

		assert_int_equal(find_split_words(str_from(cases[i].words), &needles, &err), OK);
		assert_true(find_check(&needles));
		size_t count = find_in(str_from(cases[i].file), &needles, hits);

		if (count != cases[i].count)
			fail_msg("case %zu: %zu tiles", i, count);
		if (count > 0)
			assert_memory_equal(&hits[0], &cases[i].first, sizeof(hits[0]));
	}
}

static void wants_all_words_on_one_tile(void **state)
{
	char file[4096];
	size_t len = 0;
	struct err err;

	(void)state;
	for (int line = 0; line < 150; line++)
		len += (size_t)snprintf(file + len, sizeof(file) - len, "%s\n",
			line == 0            ? "alpha"
				: line == 59 ? "beta"
				: line == 61 ? "beta alpha"
					     : "-");
	assert_int_equal(find_split_words(STR("alpha beta"), &needles, &err), OK);
	assert_int_equal(find_in(str_from(file), &needles, hits), 2);
	assert_int_equal(hits[0].line, 0);
	assert_int_equal(hits[1].line, 60);
}

static void finds_lines_as_typed_again(void **state)
{
	static const struct {
		const char *text, *file;
		size_t count;
		uint32_t line, column;
	} cases[] = {
		{ "return sum_of(head);", "\treturn  sum_of(head);\r\n", 1, 0, 8 },
		{ "\treturn   sum_of(head);  \n", "x\nreturn sum_of(head);", 1, 1, 0 },
		{ "return sum_of(head);", "return sum_of( head);\n", 0, 0, 0 },
		{ "return sum_of(head);", "return sum_of(head); /* */\n", 0, 0, 0 },
		{ "return sum_of(head);\nreturn sum_of(head);", "return sum_of(head);\n", 1, 0, 0 },
	};
	uint32_t blank;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			find_split_lines(str_from(cases[i].text), &needles, &blank, &err), OK);
		size_t count = find_in(str_from(cases[i].file), &needles, hits);

		if (count != cases[i].count)
			fail_msg("case %zu: %zu lines", i, count);
		if (count > 0) {
			assert_int_equal(hits[0].line, cases[i].line);
			assert_int_equal(hits[0].column, cases[i].column);
		}
	}
	assert_int_equal(find_split_lines(STR("}\n\n\t{\n"), &needles, &blank, &err), ERR_INPUT);
	assert_int_equal(find_split_words(STR(" \t\n"), &needles, &err), ERR_INPUT);
	assert_int_equal(find_split_words(STR("a b c d e f g h i j k l m n o p q"), &needles, &err),
		ERR_LIMIT);
}

static void tells_which_line_of_the_text(void **state)
{
	uint32_t blank;
	struct err err;

	(void)state;
	assert_int_equal(find_split_lines(STR("{\nfirst of the lines\n\nsecond of the lines"),
				 &needles, &blank, &err),
		OK);
	assert_int_equal(blank, 1);
	assert_int_equal(
		find_in(STR("second of the lines\nfirst of the lines"), &needles, hits), 2);
	assert_int_equal(needles.needle[hits[0].needle].line, 3);
	assert_int_equal(needles.needle[hits[1].needle].line, 1);
}

static void stops_at_its_bound(void **state)
{
	enum { LINES = FIND_HITS_MAX + 100, LINE_BYTES = 12 };
	char *file = malloc(LINES * LINE_BYTES);
	uint32_t blank;
	struct err err;

	(void)state;
	assert_non_null(file);
	for (size_t i = 0; i < LINES; i++)
		memcpy(file + i * LINE_BYTES, "same old li\n", LINE_BYTES);
	assert_int_equal(find_split_lines(STR("same old li"), &needles, &blank, &err), OK);
	assert_int_equal(find_in(str_of(file, LINES * LINE_BYTES), &needles, hits), FIND_HITS_MAX);
	free(file);
}

static void refuses_needles_that_lie(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(find_split_words(STR("a b"), &needles, &err), OK);
	needles.needle[1].at = sizeof(needles.text);
	assert_false(find_check(&needles));
	needles.needle[1].at = 1;
	needles.needle[1].len = UINT32_MAX;
	assert_false(find_check(&needles));
	needles.needle[1].len = 1;
	assert_true(find_check(&needles));
	needles.count = FIND_WORDS_MAX + 1;
	assert_false(find_check(&needles));
	needles.count = 0;
	assert_false(find_check(&needles));
	needles.count = 2;
	needles.mode = FIND_LINES + 1;
	assert_false(find_check(&needles));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_tiles_by_words),
		cmocka_unit_test(wants_all_words_on_one_tile),
		cmocka_unit_test(finds_lines_as_typed_again),
		cmocka_unit_test(tells_which_line_of_the_text),
		cmocka_unit_test(stops_at_its_bound),
		cmocka_unit_test(refuses_needles_that_lie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
