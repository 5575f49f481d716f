/*
 * Separation of duties as a property: whatever people with whatever roles do in whatever order, nobody ever
 * approves what they made, edited or proposed, nobody changes their own roles, nobody suspended acts. What must
 * hold is said by a model that knows nothing of the engine but which acts went through.
 */
#include "world.h"

#include "app/families.h"
#include "app/person.h"
#include "base/when.h"

enum { PEOPLE = 6, THINGS_MAX = 120, ACTS = 800, SEQUENCES = 12 };

/* The model of one record: who has ever made it, as a mask of people. */
struct thing {
	char id[LAB_ID_BYTES];
	const char *kind;
	unsigned makers;
	int is_person; /* index into people, or -1 */
};

struct model {
	struct world w;
	struct actor people[PEOPLE];
	struct thing things[THINGS_MAX];
	size_t count;
	char engagement[LAB_ID_BYTES];
	uint64_t seed;
	unsigned approvals, refusals;
};

static const char *const role_sets[] = { "officer", "officer reviewer", "officer engineer auditor",
	"officer engineer reviewer auditor developer", "reviewer", "officer auditor", "engineer" };

static size_t pick(struct model *m, size_t count)
{
	return (size_t)(trial_random(&m->seed) % count);
}

static void add_thing(
	struct model *m, const char *kind, const char *id, unsigned makers, int person)
{
	struct thing *t = &m->things[m->count++];

	assert_true(m->count <= THINGS_MAX);
	snprintf(t->id, sizeof(t->id), "%s", id);
	t->kind = kind;
	t->makers = makers;
	t->is_person = person;
}

static void begin(struct model *m, uint64_t seed)
{
	memset(m, 0, sizeof(*m));
	world_open(&m->w);
	m->seed = seed;
	world_open_engagement(&m->w, m->w.operator, "open one", m->engagement);
	for (int i = 0; i < PEOPLE; i++) {
		char name[16];

		snprintf(name, sizeof(name), "model%d", i);
		m->people[i] = trial_person(&m->w.t, name, NULL,
			i < 3 ? role_sets[i]
			      : role_sets[pick(m, sizeof(role_sets) / sizeof(role_sets[0]))]);
		add_thing(m, "person", m->people[i].id, 0, i);
	}
}

/* Who acts, as the pipeline would find them now; false when it would not let them in. */
static bool sign_in(struct model *m, size_t who)
{
	struct caller caller = { 0 };
	struct arena mem;
	struct err err;
	struct actor *actor = &m->people[who];

	arena_init(&mem, 1 << 16);
	bool active = person_load(m->w.t.db, &mem, str_from(actor->id), &caller, &err) == OK;

	if (active)
		actor->roles = caller.roles;
	assert_int_equal(active, strcmp(trial_state(&m->w.t, actor->id), "active") == 0);
	assert_int_equal(active, person_is_active(m->w.t.db, str_from(actor->id)));
	arena_reset(&mem);
	return active;
}

static unsigned roles_now(struct model *m, size_t who)
{
	struct caller caller = { 0 };
	struct arena mem;
	struct err err;

	arena_init(&mem, 1 << 16);
	unsigned roles = person_load(m->w.t.db, &mem, str_from(m->people[who].id), &caller, &err) ==
			OK
		? caller.roles
		: m->people[who].roles;

	arena_reset(&mem);
	return roles;
}

static void try_to_create(struct model *m, size_t who)
{
	static const char *const kinds[] = { "engagement", "grant", "person" };
	const char *kind = kinds[pick(m, 3)];
	struct trial *t = &m->w.t;
	char verb[32], name[16], id[LAB_ID_BYTES];
	json_t *fields;

	if (m->count == THINGS_MAX)
		return;
	snprintf(verb, sizeof(verb), "%s.create", kind);
	snprintf(name, sizeof(name), "new%zu", m->count);
	if (strcmp(kind, "engagement") == 0)
		fields = world_engagement(&m->w, m->w.operator, name);
	else if (strcmp(kind, "grant") == 0)
		fields = world_grant(&m->w, m->engagement, m->w.operator);
	else
		fields = json_pack("{sssssssss[s]}", "name", name, "display", name, "organisation",
			t->maker, "line", "second", "roles", "reviewer");
	enum err_kind rc = trial_act(t, &m->people[who], verb, fields);

	assert_int_equal(rc, (m->people[who].roles & ROLE_OFFICER) != 0 ? OK : ERR_DENIED);
	if (rc != OK)
		return;
	trial_id(t, id);
	add_thing(m, kind, id, 1U << who, -1);
}

