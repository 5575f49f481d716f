#include "claims.h"

#include <string.h>

#include "canon.h"

#define ATTESTATION_TYPE "application/vnd.in-toto+json"

static enum verdict refute(const struct item *item, struct why *why, const char *what)
{
	return because(why, REFUTED, "entry %llu (%.*s): %s", (unsigned long long)item->index,
		SPAN_ARG(item->kind), what);
}

/* The digest that an entry states in public under a name is that of these bytes. */
static bool states_digest(const struct item *item, struct span name, struct span bytes)
{
	struct hash hash = check_sha256(bytes);
	struct span hex;

	return canon_text_of(item->public, name, &hex) && hash_is_hex(&hash, hex);
}

static bool states(const struct item *item, struct span name, struct span text)
{
	struct span stated;

	return canon_text_of(item->public, name, &stated) && span_eq(stated, text);
}

static bool kind_is(const struct item *item, const char *kind)
{
	return span_eq(item->kind, (struct span){ kind, strlen(kind) });
}

/* An agreement's entry about this root key: did it come into that state? */
static bool agreement_is(const struct item *item, struct span root, struct span state)
{
	struct span kind = item->kind, organisation;

	return span_take(&kind, SPAN("agreement.")) && states(item, SPAN("root"), root) &&
		states(item, SPAN("state"), state) &&
		canon_text_of(item->public, SPAN("organisation"), &organisation);
}

static enum verdict entry_read(struct item *item, struct why *why)
{
	struct span members[6], commit;
	struct hash committed, request;
	uint8_t nonce[HASH_BYTES];
	char time[27];

	item->kind = SPAN("?");
	if (!canon_is(item->parts[PART_ENTRY]) ||
		!canon_object(
			item->parts[PART_ENTRY], "commit kind public ?request time v", members) ||
		!span_eq(members[5], SPAN("1")) || !canon_text(members[0], &commit) ||
		!canon_text(members[1], &item->kind) ||
		!span_hex(commit, committed.bytes, HASH_BYTES) || members[2].ptr[0] != '{' ||
		(members[3].ptr != NULL &&
			(!canon_text(members[3], &members[3]) ||
				!span_hex(members[3], request.bytes, HASH_BYTES))) ||
		!canon_text(members[4], &item->time) || !span_time(item->time, time))
		return because(why, UNUSABLE, "entry %llu is not one of a lab",
			(unsigned long long)item->index);
	item->public = members[2];
	if (item->parts[PART_NONCE].ptr == NULL)
		return HOLDS;
	if (!span_hex(item->parts[PART_NONCE], nonce, sizeof(nonce)))
		return because(why, UNUSABLE, "a nonce is 64 hexadecimal digits");
	struct hash hash = check_sha256_of(nonce[0],
		(struct span){ (const char *)nonce + 1, sizeof(nonce) - 1 },
		item->parts[PART_DETAIL]);

	return hash_eq(&hash, &committed)
		? HOLDS
		: refute(item, why, "its detail is not what it commits to");
}

/* An organisation's statement on a person's key, against its own root key. */
static enum verdict statement_read(struct item *item, struct span origin, struct why *why)
{
	struct span text = item->parts[PART_STATEMENT], values[7];
	const struct span parts[] = { SPAN("vitrine/person-key/v1\n"), text };
	uint8_t signature[ED25519_BYTES];
	struct person_key key;
	struct hash root;
	char from[27], until[27];

	if (text.ptr == NULL)
		return HOLDS;
	if (!kind_is(item, "person.key") || !canon_is(text) ||
		!canon_object(text, STATEMENT_NAMES, values) || !span_eq(values[6], SPAN("1")))
		return refute(
			item, why, "no statement on a person's key belongs here, or not this one");
	for (size_t i = 0; i < 6; i++)
		if (!canon_text(values[i], &values[i]))
			return refute(item, why, "the statement's members are texts");
	if (!states_digest(item, SPAN("statement"), text) || !span_eq(values[STATED_LAB], origin) ||
		!states(item, SPAN("root"), values[STATED_ROOT]) ||
		!check_key_parse(values[STATED_KEY], &key) ||
		!states_digest(item, SPAN("key"),
			(struct span){ (const char *)key.bytes,
				key.is_es256 ? ES256_KEY_BYTES : ED25519_KEY_BYTES }) ||
		!span_time(values[STATED_FROM], from) || !span_time(values[STATED_UNTIL], until))
		return refute(item, why,
			"it does not state this lab, this key and this organisation's root");
	if (!span_hex(values[STATED_ROOT], root.bytes, HASH_BYTES) ||
		!span_base64_n(
			item->parts[PART_STATEMENT_SIGNATURE], signature, sizeof(signature)) ||
		!check_ed25519(root.bytes, parts, 2, signature))
		return refute(item, why,
			"the organisation did not sign the statement on the person's key");
	memcpy(item->statement, values, sizeof(values));
	return HOLDS;
}

