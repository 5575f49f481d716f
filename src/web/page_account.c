/* page_account: who I am here, my password, my one-time codes. */
#include "web/asset.h"
#include "web/page.h"
#include "web/part.h"
#include "web/state.h"

enum { SECRET_GROUP = 4 };

/* What the page says above its forms, and what it shows of a secret being set up. */
struct account_view {
	const char *good, *bad;
	struct str secret, uri; /* empty: not being set up */
};

static void who(struct page *p)
{
	struct html *h = &p->html;
	const json_t *person = json_object_get(p->session, "person");

	HTML(h, "<section class=\"sheet\" aria-labelledby=\"me\"><header><h2 id=\"me\">");
	html_text(h, json_text(person, "display"));
	HTML(h, "</h2></header><dl class=\"facts\"><div><dt>Sign-in name</dt><dd>");
	html_text(h, json_text(person, "name"));
	HTML(h, "</dd></div><div><dt>Organisation</dt><dd>");
	html_text(h, json_text(person, "organisation_name"));
	HTML(h, "</dd></div><div><dt>Roles</dt><dd>");
	part_words(p, json_object_get(person, "roles"));
	HTML(h, "</dd></div><div><dt>Line of defence</dt><dd>");
	html_text(h, json_text(person, "line"));
	HTML(h, "</dd></div><div><dt>Access point</dt><dd>");
	html_text(h, str_from(p->web->options.site));
	HTML(h, "</dd></div><div><dt>This session ends</dt><dd>");
	part_when(p, json_text(p->session, "ends"), WHEN_ABSOLUTE);
	HTML(h, "</dd></div><div><dt>Or, when idle,</dt><dd>");
	part_when(p, json_text(p->session, "idle_ends"), WHEN_ABSOLUTE);
	HTML(h, "</dd></div></dl></section>");
}

/* Who can read what the session leaves behind; which client code this point serves, and what the ledger says of it. */
static enum err_kind records_sheet(struct page *p, struct err *err)
{
	struct html *h = &p->html;
	const json_t *answer = NULL;
	char digest[ASSET_DIGEST_BYTES];
	enum err_kind rc = page_ask(p, "lab.code", &answer, err);

	if (rc != OK)
		return rc;
	asset_digest(digest);
	HTML(h,
		"<section class=\"sheet\" aria-labelledby=\"readers\"><header><h2 id=\"readers\">What is kept of this session</h2></header>"
		"<div class=\"pad\"><p>");
	part_trail_readers(p, json_object_get(p->session, "trail"));
	HTML(h, "</p></div><dl class=\"facts\"><div><dt>Client code</dt><dd>");
	part_digest(p, str_from(digest));
	bool same = str_eq(json_text(answer, "digest"), str_from(digest));

	html_text(h, STR(" "));
	part_chip(p, same ? STR("ok") : STR("bad"),
		same ? STR("as the ledger says") : STR("not what the ledger says"));
	part_seal(p, json_int(answer, "entry", -1));
	HTML(h, "</dd></div></dl></section>");
	return OK;
}

static void password_form(struct page *p)
{
	struct html *h = &p->html;

	HTML(h,
		"<section class=\"sheet\" aria-labelledby=\"password\"><header><h2 id=\"password\">Password</h2></header>"
		"<form class=\"pad form\" method=\"post\" action=\"/account/password\">");
	part_csrf(p);
	HTML(h, "<input type=\"text\" class=\"sr\" tabindex=\"-1\" aria-hidden=\"true\" autocomplete=\"username\" readonly value=\"");
	html_text(h, json_text(json_object_get(p->session, "person"), "name"));
	HTML(h,
		"\"><label class=\"field\"><span>The one you have</span><input type=\"password\" name=\"old\" required "
		"maxlength=\"240\" autocomplete=\"current-password\"></label><label class=\"field\"><span>A new one</span>"
		"<small class=\"help\">At least 12 characters; a few random words are best.</small><input type=\"password\" "
		"name=\"new\" required minlength=\"12\" maxlength=\"240\" autocomplete=\"new-password\"></label>"
		"<label class=\"field\"><span>The new one again</span><input type=\"password\" name=\"again\" required "
		"minlength=\"12\" maxlength=\"240\" autocomplete=\"new-password\"></label><p class=\"foot\">"
		"<button class=\"button main\">Change the password</button></p></form></section>");
}

static void totp_setup(struct page *p, const struct account_view *view)
{
	struct html *h = &p->html;

	HTML(h,
		"<p>Enter this secret in your code app, then prove it with the code that it shows.</p>"
		"<p class=\"secret\"><code>");
	for (size_t i = 0; i < view->secret.len; i += SECRET_GROUP) {
		size_t left = view->secret.len - i;

		if (i > 0)
			HTML(h, " ");
		html_text(
			h, str_of(view->secret.ptr + i, left < SECRET_GROUP ? left : SECRET_GROUP));
	}
	HTML(h, "</code></p><p class=\"quiet\">Or as an address: <code class=\"whole\">");
	html_text(h, view->uri);
	HTML(h, "</code></p><form class=\"form\" method=\"post\" action=\"/account/totp\">");
	part_csrf(p);
	HTML(h, "<input type=\"hidden\" name=\"secret\" value=\"");
	html_text(h, view->secret);
	HTML(h, "\"><input type=\"hidden\" name=\"uri\" value=\"");
	html_text(h, view->uri);
	HTML(h,
		"\"><label class=\"field\"><span>Code</span><input name=\"code\" required inputmode=\"numeric\" "
		"pattern=\"[0-9]{6}\" maxlength=\"6\" autocomplete=\"one-time-code\"></label><p class=\"foot\">"
		"<button class=\"button main\">Turn codes on</button></p></form>");
}

