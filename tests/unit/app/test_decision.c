/*
 * Decisions: a signature counts for the one act on the one record that it was made for, by the person's own key that
 * the person's own organisation certified, under the root key that is in force; and nothing else does.
 */
#include "signers.h"

#include "base/hex.h"

/* Seeds. Both officers are of the maker. */
enum { MAKER_ROOT = 0xa0, OTHER_ROOT = 0xa1, ADA_KEY = 1, BEN_KEY = 2, ZOE_KEY = 3 };

static int set_up(void **state)
{
	static struct world w;

	world_open(&w);
	snprintf(w.t.lab.settings.origin, sizeof(w.t.lab.settings.origin), SIGNERS_LAB);
	snprintf(w.t.lab.settings.signatures, sizeof(w.t.lab.settings.signatures), "keyed");
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	world_close(*state);
	return 0;
}

#define WANT(w, call, kind, words)                                                                 \
	do {                                                                                       \
		enum err_kind got_ = (call);                                                       \
		if (got_ != (kind))                                                                \
			fail_msg("%s: %s (%s)", #call, err_word(got_),                             \
				got_ == OK ? "" : (w)->t.err.msg);                                 \
		if (got_ != OK && strstr((w)->t.err.msg, words) == NULL)                           \
			fail_msg("%s: said '%s'", #call, (w)->t.err.msg);                          \
	} while (0)

static json_t *only_id(const char *id)
{
	return json_pack("{ss}", "id", id);
}

/* A grant under an open engagement, proposed by ada, who has no key yet. */
static void proposed_grant(struct world *w, char id[LAB_ID_BYTES])
{
	char engagement[LAB_ID_BYTES];

	world_open_engagement(w, w->operator, "E", engagement);
	WANT(w, trial_act(&w->t, &w->ada, "grant.create", world_grant(w, engagement, w->operator)),
		OK, "");
	trial_id(&w->t, id);
	WANT(w, trial_act(&w->t, &w->ada, "grant.propose", only_id(id)), OK, "");
}

/* The maker's agreement, and a key of ben's that counts. */
static struct signer ben_signs(struct world *w)
{
	struct signer ben = signer_of(BEN_KEY);

	signers_agree(w, w->t.maker, MAKER_ROOT, NULL);
	signers_give(w, &w->ben, &ben, MAKER_ROOT);
	return ben;
}

static void who_has_a_key_signs(void **state)
{
	struct world *w = *state;
	struct signer ben = ben_signs(w);
	char id[LAB_ID_BYTES], text[SIGNERS_TEXT_BYTES], hex[SHA256_HEX_BYTES];
	struct sha256 digest;
	struct str got;

	proposed_grant(w, id);
	WANT(w, trial_act(&w->t, &w->ben, "grant.approve", only_id(id)), ERR_DENIED, "sign it");
	signers_text(w, &w->ben, "grant.approve", id, NULL, text);
	WANT(w, trial_act(&w->t, &w->ben, "grant.approve", signers_act_args(id, text, &ben, NULL)),
		OK, "");
	digest = sha256_of(str_from(text));
	sha256_format(&digest, hex);
	assert_true(json_str(w->t.publics, "decision", &got) && str_eq(got, str_from(hex)));
	digest = sha256_of(str_of(ben.public_key.bytes, SIGN_PUBLIC_BYTES));
	sha256_format(&digest, hex);
	assert_true(json_str(w->t.publics, "key", &got) && str_eq(got, str_from(hex)));
	assert_true(json_str(w->t.details, "decision", &got) && str_eq(got, str_from(text)));
	assert_true(json_str(json_object_get(w->t.details, "signature"), "type", &got) &&
		str_eq(got, STR("ed25519")));
}

static void who_has_none_passes_where_it_is_allowed(void **state)
{
	struct world *w = *state;
	struct str got;
	char id[LAB_ID_BYTES];

	signers_agree(w, w->t.maker, MAKER_ROOT, NULL);
	proposed_grant(w, id);
	snprintf(w->t.lab.settings.signatures, sizeof(w->t.lab.settings.signatures), "required");
	WANT(w, trial_act(&w->t, &w->ben, "grant.approve", only_id(id)), ERR_DENIED,
		"you have no key that counts");
	WANT(w,
		trial_act(
			&w->t, &w->ben, "grant.return", json_pack("{ssss}", "id", id, "note", "n")),
		OK, "");
	WANT(w, trial_act(&w->t, &w->ada, "grant.propose", only_id(id)), ERR_DENIED, "signed only");
	snprintf(w->t.lab.settings.signatures, sizeof(w->t.lab.settings.signatures), "keyed");
	WANT(w, trial_act(&w->t, &w->ada, "grant.propose", only_id(id)), OK, "");
	WANT(w, trial_act(&w->t, &w->ben, "grant.approve", only_id(id)), OK, "");
	assert_false(json_str(w->t.publics, "decision", &got));
}

/* Each member of the text but the moment, changed and signed by the right key. */
static void a_decision_is_for_one_act(void **state)
{
	static const struct {
		const char *from, *to;
		enum err_kind kind;
		const char *words;
	} cases[] = {
		{ "grant.approve", "grant.propose", ERR_DENIED, "another act" },
		{ SIGNERS_LAB, "other.example/lab", ERR_DENIED, "another lab" },
		{ "\"person\":\"per_", "\"person\":\"per_x", ERR_DENIED, "somebody else" },
		{ "\"record\":\"grt_", "\"record\":\"grt_x", ERR_DENIED, "another record" },
		{ "\"version\":2", "\"version\":1", ERR_CONFLICT, "changed since" },
		{ "\"version\":2", "\"version\":3", ERR_CONFLICT, "changed since" },
		{ "\"body\":\"", "\"body\":\"00", ERR_INPUT, "decision" },
		{ "\"note\":\"e3b0", "\"note\":\"03b0", ERR_DENIED, "another note" },
		{ "\"v\":1", "\"v\":2", ERR_INPUT, "one spelling" },
		{ "{", "{ ", ERR_INPUT, "one spelling" },
		{ "\"v\":1,", "\"v\":1,\"vv\":1,", ERR_INPUT, "one spelling" },
		{ "\"v\":1,\"version\":2", "\"version\":2,\"v\":1", ERR_INPUT, "one spelling" },
		{ "\"version\":2", "\"version\":2,\"version\":2", ERR_INPUT, "decision" },
		{ ".000000Z", "Z", ERR_INPUT, "one spelling" },
		{ "\"organisation\":\"", "\"organisation\":\"g", ERR_INPUT, "not as the format" },
	};
	struct world *w = *state;
	struct signer ben = ben_signs(w);
	char id[LAB_ID_BYTES], text[SIGNERS_TEXT_BYTES], changed[SIGNERS_TEXT_BYTES + 32];

	proposed_grant(w, id);
	signers_text(w, &w->ben, "grant.approve", id, NULL, text);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *at = strstr(text, cases[i].from);

		assert_non_null(at);
		snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, cases[i].to,
			at + strlen(cases[i].from));
		enum err_kind rc = trial_act(
			&w->t, &w->ben, "grant.approve", signers_act_args(id, changed, &ben, NULL));

		if (rc != cases[i].kind || strstr(w->t.err.msg, cases[i].words) == NULL)
			fail_msg("%s: %s (%s)", cases[i].to, err_word(rc), w->t.err.msg);
	}
	assert_string_equal(trial_state(&w->t, id), "proposed");
	WANT(w, trial_act(&w->t, &w->ben, "grant.approve", signers_act_args(id, text, &ben, NULL)),
		OK, "");
	WANT(w, trial_act(&w->t, &w->ben, "grant.approve", signers_act_args(id, text, &ben, NULL)),
		ERR_CONFLICT, "");
}

