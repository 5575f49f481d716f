#include "source/import_out.h"

#include <stdio.h>

#include "base/limit.h"
#include "base/utf8.h"
#include "os/ipc.h"
#include "source/path.h"

/* A DATA record is not worth its head below this. */
enum { ROOM_LEAST_BYTES = 4096 };

static enum err_kind get_window(struct import_out *o, struct err *err)
{
	static const struct ipc_rule rules[IMPORT_MESSAGES] = {
		[IMPORT_GO] = { .size = sizeof(struct import_window) },
	};
	struct ipc_msg msg;
	struct import_window w;

	if (o->has_window)
		return OK;
	enum err_kind rc = ipc_receive(o->sock, rules, IMPORT_MESSAGES, -1, &msg, err);

	if (rc != OK)
		return rc;
	memcpy(&w, msg.body, sizeof(w));
	assert(w.window < IMPORT_WINDOWS);
	o->window = w.window;
	o->has_window = true;
	o->used = 0;
	return OK;
}

static enum err_kind give_window(struct import_out *o, struct err *err)
{
	struct import_window w = { .window = o->window, .len = (uint32_t)o->used };

	assert(o->has_window && o->used <= IMPORT_WINDOW_BYTES);
	o->has_window = false;
	return ipc_send(o->sock, IMPORT_FULL, &w, sizeof(w), NULL, 0, err);
}

static char *at(struct import_out *o)
{
	return o->windows + (size_t)o->window * IMPORT_WINDOW_BYTES + o->used;
}

/* A window with room for `len` bytes more. */
static enum err_kind make_room(struct import_out *o, size_t len, struct err *err)
{
	enum err_kind rc = get_window(o, err);

	assert(len <= IMPORT_WINDOW_BYTES);
	if (rc != OK || len <= IMPORT_WINDOW_BYTES - o->used)
		return rc;
	rc = give_window(o, err);
	return rc == OK ? get_window(o, err) : rc;
}

static void put(struct import_out *o, struct str bytes)
{
	assert(bytes.len <= IMPORT_WINDOW_BYTES - o->used);
	memcpy(at(o), bytes.ptr, bytes.len);
	o->used += bytes.len;
}

/* A record of a fixed head and at most two texts; texts are far smaller than a window. */
static enum err_kind put_record(struct import_out *o, enum import_record type, struct str fixed,
	struct str a, struct str b, struct err *err)
{
	size_t len = fixed.len + a.len + b.len;
	struct record_head head = { .type = type, .len = (uint32_t)len };
	enum err_kind rc = make_room(o, sizeof(head) + len, err);

	if (rc != OK)
		return rc;
	put(o, str_of(&head, sizeof(head)));
	put(o, fixed);
	put(o, a);
	put(o, b);
	return OK;
}

enum err_kind import_out_entry(struct import_out *o, struct err *err)
{
	if (++o->entries / LIMIT_INGEST_ENTRIES_A_FILE > o->files_max)
		return err_set(err, ERR_LIMIT,
			"the source holds more than %llu folders and other things besides files",
			(unsigned long long)o->files_max * LIMIT_INGEST_ENTRIES_A_FILE);
	return OK;
}

static enum err_kind check_sizes(
	struct import_out *o, struct str path, uint64_t size, struct err *err)
{
	char shown[PATH_SHOWN_BYTES];

	if (o->files >= o->files_max)
		return err_set(err, ERR_LIMIT,
			"more than %llu files: ingest a part of the source, or raise "
			"ingest_files_max",
			(unsigned long long)o->files_max);
	if (size > LIMIT_FILE_BYTES)
		return err_set(err, ERR_LIMIT, "file %s is larger than %llu MiB: leave it out",
			path_shown(path, shown), LIMIT_FILE_BYTES >> 20);
	if (size > o->bytes_max - o->bytes)
		return err_set(err, ERR_LIMIT,
			"with %s the source is larger than %llu bytes: ingest a part of it, or "
			"raise ingest_bytes_max",
			path_shown(path, shown), (unsigned long long)o->bytes_max);
	uint64_t all = o->bytes + size;

