#include "link/far.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/hex.h"
#include "crypto/certificate.h"
#include "format/json.h"
#include "link/token.h"
#include "os/clock.h"
#include "os/fs.h"
#include "os/log.h"

enum {
	MEM_BYTES = 256 << 10,
	JOIN_WAIT_MS = 10000,
	JOIN_PAUSE_NS = 100 * 1000 * 1000,
	GUEST_CERTIFICATE_S = 86400, /* self-made, and judged by its key alone */
	FILE_MODE = 0600,
};

struct far {
	struct dial *dial;
	const struct sign_secret *key;
	int next_fd; /* link.next, open for writing */
	int64_t from_s, until_s; /* of the newest certificate */
};

/* What the invited shows before it has a certificate: one of its token's key, by itself. */
static enum err_kind guest_certificate(struct arena *mem, const struct sign_public *public_key,
	const struct sign_secret *key, const char *name, struct str *pem, struct err *err)
{
	int64_t now_s = time(NULL);
	const struct certificate_subject subject = { .use = CERTIFICATE_PEER,
		.name = name,
		.key = public_key,
		.from_s = now_s - GUEST_CERTIFICATE_S,
		.until_s = now_s + GUEST_CERTIFICATE_S };

	return certificate_sign(mem, &subject, key, NULL, pem, err);
}

/* {"key":…,"signature":…}: that the caller holds the key, said for this invitation only. */
static enum err_kind join_body(struct arena *mem, const char *link_name,
	const struct sign_secret *key, struct str *body, struct err *err)
{
	struct str public_key = str_of(key->bytes + SIGN_SEED_BYTES, SIGN_PUBLIC_BYTES);
	struct out said, o;
	struct str message;
	struct jw w;

	out_init(&said, mem, 256);
	out_put(&said, STR("vitrine/join/v1\n"));
	out_put(&said, str_from(link_name));
	out_char(&said, '\n');
	out_put(&said, public_key);
	enum err_kind rc = out_finish(&said, &message, err);

	if (rc != OK)
		return rc;
	struct signature signature = sign_make(key, message);

	out_init(&o, mem, 1024);
	jw_init(&w, &o);
	jw_object(&w);
	jw_kbase64(&w, "key", public_key);
	jw_kbase64(&w, "signature", str_of(signature.bytes, SIGN_BYTES));
	jw_object_end(&w);
	return out_finish(&o, body, err);
}

static enum err_kind take_text(
	struct arena *mem, const json_t *root, const char *name, struct str *text, struct err *err)
{
	struct str got;

	if (!json_str(root, name, &got))
		return err_set(err, ERR_CORRUPT, "the centre's answer lacks %s", name);
	return arena_copy(mem, got, text) ? OK : err_set(err, ERR_LIMIT, "no memory");
}

static enum err_kind take_joined(
	struct arena *mem, struct str json, struct far_joined *joined, struct err *err)
{
	const struct {
		const char *name;
		struct str *text;
	} rows[] = { { "name", &joined->name }, { "role", &joined->role },
		{ "site", &joined->site }, { "lab", &joined->lab }, { "origin", &joined->origin },
		{ "vkey", &joined->vkey }, { "certificate", &joined->certificate_pem },
		{ "authority", &joined->authority_pem } };
	json_t *root;
	enum err_kind rc = json_parse(json, LIMIT_JSON_BYTES, &root, err);

	if (rc != OK)
		return rc;
	for (size_t i = 0; rc == OK && i < sizeof(rows) / sizeof(rows[0]); i++)
		rc = take_text(mem, root, rows[i].name, rows[i].text, err);
	json_decref(root);
	return rc;
}

/* An answer that is not OK becomes the error that it tells. */
static enum err_kind check_answer(
	const char *verb, const struct client_answer *answer, struct err *err)
{
	struct str message = STR("");
	json_t *root = NULL;

	if (answer->status == OK)
		return OK;
	if (json_parse(answer->json, LIMIT_JSON_BYTES, &root, err) == OK)
		json_str(root, "message", &message);
	err_set(err, answer->status, "%s: %.*s", verb, STR_ARG(message));
	json_decref(root);
	return answer->status;
}

static enum err_kind ask(struct arena *mem, struct client *client, const char *verb,
	struct str body, struct str *json, struct err *err)
{
	const struct client_call call = { .verb = verb, .body = body, .fd = -1 };
	struct client_answer answer;
	enum err_kind rc = client_ask(client, mem, &call, &answer, err);