static void a_decision_is_for_the_record_as_it_was(void **state)
{
	struct world *w = *state;
	struct signer ben = ben_signs(w);
	char id[LAB_ID_BYTES], other[LAB_ID_BYTES], text[SIGNERS_TEXT_BYTES];

	proposed_grant(w, id);
	proposed_grant(w, other);
	signers_text(w, &w->ben, "grant.approve", id, NULL, text);
	WANT(w,
		trial_act(
			&w->t, &w->ben, "grant.approve", signers_act_args(other, text, &ben, NULL)),
		ERR_DENIED, "another record");
	/* widened after it was signed */
	WANT(w,
		trial_act(&w->t, &w->cleo, "grant.return",
			json_pack("{ssss}", "id", id, "note", "n")),
		OK, "");
	WANT(w,
		trial_act(&w->t, &w->ada, "grant.edit",
			json_pack("{sssi}", "id", id, "lines_per_hour", 999999)),
		OK, "");
	WANT(w, trial_act(&w->t, &w->ada, "grant.propose", only_id(id)), OK, "");
	WANT(w, trial_act(&w->t, &w->ben, "grant.approve", signers_act_args(id, text, &ben, NULL)),
		ERR_CONFLICT, "changed since");
}

/* The fields changed behind the engine's back, version and all: the digest still tells. */
static void a_decision_is_for_the_fields_that_were_signed(void **state)
{
	struct world *w = *state;
	struct signer ben = ben_signs(w);
	char id[LAB_ID_BYTES], text[SIGNERS_TEXT_BYTES];
	struct stmt *s;

	proposed_grant(w, id);
	signers_text(w, &w->ben, "grant.approve", id, NULL, text);
	assert_int_equal(
		stmt_begin(w->t.db,
			"UPDATE records SET body = replace(body, '6000', '6001') WHERE id = :id",
			&s, &w->t.err),
		OK);
	stmt_text(s, ":id", str_from(id));
	assert_int_equal(stmt_run(s, NULL, &w->t.err), OK);
	WANT(w, trial_act(&w->t, &w->ben, "grant.approve", signers_act_args(id, text, &ben, NULL)),
		ERR_CONFLICT, "changed since");
}

