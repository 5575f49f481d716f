/*
 * page_room: the code room's frame. The island (ui/room.ts) fills it: tree, tabs, canvas. No line of source is
 * ever text here; what the frame holds is who looks, at what, and the keys.
 */
#include "web/asset.h"
#include "web/page.h"
#include "web/part.h"

struct room {
	const json_t *engagement, *release;
};

static enum err_kind find_room(struct page *p, struct room *room, struct err *err)
{
	const json_t *mine;
	size_t index;
	json_t *row;
	enum err_kind rc = page_ask(p, "engagement.mine", &mine, err);

	if (rc != OK)
		return rc;
	json_array_foreach(json_object_get(mine, "engagements"), index, row)
	{
		if (str_eq(json_text(row, "id"), p->params[0]))
			room->engagement = row;
	}
	json_array_foreach(json_object_get(room->engagement, "releases"), index, row)
	{
		if (str_eq(json_text(row, "id"), p->params[1]))
			room->release = row;
	}
	if (room->release == NULL)
		return err_set(err, ERR_DENIED,
			"no grant in force opens this release to you under this engagement; two lab officers can grant it");
	return OK;
}

static void attribute(struct page *p, const char *name, struct str value)
{
	struct html *h = &p->html;

	HTML(h, " data-");
	html_text(h, str_from(name));
	HTML(h, "=\"");
	html_text(h, value);
	HTML(h, "\"");
}

static void room_head(struct page *p, const struct room *room)
{
	struct html *h = &p->html;
	size_t index;
	json_t *row;
	const json_t *releases = json_object_get(room->engagement, "releases");

	HTML(h, "<div class=\"room-head\"><h1><span class=\"crumb\"><a href=\"/\">");
	html_text(h, json_text(room->release, "product_title"));
	HTML(h, "</a> / <a href=\"/release/");
	html_url(h, p->params[1]);
	HTML(h, "\">");
	html_text(h, json_text(room->release, "version"));
	HTML(h,
		"</a> / </span><span id=\"room-path\" class=\"mono\">code room</span></h1>"
		"<span id=\"room-scope\" class=\"chip ok\" hidden></span><span class=\"grow\"></span>");
	if (json_array_size(releases) > 1) {
		HTML(h, "<nav class=\"releases\" aria-label=\"Releases\">");
		json_array_foreach((json_t *)(uintptr_t)releases, index, row)
		{
			HTML(h, "<a class=\"button small\" href=\"/room/");
			html_url(h, p->params[0]);
			HTML(h, "/");
			html_url(h, json_text(row, "id"));
			HTML(h, "\"");
			if (row == room->release)
				HTML(h, " aria-current=\"page\"");
			HTML(h, ">");
			html_text(h, json_text(row, "version"));
			HTML(h, "</a>");
		}
		HTML(h, "</nav>");
	}
	HTML(h,
		"<button type=\"button\" id=\"room-files\" class=\"button small narrow\" aria-expanded=\"false\" "
		"aria-controls=\"room-tree-pane\">Files</button><label class=\"inline\"><span class=\"sr\">Colours of the glass"
		"</span><select id=\"room-theme\"><option value=\"\">as the system</option><option value=\"light\">light</option>"
		"<option value=\"dark\">dark</option><option value=\"contrast\">high contrast</option></select></label>"
		"<label class=\"inline\"><span class=\"sr\">Size of the letters</span><select id=\"room-size\">"
		"<option value=\"1\">100 %</option><option value=\"1.5\">150 %</option><option value=\"2\">200 %</option>"
		"</select></label><button type=\"button\" id=\"room-note\" class=\"button small\">Note <kbd>n</kbd></button>"
		"<button type=\"button\" id=\"room-goto\" class=\"button small\">Go to line <kbd>g</kbd></button>"
		"<button type=\"button\" id=\"room-help\" class=\"button small\">Keys <kbd>?</kbd></button></div>");
}

/* From the session's own keys: who can read what this room leaves behind. */
static void room_readers(struct page *p)
{
	HTML(&p->html, "<p class=\"quiet\">");
	part_trail_readers(p, json_object_get(p->session, "trail"));
	HTML(&p->html, "</p>");
}

