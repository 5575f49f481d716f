/* page_key: the keys with which I sign decisions: which count, how one comes to count, how one is revoked. */
#include "web/asset.h"
#include "web/page.h"
#include "web/part.h"

/* How a key's state reads, by person.keys' word. */
static const struct {
	const char *state, *word, *tone;
} states[] = {
	{ "counts", "counts", "ok" },
	{ "waits", "waits for your organisation", "wait" },
	{ "early", "counts later", "wait" },
	{ "over", "its time is over", "plain" },
	{ "unrooted", "its root key is not in force", "plain" },
	{ "revoked", "revoked", "bad" },
};

static void state_chip(struct page *p, struct str state)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (str_eq(state, str_from(states[i].state)))
			part_chip(p, str_from(states[i].tone), str_from(states[i].word));
	}
}

static void fact(struct page *p, const char *label)
{
	HTML(&p->html, "<div><dt>");
	html_text(&p->html, str_from(label));
	HTML(&p->html, "</dt><dd>");
}

static void fact_end(struct page *p)
{
	HTML(&p->html, "</dd></div>");
}

static void fact_code(struct page *p, const char *label, struct str text)
{
	fact(p, label);
	HTML(&p->html, "<code class=\"whole\">");
	html_text(&p->html, text);
	HTML(&p->html, "</code>");
	fact_end(p);
}

/* What the holder of the organisation's root key types, where that key is. */
static void certify_command(struct page *p, const json_t *answer, struct str key)
{
	struct html *h = &p->html;

	HTML(h,
		"<div class=\"pad rule\"><p class=\"quiet\">It counts once your organisation has certified it: whoever holds its root "
		"key runs this and gives you the two lines that it prints.</p><pre tabindex=\"0\" aria-label=\"Command\">vitrine sign "
		"person-key --root ROOT.key --until DATE \\\n  --lab ");
	html_text(h, json_text(answer, "lab"));
	HTML(h, " \\\n  --person ");
	html_text(h, json_text(answer, "person"));
	HTML(h, " \\\n  --public ");
	html_text(h, key);
	HTML(h, "</pre></div>");
}

static void revoke_form(struct page *p, struct str id)
{
	struct html *h = &p->html;

	HTML(h,
		"<details class=\"pad rule\"><summary>Revoke</summary><form class=\"form\" method=\"post\" "
		"action=\"/account/keys/revoke\">");
	part_csrf(p);
	HTML(h, "<input type=\"hidden\" name=\"key\" value=\"");
	html_text(h, id);
	HTML(h,
		"\"><label class=\"field\"><span>Reason</span><small class=\"help\">For good: it cannot be brought again. What it "
		"signed before stays signed.</small><input name=\"note\" required maxlength=\"240\"></label><p class=\"foot\">"
		"<button class=\"button danger\">Revoke this key</button></p></form></details>");
}

static void key_sheet(struct page *p, const json_t *answer, const json_t *key)
{
	struct html *h = &p->html;
	struct str id = json_text(key, "id"), state = json_text(key, "state");

	HTML(h, "<section class=\"sheet\" aria-labelledby=\"k");
	html_text(h, str_head(id, id.len < 12 ? id.len : 12));
	HTML(h, "\"><header><h2 id=\"k");
	html_text(h, str_head(id, id.len < 12 ? id.len : 12));
	HTML(h, "\">");
	html_text(h, json_text(key, "label").len > 0 ? json_text(key, "label") : STR("A key"));
	HTML(h, "</h2>");
	state_chip(p, state);
	HTML(h, "</header><dl class=\"facts\">");
	fact(p, "Kind");
	if (json_text(key, "credential").len > 0)
		HTML(h, "security key");
	else
		HTML(h, "signs with vitrine sign, on your own machine");
	fact_end(p);
	fact(p, "Digest");
	part_digest(p, id);
	fact_end(p);
	fact_code(p, "Key", json_text(key, "key"));
	if (json_text(key, "root").len > 0) {
		fact(p, "Counts");
		part_when(p, json_text(key, "from"), WHEN_ABSOLUTE);
		HTML(h, " to ");
		part_when(p, json_text(key, "until"), WHEN_ABSOLUTE);
		fact_end(p);
		fact(p, "Certified by root key");
		part_digest(p, json_text(key, "root"));
		fact_end(p);
	}
	HTML(h, "</dl>");
	if (str_eq(state, STR("waits")))
		certify_command(p, answer, json_text(key, "key"));
	if (!str_eq(state, STR("revoked")))
		revoke_form(p, id);
	HTML(h, "</section>");
}