static void a_decision_is_good_for_five_minutes(void **state)
{
	struct world *w = *state;
	struct signer ben = ben_signs(w);
	char id[LAB_ID_BYTES], text[SIGNERS_TEXT_BYTES];

	proposed_grant(w, id);
	signers_text(w, &w->ben, "grant.approve", id, NULL, text);
	w->t.now_us += DECISION_AGE_US + 1;
	WANT(w, trial_act(&w->t, &w->ben, "grant.approve", signers_act_args(id, text, &ben, NULL)),
		ERR_CONFLICT, "too long ago");
	w->t.now_us -= DECISION_AGE_US + 2;
	WANT(w, trial_act(&w->t, &w->ben, "grant.approve", signers_act_args(id, text, &ben, NULL)),
		ERR_CONFLICT, "ahead of the lab's clock");
	w->t.now_us += DECISION_AGE_US + 1;
	WANT(w, trial_act(&w->t, &w->ben, "grant.approve", signers_act_args(id, text, &ben, NULL)),
		OK, "");
}

static void only_ones_own_key_signs(void **state)
{
	struct world *w = *state;
	struct signer ben = ben_signs(w), ada = signer_of(ADA_KEY), stray = signer_of(77);
	char id[LAB_ID_BYTES], text[SIGNERS_TEXT_BYTES], other[SIGNERS_TEXT_BYTES];

	proposed_grant(w, id);
	signers_give(w, &w->cleo, &ada, MAKER_ROOT);
	signers_text(w, &w->ben, "grant.approve", id, NULL, text);
	signers_text(w, &w->cleo, "grant.approve", id, NULL, other);
	WANT(w, trial_act(&w->t, &w->ben, "grant.approve", signers_act_args(id, text, &ada, NULL)),
		ERR_DENIED, "not by a key of yours");
	WANT(w, trial_act(&w->t, &w->ben, "grant.approve", signers_act_args(id, other, &ada, NULL)),
		ERR_DENIED, "somebody else's");
	WANT(w,
		trial_act(
			&w->t, &w->ben, "grant.approve", signers_act_args(id, text, &stray, NULL)),
		ERR_DENIED, "not by a key of yours");
	WANT(w,
		trial_act(&w->t, &w->ben, "grant.approve",
			json_pack("{ssssss}", "id", id, "decision", text, "signature", "{}")),
		ERR_INPUT, "signature");
	WANT(w,
		trial_act(&w->t, &w->ben, "grant.approve",
			json_pack("{ssss}", "id", id, "decision", text)),
		ERR_INPUT, "signature");
	WANT(w,
		trial_act(&w->t, &w->ben, "grant.approve",
			signers_act_args(id, text, &ben, "a note")),
		ERR_DENIED, "another note");
	WANT(w, trial_act(&w->t, &w->ben, "grant.approve", signers_act_args(id, text, &ben, NULL)),
		OK, "");
}

