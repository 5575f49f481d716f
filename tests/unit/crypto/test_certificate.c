/* Certificates of the link: what is made is read back, and each way to be wrong is told from being right. */
#include <time.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "crypto/certificate.h"
#include "harness.h"

enum { DAY_S = 86400 };

struct party {
	struct sign_public key;
	struct sign_secret secret;
	struct str pem;
};

static struct arena mem;
static struct party lab, other_lab, door, peer, guest;
static int64_t now_s;

static void certify(struct party *who, enum certificate_use use, const char *name, int64_t from_s,
	int64_t until_s, const struct party *by)
{
	const struct certificate_subject subject = {
		.use = use, .name = name, .key = &who->key, .from_s = from_s, .until_s = until_s
	};
	struct err err;

	if (certificate_sign(&mem, &subject, &by->secret, by == who ? NULL : by->pem.ptr, &who->pem,
		    &err) != OK)
		fail_msg("%s: %s", name, err.msg);
}

static int setup(void **state)
{
	struct party *all[] = { &lab, &other_lab, &door, &peer, &guest };
	struct err err;

	(void)state;
	arena_init(&mem, 1 << 20);
	if (crypto_init(&err) != OK)
		return -1;
	now_s = time(NULL);
	certificate_set_clock(0);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		sign_generate(&all[i]->key, &all[i]->secret);
	certify(&lab, CERTIFICATE_AUTHORITY, "lab", now_s - 60, now_s + 1000 * DAY_S, &lab);
	certify(&other_lab, CERTIFICATE_AUTHORITY, "lab", now_s - 60, now_s + 1000 * DAY_S,
		&other_lab);
	certify(&door, CERTIFICATE_DOOR, "door", now_s - 60, now_s + 30 * DAY_S, &lab);
	certify(&peer, CERTIFICATE_PEER, "bonn", now_s - 60, now_s + 90 * DAY_S, &lab);
	certify(&guest, CERTIFICATE_PEER, "join-00", now_s - 60, now_s + 600, &guest);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_reset(&mem);
	return 0;
}

/* As TLS hands it over. */
static struct str der_of(struct str pem)
{
	gnutls_datum_t text = { (unsigned char *)(uintptr_t)pem.ptr, (unsigned)pem.len }, der;
	struct str copy;

	assert_true(gnutls_pem_base64_decode2("CERTIFICATE", &text, &der) >= 0);
	assert_true(arena_copy(&mem, str_of(der.data, der.size), &copy));
	gnutls_free(der.data);
	return copy;
}

static enum err_kind check(
	const struct party *who, const struct party *by, enum certificate_use use)
{
	struct str chain[] = { der_of(who->pem), der_of(by->pem) };
	struct err err;

	return certificate_check(chain, 2, lab.pem.ptr, use, &err);
}

static void says_what_was_certified(void **state)
{
	struct certificate_facts facts;
	struct err err;

	(void)state;
	assert_int_equal(certificate_read(peer.pem.ptr, &facts, &err), OK);
	assert_string_equal(facts.name, "bonn");
	assert_memory_equal(facts.key.bytes, peer.key.bytes, SIGN_PUBLIC_BYTES);
	assert_int_equal(facts.from_s, now_s - 60);
	assert_int_equal(facts.until_s, now_s + 90 * DAY_S);
	struct sha256 digest = sha256_of(der_of(peer.pem));

	assert_memory_equal(facts.fingerprint.bytes, digest.bytes, SHA256_BYTES);
	assert_int_equal(certificate_read_der(der_of(guest.pem), &facts, &err), OK);
	assert_string_equal(facts.name, "join-00");
	assert_int_equal(certificate_read("no certificate", &facts, &err), ERR_INPUT);
	assert_int_equal(
		certificate_read_der(STR("\x30\x03\x02\x01\x01"), &facts, &err), ERR_INPUT);
}

/* A certificate of another kind of key than ours is none of the link. */
static void other_keys_are_refused(void **state)
{
	const struct certificate_options options = {
		.common_name = "centre", .now_s = now_s, .valid_days = 1
	};
	struct certificate_facts facts;
	struct str key, pem;
	struct err err;

	(void)state;
	assert_int_equal(certificate_make(&mem, &options, &key, &pem, &err), OK);
	assert_int_equal(certificate_read_der(der_of(pem), &facts, &err), ERR_INPUT);
}

static void each_use_is_its_own(void **state)
{
	(void)state;
	assert_int_equal(check(&door, &lab, CERTIFICATE_DOOR), OK);
	assert_int_equal(check(&peer, &lab, CERTIFICATE_PEER), OK);
	/* A peer that would stand at the door, and the door as a peer. */
	assert_int_equal(check(&peer, &lab, CERTIFICATE_DOOR), ERR_AUTH);
	assert_int_equal(check(&door, &lab, CERTIFICATE_PEER), ERR_AUTH);
}

static void strangers_are_refused(void **state)
{
	struct party forged;
	struct err err;

	(void)state;
	sign_generate(&forged.key, &forged.secret);
	/* Another lab's, which bears the same name; one's own; and a peer that certifies further. */
	certify(&forged, CERTIFICATE_PEER, "bonn", now_s - 60, now_s + DAY_S, &other_lab);
	assert_int_equal(check(&forged, &other_lab, CERTIFICATE_PEER), ERR_AUTH);
	assert_int_equal(check(&forged, &lab, CERTIFICATE_PEER), ERR_AUTH);
	assert_int_equal(check(&guest, &guest, CERTIFICATE_PEER), ERR_AUTH);
	certify(&forged, CERTIFICATE_PEER, "rome", now_s - 60, now_s + DAY_S, &peer);
	assert_int_equal(check(&forged, &peer, CERTIFICATE_PEER), ERR_AUTH);
	assert_int_equal(certificate_check(NULL, 0, lab.pem.ptr, CERTIFICATE_PEER, &err), ERR_AUTH);
}

static void time_is_judged_by_the_clock_that_was_set(void **state)
{
	(void)state;
	certificate_set_clock(89 * DAY_S);
	assert_int_equal(check(&peer, &lab, CERTIFICATE_PEER), OK);
	certificate_set_clock(91 * DAY_S);
	assert_int_equal(check(&peer, &lab, CERTIFICATE_PEER), ERR_AUTH);
	certificate_set_clock(-DAY_S);
	assert_int_equal(check(&peer, &lab, CERTIFICATE_PEER), ERR_AUTH);
	certificate_set_clock(0);
	assert_int_equal(check(&peer, &lab, CERTIFICATE_PEER), OK);
}

static void the_authority_is_found_by_its_digest(void **state)
{
	struct str chain[] = { der_of(door.pem), der_of(lab.pem) }, pem;
	struct sha256 digest = sha256_of(chain[1]);
	struct err err;

	(void)state;
	assert_int_equal(
		certificate_find(&mem, chain, 2, str_of(digest.bytes, 16), &pem, &err), OK);
	assert_int_equal(certificate_check(chain, 2, pem.ptr, CERTIFICATE_DOOR, &err), OK);
	digest.bytes[15] ^= 1;
	assert_int_equal(
		certificate_find(&mem, chain, 2, str_of(digest.bytes, 16), &pem, &err), ERR_AUTH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_was_certified),
		cmocka_unit_test(other_keys_are_refused),
		cmocka_unit_test(each_use_is_its_own),
		cmocka_unit_test(strangers_are_refused),
		cmocka_unit_test(time_is_judged_by_the_clock_that_was_set),
		cmocka_unit_test(the_authority_is_found_by_its_digest),
	};

	return cmocka_run_group_tests_name("certificate", tests, setup, teardown);
}
