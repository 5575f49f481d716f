#include "source/import_stream.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "source/dsc.h"
#include "source/path.h"

void import_stream_init(
	struct import_stream *s, const struct import_limits *limits, const struct import_sink *sink)
{
	memset(s, 0, sizeof(*s));
	s->limits = *limits;
	s->sink = *sink;
}

void import_stream_reset(struct import_stream *s)
{
	free(s->content);
	s->content = NULL;
	s->in_file = false;
}

static enum err_kind lie(struct err *err, const char *what)
{
	return err_set(
		err, ERR_CORRUPT, "import child broke its protocol (%s): nothing was taken", what);
}

/* Cut a fixed struct off the front. */
static bool take(struct str *body, void *fixed, size_t len)
{
	if (body->len < len)
		return false;
	memcpy(fixed, body->ptr, len);
	*body = str_skip(*body, len);
	return true;
}

/* A path that the child has checked already; if it is bad, the child is. */
static enum err_kind check_path(struct str path, struct err *err)
{
	return path_check(path, err) == OK && !path_in_git_folder(path) ? OK : lie(err, "path");
}

/* Link text and commit ids are short: they come in one piece. */
static enum err_kind check_content(
	enum file_mode mode, struct str path, struct str bytes, struct err *err)
{
	if (mode == FILE_SYMLINK && path_link_check(path, bytes, err) != OK)
		return lie(err, "link target");
	if (mode != FILE_SUBMODULE)
		return OK;
	if (bytes.len != 40 && bytes.len != 64)
		return lie(err, "submodule");
	for (size_t i = 0; i < bytes.len; i++)
		if (strchr("0123456789abcdef", bytes.ptr[i]) == NULL || bytes.ptr[i] == '\0')
			return lie(err, "submodule");
	return OK;
}

static enum err_kind finish_file(struct import_stream *s, struct str bytes, struct err *err)
{
	struct import_file file = {
		.mode = s->mode,
		.path = { s->path, s->path_len },
		.bytes = bytes,
		.same_as = STR(""),
	};

	assert(bytes.len == s->size);
	s->in_file = false;
	enum err_kind rc = check_content(file.mode, file.path, bytes, err);

	if (rc == OK)
		rc = s->sink.file(s->sink.arg, &file, err);
	free(s->content);
	s->content = NULL;
	return rc;
}

static enum err_kind count_file(struct import_stream *s, uint64_t size, struct err *err)
{
	if (s->files >= s->limits.files_max || size > LIMIT_FILE_BYTES ||
		size > s->limits.bytes_max - s->bytes)
		return lie(err, "limits");
	s->files++;
	s->bytes += size;
	return OK;
}

static enum err_kind take_file(struct import_stream *s, struct str body, struct err *err)
{
	struct record_file head;

	if (!take(&body, &head, sizeof(head)) || head.path_len != body.len ||
		head.mode > FILE_SUBMODULE || body.len >= LIMIT_PATH_BYTES)
		return lie(err, "file");
	if ((head.mode == FILE_SYMLINK || head.mode == FILE_SUBMODULE) &&
		head.size > LIMIT_LINK_TARGET_BYTES)
		return lie(err, "link size");
	enum err_kind rc = check_path(body, err);

	if (rc == OK)
		rc = count_file(s, head.size, err);
	if (rc != OK)
		return rc;
	s->in_file = true;
	s->mode = (enum file_mode)head.mode;
	s->size = head.size;
	s->got = 0;
	s->path_len = body.len;
	memcpy(s->path, body.ptr, body.len);
	return head.size == 0 ? finish_file(s, STR(""), err) : OK;
}

static enum err_kind take_data(struct import_stream *s, struct str body, struct err *err)
{
	if (!s->in_file || body.len == 0 || body.len > s->size - s->got)
		return lie(err, "content");
	if (s->got == 0 && body.len == s->size)
		return finish_file(s, body, err);
	if (s->content == NULL) {
		/* Pages that are never filled cost nothing, whatever size the child claims. */
		s->content = malloc((size_t)s->size);
		if (s->content == NULL)
			return err_set(err, ERR_IO, "no memory for a file of %llu bytes",
				(unsigned long long)s->size);
	}
	memcpy(s->content + s->got, body.ptr, body.len);
	s->got += body.len;
	return s->got < s->size ? OK : finish_file(s, str_of(s->content, (size_t)s->size), err);
}

