/* The dispatcher and the pages, over a canned vault. */
#include <stddef.h>
#include <stdio.h>

#include "canned.h"
#include "harness.h"

#define TOKEN "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define COOKIE "__Host-vitrine=" TOKEN
#define HELLO                                                                                      \
	"{\"name\":\"Lab <b>\",\"now\":\"2026-11-22T15:04:05.000000Z\",\"frozen\":null,\"test_clock\":false}"
#define SESSION                                                                                           \
	"{\"person\":{\"id\":\"per_1\",\"name\":\"ada\",\"display\":\"<i>Ada\",\"roles\":[\"officer\"]}," \
	"\"ends\":\"2026-11-22T15:51:05Z\",\"must_change\":false,\"totp\":false}"

static const struct canned_answer signed_in[] = {
	{ "lab.hello", OK, HELLO },
	{ "session.show", OK, SESSION },
	{ "lab.describe", OK, "{\"kinds\":[]}" },
	{ "session.end", OK, "{}" },
	{ "engagement.mine", OK, "{\"engagements\":[],\"waiting\":[]}" },
	{ "record.show", ERR_DENIED,
		"{\"error\":\"denied\",\"message\":\"only <b>officers</b> may\"}" },
	{ "session.start", OK, "{\"token\":\"" TOKEN "\",\"must_change\":false}" },
	{ NULL, OK, NULL },
};
static const struct canned_answer stranger[] = {
	{ "lab.hello", OK, HELLO },
	{ "session.show", ERR_AUTH, "{\"error\":\"auth\",\"message\":\"the session has ended\"}" },
	{ "session.start", ERR_AUTH,
		"{\"error\":\"auth\",\"message\":\"name or password is wrong\"}" },
	{ NULL, OK, NULL },
};

struct exchange {
	struct canned canned;
	struct arena mem;
	struct web *web;
	struct http_request request;
	struct http_response response;
	struct http_later later;
	int answered; /* how often later.answer was called */
};

static void count_answer(struct http_later *later)
{
	((struct exchange *)((char *)later - offsetof(struct exchange, later)))->answered++;
}

static void begin(struct exchange *x, const struct canned_answer *answers)
{
	struct web_options options = { .ask = canned_ask,
		.send = canned_send,
		.arg = &x->canned,
		.point = "centre",
		.site = "Room 1" };
	struct err err;

	*x = (struct exchange){ .canned = { .answers = answers }, .later = { count_answer } };
	arena_init(&x->mem, 4 << 20);
	assert_int_equal(web_open(&options, &x->web, &err), OK);
}

static void end(struct exchange *x)
{
	web_close(x->web);
	arena_reset(&x->mem);
}

/* One request; headers not given here are empty unless the test filled them in. */
static void go(struct exchange *x, enum http_method method, const char *path, const char *query,
	const char *body)
{
	x->request.method = method;
	x->request.path = str_from(path);
	x->request.query = str_from(query);
	x->request.body = str_from(body);
	for (int i = 0; i < HTTP_HEADERS; i++)
		if (x->request.headers[i].ptr == NULL)
			x->request.headers[i] = STR("");
	x->response = (struct http_response){ 0 };
	x->answered = 0;
	/* As http does it. */
	if (web_start(x->web, &x->mem, &x->request, &x->response, &x->later))
		assert_int_equal(x->answered, 1);
	else
		web_handle(x->web, &x->mem, &x->request, &x->response);
}

static bool holds(const struct exchange *x, const char *part)
{
	return memmem(x->response.body.ptr, x->response.body.len, part, strlen(part)) != NULL;
}

static const char *header(const struct exchange *x, const char *name)
{
	for (unsigned i = 0; i < x->response.extra_count; i++)
		if (strcmp(x->response.extra[i].name, name) == 0)
			return x->response.extra[i].value;
	return "";
}

static void sends_strangers_to_sign_in_and_back(void **state)
{
	struct exchange x;

	(void)state;
	begin(&x, stranger);
	go(&x, HTTP_GET, "/ledger", "kind=refused", "");
	assert_int_equal(x.response.status, 303);
	assert_string_equal(header(&x, "Location"), "/sign-in?next=%2Fledger%3Fkind%3Drefused");
	x.request.headers[HTTP_COOKIE] = STR(COOKIE);
	go(&x, HTTP_GET, "/", "", "");
	assert_int_equal(x.response.status, 303);
	assert_non_null(strstr(header(&x, "Set-Cookie"), "Max-Age=0"));
	end(&x);
}

