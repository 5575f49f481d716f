/*
 * The children and the vault's side of them, with children that behave and children that do not. This program
 * is its own child: `test_glass --child ROLE`.
 */
#include "harness.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "glass/child.h"
#include "glass/layout.h"
#include "glass/mark.h"
#include "glass/pool.h"
#include "glass_lab.h"
#include "os/fs.h"
#include "png_check.h"

static struct arena mem;
static struct png_picture picture;

static const struct glass_request usual = {
	.bytes = { "int main(void)\n{\n\treturn 0;\n}\n", 30 },
	.path = { "src/main.c", 10 },
	.session = { "ses_1", 5 },
	.pool = { "eng_1", 5 },
	.visible = { "Reviewer 3", 10 },
};

static int begin(void **state)
{
	(void)state;
	arena_init(&mem, LIMIT_REQUEST_MEM_BYTES);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_reset(&mem);
	return 0;
}

static struct glass *start_with(const char *layout, const char *draw)
{
	struct pool_options options = pool_defaults;
	struct glass *g = NULL;
	struct err err;

	options.layout_role = layout;
	options.draw_role = draw;
	options.layout_max = 2;
	/* What hangs in these tests hangs for ever; what does not gets all the patience there is. */
	if (strstr(layout, "hangs") != NULL || strstr(draw, "hangs") != NULL)
		options.layout_ms_max = options.draw_ms_max = 500;
	if (pool_start(&options, font_fd, mark_key_fd, &g, &err) != OK)
		fail_msg("%s", err.msg);
	return g;
}

static void expect_page(
	struct glass *g, const struct glass_request *request, struct glass_page *page)
{
	struct err err;

	if (glass_draw(g, &mem, request, page, &err) != OK)
		fail_msg("%s", err.msg);
	const char *why = png_check_read((const uint8_t *)page->png.ptr, page->png.len, &picture);

	if (why != NULL)
		fail_msg("%s", why);
	assert_int_equal(picture.width, page->width);
	assert_int_equal(picture.height, page->height);
}

static void draws_a_page(void **state)
{
	struct glass *g = start_with("layout", "draw");
	struct glass_page page;

	(void)state;
	expect_page(g, &usual, &page);
	assert_int_equal(page.lines, 4);
	assert_int_equal(page.lines_here, 4);
	assert_int_equal(page.columns_max, 17);
	assert_int_equal(page.width, 640);
	assert_int_equal(page.height, 976);
	assert_int_equal(page.hit_count, 1);
	assert_string_equal(page.language, "C");
	assert_false(page.binary);
	glass_stop(g);
}

/* As the draw child makes it of the key in open_lab. */
static struct sha256 secret_of(const char *session)
{
	char key[MARK_KEY_BYTES];

	memset(key, 7, sizeof(key));
	return mark_secret((struct str){ key, sizeof(key) }, str_from(session));
}

/* What comes through the children is what the pure functions say. */
static void draws_what_is_there(void **state)
{
	static struct grid grid;
	static struct marks marks;
	struct glass *g = start_with("layout", "draw");
	struct glass_request request = usual;
	struct page_options options = { GLASS_DARK, GLASS_2X };
	struct glass_page page;
	struct layout_index index;
	struct atlas *atlas;
	struct err err;
	size_t font_len;
	uint8_t *font = png_check_load(TEST_FONT, &font_len);

	(void)state;
	assert_non_null(font);
	assert_int_equal(atlas_open((struct str){ (char *)font, font_len }, &atlas, &err), OK);
	request.theme = GLASS_DARK;
	request.zoom = GLASS_2X;
	request.blob = sha256_of(request.bytes);
	expect_page(g, &request, &page);
	assert_int_equal(layout_index_build(&mem, atlas_coverage(atlas), request.bytes,
				 request.path, &index, &err),
		OK);
	layout_tile(&index, atlas_coverage(atlas), request.bytes, 0, 0, &grid);
	grid_put_foot(&grid, atlas_coverage(atlas), request.visible);
	const struct mark_place place = { .blob = request.blob };
	struct sha256 secret = secret_of("ses_1");

	mark_page(&secret, &place, &grid, &marks);
	const char *why = png_check_compare(&picture, atlas, &grid, &marks, &options);

	if (why != NULL)
		fail_msg("%s", why);
	atlas_close(atlas);
	free(font);
	glass_stop(g);
}

