#include "ledger/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/bundle.h"
#include "os/fs.h"

/* Removals a call: 255 at once would be felt by whoever waits for their entry. */
enum { SWEEP_STEP = 16 };

void publish_init(struct publish *p, int dir_fd)
{
	*p = (struct publish){ .dir_fd = dir_fd };
	memset(p->partials[0].made, true, sizeof(p->partials[0].made));
	memset(p->partials[1].made, true, sizeof(p->partials[1].made));
}

static enum err_kind make_parents(int dir_fd, const char *path, struct err *err)
{
	char parent[TILEPATH_BYTES_MAX];
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return OK;
	snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
	return fs_make_dirs(dir_fd, parent, 0755, err);
}

/* Write beside and rename, without asking the disk to keep it. */
static enum err_kind replace_soft(int dir_fd, const char *path, struct str bytes, struct err *err)
{
	char beside[TILEPATH_BYTES_MAX + 8];

	snprintf(beside, sizeof(beside), "%s.new", path);
	int fd = openat(dir_fd, beside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0)
		return err_errno(err, errno, "write ledger/%s", beside);
	enum err_kind rc = fs_write_all(fd, bytes.ptr, bytes.len, err);

	if (rc == OK)
		rc = fs_reads_back(fd, bytes.ptr, bytes.len, 0, err);
	if (close(fd) != 0 && rc == OK)
		rc = err_errno(err, errno, "write ledger/%s", beside);
	if (rc == OK && renameat(dir_fd, beside, dir_fd, path) != 0)
		rc = err_errno(err, errno, "rename ledger/%s", beside);
	return rc;
}

enum err_kind publish_file(
	const struct publish *p, const char *path, struct str bytes, bool durable, struct err *err)
{
	return durable ? fs_replace(p->dir_fd, path, bytes, 0644, err)
		       : replace_soft(p->dir_fd, path, bytes, err);
}

/* Does the file hold exactly these bytes? *missing when there is none. */
static bool holds(int dir_fd, const char *path, struct str bytes, bool *missing)
{
	char part[16384];
	size_t at = 0;
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	*missing = fd < 0;
	if (fd < 0)
		return false;
	for (;;) {
		ssize_t n = read(fd, part, sizeof(part));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || (size_t)n > bytes.len - at ||
			memcmp(bytes.ptr + at, part, (size_t)n) != 0) {
			close(fd);
			return n == 0 && at == bytes.len;
		}
		at += (size_t)n;
	}
}

static enum err_kind sweep_some(
	struct publish *p, struct publish_sweep *s, unsigned count, struct err *err)
{
	char path[TILEPATH_BYTES_MAX + 16];

	for (; count > 0 && s->next_width < TILE_WIDTH; s->next_width++) {
		if (!s->made[s->next_width])
			continue;
		count--;
		snprintf(path, sizeof(path), "%s/%u", s->folder, s->next_width);
		if (unlinkat(p->dir_fd, path, 0) != 0 && errno != ENOENT && errno != ENOTDIR)
			return err_errno(err, errno, "remove ledger/%s", path);
	}
	if (s->next_width < TILE_WIDTH)
		return OK;
	/* With the folder go files that a crash left beside the tiles. */
	enum err_kind rc = fs_remove_tree(p->dir_fd, s->folder, err);

	s->folder[0] = '\0';
	return rc;
}

enum err_kind publish_sweep(struct publish *p, bool everything, struct err *err)
{
	enum err_kind rc = OK;

	for (size_t i = 0; i < 2 && rc == OK; i++)
		if (p->sweeps[i].folder[0] != '\0')
			rc = sweep_some(
				p, &p->sweeps[i], everything ? TILE_WIDTH : SWEEP_STEP, err);
	return rc;
}

static struct publish_partials *partials_of(struct publish *p, const struct tile *tile)
{
	return tile->is_bundle || tile->level == 0 ? &p->partials[tile->is_bundle] : NULL;
}

