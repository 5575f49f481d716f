/* trail: session keys in memory, by session id, chained in buckets. */
#include "app/trail.h"

#include <pthread.h>

#include "app/trail_plan.h"
#include "crypto/sign.h"

enum { BUCKETS = 256, MAGIC_BYTES = 4, HEAD_BYTES = MAGIC_BYTES + 4 };
static const char magic[] = "vts1";

struct session_key {
	struct session_key *next;
	char session[LAB_ID_BYTES];
	uint32_t seq;
	struct seal_key key;
};

/* The writer's thread makes and uses keys; others only end them. */
struct session_keys {
	pthread_mutex_t lock;
	size_t count;
	struct session_key *buckets[BUCKETS];
};

enum err_kind trail_open(struct session_keys **keys, struct err *err)
{
	struct session_keys *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return err_set(err, ERR_LIMIT, "no memory for session keys");
	pthread_mutex_init(&k->lock, NULL);
	*keys = k;
	return OK;
}

static void drop(struct session_key *key)
{
	secret_wipe(key, sizeof(*key));
	free(key);
}

void trail_close(struct session_keys *keys)
{
	if (keys == NULL)
		return;
	for (size_t b = 0; b < BUCKETS; b++) {
		while (keys->buckets[b] != NULL) {
			struct session_key *first = keys->buckets[b];

			keys->buckets[b] = first->next;
			drop(first);
		}
	}
	pthread_mutex_destroy(&keys->lock);
	free(keys);
}

/* The link that holds the session's key, or the empty one at the end of its chain. Lock held. */
static struct session_key **find(struct session_keys *keys, struct str session_id)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < session_id.len; i++)
		sum = sum * 31 + (uint8_t)session_id.ptr[i];
	struct session_key **at = &keys->buckets[sum % BUCKETS];

	while (*at != NULL && !str_eq(str_from((*at)->session), session_id))
		at = &(*at)->next;
	return at;
}

void trail_forget(struct session_keys *keys, struct str session_id)
{
	pthread_mutex_lock(&keys->lock);
	struct session_key **at = find(keys, session_id);
	struct session_key *key = *at;

	if (key != NULL) {
		*at = key->next;
		keys->count--;
		drop(key);
	}
	pthread_mutex_unlock(&keys->lock);
}

static enum err_kind next_seq(struct db *db, struct str session_id, uint32_t *seq, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(db,
		"SELECT coalesce(max(seq) + 1, 0) FROM session_keys WHERE session = :session", &s,
		err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":session", session_id);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	*seq = (uint32_t)stmt_col_i64(s, 0);
	stmt_end(s);
	return OK;
}

/* Into the empty link `made`. Lock held. */
static enum err_kind make_key(struct lab *lab, struct db *db, struct str session_id,
	struct session_key **made, struct err *err)
{
	struct session_key *key = calloc(1, sizeof(*key));

	if (key == NULL || lab->session_keys->count >= LIMIT_SESSIONS) {
		free(key);
		return err_set(err, ERR_LIMIT, "%d sessions are open already", LIMIT_SESSIONS);
	}
	assert(session_id.len < sizeof(key->session));
	memcpy(key->session, session_id.ptr, session_id.len);
	seal_generate(&key->key);
	enum err_kind rc = next_seq(db, session_id, &key->seq, err);

	if (rc == OK && key->seq >= LIMIT_TRAIL_KEYS)
		rc = err_set(err, ERR_LIMIT,
			"this session has outlived %d starts of the vault: sign in again",
			LIMIT_TRAIL_KEYS);
	if (rc != OK) {
		drop(key);
		return rc;
	}
	*made = key;
	lab->session_keys->count++;
	return OK;
}

static enum err_kind has_rows(
	struct db *db, const struct session_key *key, bool *there, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(db,
		"SELECT 1 FROM session_keys WHERE session = :session AND seq = :seq LIMIT 1", &s,
		err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":session", str_from(key->session));
	stmt_i64(s, ":seq", key->seq);
	rc = stmt_step(s, there, err);
	if (rc == OK && *there)
		stmt_end(s);
	return rc;
}

struct new_rows {
	struct db *db;
	const struct session_key *key;
};

