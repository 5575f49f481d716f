#include "app/kind_read.h"

#include "app/kind_reader.h"
#include "app/person.h"
#include "base/limit.h"

static const char *const TONES[] = { "ok", "wait", "bad", "plain", NULL };
static const char *const FAMILIES[] = { "See", "Read", "Test", "Ship", "Trace", "Respond", "Govern",
	"Prove", NULL };
static const char *const DUTIES[] = { "neither", "makes", "checks", NULL };
static const char *const APARTS[] = { "person", "line", "organisation", NULL };
static const char *const NOTES[] = { "optional", "required", NULL };

/*
 * How a type is called in a file, and its bounds. Some words stand for an enumeration whose words are the
 * program's own, so that a file cannot invent a role.
 */
static const struct {
	const char *word;
	enum field_type type;
	int64_t max_default, max_most; /* bytes, or the number itself */
	const char *words;
} types[] = {
	{ "line", FIELD_LINE, LIMIT_LINE_BYTES, LIMIT_LINE_BYTES, NULL },
	{ "name", FIELD_NAME, LIMIT_NAME_BYTES, LIMIT_NAME_BYTES, NULL },
	{ "text", FIELD_TEXT, LIMIT_TEXT_BYTES, LIMIT_TEXT_BYTES, NULL },
	{ "id", FIELD_ID, 0, 0, NULL },
	{ "enum", FIELD_ENUM, 0, 0, NULL },
	{ "int", FIELD_INT, JSON_INT_MAX, JSON_INT_MAX, NULL },
	{ "bool", FIELD_BOOL, 0, 0, NULL },
	{ "time", FIELD_TIME, 0, 0, NULL },
	{ "path", FIELD_PATH, LIMIT_PATH_BYTES, LIMIT_PATH_BYTES, NULL },
	{ "digest", FIELD_DIGEST, 0, 0, NULL },
	{ "key", FIELD_KEY, 0, 0, NULL },
	{ "role", FIELD_ENUM, 0, 0, "officer engineer reviewer auditor developer" },
	{ "activity", FIELD_ENUM, 0, 0, "view search scan test docs" },
	{ "form", FIELD_ENUM, 0, 0, "glass names text" },
};
enum { TYPES = sizeof(types) / sizeof(types[0]) };

const char *field_type_word(enum field_type type)
{
	assert(type < FIELD_TYPES);
	for (size_t i = 0; i < TYPES; i++) {
		if (types[i].type == type)
			return types[i].word;
	}
	return "";
}

static const char *join_words(struct kind_reader *r, const char *const *words, size_t count)
{
	struct out o;
	struct str all = STR("");
	struct err err;

	out_init(&o, r->mem, (size_t)(KR_NAME_BYTES_MAX + 1) * LIMIT_LIST_ITEMS);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			out_char(&o, ' ');
		out_put(&o, str_from(words[i]));
	}
	if (out_finish(&o, &all, &err) != OK)
		kr_fail(r, "words: too many");
	return all.ptr;
}

static void read_bounds(
	struct kind_reader *r, const json_t *object, struct kind_field *f, size_t type)
{
	int64_t most = f->list ? LIMIT_LIST_ITEMS : types[type].max_most;
	int64_t usual = f->list ? LIMIT_LIST_ITEMS : types[type].max_default;

	f->max = kr_i64(r, object, "max", usual);
	f->min = kr_i64(r, object, "min", f->required && most > 0 && f->type != FIELD_INT ? 1 : 0);
	if (f->max > most || f->min < (f->type == FIELD_INT ? -JSON_INT_MAX : 0) || f->min > f->max)
		kr_fail(r, "min and max: must fit 0 to %lld", (long long)most);
}

