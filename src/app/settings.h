/*
 * settings: vitrine.yaml, one row a key with its range, its default and what it means. The file that
 * `vitrine init` writes, the checks at start and the manual page all come from the rows.
 */
#ifndef APP_SETTINGS_H
#define APP_SETTINGS_H

#include "app/lab.h"

enum { SETTINGS_FILE_BYTES_MAX = 64 << 10 };

enum setting_type { SETTING_TEXT, SETTING_NUMBER, SETTING_FLAG };

struct setting {
	const char *key;
	enum setting_type type;
	size_t offset; /* into struct settings */
	int64_t min, max; /* of a number; bytes of a text */
	int64_t number; /* default of numbers and flags */
	const char *text; /* default of texts; NULL: must be given */
	const char *help;
};

/* Ends with a row whose key is NULL. */
extern const struct setting settings_rows[];

/* Every default; texts that must be given are empty. */
void settings_default(struct settings *settings);
/*
 * Strict: unknown keys, wrong types, values out of range and missing ones are refused.
 * Errors: ERR_INPUT names the key and what it must be.
 */
MUST_CHECK enum err_kind settings_parse(
	struct str yaml, struct settings *settings, struct err *err);
/* The file with every key and, as a comment, what it means. */
void settings_put(struct out *o, const struct settings *settings);

#endif