static void a_key_counts_with_a_statement_alone(void **state)
{
	struct world *w = *state;
	struct signer zoe = signer_of(ZOE_KEY);
	struct key_statement s;
	struct str got;

	WANT(w,
		signers_ask(w, &w->zoe, "person.key_add",
			(s = signers_statement(w, &w->zoe, &zoe, OTHER_ROOT),
				signers_add_args(&s, OTHER_ROOT))),
		ERR_DENIED, "no agreement");
	signers_agree(w, w->authority, OTHER_ROOT, NULL);
	signers_agree(w, w->t.maker, MAKER_ROOT, NULL);
	s = signers_statement(w, &w->zoe, &zoe, MAKER_ROOT);
	WANT(w, signers_ask(w, &w->zoe, "person.key_add", signers_add_args(&s, MAKER_ROOT)),
		ERR_DENIED, "another root key");
	s = signers_statement(w, &w->zoe, &zoe, OTHER_ROOT);
	WANT(w, signers_ask(w, &w->zoe, "person.key_add", signers_add_args(&s, MAKER_ROOT)),
		ERR_DENIED, "not signed by that root key");
	s.lab = STR("other.example/lab");
	WANT(w, signers_ask(w, &w->zoe, "person.key_add", signers_add_args(&s, OTHER_ROOT)),
		ERR_DENIED, "another lab");
	s = signers_statement(w, &w->rita, &zoe, OTHER_ROOT);
	WANT(w, signers_ask(w, &w->zoe, "person.key_add", signers_add_args(&s, OTHER_ROOT)),
		ERR_DENIED, "somebody else");
	s = signers_statement(w, &w->zoe, &zoe, OTHER_ROOT);
	s.from_us -= 2 * WHEN_DAY_US;
	s.until_us = w->t.now_us;
	WANT(w, signers_ask(w, &w->zoe, "person.key_add", signers_add_args(&s, OTHER_ROOT)),
		ERR_DENIED, "time is over");
	s.until_us = s.from_us;
	WANT(w, signers_ask(w, &w->zoe, "person.key_add", signers_add_args(&s, OTHER_ROOT)),
		ERR_INPUT, "ends before it begins");
	signers_give(w, &w->zoe, &zoe, OTHER_ROOT);
	assert_true(json_str(w->t.publics, "root", &got) && got.len == 64);
	assert_true(json_str(w->t.publics, "key", &got) && got.len == 64);
	assert_true(json_str(w->t.publics, "statement", &got) && got.len == 64);
	/* one person's, for ever */
	s = signers_statement(w, &w->ben, &zoe, MAKER_ROOT);
	WANT(w, signers_ask(w, &w->ben, "person.key_add", signers_add_args(&s, MAKER_ROOT)),
		ERR_CONFLICT, "known already");
}

