/*
 * sign: keys and signatures made where their owner is, without a lab, a network or a session. What is about to be
 * signed is told in words on standard error first; standard output carries the signature alone.
 */
#include <fcntl.h>

#include "app/decision_text.h"
#include "app/key_file.h"
#include "app/key_statement.h"
#include "base/hex.h"
#include "base/when.h"
#include "cli/console.h"
#include "format/json.h"
#include "os/clock.h"
#include "os/fs.h"

enum { SIGN_MEM_BYTES = 8 << 20, FIELDS_BYTES_MAX = LIMIT_ANSWER_BYTES };

/* What stands on the command line; NULL: absent. */
struct sign_options {
	const char *file, *key, *root, *lab, *person, *public_key, *from, *until, *fields, *note,
		*passphrase;
	bool bare, yes;
};

static bool take_flag(struct sign_options *o, const char *name)
{
	const struct {
		const char *name;
		bool *into;
	} rows[] = { { "--no-passphrase", &o->bare }, { "--yes", &o->yes } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].name, name) == 0) {
			*rows[i].into = true;
			return true;
		}
	}
	return false;
}

static bool take_value(struct sign_options *o, const char *name, const char *value)
{
	const struct {
		const char *name;
		const char **into;
	} rows[] = {
		{ "--key", &o->key },
		{ "--root", &o->root },
		{ "--lab", &o->lab },
		{ "--person", &o->person },
		{ "--public", &o->public_key },
		{ "--from", &o->from },
		{ "--until", &o->until },
		{ "--fields", &o->fields },
		{ "--note", &o->note },
		{ "--passphrase-file", &o->passphrase },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].name, name) == 0 && value != NULL) {
			*rows[i].into = value;
			return true;
		}
	}
	return false;
}

/* argv[0] is "sign", argv[1] what to make. */
static bool read_options(int argc, char **argv, struct sign_options *o)
{
	*o = (struct sign_options){ .bare = false };
	for (int i = 2; i < argc; i++) {
		if (take_flag(o, argv[i]))
			continue;
		if (argv[i][0] == '-' && argv[i][1] != '\0') {
			if (!take_value(o, argv[i], argv[i + 1]))
				return false;
			i++;
		} else if (o->file == NULL) {
			o->file = argv[i];
		} else {
			return false;
		}
	}
	return true;
}

/* "Passphrase: ", typed or from --passphrase-file. */
static enum err_kind ask_passphrase(const struct sign_options *o, const char *prompt,
	char secret[LIMIT_LINE_BYTES + 1], struct err *err)
{
	enum err_kind rc = console_secret(o->passphrase, prompt, secret, err);

	return rc == OK ? OK : err_context(err, "passphrase");
}

/* The secret of a key file; the caller wipes it. */
static enum err_kind open_key(struct arena *mem, const char *path, const struct sign_options *o,
	uint8_t secret[KEY_FILE_SECRET_BYTES], struct err *err)
{
	char passphrase[LIMIT_LINE_BYTES + 1] = "";
	struct str bytes;
	enum err_kind rc = key_file_read(mem, path, &bytes, err);

	if (rc == OK && key_file_is_sealed(bytes))
		rc = ask_passphrase(o, "Passphrase of the key: ", passphrase, err);
	if (rc == OK)
		rc = key_file_open(mem, bytes, str_from(passphrase), secret, err);
	secret_wipe(passphrase, sizeof(passphrase));
	return rc;
}

static enum err_kind open_signer(struct arena *mem, const char *path, const struct sign_options *o,
	struct sign_public *public_key, struct sign_secret *secret, struct err *err)
{
	uint8_t seed[KEY_FILE_SECRET_BYTES];
	enum err_kind rc = open_key(mem, path, o, seed, err);

	if (rc == OK)
		sign_from_seed(seed, public_key, secret);
	secret_wipe(seed, sizeof(seed));
	return rc;
}

static enum err_kind print_base64(
	struct arena *mem, const char *before, const void *bytes, size_t len, struct err *err)
{
	struct str text;
	struct out o;

	out_init(&o, mem, 2 * len + 8);
	out_base64(&o, str_of(bytes, len));
	enum err_kind rc = out_finish(&o, &text, err);

	if (rc == OK)
		printf("%s%.*s\n", before, STR_ARG(text));
	return rc;
}

