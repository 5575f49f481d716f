#include "web/part.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/when.h"

void when_human(int64_t when_us, char text[WHEN_HUMAN_BYTES])
{
	static const char *const months[12] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec" };
	char iso[WHEN_TEXT_BYTES];

	/* "2026-11-22T15:04:05.123456Z": always two digits each. */
	when_format(when_us, iso);
	unsigned month = (unsigned)(iso[5] - '0') * 10 + (unsigned)(iso[6] - '0');

	assert(month >= 1 && month <= 12);
	snprintf(text, WHEN_HUMAN_BYTES, "%.*s %.3s %.4s %.5s UTC", iso[8] == '0' ? 1 : 2,
		iso + 8 + (iso[8] == '0'), months[month - 1], iso, iso + 11);
}

/* "3 h ago", "in 12 days"; false when a date says more. */
static bool relative_words(int64_t delta_us, char *text, size_t cap)
{
	static const struct {
		int64_t below_us, unit_us;
		const char *one, *many;
	} steps[] = {
		{ 90 * WHEN_SECOND_US, WHEN_SECOND_US, "second", "seconds" },
		{ 90 * WHEN_MINUTE_US, WHEN_MINUTE_US, "min", "min" },
		{ 36 * WHEN_HOUR_US, WHEN_HOUR_US, "h", "h" },
		{ 60 * WHEN_DAY_US, WHEN_DAY_US, "day", "days" },
	};
	bool past = delta_us < 0;
	int64_t span = past ? -delta_us : delta_us;

	if (span < 45 * WHEN_SECOND_US) {
		snprintf(text, cap, "%s", past || span == 0 ? "just now" : "in a moment");
		return true;
	}
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (span >= steps[i].below_us)
			continue;
		int64_t n = (span + steps[i].unit_us / 2) / steps[i].unit_us;

		snprintf(text, cap, "%s%" PRId64 " %s%s", past ? "" : "in ", n,
			n == 1 ? steps[i].one : steps[i].many, past ? " ago" : "");
		return true;
	}
	return false;
}

void part_when(struct page *p, struct str rfc3339, enum when_style style)
{
	struct html *h = &p->html;
	char absolute[WHEN_HUMAN_BYTES], words[48];
	int64_t when_us;

	if (!when_parse(rfc3339, &when_us)) {
		HTML(h, "<span class=\"faint\">–</span>");
		return;
	}
	when_human(when_us, absolute);
	HTML(h, "<time datetime=\"");
	html_text(h, rfc3339);
	if (style == WHEN_RELATIVE && relative_words(when_us - p->now_us, words, sizeof(words))) {
		HTML(h, "\" title=\"");
		html_text(h, str_from(absolute));
		HTML(h, "\">");
		html_text(h, str_from(words));
	} else {
		HTML(h, "\">");
		/* In lists a far date without its hour. */
		html_text(h,
			style == WHEN_RELATIVE ? str_head(str_from(absolute), strlen(absolute) - 10)
					       : str_from(absolute));
	}
	HTML(h, "</time>");
}

/* One arc a witness, filled when it has cosigned; without witnesses a broken ring. */
static void seal_symbol(struct page *p, uint32_t cosigned_by, size_t witnesses)
{
	struct html *h = &p->html;

	HTML(h, "<symbol id=\"seal-");
	html_u64(h, cosigned_by);
	HTML(h, "\" viewBox=\"0 0 16 16\">");
	if (witnesses == 0)
		HTML(h, "<circle cx=\"8\" cy=\"8\" r=\"6.2\" class=\"ring\"/>");
	for (size_t i = 0; i < witnesses; i++) {
		HTML(h, "<circle cx=\"8\" cy=\"8\" r=\"6.2\" class=\"");
		html_text(h, (cosigned_by >> i & 1) != 0 ? STR("arc") : STR("arc open"));
		HTML(h, "\" pathLength=\"");
		html_u64(h, 10 * witnesses);
		HTML(h, "\" stroke-dasharray=\"8 ");
		html_u64(h, 10 * witnesses);
		HTML(h, "\" stroke-dashoffset=\"-");
		html_u64(h, 10 * i);
		HTML(h, "\"/>");
	}
	HTML(h, "<circle cx=\"8\" cy=\"8\" r=\"2.6\" class=\"dot\"/></symbol>");
}

