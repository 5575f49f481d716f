/*
 * log_replay: the start of a log: do the records bear out what was signed?
 *
 * Two notes may be there: the one in the records (of the batch before the last) and the published file (of the
 * last). Both must be ours and agree with the tree that the rows make. The file may be missing, or empty after a
 * power cut: it is made again. Anything else that does not fit freezes the log, and says why.
 *
 * Two more heads may lie beside them: the last that witnesses cosigned, and one that a witness has brought because
 * this log did not extend it. They are no head of ours to go on from, but must be borne out all the same.
 */
#include <stdarg.h>

#include "ledger/log_inside.h"
#include "ledger/published.h"
#include "os/fs.h"
#include "os/log.h"

enum { STORED, PUBLISHED, WITNESSED, AHEAD, CLAIMS };

/* A checkpoint that is to be borne out. */
struct claim {
	bool is_there;
	const char *where;
	struct checkpoint checkpoint; /* origin is not used */
	struct str note; /* in the arena of the replay */
};

static void freeze(struct ledger *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The first reason stays. */
static void freeze(struct ledger *l, const char *fmt, ...)
{
	va_list ap;

	if (l->frozen[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(l->frozen, sizeof(l->frozen), fmt, ap);
	va_end(ap);
}

/* Bytes that do not come back, or not whole, are damage; anything else is an error of the moment. */
static enum err_kind freeze_on_damage(struct ledger *l, enum err_kind rc, const struct err *err)
{
	if (rc != ERR_CORRUPT)
		return rc;
	freeze(l, "%s", err->msg);
	return OK;
}

static void take_claim(struct ledger *l, struct arena *mem, struct claim *claim, struct str note)
{
	struct err err;

	if (checkpoint_open(mem, note, &l->vkey, &claim->checkpoint, &err) != OK) {
		freeze(l, "the checkpoint %s is not ours or damaged: %s", claim->where, err.msg);
		return;
	}
	claim->note = note;
	claim->is_there = true;
}

static enum err_kind read_stored(
	struct ledger *l, struct db *db, struct arena *mem, struct claim *claim, struct err *err)
{
	struct stmt *s;
	struct str note;
	struct sha256 root;
	bool row = false;
	enum err_kind rc = stmt_begin(
		db, "SELECT size, root, note FROM checkpoints ORDER BY size DESC LIMIT 1", &s, err);

	if (rc == OK)
		rc = stmt_step(s, &row, err);
	if (rc != OK)
		return freeze_on_damage(l, rc, err);
	if (!row)
		return OK;
	int64_t size = stmt_col_i64(s, 0);
	bool root_fits = stmt_col_str(s, 1).len == SHA256_BYTES;

	if (root_fits)
		memcpy(root.bytes, stmt_col_str(s, 1).ptr, SHA256_BYTES);
	bool copied = arena_copy(mem, stmt_col_str(s, 2), &note);

	stmt_end(s);
	if (!copied)
		return err_set(err, ERR_LIMIT, "ledger: the stored checkpoint is too long");
	take_claim(l, mem, claim, note);
	if (claim->is_there &&
		(!root_fits || claim->checkpoint.size != (uint64_t)size ||
			!sha256_eq(&claim->checkpoint.root, &root)))
		freeze(l, "the checkpoint in the records differs from the size and root beside it");
	return OK;
}

/* A file cut to nothing, or to zeros, is what a power cut leaves of one that was not synced. */
static bool is_void(struct str bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.ptr[i] != '\0')
			return false;
	return true;
}

static enum err_kind read_published(
	struct ledger *l, struct arena *mem, struct claim *claim, struct err *err)
{
	struct str note;
	enum err_kind rc = published_checkpoint(l->publish.dir_fd, mem, &note, err);

	if (rc == ERR_LIMIT) {
		freeze(l, "the published checkpoint is too long to be one");
		return OK;
	}
	if (rc == ERR_NOT_FOUND || (rc == OK && is_void(note)))
		return OK;
	if (rc == OK)
		take_claim(l, mem, claim, note);
	return rc;
}

/* A file beside the published ones. Without it, or with one that a power cut has emptied, there is no such claim. */
static enum err_kind read_beside(
	struct ledger *l, struct arena *mem, const char *name, struct claim *claim, struct err *err)
{
	struct str note;
	enum err_kind rc = fs_read(l->publish.dir_fd, name, NOTE_BYTES_MAX, mem, &note, err);

	if (rc == ERR_LIMIT) {
		freeze(l, "the checkpoint %s is too long to be one", claim->where);
		return OK;
	}
	if (rc == ERR_NOT_FOUND || (rc == OK && is_void(note)))
		return OK;
	if (rc == OK)
		take_claim(l, mem, claim, note);
	return rc;
}

static void check_claim(struct ledger *l, const struct claim *claim, const struct merkle_edge *edge)
{
	struct sha256 root;

	if (!claim->is_there || claim->checkpoint.size != edge->size)
		return;
	root = merkle_root(edge);
	if (!sha256_eq(&root, &claim->checkpoint.root))
		freeze(l,
			"the records of the first %llu entries have another root than the checkpoint %s",
			(unsigned long long)edge->size, claim->where);
}

/* All rows into edge; each claim is checked where it ends. */
static enum err_kind replay_rows(struct ledger *l, struct db *db, const struct claim claims[CLAIMS],
	struct merkle_edge *edge, struct err *err)
{
	struct stmt *s;
	bool row = false;
	enum err_kind rc = stmt_begin(
		db, "SELECT idx, leaf, bytes FROM entries ORDER BY idx", &s, err);

	if (rc != OK)
		return rc;
	for (;;) {
		for (int i = 0; i < CLAIMS; i++)
			check_claim(l, &claims[i], edge);
		rc = stmt_step(s, &row, err);
		if (rc != OK || !row || l->frozen[0] != '\0')
			break;
		struct sha256 leaf = merkle_leaf(stmt_col_str(s, 2));

		if (stmt_col_i64(s, 0) != (int64_t)edge->size)
			freeze(l, "entry %llu is missing", (unsigned long long)edge->size);
		else if (!str_eq(stmt_col_str(s, 1), str_of(leaf.bytes, SHA256_BYTES)))
			freeze(l, "entry %llu does not fit its hash",
				(unsigned long long)edge->size);
		else
			merkle_append(edge, &leaf);
	}
	stmt_end(s);
	return freeze_on_damage(l, rc, err);
}

/* The larger claim is the head: what was signed and shown to others. */
static void set_head(struct ledger *l, const struct claim claims[CLAIMS])
{
	bool second = claims[PUBLISHED].is_there &&
		(!claims[STORED].is_there ||
			claims[PUBLISHED].checkpoint.size > claims[STORED].checkpoint.size);
	const struct claim *claim = &claims[second];

	if (!claim->is_there)
		return;
	if (claim->note.len > sizeof(l->latest.note)) {
		freeze(l, "the checkpoint %s is longer than ours are", claim->where);
		return;
	}
	l->latest.head = (struct ledger_head){ claim->checkpoint.size, claim->checkpoint.root };
	memcpy(l->latest.note, claim->note.ptr, claim->note.len);
	l->latest.note_len = claim->note.len;
	l->note_is_stored = !second;
}

/* Canonical JSON sorts its members: an entry begins with its commitment. What was redacted since has none to show. */
bool log_detail_fits(struct str bytes, struct str nonce, struct str detail, bool redacted)
{
	static const char head[] = "{\"commit\":\"";
	const size_t head_len = sizeof(head) - 1;
	struct entry_nonce n;
	char hex[SHA256_HEX_BYTES];

	if (redacted)
		return true;
	if (nonce.len != ENTRY_NONCE_BYTES || bytes.len < head_len + SHA256_HEX_BYTES)
		return false;
	memcpy(n.bytes, nonce.ptr, ENTRY_NONCE_BYTES);
	struct sha256 commit = entry_commit(&n, detail);

	sha256_format(&commit, hex);
	return memcmp(bytes.ptr, head, head_len) == 0 &&
		memcmp(bytes.ptr + head_len, hex, SHA256_HEX_BYTES - 1) == 0;
}

/* Of the rows from `from` on. */
static enum err_kind check_details(struct db *db, uint64_t from, struct err *err)
{
	struct stmt *s;
	bool row = false;
	enum err_kind rc = stmt_begin(db,
		"SELECT idx, bytes, nonce, detail, redacted FROM entries"
		" WHERE idx >= :from ORDER BY idx",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_i64(s, ":from", (int64_t)from);
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		if (log_detail_fits(stmt_col_str(s, 1), stmt_col_str(s, 2), stmt_col_str(s, 3),
			    stmt_col_i64(s, 4) != 0))
			continue;
		rc = err_set(err, ERR_CORRUPT, "the detail of entry %lld is not what it commits to",
			(long long)stmt_col_i64(s, 0));
		break;
	}
	stmt_end(s);
	return rc;
}

/* Somebody else has seen a head that these records do not reach. */
static void check_ahead(struct ledger *l, const struct claim *claim)
{
	if (claim->is_there && claim->checkpoint.size > l->signed_edge.size)
		freeze(l,
			"the checkpoint of size %llu %s is ahead of the records, which hold %llu entries: catch up from a mirror",
			(unsigned long long)claim->checkpoint.size, claim->where,
			(unsigned long long)l->signed_edge.size);
}

enum err_kind log_replay(struct ledger *l, struct db *db, struct err *err)
{
	struct claim claims[CLAIMS] = { [STORED] = { .where = "in the records" },
		[PUBLISHED] = { .where = "that is published" },
		[WITNESSED] = { .where = "that witnesses cosigned" },
		[AHEAD] = { .where = "that a witness brought" } };
	struct arena mem;

	arena_init(&mem, 16 * (size_t)NOTE_BYTES_MAX);
	enum err_kind rc = read_stored(l, db, &mem, &claims[STORED], err);

	if (rc == OK)
		rc = read_published(l, &mem, &claims[PUBLISHED], err);
	if (rc == OK)
		rc = read_beside(l, &mem, LEDGER_WITNESSED, &claims[WITNESSED], err);
	if (rc == OK)
		rc = read_beside(l, &mem, LEDGER_AHEAD, &claims[AHEAD], err);
	if (rc == OK)
		set_head(l, claims);
	if (rc == OK)
		rc = replay_rows(l, db, claims, &l->signed_edge, err);
	if (rc == OK && l->frozen[0] == '\0') {
		if (l->latest.head.size > l->signed_edge.size)
			freeze(l,
				"the checkpoint of size %llu is ahead of the records, which hold %llu entries",
				(unsigned long long)l->latest.head.size,
				(unsigned long long)l->signed_edge.size);
		else if (!claims[STORED].is_there && l->signed_edge.size > 0)
			freeze(l, "the records hold %llu entries and no signed checkpoint",
				(unsigned long long)l->signed_edge.size);
		check_ahead(l, &claims[WITNESSED]);
		check_ahead(l, &claims[AHEAD]);
	}
	/* The records bear it out now: it says nothing any more. */
	if (rc == OK && l->frozen[0] == '\0' && claims[AHEAD].is_there)
		rc = fs_remove(l->publish.dir_fd, LEDGER_AHEAD, err);
	/* What a crash left unsigned is about to be signed: it must be whole, like any other batch. */
	if (rc == OK && l->frozen[0] == '\0') {
		rc = check_details(db, l->latest.head.size, err);
		rc = freeze_on_damage(l, rc, err);
	}
	arena_reset(&mem);
	return rc;
}
