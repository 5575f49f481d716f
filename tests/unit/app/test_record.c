/* Records through their lives: what each state allows, what each act asks for. */
#include "world.h"

#include "app/families.h"
#include "base/when.h"

static int set_up(void **state)
{
	static struct world w;

	world_open(&w);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	world_close(*state);
	return 0;
}

#define WANT(w, who, verb, args, kind)                                                             \
	do {                                                                                       \
		enum err_kind got_ = trial_act(&(w)->t, who, verb, args);                          \
		if (got_ != (kind))                                                                \
			fail_msg("%s: %s (%s)", verb, err_word(got_),                              \
				got_ == OK ? "" : (w)->t.err.msg);                                 \
	} while (0)

static json_t *only_id(const char *id)
{
	return json_pack("{ss}", "id", id);
}

static void an_engagement_needs_two_people(void **state)
{
	struct world *w = *state;
	char id[LAB_ID_BYTES];

	WANT(w, &w->ada, "engagement.create", world_engagement(w, w->operator, "E"), OK);
	trial_id(&w->t, id);
	assert_string_equal(w->t.state, "draft");
	assert_string_equal(w->t.subject, id);
	assert_int_equal(strlen(w->t.engagement), 20);
	WANT(w, &w->ada, "engagement.propose", only_id(id), OK);
	WANT(w, &w->ada, "engagement.approve", only_id(id), ERR_DENIED);
	assert_string_equal(w->t.err.msg, "needs a second officer: you proposed it");
	WANT(w, &w->eve, "engagement.approve", only_id(id), ERR_DENIED);
	WANT(w, &w->ben, "engagement.approve", only_id(id), OK);
	WANT(w, &w->ada, "engagement.open", only_id(id), OK);
	assert_string_equal(trial_state(&w->t, id), "open");
	WANT(w, &w->ben, "engagement.edit", json_pack("{ssss}", "id", id, "title", "other"),
		ERR_CONFLICT);
	WANT(w, &w->ben, "engagement.close", only_id(id), OK);
}

static void whoever_touched_it_does_not_approve(void **state)
{
	struct world *w = *state;
	char id[LAB_ID_BYTES];

	WANT(w, &w->ada, "engagement.create", world_engagement(w, w->operator, "E"), OK);
	trial_id(&w->t, id);
	WANT(w, &w->ben, "engagement.edit", json_pack("{ssss}", "id", id, "title", "F"), OK);
	WANT(w, &w->ada, "engagement.propose", only_id(id), OK);
	WANT(w, &w->ben, "engagement.approve", only_id(id), ERR_DENIED);
	assert_string_equal(w->t.err.msg, "needs a second officer: you edited it");
	WANT(w, &w->cleo, "engagement.return",
		json_pack("{ssss}", "id", id, "note", "the purpose is thin"), OK);
	WANT(w, &w->ada, "engagement.propose", only_id(id), OK);
	/* Sending back is checking, not making. */
	WANT(w, &w->cleo, "engagement.approve", only_id(id), OK);
}

/* What each state allows, written by hand, apart from the files. */
static const struct {
	const char *kind, *state, *acts;
} allowed[] = {
	{ "engagement", "draft", "edit propose drop" },
	{ "engagement", "proposed", "approve return drop" },
	{ "engagement", "approved", "open close" },
	{ "engagement", "open", "close" },
	{ "engagement", "closed", "" },
	{ "engagement", "dropped", "" },
	{ "grant", "draft", "edit propose drop" },
	{ "grant", "proposed", "approve return drop" },
	{ "grant", "approved", "revoke" },
	{ "grant", "revoked", "" },
	{ "grant", "dropped", "" },
	{ "person", "draft", "edit propose drop" },
	{ "person", "proposed", "approve return drop" },
	{ "person", "active", "suspend" },
	{ "person", "suspended", "edit resume" },
	{ "person", "dropped", "" },
	{ "organisation", "active", "edit suspend" },
	{ "organisation", "suspended", "edit resume" },
	{ "product", "offered", "edit withdraw" },
	{ "product", "withdrawn", "offer" },
	{ "release", "ingested", "withdraw" },
	{ "release", "withdrawn", "" },
};

static bool is_among(const char *words, const char *word)
{
	struct str rest = str_from(words), head;

	while (str_cut(rest, ' ', &head, &rest)) {
		if (str_eq(head, str_from(word)))
			return true;
	}
	return str_eq(rest, str_from(word));
}

