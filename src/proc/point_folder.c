/* point_folder: what lies in a point's folder: configuration and keys, nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/when.h"
#include "crypto/certificate.h"
#include "format/json.h"
#include "format/yaml.h"
#include "os/fs.h"
#include "os/random.h"
#include "proc/point_inside.h"

/* Self-signed: browsers are told once to trust this very one. */
enum { CERTIFICATE_DAYS = 3650 };

/* A setting of point.yaml; `absent` NULL: it must be there. */
static enum err_kind setting(struct point *pt, const json_t *root, const char *key,
	const char *absent, const char **value, struct err *err)
{
	struct str text = str_from(absent);

	if (!json_str(root, key, &text) && absent == NULL)
		return err_set(err, ERR_INPUT, "point.yaml: %s is missing", key);
	*value = arena_cstr(&pt->mem, text);
	return *value == NULL ? err_set(err, ERR_LIMIT, "point.yaml: no memory") : OK;
}

static enum err_kind take_settings(struct point *pt, const json_t *root, struct err *err)
{
	const char *clock_file;
	enum err_kind rc = setting(pt, root, "name", NULL, &pt->name, err);

	if (rc == OK)
		rc = setting(pt, root, "site", pt->name, &pt->site, err);
	if (rc == OK)
		rc = setting(pt, root, "socket", "", &pt->socket, err);
	if (rc == OK)
		rc = setting(pt, root, "centre", "", &pt->centre, err);
	if (rc == OK && (pt->socket[0] == '\0') == (pt->centre[0] == '\0'))
		rc = err_set(err, ERR_INPUT, "point.yaml: one of socket and centre is wanted");
	if (rc == OK && pt->listen == NULL)
		rc = setting(pt, root, "listen", NULL, &pt->listen, err);
	if (rc == OK)
		rc = setting(pt, root, "test_clock", "", &clock_file, err);
	if (rc == OK && clock_file[0] != '\0') {
		rc = clock_init_shifted(&pt->clock, AT_FDCWD, clock_file, err);
		if (rc == OK)
			certificate_set_clock(
				clock_now_us(&pt->clock) / WHEN_SECOND_US - (int64_t)time(NULL));
	}
	return rc != OK ? rc : rules_open(root, &pt->clock, &pt->rules, err);
}

static enum err_kind read_settings(struct point *pt, struct err *err)
{
	struct str text;
	json_t *root = NULL;
	enum err_kind rc = fs_read(
		AT_FDCWD, "point.yaml", POINT_FILE_BYTES_MAX, &pt->mem, &text, err);

	if (rc == OK)
		rc = yaml_parse(text, POINT_FILE_BYTES_MAX, &root, err);
	if (rc != OK)
		return err_context(err, "point.yaml");
	rc = take_settings(pt, root, err);
	json_decref(root);
	return rc;
}

static enum err_kind read_seed(uint8_t seed[SIGN_SEED_BYTES], struct err *err)
{
	struct arena mem;
	struct str bytes;

	arena_init(&mem, POINT_FILE_BYTES_MAX);
	enum err_kind rc = fs_read(AT_FDCWD, "point.key", SIGN_SEED_BYTES, &mem, &bytes, err);

	if (rc == OK && bytes.len != SIGN_SEED_BYTES)
		rc = err_set(err, ERR_CORRUPT, "point.key: not %d bytes", SIGN_SEED_BYTES);
	if (rc == OK)
		memcpy(seed, bytes.ptr, SIGN_SEED_BYTES);
	arena_wipe(&mem);
	return rc;
}

static enum err_kind read_key(struct point *pt, struct err *err)
{
	uint8_t seed[SIGN_SEED_BYTES];
	struct sign_public unused;
	enum err_kind rc = read_seed(seed, err);

	if (rc == OK)
		sign_from_seed(seed, &unused, &pt->key);
	secret_wipe(seed, sizeof(seed));
	return rc;
}

/* The point's own, unless somebody put another there. */
static enum err_kind make_certificate(struct point *pt, struct err *err)
{
	struct certificate_options options = { .common_name = pt->name,
		.now_s = clock_now_us(&pt->clock) / WHEN_SECOND_US,
		.valid_days = CERTIFICATE_DAYS };
	enum err_kind rc = certificate_make(
		&pt->mem, &options, &pt->key_pem, &pt->certificate_pem, err);

	if (rc == OK)
		rc = fs_replace(AT_FDCWD, "tls.key", pt->key_pem, 0600, err);
	if (rc == OK)
		rc = fs_replace(AT_FDCWD, "tls.crt", pt->certificate_pem, 0644, err);
	return rc;
}

/* The TLS library takes C strings. */
static enum err_kind read_certificate(struct point *pt, struct err *err)
{
	enum err_kind rc = fs_read(
		AT_FDCWD, "tls.key", POINT_FILE_BYTES_MAX, &pt->mem, &pt->key_pem, err);

