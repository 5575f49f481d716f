#include "web/page.h"

#include "base/limit.h"
#include "web/cookie.h"
#include "web/state.h"

struct str json_text(const json_t *object, const char *key)
{
	struct str text;

	return object != NULL && json_str(object, key, &text) ? text : STR("");
}

int64_t json_int(const json_t *object, const char *key, int64_t absent)
{
	int64_t value;

	return object != NULL && json_i64(object, key, &value) ? value : absent;
}

bool json_bool(const json_t *object, const char *key)
{
	bool flag;

	return object != NULL && json_flag(object, key, &flag) && flag;
}

struct str form_value(const struct form *form, const char *name)
{
	struct str wanted = str_from(name);

	for (size_t i = 0; i < form->count; i++)
		if (str_eq(form->pairs[i].name, wanted))
			return form->pairs[i].value;
	return STR("");
}

bool form_has(const struct form *form, const char *name, struct str value)
{
	struct str wanted = str_from(name);

	for (size_t i = 0; i < form->count; i++)
		if (str_eq(form->pairs[i].name, wanted) && str_eq(form->pairs[i].value, value))
			return true;
	return false;
}

void ask_init(struct page *p, struct ask *a)
{
	out_init(&a->out, p->mem, LIMIT_JSON_BYTES);
	jw_init(&a->jw, &a->out);
	jw_object(&a->jw);
}

static enum err_kind ask_raw(struct page *p, const char *verb, struct str body, int fd,
	struct client_answer *raw, struct err *err)
{
	struct client_call call = {
		.verb = verb,
		.token = p->has_token ? p->token : NULL,
		.peer = p->request->peer,
		.body = body,
		.fd = fd,
	};
	enum err_kind rc = p->web->options.ask(p->web->options.arg, p->mem, &call, raw, err);

	if (rc != OK)
		p->vault_away = true;
	return rc;
}

/* What the vault said when it did not do what was asked. */
static enum err_kind refused(const struct client_answer *raw, const json_t *said, struct err *err)
{
	struct str message = json_text(said, "message");

	return err_set(err, raw->status, "%.*s", STR_ARG(message));
}

static enum err_kind ask_text(struct page *p, const char *verb, struct str body, int fd,
	const json_t **answer, int64_t *entry, struct err *err)
{
	struct client_answer raw;
	json_t *root = NULL;
	enum err_kind rc = ask_raw(p, verb, body, fd, &raw, err);

	if (rc == OK)
		rc = json_parse(raw.json, LIMIT_ANSWER_BYTES, &root, err);
	if (rc != OK)
		return rc;
	if (p->held_count == PAGE_HELD_MAX) {
		json_decref(root);
		return err_set(
			err, ERR_LIMIT, "this page needs more than %d answers", PAGE_HELD_MAX);
	}
	p->held[p->held_count++] = root;
	if (raw.status != OK)
		return refused(&raw, root, err);
	*answer = root;
	*entry = raw.entry_index < INT64_MAX ? (int64_t)raw.entry_index : -1;
	return OK;
}

enum err_kind ask_send_file(struct page *p, struct ask *a, const char *verb, int fd,
	const json_t **answer, int64_t *entry, struct err *err)
{
	struct str body;

	jw_object_end(&a->jw);
	enum err_kind rc = out_finish(&a->out, &body, err);

	return rc != OK ? rc : ask_text(p, verb, body, fd, answer, entry, err);
}

enum err_kind ask_send(
	struct page *p, struct ask *a, const char *verb, const json_t **answer, struct err *err)
{
	int64_t unused;

	return ask_send_file(p, a, verb, -1, answer, &unused, err);
}

enum err_kind page_ask(struct page *p, const char *verb, const json_t **answer, struct err *err)
{
	int64_t unused;

	return ask_text(p, verb, STR("{}"), -1, answer, &unused, err);
}

enum err_kind page_ask_one(struct page *p, const char *verb, const char *name, struct str value,
	const json_t **answer, struct err *err)
{
	struct ask a;

	ask_init(p, &a);
	jw_kstr(&a.jw, name, value);
	return ask_send(p, &a, verb, answer, err);
}

const json_t *page_describe(struct page *p, struct err *err)
{
	const json_t *answer = NULL;

	if (p->describe == NULL && page_ask(p, "lab.describe", &answer, err) == OK)
		p->describe = answer;
	return p->describe;
}

const json_t *page_kind(struct page *p, struct str kind, struct err *err)
{
	const json_t *describe = page_describe(p, err);
	size_t index;
	json_t *row;

	if (describe == NULL)
		return NULL;
	json_array_foreach(json_object_get(describe, "kinds"), index, row)
	{
		if (str_eq(json_text(row, "kind"), kind))
			return row;
	}
	err_set(err, ERR_NOT_FOUND, "this lab keeps no records of that kind");
	return NULL;
}

bool page_has_role(const struct page *p, const char *role)
{
	const json_t *person = p->session == NULL ? NULL : json_object_get(p->session, "person");
	size_t index;
	json_t *row;

	json_array_foreach(json_object_get(person, "roles"), index, row)
	{
		if (json_is_string(row) && strcmp(json_string_value(row), role) == 0)
			return true;
	}
	return false;
}

enum err_kind page_redirect(struct page *p, const char *path)
{
	assert(path != NULL && path[0] == '/');
	p->response->status = 303;
	p->response->type = "text/plain; charset=utf-8";
	p->response->body = STR("");
	http_header_add(p->response, "Location", path);
	return OK;
}

void page_forget_cookie(struct page *p)
{
	http_header_add(p->response, "Set-Cookie",
		COOKIE_NAME "=; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
}

void page_set_cookie(struct page *p, struct str token)
{
	char *cookie = arena_printf(p->mem,
		COOKIE_NAME "=%.*s; Secure; HttpOnly; SameSite=Strict; Path=/", STR_ARG(token));

	if (cookie != NULL)
		http_header_add(p->response, "Set-Cookie", cookie);
}

enum err_kind page_finish(struct page *p, struct err *err)
{
	struct str body;
	enum err_kind rc = out_finish(&p->html.o, &body, err);

	if (rc != OK)
		return rc;
	p->response->status = p->status;
	p->response->type = "text/html; charset=utf-8";
	p->response->body = body;
	return OK;
}
