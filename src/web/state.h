/* state: the web face itself; only files of this folder look inside. */
#ifndef WEB_STATE_H
#define WEB_STATE_H

#include "crypto/digest.h"
#include "web/web.h"

struct web {
	struct web_options options;
	/* Form tokens are HMACs of the session's token under it; made at start, kept nowhere. */
	uint8_t csrf_key[SHA256_BYTES];
};

#endif
