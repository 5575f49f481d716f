/* certificate_link: certificates of the link, made and judged. */
#include <stdatomic.h>
#include <time.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "crypto/certificate.h"
#include "crypto/certificate_inside.h"

#define DOOR_NAME "door"

static gnutls_datum_t datum_of(const void *bytes, size_t len)
{
	/* GnuTLS takes what it only reads without const. */
	return (gnutls_datum_t){ (unsigned char *)(uintptr_t)bytes, (unsigned)len };
}

int certificate_take_secret(const struct sign_secret *secret, gnutls_x509_privkey_t *key)
{
	/* libsodium keeps the seed and, behind it, the public key. */
	gnutls_datum_t k = datum_of(secret->bytes, SIGN_SEED_BYTES);
	gnutls_datum_t x = datum_of(secret->bytes + SIGN_SEED_BYTES, SIGN_PUBLIC_BYTES);
	int rc = gnutls_x509_privkey_init(key);

	if (rc >= 0)
		rc = gnutls_x509_privkey_import_ecc_raw(
			*key, GNUTLS_ECC_CURVE_ED25519, &x, NULL, &k);
	return rc;
}

static int set_key(gnutls_x509_crt_t crt, const struct sign_public *key)
{
	gnutls_datum_t x = datum_of(key->bytes, SIGN_PUBLIC_BYTES);
	gnutls_pubkey_t public_key = NULL;
	int rc = gnutls_pubkey_init(&public_key);

	if (rc >= 0)
		rc = gnutls_pubkey_import_ecc_raw(public_key, GNUTLS_ECC_CURVE_ED25519, &x, NULL);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_pubkey(crt, public_key);
	gnutls_pubkey_deinit(public_key);
	return rc;
}

static int set_use(gnutls_x509_crt_t crt, enum certificate_use use)
{
	bool is_authority = use == CERTIFICATE_AUTHORITY;
	int rc = gnutls_x509_crt_set_basic_constraints(crt, is_authority, is_authority ? 0 : -1);

	if (rc >= 0)
		rc = gnutls_x509_crt_set_key_usage(crt,
			is_authority ? GNUTLS_KEY_KEY_CERT_SIGN : GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (rc >= 0 && !is_authority)
		rc = gnutls_x509_crt_set_key_purpose_oid(crt,
			use == CERTIFICATE_DOOR ? GNUTLS_KP_TLS_WWW_SERVER
						: GNUTLS_KP_TLS_WWW_CLIENT,
			0);
	if (rc >= 0 && use == CERTIFICATE_DOOR)
		rc = gnutls_x509_crt_set_subject_alt_name(
			crt, GNUTLS_SAN_DNSNAME, DOOR_NAME, sizeof(DOOR_NAME) - 1, GNUTLS_FSAN_SET);
	return rc;
}

static int fill(gnutls_x509_crt_t crt, const struct certificate_subject *subject)
{
	int rc = gnutls_x509_crt_set_version(crt, 3);

	if (rc >= 0)
		rc = certificate_set_serial(crt);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_activation_time(crt, subject->from_s);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_expiration_time(crt, subject->until_s);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0,
			subject->name, (unsigned)strlen(subject->name));
	if (rc >= 0)
		rc = set_key(crt, subject->key);
	return rc >= 0 ? set_use(crt, subject->use) : rc;
}

enum err_kind certificate_sign(struct arena *mem, const struct certificate_subject *subject,
	const struct sign_secret *signer, const char *authority_pem, struct str *pem,
	struct err *err)
{
	gnutls_x509_crt_t crt = NULL, authority = NULL;
	gnutls_x509_privkey_t key = NULL;
	gnutls_datum_t text = { 0 };
	enum err_kind rc = OK;

	assert(strlen(subject->name) < CERTIFICATE_NAME_BYTES);
	int n = gnutls_x509_crt_init(&crt);

