/* pack_keep: keeping the content store sound over years: verify, compact. */
#include "os/fs.h"
#include "store/pack_store.h"

enum err_kind pack_verify(
	struct pack_store *store, struct db *db, uint64_t *checked, struct err *err)
{
	struct stmt *s;
	bool row = false;
	uint64_t count = 0;
	enum err_kind rc = stmt_begin(
		db, "SELECT digest, pack, offset, len FROM blobs ORDER BY pack, offset", &s, err);

	if (rc != OK)
		return rc;
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		struct pack_place place;
		struct str bytes;

		rc = pack_place_of(s, &place, err);
		if (rc == OK)
			rc = pack_bytes(store, &place, true, &bytes, err);
		if (rc != OK)
			break;
		count++;
	}
	stmt_end(s);
	if (rc == OK)
		*checked = count;
	return rc;
}

/* What a compaction has found out. */
struct plan {
	struct pack_place *places; /* every blob, by place */
	bool *live; /* of places[i] */
	size_t count, cap;
	bool rewrite[LIMIT_PACKS + 1]; /* packs that hold a dead blob */
	uint32_t old_last; /* packs above it are made by this compaction */
	size_t dead_count;
	uint64_t freed_bytes;
};

static enum err_kind plan_add(
	struct plan *p, const struct pack_place *place, bool live, struct err *err)
{
	if (p->count == p->cap) {
		size_t cap = p->cap == 0 ? 1024 : 2 * p->cap;
		struct pack_place *places = reallocarray(p->places, cap, sizeof(places[0]));

		if (places != NULL)
			p->places = places;
		bool *lives = reallocarray(p->live, cap, sizeof(lives[0]));

		if (lives != NULL)
			p->live = lives;
		if (places == NULL || lives == NULL)
			return err_set(err, ERR_LIMIT, "compact: no memory");
		p->cap = cap;
	}
	p->places[p->count] = *place;
	p->live[p->count] = live;
	p->count++;
	if (!live) {
		p->rewrite[place->pack] = true;
		p->dead_count++;
		p->freed_bytes += place->len;
	}
	return OK;
}

static enum err_kind make_plan(
	struct plan *p, struct db *db, pack_live_fn *is_live, void *arg, struct err *err)
{
	struct stmt *s;
	bool row = false;
	enum err_kind rc = stmt_begin(
		db, "SELECT digest, pack, offset, len FROM blobs ORDER BY pack, offset", &s, err);

	if (rc != OK)
		return rc;
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		struct pack_place place;
		bool live = true;

		rc = pack_place_of(s, &place, err);
		if (rc == OK)
			rc = is_live(arg, &place.digest, &live, err);
		if (rc == OK)
			rc = plan_add(p, &place, live, err);
		if (rc != OK)
			break;
	}
	stmt_end(s);
	return rc;
}

/* Live blobs of the packs to rewrite go to new packs; their places in the plan change with them. */
static enum err_kind copy_live(struct pack_store *store, struct plan *p, struct err *err)
{
	store->current = 0; /* nothing is appended to an old pack */
	for (size_t i = 0; i < p->count; i++) {
		struct pack_place *place = &p->places[i];
		struct pack_file *f;
		struct str bytes;

		if (!p->live[i] || !p->rewrite[place->pack])
			continue;
		enum err_kind rc = pack_bytes(store, place, true, &bytes, err);

		if (rc == OK)
			rc = pack_room(store, place->len, &f, err);
		if (rc != OK)
			return rc;
		uint64_t offset = f->used;

		rc = pack_file_append(f, bytes, err);
		if (rc != OK)
			return rc;
		place->pack = f->number;
		place->offset = offset;
	}
	for (uint32_t i = p->old_last + 1; i <= store->last; i++) {
		enum err_kind rc = pack_file_sync(store->files[i], err);

		if (rc != OK)
			return rc;
	}
	return fs_sync_dir(store->dir_fd, ".", err);
}

static enum err_kind move_row(
	struct db *db, const struct pack_place *place, bool live, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(db,
		live ? "UPDATE blobs SET pack = :pack, offset = :offset WHERE digest = :digest"
		     : "DELETE FROM blobs WHERE digest = :digest",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_blob(s, ":digest", str_of(place->digest.bytes, SHA256_BYTES));
	if (live) {
		stmt_i64(s, ":pack", place->pack);
		stmt_i64(s, ":offset", (int64_t)place->offset);
	}
	return stmt_run(s, NULL, err);
}

static enum err_kind move_rows(const struct plan *p, struct db *db, struct err *err)
{
	enum err_kind rc = db_begin(db, err);

	for (size_t i = 0; i < p->count && rc == OK; i++)
		if (!p->live[i] || p->places[i].pack > p->old_last)
			rc = move_row(db, &p->places[i], p->live[i], err);
	if (rc == OK)
		rc = db_commit(db, err);
	if (rc != OK)
		db_rollback(db);
	return rc;
}

static enum err_kind drop_packs(
	struct pack_store *store, const struct plan *p, bool rewritten, struct err *err)
{
	enum err_kind rc = OK;

	if (rewritten) {
		for (uint32_t i = 1; i <= p->old_last && rc == OK; i++)
			if (p->rewrite[i])
				rc = pack_drop(store, i, err);
	} else {
		for (uint32_t i = p->old_last + 1; i <= store->last && rc == OK; i++)
			rc = pack_drop(store, i, err);
		store->last = p->old_last;
	}
	return rc;
}

enum err_kind pack_compact(struct pack_store *store, struct db *db, pack_live_fn *is_live,
	void *arg, uint64_t *freed_bytes, struct err *err)
{
	uint32_t was_current = store->current;
	struct plan *p = calloc(1, sizeof(*p));

	assert(store->writable && !store->appending);
	if (p == NULL)
		return err_set(err, ERR_LIMIT, "compact: no memory");
	p->old_last = store->last;
	enum err_kind rc = make_plan(p, db, is_live, arg, err);

	if (rc == OK && p->dead_count > 0) {
		rc = copy_live(store, p, err);
		if (rc == OK)
			rc = move_rows(p, db, err);
		if (rc == OK) {
			if (store->current == 0 && !p->rewrite[was_current])
				store->current = was_current;
			rc = drop_packs(store, p, true, err);
		} else {
			struct err ignored; /* the reason for the failure is the one to tell */

			store->current = was_current;
			(void)!drop_packs(store, p, false, &ignored);
		}
	}
	if (rc == OK)
		*freed_bytes = p->freed_bytes;
	free(p->places);
	free(p->live);
	free(p);
	return rc;
}
