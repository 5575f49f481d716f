/* point_inside: what the files of the role `point` share. */
#ifndef PROC_POINT_INSIDE_H
#define PROC_POINT_INSIDE_H

#include <stdatomic.h>

#include "http/http.h"
#include "link/far.h"
#include "link/receipts.h"
#include "os/clock.h"
#include "web/rules.h"
#include "web/web.h"

enum { POINT_FILE_BYTES_MAX = 64 << 10, POINT_MEM_BYTES = 1 << 20 };

struct point {
	struct arena mem; /* as long as the process: settings, certificate */
	const char *name, *site, *listen;
	const char *socket, *centre; /* where the vault is: one of them, the other "" */
	struct str key_pem, certificate_pem; /* what browsers see */
	struct sign_secret key;
	struct clock clock;
	struct receipts *receipts;
	struct rules *rules;
	struct far *far; /* NULL on the centre's own machine */
	/* NULL until the vault was first met; reconnects by itself */
	_Atomic(struct client *) client;
	struct web *web;
	struct http *http;
	int listen_fd;
	unsigned port;
};

/*
 * point_folder.c. In the point's folder: point.yaml, its keys and certificates. Made where they may be made.
 * Errors: those of the files, with their names.
 */
MUST_CHECK enum err_kind point_read_folder(struct point *pt, struct err *err);
struct point_join {
	const char *centre, *token, *listen; /* listen NULL: 127.0.0.1:8443 */
};
/* A folder that is empty becomes that of the point which the token invites. Prints the key's fingerprint. */
MUST_CHECK enum err_kind point_join(const struct point_join *join, struct err *err);

/* point_call.c: for web_options. arg is the struct point. */
enum err_kind point_ask(void *arg, struct arena *mem, const struct client_call *call,
	struct client_answer *answer, struct err *err);
void point_send(void *arg, const struct client_call *call, client_done_fn *done, void *done_arg);

#endif
