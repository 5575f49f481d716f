#include <string.h>

#include "verify.h"

/* What does not hold is said of its entry. */
static void claim(const struct item *item, bool holds, const char *otherwise)
{
	if (!holds) refuse(REFUTED, "entry %zu (%.*s): %s", (size_t)item->index, SPAN_ARG(item->kind), otherwise);
}

static bool states(const struct item *item, const char *name, struct span text)
{
	struct span stated;
	return canon_text(item->public, name, &stated) && span_eq(stated, text);
}

/* It states in public, under this name, the digest of these bytes. */
static bool states_digest(const struct item *item, const char *name, struct span bytes)
{
	struct hash hash = hash_of(bytes);
	struct span hex;
	return canon_text(item->public, name, &hex) && hash_is_hex(&hash, hex);
}

static bool signed_by(const uint8_t key[ED25519_KEY_BYTES], struct span head, struct span text, struct span base64)
{
	uint8_t signature[ED25519_BYTES];
	return span_base64_n(base64, signature, sizeof(signature)) && ed25519_holds(key, head, text, signature);
}

static void entry_check(struct item *item)
{
	struct span members[6];
	struct hash committed, request;
	uint8_t nonce[HASH_BYTES];
	char time[27];

	item->kind = SPAN("?");
	need(canon_object(item->parts[PART_ENTRY], "commit$ kind$ public ?request$ time$ v ", members) &&
			span_eq(members[5], SPAN("1")) && span_hex(members[0], committed.bytes, HASH_BYTES) &&
			members[2].ptr[0] == '{' &&
			(members[3].ptr == NULL || span_hex(members[3], request.bytes, HASH_BYTES)) &&
			span_time(members[4], time),
		UNUSABLE, "an entry is not one of a lab");
	for (size_t i = 0; i < members[1].len; i++)
		need(strchr("abcdefghijklmnopqrstuvwxyz0123456789._-", members[1].ptr[i]) != NULL, UNUSABLE,
			"an entry's kind holds what no kind does");
	item->kind = members[1];
	item->public = members[2];
	item->time = members[4];
	if (item->parts[PART_NONCE].ptr == NULL) return;
	need(span_hex(item->parts[PART_NONCE], nonce, sizeof(nonce)), UNUSABLE, "a nonce is 64 hexadecimal digits");
	struct hash hash = hash_of_parts(
		nonce[0], (struct span){ (const char *)nonce + 1, sizeof(nonce) - 1 }, item->parts[PART_DETAIL]);

	claim(item, hash_eq(&hash, &committed), "its detail is not what it commits to");
}

/* An organisation's statement on a person's key, against its own root key. */
static void statement_check(struct item *item, struct span origin)
{
	struct span text = item->parts[PART_STATEMENT], s[S_COUNT];
	struct person_key key;
	struct hash root;
	char time[27];

	if (text.ptr == NULL) return;
	claim(item,
		span_eq(item->kind, SPAN("person.key")) &&
			canon_object(text, "from$ key$ lab$ organisation$ person$ until$ v ", s) &&
			span_eq(s[S_V], SPAN("1")),
		"no statement on a person's key belongs here, or not this one");
	claim(item,
		states_digest(item, "statement", text) && span_eq(s[S_LAB], origin) &&
			states(item, "root", s[S_ROOT]) && person_key_parse(s[S_KEY], &key) &&
			states_digest(item, "key", (struct span){ (const char *)key.bytes, key.len }) &&
			span_time(s[S_FROM], time) && span_time(s[S_UNTIL], time),
		"it does not state this lab, this key and this organisation's root");
	claim(item,
		span_hex(s[S_ROOT], root.bytes, HASH_BYTES) &&
			signed_by(root.bytes, SPAN("vitrine/person-key/v1\n"), text, item->parts[PART_STATED_BY]),
		"the organisation did not sign the statement on the person's key");
	memcpy(item->statement, s, sizeof(s));
}

/* The key's statement and its organisation's root, entered before the decision, not revoked or ended by then. */
static void certify(const struct bundle *bundle, struct item *item, const struct trust *trust)
{
	struct span key = SPAN(""), kind, root;
	bool known = trust->root_count == 0;

	canon_text(item->public, "key", &key);
	for (const struct item *k = bundle->items; k < item; k++) {
		if (span_eq(k->kind, SPAN("person.key")) && k->statement[0].ptr != NULL && states(k, "key", key))
			item->key_from = k;
		if (span_eq(k->kind, SPAN("person.key_revoke")) && states(k, "key", key)) item->key_from = NULL;
	}
	claim(item, item->key_from != NULL, "no organisation's statement in this bundle certifies the key that signed");
	root = item->key_from->statement[S_ROOT];
	for (const struct item *k = bundle->items; k < item; k++) {
		kind = k->kind;
		if (!span_take(&kind, SPAN("agreement.")) || !states(k, "root", root)) continue;
		if (states(k, "state", SPAN("in_force"))) item->root_from = k;
		if (states(k, "state", SPAN("ended"))) item->root_from = NULL;
	}
	claim(item, item->root_from != NULL,
		"no agreement in force in this bundle entered the organisation's root key");
	for (size_t i = 0; i < trust->root_count; i++) known = known || hash_is_hex(&trust->roots[i], root);
	claim(item, known, "the policy does not know the root key that certifies the person's key");
}