static void add_in_state(struct world *w, const char *kind, const char *state,
	const char *engagement, unsigned number, char id[LAB_ID_BYTES])
{
	char name[32];
	json_t *fields;

	snprintf(name, sizeof(name), "thing%u", number);
	if (strcmp(kind, "engagement") == 0)
		fields = world_engagement(w, w->operator, name);
	else if (strcmp(kind, "grant") == 0)
		fields = world_grant(w, engagement, w->operator);
	else if (strcmp(kind, "person") == 0)
		fields = json_pack("{sssssssss[s]}", "name", name, "display", name, "organisation",
			w->operator, "line", "third", "roles", "reviewer");
	else if (strcmp(kind, "organisation") == 0)
		fields = json_pack("{ssss}", "name", name, "line", "expert");
	else if (strcmp(kind, "product") == 0)
		fields = json_pack("{ss}", "name", name);
	else {
		world_release(w, name, id);
		if (strcmp(state, "withdrawn") == 0)
			WANT(w, &w->ada, "release.withdraw",
				json_pack("{ssss}", "id", id, "note", "n"), OK);
		return;
	}
	trial_add(&w->t, kind, state, fields, id);
}

static void each_state_allows_its_acts_alone(void **state)
{
	struct world *w = *state;
	char engagement[LAB_ID_BYTES], id[LAB_ID_BYTES];
	unsigned number = 0, done = 0;
	size_t count;
	const struct verb *verbs = kinds_verbs(w->t.lab.kinds, &count);

	world_open_engagement(w, w->operator, "E", engagement);
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		for (size_t v = 0; v < count; v++) {
			struct str kind = STR(""), act = STR("");

			assert_true(str_cut(str_from(verbs[v].name), '.', &kind, &act));
			if (!str_eq(kind, str_from(allowed[i].kind)) || str_eq(act, STR("create")))
				continue;
			add_in_state(
				w, allowed[i].kind, allowed[i].state, engagement, number++, id);
			enum err_kind rc = trial_call(&w->t, &w->ada, &verbs[v],
				json_pack("{ssss}", "id", id, "note", "because"));
			bool want = is_among(allowed[i].acts, act.ptr);

			if ((rc == OK) != want || (rc != OK && rc != ERR_CONFLICT))
				fail_msg("%s in state %s: %s %s", verbs[v].name, allowed[i].state,
					err_word(rc), w->t.err.msg);
			if (rc != OK)
				assert_string_equal(trial_state(&w->t, id), allowed[i].state);
			done++;
		}
	}
	assert_true(done > 100);
}

static void nobody_without_the_role_acts(void **state)
{
	struct world *w = *state;
	const struct actor *others[] = { &w->eve, &w->rita, &w->zoe };
	char engagement[LAB_ID_BYTES], id[LAB_ID_BYTES];

	world_open_engagement(w, w->operator, "E", engagement);
	trial_add(&w->t, "grant", "proposed", world_grant(w, engagement, w->operator), id);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		WANT(w, others[i], "grant.create", world_grant(w, engagement, w->operator),
			ERR_DENIED);
		WANT(w, others[i], "grant.approve", only_id(id), ERR_DENIED);
		WANT(w, others[i], "organisation.create",
			json_pack("{ssss}", "name", "X", "line", "expert"), ERR_DENIED);
	}
	assert_string_equal(trial_state(&w->t, id), "proposed");
}

static void what_is_needed_is_asked_for(void **state)
{
	struct world *w = *state;
	char id[LAB_ID_BYTES];
	const char *ahead = world_when(w->t.now_us + WHEN_DAY_US);

	WANT(w, &w->ada, "engagement.create",
		json_pack("{ssssss}", "title", "E", "party", w->operator, "product", w->product),
		OK);
	trial_id(&w->t, id);
	WANT(w, &w->ada, "engagement.propose", only_id(id), ERR_INPUT);
	assert_non_null(strstr(w->t.err.msg, "purpose: is needed"));
	WANT(w, &w->ada, "engagement.propose",
		json_pack("{ssssss}", "id", id, "purpose", "p", "until", world_when(w->t.now_us)),
		ERR_CONFLICT);
	assert_string_equal(trial_state(&w->t, id), "draft");
	/* Brought by the act itself; whoever brings them has made the record. */
	WANT(w, &w->ben, "engagement.propose",
		json_pack("{ssssss}", "id", id, "purpose", "p", "until", ahead), OK);
	WANT(w, &w->ben, "engagement.approve", only_id(id), ERR_DENIED);
	WANT(w, &w->cleo, "engagement.return", only_id(id), ERR_INPUT); /* no note */
	WANT(w, &w->cleo, "engagement.approve", json_pack("{ssss}", "id", id, "until", ahead),
		ERR_INPUT); /* takes no field */
	WANT(w, &w->cleo, "engagement.approve", only_id(id), OK);
}