static enum err_kind insert_row(
	void *arg, struct str recipient, struct str wrapped, struct err *err)
{
	const struct new_rows *rows = arg;
	struct stmt *s;
	enum err_kind rc = stmt_begin(rows->db,
		"INSERT INTO session_keys (session, seq, recipient, wrapped) "
		"VALUES (:session, :seq, :recipient, :wrapped)",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":session", str_from(rows->key->session));
	stmt_i64(s, ":seq", rows->key->seq);
	stmt_text(s, ":recipient", recipient);
	stmt_blob(s, ":wrapped", wrapped);
	return stmt_run(s, NULL, err);
}

/*
 * The wrapped keys must be rows before anything sealed with the key is one: asked each time, because the transaction that
 * stored them may have been undone. They come and go together.
 */
static enum err_kind ensure_rows(struct lab *lab, struct db *db, struct arena *mem,
	const struct session_key *key, struct err *err)
{
	struct new_rows rows = { db, key };
	struct trail_of of = { str_from(key->session), key->seq };
	struct trail_plan plan;
	bool there;
	enum err_kind rc = has_rows(db, key, &there, err);

	if (rc != OK || there)
		return rc;
	rc = trail_plan_load(db, mem, of.session, clock_now_us(&lab->clock), &plan, err);
	return rc != OK ? rc
			: trail_wrap(&plan, &lab->keys.officer_role, &of, &key->key, mem,
				  insert_row, &rows, err);
}

/* magic || seq || sealed, in mem. */
static enum err_kind seal_with(const struct session_key *key, struct arena *mem, struct str plain,
	struct str *sealed, struct err *err)
{
	struct str body;
	struct out o;
	enum err_kind rc = seal_close(mem, &key->key, str_from(key->session), plain, &body, err);

	if (rc != OK)
		return rc;
	out_init(&o, mem, HEAD_BYTES + body.len);
	out_put(&o, STR("vts1"));
	out_be32(&o, key->seq);
	out_put(&o, body);
	return out_finish(&o, sealed, err);
}

/* The session's key, in memory and in the records. Lock held. */
static enum err_kind ensure_key(struct lab *lab, struct db *db, struct arena *mem,
	struct str session_id, const struct session_key **key, struct err *err)
{
	struct session_key **at = find(lab->session_keys, session_id);
	enum err_kind rc = OK;

	if (*at == NULL)
		rc = make_key(lab, db, session_id, at, err);
	assert(rc != OK || *at != NULL);
	if (rc == OK)
		rc = ensure_rows(lab, db, mem, *at, err);
	if (rc == OK)
		*key = *at;
	return rc;
}

enum err_kind trail_begin(
	struct lab *lab, struct db *db, struct arena *mem, struct str session_id, struct err *err)
{
	const struct session_key *key = NULL;

	pthread_mutex_lock(&lab->session_keys->lock);
	enum err_kind rc = ensure_key(lab, db, mem, session_id, &key, err);

	pthread_mutex_unlock(&lab->session_keys->lock);
	return rc;
}

enum err_kind trail_seal(struct lab *lab, struct db *db, struct arena *mem, struct str session_id,
	struct str plain, struct str *sealed, struct err *err)
{
	const struct session_key *key = NULL;

	pthread_mutex_lock(&lab->session_keys->lock);
	enum err_kind rc = ensure_key(lab, db, mem, session_id, &key, err);

	assert(rc != OK || key != NULL);
	if (rc == OK)
		rc = seal_with(key, mem, plain, sealed, err);
	pthread_mutex_unlock(&lab->session_keys->lock);
	return rc;
}

bool trail_is_sealed(struct str detail)
{
	return detail.len >= HEAD_BYTES + SEAL_OVERHEAD_BYTES &&
		memcmp(detail.ptr, magic, MAGIC_BYTES) == 0;
}

bool trail_split(struct str detail, uint32_t *seq, struct str *sealed)
{
	if (!trail_is_sealed(detail))
		return false;
	const uint8_t *at = (const uint8_t *)detail.ptr + MAGIC_BYTES;

	*seq = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	*sealed = str_skip(detail, HEAD_BYTES);
	return true;
}
