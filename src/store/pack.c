#include "store/pack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "os/fs.h"
#include "os/log.h"
#include "store/pack_store.h"

static enum err_kind add_file(struct pack_store *store, const struct pack_file *f, struct err *err)
{
	struct pack_file *copy = malloc(sizeof(*copy));

	if (copy == NULL)
		return err_set(err, ERR_LIMIT, "store: no memory");
	*copy = *f;
	pthread_mutex_lock(&store->mutex);
	assert(store->files[f->number] == NULL);
	store->files[f->number] = copy;
	if (f->number > store->last)
		store->last = f->number;
	pthread_mutex_unlock(&store->mutex);
	return OK;
}

/* Open one pack of which rows name the first `used` bytes. */
static enum err_kind open_named(
	struct pack_store *store, int64_t number, int64_t used, struct err *err)
{
	struct pack_file f;

	if (number < 1 || number > LIMIT_PACKS || used < PACK_HEADER_BYTES)
		return err_set(err, ERR_CORRUPT, "store: a row names pack %lld, %lld bytes",
			(long long)number, (long long)used);
	enum err_kind rc = pack_file_open(
		store->dir_fd, (uint32_t)number, (uint64_t)used, store->writable, &f, err);

	if (rc != OK)
		return rc;
	if (f.damaged)
		log_line(LOG_ERROR,
			"store/%04u.pack is missing, cut short or foreign: what it held may be lost",
			f.number);
	else if (store->writable)
		rc = pack_file_cut(&f, f.used, err);
	if (rc == OK)
		rc = add_file(store, &f, err);
	if (rc != OK)
		pack_file_close(&f);
	return rc;
}

static enum err_kind open_all_named(struct pack_store *store, struct db *db, struct err *err)
{
	struct stmt *s;
	bool row = false;
	enum err_kind rc = stmt_begin(db,
		"SELECT pack, MAX(offset + len) FROM blobs GROUP BY pack ORDER BY pack", &s, err);

	if (rc != OK)
		return rc;
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		rc = open_named(store, stmt_col_i64(s, 0), stmt_col_i64(s, 1), err);
		if (rc != OK)
			break;
		struct pack_file *f = store->files[store->last];

		if (!f->damaged)
			store->current = f->number;
	}
	stmt_end(s);
	return rc;
}

/* What an interrupted ingest or compaction left: packs that no row names. */
static enum err_kind remove_unnamed(struct pack_store *store, struct err *err)
{
	int fd = openat(store->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	enum err_kind rc = OK;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return err_errno(err, errno, "read store/");
	}
	for (struct dirent *e; rc == OK && (e = readdir(dir)) != NULL;) {
		uint32_t number;

		if (!pack_number(e->d_name, &number) ||
			(number <= LIMIT_PACKS && store->files[number] != NULL))
			continue;
		log_line(LOG_INFO, "store/%s was never finished: removed", e->d_name);
		rc = fs_remove(store->dir_fd, e->d_name, err);
	}
	closedir(dir);
	return rc;
}

static enum err_kind open_store(
	int dir_fd, struct db *db, bool writable, struct pack_store **out, struct err *err)
{
	struct pack_store *store = calloc(1, sizeof(*store));
	enum err_kind rc = OK;

	if (store == NULL)
		return err_set(err, ERR_LIMIT, "store: no memory");
	store->dir_fd = dir_fd;
	store->lock_fd = -1;
	store->writable = writable;
	pthread_mutex_init(&store->mutex, NULL);
	if (writable)
		rc = fs_lock(dir_fd, "lock", &store->lock_fd, err);
	if (rc == OK)
		rc = open_all_named(store, db, err);
	if (rc == OK && writable)
		rc = remove_unnamed(store, err);
	if (rc == OK)
		*out = store;
	else
		pack_close(store);
	return rc;
}

enum err_kind pack_open(int dir_fd, struct db *db, struct pack_store **store, struct err *err)
{
	return open_store(dir_fd, db, true, store, err);
}

enum err_kind pack_open_read(int dir_fd, struct db *db, struct pack_store **store, struct err *err)
{
	return open_store(dir_fd, db, false, store, err);
}

void pack_close(struct pack_store *store)
{
	if (store == NULL)
		return;
	assert(!store->appending);
	for (uint32_t i = 1; i <= store->last; i++) {
		if (store->files[i] == NULL)
			continue;
		pack_file_close(store->files[i]);
		free(store->files[i]);
	}
	pack_seen_reset(&store->seen);
	pack_table_reset(&store->batch);
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	pthread_mutex_destroy(&store->mutex);
	free(store);
}

enum err_kind pack_begin(struct pack_store *store, struct err *err)
{
	assert(store->writable);
	pthread_mutex_lock(&store->mutex);
	bool busy = store->appending;