static void read_field(struct kind_reader *r, const json_t *object, struct kind_field *f)
{
	const char *type_words[TYPES + 1] = { NULL };
	const char *words[KIND_STATES_MAX * 2];

	for (size_t i = 0; i < TYPES; i++)
		type_words[i] = types[i].word;
	kr_only(r, object, "name type label help required unique list min max words kind");
	f->name = kr_text(r, object, "name", KR_NAME, NULL);
	char *part = r->failed ? NULL : arena_printf(r->mem, "field %s", f->name);

	r->part = part != NULL ? part : "field";
	size_t type = (size_t)kr_word(r, object, "type", type_words, -1);

	f->type = types[type].type;
	f->label = kr_text(r, object, "label", KR_WORDS, NULL);
	f->help = kr_text(r, object, "help", KR_WORDS, "");
	f->required = kr_flag(r, object, "required");
	f->unique = kr_flag(r, object, "unique");
	f->list = kr_flag(r, object, "list");
	f->words = types[type].words;
	read_bounds(r, object, f, type);

	size_t count = kr_names(r, object, "words", words, sizeof(words) / sizeof(words[0]));

	if (strcmp(types[type].word, "enum") == 0 && count == 0)
		kr_fail(r, "words: an enum needs some");
	if (strcmp(types[type].word, "enum") != 0 && count > 0)
		kr_fail(r, "words: only an enum has them");
	if (count > 0 && !r->failed)
		f->words = join_words(r, words, count);
	if ((f->type == FIELD_ID) != (json_object_get(object, "kind") != NULL))
		kr_fail(r, "kind: an id names the kind it refers to, and nothing else does");
	if (f->type == FIELD_ID)
		f->target_name = kr_text(r, object, "kind", KR_NAME, NULL);
	if (f->unique && (f->list || (f->type != FIELD_LINE && f->type != FIELD_NAME)))
		kr_fail(r, "unique: only a single line or name can be");
	if (f->list &&
		(f->type == FIELD_TEXT || f->type == FIELD_BOOL || f->type == FIELD_INT ||
			f->type == FIELD_TIME || f->type == FIELD_DIGEST || f->type == FIELD_KEY))
		kr_fail(r, "list: there are no lists of this type");
	r->part = NULL;
}

static void read_fields(struct kind_reader *r, const json_t *root, struct kind *kind)
{
	/* These are arguments of every verb of a kind, or members of every answer. */
	static const char reserved[] = "id kind state if_version note verb act decision signature";
	const json_t *list = kr_list(r, root, "fields", KIND_FIELDS_MAX, true);
	struct str rest, word;

	for (size_t i = 0; !r->failed && i < json_array_size(list); i++) {
		struct kind_field *f = &kind->fields[i];

		r->part = "fields";
		read_field(r, json_array_get(list, i), f);
		if (r->failed)
			break;
		if (kind_field(kind, str_from(f->name)) != NULL)
			kr_fail(r, "field %s: stands there twice", f->name);
		for (rest = str_from(reserved); rest.len > 0;) {
			if (!str_cut(rest, ' ', &word, &rest)) {
				word = rest;
				rest = STR("");
			}
			if (str_eq(word, str_from(f->name)))
				kr_fail(r, "field %s: the name is taken by the program", f->name);
		}
		kind->field_count++;
	}
	r->part = NULL;
}

static void read_states(struct kind_reader *r, const json_t *root, struct kind *kind)
{
	const json_t *list = kr_list(r, root, "states", KIND_STATES_MAX, true);
	const char *inside[KIND_STATES_MAX];
	size_t inside_count = 0;

	for (size_t i = 0; !r->failed && i < json_array_size(list); i++) {
		const json_t *object = json_array_get(list, i);
		struct kind_state *s = &kind->states[i];

		r->part = "states";
		kr_only(r, object, "name word tone inside");
		s->name = kr_text(r, object, "name", KR_NAME, NULL);
		s->word = kr_text(r, object, "word", KR_WORDS, s->name);
		s->tone = TONES[kr_word(r, object, "tone", TONES, 3)];
		s->inside = kr_flag(r, object, "inside");
		if (!r->failed && kind_state(kind, str_from(s->name)) < kind->state_count)
			kr_fail(r, "%s: stands there twice", s->name);
		if (s->inside)
			inside[inside_count++] = s->name;
		kind->state_count++;
	}
	r->part = NULL;
	if (r->failed)
		return;
	const char *joined = join_words(r, inside, inside_count);

	kind->inside_states = r->failed ? "" : arena_printf(r->mem, " %s ", joined);
	if (kind->inside_states == NULL)
		kr_fail(r, "the kinds together are too large");
}

