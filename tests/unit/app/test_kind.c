/* Reading kinds: a case a line; and what the installed ones give. */
#include <fcntl.h>
#include <unistd.h>

#include "harness.h"

#include "app/families.h"
#include "app/kind.h"
#include "base/limit.h"

/* A small whole kind, cut where a case puts its own text. */
#define HEAD                                                                                       \
	"kind: visit\nprefix: vis\ntitle: Visit\nplural: Visits\nfamily: Govern\n"                 \
	"help: Who came.\nempty: Nobody yet.\nseen_by: [officer]\ntitle_field: name\n"
#define FIELDS "fields:\n- {name: name, type: line, label: Name, required: true}\n"
#define STATES                                                                                     \
	"states:\n- {name: draft, inside: true}\n- {name: proposed}\n- {name: approved, tone: ok}\n"
#define CREATE "create: {label: Add, state: draft, roles: [officer]}\n"
#define MOVES                                                                                       \
	"transitions:\n"                                                                            \
	"- {name: propose, label: P, from: [draft], to: proposed, roles: [officer], duty: makes}\n" \
	"- {name: approve, label: A, from: [proposed], to: approved, roles: [officer], duty: checks}\n"
#define MOVE                                                                                       \
	"transitions:\n- {name: propose, label: P, from: [draft], to: proposed, roles: [officer]"

