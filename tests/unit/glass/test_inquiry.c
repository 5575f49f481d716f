/*
 * Whose mark a picture carries, across the boundary: pages drawn by the draw child, asked of the detect child, both in the
 * real sandbox; and detect children that lie. This program is its own child: `test_inquiry --child ROLE`.
 */
#include "harness.h"

#include <math.h>
#include <unistd.h>

#include "glass/child.h"
#include "glass/inquiry.h"
#include "glass/pool.h"
#include "glass_lab.h"

enum { SESSIONS = 40 };

static struct glass *glass;
static struct arena mem;
static char names[SESSIONS][8];
static struct str sessions[SESSIONS];
static char source[8192];

static const struct glass_request usual = {
	.path = { "src/main.c", 10 },
	.session = { "ses_07", 6 },
	.pool = { "eng_1", 5 },
	.visible = { "Reviewer 3", 10 },
};

static int open_lab(void **state)
{
	size_t len = 0;
	struct err err;

	for (size_t i = 0; i < SESSIONS; i++) {
		snprintf(names[i], sizeof(names[i]), "ses_%02zu", i);
		sessions[i] = str_from(names[i]);
	}
	for (int line = 0; line < 60; line++)
		len += (size_t)snprintf(source + len, sizeof(source) - len,
			"\tsum += head[%d] << %d; /* step %d of the fold */\n", line, line % 8,
			line);
	arena_init(&mem, 64 << 20);
	if (glass_lab_open(state) != 0)
		return -1;
	return pool_start(&pool_defaults, font_fd, mark_key_fd, &glass, &err) == OK ? 0 : -1;
}

static int close_lab(void **state)
{
	pool_stop(glass);
	arena_reset(&mem);
	return glass_lab_close(state);
}

static struct glass_request request_of(const char *text)
{
	struct glass_request request = usual;

	request.bytes = str_from(text);
	request.blob = sha256_of(request.bytes);
	return request;
}

static struct inquiry *open_inquiry(const struct glass_request *request)
{
	struct inquiry *q = NULL;
	struct glass_page page;
	struct decoded about;
	struct err err;

	if (glass_draw(glass, &mem, request, &page, &err) != OK ||
		inquiry_open(glass, page.png, &about, &q, &err) != OK)
		fail_msg("%s", err.msg);
	return q;
}

static bool is_named(const struct detect_best *best, uint64_t count, uint64_t tries)
{
	return detect_false_alarm(best->log_chance, count, tries) <= detect_false_alarm_max;
}

static void names_who_was_shown_the_page(void **state)
{
	struct glass_request request = request_of(source);
	struct inquiry *q = open_inquiry(&request);
	struct detect_best best[DETECT_BEST_MAX];
	struct inquiry_seen seen;
	struct sha256 digest;
	struct err err;
	size_t count;

	(void)state;
	if (inquiry_page(q, &request, 7, 7, 0, &seen, &err) != OK)
		fail_msg("%s", err.msg);
	assert_in_range(seen.tries, 1, 2);
	assert_int_equal(seen.zoom, GLASS_1X);
	assert_int_equal(inquiry_score(q, sessions, SESSIONS, &err), OK);
	assert_int_equal(inquiry_best(q, best, &count, &err), OK);
	assert_int_equal(count, DETECT_BEST_MAX);
	assert_string_equal(best[0].session, "ses_07");
	assert_true(is_named(&best[0], SESSIONS, seen.tries));
	/* The second best is a stranger; nobody stands there twice. */
	assert_false(is_named(&best[1], SESSIONS, seen.tries));
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(best[i].session, best[k].session);
	assert_int_equal(glass_commit_session(glass, STR("ses_07"), &digest, &err), OK);
	assert_memory_equal(&best[0].digest, &digest, sizeof(digest));
	inquiry_close(q);
}