	if (n >= 0)
		n = gnutls_x509_crt_init(&authority);
	if (n >= 0)
		n = certificate_take_secret(signer, &key);
	if (n >= 0)
		n = fill(crt, subject);
	if (n >= 0 && authority_pem != NULL) {
		gnutls_datum_t given = datum_of(authority_pem, strlen(authority_pem));

		if (gnutls_x509_crt_import(authority, &given, GNUTLS_X509_FMT_PEM) < 0) {
			rc = err_set(err, ERR_CORRUPT, "the lab's authority: not a certificate");
			goto out;
		}
	}
	/* Ed25519 has its digest built in; the name only says so. */
	if (n >= 0)
		n = gnutls_x509_crt_sign2(
			crt, authority_pem != NULL ? authority : crt, key, GNUTLS_DIG_SHA512, 0);
	if (n >= 0)
		n = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &text);
	if (n < 0)
		rc = err_set(err, ERR_IO, "certify %s: %s", subject->name, gnutls_strerror(n));
	else if (!arena_copy(mem, str_of(text.data, text.size), pem))
		rc = err_set(err, ERR_LIMIT, "certify %s: no memory", subject->name);
out:
	gnutls_free(text.data);
	gnutls_x509_privkey_deinit(key);
	gnutls_x509_crt_deinit(authority);
	gnutls_x509_crt_deinit(crt);
	return rc;
}

static int read_key(gnutls_x509_crt_t crt, struct sign_public *key)
{
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
	gnutls_datum_t x = { 0 }, y = { 0 };
	int rc = gnutls_x509_crt_get_pk_ecc_raw(crt, &curve, &x, &y);

	if (rc >= 0 && (curve != GNUTLS_ECC_CURVE_ED25519 || x.size != SIGN_PUBLIC_BYTES))
		rc = GNUTLS_E_UNSUPPORTED_CERTIFICATE_TYPE;
	if (rc >= 0)
		memcpy(key->bytes, x.data, SIGN_PUBLIC_BYTES);
	gnutls_free(x.data);
	gnutls_free(y.data);
	return rc;
}

static enum err_kind read_one(gnutls_datum_t bytes, gnutls_x509_crt_fmt_t format,
	struct certificate_facts *facts, struct err *err)
{
	gnutls_x509_crt_t crt = NULL;
	struct certificate_facts got = { .name = "" };
	size_t name_bytes = sizeof(got.name), digest_bytes = SHA256_BYTES;
	int rc = gnutls_x509_crt_init(&crt);

	if (rc >= 0)
		rc = gnutls_x509_crt_import(crt, &bytes, format);
	if (rc >= 0)
		rc = gnutls_x509_crt_get_dn_by_oid(
			crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, got.name, &name_bytes);
	if (rc >= 0)
		rc = read_key(crt, &got.key);
	if (rc >= 0)
		rc = gnutls_x509_crt_get_fingerprint(
			crt, GNUTLS_DIG_SHA256, got.fingerprint.bytes, &digest_bytes);
	if (rc >= 0) {
		got.from_s = gnutls_x509_crt_get_activation_time(crt);
		got.until_s = gnutls_x509_crt_get_expiration_time(crt);
		/* A name that ends early is not the one that was certified. */
		if (strlen(got.name) != name_bytes)
			rc = GNUTLS_E_CERTIFICATE_ERROR;
	}
	gnutls_x509_crt_deinit(crt);
	if (rc < 0)
		return err_set(
			err, ERR_INPUT, "not a certificate of the link: %s", gnutls_strerror(rc));
	*facts = got;
	return OK;
}

enum err_kind certificate_read(const char *pem, struct certificate_facts *facts, struct err *err)
{
	return read_one(datum_of(pem, strlen(pem)), GNUTLS_X509_FMT_PEM, facts, err);
}

enum err_kind certificate_read_der(struct str der, struct certificate_facts *facts, struct err *err)
{
	return read_one(datum_of(der.ptr, der.len), GNUTLS_X509_FMT_DER, facts, err);
}

static int import_chain(const struct str *chain_der, size_t count, gnutls_x509_crt_t *chain)
{
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < count; i++) {
		gnutls_datum_t der = datum_of(chain_der[i].ptr, chain_der[i].len);

		rc = gnutls_x509_crt_init(&chain[i]);
		if (rc >= 0)
			rc = gnutls_x509_crt_import(chain[i], &der, GNUTLS_X509_FMT_DER);
	}
	return rc;
}

