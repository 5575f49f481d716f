/* page_ledger: the entries, newest first, by kind or record. */
#include <inttypes.h>

#include "web/page.h"
#include "web/part.h"

enum { LIST_ROWS = 40 };

/* The public fields in one line: "engagement 3f9a…, state open". */
static void public_fields(struct page *p, const json_t *fields)
{
	struct html *h = &p->html;
	const char *key;
	json_t *value;
	bool first = true;

	json_object_foreach((json_t *)(uintptr_t)fields, key, value)
	{
		struct str text = json_is_string(value)
			? str_of(json_string_value(value), json_string_length(value))
			: STR("");

		if (!first)
			HTML(h, " <span class=\"faint\">·</span> ");
		first = false;
		HTML(h, "<span class=\"quiet\">");
		html_text(h, str_from(key));
		HTML(h, "</span> ");
		if (json_is_integer(value)) {
			part_i64(p, json_integer_value(value));
		} else if (json_is_boolean(value)) {
			html_text(h, json_is_true(value) ? STR("yes") : STR("no"));
		} else if (text.len >= 4 && text.ptr[3] == '_' && text.len < 20) {
			part_record_link(p, text, text);
		} else if (text.len == 64) {
			part_digest(p, text);
		} else {
			html_text(h, text);
		}
	}
}

static void entry_row(struct page *p, const json_t *entry)
{
	struct html *h = &p->html;
	int64_t index = json_int(entry, "index", 0);

	HTML(h, "<tr><th scope=\"row\" class=\"n\"><a href=\"/ledger/entry/");
	part_i64(p, index);
	HTML(h, "\">");
	part_number(p, index);
	HTML(h, "</a></th><td class=\"mono\">");
	html_text(h, json_text(entry, "kind"));
	HTML(h, "</td><td class=\"fill\">");
	if (json_bool(entry, "redacted"))
		part_chip(p, STR("plain"), STR("detail erased"));
	public_fields(p, json_object_get(entry, "public"));
	HTML(h, "</td><td class=\"n\">");
	part_when(p, json_text(entry, "time"), WHEN_RELATIVE);
	HTML(h, "</td><td class=\"n\">");
	part_seal(p, index);
	HTML(h, "</td></tr>");
}

static void filter_form(struct page *p)
{
	struct html *h = &p->html;

	HTML(h,
		"<form class=\"filter\" method=\"get\" role=\"search\"><label><span class=\"sr\">Kind of entry</span>"
		"<input name=\"kind\" placeholder=\"kind, as in grant.approve\" maxlength=\"64\" spellcheck=\"false\" value=\"");
	html_text(h, form_value(&p->query, "kind"));
	HTML(h,
		"\"></label><label><span class=\"sr\">Record</span><input name=\"record\" "
		"placeholder=\"record, as in eng_…\" maxlength=\"32\" spellcheck=\"false\" value=\"");
	html_text(h, form_value(&p->query, "record"));
	HTML(h, "\"></label><button class=\"button\">Filter</button>");
	if (form_value(&p->query, "kind").len > 0 || form_value(&p->query, "record").len > 0)
		HTML(h, " <a href=\"/ledger\">all</a>");
	HTML(h, "</form>");
}

static void next_link(struct page *p, const json_t *next)
{
	static const char *const kept[] = { "kind", "record", "session" };
	struct html *h = &p->html;

	if (next == NULL || json_is_null(next))
		return;
	HTML(h, "<p><a class=\"button\" rel=\"next\" href=\"/ledger?from=");
	if (json_is_integer(next))
		part_i64(p, json_integer_value(next));
	else if (json_is_string(next))
		html_url(h, str_from(json_string_value(next)));
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		struct str value = form_value(&p->query, kept[i]);

		if (value.len == 0)
			continue;
		HTML(h, "&amp;");
		html_text(h, str_from(kept[i]));
		HTML(h, "=");
		html_url(h, value);
	}
	HTML(h, "\">Older</a></p>");
}

static void heading(struct page *p, bool refusals, const json_t *answer)
{
	struct html *h = &p->html;

	HTML(h, "<div class=\"head\"><h1>");
	html_text(h, refusals ? STR("Calls turned away") : STR("Ledger"));
	HTML(h, "</h1><span class=\"quiet\">");
	part_count(p, json_int(answer, "size", 0), "entry in all", "entries in all");
	HTML(h,
		"</span><span class=\"grow\"></span><a class=\"button\" href=\"/ledger/checkpoint\">Checkpoint</a>"
		"<a class=\"button\" href=\"/ledger/log.vkey\">Key</a></div><p class=\"lead quiet\">");
	html_text(h,
		refusals
			? STR("Who was refused what, and why. A refusal is an act like any other: it has its entry. Those of "
			      "callers who were not signed in are counted by the minute.")
			: STR("Each act in this lab, in the order in which it was done. The log is append-only and signed: anybody "
			      "can check it with the files above, without this server."));
	HTML(h, "</p>");
}

enum err_kind page_ledger(struct page *p, struct err *err)
{
	static const char *const passed[] = { "kind", "record", "session" };
	struct html *h = &p->html;
	struct str from = form_value(&p->query, "from"), kind = form_value(&p->query, "kind");
	const json_t *answer;
	uint64_t index;
	struct ask a;
	size_t i;
	json_t *entry;

	ask_init(p, &a);
	jw_ki64(&a.jw, "limit", LIST_ROWS);
	if (str_to_u64(from, &index) && index < INT64_MAX)
		jw_ki64(&a.jw, "from", (int64_t)index);
	for (i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		if (form_value(&p->query, passed[i]).len > 0)
			jw_kstr(&a.jw, passed[i], form_value(&p->query, passed[i]));
	enum err_kind rc = ask_send(p, &a, "ledger.list", &answer, err);

	if (rc != OK)
		return rc;
	bool refusals = str_eq(kind, STR("refused"));
	const json_t *entries = json_object_get(answer, "entries");

	layout_begin(p,
		&(struct layout){ .title = refusals ? "Calls turned away" : "Ledger",
			.family = FAMILY_PROVE,
			.here = refusals ? "/refusals" : "/ledger" });
	heading(p, refusals, answer);
	filter_form(p);
	HTML(h, "<section class=\"sheet\">");
	if (json_array_size(entries) == 0) {
		part_empty(p,
			refusals ? STR("Nobody has been refused anything yet.")
				 : STR("No entry fits this filter."));
	} else {
		HTML(h,
			"<table class=\"ledger\"><thead><tr><th class=\"n\">Entry</th><th>Act</th><th>Public</th>"
			"<th class=\"n\">When</th><th class=\"n\">Seal</th></tr></thead><tbody>");
		json_array_foreach((json_t *)(uintptr_t)entries, i, entry) entry_row(p, entry);
		HTML(h, "</tbody></table>");
	}
	HTML(h, "</section>");
	next_link(p, json_object_get(answer, "next"));
	layout_end(p);
	return page_finish(p, err);
}
