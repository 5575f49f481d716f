/* govern_key: people's keys, certified by their organisation, and the text that a decision's signature covers. */
#include "app/decision.h"
#include "app/families.h"
#include "app/webauthn.h"
#include "base/hex.h"

enum { STATEMENT_BYTES_MIN = 100, KEY_ID_HEX_BYTES = 64 };

static enum err_kind out_of_memory(struct err *err)
{
	return err_set(err, ERR_LIMIT, "request memory used up");
}

/* What a new security key signs: this session in this lab, so that no answer is of use anywhere else. */
static enum err_kind offer_challenge(struct ctx *ctx, struct sha256 *challenge, struct err *err)
{
	struct str text;
	struct out o;

	out_init(&o, ctx->mem, 2 * (size_t)LIMIT_LINE_BYTES);
	out_put(&o, STR("vitrine/person-key-offer/v1\n"));
	out_put(&o, str_from(ctx->lab->settings.origin));
	out_char(&o, '\n');
	out_put(&o, ctx->caller.session_id);
	enum err_kind rc = out_finish(&o, &text, err);

	if (rc == OK)
		*challenge = sha256_of(text);
	return rc;
}

static enum err_kind write_base64url(
	struct ctx *ctx, const char *name, struct str bytes, struct err *err)
{
	struct str text;
	struct out o;

	out_init(&o, ctx->mem, 2 * bytes.len + 8);
	out_base64url(&o, bytes);
	enum err_kind rc = out_finish(&o, &text, err);

	if (rc == OK)
		jw_kstr(ctx->answer, name, text);
	return rc;
}

/* The root key in force of somebody's organisation; *found false: none. */
static enum err_kind root_of(struct ctx *ctx, struct str organisation, struct sign_public *root,
	bool *found, struct err *err)
{
	struct agreement *agreement = arena_array(ctx->mem, struct agreement, 1);
	struct err why;

	*found = false;
	if (agreement == NULL)
		return out_of_memory(err);
	enum err_kind rc = agreement_of(
		ctx->db, ctx->mem, organisation, ctx->now_us, agreement, &why);

	if (rc == ERR_NOT_FOUND)
		return OK;
	if (rc != OK) {
		*err = why;
		return rc;
	}
	*root = agreement->root;
	*found = true;
	return OK;
}

/* ---- person.keys ---- */

static enum err_kind write_key(struct ctx *ctx, const struct person_key *key,
	const struct sign_public *root, struct err *err)
{
	struct jw *w = ctx->answer;
	enum err_kind rc = OK;

	jw_object(w);
	jw_khex(w, "id", key->id.bytes, SHA256_BYTES);
	jw_kstr(w, "key", key->key_text);
	jw_kstr(w, "label", key->label);
	jw_kstr(w, "state",
		str_from(person_key_state_word(person_key_state(key, root, ctx->now_us))));
	jw_kwhen(w, "added", key->added_us);
	if (key->credential.len > 0)
		rc = write_base64url(ctx, "credential", key->credential, err);
	if (key->is_certified) {
		jw_khex(w, "root", key->root.bytes, sizeof(key->root.bytes));
		jw_kwhen(w, "from", key->from_us);
		jw_kwhen(w, "until", key->until_us);
	}
	if (key->revoked_us != 0)
		jw_kwhen(w, "revoked", key->revoked_us);
	jw_object_end(w);
	return rc;
}

/* Whose keys: one's own, or anybody's for those who run or read the lab. */
static enum err_kind find_person(
	struct ctx *ctx, struct str *id, struct str *organisation, struct err *err)
{
	struct record_desk desk = record_desk_of(ctx);
	struct record person;

	*id = arg_given(ctx, "id") ? arg_str(ctx, "id") : ctx->caller.person_id;
	*organisation = ctx->caller.organisation_id;
	if (str_eq(*id, ctx->caller.person_id))
		return OK;
	if ((ctx->caller.roles & (ROLE_OFFICER | ROLE_AUDITOR)) == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no such person, or not for you");
	enum err_kind rc = record_find(&desk, *id, &person, err);

	if (rc == OK)
		*organisation = record_text(&person, "organisation");
	return rc;
}

static enum err_kind keys_compute(struct ctx *ctx, struct err *err)
{
	struct person_key *keys = arena_array(ctx->mem, struct person_key, PERSON_KEYS_MAX);
	struct str id, organisation;
	struct sha256 challenge;
	struct sign_public root;
	struct jw *w = ctx->answer;
	size_t count = 0;
	bool found = false;

