/*
 * Who sees what. A reviewer's answers before and after another party's records are made are the same to the
 * last byte: what is hidden is not there, not in a list, a count, a name or a text of refusal.
 */
#include "world.h"

#include "app/families.h"
#include "base/when.h"

enum { ANSWERS_MAX = 80 };

struct seen {
	struct world w;
	char engagement[LAB_ID_BYTES], grant[LAB_ID_BYTES];
};

static int set_up(void **state)
{
	static struct seen s;

	world_open(&s.w);
	world_open_engagement(&s.w, s.w.operator, "Ours", s.engagement);
	world_approved_grant(&s.w, s.engagement, s.w.operator, NULL, s.grant);
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	world_close(&((struct seen *)*state)->w);
	return 0;
}

static const struct verb *row(const struct verb *verbs, const char *name)
{
	while (verbs->name != NULL && strcmp(verbs->name, name) != 0)
		verbs++;
	assert_non_null(verbs->name);
	return verbs;
}

/* Asserts OK; the answer is borrowed until the next act. */
static const json_t *ask(struct world *w, const struct actor *who, const char *verb, json_t *args)
{
	const struct verb *family = strcmp(verb, "engagement.mine") == 0 ? verbs_engagement
									 : verbs_record;

	if (trial_call(&w->t, who, row(family, verb), args) != OK)
		fail_msg("%s: %s", verb, w->t.err.msg);
	return w->t.answer;
}

static int64_t total(struct world *w, const struct actor *who, const char *kind)
{
	return json_integer_value(json_object_get(
		ask(w, who, "record.list", json_pack("{ss}", "kind", kind)), "total"));
}

static bool shows(struct world *w, const struct actor *who, const char *id)
{
	enum err_kind rc = trial_call(
		&w->t, who, row(verbs_record, "record.show"), json_pack("{ss}", "id", id));

	assert_true(rc == OK || rc == ERR_NOT_FOUND);
	return rc == OK;
}

static void each_role_sees_its_part(void **state)
{
	struct seen *s = *state;
	struct world *w = &s->w;
	static const char *const kinds[] = { "organisation", "person", "product", "release",
		"engagement", "grant" };
	const struct {
		const struct actor *who;
		int64_t totals[6];
	} cases[] = {
		{ &w->ada, { 3, 7, 1, 2, 1, 1 } },
		{ &w->cleo, { 3, 7, 1, 2, 1, 1 } },
		{ &w->eve, { 1, 1, 1, 2, 0, 0 } }, /* own organisation, own person */
		{ &w->rita, { 1, 1, 1, 1, 1, 1 } },
		{ &w->zoe, { 1, 1, 0, 0, 0, 0 } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t k = 0; k < 6; k++) {
			int64_t got = total(w, cases[i].who, kinds[k]);

			if (got != cases[i].totals[k])
				fail_msg("case %zu: %s: %lld", i, kinds[k], (long long)got);
		}
	}
	assert_true(shows(w, &w->rita, w->release));
	assert_false(shows(w, &w->rita, w->older));
	assert_false(shows(w, &w->rita, w->authority));
	assert_false(shows(w, &w->rita, w->ada.id));
	assert_false(shows(w, &w->zoe, s->engagement));
	assert_false(shows(w, &w->zoe, w->product));
	assert_true(shows(w, &w->ada, s->engagement));
}

