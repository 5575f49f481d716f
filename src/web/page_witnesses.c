/* page_witnesses: who cosigns the record, in whose hands each key is, and what that buys; the policy and its change. */
#include "base/when.h"
#include "web/page.h"
#include "web/part.h"

enum { POLICY_ROWS = 10 };

/* Not heard of for long, by the lab's clock. */
static bool is_stale(const struct page *p, const json_t *witness, int64_t stale_s)
{
	int64_t received_us;

	return !when_parse(json_text(witness, "received"), &received_us) ||
		p->now_us - received_us > stale_s * WHEN_SECOND_US;
}

static void witness_row(struct page *p, const json_t *witness, const json_t *answer)
{
	struct html *h = &p->html;
	struct str owner = json_text(witness, "owner");
	int64_t size = json_int(witness, "size", 0);

	HTML(h, "<tr><th scope=\"row\">");
	html_text(h, json_text(witness, "name"));
	HTML(h, "</th><td data-label=\"owner\">");
	html_text(h, owner.len > 0 ? owner : STR("not said"));
	HTML(h, "</td><td class=\"mono fill\" data-label=\"key\">");
	html_text(h, json_text(witness, "key"));
	HTML(h, "</td><td class=\"n\" data-label=\"entries cosigned\">");
	part_number(p, size);
	HTML(h, "</td><td class=\"n\" data-label=\"last\">");
	if (size > 0)
		part_when(p, json_text(witness, "received"), WHEN_RELATIVE);
	HTML(h, "</td><td class=\"n\">");
	if (size == 0)
		part_chip(p, STR("plain"), STR("never yet"));
	else if (is_stale(p, witness, json_int(answer, "stale_s", 0)))
		part_chip(p, STR("wait"), STR("silent"));
	else
		part_chip(p, STR("ok"), STR("cosigns"));
	HTML(h, "</td></tr>");
}

static void table(struct page *p, const json_t *answer)
{
	struct html *h = &p->html;
	size_t i;
	json_t *witness;

	HTML(h,
		"<section class=\"sheet\"><table><thead><tr><th>Witness</th><th>Owner of its key</th><th>Key</th>"
		"<th class=\"n\">Entries cosigned</th><th class=\"n\">Last</th><th class=\"n\">State</th></tr></thead><tbody>");
	json_array_foreach(json_object_get(answer, "witnesses"), i, witness)
		witness_row(p, witness, answer);
	HTML(h, "</tbody></table></section>");
}

static void fact(struct page *p, const char *name, int64_t value)
{
	struct html *h = &p->html;

	HTML(h, "<div><dt>");
	html_text(h, str_from(name));
	HTML(h, "</dt><dd>");
	part_number(p, value);
	HTML(h, "</dd></div>");
}

/* "2k > N + f" in numbers and words. */
static void bound_words(struct page *p, const json_t *bound)
{
	struct html *h = &p->html;
	int64_t n = json_int(bound, "witnesses", 0), k = json_int(bound, "quorum", 0),
		overlap = json_int(bound, "overlap", 0), owners = json_int(bound, "owners", 0),
		breaking = json_int(bound, "owners_to_break", 0);

	HTML(h, "<p>");
	if (overlap == 0) {
		HTML(h, "This quorum is too small: two histories could both meet it without any witness doing wrong.");
	} else {
		if (2 * k - n == overlap) {
			HTML(h, "2k &gt; N + f: ");
			part_number(p, 2 * k);
			HTML(h, " &gt; ");
			part_number(p, n);
			HTML(h, " + f holds up to f = ");
			part_number(p, overlap - 1);
			HTML(h, ". ");
		}
		HTML(h, "While at most ");
		part_count(p, overlap - 1, "witness colludes", "witnesses collude");
		HTML(h, " with the centre, it cannot show two histories that both count, nor rewrite one that was cosigned.");
	}
	HTML(h, "</p><p>The keys that count lie with ");
	part_count(p, owners, "owner", "owners");
	if (overlap > 0 && breaking <= owners) {
		HTML(h, "; ");
		part_count(p, breaking, "owner", "owners");
		HTML(h, " together with the centre could break that");
	}
	HTML(h, ". ");
	part_count(p, json_int(bound, "stall", 0), "witness that refuses", "witnesses that refuse");
	HTML(h,
		" can stall it.</p><p class=\"quiet\">What no number of witnesses prevents: the owner of the centre can still leave "
		"an act out, delay it, lie under keys of its own, and show an old head for a while.</p>");
}

static void bound(struct page *p, const json_t *answer)
{
	struct html *h = &p->html;
	const json_t *numbers = json_object_get(answer, "bound");

	HTML(h,
		"<section class=\"sheet\" aria-labelledby=\"bound\"><header><h2 id=\"bound\">What this buys</h2></header>"
		"<dl class=\"facts\">");
	fact(p, "N, witnesses that count", json_int(numbers, "witnesses", 0));
	fact(p, "k, that must cosign a head", json_int(numbers, "quorum", 0));
	fact(p, "Entries that the quorum has cosigned", json_int(answer, "witnessed", 0));
	fact(p, "Entries that the lab has signed", json_int(answer, "size", 0));
	HTML(h, "</dl><div class=\"pad\">");
	bound_words(p, numbers);
	HTML(h, "</div></section>");
}

