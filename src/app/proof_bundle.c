#include "app/proof_bundle.h"

#include "app/decision.h"
#include "app/record_seen.h"
#include "app/trail.h"
#include "base/hex.h"
#include "format/dsse.h"
#include "ledger/cosigned.h"
#include "ledger/tlogproof.h"

enum { DETAIL_READERS = ROLE_OFFICER | ROLE_AUDITOR };

#define PROOF_ATTESTATION_TYPE "application/vnd.in-toto+json"

/* One entry, read. The JSON values are released by item_close. */
struct item {
	struct entry_row row;
	struct entry entry;
	json_t *public_fields,
		*detail; /* detail: NULL where it is sealed, redacted or no JSON object */
	struct str record; /* that it is about; empty: none */
};

static enum err_kind out_of_memory(struct err *err)
{
	return err_set(err, ERR_LIMIT, "bundle: request memory used up");
}

enum err_kind proof_bundle_open(
	struct proof_bundle *b, struct ctx *ctx, uint64_t covers, struct err *err)
{
	struct cosigned_view *view = arena_array(ctx->mem, struct cosigned_view, 1);

	if (view == NULL)
		return out_of_memory(err);
	*b = (struct proof_bundle){ .ctx = ctx };
	enum err_kind rc = ledger_checkpoint(ctx->lab->ledger, ctx->mem, &b->head, &b->note, err);

	if (rc == OK)
		rc = cosigned_show(ctx->lab->cosigned, ctx->mem, view, err);
	/* The head that others vouch for is worth more than the newest. */
	if (rc == OK && covers < view->witnessed.size) {
		b->head = view->witnessed;
		b->note = view->witnessed_note;
	}
	return rc;
}

enum err_kind proof_bundle_add(
	struct proof_bundle *b, uint64_t index, bool certifies, struct err *err)
{
	size_t at = b->count;

	if (index >= b->head.size)
		return err_set(err, ERR_NOT_FOUND, "no entry %llu", (unsigned long long)index);
	while (at > 0 && b->entries[at - 1].index >= index)
		at--;
	if (at < b->count && b->entries[at].index == index) {
		b->entries[at].certifies |= certifies;
		return OK;
	}
	if (b->count == PROOF_ENTRIES_MAX)
		return err_set(err, ERR_LIMIT,
			"more than %d entries belong to it: ask for one entry by its number",
			PROOF_ENTRIES_MAX);
	memmove(&b->entries[at + 1], &b->entries[at], (b->count - at) * sizeof(b->entries[0]));
	b->entries[at] = (struct proof_entry){ .index = index, .certifies = certifies };
	b->count++;
	return OK;
}

/* ---- reading an entry ---- */

static void item_close(struct item *item)
{
	json_decref(item->public_fields);
	json_decref(item->detail);
}

static enum err_kind read_record(struct ctx *ctx, struct item *item, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(
		ctx->db, "SELECT record FROM entries WHERE idx = :idx", &s, err);

	if (rc != OK)
		return rc;
	stmt_i64(s, ":idx", (int64_t)item->row.index);
	rc = stmt_step(s, &row, err);
	if (rc != OK || !row)
		return rc;
	if (!arena_copy(ctx->mem, stmt_col_str(s, 0), &item->record))
		rc = out_of_memory(err);
	stmt_end(s);
	return rc;
}

static enum err_kind item_open(struct ctx *ctx, uint64_t index, struct item *item, struct err *err)
{
	struct err ignored;

	*item = (struct item){ .record = STR("") };
	enum err_kind rc = ledger_entry(ctx->db, ctx->mem, index, &item->row, err);