	store->appending = true;
	pthread_mutex_unlock(&store->mutex);
	if (busy)
		return err_set(err, ERR_CONFLICT, "another ingest is under way: wait for its end");
	store->batch_pack = store->current;
	store->batch_used = store->current == 0 ? 0 : store->files[store->current]->used;
	store->batch_last = store->last;
	return OK;
}

enum err_kind pack_room(
	struct pack_store *store, uint64_t len, struct pack_file **f, struct err *err)
{
	struct pack_file fresh;
	struct pack_file *now = store->current == 0 ? NULL : store->files[store->current];

	if (len > LIMIT_FILE_BYTES)
		return err_set(err, ERR_LIMIT, "a blob of %llu bytes: at most %llu",
			(unsigned long long)len, (unsigned long long)LIMIT_FILE_BYTES);
	if (now != NULL &&
		(now->used == PACK_HEADER_BYTES || now->used + len <= LIMIT_PACK_BYTES)) {
		*f = now;
		return OK;
	}
	if (store->last == LIMIT_PACKS)
		return err_set(err, ERR_LIMIT, "the store is full: %d packs", LIMIT_PACKS);
	enum err_kind rc = pack_file_create(store->dir_fd, store->last + 1, &fresh, err);

	if (rc != OK)
		return rc;
	rc = add_file(store, &fresh, err);
	if (rc != OK) {
		pack_file_close(&fresh);
		return rc;
	}
	store->current = fresh.number;
	*f = store->files[fresh.number];
	return OK;
}

enum err_kind pack_place_of(struct stmt *s, struct pack_place *place, struct err *err)
{
	struct str digest = stmt_col_str(s, 0);
	int64_t pack = stmt_col_i64(s, 1), offset = stmt_col_i64(s, 2), len = stmt_col_i64(s, 3);

	if (digest.len != SHA256_BYTES || pack < 1 || pack > LIMIT_PACKS ||
		offset < PACK_HEADER_BYTES || offset > (int64_t)LIMIT_PACK_BYTES || len < 0 ||
		len > (int64_t)LIMIT_FILE_BYTES)
		return err_set(err, ERR_CORRUPT, "store: a row of blobs makes no sense");
	memcpy(place->digest.bytes, digest.ptr, SHA256_BYTES);
	place->pack = (uint32_t)pack;
	place->offset = (uint64_t)offset;
	place->len = (uint64_t)len;
	return OK;
}

/* *found says whether a row names the digest. */
static enum err_kind find_row(struct db *db, const struct sha256 *digest, struct pack_place *place,
	bool *found, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(
		db, "SELECT digest, pack, offset, len FROM blobs WHERE digest = :digest", &s, err);

	if (rc != OK)
		return rc;
	stmt_blob(s, ":digest", str_of(digest->bytes, SHA256_BYTES));
	rc = stmt_step(s, found, err);
	if (rc == OK && *found)
		rc = pack_place_of(s, place, err);
	stmt_end(s);
	return rc;
}

enum err_kind pack_add(struct pack_store *store, struct db *read, struct str bytes,
	struct pack_place *place, bool *fresh, struct err *err)
{
	struct pack_file *f = NULL;
	struct pack_place found = { .pack = 0 };
	struct sha256 digest = sha256_of(bytes);
	const struct pack_place *same = pack_table_find(&store->batch, &digest);
	bool is_old = same != NULL;
	enum err_kind rc = OK;

	assert(store->appending);
	if (is_old)
		found = *same;
	else
		rc = find_row(read, &digest, &found, &is_old, err);
	if (rc != OK)
		return rc;
	if (!is_old) {
		rc = pack_room(store, bytes.len, &f, err);
		if (rc != OK)
			return rc;
		assert(f != NULL);
		found = (struct pack_place){
			.digest = digest, .pack = f->number, .offset = f->used, .len = bytes.len
		};
		rc = pack_file_append(f, bytes, err);
		if (rc == OK)
			rc = pack_table_add(&store->batch, &found, err);
		if (rc != OK)
			return rc;
	}
	*place = found;
	*fresh = !is_old;
	return OK;
}

enum err_kind pack_sync(struct pack_store *store, struct err *err)
{
	enum err_kind rc = OK;

	assert(store->appending);
	if (store->batch.count == 0)
		return OK;
	if (store->batch_pack != 0 && store->files[store->batch_pack]->used != store->batch_used)
		rc = pack_file_sync(store->files[store->batch_pack], err);
	for (uint32_t i = store->batch_last + 1; i <= store->last && rc == OK; i++)
		rc = pack_file_sync(store->files[i], err);
	if (rc == OK && store->last > store->batch_last) {
		rc = fs_sync_dir(store->dir_fd, ".", err);
		if (rc != OK)
			pack_disk_failed(err);
	}
	return rc;
}

