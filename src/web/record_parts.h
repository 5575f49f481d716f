/* record_parts: how a record of any kind is drawn, from its declaration in lab.describe and its answer. */
#ifndef WEB_RECORD_PARTS_H
#define WEB_RECORD_PARTS_H

#include "web/part.h"

/* Heading of a list, how many there are, and the button that makes one (when the person may). */
void record_list_head(struct page *p, const json_t *kind, int64_t total);
/* What fills the list of a kind. */
struct str record_empty_text(const json_t *kind);
void record_state_chip(struct page *p, const json_t *kind, struct str state);
/* Path, title, state and seal of one record. */
void record_head(struct page *p, const char *list_path, const char *list_text, const json_t *kind,
	const json_t *record);
/* Fields, what can be done and by whom, history, records that refer to it: of a record.show answer. */
void record_body(struct page *p, const json_t *kind, const json_t *answer);
/* The sheet of the fields alone. */
void record_fields_sheet(struct page *p, const json_t *kind, const json_t *answer);
/* Which family of the navigation a kind belongs to, and its list's path (in the request's arena). */
enum family record_family(const json_t *kind);
const char *record_list_path(struct page *p, const json_t *kind);
/* The declaration of one field or transition, or NULL. */
const json_t *record_field(const json_t *kind, struct str name);
const json_t *record_transition(const json_t *kind, struct str name);

#endif