	if (keys == NULL)
		return out_of_memory(err);
	enum err_kind rc = find_person(ctx, &id, &organisation, err);

	if (rc == OK)
		rc = root_of(ctx, organisation, &root, &found, err);
	if (rc == OK)
		rc = person_keys_load(ctx->db, ctx->mem, id, keys, &count, err);
	if (rc == OK)
		rc = offer_challenge(ctx, &challenge, err);
	if (rc != OK)
		return rc;
	jw_kstr(w, "person", id);
	jw_kstr(w, "lab", str_from(ctx->lab->settings.origin));
	jw_kstr(w, "rp_id", str_from(ctx->lab->settings.rp_id));
	jw_kstr(w, "origin", str_from(ctx->lab->settings.web_origin));
	if (found)
		jw_khex(w, "root", root.bytes, sizeof(root.bytes));
	rc = write_base64url(ctx, "challenge", str_of(challenge.bytes, SHA256_BYTES), err);
	jw_key(w, "keys");
	jw_array(w);
	for (size_t i = 0; rc == OK && i < count; i++)
		rc = write_key(ctx, &keys[i], found ? &root : NULL, err);
	jw_array_end(w);
	return rc;
}

/* ---- person.key_offer ---- */

/* A new key of the caller's, of this text; not yet stored. */
static enum err_kind new_key(
	struct ctx *ctx, struct str text, struct person_key *key, struct err *err)
{
	*key = (struct person_key){ .person = ctx->caller.person_id,
		.key_text = text,
		.label = arg_str(ctx, "label"),
		.credential = STR(""),
		.added_us = ctx->now_us };
	if (!public_key_parse(text, &key->key))
		return err_set(err, ERR_INPUT,
			"key: must be ed25519: or es256: and the base64 of a key's 32 or 65 bytes");
	key->id = public_key_id(&key->key);
	return OK;
}

static enum err_kind offer_read(struct ctx *ctx, struct person_key *key, struct err *err)
{
	struct webauthn_place place = person_key_place(&ctx->lab->settings);
	struct webauthn_said said = { .signature = STR("") };
	struct sha256 challenge;
	enum err_kind rc = new_key(ctx, arg_str(ctx, "key"), key, err);

	if (rc == OK)
		rc = arg_bytes(ctx, "authenticator", &said.authenticator, err);
	if (rc == OK)
		rc = arg_bytes(ctx, "client", &said.client, err);
	if (rc == OK)
		rc = offer_challenge(ctx, &challenge, err);
	return rc == OK ? webauthn_check_new(&place, &challenge, &key->key, &said, &key->credential,
				  &key->counter, err)
			: rc;
}

static enum err_kind offer_apply(struct ctx *ctx, struct err *err)
{
	struct person_key key;
	enum err_kind rc = offer_read(ctx, &key, err);

	if (rc == OK)
		rc = person_key_insert(ctx->db, &key, err);
	if (rc != OK)
		return rc;
	entry_subject(ctx, ctx->caller.person_id);
	jw_khex(ctx->answer, "id", key.id.bytes, SHA256_BYTES);
	return OK;
}

/* ---- person.key_add ---- */

/* The statement that came, in force now for the caller. */
static enum err_kind check_statement(struct ctx *ctx, const struct key_statement *statement,
	struct str text, struct str signature, struct err *err)
{
	struct signature made;
	struct sign_public root;
	struct str message;
	bool found;
	enum err_kind rc = root_of(ctx, ctx->caller.organisation_id, &root, &found, err);

