#include "app/person.h"

#include "base/limit.h"

static const struct {
	enum role role;
	const char *word;
} roles[] = {
	{ ROLE_OFFICER, "officer" },
	{ ROLE_ENGINEER, "engineer" },
	{ ROLE_REVIEWER, "reviewer" },
	{ ROLE_AUDITOR, "auditor" },
	{ ROLE_DEVELOPER, "developer" },
};
enum { ROLE_WORDS = sizeof(roles) / sizeof(roles[0]) };

enum role role_of_word(struct str word)
{
	for (size_t i = 0; i < ROLE_WORDS; i++) {
		if (str_eq(word, str_from(roles[i].word)))
			return roles[i].role;
	}
	return (enum role)0;
}

const char *role_word(enum role role)
{
	for (size_t i = 0; i < ROLE_WORDS; i++) {
		if (roles[i].role == role)
			return roles[i].word;
	}
	return NULL;
}

/* The body of an active record of the kind, in mem, or ERR_AUTH. */
static enum err_kind load_active(struct db *db, struct arena *mem, struct str id, struct str kind,
	struct str *title, struct str *body, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(db,
		"SELECT title, body FROM records WHERE id = :id AND kind = :kind AND state = 'active'",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":id", id);
	stmt_text(s, ":kind", kind);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	if (!row)
		return err_set(err, ERR_AUTH, "sign in again");
	if (!arena_copy(mem, stmt_col_str(s, 0), title) ||
		!arena_copy(mem, stmt_col_str(s, 1), body))
		rc = err_set(err, ERR_LIMIT, "person: request memory used up");
	stmt_end(s);
	return rc;
}

/*
 * Who asks is read twice for every call, so that of a body only what is needed is looked at. A word holds nothing
 * that JSON would escape.
 */
static bool word_member(struct str body, const char *name, struct str *word)
{
	struct str text;

	if (!json_member(body, name, &text) || text.len < 2 || text.ptr[0] != '"' ||
		memchr(text.ptr, '\\', text.len) != NULL)
		return false;
	*word = str_of(text.ptr + 1, text.len - 2);
	return true;
}

static enum err_kind read_roles(struct str body, unsigned *mask, struct err *err)
{
	struct str text;
	json_t *list;
	const json_t *item;
	size_t i;

	*mask = 0;
	if (!json_member(body, "roles", &text))
		return OK;
	if (json_parse(text, LIMIT_JSON_BYTES, &list, err) != OK)
		return err_set(err, ERR_CORRUPT, "a person's roles are not JSON");
	json_array_foreach(list, i, item)
	{
		if (json_is_string(item))
			*mask |= (unsigned)role_of_word(
				str_of(json_string_value(item), json_string_length(item)));
	}
	json_decref(list);
	return OK;
}

enum err_kind person_load(struct db *db, struct arena *mem, struct str person_id,
	struct caller *caller, struct err *err)
{
	struct caller got = *caller;
	struct str person = STR(""), organisation = STR("");
	enum err_kind rc = load_active(
		db, mem, person_id, STR("person"), &got.person_name, &person, err);

	if (rc != OK)
		return rc;
	if (!word_member(person, "organisation", &got.organisation_id))
		return err_set(
			err, ERR_CORRUPT, "person %.*s has no organisation", STR_ARG(person_id));
	rc = load_active(db, mem, got.organisation_id, STR("organisation"), &got.organisation_name,
		&organisation, err);
	if (rc != OK)
		return rc;
	got.line = STR("");
	if (!word_member(person, "line", &got.line))
		word_member(organisation, "line", &got.line);
	rc = read_roles(person, &got.roles, err);
	if (rc == OK && !arena_copy(mem, person_id, &got.person_id))
		rc = err_set(err, ERR_LIMIT, "person: request memory used up");
	if (rc == OK)
		*caller = got;
	return rc;
}

bool person_is_active(struct db *db, struct str person_id)
{
	struct arena mem;
	struct caller caller = { 0 };
	struct err err;

	arena_init(&mem, LIMIT_JSON_BYTES);
	bool active = person_load(db, &mem, person_id, &caller, &err) == OK;

	arena_reset(&mem);
	return active;
}
