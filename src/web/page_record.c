/* page_record: lists, details and forms of any kind, drawn from its declaration. */
#include "web/page.h"
#include "web/part.h"
#include "web/record_parts.h"

enum { LIST_ROWS = 50 };

static void state_filter(struct page *p, const json_t *kind)
{
	struct html *h = &p->html;
	struct str chosen = form_value(&p->query, "state"), text = form_value(&p->query, "text");
	struct str ref = form_value(&p->query, "ref");
	size_t index;
	json_t *state;

	HTML(h,
		"<form class=\"filter\" method=\"get\" role=\"search\"><label><span class=\"sr\">Text</span>"
		"<input type=\"search\" name=\"text\" placeholder=\"Filter by title\" maxlength=\"120\" value=\"");
	html_text(h, text);
	HTML(h, "\"></label><label><span class=\"sr\">State</span><select name=\"state\"><option value=\"\">any state</option>");
	json_array_foreach(json_object_get(kind, "states"), index, state)
	{
		HTML(h, "<option value=\"");
		html_text(h, json_text(state, "name"));
		HTML(h, "\"");
		if (str_eq(chosen, json_text(state, "name")))
			HTML(h, " selected");
		HTML(h, ">");
		html_text(h, json_text(state, "word"));
		HTML(h, "</option>");
	}
	HTML(h, "</select></label>");
	if (ref.len > 0) {
		HTML(h, "<input type=\"hidden\" name=\"ref\" value=\"");
		html_text(h, ref);
		HTML(h, "\">");
	}
	HTML(h, "<button class=\"button\">Filter</button>");
	if (chosen.len > 0 || text.len > 0 || ref.len > 0) {
		HTML(h, " <a href=\"/records/");
		html_url(h, json_text(kind, "kind"));
		HTML(h, "\">all</a>");
	}
	HTML(h, "</form>");
}

static void record_row(struct page *p, const json_t *kind, const json_t *item, const json_t *names)
{
	struct html *h = &p->html;
	struct str title = json_text(item, "title");
	const json_t *fields = json_object_get(item, "fields");
	struct str organisation = json_text(fields, "organisation");

	if (organisation.len == 0)
		organisation = json_text(fields, "party");
	HTML(h, "<tr><th scope=\"row\">");
	part_record_link(p, json_text(item, "id"), title);
	if (organisation.len > 0 && json_text(names, organisation.ptr).len > 0) {
		HTML(h, "<br><span class=\"quiet\">");
		html_text(h, json_text(names, organisation.ptr));
		HTML(h, "</span>");
	}
	HTML(h, "</th><td>");
	record_state_chip(p, kind, json_text(item, "state"));
	HTML(h, "</td><td class=\"hide\">");
	html_text(h, json_text(item, "created_by_name"));
	HTML(h, "</td><td class=\"n hide\">");
	part_when(p, json_text(item, "changed"), WHEN_RELATIVE);
	HTML(h, "</td><td class=\"n\">");
	part_seal(p, json_int(item, "entry", -1));
	HTML(h, "</td></tr>");
}

static void next_link(struct page *p, const json_t *kind, struct str next)
{
	static const char *const kept[] = { "state", "text", "ref" };
	struct html *h = &p->html;

	if (next.len == 0)
		return;
	HTML(h, "<p><a class=\"button\" rel=\"next\" href=\"/records/");
	html_url(h, json_text(kind, "kind"));
	HTML(h, "?after=");
	html_url(h, next);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		struct str value = form_value(&p->query, kept[i]);

		if (value.len == 0)
			continue;
		HTML(h, "&amp;");
		html_text(h, str_from(kept[i]));
		HTML(h, "=");
		html_url(h, value);
	}
	HTML(h, "\">More</a></p>");
}

enum err_kind page_records(struct page *p, struct err *err)
{
	static const char *const passed[] = { "state", "text", "ref", "after" };
	struct html *h = &p->html;
	const json_t *answer, *kind = page_kind(p, p->params[0], err);
	struct ask a;
	size_t index;
	json_t *item;

	if (kind == NULL)
		return err->kind;
	ask_init(p, &a);
	jw_kstr(&a.jw, "kind", p->params[0]);
	jw_ki64(&a.jw, "limit", LIST_ROWS);
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		if (form_value(&p->query, passed[i]).len > 0)
			jw_kstr(&a.jw, passed[i], form_value(&p->query, passed[i]));
	enum err_kind rc = ask_send(p, &a, "record.list", &answer, err);

	if (rc != OK)
		return rc;
	const json_t *items = json_object_get(answer, "items");

	layout_begin(p,
		&(struct layout){ .about = json_text(kind, "plural"),
			.title = "",
			.family = record_family(kind),
			.here = record_list_path(p, kind) });
	record_list_head(p, kind, json_int(answer, "total", (int64_t)json_array_size(items)));
	state_filter(p, kind);
	HTML(h, "<section class=\"sheet\">");
	if (json_array_size(items) == 0) {
		part_empty(p,
			form_value(&p->query, "text").len > 0 ||
					form_value(&p->query, "state").len > 0
				? STR("Nothing fits this filter.")
				: record_empty_text(kind));
	} else {
		HTML(h, "<table><thead><tr><th>");
		html_text(h, json_text(kind, "title"));
		HTML(h,
			"</th><th>State</th><th class=\"hide\">Made by</th><th class=\"n hide\">Changed</th>"
			"<th class=\"n\">Seal</th></tr></thead><tbody>");
		json_array_foreach((json_t *)(uintptr_t)items, index, item)
			record_row(p, kind, item, json_object_get(answer, "names"));
		HTML(h, "</tbody></table>");
	}
	HTML(h, "</section>");
	next_link(p, kind, json_text(answer, "next"));
	layout_end(p);
	return page_finish(p, err);
}

enum err_kind page_record(struct page *p, struct err *err)
{
	const json_t *answer;
	enum err_kind rc = page_ask_one(p, "record.show", "id", p->params[0], &answer, err);

	if (rc != OK)
		return rc;
	const json_t *record = json_object_get(answer, "record");
	const json_t *kind = page_kind(p, json_text(record, "kind"), err);

	if (kind == NULL)
		return err->kind;
	const char *list = record_list_path(p, kind);

	layout_begin(p,
		&(struct layout){ .about = json_text(record, "title"),
			.title = json_text(kind, "title").ptr,
			.family = record_family(kind),
			.here = list });
	record_head(p, list, json_text(kind, "plural").ptr, kind, record);
	record_body(p, kind, answer);
	layout_end(p);
	return page_finish(p, err);
}