static unsigned read_roles(struct kind_reader *r, const json_t *object, const char *key)
{
	const char *names[8];
	size_t count = kr_names(r, object, key, names, sizeof(names) / sizeof(names[0]));
	unsigned mask = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned role = (unsigned)role_of_word(str_from(names[i]));

		if (role == 0)
			kr_fail(r, "%s: unknown role '%s'", key, names[i]);
		mask |= role;
	}
	if (mask == 0)
		kr_fail(r, "%s: at least one role", key);
	return mask;
}

static void read_who(struct kind_reader *r, const json_t *object, struct kind_who *who)
{
	who->roles = read_roles(r, object, "roles");
	who->line_count = kr_names(r, object, "lines", who->lines, KIND_LINES_MAX);
}

static size_t read_conditions(struct kind_reader *r, const struct kind *kind, const json_t *object,
	kind_predicate_fn **conditions)
{
	const char *names[KIND_CONDITIONS_MAX];
	size_t count = kr_names(r, object, "conditions", names, KIND_CONDITIONS_MAX);

	for (size_t i = 0; i < count; i++) {
		const char *lacks;

		conditions[i] = kind_predicate(kind, str_from(names[i]), &lacks);
		if (lacks != NULL)
			kr_fail(r,
				"conditions: %s reads the field %s, which this kind lacks or has of another type",
				names[i], lacks);
		else if (conditions[i] == NULL)
			kr_fail(r, "conditions: no predicate is called '%s'", names[i]);
	}
	return count;
}

/* A state by its name, or failure. */
static size_t state_named(
	struct kind_reader *r, const struct kind *kind, const char *key, const char *name)
{
	size_t at = r->failed ? 0 : kind_state(kind, str_from(name));

	if (!r->failed && at == kind->state_count)
		kr_fail(r, "%s: there is no state '%s'", key, name);
	return at < KIND_STATES_MAX ? at : 0;
}

static uint32_t read_states_mask(
	struct kind_reader *r, const struct kind *kind, const json_t *object, const char *key)
{
	const char *names[KIND_STATES_MAX];
	size_t count = kr_names(r, object, key, names, KIND_STATES_MAX);
	uint32_t mask = 0;

	for (size_t i = 0; i < count; i++)
		mask |= UINT32_C(1) << state_named(r, kind, key, names[i]);
	if (mask == 0)
		kr_fail(r, "%s: at least one state", key);
	return mask;
}

static const char *verb_name(struct kind_reader *r, const struct kind *kind, const char *act)
{
	const char *name = r->failed ? NULL : arena_printf(r->mem, "%s.%s", kind->name, act);

	if (name == NULL)
		kr_fail(r, "the kinds together are too large");
	return name != NULL ? name : "";
}

static void read_create(struct kind_reader *r, const json_t *root, struct kind *kind)
{
	const json_t *object = kr_object(r, root, "create", true);

	r->part = "create";
	kr_only(r, object, "verb label state roles lines conditions");
	kind->create_label = kr_text(r, object, "label", KR_WORDS, NULL);
	kind->first_state = state_named(
		r, kind, "state", kr_text(r, object, "state", KR_NAME, NULL));
	read_who(r, object, &kind->create);
	kind->create_condition_count = read_conditions(r, kind, object, kind->create_conditions);
	kind->created_by_program = json_object_get(object, "verb") != NULL;
	if (kind->created_by_program) {
		kind->create_verb = kr_text(r, object, "verb", KR_WORDS, NULL);
		if (kind->create_condition_count > 0)
			kr_fail(r, "conditions: the verb that makes it has its own");
	} else {
		kind->create_verb = verb_name(r, kind, "create");
	}
	r->part = NULL;
}