static void keeps_files_and_engagements_apart(void **state)
{
	struct glass *g = start_with("layout", "draw");
	struct glass_page page;
	char name[8], text[16];

	(void)state;
	/* More engagements than children. */
	for (unsigned i = 0; i < 40; i++) {
		struct glass_request request = usual;

		snprintf(name, sizeof(name), "eng_%u", i % 3);
		request.pool = str_from(name);
		memset(text, '\n', sizeof(text));
		request.bytes = (struct str){ text, 1 + i % 11 };
		request.blob = sha256_of(request.bytes);
		expect_page(g, &request, &page);
		assert_int_equal(page.lines, 1 + i % 11);
		arena_reset(&mem);
	}
	glass_stop(g);
}

/* More files than a child holds open, twice over: what is closed for another is opened again. */
static void holds_only_so_many_files(void **state)
{
	static char text[LAYOUT_SLOTS + 6];
	struct glass *g = start_with("layout", "draw");
	struct glass_page page;

	(void)state;
	memset(text, '\n', sizeof(text));
	for (size_t i = 0; i < 2 * sizeof(text); i++) {
		struct glass_request request = usual;

		request.bytes = (struct str){ text, 1 + i % sizeof(text) };
		request.blob = sha256_of(request.bytes);
		expect_page(g, &request, &page);
		assert_int_equal(page.lines, 1 + i % sizeof(text));
		arena_reset(&mem);
	}
	glass_stop(g);
}

static void refuses_bad_requests(void **state)
{
	struct glass *g = start_with("layout", "draw");
	struct glass_request request = usual;
	struct glass_page page;
	struct err err;

	(void)state;
	request.first_line = 1;
	assert_int_equal(glass_draw(g, &mem, &request, &page, &err), ERR_INPUT);
	request.first_line = 0;
	request.first_column = 79;
	assert_int_equal(glass_draw(g, &mem, &request, &page, &err), ERR_INPUT);
	request.first_column = 0;
	request.first_line = 60;
	assert_int_equal(glass_draw(g, &mem, &request, &page, &err), ERR_NOT_FOUND);
	request.first_line = 0;
	request.first_column = 80;
	expect_page(g, &request, &page);
	assert_int_equal(page.lines_here, 4);
	request.session = STR("");
	assert_int_equal(glass_draw(g, &mem, &request, &page, &err), ERR_INPUT);
	request = usual;
	request.bytes = STR("");
	request.blob = sha256_of(request.bytes);
	expect_page(g, &request, &page);
	assert_int_equal(page.lines, 0);
	glass_stop(g);
}

static void commits_sessions(void **state)
{
	struct glass *g = start_with("layout", "draw");
	struct sha256 one, again, other;
	struct err err;

	(void)state;
	assert_int_equal(glass_commit_session(g, STR("ses_1"), &one, &err), OK);
	assert_int_equal(glass_commit_session(g, STR("ses_1"), &again, &err), OK);
	assert_int_equal(glass_commit_session(g, STR("ses_2"), &other, &err), OK);
	assert_true(sha256_eq(&one, &again));
	assert_false(sha256_eq(&one, &other));
	struct sha256 secret = secret_of("ses_1");
	struct sha256 want = sha256_of((struct str){ (char *)secret.bytes, SHA256_BYTES });

	assert_true(sha256_eq(&one, &want));
	assert_int_equal(glass_commit_session(g, STR(""), &one, &err), ERR_INPUT);
	glass_stop(g);
}