enum err_kind pack_drop(struct pack_store *store, uint32_t number, struct err *err)
{
	char name[PACK_NAME_BYTES];

	pack_name(number, name);
	pthread_mutex_lock(&store->mutex);
	struct pack_file *f = store->files[number];

	store->files[number] = NULL;
	pthread_mutex_unlock(&store->mutex);
	if (f != NULL) {
		pack_file_close(f);
		free(f);
	}
	return fs_remove(store->dir_fd, name, err);
}

/* Bytes that stay behind after a failure here are cut off at the next start, or by the next batch. */
static void cut_batch(struct pack_store *store)
{
	struct err err;

	for (uint32_t i = store->batch_last + 1; i <= store->last; i++)
		if (pack_drop(store, i, &err) != OK)
			log_line(LOG_WARN, "%s", err.msg);
	store->last = store->batch_last;
	store->current = store->batch_pack;
	if (store->current != 0 &&
		pack_file_cut(store->files[store->current], store->batch_used, &err) != OK)
		log_line(LOG_WARN, "%s", err.msg);
}

void pack_end(struct pack_store *store, bool keep)
{
	assert(store->appending);
	if (!keep)
		cut_batch(store);
	pack_table_reset(&store->batch);
	pthread_mutex_lock(&store->mutex);
	store->appending = false;
	pthread_mutex_unlock(&store->mutex);
}

enum err_kind pack_record(
	struct db *db, const struct pack_place *places, size_t count, struct err *err)
{
	enum err_kind rc = OK;

	for (size_t i = 0; i < count && rc == OK; i++) {
		struct stmt *s;

		rc = stmt_begin(db,
			"INSERT INTO blobs (digest, pack, offset, len)"
			" VALUES (:digest, :pack, :offset, :len)",
			&s, err);
		if (rc != OK)
			return rc;
		stmt_blob(s, ":digest", str_of(places[i].digest.bytes, SHA256_BYTES));
		stmt_i64(s, ":pack", places[i].pack);
		stmt_i64(s, ":offset", (int64_t)places[i].offset);
		stmt_i64(s, ":len", (int64_t)places[i].len);
		rc = stmt_run(s, NULL, err);
	}
	return rc;
}

static enum err_kind bad_blob(const struct sha256 *digest, const char *why, struct err *err)
{
	char hex[SHA256_HEX_BYTES];

	sha256_format(digest, hex);
	return err_set(err, ERR_CORRUPT, "blob %s: %s", hex, why);
}

enum err_kind pack_bytes(struct pack_store *store, const struct pack_place *place, bool always_hash,
	struct str *bytes, struct err *err)
{
	enum err_kind rc = OK;

	pthread_mutex_lock(&store->mutex);
	struct pack_file *f = store->files[place->pack];
	/* An empty blob shares its place with the next one. */
	bool seen = place->len > 0 && pack_seen_has(&store->seen, place->pack, place->offset);

	if (f != NULL)
		rc = pack_file_map(f, err);
	pthread_mutex_unlock(&store->mutex);
	if (rc != OK)
		return rc == ERR_CORRUPT ? bad_blob(&place->digest, "its pack is missing", err)
					 : rc;
	if (f == NULL)
		return bad_blob(&place->digest, "its pack is missing", err);
	struct str mapped = str_of(f->map + place->offset, (size_t)place->len);

	if (!seen || always_hash) {
		/* Beyond the end of the file lies SIGBUS, not an error: ask before touching. */
		if (!pack_file_holds(f, place->offset, place->len))
			return bad_blob(&place->digest, "its pack is cut short", err);
		struct sha256 digest = sha256_of(mapped);

		if (!sha256_eq(&digest, &place->digest))
			return bad_blob(
				&place->digest, "stored bytes differ from their digest", err);
		pthread_mutex_lock(&store->mutex);
		if (place->len > 0)
			pack_seen_add(&store->seen, place->pack, place->offset);
		pthread_mutex_unlock(&store->mutex);
	}
	*bytes = mapped;
	return OK;
}

enum err_kind pack_read(struct pack_store *store, struct db *db, const struct sha256 *digest,
	struct str *bytes, struct err *err)
{
	struct pack_place place = { .pack = 0 };
	bool found = false;
	enum err_kind rc = find_row(db, digest, &place, &found, err);

	if (rc != OK)
		return rc;
	if (!found) {
		char hex[SHA256_HEX_BYTES];

		sha256_format(digest, hex);
		return err_set(err, ERR_NOT_FOUND, "no blob %s", hex);
	}
	return pack_bytes(store, &place, false, bytes, err);
}
