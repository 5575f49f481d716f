#include "app/person_key.h"

#include "app/webauthn.h"

#define COLUMNS                                                                                    \
	"id, person, key, label, credential, counter, added_us, root, statement, signature,"       \
	" from_us, until_us, revoked_us"

enum person_key_state person_key_state(
	const struct person_key *key, const struct sign_public *root, int64_t now_us)
{
	if (key->revoked_us != 0)
		return PERSON_KEY_REVOKED;
	if (!key->is_certified)
		return PERSON_KEY_WAITS;
	if (now_us >= key->until_us)
		return PERSON_KEY_OVER;
	if (root == NULL || memcmp(root->bytes, key->root.bytes, sizeof(root->bytes)) != 0)
		return PERSON_KEY_UNROOTED;
	return now_us < key->from_us ? PERSON_KEY_EARLY : PERSON_KEY_COUNTS;
}

const char *person_key_state_word(enum person_key_state state)
{
	static const char *const words[] = {
		[PERSON_KEY_COUNTS] = "counts",
		[PERSON_KEY_WAITS] = "waits",
		[PERSON_KEY_EARLY] = "early",
		[PERSON_KEY_OVER] = "over",
		[PERSON_KEY_UNROOTED] = "unrooted",
		[PERSON_KEY_REVOKED] = "revoked",
	};

	return words[state];
}

/* Of exactly `len` bytes. */
static bool copy_fixed(struct stmt *s, int column, void *to, size_t len)
{
	struct str bytes = stmt_col_str(s, column);

	if (bytes.len != len)
		return false;
	memcpy(to, bytes.ptr, len);
	return true;
}

static bool read_certificate(struct arena *mem, struct stmt *s, struct person_key *key)
{
	key->is_certified = !stmt_col_is_null(s, 7);
	if (!key->is_certified)
		return true;
	key->from_us = stmt_col_i64(s, 10);
	key->until_us = stmt_col_i64(s, 11);
	return copy_fixed(s, 7, key->root.bytes, sizeof(key->root.bytes)) &&
		arena_copy(mem, stmt_col_str(s, 8), &key->statement) &&
		arena_copy(mem, stmt_col_str(s, 9), &key->signature);
}

/* A row of COLUMNS. */
static enum err_kind read_row(
	struct arena *mem, struct stmt *s, struct person_key *key, struct err *err)
{
	int64_t counter = stmt_col_i64(s, 5);

	*key = (struct person_key){ .counter = (uint32_t)counter,
		.added_us = stmt_col_i64(s, 6),
		.revoked_us = stmt_col_i64(s, 12),
		.statement = STR(""),
		.signature = STR("") };
	bool is_read = copy_fixed(s, 0, key->id.bytes, sizeof(key->id.bytes)) &&
		arena_copy(mem, stmt_col_str(s, 1), &key->person) &&
		arena_copy(mem, stmt_col_str(s, 2), &key->key_text) &&
		arena_copy(mem, stmt_col_str(s, 3), &key->label) &&
		arena_copy(mem, stmt_col_str(s, 4), &key->credential) &&
		read_certificate(mem, s, key) && public_key_parse(key->key_text, &key->key);
	struct sha256 id = public_key_id(&key->key);

	if (!is_read || counter < 0 || counter > UINT32_MAX || !sha256_eq(&id, &key->id))
		return err_set(err, ERR_CORRUPT, "a person's key is not as it was stored");
	return OK;
}

enum err_kind person_keys_load(struct db *db, struct arena *mem, struct str person,
	struct person_key keys[PERSON_KEYS_MAX], size_t *count, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(db,
		"SELECT " COLUMNS " FROM person_keys WHERE person = :person ORDER BY added_us, id",
		&s, err);

	*count = 0;
	if (rc != OK)
		return rc;
	stmt_text(s, ":person", person);
	for (;;) {
		rc = stmt_step(s, &row, err);
		if (rc != OK || !row)
			return rc;
		if (*count == PERSON_KEYS_MAX)
			rc = err_set(err, ERR_CORRUPT, "%.*s has too many keys", STR_ARG(person));
		else
			rc = read_row(mem, s, &keys[(*count)++], err);
		if (rc != OK) {
			stmt_end(s);
			return rc;
		}
	}
}