static json_t *arguments(struct model *m, const struct thing *thing, const char *act)
{
	json_t *args = json_pack("{ssss}", "id", thing->id, "note", "n");

	if (strcmp(act, "edit") != 0)
		return args;
	if (strcmp(thing->kind, "person") == 0)
		json_object_set_new(
			args, "roles", json_pack("[s]", pick(m, 2) == 0 ? "officer" : "reviewer"));
	else
		json_object_set_new(args, "title", json_string("edited"));
	return args;
}

/* What must hold of one act that the engine let through or refused. */
static void judge(struct model *m, size_t who, struct thing *thing, const char *act,
	const char *before, enum err_kind rc)
{
	bool checks = strcmp(act, "approve") == 0 || strcmp(act, "resume") == 0;
	bool makes = strcmp(act, "edit") == 0 || strcmp(act, "propose") == 0;
	bool is_maker = (thing->makers & 1U << who) != 0;
	bool is_officer = (m->people[who].roles & ROLE_OFFICER) != 0;
	bool is_self = thing->is_person == (int)who;

	if (rc == OK && checks) {
		m->approvals++;
		assert_false(is_maker);
		assert_false(is_self);
	}
	if (rc == OK) {
		assert_true(is_officer);
		assert_false(is_self && makes);
		if (makes)
			thing->makers |= 1U << who;
		return;
	}
	m->refusals++;
	/* And no more than that is refused. */
	if (strcmp(act, "approve") == 0 && strcmp(before, "proposed") == 0)
		assert_true(is_maker || is_self || !is_officer);
	if (strcmp(act, "resume") == 0 && strcmp(before, "suspended") == 0)
		assert_true(is_maker || is_self || !is_officer);
}

/* Mostly an act that the state allows, or little would ever get as far as a check. */
static size_t pick_act(struct model *m, const struct kind *kind, const char *state)
{
	size_t at = pick(m, kind->transition_count + 1);
	uint32_t now = UINT32_C(1) << kind_state(kind, str_from(state));

	for (int tries = 0; tries < 6 && at < kind->transition_count; tries++) {
		if ((kind->transitions[at].from & now) != 0)
			break;
		at = pick(m, kind->transition_count + 1);
	}
	return at;
}

static void try_to_act(struct model *m, size_t who)
{
	struct thing *thing = &m->things[pick(m, m->count)];
	const struct kind *kind = kinds_find(m->w.t.lab.kinds, str_from(thing->kind));
	size_t at = pick_act(m, kind, trial_state(&m->w.t, thing->id));
	const char *act = at == kind->transition_count ? "edit" : kind->transitions[at].name;
	char verb[48], before[40];
	unsigned roles = m->people[who].roles;

	/* Ends are rare, or nothing would be left to approve. */
	if ((strcmp(act, "drop") == 0 || strcmp(act, "close") == 0) && pick(m, 8) != 0)
		return;
	if (strcmp(act, "suspend") == 0 && pick(m, 10) != 0)
		return;
	snprintf(verb, sizeof(verb), "%s.%s", thing->kind, act);
	snprintf(before, sizeof(before), "%s", trial_state(&m->w.t, thing->id));
	judge(m, who, thing, act, before,
		trial_act(&m->w.t, &m->people[who], verb, arguments(m, thing, act)));
	/* No act of one's own changes one's own roles. */
	assert_int_equal(roles_now(m, who), roles);
}

static void nobody_checks_own_work(void **state)
{
	static struct model m;
	unsigned approvals = 0, refusals = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEQUENCES; seed++) {
		begin(&m, seed);
		for (int i = 0; i < ACTS; i++) {
			size_t who = pick(&m, PEOPLE);

			if (!sign_in(&m, who))
				continue;
			if (pick(&m, 6) == 0)
				try_to_create(&m, who);
			else
				try_to_act(&m, who);
		}
		approvals += m.approvals;
		refusals += m.refusals;
		world_close(&m.w);
	}
	/* The sequences did something. */
	assert_true(approvals > 10 * SEQUENCES);
	assert_true(refusals > 10 * SEQUENCES);
}

