#include "cli/progress.h"

#include <signal.h>

#include "harness.h"

static void reports_become_a_line(void **state)
{
	static const struct {
		const char *json;
		double seconds;
		const char *want; /* NULL: not a report */
	} cases[] = {
		{ "{\"done\":5242880,\"total\":0,\"unit\":\"bytes\"}", 2, "5.0 MiB, 2.5 MiB/s" },
		{ "{\"done\":5242880,\"total\":0,\"unit\":\"bytes\"}", 0.1, "5.0 MiB" },
		{ "{\"done\":12,\"total\":0,\"unit\":\"files\",\"bytes\":1048576}", 1,
			"12 files, 1.0 MiB, 1.0 MiB/s" },
		{ "{\"done\":1,\"total\":4,\"unit\":\"steps\"}", 1, "1 steps, 25 %" },
		{ "{\"done\":9,\"total\":4,\"unit\":\"steps\"}", 1, "9 steps" },
		{ "{\"done\":-1,\"total\":4,\"unit\":\"steps\"}", 1, NULL },
		{ "{\"done\":1}", 1, NULL },
		{ "[]", 1, NULL },
		{ "", 1, NULL },
	};
	char line[PROGRESS_LINE_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool told = progress_format(str_from(cases[i].json), cases[i].seconds, line);

		assert_int_equal(told, cases[i].want != NULL);
		if (told)
			assert_string_equal(line, cases[i].want);
	}
}

static void long_units_are_cut(void **state)
{
	char json[600], line[PROGRESS_LINE_BYTES];

	(void)state;
	snprintf(json, sizeof(json), "{\"done\":1,\"total\":2,\"unit\":\"%0500d\"}", 0);
	assert_true(progress_format(str_from(json), 1, line));
	assert_true(strlen(line) < PROGRESS_LINE_BYTES);
}

static void an_interrupt_asks_to_stop(void **state)
{
	struct progress p;

	(void)state;
	progress_begin(&p, "test");
	assert_false(progress_cancelled(&p));
	assert_int_equal(raise(SIGINT), 0);
	assert_true(progress_cancelled(&p));
	progress_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_become_a_line),
		cmocka_unit_test(long_units_are_cut),
		cmocka_unit_test(an_interrupt_asks_to_stop),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
