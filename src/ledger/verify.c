#include "ledger/verify.h"

#include "ledger/bundle.h"
#include "ledger/entry.h"
#include "ledger/log.h"
#include "ledger/published.h"
#include "os/fs.h"

/* Memory for one bundle as it is in its file. */
enum { BUNDLE_MEM_BYTES = 2 * BUNDLE_BYTES_MAX };

struct verifier {
	int dir_fd;
	struct db *db;
	struct tiles *tiles;
	struct merkle_edge edge;
	struct ledger_report *report;
};

/* A tiles_emit_fn: what the entries make is what is published. */
static enum err_kind compare_tile(
	void *arg, const struct tile *tile, struct str bytes, struct err *err)
{
	struct verifier *v = arg;
	char path[TILEPATH_BYTES_MAX];
	struct arena mem;
	struct str published;

	/* Bundles are where the entries were read from. */
	v->report->tiles++;
	if (tile->is_bundle)
		return OK;
	arena_init(&mem, (size_t)4 * TILE_BYTES);
	enum err_kind rc = published_tile(v->dir_fd, tile, &mem, &published, err);

	if (rc == OK && !str_eq(published, bytes)) {
		tilepath_format(tile, path);
		rc = err_set(err, ERR_CORRUPT, "%s differs from what its entries hash to", path);
	}
	arena_reset(&mem);
	return rc;
}

/* The row of the records against the entry that is published. */
static enum err_kind compare_row(struct verifier *v, uint64_t index, struct str published,
	const struct entry *entry, struct arena *mem, struct err *err)
{
	struct entry_row row;
	struct entry_nonce nonce;
	enum err_kind rc = ledger_entry(v->db, mem, index, &row, err);

	if (rc == ERR_NOT_FOUND)
		return err_set(err, ERR_CORRUPT, "entry %llu is published and not in the records",
			(unsigned long long)index);
	if (rc != OK)
		return rc;
	if (!str_eq(row.bytes, published))
		return err_set(err, ERR_CORRUPT,
			"entry %llu of the records is not the published one",
			(unsigned long long)index);
	if (row.redacted) {
		v->report->redacted++;
		return row.nonce.len == 0 && row.detail.len == 0
			? OK
			: err_set(err, ERR_CORRUPT,
				  "entry %llu is marked as redacted and its detail is still there",
				  (unsigned long long)index);
	}
	if (row.nonce.len != ENTRY_NONCE_BYTES)
		return err_set(err, ERR_CORRUPT, "the nonce of entry %llu is damaged",
			(unsigned long long)index);
	memcpy(nonce.bytes, row.nonce.ptr, ENTRY_NONCE_BYTES);
	struct sha256 commit = entry_commit(&nonce, row.detail);

	if (!sha256_eq(&commit, &entry->commit))
		return err_set(err, ERR_CORRUPT,
			"the detail of entry %llu is not what it commits to",
			(unsigned long long)index);
	v->report->commitments++;
	return OK;
}

static enum err_kind check_entry(struct verifier *v, struct str bytes, struct err *err)
{
	uint64_t index = v->edge.size;
	struct sha256 leaf = merkle_leaf(bytes);
	struct arena mem;
	struct entry entry;

	arena_init(&mem, 2 * (size_t)LIMIT_DETAIL_BYTES + 65536);
	enum err_kind rc = entry_parse(&mem, bytes, &entry, err);

	if (rc == ERR_INPUT) {
		rc = ERR_CORRUPT;
		err->kind = rc;
		err_context(err, "entry %llu", (unsigned long long)index);
	}
	if (rc == OK && str_eq(entry.kind, v->report->counted_kind))
		v->report->counted++;
	if (rc == OK && v->db != NULL)
		rc = compare_row(v, index, bytes, &entry, &mem, err);
	if (rc == OK)
		rc = tiles_add(v->tiles, bytes, &leaf, err);
	if (rc == OK)
		merkle_append(&v->edge, &leaf);
	arena_reset(&mem);
	return rc;
}

static enum err_kind check_bundle(
	struct verifier *v, uint64_t size, uint64_t number, struct err *err)
{
	struct tile tile = { .is_bundle = true, .index = number };
	struct arena mem;
	struct str rest = STR(""), entry;

	tile.width = (uint16_t)tile_width_at(size, 0, number);
	arena_init(&mem, BUNDLE_MEM_BYTES);
	enum err_kind rc = published_tile(v->dir_fd, &tile, &mem, &rest, err);

	for (unsigned i = 0; i < tile.width && rc == OK; i++) {
		if (!bundle_next(&rest, &entry))
			rc = err_set(err, ERR_CORRUPT, "bundle %llu breaks off",
				(unsigned long long)number);
		else
			rc = check_entry(v, entry, err);
	}
	arena_reset(&mem);
	return rc;
}

static enum err_kind check_all(struct verifier *v, struct err *err)
{
	const struct checkpoint *c = &v->report->checkpoint;
	enum err_kind rc = OK;

	for (uint64_t number = 0; v->edge.size < c->size && rc == OK; number++)
		rc = check_bundle(v, c->size, number, err);
	if (rc == OK)
		rc = tiles_flush(v->tiles, err);
	if (rc != OK)
		return rc;
	struct sha256 root = merkle_root(&v->edge);

	if (!sha256_eq(&root, &c->root))
		return err_set(err, ERR_CORRUPT,
			"the %llu entries hash to another root than the one that is signed",
			(unsigned long long)c->size);
	return OK;
}