static void escapes_what_the_vault_tells(void **state)
{
	struct exchange x;

	(void)state;
	begin(&x, signed_in);
	x.request.headers[HTTP_COOKIE] = STR(COOKIE);
	go(&x, HTTP_GET, "/", "", "");
	assert_int_equal(x.response.status, 200);
	assert_true(holds(&x, "Lab &lt;b&gt;") && holds(&x, "&lt;i&gt;Ada"));
	assert_false(holds(&x, "Lab <b>") || holds(&x, "<i>Ada"));
	go(&x, HTTP_GET, "/record/eng_1", "", "");
	assert_int_equal(x.response.status, 403);
	assert_true(holds(&x, "only &lt;b&gt;officers"));
	assert_true(holds(&x, "What was kept") && holds(&x, "What to do next"));
	end(&x);
}

static void refuses_forms_that_are_not_ours(void **state)
{
	static const struct {
		const char *site, *origin;
	} foreign[] = {
		{ "cross-site", "https://lab.example" },
		{ "same-site", "https://lab.example" },
		{ "same-origin", "https://evil.example" },
		{ "", "http://lab.example" },
		{ "", "null" },
		{ "cross-site", "null" },
		{ "", "" },
	};
	struct exchange x;

	(void)state;
	begin(&x, signed_in);
	x.request.headers[HTTP_COOKIE] = STR(COOKIE);
	x.request.headers[HTTP_HOST] = STR("lab.example");
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		x.request.headers[HTTP_FETCH_SITE] = str_from(foreign[i].site);
		x.request.headers[HTTP_ORIGIN] = str_from(foreign[i].origin);
		go(&x, HTTP_POST, "/sign-out", "", "");
		assert_int_equal(x.response.status, 403);
	}
	x.request.headers[HTTP_FETCH_SITE] = STR("same-origin");
	x.request.headers[HTTP_ORIGIN] = STR("https://lab.example");
	go(&x, HTTP_POST, "/sign-out", "", "csrf=00000000000000000000000000000000");
	assert_int_equal(x.response.status, 403);
	assert_null(strstr(x.canned.asked, "session.end"));
	end(&x);
}

/* The token that a page's form holds. */
static void form_token(const struct exchange *x, char token[33])
{
	static const char before[] = "name=\"csrf\" value=\"";
	const char *at = memmem(
		x->response.body.ptr, x->response.body.len, before, sizeof(before) - 1);

	assert_non_null(at);
	snprintf(token, 33, "%.32s", at + sizeof(before) - 1);
}

static void takes_a_form_with_its_token(void **state)
{
	struct exchange x;
	char token[33], body[64];

	(void)state;
	begin(&x, signed_in);
	x.request.headers[HTTP_COOKIE] = STR(COOKIE);
	x.request.headers[HTTP_HOST] = STR("lab.example");
	x.request.headers[HTTP_FETCH_SITE] = STR("same-origin");
	x.request.headers[HTTP_ORIGIN] = STR("null");
	go(&x, HTTP_GET, "/account", "", "");
	form_token(&x, token);
	snprintf(body, sizeof(body), "csrf=%s", token);
	go(&x, HTTP_POST, "/sign-out", "", body);
	assert_int_equal(x.response.status, 303);
	assert_non_null(strstr(x.canned.asked, "session.end {}"));
	end(&x);
}

static void signs_in_and_goes_to_our_own_pages_only(void **state)
{
	static const struct {
		const char *next, *to;
	} cases[] = {
		{ "", "/" },
		{ "%2Fledger%3Fkind%3Drefused", "/ledger?kind=refused" },
		{ "%2F%2Fevil.example", "/" },
		{ "%2F%5Cevil.example", "/" },
		{ "https%3A%2F%2Fevil.example", "/" },
		{ "%2F%0D%0ASet-Cookie%3A+x", "/" },
	};
	struct exchange x;

	(void)state;
	begin(&x, signed_in);
	x.request.headers[HTTP_HOST] = STR("lab.example");
	x.request.headers[HTTP_ORIGIN] = STR("https://lab.example");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *body = arena_printf(
			&x.mem, "name=ada&password=p%%26w+1&next=%s", cases[i].next);

		x.canned.asked[0] = '\0';
		go(&x, HTTP_POST, "/sign-in", "", body);
		assert_int_equal(x.response.status, 303);
		assert_string_equal(header(&x, "Location"), cases[i].to);
		assert_string_equal(header(&x, "Set-Cookie"),
			COOKIE "; Secure; HttpOnly; SameSite=Strict; Path=/");
		assert_non_null(strstr(
			x.canned.asked, "session.start {\"name\":\"ada\",\"password\":\"p&w 1\"}"));
	}
	end(&x);
	begin(&x, stranger);
	x.request.headers[HTTP_FETCH_SITE] = STR("same-origin");
	go(&x, HTTP_POST, "/sign-in", "", "name=%3Cada&password=x");
	assert_int_equal(x.response.status, 401);
	assert_true(holds(&x, "name or password is wrong") && holds(&x, "value=\"&lt;ada\""));
	end(&x);
}