	if (rc == OK)
		rc = entry_parse(ctx->mem, item->row.bytes, &item->entry, err);
	if (rc == OK)
		rc = json_parse(
			item->entry.public_json, LIMIT_ENTRY_BYTES, &item->public_fields, err);
	if (rc == OK)
		rc = read_record(ctx, item, err);
	if (rc != OK || item->row.redacted || trail_is_sealed(item->row.detail))
		return rc;
	/* A detail that is no JSON is one that nothing is taken out of. */
	if (json_parse(item->row.detail, LIMIT_DETAIL_BYTES, &item->detail, &ignored) != OK)
		item->detail = NULL;
	return OK;
}

/* May the caller hand on what was signed in it? */
static enum err_kind is_disclosed(
	struct ctx *ctx, const struct item *item, bool certifies, bool *disclosed, struct err *err)
{
	struct record_desk desk = record_desk_of(ctx);

	*disclosed = certifies || (ctx->caller.roles & DETAIL_READERS) != 0;
	if (*disclosed || item->record.len == 0)
		return OK;
	return record_seen(&desk, item->record, disclosed, err);
}

/* ---- what a decision stands on ---- */

/* Entries of kinds from `kind` on below `end` whose bytes hold `text`. */
static enum err_kind add_holding(
	struct proof_bundle *b, const char *kind, const char *end, struct str text, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(b->ctx->db,
		"SELECT idx FROM entries WHERE kind >= :kind AND kind < :end AND idx < :size"
		" AND instr(bytes, CAST(:text AS BLOB)) > 0 ORDER BY idx LIMIT 100",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":kind", str_from(kind));
	stmt_text(s, ":end", str_from(end));
	stmt_i64(s, ":size", (int64_t)b->head.size);
	stmt_text(s, ":text", text);
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		rc = proof_bundle_add(b, (uint64_t)stmt_col_i64(s, 0), true, err);
		if (rc != OK) {
			stmt_end(s);
			return rc;
		}
	}
	return rc;
}

/* Both fields hold digests or keys in hexadecimal: nothing to be escaped. */
static enum err_kind add_for(struct proof_bundle *b, const json_t *fields, const char *name,
	const char *kind, const char *end, struct err *err)
{
	struct str value;

	if (!json_str(fields, name, &value))
		return OK;
	const char *text = arena_printf(b->ctx->mem, "\"%s\":\"%.*s\"", name, STR_ARG(value));

	return text == NULL ? out_of_memory(err) : add_holding(b, kind, end, str_from(text), err);
}

/*
 * Keys of decisions and roots of keys; entries that are added on the way are looked at as well, since they are
 * behind or before the place that is looked at: until nothing is added any more.
 */
static enum err_kind add_foundations(struct proof_bundle *b, struct err *err)
{
	enum err_kind rc = OK;

	for (size_t seen = 0; rc == OK && seen != b->count;) {
		seen = b->count;
		for (size_t i = 0; rc == OK && i < b->count; i++) {
			struct item item;

			rc = item_open(b->ctx, b->entries[i].index, &item, err);
			if (rc == OK && json_object_get(item.public_fields, "decision") != NULL)
				rc = add_for(b, item.public_fields, "key", "person.key",
					"person.key_revoke~", err);
			if (rc == OK && str_eq(item.entry.kind, STR("person.key")))
				rc = add_for(b, item.public_fields, "root", "agreement.",
					"agreement/", err);
			item_close(&item);
		}
	}
	return rc;
}

/* ---- writing ---- */

static void put_section(struct out *o, const char *name, struct str bytes)
{
	out_put(o, str_from(name));
	out_put(o, STR(" "));
	out_u64(o, bytes.len);
	out_put(o, STR("\n"));
	out_put(o, bytes);
	out_put(o, STR("\n"));
}

static enum err_kind put_proof(
	struct proof_bundle *b, struct out *o, const struct entry_row *row, struct err *err)
{
	struct arena *mem = b->ctx->mem;
	struct tlogproof proof;
	struct str text;
	struct out lines;
	enum err_kind rc = ledger_prove(
		b->ctx->lab->ledger, mem, &b->head, b->note, row->index, &row->leaf, &text, err);