static void what_ends_ends_the_key(void **state)
{
	struct world *w = *state;
	struct signer ben = ben_signs(w);
	char id[LAB_ID_BYTES], text[SIGNERS_TEXT_BYTES], key[SHA256_HEX_BYTES];
	struct sha256 digest = sha256_of(str_of(ben.public_key.bytes, SIGN_PUBLIC_BYTES));

	sha256_format(&digest, key);
	proposed_grant(w, id);
	/* the statement's time */
	w->t.now_us += 101 * WHEN_DAY_US;
	WANT(w,
		signers_ask(w, &w->ben, "decision.text",
			json_pack("{ssss}", "act", "grant.approve", "id", id)),
		ERR_CONFLICT, "");
	w->t.now_us -= 101 * WHEN_DAY_US;
	signers_text(w, &w->ben, "grant.approve", id, NULL, text);
	/* revoked: not by a stranger, by an officer, once */
	WANT(w,
		signers_ask(w, &w->rita, "person.key_revoke",
			json_pack("{ssss}", "key", key, "note", "n")),
		ERR_NOT_FOUND, "");
	WANT(w,
		signers_ask(w, &w->ada, "person.key_revoke",
			json_pack("{ssss}", "key", key, "note", "lost")),
		OK, "");
	WANT(w,
		signers_ask(w, &w->ben, "person.key_revoke",
			json_pack("{ssss}", "key", key, "note", "n")),
		ERR_CONFLICT, "revoked already");
	WANT(w, trial_act(&w->t, &w->ben, "grant.approve", signers_act_args(id, text, &ben, NULL)),
		ERR_DENIED, "no key that counts");
	struct key_statement s = signers_statement(w, &w->ben, &ben, MAKER_ROOT);

	WANT(w, signers_ask(w, &w->ben, "person.key_add", signers_add_args(&s, MAKER_ROOT)),
		ERR_CONFLICT, "for good");
}

static void an_ended_agreement_ends_its_keys(void **state)
{
	struct world *w = *state;
	struct signer ben = signer_of(BEN_KEY);
	char id[LAB_ID_BYTES], agreement[LAB_ID_BYTES], text[SIGNERS_TEXT_BYTES];

	signers_agree(w, w->t.maker, MAKER_ROOT, agreement);
	signers_give(w, &w->ben, &ben, MAKER_ROOT);
	proposed_grant(w, id);
	signers_text(w, &w->ben, "grant.approve", id, NULL, text);
	WANT(w,
		trial_act(&w->t, &w->ada, "agreement.end",
			json_pack("{ssss}", "id", agreement, "note", "n")),
		OK, "");
	WANT(w, trial_act(&w->t, &w->ben, "grant.approve", signers_act_args(id, text, &ben, NULL)),
		ERR_DENIED, "no key that counts");
	/* another root key: the old statement counts for nothing */
	signers_agree(w, w->t.maker, OTHER_ROOT, NULL);
	WANT(w, trial_act(&w->t, &w->ben, "grant.approve", signers_act_args(id, text, &ben, NULL)),
		ERR_DENIED, "no key that counts");
}

static void fields_do_not_ride_on_a_signature(void **state)
{
	struct world *w = *state;
	struct signer ada = signer_of(ADA_KEY);
	char id[LAB_ID_BYTES], engagement[LAB_ID_BYTES], text[SIGNERS_TEXT_BYTES];
	json_t *args;

	signers_agree(w, w->t.maker, MAKER_ROOT, NULL);
	signers_give(w, &w->ada, &ada, MAKER_ROOT);
	world_open_engagement(w, w->operator, "E", engagement);
	WANT(w, trial_act(&w->t, &w->ada, "grant.create", world_grant(w, engagement, w->operator)),
		OK, "");
	trial_id(&w->t, id);
	signers_text(w, &w->ada, "grant.propose", id, NULL, text);
	args = signers_act_args(id, text, &ada, NULL);
	json_object_set_new(args, "lines_per_hour", json_integer(999999));
	WANT(w, trial_act(&w->t, &w->ada, "grant.propose", args), ERR_INPUT,
		"edit the record first");
	WANT(w, trial_act(&w->t, &w->ada, "grant.propose", signers_act_args(id, text, &ada, NULL)),
		OK, "");
}