static void guards_the_api(void **state)
{
	struct exchange x;

	(void)state;
	begin(&x, signed_in);
	x.request.headers[HTTP_CONTENT_TYPE] = STR("application/json");
	x.request.headers[HTTP_COOKIE] = STR(COOKIE);
	x.request.headers[HTTP_HOST] = STR("lab.example");
	x.request.headers[HTTP_FETCH_SITE] = STR("same-origin");
	go(&x, HTTP_POST, "/v1/session.show", "", "{}");
	assert_int_equal(x.response.status, 403);
	assert_true(holds(&x, "\"error\":\"denied\""));
	x.request.headers[HTTP_CSRF] = STR("1");
	go(&x, HTTP_POST, "/v1/session.show", "", "{}");
	assert_int_equal(x.response.status, 200);
	x.request.headers[HTTP_FETCH_SITE] = STR("cross-site");
	go(&x, HTTP_POST, "/v1/session.show", "", "{}");
	assert_int_equal(x.response.status, 403);
	x.request.headers[HTTP_COOKIE] = STR("");
	x.request.headers[HTTP_AUTHORIZATION] = STR("Bearer " TOKEN);
	go(&x, HTTP_POST, "/v1/session.show", "", "{}");
	assert_int_equal(x.response.status, 200);
	x.request.headers[HTTP_AUTHORIZATION] = STR("Bearer nonsense");
	go(&x, HTTP_POST, "/v1/session.show", "", "{}");
	assert_int_equal(x.response.status, 401);
	x.request.headers[HTTP_AUTHORIZATION] = STR("");
	x.request.headers[HTTP_CONTENT_TYPE] = STR("text/plain");
	go(&x, HTTP_POST, "/v1/lab.hello", "", "{}");
	assert_int_equal(x.response.status, 400);
	end(&x);
}

static void says_when_the_vault_is_away(void **state)
{
	struct exchange x;

	(void)state;
	begin(&x, signed_in);
	x.canned.away = true;
	x.request.headers[HTTP_COOKIE] = STR(COOKIE);
	go(&x, HTTP_GET, "/ledger", "", "");
	assert_int_equal(x.response.status, 503);
	assert_string_equal(header(&x, "Refresh"), "3");
	assert_true(holds(&x, "The lab cannot be reached"));
	x.request.headers[HTTP_CONTENT_TYPE] = STR("application/json");
	x.request.headers[HTTP_COOKIE] = STR("");
	go(&x, HTTP_POST, "/v1/lab.hello", "", "{}");
	assert_int_equal(x.response.status, 503);
	assert_true(holds(&x, "\"error\":\"io\""));
	end(&x);
}

static void malformed_requests_are_pages_too(void **state)
{
	static const struct {
		const char *path, *query;
		int status;
	} cases[] = {
		{ "/nothing", "", 404 },
		{ "/product/%zz", "", 400 },
		{ "/product/%00", "", 400 },
		{ "/product/%ff", "", 400 },
		{ "/ledger", "from=%", 400 },
		{ "/ledger/entry/x", "", 404 },
		{ "/records/nothing", "", 404 },
	};
	struct exchange x;

	(void)state;
	begin(&x, signed_in);
	x.request.headers[HTTP_COOKIE] = STR(COOKIE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		go(&x, HTTP_GET, cases[i].path, cases[i].query, "");
		assert_int_equal(x.response.status, cases[i].status);
		assert_true(holds(&x, "<h1>") && holds(&x, "What to do next"));
	}
	end(&x);
}

static void every_memory_budget_gives_an_answer(void **state)
{
	struct exchange x;
	bool whole = false;

	(void)state;
	begin(&x, signed_in);
	x.request.headers[HTTP_COOKIE] = STR(COOKIE);
	for (size_t budget = 256; !whole; budget += 512) {
		arena_reset(&x.mem);
		arena_init(&x.mem, budget);
		x.canned.asked[0] = '\0';
		go(&x, HTTP_GET, "/", "", "");
		whole = x.response.status == 200;
		assert_true(x.response.status >= 200 && x.response.type != NULL);
		assert_true(budget < 1 << 20);
	}
	end(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_strangers_to_sign_in_and_back),
		cmocka_unit_test(escapes_what_the_vault_tells),
		cmocka_unit_test(refuses_forms_that_are_not_ours),
		cmocka_unit_test(takes_a_form_with_its_token),
		cmocka_unit_test(signs_in_and_goes_to_our_own_pages_only),
		cmocka_unit_test(guards_the_api),
		cmocka_unit_test(says_when_the_vault_is_away),
		cmocka_unit_test(malformed_requests_are_pages_too),
		cmocka_unit_test(every_memory_budget_gives_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
