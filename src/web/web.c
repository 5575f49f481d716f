#include "web/web.h"

#include <stdlib.h>

#include "base/hex.h"
#include "base/when.h"
#include "crypto/digest.h"
#include "os/random.h"
#include "web/asset.h"
#include "web/cookie.h"
#include "web/page.h"
#include "web/state.h"

enum { CSRF_BYTES = (CSRF_TEXT_BYTES - 1) / 2 };

enum err_kind web_open(const struct web_options *options, struct web **out, struct err *err)
{
	struct web *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return err_set(err, ERR_LIMIT, "no memory for the pages");
	w->options = *options;
	random_bytes(w->csrf_key, sizeof(w->csrf_key));
	asset_init();
	*out = w;
	return OK;
}

void web_close(struct web *w)
{
	explicit_bzero(w, sizeof(*w));
	free(w);
}

size_t web_body_bytes_max(void *arg, enum http_method method, struct str path)
{
	struct route_match match;

	(void)arg;
	return route_find(method, path, &match) ? match.route->body_bytes_max : 0;
}

static void make_csrf(struct page *p)
{
	struct sha256 mac = hmac_sha256(str_of(p->web->csrf_key, sizeof(p->web->csrf_key)),
		str_of(p->token, sizeof(p->token)));

	hex_format(mac.bytes, CSRF_BYTES, p->csrf);
}

/*
 * Sec-Fetch-Site says it plainly. Origin must agree, but may be "null": under our Referrer-Policy, no-referrer,
 * browsers send that with our own forms (Fetch, "append a request Origin header"). Browsers without
 * Sec-Fetch-Site must show an Origin that is ours.
 */
bool request_is_same_origin(const struct http_request *q)
{
	struct str site = q->headers[HTTP_FETCH_SITE], origin = q->headers[HTTP_ORIGIN];
	bool is_ours = str_starts(origin, STR("https://")) &&
		str_eq(str_skip(origin, 8), q->headers[HTTP_HOST]);

	if (site.len == 0)
		return is_ours;
	return str_eq(site, STR("same-origin")) &&
		(is_ours || origin.len == 0 || str_eq(origin, STR("null")));
}

/* A form counts when our own page sent it and it holds this session's token; at sign-in there is none yet. */
static enum err_kind check_form(struct page *p, struct err *err)
{
	struct str given = form_value(&p->form, "csrf");

	if (!request_is_same_origin(p->request))
		return err_set(
			err, ERR_DENIED, "this form was not sent by a page of this access point");
	if (p->session == NULL)
		return OK;
	if (given.len != CSRF_TEXT_BYTES - 1 || !secret_eq(given.ptr, p->csrf, given.len))
		return err_set(err, ERR_DENIED,
			"this form is from before you signed in, or from another session: open its page again");
	return OK;
}

/* Who is signed in, and how the lab is. Errors: those of reaching the vault; a dead session is none. */
static enum err_kind look_up(struct page *p, struct err *err)
{
	const json_t *answer;
	enum err_kind rc;

	p->has_token = cookie_token(p->request->headers[HTTP_COOKIE], p->token);
	if (p->has_token) {
		make_csrf(p);
		rc = page_ask(p, "session.show", &answer, err);
		if (rc == OK) {
			p->session = answer;
		} else if (rc == ERR_AUTH && !p->vault_away) {
			p->has_token = false;
			p->session_ended = true;
		} else {
			return rc;
		}
	}
	rc = page_ask(p, "lab.hello", &answer, err);
	if (rc != OK)
		return rc;
	p->hello = answer;
	if (!when_parse(json_text(answer, "now"), &p->now_us))
		return err_set(err, ERR_CORRUPT, "the lab does not tell its time");
	return OK;
}

static enum err_kind send_to_sign_in(struct page *p)
{
	struct err unused;
	struct html to = { 0 };
	struct str path;

	out_init(&to.o, p->mem, 4 * (size_t)HTTP_URI_BYTES_MAX);
	HTML(&to, "/sign-in");
	if (p->request->method == HTTP_GET && p->request->path.len > 1) {
		HTML(&to, "?next=");
		html_url(&to, p->request->path);
		if (p->request->query.len > 0) {
			HTML(&to, "%3F");
			html_url(&to, p->request->query);
		}
	}
	if (p->session_ended)
		page_forget_cookie(p);
	return page_redirect(p, out_finish(&to.o, &path, &unused) == OK ? path.ptr : "/sign-in");
}

static bool may_wait_for_password(struct str path)
{
	return str_starts(path, STR("/account")) || str_starts(path, STR("/sign-"));
}

