/*
 * web: the pages of a point, its JSON API and the published log, over HTTP. Holds no state but a key for
 * form tokens: who is signed in, what they may and what they see is asked of the vault for every request.
 */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "http/http.h"
#include "link/client.h"
#include "link/receipts.h"
#include "web/rules.h"

struct web_options {
	/* Ask the vault: client_ask and client_send of a point, or canned ones in tests. Any thread. */
	enum err_kind (*ask)(void *arg, struct arena *mem, const struct client_call *call,
		struct client_answer *answer, struct err *err);
	void (*send)(
		void *arg, const struct client_call *call, client_done_fn *done, void *done_arg);
	void *arg;
	const char *point, *site; /* "centre", "Main building, room 2": shown in the top bar */
	struct rules *rules; /* of the place; NULL: none */
	struct receipts *receipts; /* for the page that counts them; NULL: none */
	bool is_far; /* the vault is on another machine */
};

struct web;
/* options and what they point at are borrowed until web_close. Errors: ERR_LIMIT. */
MUST_CHECK enum err_kind web_open(
	const struct web_options *options, struct web **w, struct err *err);
void web_close(struct web *w);

/* For http_options; arg is the struct web. web_start takes the routes of the API, web_handle gets the pages. */
bool web_start(void *arg, struct arena *mem, const struct http_request *request,
	struct http_response *response, struct http_later *later);
void web_handle(void *arg, struct arena *mem, const struct http_request *request,
	struct http_response *response);
size_t web_body_bytes_max(void *arg, enum http_method method, struct str path);

#endif
