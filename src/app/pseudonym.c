/* pseudonym: keyed names for public entries. */
#include "app/pseudonym.h"

#include "base/hex.h"
#include "crypto/digest.h"

/* Each input has a word for its use and a separator that no id holds, so that two uses never collide. */
static void make(const uint8_t key[32], const char *use, struct str a, struct str b,
	char text[PSEUDONYM_BYTES])
{
	char input[16 + 2 * LAB_ID_BYTES];
	int len = snprintf(input, sizeof(input), "%s|%.*s|%.*s", use, STR_ARG(a), STR_ARG(b));

	assert(len > 0);
	assert((size_t)len < sizeof(input));
	struct sha256 mac = hmac_sha256(str_of(key, 32), str_of(input, (size_t)len));

	hex_format(mac.bytes, (PSEUDONYM_BYTES - 1) / 2, text);
}

void pseudonym_engagement(
	const uint8_t key[32], struct str engagement_id, char text[PSEUDONYM_BYTES])
{
	make(key, "engagement", engagement_id, STR(""), text);
}

void pseudonym_actor(const uint8_t key[32], struct str person_id, struct str engagement_id,
	char text[PSEUDONYM_BYTES])
{
	make(key, "actor", person_id, engagement_id.len > 0 ? engagement_id : STR("lab"), text);
}
