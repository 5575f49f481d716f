#include "verify.h"

static void line(const char *before, struct span text, const char *after)
{
	fputs(before, stdout);
	span_print(text, 2000);
	fputs(after, stdout);
}

/* Unix seconds as a date; days to civil dates after Howard Hinnant's "chrono-compatible low-level date algorithms". */
static void print_time(uint64_t time_s)
{
	uint64_t days = time_s / 86400 + 719468, era = days / 146097, doe = days % 146097, s = time_s % 86400;
	uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	printf("%04llu-%02u-%02uT%02u:%02u:%02uZ", (unsigned long long)(yoe + era * 400 + (mp >= 10)),
		(unsigned)(mp < 10 ? mp + 3 : mp - 9), (unsigned)(doy - (153 * mp + 2) / 5 + 1), (unsigned)(s / 3600),
		(unsigned)(s / 60 % 60), (unsigned)(s % 60));
}

static void report_bound(const struct trust *trust)
{
	size_t k, n;
	if (trust->quorum == 0)
		puts("  the policy asks for no witness: whoever holds the log's key could show others another history");
	else if (!trust_k_of_n(trust, &k, &n))
		puts("  the quorum is made of groups: work out from the policy how many witnesses may collude");
	else if (2 * k <= n)
		puts("  2k > N + f holds for no f: two histories can both be cosigned");
	else
		printf("  N = %zu, k = %zu: no other history is cosigned while at most f = %zu collude with the log"
		       " (2k > N + f)\n",
			n, k, 2 * k - n - 1);
}

static void report_head(const struct trust *trust, const struct head *head, const struct answer *answer)
{
	line("holds\nlog ", head->origin, "\n");
	printf("as of checkpoint %llu, %s", (unsigned long long)head->size,
		trust->quorum == 0 ? "signed by the log alone" : "cosigned at ");
	if (trust->quorum != 0) print_time(answer->met_s);
	puts("; later revocation is not excluded");
	for (size_t i = 0; i < trust->witness_count; i++) {
		const struct key *w = &trust->witnesses[i];
		line("  witness ", w->title, ", key of ");
		line("", w->owner.ptr == NULL ? SPAN("somebody whom the policy does not name") : w->owner, ": ");
		if ((answer->cosigned >> i & 1) != 0) print_time(answer->times_s[i]);
		puts((answer->cosigned >> i & 1) != 0 ? "" : "did not cosign");
	}
	report_bound(trust);
}

static void report_signer(const struct item *item, const struct trust *trust)
{
	struct span organisation = SPAN("?");

	if (item->decision[0].ptr == NULL) {
		puts(canon_text(item->public, "decision", &organisation)
				? "  said to be signed; the decision is not in this bundle, so nobody's signature was checked"
				: "  not signed by a person: this is the log's word alone");
		return;
	}
	canon_text(item->root_from->public, "organisation", &organisation);
	line("  decision signed by ", item->decision[D_PERSON], " at ");
	line("", item->decision[D_TIME], ", whose key was certified by ");
	line("", organisation, " with root key ");
	line("", item->decision[D_ROOT], "\n");
	printf("    key entered as %llu, root key as %llu; %s\n", (unsigned long long)item->key_from->index,
		(unsigned long long)item->root_from->index,
		trust->root_count > 0 ? "the policy knows the root key"
				      : "the policy lists no root keys: compare it with that organisation's own");
}

static void report_item(const struct item *item, const struct trust *trust)
{
	static const struct {
		int part;
		const char *words;
	} shown[] = { { PART_DETAIL, "  private detail, as committed to: " },
		{ PART_STATEMENT, "  key certified, signed by the organisation's root key: " },
		{ PART_ATTESTATION, "  attested, signed by the log's key: " },
		{ PART_BODY, "  the record's fields decided on: " } };
	struct span rest = item->public, name, value;

	printf("entry %llu: ", (unsigned long long)item->index);
	line("", item->kind, " at ");
	line("", item->time, "\n");
	while (canon_next(&rest, &name, &value)) {
		line("  ", name, ": ");
		line("", value, "\n");
	}
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (item->parts[shown[i].part].ptr != NULL) line(shown[i].words, item->parts[shown[i].part], "\n");
	report_signer(item, trust);
}

void report(const struct verification *v)
{
	report_head(&v->trust, &v->bundle.head, &v->answer);
	for (size_t i = 0; i < v->bundle.count; i++) report_item(&v->bundle.items[i], &v->trust);
	puts("entries that this bundle leaves out are not excluded");
}
