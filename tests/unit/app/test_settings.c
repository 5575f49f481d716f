/* test_settings: vitrine.yaml, one line a case. */
#include "app/attempts.h"
#include "app/settings.h"
#include "harness.h"

#define GOOD "name: Lab\norigin: lab.example/a\n"

static const struct {
	const char *yaml;
	const char *why; /* NULL: passes */
} cases[] = {
	{ GOOD, NULL },
	{ "name: Lab\n", "vitrine.yaml: origin: is missing" },
	{ "origin: lab.example/a\n", "vitrine.yaml: name: is missing" },
	{ GOOD "colour: red\n", "vitrine.yaml: no such setting: colour" },
	{ GOOD "session_idle_s: 60\n", NULL },
	{ GOOD "session_idle_s: 59\n", "vitrine.yaml: session_idle_s: must be a number from 60" },
	{ GOOD "session_idle_s: soon\n", "vitrine.yaml: session_idle_s: must be a number" },
	{ GOOD "session_idle_s: 600\nsession_absolute_s: 300\n",
		"vitrine.yaml: session_idle_s: must not exceed" },
	{ GOOD "totp_required: true\n", NULL },
	{ GOOD "totp_required: yes\n", "vitrine.yaml: totp_required: must be true or false" },
	{ GOOD "totp_required: 1\n", "vitrine.yaml: totp_required: must be true or false" },
	{ "name: Lab\norigin: lab example\n", "vitrine.yaml: origin: letters" },
	{ "name: Lab\norigin: https://lab.example\n", "vitrine.yaml: origin: letters" },
	{ "name: Lab\norigin: lab+a\n", "vitrine.yaml: origin: letters" },
	{ "name: \"a\\u202eb\"\norigin: lab.example/a\n", "vitrine.yaml: name: holds" },
	{ "name: 7\norigin: lab.example/a\n", "vitrine.yaml: name: must be text" },
	{ "- a\n", "vitrine.yaml: must be keys" },
	{ GOOD GOOD, "vitrine.yaml" },
};

static void every_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct settings settings;
		struct err err = { 0 };
		enum err_kind rc = settings_parse(str_from(cases[i].yaml), &settings, &err);

		if (rc != (cases[i].why == NULL ? OK : ERR_INPUT) ||
			(rc != OK && strncmp(err.msg, cases[i].why, strlen(cases[i].why)) != 0))
			fail_msg("%s: %s, %s", cases[i].yaml, err_word(rc), err.msg);
	}
}

static void what_is_written_is_read_back(void **state)
{
	(void)state;
	struct settings made, read;
	struct arena mem;
	struct out o;
	struct str text;
	struct err err;

	arena_init(&mem, 1 << 16);
	settings_default(&made);
	memcpy(made.name, "A \"lab\" \\ b: c #d", 17);
	memcpy(made.origin, "lab.example/a", 13);
	made.session_idle_s = 61;
	made.totp_required = true;
	out_init(&o, &mem, 1 << 15);
	settings_put(&o, &made);
	assert_int_equal(out_finish(&o, &text, &err), OK);
	assert_int_equal(settings_parse(text, &read, &err), OK);
	assert_memory_equal(&made, &read, sizeof(made));
	arena_reset(&mem);
}

/* The rule of app/attempts.h, by hand. */
static const struct {
	int64_t pair, account, address, wait_s;
} delays[] = {
	{ 0, 0, 0, 0 }, { 0, 1000, 1000, 0 }, /* others failed, not this pair: no waiting */
	{ 1, 1, 1, 0 }, { 2, 2, 2, 0 }, { 3, 3, 3, 1 }, { 4, 4, 4, 2 }, { 12, 12, 12, 512 },
	{ 13, 13, 13, 900 }, { 1000000, 1000000, 1000000, 900 }, { 1, 9, 1, 0 }, { 1, 17, 1, 1 },
	{ 1, 1000, 1000, 2 }, /* mistyped once while others attack: two seconds */
};

static void waiting_slows_the_pair_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++)
		assert_int_equal(
			attempts_delay_s(delays[i].pair, delays[i].account, delays[i].address),
			delays[i].wait_s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(waiting_slows_the_pair_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
