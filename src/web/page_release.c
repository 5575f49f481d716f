/* page_release: one release: its digest, its files for those who may list them, its code rooms. */
#include "web/page.h"
#include "web/part.h"
#include "web/record_parts.h"

/* The engagements of mine that open this release. */
static void rooms(struct page *p, const json_t *engagements, struct str release)
{
	struct html *h = &p->html;
	size_t i, k;
	json_t *engagement, *row;

	json_array_foreach((json_t *)(uintptr_t)engagements, i, engagement)
	{
		json_array_foreach(json_object_get(engagement, "releases"), k, row)
		{
			if (!str_eq(json_text(row, "id"), release))
				continue;
			HTML(h, "<a class=\"button main\" href=\"/room/");
			html_url(h, json_text(engagement, "id"));
			HTML(h, "/");
			html_url(h, release);
			HTML(h, "\">Enter the code room</a>");
			return;
		}
	}
}

static void folder_crumbs(struct page *p, struct str release, struct str folder)
{
	struct html *h = &p->html;
	size_t start = 0;

	HTML(h, "<nav class=\"crumb mono\" aria-label=\"Folder\"><a href=\"/release/");
	html_url(h, release);
	HTML(h, "#files\">/</a>");
	for (size_t i = 0; i <= folder.len && folder.len > 0; i++) {
		if (i < folder.len && folder.ptr[i] != '/')
			continue;
		HTML(h, " <a href=\"/release/");
		html_url(h, release);
		HTML(h, "?folder=");
		html_url(h, str_head(folder, i));
		HTML(h, "#files\">");
		html_text(h, str_of(folder.ptr + start, i - start));
		HTML(h, "</a> /");
		start = i + 1;
	}
	HTML(h, "</nav>");
}

static void file_row(struct page *p, struct str release, const json_t *entry)
{
	struct html *h = &p->html;
	struct str type = json_text(entry, "type");
	bool is_folder = str_eq(type, STR("folder"));

	HTML(h, "<tr><td class=\"mono\">");
	if (is_folder) {
		HTML(h, "<a href=\"/release/");
		html_url(h, release);
		HTML(h, "?folder=");
		html_url(h, json_text(entry, "path"));
		HTML(h, "#files\">");
	}
	html_text(h, json_text(entry, "name"));
	if (is_folder)
		HTML(h, "/</a>");
	HTML(h, "</td><td class=\"quiet\">");
	html_text(h, json_bool(entry, "binary") ? STR("binary") : is_folder ? STR("folder") : type);
	HTML(h, "</td><td class=\"n\">");
	if (is_folder)
		part_count(p, json_int(entry, "files", 0), "file", "files");
	else if (json_int(entry, "lines", -1) >= 0 && !json_bool(entry, "binary"))
		part_count(p, json_int(entry, "lines", 0), "line", "lines");
	HTML(h, "</td><td class=\"n hide\">");
	if (json_int(entry, "size", -1) >= 0)
		part_bytes(p, json_int(entry, "size", 0));
	HTML(h, "</td></tr>");
}

/* The rest of a long folder. */
static void next_files(struct page *p, struct str release, const json_t *files)
{
	struct html *h = &p->html;
	struct str next = json_text(files, "next");

	if (next.len == 0)
		return;
	HTML(h, "<p class=\"pad tight\"><a class=\"button\" rel=\"next\" href=\"/release/");
	html_url(h, release);
	HTML(h, "?folder=");
	html_url(h, json_text(files, "folder"));
	HTML(h, "&amp;after=");
	html_url(h, next);
	HTML(h, "&amp;after_type=");
	html_url(h, json_text(files, "next_type"));
	HTML(h, "#files\">More</a></p>");
}

static void files_sheet(struct page *p, struct str release, const json_t *files)
{
	struct html *h = &p->html;
	size_t index;
	json_t *entry;

	HTML(h,
		"<section class=\"sheet\" aria-labelledby=\"files\"><header><h2 id=\"files\">Files</h2><span class=\"quiet\">"
		"names only: a page of one needs a grant</span></header><div class=\"pad tight\">");
	folder_crumbs(p, release, json_text(files, "folder"));
	HTML(h,
		"</div><table><thead><tr><th>Name</th><th>Type</th><th class=\"n\">Holds</th><th class=\"n hide\">Size</th>"
		"</tr></thead><tbody>");
	json_array_foreach(json_object_get(files, "entries"), index, entry)
		file_row(p, release, entry);
	HTML(h, "</tbody></table>");
	next_files(p, release, files);
	HTML(h, "</section>");
}

static enum err_kind ask_files(struct page *p, const json_t **files, struct err *err)
{
	static const char *const passed[] = { "folder", "after", "after_type" };
	struct ask a;

	ask_init(p, &a);
	jw_kstr(&a.jw, "release", p->params[0]);
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
		struct str value = form_value(&p->query, passed[i]);

		if (value.len > 0)
			jw_kstr(&a.jw, passed[i], value);
	}
	return ask_send(p, &a, "release.files", files, err);
}

enum err_kind page_release(struct page *p, struct err *err)
{
	struct html *h = &p->html;
	const json_t *answer, *mine, *files = NULL, *kind = page_kind(p, STR("release"), err);
	bool lists = page_has_role(p, "officer") || page_has_role(p, "engineer") ||
		page_has_role(p, "auditor");

	if (kind == NULL)
		return err->kind;
	enum err_kind rc = page_ask_one(p, "record.show", "id", p->params[0], &answer, err);

	if (rc == OK)
		rc = page_ask(p, "engagement.mine", &mine, err);
	if (rc == OK && lists)
		rc = ask_files(p, &files, err);
	if (rc != OK)
		return rc;
	const json_t *record = json_object_get(answer, "record");
	const json_t *fields = json_object_get(record, "fields");
	struct str product = json_text(fields, "product");
	struct str product_title = json_text(json_object_get(answer, "names"), product.ptr);
	const char *product_path = arena_printf(p->mem, "/product/%.*s", STR_ARG(product));

	layout_begin(p,
		&(struct layout){ .about = json_text(record, "title"),
			.title = "Release",
			.family = FAMILY_SEE,
			.here = "/products" });
	record_head(p, product_path == NULL ? "/products" : product_path,
		product_title.len > 0 ? product_title.ptr : "Product", kind, record);
	HTML(h,
		"<section class=\"sheet\"><div class=\"verdict plain\"><div><strong>Fixed by its manifest</strong><p>"
		"<code class=\"whole\">");
	html_text(h, json_text(fields, "manifest"));
	HTML(h, "</code></p><p class=\"quiet\">SHA-256 over mode, path, digest and size of ");
	part_count(p, json_int(fields, "files", 0), "file", "files");
	HTML(h, ", ");
	part_count(p, json_int(fields, "lines", 0), "line", "lines");
	HTML(h, ", ");
	part_bytes(p, json_int(fields, "bytes", 0));
	HTML(h, ". It stands in the ledger since the release was taken in.</p></div><span class=\"grow\"></span>");
	rooms(p, json_object_get(mine, "engagements"), p->params[0]);
	HTML(h, "</div></section>");
	if (files != NULL)
		files_sheet(p, p->params[0], files);
	record_body(p, kind, answer);
	layout_end(p);
	return page_finish(p, err);
}
