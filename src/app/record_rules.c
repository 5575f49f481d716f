/* record_rules: may this caller do this to this record, and if not, why not in plain words. */
#include "app/record.h"

#include "app/decision.h"
#include "app/person.h"

/* "an officer or engineer" */
static const char *who_words(struct arena *mem, unsigned roles)
{
	static const char vowels[] = { 'a', 'e', 'i', 'o', 'u' };
	struct out o;
	struct str words;
	struct err err;
	bool first = true;

	out_init(&o, mem, 128);
	for (unsigned role = ROLE_OFFICER; role <= ROLE_DEVELOPER; role <<= 1) {
		const char *word = (roles & role) != 0 ? role_word((enum role)role) : NULL;

		if (word == NULL)
			continue;
		if (first)
			out_put(&o,
				memchr(vowels, word[0], sizeof(vowels)) != NULL ? STR("an ")
										: STR("a "));
		else
			out_put(&o, STR(" or "));
		out_put(&o, str_from(word));
		first = false;
	}
	return out_finish(&o, &words, &err) == OK ? words.ptr : "somebody else";
}

static struct refusal refuse(enum err_kind kind, const char *why)
{
	return (struct refusal){ kind, why != NULL ? why : "not allowed" };
}

static struct refusal check_who(const struct record_desk *desk, const struct kind_who *who)
{
	const struct caller *caller = desk->caller;

	if ((caller->roles & who->roles) == 0)
		return refuse(ERR_DENIED,
			arena_printf(desk->mem, "only %s may do this",
				who_words(desk->mem, who->roles)));
	for (size_t i = 0; i < who->line_count; i++) {
		if (str_eq(caller->line, str_from(who->lines[i])))
			return (struct refusal){ OK, NULL };
	}
	if (who->line_count > 0)
		return refuse(ERR_DENIED, "your line of defence may not do this");
	return (struct refusal){ OK, NULL };
}

/*
 * Every act but a known transition that makes nothing, and what is only noted, is making: what we do not know
 * counts against.
 */
static bool is_making(const struct kind *kind, struct str act)
{
	const struct kind_transition *t = kind_transition(kind, act);

	if (t == NULL && record_noted_word(act) != NULL)
		return false;
	return t == NULL || t->duty == DUTY_MAKES;
}

static const char *done_word(const struct kind *kind, struct str act)
{
	const struct kind_transition *t = kind_transition(kind, act);

	if (t != NULL)
		return t->done;
	return str_eq(act, STR("edit")) ? "edited" : "made";
}

/* Four eyes are two keys, and two organisations two root keys, wherever both sides signed. */
static bool is_same_key(const struct record_desk *desk, struct str key)
{
	return desk->decided != NULL && desk->decided->is_signed &&
		str_eq(key, str_of(desk->decided->key.id.bytes, SHA256_BYTES));
}

static bool is_same_root(const struct record_desk *desk, struct str root)
{
	return desk->decided != NULL && desk->decided->is_signed &&
		str_eq(root, str_of(desk->decided->key.root.bytes, SIGN_PUBLIC_BYTES));
}

/* One row of the history against the caller. */
static struct refusal check_apart(const struct record_desk *desk, const struct record *record,
	const struct kind_transition *t, struct stmt *s)
{
	const struct caller *caller = desk->caller;
	struct str act = stmt_col_str(s, 0);
	const char *done = done_word(record->kind, act);

	if (!is_making(record->kind, act))
		return (struct refusal){ OK, NULL };
	if (str_eq(stmt_col_str(s, 1), caller->person_id)) {
		const char *role = role_word((enum role)t->who.roles); /* NULL for several */

		return refuse(ERR_DENIED,
			arena_printf(desk->mem, "needs a second %s: you %s it",
				role != NULL ? role : "person", done));
	}
	if (t->apart == APART_ORGANISATION && str_eq(stmt_col_str(s, 2), caller->organisation_id))
		return refuse(ERR_DENIED,
			arena_printf(desk->mem, "needs another organisation: yours %s it", done));
	if (t->apart == APART_LINE && str_eq(stmt_col_str(s, 3), caller->line))
		return refuse(ERR_DENIED,
			arena_printf(desk->mem,
				"needs another line of defence: somebody of yours %s it", done));
	if (is_same_key(desk, stmt_col_str(s, 4)))
		return refuse(ERR_DENIED,
			arena_printf(desk->mem, "needs a second key: yours signed when it was %s",
				done));
	if (t->apart == APART_ORGANISATION && is_same_root(desk, stmt_col_str(s, 5)))
		return refuse(ERR_DENIED,
			arena_printf(desk->mem,
				"needs another organisation: your root key stands behind who %s it",
				done));
	return (struct refusal){ OK, NULL };
}