/* ---- vitrine sign keygen, public ---- */

/* One line a use: what a statement, an agreement and a verifier's policy call the key. */
static enum err_kind print_public(
	struct arena *mem, const uint8_t seed[KEY_FILE_SECRET_BYTES], struct err *err)
{
	char hex[2 * SIGN_PUBLIC_BYTES + 1];
	struct sign_public public_key;
	struct sign_secret secret;

	sign_from_seed(seed, &public_key, &secret);
	secret_wipe(&secret, sizeof(secret));
	enum err_kind rc = print_base64(mem,
		"as a person's key:            ed25519:", public_key.bytes,
		sizeof(public_key.bytes), err);

	if (rc == OK)
		rc = print_base64(mem, "as a root key, in an agreement: ", public_key.bytes,
			sizeof(public_key.bytes), err);
	hex_format(public_key.bytes, sizeof(public_key.bytes), hex);
	if (rc == OK)
		printf("as a root key, in a policy:   %s\n", hex);
	return rc;
}

static enum err_kind new_passphrase(
	const struct sign_options *o, char secret[LIMIT_LINE_BYTES + 1], struct err *err)
{
	char again[LIMIT_LINE_BYTES + 1];

	secret[0] = '\0';
	if (o->bare)
		return OK;
	enum err_kind rc = ask_passphrase(o, "New passphrase: ", secret, err);

	if (rc != OK || o->passphrase != NULL)
		return rc;
	rc = ask_passphrase(o, "The same again: ", again, err);
	if (rc == OK && strcmp(secret, again) != 0)
		rc = err_set(err, ERR_INPUT, "the two are not the same; nothing was made");
	secret_wipe(again, sizeof(again));
	return rc;
}

static enum err_kind keygen(struct arena *mem, const struct sign_options *o, struct err *err)
{
	uint8_t seed[KEY_FILE_SECRET_BYTES];
	char passphrase[LIMIT_LINE_BYTES + 1];
	struct sign_public public_key;
	struct sign_secret secret;
	enum err_kind rc = new_passphrase(o, passphrase, err);

	sign_generate(&public_key, &secret);
	memcpy(seed, secret.bytes, sizeof(seed));
	secret_wipe(&secret, sizeof(secret));
	if (rc == OK)
		rc = key_file_write(o->file, seed, str_from(passphrase), err);
	secret_wipe(passphrase, sizeof(passphrase));
	if (rc == OK)
		rc = print_public(mem, seed, err);
	secret_wipe(seed, sizeof(seed));
	return rc;
}

static enum err_kind show_public(struct arena *mem, const struct sign_options *o, struct err *err)
{
	uint8_t seed[KEY_FILE_SECRET_BYTES];
	enum err_kind rc = open_key(mem, o->file, o, seed, err);

	if (rc == OK)
		rc = print_public(mem, seed, err);
	secret_wipe(seed, sizeof(seed));
	return rc;
}

/* ---- what is about to be signed, in words ---- */

static void tell(const char *what, struct str value)
{
	fprintf(stderr, "  %-14s%.*s\n", what, STR_ARG(value));
}

static void tell_hex(const char *what, const void *bytes, size_t len)
{
	char hex[2 * SHA256_BYTES + 1];

	assert(len <= SHA256_BYTES);
	hex_format(bytes, len, hex);
	tell(what, str_from(hex));
}

static void tell_when(const char *what, int64_t when_us)
{
	char when[WHEN_TEXT_BYTES];

	when_format(when_us, when);
	tell(what, str_from(when));
}

/* "yes" at the terminal, unless --yes says so beforehand. */
static enum err_kind confirm(const struct sign_options *o, struct err *err)
{
	char line[16] = "";

	if (o->yes)
		return OK;
	fprintf(stderr, "Sign this? Type yes: ");
	if (fgets(line, sizeof(line), stdin) == NULL || strcmp(line, "yes\n") != 0)
		return err_set(err, ERR_CANCELLED, "nothing was signed");
	return OK;
}

/* ---- vitrine sign person-key ---- */

static enum err_kind read_when(
	const char *name, const char *text, int64_t *when_us, struct err *err)
{
	return when_parse(str_from(text), when_us)
		? OK
		: err_set(err, ERR_INPUT, "%s: a date or a UTC time is wanted, as in 2027-01-31",
			  name);
}

