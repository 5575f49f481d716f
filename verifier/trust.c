#include <string.h>

#include "verify.h"

enum { WORDS_MAX = 2 * KEYS_MAX + 4 };

/* Words of a line; as many as there is room for, and one more, are too many. */
static size_t split(struct span line, struct span words[WORDS_MAX + 1])
{
	size_t n = 0;
	for (size_t at = 0, end; at < line.len && n <= WORDS_MAX; at = end + 1) {
		for (end = at; end < line.len && line.ptr[end] != ' ' && line.ptr[end] != '\t';) end++;
		if (end > at) words[n++] = (struct span){ line.ptr + at, end - at };
	}
	return n;
}

/* The bit of a witness or group; 0: there is none of that name. */
static uint64_t bit_of(const struct trust *t, struct span name)
{
	for (size_t i = 0; i < KEYS_MAX; i++) {
		if (i < t->witness_count && span_eq(t->witnesses[i].title, name)) return UINT64_C(1) << i;
		if (i < t->group_count && span_eq(t->groups[i].name, name)) return UINT64_C(1) << (KEYS_MAX + i);
	}
	return 0;
}

static bool is_free(const struct trust *t, struct span name)
{
	return bit_of(t, name) == 0 && !span_eq(name, SPAN("none"));
}

/* One key listed twice, whatever its names, would count twice. */
static bool add_key(struct key *keys, size_t *count, enum key_type type, struct span title, struct span text)
{
	if (*count == KEYS_MAX) return false;
	key_parse(text, type, &keys[*count]);
	keys[*count].title = title;
	for (size_t i = 0; i < *count; i++)
		if (memcmp(keys[i].bytes, keys[*count].bytes, ED25519_KEY_BYTES) == 0) return false;
	++*count;
	return true;
}

static bool add_group(struct trust *t, const struct span *words, size_t count)
{
	uint64_t members = 0, needed;

	for (size_t i = 3; i < count; i++) {
		uint64_t bit = bit_of(t, words[i]);

		if (bit == 0 || (t->used & bit) != 0) return false;
		t->used |= bit;
		members |= bit;
	}
	if (span_eq(words[2], SPAN("all")) || span_eq(words[2], SPAN("any")))
		needed = words[2].ptr[1] == 'l' ? count - 3 : 1;
	else if (!span_u64(words[2], &needed))
		return false;
	if (t->group_count == KEYS_MAX || !is_free(t, words[1]) || needed < 1 || needed > count - 3) return false;
	t->groups[t->group_count].name = words[1];
	t->groups[t->group_count].needed = needed;
	t->groups[t->group_count++].members = members;
	return true;
}

/* "#! …", ours: a word that is not known is refused, for a rule misspelt would be a rule left out. */
static bool read_own(struct trust *t, const struct span *words, size_t count)
{
	bool two = count > 2 && span_eq(words[1], SPAN("two-organisations"));
	if (count > 3 && span_eq(words[1], SPAN("root")))
		return t->root_count < RULES_MAX && span_hex(words[2], t->roots[t->root_count++].bytes, HASH_BYTES);
	if (count < 3 || (!two && !span_eq(words[1], SPAN("signed"))) || count - 2 > RULES_MAX - t->rule_count)
		return false;
	for (size_t i = 2; i < count; i++, t->rule_count++) {
		t->rules[t->rule_count].two = two;
		t->rules[t->rule_count].kind = words[i];
	}
	return true;
}

static bool read_line(struct trust *t, struct span line)
{
	struct span words[WORDS_MAX + 1];
	size_t count = split(line, words);

	if (count == 0 || (words[0].ptr[0] == '#' && !span_eq(words[0], SPAN("#!")))) return true;
	if (count < 2 || count > WORDS_MAX) return false;
	if (span_eq(words[0], SPAN("#!"))) return read_own(t, words, count);
	if (span_eq(words[0], SPAN("log")))
		return count <= 3 && add_key(t->logs, &t->log_count, KEY_LOG, words[1], words[1]);
	if (span_eq(words[0], SPAN("witness")))
		return (count == 3 || count == 4) && is_free(t, words[1]) &&
			add_key(t->witnesses, &t->witness_count, KEY_WITNESS, words[1], words[2]);
	if (span_eq(words[0], SPAN("group"))) return count > 3 && add_group(t, words, count);
	if (t->has_quorum || count != 2 || !span_eq(words[0], SPAN("quorum"))) return false;
	t->has_quorum = true;
	t->quorum = bit_of(t, words[1]);
	return t->quorum != 0 || span_eq(words[1], SPAN("none"));
}

