#include "temp.h"

#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>

void temp_make(struct temp *t)
{
	snprintf(t->dir, sizeof(t->dir), "/tmp/vitrine-test-XXXXXX");
	if (mkdtemp(t->dir) == NULL)
		abort();
}

const char *temp_file(struct temp *t, const char *name)
{
	snprintf(t->path, sizeof(t->path), "%s/%s", t->dir, name);
	return t->path;
}

int temp_open(const struct temp *t)
{
	int fd = open(t->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		abort();
	return fd;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void temp_remove(struct temp *t)
{
	nftw(t->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
