#include "harness.h"
#include "web/cookie.h"
#include "web/route.h"

static void finds_the_row_and_its_parameters(void **state)
{
	static const struct {
		enum http_method method;
		const char *path, *row; /* NULL: none */
		const char *params[ROUTE_PARAMS_MAX];
		bool path_known;
	} cases[] = {
		{ HTTP_GET, "/", "/", { 0 }, false },
		{ HTTP_GET, "", NULL, { 0 }, false },
		{ HTTP_GET, "x", NULL, { 0 }, false },
		{ HTTP_GET, "//", NULL, { 0 }, false },
		{ HTTP_GET, "/product/prd_1", "/product/:id", { "prd_1" }, false },
		{ HTTP_GET, "/product/", NULL, { 0 }, false },
		{ HTTP_GET, "/product", NULL, { 0 }, false },
		{ HTTP_GET, "/product/prd_1/", NULL, { 0 }, false },
		{ HTTP_POST, "/product/prd_1", NULL, { 0 }, true },
		{ HTTP_GET, "/room/eng_1/rel_2", "/room/:engagement/:release", { "eng_1", "rel_2" },
			false },
		{ HTTP_GET, "/record/eng_1/approve", "/record/:id/:act", { "eng_1", "approve" },
			false },
		{ HTTP_POST, "/record/per_1/credential", "/record/:id/credential", { "per_1" },
			false },
		{ HTTP_GET, "/ledger", "/ledger", { 0 }, false },
		{ HTTP_GET, "/ledger/entry/12", "/ledger/entry/:index", { "12" }, false },
		{ HTTP_GET, "/ledger/checkpoint", "/ledger/*", { "checkpoint" }, false },
		{ HTTP_GET, "/ledger/tile/0/x001/067", "/ledger/*", { "tile/0/x001/067" }, false },
		{ HTTP_GET, "/ledger/", NULL, { 0 }, false },
		{ HTTP_GET, "/v1/openapi.json", "/v1/openapi.json", { 0 }, false },
		{ HTTP_POST, "/v1/source.view", "/v1/:verb", { "source.view" }, false },
		{ HTTP_GET, "/v1/source.view", NULL, { 0 }, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct route_match match;
		bool found = route_find(cases[i].method, str_from(cases[i].path), &match);

		assert_int_equal(found, cases[i].row != NULL);
		if (!found) {
			assert_int_equal(match.path_known, cases[i].path_known);
			continue;
		}
		assert_string_equal(match.route->path, cases[i].row);
		for (size_t k = 0; k < ROUTE_PARAMS_MAX; k++) {
			assert_int_equal(k < match.param_count, cases[i].params[k] != NULL);
			if (k < match.param_count)
				assert_true(str_eq(match.params[k], str_from(cases[i].params[k])));
		}
	}
}

static void every_row_that_changes_something_is_a_post(void **state)
{
	(void)state;
	for (size_t i = 0; i < route_count(); i++) {
		const struct route *route = route_at(i);

		assert_int_equal(route->body_bytes_max > 0, route->method == HTTP_POST);
		/* What is open to anybody without a look at the form's origin speaks JSON or files. */
		if (route->method == HTTP_POST && route->access == ACCESS_BARE)
			assert_non_null(route->call);
		/* A row is a page or one call; the API looks up nobody for a top bar. */
		assert_int_equal(route->handler == NULL, route->call != NULL);
		assert_true(route->call == NULL || route->access == ACCESS_BARE);
	}
}

#define TOKEN "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

static void reads_the_token_of_a_cookie(void **state)
{
	static const struct {
		const char *header;
		bool found;
	} cases[] = {
		{ "__Host-vitrine=" TOKEN, true },
		{ "a=b; __Host-vitrine=" TOKEN "; c=d", true },
		{ "a=b;__Host-vitrine=" TOKEN, true },
		{ "", false },
		{ "__Host-vitrine=", false },
		{ "__Host-vitrine", false },
		{ "__host-vitrine=" TOKEN, false },
		{ "x__Host-vitrine=" TOKEN, false },
		{ "__Host-vitrine=" TOKEN "A", false },
		{ "__Host-vitrine=" TOKEN "=", false },
		{ "__Host-vitrine=\"" TOKEN "\"", false },
		{ "__Host-vitrine=" TOKEN "; __Host-vitrine=" TOKEN, false },
		{ "__Host-vitrine=x; __Host-vitrine=" TOKEN, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t token[FRAME_TOKEN_BYTES] = { 0 };

		assert_int_equal(cookie_token(str_from(cases[i].header), token), cases[i].found);
		for (size_t k = 0; k < sizeof(token); k++)
			assert_int_equal(token[k], cases[i].found ? k : 0);
	}
}

static void reads_a_bearer_token(void **state)
{
	uint8_t token[FRAME_TOKEN_BYTES];

	(void)state;
	assert_true(bearer_token(STR("Bearer " TOKEN), token));
	assert_true(bearer_token(STR("bearer " TOKEN), token));
	assert_false(bearer_token(STR("Basic " TOKEN), token));
	assert_false(bearer_token(STR("Bearer"), token));
	assert_false(bearer_token(STR("Bearer AAAA"), token));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_row_and_its_parameters),
		cmocka_unit_test(every_row_that_changes_something_is_a_post),
		cmocka_unit_test(reads_the_token_of_a_cookie),
		cmocka_unit_test(reads_a_bearer_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