static void data(struct page *p, const char *name, struct str value)
{
	HTML(&p->html, " data-");
	html_text(&p->html, str_from(name));
	HTML(&p->html, "=\"");
	html_text(&p->html, value);
	HTML(&p->html, "\"");
}

/* Ids of security keys that are known already, separated by spaces. */
static void data_credentials(struct page *p, const json_t *keys)
{
	struct html *h = &p->html;
	size_t index;
	json_t *key;

	HTML(h, " data-credentials=\"");
	json_array_foreach((json_t *)(uintptr_t)keys, index, key)
	{
		html_text(h, json_text(key, "credential"));
		HTML(h, " ");
	}
	HTML(h, "\"");
}

static void offer_form(struct page *p, const json_t *answer)
{
	struct html *h = &p->html;
	const json_t *me = json_object_get(p->session, "person");

	HTML(h,
		"<section class=\"sheet\" aria-labelledby=\"offer\"><header><h2 id=\"offer\">A security key</h2></header>"
		"<div class=\"pad form\">");
	if (json_text(answer, "rp_id").len == 0) {
		HTML(h,
			"<p class=\"quiet\">This lab has named no site for security keys (web.rp_id in its settings). Use a key of your "
			"own machine.</p></div></section>");
		return;
	}
	HTML(h, "<p class=\"quiet\">A key that you hold, with a PIN or your finger. It works on ");
	html_text(h, json_text(answer, "origin"));
	HTML(h, " and with script.</p><form id=\"offer-key\" class=\"form\" method=\"post\" action=\"/account/keys/offer\" hidden");
	data(p, "challenge", json_text(answer, "challenge"));
	data(p, "rp", json_text(answer, "rp_id"));
	data(p, "lab", json_text(answer, "lab"));
	data(p, "person", json_text(answer, "person"));
	data(p, "display", json_text(me, "display"));
	data_credentials(p, json_object_get(answer, "keys"));
	HTML(h, ">");
	part_csrf(p);
	HTML(h,
		"<input type=\"hidden\" name=\"key\"><input type=\"hidden\" name=\"authenticator\"><input type=\"hidden\" "
		"name=\"client\"><div class=\"alert bad\" role=\"alert\" hidden></div><label class=\"field\"><span>How you call it</span>"
		"<input name=\"label\" required maxlength=\"80\"></label><p class=\"foot\"><button class=\"button main\">Add a security "
		"key</button></p></form></div></section>");
}

static void statement_form(struct page *p)
{
	struct html *h = &p->html;

	HTML(h,
		"<section class=\"sheet\" aria-labelledby=\"certify\"><header><h2 id=\"certify\">Your organisation's statement</h2></header>"
		"<form class=\"pad form\" method=\"post\" action=\"/account/keys\">");
	part_csrf(p);
	HTML(h,
		"<p class=\"quiet\">Makes one of the keys above count, or a key of your own machine that <code>vitrine sign keygen</code> "
		"made.</p><label class=\"field\"><span>The two lines</span><small class=\"help\">As <code>vitrine sign person-key</code> "
		"printed them: the statement, and its signature.</small><textarea name=\"lines\" rows=\"4\" required "
		"maxlength=\"2000\" spellcheck=\"false\">\n");
	html_text(h, form_value(&p->form, "lines"));
	HTML(h,
		"</textarea></label><label class=\"field\"><span>How you call the key <small>optional</small></span><input "
		"name=\"label\" maxlength=\"80\" value=\"");
	html_text(
		h, form_value(&p->form, "lines").len > 0 ? form_value(&p->form, "label") : STR(""));
	HTML(h, "\"></label><p class=\"foot\"><button class=\"button main\">Take the statement</button></p></form></section>");
}

