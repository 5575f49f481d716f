/* import_dir: a folder, read without following anything. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limit.h"
#include "source/import_read.h"
#include "source/path.h"

struct walk {
	struct import_out *out;
	DIR *open[LIMIT_PATH_DEPTH + 1];
	size_t ends[LIMIT_PATH_DEPTH + 1]; /* of `path`, slash included, for each open folder */
	size_t depth; /* open[0..depth) */
	char path[LIMIT_PATH_BYTES + NAME_MAX + 2];
};

static enum err_kind cannot(struct str path, const char *what, struct err *err)
{
	int why = errno;
	char shown[PATH_SHOWN_BYTES];

	if (why == ENOENT || why == ELOOP)
		return err_set(err, ERR_INPUT, "%s %s changed while it was read: try again", what,
			path_shown(path, shown));
	return err_set(err, ERR_INPUT,
		"%s %s cannot be read (%s): make it readable for the lab's user, or leave it out",
		what, path_shown(path, shown), strerror(why));
}

static enum err_kind copy_content(
	struct import_out *o, int fd, struct str path, enum file_mode mode, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return cannot(path, "file", err);
	if (!S_ISREG(st.st_mode)) {
		errno = ENOENT;
		return cannot(path, "file", err);
	}
	enum err_kind rc = import_out_file(o, mode, path, (uint64_t)st.st_size, err);

	/* One read beyond the announced size: a file that grows is noticed, too. */
	while (rc == OK) {
		size_t len;
		char *room;

		rc = import_out_room(o, &room, &len, err);
		if (rc != OK)
			break;
		ssize_t n = read(fd, room, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cannot(path, "file", err);
		if (n == 0)
			return import_out_file_end(o, err);
		rc = import_out_filled(o, (size_t)n, err);
	}
	return rc;
}

static enum err_kind take_file(struct walk *w, int dir_fd, const char *name, struct str path,
	const struct stat *st, struct err *err)
{
	enum file_mode mode = (st->st_mode & S_IXUSR) != 0 ? FILE_EXECUTABLE : FILE_PLAIN;
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return cannot(path, "file", err);
	enum err_kind rc = copy_content(w->out, fd, path, mode, err);

	close(fd);
	return rc;
}

static enum err_kind take_link(
	struct walk *w, int dir_fd, const char *name, struct str path, struct err *err)
{
	char target[LIMIT_LINK_TARGET_BYTES + 1];
	ssize_t n = readlinkat(dir_fd, name, target, sizeof(target));

	if (n < 0)
		return cannot(path, "symbolic link", err);
	return import_out_link(w->out, path, str_of(target, (size_t)n), err);
}

static enum err_kind enter(struct walk *w, int fd, size_t end, struct err *err)
{
	DIR *dir = fdopendir(fd);

	assert(w->depth <= LIMIT_PATH_DEPTH);
	if (dir == NULL) {
		enum err_kind rc = err_errno(err, errno, "open a folder");

		close(fd);
		return rc;
	}
	w->open[w->depth] = dir;
	w->ends[w->depth] = end;
	w->depth++;
	return OK;
}

static enum err_kind enter_folder(
	struct walk *w, int dir_fd, const char *name, struct str path, struct err *err)
{
	if (str_eq(str_from(name), STR(".git"))) {
		w->out->git_folders++;
		return OK;
	}
	/* Checked here so that the stack of open folders is bounded by the depth of a path. */
	enum err_kind rc = path_check(path, err);

	if (rc != OK)
		return rc;
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return cannot(path, "folder", err);
	w->path[path.len] = '/';
	return enter(w, fd, path.len + 1, err);
}

static const char *odd_kind(mode_t mode)
{
	if (S_ISFIFO(mode))
		return "a fifo";
	if (S_ISSOCK(mode))
		return "a socket";
	return "a device";
}

static enum err_kind take_entry(struct walk *w, const char *name, struct err *err)
{
	int dir_fd = dirfd(w->open[w->depth - 1]);
	size_t end = w->ends[w->depth - 1], len = strlen(name);
	char shown[PATH_SHOWN_BYTES];
	struct stat st;

	assert(end + len < sizeof(w->path));
	memcpy(w->path + end, name, len);
	struct str path = { w->path, end + len };
	enum err_kind rc = import_out_entry(w->out, err);

	if (rc != OK)
		return rc;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return cannot(path, "entry", err);
	/* A worktree's or submodule's .git is a file; it says nothing outside its repository. */
	if (S_ISREG(st.st_mode) && str_eq(str_from(name), STR(".git"))) {
		w->out->git_folders++;
		return OK;
	}
	if (S_ISREG(st.st_mode))
		return take_file(w, dir_fd, name, path, &st, err);
	if (S_ISLNK(st.st_mode))
		return take_link(w, dir_fd, name, path, err);
	if (S_ISDIR(st.st_mode))
		return enter_folder(w, dir_fd, name, path, err);
	return err_set(err, ERR_INPUT, "%s is %s: leave it out of the source",
		path_shown(path, shown), odd_kind(st.st_mode));
}

static enum err_kind walk_all(struct walk *w, struct err *err)
{
	enum err_kind rc = OK;

	while (rc == OK && w->depth > 0) {
		errno = 0;
		struct dirent *entry = readdir(w->open[w->depth - 1]);

		if (entry == NULL && errno != 0)
			return cannot(
				(struct str){ w->path, w->ends[w->depth - 1] }, "folder", err);
		if (entry == NULL)
			closedir(w->open[--w->depth]);
		else if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			rc = take_entry(w, entry->d_name, err);
	}
	return rc;
}

enum err_kind import_read_dir(struct import_out *o, int dir_fd, struct err *err)
{
	/* One import a process; its path and folders are too much for a stack */
	static struct walk walk;
	struct walk *w = &walk;
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return cannot(STR("."), "folder", err);
	w->out = o;
	w->depth = 0;
	enum err_kind rc = enter(w, fd, 0, err);

	if (rc == OK)
		rc = walk_all(w, err);
	while (w->depth > 0)
		closedir(w->open[--w->depth]);
	return rc == OK ? import_out_end(o, IMPORT_DIRECTORY, STR(""), err) : rc;
}