	if (rc == OK)
		rc = tlogproof_parse(text, &proof, err);
	if (rc != OK)
		return rc;
	out_init(&lines, mem, 32 + 45 * MERKLE_PATH_MAX);
	out_put(&lines, STR("index "));
	out_u64(&lines, row->index);
	out_put(&lines, STR("\n"));
	for (size_t i = 0; i < proof.path.count; i++) {
		out_base64(&lines, str_of(proof.path.nodes[i].bytes, SHA256_BYTES));
		out_put(&lines, STR("\n"));
	}
	rc = out_finish(&lines, &text, err);
	if (rc == OK)
		put_section(o, "proof", text);
	return rc;
}

static enum err_kind put_detail(
	struct proof_bundle *b, struct out *o, const struct item *item, struct err *err)
{
	struct out hex;
	struct str nonce;

	if (!b->details || item->detail == NULL || (b->ctx->caller.roles & DETAIL_READERS) == 0)
		return OK;
	out_init(&hex, b->ctx->mem, (size_t)2 * ENTRY_NONCE_BYTES);
	out_hex(&hex, item->row.nonce.ptr, item->row.nonce.len);
	enum err_kind rc = out_finish(&hex, &nonce, err);

	if (rc == OK) {
		put_section(o, "nonce", nonce);
		put_section(o, "detail", item->row.detail);
	}
	return rc;
}

static enum err_kind canonical(
	struct arena *mem, const json_t *value, size_t bytes_max, struct str *text, struct err *err)
{
	struct out o;

	out_init(&o, mem, bytes_max);
	enum err_kind rc = json_canonical(value, &o, err);

	return rc == OK ? out_finish(&o, text, err) : rc;
}

/* The record's fields, where they still are what was decided on. */
static enum err_kind put_body(struct proof_bundle *b, struct out *o, const struct item *item,
	struct str decision, struct err *err)
{
	struct record_desk desk = record_desk_of(b->ctx);
	struct record record;
	struct str text = STR(""), wanted;
	struct sha256 digest;
	struct err ignored;
	json_t *decided = NULL;

	if (item->record.len == 0 || record_find(&desk, item->record, &record, &ignored) != OK)
		return OK;
	enum err_kind rc = decision_body(&desk, &record, &text, err);

	if (rc == OK)
		rc = json_parse(decision, LIMIT_JSON_BYTES, &decided, err);
	if (rc == OK && json_str(decided, "body", &wanted) && sha256_parse(wanted, &digest)) {
		struct sha256 now = sha256_of(text);

		if (sha256_eq(&now, &digest))
			put_section(o, "body", text);
	}
	json_decref(decided);
	return rc;
}

static enum err_kind put_decision(
	struct proof_bundle *b, struct out *o, const struct item *item, struct err *err)
{
	const json_t *signature = json_object_get(item->detail, "signature");
	struct str decision, text;

	if (json_object_get(item->public_fields, "decision") == NULL ||
		!json_str(item->detail, "decision", &decision) || !json_is_object(signature))
		return OK;
	enum err_kind rc = canonical(b->ctx->mem, signature, LIMIT_JSON_BYTES, &text, err);

	if (rc != OK)
		return rc;
	put_section(o, "decision", decision);
	put_section(o, "signature", text);
	return put_body(b, o, item, decision, err);
}

/* Statement and signature came as the verb's arguments. */
static void put_statement(struct out *o, const struct item *item)
{
	const json_t *args = json_object_get(json_object_get(item->detail, "call"), "args");
	struct str statement, signature;

	if (!str_eq(item->entry.kind, STR("person.key")) ||
		!json_str(args, "statement", &statement) ||
		!json_str(args, "signature", &signature))
		return;
	put_section(o, "statement", statement);
	put_section(o, "statement-signature", signature);
}

/* In-toto Statement v1 about a release that was taken in, from what its entry states in public. */
static enum err_kind statement_about(
	struct arena *mem, const json_t *fields, struct str *text, struct err *err)
{
	struct str manifest, version, release, product;
	json_t *root = NULL;

