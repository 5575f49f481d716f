/* What grants cover: paths, people, places, times, budgets. */
#include "world.h"

#include "base/when.h"

struct opened {
	struct world w;
	char engagement[LAB_ID_BYTES];
};

static int set_up(void **state)
{
	static struct opened o;

	world_open(&o.w);
	world_open_engagement(&o.w, o.w.operator, "E", o.engagement);
	*state = &o;
	return 0;
}

static int tear_down(void **state)
{
	world_close(&((struct opened *)*state)->w);
	return 0;
}

/* The scope lives in the trial's memory until the next act or check. */
static enum err_kind check(struct opened *o, const struct actor *who, enum activity activity,
	const char *release, struct str path, bool listing, struct scope *scope)
{
	struct ctx ctx = trial_ctx(&o->w.t, who);

	return access_check(&ctx, activity, str_from(o->engagement), str_from(release), path,
		listing, scope, &o->w.t.err);
}

static enum err_kind view(struct opened *o, const struct actor *who, const char *path)
{
	struct scope scope;

	return check(o, who, ACTIVITY_VIEW, o->w.release, str_from(path), false, &scope);
}

/* One path or none in each of two lists. */
static void grant_paths(
	struct opened *o, const char *path, const char *except, char id[LAB_ID_BYTES])
{
	json_t *fields = world_grant(&o->w, o->engagement, o->w.operator);

	if (path != NULL)
		json_object_set_new(fields, "paths", json_pack("[s]", path));
	if (except != NULL)
		json_object_set_new(fields, "paths_except", json_pack("[s]", except));
	world_approved_grant(&o->w, o->engagement, o->w.operator, fields, id);
}

enum want { NO, LISTED, YES }; /* LISTED: a folder above something covered */

static const struct {
	const char *paths, *except; /* as people write them; NULL: none */
	const char *asked; /* raw bytes */
	enum want want;
} paths[] = {
	{ NULL, NULL, "cJSON.c", YES },
	{ NULL, NULL, "a/b/c", YES },
	{ "tests", NULL, "tests", YES },
	{ "tests", NULL, "tests/a.c", YES },
	{ "tests", NULL, "tests/a/b.c", YES },
	{ "tests", NULL, "tests2", NO },
	{ "tests", NULL, "tests2/a.c", NO },
	{ "tests", NULL, "test", NO },
	{ "tests", NULL, "a/tests/b", NO },
	{ "tests", NULL, "Tests/a.c", NO },
	{ "tests/", NULL, "tests/a.c", YES },
	{ "tests/", NULL, "tests2/a.c", NO },
	{ "a/b", NULL, "a", LISTED },
	{ "a/b", NULL, "a/c", NO },
	{ "a/b", NULL, "a/bb", NO },
	{ "a/b.c", NULL, "a/b.c", YES },
	{ "a/b.c", NULL, "a/b.c/d", YES },
	{ "tests", NULL, "tests/", NO },
	{ "tests", NULL, "tests/../secret.c", NO },
	{ "tests", NULL, "tests/./a.c", NO },
	{ "tests", NULL, "tests//a.c", NO },
	{ "tests", NULL, "/tests/a.c", NO },
	{ "tests", NULL, "../tests/a.c", NO },
	{ "tests", NULL, "tests/..", NO },
	{ NULL, NULL, "..", NO },
	{ NULL, NULL, "a/../b", NO },
	{ NULL, NULL, "/etc/passwd", NO },
	{ NULL, "tests", "tests", NO },
	{ NULL, "tests", "tests/a.c", NO },
	{ NULL, "tests", "tests2/a.c", YES },
	{ NULL, "tests", "cJSON.c", YES },
	{ "a", "a/secret", "a/secret/key.c", NO },
	{ "a", "a/secret", "a/secrets.c", YES },
	{ "a", "a", "a/b.c", NO },
	{ "a/b", "a", "a/b/c", NO },
	{ "a/b", "a", "a", NO },
	{ "a/b", "a/b", "a", NO },
	{ "caf\\xe9", NULL, "caf\xe9/x.c", YES },
	{ "caf\\xe9", NULL, "caf\xc3\xa9/x.c", NO },
	{ "caf\xc3\xa9", NULL, "caf\xc3\xa9/x.c", YES },
	{ NULL, "caf\\xe9", "caf\xe9/x.c", NO },
	{ "a\\\\b", NULL, "a\\b/x.c", YES },
};