static void decision_check(const struct bundle *bundle, struct item *item, const struct trust *trust)
{
	struct span text = item->parts[PART_DECISION], d[D_COUNT];
	char time[27], from[27], until[27];
	struct person_key key;

	if (text.ptr == NULL) return;
	claim(item,
		canon_object(text, "act$ body$ lab$ note$ organisation$ person$ record$ time$ v version ", d) &&
			span_eq(d[D_V], SPAN("1")) && states_digest(item, "decision", text),
		"it does not state this decision");
	claim(item,
		span_eq(d[D_ACT], item->kind) && states(item, "record", d[D_RECORD]) &&
			span_eq(d[D_LAB], bundle->head.origin) && span_time(d[D_TIME], time),
		"the decision is about another act, record or lab");
	certify(bundle, item, trust);
	const struct span *s = item->key_from->statement;

	claim(item,
		span_eq(d[D_ROOT], s[S_ROOT]) && span_eq(d[D_PERSON], s[S_PERSON]) && span_time(s[S_FROM], from) &&
			span_time(s[S_UNTIL], until) && strcmp(from, time) <= 0 && strcmp(time, until) < 0,
		"the key is not certified for this person, organisation and time");
	claim(item, person_key_parse(s[S_KEY], &key) && person_key_signed(&key, text, item->parts[PART_SIGNATURE]),
		"the person's key did not sign the decision");
	struct hash body = hash_of(item->parts[PART_BODY]);

	claim(item, item->parts[PART_BODY].ptr == NULL || hash_is_hex(&body, d[D_BODY]),
		"the record's fields are not those that were decided on");
	memcpy(item->decision, d, sizeof(d));
}

/* In-toto Statement v1 about one subject, signed by the log's key in DSSE's way. */
static void attestation_check(const struct item *item, const struct key *log)
{
	struct span payload = item->parts[PART_ATTESTATION], members[4], subject[2], list;
	struct hash manifest;
	char head[64];

	if (payload.ptr == NULL) return;
	snprintf(head, sizeof(head), "DSSEv1 28 application/vnd.in-toto+json %zu ", payload.len);
	claim(item, signed_by(log->bytes, span_from(head), payload, item->parts[PART_ATTESTED_BY]),
		"the log's key did not sign the attestation");
	claim(item,
		canon_object(payload, "_type$ predicate predicateType$ subject ", members) &&
			span_eq(members[0], SPAN("https://in-toto.io/Statement/v1")),
		"the attestation is no in-toto statement");
	/* One subject: the list holds one object and nothing else, and that one digest. */
	list = members[3];
	claim(item,
		span_take(&list, SPAN("[")) && list.len > 1 &&
			canon_object((struct span){ list.ptr, list.len - 1 }, "digest name$ ", subject) &&
			canon_object(subject[0], "sha256$ ", members) &&
			span_hex(members[0], manifest.bytes, HASH_BYTES) && states(item, "manifest", members[0]),
		"the attestation is about another thing than the entry's manifest");
}

/* What the policy asks of acts of this kind. */
static void rules_check(const struct bundle *bundle, const struct item *item, const struct trust *trust)
{
	bool two = trust_wants(trust, true, item->kind), other = !two;
	if (!two && !trust_wants(trust, false, item->kind)) return;
	claim(item, item->decision[0].ptr != NULL,
		"the policy asks for a person's signature, and this bundle holds none");
	for (const struct item *k = bundle->items; k < item; k++)
		other = other ||
			(k->decision[0].ptr != NULL && span_eq(k->decision[D_RECORD], item->decision[D_RECORD]) &&
				!span_eq(k->decision[D_ROOT], item->decision[D_ROOT]));
	claim(item, other, "no other organisation signed an act on this record before");
}

void claims_check(struct bundle *bundle, const struct trust *trust, const struct key *log)
{
	for (struct item *item = bundle->items; item < bundle->items + bundle->count; item++) {
		entry_check(item);
		statement_check(item, bundle->head.origin);
		decision_check(bundle, item, trust);
		attestation_check(item, log);
		rules_check(bundle, item, trust);
	}
}

void verification_run(void *arg)
{
	struct verification *v = arg;
	bool found = v->digest.ptr == NULL;
	trust_parse(v->policy, &v->trust);
	bundle_parse(v->file, false, &v->bundle);
	trust_head(&v->trust, &v->bundle.head, &v->answer);
	claims_check(&v->bundle, &v->trust, v->answer.log);
	for (size_t i = 0; i < v->bundle.count; i++)
		found = found || states(&v->bundle.items[i], "manifest", v->digest);
	need(found, REFUTED, "no entry of the bundle states this digest");
	need(v->answer.is_met, SHORT, "fewer of the policy's witnesses cosigned than its quorum wants");
}