static enum err_kind draw(struct page *p, const char *bad, struct err *err)
{
	struct html *h = &p->html;
	const json_t *answer, *keys;
	size_t index;
	json_t *key;
	enum err_kind rc = page_ask(p, "person.keys", &answer, err);

	if (rc != OK)
		return rc;
	keys = json_object_get(answer, "keys");
	layout_begin(p, &(struct layout){ .title = "Your keys", .here = "/account" });
	HTML(h, "<div class=\"head\"><div><p class=\"crumb\">");
	part_crumb(p, "/account", "Your account");
	HTML(h,
		"</p><h1>Your keys</h1></div></div><p class=\"lead quiet\">With a key that counts you sign what you decide: "
		"whoever checks the record need not believe whoever runs this lab. Once you have one, your decisions need it.</p>");
	if (bad != NULL)
		part_alert(p, "bad", str_from(bad));
	if (json_text(answer, "root").len == 0)
		part_alert(p, "wait",
			STR("No agreement with your organisation is in force: no key of yours counts yet."));
	HTML(h, "<div class=\"columns\"><div class=\"column\">");
	if (json_array_size(keys) == 0)
		part_empty(p, STR("You have no key yet."));
	json_array_foreach((json_t *)(uintptr_t)keys, index, key) key_sheet(p, answer, key);
	HTML(h, "</div><div class=\"column\">");
	offer_form(p, answer);
	statement_form(p);
	HTML(h, "</div></div><script type=\"module\" src=\"");
	html_text(h, str_from(asset_path(ASSET_KEYS)));
	HTML(h, "\"></script>");
	layout_end(p);
	return page_finish(p, err);
}

enum err_kind page_keys(struct page *p, struct err *err)
{
	return draw(p, NULL, err);
}

/* The page again: with what the vault said, or as it is now. */
static enum err_kind after(struct page *p, enum err_kind rc, struct err *err)
{
	if (rc == OK)
		return page_redirect(p, "/account/keys");
	if (p->vault_away || rc == ERR_IO || rc == ERR_CORRUPT || rc == ERR_FROZEN)
		return rc;
	p->status = err_http_status(rc);
	return draw(p, arena_printf(p->mem, "%s", err->msg), err);
}

enum err_kind page_keys_post(struct page *p, struct err *err)
{
	struct str lines = str_trim(form_value(&p->form, "lines")), statement = lines,
		   rest = STR("");
	struct str label = str_trim(form_value(&p->form, "label"));
	const json_t *answer;
	struct ask a;

	if (!str_cut(lines, '\n', &statement, &rest)) {
		err_set(err, ERR_INPUT, "Two lines are wanted: the statement, and its signature.");
		return after(p, ERR_INPUT, err);
	}
	ask_init(p, &a);
	jw_kstr(&a.jw, "statement", str_trim(statement));
	jw_kstr(&a.jw, "signature", str_trim(rest));
	if (label.len > 0)
		jw_kstr(&a.jw, "label", label);
	return after(p, ask_send(p, &a, "person.key_add", &answer, err), err);
}

/* Form fields into a verb's arguments of the same names. */
static enum err_kind send_fields(
	struct page *p, const char *verb, const char *const *names, struct err *err)
{
	const json_t *answer;
	struct ask a;

	ask_init(p, &a);
	for (size_t i = 0; names[i] != NULL; i++)
		jw_kstr(&a.jw, names[i], str_trim(form_value(&p->form, names[i])));
	return after(p, ask_send(p, &a, verb, &answer, err), err);
}

enum err_kind page_key_offer_post(struct page *p, struct err *err)
{
	static const char *const names[] = { "key", "label", "authenticator", "client", NULL };

	return send_fields(p, "person.key_offer", names, err);
}

enum err_kind page_key_revoke_post(struct page *p, struct err *err)
{
	static const char *const names[] = { "key", "note", NULL };

	return send_fields(p, "person.key_revoke", names, err);
}
