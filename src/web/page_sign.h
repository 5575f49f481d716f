/* page_sign: the page between pressing a signed act and doing it. */
#ifndef WEB_PAGE_SIGN_H
#define WEB_PAGE_SIGN_H

#include "web/page.h"

struct sign_view {
	struct str label; /* of the act: "Approve" */
	const json_t *kind, *record; /* declaration; record of `shown` */
	const json_t *shown; /* answer of record.show */
	const json_t *answer; /* of decision.text */
};

/* The page with the text and its forms, which post decision, signature, note and version back to this address. */
MUST_CHECK enum err_kind sign_draw(struct page *p, const struct sign_view *view, struct err *err);

#endif
