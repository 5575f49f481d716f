#include "format/html.h"
#include "harness.h"

static void escapes_every_special_byte(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "<b>&'\"", "&lt;b&gt;&amp;&#39;&quot;" },
		{ "a\tb\nc\rd\x01\x7f", "a\tb\ncd" },
		{ "\xc3\xa9\xff<", "\xc3\xa9\xef\xbf\xbd&lt;" },
		{ "end\xc3", "end\xef\xbf\xbd" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena mem;
		struct html h;
		struct str page;
		struct err err;

		arena_init(&mem, 4096);
		out_init(&h.o, &mem, 512);
		html_text(&h, str_from(cases[i].in));
		assert_int_equal(out_finish(&h.o, &page, &err), OK);
		assert_string_equal(page.ptr, cases[i].want);
		arena_reset(&mem);
	}
}

static void literals_numbers_and_urls(void **state)
{
	struct arena mem;
	struct html h;
	struct str page;
	struct err err;

	(void)state;
	arena_init(&mem, 4096);
	out_init(&h.o, &mem, 512);
	HTML(&h, "<a href=\"/r/");
	html_url(&h, STR("a b/c\"<\xff~"));
	HTML(&h, "\">");
	html_u64(&h, 42);
	HTML(&h, "</a>");
	assert_int_equal(out_finish(&h.o, &page, &err), OK);
	assert_string_equal(page.ptr, "<a href=\"/r/a%20b%2Fc%22%3C%FF~\">42</a>");
	arena_reset(&mem);
}

/* Every budget below the one needed must fail cleanly. */
static void survives_every_budget(void **state)
{
	bool done = false;

	(void)state;
	for (size_t budget = 1; !done && budget < 65536; budget += 16) {
		struct arena mem;
		struct html h;
		struct err err;
		struct str page;

		arena_init(&mem, budget);
		out_init(&h.o, &mem, 512);
		html_text(&h, STR("a<b"));
		enum err_kind rc = out_finish(&h.o, &page, &err);

		assert_true(rc == OK || rc == ERR_LIMIT);
		done = rc == OK;
		arena_reset(&mem);
	}
	assert_true(done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_every_special_byte),
		cmocka_unit_test(literals_numbers_and_urls),
		cmocka_unit_test(survives_every_budget),
	};

	return cmocka_run_group_tests_name("html", tests, NULL, NULL);
}