static void note_partial(struct publish *p, const struct tile *tile)
{
	struct publish_partials *partials = partials_of(p, tile);

	if (partials == NULL)
		return;
	if (partials->index != tile->index)
		*partials = (struct publish_partials){ .index = tile->index };
	partials->made[tile->width] = true;
}

/* Which widths of a tile that is full now may be there; of higher levels, which are rare, any. */
static void take_partials(struct publish *p, const struct tile *tile, bool made[TILE_WIDTH])
{
	const struct publish_partials *partials = partials_of(p, tile);
	static const bool none[TILE_WIDTH];

	if (partials == NULL)
		memset(made, true, TILE_WIDTH * sizeof(made[0]));
	else
		memcpy(made, partials->index == tile->index ? partials->made : none, sizeof(none));
}

/* The partial tiles of a tile that is full now are to go; those of the one before go at once. */
static enum err_kind begin_sweep(
	struct publish *p, const struct tile *tile, const char *path, struct err *err)
{
	struct publish_sweep *s = &p->sweeps[tile->is_bundle];
	enum err_kind rc = OK;

	if (s->folder[0] != '\0')
		rc = sweep_some(p, s, TILE_WIDTH, err);
	int n = snprintf(s->folder, sizeof(s->folder), "%s.p", path);

	assert(n > 0 && (size_t)n < sizeof(s->folder));
	s->next_width = 1;
	take_partials(p, tile, s->made);
	if (faccessat(p->dir_fd, s->folder, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		s->folder[0] = '\0';
	return rc;
}

/* Is `bytes` what a tile of `width` of the same place held? A bundle ends after its width-th entry. */
static bool is_older(const struct tile *tile, unsigned width, struct str bytes)
{
	struct str rest = bytes, entry;

	if (!tile->is_bundle)
		return bytes.len == (size_t)width * SHA256_BYTES;
	for (unsigned i = 0; i < width; i++)
		if (rest.len == 0 || !bundle_next(&rest, &entry))
			return false;
	return rest.len == 0;
}

/*
 * Start: narrower tiles of the same place, which readers of older checkpoints still ask for, are the beginning of
 * this one. One that is not goes away: no tile is better than a wrong one.
 */
static enum err_kind check_older(
	struct publish *p, const struct tile *tile, struct str bytes, struct err *err)
{
	struct tile older = *tile;
	char path[TILEPATH_BYTES_MAX];
	enum err_kind rc = OK;

	for (older.width = 1; older.width < tile->width && rc == OK; older.width++) {
		struct arena mem;
		struct str held;

		tilepath_format(&older, path);
		arena_init(&mem, 2 * (size_t)BUNDLE_BYTES_MAX);
		rc = fs_read(p->dir_fd, path, BUNDLE_BYTES_MAX, &mem, &held, err);
		if (rc == ERR_NOT_FOUND) {
			rc = OK;
		} else if (rc == ERR_LIMIT ||
			(rc == OK &&
				(!str_starts(bytes, held) ||
					!is_older(&older, older.width, held)))) {
			p->differing++;
			rc = fs_remove(p->dir_fd, path, err);
		}
		arena_reset(&mem);
	}
	return rc;
}

enum err_kind publish_tile(void *arg, const struct tile *tile, struct str bytes, struct err *err)
{
	struct publish *p = arg;
	char path[TILEPATH_BYTES_MAX];
	bool is_full = tile->width == TILE_WIDTH, missing;

	tilepath_format(tile, path);
	if (!p->compares || !holds(p->dir_fd, path, bytes, &missing)) {
		if (p->compares && missing)
			p->missing++;
		else if (p->compares)
			p->differing++;
		enum err_kind rc = publish_file(p, path, bytes, p->durable, err);

		if (rc != OK && make_parents(p->dir_fd, path, err) == OK)
			rc = publish_file(p, path, bytes, p->durable, err);
		if (rc != OK)
			return rc;
	}
	if (p->compares && !is_full) {
		enum err_kind rc = check_older(p, tile, bytes, err);

		if (rc != OK)
			return rc;
	}
	if (is_full)
		return begin_sweep(p, tile, path, err);
	note_partial(p, tile);
	return OK;
}
