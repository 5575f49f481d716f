/*
 * page_fixture: what tests of drawn pages share: the font, its atlas, the simple encoder and the room for a page. One of
 * each a program.
 */
#ifndef PAGE_FIXTURE_H
#define PAGE_FIXTURE_H

#include "glass/page.h"

extern struct str font; /* the file's bytes */
extern struct atlas *atlas;
extern struct page_encoder *simple;
extern uint8_t *png; /* room for the largest page */

/* A group's setup and teardown; the setup says what is missing. */
int page_fixture_open(void **state);
int page_fixture_close(void **state);

#endif
