#include "trust.h"

#include <string.h>

enum { WORDS_MAX = TRUST_KEYS_MAX + 4 };

/* Words of a line; more than WORDS_MAX count as one more. */
static size_t split(struct span line, struct span words[WORDS_MAX + 1])
{
	size_t n = 0;

	for (size_t at = 0, end; at < line.len && n <= WORDS_MAX; at = end + 1) {
		for (end = at; end < line.len && line.ptr[end] != ' ' && line.ptr[end] != '\t';)
			end++;
		if (end > at)
			words[n++] = (struct span){ line.ptr + at, end - at };
	}
	return n;
}

/* The bit of a witness or group; 0: there is none of that name. */
static uint64_t bit_of(const struct trust *t, struct span name)
{
	for (size_t i = 0; i < TRUST_KEYS_MAX; i++) {
		if (i < t->witness_count && span_eq(t->witnesses[i].name, name))
			return UINT64_C(1) << i;
		if (i < t->group_count && span_eq(t->groups[i].name, name))
			return UINT64_C(1) << (TRUST_KEYS_MAX + i);
	}
	return 0;
}

static bool is_free(const struct trust *t, struct span name)
{
	return bit_of(t, name) == 0 && !span_eq(name, SPAN("none"));
}

static bool read_log(struct trust *t, struct span text, struct why *why)
{
	struct vkey *key = &t->logs[t->log_count];

	if (t->log_count == TRUST_KEYS_MAX || vkey_parse(text, key, why) != HOLDS ||
		key->type != VKEY_LOG)
		return false;
	for (size_t i = 0; i < t->log_count; i++)
		if (memcmp(t->logs[i].key, key->key, ED25519_KEY_BYTES) == 0)
			return false;
	t->log_count++;
	return true;
}

/* One key under two names would count twice. */
static bool read_witness(struct trust *t, struct span name, struct span text, struct why *why)
{
	struct trust_witness *w = &t->witnesses[t->witness_count];

	if (t->witness_count == TRUST_KEYS_MAX || !is_free(t, name) ||
		vkey_parse(text, &w->key, why) != HOLDS || w->key.type != VKEY_WITNESS)
		return false;
	for (size_t i = 0; i < t->witness_count; i++)
		if (memcmp(t->witnesses[i].key.key, w->key.key, ED25519_KEY_BYTES) == 0)
			return false;
	w->name = name;
	t->witness_count++;
	return true;
}

static bool read_group(struct trust *t, const struct span *words, size_t count)
{
	struct trust_group *g = &t->groups[t->group_count];
	uint64_t members = count - 3;

	if (t->group_count == TRUST_KEYS_MAX || !is_free(t, words[1]))
		return false;
	for (size_t i = 3; i < count; i++) {
		uint64_t bit = bit_of(t, words[i]);

		if (bit == 0 || (t->used & bit) != 0)
			return false;
		t->used |= bit;
		g->members |= bit;
	}
	g->name = words[1];
	g->needed = span_eq(words[2], SPAN("all")) ? members : 1;
	if (g->needed == 1 && !span_eq(words[2], SPAN("any")) && !span_eq(words[2], SPAN("all")) &&
		!span_u64(words[2], &g->needed))
		return false;
	t->group_count++;
	return g->needed >= 1 && g->needed <= members;
}

/* "#! …", ours: a word that is not known is refused, for a rule misspelt would be a rule left out. */
static bool read_own(struct trust *t, const struct span *words, size_t count)
{
	bool two = count > 1 && span_eq(words[1], SPAN("two-organisations"));

	if (count == 3 && span_eq(words[1], SPAN("rp-id"))) {
		t->rp_id = words[2];
		return true;
	}
	if (count > 3 && span_eq(words[1], SPAN("root")))
		return t->root_count < TRUST_RULES_MAX &&
			span_hex(words[2], t->roots[t->root_count++].bytes, HASH_BYTES);
	if (count < 3 || (!two && !span_eq(words[1], SPAN("signed"))))
		return false;
	for (size_t i = 2; i < count; i++) {
		if (t->rule_count == TRUST_RULES_MAX)
			return false;
		t->rules[t->rule_count++] = (struct trust_rule){ two, words[i] };
	}
	return true;
}

static bool read_line(struct trust *t, struct span line, struct why *why)
{
	struct span words[WORDS_MAX + 1];
	size_t count = split(line, words);

	if (count > 0 && span_eq(words[0], SPAN("#!")))
		return count <= WORDS_MAX && read_own(t, words, count);
	if (count == 0 || words[0].ptr[0] == '#')
		return true;
	if (span_eq(words[0], SPAN("log")))
		return (count == 2 || count == 3) && read_log(t, words[1], why);
	if (span_eq(words[0], SPAN("witness")))
		return (count == 3 || count == 4) && read_witness(t, words[1], words[2], why);
	if (span_eq(words[0], SPAN("group")))
		return count > 3 && count <= WORDS_MAX && read_group(t, words, count);
	if (t->has_quorum || count != 2 || !span_eq(words[0], SPAN("quorum")))
		return false;
	t->has_quorum = true;
	t->quorum = bit_of(t, words[1]);
	return t->quorum != 0 || span_eq(words[1], SPAN("none"));
}

