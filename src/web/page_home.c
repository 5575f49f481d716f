/* page_home: the engagements that are open for me, and what waits for me. */
#include <stdio.h>

#include "base/when.h"
#include "web/page.h"
#include "web/part.h"

static void release_row(struct page *p, struct str engagement, const json_t *release)
{
	struct html *h = &p->html;

	HTML(h, "<tr><th scope=\"row\"><a href=\"/room/");
	html_url(h, engagement);
	HTML(h, "/");
	html_url(h, json_text(release, "id"));
	HTML(h, "\">");
	html_text(h, json_text(release, "version"));
	HTML(h, "</a></th><td>");
	html_text(h, json_text(release, "product_title"));
	HTML(h, "</td><td class=\"hide\">");
	part_digest(p, json_text(release, "manifest"));
	HTML(h, "</td><td class=\"n hide\">");
	part_number(p, json_int(release, "files", 0));
	HTML(h, "</td><td class=\"n hide\">");
	part_number(p, json_int(release, "lines", 0));
	HTML(h, "</td><td class=\"n\">");
	part_seal(p, json_int(release, "entry", -1));
	HTML(h, "</td></tr>");
}

static void until_chip(struct page *p, const json_t *engagement)
{
	struct str state = json_text(engagement, "state");
	char absolute[WHEN_HUMAN_BYTES], text[64];
	int64_t until_us;

	if (!when_parse(json_text(engagement, "until"), &until_us)) {
		part_chip(p, STR("plain"), state);
		return;
	}
	when_human(until_us, absolute);
	snprintf(text, sizeof(text), "%.*s until %.*s",
		STR_ARG(str_head(state, state.len < 20 ? state.len : 20)),
		(int)strlen(absolute) - 10, absolute);
	part_chip(p, until_us - p->now_us < WHEN_DAY_US ? STR("wait") : STR("ok"), str_from(text));
}

static void engagement_sheet(struct page *p, const json_t *engagement)
{
	struct html *h = &p->html;
	const json_t *releases = json_object_get(engagement, "releases");
	const json_t *budget = json_object_get(engagement, "budget");
	struct str id = json_text(engagement, "id");
	int64_t hourly = json_int(budget, "lines_per_hour", 0),
		left = json_int(budget, "lines_left", 0);
	size_t index;
	json_t *release;

	HTML(h, "<section class=\"sheet\" aria-labelledby=\"e-");
	html_text(h, id);
	HTML(h, "\"><header><h2 id=\"e-");
	html_text(h, id);
	HTML(h, "\">");
	html_text(h, json_text(engagement, "title"));
	HTML(h, "</h2>");
	until_chip(p, engagement);
	HTML(h, "<span class=\"grow\"></span>");
	if (json_array_size(releases) > 0) {
		HTML(h, "<a class=\"button main\" href=\"/room/");
		html_url(h, id);
		HTML(h, "/");
		html_url(h, json_text(json_array_get(releases, 0), "id"));
		HTML(h, "\">Enter the code room</a>");
	}
	HTML(h, "</header>");
	if (json_array_size(releases) == 0) {
		part_empty(p,
			STR("No release is opened to you yet: a grant under this engagement does that, "
			    "once two officers have agreed to it."));
	} else {
		HTML(h,
			"<table><thead><tr><th>Release</th><th>Product</th><th class=\"hide\">Source tree</th>"
			"<th class=\"n hide\">Files</th><th class=\"n hide\">Lines</th><th class=\"n\">Seal</th>"
			"</tr></thead><tbody>");
		json_array_foreach((json_t *)(uintptr_t)releases, index, release)
			release_row(p, id, release);
		HTML(h, "</tbody></table>");
	}
	if (hourly > 0) {
		HTML(h, "<div class=\"pad rule budget\"><span class=\"quiet\">Lines you may still be shown this hour</span>");
		part_meter(p, left, hourly, "lines left this hour");
		HTML(h, "<span><strong>");
		part_number(p, left);
		HTML(h, "</strong> <span class=\"quiet\">of ");
		part_number(p, hourly);
		HTML(h, "</span></span></div>");
	}
	HTML(h, "</section>");
}

static void waiting_sheet(struct page *p, const json_t *waiting)
{
	struct html *h = &p->html;
	size_t index;
	json_t *row;

	HTML(h,
		"<section class=\"sheet\" aria-labelledby=\"waiting\"><header><h2 id=\"waiting\">Waiting for you</h2>"
		"</header>");
	if (json_array_size(waiting) == 0) {
		part_empty(p,
			STR("Nothing waits for you. What others propose and you may decide appears here."));
	} else {
		HTML(h,
			"<table><thead><tr><th>What is asked</th><th>Record</th><th class=\"n\">Since</th></tr></thead>"
			"<tbody>");
		json_array_foreach((json_t *)(uintptr_t)waiting, index, row)
		{
			HTML(h, "<tr><td>");
			part_chip(p, STR("wait"), json_text(row, "label"));
			HTML(h, "</td><td>");
			part_record_link(p, json_text(row, "id"), json_text(row, "title"));
			HTML(h, " <span class=\"quiet\">");
			html_text(h, json_text(row, "kind"));
			HTML(h, "</span></td><td class=\"n\">");
			part_when(p, json_text(row, "since"), WHEN_RELATIVE);
			HTML(h, "</td></tr>");
		}
		HTML(h, "</tbody></table>");
	}
	HTML(h, "</section>");
}

/* "one engagement open, two wait for you" */
static void summary(struct page *p, size_t engagements, size_t waiting)
{
	struct html *h = &p->html;

	part_count(p, (int64_t)engagements, "engagement open to you", "engagements open to you");
	HTML(h, ", ");
	if (waiting == 0) {
		HTML(h, "nothing waits for you");
		return;
	}
	html_u64(h, waiting);
	html_text(h, waiting == 1 ? STR(" waits for you") : STR(" wait for you"));
}

enum err_kind page_home(struct page *p, struct err *err)
{
	struct html *h = &p->html;
	const json_t *mine;
	enum err_kind rc = page_ask(p, "engagement.mine", &mine, err);
	size_t index;
	json_t *engagement;

	if (rc != OK)
		return rc;
	const json_t *engagements = json_object_get(mine, "engagements");
	const json_t *waiting = json_object_get(mine, "waiting");

	layout_begin(p, &(struct layout){ .title = "Home", .family = FAMILY_SEE, .here = "/" });
	HTML(h, "<div class=\"head\"><h1>");
	html_text(h, json_text(p->hello, "name"));
	HTML(h, "</h1><span class=\"quiet\">");
	summary(p, json_array_size(engagements), json_array_size(waiting));
	HTML(h, "</span></div>");
	if (json_array_size(waiting) > 0 && json_array_size(engagements) == 0)
		waiting_sheet(p, waiting);
	json_array_foreach((json_t *)(uintptr_t)engagements, index, engagement)
		engagement_sheet(p, engagement);
	if (json_array_size(engagements) == 0) {
		HTML(h, "<section class=\"sheet\"><header><h2>Engagements</h2></header>");
		part_empty(p,
			STR("No engagement is open to you. Officers draft one with your organisation; it "
			    "appears here when a second officer has approved it and it is open."));
		HTML(h, "</section>");
	}
	if (json_array_size(engagements) > 0 || json_array_size(waiting) == 0)
		waiting_sheet(p, waiting);
	layout_end(p);
	return page_finish(p, err);
}