static void prefixes_are_whole_parts(void **state)
{
	struct opened *o = *state;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		char id[LAB_ID_BYTES];
		struct scope scope;
		struct str asked = str_from(paths[i].asked);

		grant_paths(o, paths[i].paths, paths[i].except, id);
		bool covered = check(o, &o->w.rita, ACTIVITY_VIEW, o->w.release, asked, false,
				       &scope) == OK;

		if (covered)
			assert_true(scope_covers(&scope, asked));
		bool listed = check(o, &o->w.rita, ACTIVITY_VIEW, o->w.release, asked, true,
				      &scope) == OK;

		if (covered != (paths[i].want == YES) || listed != (paths[i].want != NO))
			fail_msg("case %zu: %s: covered %d, listed %d", i, paths[i].asked, covered,
				listed);
		assert_int_equal(trial_act(&o->w.t, &o->w.ada, "grant.revoke",
					 json_pack("{ssss}", "id", id, "note", "n")),
			OK);
		assert_int_equal(view(o, &o->w.rita, paths[i].asked), ERR_DENIED);
	}
}

static void paths_that_are_none_are_not_granted(void **state)
{
	struct opened *o = *state;
	static const char *const bad[] = { "/tests", "..", "a/../b", "a//b", ".", "a/./b", "a\\q",
		"caf\\xc3\\xa9", "//" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *fields = world_grant(&o->w, o->engagement, o->w.operator);

		json_object_set_new(fields, "paths", json_pack("[s]", bad[i]));
		assert_int_equal(trial_act(&o->w.t, &o->w.ada, "grant.create", fields), ERR_INPUT);
	}
}

static void grants_add_up(void **state)
{
	struct opened *o = *state;
	struct scope scope;
	char one[LAB_ID_BYTES], two[LAB_ID_BYTES];

	grant_paths(o, "src", "src/secret", one);
	grant_paths(o, "tests", NULL, two);
	assert_int_equal(
		check(o, &o->w.rita, ACTIVITY_VIEW, o->w.release, STR(""), true, &scope), OK);
	assert_int_equal(scope.grant_count, 2);
	assert_true(scope_covers(&scope, STR("src/a.c")));
	assert_true(scope_covers(&scope, STR("tests/a.c")));
	assert_false(scope_covers(&scope, STR("src/secret/a.c")));
	assert_false(scope_covers(&scope, STR("doc/a.txt")));
	assert_true(scope_reaches(&scope, STR("")));
	assert_false(scope_reaches(&scope, STR("doc")));
	assert_false(scope_is_whole(&scope));
	/* Another grant may open what the first one leaves out: two people decided so. */
	grant_paths(o, "src/secret", NULL, two);
	assert_int_equal(check(o, &o->w.rita, ACTIVITY_VIEW, o->w.release, STR("src/secret/a.c"),
				 false, &scope),
		OK);
	assert_true(str_eq(scope.grant_id, str_from(two)));
	grant_paths(o, NULL, NULL, two);
	assert_int_equal(
		check(o, &o->w.rita, ACTIVITY_VIEW, o->w.release, STR(""), true, &scope), OK);
	assert_true(scope_is_whole(&scope));
}