	if (rc == OK)
		rc = check_answer(verb, &answer, err);
	if (rc == OK)
		*json = answer.json;
	return rc;
}

/* The authority is the one that the token's bytes name, as the handshake has found: not what the answer says. */
static enum err_kind join_over(struct arena *mem, struct dial *dial, const char *link_name,
	const struct sign_secret *guest, const struct sign_secret *key, struct far_joined *joined,
	struct err *err)
{
	const struct client_options options = {
		.connect = dial_connect, .connect_arg = dial, .point = link_name, .key = guest
	};
	struct client *client;
	struct str body, json, authority;
	enum err_kind rc = dial_wait(dial, JOIN_WAIT_MS, err);

	if (rc == OK)
		rc = join_body(mem, link_name, key, &body, err);
	if (rc == OK)
		rc = client_open(&options, &client, err);
	if (rc != OK)
		return rc;
	rc = ask(mem, client, "point.join", body, &json, err);
	client_close(client);
	if (rc == OK)
		rc = take_joined(mem, json, joined, err);
	if (rc == OK)
		rc = dial_authority(dial, mem, &authority, err);
	if (rc == OK)
		joined->authority_pem = authority;
	return rc;
}

/*
 * Tries for a while: the door learns of a new invitation within a second, and in TLS 1.3 whoever is not let in hears
 * of it when it thinks to be in already. Asking again with the same key does nothing twice.
 */
static enum err_kind join_patiently(struct arena *mem, struct dial *dial, const char *link_name,
	const struct sign_secret *guest, const struct sign_secret *key, struct far_joined *joined,
	struct err *err)
{
	const struct timespec pause = { .tv_nsec = JOIN_PAUSE_NS };
	int64_t end_us = clock_monotonic_us() + JOIN_WAIT_MS * INT64_C(1000);
	enum err_kind rc;

	for (;;) {
		rc = join_over(mem, dial, link_name, guest, key, joined, err);
		if ((rc != ERR_IO && rc != ERR_NOT_FOUND) || clock_monotonic_us() > end_us)
			return rc;
		nanosleep(&pause, NULL);
	}
}

enum err_kind far_join(struct arena *mem, const char *centre, struct str text,
	const struct sign_secret *key, struct far_joined *joined, struct err *err)
{
	char link_name[FRAME_POINT_BYTES];
	struct sign_public guest_public;
	struct sign_secret guest;
	struct token token;
	struct dial *dial;
	struct str pem;

	if (!token_parse(text, &token))
		return err_set(err, ERR_INPUT,
			"this is not a token: 52 letters and digits in groups of four are wanted");
	token_key(&token, &guest_public, &guest);
	token_link_name(&guest_public, link_name);
	enum err_kind rc = guest_certificate(mem, &guest_public, &guest, link_name, &pem, err);
	const struct dial_options options = { .centre = centre,
		.certificate_pem = pem.ptr,
		.key = &guest,
		.authority_head = token.authority };

	if (rc == OK)
		rc = dial_open(&options, &dial, err);
	if (rc == OK) {
		rc = dial_start(dial, err);
		if (rc == OK)
			rc = join_patiently(mem, dial, link_name, &guest, key, joined, err);
		dial_close(dial);
	}
	secret_wipe(&guest, sizeof(guest));
	secret_wipe(&token, sizeof(token));
	return rc;
}

enum err_kind far_keep(int folder, const struct far_joined *joined, struct err *err)
{
	enum err_kind rc = fs_remove(folder, "link.next", err);

	if (rc == OK)
		rc = fs_replace(folder, "ca.crt", joined->authority_pem, FILE_MODE, err);
	return rc != OK ? rc
			: fs_replace(folder, "link.crt", joined->certificate_pem, FILE_MODE, err);
}

static enum err_kind read_pem(
	int folder, const char *path, struct arena *mem, const char **pem, struct err *err)
{
	struct str text;
	enum err_kind rc = fs_read(folder, path, CERTIFICATE_PEM_BYTES_MAX, mem, &text, err);

	if (rc == OK && (*pem = arena_cstr(mem, text)) == NULL)
		rc = err_set(err, ERR_LIMIT, "%s: no memory", path);
	return rc;
}

/* The renewed one where it is whole, else the one before. */
static enum err_kind read_certificate(int folder, struct arena *mem, const char **pem,
	struct certificate_facts *facts, struct err *err)
{
	struct err ignored;

