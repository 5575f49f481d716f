/* fs_tree: the operations of fs.h that visit a whole folder, without recursion. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fs.h"

/* What to do with a name in an open folder; for folders, after all that is in them. */
typedef enum err_kind visit_fn(
	void *arg, int dir_fd, const char *name, bool is_folder, struct err *err);

struct level {
	DIR *dir;
	char name[NAME_MAX + 1]; /* of this folder in the one above */
};

struct walk {
	struct level *levels;
	size_t depth;
};

/* Opens folder `name` of `at` as the next level. */
static enum err_kind descend(struct walk *w, int at, const char *name, struct err *err)
{
	int fd;

	if (w->depth == FS_TREE_DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "folders nested deeper than %d", FS_TREE_DEPTH_MAX);
	if (strlen(name) > NAME_MAX)
		return err_set(err, ERR_INPUT, "%.64s…: name too long", name);
	enum err_kind rc = fs_open_dir(at, name, &fd, err);

	if (rc != OK)
		return rc;
	struct level *level = &w->levels[w->depth];

	level->dir = fdopendir(fd);
	if (level->dir == NULL) {
		rc = err_errno(err, errno, "read folder %s", name);
		close(fd);
		return rc;
	}
	memcpy(level->name, name, strlen(name) + 1);
	w->depth++;
	return OK;
}

/* DT_UNKNOWN file systems: opening as a folder tells. */
static bool is_folder(int dir_fd, const struct dirent *entry)
{
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	int fd = openat(dir_fd, entry->d_name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* One step: the next name of the deepest open folder, or the end of that folder. */
static enum err_kind step(struct walk *w, int at, visit_fn *visit, void *arg, struct err *err)
{
	DIR *dir = w->levels[w->depth - 1].dir;

	errno = 0;
	struct dirent *entry = readdir(dir);

	if (entry == NULL && errno != 0)
		return err_errno(err, errno, "read folder %s", w->levels[w->depth - 1].name);
	if (entry != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			return OK;
		if (is_folder(dirfd(dir), entry))
			return descend(w, dirfd(dir), entry->d_name, err);
		return visit(arg, dirfd(dir), entry->d_name, false, err);
	}
	closedir(dir);
	w->depth--;
	return visit(arg, w->depth == 0 ? at : dirfd(w->levels[w->depth - 1].dir),
		w->levels[w->depth].name, true, err);
}

/* `name` is one component below `at`, a folder. */
static enum err_kind walk_folder(
	int at, const char *name, visit_fn *visit, void *arg, struct err *err)
{
	struct walk w = { .levels = calloc(FS_TREE_DEPTH_MAX, sizeof(*w.levels)) };

	if (w.levels == NULL)
		return err_set(err, ERR_LIMIT, "no memory to walk a folder");
	enum err_kind rc = descend(&w, at, name, err);

	while (rc == OK && w.depth > 0)
		rc = step(&w, at, visit, arg, err);
	while (w.depth > 0)
		closedir(w.levels[--w.depth].dir);
	free(w.levels);
	return rc;
}

/* Opens the folder that holds the last component of path and gives that component. */
static enum err_kind open_parent(
	int at, const char *path, int *parent, const char **name, struct err *err)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);

	if (len >= sizeof(folder) - 1 || path[0] == '\0' || (slash != NULL && slash[1] == '\0'))
		return err_set(err, ERR_INPUT, "%.200s: not a path to a file or folder", path);
	if (slash == NULL) {
		folder[len++] = '.';
	} else if (len == 0) {
		folder[len++] = '/';
	} else {
		memcpy(folder, path, len);
	}
	folder[len] = '\0';
	*name = slash == NULL ? path : slash + 1;
	return fs_open_dir(at, folder, parent, err);
}

static enum err_kind visit_path(
	int at, const char *path, visit_fn *visit, void *arg, struct err *err)
{
	const char *name = path;
	int parent = -1;
	enum err_kind rc = open_parent(at, path, &parent, &name, err);

	if (rc != OK)
		return rc;
	int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC | O_DIRECTORY);

	if (fd >= 0) {
		close(fd);
		rc = walk_folder(parent, name, visit, arg, err);
	} else if (errno == ENOTDIR || errno == ELOOP) {
		rc = visit(arg, parent, name, false, err);
	} else if (errno == ENOENT) {
		rc = err_set(err, ERR_NOT_FOUND, "%.200s: no such file or folder", path);
	} else {
		rc = err_errno(err, errno, "open %s", path);
	}
	close(parent);
	return rc;
}

static enum err_kind remove_one(
	void *arg, int dir_fd, const char *name, bool folder, struct err *err)
{
	(void)arg;
	if (unlinkat(dir_fd, name, folder ? AT_REMOVEDIR : 0) != 0 && errno != ENOENT)
		return err_errno(err, errno, "remove %s", name);
	return OK;
}

enum err_kind fs_remove_tree(int at, const char *path, struct err *err)
{
	struct err inner;
	enum err_kind rc = visit_path(at, path, remove_one, NULL, &inner);

	if (rc == ERR_NOT_FOUND)
		return OK;
	if (rc != OK)
		*err = inner;
	return rc;
}

struct owner {
	uid_t uid;
	gid_t gid;
};

static enum err_kind chown_one(
	void *arg, int dir_fd, const char *name, bool folder, struct err *err)
{
	const struct owner *owner = arg;

	(void)folder;
	if (fchownat(dir_fd, name, owner->uid, owner->gid, AT_SYMLINK_NOFOLLOW) != 0)
		return err_errno(err, errno, "give %s away", name);
	return OK;
}

enum err_kind fs_chown_tree(int at, const char *path, uid_t uid, gid_t gid, struct err *err)
{
	struct owner owner = { uid, gid };

	return visit_path(at, path, chown_one, &owner, err);
}

struct usage {
	uint64_t bytes_left, files_left;
};

static enum err_kind count_one(
	void *arg, int dir_fd, const char *name, bool folder, struct err *err)
{
	struct usage *usage = arg;
	struct stat st;

	(void)folder;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? OK : err_errno(err, errno, "stat %s", name);
	uint64_t bytes = (uint64_t)st.st_blocks * 512;

	if (usage->files_left == 0)
		return err_set(err, ERR_LIMIT, "too many files");
	if (bytes > usage->bytes_left)
		return err_set(err, ERR_LIMIT, "too many bytes");
	usage->files_left--;
	usage->bytes_left -= bytes;
	return OK;
}

enum err_kind fs_tree_within(
	int at, const char *path, uint64_t bytes_max, uint64_t files_max, struct err *err)
{
	/* The folder itself is not counted. */
	struct usage usage = { bytes_max + 4096, files_max + 1 };

	return visit_path(at, path, count_one, &usage, err);
}