/* *status gets GnuTLS' bits of what is wrong. */
static int verify(gnutls_x509_crt_t *chain, size_t count, const char *authority_pem,
	enum certificate_use use, unsigned *status)
{
	const char *purpose = use == CERTIFICATE_DOOR ? GNUTLS_KP_TLS_WWW_SERVER
						      : GNUTLS_KP_TLS_WWW_CLIENT;
	gnutls_typed_vdata_st wanted[] = {
		{ GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)(uintptr_t)purpose, 0 },
		{ GNUTLS_DT_DNS_HOSTNAME, (unsigned char *)(uintptr_t)DOOR_NAME, 0 },
	};
	gnutls_datum_t pem = datum_of(authority_pem, strlen(authority_pem));
	gnutls_x509_trust_list_t trusted = NULL;
	int rc = gnutls_x509_trust_list_init(&trusted, 0);

	if (rc >= 0)
		rc = gnutls_x509_trust_list_add_trust_mem(
			trusted, &pem, NULL, GNUTLS_X509_FMT_PEM, 0, 0);
	if (rc == 0)
		rc = GNUTLS_E_NO_CERTIFICATE_FOUND;
	if (rc >= 0)
		rc = gnutls_x509_trust_list_verify_crt2(trusted, chain, (unsigned)count, wanted,
			use == CERTIFICATE_DOOR ? 2 : 1, 0, status, NULL);
	if (trusted != NULL)
		gnutls_x509_trust_list_deinit(trusted, 1);
	return rc;
}

enum err_kind certificate_check(const struct str *chain_der, size_t count,
	const char *authority_pem, enum certificate_use use, struct err *err)
{
	gnutls_x509_crt_t chain[CERTIFICATE_CHAIN_MAX] = { NULL };
	gnutls_datum_t words = { 0 };
	unsigned status = GNUTLS_CERT_INVALID;
	enum err_kind kind = OK;

	assert(use != CERTIFICATE_AUTHORITY);
	if (count == 0 || count > CERTIFICATE_CHAIN_MAX)
		return err_set(err, ERR_AUTH, "a chain of %zu certificates", count);
	int rc = import_chain(chain_der, count, chain);

	if (rc >= 0)
		rc = verify(chain, count, authority_pem, use, &status);
	if (rc < 0) {
		kind = err_set(err, ERR_AUTH, "%s", gnutls_strerror(rc));
	} else if (status != 0) {
		gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &words, 0);
		kind = err_set(err, ERR_AUTH, "%s",
			words.data != NULL ? (const char *)words.data : "not trusted");
	}
	gnutls_free(words.data);
	for (size_t i = 0; i < count; i++)
		if (chain[i] != NULL)
			gnutls_x509_crt_deinit(chain[i]);
	return kind;
}

enum err_kind certificate_find(struct arena *mem, const struct str *chain_der, size_t count,
	struct str digest_head, struct str *pem, struct err *err)
{
	enum err_kind rc = err_set(err, ERR_AUTH,
		"the centre's authority has another fingerprint than the token says");

	assert(digest_head.len <= SHA256_BYTES);
	for (size_t i = 0; i < count; i++) {
		struct sha256 digest = sha256_of(chain_der[i]);
		gnutls_datum_t der = datum_of(chain_der[i].ptr, chain_der[i].len), text = { 0 };

		if (memcmp(digest.bytes, digest_head.ptr, digest_head.len) != 0)
			continue;
		int n = gnutls_pem_base64_encode2("CERTIFICATE", &der, &text);

		rc = n >= 0 && arena_copy(mem, str_of(text.data, text.size), pem)
			? OK
			: err_set(err, ERR_LIMIT, "the centre's authority: no memory");
		gnutls_free(text.data);
		break;
	}
	return rc;
}

static _Atomic int64_t clock_shift_s;

static time_t shifted_time(time_t *t)
{
	time_t now = time(NULL) + (time_t)atomic_load(&clock_shift_s);

	if (t != NULL)
		*t = now;
	return now;
}

int64_t certificate_now_s(void)
{
	return shifted_time(NULL);
}

void certificate_set_clock(int64_t shift_s)
{
	atomic_store(&clock_shift_s, shift_s);
	gnutls_global_set_time_function(shifted_time);
}