/* A child killed between two requests costs one request, and only that. */
static void replaces_a_killed_child(void **state)
{
	struct glass *g = start_with("layout", "draw");
	struct glass_page page;
	struct err err;

	(void)state;
	expect_page(g, &usual, &page);
	kill(g->layout[0].pid, SIGKILL);
	assert_int_equal(glass_draw(g, &mem, &usual, &page, &err), ERR_IO);
	expect_page(g, &usual, &page);
	for (size_t i = 0; i < POOL_DRAW_MAX; i++)
		if (g->draw[i].is_running)
			kill(g->draw[i].pid, SIGKILL);
	assert_int_equal(glass_draw(g, &mem, &usual, &page, &err), ERR_IO);
	expect_page(g, &usual, &page);
	glass_stop(g);
}

static const struct {
	const char *layout, *draw;
	enum err_kind want;
} hostile[] = {
	{ "layout-dies", "draw", ERR_IO },
	{ "layout-hangs", "draw", ERR_IO },
	{ "layout-says-other", "draw", ERR_CORRUPT },
	{ "layout-says-short", "draw", ERR_CORRUPT },
	{ "layout-bad-cell", "draw", ERR_CORRUPT },
	{ "layout-bad-count", "draw", ERR_CORRUPT },
	{ "layout-writes-foot", "draw", ERR_CORRUPT },
	{ "layout-uncovered", "draw", ERR_IO }, /* the draw child refuses and ends */
	{ "layout", "draw-dies", ERR_IO },
	{ "layout", "draw-hangs", ERR_IO },
	{ "layout", "draw-large", ERR_CORRUPT },
	{ "layout", "draw-empty", ERR_CORRUPT },
	{ "layout", "draw-other-size", ERR_CORRUPT },
};

static void survives_hostile_children(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct glass *g = start_with(hostile[i].layout, hostile[i].draw);
		struct glass_page page;
		struct err err;

		for (int again = 0; again < 2; again++) {
			enum err_kind rc = glass_draw(g, &mem, &usual, &page, &err);

			if (rc != hostile[i].want)
				fail_msg("%s, %s: %s", hostile[i].layout, hostile[i].draw,
					rc == OK ? "a page" : err.msg);
		}
		/* Behaved children would be served at once. */
		g->options = pool_defaults;
		g->options.layout_max = 2;
		for (size_t k = 0; k < POOL_DRAW_MAX; k++)
			assert_true(!g->draw[k].is_running || !g->draw[k].is_leased);
		if (strcmp(hostile[i].draw, "draw") == 0)
			expect_page(g, &usual, &page);
		glass_stop(g);
		arena_reset(&mem);
	}
}

static void does_not_start_without_font_or_key(void **state)
{
	struct glass *g;
	struct err err;
	int none, long_key;

	(void)state;
	assert_int_equal(fs_memfd("none", STR("no font"), &none, &err), OK);
	assert_int_not_equal(glass_start(none, mark_key_fd, 1, &g, &err), OK);
	assert_int_equal(
		fs_memfd("key", STR("a key of more bytes than thirty-two"), &long_key, &err), OK);
	assert_int_not_equal(glass_start(font_fd, long_key, 1, &g, &err), OK);
	close(none);
	close(long_key);
}

enum { THREADS = 6, PAGES = 8 };

static void *draw_many(void *arg)
{
	struct glass *g = arg;
	struct arena own;
	uintptr_t bad = 0;

	for (unsigned i = 0; i < PAGES; i++) {
		struct glass_request request = usual;
		struct glass_page page;
		struct err err;
		char pool[8];

		snprintf(pool, sizeof(pool), "eng_%u", i % 3);
		request.pool = str_from(pool);
		arena_init(&own, LIMIT_REQUEST_MEM_BYTES);
		bad += glass_draw(g, &own, &request, &page, &err) != OK || page.lines != 4;
		arena_reset(&own);
	}
	return (void *)bad;
}

static void serves_many_threads(void **state)
{
	struct glass *g = start_with("layout", "draw");
	pthread_t threads[THREADS];
	void *bad;

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, draw_many, g), 0);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &bad);
		assert_null(bad);
	}
	glass_stop(g);
}

