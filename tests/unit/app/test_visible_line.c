#include "harness.h"

#include "app/visible_line.h"
#include "base/when.h"

#define DOT " \xc2\xb7 "
#define CUT "\xe2\x80\xa6"
#define ENGAGEMENT "eng_7k2m9q4x5b6c"
#define WHEN "22 Nov 2026 15:04 UTC"

static const struct {
	const char *person, *party, *want;
} cases[] = {
	{ "Reviewer 3", "Operator A", "Reviewer 3" DOT "Operator A" DOT ENGAGEMENT DOT WHEN },
	{ "", "", "" DOT "" DOT ENGAGEMENT DOT WHEN },
	/* Both too long: half of the 32 cells each. */
	{ "A person with a very long name", "A party with a very long name, too",
		"A person with a" CUT DOT "A party with a " CUT DOT ENGAGEMENT DOT WHEN },
	/* A short one leaves its room to the other. */
	{ "Ann", "A party with a very long name, too",
		"Ann" DOT "A party with a very long nam" CUT DOT ENGAGEMENT DOT WHEN },
	{ "A person with a very long name", "Op",
		"A person with a very long name" DOT "Op" DOT ENGAGEMENT DOT WHEN },
	/* Spelled out by the page: counted at ten cells a character. */
	{ "\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97\xe5\xad\x97", "Op",
		"\xe4\xb8\xad\xe6\x96\x87" CUT DOT "Op" DOT ENGAGEMENT DOT WHEN },
	{ "\xd0\x90\xd0\xbd\xd0\xbd\xd0\xb0", "Op",
		"\xd0\x90\xd0\xbd\xd0\xbd\xd0\xb0" DOT "Op" DOT ENGAGEMENT DOT WHEN },
};

static void keeps_engagement_and_time(void **state)
{
	int64_t now_us;

	(void)state;
	assert_true(when_parse(STR("2026-11-22T15:04:59Z"), &now_us));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct visible_line line = { str_from(cases[i].person),
			str_from(cases[i].party), STR(ENGAGEMENT), now_us };
		char text[GLASS_VISIBLE_BYTES_MAX];
		size_t len = visible_line_format(&line, text);

		assert_string_equal(text, cases[i].want);
		assert_int_equal(len, strlen(text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_engagement_and_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
