#include "app/kind_check.h"

/* States that a record in one of `states` can get into without a check, itself included. */
static uint32_t reach_unchecked(const struct kind *kind, uint32_t states)
{
	uint32_t before;

	do {
		before = states;
		for (size_t i = 0; i < kind->transition_count; i++) {
			const struct kind_transition *t = &kind->transitions[i];

			if (t->duty != DUTY_CHECKS && (t->from & states) != 0)
				states |= UINT32_C(1) << t->to;
		}
	} while (states != before); /* grows by a state each time: at most KIND_STATES_MAX rounds */
	return states;
}

enum err_kind kind_check_duties(const struct kind *kind, struct str file, struct err *err)
{
	uint32_t changed = UINT32_C(1) << kind->first_state | kind->edit_states, checked = 0;

	for (size_t i = 0; i < kind->transition_count; i++) {
		const struct kind_transition *t = &kind->transitions[i];

		if (t->need_count > 0)
			changed |= UINT32_C(1) << t->to;
		if (t->duty == DUTY_CHECKS)
			checked |= UINT32_C(1) << t->to;
	}
	uint32_t slipped = reach_unchecked(kind, changed) & checked;

	for (size_t i = 0; i < kind->state_count; i++) {
		if (slipped & UINT32_C(1) << i)
			return err_set(err, ERR_INPUT,
				"%.*s: %s: state %s: a check leads to it, but a record that may still be changed gets there without one",
				STR_ARG(file), kind->name, kind->states[i].name);
	}
	return OK;
}

/* What the C of access, sessions, ingest and the pages of the code room counts on. */
static const struct {
	const char *kind;
	const char *field; /* NULL: the row names a state */
	enum field_type type;
	bool list;
	const char *target_or_state;
} relied_on[] = {
	{ "organisation", "name", FIELD_LINE, false, NULL },
	{ "organisation", "line", FIELD_ENUM, false, NULL },
	{ "organisation", NULL, 0, false, "active" },
	{ "person", "name", FIELD_NAME, false, NULL },
	{ "person", "display", FIELD_LINE, false, NULL },
	{ "person", "organisation", FIELD_ID, false, "organisation" },
	{ "person", "roles", FIELD_ENUM, true, NULL },
	{ "person", "line", FIELD_ENUM, false, NULL },
	{ "person", NULL, 0, false, "active" },
	{ "product", "name", FIELD_LINE, false, NULL },
	{ "release", "product", FIELD_ID, false, "product" },
	{ "release", "version", FIELD_LINE, false, NULL },
	{ "release", "manifest", FIELD_DIGEST, false, NULL },
	{ "release", "files", FIELD_INT, false, NULL },
	{ "release", "bytes", FIELD_INT, false, NULL },
	{ "release", "lines", FIELD_INT, false, NULL },
	{ "release", "format", FIELD_LINE, false, NULL },
	{ "release", "origin", FIELD_LINE, false, NULL },
	{ "release", NULL, 0, false, "ingested" },
	{ "engagement", "title", FIELD_LINE, false, NULL },
	{ "engagement", "party", FIELD_ID, false, "organisation" },
	{ "engagement", "product", FIELD_ID, false, "product" },
	{ "engagement", "until", FIELD_TIME, false, NULL },
	{ "engagement", NULL, 0, false, "open" },
	{ "grant", "engagement", FIELD_ID, false, "engagement" },
	{ "grant", "party", FIELD_ID, false, "organisation" },
	{ "grant", "people", FIELD_ID, true, "person" },
	{ "grant", "product", FIELD_ID, false, "product" },
	{ "grant", "releases", FIELD_ID, true, "release" },
	{ "grant", "paths", FIELD_PATH, true, NULL },
	{ "grant", "paths_except", FIELD_PATH, true, NULL },
	{ "grant", "activities", FIELD_ENUM, true, NULL },
	{ "grant", "forms", FIELD_ENUM, true, NULL },
	{ "grant", "from", FIELD_TIME, false, NULL },
	{ "grant", "until", FIELD_TIME, false, NULL },
	{ "grant", "points", FIELD_LINE, true, NULL },
	{ "grant", "lines_per_hour", FIELD_INT, false, NULL },
	{ "grant", NULL, 0, false, "approved" },
	{ "agreement", "organisation", FIELD_ID, false, "organisation" },
	{ "agreement", "root_key", FIELD_KEY, false, NULL },
	{ "agreement", "sealing_key", FIELD_KEY, false, NULL },
	{ "agreement", "parties", FIELD_ID, true, "organisation" },
	{ "agreement", "quorum", FIELD_INT, false, NULL },
	{ "agreement", "from", FIELD_TIME, false, NULL },
	{ "agreement", "until", FIELD_TIME, false, NULL },
	{ "agreement", NULL, 0, false, "in_force" },
	{ "opening", "session", FIELD_LINE, false, NULL },
	{ "opening", "question", FIELD_TEXT, false, NULL },
	{ "opening", "reason", FIELD_TEXT, false, NULL },
	{ "opening", "parties", FIELD_ID, true, "organisation" },
	{ "opening", "organisation", FIELD_ID, false, "organisation" },
	{ "opening", "answer", FIELD_DIGEST, false, NULL },
	{ "opening", NULL, 0, false, "asked" },
	{ "opening", NULL, 0, false, "opened" },
};

/* A lab made before there were agreements has no file for them: nobody's key counts there, and no trail is sealed for parties. */
static bool may_lack(const char *kind)
{
	return strcmp(kind, "agreement") == 0 || strcmp(kind, "opening") == 0;
}

enum err_kind kinds_check_program(const struct kinds *kinds, struct err *err)
{
	for (size_t i = 0; i < sizeof(relied_on) / sizeof(relied_on[0]); i++) {
		const char *target = relied_on[i].target_or_state;
		const struct kind *kind = kinds_find(kinds, str_from(relied_on[i].kind));

		if (kind == NULL && may_lack(relied_on[i].kind))
			continue;
		if (kind == NULL)
			return err_set(err, ERR_INPUT,
				"kinds: there is no kind %s, which the program relies on",
				relied_on[i].kind);
		if (relied_on[i].field == NULL) {
			if (kind_state(kind, str_from(target)) == kind->state_count)
				return err_set(err, ERR_INPUT,
					"kinds: %s: there is no state %s, which the program relies on",
					kind->name, target);
			continue;
		}
		const struct kind_field *f = kind_field(kind, str_from(relied_on[i].field));

		if (f == NULL || f->type != relied_on[i].type || f->list != relied_on[i].list ||
			(target != NULL && strcmp(f->target_name, target) != 0))
			return err_set(err, ERR_INPUT,
				"kinds: %s: field %s: the program relies on it as %s%s%s%s",
				kind->name, relied_on[i].field,
				relied_on[i].list ? "a list of type " : "type ",
				field_type_word(relied_on[i].type), target != NULL ? " of " : "",
				target != NULL ? target : "");
	}
	return OK;
}
