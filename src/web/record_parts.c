#include "web/record_parts.h"

static const json_t *named(const json_t *array, struct str name)
{
	size_t index;
	json_t *row;

	json_array_foreach((json_t *)(uintptr_t)array, index, row)
	{
		if (str_eq(json_text(row, "name"), name))
			return row;
	}
	return NULL;
}

const json_t *record_field(const json_t *kind, struct str name)
{
	return named(json_object_get(kind, "fields"), name);
}

const json_t *record_transition(const json_t *kind, struct str name)
{
	return named(json_object_get(kind, "transitions"), name);
}

enum family record_family(const json_t *kind)
{
	struct str family = json_text(kind, "family");

	if (str_eq(family, STR("See")))
		return FAMILY_SEE;
	return str_eq(family, STR("Prove")) ? FAMILY_PROVE : FAMILY_GOVERN;
}

const char *record_list_path(struct page *p, const json_t *kind)
{
	struct str name = json_text(kind, "kind");

	if (str_eq(name, STR("product")) || str_eq(name, STR("release")))
		return "/products";
	const char *path = arena_printf(p->mem, "/records/%.*s", STR_ARG(name));

	return path == NULL ? "/" : path;
}

struct str record_empty_text(const json_t *kind)
{
	struct str text = json_text(kind, "empty");

	return text.len > 0 ? text : STR("Nothing here yet.");
}

void record_state_chip(struct page *p, const json_t *kind, struct str state)
{
	const json_t *row = named(json_object_get(kind, "states"), state);
	struct str tone = json_text(row, "tone"), word = json_text(row, "word");

	part_chip(p, tone.len > 0 ? tone : STR("plain"), word.len > 0 ? word : state);
}

void record_list_head(struct page *p, const json_t *kind, int64_t total)
{
	struct html *h = &p->html;
	const json_t *create = json_object_get(kind, "create");
	struct str verb = json_text(create, "verb"), label = json_text(create, "label");

	HTML(h, "<div class=\"head\"><h1>");
	html_text(h, json_text(kind, "plural"));
	HTML(h, "</h1><span class=\"quiet\">");
	part_number(p, total);
	HTML(h, "</span><span class=\"grow\"></span>");
	if (json_bool(create, "allowed") && json_bool(create, "form") && verb.len > 0) {
		HTML(h, "<a class=\"button main\" href=\"/records/");
		html_url(h, json_text(kind, "kind"));
		HTML(h, "/new\">");
		html_text(h, label.len > 0 ? label : STR("Add"));
		HTML(h, "</a>");
	}
	HTML(h, "</div>");
	if (json_text(kind, "help").len > 0) {
		HTML(h, "<p class=\"lead quiet\">");
		html_text(h, json_text(kind, "help"));
		HTML(h, "</p>");
	}
}

void record_head(struct page *p, const char *list_path, const char *list_text, const json_t *kind,
	const json_t *record)
{
	struct html *h = &p->html;

	HTML(h, "<div class=\"head\"><div><p class=\"crumb\">");
	part_crumb(p, list_path, list_text);
	HTML(h, "<span class=\"mono\">");
	html_text(h, json_text(record, "id"));
	HTML(h, "</span></p><h1>");
	html_text(h, json_text(record, "title"));
	HTML(h, "</h1></div>");
	record_state_chip(p, kind, json_text(record, "state"));
	part_seal(p, json_int(record, "entry", -1));
	HTML(h, "</div>");
}

static bool has_value(const json_t *value)
{
	if (json_is_array(value))
		return json_array_size(value) > 0;
	if (json_is_string(value))
		return json_string_length(value) > 0;
	return value != NULL && !json_is_null(value);
}