/* Rows beyond the checkpoint are durable and about to be signed; a gap among them would be damage. */
static enum err_kind count_beyond(struct verifier *v, struct err *err)
{
	struct stmt *s;
	bool row = false;
	enum err_kind rc = stmt_begin(v->db, "SELECT COUNT(*), MAX(idx) FROM entries", &s, err);

	if (rc == OK)
		rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	uint64_t count = (uint64_t)stmt_col_i64(s, 0);
	bool gap = count > 0 && (uint64_t)stmt_col_i64(s, 1) + 1 != count;

	stmt_end(s);
	if (gap || count < v->edge.size)
		return err_set(err, ERR_CORRUPT, "entries are missing from the records");
	v->report->beyond = count - v->edge.size;
	return OK;
}

/* The note first, the snapshot of the records after it: entries are durable before they are signed. */
static enum err_kind begin(
	struct verifier *v, const struct note_vkey *vkey, struct arena *mem, struct err *err)
{
	struct ledger_report *r = v->report;
	enum err_kind rc = published_checkpoint(v->dir_fd, mem, &r->note, err);

	if (rc == OK)
		rc = checkpoint_open(mem, r->note, vkey, &r->checkpoint, err);
	if (rc == OK && v->db != NULL)
		rc = db_begin(v->db, err);
	return rc;
}

enum err_kind ledger_verify(int dir_fd, struct db *db, const struct note_vkey *vkey,
	struct arena *mem, struct ledger_report *report, struct err *err)
{
	struct verifier v = { .dir_fd = dir_fd, .db = db, .report = report };

	*report = (struct ledger_report){ .counted_kind = report->counted_kind };
	enum err_kind rc = begin(&v, vkey, mem, err);

	if (rc != OK)
		return rc;
	rc = tiles_new(compare_tile, &v, &v.tiles, err);
	if (rc == OK)
		rc = check_all(&v, err);
	if (rc == OK && db != NULL)
		rc = count_beyond(&v, err);
	if (db != NULL)
		db_rollback(db);
	free(v.tiles);
	return rc;
}

static enum err_kind copy_bytes(int to_fd, const char *path, struct str bytes, struct err *err)
{
	char parent[TILEPATH_BYTES_MAX];
	const char *slash = strrchr(path, '/');

	if (slash != NULL) {
		snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
		if (fs_make_dirs(to_fd, parent, 0755, err) != OK)
			return err->kind;
	}
	return fs_replace(to_fd, path, bytes, 0644, err);
}

static enum err_kind copy_tile(int dir_fd, int to_fd, const struct tile *tile, struct err *err)
{
	char path[TILEPATH_BYTES_MAX];
	struct arena mem;
	struct str bytes;

	tilepath_format(tile, path);
	arena_init(&mem, BUNDLE_MEM_BYTES);
	enum err_kind rc = published_tile(dir_fd, tile, &mem, &bytes, err);

	if (rc == OK)
		rc = copy_bytes(to_fd, path, bytes, err);
	arena_reset(&mem);
	return rc;
}

static enum err_kind copy_level(
	int dir_fd, int to_fd, uint64_t size, unsigned level, bool bundles, struct err *err)
{
	enum err_kind rc = OK;

	for (uint64_t i = 0; rc == OK; i++) {
		struct tile tile = {
			.is_bundle = bundles,
			.level = (uint8_t)level,
			.index = i,
			.width = (uint16_t)tile_width_at(size, level, i),
		};

		if (tile.width == 0)
			break;
		rc = copy_tile(dir_fd, to_fd, &tile, err);
	}
	return rc;
}

static enum err_kind copy_vkey(int to_fd, const struct note_vkey *vkey, struct err *err)
{
	struct arena mem;
	struct out o;
	struct str text;

	arena_init(&mem, 4096);
	out_init(&o, &mem, NOTE_VKEY_BYTES_MAX + 1);
	note_vkey_put(&o, vkey);
	out_char(&o, '\n');
	enum err_kind rc = out_finish(&o, &text, err);

	if (rc == OK)
		rc = copy_bytes(to_fd, "log.vkey", text, err);
	arena_reset(&mem);
	return rc;
}

enum err_kind ledger_export(int dir_fd, int to_fd, const struct note_vkey *vkey, struct arena *mem,
	struct ledger_report *report, struct err *err)
{
	struct checkpoint c;
	struct str note, there;
	enum err_kind rc = published_checkpoint(to_fd, mem, &there, err);

	if (rc != ERR_NOT_FOUND)
		return rc != OK ? rc : err_set(err, ERR_CONFLICT, "the folder holds a log already");
	rc = published_checkpoint(dir_fd, mem, &note, err);
	if (rc == OK)
		rc = checkpoint_open(mem, note, vkey, &c, err);
	if (rc == OK)
		rc = copy_level(dir_fd, to_fd, c.size, 0, true, err);
	for (unsigned level = 0; level < TILE_LEVELS && rc == OK; level++)
		rc = copy_level(dir_fd, to_fd, c.size, level, false, err);
	if (rc == OK)
		rc = copy_vkey(to_fd, vkey, err);
	/* Last, so that a copy that broke off holds no checkpoint and is no log. */
	if (rc == OK)
		rc = copy_bytes(to_fd, "checkpoint", note, err);
	return rc != OK ? rc : ledger_verify(to_fd, NULL, vkey, mem, report, err);
}