static void read_edit(struct kind_reader *r, const json_t *root, struct kind *kind)
{
	const json_t *object = kr_object(r, root, "edit", false);

	if (object == NULL)
		return;
	r->part = "edit";
	kr_only(r, object, "states roles lines conditions");
	kind->edit_states = read_states_mask(r, kind, object, "states");
	read_who(r, object, &kind->edit);
	kind->edit_verb = verb_name(r, kind, "edit");
	kind->edit_condition_count = read_conditions(r, kind, object, kind->edit_conditions);
	r->part = NULL;
}

static void read_needs(struct kind_reader *r, const struct kind *kind, const json_t *object,
	struct kind_transition *t)
{
	const char *names[KIND_FIELDS_MAX];
	size_t count = kr_names(r, object, "needs", names, KIND_FIELDS_MAX);

	for (size_t i = 0; i < count; i++) {
		const struct kind_field *f = kind_field(kind, str_from(names[i]));

		if (f == NULL)
			kr_fail(r, "needs: there is no field '%s'", names[i]);
		else
			t->needs[t->need_count++] = (size_t)(f - kind->fields);
	}
	/* Whoever fills a field in has made the record; a checker must not. */
	if (t->need_count > 0 && t->duty == DUTY_CHECKS)
		kr_fail(r, "needs: a transition that checks takes no fields");
	if (t->need_count > 0)
		t->duty = DUTY_MAKES;
}

/* A value that stands in the log for everybody: short, and one. */
static bool may_be_public(const struct kind_field *f)
{
	return !f->list && f->type != FIELD_TEXT && f->type != FIELD_PATH && f->type != FIELD_BOOL;
}

static void read_publics(struct kind_reader *r, const struct kind *kind, const json_t *object,
	struct kind_transition *t)
{
	static const char taken[] = "record state engagement actor decision key";
	const json_t *map = kr_object(r, object, "public", false);
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)map, name, value)
	{
		const char *field = kr_text(r, map, name, KR_NAME, NULL);
		const struct kind_field *f = r->failed ? NULL : kind_field(kind, str_from(field));

		if (kr_is_among(taken, str_from(name)) || !kr_is_name(str_from(name)))
			kr_fail(r, "public: '%.40s' is no name, or taken by the program", name);
		else if (f == NULL)
			kr_fail(r, "public: there is no field '%s'", field);
		else if (!may_be_public(f))
			kr_fail(r, "public: %s: its type does not go into an entry", field);
		else if (t->public_count == KIND_PUBLIC_MAX)
			kr_fail(r, "public: more than %d", KIND_PUBLIC_MAX);
		if (r->failed)
			return;
		const char *copy = arena_cstr(r->mem, str_from(name));

		if (copy == NULL) {
			kr_fail(r, "the kinds together are too large");
			return;
		}
		t->publics[t->public_count++] = (struct kind_public){ copy,
			(size_t)(f - kind->fields) };
	}
}

/* Who must be apart from whoever made what is checked. */
static void read_apart(struct kind_reader *r, const json_t *object, struct kind_transition *t)
{
	t->apart = (enum kind_apart)kr_word(r, object, "apart", APARTS, APART_PERSON);
	if (t->duty != DUTY_CHECKS &&
		(json_object_get(object, "apart") != NULL ||
			json_object_get(object, "two_organisations") != NULL))
		kr_fail(r, "apart, two_organisations: only a transition that checks has them");
	if (!kr_flag(r, object, "two_organisations"))
		return;
	if (json_object_get(object, "apart") != NULL)
		kr_fail(r, "two_organisations: says more than apart does; give one of them");
	t->apart = APART_ORGANISATION;
}

static void read_transition(struct kind_reader *r, const struct kind *kind, const json_t *object,
	struct kind_transition *t)
{
	kr_only(r, object,
		"name label done help tone from to roles lines duty apart two_organisations signed note"
		" waits needs public conditions");
	t->name = kr_text(r, object, "name", KR_NAME, NULL);
	char *part = r->failed ? NULL : arena_printf(r->mem, "transition %s", t->name);

