/* page_notes: the reviewer's own notes. What they say is encrypted and read by script alone; this page holds its forms. */
#include "web/asset.h"
#include "web/page.h"
#include "web/part.h"

static void locked(struct page *p)
{
	HTML(&p->html,
		"<div id=\"notes-locked\" class=\"columns\"><section class=\"sheet\" aria-labelledby=\"open-title\"><header>"
		"<h2 id=\"open-title\">Open your notes</h2></header><form id=\"key-form\" class=\"pad form\">"
		"<label class=\"field\"><span>Your key file</span><input type=\"file\" id=\"key-file\" required "
		"accept=\".json,application/json\"></label><label class=\"field\"><span>Its passphrase</span><input type=\"password\" "
		"id=\"key-passphrase\" required autocomplete=\"off\"></label><p class=\"foot\"><button class=\"button main\">Open"
		"</button></p></form></section><section class=\"sheet\" aria-labelledby=\"make-title\"><header>"
		"<h2 id=\"make-title\">Make a key</h2></header><form id=\"new-key-form\" class=\"pad form\"><p class=\"quiet\">It is "
		"made in this browser and saved as a file of yours, which the passphrase opens. Whoever lacks either reads no note; "
		"nobody can restore them.</p><label class=\"field\"><span>A passphrase</span><small class=\"help\">At least 12 "
		"characters; a few random words are best.</small><input type=\"password\" id=\"new-passphrase\" required "
		"minlength=\"12\" autocomplete=\"off\"></label><label class=\"field\"><span>The same again</span><input "
		"type=\"password\" id=\"new-passphrase-again\" required minlength=\"12\" autocomplete=\"off\"></label>"
		"<p class=\"foot\"><button class=\"button\">Make a key and save its file</button></p></form></section></div>");
}

static void opened(struct page *p)
{
	HTML(&p->html,
		"<div id=\"notes-open\" class=\"columns\" hidden><section class=\"sheet\" aria-labelledby=\"note-title\"><header>"
		"<h2 id=\"note-title\">A new note</h2><span class=\"grow\"></span><kbd>n</kbd></header><form id=\"note-form\" "
		"class=\"pad form\"><label class=\"field\"><span>Kind</span><select id=\"note-kind\"><option value=\"note\">note"
		"</option><option value=\"finding\">draft finding</option></select></label><label class=\"field\"><span>Text</span>"
		"<textarea id=\"note-text\" rows=\"8\" maxlength=\"16000\" required spellcheck=\"false\"></textarea></label>"
		"<p class=\"foot\"><button class=\"button main\">Keep it</button><button type=\"button\" id=\"note-cancel\" "
		"class=\"button\" hidden>Cancel</button></p></form></section><section class=\"sheet\" aria-labelledby=\"list-title\">"
		"<header><h2 id=\"list-title\">Kept</h2><span class=\"grow\"></span><kbd>j</kbd> <kbd>k</kbd></header>"
		"<p id=\"notes-none\" class=\"empty\" hidden>No note yet. In the code room, <kbd>n</kbd> writes one about the place "
		"on the screen.</p><ul id=\"notes-list\" class=\"bare\"></ul><p id=\"notes-closed\" class=\"pad quiet\" hidden></p>"
		"</section></div>");
}

static void release_dialog(struct page *p)
{
	HTML(&p->html,
		"<dialog id=\"release-dialog\" aria-labelledby=\"release-title\"><form method=\"dialog\" class=\"form\">"
		"<h2 id=\"release-title\">Release this text?</h2><p>It is recorded as it stands here, without the place. The lab’s "
		"officers and auditors can read it, and its digest stays in the ledger for good.</p><p id=\"release-text\" "
		"class=\"text whole\"></p><p class=\"foot\"><button class=\"button danger\" value=\"release\">Release</button>"
		"<button class=\"button\" value=\"no\">Keep it to myself</button></p></form></dialog>");
}

enum err_kind page_notes(struct page *p, struct err *err)
{
	struct html *h = &p->html;

	if (!page_has_role(p, "reviewer"))
		return err_set(err, ERR_DENIED, "notes are for reviewers");
	layout_begin(
		p, &(struct layout){ .title = "Notes", .family = FAMILY_SEE, .here = "/notes" });
	part_heading(p, STR("Notes"));
	HTML(h,
		"<p class=\"lead quiet\">Notes and draft findings are encrypted in this browser before they leave it. The lab keeps "
		"them and cannot read them; what you release yourself is recorded in clear.</p><noscript><div class=\"alert bad\">"
		"Notes need script: without it nothing in this browser would encrypt them, and a note that the lab can read is not "
		"taken. Every other page but the code room works without.</div></noscript><div id=\"notes-said\" class=\"alert\" "
		"role=\"status\" hidden></div><div id=\"notes\" hidden>");
	locked(p);
	opened(p);
	release_dialog(p);
	HTML(h, "</div><script type=\"module\" src=\"");
	html_text(h, str_from(asset_path(ASSET_NOTES)));
	HTML(h, "\"></script>");
	layout_end(p);
	return page_finish(p, err);
}
