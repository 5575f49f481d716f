#include <math.h>

#include "harness.h"

#include "glass/detect.h"
#include "glass/layout.h"
#include "numbers.h"
#include "page_fixture.h"
#include "png_check.h"

/* As many as a busy lab issues in many years. */
static const uint64_t sessions = 100000;

static struct detector *detector;
static struct png_picture drawn;
static struct grid grid;
static struct mark_place place;
static struct evidence evidence;
static struct registration where;

/* A picture that a test owns. */
struct shot {
	uint32_t width, height;
	uint8_t *luma;
};

static int open_all(void **state)
{
	struct err err;

	if (page_fixture_open(state) != 0)
		return -1;
	if (detector_open(atlas, &detector, &err) != OK) {
		print_error("%s\n", err.msg);
		return -1;
	}
	return 0;
}

static int close_all(void **state)
{
	detector_close(detector);
	return page_fixture_close(state);
}

/* Lines as code has them: indented, words and marks, some blank. No two seeds alike. */
static void write_code(uint64_t seed, char *text, size_t cap)
{
	static const char *const words[] = { "struct", "return", "if (", "len", "count", "->next",
		"= 0;", "index", "static", "int", "NULL", "&err", "(void)", "buffer[", "];",
		"/* why */", "||", "memory", "while (", "x", "{", "}", "offset", "limit" };
	size_t at = 0;

	for (size_t line = 0; line < LIMIT_TILE_LINES; line++) {
		size_t indent = draw_number(&seed) % 5 * 4, count = draw_number(&seed) % 9;

		while (indent-- > 0 && at + 1 < cap)
			text[at++] = ' ';
		for (size_t i = 0; i < count; i++) {
			const char *word =
				words[draw_number(&seed) % (sizeof(words) / sizeof(words[0]))];

			while (*word != '\0' && at + 1 < cap)
				text[at++] = *word++;
			if (at + 1 < cap)
				text[at++] = ' ';
		}
		if (at + 1 < cap)
			text[at++] = '\n';
	}
	text[at] = '\0';
}

static void lay_out_source(const char *text)
{
	struct layout_index index;
	struct arena mem;
	struct err err;

	arena_init(&mem, layout_index_bytes(strlen(text)));
	assert_int_equal(layout_index_build(&mem, atlas_coverage(atlas), str_from(text), STR("a.c"),
				 &index, &err),
		OK);
	layout_tile(&index, atlas_coverage(atlas), str_from(text), 0, 0, &grid);
	grid_put_foot(&grid, atlas_coverage(atlas), STR("Reviewer 3, Operator A"));
	place = (struct mark_place){ sha256_of(str_from(text)), 0, 0 };
	arena_reset(&mem);
}

static void lay_out(uint64_t seed)
{
	static char text[16384];

	write_code(seed, text, sizeof(text));
	lay_out_source(text);
}