/* Of lab.hello: the size that each witness has cosigned. */
static size_t witness_count(const struct page *p)
{
	size_t count = json_array_size(json_object_get(p->hello, "cosigned"));

	return count > 32 ? 32 : count;
}

void seal_symbols(struct page *p)
{
	HTML(&p->html, "<svg width=\"0\" height=\"0\" class=\"defs\" aria-hidden=\"true\">");
	for (size_t i = 0; i < p->seal_count; i++)
		seal_symbol(p, p->seals[i], witness_count(p));
	HTML(&p->html, "</svg>");
}

uint32_t part_seal_use(struct page *p, int64_t entry_index)
{
	const json_t *sizes = json_object_get(p->hello, "cosigned");
	uint32_t by = 0;
	size_t kind = 0;

	for (size_t i = 0; i < witness_count(p); i++)
		by |= (uint32_t)(json_integer_value(json_array_get(sizes, i)) > entry_index) << i;
	while (kind < p->seal_count && p->seals[kind] != by)
		kind++;
	if (kind == p->seal_count && kind < PAGE_SEALS_MAX)
		p->seals[p->seal_count++] = by;
	HTML(&p->html, "<use href=\"#seal-");
	html_u64(&p->html, by);
	HTML(&p->html, "\"/>");
	return by;
}

void part_seal(struct page *p, int64_t entry_index)
{
	struct html *h = &p->html;
	const json_t *sizes = json_object_get(p->hello, "cosigned");
	size_t cosigned = 0;

	if (entry_index < 0)
		return;
	for (size_t i = 0; i < witness_count(p); i++)
		cosigned += json_integer_value(json_array_get(sizes, i)) > entry_index;
	HTML(h, "<a class=\"sealed\" href=\"/ledger/entry/");
	html_u64(h, (uint64_t)entry_index);
	HTML(h, "\" title=\"Entry ");
	html_u64(h, (uint64_t)entry_index);
	HTML(h, ": signed by the lab, cosigned by ");
	html_u64(h, cosigned);
	HTML(h, " of ");
	html_u64(h, witness_count(p));
	HTML(h, " witnesses\"><svg class=\"seal\" role=\"img\" aria-label=\"Proof of entry ");
	html_u64(h, (uint64_t)entry_index);
	HTML(h, "\">");
	part_seal_use(p, entry_index);
	HTML(h, "</svg></a>");
}

void part_chip(struct page *p, struct str tone, struct str text)
{
	struct html *h = &p->html;

	HTML(h, "<span class=\"chip ");
	html_text(h, tone);
	HTML(h, "\">");
	html_text(h, text);
	HTML(h, "</span>");
}

void part_digest(struct page *p, struct str hex)
{
	struct html *h = &p->html;

	if (hex.len < 16) {
		HTML(h, "<span class=\"faint\">–</span>");
		return;
	}
	HTML(h, "<code class=\"digest\" title=\"SHA-256 ");
	html_text(h, hex);
	HTML(h, "\">");
	for (size_t i = 0; i < 16; i += 4) {
		if (i > 0)
			HTML(h, " ");
		html_text(h, str_of(hex.ptr + i, 4));
	}
	HTML(h, "</code>");
}

void part_record_link(struct page *p, struct str id, struct str title)
{
	struct html *h = &p->html;

	HTML(h, "<a href=\"/");
	if (str_starts(id, STR("prd_")))
		HTML(h, "product/");
	else if (str_starts(id, STR("rel_")))
		HTML(h, "release/");
	else
		HTML(h, "record/");
	html_url(h, id);
	HTML(h, "\">");
	html_text(h, title.len > 0 ? title : id);
	HTML(h, "</a>");
}

void part_number(struct page *p, int64_t value)
{
	char digits[24], text[32];
	size_t at = 0;
	int n = snprintf(digits, sizeof(digits), "%" PRId64, value);

	for (int i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0 && digits[i - 1] != '-')
			text[at++] = ',';
		text[at++] = digits[i];
	}
	html_text(&p->html, str_of(text, at));
}

void part_i64(struct page *p, int64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, value);
	html_text(&p->html, str_from(digits));
}

void part_bytes(struct page *p, int64_t bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	char text[32];
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1000;
		unit++;
	}
	snprintf(text, sizeof(text), value < 9.95 && unit > 0 ? "%.1f %s" : "%.0f %s", value,
		units[unit]);
	html_text(&p->html, str_from(text));
}

