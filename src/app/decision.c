#include "app/decision.h"

#include "app/webauthn.h"
#include "base/hex.h"

enum { SIGNATURE_BYTES_MAX = 128 };

/* The signature object, decoded. */
struct signature_object {
	bool is_webauthn;
	struct webauthn_said said; /* of the other type only .signature */
};

/* The agreement in force with the caller's organisation; *found false: there is none. */
static enum err_kind find_root(
	const struct record_desk *desk, struct sign_public *root, bool *found, struct err *err)
{
	struct agreement *agreement = arena_array(desk->mem, struct agreement, 1);
	struct err why;

	*found = false;
	if (agreement == NULL)
		return err_set(err, ERR_LIMIT, "decision: request memory used up");
	enum err_kind rc = agreement_of(
		desk->db, desk->mem, desk->caller->organisation_id, desk->now_us, agreement, &why);

	if (rc == ERR_NOT_FOUND)
		return OK;
	if (rc != OK) {
		*err = why;
		return rc;
	}
	*found = true;
	*root = agreement->root;
	return OK;
}

enum err_kind decision_keys(const struct record_desk *desk, struct person_key keys[PERSON_KEYS_MAX],
	size_t *count, struct err *err)
{
	struct sign_public root;
	size_t all = 0;
	bool found;
	enum err_kind rc = find_root(desk, &root, &found, err);

	*count = 0;
	if (rc != OK || !found)
		return rc;
	rc = person_keys_load(desk->db, desk->mem, desk->caller->person_id, keys, &all, err);
	for (size_t i = 0; rc == OK && i < all; i++) {
		if (person_key_state(&keys[i], &root, desk->now_us) == PERSON_KEY_COUNTS)
			keys[(*count)++] = keys[i];
	}
	return rc;
}

static bool is_required(const struct settings *settings)
{
	return strcmp(settings->signatures, "required") == 0;
}

enum err_kind decision_wanted(const struct record_desk *desk, const struct settings *settings,
	bool *wanted, struct err *err)
{
	struct person_key *keys = arena_array(desk->mem, struct person_key, PERSON_KEYS_MAX);
	size_t count;

	if (keys == NULL)
		return err_set(err, ERR_LIMIT, "decision: request memory used up");
	enum err_kind rc = decision_keys(desk, keys, &count, err);

	*wanted = count > 0 || is_required(settings);
	return rc;
}

enum err_kind decision_body(const struct record_desk *desk, const struct record *record,
	struct str *body, struct err *err)
{
	struct out o, canonical;
	struct str text;
	struct jw w;
	json_t *root = NULL;

	out_init(&o, desk->mem, 2 * (size_t)RECORD_BODY_BYTES_MAX);
	jw_init(&w, &o);
	record_write_values(record, &w);
	enum err_kind rc = out_finish(&o, &text, err);

	if (rc == OK)
		rc = json_parse(text, 2 * (size_t)RECORD_BODY_BYTES_MAX, &root, err);
	if (rc == OK) {
		out_init(&canonical, desk->mem, 2 * (size_t)RECORD_BODY_BYTES_MAX);
		rc = json_canonical(root, &canonical, err);
	}
	if (rc == OK)
		rc = out_finish(&canonical, body, err);
	json_decref(root);
	return rc;
}

/* What the caller would sign now. */
static enum err_kind expected(const struct record_desk *desk, const struct settings *settings,
	const struct record *record, const struct kind_transition *t, struct str note,
	struct decision_text *text, struct err *err)
{
	*text = (struct decision_text){
		.act = str_from(t->verb),
		.lab = str_from(settings->origin),
		.person = desk->caller->person_id,
		.record = record->id,
		.note = sha256_of(note),
		.time_us = desk->now_us,
		.version = record->version,
	};
	struct str body;
	enum err_kind rc = decision_body(desk, record, &body, err);

	if (rc == OK)
		text->body = sha256_of(body);
	return rc;
}

enum err_kind decision_make(const struct record_desk *desk, const struct settings *settings,
	const struct record *record, const struct kind_transition *transition, struct str note,
	struct str *text, struct err *err)
{
	struct decision_text now;
	bool found;
	enum err_kind rc = expected(desk, settings, record, transition, note, &now, err);

	if (rc == OK)
		rc = find_root(desk, &now.root, &found, err);
	if (rc == OK && !found)
		rc = err_set(err, ERR_DENIED,
			"no agreement with your organisation is in force: no key of yours counts");
	return rc == OK ? decision_text_format(desk->mem, &now, text, err) : rc;
}

/* Member by member, so that the answer says which. */
static enum err_kind check_text(const struct record_desk *desk, const struct decision_text *said,
	const struct decision_text *now, struct err *err)
{
	if (!str_eq(said->lab, now->lab))
		return err_set(err, ERR_DENIED, "the decision is for another lab");
	if (!str_eq(said->person, now->person))
		return err_set(err, ERR_DENIED, "the decision is somebody else's");
	if (!str_eq(said->act, now->act))
		return err_set(err, ERR_DENIED, "the decision is for another act");
	if (!str_eq(said->record, now->record))
		return err_set(err, ERR_DENIED, "the decision is for another record");
	if (!sha256_eq(&said->note, &now->note))
		return err_set(err, ERR_DENIED, "the decision was signed with another note");
	if (said->version != now->version || !sha256_eq(&said->body, &now->body))
		return err_set(err, ERR_CONFLICT,
			"the record was changed since it was signed for: look again, sign again");
	if (said->time_us > desk->now_us || desk->now_us - said->time_us > DECISION_AGE_US)
		return err_set(err, ERR_CONFLICT,
			"the decision was signed too long ago, or ahead of the lab's clock: sign again");
	return OK;
}

