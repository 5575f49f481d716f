/*
 * Pictures and files across the boundary, into children in the real sandbox: good ones, and ones that were made to
 * break what reads them. This program is its own child: `test_picture --child ROLE`.
 */
#include "harness.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "glass/child.h"
#include "glass/finder.h"
#include "glass/picture.h"
#include "glass/pool.h"
#include "glass_lab.h"
#include "picture_make.h"

static struct glass *glass;

static int open_lab(void **state)
{
	struct err err;

	if (glass_lab_open(state) != 0)
		return -1;
	return pool_start(&pool_defaults, font_fd, mark_key_fd, &glass, &err) == OK ? 0 : -1;
}

static int close_lab(void **state)
{
	pool_stop(glass);
	return glass_lab_close(state);
}

static void reads_pictures(void **state)
{
	enum { WIDTH = 300, HEIGHT = 200 };
	static uint8_t gray[WIDTH * HEIGHT];

	(void)state;
	for (size_t i = 0; i < sizeof(gray); i++)
		gray[i] = (uint8_t)(i % WIDTH / 2);
	for (int format = 0; format < DECODE_FORMATS; format++) {
		struct made made = make_picture(
			(enum decode_format)format, gray, WIDTH, HEIGHT, 90);
		struct decoded about;
		struct err err;
		int fd;

		if (picture_read(glass, str_of(made.bytes, made.len), &about, &fd, &err) != OK)
			fail_msg("%s: %s", decode_format_name((enum decode_format)format), err.msg);
		uint8_t *luma = mmap(NULL, sizeof(gray), PROT_READ, MAP_PRIVATE, fd, 0);

		assert_ptr_not_equal(luma, MAP_FAILED);
		assert_int_equal(about.width * about.height, sizeof(gray));
		for (size_t i = 0; i < sizeof(gray); i++)
			assert_in_range(luma[i] + 20, gray[i] + 8, gray[i] + 32);
		munmap(luma, sizeof(gray));
		close(fd);
		free(made.bytes);
	}
}

/* The largest picture that is taken fits the child's memory in every format. */
static void reads_the_largest(void **state)
{
	enum { WIDTH = 6000, HEIGHT = 4000 };
	uint8_t *gray = calloc(WIDTH, HEIGHT);

	(void)state;
	assert_non_null(gray);
	for (int format = 0; format < DECODE_FORMATS; format++) {
		struct made made = make_picture(
			(enum decode_format)format, gray, WIDTH, HEIGHT, 50);
		struct decoded about;
		struct err err;
		int fd;

		if (picture_read(glass, str_of(made.bytes, made.len), &about, &fd, &err) != OK)
			fail_msg("%s: %s", decode_format_name((enum decode_format)format), err.msg);
		close(fd);
		free(made.bytes);
	}
	free(gray);
}

static void refuses_hostile_pictures(void **state)
{
	static uint8_t noise[4096];
	uint8_t gray[64 * 64] = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)(i * i * 31 >> 3);
	for (int format = 0; format < DECODE_FORMATS; format++) {
		struct made made = make_picture((enum decode_format)format, gray, 64, 64, 50);
		size_t keep = made.len < 40 ? made.len : 40;
		struct decoded about;
		struct err err;
		int fd;

		/* Cut off; and a good head before noise. */
		assert_int_equal(
			picture_read(glass, str_of(made.bytes, made.len / 2), &about, &fd, &err),
			ERR_INPUT);
		memcpy(noise, made.bytes, keep);
		assert_int_not_equal(
			picture_read(glass, str_of(noise, sizeof(noise)), &about, &fd, &err), OK);
		free(made.bytes);
	}
}

static enum err_kind read_whole(const uint8_t *bytes, size_t len)
{
	struct decoded about;
	struct err err;
	int fd;
	enum err_kind rc = picture_read(glass, str_of(bytes, len), &about, &fd, &err);

	if (rc == OK)
		close(fd);
	return rc;
}

