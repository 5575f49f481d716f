/*
 * Property: a kind's file is refused with a message that names the file, or gives a kind whose places are in
 * range, whose verbs are whole and whose description is JSON; and no walk of transitions that check nothing
 * leads from a state where the record may be changed to a state that a check leads to. The walks are counted
 * out here by depth, apart from the reader's own sets.
 */
#include <stdlib.h>

#include "app/families.h"
#include "app/kind.h"
#include "base/limit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_checked(const struct kind *kind, size_t state)
{
	for (size_t i = 0; i < kind->transition_count; i++) {
		if (kind->transitions[i].duty == DUTY_CHECKS && kind->transitions[i].to == state)
			return true;
	}
	return false;
}

/* A walk never needs more steps than there are states. */
static void walk(const struct kind *kind, size_t from)
{
	bool at[KIND_STATES_MAX] = { false };

	at[from] = true;
	for (size_t step = 0; step <= kind->state_count; step++) {
		for (size_t s = 0; s < kind->state_count; s++) {
			if (at[s] && is_checked(kind, s))
				abort();
		}
		for (size_t i = 0; i < kind->transition_count; i++) {
			const struct kind_transition *t = &kind->transitions[i];

			for (size_t s = 0; s < kind->state_count; s++) {
				if (at[s] && (t->from >> s & 1) != 0 && t->duty != DUTY_CHECKS)
					at[t->to] = true;
			}
		}
	}
}

static void check_places(const struct kind *kind)
{
	if (kind->field_count == 0 || kind->state_count == 0 ||
		kind->first_state >= kind->state_count ||
		kind->edit_states >> kind->state_count != 0 || kind->create.roles == 0)
		abort();
	for (size_t i = 0; i < kind->transition_count; i++) {
		const struct kind_transition *t = &kind->transitions[i];

		if (t->to >= kind->state_count || t->from == 0 ||
			t->from >> kind->state_count != 0 || t->who.roles == 0)
			abort();
		for (size_t k = 0; k < t->need_count; k++) {
			if (t->needs[k] >= kind->field_count)
				abort();
		}
		if (t->need_count > 0)
			walk(kind, t->to);
	}
	walk(kind, kind->first_state);
	for (size_t s = 0; s < kind->state_count; s++) {
		if (kind->edit_states >> s & 1)
			walk(kind, s);
	}
}

static void check_verbs(const struct kinds *kinds)
{
	size_t count;
	const struct verb *verbs = kinds_verbs(kinds, &count);

	for (size_t i = 0; i < count; i++) {
		size_t args = 0;

		while (verbs[i].args[args].name != NULL)
			args++;
		if (args > VERB_ARGS_MAX || verbs[i].roles == 0 || verbs[i].summary == NULL ||
			(verbs[i].roles & ROLE_STRANGER) != 0)
			abort();
	}
}

static void check_description(const struct kinds *kinds)
{
	struct caller nobody = { .line = STR("") };
	struct arena mem;
	struct out o;
	struct jw w;
	struct str text;
	struct err err;
	json_t *root;

	arena_init(&mem, LIMIT_REQUEST_MEM_BYTES);
	out_init(&o, &mem, LIMIT_ANSWER_BYTES);
	jw_init(&w, &o);
	kinds_describe(&w, kinds, &nobody);
	if (out_finish(&o, &text, &err) != OK ||
		json_parse(text, LIMIT_ANSWER_BYTES, &root, &err) != OK)
		abort();
	json_decref(root);
	arena_reset(&mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kind_file file = { STR("k.yaml"), str_of(data, size) };
	struct kinds *kinds;
	struct err err = { 0 };
	enum err_kind rc = kinds_parse(&file, 1, false, &kinds, &err);

	if (rc != OK) {
		if ((rc != ERR_INPUT && rc != ERR_LIMIT) ||
			(strstr(err.msg, "k.yaml") == NULL && strstr(err.msg, "kinds") == NULL))
			abort();
		return 0;
	}
	check_places(kinds_at(kinds, 0));
	check_verbs(kinds);
	check_description(kinds);
	kinds_free(kinds);
	return 0;
}