/* Two accounts and one key, as whoever can write the records might arrange it: still not four eyes. */
static void four_eyes_are_two_keys(void **state)
{
	struct world *w = *state;
	struct signer ada = signer_of(ADA_KEY);
	char id[LAB_ID_BYTES], engagement[LAB_ID_BYTES], text[SIGNERS_TEXT_BYTES];
	struct stmt *s;

	signers_agree(w, w->t.maker, MAKER_ROOT, NULL);
	signers_give(w, &w->ada, &ada, MAKER_ROOT);
	world_open_engagement(w, w->operator, "E", engagement);
	WANT(w, trial_act(&w->t, &w->ada, "grant.create", world_grant(w, engagement, w->operator)),
		OK, "");
	trial_id(&w->t, id);
	signers_text(w, &w->ada, "grant.propose", id, NULL, text);
	WANT(w, trial_act(&w->t, &w->ada, "grant.propose", signers_act_args(id, text, &ada, NULL)),
		OK, "");
	assert_int_equal(
		stmt_begin(w->t.db, "UPDATE person_keys SET person = :person", &s, &w->t.err), OK);
	stmt_text(s, ":person", str_from(w->ben.id));
	assert_int_equal(stmt_run(s, NULL, &w->t.err), OK);
	signers_text(w, &w->ben, "grant.approve", id, NULL, text);
	WANT(w, trial_act(&w->t, &w->ben, "grant.approve", signers_act_args(id, text, &ada, NULL)),
		ERR_DENIED, "needs a second key");
}

/* A security key in memory: Ed25519, as EdDSA authenticators sign. */
static struct str authenticator_data(uint8_t *to, const char *rp, unsigned flags, uint32_t counter)
{
	struct sha256 digest = sha256_of(str_from(rp));

	memcpy(to, digest.bytes, sizeof(digest.bytes));
	to[32] = (uint8_t)flags;
	for (int i = 0; i < 4; i++)
		to[33 + i] = (uint8_t)(counter >> (24 - 8 * i));
	return str_of(to, 37);
}

static const char *text64(struct arena *mem, struct str bytes, bool url)
{
	struct out o;
	struct str text;
	struct err err;

	out_init(&o, mem, 2 * bytes.len + 8);
	if (url)
		out_base64url(&o, bytes);
	else
		out_base64(&o, bytes);
	out_char(&o, '\0');
	assert_int_equal(out_finish(&o, &text, &err), OK);
	return text.ptr;
}

/* What a browser says of a ceremony. */
static struct str client_data(
	struct arena *mem, const char *type, const char *challenge, const char *origin)
{
	return str_from(arena_printf(mem,
		"{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"%s\",\"crossOrigin\":false}",
		type, challenge, origin));
}

/* ben's security key, offered and certified. */
static void give_security_key(struct world *w, const struct signer *key, struct arena *mem)
{
	static const uint8_t cose[] = { 0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58,
		0x20 };
	uint8_t data[37 + 18 + 16 + sizeof(cose) + 32];
	struct str challenge;

	WANT(w, signers_ask(w, &w->ben, "person.keys", json_object()), OK, "");
	assert_true(json_str(w->t.answer, "challenge", &challenge));
	struct str client = client_data(
		mem, "webauthn.create", arena_cstr(mem, challenge), SIGNERS_ORIGIN);

	memset(data, 0, sizeof(data));
	authenticator_data(data, SIGNERS_RP, 0x45, 5);
	data[37 + 17] = 16;
	memset(data + 37 + 18, 0xcd, 16);
	memcpy(data + 37 + 18 + 16, cose, sizeof(cose));
	memcpy(data + 37 + 18 + 16 + sizeof(cose), key->public_key.bytes, 32);
	json_t *args = json_pack("{ssssssss}", "key",
		arena_printf(
			mem, "ed25519:%s", text64(mem, str_of(key->public_key.bytes, 32), false)),
		"label", "blue key", "authenticator",
		text64(mem, str_of(data, sizeof(data)), false), "client",
		text64(mem, client, false));

	WANT(w, signers_ask(w, &w->ben, "person.key_offer", args), OK, "");
	struct key_statement s = signers_statement(w, &w->ben, key, MAKER_ROOT);

	WANT(w, signers_ask(w, &w->ben, "person.key_add", signers_add_args(&s, MAKER_ROOT)), OK,
		"");
}