static const struct {
	const char *text;
	const char *want; /* NULL: reads; else stands in the message */
} cases[] = {
	{ HEAD FIELDS STATES CREATE MOVES, NULL },
	{ HEAD FIELDS STATES CREATE, NULL },
	{ HEAD FIELDS STATES CREATE "edit: {states: [draft], roles: [officer]}\n" MOVES, NULL },
	/* the file */
	{ "", "k.yaml" },
	{ "- a\n", "k.yaml: must be keys with values" },
	{ "kind: Visit\n", "k.yaml: kind: must be a name" },
	{ HEAD FIELDS STATES CREATE "colour: red\n", "k.yaml: visit: unknown key 'colour'" },
	{ HEAD FIELDS STATES CREATE "help: again\n", "k.yaml" },
	{ "kind: visit\nprefix: vi\n", "k.yaml: visit: prefix: must be three" },
	{ "kind: visit\nprefix: vist\n", "k.yaml: visit: prefix: must be three" },
	{ "kind: visit\nprefix: vis\ntitle: [a]\n", "k.yaml: visit: title: must be one line" },
	{ "kind: visit\nprefix: vis\ntitle: \"a\\u202eb\"\n",
		"k.yaml: visit: title: must be one line" },
	{ "kind: visit\nprefix: vis\ntitle: V\n", "k.yaml: visit: plural: is missing" },
	{ "kind: visit\nprefix: vis\ntitle: V\nplural: V\nfamily: Sell\n",
		"k.yaml: visit: family: unknown word 'Sell'" },
	{ "kind: visit\nprefix: vis\ntitle: V\nplural: V\nfamily: See\nhelp: h\nempty: e\nseen_by: [king]\n",
		"k.yaml: visit: seen_by: unknown role 'king'" },
	{ "kind: visit\nprefix: vis\ntitle: V\nplural: V\nfamily: See\nhelp: h\nempty: e\nseen_by: []\n",
		"k.yaml: visit: seen_by: at least one role" },
	/* fields */
	{ HEAD "fields: []\n", "k.yaml: visit: fields: must be a list of 1 to 20" },
	{ HEAD "fields: 3\n", "k.yaml: visit: fields: must be a list of 1 to 20" },
	{ HEAD "fields:\n- {name: name, type: tme, label: N}\n",
		"k.yaml: visit: field name: type: unknown word 'tme'" },
	{ HEAD "fields:\n- {name: name, label: N}\n",
		"k.yaml: visit: field name: type: is missing" },
	{ HEAD "fields:\n- {name: name, type: line}\n",
		"k.yaml: visit: field name: label: is missing" },
	{ HEAD "fields:\n- {name: Name, type: line, label: N}\n",
		"k.yaml: visit: fields: name: must be a name" },
	{ HEAD "fields:\n- {name: id, type: line, label: N}\n",
		"k.yaml: visit: field id: the name is taken" },
	{ HEAD FIELDS "- {name: name, type: line, label: N}\n",
		"k.yaml: visit: field name: stands there twice" },
	{ HEAD FIELDS "- {name: a, type: line, label: N, colour: red}\n",
		"k.yaml: visit: fields: unknown key 'colour'" },
	{ HEAD FIELDS "- {name: a, type: line, label: N, required: yes}\n",
		"k.yaml: visit: field a: required: must be true or false" },
	{ HEAD FIELDS "- {name: a, type: line, label: N, max: 1000}\n",
		"k.yaml: visit: field a: min and max" },
	{ HEAD FIELDS "- {name: a, type: line, label: N, min: 9, max: 3}\n",
		"k.yaml: visit: field a: min and max" },
	{ HEAD FIELDS "- {name: a, type: int, label: N, max: many}\n",
		"k.yaml: visit: field a: max: must be a whole number" },
	{ HEAD FIELDS "- {name: a, type: enum, label: N}\n",
		"k.yaml: visit: field a: words: an enum needs some" },
	{ HEAD FIELDS "- {name: a, type: role, label: N, words: [king]}\n",
		"k.yaml: visit: field a: words: only an enum has them" },
	{ HEAD FIELDS "- {name: a, type: enum, label: N, words: [b, b]}\n",
		"k.yaml: visit: field a: words: 'b' stands there twice" },
	{ HEAD FIELDS "- {name: a, type: id, label: N}\n",
		"k.yaml: visit: field a: kind: an id names the kind" },
	{ HEAD FIELDS "- {name: a, type: line, label: N, kind: visit}\n",
		"k.yaml: visit: field a: kind: an id names the kind" },
	{ HEAD FIELDS "- {name: a, type: id, label: N, kind: guest}\n" STATES CREATE,
		"kinds: visit: field a: there is no kind 'guest'" },
	{ HEAD FIELDS "- {name: a, type: text, label: N, list: true}\n",
		"k.yaml: visit: field a: list: there are no lists" },
	{ HEAD FIELDS "- {name: a, type: int, label: N, unique: true}\n",
		"k.yaml: visit: field a: unique: only" },
	{ HEAD "fields:\n- {name: a, type: line, label: N}\n" STATES CREATE,
		"k.yaml: visit: title_field: 'name' is no field" },
	/* states, create, edit */
	{ HEAD FIELDS "states:\n- {name: draft}\n- {name: draft}\n",
		"k.yaml: visit: states: draft: stands there twice" },
	{ HEAD FIELDS "states:\n- {name: draft, tone: red}\n",
		"k.yaml: visit: states: tone: unknown word 'red'" },
	{ HEAD FIELDS STATES, "k.yaml: visit: create: is missing" },
	{ HEAD FIELDS STATES "create: {label: A, state: drat, roles: [officer]}\n",
		"k.yaml: visit: create: state: there is no state 'drat'" },
	{ HEAD FIELDS STATES "create: {label: A, state: draft, roles: []}\n",
		"k.yaml: visit: create: roles: at least one role" },
	{ HEAD FIELDS STATES CREATE "edit: {states: [], roles: [officer]}\n",
		"k.yaml: visit: edit: states: at least one state" },
	/* transitions */
	{ HEAD FIELDS STATES CREATE MOVE ", duty: rules}\n",
		"k.yaml: visit: transition propose: duty: unknown word 'rules'" },
	{ HEAD FIELDS STATES CREATE MOVE ", apart: line}\n",
		"k.yaml: visit: transition propose: apart, two_organisations: only" },
	{ HEAD FIELDS STATES
		"create: {label: Add, state: draft, roles: [officer], conditions: [until_ahead]}\n",
		"k.yaml: visit: create: conditions: until_ahead reads the field until" },
	{ HEAD FIELDS STATES
		"create: {verb: visit.make, label: Add, state: draft, roles: [officer], conditions: [not_oneself]}\n",
		"k.yaml: visit: create: conditions: the verb that makes it has its own" },
	{ HEAD FIELDS STATES CREATE MOVE ", conditions: [is_fine]}\n",
		"k.yaml: visit: transition propose: conditions: no predicate is called 'is_fine'" },
	{ HEAD FIELDS STATES CREATE MOVE ", conditions: [until_ahead]}\n",
		"k.yaml: visit: transition propose: conditions: until_ahead reads the field until" },
	{ HEAD FIELDS STATES CREATE MOVE ", conditions: [not_oneself]}\n", NULL },
	{ HEAD FIELDS STATES CREATE MOVE ", needs: [when]}\n",
		"k.yaml: visit: transition propose: needs: there is no field 'when'" },
	{ HEAD FIELDS STATES CREATE MOVE ", needs: [name], duty: checks}\n",
		"k.yaml: visit: transition propose: needs: a transition that checks takes no fields" },
	{ HEAD FIELDS STATES CREATE MOVE ", signed: true, public: {who: name}}\n", NULL },
	{ HEAD FIELDS STATES CREATE MOVE ", signed: please}\n",
		"k.yaml: visit: transition propose: signed: must be true or false" },
	{ HEAD FIELDS STATES CREATE MOVE ", public: [name]}\n",
		"k.yaml: visit: transition propose: public" },
	{ HEAD FIELDS STATES CREATE MOVE ", public: {who: names}}\n",
		"k.yaml: visit: transition propose: public: there is no field 'names'" },
	{ HEAD FIELDS STATES CREATE MOVE ", public: {actor: name}}\n",
		"k.yaml: visit: transition propose: public: 'actor' is no name, or taken" },
	{ HEAD FIELDS STATES CREATE MOVE ", public: {Who: name}}\n",
		"k.yaml: visit: transition propose: public: 'Who' is no name, or taken" },
	{ HEAD FIELDS "- {name: why, type: text, label: W}\n" STATES CREATE MOVE
		      ", public: {why: why}}\n",
		"k.yaml: visit: transition propose: public: why: its type" },
	{ HEAD FIELDS "- {name: keys, type: key, label: K, list: true}\n",
		"k.yaml: visit: field keys: list: there are no lists" },
	{ HEAD FIELDS STATES CREATE MOVE ", two_organisations: true}\n",
		"k.yaml: visit: transition propose: apart, two_organisations: only" },
	{ HEAD FIELDS STATES CREATE MOVE ", duty: checks, apart: line, two_organisations: true}\n",
		"k.yaml: visit: transition propose: two_organisations: says more" },
	{ HEAD FIELDS STATES CREATE MOVE ", note: maybe}\n",
		"k.yaml: visit: transition propose: note: unknown word 'maybe'" },
	{ HEAD FIELDS STATES CREATE MOVE
		"}\n- {name: propose, label: P, from: [draft], to: draft, roles: [officer]}\n",
		"k.yaml: visit: transition propose: stands there twice" },
	{ HEAD FIELDS STATES CREATE
		"transitions:\n- {name: edit, label: E, from: [draft], to: draft, roles: [officer]}\n",
		"k.yaml: visit: transition edit: the name is taken" },
	/* separation of duties, seen from the whole file */
	{ HEAD FIELDS STATES CREATE MOVES
		"- {name: rush, label: R, from: [draft], to: approved, roles: [officer]}\n",
		"k.yaml: visit: state approved: a check leads to it" },
	{ HEAD FIELDS STATES CREATE "edit: {states: [approved], roles: [officer]}\n" MOVES,
		"k.yaml: visit: state approved: a check leads to it" },
	{ HEAD FIELDS STATES "create: {label: A, state: approved, roles: [officer]}\n" MOVES,
		"k.yaml: visit: state approved: a check leads to it" },
	{ HEAD FIELDS STATES CREATE MOVES
		"- {name: rename, label: R, from: [approved], to: approved, roles: [officer], needs: [name]}\n",
		"k.yaml: visit: state approved: a check leads to it" },
};