	if (rc == OK)
		rc = key_statement_message(ctx->mem, text, &message, err);
	if (rc != OK)
		return rc;
	if (!found)
		return err_set(err, ERR_DENIED, "no agreement with your organisation is in force");
	if (memcmp(root.bytes, statement->root.bytes, sizeof(root.bytes)) != 0)
		return err_set(err, ERR_DENIED,
			"the statement names another root key than the agreement with your organisation");
	if (!str_eq(statement->lab, str_from(ctx->lab->settings.origin)))
		return err_set(err, ERR_DENIED, "the statement is for another lab");
	if (!str_eq(statement->person, ctx->caller.person_id))
		return err_set(err, ERR_DENIED, "the statement is about somebody else");
	if (ctx->now_us >= statement->until_us)
		return err_set(err, ERR_DENIED, "the statement's time is over");
	assert(signature.len == sizeof(made.bytes));
	memcpy(made.bytes, signature.ptr, sizeof(made.bytes));
	if (!sign_verify(&root, message, &made))
		return err_set(err, ERR_DENIED, "the statement is not signed by that root key");
	return OK;
}

/* The key as it is known, offered or certified before; or a new one that signs by itself. */
static enum err_kind find_or_make(struct ctx *ctx, const struct key_statement *statement,
	struct person_key *key, bool *is_new, struct err *err)
{
	struct sha256 id = public_key_id(&statement->key);
	struct str text;
	struct out o;
	struct err why;
	enum err_kind rc = person_key_find(ctx->db, ctx->mem, &id, key, &why);

	*is_new = rc == ERR_NOT_FOUND;
	if (rc != OK && !*is_new) {
		*err = why;
		return rc;
	}
	if (!*is_new) {
		if (!str_eq(key->person, ctx->caller.person_id))
			return err_set(err, ERR_CONFLICT, "this key is known already");
		if (key->revoked_us != 0)
			return err_set(err, ERR_CONFLICT, "this key was revoked, for good");
		if (arg_str(ctx, "label").len > 0)
			key->label = arg_str(ctx, "label");
		return OK;
	}
	if (statement->key.type != PUBLIC_KEY_ED25519)
		return err_set(err, ERR_CONFLICT,
			"a key of a security key is offered first (person.key_offer), then certified");
	out_init(&o, ctx->mem, PUBLIC_KEY_TEXT_BYTES_MAX);
	public_key_put(&o, &statement->key);
	rc = out_finish(&o, &text, err);
	return rc == OK ? new_key(ctx, text, key, err) : rc;
}

static enum err_kind certify(struct ctx *ctx, struct person_key *key, bool *is_new, struct err *err)
{
	struct key_statement statement;
	struct str text = arg_str(ctx, "statement"), signature;
	enum err_kind rc = key_statement_parse(ctx->mem, text, &statement, err);

	if (rc == OK)
		rc = arg_bytes(ctx, "signature", &signature, err);
	if (rc == OK)
		rc = check_statement(ctx, &statement, text, signature, err);
	if (rc == OK)
		rc = find_or_make(ctx, &statement, key, is_new, err);
	if (rc != OK)
		return rc;
	key->is_certified = true;
	key->root = statement.root;
	key->statement = text;
	key->signature = signature;
	key->from_us = statement.from_us;
	key->until_us = statement.until_us;
	return OK;
}

static enum err_kind add_compute(struct ctx *ctx, struct err *err)
{
	struct person_key key;
	bool is_new;

	return certify(ctx, &key, &is_new, err);
}

static void enter_hex(struct ctx *ctx, const char *name, const struct sha256 *digest)
{
	char hex[SHA256_HEX_BYTES];

	sha256_format(digest, hex);
	entry_public(ctx, name, str_from(hex));
}

static enum err_kind add_apply(struct ctx *ctx, struct err *err)
{
	struct record_desk desk = record_desk_of(ctx);
	struct person_key key;
	struct sha256 statement, root;
	bool is_new;
	enum err_kind rc = certify(ctx, &key, &is_new, err);

	if (rc == OK)
		rc = is_new ? person_key_insert(ctx->db, &key, err)
			    : person_key_update(ctx->db, &key, err);
	if (rc == OK)
		rc = record_note(&desk, ctx->caller.person_id, "key", key.label, err);
	if (rc != OK)
		return rc;
	static_assert(
		sizeof(root.bytes) == sizeof(key.root.bytes), "a root key is as long as a digest");
	memcpy(root.bytes, key.root.bytes, sizeof(root.bytes));
	statement = sha256_of(key.statement);
	enter_hex(ctx, "root", &root);
	enter_hex(ctx, "key", &key.id);
	enter_hex(ctx, "statement", &statement);
	entry_subject(ctx, ctx->caller.person_id);
	jw_khex(ctx->answer, "id", key.id.bytes, SHA256_BYTES);
	return OK;
}

/* ---- person.key_revoke ---- */

static enum err_kind revoke_apply(struct ctx *ctx, struct err *err)
{
	struct record_desk desk = record_desk_of(ctx);
	struct person_key key;
	struct sha256 id;