static void refuses_too_many_pixels(void **state)
{
	enum { WIDTH = 6001, HEIGHT = 4000 };
	uint8_t *gray = calloc(WIDTH, HEIGHT);

	(void)state;
	assert_non_null(gray);
	for (int format = 0; format < DECODE_FORMATS; format++) {
		struct made made = make_picture(
			(enum decode_format)format, gray, WIDTH, HEIGHT, 50);

		assert_int_equal(read_whole(made.bytes, made.len), ERR_LIMIT);
		free(made.bytes);
	}
	free(gray);
	uint8_t *file = calloc(LIMIT_PICTURE_BYTES + 1, 1);

	assert_non_null(file);
	assert_int_equal(read_whole(file, LIMIT_PICTURE_BYTES + 1), ERR_LIMIT);
	free(file);
	assert_int_equal(read_whole((const uint8_t *)"", 0), ERR_INPUT);
}

static void finds_in_files(void **state)
{
	static struct find_needles needles;
	static struct find_hit hits[FIND_HITS_MAX];
	struct finder *finder;
	struct err err;
	size_t count;

	(void)state;
	assert_int_equal(find_split_words(STR("needle"), &needles, &err), OK);
	assert_int_equal(finder_open(glass, &needles, &finder, &err), OK);
	assert_int_equal(finder_look(finder, STR("hay"), hits, &count, &err), OK);
	assert_int_equal(count, 0);
	assert_int_equal(finder_look(finder, STR(""), hits, &count, &err), OK);
	assert_int_equal(count, 0);
	assert_int_equal(finder_look(finder, STR("\n\nneedle"), hits, &count, &err), OK);
	assert_int_equal(count, 1);
	assert_int_equal(hits[0].line, 0);
	finder_close(finder);
}

/* A child that does not keep to the messages is not believed. */
static void believes_no_lies(void **state)
{
	static const struct {
		const char *role;
		enum err_kind want;
	} cases[] = { { "lies-format", ERR_CORRUPT }, { "lies-size", ERR_CORRUPT },
		{ "lies-kind", ERR_CORRUPT }, { "lies-type", ERR_CORRUPT }, { "dies", ERR_INPUT } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct decoded about;
		struct err err;
		int fd;

		glass->options.picture_role = cases[i].role;
		enum err_kind rc = picture_read(glass, STR("picture"), &about, &fd, &err);

		if (rc != cases[i].want)
			fail_msg("%s: %d", cases[i].role, (int)rc);
	}
	glass->options.picture_role = "picture";
}

static _Noreturn void bad_picture(const char *how)
{
	static struct ipc_msg msg;
	struct picture_done done = { OK, { DECODE_PNG, 10, 10 } };

	child_enter(how, 256U << 20);
	child_receive(glass_to_picture, &msg);
	if (strcmp(how, "dies") == 0)
		child_end();
	if (strcmp(how, "lies-format") == 0)
		done.about.format = DECODE_FORMATS;
	if (strcmp(how, "lies-size") == 0)
		done.about.width = UINT32_MAX;
	if (strcmp(how, "lies-kind") == 0)
		done.kind = 99;
	child_send(strcmp(how, "lies-type") == 0 ? FIND_DONE : PICTURE_DONE, &done,
		strcmp(how, "lies-type") == 0 ? sizeof(struct find_done) : sizeof(done));
	child_end();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_pictures),
		cmocka_unit_test(reads_the_largest),
		cmocka_unit_test(refuses_hostile_pictures),
		cmocka_unit_test(refuses_too_many_pixels),
		cmocka_unit_test(finds_in_files),
		cmocka_unit_test(believes_no_lies),
	};

	if (argc == 3 && strcmp(argv[1], "--child") == 0) {
		if (strcmp(argv[2], "layout") == 0)
			layout_child();
		if (strcmp(argv[2], "draw") == 0)
			draw_child();
		if (strcmp(argv[2], "picture") == 0)
			picture_child();
		if (strcmp(argv[2], "find") == 0)
			find_child();
		bad_picture(argv[2]);
	}
	return cmocka_run_group_tests(tests, open_lab, close_lab);
}
