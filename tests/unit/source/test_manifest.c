#include "source/manifest.h"

#include "base/limit.h"
#include "harness.h"

#define BYTES(lit)                                                                                 \
	{                                                                                          \
		"" lit, sizeof(lit) - 1                                                            \
	}

static struct arena mem;

static int setup(void **state)
{
	(void)state;
	arena_init(&mem, 8U << 20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_reset(&mem);
	return 0;
}

static struct str formatted(const struct release_file *files, size_t count)
{
	struct str bytes;
	struct err err;
	struct out o;

	out_init(&o, &mem, 1U << 20);
	manifest_format(&o, files, count);
	assert_int_equal(out_finish(&o, &bytes, &err), OK);
	return bytes;
}

/* The text of the example in docs/formats/manifest.md. */
static void formats_the_documented_example(void **state)
{
	struct release_file files[] = {
		{ .mode = FILE_PLAIN, .path = BYTES("README"), .size = 6 },
		{ .mode = FILE_EXECUTABLE, .path = BYTES("build me\n.sh"), .size = 0 },
		{ .mode = FILE_SYMLINK, .path = BYTES("src/\xc3\xa9\\l"), .size = 9 },
	};
	static const char want[] =
		"vitrine-manifest v1\n"
		"100644 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 6 README\n"
		"100755 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 build "
		"me\\x0a.sh\n"
		"120000 f101f8384c25aa56e514d73cb1cce119b88f7d87b68499bf14228e90724d8592 9 "
		"src/\\xc3\\xa9\\x5cl\n";

	(void)state;
	files[0].digest = sha256_of(STR("hello\n"));
	files[1].digest = sha256_of(STR(""));
	assert_true(sha256_parse(
		STR("f101f8384c25aa56e514d73cb1cce119b88f7d87b68499bf14228e90724d8592"),
		&files[2].digest));
	struct str got = formatted(files, 3);

	assert_int_equal(got.len, sizeof(want) - 1);
	assert_memory_equal(got.ptr, want, got.len);
}

static void parses_what_it_formats(void **state)
{
	struct release_file files[256], *again;
	size_t count;
	struct err err;
	char paths[256][2];

	(void)state;
	for (int i = 1; i < 256; i++) {
		paths[i][0] = 'p';
		paths[i][1] = (char)i;
		files[i - 1] = (struct release_file){ .mode = (enum file_mode)(i % 4),
			.path = { paths[i], 2 },
			.size = (uint64_t)i << (i % 40),
			.digest = sha256_of((struct str){ paths[i], 2 }) };
	}
	/* "p/" is no path: two files instead of it keep the order. */
	files['/' - 1].path = STR("p/a");
	struct str bytes = formatted(files, 255);

	assert_int_equal(manifest_parse(&mem, bytes, &again, &count, &err), OK);
	assert_int_equal(count, 255);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(again[i].mode, files[i].mode);
		assert_true(str_eq(again[i].path, files[i].path));
		assert_true(sha256_eq(&again[i].digest, &files[i].digest));
		assert_int_equal(again[i].size, files[i].size);
	}
}

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static void refuses_every_other_text(void **state)
{
	static const char *const cases[] = {
		"",
		"vitrine-manifest v1",
		"vitrine-manifest v2\n",
		"vitrine-manifest v1\n100644 " ZEROS " 1 a",
		"vitrine-manifest v1\n\n",
		"vitrine-manifest v1\n100640 " ZEROS " 1 a\n",
		"vitrine-manifest v1\n100644  " ZEROS " 1 a\n",
		"vitrine-manifest v1\n100644 " ZEROS "0 1 a\n",
		"vitrine-manifest v1\n100644 " ZEROS " 01 a\n",
		"vitrine-manifest v1\n100644 " ZEROS " -1 a\n",
		"vitrine-manifest v1\n100644 " ZEROS " 1 \n",
		"vitrine-manifest v1\n100644 " ZEROS " 1 ../a\n",
		"vitrine-manifest v1\n100644 " ZEROS " 1 \\x61\n",
		"vitrine-manifest v1\n100644 " ZEROS " 1 \\x0A\n",
		"vitrine-manifest v1\n100644 " ZEROS " 1 \\\\\n",
		"vitrine-manifest v1\n100644 " ZEROS " 1 a\r\n",
		"vitrine-manifest v1\n100644 " ZEROS " 1 \xc3\xa9\n",
		"vitrine-manifest v1\n100644 " ZEROS " 1 b\n100644 " ZEROS " 1 a\n",
		"vitrine-manifest v1\n100644 " ZEROS " 1 a\n100644 " ZEROS " 1 a\n",
	};
	struct release_file *files;
	size_t count;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
			manifest_parse(&mem, str_from(cases[i]), &files, &count, &err), ERR_INPUT);
	assert_int_equal(
		manifest_parse(&mem, STR("vitrine-manifest v1\n"), &files, &count, &err), OK);
	assert_int_equal(count, 0);
}

static void survives_every_budget(void **state)
{
	static const char text[] = "vitrine-manifest v1\n100644 " ZEROS " 1 a\n100644 " ZEROS
				   " 1 b\\xff\n";
	bool done = false;

	(void)state;
	for (size_t budget = 1; !done && budget < 4096; budget += 16) {
		struct release_file *files;
		struct arena small;
		size_t count;
		struct err err;

		arena_init(&small, budget);
		enum err_kind rc = manifest_parse(&small, str_from(text), &files, &count, &err);

		assert_true(rc == OK || rc == ERR_LIMIT);
		done = rc == OK;
		arena_reset(&small);
	}
	assert_true(done);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_the_documented_example),
		cmocka_unit_test(parses_what_it_formats),
		cmocka_unit_test(refuses_every_other_text),
		cmocka_unit_test(survives_every_budget),
	};

	return cmocka_run_group_tests_name("manifest", tests, setup, teardown);
}
