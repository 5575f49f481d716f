/*
 * kind: what a lab keeps records of, as data. A file kinds/<kind>.yaml declares fields, states, transitions
 * and the words that a page shows (docs/formats/kinds.md); this module reads the files strictly into structs
 * and the engine (app/record.h) carries them out. A condition is the name of a predicate in
 * app/kind_predicates.c; there is no expression language.
 *
 * The verb rows that the kinds make are given by kinds_verbs (app/families.h).
 *
 * Invariants of a loaded set
 *  - every name that a file uses (kind, state, field, role, predicate) exists;
 *  - a record that may be changed cannot reach a state that a check leads to without a check: neither from
 *    its first state, nor from a state where it may be edited, nor after a transition that takes fields;
 *  - the kinds, fields and states that the program itself relies on are there, with their types.
 */
#ifndef APP_KIND_H
#define APP_KIND_H

#include "app/verb.h"

enum {
	KINDS_MAX = 64, /* files in kinds/: the mission names about 40 processes */
	KIND_FILE_BYTES_MAX = 64 * 1024, /* what the vault parses itself */
	KIND_FIELDS_MAX =
		20, /* with id, note, if_version, decision and signature they fit VERB_ARGS_MAX */
	KIND_STATES_MAX = 16,
	KIND_TRANSITIONS_MAX = 16,
	KIND_CONDITIONS_MAX = 8,
	KIND_LINES_MAX = 8,
	KIND_PUBLIC_MAX = 8, /* with those of every kind they fit ENTRY_FIELDS_MAX */
};

enum field_type {
	FIELD_LINE,
	FIELD_NAME, /* of an account: a-z 0-9 . _ -, begins with a letter */
	FIELD_TEXT,
	FIELD_ID, /* of a record of the field's target */
	FIELD_ENUM,
	FIELD_INT,
	FIELD_BOOL,
	FIELD_TIME,
	FIELD_PATH, /* inside a release, as out_shown writes it */
	FIELD_DIGEST, /* 64 hexadecimal digits */
	FIELD_KEY, /* a public key of 32 bytes, in base64 */
	FIELD_TYPES
};

struct kind;
struct record;
struct record_desk;

struct kind_field {
	const char *name, *label, *help;
	enum field_type type;
	bool list, required, unique;
	int64_t min, max; /* bytes, items of a list, or the number itself */
	const char *words; /* FIELD_ENUM: separated by spaces */
	const char *target_name; /* FIELD_ID: of this kind */
	const struct kind *target;
};

struct kind_state {
	const char *name, *word, *tone; /* tone: ok wait bad plain */
	bool inside; /* not shown to the party that the record concerns */
};

/* What a transition is for the separation of duties. */
enum kind_duty {
	DUTY_NEITHER,
	DUTY_MAKES, /* whoever does it has made the record, like its creator and its editors */
	DUTY_CHECKS, /* refused to whoever made the record */
};
/* Who counts as the same for a check. */
enum kind_apart { APART_PERSON, APART_LINE, APART_ORGANISATION };

/* Why not, in plain words; kind OK: nothing is against it. why is a literal or lives in the desk's memory. */
struct refusal {
	enum err_kind kind;
	const char *why;
};

/*
 * A named condition: sets *no when it does not hold. Fields may be missing: then it holds, since what is
 * needed is asked for apart. Errors are those of reading, never a refusal.
 */
typedef enum err_kind kind_predicate_fn(const struct record_desk *desk, const struct record *record,
	struct refusal *no, struct err *err);

/* Who may do something. */
struct kind_who {
	unsigned roles; /* mask of enum role */
	const char *lines[KIND_LINES_MAX]; /* none: any line */
	size_t line_count;
};

/* A field that a transition's entry tells everybody. */
struct kind_public {
	const char *name; /* in the entry */
	size_t field; /* its place in the kind */
};

struct kind_transition {
	const char *name, *label, *help, *tone;
	const char *verb; /* "grant.propose" */
	const char *done; /* "proposed": completes "you … it" */
	uint32_t from; /* mask of places in kind->states */
	size_t to;
	struct kind_who who;
	enum kind_duty duty;
	enum kind_apart apart;
	bool note_required;
	bool waits; /* shown as waiting to those who may do it */
	bool is_signed; /* a person who has a key that counts signs it (app/decision.h) */
	struct kind_public publics[KIND_PUBLIC_MAX];
	size_t public_count;
	size_t needs[KIND_FIELDS_MAX]; /* places of fields that must be given by then */
	size_t need_count;
	kind_predicate_fn *conditions[KIND_CONDITIONS_MAX];
	size_t condition_count;
};

struct kind {
	const char *name, *prefix, *title, *plural, *family, *help, *empty;
	const struct kind_field *title_field;
	unsigned seen_by; /* roles that see every record of the kind */
	struct kind_field fields[KIND_FIELDS_MAX];
	size_t field_count;
	struct kind_state states[KIND_STATES_MAX];
	size_t state_count;
	const char *inside_states; /* " draft proposed ", for queries */
	size_t first_state;
	const char *create_verb; /* "product.create", or a verb of the program that makes them */
	const char *create_label, *edit_verb;
	bool created_by_program;
	struct kind_who create, edit;
	kind_predicate_fn *create_conditions[KIND_CONDITIONS_MAX];
	size_t create_condition_count;
	uint32_t edit_states; /* 0: never edited */
	kind_predicate_fn *edit_conditions[KIND_CONDITIONS_MAX];
	size_t edit_condition_count;
	struct kind_transition transitions[KIND_TRANSITIONS_MAX];
	size_t transition_count;
};

struct kinds;

/* One file: its name (for messages) and its text. */
struct kind_file {
	struct str name, text;
};

/*
 * Read every *.yaml of a folder, in the order of their names. *kinds to kinds_free.
 * Errors: ERR_INPUT "kinds/grant.yaml: grant: field until: unknown type 'tme'", ERR_LIMIT, ERR_IO.
 */
MUST_CHECK enum err_kind kinds_load(int dir_fd, struct kinds **kinds, struct err *err);
/* The same from memory. whole: also ask for what the program itself relies on. */
MUST_CHECK enum err_kind kinds_parse(const struct kind_file *files, size_t count, bool whole,
	struct kinds **kinds, struct err *err);
void kinds_free(struct kinds *kinds);

size_t kinds_count(const struct kinds *kinds);
const struct kind *kinds_at(const struct kinds *kinds, size_t index);
const struct kind *kinds_find(const struct kinds *kinds, struct str name); /* or NULL */
const struct kind *kinds_of_id(const struct kinds *kinds, struct str id); /* by prefix, or NULL */

const struct kind_field *kind_field(const struct kind *kind, struct str name); /* or NULL */
const struct kind_transition *kind_transition(
	const struct kind *kind, struct str name); /* or NULL */
/* Place of a state, or kind->state_count when there is none. */
size_t kind_state(const struct kind *kind, struct str name);
/* "line", "id", "enum" …: the words of lab.describe and of the files. */
const char *field_type_word(enum field_type type);

/*
 * NULL when there is none of that name, or when the kind lacks a field that it reads: *lacks names the field.
 * The kind's fields are read already, their targets by name only.
 */
kind_predicate_fn *kind_predicate(const struct kind *kind, struct str name, const char **lacks);

struct jw;
/* The array "kinds" of lab.describe, as one value; `allowed` is for this caller. */
void kinds_describe(struct jw *w, const struct kinds *kinds, const struct caller *caller);

#endif