static void room_panes(struct page *p)
{
	struct html *h = &p->html;

	HTML(h,
		"<div class=\"room\"><section class=\"sheet tree-pane\" id=\"room-tree-pane\" aria-label=\"Files\">"
		"<label class=\"filter-box\"><span class=\"sr\">Filter files</span><input type=\"search\" id=\"room-filter\" "
		"placeholder=\"Filter files\" spellcheck=\"false\" autocomplete=\"off\"><kbd>/</kbd></label>"
		"<div id=\"room-tree\" class=\"tree\" role=\"tree\" aria-label=\"Files of the release\"></div>"
		"<p id=\"room-scoped\" class=\"pad quiet\" hidden>The grant leaves something out.</p></section>"
		"<section class=\"sheet glass-pane\" aria-label=\"Source\"><div class=\"tab-bar\"><div id=\"room-tabs\" class=\"tabs\" "
		"role=\"tablist\" aria-label=\"Open files\"></div><span id=\"room-position\" class=\"position\"></span></div><div id=\"room-panel\" class=\"glass\" role=\"region\" aria-label=\"Page of source\">"
		"<div id=\"room-scroll\" class=\"scroll\" tabindex=\"0\" role=\"group\" "
		"aria-label=\"Source as pixels; arrow keys scroll\"><div id=\"room-extent\" class=\"extent\">"
		"<canvas id=\"room-canvas\" role=\"img\" aria-label=\"No file is open\"></canvas></div></div>"
		"<div id=\"room-over\" class=\"over\"><p class=\"quiet\">Choose a file.</p></div></div>"
		"<div class=\"mark\"><canvas id=\"room-mark\" role=\"img\" aria-label=\"The visible line of this page: who sees "
		"it, for whom, when and under which engagement\"></canvas></div></section>"
		"<aside class=\"sheet info-pane\" aria-label=\"About this page\"><div class=\"note\"><h2>Lines left this hour</h2>"
		"<svg class=\"meter\" aria-hidden=\"true\"><rect id=\"room-meter\" width=\"0\" height=\"100%\"/></svg>"
		"<p id=\"room-budget\" class=\"quiet\">–</p></div><div class=\"note\"><h2>File</h2><dl id=\"room-facts\" "
		"class=\"small-facts\"></dl></div><div class=\"note\"><h2>Recorded</h2><p class=\"quiet\">Each page that you are "
		"shown has an entry; which lines is sealed, under a key of your session. <span id=\"room-entry\"></span></p>");
	room_readers(p);
	HTML(h,
		"</div>"
		"<div class=\"note\"><h2>Without sight</h2><p class=\"quiet\">Pixels cannot be read by a screen reader. A grant of "
		"form “text”, for supervised use, can be agreed with the lab.</p></div></aside></div>"
		"<p id=\"room-live\" class=\"sr\" role=\"status\" aria-live=\"polite\"></p>");
}

