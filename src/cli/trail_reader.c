#include "cli/trail_reader.h"

#include <fcntl.h>

#include "app/trail.h"
#include "cli/trail_fetch.h"
#include "crypto/sign.h"
#include "os/fs.h"

enum { KEY_FILE_MEM_BYTES = 4096, BARE_BOX_BYTES = SEAL_KEY_BYTES + BOX_OVERHEAD_BYTES };

enum err_kind trail_opener_read(const char *path, struct trail_opener *opener, struct err *err)
{
	struct arena mem;
	struct str bytes;

	arena_init(&mem, KEY_FILE_MEM_BYTES);
	enum err_kind rc = fs_read(AT_FDCWD, path, sizeof(opener->secret), &mem, &bytes, err);

	if ((rc == OK && bytes.len != sizeof(opener->secret.bytes)) || rc == ERR_LIMIT)
		rc = err_set(err, ERR_INPUT, "%.200s: not a sealing key (32 bytes)", path);
	if (rc == OK) {
		memcpy(opener->secret.bytes, bytes.ptr, bytes.len);
		box_public_of(&opener->secret, &opener->public_key);
	}
	arena_wipe(&mem);
	return rc;
}

/* Keys of labs made before agreements were: the box holds the key and nothing else. */
static enum err_kind open_bare(
	struct trail_reader *t, struct str wrapped, struct str *key, struct err *err)
{
	return box_open(&t->mem, &t->opener.public_key, &t->opener.secret, wrapped, key, err);
}

/* Takes the key when this row's last layer is for us; a row for somebody else is no error. */
static enum err_kind take_key(
	struct trail_reader *t, const struct trailfile_key *row, struct err *err)
{
	struct trail_of of = { t->session, row->seq };
	struct str key = STR("");
	enum err_kind rc = row->wrapped.len == BARE_BOX_BYTES
		? open_bare(t, row->wrapped, &key, err)
		: trail_peel(&t->mem, &t->opener, &of, row->wrapped, &key, err);

	if (rc == ERR_CORRUPT)
		return OK;
	if (rc != OK || key.len != SEAL_KEY_BYTES)
		return rc;
	memcpy(t->keys[row->seq].bytes, key.ptr, SEAL_KEY_BYTES);
	t->has_key[row->seq] = true;
	return OK;
}

static enum err_kind take_keys(
	struct trail_reader *t, const struct trailfile *part, struct err *err)
{
	for (size_t i = 0; i < part->key_count; i++) {
		const struct trailfile_key *row = &part->keys[i];
		enum err_kind rc = OK;

		assert(row->seq < LIMIT_TRAIL_KEYS);
		if (!t->has_key[row->seq])
			rc = take_key(t, row, err);
		if (rc != OK)
			return rc;
	}
	for (size_t i = 0; i < LIMIT_TRAIL_KEYS; i++) {
		if (t->has_key[i])
			return OK;
	}
	return err_set(err, ERR_DENIED, "this key does not open the session's trail%s",
		part->opening.len > 0
			? ": other parties' layers are still there, or it is no party's key"
			: "");
}

static enum err_kind open_item(struct trail_reader *t, const struct trailfile_item *row,
	struct trail_item *item, struct err *err)
{
	struct str sealed = STR("");
	uint32_t seq = 0;

	*item = (struct trail_item){ row->index, row->time, row->kind, STR("") };
	if (!trail_split(row->sealed, &seq, &sealed) || seq >= LIMIT_TRAIL_KEYS || !t->has_key[seq])
		return err_set(err, ERR_CORRUPT, "entry %lld: no key of the session opens it here",
			(long long)row->index);
	enum err_kind rc = seal_open(&t->mem, &t->keys[seq], t->session, sealed, &item->plain, err);

	if (rc != OK)
		err_context(err, "entry %lld", (long long)row->index);
	return rc;
}

static enum err_kind open_part(struct trail_reader *t, const struct trailfile *part,
	trail_item_fn *item, void *arg, struct err *err)
{
	enum err_kind rc = take_keys(t, part, err);

	for (size_t i = 0; i < part->item_count && rc == OK; i++) {
		struct trail_item opened;

		rc = open_item(t, &part->items[i], &opened, err);
		if (rc == OK)
			rc = item(arg, &opened, err);
	}
	return rc;
}

enum err_kind trail_reader_open(
	const struct cli *cli, const char *key_path, struct trail_reader *t, struct err *err)
{
	*t = (struct trail_reader){ .cli = cli, .session = STR("") };
	arena_init(&t->mem, TRAIL_FILE_MEM_BYTES);
	arena_init(&t->files_mem, TRAIL_FILE_MEM_BYTES);
	enum err_kind rc = crypto_init(err);

	return rc == OK ? trail_opener_read(key_path, &t->opener, err) : rc;
}

void trail_reader_close(struct trail_reader *t)
{
	arena_wipe(&t->mem);
	arena_reset(&t->files_mem);
	secret_wipe(t, sizeof(*t));
}

enum err_kind trail_reader_add(struct trail_reader *t, const char *path, struct err *err)
{
	struct trailfile *file = &t->files[t->file_count];

	if (t->file_count == TRAIL_FILES_MAX)
		return err_set(err, ERR_LIMIT, "at most %d trail files", TRAIL_FILES_MAX);
	enum err_kind rc = trail_load(&t->files_mem, path, file, err);

	if (rc == OK && file->session.len >= LAB_ID_BYTES)
		rc = err_set(err, ERR_INPUT, "%.200s: no session's id", path);
	if (rc == OK)
		memcpy(t->ids[t->file_count++], file->session.ptr, file->session.len);
	return rc;
}

static const struct trailfile *file_of(const struct trail_reader *t, struct str session)
{
	for (size_t i = 0; i < t->file_count; i++) {
		if (str_eq(t->files[i].session, session))
			return &t->files[i];
	}
	return NULL;
}

/* Part by part from the vault. */
static enum err_kind read_from_vault(
	struct trail_reader *t, trail_item_fn *item, void *arg, struct err *err)
{
	struct trail_wanted wanted = { "session", t->session };
	enum err_kind rc = OK;

	for (int64_t from = 0; rc == OK && from >= 0;) {
		struct trailfile part;
		struct console c;

		rc = console_open(t->cli, CONSOLE_SIGNED_IN, &c, err);
		if (rc != OK)
			return rc;
		rc = trail_fetch(&c, &t->mem, &wanted, &from, &part, err);
		if (rc == OK)
			rc = open_part(t, &part, item, arg, err);
		console_close(&c);
		/* What was opened is not kept beyond its use. */
		arena_wipe(&t->mem);
	}
	return rc;
}

enum err_kind trail_reader_session(
	struct trail_reader *t, struct str session, trail_item_fn *item, void *arg, struct err *err)
{
	const struct trailfile *file = file_of(t, session);
	enum err_kind rc;

	t->session = session;
	secret_wipe(t->keys, sizeof(t->keys));
	memset(t->has_key, 0, sizeof(t->has_key));
	if (file == NULL)
		return read_from_vault(t, item, arg, err);
	rc = open_part(t, file, item, arg, err);
	arena_wipe(&t->mem);
	return rc;
}
