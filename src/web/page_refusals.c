/* page_refusals: the refusal register as a page, and as a file that a spreadsheet reads. */
#include "base/limit.h"
#include "web/page.h"
#include "web/part.h"

/* An export takes 200 rows an answer, and a page may hold 48 answers. */
enum { REGISTER_ROWS = 40, EXPORT_ROWS_MAX = 8000, CSV_BYTES_MAX = 8 << 20 };

static enum err_kind ask_list(
	struct page *p, int64_t from, int64_t limit, const json_t **answer, struct err *err)
{
	struct ask a;

	ask_init(p, &a);
	jw_ki64(&a.jw, "limit", limit);
	if (from >= 0)
		jw_ki64(&a.jw, "from", from);
	return ask_send(p, &a, "refusal.list", answer, err);
}

static void heading(struct page *p, const json_t *answer)
{
	struct html *h = &p->html;
	int64_t count = json_int(answer, "count", 0), visible = json_int(answer, "visible", 0);

	HTML(h, "<div class=\"head\"><h1>Refusals</h1><span class=\"quiet\">");
	part_count(p, count, "refusal in all", "refusals in all");
	HTML(h,
		"</span><span class=\"grow\"></span><a class=\"button\" href=\"/refusals.csv\" download>Save as CSV</a></div>"
		"<p class=\"lead quiet\">What was asked of this lab and not granted: what, who decided, why, when. Each refusal is an "
		"entry of the ledger, so that their number can be counted in the published log, and nobody can lower it: "
		"<code>vitrine ledger count request.refuse --published DIR</code>. Besides, the lab turned away ");
	HTML(h, "<a href=\"/ledger?kind=refused\">");
	part_count(p, json_int(answer, "automatic", 0), "call", "calls");
	HTML(h, "</a> that no grant or role covered.</p>");
	if (json_bool(answer, "sees_all") && visible != count)
		part_alert(p, "bad",
			STR("The ledger holds another number of refusals than the records: the records were changed behind "
			    "the lab's back. What is missing here is still counted in the ledger."));
	else if (!json_bool(answer, "sees_all"))
		HTML(h, "<p class=\"quiet\">You see those of your own organisation; the count is of all.</p>");
}

static void refusal_row(struct page *p, const json_t *row)
{
	struct html *h = &p->html;

	HTML(h, "<tr><th scope=\"row\" class=\"fill\">");
	part_record_link(p, json_text(row, "id"), json_text(row, "title"));
	HTML(h, "</th><td data-label=\"by\">");
	part_record_link(p, json_text(row, "party"), json_text(row, "party_title"));
	HTML(h, "</td><td class=\"fill\" data-label=\"because\">");
	html_text(h, json_text(row, "reason"));
	HTML(h, "</td><td data-label=\"decided by\">");
	html_text(h, json_text(row, "decided_by_title"));
	HTML(h, "</td><td class=\"n\">");
	part_when(p, json_text(row, "time"), WHEN_RELATIVE);
	HTML(h, "</td><td class=\"n\">");
	part_seal(p, json_int(row, "entry", -1));
	HTML(h, "</td></tr>");
}

enum err_kind page_refusals(struct page *p, struct err *err)
{
	struct html *h = &p->html;
	struct str from = form_value(&p->query, "from");
	const json_t *answer, *rows;
	uint64_t index;
	size_t i;
	json_t *row;
	bool has_from = str_to_u64(from, &index) && index < INT64_MAX;
	enum err_kind rc = ask_list(p, has_from ? (int64_t)index : -1, REGISTER_ROWS, &answer, err);

	if (rc != OK)
		return rc;
	rows = json_object_get(answer, "refusals");
	layout_begin(p,
		&(struct layout){
			.title = "Refusals", .family = FAMILY_PROVE, .here = "/refusals" });
	heading(p, answer);
	HTML(h, "<section class=\"sheet\">");
	if (json_array_size(rows) == 0) {
		part_empty(p,
			STR("Nothing has been refused yet. A reviewer asks under See, Requests; an officer answers there."));
	} else {
		HTML(h,
			"<table class=\"stack\"><thead><tr><th>Asked for</th><th>By</th><th>Refused because</th><th>Decided by</th><th class=\"n\">When</th>"
			"<th class=\"n\">Seal</th></tr></thead><tbody>");
		json_array_foreach((json_t *)(uintptr_t)rows, i, row) refusal_row(p, row);
		HTML(h, "</tbody></table>");
	}
	HTML(h, "</section>");
	if (json_int(answer, "next", -1) >= 0) {
		HTML(h, "<p><a class=\"button\" rel=\"next\" href=\"/refusals?from=");
		part_i64(p, json_int(answer, "next", 0));
		HTML(h, "\">Older</a></p>");
	}
	layout_end(p);
	return page_finish(p, err);
}

/* A field of RFC 4180. What a spreadsheet would take for a formula gets an apostrophe before it. */
static void put_csv(struct out *o, struct str text, bool is_last)
{
	static const char formulas[] = "=+-@\t\r";

	out_char(o, '"');
	if (text.len > 0 && memchr(formulas, text.ptr[0], sizeof(formulas) - 1) != NULL)
		out_char(o, '\'');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"')
			out_char(o, '"');
		out_char(o, text.ptr[i]);
	}
	out_put(o, is_last ? STR("\"\r\n") : STR("\","));
}

static void put_csv_row(struct out *o, const json_t *row)
{
	out_u64(o, (uint64_t)json_int(row, "entry", 0));
	out_char(o, ',');
	put_csv(o, json_text(row, "time"), false);
	put_csv(o, json_text(row, "asked"), false);
	put_csv(o, json_text(row, "id"), false);
	put_csv(o, json_text(row, "title"), false);
	put_csv(o, json_text(json_object_get(row, "fields"), "why"), false);
	put_csv(o, json_text(row, "party_title"), false);
	put_csv(o, json_text(row, "decided_by_title"), false);
	put_csv(o, json_text(row, "reason"), true);
}

enum err_kind page_refusals_csv(struct page *p, struct err *err)
{
	struct out o;
	int64_t from = -1;
	size_t i, taken = 0;
	json_t *row;

	out_init(&o, p->mem, CSV_BYTES_MAX);
	out_put(&o, STR("entry,refused,asked,request,what,why,party,decided by,reason\r\n"));
	do {
		const json_t *answer;
		enum err_kind rc = ask_list(p, from, LIMIT_PAGE_ITEMS, &answer, err);

		if (rc != OK)
			return rc;
		json_array_foreach(json_object_get(answer, "refusals"), i, row)
			put_csv_row(&o, row);
		taken += json_array_size(json_object_get(answer, "refusals"));
		from = json_int(answer, "next", -1);
	} while (from >= 0 && taken < EXPORT_ROWS_MAX);
	/* A register that breaks off would pass for a whole one. */
	if (from >= 0)
		return err_set(err, ERR_LIMIT,
			"more than %d refusals: read them by refusal.list, page by page",
			EXPORT_ROWS_MAX);
	p->response->status = 200;
	p->response->type = "text/csv; charset=utf-8";
	http_header_add(
		p->response, "Content-Disposition", "attachment; filename=\"refusals.csv\"");
	return out_finish(&o, &p->response->body, err);
}
