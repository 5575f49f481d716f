#include "witness/monitor.h"

#include <stdlib.h>

#include "format/json.h"
#include "ledger/entry.h"
#include "witness/monitor_inside.h"

enum { FACTS_FIRST = 1024 };

/*
 * Kinds that this vitrine does not make yet stand here already: a monitor outlives the version of the centre that it
 * watches.
 */
static const struct monitor_rule vitrine_rules[] = {
	{ .alarm = "digest",
		.kind = "release.ingest",
		.subject = { "product", "version", "variant" },
		.same = "manifest",
		.words = "one product, version and variant has two source manifests" },
	{ .alarm = "digest",
		.kind = "gate.decide",
		.subject = { "product", "version", "variant" },
		.same = "artefact",
		.words = "one product, version and variant has two artefact digests" },
	{ .alarm = "gate",
		.kind = "release.ship",
		.subject = { "product", "version", "variant", "artefact" },
		.needs_kind = "gate.decide",
		.needs_field = "verdict",
		.needs_value = "release",
		.words = "shipped without a gate verdict that releases it" },
	{ 0 },
};

/* Does this fact hold already? Where it does not, it is put down. *known: the value that is held. */
bool monitor_fact(struct monitor *m, const struct sha256 *key, const struct sha256 *value,
	struct sha256 *known)
{
	size_t mask = m->fact_room - 1, at;

	memcpy(&at, key->bytes, sizeof(at));
	for (at &= mask; m->facts[at].used; at = (at + 1) & mask) {
		if (sha256_eq(&m->facts[at].key, key)) {
			*known = m->facts[at].value;
			return true;
		}
	}
	if (value == NULL || m->is_full)
		return false;
	m->facts[at] = (struct fact){ .used = true, .key = *key, .value = *value };
	m->fact_count++;
	monitor_grow(m);
	return false;
}

static void put_again(struct fact *facts, size_t room, const struct fact *fact)
{
	size_t at;

	memcpy(&at, fact->key.bytes, sizeof(at));
	for (at &= room - 1; facts[at].used; at = (at + 1) & (room - 1))
		;
	facts[at] = *fact;
}

void monitor_grow(struct monitor *m)
{
	size_t room = 2 * m->fact_room;

	if (m->fact_count * 4 < m->fact_room * 3)
		return;
	struct fact *facts = room > 2 * (size_t)MONITOR_FACTS_MAX ? NULL
								  : calloc(room, sizeof(*facts));

	if (facts == NULL) {
		m->is_full = true;
		m->options.alarm(m->options.arg, "monitor", STR("log"),
			"more is in this log than the monitor can remember: its rules see no new subjects");
		return;
	}
	for (size_t i = 0; i < m->fact_room; i++)
		if (m->facts[i].used)
			put_again(facts, room, &m->facts[i]);
	free(m->facts);
	m->facts = facts;
	m->fact_room = room;
}

enum err_kind monitor_open(
	const struct monitor_options *options, struct monitor **out, struct err *err)
{
	struct monitor *m = calloc(1, sizeof(*m));

	if (m != NULL)
		m->facts = calloc(FACTS_FIRST, sizeof(*m->facts));
	if (m == NULL || m->facts == NULL) {
		free(m);
		return err_set(err, ERR_LIMIT, "no memory for the monitor");
	}
	m->options = *options;
	if (m->options.rules == NULL)
		m->options.rules = vitrine_rules;
	m->fact_room = FACTS_FIRST;
	*out = m;
	return OK;
}

void monitor_close(struct monitor *m)
{
	if (m == NULL)
		return;
	free(m->facts);
	free(m);
}

/* A public field as text; a number in decimal. */
static struct str field(const json_t *public, const char *name, char digits[24])
{
	const json_t *value = json_object_get(public, name);

	if (json_is_string(value))
		return str_of(json_string_value(value), json_string_length(value));
	if (!json_is_integer(value))
		return STR("");
	snprintf(digits, 24, "%lld", (long long)json_integer_value(value));
	return str_from(digits);
}