void part_count(struct page *p, int64_t count, const char *one, const char *many)
{
	part_number(p, count);
	HTML(&p->html, " ");
	html_text(&p->html, str_from(count == 1 ? one : many));
}

void part_meter(struct page *p, int64_t done, int64_t total, const char *label)
{
	struct html *h = &p->html;
	int64_t percent = total <= 0 || done <= 0 ? 0 : done >= total ? 100 : done * 100 / total;

	HTML(h, "<svg class=\"meter\" role=\"img\" aria-label=\"");
	html_text(h, str_from(label));
	HTML(h, ": ");
	html_u64(h, (uint64_t)percent);
	HTML(h, " percent\"><rect width=\"");
	html_u64(h, (uint64_t)percent);
	HTML(h, "%\" height=\"100%\"/></svg>");
}

void part_csrf(struct page *p)
{
	HTML(&p->html, "<input type=\"hidden\" name=\"csrf\" value=\"");
	html_text(&p->html, str_from(p->csrf));
	HTML(&p->html, "\">");
}

void part_empty(struct page *p, struct str text)
{
	HTML(&p->html, "<p class=\"empty\">");
	html_text(&p->html, text);
	HTML(&p->html, "</p>");
}

void part_alert(struct page *p, const char *tone, struct str text)
{
	HTML(&p->html, "<div class=\"alert ");
	html_text(&p->html, str_from(tone));
	HTML(&p->html, "\" role=\"alert\">");
	html_text(&p->html, text);
	HTML(&p->html, "</div>");
}

void part_words(struct page *p, const json_t *value)
{
	struct html *h = &p->html;
	size_t index;
	const json_t *item;

	if (json_is_string(value)) {
		html_text(h, str_of(json_string_value(value), json_string_length(value)));
		return;
	}
	json_array_foreach((json_t *)(uintptr_t)value, index, item)
	{
		if (index > 0)
			HTML(h, ", ");
		if (json_is_string(item))
			html_text(h, str_of(json_string_value(item), json_string_length(item)));
	}
}

void part_crumb(struct page *p, const char *path, const char *text)
{
	HTML(&p->html, "<a href=\"");
	html_text(&p->html, str_from(path));
	HTML(&p->html, "\">");
	html_text(&p->html, str_from(text));
	HTML(&p->html, "</a> / ");
}

void part_heading(struct page *p, struct str text)
{
	HTML(&p->html, "<div class=\"head\"><h1>");
	html_text(&p->html, text);
	HTML(&p->html, "</h1></div>");
}

void part_proof(struct page *p, const char *thing)
{
	struct html *h = &p->html;

	if (thing == NULL)
		return;
	HTML(h, "<p><a class=\"button\" download href=\"/proof/");
	html_url(h, str_from(thing));
	HTML(h, "\">Save proof</a></p><pre tabindex=\"0\">vitrine-verify verify --policy lab.policy ");
	html_text(h, str_from(thing));
	HTML(h,
		".bundle</pre><p class=\"quiet\">lab.policy is your own file: the lab's key and the witnesses that you trust. The proof "
		"holds as of its checkpoint; later revocation is not excluded.</p>");
}

void part_trail_readers(struct page *p, const json_t *readers)
{
	struct html *h = &p->html;
	const json_t *parties = json_object_get(readers, "parties"),
		     *own = json_object_get(readers, "own"), *party;
	size_t count = json_array_size(parties), i;

	HTML(h, "What you look at can be read afterwards by ");
	if (json_bool(readers, "officers"))
		HTML(h, "the lab’s officers: no agreement with your organisation names parties who open it together");
	if (count > 0) {
		HTML(h, "any ");
		part_i64(p, json_int(readers, "quorum", 0));
		HTML(h, " together of ");
	}
	json_array_foreach(parties, i, party)
	{
		if (i > 0)
			html_text(h, i + 1 == count ? STR(" and ") : STR(", "));
		html_text(h, json_text(party, "name"));
	}
	if (json_is_object(own)) {
		HTML(h, ", and by your own organisation, ");
		html_text(h, json_text(own, "name"));
	}
	HTML(h, ". While the session is open, whoever owns the vault’s machine could read its memory.");
}
