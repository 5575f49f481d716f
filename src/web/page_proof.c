/* page_proof: hands a proof to the browser as a file. */
#include "web/page.h"

/* Of an entry ("12"), a record ("grt_…") or a release's manifest: what may stand in a file's name. */
static bool is_plain(struct str thing)
{
	for (size_t i = 0; i < thing.len; i++) {
		char c = thing.ptr[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_'))
			return false;
	}
	return thing.len > 0 && thing.len <= LIMIT_NAME_BYTES;
}

enum err_kind page_proof(struct page *p, struct err *err)
{
	struct str thing = p->params[0];
	const json_t *answer;

	if (!is_plain(thing))
		return err_set(err, ERR_NOT_FOUND, "there is nothing of that name to prove");
	enum err_kind rc = page_ask_one(p, "prove.bundle", "thing", thing, &answer, err);

	if (rc != OK)
		return rc;
	const char *disposition = arena_printf(
		p->mem, "attachment; filename=\"%.*s.bundle\"", STR_ARG(thing));

	/* The answer goes with this handler, the response later. */
	if (disposition == NULL ||
		!arena_copy(p->mem, json_text(answer, "bundle"), &p->response->body))
		return err_set(err, ERR_LIMIT, "request memory used up");
	p->response->status = 200;
	p->response->type = "text/plain; charset=utf-8";
	http_header_add(p->response, "Content-Disposition", disposition);
	return OK;
}