/* A child that speaks the right messages, with one thing wrong. */
_Noreturn static void bad_layout(const char *how)
{
	static struct ipc_msg msg;
	struct child_done done = { OK };

	child_enter(how, 256U << 20);
	child_receive(glass_to_layout, &msg);
	struct layout_region *region = child_map_shared(msg.fds[1], sizeof(*region));

	child_send(CHILD_READY, &done, sizeof(done));
	child_receive(glass_to_layout, &msg);
	child_send(CHILD_DONE, &done, sizeof(done));
	child_receive(glass_to_layout, &msg);
	grid_clear(&region->grid);
	region->grid.lines = region->grid.lines_here = 4;
	if (strcmp(how, "layout-dies") == 0)
		child_end();
	if (strcmp(how, "layout-hangs") == 0)
		child_receive(glass_to_layout, &msg);
	if (strcmp(how, "layout-says-other") == 0)
		child_send(DRAW_DONE, &(struct draw_done){ 0 }, sizeof(struct draw_done));
	if (strcmp(how, "layout-says-short") == 0)
		child_send(CHILD_DONE, "xy", 2);
	if (strcmp(how, "layout-bad-cell") == 0)
		region->grid.cells[3][79].code_point = 0x202e;
	if (strcmp(how, "layout-bad-count") == 0)
		region->grid.lines_here = 3;
	if (strcmp(how, "layout-writes-foot") == 0)
		region->grid.cells[GRID_FOOT][5].code_point = 'x';
	if (strcmp(how, "layout-uncovered") == 0)
		region->grid.cells[0][0].code_point = 0x4e2d;
	child_send(CHILD_DONE, &done, sizeof(done));
	child_receive(glass_to_layout, &msg);
	child_end();
}

_Noreturn static void bad_draw(const char *how)
{
	static struct ipc_msg msg;
	struct draw_ready ready = { .engine = "none" };
	struct draw_done done = { 0 };

	child_enter(how, 256U << 20);
	child_receive(glass_to_draw, &msg);
	struct draw_region *region = child_map_shared(msg.fds[2], sizeof(*region));

	for (uint32_t c = '!'; c <= '~'; c++)
		if (!coverage_add(&region->coverage, c))
			child_end();
	child_send(DRAW_READY, &ready, sizeof(ready));
	child_receive(glass_to_draw, &msg);
	if (strcmp(how, "draw-dies") == 0)
		child_end();
	if (strcmp(how, "draw-hangs") == 0)
		child_receive(glass_to_draw, &msg);
	if (strcmp(how, "draw-large") == 0)
		done.png_bytes = UINT32_MAX;
	if (strcmp(how, "draw-other-size") == 0) {
		memcpy(region->png, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0", 24);
		memcpy(region->png + 92, "IEND\xae\x42\x60\x82", 8);
		done.png_bytes = 100;
	}
	child_send(DRAW_DONE, &done, sizeof(done));
	child_receive(glass_to_draw, &msg);
	child_end();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(draws_a_page, begin, end),
		cmocka_unit_test_setup_teardown(draws_what_is_there, begin, end),
		cmocka_unit_test_setup_teardown(keeps_files_and_engagements_apart, begin, end),
		cmocka_unit_test_setup_teardown(holds_only_so_many_files, begin, end),
		cmocka_unit_test_setup_teardown(refuses_bad_requests, begin, end),
		cmocka_unit_test_setup_teardown(commits_sessions, begin, end),
		cmocka_unit_test_setup_teardown(replaces_a_killed_child, begin, end),
		cmocka_unit_test_setup_teardown(survives_hostile_children, begin, end),
		cmocka_unit_test_setup_teardown(does_not_start_without_font_or_key, begin, end),
		cmocka_unit_test_setup_teardown(serves_many_threads, begin, end),
	};

	if (argc == 3 && strcmp(argv[1], "--child") == 0) {
		if (strcmp(argv[2], "layout") == 0)
			layout_child();
		if (strcmp(argv[2], "draw") == 0)
			draw_child();
		if (strncmp(argv[2], "layout-", 7) == 0)
			bad_layout(argv[2]);
		bad_draw(argv[2]);
	}
	return cmocka_run_group_tests(tests, glass_lab_open, glass_lab_close);
}