	if (!json_str(fields, "manifest", &manifest) || !json_str(fields, "version", &version) ||
		!json_str(fields, "release", &release) || !json_str(fields, "product", &product))
		return err_set(err, ERR_CORRUPT, "the entry of a release lacks its fields");
	const char *name = arena_printf(mem, "%.*s %.*s", STR_ARG(product), STR_ARG(version));

	if (name != NULL)
		root = json_pack("{s:s,s:{s:s%},s:s,s:[{s:{s:s%},s:s}]}", "_type",
			"https://in-toto.io/Statement/v1", "predicate", "releaseId", release.ptr,
			release.len, "predicateType", "https://in-toto.io/attestation/release/v0.1",
			"subject", "digest", "sha256", manifest.ptr, manifest.len, "name", name);
	if (root == NULL)
		return out_of_memory(err);
	enum err_kind rc = canonical(mem, root, LIMIT_JSON_BYTES, text, err);

	json_decref(root);
	return rc;
}

static enum err_kind put_attestation(
	struct proof_bundle *b, struct out *o, const struct item *item, struct err *err)
{
	struct arena *mem = b->ctx->mem;
	struct str payload = STR(""), message, base64;
	struct out pae, encoded;

	if (!str_eq(item->entry.kind, STR("release.ingest")))
		return OK;
	enum err_kind rc = statement_about(mem, item->public_fields, &payload, err);

	if (rc != OK)
		return rc;
	out_init(&pae, mem, LIMIT_JSON_BYTES);
	dsse_put_pae(&pae, STR(PROOF_ATTESTATION_TYPE), payload);
	rc = out_finish(&pae, &message, err);
	if (rc != OK)
		return rc;
	struct signature made = sign_make(&b->ctx->lab->keys.ledger, message);

	out_init(&encoded, mem, (size_t)2 * SIGN_BYTES);
	out_base64(&encoded, str_of(made.bytes, sizeof(made.bytes)));
	rc = out_finish(&encoded, &base64, err);
	if (rc == OK) {
		put_section(o, "attestation", payload);
		put_section(o, "attestation-signature", base64);
	}
	return rc;
}

static enum err_kind put_item(
	struct proof_bundle *b, struct out *o, const struct proof_entry *entry, struct err *err)
{
	struct item item;
	bool disclosed = false;
	enum err_kind rc = item_open(b->ctx, entry->index, &item, err);

	if (rc == OK) {
		put_section(o, "entry", item.row.bytes);
		rc = put_proof(b, o, &item.row, err);
	}
	if (rc == OK)
		rc = put_detail(b, o, &item, err);
	if (rc == OK)
		rc = is_disclosed(b->ctx, &item, entry->certifies, &disclosed, err);
	if (rc == OK && disclosed)
		rc = put_decision(b, o, &item, err);
	if (rc == OK && disclosed)
		put_statement(o, &item);
	if (rc == OK)
		rc = put_attestation(b, o, &item, err);
	item_close(&item);
	return rc;
}

enum err_kind proof_bundle_write(struct proof_bundle *b, struct str *text, struct err *err)
{
	struct out o;
	enum err_kind rc = add_foundations(b, err);

	out_init(&o, b->ctx->mem, PROOF_BUNDLE_BYTES_MAX);
	out_put(&o, STR("vitrine-bundle v1\n"));
	put_section(&o, "checkpoint", b->note);
	for (size_t i = 0; rc == OK && i < b->count; i++)
		rc = put_item(b, &o, &b->entries[i], err);
	if (rc != OK)
		return rc;
	out_put(&o, STR("end\n"));
	rc = out_finish(&o, text, err);
	return rc == OK
		? OK
		: err_set(err, rc,
			  "the proof is larger than %d bytes: ask for one entry by its number",
			  PROOF_BUNDLE_BYTES_MAX);
}
