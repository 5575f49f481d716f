/* signers: people with keys in a trial lab: agreements, statements, decisions and what stands wrong in them. */
#ifndef SIGNERS_H
#define SIGNERS_H

#include "world.h"

#include "app/decision.h"

#define SIGNERS_LAB "story.example/lab"
#define SIGNERS_RP "lab.example.org"
#define SIGNERS_ORIGIN "https://lab.example.org"

/* An Ed25519 key of a seed of 32 equal bytes. */
struct signer {
	struct sign_public public_key;
	struct sign_secret secret;
};
struct signer signer_of(uint8_t seed);

/* An agreement in force with the organisation; its root key is of the seed. Its id, unless NULL. */
void signers_agree(struct world *w, const char *organisation, uint8_t root_seed, char *id);
/* A statement that the key is the person's, as it is signed; changed by the test before. */
struct key_statement signers_statement(
	struct world *w, const struct actor *who, const struct signer *key, uint8_t root_seed);
/* Arguments of person.key_add; signed by the root of this seed. */
json_t *signers_add_args(const struct key_statement *statement, uint8_t root_seed);
/* The key counts from now on; asserts that it was taken. */
void signers_give(
	struct world *w, const struct actor *who, const struct signer *key, uint8_t root_seed);
/* A verb of the family of keys. */
enum err_kind signers_ask(struct world *w, const struct actor *who, const char *verb, json_t *args);
/* The text that decision.text answers, copied into `text`; asserts that it is given. */
enum { SIGNERS_TEXT_BYTES = DECISION_TEXT_BYTES_MAX + 1 };
void signers_text(struct world *w, const struct actor *who, const char *act, const char *id,
	const char *note, char text[SIGNERS_TEXT_BYTES]);
/* Arguments of a signed transition; note may be NULL. */
json_t *signers_act_args(
	const char *id, const char *text, const struct signer *key, const char *note);

#endif