/* Kind and subject into a digest: lengths stand before the texts, so that no two spell the same. */
static struct sha256 subject_of(
	const struct monitor_rule *rule, const char *what, const json_t *public)
{
	struct sha256_state s;
	char head[32];

	sha256_begin(&s);
	sha256_add(&s, str_of(what, strlen(what) + 1));
	for (size_t i = 0; i < MONITOR_SUBJECT_FIELDS && rule->subject[i] != NULL; i++) {
		char digits[24];
		struct str value = field(public, rule->subject[i], digits);
		int n = snprintf(head, sizeof(head), "%zu:", value.len);

		sha256_add(&s, str_of(head, (size_t)n));
		sha256_add(&s, value);
	}
	return sha256_end(&s);
}

/* "product prd_1, version 1.2": for people. */
static struct str subject_words(
	struct arena *mem, const struct monitor_rule *rule, const json_t *public)
{
	struct out o;
	struct str text;
	struct err err;

	out_init(&o, mem, LIMIT_ENTRY_BYTES);
	for (size_t i = 0; i < MONITOR_SUBJECT_FIELDS && rule->subject[i] != NULL; i++) {
		char digits[24];
		struct str value = field(public, rule->subject[i], digits);

		if (value.len == 0)
			continue;
		if (o.len > 0)
			out_put(&o, STR(", "));
		out_put(&o, str_from(rule->subject[i]));
		out_char(&o, ' ');
		out_put(&o, value);
	}
	return out_finish(&o, &text, &err) == OK ? text : STR("a subject that is too long");
}

static void raise_rule(struct monitor *m, const struct monitor_rule *rule, struct arena *mem,
	const json_t *public, uint64_t index)
{
	char words[200];

	snprintf(words, sizeof(words), "%s (entry %llu)", rule->words, (unsigned long long)index);
	m->options.alarm(m->options.arg, rule->alarm, subject_words(mem, rule, public), words);
}

static void check_same(struct monitor *m, const struct monitor_rule *rule, struct arena *mem,
	const json_t *public, uint64_t index)
{
	char digits[24];
	struct sha256 key = subject_of(rule, rule->kind, public), known;
	struct sha256 value = sha256_of(field(public, rule->same, digits));

	if (monitor_fact(m, &key, &value, &known) && !sha256_eq(&known, &value))
		raise_rule(m, rule, mem, public, index);
}

/* What a rule needs is put down under the needing rule's kind and fields, so that the look-up finds it. */
static void check_need(struct monitor *m, const struct monitor_rule *rule, struct arena *mem,
	const struct entry *e, const json_t *public, uint64_t index)
{
	struct sha256 key = subject_of(rule, rule->needs_kind, public), known;
	char digits[24];

	if (str_eq(e->kind, str_from(rule->needs_kind)) &&
		str_eq(field(public, rule->needs_field, digits), str_from(rule->needs_value)))
		monitor_fact(m, &key, &key, &known);
	else if (str_eq(e->kind, str_from(rule->kind)) && !monitor_fact(m, &key, NULL, &known))
		raise_rule(m, rule, mem, public, index);
}

static void check_rules(struct monitor *m, struct arena *mem, const struct entry *e,
	const json_t *public, uint64_t index)
{
	for (const struct monitor_rule *rule = m->options.rules; rule->alarm != NULL; rule++) {
		if (rule->same != NULL && str_eq(e->kind, str_from(rule->kind)))
			check_same(m, rule, mem, public, index);
		else if (rule->same == NULL)
			check_need(m, rule, mem, e, public, index);
	}
}

void monitor_entry(void *arg, uint64_t index, struct str bytes)
{
	struct monitor *m = arg;
	struct sha256 known;
	struct arena mem;
	struct entry e;
	struct err err;
	json_t *public = NULL;

	arena_init(&mem, 256 << 10);
	if (entry_parse(&mem, bytes, &e, &err) != OK ||
		json_parse(e.public_json, LIMIT_ENTRY_BYTES, &public, &err) != OK) {
		char words[ERR_MSG_BYTES_MAX + 32];

		snprintf(
			words, sizeof(words), "entry %llu: %s", (unsigned long long)index, err.msg);
		m->options.alarm(m->options.arg, "entry", STR("log"), words);
	} else {
		check_rules(m, &mem, &e, public, index);
		if (m->options.keeps_requests && e.has_request)
			monitor_fact(m, &e.request, &e.request, &known);
	}
	json_decref(public);
	arena_reset(&mem);
}
