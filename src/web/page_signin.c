/* page_signin: sign in and out. */
#include "web/page.h"
#include "web/part.h"
#include "web/state.h"

/* Where to go afterwards: an address of our own, never "//elsewhere". */
static const char *next_path(struct page *p, struct str next)
{
	char *path = arena_cstr(p->mem, next);

	if (path == NULL || next.len == 0 || path[0] != '/' || path[1] == '/' || path[1] == '\\' ||
		strpbrk(path, "\r\n") != NULL || str_starts(next, STR("/sign-")))
		return "/";
	return path;
}

enum err_kind sign_in_draw(
	struct page *p, int status, struct str name, const char *said, struct err *err)
{
	struct html *h = &p->html;
	struct str next = form_value(
		p->request->method == HTTP_POST ? &p->form : &p->query, "next");

	p->status = status;
	layout_begin(p, &(struct layout){ .title = "Sign in" });
	HTML(h,
		"<section class=\"sheet signin\"><header><h1>Sign in</h1></header><form class=\"pad form\" "
		"method=\"post\" action=\"/sign-in\">");
	if (said != NULL)
		part_alert(p, status == 200 ? "plain" : "bad", str_from(said));
	HTML(h, "<p class=\"quiet\">");
	html_text(h, json_text(p->hello, "name"));
	HTML(h, ", at the access point ");
	html_text(h, str_from(p->web->options.site));
	HTML(h, ".</p><input type=\"hidden\" name=\"next\" value=\"");
	html_text(h, next);
	HTML(h,
		"\"><label class=\"field\"><span>Name</span><input name=\"name\" required maxlength=\"64\" "
		"autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\"");
	if (name.len == 0)
		HTML(h, " autofocus");
	HTML(h, " value=\"");
	html_text(h, name);
	HTML(h,
		"\"></label><label class=\"field\"><span>Password</span><input type=\"password\" "
		"name=\"password\" required maxlength=\"240\" autocomplete=\"current-password\"");
	if (name.len > 0)
		HTML(h, " autofocus");
	HTML(h,
		"></label><label class=\"field\"><span>One-time code <small>if you have set one up</small></span>"
		"<input name=\"totp\" inputmode=\"numeric\" pattern=\"[0-9]{6}\" maxlength=\"6\" "
		"autocomplete=\"one-time-code\"></label><p class=\"foot\"><button class=\"button main\">Sign in</button>"
		"</p></form><p class=\"pad rule quiet\">What you look at here is recorded, and each page carries your name. "
		"The record can be checked by anyone: <a href=\"/ledger/checkpoint\">checkpoint</a>, "
		"<a href=\"/ledger/log.vkey\">key</a>.</p></section>");
	layout_end(p);
	return page_finish(p, err);
}

enum err_kind page_sign_in(struct page *p, struct err *err)
{
	if (p->session != NULL)
		return page_redirect(p, next_path(p, form_value(&p->query, "next")));
	if (p->session_ended)
		page_forget_cookie(p);
	return sign_in_draw(p, 200, STR(""),
		p->session_ended || form_value(&p->query, "ended").len > 0
			? "Your session has ended."
			: NULL,
		err);
}

enum err_kind page_sign_in_post(struct page *p, struct err *err)
{
	struct str name = str_trim(form_value(&p->form, "name")),
		   totp = form_value(&p->form, "totp");
	const json_t *answer;
	struct ask a;

	p->has_token = false;
	p->session = NULL;
	ask_init(p, &a);
	jw_kstr(&a.jw, "name", name);
	jw_kstr(&a.jw, "password", form_value(&p->form, "password"));
	if (totp.len > 0)
		jw_kstr(&a.jw, "totp", totp);
	enum err_kind rc = ask_send(p, &a, "session.start", &answer, err);

	if (rc == ERR_AUTH || rc == ERR_LIMIT || rc == ERR_INPUT)
		return p->vault_away ? rc
				     : sign_in_draw(p, err_http_status(rc), name, err->msg, err);
	if (rc != OK)
		return rc;
	page_set_cookie(p, json_text(answer, "token"));
	return page_redirect(p,
		json_bool(answer, "must_change") ? "/account"
						 : next_path(p, form_value(&p->form, "next")));
}

enum err_kind page_sign_out_post(struct page *p, struct err *err)
{
	const json_t *answer;
	enum err_kind rc = page_ask(p, "session.end", &answer, err);

	if (rc != OK && rc != ERR_AUTH)
		return rc;
	page_forget_cookie(p);
	return page_redirect(p, "/sign-in?ended=1");
}
