/*
 * record: the store of records with a life. It loads, makes, edits and moves them by the rules of their kind
 * (app/kind.h), keeps what each refers to and what happened to it, and says who may see it.
 *
 * Invariants
 *  - a record's values always fit its kind's fields; every id in them names a record of the right kind;
 *  - every act is a row of record_history with the person, organisation and line of that moment;
 *  - a transition that checks is refused to everybody who made what it checks (kind.h, duty);
 *  - a record that the caller may not see is answered like one that does not exist.
 */
#ifndef APP_RECORD_H
#define APP_RECORD_H

#include "app/kind.h"
#include "app/lab.h"
#include "app/verb.h"

/* A record's body, its values as JSON: what base/limit.h lets the vault parse. */
enum { RECORD_BODY_BYTES_MAX = LIMIT_JSON_BYTES };

struct decided;

/* Where the engine works: on a snapshot, or in the writer's transaction for what changes. */
struct record_desk {
	struct db *db;
	struct arena *mem;
	const struct kinds *kinds;
	const struct caller *caller;
	int64_t now_us;
	const struct decided
		*decided; /* by which key the act is signed (app/decision.h), or NULL */
};

/* One value of a record, by the field's place in its kind. Times are microseconds, flags 0 or 1. */
struct record_value {
	bool given;
	int64_t number; /* FIELD_INT, FIELD_BOOL, FIELD_TIME */
	struct str text; /* the other types, when not a list */
	const struct str *items; /* lists */
	size_t count;
};

struct record {
	const struct kind *kind; /* the state is one of its states */
	struct str id, state, title, created_by;
	int64_t version, created_us, changed_us;
	struct record_value *values; /* kind->field_count of them */
};

/* A desk for a verb's handler. */
struct record_desk record_desk_of(const struct ctx *ctx);

/* Everything borrowed from desk->mem. Errors: ERR_NOT_FOUND, ERR_CORRUPT, ERR_LIMIT, ERR_IO. */
MUST_CHECK enum err_kind record_load(
	const struct record_desk *desk, struct str id, struct record *record, struct err *err);
/* The same, and only if the caller may see it; else ERR_NOT_FOUND with the text for one that is not there. */
MUST_CHECK enum err_kind record_find(
	const struct record_desk *desk, struct str id, struct record *record, struct err *err);

/* Values by field name; empty, 0 or none where the field is not given. The field must exist in the kind. */
struct str record_text(const struct record *record, const char *field);
int64_t record_number(const struct record *record, const char *field, int64_t absent);
const struct str *record_items(const struct record *record, const char *field, size_t *count);
bool record_given(const struct record *record, const char *field);
/* "fields": one JSON object of the values, times as RFC 3339. */
void record_write_values(const struct record *record, struct jw *w);

/*
 * Values of a JSON object (a verb's checked arguments) by the kind's fields; members that are no field are
 * passed over. An empty text or list is given and empty: in an edit it clears the field.
 * Errors: ERR_INPUT names the field and what it must be.
 */
MUST_CHECK enum err_kind record_values_read(const struct record_desk *desk, const struct kind *kind,
	const json_t *object, struct record_value **values, struct err *err);

/* What the caller wants done. */
struct record_act {
	const struct kind_transition *transition; /* NULL: create, or edit */
	int64_t version; /* refuse when the record has another; 0: any */
	struct str note;
	const struct record_value
		*values; /* one a field of the kind, given ones replace what is there; NULL: none */
};

/*
 * Make a record as <kind>.create does: roles, required fields, references.
 * Errors: ERR_DENIED, ERR_INPUT, ERR_CONFLICT (a unique field), ERR_NOT_FOUND (a reference).
 */
MUST_CHECK enum err_kind record_create(const struct record_desk *desk, const struct kind *kind,
	const struct record_act *act, struct record *record, struct err *err);
/*
 * Make a record on behalf of another verb (release.ingest, the lab's making): the fields are checked, roles
 * are that verb's own business. `state` names a state of the kind; `act` stands in the history. The entry
 * that the history points to is the next one to be appended. caller->person_id may be any word
 * for makers that are no person ("lab").
 */
MUST_CHECK enum err_kind record_add(const struct record_desk *desk, const char *kind,
	const char *state, const char *act, const json_t *fields, char id[LAB_ID_BYTES],
	struct err *err);
MUST_CHECK enum err_kind record_edit(const struct record_desk *desk, struct record *record,
	const struct record_act *act, struct err *err);
/* Errors: ERR_CONFLICT (not in a state for it, version), ERR_DENIED in plain words, ERR_INPUT (a needed field). */
MUST_CHECK enum err_kind record_move(const struct record_desk *desk, struct record *record,
	const struct record_act *act, struct err *err);

/*
 * Note an act of another verb that changes no field: "credential", "reset", "key" or "key_revoke". It stands in the record's history
 * and counts for nobody's duties. The entry that the history points to is the next one to be appended.
 */
MUST_CHECK enum err_kind record_note(const struct record_desk *desk, struct str id, const char *act,
	struct str note, struct err *err);
/* "given a one-time password"; NULL for an act that record_note does not know. */
const char *record_noted_word(struct str act);

/* May the caller make a record of the kind? "only an officer may do this". */
struct refusal record_may_create(const struct record_desk *desk, const struct kind *kind);
/* Do the kind's conditions hold for one that is about to be made? Like record_may. */
MUST_CHECK enum err_kind record_check_new(const struct record_desk *desk,
	const struct record *record, struct refusal *no, struct err *err);
/*
 * transition NULL: edit. Needed fields that are still missing are no refusal: the act may bring them.
 * A refusal is OK with *no set; errors are those of reading.
 */
MUST_CHECK enum err_kind record_may(const struct record_desk *desk, const struct record *record,
	const struct kind_transition *transition, struct refusal *no, struct err *err);

#endif