static void room_dialogs(struct page *p)
{
	struct html *h = &p->html;

	HTML(h,
		"<dialog id=\"room-goto-dialog\" aria-labelledby=\"goto-title\"><form method=\"dialog\" class=\"form\">"
		"<h2 id=\"goto-title\">Go to line</h2><label class=\"field\"><span id=\"goto-label\">Line</span><input id=\"goto-line\" "
		"inputmode=\"numeric\" pattern=\"[0-9]*\" autocomplete=\"off\" required></label><p class=\"foot\">"
		"<button class=\"button main\" value=\"go\">Go</button><button class=\"button\" value=\"no\" formnovalidate>Cancel"
		"</button></p></form></dialog><dialog id=\"room-help-dialog\" aria-labelledby=\"help-title\"><form method=\"dialog\">"
		"<h2 id=\"help-title\">Keys</h2><table class=\"keys\"><tbody>"
		"<tr><th scope=\"row\"><kbd>j</kbd> <kbd>k</kbd></th><td>one line down, up</td></tr>"
		"<tr><th scope=\"row\"><kbd>Space</kbd> <kbd>PgDn</kbd> <kbd>PgUp</kbd></th><td>one screen down, up</td></tr>"
		"<tr><th scope=\"row\"><kbd>Home</kbd> <kbd>End</kbd></th><td>first, last line</td></tr>"
		"<tr><th scope=\"row\"><kbd>g</kbd> or <kbd>Ctrl</kbd> <kbd>G</kbd></th><td>go to a line</td></tr>"
		"<tr><th scope=\"row\"><kbd>h</kbd> <kbd>l</kbd></th><td>eight columns left, right</td></tr>"
		"<tr><th scope=\"row\"><kbd>/</kbd></th><td>filter files</td></tr>"
		"<tr><th scope=\"row\"><kbd>[</kbd> <kbd>]</kbd></th><td>previous, next open file</td></tr>"
		"<tr><th scope=\"row\"><kbd>n</kbd></th><td>a note about this place</td></tr>"
		"<tr><th scope=\"row\"><kbd>x</kbd></th><td>close this file</td></tr>"
		"<tr><th scope=\"row\"><kbd>t</kbd></th><td>to the files</td></tr>"
		"<tr><th scope=\"row\"><kbd>?</kbd></th><td>these keys</td></tr></tbody></table><p class=\"foot\">"
		"<button class=\"button main\">Close</button></p></form></dialog>");
}

/* The key's part is there until the key is open. */
static void note_dialog(struct page *p)
{
	struct html *h = &p->html;

	HTML(h,
		"<dialog id=\"note-dialog\" aria-labelledby=\"note-title\"><form id=\"note-form\" class=\"form\">"
		"<h2 id=\"note-title\">A note about <span id=\"note-place\" class=\"mono whole\"></span></h2>"
		"<p class=\"quiet\">Encrypted here, under your key, before it leaves: the lab keeps it and cannot read it.</p>"
		"<div id=\"note-key\" class=\"form\"><label class=\"field\"><span>Your key file</span><input type=\"file\" "
		"id=\"note-key-file\" accept=\".json,application/json\"></label><label class=\"field\"><span>Its passphrase</span>"
		"<input type=\"password\" id=\"note-passphrase\" autocomplete=\"off\"></label>"
		"<p class=\"quiet\">No key yet? <a href=\"/notes\">Make one</a>.</p></div>"
		"<label class=\"field\"><span>Kind</span><select id=\"note-kind\"><option value=\"note\">note</option>"
		"<option value=\"finding\">draft finding</option></select></label><label class=\"field\"><span>Text</span>"
		"<textarea id=\"note-text\" rows=\"6\" maxlength=\"16000\" spellcheck=\"false\"></textarea></label>"
		"<p id=\"note-said\" class=\"quiet\" role=\"status\"></p><p class=\"foot\"><button class=\"button main\">Keep it"
		"</button><button type=\"button\" id=\"note-cancel\" class=\"button\">Cancel</button></p></form></dialog>");
}

enum err_kind page_room(struct page *p, struct err *err)
{
	struct html *h = &p->html;
	struct room room = { 0 };
	enum err_kind rc = find_room(p, &room, err);

	if (rc != OK)
		return rc;
	layout_begin(p,
		&(struct layout){ .about = json_text(room.release, "version"),
			.title = "Code room",
			.family = FAMILY_SEE,
			.wide = true });
	HTML(h,
		"<noscript><div class=\"alert bad\">The code room needs script: pages of source are drawn on a canvas. Every "
		"other page works without.</div></noscript><div id=\"room\" class=\"room-page\"");
	attribute(p, "engagement", p->params[0]);
	attribute(p, "release", p->params[1]);
	attribute(p, "now", json_text(p->hello, "now"));
	attribute(p, "path", form_value(&p->query, "path"));
	attribute(p, "line", form_value(&p->query, "line"));
	attribute(p, "theme", form_value(&p->query, "theme"));
	HTML(h, ">");
	room_head(p, &room);
	room_panes(p);
	room_dialogs(p);
	note_dialog(p);
	HTML(h, "</div><script type=\"module\" src=\"");
	html_text(h, str_from(asset_path(ASSET_ROOM)));
	HTML(h, "\"></script>");
	layout_end(p);
	return page_finish(p, err);
}
