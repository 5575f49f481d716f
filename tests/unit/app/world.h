/* world: the people and things that the tests of records and access share. */
#ifndef WORLD_H
#define WORLD_H

#include "trial_lab.h"

struct world {
	struct trial t;
	struct actor ada, ben, cleo; /* officers of the maker */
	struct actor eve; /* engineer */
	struct actor rita, rob; /* reviewers of the operator */
	struct actor zoe; /* reviewer of the authority */
	char operator[LAB_ID_BYTES], authority[LAB_ID_BYTES];
	char product[LAB_ID_BYTES], release[LAB_ID_BYTES], older[LAB_ID_BYTES];
};

void world_open(struct world *w);
void world_close(struct world *w);

/* Fields of a record that every condition holds for; `until` 30 days ahead. New references each time. */
json_t *world_engagement(const struct world *w, const char *party, const char *title);
json_t *world_grant(const struct world *w, const char *engagement, const char *party);
/* An open engagement, or an approved grant, as the program may add it. */
void world_open_engagement(
	struct world *w, const char *party, const char *title, char id[LAB_ID_BYTES]);
/* fields: as world_grant gives, changed by the test, or NULL; taken over. */
void world_approved_grant(struct world *w, const char *engagement, const char *party,
	json_t *fields, char id[LAB_ID_BYTES]);
/* A release of the product. */
void world_release(struct world *w, const char *version, char id[LAB_ID_BYTES]);
/* "2026-…Z" of a moment, in one of a few static buffers. */
const char *world_when(int64_t when_us);

#endif