/* A member of the grant changed, and who is refused then, by what text. */
static void each_bound_of_a_grant_holds(void **state)
{
	struct opened *o = *state;
	struct actor elsewhere = o->w.rita;
	char id[LAB_ID_BYTES];
	struct scope scope;
	const struct {
		const char *field;
		json_t *value;
		const struct actor *refused;
		const char *why;
	} cases[] = {
		{ "people", json_pack("[s]", o->w.rob.id), &o->w.rita, "covers this path" },
		{ "releases", json_pack("[s]", o->w.older), &o->w.rita, "covers this path" },
		{ "activities", json_pack("[ss]", "search", "docs"), &o->w.rita, "this activity" },
		{ "forms", json_pack("[s]", "names"), &o->w.rita, "the form glass" },
		{ "points", json_pack("[s]", "rome"), &o->w.rita, "this access point" },
		{ "from", json_string(world_when(o->w.t.now_us + 1)), &o->w.rita, "not begun" },
		{ "until", json_string(world_when(o->w.t.now_us)), &o->w.rita, "has ended" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *fields = world_grant(&o->w, o->engagement, o->w.operator);

		json_object_set_new(fields, cases[i].field, cases[i].value);
		world_approved_grant(&o->w, o->engagement, o->w.operator, fields, id);
		assert_int_equal(view(o, cases[i].refused, "cJSON.c"), ERR_DENIED);
		if (strstr(o->w.t.err.msg, cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].field, o->w.t.err.msg);
		assert_non_null(strstr(o->w.t.err.msg, "ask the lab's officers"));
		assert_int_equal(trial_act(&o->w.t, &o->w.ada, "grant.revoke",
					 json_pack("{ssss}", "id", id, "note", "n")),
			OK);
	}
	json_t *fields = world_grant(&o->w, o->engagement, o->w.operator);

	json_object_set_new(fields, "people", json_pack("[s]", o->w.rita.id));
	json_object_set_new(fields, "points", json_pack("[s]", "centre"));
	world_approved_grant(&o->w, o->engagement, o->w.operator, fields, id);
	assert_int_equal(view(o, &o->w.rita, "cJSON.c"), OK);
	assert_int_equal(view(o, &o->w.rob, "cJSON.c"), ERR_DENIED);
	assert_int_equal(view(o, &o->w.zoe, "cJSON.c"), ERR_DENIED);
	assert_int_equal(view(o, &o->w.ada, "cJSON.c"), ERR_DENIED);
	elsewhere.point = "rome";
	assert_int_equal(view(o, &elsewhere, "cJSON.c"), ERR_DENIED);
	assert_int_equal(
		check(o, &o->w.rita, ACTIVITY_SEARCH, o->w.release, STR("cJSON.c"), false, &scope),
		ERR_DENIED);
	assert_int_equal(
		check(o, &o->w.rita, ACTIVITY_VIEW, o->w.older, STR("cJSON.c"), false, &scope),
		ERR_DENIED);
}

static void time_bites_to_the_microsecond(void **state)
{
	struct opened *o = *state;
	int64_t start = o->w.t.now_us, from = start + 1000, until = start + WHEN_HOUR_US;
	json_t *fields = world_grant(&o->w, o->engagement, o->w.operator);
	const struct {
		int64_t at;
		enum err_kind want;
	} cases[] = {
		{ from - 1, ERR_DENIED }, { from, OK }, { until - 1, OK }, { until, ERR_DENIED },
		{ until + 1, ERR_DENIED }, { from, OK }, /* the clock decides, nothing is kept */
	};
	char id[LAB_ID_BYTES];
	struct scope scope;

	json_object_set_new(fields, "from", json_string(world_when(from)));
	json_object_set_new(fields, "until", json_string(world_when(until)));
	world_approved_grant(&o->w, o->engagement, o->w.operator, fields, id);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		o->w.t.now_us = cases[i].at;
		if (view(o, &o->w.rita, "cJSON.c") != cases[i].want)
			fail_msg("case %zu", i);
	}
	assert_int_equal(
		check(o, &o->w.rita, ACTIVITY_VIEW, o->w.release, STR("a"), false, &scope), OK);
	assert_int_equal(scope.until_us, until);
	o->w.t.now_us = start;
}

static void the_engagement_ends_its_grants(void **state)
{
	struct opened *o = *state;
	int64_t start = o->w.t.now_us, end = start + 30 * WHEN_DAY_US;
	json_t *fields = world_grant(&o->w, o->engagement, o->w.operator);
	char id[LAB_ID_BYTES];
	struct scope scope;

	json_object_set_new(fields, "until", json_string(world_when(end + WHEN_DAY_US)));
	world_approved_grant(&o->w, o->engagement, o->w.operator, fields, id);
	assert_int_equal(
		check(o, &o->w.rita, ACTIVITY_VIEW, o->w.release, STR("a"), false, &scope), OK);
	assert_int_equal(scope.until_us, end);
	o->w.t.now_us = end - 1;
	assert_int_equal(view(o, &o->w.rita, "cJSON.c"), OK);
	o->w.t.now_us = end;
	assert_int_equal(view(o, &o->w.rita, "cJSON.c"), ERR_DENIED);
	o->w.t.now_us = start;
	assert_int_equal(trial_act(&o->w.t, &o->w.ada, "engagement.close",
				 json_pack("{ss}", "id", o->engagement)),
		OK);
	assert_int_equal(view(o, &o->w.rita, "cJSON.c"), ERR_DENIED);
	assert_non_null(strstr(o->w.t.err.msg, "closed"));
}