static void names_nobody_without_the_session(void **state)
{
	struct glass_request request = request_of(source);
	struct inquiry *q = open_inquiry(&request);
	struct detect_best best[DETECT_BEST_MAX];
	struct inquiry_seen seen;
	struct err err;
	size_t count;

	(void)state;
	assert_int_equal(inquiry_page(q, &request, 7, 7, 0, &seen, &err), OK);
	assert_int_equal(inquiry_score(q, sessions, 7, &err), OK);
	assert_int_equal(inquiry_best(q, best, &count, &err), OK);
	assert_int_equal(count, 7);
	assert_false(is_named(&best[0], 7, seen.tries));
	inquiry_close(q);
}

/* A child that does not keep to the messages, or says what cannot be, is not believed. */
static void believes_no_lies(void **state)
{
	static const struct {
		const char *role;
		enum err_kind want;
	} cases[] = { { "nan", ERR_CORRUPT }, { "far", ERR_CORRUPT }, { "tries", ERR_CORRUPT },
		{ "type", ERR_CORRUPT }, { "dies", ERR_IO }, { "many", ERR_CORRUPT },
		{ "page", ERR_CORRUPT }, { "unended", ERR_CORRUPT }, { "chance", ERR_CORRUPT } };
	struct glass_request request = request_of(source);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct detect_best best[DETECT_BEST_MAX];
		struct inquiry_seen seen;
		struct err err;
		size_t count;

		glass->options.detect_role = cases[i].role;
		struct inquiry *q = open_inquiry(&request);
		enum err_kind rc = inquiry_page(q, &request, 1, 1, 0, &seen, &err);

		if (rc == OK)
			rc = inquiry_best(q, best, &count, &err);
		if (rc != cases[i].want)
			fail_msg("%s: %d", cases[i].role, (int)rc);
		inquiry_close(q);
	}
	glass->options.detect_role = "detect";
}

static _Noreturn void bad_detect(const char *how)
{
	static struct ipc_msg msg;
	const struct child_done ready = { OK };
	struct detect_seen seen = { .tries = 1, .a = { 1, 0, 0, 0, 1 }, .correlation = 0.5 };
	struct detect_told told = { 1 };

	child_enter(how, 256U << 20);
	child_receive(glass_to_detect, &msg);
	struct detect_region *region = child_map_shared(msg.fds[3], sizeof(*region));

	child_send(CHILD_READY, &ready, sizeof(ready));
	child_receive(glass_to_detect, &msg);
	if (strcmp(how, "dies") == 0)
		child_end();
	if (strcmp(how, "nan") == 0)
		seen.correlation = NAN;
	if (strcmp(how, "far") == 0)
		seen.a[2] = 1e300;
	if (strcmp(how, "tries") == 0)
		seen.tries = DETECT_TRIES_MAX + 1;
	if (strcmp(how, "type") == 0)
		child_send(CHILD_DONE, &ready, sizeof(ready));
	child_send(DETECT_SEEN, &seen, sizeof(seen));
	child_receive(glass_to_detect, &msg);
	if (strcmp(how, "many") == 0)
		told.count = DETECT_BEST_MAX + 1;
	if (strcmp(how, "page") == 0)
		region->best[0].page = 1;
	if (strcmp(how, "chance") == 0)
		region->best[0].log_chance = 0.1;
	if (strcmp(how, "unended") == 0)
		memset(region->best[0].session, 'x', sizeof(region->best[0].session));
	child_send(DETECT_TOLD, &told, sizeof(told));
	child_end();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_who_was_shown_the_page),
		cmocka_unit_test(names_nobody_without_the_session),
		cmocka_unit_test(believes_no_lies),
	};

	if (argc == 3 && strcmp(argv[1], "--child") == 0) {
		if (strcmp(argv[2], "layout") == 0)
			layout_child();
		if (strcmp(argv[2], "draw") == 0)
			draw_child();
		if (strcmp(argv[2], "picture") == 0)
			picture_child();
		if (strcmp(argv[2], "detect") == 0)
			detect_child();
		bad_detect(argv[2]);
	}
	return cmocka_run_group_tests(tests, open_lab, close_lab);
}