static void reads_or_names_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kind_file file = { STR("k.yaml"), str_from(cases[i].text) };
		struct kinds *kinds = NULL;
		struct err err = { 0 };
		enum err_kind rc = kinds_parse(&file, 1, false, &kinds, &err);

		if (cases[i].want == NULL && rc != OK)
			fail_msg("case %zu: %s", i, err.msg);
		if (cases[i].want != NULL && (rc == OK || strstr(err.msg, cases[i].want) == NULL))
			fail_msg("case %zu: want '%s', got '%s'", i, cases[i].want, err.msg);
		if (rc == OK)
			kinds_free(kinds);
	}
}

static void names_and_prefixes_are_of_one_kind(void **state)
{
	struct kind_file twice[] = {
		{ STR("a.yaml"), STR(HEAD FIELDS STATES CREATE) },
		{ STR("b.yaml"), STR(HEAD FIELDS STATES CREATE) },
	};
	struct kinds *kinds;
	struct err err;

	(void)state;
	assert_int_equal(kinds_parse(twice, 2, false, &kinds, &err), ERR_INPUT);
	assert_non_null(strstr(err.msg, "b.yaml: visit: name or prefix is that of visit"));
}

static void the_program_asks_for_its_kinds(void **state)
{
	struct kind_file file = { STR("k.yaml"), STR(HEAD FIELDS STATES CREATE) };
	struct kinds *kinds;
	struct err err;

	(void)state;
	assert_int_equal(kinds_parse(&file, 1, true, &kinds, &err), ERR_INPUT);
	assert_non_null(strstr(err.msg, "there is no kind organisation"));
}

