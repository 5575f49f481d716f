/*
 * span: what every file here stands on: borrowed runs of bytes, refusals, canonical JSON, hashes, signatures, trees.
 *
 * A check that fails does not return: refuse() goes back to whoever called judge(), so that no result can be forgotten.
 * Nothing allocates but the arithmetic of ES256.
 */
#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* How it ended; the program's exit code. SHORT: all holds, and too few witnesses cosigned. */
enum verdict { HOLDS, REFUTED, UNUSABLE, SHORT };
struct why {
	char text[320];
};
/* Run work(arg). Not to be nested. HOLDS when it returns; otherwise what it was refused with, and why. */
enum verdict judge(void (*work)(void *arg), void *arg, struct why *why);
_Noreturn void refuse(enum verdict verdict, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline void need(bool holds, enum verdict otherwise, const char *because)
{
	if (!holds) refuse(otherwise, "%s", because);
}

/* Borrowed bytes. ptr NULL: absent. */
struct span {
	const char *ptr;
	size_t len;
};
#define SPAN(lit) ((struct span){ "" lit, sizeof(lit) - 1 })
#define SPAN_ARG(s) (int)(s).len, (s).ptr
struct span span_from(const char *text);
bool span_eq(struct span a, struct span b);
/* Cut *rest at the first `at`: *head gets what stands before it. False, both untouched, where there is none. */
bool span_cut(struct span *rest, char at, struct span *head);
/* Take a text off the front of *rest. False, untouched, when it begins otherwise. */
bool span_take(struct span *rest, struct span text);
/* The next code point of *rest (not empty): UTF-8 in shortest form, no surrogate. False, untouched: it is none. */
bool span_rune(struct span *rest, uint32_t *rune);
/* Decimal, no sign, no leading zeros. */
bool span_u64(struct span s, uint64_t *value);
/* Exactly n bytes in lower-case digits; padded standard base64, unused bits zero, of at most max bytes or exactly n. */
bool span_hex(struct span s, uint8_t *bytes, size_t n);
bool span_base64(struct span s, uint8_t *bytes, size_t max, size_t *n);
bool span_base64_n(struct span s, uint8_t *bytes, size_t n);
/* "2026-11-22T15:04:05.123456Z", none to six digits of a second. sortable: 26 characters that compare as times do. */
bool span_time(struct span s, char sortable[27]);
/* For people: what could steer a terminal or deceive stands as \xNN; cut after max characters. */
void span_print(struct span s, size_t max);

/* ---- canonical JSON (RFC 8785): each value has one spelling, so that equal ones are equal bytes ---- */
/* One value and nothing else: names printable ASCII without escapes, integers to 2^53 - 1, 16 levels. */
bool canon_is(struct span text);
/*
 * A canonical object with exactly these members. names: sorted, a space after each; '?' before: may be absent; '$'
 * after: a text, and values[i] is what stands between its quotes, else its spelling.
 */
bool canon_object(struct span object, const char *names, struct span *values);
/* Members one by one: *rest is a canonical object at first. */
bool canon_next(struct span *rest, struct span *name, struct span *value);
/* The text that is a canonical object's member of this name. */
bool canon_text(struct span object, const char *name, struct span *text);

/* ---- hashes and signatures ---- */
enum { HASH_BYTES = 32, ED25519_KEY_BYTES = 32, ED25519_BYTES = 64, ES256_KEY_BYTES = 65 };
struct hash {
	uint8_t bytes[HASH_BYTES];
};
struct hash hash_of(struct span bytes);
bool hash_of_file(FILE *file, struct hash *hash); /* from where it stands; false: cannot be read */
/* Of one byte and two runs: leaves, nodes, commitments. */
struct hash hash_of_parts(uint8_t first, struct span second, struct span third);
bool hash_eq(const struct hash *a, const struct hash *b);
bool hash_is_hex(const struct hash *hash, struct span hex);
/* Of head || body, by the one rule of docs/formats/ledger.md. False too when both are longer than 160 KiB. */
bool ed25519_holds(const uint8_t *key, struct span head, struct span body, const uint8_t *signature);
/* "ed25519:<base64>" or "es256:<base64 of the uncompressed point>". */
struct person_key {
	size_t len; /* ES256_KEY_BYTES or ED25519_KEY_BYTES */
	uint8_t bytes[ES256_KEY_BYTES];
};
bool person_key_parse(struct span text, struct person_key *key);
/* The signature object of docs/formats/bundle.md, plain or WebAuthn. */
bool person_key_signed(const struct person_key *key, struct span text, struct span signature);

/* ---- trees (RFC 9162 section 2.1) ---- */
struct path {
	size_t count;
	struct hash nodes[64];
};
/* A base64 node a line. */
bool path_parse(struct span lines, struct path *path);
/* The path is used up exactly. */
bool tree_includes(
	uint64_t index, uint64_t size, const struct hash *leaf, const struct path *path, const struct hash *root);
/* From size 0 and between equal sizes the path is empty. */
bool tree_extends(uint64_t old_size, const struct hash *old_root, uint64_t new_size, const struct hash *new_root,
	const struct path *path);

#endif