	if (!sha256_parse(arg_str(ctx, "key"), &id))
		return err_set(err, ERR_INPUT, "key: must be 64 hexadecimal digits");
	enum err_kind rc = person_key_find(ctx->db, ctx->mem, &id, &key, err);

	if (rc != OK)
		return rc;
	bool is_own = str_eq(key.person, ctx->caller.person_id);

	if (!is_own && (ctx->caller.roles & ROLE_OFFICER) == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no such key, or not for you");
	if (key.revoked_us != 0)
		return err_set(err, ERR_CONFLICT, "it is revoked already");
	key.revoked_us = ctx->now_us;
	rc = person_key_update(ctx->db, &key, err);
	if (rc == OK)
		rc = record_note(&desk, key.person, "key_revoke", arg_str(ctx, "note"), err);
	if (rc != OK)
		return rc;
	enter_hex(ctx, "key", &key.id);
	entry_subject(ctx, key.person);
	return OK;
}

/* ---- decision.text ---- */

static enum err_kind find_transition(struct ctx *ctx, const struct record *record,
	const struct kind_transition **transition, struct err *err)
{
	struct str act = arg_str(ctx, "act"), kind, name;

	*transition = NULL;
	if (str_cut(act, '.', &kind, &name) && str_eq(kind, str_from(record->kind->name)))
		*transition = kind_transition(record->kind, name);
	if (*transition == NULL || !(*transition)->is_signed)
		return err_set(err, ERR_INPUT, "act: is no signed act of this record");
	return OK;
}

/* The security keys that may sign, for the browser to choose from. */
static enum err_kind write_signers(
	struct ctx *ctx, const struct person_key *keys, size_t count, struct err *err)
{
	struct jw *w = ctx->answer;
	enum err_kind rc = OK;

	jw_key(w, "keys");
	jw_array(w);
	for (size_t i = 0; rc == OK && i < count; i++) {
		jw_object(w);
		jw_khex(w, "id", keys[i].id.bytes, SHA256_BYTES);
		jw_kstr(w, "label", keys[i].label);
		if (keys[i].credential.len > 0)
			rc = write_base64url(ctx, "credential", keys[i].credential, err);
		jw_object_end(w);
	}
	jw_array_end(w);
	return rc;
}

static enum err_kind text_compute(struct ctx *ctx, struct err *err)
{
	struct person_key *keys = arena_array(ctx->mem, struct person_key, PERSON_KEYS_MAX);
	struct record_desk desk = record_desk_of(ctx);
	const struct kind_transition *t = NULL;
	struct record record;
	struct refusal no;
	struct str text;
	size_t count = 0;

	if (keys == NULL)
		return out_of_memory(err);
	enum err_kind rc = record_find(&desk, arg_str(ctx, "id"), &record, err);

	if (rc == OK)
		rc = find_transition(ctx, &record, &t, err);
	if (rc == OK)
		rc = record_may(&desk, &record, t, &no, err);
	if (rc == OK && no.kind != OK)
		rc = err_set(err, no.kind, "%s", no.why);
	for (size_t i = 0; rc == OK && t != NULL && i < t->need_count; i++) {
		if (!record.values[t->needs[i]].given)
			rc = err_set(err, ERR_INPUT,
				"%s: is needed for this: edit it in, then sign",
				record.kind->fields[t->needs[i]].name);
	}
	if (rc == OK)
		rc = decision_keys(&desk, keys, &count, err);
	if (rc == OK && count == 0)
		rc = err_set(err, ERR_DENIED, "you have no key that counts");
	if (rc == OK)
		rc = decision_make(
			&desk, &ctx->lab->settings, &record, t, arg_str(ctx, "note"), &text, err);
	if (rc != OK)
		return rc;
	struct sha256 challenge = sha256_of(text);

