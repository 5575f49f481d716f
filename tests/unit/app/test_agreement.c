/* Agreements: whose root key counts, from when to when, and that no two organisations share one. */
#include "world.h"

#include "app/agreement.h"
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

/* Base64 of 32 bytes: RFC 8032's first public key, and another. */
#define ROOT "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define ROOT_HEX "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
#define OTHER_ROOT "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="
#define DOCUMENT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static json_t *agreement(const struct world *w, const char *organisation, const char *root)
{
	return json_pack("{ssssssssss}", "title", "Signed", "organisation", organisation,
		"document", DOCUMENT, "root_key", root, "until",
		world_when(w->t.now_us + 30 * WHEN_DAY_US));
}

/* Drafted and proposed; its id. */
static void propose_agreement(struct world *w, json_t *fields, char id[LAB_ID_BYTES])
{
	WANT(w, &w->ada, "agreement.create", fields, OK);
	trial_id(&w->t, id);
	WANT(w, &w->ada, "agreement.propose", only_id(id), OK);
}

static void an_agreement_in_force_tells_its_root(void **state)
{
	struct world *w = *state;
	struct agreement found;
	struct str name;
	struct err err;
	char id[LAB_ID_BYTES];

	propose_agreement(w, agreement(w, w->authority, ROOT), id);
	assert_int_equal(
		agreement_of(w->t.db, &w->t.mem, str_from(w->authority), w->t.now_us, &found, &err),
		ERR_NOT_FOUND);
	WANT(w, &w->ada, "agreement.approve", only_id(id), ERR_DENIED);
	WANT(w, &w->ben, "agreement.approve", only_id(id), OK);
	assert_true(
		json_str(w->t.publics, "organisation", &name) && str_eq(name, STR("Authority")));
	assert_true(json_str(w->t.publics, "root", &name) && str_eq(name, STR(ROOT_HEX)));
	assert_true(json_str(w->t.publics, "document", &name) && str_eq(name, STR(DOCUMENT)));
	assert_int_equal(
		agreement_of(w->t.db, &w->t.mem, str_from(w->authority), w->t.now_us, &found, &err),
		OK);
	assert_string_equal(found.id.ptr, id);
	assert_int_equal(found.root.bytes[0], 0xd7);
	assert_false(found.has_sealing);
	assert_int_equal(
		agreement_of(w->t.db, &w->t.mem, str_from(w->operator), w->t.now_us, &found, &err),
		ERR_NOT_FOUND);
	/* its time is over */
	assert_int_equal(agreement_of(w->t.db, &w->t.mem, str_from(w->authority),
				 w->t.now_us + 30 * WHEN_DAY_US, &found, &err),
		ERR_NOT_FOUND);
	WANT(w, &w->ben, "agreement.end", json_pack("{ssss}", "id", id, "note", "n"), OK);
	assert_int_equal(
		agreement_of(w->t.db, &w->t.mem, str_from(w->authority), w->t.now_us, &found, &err),
		ERR_NOT_FOUND);
}

static void one_root_key_an_organisation(void **state)
{
	struct world *w = *state;
	char id[LAB_ID_BYTES], second[LAB_ID_BYTES];

	propose_agreement(w, agreement(w, w->authority, ROOT), id);
	WANT(w, &w->ben, "agreement.approve", only_id(id), OK);
	propose_agreement(w, agreement(w, w->authority, OTHER_ROOT), second);
	WANT(w, &w->ben, "agreement.approve", only_id(second), ERR_CONFLICT);
	assert_non_null(strstr(w->t.err.msg, "end it first"));
	propose_agreement(w, agreement(w, w->operator, ROOT), second);
	WANT(w, &w->ben, "agreement.approve", only_id(second), ERR_CONFLICT);
	assert_non_null(strstr(w->t.err.msg, "another organisation"));
	propose_agreement(w, agreement(w, w->operator, OTHER_ROOT), second);
	WANT(w, &w->ben, "agreement.approve", only_id(second), OK);
}

static void an_agreement_is_checked_for_sense(void **state)
{
	/* The neutral point signs every message. */
	static const char weak[] = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	struct world *w = *state;
	char id[LAB_ID_BYTES];
	json_t *fields = agreement(w, w->authority, "c2hvcnQ=");

	WANT(w, &w->ada, "agreement.create", fields, ERR_INPUT);
	WANT(w, &w->ada, "agreement.create", agreement(w, w->authority, weak), OK);
	trial_id(&w->t, id);
	WANT(w, &w->ada, "agreement.propose", only_id(id), ERR_CONFLICT);
	assert_non_null(strstr(w->t.err.msg, "root key"));
	fields = agreement(w, w->authority, ROOT);
	json_object_set_new(fields, "quorum", json_integer(2));
	json_object_set_new(fields, "parties", json_pack("[s]", w->operator));
	WANT(w, &w->ada, "agreement.create", fields, OK);
	trial_id(&w->t, id);
	WANT(w, &w->ada, "agreement.propose", only_id(id), ERR_CONFLICT);
	assert_non_null(strstr(w->t.err.msg, "quorum"));
	WANT(w, &w->ada, "agreement.edit",
		json_pack("{sss[sss]}", "id", id, "parties", w->operator, w->authority, w->t.maker),
		OK);
	WANT(w, &w->ada, "agreement.propose", only_id(id), OK);
	WANT(w, &w->ben, "agreement.approve", only_id(id), OK);
	struct agreement found;
	struct err err;

	assert_int_equal(
		agreement_of(w->t.db, &w->t.mem, str_from(w->authority), w->t.now_us, &found, &err),
		OK);
	assert_int_equal(found.party_count, 3);
	assert_int_equal(found.quorum, 2);
	assert_true(str_cmp(found.parties[0], found.parties[1]) < 0);
	assert_true(str_cmp(found.parties[1], found.parties[2]) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			an_agreement_in_force_tells_its_root, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_root_key_an_organisation, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			an_agreement_is_checked_for_sense, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
