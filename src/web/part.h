/* part: the few components that every page is made of. */
#ifndef WEB_PART_H
#define WEB_PART_H

#include "web/basis.h"
#include "web/page.h"

struct layout {
	const char *title; /* literal part of the page's title */
	struct str about; /* what the page is about, before the title; may be empty */
	enum family family;
	const char *here; /* path of the navigation entry that leads here; may be NULL */
	bool wide; /* the code room: no navigation, all of the window */
};

/* Everything up to and including <main>, and what closes it. */
void layout_begin(struct page *p, const struct layout *layout);
void layout_end(struct page *p);

/* The page's first line: path of links, then the heading. Close with part_head_end. */
void part_crumb(struct page *p, const char *path, const char *text);
void part_heading(struct page *p, struct str text);

/* <time> with the moment in UTC on hover; `relative` for lists: "3 h ago", "in 12 days". */
enum when_style { WHEN_RELATIVE, WHEN_ABSOLUTE };
void part_when(struct page *p, struct str rfc3339, enum when_style style);
/* "22 Nov 2026 15:04 UTC". */
enum { WHEN_HUMAN_BYTES = 32 };
void when_human(int64_t when_us, char text[WHEN_HUMAN_BYTES]);

/* The seal beside a recorded fact; opens its entry. A negative index draws nothing. */
void part_seal(struct page *p, int64_t entry_index);
/* Its drawing alone, inside an <svg>. */
uint32_t part_seal_use(struct page *p, int64_t entry_index);
/* tone: ok wait bad plain. */
void part_chip(struct page *p, struct str tone, struct str text);
/* First 16 digits in groups of four, all of them on hover. */
void part_digest(struct page *p, struct str hex);
/* A link to a record's own page; title or id as text. */
void part_record_link(struct page *p, struct str id, struct str title);
void part_number(struct page *p, int64_t value); /* 12,345 */
void part_i64(struct page *p, int64_t value); /* 12345 */
void part_bytes(struct page *p, int64_t bytes); /* 1.2 MB */
/* "2 files": literal words. */
void part_count(struct page *p, int64_t count, const char *one, const char *many);
/* A bar of `done` in `total`. */
void part_meter(struct page *p, int64_t done, int64_t total, const char *label);
/* The hidden token of a form. */
void part_csrf(struct page *p);
/* One line that says what fills an empty list. */
void part_empty(struct page *p, struct str text);
/* An alert above a form. */
void part_alert(struct page *p, const char *tone, struct str text);

/* A sentence: who can open the sealed trail of a session; readers: as session.show tells them. */
void part_trail_readers(struct page *p, const json_t *readers);

/* Appends an array of strings or words in one string, separated by commas. */
void part_words(struct page *p, const json_t *value);

/* A declared field's value, linked and formatted by its type; names maps ids to titles. */
void field_show(struct page *p, const json_t *field, const json_t *value, const json_t *names);
/*
 * Its control in a form, filled with what was typed or with `value`; what the form's basis fixes is told and sent
 * along, and what is withdrawn is not offered.
 */
MUST_CHECK enum err_kind field_control(struct page *p, const struct basis *basis,
	const json_t *field, const json_t *value, bool needed, struct err *err);
/* Its typed value into a call; a field left empty is left out, or cleared when `clears`. */
void field_send(struct page *p, const json_t *field, bool clears, struct ask *a);

/* The symbol that all seals of the page refer to, and the mark of the house. */
void seal_symbols(struct page *p);

/* A link that saves the proof of an entry or record, and how it is checked. thing NULL: nothing is drawn. */
void part_proof(struct page *p, const char *thing);

#endif
