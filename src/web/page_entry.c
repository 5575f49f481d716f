/* page_entry: one entry: what it says, its proof, and how to check it without this server. */
#include "web/page.h"
#include "web/part.h"

static void block(
	struct page *p, const char *id, const char *title, const char *about, struct str text)
{
	struct html *h = &p->html;

	if (text.len == 0)
		return;
	HTML(h, "<section class=\"sheet\" aria-labelledby=\"");
	html_text(h, str_from(id));
	HTML(h, "\"><header><h2 id=\"");
	html_text(h, str_from(id));
	HTML(h, "\">");
	html_text(h, str_from(title));
	HTML(h, "</h2><span class=\"quiet\">");
	html_text(h, str_from(about));
	HTML(h, "</span></header><pre tabindex=\"0\" aria-labelledby=\"");
	html_text(h, str_from(id));
	HTML(h, "\">");
	html_text(h, text);
	HTML(h, "</pre></section>");
}

/* Who has cosigned a head that covers the entry, and in whose hands the keys are. */
static void cosigned_words(struct page *p, const json_t *answer, int64_t index)
{
	struct html *h = &p->html;
	const json_t *witnesses = json_object_get(answer, "witnesses");
	int64_t cosigned = 0;
	json_t *one;
	size_t i;

	if (json_array_size(witnesses) == 0) {
		HTML(h, "No policy names a witness, so the lab's own signature is all there is.");
		return;
	}
	json_array_foreach((json_t *)(uintptr_t)witnesses, i, one)
		cosigned += json_int(one, "size", 0) > index;
	HTML(h, "Cosigned by ");
	part_number(p, cosigned);
	HTML(h, " of ");
	part_count(p, (int64_t)json_array_size(witnesses), "witness", "witnesses");
	if (cosigned > 0)
		HTML(h, ":");
	json_array_foreach((json_t *)(uintptr_t)witnesses, i, one)
	{
		struct str owner = json_text(one, "owner");

		if (json_int(one, "size", 0) <= index)
			continue;
		HTML(h, " <a href=\"/witnesses\">");
		html_text(h, json_text(one, "name"));
		HTML(h, "</a> (");
		html_text(h, owner.len > 0 ? owner : STR("owner not said"));
		HTML(h, ")");
	}
	html_text(h,
		json_bool(answer, "witnessed") ? STR(". The quorum of the policy is met.")
					       : STR(". The quorum of the policy is not met yet."));
}

static void verdict(struct page *p, const json_t *answer, uint64_t index)
{
	struct html *h = &p->html;

	HTML(h, "<section class=\"sheet\"><div class=\"verdict ok\"><svg class=\"seal big\" aria-hidden=\"true\">");
	part_seal_use(p, (int64_t)index);
	HTML(h, "</svg><div><strong>Entry ");
	part_number(p, (int64_t)index);
	HTML(h, " is in the log.</strong><p>The lab has signed a checkpoint of ");
	part_count(p, json_int(answer, "tree_size", 0), "entry", "entries");
	HTML(h, " that includes it. ");
	cosigned_words(p, answer, (int64_t)index);
	HTML(h, "</p></div></div><dl class=\"facts\"><div><dt>Leaf hash</dt><dd><code class=\"whole\">");
	html_text(h, json_text(answer, "leaf"));
	HTML(h, "</code></dd></div><div><dt>Root of the log</dt><dd><code class=\"whole\">");
	html_text(h, json_text(answer, "root"));
	HTML(h, "</code></dd></div>");
	if (json_text(answer, "nonce").len > 0) {
		HTML(h, "<div><dt>Nonce of the commitment</dt><dd><code class=\"whole\">");
		html_text(h, json_text(answer, "nonce"));
		HTML(h, "</code></dd></div>");
	}
	HTML(h, "</dl></section>");
}

static void how_to_check(struct page *p, uint64_t index)
{
	struct html *h = &p->html;

	HTML(h,
		"<section class=\"sheet\" aria-labelledby=\"check\"><header><h2 id=\"check\">Check it yourself</h2>"
		"<span class=\"quiet\">offline, without trusting this server</span></header><div class=\"pad\">");
	part_proof(p, arena_printf(p->mem, "%llu", (unsigned long long)index));
	HTML(h,
		"<p>Or by hand:</p><ol><li>Keep the lab's key once, from a source that you trust: <a href=\"/ledger/log.vkey\">log.vkey</a>.</li>"
		"<li>Save the entry and its proof from below, or fetch both at the lab's command line:"
		"<pre tabindex=\"0\">vitrine ledger show ");
	html_u64(h, index);
	HTML(h, "\nvitrine ledger proof ");
	html_u64(h, index);
	HTML(h, " > entry-");
	html_u64(h, index);
	HTML(h,
		".tlog-proof</pre></li><li>The proof is a C2SP tlog-proof: any verifier of that format, given the key and "
		"the entry's bytes, computes the root again and compares it with the signed checkpoint.</li>"
		"<li>The whole log: <a href=\"/ledger/checkpoint\">checkpoint</a> and tiles are plain files; "
		"<code>vitrine ledger export DIR</code> copies them, <code>vitrine ledger verify</code> checks all.</li></ol>"
		"</div></section>");
}

