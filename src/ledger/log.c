#include "ledger/log.h"

#include "ledger/log_inside.h"
#include "os/log.h"
#include "os/random.h"

enum err_kind log_sign(struct ledger *l, struct err *err)
{
	struct checkpoint c = {
		.origin = l->vkey.name,
		.size = l->signed_edge.size,
		.root = merkle_root(&l->signed_edge),
	};
	struct arena mem;
	struct str note = STR("");

	arena_init(&mem, 16 << 10);
	enum err_kind rc = checkpoint_sign(&mem, &c, &l->vkey, &l->key, &note, err);

	if (rc == OK && note.len > sizeof(l->latest.note))
		rc = err_set(err, ERR_LIMIT, "ledger: the checkpoint's note is too long");
	if (rc == OK) {
		l->latest.head = (struct ledger_head){ c.size, c.root };
		memcpy(l->latest.note, note.ptr, note.len);
		l->latest.note_len = note.len;
		l->note_is_stored = false;
	}
	arena_reset(&mem);
	return rc;
}

enum err_kind log_store_note(struct ledger *l, struct db *db, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(db, "DELETE FROM checkpoints", &s, err);

	if (rc == OK)
		rc = stmt_run(s, NULL, err);
	if (rc == OK)
		rc = stmt_begin(db,
			"INSERT INTO checkpoints (size, root, note) VALUES (:size, :root, :note)",
			&s, err);
	if (rc != OK)
		return rc;
	stmt_i64(s, ":size", (int64_t)l->latest.head.size);
	stmt_blob(s, ":root", str_of(l->latest.head.root.bytes, SHA256_BYTES));
	stmt_blob(s, ":note", str_of(l->latest.note, l->latest.note_len));
	return stmt_run(s, NULL, err);
}

/* Rows from `from` on go into the tiles; they have been compared with their hashes before. */
static enum err_kind add_to_tiles(struct ledger *l, struct db *db, uint64_t from, struct err *err)
{
	struct stmt *s;
	bool row = false;
	enum err_kind rc = stmt_begin(
		db, "SELECT leaf, bytes FROM entries WHERE idx >= :from ORDER BY idx", &s, err);

	if (rc != OK)
		return rc;
	stmt_i64(s, ":from", (int64_t)from);
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		struct sha256 leaf;

		memcpy(leaf.bytes, stmt_col_str(s, 0).ptr, SHA256_BYTES);
		rc = tiles_add(l->tiles, stmt_col_str(s, 1), &leaf, err);
		if (rc != OK)
			break;
	}
	stmt_end(s);
	return rc != OK ? rc : tiles_flush(l->tiles, err);
}

static enum err_kind publish_checkpoint(struct ledger *l, bool durable, struct err *err)
{
	return publish_file(&l->publish, "checkpoint", str_of(l->latest.note, l->latest.note_len),
		durable, err);
}

static enum err_kind publish_vkey(struct ledger *l, struct err *err)
{
	struct arena mem;
	struct out o;
	struct str text;

	arena_init(&mem, 4096);
	out_init(&o, &mem, NOTE_VKEY_BYTES_MAX + 1);
	note_vkey_put(&o, &l->vkey);
	out_char(&o, '\n');
	enum err_kind rc = out_finish(&o, &text, err);

	if (rc == OK)
		rc = publish_file(&l->publish, "log.vkey", text, true, err);
	arena_reset(&mem);
	return rc;
}

/* Sign what a crash left unsigned, and make published files again that are not as they should be. */
static enum err_kind catch_up(struct ledger *l, struct db *db, struct err *err)
{
	uint64_t signed_before = l->latest.head.size;
	enum err_kind rc = OK;

	if (l->latest.note_len == 0 || l->signed_edge.size > signed_before) {
		if (l->signed_edge.size > signed_before)
			log_line(LOG_INFO, "ledger: %llu entries were durable and not yet signed",
				(unsigned long long)(l->signed_edge.size - signed_before));
		rc = log_sign(l, err);
	}
	if (rc == OK && !l->note_is_stored) {
		rc = db_begin(db, err);
		if (rc == OK)
			rc = log_store_note(l, db, err);
		if (rc == OK)
			rc = db_commit(db, err);
		if (rc != OK)
			db_rollback(db);
		l->note_is_stored = rc == OK;
	}
	l->publish.compares = true;
	if (rc == OK)
		rc = add_to_tiles(l, db, 0, err);
	if (rc == OK)
		rc = publish_sweep(&l->publish, true, err);
	l->publish.compares = false;
	if (l->publish.missing + l->publish.differing > 0)
		log_line(l->publish.differing > 0 ? LOG_WARN : LOG_INFO,
			"ledger: published tiles made again: %llu missing, %llu that differed from the records",
			(unsigned long long)l->publish.missing,
			(unsigned long long)l->publish.differing);
	if (rc == OK)
		rc = publish_vkey(l, err);
	return rc != OK ? rc : publish_checkpoint(l, true, err);
}