static enum err_kind take_same(struct import_stream *s, struct str body, struct err *err)
{
	struct import_file file = { .mode = FILE_PLAIN, .bytes = STR("") };
	struct record_same head;

	if (!take(&body, &head, sizeof(head)) || head.path_len > body.len ||
		head.target_len != body.len - head.path_len)
		return lie(err, "hard link");
	file.path = str_head(body, head.path_len);
	file.same_as = str_skip(body, head.path_len);
	enum err_kind rc = check_path(file.path, err);

	if (rc == OK)
		rc = check_path(file.same_as, err);
	if (rc == OK)
		rc = count_file(s, 0, err);
	return rc == OK ? s->sink.file(s->sink.arg, &file, err) : rc;
}

static enum err_kind take_part(struct import_stream *s, struct str body, struct err *err)
{
	struct record_part head;
	struct import_part part;

	if (!take(&body, &head, sizeof(head)) || head.name_len != body.len ||
		!dsc_name_is_safe(body) || s->sink.part == NULL)
		return lie(err, "part of a .dsc");
	part.name = body;
	part.size = head.size;
	memcpy(part.digest.bytes, head.digest, sizeof(part.digest.bytes));
	enum err_kind rc = count_file(s, head.size, err);

	return rc == OK ? s->sink.part(s->sink.arg, &part, err) : rc;
}

/* One line of printable ASCII, as commit ids, package names and versions are. */
static bool is_origin(struct str s)
{
	if (s.len >= IMPORT_TEXT_BYTES)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7e)
			return false;
	return true;
}

static enum err_kind take_end(struct import_stream *s, struct str body, struct err *err)
{
	struct record_end head;

	if (!take(&body, &head, sizeof(head)) || head.origin_len != body.len || !is_origin(body) ||
		head.format >= IMPORT_FORMATS || head.files != s->files || head.bytes != s->bytes)
		return lie(err, "end");
	s->format = (enum import_format)head.format;
	s->git_folders = head.git_folders;
	memcpy(s->origin, body.ptr, body.len);
	s->origin[body.len] = '\0';
	s->ended = true;
	return OK;
}

static enum err_kind take_fail(struct str body, struct err *err)
{
	static const enum err_kind kinds[] = { ERR_INPUT, ERR_LIMIT, ERR_NOT_FOUND, ERR_IO };
	struct record_fail head;

	if (!take(&body, &head, sizeof(head)) || head.text_len != body.len ||
		body.len >= ERR_MSG_BYTES_MAX || !utf8_valid(body))
		return lie(err, "failure");
	for (size_t at = 0; at < body.len;) {
		uint32_t code_point;

		at += utf8_decode(str_skip(body, at), &code_point);
		if (utf8_is_hidden(code_point))
			return lie(err, "failure");
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (head.kind == kinds[i])
			return err_set(err, kinds[i], "%.*s", STR_ARG(body));
	return lie(err, "failure");
}

static enum err_kind take_record(
	struct import_stream *s, uint32_t type, struct str body, struct err *err)
{
	if (s->ended)
		return lie(err, "more after the end");
	if (type == RECORD_FAIL)
		return take_fail(body, err);
	if (s->in_file != (type == RECORD_DATA))
		return lie(err, "order");
	switch (type) {
	case RECORD_FILE:
		return take_file(s, body, err);
	case RECORD_DATA:
		return take_data(s, body, err);
	case RECORD_SAME:
		return take_same(s, body, err);
	case RECORD_PART:
		return take_part(s, body, err);
	case RECORD_END:
		return take_end(s, body, err);
	default:
		return lie(err, "record");
	}
}

enum err_kind import_stream_feed(struct import_stream *s, struct str window, struct err *err)
{
	enum err_kind rc = OK;

	while (rc == OK && window.len > 0) {
		struct record_head head;

		if (!take(&window, &head, sizeof(head)) || head.len > window.len)
			return lie(err, "length");
		struct str body = str_head(window, head.len);

		window = str_skip(window, head.len);
		rc = take_record(s, head.type, body, err);
	}
	return rc;
}
