/* verbs: every verb of a lab: the families' rows, then those of its kinds. */
#include "app/families.h"
#include "app/lab.h"

static const struct verb *const families[] = {
	verbs_bundle,
	verbs_lab,
	verbs_engagement,
	verbs_key,
	verbs_leak_picture,
	verbs_leak_text,
	verbs_ledger,
	verbs_note,
	verbs_opening,
	verbs_peers,
	verbs_record,
	verbs_refusal,
	verbs_release,
	verbs_session,
	verbs_source_view,
	verbs_trail,
	verbs_witness,
};
enum { FAMILIES = sizeof(families) / sizeof(families[0]) };

static const struct verb *kinds_of(const struct lab *lab, size_t *count)
{
	*count = 0;
	return lab == NULL || lab->kinds == NULL ? NULL : kinds_verbs(lab->kinds, count);
}

const struct verb *verb_find(const struct lab *lab, struct str name)
{
	size_t made;
	const struct verb *rows = kinds_of(lab, &made);

	for (size_t f = 0; f < FAMILIES; f++) {
		for (const struct verb *v = families[f]; v->name != NULL; v++) {
			if (str_eq(str_from(v->name), name))
				return v;
		}
	}
	for (size_t i = 0; i < made; i++) {
		if (str_eq(str_from(rows[i].name), name))
			return &rows[i];
	}
	return NULL;
}

enum err_kind verbs_check(const struct lab *lab, struct err *err)
{
	size_t made;
	const struct verb *rows = kinds_of(lab, &made);

	for (size_t i = 0; i < made; i++) {
		if (verb_find(lab, str_from(rows[i].name)) != &rows[i])
			return err_set(err, ERR_INPUT,
				"kinds: \"%s\" is a verb already; name the transition otherwise",
				rows[i].name);
	}
	return OK;
}

size_t verb_count(const struct lab *lab)
{
	size_t count;

	kinds_of(lab, &count);
	for (size_t f = 0; f < FAMILIES; f++) {
		for (const struct verb *v = families[f]; v->name != NULL; v++)
			count++;
	}
	return count;
}

const struct verb *verb_at(const struct lab *lab, size_t index)
{
	size_t made;
	const struct verb *rows = kinds_of(lab, &made);

	for (size_t f = 0; f < FAMILIES; f++) {
		for (const struct verb *v = families[f]; v->name != NULL; v++) {
			if (index-- == 0)
				return v;
		}
	}
	assert(index < made);
	return &rows[index];
}