/* The key's statement and its organisation's root, entered before the decision, not revoked or ended by then. */
static enum verdict certify(const struct bundle *bundle, struct item *item, struct span key_hex,
	const struct trust *trust, struct why *why)
{
	bool rooted = trust->root_count == 0;

	for (const struct item *k = bundle->items; k < item; k++) {
		if (kind_is(k, "person.key") && k->statement[0].ptr != NULL &&
			states(k, SPAN("key"), key_hex))
			item->certified_by = k;
		if (kind_is(k, "person.key_revoke") && states(k, SPAN("key"), key_hex))
			item->certified_by = NULL;
	}
	if (item->certified_by == NULL)
		return refute(item, why,
			"no organisation's statement in this bundle certifies the key that signed");
	struct span root = item->certified_by->statement[STATED_ROOT];

	for (const struct item *k = bundle->items; k < item; k++) {
		if (agreement_is(k, root, SPAN("in_force")))
			item->root_from = k;
		if (agreement_is(k, root, SPAN("ended")))
			item->root_from = NULL;
	}
	if (item->root_from == NULL)
		return refute(item, why,
			"no agreement in force in this bundle entered the organisation's root key");
	for (size_t i = 0; i < trust->root_count; i++)
		rooted = rooted || hash_is_hex(&trust->roots[i], root);
	return rooted
		? HOLDS
		: refute(item, why,
			  "the policy does not know the root key that certifies the person's key");
}

static enum verdict decision_read(
	const struct bundle *bundle, struct item *item, const struct trust *trust, struct why *why)
{
	struct span text = item->parts[PART_DECISION], values[10], key_hex;
	char time[27], from[27], until[27];
	struct person_key key;

	if (text.ptr == NULL)
		return HOLDS;
	if (!canon_is(text) || !canon_object(text, DECISION_NAMES, values) ||
		!span_eq(values[8], SPAN("1")) || !states_digest(item, SPAN("decision"), text))
		return refute(item, why, "it does not state this decision");
	for (size_t i = 0; i < 8; i++)
		if (!canon_text(values[i], &values[i]))
			return refute(item, why, "the decision's members are texts");
	if (!span_eq(values[DECIDED_ACT], item->kind) ||
		!states(item, SPAN("record"), values[DECIDED_RECORD]) ||
		!span_eq(values[DECIDED_LAB], bundle->head.origin) ||
		!canon_text_of(item->public, SPAN("key"), &key_hex) ||
		!span_time(values[DECIDED_TIME], time))
		return refute(item, why, "the decision is about another act, record or lab");
	enum verdict verdict = certify(bundle, item, key_hex, trust, why);

	if (verdict != HOLDS)
		return verdict;
	const struct span *stated = item->certified_by->statement;

	span_time(stated[STATED_FROM], from);
	span_time(stated[STATED_UNTIL], until);
	if (!span_eq(values[DECIDED_ROOT], stated[STATED_ROOT]) ||
		!span_eq(values[DECIDED_PERSON], stated[STATED_PERSON]) || strcmp(from, time) > 0 ||
		strcmp(time, until) > 0)
		return refute(item, why,
			"the key is not certified for this person, organisation and time");
	if (!check_key_parse(stated[STATED_KEY], &key) ||
		!check_decision(&key, text, item->parts[PART_SIGNATURE], trust->rp_id))
		return refute(item, why, "the person's key did not sign the decision");
	struct hash body = check_sha256(item->parts[PART_BODY]);

	if (item->parts[PART_BODY].ptr != NULL && !hash_is_hex(&body, values[DECIDED_BODY]))
		return refute(item, why, "the record's fields are not those that were decided on");
	memcpy(item->decision, values, sizeof(values));
	return HOLDS;
}

