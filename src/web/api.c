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
static enum err_kind take_key(struct page *p, struct err *err)
{
	static const uint8_t none[FRAME_KEY_BYTES];
	struct str text = p->request->headers[HTTP_IDEMPOTENCY_KEY];

	if (text.len == 0)
		return OK;
	if (!hex_parse(text, p->idempotency_key, FRAME_KEY_BYTES) ||
		memcmp(p->idempotency_key, none, sizeof(none)) == 0)
		return err_set(err, ERR_INPUT,
			"Idempotency-Key: expected 32 lower-case hex digits, not all zero");
	p->has_idempotency_key = true;
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

enum err_kind page_api(struct page *p, struct err *err)
{
	struct client_answer raw;
	char *verb = arena_cstr(p->mem, p->params[0]);
	struct str type = p->request->headers[HTTP_CONTENT_TYPE];
	struct str body = p->request->body.len > 0 ? p->request->body : STR("{}");

	if (verb == NULL || p->params[0].len >= FRAME_VERB_BYTES)
		return err_set(err, ERR_NOT_FOUND, "there is no such verb");
	if (p->request->body.len > 0 && !str_starts(type, STR(JSON_TYPE)))
		return err_set(err, ERR_INPUT, "Content-Type: the body must be " JSON_TYPE);
	enum err_kind rc = authenticate(p, err);

	if (rc == OK)
		rc = take_key(p, err);
	if (rc == OK)
		rc = page_ask_raw(p, verb, body, &raw, err);
	if (rc != OK)
		return rc;
	p->response->status = err_http_status(raw.status);
	p->response->type = JSON_TYPE;
	p->response->body = raw.json;
	if (raw.status == OK && raw.bytes.len > 0)
		rc = join(p, &raw, err);
	if (raw.entry_index != UINT64_MAX) {
		char *index = arena_printf(p->mem, "%llu", (unsigned long long)raw.entry_index);

		if (index != NULL)
			http_header_add(p->response, "Vitrine-Entry", index);
	}
	return rc;
}

enum err_kind page_ledger_file(struct page *p, struct err *err)
{
	struct client_answer raw;
	struct ask a;
	struct str body, name = p->params[0];

	ask_init(p, &a);
	jw_kstr(&a.jw, "path", name);
	jw_object_end(&a.jw);
	enum err_kind rc = out_finish(&a.out, &body, err);

	if (rc == OK)
		rc = page_ask_raw(p, "ledger.file", body, &raw, err);
	if (rc != OK)
		return rc;
	if (raw.status != OK)
		return err_set(err, raw.status, "there is no such file in the published log");
	p->response->status = 200;
	p->response->type = str_starts(name, STR("tile/")) ? "application/octet-stream"
							   : "text/plain; charset=utf-8";
	p->response->body = raw.bytes;
	return OK;
}

enum err_kind page_openapi(struct page *p, struct err *err)
{
	struct client_answer raw;
	enum err_kind rc = page_ask_raw(p, "lab.openapi", STR("{}"), &raw, err);

	if (rc != OK)
		return rc;
	p->response->status = err_http_status(raw.status);
	p->response->type = JSON_TYPE;
	p->response->body = raw.bytes.len > 0 ? raw.bytes : raw.json;
	return OK;
}

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
