#include "cli/trail_fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/hex.h"
#include "format/json.h"
#include "os/fs.h"

/* Base64 member of an object, decoded into mem. */
static enum err_kind decoded(struct arena *mem, const json_t *object, const char *key,
	struct str *bytes, struct err *err)
{
	struct str text;
	size_t len;

	if (!json_str(object, key, &text))
		return err_set(err, ERR_CORRUPT, "the vault's answer lacks %s", key);
	char *buf = arena_alloc(mem, text.len + 1, 1);

	if (buf == NULL)
		return err_set(err, ERR_LIMIT, "memory used up");
	if (!base64_parse(text, buf, text.len + 1, &len))
		return err_set(err, ERR_CORRUPT, "the vault's answer: %s is not base64", key);
	*bytes = str_of(buf, len);
	return OK;
}

static bool copied(struct arena *mem, const json_t *object, const char *key, struct str *text)
{
	struct str got;

	return json_str(object, key, &got) && arena_copy(mem, got, text);
}

static enum err_kind read_keys(
	struct arena *mem, const json_t *rows, struct trailfile *part, struct err *err)
{
	size_t at;
	const json_t *row;

	part->keys = arena_array(mem, struct trailfile_key, json_array_size(rows) + 1);
	if (part->keys == NULL)
		return err_set(err, ERR_LIMIT, "memory used up");
	json_array_foreach(rows, at, row)
	{
		struct trailfile_key *key = &part->keys[part->key_count++];
		int64_t seq = -1;

		if (!json_i64(row, "seq", &seq) || seq < 0 || seq >= LIMIT_TRAIL_KEYS ||
			!copied(mem, row, "recipient", &key->recipient))
			return err_set(err, ERR_CORRUPT, "the vault's answer: a key that is none");
		key->seq = (uint32_t)seq;
		enum err_kind rc = decoded(mem, row, "wrapped", &key->wrapped, err);

		if (rc != OK)
			return rc;
	}
	return OK;
}

static enum err_kind read_items(
	struct arena *mem, const json_t *rows, struct trailfile *part, struct err *err)
{
	size_t at;
	const json_t *row;

	part->items = arena_array(mem, struct trailfile_item, json_array_size(rows) + 1);
	if (part->items == NULL)
		return err_set(err, ERR_LIMIT, "memory used up");
	json_array_foreach(rows, at, row)
	{
		struct trailfile_item *item = &part->items[part->item_count++];

		if (!json_i64(row, "index", &item->index) ||
			!copied(mem, row, "time", &item->time) ||
			!copied(mem, row, "kind", &item->kind))
			return err_set(
				err, ERR_CORRUPT, "the vault's answer: an item that is none");
		enum err_kind rc = decoded(mem, row, "sealed", &item->sealed, err);

		if (rc != OK)
			return rc;
	}
	return OK;
}

static enum err_kind ask(struct console *c, const struct trail_wanted *wanted, int64_t from,
	json_t **root, struct err *err)
{
	struct client_answer answer;
	struct str body;
	struct out o;
	struct jw w;

	out_init(&o, &c->mem, LIMIT_LINE_BYTES);
	jw_init(&w, &o);
	jw_object(&w);
	jw_kstr(&w, wanted->what, wanted->id);
	jw_ki64(&w, "from", from);
	jw_object_end(&w);
	enum err_kind rc = out_finish(&o, &body, err);

	if (rc == OK)
		rc = console_verb(c, "trail.export", body, &answer, err);
	return rc == OK ? json_parse(answer.json, LIMIT_ANSWER_BYTES, root, err) : rc;
}

enum err_kind trail_fetch(struct console *c, struct arena *mem, const struct trail_wanted *wanted,
	int64_t *from, struct trailfile *part, struct err *err)
{
	json_t *root = NULL;
	enum err_kind rc = ask(c, wanted, *from, &root, err);

	*part = (struct trailfile){ .opening = STR("") };
	if (rc != OK)
		return rc;
	if (!copied(mem, root, "session", &part->session) ||
		!copied(mem, root, "person", &part->person))
		rc = err_set(err, ERR_CORRUPT, "the vault's answer names no session");
	if (rc == OK && strcmp(wanted->what, "opening") == 0)
		part->opening = wanted->id;
	if (rc == OK)
		rc = read_keys(mem, json_object_get(root, "keys"), part, err);
	if (rc == OK)
		rc = read_items(mem, json_object_get(root, "items"), part, err);
	if (!json_i64(root, "next", from))
		*from = -1;
	json_decref(root);
	return rc;
}

enum err_kind trail_load(
	struct arena *mem, const char *path, struct trailfile *file, struct err *err)
{
	struct str text;
	enum err_kind rc = fs_read(AT_FDCWD, path, LIMIT_TRAIL_FILE_BYTES, mem, &text, err);

	if (rc == OK)
		rc = trailfile_parse(mem, text, file, err);
	if (rc != OK)
		err_context(err, "%.200s", path);
	return rc;
}

enum err_kind trail_save(const char *path, struct str bytes, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 && errno == EEXIST)
		return err_set(err, ERR_CONFLICT, "%.200s exists already", path);
	if (fd < 0)
		return err_errno(err, errno, "create %.200s", path);
	enum err_kind rc = fs_write_all(fd, bytes.ptr, bytes.len, err);

	if (rc == OK)
		rc = fs_sync(fd, err);
	close(fd);
	if (rc != OK)
		unlink(path);
	return rc;
}

enum err_kind trail_save_file(
	struct arena *mem, const char *path, const struct trailfile *file, struct err *err)
{
	struct str text;
	struct out o;

	out_init(&o, mem, LIMIT_TRAIL_FILE_BYTES);
	trailfile_put(&o, file);
	enum err_kind rc = out_finish(&o, &text, err);

	return rc == OK ? trail_save(path, text, err) : rc;
}
