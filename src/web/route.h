/* route: every address that a point answers, in one table; the dispatcher enforces what a row states. */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include "http/http.h"
#include "link/client.h"

struct page;

enum access {
	ACCESS_PUBLIC, /* anybody; who is signed in is looked up all the same, for the top bar */
	ACCESS_SIGNED_IN, /* others are sent to sign in and come back */
	ACCESS_ALWAYS, /* like ACCESS_PUBLIC, and while the place is closed or locked, too */
	ACCESS_BARE, /* anybody, and nothing is asked of the vault before the handler */
};

/* Draws the page or returns why not: the dispatcher then draws the error's page. */
typedef enum err_kind page_fn(struct page *p, struct err *err);

/*
 * A route of the API: one call, and its answer handed on as JSON or a file; its own rules against forged requests.
 * No thread waits between the two.
 */
struct route_call {
	/* Says verb and body, borrowed from the request, and whose call it is (page.has_token). */
	enum err_kind (*ask)(struct page *p, struct client_call *call, struct err *err);
	/* The answer is borrowed: what goes out is copied. */
	enum err_kind (*answer)(struct page *p, const struct client_answer *raw, struct err *err);
};

enum { ROUTE_PARAMS_MAX = 3 };

struct route {
	enum http_method method;
	enum access access;
	const char *path; /* ":name" matches one segment, a last "*" the rest, if any */
	size_t body_bytes_max;
	page_fn *handler; /* on a worker, which may ask the vault as often as the page needs; or */
	const struct route_call *call; /* the API; ACCESS_BARE */
};

struct route_match {
	const struct route *route;
	struct str params[ROUTE_PARAMS_MAX]; /* still percent-encoded; borrowed from path */
	size_t param_count;
	bool path_known; /* with another method */
};

/* True when a row fits. */
bool route_find(enum http_method method, struct str path, struct route_match *match);
size_t route_count(void);
const struct route *route_at(size_t index);

#endif