static enum err_kind decode_request(
	struct page *p, const struct route_match *match, struct err *err)
{
	enum err_kind rc = form_parse(
		p->mem, p->request->query, HTTP_URI_BYTES_MAX, &p->query, err);

	for (size_t i = 0; rc == OK && i < match->param_count; i++)
		rc = form_decode_segment(p->mem, match->params[i], &p->params[i], err);
	if (rc != OK || p->request->method != HTTP_POST || match->route->call != NULL)
		return rc;
	if (multipart_is(p->request->headers[HTTP_CONTENT_TYPE]))
		rc = multipart_parse(p->mem, p->request->headers[HTTP_CONTENT_TYPE],
			p->request->body, &p->form, &p->file, err);
	else
		rc = form_parse(
			p->mem, p->request->body, match->route->body_bytes_max, &p->form, err);
	return rc;
}

static enum err_kind dispatch(struct page *p, struct err *err)
{
	const struct web *w = p->web;
	struct route_match match;
	bool found = route_find(p->request->method, p->request->path, &match);
	enum err_kind rc = OK;

	if (found) {
		p->route = match.route;
		rc = decode_request(p, &match, err);
		assert(p->route->handler != NULL);
		if (rc == OK && p->route->access == ACCESS_BARE)
			return p->route->handler(p, err);
	}
	enum err_kind looked = rc == OK ? look_up(p, err) : rc;

	if (looked != OK)
		return looked;
	if (!found)
		return err_set(err, ERR_NOT_FOUND, "there is no page at this address");
	if (w->options.rules != NULL && p->route->access != ACCESS_ALWAYS) {
		char said[RULES_SAID_BYTES];
		enum rules_state state = rules_now(w->options.rules, said);

		if (state != RULES_OPEN)
			return shut_draw(p, state, said, err);
	}
	if (p->route->access == ACCESS_SIGNED_IN && p->session == NULL)
		return send_to_sign_in(p);
	if (json_bool(p->session, "must_change") && !may_wait_for_password(p->request->path))
		return page_redirect(p, "/account");
	if (p->request->method == HTTP_POST) {
		rc = check_form(p, err);
		if (rc != OK)
			return rc;
	}
	return p->route->handler(p, err);
}

/* A request of the API while the vault has it; in the request's arena. */
struct api_request {
	struct page page;
	struct http_later *later;
};

static void api_finish(struct api_request *a, enum err_kind rc, const struct err *err)
{
	if (rc != OK)
		api_error(&a->page, err);
	explicit_bzero(a->page.token, sizeof(a->page.token));
	a->later->answer(a->later);
}

/* On the link's reading thread. */
static void api_answered(
	void *arg, enum err_kind rc, const struct client_answer *answer, const struct err *why)
{
	struct api_request *a = arg;
	struct err err;

	if (rc != OK) {
		a->page.vault_away = true;
		api_finish(a, rc, why);
		return;
	}
	rc = a->page.route->call->answer(&a->page, answer, &err);
	api_finish(a, rc, &err);
}

bool web_start(void *arg, struct arena *mem, const struct http_request *request,
	struct http_response *response, struct http_later *later)
{
	struct client_call call = { .peer = request->peer, .fd = -1 };
	struct web *w = arg;
	struct route_match match;
	struct err err;

	if (!route_find(request->method, request->path, &match) || match.route->call == NULL)
		return false;
	struct api_request *a = arena_array(mem, struct api_request, 1);

	if (a == NULL) {
		*response = (struct http_response){ .status = 503,
			.type = "application/json",
			.body = STR("{\"error\":\"limit\"}") };
		later->answer(later);
		return true;
	}
	a->later = later;
	a->page = (struct page){
		.web = w, .mem = mem, .request = request, .response = response, .route = match.route
	};
	enum err_kind rc = decode_request(&a->page, &match, &err);

	if (rc == OK)
		rc = match.route->call->ask(&a->page, &call, &err);
	if (rc != OK) {
		api_finish(a, rc, &err);
		return true;
	}
	if (a->page.has_token)
		call.token = a->page.token;
	w->options.send(w->options.arg, &call, api_answered, a);
	return true;
}

void web_handle(void *arg, struct arena *mem, const struct http_request *request,
	struct http_response *response)
{
	struct page p = { .web = arg,
		.mem = mem,
		.request = request,
		.response = response,
		.file = { STR(""), STR("") },
		.status = 200 };
	struct err err;

	out_init(&p.html.o, mem, PAGE_BYTES_MAX);
	if (dispatch(&p, &err) != OK)
		page_error(&p, &err);
	while (p.held_count > 0)
		json_decref(p.held[--p.held_count]);
	explicit_bzero(p.token, sizeof(p.token));
}
