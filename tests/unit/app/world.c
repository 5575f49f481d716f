#include "world.h"

#include "base/when.h"

const char *world_when(int64_t when_us)
{
	static char texts[8][WHEN_TEXT_BYTES];
	static unsigned next;
	char *text = texts[next++ % 8];

	when_format(when_us, text);
	return text;
}

void world_release(struct world *w, const char *version, char id[LAB_ID_BYTES])
{
	trial_add(&w->t, "release", "ingested",
		json_pack("{sssssssisi}", "product", w->product, "version", version, "manifest",
			"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "files",
			12, "lines", 3456),
		id);
}

void world_open(struct world *w)
{
	memset(w, 0, sizeof(*w));
	trial_open(&w->t);
	trial_organisation(&w->t, "Operator A", "customer", w->operator);
	trial_organisation(&w->t, "Authority", "regulator", w->authority);
	w->ada = trial_person(&w->t, "ada", NULL, "officer");
	w->ben = trial_person(&w->t, "ben", NULL, "officer");
	w->cleo = trial_person(&w->t, "cleo", NULL, "officer engineer");
	w->eve = trial_person(&w->t, "eve", NULL, "engineer");
	w->rita = trial_person(&w->t, "rita", w->operator, "reviewer");
	w->rob = trial_person(&w->t, "rob", w->operator, "reviewer");
	w->zoe = trial_person(&w->t, "zoe", w->authority, "reviewer");
	trial_add(&w->t, "product", "offered", json_pack("{ss}", "name", "cJSON"), w->product);
	world_release(w, "1.7.15", w->release);
	world_release(w, "1.7.14", w->older);
}

void world_close(struct world *w)
{
	trial_close(&w->t);
}

json_t *world_engagement(const struct world *w, const char *party, const char *title)
{
	return json_pack("{ssssssssss}", "title", title, "party", party, "product", w->product,
		"purpose", "to look", "until", world_when(w->t.now_us + 30 * WHEN_DAY_US));
}

json_t *world_grant(const struct world *w, const char *engagement, const char *party)
{
	return json_pack("{sssssss[s]s[s]s[ss]sssi}", "engagement", engagement, "party", party,
		"product", w->product, "releases", w->release, "activities", "view", "forms",
		"glass", "names", "until", world_when(w->t.now_us + 20 * WHEN_DAY_US),
		"lines_per_hour", 6000);
}

void world_open_engagement(
	struct world *w, const char *party, const char *title, char id[LAB_ID_BYTES])
{
	trial_add(&w->t, "engagement", "open", world_engagement(w, party, title), id);
}

void world_approved_grant(struct world *w, const char *engagement, const char *party,
	json_t *fields, char id[LAB_ID_BYTES])
{
	trial_add(&w->t, "grant", "approved",
		fields != NULL ? fields : world_grant(w, engagement, party), id);
}