/* A kind may ask for another line or another organisation, not only for another person. */
static void apart_by_line_and_organisation(void **state)
{
	static struct world w;
	char id[LAB_ID_BYTES];
	const struct kind *kind;
	struct kind_transition *approve = NULL;

	(void)state;
	world_open(&w);
	kind = kinds_find(w.t.lab.kinds, STR("engagement"));
	for (size_t i = 0; i < kind->transition_count; i++) {
		if (strcmp(kind->transitions[i].name, "approve") == 0)
			approve = (struct kind_transition *)&kind->transitions[i];
	}
	assert_non_null(approve);
	struct actor same_line = trial_person(&w.t, "oona", w.authority, "officer");
	struct actor other_line = w.ben;

	other_line.line = "third";
	assert_int_equal(
		trial_act(&w.t, &w.ada, "engagement.create", world_engagement(&w, w.operator, "E")),
		OK);
	trial_id(&w.t, id);
	assert_int_equal(
		trial_act(&w.t, &w.ada, "engagement.propose", json_pack("{ss}", "id", id)), OK);
	approve->apart = APART_ORGANISATION;
	assert_int_equal(trial_act(&w.t, &w.ben, "engagement.approve", json_pack("{ss}", "id", id)),
		ERR_DENIED);
	assert_string_equal(w.t.err.msg, "needs another organisation: yours proposed it");
	approve->apart = APART_LINE;
	assert_int_equal(
		trial_act(&w.t, &same_line, "engagement.approve", json_pack("{ss}", "id", id)),
		ERR_DENIED);
	assert_int_equal(
		trial_act(&w.t, &other_line, "engagement.approve", json_pack("{ss}", "id", id)),
		OK);
	world_close(&w);
}

/* A suspended organisation takes its people's rights with it. */
static void a_suspended_organisation_has_nobody(void **state)
{
	static struct world w;

	(void)state;
	world_open(&w);
	assert_true(person_is_active(w.t.db, str_from(w.rita.id)));
	assert_int_equal(trial_act(&w.t, &w.ada, "organisation.suspend",
				 json_pack("{ssss}", "id", w.operator, "note", "n")),
		OK);
	assert_false(person_is_active(w.t.db, str_from(w.rita.id)));
	assert_int_equal(trial_act(&w.t, &w.ada, "organisation.suspend",
				 json_pack("{ssss}", "id", w.t.maker, "note", "n")),
		ERR_DENIED);
	assert_int_equal(
		trial_act(&w.t, &w.ada, "organisation.resume", json_pack("{ss}", "id", w.operator)),
		OK);
	assert_true(person_is_active(w.t.db, str_from(w.rita.id)));
	assert_false(person_is_active(w.t.db, STR("per_000000000000")));
	assert_false(person_is_active(w.t.db, str_from(w.operator)));
	assert_false(person_is_active(w.t.db, STR("")));
	world_close(&w);
}

/* Signing in stops the suspended already; the engine does not count on it. */
static void nobody_acts_on_their_own_person(void **state)
{
	static struct world w;
	static const char *const acts[] = { "person.edit", "person.resume" };

	(void)state;
	world_open(&w);
	assert_int_equal(trial_act(&w.t, &w.ada, "person.suspend",
				 json_pack("{ssss}", "id", w.ben.id, "note", "n")),
		OK);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(
			trial_act(&w.t, &w.ben, acts[i], json_pack("{ss}", "id", w.ben.id)),
			ERR_DENIED);
		assert_string_equal(w.t.err.msg, "nobody does this for themselves");
	}
	assert_int_equal(
		trial_act(&w.t, &w.ada, "person.resume", json_pack("{ss}", "id", w.ben.id)), OK);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_checks_own_work),
		cmocka_unit_test(apart_by_line_and_organisation),
		cmocka_unit_test(nobody_acts_on_their_own_person),
		cmocka_unit_test(a_suspended_organisation_has_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
