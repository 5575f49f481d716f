#include "harness.h"
#include "ledger/bundle.h"
#include "ledger/tilepath.h"

static void paths_round_trip(void **state)
{
	static const struct {
		struct tile tile;
		const char *path;
	} cases[] = {
		{ { .index = 0, .width = 256 }, "tile/0/000" },
		{ { .index = 0, .width = 1 }, "tile/0/000.p/1" },
		{ { .level = 1, .index = 5, .width = 255 }, "tile/1/005.p/255" },
		{ { .index = 1234067, .width = 256 }, "tile/0/x001/x234/067" },
		{ { .level = 63, .index = 1000, .width = 256 }, "tile/63/x001/000" },
		{ { .is_bundle = true, .index = 999, .width = 7 }, "tile/entries/999.p/7" },
		{ { .is_bundle = true, .index = UINT64_MAX, .width = 255 },
			"tile/entries/x018/x446/x744/x073/x709/x551/615.p/255" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char path[TILEPATH_BYTES_MAX];
		struct tile t;

		tilepath_format(&cases[i].tile, path);
		assert_string_equal(path, cases[i].path);
		assert_true(tilepath_parse(str_from(path), &t));
		assert_int_equal(t.level, cases[i].tile.level);
		assert_int_equal(t.index, cases[i].tile.index);
		assert_int_equal(t.width, cases[i].tile.width);
		assert_int_equal(t.is_bundle, cases[i].tile.is_bundle);
	}
}

static void other_spellings_are_refused(void **state)
{
	static const char *const bad[] = { "", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0",
		"tile/0/00", "tile/0/0000", "tile/00/000", "tile/64/000", "tile/-1/000",
		"tile/0/000/", "tile/0/x000/000", "tile/0/001/000", "tile/0/x001",
		"tile/0/x001/x002", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01",
		"tile/0/000.p/", "tile/0/000.p/1/", "tile/0/000.p", "tile/0/000.p/1.p/1",
		"/tile/0/000", "tile/entries/x000/001", "tile/data/000", "tile/0/../000",
		"tile/0/x018/x446/x744/x073/x709/x551/616",
		"tile/0/x999/x999/x999/x999/x999/x999/x999/x999/x999/x999/x999/999" };
	struct tile t = { .index = 42 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(tilepath_parse(str_from(bad[i]), &t));
	assert_false(tilepath_parse(STR("tile/0/000\0"), &t));
	assert_int_equal(t.index, 42);
}

/* C2SP tlog-tiles: the width of the last tile at level l is floor(size / 256^l) mod 256. */
static void widths_follow_the_size(void **state)
{
	static const struct {
		uint64_t size;
		unsigned level;
		uint64_t index;
		unsigned width;
	} cases[] = {
		{ 0, 0, 0, 0 },
		{ 1, 0, 0, 1 },
		{ 1, 1, 0, 0 },
		{ 256, 0, 0, 256 },
		{ 256, 0, 1, 0 },
		{ 256, 1, 0, 1 },
		{ 70000, 0, 273, 112 },
		{ 70000, 0, 272, 256 },
		{ 70000, 1, 0, 256 },
		{ 70000, 1, 1, 17 },
		{ 70000, 2, 0, 1 },
		{ 70000, 3, 0, 0 },
		{ UINT64_MAX, 7, 0, 255 },
		{ UINT64_MAX, 63, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(tile_width_at(cases[i].size, cases[i].level, cases[i].index),
			cases[i].width);
}

static void bundles_round_trip(void **state)
{
	struct arena mem;
	struct out o;
	struct str bytes, entry = STR("kept");
	struct err err;

	(void)state;
	arena_init(&mem, 1 << 20);
	out_init(&o, &mem, 1 << 18);
	char *large = arena_alloc(&mem, UINT16_MAX, 1);

	bundle_put(&o, STR("one"));
	bundle_put(&o, STR(""));
	bundle_put(&o, str_of(large, UINT16_MAX));
	assert_int_equal(out_finish(&o, &bytes, &err), OK);
	assert_true(bundle_next(&bytes, &entry) && str_eq(entry, STR("one")));
	assert_true(bundle_next(&bytes, &entry) && entry.len == 0);
	struct str cut = str_head(bytes, bytes.len - 1);

	assert_false(bundle_next(&cut, &entry));
	assert_true(bundle_next(&bytes, &entry) && entry.len == UINT16_MAX);
	assert_int_equal(bytes.len, 0);
	cut = STR("\0");
	assert_false(bundle_next(&cut, &entry));
	arena_reset(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_round_trip),
		cmocka_unit_test(other_spellings_are_refused),
		cmocka_unit_test(widths_follow_the_size),
		cmocka_unit_test(bundles_round_trip),
	};

	return cmocka_run_group_tests_name("tilepath", tests, NULL, NULL);
}