/* In-toto Statement v1 about one subject, signed by the log's key in DSSE's way. */
static enum verdict attestation_read(
	const struct item *item, const struct vkey *log, struct why *why)
{
	struct span payload = item->parts[PART_ATTESTATION], manifest, type, subject, members[2];
	uint8_t signature[ED25519_BYTES];
	char head[64], wanted[96];

	if (payload.ptr == NULL)
		return HOLDS;
	int n = snprintf(head, sizeof(head), "DSSEv1 %zu " ATTESTATION_TYPE " %zu ",
		sizeof(ATTESTATION_TYPE) - 1, payload.len);
	const struct span parts[] = { { head, (size_t)n }, payload };

	if (!span_base64_n(item->parts[PART_ATTESTATION_SIGNATURE], signature, sizeof(signature)) ||
		!check_ed25519(log->key, parts, 2, signature))
		return refute(item, why, "the log's key did not sign the attestation");
	if (!canon_is(payload) || !canon_text_of(payload, SPAN("_type"), &type) ||
		!span_eq(type, SPAN("https://in-toto.io/Statement/v1")) ||
		!canon_member(payload, SPAN("subject"), &subject) ||
		!canon_text_of(item->public, SPAN("manifest"), &manifest) ||
		manifest.len != (size_t)2 * HASH_BYTES)
		return refute(item, why, "the attestation is not one about a release");
	snprintf(wanted, sizeof(wanted), "{\"sha256\":\"%.*s\"}", SPAN_ARG(manifest));
	/* One subject: the list holds one object and nothing else. */
	if (!span_take(&subject, SPAN("[")) || subject.len < 2 ||
		!canon_object(
			(struct span){ subject.ptr, subject.len - 1 }, "digest name", members) ||
		!span_eq(members[0], (struct span){ wanted, strlen(wanted) }))
		return refute(item, why,
			"the attestation is about another thing than the entry's manifest");
	return HOLDS;
}

/* What the policy asks of acts of this kind. */
static enum verdict rules_hold(const struct bundle *bundle, const struct item *item,
	const struct trust *trust, struct why *why)
{
	bool two = trust_wants(trust, true, item->kind), other = false;

	if (!two && !trust_wants(trust, false, item->kind))
		return HOLDS;
	if (item->decision[0].ptr == NULL)
		return refute(item, why,
			"the policy asks for a person's signature, and this bundle holds none");
	for (const struct item *k = bundle->items; k < item; k++)
		other = other ||
			(k->decision[0].ptr != NULL &&
				span_eq(k->decision[DECIDED_RECORD],
					item->decision[DECIDED_RECORD]) &&
				!span_eq(k->decision[DECIDED_ROOT], item->decision[DECIDED_ROOT]));
	return !two || other
		? HOLDS
		: refute(item, why, "no other organisation signed an act on this record before");
}

static enum verdict claims_hold(
	struct bundle *bundle, const struct trust *trust, const struct vkey *log, struct why *why)
{
	enum verdict verdict = HOLDS;

	for (struct item *item = bundle->items;
		verdict == HOLDS && item < bundle->items + bundle->count; item++) {
		verdict = entry_read(item, why);
		if (verdict == HOLDS)
			verdict = statement_read(item, bundle->head.origin, why);
		if (verdict == HOLDS)
			verdict = decision_read(bundle, item, trust, why);
		if (verdict == HOLDS)
			verdict = attestation_read(item, log, why);
		if (verdict == HOLDS)
			verdict = rules_hold(bundle, item, trust, why);
	}
	return verdict;
}

enum verdict claims_judge(const struct trust *trust, struct span file, struct span digest,
	struct bundle *bundle, struct trust_answer *answer, struct why *why)
{
	enum verdict verdict = bundle_parse(file, bundle, why), quorum;
	bool found = digest.ptr == NULL;

	if (verdict != HOLDS)
		return verdict;
	quorum = trust_head(trust, &bundle->head, answer, why);
	if (quorum == REFUTED)
		return quorum;
	/* What is refuted is said to be, however few have cosigned it. */
	struct why elsewhere = { "" };

	verdict = bundle_places(bundle, &elsewhere);
	if (verdict == HOLDS)
		verdict = claims_hold(bundle, trust, answer->log, &elsewhere);
	for (size_t i = 0; verdict == HOLDS && i < bundle->count; i++)
		found = found || states(&bundle->items[i], SPAN("manifest"), digest);
	if (verdict == HOLDS && !found)
		verdict = because(&elsewhere, REFUTED, "no entry of the bundle states this digest");
	if (verdict != HOLDS)
		*why = elsewhere;
	return verdict != HOLDS ? verdict : quorum;
}
