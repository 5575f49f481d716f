#include "source/path.h"

#include "base/limit.h"
#include "harness.h"

#define BYTES(lit)                                                                                 \
	{                                                                                          \
		"" lit, sizeof(lit) - 1                                                            \
	}

static void only_relative_clean_paths_pass(void **state)
{
	static const struct {
		struct str path;
		bool good;
	} cases[] = {
		{ BYTES("a"), true },
		{ BYTES("a/b.c"), true },
		{ BYTES("..a/.b/c.."), true },
		{ BYTES("a\\b"), true },
		{ BYTES("\xff\xfe/\n"), true },
		{ BYTES(""), false },
		{ BYTES("/abs"), false },
		{ BYTES("../x"), false },
		{ BYTES("a/../../b"), false },
		{ BYTES("a/.."), false },
		{ BYTES("./a"), false },
		{ BYTES("a/./b"), false },
		{ BYTES("a//b"), false },
		{ BYTES("a/"), false },
		{ BYTES("a\0b"), false },
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(path_check(cases[i].path, &err), cases[i].good ? OK : ERR_INPUT);
}

static void length_and_depth_are_bounded(void **state)
{
	static char path[LIMIT_PATH_BYTES + 1];
	struct err err;

	(void)state;
	memset(path, 'a', sizeof(path));
	assert_int_equal(path_check((struct str){ path, LIMIT_PATH_BYTES - 1 }, &err), OK);
	assert_int_equal(path_check((struct str){ path, LIMIT_PATH_BYTES }, &err), ERR_INPUT);
	for (size_t i = 1; i < sizeof(path); i += 2)
		path[i] = '/';
	assert_int_equal(path_check((struct str){ path, 2 * LIMIT_PATH_DEPTH - 1 }, &err), OK);
	assert_int_equal(
		path_check((struct str){ path, 2 * LIMIT_PATH_DEPTH + 1 }, &err), ERR_INPUT);
}

static void links_must_stay_inside(void **state)
{
	static const struct {
		struct str path, target;
		bool good;
	} cases[] = {
		{ BYTES("l"), BYTES("a"), true },
		{ BYTES("a/b/l"), BYTES("../../c"), true },
		{ BYTES("a/l"), BYTES("./../b/../c"), true },
		{ BYTES("l"), BYTES(".."), false },
		{ BYTES("a/l"), BYTES("../.."), false },
		{ BYTES("a/l"), BYTES("../../a/b"), false },
		{ BYTES("l"), BYTES("/etc/passwd"), false },
		{ BYTES("l"), BYTES(""), false },
		{ BYTES("l"), BYTES("a\0b"), false },
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(path_link_check(cases[i].path, cases[i].target, &err),
			cases[i].good ? OK : ERR_INPUT);
}

static void git_folders_are_known_anywhere(void **state)
{
	(void)state;
	assert_true(path_in_git_folder(STR(".git")));
	assert_true(path_in_git_folder(STR("a/.git/config")));
	assert_false(path_in_git_folder(STR(".gitignore")));
	assert_false(path_in_git_folder(STR("a/x.git/b")));
}

static void shown_is_escaped_quoted_and_cut(void **state)
{
	char shown[PATH_SHOWN_BYTES], longer[600];

	(void)state;
	assert_string_equal(path_shown(STR("a\xff\n\\b"), shown), "\"a\\xff\\u{a}\\\\b\"");
	memset(longer, 'x', sizeof(longer));
	path_shown((struct str){ longer, sizeof(longer) }, shown);
	assert_non_null(strstr(shown, "(600 bytes)"));
	for (size_t i = 0; i + 1 < sizeof(longer); i += 2)
		memcpy(longer + i, "\xc3\xa9", 2);
	path_shown((struct str){ longer + 1, sizeof(longer) - 1 }, shown);
	assert_true(strlen(shown) < PATH_SHOWN_BYTES);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_relative_clean_paths_pass),
		cmocka_unit_test(length_and_depth_are_bounded),
		cmocka_unit_test(links_must_stay_inside),
		cmocka_unit_test(git_folders_are_known_anywhere),
		cmocka_unit_test(shown_is_escaped_quoted_and_cut),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
