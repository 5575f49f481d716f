#include "crypto/certificate.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "crypto/certificate_inside.h"

enum { BACKDATED_S = 3600 };

static enum err_kind failed(struct err *err, const char *what, int rc)
{
	return err_set(
		err, ERR_IO, "make the point's certificate: %s: %s", what, gnutls_strerror(rc));
}

int certificate_set_serial(gnutls_x509_crt_t crt)
{
	uint8_t serial[CERTIFICATE_SERIAL_BYTES];

	int rc = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

	if (rc < 0)
		return rc;
	serial[0] &= 0x7f; /* positive, as RFC 5280 4.1.2.2 asks */
	serial[0] |= 0x40;
	return gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
}

static int add_names(gnutls_x509_crt_t crt, const char *host)
{
	static const uint8_t ipv4[4] = { 127, 0, 0, 1 }, ipv6[16] = { [15] = 1 };
	int rc = gnutls_x509_crt_set_subject_alt_name(
		crt, GNUTLS_SAN_DNSNAME, "localhost", 9, GNUTLS_FSAN_SET);

	if (rc >= 0)
		rc = gnutls_x509_crt_set_subject_alt_name(
			crt, GNUTLS_SAN_IPADDRESS, ipv4, sizeof(ipv4), GNUTLS_FSAN_APPEND);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_subject_alt_name(
			crt, GNUTLS_SAN_IPADDRESS, ipv6, sizeof(ipv6), GNUTLS_FSAN_APPEND);
	if (rc >= 0 && host != NULL)
		rc = gnutls_x509_crt_set_subject_alt_name(
			crt, GNUTLS_SAN_DNSNAME, host, (unsigned)strlen(host), GNUTLS_FSAN_APPEND);
	return rc;
}

static int fill(
	gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const struct certificate_options *o)
{
	int rc = gnutls_x509_crt_set_version(crt, 3);

	if (rc >= 0)
		rc = certificate_set_serial(crt);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_activation_time(crt, o->now_s - BACKDATED_S);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_expiration_time(crt, o->now_s + o->valid_days * 86400);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0,
			o->common_name, (unsigned)strlen(o->common_name));
	if (rc >= 0)
		rc = gnutls_x509_crt_set_key(crt, key);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_basic_constraints(crt, 0, -1);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0);
	if (rc >= 0)
		rc = add_names(crt, o->host);
	if (rc >= 0)
		rc = gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
	return rc;
}

enum err_kind certificate_make(struct arena *mem, const struct certificate_options *options,
	struct str *key_pem, struct str *certificate_pem, struct err *err)
{
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crt_t crt = NULL;
	gnutls_datum_t key_text = { 0 }, crt_text = { 0 };
	struct str key_copy, crt_copy;
	enum err_kind rc = OK;
	int n = gnutls_x509_privkey_init(&key);

	if (n >= 0)
		n = gnutls_x509_crt_init(&crt);
	if (n >= 0)
		n = gnutls_x509_privkey_generate(
			key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if (n >= 0)
		n = fill(crt, key, options);
	if (n >= 0)
		n = gnutls_x509_privkey_export2_pkcs8(
			key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &key_text);
	if (n >= 0)
		n = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &crt_text);
	if (n < 0) {
		rc = failed(err, "GnuTLS", n);
		goto out;
	}
	if (!arena_copy(mem, str_of(key_text.data, key_text.size), &key_copy) ||
		!arena_copy(mem, str_of(crt_text.data, crt_text.size), &crt_copy)) {
		rc = err_set(err, ERR_LIMIT, "make the point's certificate: no memory");
		goto out;
	}
	*key_pem = key_copy;
	*certificate_pem = crt_copy;
out:
	if (key_text.data != NULL)
		gnutls_memset(key_text.data, 0, key_text.size);
	gnutls_free(key_text.data);
	gnutls_free(crt_text.data);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
	return rc;
}