	if (rc == ERR_NOT_FOUND)
		return make_certificate(pt, err);
	if (rc == OK)
		rc = fs_read(AT_FDCWD, "tls.crt", POINT_FILE_BYTES_MAX, &pt->mem,
			&pt->certificate_pem, err);
	if (rc != OK)
		return rc;
	const char *key = arena_cstr(&pt->mem, pt->key_pem);
	const char *certificate = arena_cstr(&pt->mem, pt->certificate_pem);

	if (key == NULL || certificate == NULL)
		return err_set(err, ERR_LIMIT, "tls.key, tls.crt: no memory");
	pt->key_pem = str_from(key);
	pt->certificate_pem = str_from(certificate);
	return OK;
}

enum err_kind point_read_folder(struct point *pt, struct err *err)
{
	enum err_kind rc = read_settings(pt, err);

	if (rc == OK)
		rc = read_key(pt, err);
	if (rc == OK)
		rc = read_certificate(pt, err);
	return rc != OK ? rc : receipts_open(AT_FDCWD, "receipts", &pt->receipts, err);
}

/* The key that a first, failed try made is taken again: the token may have been redeemed for it. */
static enum err_kind make_key(
	struct sign_public *public_key, struct sign_secret *key, struct err *err)
{
	uint8_t seed[SIGN_SEED_BYTES];
	enum err_kind rc = read_seed(seed, err);

	if (rc == ERR_NOT_FOUND) {
		random_bytes(seed, sizeof(seed));
		rc = fs_replace(AT_FDCWD, "point.key", str_of(seed, sizeof(seed)), 0600, err);
	}
	if (rc == OK)
		sign_from_seed(seed, public_key, key);
	secret_wipe(seed, sizeof(seed));
	return rc;
}

/* In groups of four, to be compared with what the centre shows. */
static void show_fingerprint(const struct sign_public *public_key)
{
	struct sha256 digest = sha256_of(str_of(public_key->bytes, SIGN_PUBLIC_BYTES));
	char hex[SHA256_HEX_BYTES];

	sha256_format(&digest, hex);
	printf("fingerprint");
	for (size_t i = 0; i < SHA256_HEX_BYTES - 1; i += 4)
		printf(" %.4s", hex + i);
	printf("\n");
	fflush(stdout);
}

static void put_setting(struct out *o, const char *key, struct str value)
{
	out_printf(o, "%s: \"", key);
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] == '"' || value.ptr[i] == '\\')
			out_char(o, '\\');
		out_char(o, value.ptr[i]);
	}
	out_put(o, STR("\"\n"));
}

static enum err_kind write_settings(struct arena *mem, const struct point_join *join,
	const struct far_joined *joined, struct err *err)
{
	struct out o;
	struct str text;

	out_init(&o, mem, POINT_FILE_BYTES_MAX);
	out_put(&o, STR("# An access point of "));
	out_put(&o, joined->lab);
	out_put(&o,
		STR(". Settings of its own besides: hours, supervised, supervisors "
		    "(docs/formats/link.md).\n"));
	put_setting(&o, "name", joined->name);
	put_setting(&o, "site", joined->site);
	put_setting(&o, "centre", str_from(join->centre));
	put_setting(&o, "listen", str_from(join->listen != NULL ? join->listen : "127.0.0.1:8443"));
	enum err_kind rc = out_finish(&o, &text, err);

	return rc != OK ? rc : fs_replace(AT_FDCWD, "point.yaml", text, 0600, err);
}

enum err_kind point_join(const struct point_join *join, struct err *err)
{
	struct sign_public public_key;
	struct sign_secret key;
	struct far_joined joined;
	struct arena mem;

	if (access("point.yaml", F_OK) == 0)
		return err_set(err, ERR_CONFLICT,
			"this folder is a point's already: start it without --centre and --token");
	arena_init(&mem, POINT_MEM_BYTES);
	enum err_kind rc = make_key(&public_key, &key, err);

	if (rc == OK) {
		show_fingerprint(&public_key);
		rc = far_join(&mem, join->centre, str_from(join->token), &key, &joined, err);
	}
	if (rc == OK && !str_eq(joined.role, STR("point")))
		rc = err_set(err, ERR_INPUT, "this token invites a %.*s, not a point",
			STR_ARG(joined.role));
	if (rc == OK)
		rc = far_keep(AT_FDCWD, &joined, err);
	if (rc == OK)
		rc = write_settings(&mem, join, &joined, err);
	if (rc == OK)
		printf("joined %.*s as %.*s\n", STR_ARG(joined.lab), STR_ARG(joined.name));
	secret_wipe(&key, sizeof(key));
	arena_wipe(&mem);
	return rc;
}