/* Drafts are the lab's own business; so are grants for others of the same party. */
static void what_is_inside_is_not_shown(void **state)
{
	struct seen *s = *state;
	struct world *w = &s->w;
	static const struct {
		const char *kind, *state;
		bool shown;
	} cases[] = {
		{ "engagement", "draft", false },
		{ "engagement", "proposed", false },
		{ "engagement", "approved", true },
		{ "engagement", "open", true },
		{ "engagement", "closed", true },
		{ "engagement", "dropped", false },
		{ "grant", "draft", false },
		{ "grant", "proposed", false },
		{ "grant", "approved", true },
		{ "grant", "revoked", true },
		{ "grant", "dropped", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char id[LAB_ID_BYTES], release[LAB_ID_BYTES], version[16];
		bool is_grant = strcmp(cases[i].kind, "grant") == 0;
		json_t *fields = is_grant ? world_grant(w, s->engagement, w->operator)
					  : world_engagement(w, w->operator, "x");

		snprintf(version, sizeof(version), "9.%zu", i);
		world_release(w, version, release);
		if (is_grant)
			json_object_set_new(fields, "releases", json_pack("[s]", release));
		trial_add(&w->t, cases[i].kind, cases[i].state, fields, id);
		assert_int_equal(shows(w, &w->rita, id), cases[i].shown);
		assert_int_equal(shows(w, &w->rita, release), is_grant && cases[i].shown);
		assert_true(shows(w, &w->ada, id));
		assert_false(shows(w, &w->zoe, id));
	}
	char id[LAB_ID_BYTES];
	json_t *fields = world_grant(w, s->engagement, w->operator);

	json_object_set_new(fields, "people", json_pack("[s]", w->rob.id));
	world_approved_grant(w, s->engagement, w->operator, fields, id);
	assert_true(shows(w, &w->rob, id));
	assert_false(shows(w, &w->rita, id));
}

/* Everything that `who` may ask about what they know, as one text an answer. */
static size_t ask_everything(struct seen *s, const struct actor *who, const char *const *ids,
	size_t id_count, char *answers[ANSWERS_MAX])
{
	static const char *const kinds[] = { "organisation", "person", "product", "release",
		"engagement", "grant" };
	struct world *w = &s->w;
	size_t count = 0;

	for (size_t k = 0; k < 6; k++) {
		answers[count++] = json_dumps(
			ask(w, who, "record.list", json_pack("{ss}", "kind", kinds[k])), 0);
		answers[count++] = json_dumps(ask(w, who, "record.list",
						      json_pack("{sssssi}", "kind", kinds[k], "ref",
							      w->product, "limit", 1)),
			0);
		answers[count++] = json_dumps(
			ask(w, who, "record.list",
				json_pack("{ssss}", "kind", kinds[k], "text", "secret")),
			0);
	}
	answers[count++] = json_dumps(ask(w, who, "engagement.mine", json_object()), 0);
	for (size_t i = 0; i < id_count; i++) {
		answers[count++] = json_dumps(
			ask(w, who, "record.show", json_pack("{ss}", "id", ids[i])), 0);
	}
	assert_true(count <= ANSWERS_MAX);
	return count;
}

/* A whole other engagement around the same product, through all its states. */
static void another_party(struct seen *s, char made[6][LAB_ID_BYTES])
{
	struct world *w = &s->w;
	json_t *fields;

	trial_organisation(&w->t, "A secret party", "expert", made[0]);
	struct actor spy = trial_person(&w->t, "secret.agent", made[0], "reviewer");

	snprintf(made[1], LAB_ID_BYTES, "%s", spy.id);
	world_open_engagement(w, made[0], "secret engagement", made[2]);
	world_release(w, "secret release", made[3]);
	fields = world_grant(w, made[2], made[0]);
	json_object_set_new(fields, "releases", json_pack("[ss]", made[3], w->release));
	world_approved_grant(w, made[2], made[0], fields, made[4]);
	trial_add(&w->t, "engagement", "proposed", world_engagement(w, w->authority, "secret plan"),
		made[5]);
}

static void others_records_leave_no_trace(void **state)
{
	struct seen *s = *state;
	struct world *w = &s->w;
	const char *ids[] = { w->operator, w->product, w->release, s->engagement, s->grant,
		w->rita.id };
	char *before[ANSWERS_MAX], *after[ANSWERS_MAX], made[6][LAB_ID_BYTES];
	size_t count = ask_everything(s, &w->rita, ids, 6, before);

	another_party(s, made);
	assert_int_equal(ask_everything(s, &w->rita, ids, 6, after), count);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(before[i], after[i]);
		free(before[i]);
		free(after[i]);
	}
	for (size_t i = 0; i < 6; i++) {
		struct err there;
		char nowhere[LAB_ID_BYTES], *at;

		assert_false(shows(w, &w->rita, made[i]));
		there = w->t.err;
		snprintf(nowhere, sizeof(nowhere), "%.4s%s", made[i], "000000000000");
		assert_false(shows(w, &w->rita, nowhere));
		at = strstr(there.msg, made[i]);
		assert_non_null(at);
		memcpy(at, nowhere, strlen(nowhere));
		assert_string_equal(there.msg, w->t.err.msg);
		assert_true(shows(w, &w->ada, made[i]));
	}
}