void record_fields_sheet(struct page *p, const json_t *kind, const json_t *answer)
{
	struct html *h = &p->html;
	const json_t *record = json_object_get(answer, "record");
	const json_t *values = json_object_get(record, "fields");
	size_t index;
	json_t *field;

	HTML(h, "<section class=\"sheet\" aria-labelledby=\"facts\"><header><h2 id=\"facts\">");
	html_text(h, json_text(kind, "title"));
	HTML(h, "</h2></header><dl class=\"facts\">");
	json_array_foreach(json_object_get(kind, "fields"), index, field)
	{
		const json_t *value = json_object_get(values, json_text(field, "name").ptr);

		HTML(h, "<div><dt>");
		html_text(h, json_text(field, "label"));
		HTML(h, "</dt><dd>");
		if (has_value(value))
			field_show(p, field, value, json_object_get(answer, "names"));
		else
			HTML(h, "<span class=\"faint\">not given</span>");
		HTML(h, "</dd></div>");
	}
	HTML(h, "<div><dt>Made</dt><dd>");
	part_when(p, json_text(record, "created"), WHEN_ABSOLUTE);
	if (json_text(record, "created_by_name").len > 0) {
		HTML(h, " by ");
		html_text(h, json_text(record, "created_by_name"));
	}
	HTML(h, "</dd></div></dl></section>");
}

static struct str act_of(struct str verb)
{
	struct str family, act;

	return str_cut(verb, '.', &family, &act) ? act : verb;
}

static void action_rows(struct page *p, struct str id, const json_t *actions, bool allowed)
{
	struct html *h = &p->html;
	size_t index;
	json_t *action;

	json_array_foreach((json_t *)(uintptr_t)actions, index, action)
	{
		struct str act = act_of(json_text(action, "verb")),
			   tone = json_text(action, "tone");
		struct str label = json_text(action, "label");

		if (json_bool(action, "allowed") != allowed)
			continue;
		HTML(h, "<li>");
		if (allowed) {
			HTML(h, "<a class=\"button ");
			html_text(h,
				str_eq(tone, STR("ok"))            ? STR("main")
					: str_eq(tone, STR("bad")) ? STR("danger")
								   : STR(""));
			HTML(h, "\" href=\"/record/");
			html_url(h, id);
			HTML(h, "/");
			html_url(h, act);
			HTML(h, "\">");
			html_text(h, label.len > 0 ? label : act);
			HTML(h, "</a><span class=\"quiet\">");
			html_text(h, json_text(action, "help"));
			HTML(h, "</span>");
		} else {
			HTML(h, "<span class=\"off\">");
			html_text(h, label.len > 0 ? label : act);
			HTML(h, "</span><span class=\"quiet\">");
			html_text(h, json_text(action, "why"));
			HTML(h, "</span>");
		}
		HTML(h, "</li>");
	}
}

/* A person's one-time password is no transition of the record; officers issue it, not for themselves. */
static bool may_issue_password(struct page *p, const json_t *record)
{
	const json_t *me = p->session == NULL ? NULL : json_object_get(p->session, "person");

	return str_eq(json_text(record, "kind"), STR("person")) && page_has_role(p, "officer") &&
		str_eq(json_text(record, "state"), STR("active")) &&
		!str_eq(json_text(record, "id"), json_text(me, "id"));
}

static bool has_role(const json_t *record, const char *role)
{
	const json_t *roles = json_object_get(json_object_get(record, "fields"), "roles");
	size_t index;
	json_t *item;

	json_array_foreach((json_t *)(uintptr_t)roles, index, item)
	{
		if (json_is_string(item) && strcmp(json_string_value(item), role) == 0)
			return true;
	}
	return false;
}

static void password_row(struct page *p, const json_t *record)
{
	struct html *h = &p->html;

	HTML(h, "<li><form method=\"post\" action=\"/record/");
	html_url(h, json_text(record, "id"));
	HTML(h, "/credential\">");
	part_csrf(p);
	HTML(h,
		"<button class=\"button\">Issue a one-time password</button></form><span class=\"quiet\">Shown to "
		"you once; they must choose their own at once. Their open sessions end, their authenticator is "
		"removed.");
	if (has_role(record, "officer"))
		HTML(h,
			" For an officer only the first one: another is given at the centre's own machine, by "
			"<code>vitrine person reset</code>.");
	HTML(h, "</span></li>");
}

