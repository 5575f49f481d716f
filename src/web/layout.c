/* layout: what stands around every page: head, top bar, navigation, banners. */
#include <inttypes.h>
#include <stdio.h>

#include "base/when.h"
#include "web/asset.h"
#include "web/part.h"
#include "web/state.h"

static void head(struct page *p, const struct layout *layout)
{
	struct html *h = &p->html;

	HTML(h,
		"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
		"content=\"width=device-width,initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"><title>");
	if (layout->about.len > 0) {
		html_text(h, layout->about);
		HTML(h, " · ");
	}
	if (layout->title[0] != '\0') {
		html_text(h, str_from(layout->title));
		HTML(h, " · ");
	}
	HTML(h, "vitrine</title><link rel=\"stylesheet\" href=\"");
	html_text(h, str_from(asset_path(ASSET_STYLE)));
	HTML(h, "\"><link rel=\"icon\" type=\"image/svg+xml\" href=\"");
	html_text(h, str_from(asset_path(ASSET_ICON)));
	HTML(h, "\"></head>");
}

/* "47 min left": until the session ends by itself. */
static void time_left(struct page *p)
{
	struct html *h = &p->html;
	struct str ends_text = json_text(p->session, "ends");
	int64_t ends_us;
	char absolute[WHEN_HUMAN_BYTES], left[32];

	if (!when_parse(ends_text, &ends_us))
		return;
	int64_t minutes = (ends_us - p->now_us) / WHEN_MINUTE_US;

	if (minutes < 0)
		minutes = 0;
	if (minutes < 120)
		snprintf(left, sizeof(left), "%" PRId64 " min left", minutes);
	else
		snprintf(left, sizeof(left), "%" PRId64 " h left", minutes / 60);
	when_human(ends_us, absolute);
	HTML(h, "<time class=\"chip ");
	html_text(h, minutes < 10 ? STR("wait") : STR("plain"));
	HTML(h, "\" datetime=\"");
	html_text(h, ends_text);
	HTML(h, "\" title=\"Your session ends ");
	html_text(h, str_from(absolute));
	HTML(h, "\">");
	html_text(h, str_from(left));
	HTML(h, "</time>");
}

static void top_bar(struct page *p)
{
	struct html *h = &p->html;
	const json_t *person = p->session == NULL ? NULL : json_object_get(p->session, "person");

	HTML(h,
		"<header class=\"top\"><a class=\"brand\" href=\"/\"><svg class=\"logo\" viewBox=\"0 0 20 20\" "
		"aria-hidden=\"true\"><path d=\"M3 17V5.5L10 2l7 3.5V17z\"/><path d=\"M6.5 13.5h7M6.5 10h7M6.5 6.8h4\"/></svg>"
		"vitrine</a><span class=\"site\">");
	html_text(h, str_from(p->web->options.site));
	HTML(h, "</span><span class=\"grow\"></span>");
	if (p->session != NULL) {
		HTML(h, "<a class=\"who\" href=\"/account\" title=\"Your account\">");
		html_text(h, json_text(person, "display"));
		HTML(h, "<span class=\"quiet wide\"> · ");
		html_text(h, json_text(person, "organisation_name"));
		HTML(h, "</span></a>");
		time_left(p);
		HTML(h, "<form method=\"post\" action=\"/sign-out\">");
		part_csrf(p);
		HTML(h, "<button class=\"button small\">Sign out</button></form>");
	}
	HTML(h, "</header>");
}

static void banners(struct page *p)
{
	struct html *h = &p->html;
	struct str frozen = json_text(p->hello, "frozen");

	if (frozen.len > 0) {
		HTML(h,
			"<div class=\"banner bad\" role=\"status\"><strong>The record is frozen.</strong> Nothing that must "
			"be recorded can be done; what is public can still be read. ");
		html_text(h, frozen);
		HTML(h, "</div>");
	}
	if (json_bool(p->hello, "test_clock"))
		HTML(h,
			"<div class=\"banner wait\" role=\"status\"><strong>Test lab.</strong> Its clock can be set by hand: "
			"deadlines and times here prove nothing.</div>");
	if (p->session != NULL && json_bool(p->session, "must_change"))
		HTML(h,
			"<div class=\"banner wait\" role=\"status\">Your password was set by somebody else. Choose your "
			"own before anything else.</div>");
}

static void nav_link(struct page *p, const struct layout *layout, struct str path, struct str text)
{
	struct html *h = &p->html;

	HTML(h, "<li><a href=\"");
	html_text(h, path);
	HTML(h, "\"");
	if (layout->here != NULL && str_eq(path, str_from(layout->here)))
		HTML(h, " aria-current=\"page\"");
	HTML(h, ">");
	html_text(h, text);
	HTML(h, "</a></li>");
}

/* Kinds of a family that have no page of their own in the navigation. */
static void nav_kinds(struct page *p, const struct layout *layout, const char *family)
{
	size_t index;
	json_t *kind;

	json_array_foreach(json_object_get(p->describe, "kinds"), index, kind)
	{
		struct str name = json_text(kind, "kind");

		if (!str_eq(json_text(kind, "family"), str_from(family)) ||
			str_eq(name, STR("product")) || str_eq(name, STR("release")))
			continue;
		char *path = arena_printf(p->mem, "/records/%.*s", STR_ARG(name));

		if (path != NULL)
			nav_link(p, layout, str_from(path), json_text(kind, "plural"));
	}
}

static void nav_family(
	struct page *p, const struct layout *layout, enum family family, const char *word)
{
	struct html *h = &p->html;

	HTML(h, "<li class=\"family");
	if (layout->family == family)
		HTML(h, " on");
	HTML(h, "\"><span>");
	html_text(h, str_from(word));
	HTML(h, "</span><ul>");
}

static void navigation(struct page *p, const struct layout *layout)
{
	struct html *h = &p->html;

	HTML(h, "<nav class=\"rail\" aria-label=\"Lab\"><ul>");
	nav_family(p, layout, FAMILY_SEE, "See");
	nav_link(p, layout, STR("/"), STR("Home"));
	nav_link(p, layout, STR("/products"), STR("Products"));
	nav_kinds(p, layout, "See");
	if (page_has_role(p, "officer") || page_has_role(p, "auditor"))
		nav_link(p, layout, STR("/leak"), STR("Leaks"));
	if (page_has_role(p, "reviewer"))
		nav_link(p, layout, STR("/notes"), STR("Notes"));
	HTML(h, "</ul></li>");
	nav_family(p, layout, FAMILY_GOVERN, "Govern");
	nav_kinds(p, layout, "Govern");
	HTML(h, "</ul></li>");
	nav_family(p, layout, FAMILY_PROVE, "Prove");
	nav_link(p, layout, STR("/ledger"), STR("Ledger"));
	nav_link(p, layout, STR("/witnesses"), STR("Witnesses"));
	nav_link(p, layout, STR("/openings"), STR("Openings"));
	if (page_has_role(p, "officer") || page_has_role(p, "auditor"))
		nav_link(p, layout, STR("/points"), STR("Points"));
	if (page_has_role(p, "officer") || page_has_role(p, "auditor") ||
		page_has_role(p, "reviewer"))
		nav_link(p, layout, STR("/refusals"), STR("Refusals"));
	HTML(h, "</ul></li></ul></nav>");
}

void layout_begin(struct page *p, const struct layout *layout)
{
	struct html *h = &p->html;
	struct err unused;
	bool has_rail = p->session != NULL && !layout->wide &&
		!json_bool(p->session, "must_change") && page_describe(p, &unused) != NULL;

	head(p, layout);
	HTML(h, "<body class=\"");
	html_text(h, layout->wide ? STR("wide-page") : has_rail ? STR("with-rail") : STR("alone"));
	HTML(h, "\"><a class=\"skip\" href=\"#main\">Skip to content</a>");
	top_bar(p);
	if (has_rail)
		navigation(p, layout);
	HTML(h, "<main id=\"main\" tabindex=\"-1\">");
	banners(p);
}

void layout_end(struct page *p)
{
	HTML(&p->html, "</main>");
	seal_symbols(p);
	HTML(&p->html, "</body></html>");
}