	if (read_pem(folder, "link.next", mem, pem, &ignored) == OK &&
		certificate_read(*pem, facts, &ignored) == OK)
		return OK;
	enum err_kind rc = read_pem(folder, "link.crt", mem, pem, err);

	return rc != OK ? rc : certificate_read(*pem, facts, err);
}

static enum err_kind open_in(struct far *far, struct arena *mem, int folder, const char *centre,
	const char *name, struct err *err)
{
	const char *pem = NULL, *authority = NULL;
	struct certificate_facts facts;
	enum err_kind rc = read_certificate(folder, mem, &pem, &facts, err);

	if (rc == OK)
		rc = read_pem(folder, "ca.crt", mem, &authority, err);
	if (rc == OK && strcmp(facts.name, name) != 0)
		rc = err_set(
			err, ERR_INPUT, "link.crt is of \"%s\", this is \"%s\"", facts.name, name);
	if (rc != OK)
		return rc;
	far->from_s = facts.from_s;
	far->until_s = facts.until_s;
	far->next_fd = openat(
		folder, "link.next", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (far->next_fd < 0)
		return err_errno(err, errno, "link.next");
	const struct dial_options options = { .centre = centre,
		.certificate_pem = pem,
		.key = far->key,
		.authority_pem = authority };

	return dial_open(&options, &far->dial, err);
}

enum err_kind far_open(int folder, const char *centre, const char *name,
	const struct sign_secret *key, struct far **out, struct err *err)
{
	struct far *far = calloc(1, sizeof(*far));
	struct arena mem;

	if (far == NULL)
		return err_set(err, ERR_LIMIT, "the centre: no memory");
	far->key = key;
	far->next_fd = -1;
	arena_init(&mem, MEM_BYTES);
	enum err_kind rc = open_in(far, &mem, folder, centre, name, err);

	arena_reset(&mem);
	if (rc == OK)
		*out = far;
	else
		far_close(far);
	return rc;
}

enum err_kind far_start(struct far *far, struct err *err)
{
	return dial_start(far->dial, err);
}

void far_close(struct far *far)
{
	if (far->dial != NULL)
		dial_close(far->dial);
	if (far->next_fd >= 0)
		close(far->next_fd);
	free(far);
}

struct dial *far_dial(struct far *far)
{
	return far->dial;
}

int64_t far_until_s(const struct far *far)
{
	return far->until_s;
}

/* In place: a crash in between leaves no certificate at all, and link.crt counts. */
static enum err_kind keep_next(struct far *far, struct str pem, struct err *err)
{
	if (ftruncate(far->next_fd, 0) != 0)
		return err_errno(err, errno, "link.next");
	enum err_kind rc = fs_pwrite_all(far->next_fd, pem.ptr, pem.len, 0, err);

	return rc != OK ? rc : fs_sync(far->next_fd, err);
}

static enum err_kind renew(
	struct far *far, struct client *client, struct arena *mem, struct err *err)
{
	struct certificate_facts facts;
	struct str json, pem = STR("");
	json_t *root = NULL;
	enum err_kind rc = ask(mem, client, "point.renew", STR("{}"), &json, err);

	if (rc == OK)
		rc = json_parse(json, LIMIT_JSON_BYTES, &root, err);
	if (rc == OK)
		rc = take_text(mem, root, "certificate", &pem, err);
	json_decref(root);
	if (rc == OK)
		rc = certificate_read(pem.ptr, &facts, err);
	if (rc == OK &&
		memcmp(facts.key.bytes, far->key->bytes + SIGN_SEED_BYTES, SIGN_PUBLIC_BYTES) != 0)
		rc = err_set(err, ERR_CORRUPT, "the centre renewed another key than ours");
	if (rc == OK)
		rc = keep_next(far, pem, err);
	if (rc == OK)
		rc = dial_renew(far->dial, pem.ptr, far->key, err);
	if (rc == OK) {
		far->from_s = facts.from_s;
		far->until_s = facts.until_s;
		log_line(LOG_INFO, "the certificate was renewed");
	}
	return rc;
}

enum err_kind far_renew_if_due(struct far *far, struct client *client, struct err *err)
{
	int64_t third_s = (far->until_s - far->from_s) / 3;
	struct arena mem;

	if (certificate_now_s() < far->until_s - third_s)
		return OK;
	arena_init(&mem, MEM_BYTES);
	enum err_kind rc = renew(far, client, &mem, err);

	arena_reset(&mem);
	return rc;
}