static void totp_sheet(struct page *p, const struct account_view *view)
{
	struct html *h = &p->html;

	HTML(h, "<section class=\"sheet\" aria-labelledby=\"codes\"><header><h2 id=\"codes\">One-time codes</h2>");
	if (json_bool(p->session, "totp"))
		part_chip(p, STR("ok"), STR("on"));
	else
		part_chip(p, STR("plain"), STR("off"));
	HTML(h, "</header><div class=\"pad\">");
	if (view->secret.len > 0) {
		totp_setup(p, view);
	} else {
		HTML(h,
			"<p class=\"quiet\">A second secret, in an app of yours: who learns your password still cannot sign "
			"in.</p><form method=\"post\" action=\"/account/totp\">");
		part_csrf(p);
		HTML(h, "<p class=\"foot\"><button class=\"button\">");
		html_text(h,
			json_bool(p->session, "totp") ? STR("Set up a new secret") : STR("Set up"));
		HTML(h, "</button></p></form>");
	}
	HTML(h, "</div></section>");
}

static void keys_sheet(struct page *p)
{
	HTML(&p->html,
		"<section class=\"sheet\" aria-labelledby=\"keys\"><header><h2 id=\"keys\">Keys</h2></header><div class=\"pad\">"
		"<p class=\"quiet\">With a key of your own you sign what you decide: whoever checks the record need not believe whoever runs "
		"this lab.</p><p class=\"foot\"><a class=\"button\" href=\"/account/keys\">Your keys</a></p></div></section>");
}

static enum err_kind draw(struct page *p, const struct account_view *view, struct err *err)
{
	struct html *h = &p->html;

	layout_begin(p, &(struct layout){ .title = "Your account", .here = "/account" });
	part_heading(p, STR("Your account"));
	if (view->good != NULL)
		HTML(h, "<div class=\"alert ok\" role=\"status\">");
	if (view->good != NULL) {
		html_text(h, str_from(view->good));
		HTML(h, "</div>");
	}
	if (view->bad != NULL)
		part_alert(p, "bad", str_from(view->bad));
	HTML(h, "<div class=\"columns\"><div class=\"column\">");
	password_form(p);
	HTML(h, "</div><div class=\"column\">");
	if (!json_bool(p->session, "must_change")) {
		enum err_kind rc = records_sheet(p, err);

		if (rc != OK)
			return rc;
	}
	if (!json_bool(p->session, "must_change"))
		totp_sheet(p, view);
	if (!json_bool(p->session, "must_change"))
		keys_sheet(p);
	who(p);
	HTML(h, "</div></div>");
	layout_end(p);
	return page_finish(p, err);
}

enum err_kind page_account(struct page *p, struct err *err)
{
	struct str done = form_value(&p->query, "done");

	return draw(p,
		&(struct account_view){ .good = str_eq(done, STR("password"))
				? "Your password is changed."
				: str_eq(done, STR("codes"))
				? "Codes are on: the next sign-in asks for one."
				: NULL },
		err);
}

/* Refused for what was typed: the page again, with what the vault said. */
static enum err_kind draw_refused(
	struct page *p, enum err_kind rc, struct account_view *view, struct err *err)
{
	if (p->vault_away || rc == ERR_IO || rc == ERR_CORRUPT || rc == ERR_FROZEN)
		return rc;
	p->status = err_http_status(rc);
	view->bad = arena_printf(p->mem, "%s", err->msg);
	return draw(p, view, err);
}

enum err_kind page_password_post(struct page *p, struct err *err)
{
	struct str password = form_value(&p->form, "new");
	const json_t *answer;
	struct ask a;

	if (!str_eq(password, form_value(&p->form, "again"))) {
		p->status = 400;
		return draw(p,
			&(struct account_view){
				.bad = "The two new passwords differ. Nothing was changed." },
			err);
	}
	ask_init(p, &a);
	jw_kstr(&a.jw, "old", form_value(&p->form, "old"));
	jw_kstr(&a.jw, "new", password);
	enum err_kind rc = ask_send(p, &a, "session.password", &answer, err);

	if (rc != OK)
		return draw_refused(p, rc, &(struct account_view){ 0 }, err);
	return page_redirect(p, "/account?done=password");
}

enum err_kind page_totp_post(struct page *p, struct err *err)
{
	struct account_view view = { .secret = form_value(&p->form, "secret"),
		.uri = form_value(&p->form, "uri") };
	struct str code = form_value(&p->form, "code");
	const json_t *answer;
	enum err_kind rc;

	if (code.len > 0) {
		rc = page_ask_one(p, "session.totp_confirm", "code", code, &answer, err);
		return rc == OK ? page_redirect(p, "/account?done=codes")
				: draw_refused(p, rc, &view, err);
	}
	rc = page_ask(p, "session.totp_begin", &answer, err);
	if (rc != OK)
		return draw_refused(p, rc, &view, err);
	view.secret = json_text(answer, "secret");
	view.uri = json_text(answer, "uri");
	return draw(p, &view, err);
}
