/* page_leak: whose mark does a picture carry? A form that takes the picture, and what the vault says of it. */
#include <stdio.h>
#include <unistd.h>

#include "os/fs.h"
#include "web/part.h"
#include "web/record_parts.h"

static const struct layout leak_layout = {
	.title = "Leaks", .family = FAMILY_SEE, .here = "/leak"
};

static void heading(struct page *p)
{
	HTML(&p->html,
		"<div class=\"head\"><h1>Leaks</h1></div><p class=\"lead quiet\">Each page of source carries a mark of the session "
		"that it was drawn for. Give a picture of a page that turned up somewhere, and the mark narrows it down to a "
		"session and an access point, or names nobody.</p>");
}

/* The title of a record in a list's items, or its id. */
static struct str title_of(const json_t *list, struct str id)
{
	size_t i;
	json_t *row;

	json_array_foreach(json_object_get(list, "items"), i, row)
	{
		if (str_eq(json_text(row, "id"), id))
			return json_text(row, "title");
	}
	return id;
}

static enum err_kind release_field(struct page *p, struct err *err)
{
	struct html *h = &p->html;
	const json_t *releases, *products;
	size_t i;
	json_t *row;
	enum err_kind rc = page_ask_one(p, "record.list", "kind", STR("release"), &releases, err);

	if (rc == OK)
		rc = page_ask_one(p, "record.list", "kind", STR("product"), &products, err);
	if (rc != OK)
		return rc;
	HTML(h,
		"<label class=\"field\"><span>Release</span><select name=\"release\" required>"
		"<option value=\"\">Which release does it show?</option>");
	json_array_foreach(json_object_get(releases, "items"), i, row)
	{
		struct str product = json_text(json_object_get(row, "fields"), "product");

		HTML(h, "<option value=\"");
		html_text(h, json_text(row, "id"));
		HTML(h, "\"");
		if (str_eq(json_text(row, "id"), form_value(&p->form, "release")))
			HTML(h, " selected");
		HTML(h, ">");
		html_text(h, title_of(products, product));
		HTML(h, " ");
		html_text(h, json_text(row, "title"));
		HTML(h, "</option>");
	}
	HTML(h, "</select></label>");
	return OK;
}

/* A text field with what was typed before. */
static void text_field(struct page *p, const char *name, const char *label, const char *help,
	const char *attributes, struct str typed)
{
	struct html *h = &p->html;

	HTML(h, "<label class=\"field\"><span>");
	html_text(h, str_from(label));
	HTML(h, "</span><small class=\"help\">");
	html_text(h, str_from(help));
	HTML(h, "</small><input name=\"");
	html_text(h, str_from(name));
	HTML(h, "\" ");
	html_lit(h, attributes);
	HTML(h, " value=\"");
	html_text(h, typed);
	HTML(h, "\"></label>");
}

static void limits_sheet(struct page *p)
{
	HTML(&p->html,
		"<section class=\"sheet\" aria-labelledby=\"limits\"><header><h2 id=\"limits\">What it can tell</h2></header>"
		"<div class=\"pad\"><ul class=\"plain-list\"><li>PNG, JPEG or WebP, up to 12 MiB and 24 million pixels: a screenshot, "
		"a crop of ten lines or more, a photograph, on its side or not.</li><li>Nobody is named unless the chance of naming "
		"anybody wrongly, among all sessions ever issued, is one in a million or less.</li><li>Text that was typed again "
		"carries no mark. Then ask at the lab's command line who was shown its lines: <code>vitrine leak --text "
		"FILE</code>.</li><li>The picture is compared and forgotten; that you asked is an entry of the ledger, which "
		"names nobody.</li></ul></div></section>");
}

static enum err_kind draw_form(struct page *p, const char *said, struct err *err)
{
	struct html *h = &p->html;

	layout_begin(p, &leak_layout);
	heading(p);
	if (said != NULL)
		part_alert(p, "bad", str_from(said));
	HTML(h, "<div class=\"columns\"><form class=\"sheet pad form\" method=\"post\" enctype=\"multipart/form-data\">");
	part_csrf(p);
	HTML(h,
		"<label class=\"field\"><span>Picture</span><small class=\"help\">Drop it here, or choose a file.</small>"
		"<input class=\"drop\" type=\"file\" name=\"picture\" required accept=\"image/png,image/jpeg,image/webp\"></label>");
	enum err_kind rc = release_field(p, err);

