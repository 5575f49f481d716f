/* prove_bundle: a proof that stands without the lab, of an entry, a record, or what has a digest. */
#include "app/families.h"
#include "app/proof_bundle.h"
#include "app/record.h"
#include "base/hex.h"

/* The last entry of a record's history that says something: what a head has to cover. */
static enum err_kind add_history(
	struct ctx *ctx, struct str id, struct proof_bundle *b, uint64_t *last, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(ctx->db,
		"SELECT DISTINCT entry FROM record_history WHERE id = :id ORDER BY entry LIMIT :limit",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":id", id);
	stmt_i64(s, ":limit", PROOF_ENTRIES_MAX + 1);
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		*last = (uint64_t)stmt_col_i64(s, 0);
		if (b != NULL)
			rc = proof_bundle_add(b, *last, false, err);
		if (rc != OK) {
			stmt_end(s);
			return rc;
		}
	}
	return rc;
}

/* A record that the caller may see, with all that its history entered. */
static enum err_kind prove_record(
	struct ctx *ctx, struct str id, struct proof_bundle *b, struct err *err)
{
	struct record_desk desk = record_desk_of(ctx);
	struct record record;
	uint64_t last = 0;
	enum err_kind rc = record_find(&desk, id, &record, err);

	if (rc == OK)
		rc = add_history(ctx, id, NULL, &last, err);
	if (rc == OK)
		rc = proof_bundle_open(b, ctx, last, err);
	return rc == OK ? add_history(ctx, id, b, &last, err) : rc;
}

/* The release whose manifest it is, by the entry that took it in. */
static enum err_kind find_release(
	struct ctx *ctx, struct str digest, struct str *id, struct err *err)
{
	struct stmt *s;
	bool row;
	const char *text = arena_printf(ctx->mem, "\"manifest\":\"%.*s\"", STR_ARG(digest));

	if (text == NULL)
		return err_set(err, ERR_LIMIT, "bundle: request memory used up");
	enum err_kind rc = stmt_begin(ctx->db,
		"SELECT record FROM entries WHERE kind = 'release.ingest'"
		" AND instr(bytes, CAST(:text AS BLOB)) > 0 ORDER BY idx LIMIT 1",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":text", str_from(text));
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	if (!row)
		return err_set(err, ERR_NOT_FOUND, "no release here has this manifest");
	if (!arena_copy(ctx->mem, stmt_col_str(s, 0), id))
		rc = err_set(err, ERR_LIMIT, "bundle: request memory used up");
	stmt_end(s);
	return rc;
}

static enum err_kind bundle_compute(struct ctx *ctx, struct err *err)
{
	struct proof_bundle *b = arena_array(ctx->mem, struct proof_bundle, 1);
	struct str thing = arg_str(ctx, "thing"), id = thing, text;
	struct sha256 digest;
	uint64_t index;
	enum err_kind rc = OK;

	if (b == NULL)
		return err_set(err, ERR_LIMIT, "bundle: request memory used up");
	if (str_to_u64(thing, &index)) {
		rc = proof_bundle_open(b, ctx, index, err);
		if (rc == OK)
			rc = proof_bundle_add(b, index, false, err);
	} else {
		if (sha256_parse(thing, &digest))
			rc = find_release(ctx, thing, &id, err);
		if (rc == OK)
			rc = prove_record(ctx, id, b, err);
	}
	if (rc == OK) {
		b->details = arg_flag(ctx, "details");
		rc = proof_bundle_write(b, &text, err);
	}
	if (rc != OK)
		return rc;
	jw_ki64(ctx->answer, "entries", (int64_t)b->count);
	jw_ki64(ctx->answer, "tree_size", (int64_t)b->head.size);
	jw_kstr(ctx->answer, "bundle", text);
	return OK;
}

static const struct verb_arg bundle_args[] = {
	{ "thing", ARG_LINE, ARG_REQUIRED, 1, LIMIT_NAME_BYTES, NULL,
		"an entry's number, a record's id, or the digest of a release's manifest" },
	{ "details", ARG_BOOL, 0, 0, 0, NULL,
		"disclose the private details, too, where the caller may read them" },
	{ 0 },
};

const struct verb verbs_bundle[] = {
	{
		.name = "prove.bundle",
		.summary = "Make a proof that vitrine-verify checks without this lab.",
		.args = bundle_args,
		.roles = ROLE_SIGNED_IN,
		.public_fields = "actor",
		.compute = bundle_compute,
	},
	{ 0 },
};
