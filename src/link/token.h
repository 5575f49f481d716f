/*
 * token: what an invitation gives to whoever will run a point or a witness: a one-time key, and by what to know the
 * centre. 32 bytes in base32, in groups of four: 16 bytes that the key is derived from, then the first 16 bytes
 * of the SHA-256 of the certificate of the lab's authority.
 */
#ifndef LINK_TOKEN_H
#define LINK_TOKEN_H

#include "base/out.h"
#include "link/frame.h"

enum { TOKEN_SEED_BYTES = 16, TOKEN_AUTHORITY_BYTES = 16, TOKEN_TEXT_BYTES = 65 };

struct token {
	uint8_t seed[TOKEN_SEED_BYTES]; /* secret */
	uint8_t authority[TOKEN_AUTHORITY_BYTES];
};

/* Groups may be separated by "-" or not; letters of either case. False: not a token. */
bool token_parse(struct str text, struct token *token);
void token_put(struct out *o, const struct token *token);
/* The invitation's key: Ed25519 of the seed SHA-256("vitrine/invitation/v1\n" || the token's 16 bytes). */
void token_key(const struct token *token, struct sign_public *public_key, struct sign_secret *key);
/* What its holder calls itself on the link: "join-" and 24 hex digits of the SHA-256 of the public key. */
void token_link_name(const struct sign_public *public_key, char name[FRAME_POINT_BYTES]);
#define TOKEN_LINK_PREFIX "join-"

#endif
