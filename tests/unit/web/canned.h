/* canned: a vault that answers each verb with a fixed text, and remembers what it was asked. */
#ifndef CANNED_H
#define CANNED_H

#include "web/web.h"

struct canned_answer {
	const char *verb; /* the first row that fits counts; NULL ends */
	enum err_kind status;
	const char *json;
};

struct canned {
	const struct canned_answer *answers;
	bool away; /* gives no answer at all */
	char asked[1024]; /* "verb body\n" of every call */
};

/* web_options.ask and .send; the latter answers at once. */
enum err_kind canned_ask(void *arg, struct arena *mem, const struct client_call *call,
	struct client_answer *answer, struct err *err);

void canned_send(void *arg, const struct client_call *call, client_done_fn *done, void *done_arg);

#endif
