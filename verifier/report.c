#include "report.h"

#include "canon.h"

enum { SHOWN_BYTES_MAX = 2000 };

/* Unix seconds as a date; days to civil dates after Howard Hinnant's "chrono-compatible low-level date algorithms". */
static void print_time(uint64_t time_s)
{
	uint64_t days = time_s / 86400 + 719468, era = days / 146097, doe = days % 146097;
	uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365,
		 doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint64_t mp = (5 * doy + 2) / 153, month = mp < 10 ? mp + 3 : mp - 9,
		 second = time_s % 86400;

	printf("%04llu-%02u-%02uT%02u:%02u:%02uZ",
		(unsigned long long)(yoe + era * 400 + (month <= 2)), (unsigned)month,
		(unsigned)(doy - (153 * mp + 2) / 5 + 1), (unsigned)(second / 3600),
		(unsigned)(second / 60 % 60), (unsigned)(second % 60));
}

static void line(const char *before, struct span text, const char *after)
{
	fputs(before, stdout);
	span_print(stdout, text, SHOWN_BYTES_MAX);
	fputs(after, stdout);
}

static void report_witnesses(const struct trust *trust, const struct trust_answer *answer)
{
	for (size_t i = 0; i < trust->witness_count; i++) {
		const struct trust_witness *w = &trust->witnesses[i];

		line("  witness ", w->name, ", key of ");
		line("",
			w->owner.ptr == NULL ? SPAN("somebody whom the policy does not name")
					     : w->owner,
			": ");
		if ((answer->cosigned >> i & 1) != 0)
			print_time(answer->times_s[i]);
		else
			fputs("did not cosign", stdout);
		putchar('\n');
	}
}

static void report_bound(const struct trust *trust)
{
	size_t k, n;

	if (trust->quorum == 0)
		puts("  the policy asks for no witness: whoever holds the log's key could show others another history");
	else if (!trust_k_of_n(trust, &k, &n))
		puts("  the quorum is made of groups: work out how many witnesses may collude from the policy");
	else if (2 * k <= n)
		printf("  N = %zu, k = %zu: 2k > N + f holds for no f: two histories can both be cosigned, even if no witness colludes\n",
			n, k);
	else
		printf("  N = %zu, k = %zu: no other history is cosigned while at most f = %zu of the %zu collude with the log"
		       " (2k > N + f)\n",
			n, k, 2 * k - n - 1, n);
}

void report_head(
	const struct trust *trust, const struct head *head, const struct trust_answer *answer)
{
	line("log ", head->origin, "\n");
	printf("as of checkpoint %llu, ", (unsigned long long)head->size);
	if (trust->quorum != 0) {
		fputs("cosigned at ", stdout);
		print_time(answer->quorum_s);
	} else {
		fputs("signed by the log alone", stdout);
	}
	puts("; later revocation is not excluded");
	report_witnesses(trust, answer);
	report_bound(trust);
}

static void report_public(struct span object)
{
	struct span name, value;

	while (canon_next(&object, &name, &value)) {
		line("  ", name, ": ");
		line("", value, "\n");
	}
}

static void report_signer(const struct item *item, const struct trust *trust)
{
	struct span decided;

	if (item->decision[0].ptr == NULL) {
		puts(canon_member(item->public, SPAN("decision"), &decided)
				? "  said to be signed; the decision is not in this bundle, so nobody's signature was checked"
				: "  not signed by a person: this is the log's word alone");
		return;
	}
	struct span root = item->decision[DECIDED_ROOT], organisation = { NULL, 0 };

	canon_text_of(item->root_from->public, SPAN("organisation"), &organisation);
	line("  decision signed by ", item->decision[DECIDED_PERSON], "");
	line(" at ", item->decision[DECIDED_TIME], "");
	line(", whose key was certified by ", organisation, "");
	line(" with root key ", root, "\n");
	printf("    key entered as %llu, root key as %llu%s\n",
		(unsigned long long)item->certified_by->index,
		(unsigned long long)item->root_from->index,
		trust->root_count > 0
			? ", and known to the policy"
			: "; the policy lists no root keys: compare it with that organisation's own");
}

void report_items(const struct bundle *bundle, const struct trust *trust)
{
	for (size_t i = 0; i < bundle->count; i++) {
		const struct item *item = &bundle->items[i];

		printf("entry %llu: ", (unsigned long long)item->index);
		line("", item->kind, " at ");
		line("", item->time, "\n");
		report_public(item->public);
		if (item->parts[PART_DETAIL].ptr != NULL)
			line("  private detail, as committed to: ", item->parts[PART_DETAIL], "\n");
		if (item->statement[0].ptr != NULL) {
			line("  person ", item->statement[STATED_PERSON],
				", key certified by the organisation's root key from ");
			line("", item->statement[STATED_FROM], " to ");
			line("", item->statement[STATED_UNTIL], "\n");
		}
		if (item->parts[PART_ATTESTATION].ptr != NULL)
			line("  attested, signed by the log's key: ", item->parts[PART_ATTESTATION],
				"\n");
		if (item->parts[PART_BODY].ptr != NULL)
			line("  the record's fields decided on: ", item->parts[PART_BODY], "\n");
		report_signer(item, trust);
	}
	puts("entries that this bundle leaves out are not excluded");
}
