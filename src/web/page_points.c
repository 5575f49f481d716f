/* page_points: the access points and witnesses: whose they are, their keys, who is invited; invite and revoke. */
#include "web/page.h"
#include "web/part.h"
#include "web/state.h"

static void state_chip(struct page *p, const json_t *row)
{
	if (json_text(row, "revoked").len > 0)
		part_chip(p, STR("bad"), STR("revoked"));
	else if (!json_bool(row, "remote"))
		part_chip(p, STR("plain"), STR("on this machine"));
	else if (json_bool(row, "linked"))
		part_chip(p, STR("ok"), STR("linked"));
	else
		part_chip(p, STR("wait"), STR("not linked"));
}

static void when_or_dash(struct page *p, const json_t *row, const char *key)
{
	if (json_text(row, key).len > 0)
		part_when(p, json_text(row, key), WHEN_RELATIVE);
	else
		HTML(&p->html, "<span class=\"faint\">–</span>");
}

static void revoke_form(struct page *p, struct str name)
{
	struct html *h = &p->html;

	HTML(h, "<form method=\"post\" action=\"/points/revoke\">");
	part_csrf(p);
	HTML(h, "<input type=\"hidden\" name=\"name\" value=\"");
	html_text(h, name);
	HTML(h, "\"><button class=\"button small\" aria-label=\"Revoke ");
	html_text(h, name);
	HTML(h, "\">Revoke</button></form>");
}

/* How many receipts this very point keeps; of others only they know. */
static void receipts_cell(struct page *p, struct str name)
{
	const struct web_options *o = &p->web->options;
	uint64_t answered, newest;

	if (o->receipts == NULL || !str_eq(name, str_from(o->point))) {
		HTML(&p->html, "<span class=\"faint\">at the point</span>");
		return;
	}
	receipts_count(o->receipts, &answered, &newest);
	part_number(p, answered < INT64_MAX ? (int64_t)answered : INT64_MAX);
	if (newest != RECEIPT_NO_ENTRY)
		part_seal(p, (int64_t)newest);
}

static void point_row(struct page *p, const json_t *row, bool may_revoke)
{
	struct html *h = &p->html;
	struct str name = json_text(row, "name"), owner = json_text(row, "owner");

	HTML(h, "<tr><th scope=\"row\">");
	html_text(h, name);
	HTML(h, "<br><span class=\"quiet\">");
	html_text(h, json_text(row, "site"));
	HTML(h, "</span></th><td>");
	html_text(h, json_text(row, "role"));
	HTML(h, "</td><td>");
	if (owner.len > 0)
		part_record_link(p, owner, json_text(row, "owner_name"));
	else
		HTML(h, "the maker");
	HTML(h, "</td><td>");
	state_chip(p, row);
	HTML(h, "</td><td>");
	part_digest(p, json_text(row, "fingerprint"));
	HTML(h, "</td><td class=\"n\">");
	when_or_dash(p, row, "certificate_ends");
	HTML(h, "</td><td class=\"n\">");
	when_or_dash(p, row, "seen");
	HTML(h, "</td><td class=\"n\">");
	receipts_cell(p, name);
	HTML(h, "</td><td>");
	if (may_revoke && json_text(row, "revoked").len == 0)
		revoke_form(p, name);
	HTML(h, "</td></tr>");
}

static void points_table(struct page *p, const json_t *answer)
{
	struct html *h = &p->html;
	bool may_revoke = page_has_role(p, "officer");
	size_t index;
	json_t *row;

	HTML(h,
		"<section class=\"sheet\"><div class=\"scroll-x\" tabindex=\"0\" role=\"region\" aria-label=\"Points and witnesses\"><table class=\"list\"><thead>"
		"<tr><th scope=\"col\">Name</th><th scope=\"col\">Role</th>"
		"<th scope=\"col\">Owner</th><th scope=\"col\">State</th><th scope=\"col\">Key</th><th scope=\"col\" "
		"class=\"n\">Certificate ends</th><th scope=\"col\" class=\"n\">Last act</th><th scope=\"col\" class=\"n\">Receipts</th>"
		"<td></td></tr></thead><tbody>");
	json_array_foreach(json_object_get(answer, "points"), index, row)
		point_row(p, row, may_revoke);
	HTML(h, "</tbody></table></div></section>");
}