static json_t *security_key_act(struct arena *mem, const char *id, const char *text,
	const struct signer *key, unsigned flags, uint32_t counter)
{
	struct sha256 challenge = sha256_of(str_from(text)), digest;
	uint8_t data[37 + 32];
	struct str client = client_data(mem, "webauthn.get",
		text64(mem, str_of(challenge.bytes, 32), true), SIGNERS_ORIGIN);
	struct str authenticator = authenticator_data(data, SIGNERS_RP, flags, counter);

	digest = sha256_of(client);
	memcpy(data + 37, digest.bytes, 32);
	struct signature made = sign_make(&key->secret, str_of(data, sizeof(data)));
	const char *signature = arena_printf(mem,
		"{\"type\":\"webauthn\",\"authenticator\":\"%s\",\"client\":\"%s\",\"sig\":\"%s\"}",
		text64(mem, authenticator, false), text64(mem, client, false),
		text64(mem, str_of(made.bytes, 64), false));

	return json_pack("{ssssss}", "id", id, "decision", text, "signature", signature);
}

static void a_security_key_signs_and_counts(void **state)
{
	struct world *w = *state;
	struct signer key = signer_of(BEN_KEY), other = signer_of(ADA_KEY);
	char id[LAB_ID_BYTES], second[LAB_ID_BYTES], text[SIGNERS_TEXT_BYTES];
	struct arena mem;

	arena_init(&mem, 1 << 18);
	snprintf(w->t.lab.settings.rp_id, sizeof(w->t.lab.settings.rp_id), SIGNERS_RP);
	snprintf(
		w->t.lab.settings.web_origin, sizeof(w->t.lab.settings.web_origin), SIGNERS_ORIGIN);
	signers_agree(w, w->t.maker, MAKER_ROOT, NULL);
	give_security_key(w, &key, &mem);
	proposed_grant(w, id);
	proposed_grant(w, second);
	signers_text(w, &w->ben, "grant.approve", id, NULL, text);
	WANT(w,
		trial_act(&w->t, &w->ben, "grant.approve",
			security_key_act(&mem, id, text, &key, 0x01, 6)),
		ERR_DENIED, "must check who holds it");
	WANT(w,
		trial_act(&w->t, &w->ben, "grant.approve",
			security_key_act(&mem, id, text, &key, 0x05, 5)),
		ERR_DENIED, "counted backwards");
	WANT(w,
		trial_act(&w->t, &w->ben, "grant.approve",
			security_key_act(&mem, id, text, &other, 0x05, 6)),
		ERR_DENIED, "not that key's");
	WANT(w, trial_act(&w->t, &w->ben, "grant.approve", signers_act_args(id, text, &key, NULL)),
		ERR_DENIED, "another type");
	WANT(w,
		trial_act(&w->t, &w->ben, "grant.approve",
			security_key_act(&mem, id, text, &key, 0x05, 6)),
		OK, "");
	/* the counter moved on with the act */
	signers_text(w, &w->ben, "grant.approve", second, NULL, text);
	WANT(w,
		trial_act(&w->t, &w->ben, "grant.approve",
			security_key_act(&mem, second, text, &key, 0x05, 6)),
		ERR_DENIED, "counted backwards");
	WANT(w,
		trial_act(&w->t, &w->ben, "grant.approve",
			security_key_act(&mem, second, text, &key, 0x05, 7)),
		OK, "");
	arena_reset(&mem);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(who_has_a_key_signs),
		CASE(who_has_none_passes_where_it_is_allowed),
		CASE(a_decision_is_for_one_act),
		CASE(a_decision_is_for_the_record_as_it_was),
		CASE(a_decision_is_for_the_fields_that_were_signed),
		CASE(a_decision_is_good_for_five_minutes),
		CASE(only_ones_own_key_signs),
		CASE(a_key_counts_with_a_statement_alone),
		CASE(what_ends_ends_the_key),
		CASE(an_ended_agreement_ends_its_keys),
		CASE(fields_do_not_ride_on_a_signature),
		CASE(four_eyes_are_two_keys),
		CASE(a_security_key_signs_and_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
