#include "ledger/catch_up.h"

#include "ledger/bundle.h"
#include "ledger/entry.h"
#include "ledger/published.h"

enum { BUNDLE_MEM_BYTES = 8 << 20, ENTRY_MEM_BYTES = 256 << 10 };

/* The work of one transaction. */
struct work {
	struct db *db;
	int from_fd;
	struct checkpoint head; /* the mirror's */
	uint64_t rows; /* that the records have */
	struct merkle_edge edge;
};

static enum err_kind count_rows(struct work *w, struct err *err)
{
	struct stmt *s;
	bool row = false;
	enum err_kind rc = stmt_begin(w->db, "SELECT COUNT(*) FROM entries", &s, err);

	if (rc == OK)
		rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	w->rows = (uint64_t)stmt_col_i64(s, 0);
	stmt_end(s);
	return OK;
}

/* The row of the records is the mirror's entry. */
static enum err_kind compare_row(struct work *w, uint64_t index, struct str entry, struct err *err)
{
	struct stmt *s;
	bool row = false;
	enum err_kind rc = stmt_begin(w->db, "SELECT bytes FROM entries WHERE idx = :idx", &s, err);

	if (rc != OK)
		return rc;
	stmt_i64(s, ":idx", (int64_t)index);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	bool same = row && str_eq(stmt_col_str(s, 0), entry);

	if (row)
		stmt_end(s);
	return same
		? OK
		: err_set(err, ERR_CORRUPT,
			  "entry %llu of the records is not the mirror's: these are two histories",
			  (unsigned long long)index);
}

static enum err_kind insert_row(struct work *w, uint64_t index, struct str bytes,
	const struct sha256 *leaf, struct err *err)
{
	struct arena mem;
	struct entry e;
	struct stmt *s;

	arena_init(&mem, ENTRY_MEM_BYTES);
	enum err_kind rc = entry_parse(&mem, bytes, &e, err);

	if (rc == OK)
		rc = stmt_begin(w->db,
			"INSERT INTO entries (idx, leaf, bytes, nonce, detail, redacted, kind, time_us)"
			" VALUES (:idx, :leaf, :bytes, NULL, NULL, 1, :kind, :time_us)",
			&s, err);
	if (rc == OK) {
		stmt_i64(s, ":idx", (int64_t)index);
		stmt_blob(s, ":leaf", str_of(leaf->bytes, SHA256_BYTES));
		stmt_blob(s, ":bytes", bytes);
		stmt_text(s, ":kind", e.kind);
		stmt_i64(s, ":time_us", e.time_us);
		rc = stmt_run(s, NULL, err);
	}
	arena_reset(&mem);
	return rc;
}

static enum err_kind take_bundle(struct work *w, uint64_t number, struct err *err)
{
	struct tile tile = { .is_bundle = true, .index = number };
	struct arena mem;
	struct str rest = STR(""), entry;

	tile.width = (uint16_t)tile_width_at(w->head.size, 0, number);
	arena_init(&mem, BUNDLE_MEM_BYTES);
	enum err_kind rc = published_tile(w->from_fd, &tile, &mem, &rest, err);

	for (unsigned i = 0; i < tile.width && rc == OK; i++) {
		uint64_t index = w->edge.size;
		struct sha256 leaf;

		if (rest.len == 0 || !bundle_next(&rest, &entry)) {
			rc = err_set(err, ERR_CORRUPT, "bundle %llu breaks off",
				(unsigned long long)number);
			break;
		}
		leaf = merkle_leaf(entry);
		merkle_append(&w->edge, &leaf);
		rc = index < w->rows ? compare_row(w, index, entry, err)
				     : insert_row(w, index, entry, &leaf, err);
	}
	arena_reset(&mem);
	return rc;
}

static enum err_kind take_all(struct work *w, struct err *err)
{
	enum err_kind rc = OK;

	for (uint64_t n = 0; rc == OK && w->edge.size < w->head.size; n++)
		rc = take_bundle(w, n, err);
	if (rc != OK)
		return rc;
	struct sha256 root = merkle_root(&w->edge);

	return sha256_eq(&root, &w->head.root)
		? OK
		: err_set(err, ERR_CORRUPT,
			  "the mirror's entries hash to another root than is signed");
}

/* The mirror's head becomes the stored one, with our own signature alone. */
static enum err_kind store_head(struct work *w, const struct note_vkey *vkey,
	const struct sign_secret *key, struct err *err)
{
	struct arena mem;
	struct str note = STR("");
	struct stmt *s;

	arena_init(&mem, 16 << 10);
	enum err_kind rc = checkpoint_sign(&mem, &w->head, vkey, key, &note, err);

	if (rc == OK)
		rc = stmt_begin(w->db, "DELETE FROM checkpoints", &s, err);
	if (rc == OK)
		rc = stmt_run(s, NULL, err);
	if (rc == OK)
		rc = stmt_begin(w->db,
			"INSERT INTO checkpoints (size, root, note) VALUES (:size, :root, :note)",
			&s, err);
	if (rc == OK) {
		stmt_i64(s, ":size", (int64_t)w->head.size);
		stmt_blob(s, ":root", str_of(w->head.root.bytes, SHA256_BYTES));
		stmt_blob(s, ":note", note);
		rc = stmt_run(s, NULL, err);
	}
	arena_reset(&mem);
	return rc;
}

enum err_kind ledger_catch_up(struct db *db, int from_fd, struct str origin,
	const struct sign_secret *key, struct catch_up *done, struct err *err)
{
	struct work w = { .db = db, .from_fd = from_fd };
	struct sign_public public_key;
	struct arena mem;
	struct str note = STR("");

	memcpy(public_key.bytes, key->bytes + SIGN_SEED_BYTES, SIGN_PUBLIC_BYTES);
	const struct note_vkey vkey = note_vkey_make(origin, NOTE_ED25519, &public_key);

	arena_init(&mem, 4 * (size_t)NOTE_BYTES_MAX);
	enum err_kind rc = published_checkpoint(from_fd, &mem, &note, err);

	if (rc == OK)
		rc = checkpoint_open(&mem, note, &vkey, &w.head, err);
	if (rc == OK)
		rc = db_begin(db, err);
	if (rc != OK) {
		arena_reset(&mem);
		return rc;
	}
	rc = count_rows(&w, err);
	if (rc == OK && w.head.size <= w.rows)
		rc = err_set(err, ERR_CONFLICT,
			"the mirror holds %llu entries and the records %llu: there is nothing to catch up with",
			(unsigned long long)w.head.size, (unsigned long long)w.rows);
	if (rc == OK)
		rc = take_all(&w, err);
	if (rc == OK)
		rc = store_head(&w, &vkey, key, err);
	if (rc == OK)
		rc = db_commit(db, err);
	if (rc != OK)
		db_rollback(db);
	else
		*done = (struct catch_up){ w.rows, w.head.size };
	arena_reset(&mem);
	return rc;
}