static void invitations(struct page *p, const json_t *answer)
{
	struct html *h = &p->html;
	const json_t *rows = json_object_get(answer, "invitations");
	size_t index;
	json_t *row;

	if (json_array_size(rows) == 0)
		return;
	HTML(h, "<section class=\"sheet\"><header><h2>Invited</h2></header><ul class=\"pad plain\">");
	json_array_foreach((json_t *)(uintptr_t)rows, index, row)
	{
		HTML(h, "<li>");
		html_text(h, json_text(row, "name"));
		HTML(h, " <span class=\"quiet\">(");
		html_text(h, json_text(row, "role"));
		HTML(h, ")</span>: the token ends ");
		part_when(p, json_text(row, "ends"), WHEN_RELATIVE);
		if (page_has_role(p, "officer"))
			revoke_form(p, json_text(row, "name"));
		HTML(h, "</li>");
	}
	HTML(h, "</ul></section>");
}

static void invite_form(struct page *p)
{
	struct html *h = &p->html;

	HTML(h,
		"<section class=\"sheet\"><header><h2>Invite</h2></header><form class=\"pad form\" method=\"post\" "
		"action=\"/points/invite\">");
	part_csrf(p);
	HTML(h,
		"<label class=\"field\"><span>Name <small>lower-case letters, digits and ._-; given once, for ever</small>"
		"</span><input name=\"name\" required maxlength=\"31\" pattern=\"[a-z0-9._\\-]+\" autocapitalize=\"none\" "
		"spellcheck=\"false\"></label><label class=\"field\"><span>Site <small>as pages show it</small></span>"
		"<input name=\"site\" maxlength=\"200\"></label><label class=\"field\"><span>Role</span><select "
		"name=\"role\"><option value=\"point\">access point</option><option value=\"witness\">witness</option>"
		"</select></label><label class=\"field\"><span>Owner <small>id of the organisation whose machine it is; "
		"empty: the maker</small></span><input name=\"owner\" maxlength=\"20\" placeholder=\"org_…\" "
		"spellcheck=\"false\"></label><p class=\"foot\"><button class=\"button main\">Make a token</button></p>"
		"</form></section>");
}

enum err_kind page_points(struct page *p, struct err *err)
{
	const json_t *answer;
	struct html *h = &p->html;
	enum err_kind rc = page_ask(p, "point.list", &answer, err);

	if (rc != OK)
		return rc;
	layout_begin(p,
		&(struct layout){ .title = "Points", .family = FAMILY_PROVE, .here = "/points" });
	HTML(h,
		"<div class=\"head\"><h1>Points and witnesses</h1></div><p class=\"lead quiet\">Machines that speak to "
		"this lab. Each signs every call with a key of its own, which never leaves it; who is revoked is refused "
		"at once and cut off within five seconds.</p>");
	points_table(p, answer);
	invitations(p, answer);
	if (page_has_role(p, "officer"))
		invite_form(p);
	layout_end(p);
	return page_finish(p, err);
}

/* The token is on this one page and nowhere else. */
enum err_kind page_invite_post(struct page *p, struct err *err)
{
	static const char *const names[] = { "name", "site", "role", "owner" };
	struct html *h = &p->html;
	const json_t *answer;
	struct ask a;

	ask_init(p, &a);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct str value = str_trim(form_value(&p->form, names[i]));

		if (value.len > 0)
			jw_kstr(&a.jw, names[i], value);
	}
	enum err_kind rc = ask_send(p, &a, "point.invite", &answer, err);

	if (rc != OK)
		return rc;
	layout_begin(
		p, &(struct layout){ .title = "Token", .family = FAMILY_PROVE, .here = "/points" });
	HTML(h, "<div class=\"head\"><h1>");
	html_text(h, json_text(answer, "name"));
	HTML(h,
		" is invited</h1></div><section class=\"sheet\"><div class=\"pad\"><p>Shown once. Good for one "
		"machine, until ");
	part_when(p, json_text(answer, "ends"), WHEN_ABSOLUTE);
	HTML(h, " (");
	part_when(p, json_text(answer, "ends"), WHEN_RELATIVE);
	HTML(h, ").</p><p class=\"mono token\">");
	html_text(h, json_text(answer, "token"));
	HTML(h,
		"</p><p class=\"quiet\">On the other machine, with the address of this lab's door and a new folder:</p>"
		"<pre class=\"mono\">vitrine point --centre HOST:PORT --token TOKEN FOLDER</pre><p class=\"quiet\">It prints the "
		"fingerprint of its key: compare it with the one that <a href=\"/points\">the list</a> shows then.</p>"
		"</div></section>");
	layout_end(p);
	return page_finish(p, err);
}

enum err_kind page_revoke_post(struct page *p, struct err *err)
{
	const json_t *answer;
	enum err_kind rc = page_ask_one(
		p, "point.revoke", "name", form_value(&p->form, "name"), &answer, err);

	return rc != OK ? rc : page_redirect(p, "/points");
}