static void a_withdrawn_release_is_not_shown(void **state)
{
	struct opened *o = *state;
	char id[LAB_ID_BYTES];

	grant_paths(o, NULL, NULL, id);
	assert_int_equal(view(o, &o->w.rita, "cJSON.c"), OK);
	assert_int_equal(trial_act(&o->w.t, &o->w.ada, "release.withdraw",
				 json_pack("{ssss}", "id", o->w.release, "note", "n")),
		OK);
	assert_int_equal(view(o, &o->w.rita, "cJSON.c"), ERR_DENIED);
}

/* What is there and not granted is refused with the very words for what is not there. */
static void refusals_tell_nothing(void **state)
{
	struct opened *o = *state;
	struct scope scope;
	char id[LAB_ID_BYTES], text[ERR_MSG_BYTES_MAX], draft[LAB_ID_BYTES], kept[LAB_ID_BYTES];
	const struct actor *callers[] = { &o->w.rita, &o->w.rob, &o->w.zoe };
	json_t *fields = world_grant(&o->w, o->engagement, o->w.operator);

	json_object_set_new(fields, "people", json_pack("[s]", o->w.rita.id));
	json_object_set_new(fields, "paths", json_pack("[s]", "src"));
	world_approved_grant(&o->w, o->engagement, o->w.operator, fields, id);
	trial_add(
		&o->w.t, "engagement", "draft", world_engagement(&o->w, o->w.operator, "D"), draft);
	snprintf(kept, sizeof(kept), "%s", o->engagement);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(
			check(o, callers[i], ACTIVITY_VIEW, o->w.older, STR("a"), false, &scope),
			ERR_DENIED);
		snprintf(text, sizeof(text), "%s", o->w.t.err.msg);
		assert_int_equal(check(o, callers[i], ACTIVITY_VIEW, "rel_000000000000", STR("a"),
					 false, &scope),
			ERR_DENIED);
		assert_string_equal(text, o->w.t.err.msg);
		assert_int_equal(
			check(o, callers[i], ACTIVITY_VIEW, o->w.product, STR("a"), false, &scope),
			ERR_DENIED);
		assert_string_equal(text, o->w.t.err.msg);
		snprintf(o->engagement, sizeof(o->engagement), "%s", draft);
		assert_int_equal(view(o, callers[i], "src/a"), ERR_DENIED);
		assert_string_equal(text, o->w.t.err.msg);
		snprintf(o->engagement, sizeof(o->engagement), "eng_000000000000");
		assert_int_equal(view(o, callers[i], "src/a"), ERR_DENIED);
		assert_string_equal(text, o->w.t.err.msg);
		snprintf(o->engagement, sizeof(o->engagement), "%s", kept);
	}
}

/* ---- budgets ---- */

static enum err_kind take(struct opened *o, const struct actor *who, int64_t lines)
{
	struct ctx ctx = trial_ctx(&o->w.t, who);
	struct scope scope;

	assert_int_equal(access_check(&ctx, ACTIVITY_VIEW, str_from(o->engagement),
				 str_from(o->w.release), STR("a"), false, &scope, &o->w.t.err),
		OK);
	return budget_take(&ctx, &scope, lines, &o->w.t.err);
}

static void budget_grant(struct opened *o, int64_t lines_per_hour)
{
	json_t *fields = world_grant(&o->w, o->engagement, o->w.operator);
	char id[LAB_ID_BYTES];

	json_object_set_new(fields, "lines_per_hour", json_integer(lines_per_hour));
	world_approved_grant(&o->w, o->engagement, o->w.operator, fields, id);
}

