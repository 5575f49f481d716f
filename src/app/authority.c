#include "app/authority.h"

#include "base/when.h"
#include "os/fs.h"
#include "os/random.h"

enum { AUTHORITY_DAYS = 365 * 30, BACKDATED_S = 3600, DAY_S = 86400, FILE_MODE = 0600 };

static int64_t now_s(const struct lab *lab)
{
	return clock_now_us(&lab->clock) / WHEN_SECOND_US;
}

/* The key, made when there is none: a seed that is there counts, whatever else is missing. */
static enum err_kind open_key(
	struct lab *lab, struct arena *mem, struct sign_public *public_key, struct err *err)
{
	struct str seed;
	uint8_t made[SIGN_SEED_BYTES];
	enum err_kind rc = fs_read(lab->dir_fd, "keys/ca.key", SIGN_SEED_BYTES, mem, &seed, err);

	if (rc == ERR_NOT_FOUND) {
		random_bytes(made, sizeof(made));
		seed = str_of(made, sizeof(made));
		rc = fs_replace(lab->dir_fd, "keys/ca.key", seed, FILE_MODE, err);
	}
	if (rc == OK && seed.len != SIGN_SEED_BYTES)
		rc = err_set(err, ERR_CORRUPT, "keys/ca.key: must hold %d bytes", SIGN_SEED_BYTES);
	if (rc == OK)
		sign_from_seed((const uint8_t *)seed.ptr, public_key, &lab->keys.authority);
	secret_wipe(made, sizeof(made));
	return rc;
}

static enum err_kind make_certificate(struct lab *lab, struct arena *mem,
	const struct sign_public *public_key, struct str *pem, struct err *err)
{
	const struct certificate_subject subject = { .use = CERTIFICATE_AUTHORITY,
		.name = "vitrine lab authority",
		.key = public_key,
		.from_s = now_s(lab) - BACKDATED_S,
		.until_s = now_s(lab) + INT64_C(1) * AUTHORITY_DAYS * DAY_S };
	enum err_kind rc = certificate_sign(mem, &subject, &lab->keys.authority, NULL, pem, err);

	return rc != OK ? rc : fs_replace(lab->dir_fd, "keys/ca.crt", *pem, FILE_MODE, err);
}

static enum err_kind open_both(struct lab *lab, struct arena *mem, struct err *err)
{
	struct sign_public public_key;
	struct certificate_facts facts;
	struct str pem;
	enum err_kind rc = open_key(lab, mem, &public_key, err);

	if (rc != OK)
		return rc;
	rc = fs_read(lab->dir_fd, "keys/ca.crt", sizeof(lab->authority_pem) - 1, mem, &pem, err);
	if (rc == ERR_NOT_FOUND)
		rc = make_certificate(lab, mem, &public_key, &pem, err);
	if (rc != OK)
		return rc;
	assert(pem.len < sizeof(lab->authority_pem));
	memcpy(lab->authority_pem, pem.ptr, pem.len);
	lab->authority_pem[pem.len] = '\0';
	rc = certificate_read(lab->authority_pem, &facts, err);
	if (rc == OK && memcmp(facts.key.bytes, public_key.bytes, SIGN_PUBLIC_BYTES) != 0)
		rc = err_set(err, ERR_CORRUPT, "it is not of the key in keys/ca.key");
	return rc != OK ? err_set(err, ERR_CORRUPT, "keys/ca.crt: %.200s", err->msg) : OK;
}

enum err_kind authority_open(struct lab *lab, struct err *err)
{
	struct arena mem;

	arena_init(&mem, 8 * (size_t)CERTIFICATE_PEM_BYTES_MAX);
	enum err_kind rc = open_both(lab, &mem, err);

	arena_wipe(&mem);
	return rc;
}

enum err_kind authority_certify(struct lab *lab, struct arena *mem, enum certificate_use use,
	const char *name, const struct sign_public *key, struct str *pem,
	struct certificate_facts *facts, struct err *err)
{
	int64_t days = use == CERTIFICATE_DOOR ? AUTHORITY_DOOR_DAYS : AUTHORITY_PEER_DAYS;
	const struct certificate_subject subject = { .use = use,
		.name = name,
		.key = key,
		.from_s = now_s(lab) - BACKDATED_S,
		.until_s = now_s(lab) + days * DAY_S };
	enum err_kind rc = certificate_sign(
		mem, &subject, &lab->keys.authority, lab->authority_pem, pem, err);

	return rc != OK ? rc : certificate_read(pem->ptr, facts, err);
}

enum err_kind authority_fingerprint(
	const struct lab *lab, struct sha256 *fingerprint, struct err *err)
{
	struct certificate_facts facts;
	enum err_kind rc = certificate_read(lab->authority_pem, &facts, err);

	if (rc == OK)
		*fingerprint = facts.fingerprint;
	return rc;
}
