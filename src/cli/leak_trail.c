#include "cli/leak_trail.h"

#include <stdio.h>

#include "cli/progress.h"

struct str leak_text_of(const json_t *object, const char *key)
{
	struct str text = STR("");

	json_str(object, key, &text);
	return text;
}

int64_t leak_int_of(const json_t *object, const char *key)
{
	int64_t value = 0;

	json_i64(object, key, &value);
	return value;
}

double leak_real_of(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

struct each_view {
	leak_view_fn *view;
	void *arg;
};

static enum err_kind take_item(void *arg, const struct trail_item *item, struct err *err)
{
	const struct each_view *each = arg;
	json_t *root = NULL;

	if (!str_eq(item->kind, STR("source.view")))
		return OK;
	enum err_kind rc = json_parse(item->plain, LIMIT_DETAIL_BYTES, &root, err);

	if (rc != OK)
		return rc;
	const json_t *args = json_object_get(json_object_get(root, "call"), "args");
	const struct leak_view view = { .index = item->index,
		.time = item->time,
		.release = leak_text_of(args, "release"),
		.path = leak_text_of(args, "path"),
		.blob = leak_text_of(root, "blob"),
		.line = leak_int_of(root, "line"),
		.column = leak_int_of(root, "column"),
		.lines = leak_int_of(root, "lines") };

	rc = each->view(each->arg, &view, err);
	json_decref(root);
	return rc;
}

enum err_kind leak_trail_views(struct trail_reader *reader, struct str session, leak_view_fn *view,
	void *arg, struct err *err)
{
	struct each_view each = { view, arg };

	return trail_reader_session(reader, session, take_item, &each, err);
}

enum err_kind leak_ask(struct console *c, const char *verb, const json_t *body, int fd,
	json_t **root, struct err *err)
{
	struct client_answer answer;
	struct progress progress;
	struct str text;
	struct out o;
	struct jw w;

	out_init(&o, &c->mem, LIMIT_JSON_BYTES);
	jw_init(&w, &o);
	jw_value(&w, body);
	enum err_kind rc = out_finish(&o, &text, err);

	if (rc != OK)
		return rc;
	struct client_call call = { .verb = verb,
		.body = text,
		.fd = fd,
		.progress = progress_tell,
		.cancelled = progress_cancelled,
		.arg = &progress };

	progress_begin(&progress, verb);
	rc = console_ask(c, &call, &answer, err);
	progress_end(&progress);
	return rc == OK ? json_parse(answer.json, LIMIT_ANSWER_BYTES, root, err) : rc;
}

enum err_kind leak_trails_open(const struct cli *cli, const struct leak_trails *trails,
	struct trail_reader *reader, struct err *err)
{
	enum err_kind rc = trail_reader_open(cli, trails->key, reader, err);

	for (size_t i = 0; i < trails->file_count && rc == OK; i++)
		rc = trail_reader_add(reader, trails->files[i], err);
	return rc;
}

static bool is_meant(
	const struct trail_reader *reader, const struct leak_trails *trails, struct str id)
{
	for (size_t i = 0; i < trails->session_count; i++) {
		if (str_eq(id, str_from(trails->sessions[i])))
			return true;
	}
	if (trails->session_count > 0)
		return false;
	for (size_t i = 0; i < reader->file_count; i++) {
		if (str_eq(id, str_from(reader->ids[i])))
			return true;
	}
	return reader->file_count == 0;
}

/* A trail that is sealed for its parties is no failure: the others are looked at all the same. */
static enum err_kind look_at(
	leak_session_fn *session, void *arg, const json_t *row, size_t *closed, struct err *err)
{
	struct str id = leak_text_of(row, "session");
	enum err_kind rc = session(arg, id, leak_text_of(row, "point"), err);

	if (rc != ERR_CONFLICT)
		return rc;
	printf("session %.*s is not opened: %s\n", STR_ARG(id), err->msg);
	++*closed;
	return OK;
}

static enum err_kind ask_sessions(
	const struct cli *cli, struct str after, json_t **root, struct err *err)
{
	struct console c;
	json_t *body = after.len > 0 ? json_pack("{s:s%}", "after", after.ptr, after.len)
				     : json_object();
	enum err_kind rc = console_open(cli, CONSOLE_SIGNED_IN, &c, err);

	if (rc == OK) {
		rc = leak_ask(&c, "leak.sessions", body, -1, root, err);
		console_close(&c);
	}
	json_decref(body);
	return rc;
}

enum err_kind leak_each_session(const struct trail_reader *reader, const struct leak_trails *trails,
	leak_session_fn *session, void *arg, size_t *closed, struct err *err)
{
	json_t *page = NULL, *row;
	struct str after = STR("");
	size_t at;
	enum err_kind rc;

	*closed = 0;
	do {
		json_t *next = NULL;

		rc = ask_sessions(reader->cli, after, &next, err);
		json_decref(page);
		page = next;
		if (rc != OK)
			break;
		json_array_foreach(json_object_get(page, "sessions"), at, row)
		{
			if (rc == OK && is_meant(reader, trails, leak_text_of(row, "session")))
				rc = look_at(session, arg, row, closed, err);
		}
		after = leak_text_of(page, "next");
	} while (rc == OK && after.len > 0);
	json_decref(page);
	return rc;
}
