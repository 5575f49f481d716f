#include "app/lab_compact.h"

#include "base/hex.h"

/* Where the live ones are looked up, and what the transaction takes. */
struct work {
	struct lab *lab;
	struct db *read;
	struct pack_compaction *compaction;
	struct pack_freed freed;
};

static enum err_kind ask(struct db *db, const char *sql, const char *name, struct str value,
	bool is_text, bool *found, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(db, sql, &s, err);

	if (rc != OK)
		return rc;
	if (is_text)
		stmt_text(s, name, value);
	else
		stmt_blob(s, name, value);
	rc = stmt_step(s, found, err);
	if (rc == OK && *found)
		stmt_end(s);
	return rc;
}

/* A release holds it, or a record says its digest: a kind that names a document keeps it by that. */
static enum err_kind is_named(void *arg, const struct sha256 *digest, bool *live, struct err *err)
{
	struct work *w = arg;
	char hex[SHA256_HEX_BYTES], pattern[SHA256_HEX_BYTES + 2];
	enum err_kind rc = ask(w->read,
		"SELECT 1 FROM release_nodes WHERE digest = :digest LIMIT 1", ":digest",
		str_of(digest->bytes, SHA256_BYTES), false, live, err);

	if (rc != OK || *live)
		return rc;
	sha256_format(digest, hex);
	snprintf(pattern, sizeof(pattern), "%%%s%%", hex);
	return ask(w->read, "SELECT 1 FROM records WHERE body LIKE :pattern LIMIT 1", ":pattern",
		str_from(pattern), true, live, err);
}

static enum err_kind move_and_note(struct db *db, void *arg, struct err *err)
{
	struct work *w = arg;
	uint64_t index;
	struct entry_draft draft = { .kind = "store.compact",
		.time_us = clock_now_us(&w->lab->clock),
		.detail = STR(""),
		.session = STR(""),
		.record = STR(""),
		.field_count = 2 };
	enum err_kind rc = pack_compact_rows(w->compaction, db, err);

	draft.fields[0] = (struct entry_field){
		.name = "blobs", .number = (int64_t)w->freed.blobs, .is_number = true
	};
	draft.fields[1] = (struct entry_field){
		.name = "bytes", .number = (int64_t)w->freed.bytes, .is_number = true
	};
	return rc != OK ? rc : ledger_append(w->lab->ledger, db, &draft, &index, err);
}

enum err_kind lab_compact(struct lab *lab, struct pack_freed *freed, struct err *err)
{
	struct work w = { .lab = lab };
	const char *frozen = ledger_frozen(lab->ledger);
	struct err end_err;

	if (frozen != NULL)
		return err_set(err, ERR_FROZEN, "the record is frozen: %s", frozen);
	enum err_kind rc = db_open(LAB_RECORDS, DB_READ, &w.read, err);

	if (rc != OK)
		return rc;
	rc = pack_compact_begin(lab->packs, w.read, is_named, &w, &w.compaction, &w.freed, err);
	db_close(w.read);
	if (rc != OK)
		return rc;
	if (w.freed.blobs > 0)
		rc = writer_run(lab->writer, move_and_note, &w, err);
	enum err_kind ended = pack_compact_end(w.compaction, rc == OK, &end_err);

	if (rc == OK && ended != OK) {
		*err = end_err;
		rc = ended;
	}
	*freed = w.freed;
	return rc;
}
