#include "signers.h"

#include "app/families.h"
#include "base/hex.h"

struct signer signer_of(uint8_t seed)
{
	uint8_t bytes[SIGN_SEED_BYTES];
	struct signer made;

	memset(bytes, seed, sizeof(bytes));
	sign_from_seed(bytes, &made.public_key, &made.secret);
	return made;
}

static const char *base64_of(struct arena *mem, const void *bytes, size_t len)
{
	struct out o;
	struct str text;
	struct err err;

	out_init(&o, mem, 2 * len + 8);
	out_base64(&o, str_of(bytes, len));
	out_char(&o, '\0');
	assert_int_equal(out_finish(&o, &text, &err), OK);
	return text.ptr;
}

void signers_agree(struct world *w, const char *organisation, uint8_t root_seed, char *id)
{
	struct signer root = signer_of(root_seed);
	char made[LAB_ID_BYTES];
	struct arena mem;

	arena_init(&mem, 4096);
	trial_add(&w->t, "agreement", "in_force",
		json_pack("{ssssss}", "organisation", organisation, "root_key",
			base64_of(&mem, root.public_key.bytes, SIGN_PUBLIC_BYTES), "until",
			world_when(w->t.now_us + 300 * WHEN_DAY_US)),
		made);
	arena_reset(&mem);
	if (id != NULL)
		memcpy(id, made, sizeof(made));
}

struct key_statement signers_statement(
	struct world *w, const struct actor *who, const struct signer *key, uint8_t root_seed)
{
	struct key_statement statement = { .key = { .type = PUBLIC_KEY_ED25519,
						   .len = SIGN_PUBLIC_BYTES },
		.root = signer_of(root_seed).public_key,
		.lab = STR(SIGNERS_LAB),
		.person = str_from(who->id),
		.from_us = w->t.now_us,
		.until_us = w->t.now_us + 100 * WHEN_DAY_US };

	memcpy(statement.key.bytes, key->public_key.bytes, SIGN_PUBLIC_BYTES);
	return statement;
}

json_t *signers_add_args(const struct key_statement *statement, uint8_t root_seed)
{
	struct signer root = signer_of(root_seed);
	struct str text, message;
	struct arena mem;
	struct err err;

	arena_init(&mem, 1 << 16);
	assert_int_equal(key_statement_format(&mem, statement, &text, &err), OK);
	assert_int_equal(key_statement_message(&mem, text, &message, &err), OK);
	struct signature made = sign_make(&root.secret, message);
	json_t *args = json_pack("{ss%ss}", "statement", text.ptr, text.len, "signature",
		base64_of(&mem, made.bytes, sizeof(made.bytes)));

	arena_reset(&mem);
	return args;
}

enum err_kind signers_ask(struct world *w, const struct actor *who, const char *verb, json_t *args)
{
	const struct verb *row = verbs_key;

	while (row->name != NULL && strcmp(row->name, verb) != 0)
		row++;
	assert_non_null(row->name);
	return trial_call(&w->t, who, row, args);
}

void signers_give(
	struct world *w, const struct actor *who, const struct signer *key, uint8_t root_seed)
{
	struct key_statement statement = signers_statement(w, who, key, root_seed);

	if (signers_ask(w, who, "person.key_add", signers_add_args(&statement, root_seed)) != OK)
		fail_msg("person.key_add: %s", w->t.err.msg);
}

void signers_text(struct world *w, const struct actor *who, const char *act, const char *id,
	const char *note, char text[SIGNERS_TEXT_BYTES])
{
	json_t *args = json_pack("{ssss}", "act", act, "id", id);
	struct str got;

	if (note != NULL)
		json_object_set_new(args, "note", json_string(note));
	if (signers_ask(w, who, "decision.text", args) != OK)
		fail_msg("decision.text: %s", w->t.err.msg);
	assert_true(json_str(w->t.answer, "text", &got) && got.len < SIGNERS_TEXT_BYTES);
	snprintf(text, SIGNERS_TEXT_BYTES, "%.*s", STR_ARG(got));
}

json_t *signers_act_args(
	const char *id, const char *text, const struct signer *key, const char *note)
{
	struct str message;
	struct arena mem;
	struct err err;
	char signature[256];

	arena_init(&mem, 1 << 16);
	assert_int_equal(decision_text_message(&mem, str_from(text), &message, &err), OK);
	struct signature made = sign_make(&key->secret, message);

	snprintf(signature, sizeof(signature), "{\"type\":\"ed25519\",\"sig\":\"%s\"}",
		base64_of(&mem, made.bytes, sizeof(made.bytes)));
	json_t *args = json_pack("{ssssss}", "id", id, "decision", text, "signature", signature);

	if (note != NULL)
		json_object_set_new(args, "note", json_string(note));
	arena_reset(&mem);
	return args;
}