static void a_budget_says_when_there_is_room(void **state)
{
	struct opened *o = *state;
	int64_t minute = o->w.t.now_us / WHEN_MINUTE_US;
	struct scope scope;
	char clock[WHEN_TEXT_BYTES];

	budget_grant(o, 100);
	o->w.t.now_us = minute * WHEN_MINUTE_US + 30 * WHEN_SECOND_US;
	assert_int_equal(take(o, &o->w.rita, 101), ERR_LIMIT);
	assert_non_null(strstr(o->w.t.err.msg, "fewer than asked for"));
	assert_int_equal(take(o, &o->w.rita, 60), OK);
	assert_int_equal(take(o, &o->w.rita, 40), OK);
	assert_int_equal(take(o, &o->w.rita, 0), OK);
	assert_int_equal(take(o, &o->w.rita, 1), ERR_LIMIT);
	when_format((minute + 61) * WHEN_MINUTE_US, clock);
	clock[16] = '\0';
	assert_non_null(strstr(o->w.t.err.msg, clock + 11));
	assert_int_equal(take(o, &o->w.rob, 100), OK); /* each person has the whole of it */
	assert_int_equal(
		check(o, &o->w.rita, ACTIVITY_VIEW, o->w.release, STR("a"), false, &scope), OK);
	assert_int_equal(scope.lines_left, 0);
	o->w.t.now_us = (minute + 61) * WHEN_MINUTE_US - 1;
	assert_int_equal(take(o, &o->w.rita, 1), ERR_LIMIT);
	o->w.t.now_us++;
	assert_int_equal(take(o, &o->w.rita, 100), OK);
	assert_int_equal(take(o, &o->w.rita, 1), ERR_LIMIT);
}

/* The grant with the most lines left is the one that is drawn on. */
static void budgets_of_several_grants_are_used_in_turn(void **state)
{
	struct opened *o = *state;

	budget_grant(o, 100);
	budget_grant(o, 100);
	assert_int_equal(take(o, &o->w.rita, 80), OK);
	assert_int_equal(take(o, &o->w.rita, 80), OK);
	assert_int_equal(take(o, &o->w.rita, 21), ERR_LIMIT);
	assert_int_equal(take(o, &o->w.rita, 20), OK);
	assert_int_equal(take(o, &o->w.rita, 20), OK);
	assert_int_equal(take(o, &o->w.rita, 1), ERR_LIMIT);
}

/* Whatever is taken when, no 60 minutes hold more than the budget; and most of the time there is room. */
static void no_hour_holds_more_than_the_budget(void **state)
{
	struct opened *o = *state;
	enum { TAKES = 600, BUDGET = 1000 };
	static int64_t at[TAKES], lines[TAKES];
	uint64_t seed = 7;
	size_t taken = 0, refused = 0;

	budget_grant(o, BUDGET);
	for (int i = 0; i < TAKES; i++) {
		int64_t want = (int64_t)(trial_random(&seed) % 120);

		o->w.t.now_us += (int64_t)(trial_random(&seed) % (4 * (uint64_t)WHEN_MINUTE_US));
		if (o->w.t.now_us > TRIAL_NOW_US + 19 * WHEN_DAY_US)
			break;
		enum err_kind rc = take(o, &o->w.rita, want);
		int64_t hour = want;

		for (size_t k = 0; k < taken; k++) {
			if (at[k] > o->w.t.now_us - WHEN_HOUR_US)
				hour += lines[k];
		}
		if (rc == OK) {
			assert_true(hour <= BUDGET);
			at[taken] = o->w.t.now_us;
			lines[taken++] = want;
		} else {
			assert_int_equal(rc, ERR_LIMIT);
			refused++;
		}
	}
	assert_true(taken > 100);
	assert_true(refused > 10);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(prefixes_are_whole_parts),
		CASE(paths_that_are_none_are_not_granted),
		CASE(grants_add_up),
		CASE(each_bound_of_a_grant_holds),
		CASE(time_bites_to_the_microsecond),
		CASE(the_engagement_ends_its_grants),
		CASE(a_withdrawn_release_is_not_shown),
		CASE(refusals_tell_nothing),
		CASE(a_budget_says_when_there_is_room),
		CASE(budgets_of_several_grants_are_used_in_turn),
		CASE(no_hour_holds_more_than_the_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