/* A head, and one line so many times. */
static void lay_out_text(const char *head, const char *line, int count)
{
	static char text[16384];
	size_t at = (size_t)snprintf(text, sizeof(text), "%s", head);

	for (int i = 0; i < count; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s", line);
	lay_out_source(text);
}

static struct sha256 secret_of(uint64_t session)
{
	return mark_secret(STR("a mark key"), str_of(&session, sizeof(session)));
}

static struct shot shot_make(uint32_t width, uint32_t height)
{
	struct shot shot = { width, height, malloc((size_t)width * height + 1) };

	assert_non_null(shot.luma);
	return shot;
}

/* The page as a session's browser shows it. session 0: without a mark. */
static struct shot page_shot(uint64_t session, struct page_options options)
{
	struct marks marks;
	struct err err;
	size_t len = 0;

	memset(&marks, 0, sizeof(marks));
	if (session != 0) {
		struct sha256 secret = secret_of(session);

		mark_page(&secret, &place, &grid, &marks);
	}
	assert_int_equal(page_encode(simple, &grid, &marks, &options, png, &len, &err), OK);
	assert_null(png_check_read(png, len, &drawn));
	struct shot shot = shot_make(drawn.width, drawn.height);

	for (uint32_t y = 0; y < shot.height; y++)
		for (uint32_t x = 0; x < shot.width; x++) {
			const uint8_t *p = drawn.palette[drawn.index[y][x]];

			shot.luma[y * shot.width + x] = (uint8_t)((299U * p[0] + 587U * p[1] +
									  114U * p[2] + 500U) /
				1000U);
		}
	return shot;
}

static struct shot crop(struct shot shot, uint32_t first_line, uint32_t lines)
{
	struct shot part = shot_make(shot.width, lines * 16);

	memcpy(part.luma, shot.luma + (size_t)first_line * 16 * shot.width,
		(size_t)part.width * part.height);
	free(shot.luma);
	return part;
}

static struct shot half(struct shot shot)
{
	struct shot small = shot_make(shot.width / 2, shot.height / 2);

	for (uint32_t y = 0; y < small.height; y++)
		for (uint32_t x = 0; x < small.width; x++) {
			const uint8_t *p = shot.luma + (size_t)2 * y * shot.width + 2 * (size_t)x;

			small.luma[y * small.width + x] = (uint8_t)((p[0] + p[1] + p[shot.width] +
									    p[shot.width + 1] + 2) /
				4);
		}
	free(shot.luma);
	return small;
}

static struct shot binarise(struct shot shot)
{
	for (size_t i = 0; i < (size_t)shot.width * shot.height; i++)
		shot.luma[i] = shot.luma[i] > 128 ? 255 : 0;
	return shot;
}

static struct shot invert(struct shot shot)
{
	for (size_t i = 0; i < (size_t)shot.width * shot.height; i++)
		shot.luma[i] = (uint8_t)(255 - shot.luma[i]);
	return shot;
}

/* Frees the shot. */
static enum err_kind detect(struct shot shot, struct page_options options, struct err *err)
{
	const struct picture picture = { shot.width, shot.height, shot.luma };
	const struct detect_page page = { &grid, place, options.theme, options.zoom };
	enum err_kind rc = detect_register(detector, &picture, &page, &where, err);

	if (rc == OK)
		rc = detect_measure(detector, &picture, &page, &where, &evidence, err);
	free(shot.luma);
	return rc;
}

static const struct page_options plain = { GLASS_LIGHT, GLASS_1X };

static struct score find(struct shot shot, struct page_options options, uint64_t session)
{
	struct sha256 secret = secret_of(session);
	struct score score;
	struct err err;

	if (detect(shot, options, &err) != OK)
		fail_msg("%s", err.msg);
	detect_score(&evidence, &secret, &place, &score);
	return score;
}

static bool is_named(const struct score *score)
{
	return detect_false_alarm(score->log_chance, sessions, 1) <= detect_false_alarm_max;
}

/* By Hoeffding's bound alone, which is looser. */
static bool is_enough(double z)
{
	return z > 7.28;
}

static void nobody_else_is_named(void)
{
	for (uint64_t other = 1000; other < 3000; other++) {
		struct sha256 secret = secret_of(other);
		struct score score;

		detect_score(&evidence, &secret, &place, &score);
		assert_false(is_named(&score));
	}
}

static void names_the_session_in_each_theme_and_zoom(void **state)
{
	(void)state;
	for (int theme = 0; theme < GLASS_THEMES; theme++)
		for (int zoom = 0; zoom < GLASS_ZOOMS; zoom++) {
			struct page_options options = { (enum glass_theme)theme,
				(enum glass_zoom)zoom };

			/* A sanitizer makes large pages slow: one theme shows what zoom does. */
			if (zoom > 0 && theme > 0)
				continue;
			lay_out(7);
			struct score score = find(page_shot(5, options), options, 5);

			assert_true(where.correlation > 0.8);
			assert_true(score.paper > 20);
			assert_true(score.shift > 8);
			assert_true(is_named(&score));
			if (theme == 0 && zoom == 0)
				nobody_else_is_named();
		}
}

static void names_nobody_on_an_unmarked_page(void **state)
{
	(void)state;
	lay_out(8);
	find(page_shot(0, plain), plain, 5);
	nobody_else_is_named();
}

static void names_by_ten_lines(void **state)
{
	(void)state;
	lay_out(9);
	struct score score = find(crop(page_shot(6, plain), 20, 10), plain, 6);

	assert_true(is_enough(score.paper));
	/* The middle of the crop, as the page has it and as the picture has it. */
	const double *a = where.a;

	assert_true(fabs(a[0] * 320 + a[1] * 400 + a[2] - 320) < 0.2);
	assert_true(fabs(a[3] * 320 + a[4] * 400 + a[5] - 80) < 0.2);
	nobody_else_is_named();
}

static void names_at_half_scale(void **state)
{
	(void)state;
	lay_out(10);
	struct score score = find(half(page_shot(6, plain)), plain, 6);

	assert_true(is_enough(score.paper));
	assert_true(fabs(where.a[0] - 0.5) < 0.002);
	nobody_else_is_named();
}

static void names_by_shifts_when_paper_is_lost(void **state)
{
	(void)state;
	lay_out(11);
	struct score score = find(binarise(page_shot(6, plain)), plain, 6);

	assert_false(is_enough(score.paper));
	assert_true(is_enough(score.shift));
	nobody_else_is_named();
}

static void names_by_an_inverted_picture(void **state)
{
	(void)state;
	lay_out(12);
	struct score score = find(invert(page_shot(6, plain)), plain, 6);

	assert_true(where.inverted);
	assert_true(is_enough(score.paper));
	assert_true(is_enough(score.shift));
}

/* By a quarter, clockwise. */
static struct shot turn(struct shot shot)
{
	struct shot turned = shot_make(shot.height, shot.width);

	for (uint32_t y = 0; y < shot.height; y++)
		for (uint32_t x = 0; x < shot.width; x++)
			turned.luma[(size_t)x * turned.width + shot.height - 1 - y] =
				shot.luma[(size_t)y * shot.width + x];
	free(shot.luma);
	return turned;
}

static void names_a_picture_that_is_turned(void **state)
{
	(void)state;
	lay_out(17);
	for (int quarters = 1; quarters < 4; quarters++) {
		struct shot shot = page_shot(6, plain);

		for (int i = 0; i < quarters; i++)
			shot = turn(shot);
		struct score score = find(shot, plain, 6);

		assert_true(is_enough(score.paper));
		assert_true(is_enough(score.shift));
		double degrees = atan2(where.a[3], where.a[0]) * 180 / M_PI;

		assert_true(fabs(remainder(degrees - 90 * quarters, 360)) < 0.1);
	}
	nobody_else_is_named();
}

/* A table of lines that are all alike: a crop of some fits any of them, and only the mark knows which they were. */
static void looks_wherever_the_same_text_stands(void **state)
{
	struct evidence at_first;
	size_t named = 0, places = 0;

	(void)state;
	lay_out_text(
		"int table[] = {\n", "\t0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,\n", 24);
	find(crop(page_shot(6, plain), 8, 10), plain, 6);
	struct registration first = where;
	struct sha256 secret = secret_of(6);
	struct shot shot = crop(page_shot(6, plain), 8, 10);
	const struct picture picture = { shot.width, shot.height, shot.luma };
	const struct detect_page page = { &grid, place, GLASS_LIGHT, GLASS_1X };

	at_first = evidence;
	assert_in_range(first.repeat_count, 13, 15);
	for (size_t i = 0; i <= first.repeat_count; i++) {
		struct registration there = first;
		struct score score;
		struct err err;

		if (i > 0) {
			detect_repeat(&first, GLASS_1X, i - 1, &there);
			assert_int_equal(
				detect_measure(detector, &picture, &page, &there, &evidence, &err),
				OK);
		}
		detect_score(i > 0 ? &evidence : &at_first, &secret, &place, &score);
		places++;
		named += is_named(&score);
		/* Lines 8 to 17 of the page, and no others. */
		if (is_named(&score))
			assert_true(fabs(there.a[5] + 8 * 16) < 0.5);
	}
	free(shot.luma);
	assert_int_equal(named, 1);
	assert_true(places >= 14);
	/* Where no text stands twice there is one place. */
	lay_out(9);
	find(crop(page_shot(6, plain), 20, 10), plain, 6);
	assert_int_equal(where.repeat_count, 0);
}

static void says_when_it_is_another_page(void **state)
{
	struct err err;

	(void)state;
	lay_out(13);
	struct shot shot = page_shot(6, plain);

	lay_out(14);
	assert_int_equal(detect(shot, plain, &err), ERR_NOT_FOUND);
}

static void survives_hostile_pictures(void **state)
{
	static const struct {
		uint32_t width, height;
		enum err_kind want;
	} sizes[] = {
		{ 0, 0, ERR_INPUT },
		{ 1, 1, ERR_INPUT },
		{ 640, 0, ERR_INPUT },
		{ 7, 3000, ERR_INPUT },
		{ 6001, 4001, ERR_LIMIT },
		{ 65535, 65535, ERR_LIMIT },
	};
	struct err err;

	(void)state;
	lay_out(15);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		static const uint8_t nothing[1];
		const struct picture picture = { sizes[i].width, sizes[i].height, nothing };
		const struct detect_page page = { &grid, place, GLASS_LIGHT, GLASS_1X };

		assert_int_equal(
			detect_register(detector, &picture, &page, &where, &err), sizes[i].want);
	}
	struct shot flat = shot_make(640, 480);

	memset(flat.luma, 251, (size_t)flat.width * flat.height);
	assert_int_equal(detect(flat, plain, &err), ERR_INPUT);
	static const uint32_t noisy[][2] = { { 640, 480 }, { 8, 4000 }, { 9000, 9 } };

	for (size_t i = 0; i < sizeof(noisy) / sizeof(noisy[0]); i++) {
		struct shot noise = shot_make(noisy[i][0], noisy[i][1]);
		uint64_t seed = i;

		for (size_t k = 0; k < (size_t)noise.width * noise.height; k++)
			noise.luma[k] = (uint8_t)draw_number(&seed);
		assert_int_equal(detect(noise, plain, &err), ERR_NOT_FOUND);
	}
}

