/* temp: a folder for one test, removed at its end. */
#ifndef STORE_TEMP_H
#define STORE_TEMP_H

enum { TEMP_PATH_BYTES = 256 };

struct temp {
	char dir[TEMP_PATH_BYTES];
	char path[TEMP_PATH_BYTES + 64]; /* of the file last asked for */
};

void temp_make(struct temp *t);
const char *temp_file(struct temp *t, const char *name);
int temp_open(const struct temp *t); /* descriptor of the folder */
void temp_remove(struct temp *t);

#endif