/* Whoever asks from now on gets the latest head: everything that proves it is there. */
static void show_latest(struct ledger *l)
{
	pthread_mutex_lock(&l->mutex);
	l->shown = l->latest;
	pthread_mutex_unlock(&l->mutex);
}

enum err_kind ledger_open(struct db *db, int dir_fd, struct str origin,
	const struct sign_secret *key, struct ledger **out, struct err *err)
{
	struct sign_public public_key;
	struct ledger *l;
	enum err_kind rc;

	if (!note_name_valid(origin))
		return err_set(err, ERR_INPUT, "ledger: \"%.*s\" cannot be the origin of a log",
			STR_ARG(origin));
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return err_set(err, ERR_LIMIT, "ledger: no memory");
	memcpy(l->origin, origin.ptr, origin.len);
	l->key = *key;
	memcpy(public_key.bytes, key->bytes + SIGN_SEED_BYTES, SIGN_PUBLIC_BYTES);
	l->vkey = note_vkey_make(str_of(l->origin, origin.len), NOTE_ED25519, &public_key);
	l->latest.head.root = merkle_empty();
	pthread_mutex_init(&l->mutex, NULL);
	publish_init(&l->publish, dir_fd);
	rc = tiles_new(publish_tile, &l->publish, &l->tiles, err);
	if (rc == OK)
		rc = log_replay(l, db, err);
	if (rc == OK && l->frozen[0] == '\0')
		rc = catch_up(l, db, err);
	if (rc != OK) {
		ledger_close(l);
		return rc;
	}
	atomic_store(&l->is_frozen, l->frozen[0] != '\0');
	if (l->is_frozen)
		log_line(LOG_ERROR, "ledger: frozen: %s", l->frozen);
	l->pending = l->signed_edge;
	show_latest(l);
	*out = l;
	return OK;
}

void ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	free(l->tiles);
	secret_wipe(&l->key, sizeof(l->key));
	pthread_mutex_destroy(&l->mutex);
	free(l);
}

const char *ledger_frozen(const struct ledger *l)
{
	return atomic_load(&l->is_frozen) ? l->frozen : NULL;
}

static void begin_job(void *arg)
{
	struct ledger *l = arg;

	l->mark = l->pending;
}

static void undo_job(void *arg)
{
	struct ledger *l = arg;

	l->pending = l->mark;
}

static void undo_batch(void *arg)
{
	struct ledger *l = arg;

	l->pending = l->signed_edge;
}

/*
 * The note of this batch can only be made after the commit; that of the batch before goes into this
 * transaction. The published file may be ahead by one batch; losing it loses nothing: entries are durable, and
 * Ed25519 makes the same signature again.
 */
static enum err_kind before_commit(void *arg, struct db *db, struct err *err)
{
	struct ledger *l = arg;

	return l->note_is_stored ? OK : log_store_note(l, db, err);
}

/*
 * Fold the rows from edge->size on into edge. A row that is not the next one, or not what its hash says, is corrupt;
 * so is one whose detail is not what it commits to.
 */
static enum err_kind read_back(struct db *db, struct merkle_edge *edge, struct err *err)
{
	struct stmt *s;
	bool row = false;
	enum err_kind rc = stmt_begin(db,
		"SELECT idx, leaf, bytes, nonce, detail, redacted FROM entries"
		" WHERE idx >= :from ORDER BY idx",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_i64(s, ":from", (int64_t)edge->size);
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		struct sha256 leaf = merkle_leaf(stmt_col_str(s, 2));

		if (stmt_col_i64(s, 0) != (int64_t)edge->size ||
			!str_eq(stmt_col_str(s, 1), str_of(leaf.bytes, SHA256_BYTES))) {
			rc = err_set(err, ERR_CORRUPT,
				"entry %llu reads back otherwise than written",
				(unsigned long long)edge->size);
			break;
		}
		if (!log_detail_fits(stmt_col_str(s, 2), stmt_col_str(s, 3), stmt_col_str(s, 4),
			    stmt_col_i64(s, 5) != 0)) {
			rc = err_set(err, ERR_CORRUPT,
				"the detail of entry %llu is not what it commits to",
				(unsigned long long)edge->size);
			break;
		}
		merkle_append(edge, &leaf);
	}
	stmt_end(s);
	return rc;
}

/* The note in the records against the one in memory: a start would freeze on any other. */
static enum err_kind check_stored_note(struct ledger *l, struct db *db, struct err *err)
{
	struct stmt *s;
	bool row = false;
	enum err_kind rc = stmt_begin(
		db, "SELECT size, root, note FROM checkpoints ORDER BY size DESC LIMIT 1", &s, err);

	if (rc == OK)
		rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	bool fits = row && stmt_col_i64(s, 0) == (int64_t)l->latest.head.size &&
		str_eq(stmt_col_str(s, 1), str_of(l->latest.head.root.bytes, SHA256_BYTES)) &&
		str_eq(stmt_col_str(s, 2), str_of(l->latest.note, l->latest.note_len));