static void bounds_false_alarms(void **state)
{
	(void)state;
	assert_true(fabs(detect_false_alarm(-18, 10, 4) / (40 * exp(-18)) - 1) < 1e-12);
	assert_true(detect_false_alarm(0, 1, 1) == 1);
	assert_true(detect_false_alarm(9, 1, 1) == 1);
	assert_true(detect_false_alarm((double)NAN, 1, 1) == 1);
	assert_true(detect_false_alarm(-3, UINT64_MAX, UINT64_MAX) == 1);
	assert_true(detect_false_alarm(-INFINITY, 1, 1) == 0);
}

/* Evidence of `count` sure shift bits, of which a session has all but `wrong`. */
static struct score score_of(size_t count, size_t wrong)
{
	static struct mark_bits bits;
	struct sha256 secret = secret_of(1);
	struct evidence_layer *layer = &evidence.layer[MARK_SHIFT];
	struct score score;

	mark_bits(&secret, &place, &bits);
	memset(&evidence, 0, sizeof(evidence));
	for (size_t i = 0; i < count; i++) {
		double sign = bits.bit[MARK_SHIFT][i / 80][i % 80] != 0 ? 1 : -1;

		layer->value[i / 80][i % 80] = i < wrong ? -sign : sign;
	}
	layer->energy = (double)count;
	layer->bits = (uint32_t)count;
	detect_score(&evidence, &secret, &place, &score);
	return score;
}

