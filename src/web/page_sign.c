/* page_sign: what is about to be signed, in full and in words, and the ways to sign it. */
#include "web/page_sign.h"

#include "web/asset.h"
#include "web/record_parts.h"

static void hidden(struct page *p, const char *name, struct str value)
{
	struct html *h = &p->html;

	HTML(h, "<input type=\"hidden\" name=\"");
	html_text(h, str_from(name));
	HTML(h, "\" value=\"");
	html_text(h, value);
	HTML(h, "\">");
}

/* What every form of the page sends besides the signature. */
static void what_is_signed(struct page *p, struct str text)
{
	part_csrf(p);
	hidden(p, "decision", text);
	hidden(p, "note", form_value(&p->form, "note"));
	hidden(p, "version", form_value(&p->form, "version"));
}

static void words(struct page *p, const struct sign_view *view)
{
	struct html *h = &p->html;
	struct str note = str_trim(form_value(&p->form, "note"));

	HTML(h,
		"<section class=\"sheet\" aria-labelledby=\"decide\"><header><h2 id=\"decide\">You decide</h2></header><dl class=\"facts\">"
		"<div><dt>Act</dt><dd>");
	html_text(h, view->label);
	HTML(h, "</dd></div><div><dt>Of</dt><dd>");
	part_record_link(p, json_text(view->record, "id"), json_text(view->record, "title"));
	HTML(h, "</dd></div><div><dt>Reason</dt><dd>");
	if (note.len > 0) {
		HTML(h, "<span class=\"text\">");
		html_text(h, note);
		HTML(h, "</span>");
	} else {
		HTML(h, "<span class=\"faint\">none given</span>");
	}
	HTML(h, "</dd></div><div><dt>Sign before</dt><dd>");
	part_when(p, json_text(view->answer, "expires"), WHEN_ABSOLUTE);
	HTML(h, "</dd></div></dl></section>");
}

static bool has_security_key(const json_t *keys)
{
	size_t index;
	json_t *key;

	json_array_foreach((json_t *)(uintptr_t)keys, index, key)
	{
		if (json_text(key, "credential").len > 0)
			return true;
	}
	return false;
}

static void security_key_form(struct page *p, const struct sign_view *view)
{
	struct html *h = &p->html;
	size_t index;
	json_t *key;

	HTML(h, "<form id=\"sign-decision\" class=\"pad form\" method=\"post\" hidden data-challenge=\"");
	html_text(h, json_text(view->answer, "challenge"));
	HTML(h, "\" data-rp=\"");
	html_text(h, json_text(view->answer, "rp_id"));
	HTML(h, "\" data-credentials=\"");
	json_array_foreach(json_object_get(view->answer, "keys"), index, key)
	{
		html_text(h, json_text(key, "credential"));
		HTML(h, " ");
	}
	HTML(h, "\">");
	what_is_signed(p, json_text(view->answer, "text"));
	HTML(h,
		"<input type=\"hidden\" name=\"signature\"><div class=\"alert bad\" role=\"alert\" hidden></div><p class=\"foot\">"
		"<button class=\"button main\">Sign with your security key</button></p></form>");
}

/* For a key of one's own machine, for browsers without script, and for whoever trusts another screen more. */
static void offline_form(struct page *p, const struct sign_view *view)
{
	struct html *h = &p->html;

	HTML(h,
		"<form class=\"pad rule form\" method=\"post\"><p class=\"quiet\">Or on your own machine: put the text below into a file, run "
		"<code>vitrine sign decision FILE --key KEY</code>, which tells it in words again, and paste what it prints.</p>");
	what_is_signed(p, json_text(view->answer, "text"));
	HTML(h,
		"<label class=\"field\"><span>Signature</span><textarea name=\"signature\" rows=\"2\" required maxlength=\"6144\" "
		"spellcheck=\"false\"></textarea></label><p class=\"foot\"><button class=\"button\">Send the signature</button>"
		"<a class=\"button\" href=\"/record/");
	html_url(h, json_text(view->record, "id"));
	HTML(h, "\">Cancel</a></p></form>");
}

enum err_kind sign_draw(struct page *p, const struct sign_view *view, struct err *err)
{
	struct html *h = &p->html;

	layout_begin(p,
		&(struct layout){ .about = view->label,
			.title = json_text(view->record, "title").ptr,
			.family = record_family(view->kind),
			.here = record_list_path(p, view->kind) });
	HTML(h, "<div class=\"head\"><div><p class=\"crumb\">");
	part_record_link(p, json_text(view->record, "id"), json_text(view->record, "title"));
	HTML(h, " /</p><h1>Sign: ");
	html_text(h, view->label);
	HTML(h, "</h1></div>");
	record_state_chip(p, view->kind, json_text(view->record, "state"));
	HTML(h, "</div><div class=\"columns\"><div class=\"column\">");
	words(p, view);
	HTML(h, "<section class=\"sheet\" aria-labelledby=\"sign\"><header><h2 id=\"sign\">Your signature</h2></header>");
	if (has_security_key(json_object_get(view->answer, "keys")))
		security_key_form(p, view);
	offline_form(p, view);
	HTML(h,
		"</section><section class=\"sheet\" aria-labelledby=\"text\"><header><h2 id=\"text\">The text that is signed</h2></header>"
		"<pre tabindex=\"0\" aria-labelledby=\"text\">");
	html_text(h, json_text(view->answer, "text"));
	HTML(h,
		"</pre><p class=\"pad quiet\">body is the digest of the fields beside, note that of the reason. The screen cannot prove "
		"that it shows what is signed: where that matters, sign on a machine of your own.</p></section></div><div class=\"column\">");
	record_fields_sheet(p, view->kind, view->shown);
	HTML(h, "</div></div><script type=\"module\" src=\"");
	html_text(h, str_from(asset_path(ASSET_KEYS)));
	HTML(h, "\"></script>");
	layout_end(p);
	return page_finish(p, err);
}