static enum err_kind read_statement(
	const struct sign_options *o, struct key_statement *statement, struct err *err)
{
	struct clock clock;

	clock_init_machine(&clock);
	*statement = (struct key_statement){ .lab = str_from(o->lab),
		.person = str_from(o->person),
		.from_us = clock_now_us(&clock) };
	enum err_kind rc = read_when("--until", o->until, &statement->until_us, err);

	if (rc == OK && o->from != NULL)
		rc = read_when("--from", o->from, &statement->from_us, err);
	if (rc == OK && statement->from_us >= statement->until_us)
		rc = err_set(err, ERR_INPUT, "--until: must lie after the beginning");
	if (rc == OK && !public_key_parse(str_from(o->public_key), &statement->key))
		rc = err_set(err, ERR_INPUT,
			"--public: a key is wanted, as its owner was told it: ed25519:… or es256:…");
	return rc;
}

static void tell_statement(const struct sign_options *o, const struct key_statement *statement)
{
	fprintf(stderr, "Your organisation says: this key is this person's, in this lab.\n");
	tell("key", str_from(o->public_key));
	tell("person", statement->person);
	tell("lab", statement->lab);
	tell_when("from", statement->from_us);
	tell_when("until", statement->until_us);
	tell_hex("root key", statement->root.bytes, sizeof(statement->root.bytes));
}

static enum err_kind sign_person_key(
	struct arena *mem, const struct sign_options *o, struct err *err)
{
	struct key_statement statement;
	struct sign_secret secret;
	struct signature made;
	struct str text, message;
	enum err_kind rc = read_statement(o, &statement, err);

	if (rc == OK)
		rc = open_signer(mem, o->root, o, &statement.root, &secret, err);
	if (rc != OK)
		return rc;
	tell_statement(o, &statement);
	rc = confirm(o, err);
	if (rc == OK)
		rc = key_statement_format(mem, &statement, &text, err);
	if (rc == OK)
		rc = key_statement_message(mem, text, &message, err);
	if (rc == OK)
		made = sign_make(&secret, message);
	secret_wipe(&secret, sizeof(secret));
	if (rc != OK)
		return rc;
	printf("%.*s\n", STR_ARG(text));
	return print_base64(mem, "", made.bytes, sizeof(made.bytes), err);
}

/* ---- vitrine sign decision ---- */

/* The text in a file, or on standard input: one line. */
static enum err_kind read_text(
	struct arena *mem, const char *path, struct str *text, struct err *err)
{
	char line[LIMIT_TEXT_BYTES];
	enum err_kind rc = OK;

	if (strcmp(path, "-") == 0) {
		if (fgets(line, sizeof(line), stdin) == NULL)
			return err_set(err, ERR_INPUT, "nothing came on standard input");
		if (!arena_copy(mem, str_from(line), text))
			return err_set(err, ERR_LIMIT, "no memory");
	} else {
		rc = fs_read(AT_FDCWD, path, LIMIT_TEXT_BYTES, mem, text, err);
	}
	if (rc == OK && str_ends(*text, STR("\n")))
		*text = str_head(*text, text->len - 1);
	return rc;
}

/* The record's fields, alone or in an answer of record.show, against the digest that is signed. */
static enum err_kind check_fields(struct arena *mem, const struct sign_options *o,
	const struct decision_text *decision, struct err *err)
{
	const json_t *fields, *record;
	json_t *root = NULL;
	struct sha256 digest;
	struct str text;
	struct out out;
	enum err_kind rc = fs_read(AT_FDCWD, o->fields, FIELDS_BYTES_MAX, mem, &text, err);

	if (rc == OK)
		rc = json_parse(text, FIELDS_BYTES_MAX, &root, err);
	if (rc != OK)
		return err_context(err, "--fields");
	record = json_object_get(root, "record");
	fields = record != NULL ? json_object_get(record, "fields") : root;
	out_init(&out, mem, FIELDS_BYTES_MAX);
	rc = json_canonical(fields, &out, err);
	json_decref(root);
	if (rc == OK)
		rc = out_finish(&out, &text, err);
	if (rc != OK)
		return err_context(err, "--fields");
	digest = sha256_of(text);
	if (!sha256_eq(&digest, &decision->body))
		return err_set(err, ERR_DENIED,
			"--fields: these are not the fields that the decision is about");
	tell("its fields", text);
	return OK;
}