static enum err_kind check_duty(const struct record_desk *desk, const struct record *record,
	const struct kind_transition *t, struct refusal *no, struct err *err)
{
	struct stmt *s;
	bool row;

	if (desk->caller->person_id.len == 0 || str_eq(record->created_by, desk->caller->person_id))
		*no = refuse(ERR_DENIED, "needs a second person: you made it");
	enum err_kind rc = stmt_begin(desk->db,
		"SELECT act, person, organisation, line, key, root FROM record_history WHERE id = :id"
		" ORDER BY seq DESC",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":id", record->id);
	for (;;) {
		rc = stmt_step(s, &row, err);
		if (rc != OK || !row)
			return rc;
		struct refusal here = check_apart(desk, record, t, s);

		if (here.kind != OK) {
			*no = here; /* the latest act says it best */
			stmt_end(s);
			return OK;
		}
	}
}

static bool needs_are_given(const struct record *record, const struct kind_transition *t)
{
	for (size_t i = 0; i < t->need_count; i++) {
		if (!record->values[t->needs[i]].given)
			return false;
	}
	return true;
}

static enum err_kind check_conditions(const struct record_desk *desk, const struct record *record,
	kind_predicate_fn *const *conditions, size_t count, struct refusal *no, struct err *err)
{
	enum err_kind rc = OK;

	for (size_t i = 0; rc == OK && no->kind == OK && i < count; i++)
		rc = conditions[i](desk, record, no, err);
	return rc;
}

struct refusal record_may_create(const struct record_desk *desk, const struct kind *kind)
{
	return check_who(desk, &kind->create);
}

enum err_kind record_check_new(const struct record_desk *desk, const struct record *record,
	struct refusal *no, struct err *err)
{
	const struct kind *kind = record->kind;

	*no = (struct refusal){ OK, NULL };
	return check_conditions(
		desk, record, kind->create_conditions, kind->create_condition_count, no, err);
}

static enum err_kind may_edit(const struct record_desk *desk, const struct record *record,
	uint32_t state, struct refusal *no, struct err *err)
{
	const struct kind *kind = record->kind;

	if ((kind->edit_states & state) == 0) {
		*no = refuse(ERR_CONFLICT,
			arena_printf(desk->mem, "it is %.*s and cannot be edited",
				STR_ARG(record->state)));
		return OK;
	}
	*no = check_who(desk, &kind->edit);
	return check_conditions(
		desk, record, kind->edit_conditions, kind->edit_condition_count, no, err);
}

enum err_kind record_may(const struct record_desk *desk, const struct record *record,
	const struct kind_transition *t, struct refusal *no, struct err *err)
{
	const struct kind *kind = record->kind;
	uint32_t state = UINT32_C(1) << kind_state(kind, record->state);
	enum err_kind rc = OK;

	*no = (struct refusal){ OK, NULL };
	if (t == NULL)
		return may_edit(desk, record, state, no, err);
	if ((t->from & state) == 0) {
		*no = refuse(ERR_CONFLICT,
			arena_printf(desk->mem, "it is %.*s", STR_ARG(record->state)));
		return OK;
	}
	*no = check_who(desk, &t->who);
	if (no->kind == OK && t->duty == DUTY_CHECKS)
		rc = check_duty(desk, record, t, no, err);
	if (rc == OK && no->kind == OK && needs_are_given(record, t))
		rc = check_conditions(desk, record, t->conditions, t->condition_count, no, err);
	return rc;
}