static void fields_are_checked(void **state)
{
	struct world *w = *state;
	WANT(w, &w->ada, "engagement.create", json_pack("{ss}", "title", "E"), ERR_INPUT);
	WANT(w, &w->ada, "engagement.create", world_engagement(w, w->product, "party is a product"),
		ERR_INPUT);
	WANT(w, &w->ada, "engagement.create", world_engagement(w, "org_000000000000", "nobody"),
		ERR_NOT_FOUND);
	WANT(w, &w->ada, "engagement.create", world_engagement(w, w->operator, ""), ERR_INPUT);
	WANT(w, &w->ada, "engagement.create", world_engagement(w, w->operator, "two\nlines"),
		ERR_INPUT);
	WANT(w, &w->ada, "engagement.create",
		world_engagement(w, w->operator, "turned \xe2\x80\xae round"), ERR_INPUT);
	WANT(w, &w->ada, "organisation.create", json_pack("{ssss}", "name", "X", "line", "king"),
		ERR_INPUT);
	WANT(w, &w->ada, "person.create",
		json_pack("{sssssss[s]}", "name", "9lives", "display", "D", "organisation",
			w->operator, "roles", "reviewer"),
		ERR_INPUT);
	WANT(w, &w->ada, "person.create",
		json_pack("{sssssss[s]}", "name", "nina", "display", "D", "organisation",
			w->operator, "roles", "king"),
		ERR_INPUT);
	WANT(w, &w->ada, "person.create",
		json_pack("{sssssss[]}", "name", "nina", "display", "D", "organisation",
			w->operator, "roles"),
		ERR_INPUT);
	WANT(w, &w->ada, "person.create",
		json_pack("{sssssss[ss]}", "name", "nina", "display", "D", "organisation",
			w->operator, "roles", "auditor", "auditor"),
		ERR_INPUT);
}

static void unique_values_are_of_one_record(void **state)
{
	struct world *w = *state;
	char id[LAB_ID_BYTES];

	WANT(w, &w->ada, "product.create", json_pack("{ss}", "name", "100%_sure! \"x\\y\""), OK);
	trial_id(&w->t, id);
	WANT(w, &w->ben, "product.create", json_pack("{ss}", "name", "100%_sure! \"x\\y\""),
		ERR_CONFLICT);
	WANT(w, &w->ben, "product.create", json_pack("{ss}", "name", "100percent_sure! \"x\\y\""),
		OK);
	WANT(w, &w->ada, "product.edit", json_pack("{ssss}", "id", id, "name", "cJSON"),
		ERR_CONFLICT);
	WANT(w, &w->ada, "product.edit",
		json_pack("{ssss}", "id", id, "name", "100%_sure! \"x\\y\""), OK);
	/* A draft that was dropped frees its name. */
	for (int i = 0; i < 2; i++) {
		WANT(w, &w->ada, "person.create",
			json_pack("{sssssss[s]}", "name", "nina", "display", "D", "organisation",
				w->operator, "roles", "reviewer"),
			OK);
		trial_id(&w->t, id);
		WANT(w, &w->ada, "person.create",
			json_pack("{sssssss[s]}", "name", "nina", "display", "D", "organisation",
				w->operator, "roles", "reviewer"),
			ERR_CONFLICT);
		WANT(w, &w->ada, "person.drop", only_id(id), OK);
	}
}

static void edits_replace_keep_and_clear(void **state)
{
	struct world *w = *state;
	struct record record;
	struct ctx ctx;
	struct record_desk desk;
	char id[LAB_ID_BYTES];

	WANT(w, &w->ada, "product.create",
		json_pack("{ssssss}", "name", "P", "vendor", "V", "description", "a\nb"), OK);
	trial_id(&w->t, id);
	WANT(w, &w->ada, "product.edit",
		json_pack("{sssiss}", "id", id, "if_version", 1, "vendor", ""), OK);
	WANT(w, &w->ben, "product.edit",
		json_pack("{sssiss}", "id", id, "if_version", 1, "vendor", "W"), ERR_CONFLICT);
	WANT(w, &w->ben, "product.edit", json_pack("{ssss}", "id", id, "name", ""), ERR_INPUT);
	ctx = trial_ctx(&w->t, &w->ada);
	desk = record_desk_of(&ctx);
	assert_int_equal(record_load(&desk, str_from(id), &record, &w->t.err), OK);
	assert_int_equal(record.version, 2);
	assert_false(record_given(&record, "vendor"));
	assert_true(str_eq(record_text(&record, "description"), STR("a\nb")));
	assert_true(str_eq(record.title, STR("P")));
}