	stmt_end(s);
	return fits ? OK
		    : err_set(err, ERR_CORRUPT,
			      "the checkpoint of size %llu reads back otherwise than written",
			      (unsigned long long)l->latest.head.size);
}

static enum err_kind after_commit(void *arg, struct db *db, struct err *err)
{
	struct ledger *l = arg;
	struct merkle_edge read = l->signed_edge;
	struct sha256 want, have;
	uint64_t from = l->signed_edge.size;
	enum err_kind rc;

	/* Not what this connection remembers having written: what is there. */
	db_forget_pages(db);
	rc = check_stored_note(l, db, err);
	l->note_is_stored = true;
	if (rc != OK || l->pending.size == from)
		return rc;
	rc = read_back(db, &read, err);
	if (rc != OK)
		return rc;
	want = merkle_root(&l->pending);
	have = merkle_root(&read);
	if (read.size != l->pending.size || !sha256_eq(&want, &have))
		return err_set(err, ERR_CORRUPT,
			"the tree of size %llu reads back as size %llu with another root",
			(unsigned long long)l->pending.size, (unsigned long long)read.size);
	l->signed_edge = read;
	rc = log_sign(l, err);
	if (rc == OK)
		rc = add_to_tiles(l, db, from, err);
	if (rc == OK)
		rc = publish_checkpoint(l, false, err);
	if (rc != OK)
		return rc;
	show_latest(l);
	return publish_sweep(&l->publish, false, err);
}

struct writer_hooks ledger_hooks(struct ledger *l)
{
	return (struct writer_hooks){
		.begin_job = begin_job,
		.undo_job = undo_job,
		.undo_batch = undo_batch,
		.before_commit = before_commit,
		.after_commit = after_commit,
		.arg = l,
	};
}

static void bind_optional(struct stmt *s, const char *name, struct str value)
{
	if (value.len == 0)
		stmt_null(s, name);
	else
		stmt_text(s, name, value);
}

static enum err_kind insert_row(struct db *db, uint64_t index, const struct entry_draft *draft,
	const struct entry_nonce *nonce, struct str bytes, const struct sha256 *leaf,
	struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(db,
		"INSERT INTO entries (idx, leaf, bytes, nonce, detail, kind, time_us, session, record)"
		" VALUES (:idx, :leaf, :bytes, :nonce, :detail, :kind, :time_us, :session, :record)",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_i64(s, ":idx", (int64_t)index);
	stmt_blob(s, ":leaf", str_of(leaf->bytes, SHA256_BYTES));
	stmt_blob(s, ":bytes", bytes);
	stmt_blob(s, ":nonce", str_of(nonce->bytes, ENTRY_NONCE_BYTES));
	stmt_blob(s, ":detail", draft->detail);
	stmt_text(s, ":kind", str_from(draft->kind));
	stmt_i64(s, ":time_us", draft->time_us);
	bind_optional(s, ":session", draft->session);
	bind_optional(s, ":record", draft->record);
	return stmt_run(s, NULL, err);
}

enum err_kind ledger_append(struct ledger *l, struct db *db, const struct entry_draft *draft,
	uint64_t *index, struct err *err)
{
	struct entry_nonce nonce;
	struct arena mem;
	struct str bytes = STR("");
	struct out o;

	assert(l != NULL);
	if (ledger_frozen(l) != NULL)
		return err_set(err, ERR_FROZEN, "the ledger is frozen: %s", l->frozen);
	if (draft->detail.len > LIMIT_DETAIL_BYTES)
		return err_set(
			err, ERR_LIMIT, "entry: detail of more than %u bytes", LIMIT_DETAIL_BYTES);
	arena_init(&mem, (size_t)4 * LIMIT_ENTRY_BYTES);
	out_init(&o, &mem, LIMIT_ENTRY_BYTES + 256);
	random_bytes(nonce.bytes, sizeof(nonce.bytes));
	struct sha256 commit = entry_commit(&nonce, draft->detail);
	enum err_kind rc = entry_format(draft, &commit, &o, err);

	if (rc == OK)
		rc = out_finish(&o, &bytes, err);
	if (rc == OK) {
		struct sha256 leaf = merkle_leaf(bytes);

		rc = insert_row(db, l->pending.size, draft, &nonce, bytes, &leaf, err);
		if (rc == OK) {
			*index = l->pending.size;
			merkle_append(&l->pending, &leaf);
		}
	}
	arena_reset(&mem);
	return rc;
}

enum err_kind ledger_checkpoint(struct ledger *l, struct arena *mem, struct ledger_head *head,
	struct str *note, struct err *err)
{
	pthread_mutex_lock(&l->mutex);
	struct ledger_head now = l->shown.head;
	bool copied = arena_copy(mem, str_of(l->shown.note, l->shown.note_len), note);

	pthread_mutex_unlock(&l->mutex);
	if (!copied)
		return err_set(err, ERR_LIMIT, "ledger: request memory used up");
	*head = now;
	return OK;
}