static void lists_page_without_gaps(void **state)
{
	struct seen *s = *state;
	struct world *w = &s->w;
	char id[LAB_ID_BYTES], after[64] = "";
	size_t seen = 0;

	for (int i = 0; i < 25; i++) {
		char name[16];

		snprintf(name, sizeof(name), "p%d", i);
		w->t.now_us += i % 3; /* several of one moment */
		trial_add(&w->t, "product", "offered", json_pack("{ss}", "name", name), id);
	}
	for (int page = 0; page < 20; page++) {
		const json_t *answer = ask(w, &w->ada, "record.list",
			json_pack("{sssssi}", "kind", "product", "after", after, "limit", 4));
		const json_t *next = json_object_get(answer, "next");

		assert_int_equal(json_integer_value(json_object_get(answer, "total")), 26);
		seen += json_array_size(json_object_get(answer, "items"));
		if (json_is_null(next))
			break;
		snprintf(after, sizeof(after), "%s", json_string_value(next));
	}
	assert_int_equal(seen, 26);
	assert_int_equal(trial_call(&w->t, &w->ada, row(verbs_record, "record.list"),
				 json_pack("{ssss}", "kind", "product", "after", "x")),
		ERR_INPUT);
	assert_int_equal(trial_call(&w->t, &w->ada, row(verbs_record, "record.list"),
				 json_pack("{ss}", "kind", "nonsense")),
		ERR_INPUT);
}

/* The page's buttons: what is open to this caller, and why not. */
static void actions_say_why_not(void **state)
{
	struct seen *s = *state;
	struct world *w = &s->w;
	char id[LAB_ID_BYTES];

	assert_int_equal(trial_act(&w->t, &w->ada, "grant.create",
				 world_grant(w, s->engagement, w->operator)),
		OK);
	trial_id(&w->t, id);
	assert_int_equal(
		trial_act(&w->t, &w->ada, "grant.propose", json_pack("{ss}", "id", id)), OK);
	for (int turn = 0; turn < 2; turn++) {
		const json_t *actions = json_object_get(
			ask(w, turn == 0 ? &w->ada : &w->ben, "record.show",
				json_pack("{ss}", "id", id)),
			"actions");
		size_t i;
		const json_t *action;
		bool found = false;

		json_array_foreach(actions, i, action)
		{
			struct str verb, why;
			bool is_allowed;

			assert_true(json_str(action, "verb", &verb));
			assert_true(json_flag(action, "allowed", &is_allowed));
			assert_true(json_str(action, "why", &why));
			if (!str_eq(verb, STR("grant.approve")))
				continue;
			found = true;
			assert_int_equal(is_allowed, turn == 1);
			assert_true(str_eq(why,
				turn == 0 ? STR("needs a second officer: you proposed it")
					  : STR("")));
		}
		assert_true(found);
		const json_t *waiting = json_object_get(
			ask(w, turn == 0 ? &w->ada : &w->ben, "engagement.mine", json_object()),
			"waiting");

		assert_int_equal(json_array_size(waiting), turn);
	}
}

static void mine_says_what_is_open(void **state)
{
	struct seen *s = *state;
	struct world *w = &s->w;
	const json_t *answer = ask(w, &w->rita, "engagement.mine", json_object());
	const json_t *one = json_array_get(json_object_get(answer, "engagements"), 0);
	const json_t *release = json_array_get(json_object_get(one, "releases"), 0);
	struct str text;
	int64_t left;

	assert_int_equal(json_array_size(json_object_get(answer, "engagements")), 1);
	assert_true(json_str(release, "version", &text));
	assert_true(str_eq(text, STR("1.7.15")));
	assert_true(json_str(release, "product_title", &text));
	assert_true(str_eq(text, STR("cJSON")));
	assert_true(json_i64(json_object_get(one, "budget"), "lines_left", &left));
	assert_int_equal(left, 6000);
	w->t.now_us += 21 * WHEN_DAY_US; /* after the grant's end, before the engagement's */
	answer = ask(w, &w->rita, "engagement.mine", json_object());
	one = json_array_get(json_object_get(answer, "engagements"), 0);
	assert_int_equal(json_array_size(json_object_get(one, "releases")), 0);
	answer = ask(w, &w->zoe, "engagement.mine", json_object());
	assert_int_equal(json_array_size(json_object_get(answer, "engagements")), 0);
}

#define SIGHT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIGHT(each_role_sees_its_part),
		SIGHT(what_is_inside_is_not_shown),
		SIGHT(others_records_leave_no_trace),
		SIGHT(lists_page_without_gaps),
		SIGHT(actions_say_why_not),
		SIGHT(mine_says_what_is_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
