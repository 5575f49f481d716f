/* page_people: a one-time password for somebody else, shown once. */
#include "web/page.h"
#include "web/part.h"

enum err_kind page_credential_post(struct page *p, struct err *err)
{
	struct html *h = &p->html;
	const json_t *record, *answer;
	enum err_kind rc = page_ask_one(p, "record.show", "id", p->params[0], &record, err);

	if (rc == OK)
		rc = page_ask_one(p, "person.credential", "id", p->params[0], &answer, err);
	if (rc != OK)
		return rc;
	record = json_object_get(record, "record");
	layout_begin(p,
		&(struct layout){ .about = json_text(record, "title"),
			.title = "One-time password",
			.family = FAMILY_GOVERN,
			.here = "/records/person" });
	HTML(h, "<div class=\"head\"><div><p class=\"crumb\">");
	part_record_link(p, json_text(record, "id"), json_text(record, "title"));
	HTML(h, " /</p><h1>One-time password</h1></div></div><section class=\"sheet pad\"><p>Give this to <strong>");
	html_text(h, json_text(record, "title"));
	HTML(h,
		"</strong> in person or over a channel that you trust. It is shown this once and stored nowhere; at the "
		"first sign-in it must be replaced.</p><p class=\"secret\"><code>");
	html_text(h, json_text(answer, "password"));
	HTML(h, "</code></p><p><a class=\"button main\" href=\"/record/");
	html_url(h, json_text(record, "id"));
	HTML(h, "\">I have noted it</a></p></section>");
	layout_end(p);
	return page_finish(p, err);
}
