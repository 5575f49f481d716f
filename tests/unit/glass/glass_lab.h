/* glass_lab: what a pool of children is started with in tests: the font, and a mark key. One of each a program. */
#ifndef GLASS_LAB_H
#define GLASS_LAB_H

extern int font_fd, mark_key_fd;

/* A group's setup and teardown; the setup says what is missing. */
int glass_lab_open(void **state);
int glass_lab_close(void **state);

#endif
