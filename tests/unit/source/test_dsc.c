#include "source/dsc.h"

#include "harness.h"

#define SUM "1111111111111111111111111111111111111111111111111111111111111111"
#define BODY                                                                                       \
	"Format: 3.0 (quilt)\nSource: cjson\nBinary: libcjson-dev,\n libcjson1\n"                  \
	"Version: 1.7.15-1+deb12u4\nChecksums-Sha1:\n 00 1 other.tar\nChecksums-Sha256:\n " SUM    \
	" 357564 cjson_1.7.15.orig.tar.gz\n " SUM " 6136 cjson_1.7.15-1.debian.tar.xz\nFiles:\n "  \
	"00 1 other.tar\n"

static void check_cjson(const struct dsc *dsc)
{
	assert_true(str_eq(dsc->source, STR("cjson")));
	assert_true(str_eq(dsc->version, STR("1.7.15-1+deb12u4")));
	assert_true(str_eq(dsc->format, STR("3.0 (quilt)")));
	assert_int_equal(dsc->part_count, 2);
	assert_true(str_eq(dsc->parts[0].name, STR("cjson_1.7.15.orig.tar.gz")));
	assert_int_equal(dsc->parts[0].size, 357564);
	assert_int_equal(dsc->parts[1].digest.bytes[31], 0x11);
}

static void reads_plain_and_signed(void **state)
{
	struct dsc dsc;
	struct err err;

	(void)state;
	assert_int_equal(dsc_parse(STR(BODY), &dsc, &err), OK);
	check_cjson(&dsc);
	assert_int_equal(
		dsc_parse(
			STR("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" BODY
			    "\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n"),
			&dsc, &err),
		OK);
	check_cjson(&dsc);
}

#define START "Format: 1.0\nSource: a\nVersion: 1\n"
#define SUMS "Checksums-Sha256:\n " SUM " 1 "

static void refuses_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "Format" },
		{ "Format: 2.0\nSource: a\nVersion: 1\n" SUMS "a\n", "Format" },
		{ START, "no Checksums-Sha256" },
		{ START SUMS "../a\n", "unusual name" },
		{ START SUMS "a/b\n", "unusual name" },
		{ START SUMS ".a\n", "unusual name" },
		{ START SUMS "-a\n", "unusual name" },
		{ START SUMS "a b\n", "unusual name" },
		{ START SUMS "a\n " SUM " 1 a\n", "listed twice" },
		{ START SUMS "a\n" SUMS "b\n", "there twice" },
		{ START "Checksums-Sha256:\n abc 1 a\n", "digest size name" },
		{ START "Source: b\n" SUMS "a\n", "there twice" },
		{ "Format: 1.0\nSource: a b\nVersion: 1\n" SUMS "a\n", "no proper" },
		{ "Format: 1.0\nSource: a\n" SUMS "a\n", "no proper" },
		{ "hello\n", "Field: value" },
		{ "-----BEGIN PGP SIGNED MESSAGE-----\nHash: x\n", "cut short" },
		{ "-----BEGIN PGP SIGNED MESSAGE-----\n\n" START, "no end" },
	};
	struct dsc dsc;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(dsc_parse(str_from(cases[i].text), &dsc, &err), ERR_INPUT);
		assert_non_null(strstr(err.msg, cases[i].says));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_plain_and_signed),
		cmocka_unit_test(refuses_what_is_wrong),
	};

	return cmocka_run_group_tests_name("dsc", tests, NULL, NULL);
}