/* "# owner <witness>: <organisation>", wherever it stands; one of nobody we know is a comment like others. */
static void read_owner(struct trust *t, struct span line)
{
	struct span name;
	if (span_take(&line, SPAN("# owner ")) && span_cut(&line, ':', &name) && span_take(&line, SPAN(" ")))
		for (size_t i = 0; i < t->witness_count; i++)
			if (span_eq(t->witnesses[i].title, name)) t->witnesses[i].owner = line;
}

void trust_parse(struct span text, struct trust *trust)
{
	struct span rest = text, line;
	memset(trust, 0, sizeof(*trust));
	for (size_t i = 0; i < text.len; i++)
		need(((unsigned char)text.ptr[i] >= 0x20 && text.ptr[i] != 0x7f) || strchr("\t\n", text.ptr[i]) != NULL,
			UNUSABLE, "the policy holds a control character");
	for (size_t number = 1; rest.len > 0; number++)
		if (!span_cut(&rest, '\n', &line) || !read_line(trust, line))
			refuse(UNUSABLE, "line %zu of the policy is not one", number);
	for (rest = text; span_cut(&rest, '\n', &line);) read_owner(trust, line);
	need(trust->has_quorum && trust->log_count > 0, UNUSABLE, "the policy names no log, or no quorum");
}

bool trust_wants(const struct trust *trust, bool two, struct span kind)
{
	for (size_t i = 0; i < trust->rule_count; i++)
		if (trust->rules[i].two == two && span_eq(trust->rules[i].kind, kind)) return true;
	return false;
}

static bool is_met(const struct trust *trust, uint64_t met)
{
	/* Groups name only what stands before them. */
	for (size_t i = 0; i < trust->group_count; i++)
		if ((uint64_t)__builtin_popcountll(met & trust->groups[i].members) >= trust->groups[i].needed)
			met |= UINT64_C(1) << (KEYS_MAX + i);
	return trust->quorum == 0 || (met & trust->quorum) != 0;
}

void trust_head(const struct trust *trust, const struct head *head, struct answer *answer)
{
	uint64_t ignored;

	memset(answer, 0, sizeof(*answer));
	for (size_t i = 0; i < trust->log_count; i++)
		if (span_eq(trust->logs[i].name, head->origin) && head_signed(head, &trust->logs[i], &ignored))
			answer->log = &trust->logs[i];
	need(answer->log != NULL, REFUTED, "the checkpoint is not signed by a log of the policy");
	for (size_t i = 0; i < trust->witness_count; i++)
		if (head_signed(head, &trust->witnesses[i], &answer->times_s[i])) answer->cosigned |= UINT64_C(1) << i;
	answer->is_met = is_met(trust, answer->cosigned);
	/* Since the earliest time by which those who had cosigned were a quorum. */
	for (size_t i = 0; trust->quorum != 0 && i < trust->witness_count; i++) {
		uint64_t by = 0, time_s = answer->times_s[i];

		for (size_t k = 0; k < trust->witness_count; k++) by |= (uint64_t)(answer->times_s[k] <= time_s) << k;
		if (is_met(trust, by & answer->cosigned) && (answer->met_s == 0 || time_s < answer->met_s))
			answer->met_s = time_s;
	}
}

bool trust_k_of_n(const struct trust *trust, size_t *k, size_t *n)
{
	*k = *n = 1;
	for (size_t i = 0; i < trust->group_count; i++)
		if (trust->quorum == UINT64_C(1) << (KEYS_MAX + i)) {
			*k = (size_t)trust->groups[i].needed;
			*n = (size_t)__builtin_popcountll(trust->groups[i].members);
			return trust->groups[i].members < UINT64_C(1) << KEYS_MAX;
		}
	return trust->quorum != 0;
}