static void actions_sheet(struct page *p, const json_t *answer)
{
	struct html *h = &p->html;
	const json_t *actions = json_object_get(answer, "actions");
	const json_t *record = json_object_get(answer, "record");
	struct str id = json_text(record, "id");
	bool issues = may_issue_password(p, record);

	if (json_array_size(actions) == 0 && !issues)
		return;
	HTML(h,
		"<section class=\"sheet\" aria-labelledby=\"acts\"><header><h2 id=\"acts\">What can be done</h2></header>"
		"<ul class=\"acts\">");
	action_rows(p, id, actions, true);
	if (issues)
		password_row(p, record);
	action_rows(p, id, actions, false);
	HTML(h, "</ul></section>");
}

static void second_line(struct page *p, struct str text)
{
	if (text.len == 0)
		return;
	HTML(&p->html, "<br><span class=\"quiet\">");
	html_text(&p->html, text);
	HTML(&p->html, "</span>");
}

static void history_sheet(struct page *p, const json_t *kind, const json_t *history)
{
	struct html *h = &p->html;
	size_t index;
	json_t *row;

	if (json_array_size(history) == 0)
		return;
	HTML(h,
		"<section class=\"sheet\" aria-labelledby=\"history\"><header><h2 id=\"history\">History</h2></header>"
		"<table><thead><tr><th>What</th><th>Who</th><th class=\"n\">When</th><th class=\"n\">Seal</th></tr></thead>"
		"<tbody>");
	json_array_foreach((json_t *)(uintptr_t)history, index, row)
	{
		struct str done = json_text(row, "done"), to = json_text(row, "to");

		HTML(h, "<tr><td>");
		html_text(h, done.len > 0 ? done : json_text(row, "act"));
		if (to.len > 0 && !str_eq(to, json_text(row, "from"))) {
			HTML(h, " <span class=\"faint\">→</span> ");
			record_state_chip(p, kind, to);
		}
		second_line(p, json_text(row, "note"));
		HTML(h, "</td><td>");
		html_text(h, json_text(row, "person_name"));
		second_line(p, json_text(row, "organisation"));
		HTML(h, "</td><td class=\"n\">");
		part_when(p, json_text(row, "at"), WHEN_RELATIVE);
		HTML(h, "</td><td class=\"n\">");
		part_seal(p, json_int(row, "entry", -1));
		HTML(h, "</td></tr>");
	}
	HTML(h, "</tbody></table></section>");
}

static void links_sheet(struct page *p, struct str id, const json_t *links)
{
	struct html *h = &p->html;
	size_t index;
	json_t *link;
	struct err unused;

	HTML(h, "<p class=\"links\">");
	json_array_foreach((json_t *)(uintptr_t)links, index, link)
	{
		const json_t *kind = page_kind(p, json_text(link, "kind"), &unused);
		int64_t count = json_int(link, "count", 0);

		if (kind == NULL || count == 0)
			continue;
		HTML(h, "<a class=\"button small\" href=\"/records/");
		html_url(h, json_text(link, "kind"));
		HTML(h, "?ref=");
		html_url(h, id);
		HTML(h, "\">");
		part_number(p, count);
		HTML(h, " ");
		html_text(h, count == 1 ? json_text(kind, "title") : json_text(kind, "plural"));
		HTML(h, "</a> ");
	}
	HTML(h, "<a class=\"button small\" href=\"/ledger?record=");
	html_url(h, id);
	HTML(h, "\">Entries in the ledger</a></p>");
}

void record_body(struct page *p, const json_t *kind, const json_t *answer)
{
	struct html *h = &p->html;
	const json_t *record = json_object_get(answer, "record");

	HTML(h, "<div class=\"columns\"><div class=\"column\">");
	record_fields_sheet(p, kind, answer);
	HTML(h, "</div><div class=\"column\">");
	actions_sheet(p, answer);
	history_sheet(p, kind, json_object_get(answer, "history"));
	HTML(h, "</div></div>");
	links_sheet(p, json_text(record, "id"), json_object_get(answer, "links"));
	HTML(h,
		"<section class=\"sheet\" aria-labelledby=\"proof\"><header><h2 id=\"proof\">Proof</h2>"
		"<span class=\"quiet\">what happened to it, checked without this server</span></header><div class=\"pad\">");
	part_proof(p, arena_cstr(p->mem, json_text(record, "id")));
	HTML(h, "</div></section>");
}
