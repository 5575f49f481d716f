/* api: POST /v1/<verb>, the OpenAPI document, and the published files of the log. */
#include <stdio.h>

#include "base/hex.h"
#include "base/limit.h"
#include "web/asset.h"
#include "web/cookie.h"
#include "web/page.h"

#define TILE_TYPE "application/vnd.vitrine.tile"
#define JSON_TYPE "application/json"

void api_error(struct page *p, const struct err *err)
{
	struct out out;
	struct jw jw;
	struct str body;
	struct err unused;

	out_init(&out, p->mem, LIMIT_JSON_BYTES);
	jw_init(&jw, &out);
	jw_object(&jw);
	jw_kstr(&jw, "error", str_from(err_word(err->kind)));
	jw_kstr(&jw, "message", str_from(err->msg));
	jw_object_end(&jw);
	p->response->status = p->vault_away ? 503 : err_http_status(err->kind);
	p->response->type = JSON_TYPE;
	p->response->body = out_finish(&out, &body, &unused) == OK ? body
								   : STR("{\"error\":\"io\"}");
	if (p->vault_away)
		http_header_add(p->response, "Retry-After", "2");
}

/*
 * A bearer token proves itself. A cookie is sent by the browser whoever wrote the page, so that it counts only
 * with a header that no foreign page can set, from our own origin.
 */
static enum err_kind authenticate(struct page *p, struct err *err)
{
	const struct http_request *q = p->request;

	if (q->headers[HTTP_AUTHORIZATION].len > 0) {
		p->has_token = bearer_token(q->headers[HTTP_AUTHORIZATION], p->token);
		return p->has_token
			? OK
			: err_set(err, ERR_AUTH,
				  "Authorization: expected \"Bearer\" and a token of 32 bytes");
	}
	if (!cookie_token(q->headers[HTTP_COOKIE], p->token))
		return OK;
	if (!str_eq(q->headers[HTTP_CSRF], STR("1")) || !request_is_same_origin(q))
		return err_set(err, ERR_DENIED,
			"a cookie counts here only with \"Vitrine-Csrf: 1\" from a page of this access point");
	p->has_token = true;
	return OK;
}

/* A caller that sends again what it does not know to be done names the call: 32 hex digits, not all zero. */
static enum err_kind take_key(struct page *p, struct client_call *call, struct err *err)
{
	static const uint8_t none[FRAME_KEY_BYTES];
	struct str text = p->request->headers[HTTP_IDEMPOTENCY_KEY];

	if (text.len == 0)
		return OK;
	uint8_t *key = arena_array(p->mem, uint8_t, FRAME_KEY_BYTES);

	if (key == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	if (!hex_parse(text, key, FRAME_KEY_BYTES) || memcmp(key, none, sizeof(none)) == 0)
		return err_set(err, ERR_INPUT,
			"Idempotency-Key: expected 32 lower-case hex digits, not all zero");
	call->idempotency_key = key;
	return OK;
}

/* What goes out is copied: an answer is borrowed from the link. */
static enum err_kind put_body(struct page *p, const char *type, struct str bytes, struct err *err)
{
	p->response->type = type;
	if (!arena_copy(p->mem, bytes, &p->response->body))
		return err_set(err, ERR_LIMIT, "request memory used up");
	return OK;
}

/* u32 length of the JSON, the JSON, the bytes (docs/formats/http.md). */
static enum err_kind join(struct page *p, const struct client_answer *raw, struct err *err)
{
	struct out out;

	out_init(&out, p->mem, LIMIT_FRAME_BYTES + 4);
	out_be32(&out, (uint32_t)raw->json.len);
	out_put(&out, raw->json);
	out_put(&out, raw->bytes);
	p->response->type = TILE_TYPE;
	return out_finish(&out, &p->response->body, err);
}

static enum err_kind verb_ask(struct page *p, struct client_call *call, struct err *err)
{
	struct str type = p->request->headers[HTTP_CONTENT_TYPE];

	call->verb = arena_cstr(p->mem, p->params[0]);
	call->body = p->request->body.len > 0 ? p->request->body : STR("{}");
	if (call->verb == NULL || p->params[0].len >= FRAME_VERB_BYTES)
		return err_set(err, ERR_NOT_FOUND, "there is no such verb");
	if (p->request->body.len > 0 && !str_starts(type, STR(JSON_TYPE)))
		return err_set(err, ERR_INPUT, "Content-Type: the body must be " JSON_TYPE);
	enum err_kind rc = authenticate(p, err);

	return rc == OK ? take_key(p, call, err) : rc;
}

static enum err_kind verb_answer(struct page *p, const struct client_answer *raw, struct err *err)
{
	enum err_kind rc = raw->status == OK && raw->bytes.len > 0
		? join(p, raw, err)
		: put_body(p, JSON_TYPE, raw->json, err);

	if (rc != OK)
		return rc;
	p->response->status = err_http_status(raw->status);
	if (raw->entry_index != UINT64_MAX) {
		char *index = arena_printf(p->mem, "%llu", (unsigned long long)raw->entry_index);

		if (index != NULL)
			http_header_add(p->response, "Vitrine-Entry", index);
	}
	return OK;
}

static enum err_kind file_ask(struct page *p, struct client_call *call, struct err *err)
{
	struct ask a;

	ask_init(p, &a);
	jw_kstr(&a.jw, "path", p->params[0]);
	jw_object_end(&a.jw);
	call->verb = "ledger.file";
	return out_finish(&a.out, &call->body, err);
}

static enum err_kind file_answer(struct page *p, const struct client_answer *raw, struct err *err)
{
	bool is_tile = str_starts(p->params[0], STR("tile/"));

	if (raw->status != OK)
		return err_set(err, raw->status, "there is no such file in the published log");
	p->response->status = 200;
	return put_body(p, is_tile ? "application/octet-stream" : "text/plain; charset=utf-8",
		raw->bytes, err);
}

static enum err_kind openapi_ask(struct page *p, struct client_call *call, struct err *err)
{
	(void)p;
	(void)err;
	call->verb = "lab.openapi";
	call->body = STR("{}");
	return OK;
}

static enum err_kind openapi_answer(
	struct page *p, const struct client_answer *raw, struct err *err)
{
	p->response->status = err_http_status(raw->status);
	return put_body(p, JSON_TYPE, raw->bytes.len > 0 ? raw->bytes : raw->json, err);
}

const struct route_call api_verb = { verb_ask, verb_answer };
const struct route_call api_ledger_file = { file_ask, file_answer };
const struct route_call api_openapi = { openapi_ask, openapi_answer };

enum err_kind page_asset(struct page *p, struct err *err)
{
	if (!asset_find(p->params[0], &p->response->body, &p->response->type))
		return err_set(
			err, ERR_NOT_FOUND, "this file belongs to another version of the pages");
	p->response->status = 200;
	p->response->is_asset = true;
	return OK;
}

enum err_kind page_icon(struct page *p, struct err *err)
{
	(void)err;
	return page_redirect(p, asset_path(ASSET_ICON));
}
