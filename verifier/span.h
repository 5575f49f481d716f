/*
 * span: a borrowed run of bytes, and the spellings that all formats here share; verdicts. Nothing allocates.
 */
#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct span {
	const char *ptr; /* NULL: absent */
	size_t len;
};

#define SPAN(lit) ((struct span){ "" lit, sizeof(lit) - 1 })
/* For "%.*s"; every span is far below 2 GiB. */
#define SPAN_ARG(s) (int)(s).len, (s).ptr

bool span_eq(struct span a, struct span b);
/* Cut *rest at the first `at`: *head gets what stands before it. False, both untouched, where there is none. */
bool span_cut(struct span *rest, char at, struct span *head);
/* Take a text off the front of *rest. False, untouched, when it begins otherwise. */
bool span_take(struct span *rest, struct span text);
/* The next code point of *rest (not empty), UTF-8 in shortest form without surrogates. False: it is none. */
bool span_rune(struct span *rest, uint32_t *rune);
/* UTF-8; no byte below 0x20 but line feeds. */
bool span_is_text(struct span s);
/* Decimal without sign and leading zeros. */
bool span_u64(struct span s, uint64_t *value);
/* Exactly n bytes in 2 n lower-case digits. */
bool span_hex(struct span s, uint8_t *bytes, size_t n);
/* Padded standard alphabet, unused bits zero; at most max bytes. */
bool span_base64(struct span s, uint8_t *bytes, size_t max, size_t *n);
/* The same, exactly n bytes. */
bool span_base64_n(struct span s, uint8_t *bytes, size_t n);
/*
 * "2026-11-22T15:04:05.123456Z" with none to six digits of a second. sortable: 26 characters and NUL, which compare as
 * the times do.
 */
bool span_time(struct span s, char sortable[27]);
/* For people: what is not printable ASCII or well-formed text beyond it stands as \xNN; cut after max bytes. */
void span_print(FILE *to, struct span s, size_t max);

/* How a check ended, which is also the program's exit code, and why. */
enum verdict {
	HOLDS = 0,
	REFUTED = 1, /* well formed, and not true */
	UNUSABLE = 2, /* not of a form that this program reads */
	SHORT = 3, /* signed by the log, and fewer witnesses than the policy asks for */
};

struct why {
	char text[320];
};

/* Write the reason down and return the verdict, so that `return because(...)` reads well. */
enum verdict because(struct why *why, enum verdict verdict, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