/* "# owner <witness>: <organisation>", wherever it stands; one of nobody we know is a comment like others. */
static void read_owners(struct trust *t, struct span text)
{
	struct span line, name;

	while (span_cut(&text, '\n', &line)) {
		if (!span_take(&line, SPAN("# owner ")) || !span_cut(&line, ':', &name) ||
			!span_take(&line, SPAN(" ")))
			continue;
		for (size_t i = 0; i < t->witness_count; i++)
			if (span_eq(t->witnesses[i].name, name))
				t->witnesses[i].owner = line;
	}
}

enum verdict trust_parse(struct span text, struct trust *trust, struct why *why)
{
	struct span rest = text, line;
	struct why inner = { "" };

	memset(trust, 0, sizeof(*trust));
	for (size_t i = 0; i < text.len; i++)
		if (((unsigned char)text.ptr[i] < 0x20 && text.ptr[i] != '\n' &&
			    text.ptr[i] != '\t') ||
			text.ptr[i] == 0x7f)
			return because(why, UNUSABLE, "the policy holds a control character");
	for (size_t number = 1; rest.len > 0; number++)
		if (!span_cut(&rest, '\n', &line) || !read_line(trust, line, &inner))
			return because(why, UNUSABLE, "line %zu of the policy is not one %s",
				number, inner.text);
	read_owners(trust, text);
	if (!trust->has_quorum || trust->log_count == 0)
		return because(why, UNUSABLE, "the policy names no log, or no quorum");
	return HOLDS;
}

bool trust_wants(const struct trust *trust, bool two, struct span kind)
{
	for (size_t i = 0; i < trust->rule_count; i++)
		if (trust->rules[i].two == two && span_eq(trust->rules[i].kind, kind))
			return true;
	return false;
}

enum verdict trust_log(const struct trust *trust, const struct head *head,
	struct trust_answer *answer, struct why *why)
{
	memset(answer, 0, sizeof(*answer));
	for (size_t i = 0; i < trust->log_count; i++) {
		bool signs;
		uint64_t time_s;

		if (!span_eq(trust->logs[i].name, head->origin))
			continue;
		if (head_signed(head, &trust->logs[i], &signs, &time_s, why) != HOLDS)
			return REFUTED;
		if (signs)
			answer->log = &trust->logs[i];
	}
	if (answer->log == NULL)
		return because(why, REFUTED, "the checkpoint is not signed by a log of the policy");
	return HOLDS;
}

static bool quorum_is_met(const struct trust *trust, uint64_t met)
{
	/* Groups name only what stands before them. */
	for (size_t i = 0; i < trust->group_count; i++)
		if ((uint64_t)__builtin_popcountll(met & trust->groups[i].members) >=
			trust->groups[i].needed)
			met |= UINT64_C(1) << (TRUST_KEYS_MAX + i);
	return trust->quorum == 0 || (met & trust->quorum) != 0;
}

enum verdict trust_head(const struct trust *trust, const struct head *head,
	struct trust_answer *answer, struct why *why)
{
	enum verdict verdict = trust_log(trust, head, answer, why);
	bool signs;

	for (size_t i = 0; verdict == HOLDS && i < trust->witness_count; i++) {
		verdict = head_signed(
			head, &trust->witnesses[i].key, &signs, &answer->times_s[i], why);
		if (signs)
			answer->cosigned |= UINT64_C(1) << i;
	}
	if (verdict != HOLDS)
		return verdict;
	if (!quorum_is_met(trust, answer->cosigned))
		return because(why, SHORT,
			"%d of the policy's %zu witnesses cosigned: not the quorum",
			__builtin_popcountll(answer->cosigned), trust->witness_count);
	/* The earliest time by which those who had cosigned were a quorum. */
	answer->quorum_s = trust->quorum == 0 ? 0 : UINT64_MAX;
	for (size_t i = 0; trust->quorum != 0 && i < trust->witness_count; i++) {
		uint64_t by = 0;

		for (size_t k = 0; k < trust->witness_count; k++)
			if ((answer->cosigned >> k & 1) != 0 &&
				answer->times_s[k] <= answer->times_s[i])
				by |= UINT64_C(1) << k;
		if ((answer->cosigned >> i & 1) != 0 && answer->times_s[i] < answer->quorum_s &&
			quorum_is_met(trust, by))
			answer->quorum_s = answer->times_s[i];
	}
	return HOLDS;
}

bool trust_k_of_n(const struct trust *trust, size_t *k, size_t *n)
{
	*k = *n = 1;
	if (trust->quorum < UINT64_C(1) << TRUST_KEYS_MAX)
		return trust->quorum != 0;
	for (size_t i = 0; i < trust->group_count; i++)
		if (trust->quorum == UINT64_C(1) << (TRUST_KEYS_MAX + i)) {
			*k = (size_t)trust->groups[i].needed;
			*n = (size_t)__builtin_popcountll(trust->groups[i].members);
			return trust->groups[i].members < UINT64_C(1) << TRUST_KEYS_MAX;
		}
	return false;
}
