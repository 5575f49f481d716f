/* http_fixture: a server on a free port with a certificate of its own. */
#ifndef HTTP_FIXTURE_H
#define HTTP_FIXTURE_H

#include "http/http.h"

struct http_fixture {
	struct arena mem;
	struct http *http;
	unsigned port;
	struct http_options options;
};

/* `options` may hold bounds; address, key and certificate are filled in here, handle and body bound if absent. */
void http_fixture_start(struct http_fixture *f, const struct http_options *options);
void http_fixture_stop(struct http_fixture *f);

#endif