enum err_kind person_key_find(struct db *db, struct arena *mem, const struct sha256 *id,
	struct person_key *key, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(
		db, "SELECT " COLUMNS " FROM person_keys WHERE id = :id", &s, err);

	if (rc != OK)
		return rc;
	stmt_blob(s, ":id", str_of(id->bytes, sizeof(id->bytes)));
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	if (!row)
		return err_set(err, ERR_NOT_FOUND, "there is no such key, or not for you");
	rc = read_row(mem, s, key, err);
	stmt_end(s);
	return rc;
}

/* Bind what a row holds; a certificate's parts are NULL where there is none. */
static void bind_state(struct stmt *s, const struct person_key *key)
{
	stmt_text(s, ":label", key->label);
	stmt_i64(s, ":counter", key->counter);
	stmt_blob(s, ":id", str_of(key->id.bytes, sizeof(key->id.bytes)));
	if (key->revoked_us != 0)
		stmt_i64(s, ":revoked", key->revoked_us);
	else
		stmt_null(s, ":revoked");
	if (!key->is_certified) {
		static const char *const parts[] = { ":root", ":statement", ":signature", ":from",
			":until" };

		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
			stmt_null(s, parts[i]);
		return;
	}
	stmt_blob(s, ":root", str_of(key->root.bytes, sizeof(key->root.bytes)));
	stmt_text(s, ":statement", key->statement);
	stmt_blob(s, ":signature", key->signature);
	stmt_i64(s, ":from", key->from_us);
	stmt_i64(s, ":until", key->until_us);
}

static enum err_kind check_room(struct db *db, struct str person, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(
		db, "SELECT count(*) FROM person_keys WHERE person = :person", &s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":person", person);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	assert(row);
	if (stmt_col_i64(s, 0) >= PERSON_KEYS_MAX)
		rc = err_set(err, ERR_LIMIT, "a person has at most %d keys, revoked ones too",
			PERSON_KEYS_MAX);
	stmt_end(s);
	return rc;
}

enum err_kind person_key_insert(struct db *db, const struct person_key *key, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = check_room(db, key->person, err);

	if (rc == OK)
		rc = stmt_begin(db,
			"INSERT INTO person_keys (label, counter, root, statement, signature, from_us,"
			" until_us, revoked_us, id, person, key, credential, added_us)"
			" VALUES (:label, :counter, :root, :statement, :signature, :from, :until,"
			" :revoked, :id, :person, :key, :credential, :added)",
			&s, err);
	if (rc != OK)
		return rc;
	bind_state(s, key);
	stmt_text(s, ":person", key->person);
	stmt_text(s, ":key", key->key_text);
	if (key->credential.len > 0)
		stmt_blob(s, ":credential", key->credential);
	else
		stmt_null(s, ":credential");
	stmt_i64(s, ":added", key->added_us);
	rc = stmt_run(s, NULL, err);
	return rc == ERR_CONFLICT ? err_set(err, rc, "this key is known already") : rc;
}

enum err_kind person_key_update(struct db *db, const struct person_key *key, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(db,
		"UPDATE person_keys SET label = :label, counter = :counter, root = :root,"
		" statement = :statement, signature = :signature, from_us = :from,"
		" until_us = :until, revoked_us = :revoked WHERE id = :id",
		&s, err);

	if (rc != OK)
		return rc;
	bind_state(s, key);
	return stmt_run(s, NULL, err);
}

struct webauthn_place person_key_place(const struct settings *settings)
{
	return (struct webauthn_place){ .rp_id = str_from(settings->rp_id),
		.origin = str_from(settings->web_origin) };
}
