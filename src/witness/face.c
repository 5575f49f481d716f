#include "witness/face.h"

#include "ledger/tiles.h"
#include "os/fs.h"

#define ADD_PATH STR("/add-checkpoint")
#define MIRROR_PATH STR("/mirror/")
#define CHECKPOINT_PATH STR("/checkpoint")

static const char plain_text[] = "text/plain; charset=utf-8";

size_t face_body_bytes_max(void *arg, enum http_method method, struct str path)
{
	(void)arg;
	return method == HTTP_POST && str_eq(path, ADD_PATH) ? ADD_REQUEST_BYTES_MAX : 0;
}

static void say(struct http_response *response, int status, struct str text)
{
	*response = (struct http_response){ .status = status, .type = plain_text, .body = text };
}

static void say_line(
	struct http_response *response, struct arena *mem, int status, const char *text)
{
	const char *line = arena_printf(mem, "%s\n", text);

	say(response, status, line == NULL ? STR("\n") : str_from(line));
}

static void add_checkpoint(struct face *f, struct arena *mem, const struct http_request *request,
	struct http_response *response)
{
	struct witness_answer answer;
	struct add_request add;
	struct err err;

	if (add_request_parse(request->body, &add, &err) != OK) {
		say_line(response, mem, 400, err.msg);
		return;
	}
	witness_add(f->witness, mem, &add, &answer);
	int status = witness_status(answer.verdict);

	if (answer.verdict == WITNESS_COSIGNED) {
		say(response, status, answer.lines);
	} else if (answer.verdict == WITNESS_CONFLICT) {
		const char *size = arena_printf(mem, "%llu\n", (unsigned long long)answer.size);

		say(response, size == NULL ? 503 : status, str_from(size));
		response->type = "text/x.tlog.size";
	} else {
		say_line(response, mem, status, answer.why);
	}
}

/* "<64 digits>/rest". False: it is not. */
static bool cut_name(struct str path, struct str *name, struct str *rest)
{
	if (path.len < SHA256_HEX_BYTES || path.ptr[SHA256_HEX_BYTES - 1] != '/')
		return false;
	*name = str_head(path, SHA256_HEX_BYTES - 1);
	*rest = str_skip(path, SHA256_HEX_BYTES - 1);
	return true;
}

/* A file of the mirror by its one spelling; nothing else in its folder can be named. */
static enum err_kind mirror_file(
	struct face *f, struct arena *mem, struct str path, struct http_response *response)
{
	struct str file = str_skip(path, 1), bytes;
	struct tile tile;
	struct err err;
	bool is_tile = tilepath_parse(file, &tile);
	const char *name = arena_cstr(mem, file);

	if (f->mirror_fd < 0 || name == NULL || (!is_tile && !str_eq(path, CHECKPOINT_PATH)))
		return ERR_NOT_FOUND;
	enum err_kind rc = fs_read(f->mirror_fd, name, BUNDLE_BYTES_MAX, mem, &bytes, &err);

	if (rc != OK)
		return rc;
	say(response, 200, bytes);
	if (is_tile)
		response->type = "application/octet-stream";
	return OK;
}

static enum err_kind show(
	struct face *f, struct arena *mem, struct str path, struct http_response *response)
{
	struct str name, rest, note;
	struct err err;
	bool is_mirror = str_starts(path, MIRROR_PATH);

	if (!cut_name(str_skip(path, is_mirror ? MIRROR_PATH.len : 1), &name, &rest))
		return ERR_NOT_FOUND;
	if (is_mirror)
		return str_eq(name, str_from(f->mirror_name)) ? mirror_file(f, mem, rest, response)
							      : ERR_NOT_FOUND;
	if (!str_eq(rest, CHECKPOINT_PATH))
		return ERR_NOT_FOUND;
	enum err_kind rc = witness_note(f->witness, mem, name, &note, &err);

	if (rc == OK)
		say(response, 200, note);
	return rc;
}

void face_handle(void *arg, struct arena *mem, const struct http_request *request,
	struct http_response *response)
{
	struct face *f = arg;
	bool is_add = str_eq(request->path, ADD_PATH);
	enum err_kind rc = ERR_NOT_FOUND;

	if (is_add && request->method == HTTP_POST) {
		add_checkpoint(f, mem, request, response);
		return;
	}
	if (is_add) {
		say(response, 405, STR("add-checkpoint is a POST.\n"));
		http_header_add(response, "Allow", "POST");
		return;
	}
	if (request->method == HTTP_GET && request->path.len > 1)
		rc = show(f, mem, request->path, response);
	if (rc != OK)
		say(response, rc == ERR_NOT_FOUND ? 404 : 503,
			rc == ERR_NOT_FOUND ? STR("Not here.\n") : STR("Try again.\n"));
}
