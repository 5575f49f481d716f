/* kind_describe: the kinds as lab.describe tells them, so that forms and lists are drawn from them. */
#include "app/kind.h"
#include "app/person.h"
#include "format/json.h"

/* Space-separated words as an array. */
static void write_words(struct jw *w, const char *words)
{
	struct str rest = str_from(words), word;

	jw_array(w);
	while (str_cut(rest, ' ', &word, &rest))
		jw_str(w, word);
	if (rest.len > 0)
		jw_str(w, rest);
	jw_array_end(w);
}

static void write_roles(struct jw *w, unsigned roles)
{
	jw_array(w);
	for (unsigned role = ROLE_OFFICER; role <= ROLE_DEVELOPER; role <<= 1) {
		if ((roles & role) != 0)
			jw_str(w, str_from(role_word((enum role)role)));
	}
	jw_array_end(w);
}

static void write_states(struct jw *w, const struct kind *kind, uint32_t mask)
{
	jw_array(w);
	for (size_t i = 0; i < kind->state_count; i++) {
		if (mask & UINT32_C(1) << i)
			jw_str(w, str_from(kind->states[i].name));
	}
	jw_array_end(w);
}

static bool may(const struct kind_who *who, const struct caller *caller)
{
	bool fits = who->line_count == 0;

	for (size_t i = 0; i < who->line_count; i++)
		fits = fits || str_eq(caller->line, str_from(who->lines[i]));
	return fits && (caller->roles & who->roles) != 0;
}

static void write_field(struct jw *w, const struct kind_field *f)
{
	jw_object(w);
	jw_kstr(w, "name", str_from(f->name));
	jw_kstr(w, "label", str_from(f->label));
	jw_kstr(w, "type", str_from(field_type_word(f->type)));
	if (f->type == FIELD_ID)
		jw_kstr(w, "kind", str_from(f->target_name));
	if (f->words != NULL) {
		jw_key(w, "words");
		write_words(w, f->words);
	}
	jw_kbool(w, "required", f->required);
	jw_kbool(w, "list", f->list);
	jw_kstr(w, "help", str_from(f->help));
	jw_ki64(w, "min", f->min);
	jw_ki64(w, "max", f->max);
	jw_object_end(w);
}

static void write_transition(struct jw *w, const struct kind *kind, const struct kind_transition *t)
{
	jw_object(w);
	jw_kstr(w, "name", str_from(t->name));
	jw_kstr(w, "verb", str_from(t->verb));
	jw_kstr(w, "label", str_from(t->label));
	jw_kstr(w, "done", str_from(t->done));
	jw_kstr(w, "help", str_from(t->help));
	jw_key(w, "from");
	write_states(w, kind, t->from);
	jw_kstr(w, "to", str_from(kind->states[t->to].name));
	jw_key(w, "roles");
	write_roles(w, t->who.roles);
	jw_kbool(w, "checks", t->duty == DUTY_CHECKS);
	jw_kbool(w, "signed", t->is_signed);
	jw_kbool(w, "note", t->note_required);
	jw_key(w, "needs");
	jw_array(w);
	for (size_t i = 0; i < t->need_count; i++)
		jw_str(w, str_from(kind->fields[t->needs[i]].name));
	jw_array_end(w);
	jw_kstr(w, "tone", str_from(t->tone));
	jw_object_end(w);
}

static void write_state(struct jw *w, const struct kind_state *state)
{
	jw_object(w);
	jw_kstr(w, "name", str_from(state->name));
	jw_kstr(w, "word", str_from(state->word));
	jw_kstr(w, "tone", str_from(state->tone));
	jw_object_end(w);
}

static void write_create(struct jw *w, const struct kind *kind, const struct caller *caller)
{
	jw_key(w, "create");
	jw_object(w);
	jw_kstr(w, "verb", str_from(kind->create_verb));
	jw_kstr(w, "label", str_from(kind->create_label));
	jw_key(w, "roles");
	write_roles(w, kind->create.roles);
	jw_kbool(w, "allowed", may(&kind->create, caller));
	jw_kbool(w, "form", !kind->created_by_program); /* a page can draw a form for it */
	jw_object_end(w);
	jw_key(w, "edit");
	if (kind->edit_states == 0) {
		jw_null(w);
		return;
	}
	jw_object(w);
	jw_kstr(w, "verb", str_from(kind->edit_verb));
	jw_key(w, "roles");
	write_roles(w, kind->edit.roles);
	jw_key(w, "states");
	write_states(w, kind, kind->edit_states);
	jw_kbool(w, "allowed", may(&kind->edit, caller));
	jw_object_end(w);
}

static void write_kind(struct jw *w, const struct kind *kind, const struct caller *caller)
{
	jw_object(w);
	jw_kstr(w, "kind", str_from(kind->name));
	jw_kstr(w, "prefix", str_from(kind->prefix));
	jw_kstr(w, "title", str_from(kind->title));
	jw_kstr(w, "plural", str_from(kind->plural));
	jw_kstr(w, "family", str_from(kind->family));
	jw_kstr(w, "help", str_from(kind->help));
	jw_kstr(w, "empty", str_from(kind->empty));
	jw_kstr(w, "title_field", str_from(kind->title_field->name));
	write_create(w, kind, caller);
	jw_key(w, "states");
	jw_array(w);
	for (size_t i = 0; i < kind->state_count; i++)
		write_state(w, &kind->states[i]);
	jw_array_end(w);
	jw_key(w, "fields");
	jw_array(w);
	for (size_t i = 0; i < kind->field_count; i++)
		write_field(w, &kind->fields[i]);
	jw_array_end(w);
	jw_key(w, "transitions");
	jw_array(w);
	for (size_t i = 0; i < kind->transition_count; i++)
		write_transition(w, kind, &kind->transitions[i]);
	jw_array_end(w);
	jw_object_end(w);
}

void kinds_describe(struct jw *w, const struct kinds *kinds, const struct caller *caller)
{
	jw_array(w);
	for (size_t i = 0; i < kinds_count(kinds); i++)
		write_kind(w, kinds_at(kinds, i), caller);
	jw_array_end(w);
}