	if (rc != OK)
		return rc;
	/* Words off a picture are source: no page gives them back, not even to who typed them. */
	text_field(p, "words", "Words in the picture",
		"A few that can be read in it, as rare as possible. Every page with all of them is tried.",
		"maxlength=\"240\" spellcheck=\"false\" autocapitalize=\"off\" autocomplete=\"off\"",
		STR(""));
	text_field(p, "path", "Or the file", "Its path in the release, if you know it.",
		"maxlength=\"1000\" spellcheck=\"false\" autocapitalize=\"off\" class=\"mono\"",
		form_value(&p->form, "path"));
	text_field(p, "seen_at", "First seen on",
		"If it is known: a session that was shown nothing before that day is not named.",
		"type=\"date\"", form_value(&p->form, "seen_at"));
	HTML(h,
		"<p class=\"foot\"><button class=\"button main\">Narrow it down</button></p><p class=\"working\" role=\"status\">Comparing the "
		"picture with each page that fits. The answer comes here: keep this page open.</p><p class=\"quiet\">A page takes a second "
		"or two, a large picture or many pages some minutes.</p></form>");
	limits_sheet(p);
	HTML(h, "</div>");
	layout_end(p);
	return page_finish(p, err);
}

static enum err_kind check_role(struct page *p, struct err *err)
{
	return page_has_role(p, "officer") || page_has_role(p, "auditor")
		? OK
		: err_set(err, ERR_DENIED,
			  "only lab officers and auditors ask whose mark a picture carries");
}

enum err_kind page_leak(struct page *p, struct err *err)
{
	enum err_kind rc = check_role(p, err);

	return rc == OK ? draw_form(p, NULL, err) : rc;
}

static void real(struct page *p, const json_t *object, const char *key, int digits)
{
	char text[64];

	snprintf(text, sizeof(text), "%.*f", digits,
		json_number_value(json_object_get(object, key)));
	html_text(&p->html, str_from(text));
}

/* "1.0e-12". Smaller ones than a double holds come as 0. */
static void probability(struct page *p, const json_t *object, const char *key)
{
	double value = json_number_value(json_object_get(object, key));
	char text[64];

	if (value < 1e-300) {
		html_text(&p->html, STR("< 1e-300"));
		return;
	}
	snprintf(text, sizeof(text), "%.1e", value);
	html_text(&p->html, str_from(text));
}

static void session_link(struct page *p, struct str session)
{
	struct html *h = &p->html;

	HTML(h, "<a class=\"mono\" href=\"/ledger?session=");
	html_url(h, session);
	HTML(h, "\">");
	html_text(h, session);
	HTML(h, "</a>");
}

static void verdict_words(struct page *p, const json_t *answer)
{
	struct html *h = &p->html;
	size_t i, named = 0;
	json_t *row;

	json_array_foreach(json_object_get(answer, "candidates"), i, row)
	{
		if (!json_bool(row, "named"))
			continue;
		HTML(h, "<strong>");
		html_text(h, named == 0 ? STR("Narrows to session ") : STR("and to session "));
		session_link(p, json_text(row, "session"));
		HTML(h, " at point ");
		html_text(h, json_text(row, "point"));
		HTML(h, "</strong> ");
		named++;
	}
	if (named == 0)
		HTML(h, "<strong>Names nobody</strong>");
}

/* Words of the vault as a sentence of their own. */
static void sentence(struct page *p, struct str words)
{
	char first[2] = { words.len > 0 ? words.ptr[0] : '\0', '\0' };

	if (first[0] >= 'a' && first[0] <= 'z') {
		first[0] = (char)(first[0] - 'a' + 'A');
		html_text(&p->html, str_from(first));
		words = str_skip(words, 1);
	}
	html_text(&p->html, words);
	HTML(&p->html, ".");
}

static void verdict(struct page *p, const json_t *answer, int64_t entry)
{
	struct html *h = &p->html;
	bool narrows = str_eq(json_text(answer, "verdict"), STR("narrows"));

	HTML(h, "<section class=\"sheet\"><div class=\"verdict\"><div>");
	verdict_words(p, answer);
	HTML(h, "<p>");
	sentence(p, json_text(answer, "reason"));
	HTML(h, " Among the ");
	part_count(p, json_int(answer, "sessions", 0), "session", "sessions");
	HTML(h, " ever issued, and with ");
	part_count(p, json_int(answer, "tries", 0), "drawing", "drawings");
	HTML(h, " measured, a false alarm of at most ");
	probability(p, answer, "false_alarm_max");
	HTML(h, " names somebody.</p><p class=\"quiet\">Recorded ");
	part_seal(p, entry);
	HTML(h, "</p></div></div><div class=\"pad\">");
	if (narrows)
		HTML(h,
			"<p>Next: hold it against the session's sealed trail, at the machine where the officer role's key lies. A mark "
			"without a recorded view of this very page names nobody.</p><pre tabindex=\"0\">vitrine leak IMAGE --officer-key FILE "
			"--release … --words …</pre>");
	else
		HTML(h,
			"<p>Next: a larger part of the picture, the picture as it was before it was sent on, other words, or another "
			"release. Text that was typed again carries no mark: <code>vitrine leak --text FILE</code>.</p>");
	HTML(h, "<p class=\"quiet\">");
	html_text(h, json_text(answer, "does_not_prove"));
	HTML(h, "</p></div></section>");
}

