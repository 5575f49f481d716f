/*
 * html: a page that cannot hold an unescaped variable: there is no function that appends one.
 */
#ifndef FORMAT_HTML_H
#define FORMAT_HTML_H

#include "base/out.h"

struct html {
	struct out o;
};

void html_lit(struct html *h, const char *literal); /* through HTML() only */
/* Escapes & < > " ', drops DEL and C0 controls but tab and newline; a byte that is not UTF-8 becomes U+FFFD. */
void html_text(struct html *h, struct str untrusted);
void html_u64(struct html *h, uint64_t v);
#define HTML(h, lit) html_lit((h), "" lit)
/* A URL path segment or query value, percent-encoded, safe inside a quoted attribute. */
void html_url(struct html *h, struct str untrusted);

#endif