	r->part = part != NULL ? part : "transitions";
	if (!r->failed && (strcmp(t->name, "create") == 0 || strcmp(t->name, "edit") == 0))
		kr_fail(r, "the name is taken by the program");
	if (!r->failed && kind_transition(kind, str_from(t->name)) != NULL)
		kr_fail(r, "stands there twice");
	t->verb = verb_name(r, kind, t->name);
	t->label = kr_text(r, object, "label", KR_WORDS, NULL);
	t->done = kr_text(r, object, "done", KR_WORDS, t->name);
	t->help = kr_text(r, object, "help", KR_WORDS, "");
	t->tone = TONES[kr_word(r, object, "tone", TONES, 3)];
	t->from = read_states_mask(r, kind, object, "from");
	t->to = state_named(r, kind, "to", kr_text(r, object, "to", KR_NAME, NULL));
	read_who(r, object, &t->who);
	t->duty = (enum kind_duty)kr_word(r, object, "duty", DUTIES, DUTY_NEITHER);
	read_apart(r, object, t);
	t->is_signed = kr_flag(r, object, "signed");
	t->note_required = kr_word(r, object, "note", NOTES, 0) == 1;
	t->waits = kr_flag(r, object, "waits");
	read_needs(r, kind, object, t);
	read_publics(r, kind, object, t);
	t->condition_count = read_conditions(r, kind, object, t->conditions);
	r->part = NULL;
}

static void read_head(struct kind_reader *r, const json_t *root, struct kind *kind)
{
	static const char keys[] = "kind prefix title plural family help empty title_field seen_by"
				   " fields create edit states transitions";

	if (!json_is_object(root)) {
		kr_fail(r, "must be keys with values");
		return;
	}
	kind->name = kr_text(r, root, "kind", KR_NAME, NULL);
	r->kind = r->failed ? NULL : kind->name;
	kr_only(r, root, keys);
	kind->prefix = kr_text(r, root, "prefix", KR_NAME, NULL);
	for (size_t i = 0; !r->failed && (i < 3 || kind->prefix[i] != '\0'); i++) {
		if (i >= 3 || kind->prefix[i] < 'a' || kind->prefix[i] > 'z')
			kr_fail(r, "prefix: must be three small letters");
	}
	kind->title = kr_text(r, root, "title", KR_WORDS, NULL);
	kind->plural = kr_text(r, root, "plural", KR_WORDS, NULL);
	kind->family = FAMILIES[kr_word(r, root, "family", FAMILIES, -1)];
	kind->help = kr_text(r, root, "help", KR_WORDS, NULL);
	kind->empty = kr_text(r, root, "empty", KR_WORDS, NULL);
	kind->seen_by = read_roles(r, root, "seen_by");
}

enum err_kind kind_read(
	struct arena *mem, struct str file, const json_t *root, struct kind **kind, struct err *err)
{
	struct kind_reader r = { .mem = mem, .file = file, .err = err };
	struct kind *k = kr_alloc(&r, sizeof(*k));

	if (k == NULL)
		return ERR_INPUT;
	read_head(&r, root, k);
	read_fields(&r, root, k);
	read_states(&r, root, k);
	const char *title_field = kr_text(&r, root, "title_field", KR_NAME, NULL);

	k->title_field = r.failed ? NULL : kind_field(k, str_from(title_field));
	if (!r.failed && (k->title_field == NULL || k->title_field->type != FIELD_LINE))
		kr_fail(&r, "title_field: '%s' is no field of type line", title_field);
	read_create(&r, root, k);
	read_edit(&r, root, k);

	const json_t *list = kr_list(&r, root, "transitions", KIND_TRANSITIONS_MAX, false);

	for (size_t i = 0; !r.failed && i < json_array_size(list); i++) {
		r.part = "transitions";
		read_transition(&r, k, json_array_get(list, i), &k->transitions[i]);
		k->transition_count++;
	}
	if (r.failed)
		return err->kind;
	*kind = k;
	return OK;
}
