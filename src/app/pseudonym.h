/*
 * pseudonym: what stands in public entries for an engagement, and for a person within one. HMAC-SHA-256 under
 * the lab's pseudonym key, first 10 bytes, in hex: the same person has another name in each engagement, and
 * nobody without the key can try out names.
 */
#ifndef APP_PSEUDONYM_H
#define APP_PSEUDONYM_H

#include "app/lab.h"

enum { PSEUDONYM_BYTES = 21 }; /* 20 digits and a NUL */

/* key: lab_keys.pseudonym */
void pseudonym_engagement(
	const uint8_t key[32], struct str engagement_id, char text[PSEUDONYM_BYTES]);
/* engagement_id empty: the person's name in acts that belong to no engagement. */
void pseudonym_actor(const uint8_t key[32], struct str person_id, struct str engagement_id,
	char text[PSEUDONYM_BYTES]);

#endif
