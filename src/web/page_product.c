/* page_product: the products of the lab; one product with its releases and their digests. */
#include "web/page.h"
#include "web/part.h"
#include "web/record_parts.h"

enum { LIST_MAX = 200 };

static enum err_kind list(
	struct page *p, const char *kind, struct str ref, const json_t **answer, struct err *err)
{
	struct ask a;

	ask_init(p, &a);
	jw_kstr(&a.jw, "kind", str_from(kind));
	if (ref.len > 0)
		jw_kstr(&a.jw, "ref", ref);
	jw_ki64(&a.jw, "limit", LIST_MAX);
	return ask_send(p, &a, "record.list", answer, err);
}

enum err_kind page_products(struct page *p, struct err *err)
{
	struct html *h = &p->html;
	const json_t *answer, *kind = page_kind(p, STR("product"), err);
	size_t index;
	json_t *item;

	if (kind == NULL)
		return err->kind;
	enum err_kind rc = list(p, "product", STR(""), &answer, err);

	if (rc != OK)
		return rc;
	const json_t *items = json_object_get(answer, "items");

	layout_begin(p,
		&(struct layout){ .title = "Products", .family = FAMILY_SEE, .here = "/products" });
	record_list_head(p, kind, json_int(answer, "total", (int64_t)json_array_size(items)));
	HTML(h, "<section class=\"sheet\">");
	if (json_array_size(items) == 0) {
		part_empty(p, record_empty_text(kind));
	} else {
		HTML(h,
			"<table><thead><tr><th>Product</th><th>Maker</th><th class=\"hide\">Description</th><th>State</th>"
			"<th class=\"n\">Seal</th></tr></thead><tbody>");
		json_array_foreach((json_t *)(uintptr_t)items, index, item)
		{
			const json_t *fields = json_object_get(item, "fields");

			HTML(h, "<tr><th scope=\"row\">");
			part_record_link(p, json_text(item, "id"), json_text(item, "title"));
			HTML(h, "</th><td>");
			html_text(h, json_text(fields, "vendor"));
			HTML(h, "</td><td class=\"hide quiet\">");
			html_text(h, json_text(fields, "description"));
			HTML(h, "</td><td>");
			record_state_chip(p, kind, json_text(item, "state"));
			HTML(h, "</td><td class=\"n\">");
			part_seal(p, json_int(item, "entry", -1));
			HTML(h, "</td></tr>");
		}
		HTML(h, "</tbody></table>");
	}
	HTML(h, "</section>");
	layout_end(p);
	return page_finish(p, err);
}

static void release_rows(struct page *p, const json_t *items, const json_t *kind)
{
	struct html *h = &p->html;
	size_t index;
	json_t *item;

	HTML(h,
		"<table><thead><tr><th>Release</th><th>Manifest</th><th class=\"n hide\">Files</th>"
		"<th class=\"n hide\">Lines</th><th class=\"n hide\">Size</th><th class=\"hide\">Taken in</th><th>State</th>"
		"<th class=\"n\">Seal</th></tr></thead><tbody>");
	json_array_foreach((json_t *)(uintptr_t)items, index, item)
	{
		const json_t *fields = json_object_get(item, "fields");

		HTML(h, "<tr><th scope=\"row\">");
		part_record_link(p, json_text(item, "id"), json_text(item, "title"));
		HTML(h, "</th><td>");
		part_digest(p, json_text(fields, "manifest"));
		HTML(h, "</td><td class=\"n hide\">");
		part_number(p, json_int(fields, "files", 0));
		HTML(h, "</td><td class=\"n hide\">");
		part_number(p, json_int(fields, "lines", 0));
		HTML(h, "</td><td class=\"n hide\">");
		part_bytes(p, json_int(fields, "bytes", 0));
		HTML(h, "</td><td class=\"hide\">");
		part_when(p, json_text(item, "created"), WHEN_RELATIVE);
		HTML(h, "</td><td>");
		record_state_chip(p, kind, json_text(item, "state"));
		HTML(h, "</td><td class=\"n\">");
		part_seal(p, json_int(item, "entry", -1));
		HTML(h, "</td></tr>");
	}
	HTML(h, "</tbody></table>");
}

enum err_kind page_product(struct page *p, struct err *err)
{
	struct html *h = &p->html;
	const json_t *answer, *releases;
	const json_t *kind = page_kind(p, STR("product"), err);
	const json_t *release_kind = kind == NULL ? NULL : page_kind(p, STR("release"), err);

	if (release_kind == NULL)
		return err->kind;
	enum err_kind rc = page_ask_one(p, "record.show", "id", p->params[0], &answer, err);

	if (rc == OK)
		rc = list(p, "release", p->params[0], &releases, err);
	if (rc != OK)
		return rc;
	const json_t *record = json_object_get(answer, "record");
	const json_t *items = json_object_get(releases, "items");

	layout_begin(p,
		&(struct layout){ .about = json_text(record, "title"),
			.title = "Product",
			.family = FAMILY_SEE,
			.here = "/products" });
	record_head(p, "/products", "Products", kind, record);
	HTML(h,
		"<section class=\"sheet\" aria-labelledby=\"releases\"><header><h2 id=\"releases\">Releases</h2>"
		"</header>");
	if (json_array_size(items) == 0)
		part_empty(p, record_empty_text(release_kind));
	else
		release_rows(p, items, release_kind);
	HTML(h, "</section>");
	record_body(p, kind, answer);
	layout_end(p);
	return page_finish(p, err);
}
