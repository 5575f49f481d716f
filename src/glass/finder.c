#include "glass/finder.h"

#include <unistd.h>

#include "glass/pool.h"
#include "os/fs.h"

/* What a file may take, and for each of its megabytes: a tenth of what one core looks through. */
enum { PATIENCE_MS = 10000, PATIENCE_MS_A_MB = 100 };

struct finder {
	struct pool_child child;
	uint32_t mode, needles;
};

enum err_kind finder_open(
	struct glass *g, const struct find_needles *needles, struct finder **out, struct err *err)
{
	struct finder *f = calloc(1, sizeof(*f));
	struct child_done ready;
	int region_fd;

	assert(find_check(needles));
	if (f == NULL)
		return err_set(err, ERR_LIMIT, "no memory to look for words");
	f->mode = needles->mode;
	f->needles = needles->count;
	enum err_kind rc = pool_begin_child(
		g, "find", sizeof(struct find_region), &f->child, &region_fd, err);

	if (rc != OK) {
		free(f);
		return rc;
	}
	struct find_region *region = f->child.region;

	region->needles = *needles;
	rc = pool_ask(&f->child, FIND_START, NULL, 0, &region_fd, 1, g->options.start_ms_max,
		CHILD_READY, &ready, sizeof(ready), err);
	close(region_fd);
	if (rc != OK) {
		finder_close(f);
		return rc;
	}
	*out = f;
	return OK;
}

void finder_close(struct finder *f)
{
	if (f == NULL)
		return;
	pool_end_child(&f->child);
	free(f);
}

/* Could these be places in a file of so many bytes? */
static bool hits_fit(
	const struct finder *f, const struct find_hit *hits, size_t count, size_t bytes)
{
	for (size_t i = 0; i < count; i++) {
		const struct find_hit *hit = &hits[i];

		if (hit->needle >= f->needles || hit->line >= bytes ||
			hit->column > LIMIT_LINE_COLUMNS)
			return false;
		if (f->mode == FIND_WORDS &&
			(hit->needle != 0 || hit->line % LIMIT_TILE_LINES != 0 ||
				hit->column % LIMIT_TILE_COLUMNS != 0))
			return false;
	}
	return true;
}

enum err_kind finder_look(
	struct finder *f, struct str bytes, struct find_hit *hits, size_t *count, struct err *err)
{
	const struct find_region *region = f->child.region;
	struct find_ask ask = { .bytes = bytes.len };
	struct find_done done;
	int fd;

	if (bytes.len > LIMIT_FILE_BYTES)
		return err_set(err, ERR_LIMIT, "a file is too large to be looked through");
	enum err_kind rc = fs_memfd("source", bytes, &fd, err);

	if (rc != OK)
		return rc;
	rc = pool_ask(&f->child, FIND_FILE, &ask, sizeof(ask), &fd, 1,
		PATIENCE_MS + PATIENCE_MS_A_MB * (int)(bytes.len >> 20), FIND_DONE, &done,
		sizeof(done), err);
	close(fd);
	if (rc != OK)
		return rc;
	if (done.count > FIND_HITS_MAX)
		return err_set(err, ERR_CORRUPT, "the find child answers something else");
	memcpy(hits, region->hits, done.count * sizeof(*hits));
	if (!hits_fit(f, hits, done.count, bytes.len))
		return err_set(err, ERR_CORRUPT, "the find child names places that are none");
	*count = done.count;
	return OK;
}