static void candidate_state(struct page *p, const json_t *row)
{
	struct str why_not = json_text(row, "why_not");

	if (json_bool(row, "named"))
		part_chip(p, STR("bad"), STR("agrees"));
	else if (why_not.len > 0)
		html_text(&p->html, why_not);
	else
		part_chip(p, STR("plain"), STR("too weak"));
}

static void candidate_row(struct page *p, const json_t *row)
{
	struct html *h = &p->html;

	HTML(h, "<tr><th scope=\"row\">");
	session_link(p, json_text(row, "session"));
	HTML(h, "</th><td class=\"hide\">");
	html_text(h, json_text(row, "point"));
	HTML(h, "</td><td class=\"n hide\">");
	real(p, row, "paper", 2);
	HTML(h, "</td><td class=\"n hide\">");
	real(p, row, "shift", 2);
	HTML(h, "</td><td class=\"n hide\">");
	real(p, row, "both", 2);
	HTML(h, "</td><td class=\"n\"><strong>");
	real(p, row, "z", 2);
	HTML(h, "</strong></td><td class=\"n hide\">");
	probability(p, row, "false_alarm");
	HTML(h, "</td><td>");
	candidate_state(p, row);
	HTML(h, "</td><td class=\"n hide\">");
	part_seal(p, json_bool(row, "committed") ? json_int(row, "start_entry", -1) : -1);
	HTML(h, "</td><td class=\"n hide\">");
	part_number(p, json_int(row, "views", 0));
	HTML(h, " ");
	part_seal(p, json_int(row, "last_view_entry", -1));
	HTML(h, "</td></tr>");
}

static void candidates(struct page *p, const json_t *answer)
{
	struct html *h = &p->html;
	const json_t *rows = json_object_get(answer, "candidates");
	size_t i;
	json_t *row;

	if (json_array_size(rows) == 0)
		return;
	HTML(h,
		"<section class=\"sheet\" aria-labelledby=\"candidates\"><header><h2 id=\"candidates\">Best candidates</h2>"
		"<span class=\"quiet\">how far the picture agrees with each session's mark: z of the paper, of the shifted glyphs, of both, and the best of them</span></header>"
		"<table><thead><tr><th>Session</th><th class=\"hide\">Point</th><th class=\"n hide\">Paper</th>"
		"<th class=\"n hide\">Shift</th><th class=\"n hide\">Both</th><th class=\"n\">Best</th>"
		"<th class=\"n hide\">False alarm</th><th>Mark</th><th class=\"n hide\">Committed</th>"
		"<th class=\"n hide\">Shown</th></tr></thead><tbody>");
	json_array_foreach((json_t *)(uintptr_t)rows, i, row) candidate_row(p, row);
	HTML(h, "</tbody></table></section>");
}

static void page_row(struct page *p, const json_t *row)
{
	struct html *h = &p->html;
	int64_t line = json_int(row, "line", 0), column = json_int(row, "column", 0);

	HTML(h, "<tr><th scope=\"row\" class=\"fill mono\"><a href=\"/release/");
	html_url(h, json_text(row, "release"));
	HTML(h, "\">");
	html_text(h, json_text(row, "path"));
	HTML(h, "</a></th><td class=\"n\">");
	part_number(p, line + 1);
	HTML(h, " to ");
	part_number(p, line + LIMIT_TILE_LINES);
	HTML(h, "</td><td class=\"n hide\">");
	part_number(p, column + 1);
	HTML(h, " to ");
	part_number(p, column + LIMIT_TILE_COLUMNS);
	HTML(h, "</td><td class=\"n\">");
	real(p, row, "correlation", 3);
	HTML(h, "</td><td class=\"n hide\">");
	real(p, row, "scale", 3);
	HTML(h, "</td><td class=\"n hide\">");
	real(p, row, "degrees", 1);
	html_text(h, json_bool(row, "at_an_angle") ? STR("°, at an angle") : STR("°"));
	HTML(h, "</td><td class=\"hide\">");
	html_text(h, json_text(row, "theme"));
	HTML(h, ", zoom ");
	html_text(h, json_text(row, "zoom"));
	if (json_bool(row, "inverted"))
		HTML(h, ", inverted");
	HTML(h, "</td></tr>");
}

