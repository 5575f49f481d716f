#include "crypto/es256.h"

#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>

#include "crypto/digest.h"

enum { SCALAR_BYTES = 32, DER_SEQUENCE = 0x30, DER_INTEGER = 0x02, POINT_UNCOMPRESSED = 0x04 };

/* The next INTEGER: above zero, shortest form, at most 32 bytes of value. */
static bool take_integer(struct str *rest, mpz_t value)
{
	const uint8_t *at = (const uint8_t *)rest->ptr;

	if (rest->len < 3 || at[0] != DER_INTEGER)
		return false;
	size_t len = at[1];
	bool has_sign = at[2] == 0;

	if (len == 0 || len > rest->len - 2 || len > SCALAR_BYTES + (has_sign ? 1 : 0))
		return false;
	/* negative, zero, or a sign byte that is not needed */
	if ((at[2] & 0x80) != 0 || (has_sign && (len == 1 || (at[3] & 0x80) == 0)))
		return false;
	mpz_import(value, len, 1, 1, 1, 0, at + 2);
	*rest = str_skip(*rest, 2 + len);
	return true;
}

static bool parse_signature(struct str der, struct dsa_signature *signature)
{
	const uint8_t *at = (const uint8_t *)der.ptr;

	if (der.len < 2 || der.len > ES256_SIGNATURE_BYTES_MAX || at[0] != DER_SEQUENCE ||
		at[1] != der.len - 2)
		return false;
	der = str_skip(der, 2);
	return take_integer(&der, signature->r) && take_integer(&der, signature->s) && der.len == 0;
}

/* The caller clears the point, whatever is answered. */
static bool load_point(const struct es256_public *public_key, struct ecc_point *point)
{
	mpz_t x, y;

	mpz_init(x);
	mpz_init(y);
	mpz_import(x, SCALAR_BYTES, 1, 1, 1, 0, public_key->bytes + 1);
	mpz_import(y, SCALAR_BYTES, 1, 1, 1, 0, public_key->bytes + 1 + SCALAR_BYTES);
	bool is_on_curve = public_key->bytes[0] == POINT_UNCOMPRESSED &&
		ecc_point_set(point, x, y) == 1;

	mpz_clear(x);
	mpz_clear(y);
	return is_on_curve;
}

bool es256_public_is_sound(const struct es256_public *public_key)
{
	struct ecc_point point;

	ecc_point_init(&point, nettle_get_secp_256r1());
	bool is_sound = load_point(public_key, &point);

	ecc_point_clear(&point);
	return is_sound;
}

bool es256_verify(const struct es256_public *public_key, struct str message, struct str der)
{
	struct sha256 digest = sha256_of(message);
	struct dsa_signature signature;
	struct ecc_point point;

	ecc_point_init(&point, nettle_get_secp_256r1());
	dsa_signature_init(&signature);
	bool holds = parse_signature(der, &signature) && load_point(public_key, &point) &&
		ecdsa_verify(&point, sizeof(digest.bytes), digest.bytes, &signature) == 1;

	dsa_signature_clear(&signature);
	ecc_point_clear(&point);
	return holds;
}
