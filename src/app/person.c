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

/* The body of an active record of the kind, or ERR_AUTH. *title may be NULL. */
static enum err_kind load_active(struct db *db, struct arena *mem, struct str id, struct str kind,
	struct str *title, json_t **body, struct err *err)
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
	if (title != NULL && !arena_copy(mem, stmt_col_str(s, 0), title))
		rc = err_set(err, ERR_LIMIT, "person: request memory used up");
	if (rc == OK)
		rc = json_parse(stmt_col_str(s, 1), LIMIT_JSON_BYTES, body, err);
	stmt_end(s);
	if (rc == ERR_INPUT) /* what we stored ourselves does not parse */
		rc = err_set(err, ERR_CORRUPT, "record %.*s: its body is not JSON", STR_ARG(id));
	return rc;
}

static unsigned roles_of(const json_t *body)
{
	const json_t *list = json_object_get(body, "roles");
	unsigned mask = 0;
	size_t i;
	const json_t *item;

	json_array_foreach(list, i, item)
	{
		if (json_is_string(item))
			mask |= (unsigned)role_of_word(
				str_of(json_string_value(item), json_string_length(item)));
	}
	return mask;
}

enum err_kind person_load(struct db *db, struct arena *mem, struct str person_id,
	struct caller *caller, struct err *err)
{
	json_t *person = NULL, *organisation = NULL;
	struct caller got = *caller;
	struct str organisation_id, line = STR("");
	enum err_kind rc = load_active(
		db, mem, person_id, STR("person"), &got.person_name, &person, err);

	if (rc != OK)
		return rc;
	if (!json_str(person, "organisation", &organisation_id)) {
		rc = err_set(
			err, ERR_CORRUPT, "person %.*s has no organisation", STR_ARG(person_id));
		goto out;
	}
	rc = load_active(db, mem, organisation_id, STR("organisation"), &got.organisation_name,
		&organisation, err);
	if (rc != OK)
		goto out;
	if (!json_str(person, "line", &line))
		json_str(organisation, "line", &line);
	got.roles = roles_of(person);
	if (!arena_copy(mem, person_id, &got.person_id) ||
		!arena_copy(mem, organisation_id, &got.organisation_id) ||
		!arena_copy(mem, line, &got.line)) {
		rc = err_set(err, ERR_LIMIT, "person: request memory used up");
		goto out;
	}
	*caller = got;
out:
	json_decref(person);
	json_decref(organisation);
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
