#include "cli/trail_reader.h"

#include <fcntl.h>

#include "app/trail.h"
#include "base/hex.h"
#include "format/json.h"
#include "os/fs.h"

static enum err_kind read_role_secret(struct trail_reader *t, const char *path, struct err *err)
{
	struct str bytes;
	enum err_kind rc = fs_read(AT_FDCWD, path, sizeof(t->role_secret), &t->mem, &bytes, err);

	if (rc == OK && bytes.len != sizeof(t->role_secret.bytes))
		rc = err_set(err, ERR_INPUT, "%.200s: not an officer role's key", path);
	if (rc != OK)
		return rc;
	memcpy(t->role_secret.bytes, bytes.ptr, bytes.len);
	box_public_of(&t->role_secret, &t->role_public);
	return OK;
}

/* Base64 member of an object, decoded into t->mem. */
static enum err_kind decoded(struct trail_reader *t, const json_t *object, const char *key,
	struct str *bytes, struct err *err)
{
	struct str text;
	size_t len;

	if (!json_str(object, key, &text))
		return err_set(err, ERR_CORRUPT, "the vault's answer lacks %s", key);
	char *buf = arena_alloc(&t->mem, text.len + 1, 1);

	if (buf == NULL)
		return err_set(err, ERR_LIMIT, "memory used up");
	if (!base64_parse(text, buf, text.len + 1, &len))
		return err_set(err, ERR_CORRUPT, "the vault's answer: %s is not base64", key);
	*bytes = str_of(buf, len);
	return OK;
}

static enum err_kind unwrap_keys(struct trail_reader *t, const json_t *rows, struct err *err)
{
	size_t at;
	const json_t *row;

	json_array_foreach(rows, at, row)
	{
		struct str wrapped = STR(""), key = STR(""), recipient = STR("");
		int64_t seq = -1;
		enum err_kind rc;

		if (!json_str(row, "recipient", &recipient) ||
			!str_eq(recipient, STR(TRAIL_OFFICER_ROLE)) ||
			!json_i64(row, "seq", &seq) || seq < 0 || seq >= TRAIL_KEYS_MAX ||
			t->has_key[seq])
			continue;
		rc = decoded(t, row, "wrapped", &wrapped, err);
		if (rc == OK)
			rc = box_open(
				&t->mem, &t->role_public, &t->role_secret, wrapped, &key, err);
		if (rc == OK && key.len != SEAL_KEY_BYTES)
			rc = err_set(err, ERR_CORRUPT, "a session key of a wrong size");
		if (rc == ERR_CORRUPT)
			return err_set(
				err, ERR_DENIED, "this key does not open the session's trail");
		if (rc != OK)
			return rc;
		memcpy(t->keys[seq].bytes, key.ptr, SEAL_KEY_BYTES);
		t->has_key[seq] = true;
	}
	return OK;
}

static enum err_kind open_item(
	struct trail_reader *t, const json_t *row, struct trail_item *item, struct err *err)
{
	struct str detail = STR(""), sealed = STR("");
	uint32_t seq = 0;
	enum err_kind rc = decoded(t, row, "sealed", &detail, err);

	if (rc != OK)
		return rc;
	if (!json_i64(row, "index", &item->index) || !json_str(row, "time", &item->time) ||
		!json_str(row, "kind", &item->kind) || !trail_split(detail, &seq, &sealed) ||
		seq >= TRAIL_KEYS_MAX || !t->has_key[seq])
		return err_set(err, ERR_CORRUPT, "an item of the trail has no key here");
	rc = seal_open(&t->mem, &t->keys[seq], t->session, sealed, &item->plain, err);
	if (rc != OK)
		err_context(err, "entry %lld", (long long)item->index);
	return rc;
}

static enum err_kind open_items(
	struct trail_reader *t, const json_t *rows, trail_item_fn *item, void *arg, struct err *err)
{
	size_t at;
	const json_t *row;

	json_array_foreach(rows, at, row)
	{
		struct trail_item opened = { .time = STR(""), .kind = STR(""), .plain = STR("") };
		enum err_kind rc = open_item(t, row, &opened, err);

		if (rc == OK)
			rc = item(arg, &opened, err);
		if (rc != OK)
			return rc;
	}
	return OK;
}

/* One answer of the vault; *from gets where the next begins, or -1. */
static enum err_kind open_some(struct trail_reader *t, struct console *c, int64_t *from,
	trail_item_fn *item, void *arg, struct err *err)
{
	struct client_answer answer;
	json_t *root;
	struct str body;
	struct out o;
	struct jw w;

	out_init(&o, &c->mem, LIMIT_LINE_BYTES);
	jw_init(&w, &o);
	jw_object(&w);
	jw_kstr(&w, "session", t->session);
	jw_ki64(&w, "from", *from);
	jw_object_end(&w);
	enum err_kind rc = out_finish(&o, &body, err);

	if (rc == OK)
		rc = console_verb(c, "trail.export", body, &answer, err);
	if (rc == OK)
		rc = json_parse(answer.json, LIMIT_ANSWER_BYTES, &root, err);
	if (rc != OK)
		return rc;
	rc = unwrap_keys(t, json_object_get(root, "keys"), err);
	if (rc == OK)
		rc = open_items(t, json_object_get(root, "items"), item, arg, err);
	if (!json_i64(root, "next", from))
		*from = -1;
	json_decref(root);
	return rc;
}

enum err_kind trail_reader_open(
	const struct cli *cli, const char *key_path, struct trail_reader *t, struct err *err)
{
	*t = (struct trail_reader){ .cli = cli, .session = STR("") };
	arena_init(&t->mem, 16 * (size_t)LIMIT_FRAME_BYTES);
	enum err_kind rc = crypto_init(err);

	return rc == OK ? read_role_secret(t, key_path, err) : rc;
}

void trail_reader_close(struct trail_reader *t)
{
	arena_wipe(&t->mem);
	secret_wipe(t, sizeof(*t));
}

enum err_kind trail_reader_session(
	struct trail_reader *t, struct str session, trail_item_fn *item, void *arg, struct err *err)
{
	enum err_kind rc = OK;

	t->session = session;
	secret_wipe(t->keys, sizeof(t->keys));
	memset(t->has_key, 0, sizeof(t->has_key));
	for (int64_t from = 0; rc == OK && from >= 0;) {
		struct console c;

		rc = console_open(t->cli, CONSOLE_SIGNED_IN, &c, err);
		if (rc != OK)
			break;
		rc = open_some(t, &c, &from, item, arg, err);
		console_close(&c);
		/* What was opened is not kept beyond its use. */
		arena_wipe(&t->mem);
	}
	return rc;
}