	if (o->packed_bytes > 0 && all > LIMIT_ARCHIVE_FREE_BYTES &&
		all / LIMIT_ARCHIVE_RATIO > o->packed_bytes)
		return err_set(err, ERR_LIMIT,
			"with %s the archive unpacks to more than %u times its size: it looks like "
			"a bomb; unpack it yourself and ingest the folder if it is not",
			path_shown(path, shown), LIMIT_ARCHIVE_RATIO);
	return OK;
}

enum err_kind import_out_file(
	struct import_out *o, enum file_mode mode, struct str path, uint64_t size, struct err *err)
{
	struct record_file fixed = {
		.size = size, .mode = (uint32_t)mode, .path_len = (uint32_t)path.len
	};
	enum err_kind rc = path_check(path, err);

	assert(o->left == 0);
	if (rc == OK)
		rc = check_sizes(o, path, size, err);
	if (rc == OK)
		rc = put_record(o, RECORD_FILE, str_of(&fixed, sizeof(fixed)), path, STR(""), err);
	if (rc != OK)
		return rc;
	o->files++;
	o->bytes += size;
	o->left = size;
	o->path_len = path.len;
	memcpy(o->path, path.ptr, path.len);
	return OK;
}

static enum err_kind size_differs(const struct import_out *o, const char *how, struct err *err)
{
	char shown[PATH_SHOWN_BYTES];

	return err_set(err, ERR_INPUT,
		"file %s holds %s than was announced: it changed while it was read, or the source "
		"is damaged",
		path_shown((struct str){ o->path, o->path_len }, shown), how);
}

enum err_kind import_out_room(struct import_out *o, char **room, size_t *len, struct err *err)
{
	enum err_kind rc = make_room(o, sizeof(struct record_head) + ROOM_LEAST_BYTES, err);

	if (rc != OK)
		return rc;
	*room = at(o) + sizeof(struct record_head);
	*len = IMPORT_WINDOW_BYTES - o->used - sizeof(struct record_head);
	return OK;
}

enum err_kind import_out_filled(struct import_out *o, size_t len, struct err *err)
{
	struct record_head head = { .type = RECORD_DATA, .len = (uint32_t)len };

	assert(o->has_window && len <= IMPORT_WINDOW_BYTES - o->used - sizeof(head));
	if (len > o->left)
		return size_differs(o, "more", err);
	if (len == 0)
		return OK;
	put(o, str_of(&head, sizeof(head)));
	o->used += len;
	o->left -= len;
	return OK;
}

enum err_kind import_out_data(struct import_out *o, struct str bytes, struct err *err)
{
	enum err_kind rc = OK;

	while (rc == OK && bytes.len > 0) {
		size_t len;
		char *room;

		rc = import_out_room(o, &room, &len, err);
		if (rc != OK)
			break;
		if (len > bytes.len)
			len = bytes.len;
		memcpy(room, bytes.ptr, len);
		rc = import_out_filled(o, len, err);
		bytes = str_skip(bytes, len);
	}
	return rc;
}

enum err_kind import_out_file_end(struct import_out *o, struct err *err)
{
	return o->left == 0 ? OK : size_differs(o, "less", err);
}

enum err_kind import_out_link(
	struct import_out *o, struct str path, struct str target, struct err *err)
{
	enum err_kind rc = path_check(path, err);

	if (rc == OK)
		rc = path_link_check(path, target, err);
	if (rc == OK)
		rc = import_out_file(o, FILE_SYMLINK, path, target.len, err);
	return rc == OK ? import_out_data(o, target, err) : rc;
}

enum err_kind import_out_submodule(
	struct import_out *o, struct str path, struct str id, struct err *err)
{
	enum err_kind rc = import_out_file(o, FILE_SUBMODULE, path, id.len, err);