static void redact_form(struct page *p, const json_t *answer, uint64_t index)
{
	struct html *h = &p->html;

	if (json_bool(answer, "redacted") || !page_has_role(p, "officer"))
		return;
	HTML(h,
		"<details class=\"sheet\"><summary>Erase the private detail</summary><form class=\"pad form\" method=\"post\" "
		"action=\"/ledger/entry/");
	html_u64(h, index);
	HTML(h, "\">");
	part_csrf(p);
	HTML(h,
		"<p class=\"quiet\">For what must not be kept, as the law may ask. The public part, the commitment and every "
		"proof stay as they are; that you did this is an entry of its own. It cannot be undone.</p>"
		"<label class=\"field\"><span>Reason</span><textarea name=\"reason\" rows=\"2\" maxlength=\"1000\" required>"
		"</textarea></label><p class=\"foot\"><button class=\"button danger\">Erase the detail</button></p></form></details>");
}

static struct str detail_text(struct page *p, const json_t *answer)
{
	const json_t *detail = json_object_get(answer, "detail");
	struct str text = STR("");

	if (json_is_string(detail))
		return str_of(json_string_value(detail), json_string_length(detail));
	if (!json_is_object(detail))
		return text;
	char *dump = json_dumps(detail, JSON_INDENT(2) | JSON_SORT_KEYS);

	if (dump != NULL && !arena_copy(p->mem, str_from(dump), &text))
		text = STR("");
	free(dump);
	return text;
}

static enum err_kind entry_index(struct page *p, uint64_t *index, struct err *err)
{
	if (!str_to_u64(p->params[0], index) || *index >= INT64_MAX)
		return err_set(err, ERR_NOT_FOUND, "an entry has a number: there is no such one");
	return OK;
}

enum err_kind page_entry(struct page *p, struct err *err)
{
	const json_t *answer;
	uint64_t index;
	struct ask a;
	enum err_kind rc = entry_index(p, &index, err);

	if (rc != OK)
		return rc;
	ask_init(p, &a);
	jw_ki64(&a.jw, "index", (int64_t)index);
	rc = ask_send(p, &a, "ledger.entry", &answer, err);
	if (rc != OK)
		return rc;
	layout_begin(p,
		&(struct layout){ .about = p->params[0],
			.title = "Entry",
			.family = FAMILY_PROVE,
			.here = "/ledger" });
	HTML(&p->html, "<div class=\"head\"><div><p class=\"crumb\">");
	part_crumb(p, "/ledger", "Ledger");
	HTML(&p->html, "</p><h1>Entry ");
	part_number(p, (int64_t)index);
	HTML(&p->html, "</h1></div></div>");
	verdict(p, answer, index);
	block(p, "entry", "Entry", "its canonical JSON: these bytes are the leaf",
		json_text(answer, "entry"));
	if (json_bool(answer, "redacted"))
		part_alert(p, "plain",
			STR("The private detail was erased. The commitment stays, and so does every proof."));
	block(p, "detail", "Private detail",
		"shown to officers and auditors; the entry holds its commitment",
		detail_text(p, answer));
	block(p, "proof", "Proof of inclusion", "C2SP tlog-proof, with the checkpoint",
		json_text(answer, "proof"));
	block(p, "checkpoint", "Checkpoint", "signed note", json_text(answer, "checkpoint"));
	how_to_check(p, index);
	redact_form(p, answer, index);
	layout_end(p);
	return page_finish(p, err);
}

enum err_kind page_redact_post(struct page *p, struct err *err)
{
	const json_t *answer;
	uint64_t index;
	struct ask a;
	enum err_kind rc = entry_index(p, &index, err);

	if (rc != OK)
		return rc;
	ask_init(p, &a);
	jw_ki64(&a.jw, "index", (int64_t)index);
	jw_kstr(&a.jw, "reason", str_trim(form_value(&p->form, "reason")));
	rc = ask_send(p, &a, "ledger.redact", &answer, err);
	if (rc != OK)
		return rc;
	const char *path = arena_printf(p->mem, "/ledger/entry/%llu", (unsigned long long)index);

	return page_redirect(p, path == NULL ? "/ledger" : path);
}
