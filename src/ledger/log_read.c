/* log_read: entries one by one: reading, proving, redacting. */
#include "ledger/log_inside.h"
#include "ledger/published.h"

static enum err_kind no_entry(uint64_t index, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "no entry %llu", (unsigned long long)index);
}

enum err_kind ledger_entry(
	struct db *db, struct arena *mem, uint64_t index, struct entry_row *out, struct err *err)
{
	struct entry_row r = { .index = index };
	struct stmt *s;
	bool row = false;
	enum err_kind rc;

	if (index > INT64_MAX)
		return no_entry(index, err);
	rc = stmt_begin(db,
		"SELECT bytes, leaf, nonce, detail, redacted FROM entries WHERE idx = :idx", &s,
		err);
	if (rc != OK)
		return rc;
	stmt_i64(s, ":idx", (int64_t)index);
	rc = stmt_step(s, &row, err);
	if (rc != OK || !row)
		return rc != OK ? rc : no_entry(index, err);
	r.redacted = stmt_col_i64(s, 4) != 0;
	if (stmt_col_str(s, 1).len != SHA256_BYTES) {
		stmt_end(s);
		return err_set(err, ERR_CORRUPT, "the hash of entry %llu is damaged",
			(unsigned long long)index);
	}
	memcpy(r.leaf.bytes, stmt_col_str(s, 1).ptr, SHA256_BYTES);
	bool copied = arena_copy(mem, stmt_col_str(s, 0), &r.bytes) &&
		arena_copy(mem, stmt_col_str(s, 2), &r.nonce) &&
		arena_copy(mem, stmt_col_str(s, 3), &r.detail);

	stmt_end(s);
	if (!copied)
		return err_set(err, ERR_LIMIT, "entry %llu: request memory used up",
			(unsigned long long)index);
	struct sha256 leaf = merkle_leaf(r.bytes);

	if (!sha256_eq(&leaf, &r.leaf))
		return err_set(err, ERR_CORRUPT, "entry %llu does not fit its hash",
			(unsigned long long)index);
	*out = r;
	return OK;
}

enum err_kind ledger_proof(struct ledger *l, struct db *db, struct arena *mem, uint64_t index,
	struct str *text, struct err *err)
{
	struct ledger_head head;
	struct entry_row row;
	struct str note;
	enum err_kind rc = ledger_checkpoint(l, mem, &head, &note, err);

	if (rc == OK)
		rc = ledger_entry(db, mem, index, &row, err);
	if (rc != OK)
		return rc;
	return ledger_prove(l, mem, &head, note, index, &row.leaf, text, err);
}

enum err_kind ledger_prove(struct ledger *l, struct arena *mem, const struct ledger_head *head,
	struct str note, uint64_t index, const struct sha256 *leaf, struct str *text,
	struct err *err)
{
	struct checkpoint c = { .origin = l->vkey.name, .size = head->size, .root = head->root };

	return published_proof(l->publish.dir_fd, mem, &c, note, index, leaf, text, err);
}

enum err_kind ledger_redact(struct db *db, uint64_t index, struct err *err)
{
	struct stmt *s;
	int64_t changed = 0;
	enum err_kind rc;

	if (index > INT64_MAX)
		return no_entry(index, err);
	rc = stmt_begin(db,
		"UPDATE entries SET nonce = NULL, detail = NULL, redacted = 1"
		" WHERE idx = :idx AND redacted = 0",
		&s, err);
	if (rc != OK)
		return rc;
	stmt_i64(s, ":idx", (int64_t)index);
	rc = stmt_run(s, &changed, err);
	if (rc != OK || changed == 1)
		return rc;
	bool row = false;

	rc = stmt_begin(db, "SELECT 1 FROM entries WHERE idx = :idx", &s, err);
	if (rc != OK)
		return rc;
	stmt_i64(s, ":idx", (int64_t)index);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	stmt_end(s);
	return row ? err_set(err, ERR_CONFLICT, "entry %llu is redacted already",
			     (unsigned long long)index)
		   : no_entry(index, err);
}
