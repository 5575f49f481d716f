/* page_error: what happened, what was kept, what to do next. */
#include "web/page.h"
#include "web/part.h"
#include "web/state.h"

static const struct {
	const char *verdict, *kept, *next;
} words[ERR_KINDS] = {
	[ERR_INPUT] = { "That could not be read", "Nothing was changed.",
		"Go back, correct what is named above and send it again." },
	[ERR_AUTH] = { "You are not signed in", "Nothing was changed.", "Sign in and try again." },
	[ERR_DENIED] = { "Not allowed", "Nothing was changed. The refusal itself is recorded.",
		"If you need this for your work, ask a lab officer: officers grant it, two of them together." },
	[ERR_NOT_FOUND] = { "Nothing here", "Nothing was changed.",
		"It may have another address, or it may not be for you. The navigation leads to all that is." },
	[ERR_CONFLICT] = { "It has moved on", "Nothing was changed.",
		"Somebody was faster, or it exists already: look at its page as it is now." },
	[ERR_LIMIT] = { "A limit is reached", "Nothing was changed.",
		"Limits are part of the agreement. Wait until there is room again, or ask for less at once." },
	[ERR_IO] = { "Something broke on our side",
		"An act and its record are one step: what has no entry in the ledger has not happened.",
		"Try again. If it stays, tell a lab officer when it happened." },
	[ERR_CORRUPT] = { "Stored bytes do not fit their checksum",
		"Nothing was answered from them. The ledger can be checked without this server.",
		"Tell a lab officer at once." },
	[ERR_FROZEN] = { "The record is frozen",
		"Nothing was changed: no act without a record. What is public can still be read.",
		"Only people at the lab can find out why and start it again." },
	[ERR_CANCELLED] = { "Stopped", "Nothing was changed.", "Start it again when you need it." },
};

static void draw(
	struct page *p, const char *verdict, struct str why, const char *kept, const char *next)
{
	struct html *h = &p->html;

	layout_begin(p, &(struct layout){ .title = verdict });
	HTML(h, "<section class=\"sheet verdict-sheet\"><div class=\"verdict ");
	html_text(h, p->status == 404 ? STR("plain") : STR("bad"));
	HTML(h, "\"><h1>");
	html_text(h, str_from(verdict));
	HTML(h, "</h1></div><dl class=\"facts\">");
	if (why.len > 0) {
		HTML(h, "<div><dt>What happened</dt><dd>");
		html_text(h, why);
		HTML(h, "</dd></div>");
	}
	HTML(h, "<div><dt>What was kept</dt><dd>");
	html_text(h, str_from(kept));
	HTML(h, "</dd></div><div><dt>What to do next</dt><dd>");
	html_text(h, str_from(next));
	HTML(h, "</dd></div></dl><p class=\"pad foot\">");
	if (p->session == NULL)
		HTML(h, "<a class=\"button main\" href=\"/sign-in\">Sign in</a>");
	else
		HTML(h, "<a class=\"button main\" href=\"/\">Home</a>");
	HTML(h, "</p></section>");
	layout_end(p);
}

/*
 * The point is up, the vault is not to be reached: say so, and look again soon where asking again does no harm. A point
 * on another machine tells that link and centre are two things. ERR_NOT_FOUND: the call was never sent.
 */
static void draw_away(struct page *p, enum err_kind kind)
{
	bool is_far = p->web->options.is_far, is_get = p->request->method == HTTP_GET;

	p->status = 503;
	p->session = NULL;
	http_header_add(p->response, "Retry-After", "2");
	if (is_get)
		http_header_add(p->response, "Refresh", "3");
	draw(p, is_far ? "The link to the centre is lost" : "The lab cannot be reached",
		is_far ? STR("This access point runs; the centre, on another machine, cannot be reached "
			     "from here just now. The point tries again by itself.")
		       : STR("This access point runs, but the vault behind it gives no answer."),
		kind == ERR_NOT_FOUND
			? "Nothing was sent, and nothing was changed."
			: "An act that was under way either has its entry in the ledger or has not happened.",
		is_get ? "Nothing: this page looks again every three seconds."
		       : "Open the page again in a moment and look whether it was done.");
}

void page_error(struct page *p, const struct err *err)
{
	struct err unused;

	assert(err->kind > OK && err->kind < ERR_KINDS);
	p->html.o.len = 0;
	p->html.o.failed = false;
	if (p->vault_away) {
		draw_away(p, err->kind);
	} else {
		p->status = err_http_status(err->kind);
		draw(p, words[err->kind].verdict, str_from(err->msg), words[err->kind].kept,
			words[err->kind].next);
	}
	if (page_finish(p, &unused) == OK)
		return;
	p->response->status = 500;
	p->response->type = "text/plain; charset=utf-8";
	p->response->body = STR(
		"This page could not be drawn: the request's memory is used up. Nothing was changed.\n");
}
