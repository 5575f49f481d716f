/* cookie: the session's cookie (RFC 6265), a token of 32 bytes in base64url. */
#ifndef WEB_COOKIE_H
#define WEB_COOKIE_H

#include "base/arena.h"
#include "base/str.h"
#include "link/frame.h"

#define COOKIE_NAME "__Host-vitrine"

/*
 * The token in a Cookie header. False when there is none, when it is malformed, or when the name stands there
 * twice: then somebody else set one of the two.
 */
bool cookie_token(struct str header, uint8_t token[FRAME_TOKEN_BYTES]);
/* The token of an "Authorization: Bearer …" header. */
bool bearer_token(struct str header, uint8_t token[FRAME_TOKEN_BYTES]);

#endif
