/*
 * page: one request on its way to a page: what was asked, who asks, the page so far. Handlers see decoded,
 * bounded values and never HTTP.
 */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include "format/form.h"
#include "format/html.h"
#include "format/json.h"
#include "format/multipart.h"
#include "web/route.h"
#include "web/web.h"

enum {
	PAGE_HELD_MAX = 48, /* answers of the vault that one page draws from */
	PAGE_BYTES_MAX = 2 << 20, /* a page is some 30 KB; a form with many ticks is longer */
	CSRF_TEXT_BYTES = 33,
	PAGE_SEALS_MAX = 16, /* kinds of seals on one page */
};

/* Which part of the house a page belongs to: marks the navigation. */
enum family { FAMILY_NONE, FAMILY_SEE, FAMILY_GOVERN, FAMILY_PROVE };

struct page {
	struct web *web;
	struct arena *mem; /* as long as the request */
	const struct http_request *request;
	struct http_response *response;
	const struct route *route;
	struct str params[ROUTE_PARAMS_MAX]; /* decoded */
	struct form query, form;
	struct multipart_file file; /* of a form that takes one; the name is empty without */
	uint8_t token[FRAME_TOKEN_BYTES];
	bool has_token;
	char csrf[CSRF_TEXT_BYTES]; /* token of this session's forms */
	/* Borrowed; NULL when not asked or not signed in. */
	const json_t *hello, *session, *describe;
	int64_t now_us; /* the lab's clock */
	struct html html;
	int status; /* of the page being drawn */
	bool session_ended; /* the browser's cookie is of a session that is over */
	bool vault_away; /* the last call got no answer at all */
	uint32_t seals[PAGE_SEALS_MAX]; /* which witnesses: of the seals drawn, each kind once */
	size_t seal_count;
	json_t *held[PAGE_HELD_MAX];
	size_t held_count;
};

/* A call being written: the JSON object is open. */
struct ask {
	struct out out;
	struct jw jw;
};
void ask_init(struct page *p, struct ask *a);
/*
 * Ask the vault as the signed-in person. *answer is borrowed until the request ends.
 * Errors: those of the vault, with its words; ERR_IO when it cannot be reached.
 */
MUST_CHECK enum err_kind ask_send(
	struct page *p, struct ask *a, const char *verb, const json_t **answer, struct err *err);
/*
 * The same for a verb that takes an open file, which stays the caller's. *entry gets the index of the entry that the call
 * left, or -1.
 */
MUST_CHECK enum err_kind ask_send_file(struct page *p, struct ask *a, const char *verb, int fd,
	const json_t **answer, int64_t *entry, struct err *err);
/* The same for a verb without arguments. */
MUST_CHECK enum err_kind page_ask(
	struct page *p, const char *verb, const json_t **answer, struct err *err);
/* The same for one string argument. */
MUST_CHECK enum err_kind page_ask_one(struct page *p, const char *verb, const char *name,
	struct str value, const json_t **answer, struct err *err);

/* The signed-in person's navigation and rights (lab.describe), asked once a request; NULL on failure. */
const json_t *page_describe(struct page *p, struct err *err);
/* The declaration of a kind in it, or NULL. */
const json_t *page_kind(struct page *p, struct str kind, struct err *err);
bool page_has_role(const struct page *p, const char *role);

/* 303 to an address of our own. */
enum err_kind page_redirect(struct page *p, const char *path);
/* Ends the session's cookie in the browser. */
void page_forget_cookie(struct page *p);
void page_set_cookie(struct page *p, struct str token);
/* Sends the finished page. */
enum err_kind page_finish(struct page *p, struct err *err);

/* The first value of that name, or empty; is there such a pair? */
struct str form_value(const struct form *form, const char *name);
bool form_has(const struct form *form, const char *name, struct str value);

/* Strings of an answer: empty when absent. */
struct str json_text(const json_t *object, const char *key);
int64_t json_int(const json_t *object, const char *key, int64_t absent);
bool json_bool(const json_t *object, const char *key);

/* Handlers, a file each: see the route table. */
page_fn page_home, page_sign_in, page_sign_in_post, page_sign_out_post, page_products, page_product,
	page_release, page_room, page_records, page_record_new, page_record, page_record_act,
	page_credential_post, page_ledger, page_entry, page_redact_post, page_account, page_points,
	page_invite_post, page_revoke_post, page_unlock, page_unlock_post, page_lock_post,
	page_password_post, page_totp_post, page_asset, page_icon, page_leak, page_leak_post,
	page_witnesses, page_policy_propose_post, page_policy_set_post, page_refusals,
	page_refusals_csv, page_proof, page_notes, page_openings;
page_fn page_keys, page_keys_post, page_key_offer_post, page_key_revoke_post;
extern const struct route_call api_verb, api_ledger_file, api_openapi;

/* Sent by a page of this very point? Browsers say so in headers that no script can set. */
bool request_is_same_origin(const struct http_request *q);
/* The same error as JSON, for routes of the API. */
void api_error(struct page *p, const struct err *err);
/* The place is closed or locked: why, and what to do. */
enum err_kind shut_draw(struct page *p, enum rules_state state, const char *said, struct err *err);
/* Draws what happened, what was kept and what to do next; never fails. */
void page_error(struct page *p, const struct err *err);
/* The sign-in page with a word about why one is here. */
enum err_kind sign_in_draw(
	struct page *p, int status, struct str name, const char *said, struct err *err);

#endif
