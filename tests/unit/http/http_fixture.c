#include "http_fixture.h"

#include <stdio.h>
#include <time.h>

#include "crypto/certificate.h"
#include "harness.h"

/* Answers with what it was asked. */
static void echo(
	void *arg, struct arena *mem, const struct http_request *q, struct http_response *response)
{
	char *text = arena_printf(mem, "%s|%.*s|%.*s|%.*s|%.*s",
		q->method == HTTP_GET ? "get" : "post", STR_ARG(q->path), STR_ARG(q->query),
		STR_ARG(q->headers[HTTP_COOKIE]), STR_ARG(q->body));

	(void)arg;
	assert_non_null(text);
	*response = (struct http_response){ .status = 200,
		.type = "text/plain",
		.body = str_from(text),
		.is_asset = str_starts(q->path, STR("/a/")) };
	http_header_add(response, "X-Extra", "yes");
}

static size_t body_bytes_max(void *arg, enum http_method method, struct str path)
{
	(void)arg;
	(void)method;
	return str_starts(path, STR("/big")) ? 2 * (size_t)HTTP_LARGE_BODY_BYTES : 64;
}

void http_fixture_start(struct http_fixture *f, const struct http_options *options)
{
	struct certificate_options about = {
		.common_name = "test", .now_s = time(NULL), .valid_days = 1
	};
	struct str key, certificate;
	struct err err = { 0 };

	arena_init(&f->mem, 1 << 20);
	if (certificate_make(&f->mem, &about, &key, &certificate, &err) != OK)
		fail_msg("%s", err.msg);
	f->options = *options;
	f->options.key_pem = key.ptr;
	f->options.certificate_pem = certificate.ptr;
	if (f->options.handle == NULL)
		f->options.handle = echo;
	if (f->options.body_bytes_max == NULL)
		f->options.body_bytes_max = body_bytes_max;
	if (http_listen("127.0.0.1:0", &f->options.listen_fd, &f->port, &err) != OK ||
		http_start(&f->options, &f->http, &err) != OK)
		fail_msg("%s", err.msg);
}

void http_fixture_stop(struct http_fixture *f)
{
	http_stop(f->http);
	arena_reset(&f->mem);
}