/* 3 x 1e5 x 2^-n <= 1e-6 from n = 39 on. */
static void names_by_39_sure_bits(void **state)
{
	(void)state;
	struct score score = score_of(39, 0);

	assert_true(fabs(score.shift - sqrt(39)) < 1e-9);
	assert_true(fabs(score.log_chance - log(3) + 39 * M_LN2) < 1e-3);
	assert_true(is_named(&score));
	score = score_of(38, 0);
	assert_false(is_named(&score));
	score = score_of(60, 4);
	assert_true(is_named(&score));
	score = score_of(60, 12);
	assert_false(is_named(&score));
	score = score_of(60, 30);
	assert_true(score.log_chance == 0);
}

/* The bound holds for any values; a fair coin shows how loose it is. */
static void keeps_wrong_sessions_within_the_bound(void **state)
{
	size_t above = 0, count = 20000;

	(void)state;
	lay_out(16);
	find(page_shot(6, plain), plain, 6);
	for (uint64_t other = 0; other < count; other++) {
		struct sha256 secret = secret_of(1000000 + other);
		struct score score;

		detect_score(&evidence, &secret, &place, &score);
		above += score.paper >= 3;
	}
	/* Normal: 27; Hoeffding's bound: 222. */
	assert_true((double)above <= (double)count * exp(-4.5));
	assert_true(above >= 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_the_session_in_each_theme_and_zoom),
		cmocka_unit_test(names_nobody_on_an_unmarked_page),
		cmocka_unit_test(names_by_ten_lines),
		cmocka_unit_test(names_at_half_scale),
		cmocka_unit_test(names_by_shifts_when_paper_is_lost),
		cmocka_unit_test(names_by_an_inverted_picture),
		cmocka_unit_test(says_when_it_is_another_page),
		cmocka_unit_test(survives_hostile_pictures),
		cmocka_unit_test(bounds_false_alarms),
		cmocka_unit_test(names_by_39_sure_bits),
		cmocka_unit_test(names_a_picture_that_is_turned),
		cmocka_unit_test(looks_wherever_the_same_text_stands),
		cmocka_unit_test(keeps_wrong_sessions_within_the_bound),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
