/*
 * trail: opens one session's sealed trail at the officer's own tool: the vault hands out what is sealed and the
 * wrapped keys, and never sees the secret that opens them.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/trail.h"
#include "base/hex.h"
#include "cli/console.h"
#include "format/json.h"
#include "os/fs.h"

/* A session whose vault was started again has one more key each time. */
enum { KEYS_MAX = 64 };

struct opened {
	struct arena mem;
	struct str session;
	struct box_secret role_secret;
	struct box_public role_public;
	struct seal_key keys[KEYS_MAX];
	bool has_key[KEYS_MAX];
	uint64_t items;
};

static enum err_kind read_role_secret(struct opened *t, const char *path, struct err *err)
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
static enum err_kind decoded(
	struct opened *t, const json_t *object, const char *key, struct str *bytes, struct err *err)
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

static enum err_kind unwrap_keys(struct opened *t, const json_t *rows, struct err *err)
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
			!json_i64(row, "seq", &seq) || seq < 0 || seq >= KEYS_MAX ||
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

static enum err_kind print_items(struct opened *t, const json_t *rows, struct err *err)
{
	size_t at;
	const json_t *row;

	json_array_foreach(rows, at, row)
	{
		struct str detail = STR(""), sealed = STR(""), plain = STR("");
		struct str time = STR(""), kind = STR("");
		uint32_t seq = 0;
		int64_t index = 0;
		enum err_kind rc = decoded(t, row, "sealed", &detail, err);

		if (rc != OK)
			return rc;
		if (!json_i64(row, "index", &index) || !json_str(row, "time", &time) ||
			!json_str(row, "kind", &kind) || !trail_split(detail, &seq, &sealed) ||
			seq >= KEYS_MAX || !t->has_key[seq])
			return err_set(err, ERR_CORRUPT, "item %zu has no key here", at);
		rc = seal_open(&t->mem, &t->keys[seq], t->session, sealed, &plain, err);
		if (rc != OK)
			return err_context(err, "entry %lld", (long long)index);
		printf("%lld %.*s %.*s %.*s\n", (long long)index, STR_ARG(time), STR_ARG(kind),
			STR_ARG(plain));
		t->items++;
	}
	return OK;
}

/* One answer of the vault; *from gets where the next begins, or -1. */
static enum err_kind open_some(struct opened *t, struct console *c, int64_t *from, struct err *err)
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
		rc = print_items(t, json_object_get(root, "items"), err);
	if (!json_i64(root, "next", from))
		*from = -1;
	json_decref(root);
	return rc;
}

int cmd_trail(const struct cli *cli, int argc, char **argv)
{
	struct opened t = { 0 };
	struct err err;
	enum err_kind rc = OK;

	if (argc != 5 || strcmp(argv[1], "open") != 0 || strcmp(argv[3], "--key") != 0)
		return cmd_misuse(argv[0]);
	t.session = str_from(argv[2]);
	arena_init(&t.mem, 16 * (size_t)LIMIT_FRAME_BYTES);
	rc = crypto_init(&err);
	if (rc == OK)
		rc = read_role_secret(&t, argv[4], &err);
	for (int64_t from = 0; rc == OK && from >= 0;) {
		struct console c;

		rc = console_open(cli, CONSOLE_SIGNED_IN, &c, &err);
		if (rc != OK)
			break;
		rc = open_some(&t, &c, &from, &err);
		console_close(&c);
	}
	if (rc == OK)
		fprintf(stderr, "%llu items\n", (unsigned long long)t.items);
	secret_wipe(&t.role_secret, sizeof(t.role_secret));
	secret_wipe(t.keys, sizeof(t.keys));
	arena_wipe(&t.mem);
	return rc == OK ? 0 : cmd_fail("trail", &err);
}