	jw_kstr(ctx->answer, "text", text);
	jw_kwhen(ctx->answer, "expires", ctx->now_us + DECISION_AGE_US);
	jw_kstr(ctx->answer, "rp_id", str_from(ctx->lab->settings.rp_id));
	rc = write_base64url(ctx, "challenge", str_of(challenge.bytes, SHA256_BYTES), err);
	entry_subject(ctx, record.id);
	return rc == OK ? write_signers(ctx, keys, count, err) : rc;
}

/* ---- rows ---- */

static const struct verb_arg keys_args[] = {
	{ "id", ARG_ID, 0, 0, 0, "per", "whose; yourself when absent" },
	{ 0 },
};

static const struct verb_arg offer_args[] = {
	{ "key", ARG_LINE, ARG_REQUIRED, 1, PUBLIC_KEY_TEXT_BYTES_MAX, NULL,
		"es256: or ed25519: and base64 of the key's bytes" },
	{ "label", ARG_LINE, ARG_REQUIRED, 1, PERSON_KEY_LABEL_BYTES_MAX, NULL, "how you call it" },
	{ "authenticator", ARG_BYTES, ARG_REQUIRED, 1, WEBAUTHN_AUTHENTICATOR_BYTES_MAX, NULL,
		"what the security key said (authenticatorData)" },
	{ "client", ARG_BYTES, ARG_REQUIRED, 1, WEBAUTHN_CLIENT_BYTES_MAX, NULL,
		"what the browser said (clientDataJSON)" },
	{ 0 },
};

static const struct verb_arg add_args[] = {
	{ "statement", ARG_LINE, ARG_REQUIRED, STATEMENT_BYTES_MIN, KEY_STATEMENT_BYTES_MAX, NULL,
		"your organisation's statement, as vitrine sign person-key printed it" },
	{ "signature", ARG_BYTES, ARG_REQUIRED, SIGN_BYTES, SIGN_BYTES, NULL,
		"its signature, by the root key" },
	{ "label", ARG_LINE, 0, 0, PERSON_KEY_LABEL_BYTES_MAX, NULL, "how you call the key" },
	{ 0 },
};

static const struct verb_arg revoke_args[] = {
	{ "key", ARG_LINE, ARG_REQUIRED, KEY_ID_HEX_BYTES, KEY_ID_HEX_BYTES, NULL,
		"id of the key, as person.keys gives it" },
	{ "note", ARG_LINE, ARG_REQUIRED, 1, 0, NULL, "why" },
	{ 0 },
};

static const struct verb_arg text_args[] = {
	{ "act", ARG_LINE, ARG_REQUIRED, 3, 65, NULL,
		"the verb that you will call: grant.approve" },
	{ "id", ARG_ID, ARG_REQUIRED, 0, 0, NULL, "the record" },
	{ "note", ARG_TEXT, 0, 0, 1000, NULL, "the note that you will give with it" },
	{ 0 },
};

const struct verb verbs_key[] = {
	{
		.name = "person.keys",
		.summary = "Keys with which a person signs decisions, and which of them count.",
		.args = keys_args,
		.roles = ROLE_SIGNED_IN,
		.entry = "person.keys",
		.public_fields = "",
		.compute = keys_compute,
	},
	{
		.name = "person.key_offer",
		.summary =
			"Bring a security key of your own; it counts once your organisation has certified it.",
		.args = offer_args,
		.roles = ROLE_SIGNED_IN,
		.entry = "person.key_offer",
		.public_fields = "",
		.apply = offer_apply,
	},
	{
		.name = "person.key_add",
		.summary =
			"Bring your organisation's statement that a key is yours: from now on it counts.",
		.args = add_args,
		.roles = ROLE_SIGNED_IN,
		.entry = "person.key",
		.public_fields = "root key statement",
		.compute = add_compute,
		.apply = add_apply,
	},
	{
		.name = "person.key_revoke",
		.summary = "Revoke a key, for good: your own, or as an officer anybody's.",
		.args = revoke_args,
		.roles = ROLE_SIGNED_IN,
		.entry = "person.key_revoke",
		.public_fields = "key",
		.apply = revoke_apply,
	},
	{
		.name = "decision.text",
		.summary =
			"The text to sign for an act on a record as it is now; good for five minutes.",
		.args = text_args,
		.roles = ROLE_SIGNED_IN,
		.entry = "decision.text",
		.public_fields = "",
		.compute = text_compute,
	},
	{ 0 },
};