static enum err_kind tell_decision(struct arena *mem, const struct sign_options *o,
	const struct decision_text *decision, struct err *err)
{
	struct sha256 note = sha256_of(str_from(o->note != NULL ? o->note : ""));
	struct sha256 nothing = sha256_of(STR(""));
	char version[24];

	snprintf(version, sizeof(version), "%lld", (long long)decision->version);
	fprintf(stderr, "You decide:\n");
	tell("act", decision->act);
	tell("record", decision->record);
	tell("its version", str_from(version));
	tell("lab", decision->lab);
	tell("you are", decision->person);
	tell_hex("organisation", decision->root.bytes, sizeof(decision->root.bytes));
	tell_when("asked at", decision->time_us);
	if (o->note != NULL && !sha256_eq(&note, &decision->note))
		return err_set(
			err, ERR_DENIED, "--note: it is not the note that the decision is about");
	if (o->note != NULL)
		tell("note", str_from(o->note));
	else if (sha256_eq(&nothing, &decision->note))
		tell("note", STR("none"));
	else
		tell_hex("note, digest", decision->note.bytes, SHA256_BYTES);
	if (o->fields != NULL)
		return check_fields(mem, o, decision, err);
	tell_hex("fields, digest", decision->body.bytes, SHA256_BYTES);
	fprintf(stderr,
		"  Compare the fields: --fields FILE with what vitrine record show --id … printed.\n");
	return OK;
}

static enum err_kind sign_decision(struct arena *mem, const struct sign_options *o, struct err *err)
{
	struct decision_text decision;
	struct sign_public public_key;
	struct sign_secret secret;
	struct signature made;
	struct str text = STR(""), message;
	enum err_kind rc = read_text(mem, o->file, &text, err);

	if (rc == OK)
		rc = decision_text_parse(mem, text, &decision, err);
	if (rc == OK)
		rc = tell_decision(mem, o, &decision, err);
	if (rc == OK)
		rc = open_signer(mem, o->key, o, &public_key, &secret, err);
	if (rc != OK)
		return rc;
	rc = confirm(o, err);
	if (rc == OK)
		rc = decision_text_message(mem, text, &message, err);
	if (rc == OK)
		made = sign_make(&secret, message);
	secret_wipe(&secret, sizeof(secret));
	if (rc != OK)
		return rc;
	struct str base64;
	struct out out;

	out_init(&out, mem, 2 * sizeof(made.bytes));
	out_base64(&out, str_of(made.bytes, sizeof(made.bytes)));
	rc = out_finish(&out, &base64, err);
	if (rc == OK)
		printf("{\"sig\":\"%.*s\",\"type\":\"ed25519\"}\n", STR_ARG(base64));
	return rc;
}

/* ---- the command ---- */

static bool wants_file(const struct sign_options *o)
{
	return o->file != NULL;
}

static bool wants_statement(const struct sign_options *o)
{
	return o->file == NULL && o->root != NULL && o->lab != NULL && o->person != NULL &&
		o->public_key != NULL && o->until != NULL;
}

static bool wants_decision(const struct sign_options *o)
{
	return o->file != NULL && o->key != NULL;
}

static const struct {
	const char *name;
	bool (*is_whole)(const struct sign_options *o);
	enum err_kind (*run)(struct arena *mem, const struct sign_options *o, struct err *err);
} forms[] = {
	{ "keygen", wants_file, keygen },
	{ "public", wants_file, show_public },
	{ "person-key", wants_statement, sign_person_key },
	{ "decision", wants_decision, sign_decision },
};

int cmd_sign(const struct cli *cli, int argc, char **argv)
{
	struct sign_options o;
	struct arena mem;
	struct err err;

	(void)cli;
	for (size_t i = 0; argc > 1 && i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (strcmp(forms[i].name, argv[1]) != 0)
			continue;
		if (!read_options(argc, argv, &o) || !forms[i].is_whole(&o))
			return cmd_misuse(argv[0]);
		arena_init(&mem, SIGN_MEM_BYTES);
		enum err_kind rc = forms[i].run(&mem, &o, &err);

		arena_reset(&mem);
		return rc == OK ? 0 : cmd_fail("sign", &err);
	}
	return cmd_misuse(argv[0]);
}
