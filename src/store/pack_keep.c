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
struct pack_compaction {
	struct pack_store *store;
	uint32_t was_current; /* of the store, before */
	struct pack_place *places; /* every blob, by place */
	bool *live; /* of places[i] */
	size_t count, cap;
	bool rewrite[LIMIT_PACKS + 1]; /* packs that hold a dead blob */
	uint32_t old_last; /* packs above it are made by this compaction */
	struct pack_freed freed;
};

static enum err_kind plan_add(
	struct pack_compaction *c, const struct pack_place *place, bool live, struct err *err)
{
	if (c->count == c->cap) {
		size_t cap = c->cap == 0 ? 1024 : 2 * c->cap;
		struct pack_place *places = reallocarray(c->places, cap, sizeof(places[0]));

		if (places != NULL)
			c->places = places;
		bool *lives = reallocarray(c->live, cap, sizeof(lives[0]));

		if (lives != NULL)
			c->live = lives;
		if (places == NULL || lives == NULL)
			return err_set(err, ERR_LIMIT, "compact: no memory");
		c->cap = cap;
	}
	c->places[c->count] = *place;
	c->live[c->count] = live;
	c->count++;
	if (!live) {
		c->rewrite[place->pack] = true;
		c->freed.blobs++;
		c->freed.bytes += place->len;
	}
	return OK;
}

static enum err_kind make_plan(
	struct pack_compaction *c, struct db *db, pack_live_fn *is_live, void *arg, struct err *err)
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
			rc = plan_add(c, &place, live, err);
		if (rc != OK)
			break;
	}
	stmt_end(s);
	return rc;
}

/* Live blobs of the packs to rewrite go to new packs; their places in the plan change with them. */
static enum err_kind copy_live(struct pack_compaction *c, struct err *err)
{
	struct pack_store *store = c->store;

	store->current = 0; /* nothing is appended to an old pack */
	for (size_t i = 0; i < c->count; i++) {
		struct pack_place *place = &c->places[i];
		struct pack_file *f;
		struct str bytes;

		if (!c->live[i] || !c->rewrite[place->pack])
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
	for (uint32_t i = c->old_last + 1; i <= store->last; i++) {
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

enum err_kind pack_compact_rows(const struct pack_compaction *c, struct db *db, struct err *err)
{
	enum err_kind rc = OK;

	for (size_t i = 0; i < c->count && rc == OK; i++)
		if (!c->live[i] || c->places[i].pack > c->old_last)
			rc = move_row(db, &c->places[i], c->live[i], err);
	return rc;
}

static void free_compaction(struct pack_compaction *c)
{
	free(c->places);
	free(c->live);
	free(c);
}

static enum err_kind drop_old(struct pack_compaction *c, struct err *err)
{
	struct pack_store *store = c->store;
	enum err_kind rc = OK;

	if (store->current == 0 && !c->rewrite[c->was_current])
		store->current = c->was_current;
	for (uint32_t i = 1; i <= c->old_last && rc == OK; i++)
		if (c->rewrite[i])
			rc = pack_drop(store, i, err);
	return rc;
}

static enum err_kind drop_new(struct pack_compaction *c, struct err *err)
{
	struct pack_store *store = c->store;
	enum err_kind rc = OK;

	store->current = c->was_current;
	for (uint32_t i = c->old_last + 1; i <= store->last && rc == OK; i++)
		rc = pack_drop(store, i, err);
	store->last = c->old_last;
	return rc;
}

enum err_kind pack_compact_begin(struct pack_store *store, struct db *db, pack_live_fn *is_live,
	void *arg, struct pack_compaction **out, struct pack_freed *freed, struct err *err)
{
	struct pack_compaction *c = calloc(1, sizeof(*c));
	struct err ignored; /* the reason for the failure is the one to tell */

	assert(store->writable && !store->appending);
	if (c == NULL)
		return err_set(err, ERR_LIMIT, "compact: no memory");
	c->store = store;
	c->old_last = store->last;
	c->was_current = store->current;
	enum err_kind rc = make_plan(c, db, is_live, arg, err);

	if (rc == OK && c->freed.blobs > 0)
		rc = copy_live(c, err);
	if (rc != OK) {
		(void)!drop_new(c, &ignored);
		free_compaction(c);
		return rc;
	}
	*freed = c->freed;
	*out = c;
	return OK;
}

enum err_kind pack_compact_end(struct pack_compaction *c, bool keep, struct err *err)
{
	enum err_kind rc = c->freed.blobs == 0 ? OK : keep ? drop_old(c, err) : drop_new(c, err);

	free_compaction(c);
	return rc;
}