static struct kinds *installed(void)
{
	struct kinds *kinds = NULL;
	struct err err;
	int fd = open(KINDS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	if (kinds_load(fd, &kinds, &err) != OK)
		fail_msg("%s", err.msg);
	close(fd);
	return kinds;
}

static void the_installed_kinds_read(void **state)
{
	static const char *const names[] = { "agreement", "engagement", "grant", "opening",
		"organisation", "person", "product", "release", "request" };
	struct kinds *kinds = installed();

	(void)state;
	assert_int_equal(kinds_count(kinds), sizeof(names) / sizeof(names[0]));
	for (size_t i = 0; i < kinds_count(kinds); i++)
		assert_string_equal(kinds_at(kinds, i)->name, names[i]);
	assert_string_equal(kinds_of_id(kinds, STR("grt_7k2m"))->name, "grant");
	assert_null(kinds_of_id(kinds, STR("xyz_7k2m")));
	assert_null(kinds_of_id(kinds, STR("grt")));
	kinds_free(kinds);
}

/* Every row is whole: a name, a summary, roles, arguments that end, help for each. */
static void rows_are_whole(void **state)
{
	struct kinds *kinds = installed();
	size_t count;
	const struct verb *verbs = kinds_verbs(kinds, &count);

	(void)state;
	assert_true(count > 25);
	for (size_t i = 0; i < count; i++) {
		size_t args = 0;

		assert_non_null(verbs[i].summary);
		assert_true(verbs[i].roles != 0);
		assert_true((verbs[i].roles & ROLE_STRANGER) == 0);
		assert_non_null(verbs[i].apply);
		assert_string_equal(verbs[i].entry, verbs[i].name);
		for (; verbs[i].args[args].name != NULL; args++)
			assert_non_null(verbs[i].args[args].help);
		assert_true(args <= VERB_ARGS_MAX);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(verbs[i].name, verbs[k].name);
	}
	kinds_free(kinds);
}

/* Every transition into a state in force is a check: nobody alone opens anything. */
static void what_is_in_force_was_checked(void **state)
{
	static const struct {
		const char *kind, *state;
	} in_force[] = { { "person", "active" }, { "engagement", "approved" },
		{ "grant", "approved" }, { "agreement", "in_force" } };
	struct kinds *kinds = installed();

	(void)state;
	for (size_t i = 0; i < sizeof(in_force) / sizeof(in_force[0]); i++) {
		const struct kind *kind = kinds_find(kinds, str_from(in_force[i].kind));
		size_t to = kind_state(kind, str_from(in_force[i].state));

		assert_true(to < kind->state_count);
		assert_true(kind->first_state != to);
		for (size_t k = 0; k < kind->transition_count; k++) {
			if (kind->transitions[k].to == to)
				assert_int_equal(kind->transitions[k].duty, DUTY_CHECKS);
		}
	}
	kinds_free(kinds);
}

static void describes_every_kind(void **state)
{
	struct kinds *kinds = installed();
	struct caller officer = { .roles = ROLE_OFFICER }, reviewer = { .roles = ROLE_REVIEWER };
	struct arena mem;
	struct out o;
	struct jw w;
	struct str text;
	struct err err;
	json_t *root;

	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		arena_init(&mem, LIMIT_REQUEST_MEM_BYTES);
		out_init(&o, &mem, LIMIT_ANSWER_BYTES);
		jw_init(&w, &o);
		kinds_describe(&w, kinds, turn == 0 ? &officer : &reviewer);
		assert_int_equal(out_finish(&o, &text, &err), OK);
		assert_int_equal(json_parse(text, LIMIT_ANSWER_BYTES, &root, &err), OK);
		assert_int_equal(json_array_size(root), kinds_count(kinds));
		const json_t *create = json_object_get(json_array_get(root, 0), "create");

		assert_int_equal(json_is_true(json_object_get(create, "allowed")), turn == 0);
		assert_string_equal(
			json_string_value(json_object_get(create, "verb")), "agreement.create");
		json_decref(root);
		arena_reset(&mem);
	}
	kinds_free(kinds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_or_names_what_is_wrong),
		cmocka_unit_test(names_and_prefixes_are_of_one_kind),
		cmocka_unit_test(the_program_asks_for_its_kinds),
		cmocka_unit_test(the_installed_kinds_read),
		cmocka_unit_test(rows_are_whole),
		cmocka_unit_test(what_is_in_force_was_checked),
		cmocka_unit_test(describes_every_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
