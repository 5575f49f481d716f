#include "source/tree.h"

#include <stdio.h>

#include "harness.h"

#define BYTES(lit)                                                                                 \
	{                                                                                          \
		"" lit, sizeof(lit) - 1                                                            \
	}
enum { FILES_MAX = 16 };

static struct release_file files[FILES_MAX];

/* Files of 10 bytes and 2 lines with these paths, in this order. */
static size_t made(const char *const *paths)
{
	size_t n = 0;

	for (; paths[n] != NULL; n++)
		files[n] = (struct release_file){
			.path = str_from(paths[n]), .size = 10, .lines = 2
		};
	return n;
}

static enum err_kind write_row(void *arg, const struct tree_row *row, struct err *err)
{
	struct out *o = arg;

	(void)err;
	out_printf(o, "%.*s|%.*s", STR_ARG(row->folder), STR_ARG(row->name));
	if (row->file == NULL)
		out_printf(o, "|%u,%u,%u", (unsigned)row->files, (unsigned)row->bytes,
			(unsigned)row->lines);
	out_char(o, '\n');
	return OK;
}

static void folders_come_after_what_they_hold(void **state)
{
	static const char *const paths[] = { "README", "a-b/x", "a/b/c/deep", "a/b/d", "a/e", "b/f",
		NULL };
	static const char want[] = "|README\n"
				   "a-b|x\n|a-b|1,10,2\n"
				   "a/b/c|deep\na/b|c|1,10,2\n"
				   "a/b|d\na|b|2,20,4\n"
				   "a|e\n|a|3,30,6\n"
				   "b|f\n|b|1,10,2\n";
	size_t count = made(paths);
	struct arena mem;
	struct str got;
	struct out o;
	struct err err;

	(void)state;
	arena_init(&mem, 1 << 16);
	out_init(&o, &mem, 1 << 14);
	assert_int_equal(tree_walk(files, count, write_row, &o, &err), OK);
	assert_int_equal(out_finish(&o, &got, &err), OK);
	assert_string_equal(got.ptr, want);
	arena_reset(&mem);
}

static void a_list_that_is_no_tree_is_refused(void **state)
{
	static const char *const good[] = { "a", "a-", "a.b/c", "b/c", "b/d", NULL };
	static const char *const twice[] = { "a", "b", "b", NULL };
	static const char *const both[] = { "a", "a-", "a.b", "a/x", NULL };
	static const char *const deep_both[] = { "q/a", "q/a-/x", "q/a/x/y", NULL };
	struct err err;

	(void)state;
	assert_int_equal(tree_check(files, made(good), &err), OK);
	assert_int_equal(tree_check(files, made(twice), &err), ERR_INPUT);
	assert_non_null(strstr(err.msg, "\"b\" is there twice"));
	assert_int_equal(tree_check(files, made(both), &err), ERR_INPUT);
	assert_non_null(strstr(err.msg, "\"a\" is both a file and a folder"));
	assert_int_equal(tree_check(files, made(deep_both), &err), ERR_INPUT);
	assert_non_null(strstr(err.msg, "\"q/a\" is both"));
}

static void paths_split_at_the_last_slash(void **state)
{
	struct str folder, name;

	(void)state;
	tree_split(STR("a/b/c"), &folder, &name);
	assert_true(str_eq(folder, STR("a/b")) && str_eq(name, STR("c")));
	tree_split(STR("c"), &folder, &name);
	assert_true(str_eq(folder, STR("")) && str_eq(name, STR("c")));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(folders_come_after_what_they_hold),
		cmocka_unit_test(a_list_that_is_no_tree_is_refused),
		cmocka_unit_test(paths_split_at_the_last_slash),
	};

	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