static void pages(struct page *p, const json_t *answer)
{
	struct html *h = &p->html;
	const json_t *rows = json_object_get(answer, "pages");
	int64_t absent = 0;
	size_t i;
	json_t *row;

	json_array_foreach((json_t *)(uintptr_t)rows, i, row) absent += !json_bool(row, "found");
	HTML(h,
		"<section class=\"sheet\" aria-labelledby=\"pages\"><header><h2 id=\"pages\">Pages found in the picture</h2>"
		"<span class=\"quiet\">");
	part_count(p, (int64_t)json_array_size(rows), "page", "pages");
	HTML(h, " tried, ");
	part_number(p, absent);
	HTML(h, " not in the picture</span></header>");
	if (absent == (int64_t)json_array_size(rows)) {
		part_empty(p,
			STR("None of them. Is it the right release, and are the words spelled as in the picture?"));
	} else {
		HTML(h,
			"<table><thead><tr><th>File</th><th class=\"n\">Lines</th><th class=\"n hide\">Columns</th>"
			"<th class=\"n\">Correlation</th><th class=\"n hide\">Scale</th><th class=\"n hide\">Turned</th>"
			"<th class=\"hide\">Drawn</th></tr></thead><tbody>");
		json_array_foreach((json_t *)(uintptr_t)rows, i, row)
		{
			if (json_bool(row, "found"))
				page_row(p, row);
		}
		HTML(h, "</tbody></table>");
	}
	HTML(h, "</section>");
}

static void picture_facts(struct page *p, const json_t *answer)
{
	struct html *h = &p->html;
	const json_t *picture = json_object_get(answer, "picture");

	HTML(h,
		"<section class=\"sheet\" aria-labelledby=\"picture\"><header><h2 id=\"picture\">The picture</h2></header>"
		"<dl class=\"facts\"><div><dt>Format</dt><dd>");
	html_text(h, json_text(picture, "format"));
	HTML(h, ", ");
	part_number(p, json_int(picture, "width", 0));
	HTML(h, " by ");
	part_number(p, json_int(picture, "height", 0));
	HTML(h, " pixels</dd></div><div><dt>SHA-256</dt><dd><code class=\"whole\">");
	html_text(h, json_text(picture, "sha256"));
	HTML(h, "</code></dd></div></dl></section>");
}

static enum err_kind draw_result(
	struct page *p, const json_t *answer, int64_t entry, struct err *err)
{
	struct html *h = &p->html;

	layout_begin(p, &leak_layout);
	HTML(h, "<div class=\"head\"><div><p class=\"crumb\">");
	part_crumb(p, "/leak", "Leaks");
	HTML(h,
		"</p><h1>Whose mark it carries</h1></div><span class=\"grow\"></span><a class=\"button\" href=\"/leak\">Another "
		"picture</a></div>");
	verdict(p, answer, entry);
	candidates(p, answer);
	pages(p, answer);
	picture_facts(p, answer);
	layout_end(p);
	return page_finish(p, err);
}

/* What was typed, as the verb's arguments. */
static void send_fields(struct page *p, struct ask *a, const char *digest)
{
	static const char *const names[] = { "release", "words", "path", "seen_at" };

	jw_kstr(&a->jw, "picture", str_from(digest));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct str value = str_trim(form_value(&p->form, names[i]));

		if (value.len > 0)
			jw_kstr(&a->jw, names[i], value);
	}
}

enum err_kind page_leak_post(struct page *p, struct err *err)
{
	char digest[SHA256_HEX_BYTES];
	const json_t *answer;
	int64_t entry;
	struct ask a;
	int fd;
	enum err_kind rc = check_role(p, err);

	if (rc != OK)
		return rc;
	struct sha256 sum = sha256_of(p->file.bytes);

	sha256_format(&sum, digest);
	rc = fs_memfd("upload", p->file.bytes, &fd, err);
	if (rc != OK)
		return rc;
	ask_init(p, &a);
	send_fields(p, &a, digest);
	rc = ask_send_file(p, &a, "leak.picture", fd, &answer, &entry, err);
	close(fd);
	if (rc == OK)
		return draw_result(p, answer, entry, err);
	if (p->vault_away || (rc != ERR_INPUT && rc != ERR_NOT_FOUND && rc != ERR_LIMIT))
		return rc;
	p->status = err_http_status(rc);
	return draw_form(p, arena_printf(p->mem, "%s", err->msg), err);
}