	return rc == OK ? import_out_data(o, id, err) : rc;
}

enum err_kind import_out_same(
	struct import_out *o, struct str path, struct str target, struct err *err)
{
	struct record_same fixed = { .path_len = (uint32_t)path.len,
		.target_len = (uint32_t)target.len };
	char shown[PATH_SHOWN_BYTES];
	enum err_kind rc = path_check(path, err);

	if (rc == OK && path_check(target, err) != OK)
		rc = err_context(err, "a hard link's target");
	/* What lies in a .git folder is left out, so there would be nothing to be the same as. */
	if (rc == OK && path_in_git_folder(target))
		rc = err_set(err, ERR_INPUT,
			"%s is a hard link into a .git folder, which is left out: pack it as a file",
			path_shown(path, shown));
	if (rc == OK)
		rc = check_sizes(o, path, 0, err);
	if (rc == OK)
		rc = put_record(o, RECORD_SAME, str_of(&fixed, sizeof(fixed)), path, target, err);
	if (rc == OK)
		o->files++;
	return rc;
}

enum err_kind import_out_part(struct import_out *o, const struct dsc_part *part, struct err *err)
{
	struct record_part fixed = { .size = part->size, .name_len = (uint32_t)part->name.len };
	enum err_kind rc = check_sizes(o, part->name, part->size, err);

	memcpy(fixed.digest, part->digest.bytes, sizeof(fixed.digest));
	if (rc == OK)
		rc = put_record(
			o, RECORD_PART, str_of(&fixed, sizeof(fixed)), part->name, STR(""), err);
	if (rc == OK) {
		o->files++;
		o->bytes += part->size;
	}
	return rc;
}

enum err_kind import_out_end(
	struct import_out *o, enum import_format format, struct str origin, struct err *err)
{
	struct record_end fixed = {
		.files = o->files,
		.bytes = o->bytes,
		.format = (uint32_t)format,
		.git_folders = o->git_folders,
		.origin_len = (uint32_t)origin.len,
	};

	assert(o->left == 0 && origin.len < IMPORT_TEXT_BYTES);
	if (o->files == 0)
		return err_set(err, ERR_INPUT, "the source holds no file");
	enum err_kind rc = put_record(
		o, RECORD_END, str_of(&fixed, sizeof(fixed)), origin, STR(""), err);

	return rc == OK ? give_window(o, err) : rc;
}

/* The message without what the vault would refuse: bytes that are not UTF-8, hidden characters. */
static size_t printable(struct str from, char to[ERR_MSG_BYTES_MAX])
{
	size_t len = 0;

	while (from.len > 0 && len < ERR_MSG_BYTES_MAX - 5) {
		uint32_t code_point;
		size_t n = utf8_decode(from, &code_point);

		if (n == 0 || utf8_is_hidden(code_point)) {
			to[len++] = '?';
			n = n == 0 ? 1 : n;
		} else {
			memcpy(to + len, from.ptr, n);
			len += n;
		}
		from = str_skip(from, n);
	}
	return len;
}

void import_out_fail(struct import_out *o, const struct err *why)
{
	char text[ERR_MSG_BYTES_MAX];
	bool may_say = why->kind == ERR_INPUT || why->kind == ERR_LIMIT ||
		why->kind == ERR_NOT_FOUND;
	struct record_fail fixed = { .kind = (uint32_t)(may_say ? why->kind : ERR_IO) };
	struct err err;

	fixed.text_len = (uint32_t)printable(str_from(why->msg), text);
	/* What is half written of a file's content stays out: used counts whole records only. */
	if (put_record(o, RECORD_FAIL, str_of(&fixed, sizeof(fixed)), str_of(text, fixed.text_len),
		    STR(""), &err) == OK &&
		give_window(o, &err) == OK)
		return;
}
