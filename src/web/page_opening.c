/* page_opening: openings of sealed trails: what is asked, who agreed, who is awaited. */
#include "web/page.h"
#include "web/part.h"

static void party(struct page *p, const json_t *party)
{
	struct html *h = &p->html;
	struct str agreed = json_text(party, "agreed");

	HTML(h, "<li>");
	part_chip(p, agreed.len > 0 ? STR("ok") : STR("wait"),
		agreed.len > 0 ? STR("agreed") : STR("awaited"));
	HTML(h, " ");
	html_text(h, json_text(party, "name"));
	if (agreed.len > 0) {
		HTML(h, " ");
		part_when(p, agreed, WHEN_RELATIVE);
	}
	HTML(h, "</li>");
}

static void parties(struct page *p, const json_t *opening)
{
	struct html *h = &p->html;
	const json_t *list = json_object_get(opening, "parties"),
		     *own = json_object_get(opening, "own"), *row;
	size_t i;

	HTML(h, "<div><dt>Any ");
	part_i64(p, json_int(json_object_get(opening, "sealed"), "quorum", 0));
	HTML(h, " of them</dt><dd><ul class=\"plain-list\">");
	json_array_foreach(list, i, row) party(p, row);
	HTML(h, "</ul></dd></div>");
	if (!json_is_object(own))
		return;
	HTML(h, "<div><dt>Or their own organisation</dt><dd><ul class=\"plain-list\">");
	party(p, own);
	HTML(h, "</ul></dd></div>");
}

static void state(struct page *p, const json_t *opening)
{
	struct str word = json_text(opening, "state");
	bool enough = json_bool(opening, "enough");

	if (str_eq(word, STR("asked")))
		part_chip(p, STR("wait"),
			enough ? STR("enough agreed: can be opened")
			       : STR("waits for the parties"));
	else if (str_eq(word, STR("opened")))
		part_chip(p, STR("bad"), STR("open"));
	else
		part_chip(p, str_eq(word, STR("answered")) ? STR("ok") : STR("plain"), word);
}

static void draw(struct page *p, const json_t *opening)
{
	struct html *h = &p->html;

	HTML(h, "<section class=\"sheet\"><header><h2>");
	part_record_link(p, json_text(opening, "id"), json_text(opening, "session"));
	HTML(h, "</h2>");
	state(p, opening);
	HTML(h, "<span class=\"grow\"></span><span class=\"quiet\">asked ");
	part_when(p, json_text(opening, "asked"), WHEN_RELATIVE);
	HTML(h, "</span></header><dl class=\"facts\"><div><dt>Question</dt><dd class=\"text\">");
	html_text(h, json_text(opening, "question"));
	HTML(h, "</dd></div><div><dt>Why</dt><dd class=\"text\">");
	html_text(h, json_text(opening, "reason"));
	HTML(h, "</dd></div>");
	parties(p, opening);
	if (json_text(opening, "answer").len > 0) {
		HTML(h, "<div><dt>Digest of the answer</dt><dd>");
		part_digest(p, json_text(opening, "answer"));
		HTML(h, "</dd></div>");
	}
	HTML(h, "</dl></section>");
}

enum err_kind page_openings(struct page *p, struct err *err)
{
	struct html *h = &p->html;
	const json_t *answer, *list, *row;
	size_t i;
	enum err_kind rc = page_ask(p, "opening.list", &answer, err);

	if (rc != OK)
		return rc;
	list = json_object_get(answer, "openings");
	layout_begin(p,
		&(struct layout){
			.title = "Openings", .family = FAMILY_PROVE, .here = "/openings" });
	part_heading(p, STR("Openings"));
	HTML(h,
		"<p class=\"lead quiet\">What a session looked at is sealed for the parties of its agreement. To answer a question "
		"about it, enough of them agree to open that one session; their own tools unwrap it, never the lab’s.</p>");
	if (json_array_size(list) == 0) {
		HTML(h, "<section class=\"sheet\">");
		part_empty(p,
			STR("No opening yet. An officer or an auditor asks for one with: vitrine opening ask --session SESSION "
			    "--question TEXT --reason TEXT."));
		HTML(h, "</section>");
	}
	json_array_foreach(list, i, row) draw(p, row);
	layout_end(p);
	return page_finish(p, err);
}