static void policy_text(struct page *p, struct str text)
{
	HTML(&p->html, "<pre tabindex=\"0\">");
	html_text(&p->html, text);
	HTML(&p->html, "</pre>");
}

static void proposals(struct page *p, const json_t *answer)
{
	struct html *h = &p->html;
	size_t i;
	json_t *proposed;

	json_array_foreach(json_object_get(answer, "proposed"), i, proposed)
	{
		HTML(h, "<section class=\"sheet\"><header><h2>Proposed</h2><span class=\"quiet\">");
		part_when(p, json_text(proposed, "time"), WHEN_RELATIVE);
		HTML(h, "</span></header>");
		policy_text(p, json_text(proposed, "text"));
		HTML(h, "<form class=\"pad form\" method=\"post\" action=\"/witnesses/set\">");
		part_csrf(p);
		HTML(h, "<input type=\"hidden\" name=\"policy\" value=\"");
		html_text(h, json_text(proposed, "policy"));
		HTML(h,
			"\"><p class=\"foot\"><button class=\"button\">Put into force</button> <span class=\"quiet\">by another officer "
			"than the one who proposed it</span></p></form></section>");
	}
}

static void propose_form(struct page *p)
{
	struct html *h = &p->html;

	if (!page_has_role(p, "officer"))
		return;
	HTML(h,
		"<details class=\"sheet\"><summary>Propose another policy</summary><form class=\"pad form\" method=\"post\" "
		"action=\"/witnesses/propose\">");
	part_csrf(p);
	HTML(h,
		"<p class=\"quiet\">A tlog-policy: the log, each witness with its key, a group with its threshold, the quorum. "
		"Say the owner of each key in a line \"# owner NAME: ORGANISATION\". A key of the maker's own buys nothing: witnesses "
		"belong to the hosts.</p><label class=\"field\"><span>Policy</span><textarea name=\"policy\" rows=\"");
	html_u64(h, POLICY_ROWS);
	HTML(h,
		"\" maxlength=\"16384\" spellcheck=\"false\" required></textarea></label><p class=\"foot\">"
		"<button class=\"button\">Propose</button></p></form></details>");
}

enum err_kind page_witnesses(struct page *p, struct err *err)
{
	struct html *h = &p->html;
	const json_t *answer;
	enum err_kind rc = page_ask(p, "witness.list", &answer, err);

	if (rc != OK)
		return rc;
	layout_begin(p,
		&(struct layout){
			.title = "Witnesses", .family = FAMILY_PROVE, .here = "/witnesses" });
	HTML(h,
		"<div class=\"head\"><h1>Witnesses</h1><span class=\"grow\"></span>"
		"<a class=\"button\" href=\"/ledger/checkpoint.witnessed\">Cosigned checkpoint</a>"
		"<a class=\"button\" href=\"/ledger/policy\">Policy</a></div><p class=\"lead quiet\">Each witness remembers the last "
		"head of the ledger that it was shown, and cosigns the next only with proof that nothing before it has changed. "
		"What it is worth hangs on who holds its key.</p>");
	if (json_bool(answer, "has_policy")) {
		table(p, answer);
		bound(p, answer);
		HTML(h, "<section class=\"sheet\"><header><h2>Policy in force</h2></header>");
		policy_text(p, json_text(answer, "policy"));
		HTML(h, "</section>");
	} else {
		part_empty(p,
			STR("No policy is in force: the lab's own signature is all there is. Two officers put one into "
			    "force, once witnesses of the hosts are enrolled."));
	}
	proposals(p, answer);
	propose_form(p);
	layout_end(p);
	return page_finish(p, err);
}

static enum err_kind send(struct page *p, const char *verb, struct str policy, struct err *err)
{
	const json_t *answer;
	struct ask a;

	ask_init(p, &a);
	jw_kstr(&a.jw, "policy", policy);
	enum err_kind rc = ask_send(p, &a, verb, &answer, err);

	return rc != OK ? rc : page_redirect(p, "/witnesses");
}

/* A browser ends lines with CR LF, the last with nothing. */
static struct str as_lines(struct page *p, struct str text)
{
	struct out o;
	struct str lines;
	struct err err;

	text = str_trim(text);
	out_init(&o, p->mem, text.len + 1);
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '\r')
			out_char(&o, text.ptr[i]);
	out_char(&o, '\n');
	return out_finish(&o, &lines, &err) == OK ? lines : STR("");
}

enum err_kind page_policy_propose_post(struct page *p, struct err *err)
{
	return send(p, "policy.propose", as_lines(p, form_value(&p->form, "policy")), err);
}

enum err_kind page_policy_set_post(struct page *p, struct err *err)
{
	return send(p, "policy.set", form_value(&p->form, "policy"), err);
}