static void a_grant_fits_its_engagement(void **state)
{
	struct world *w = *state;
	char engagement[LAB_ID_BYTES], other[LAB_ID_BYTES], stranger[LAB_ID_BYTES];
	static const struct {
		const char *field, *why;
	} cases[] = {
		{ "party", "its party is not that of the engagement" },
		{ "product", "its product is not that of the engagement" },
		{ "releases", "a release is not of its product" },
		{ "people", "one of its people does not belong to its party" },
		{ "until", "it ends after its engagement" },
		{ "from", "it ends before it begins" },
		{ "points", "it names an access point that is not there" },
	};

	world_open_engagement(w, w->operator, "E", engagement);
	trial_add(&w->t, "product", "offered", json_pack("{ss}", "name", "other"), other);
	trial_add(&w->t, "release", "ingested",
		json_pack("{ssssss}", "product", other, "version", "1", "manifest",
			"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
		stranger);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *fields = world_grant(w, engagement, w->operator);
		json_t *values[] = {
			json_string(w->authority),
			json_string(other),
			json_pack("[s]", stranger),
			json_pack("[s]", w->zoe.id),
			json_string(world_when(w->t.now_us + 31 * WHEN_DAY_US)),
			json_string(world_when(w->t.now_us + 20 * WHEN_DAY_US)),
			json_pack("[s]", "nowhere"),
		};
		char id[LAB_ID_BYTES];

		for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k++) {
			if (k == i)
				json_object_set_new(fields, cases[i].field, values[k]);
			else
				json_decref(values[k]);
		}
		WANT(w, &w->ada, "grant.create", fields, OK);
		trial_id(&w->t, id);
		WANT(w, &w->ada, "grant.propose", only_id(id), ERR_CONFLICT);
		assert_string_equal(w->t.err.msg, cases[i].why);
	}
}

/* A grant to the maker's own people: the officer whom it serves does not approve it. */
static void nobody_approves_for_themselves(void **state)
{
	struct world *w = *state;
	char engagement[LAB_ID_BYTES], id[LAB_ID_BYTES];
	json_t *fields;

	world_open_engagement(w, w->t.maker, "own", engagement);
	WANT(w, &w->ada, "grant.create", world_grant(w, engagement, w->t.maker), OK);
	trial_id(&w->t, id);
	WANT(w, &w->ada, "grant.propose", only_id(id), OK);
	WANT(w, &w->ben, "grant.approve", only_id(id), ERR_DENIED);
	fields = world_grant(w, engagement, w->t.maker);
	json_object_set_new(fields, "people", json_pack("[ss]", w->ben.id, w->eve.id));
	WANT(w, &w->ada, "grant.create", fields, OK);
	trial_id(&w->t, id);
	WANT(w, &w->ada, "grant.propose", only_id(id), OK);
	WANT(w, &w->ben, "grant.approve", only_id(id), ERR_DENIED);
	WANT(w, &w->cleo, "grant.approve", only_id(id), OK);
}

static void every_act_points_to_its_entry(void **state)
{
	struct world *w = *state;
	struct stmt *s;
	bool row;
	int rows = 0;

	an_engagement_needs_two_people(state);
	assert_int_equal(stmt_begin(w->t.db,
				 "SELECT h.id, e.record FROM record_history h"
				 " LEFT JOIN entries e ON e.idx = h.entry",
				 &s, &w->t.err),
		OK);
	for (;; rows++) {
		assert_int_equal(stmt_step(s, &row, &w->t.err), OK);
		if (!row)
			break;
		assert_true(str_eq(stmt_col_str(s, 0), stmt_col_str(s, 1)));
	}
	assert_true(rows > 15);
}

#define LIFE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIFE(an_engagement_needs_two_people),
		LIFE(whoever_touched_it_does_not_approve),
		LIFE(each_state_allows_its_acts_alone),
		LIFE(nobody_without_the_role_acts),
		LIFE(what_is_needed_is_asked_for),
		LIFE(fields_are_checked),
		LIFE(unique_values_are_of_one_record),
		LIFE(edits_replace_keep_and_clear),
		LIFE(a_grant_fits_its_engagement),
		LIFE(nobody_approves_for_themselves),
		LIFE(every_act_points_to_its_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