/* A base64 member, decoded into mem. */
static bool read_bytes(
	struct arena *mem, const json_t *root, const char *name, size_t max, struct str *bytes)
{
	struct str text;
	uint8_t *to = arena_array(mem, uint8_t, max);
	size_t len;

	if (to == NULL || !json_str(root, name, &text) || !base64_parse(text, to, max, &len))
		return false;
	*bytes = str_of(to, len);
	return true;
}

static bool read_object(struct arena *mem, const json_t *root, struct signature_object *object)
{
	struct str type;

	if (!json_str(root, "type", &type) ||
		!read_bytes(mem, root, "sig", SIGNATURE_BYTES_MAX, &object->said.signature))
		return false;
	object->is_webauthn = str_eq(type, STR("webauthn"));
	if (!object->is_webauthn)
		return str_eq(type, STR("ed25519")) && json_object_size(root) == 2;
	return json_object_size(root) == 4 &&
		read_bytes(mem, root, "authenticator", WEBAUTHN_AUTHENTICATOR_BYTES_MAX,
			&object->said.authenticator) &&
		read_bytes(mem, root, "client", WEBAUTHN_CLIENT_BYTES_MAX, &object->said.client);
}

/* *again: the object as canonical JSON, which is kept. */
static enum err_kind parse_signature(struct arena *mem, struct str text,
	struct signature_object *object, struct str *again, struct err *err)
{
	json_t *root = NULL;
	struct out o;
	enum err_kind rc = json_parse(text, DECISION_SIGNATURE_BYTES_MAX, &root, err);

	if (rc != OK)
		return err_context(err, "signature");
	*object = (struct signature_object){ .is_webauthn = false };
	if (!read_object(mem, root, object))
		rc = err_set(err, ERR_INPUT,
			"signature: must be an object of type ed25519 or webauthn, as the format says");
	out_init(&o, mem, DECISION_SIGNATURE_BYTES_MAX);
	if (rc == OK)
		rc = json_canonical(root, &o, err);
	json_decref(root);
	return rc == OK ? out_finish(&o, again, err) : rc;
}

/* One key of the caller's against the signature; the last refusal is the one that is told. */
static enum err_kind try_key(const struct record_desk *desk, const struct settings *settings,
	struct person_key *key, const struct signature_object *object, struct str text,
	struct err *err)
{
	struct webauthn_place place = person_key_place(settings);
	struct sha256 challenge = sha256_of(text);
	struct str message;

	if (object->is_webauthn != (key->credential.len > 0))
		return err_set(err, ERR_DENIED, "the signature is of another type than your key");
	if (object->is_webauthn)
		return webauthn_check_assertion(
			&place, &challenge, &key->key, &object->said, &key->counter, err);
	enum err_kind rc = decision_text_message(desk->mem, text, &message, err);

	if (rc == OK && !public_key_verify(&key->key, message, object->said.signature))
		rc = err_set(err, ERR_DENIED, "the signature is not by a key of yours that counts");
	return rc;
}

static enum err_kind find_signer(const struct record_desk *desk, const struct settings *settings,
	struct person_key *keys, size_t count, const struct decision_said *said,
	struct decided *decided, struct err *err)
{
	struct signature_object object;
	enum err_kind rc = parse_signature(
		desk->mem, said->signature, &object, &decided->signature, err);

	if (rc != OK)
		return rc;
	rc = err_set(err, ERR_DENIED, "you have no key that counts");
	for (size_t i = 0; i < count && rc != OK; i++) {
		rc = try_key(desk, settings, &keys[i], &object, said->text, err);
		if (rc == OK)
			decided->key = keys[i];
	}
	if (rc != OK)
		return rc;
	decided->is_signed = true;
	decided->text = said->text;
	decided->digest = sha256_of(said->text);
	return OK;
}

/* Nothing was signed: may that be? */
static enum err_kind check_unsigned(
	const struct settings *settings, size_t key_count, struct err *err)
{
	if (key_count > 0)
		return err_set(err, ERR_DENIED, "sign it: you have a key that counts");
	if (is_required(settings))
		return err_set(err, ERR_DENIED,
			"this lab takes it signed only, and you have no key that counts");
	return OK;
}

enum err_kind decision_check(const struct record_desk *desk, const struct settings *settings,
	const struct record *record, const struct kind_transition *transition,
	const struct decision_said *said, struct decided *decided, struct err *err)
{
	struct person_key *keys = arena_array(desk->mem, struct person_key, PERSON_KEYS_MAX);
	struct decision_text now, text;
	size_t count;

	assert(transition->is_signed);
	if (keys == NULL)
		return err_set(err, ERR_LIMIT, "decision: request memory used up");
	*decided = (struct decided){ .is_signed = false };
	enum err_kind rc = decision_keys(desk, keys, &count, err);

	if (rc != OK)
		return rc;
	if (said->text.len == 0 && said->signature.len == 0)
		return check_unsigned(settings, count, err);
	rc = decision_text_parse(desk->mem, said->text, &text, err);
	if (rc == OK)
		rc = expected(desk, settings, record, transition, said->note, &now, err);
	if (rc == OK)
		rc = check_text(desk, &text, &now, err);
	if (rc == OK)
		rc = find_signer(desk, settings, keys, count, said, decided, err);
	if (rc == OK && memcmp(text.root.bytes, decided->key.root.bytes, SIGN_PUBLIC_BYTES) != 0)
		rc = err_set(err, ERR_DENIED, "the decision names another organisation's root key");
	return rc;
}
