/* import_git: the tree of one commit, read with libgit2 and no filter. */
#include <fcntl.h>
#include <git2/commit.h>
#include <git2/common.h>
#include <git2/config.h>
#include <git2/errors.h>
#include <git2/global.h>
#include <git2/odb.h>
#include <git2/refs.h>
#include <git2/repository.h>
#include <git2/tag.h>
#include <git2/tree.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limit.h"
#include "source/import_read.h"
#include "source/path.h"
#include "source/unpack.h"

enum { TAGS_ON_TAGS_MAX = 8 };
enum { MAPPED_BYTES_MAX = 1 << 30, MAP_WINDOW_BYTES = 32 << 20, CACHE_BYTES_MAX = 64 << 20 };

/* What git says, and whatever else: one sentence for the person at the command line. */
static const char *git_text(void)
{
	const git_error *e = git_error_last();

	return e == NULL || e->message == NULL ? "no reason given" : e->message;
}

enum err_kind import_git_init(struct err *err)
{
	static const int levels[] = { GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG,
		GIT_CONFIG_LEVEL_GLOBAL, GIT_CONFIG_LEVEL_PROGRAMDATA };
	int rc = git_libgit2_init();

	if (rc >= 0)
		rc = git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	for (size_t i = 0; rc >= 0 && i < sizeof(levels) / sizeof(levels[0]); i++)
		rc = git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
	if (rc >= 0)
		rc = git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, (size_t)MAP_WINDOW_BYTES);
	if (rc >= 0)
		rc = git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, (size_t)MAPPED_BYTES_MAX);
	if (rc >= 0)
		rc = git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)CACHE_BYTES_MAX);
	if (rc >= 0)
		rc = git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
	return rc >= 0 ? OK : err_set(err, ERR_IO, "start libgit2: %s", git_text());
}

/* A repository that keeps its objects elsewhere would be read in part only: said before, not after. */
static enum err_kind check_self_contained(const char *git_path, struct err *err)
{
	static const struct {
		const char *name, *says;
	} odd[] = {
		{ "objects/info/alternates",
			"borrows objects from another one (objects/info/alternates): run \"git repack -a -d\" "
			"and remove that file, or clone it with --no-local" },
		{ "commondir", "is a linked worktree: give the main repository and @commit" },
	};
	char path[256];

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", git_path, odd[i].name);
		if (access(path, F_OK) == 0)
			return err_set(err, ERR_INPUT, "the git repository %s", odd[i].says);
	}
	return OK;
}

struct walk {
	struct import_out *out;
	const char *git_path;
	git_repository *repo;
	git_odb *odb;
	struct {
		git_tree *tree;
		size_t next; /* entry */
		size_t end; /* of `path`, slash included */
	} open[LIMIT_PATH_DEPTH + 1];
	size_t depth;
	char path[2 * LIMIT_PATH_BYTES];
};

/*
 * libgit2 1.5 reads a loose object that is cut short for ever. So each object is looked at first: true when it
 * is not a loose one, or unpacks to its end.
 */
static bool is_whole(const struct walk *w, const git_oid *id)
{
	char path[256], hex[GIT_OID_HEXSZ + 1];
	struct unpack *u;
	struct err err;

	git_oid_tostr(hex, sizeof(hex), id);
	snprintf(path, sizeof(path), "%s/objects/%.2s/%s", w->git_path, hex, hex + 2);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return true;
	enum err_kind rc = unpack_open_zlib(fd, &u, &err);

	if (rc == OK) {
		rc = unpack_finish(u, LIMIT_FILE_BYTES + IMPORT_TEXT_BYTES, &err);
		unpack_close(u);
	}
	close(fd);
	return rc == OK;
}

/* The commit that an object is, or that a tag of it points to; NULL when there is none to be read. */
static git_commit *peel(struct walk *w, git_oid id)
{
	git_commit *commit = NULL;
	git_tag *tag = NULL;

	for (int depth = 0; depth < TAGS_ON_TAGS_MAX; depth++) {
		size_t size;
		git_object_t type;

		if (!is_whole(w, &id) || git_odb_read_header(&size, &type, w->odb, &id) != 0)
			return NULL;
		if (type == GIT_OBJECT_COMMIT)
			return git_commit_lookup(&commit, w->repo, &id) == 0 ? commit : NULL;
		if (type != GIT_OBJECT_TAG || git_tag_lookup(&tag, w->repo, &id) != 0)
			return NULL;
		id = *git_tag_target_id(tag);
		git_tag_free(tag);
	}
	return NULL;
}

/* What a person calls a commit: branch, tag or the start of its id; nothing: HEAD. */
static git_commit *find_commit(struct walk *w, struct str ref)
{
	char name[IMPORT_TEXT_BYTES];
	git_reference *named, *direct;
	git_oid start, id;

	snprintf(name, sizeof(name), "%.*s", STR_ARG(ref.len > 0 ? ref : STR("HEAD")));
	if (git_reference_dwim(&named, w->repo, name) == 0) {
		bool found = git_reference_resolve(&direct, named) == 0;

		git_reference_free(named);
		if (!found)
			return NULL;
		id = *git_reference_target(direct);
		git_reference_free(direct);
		return peel(w, id);
	}
	if (ref.len < GIT_OID_MINPREFIXLEN || ref.len > GIT_OID_HEXSZ ||
		git_oid_fromstrn(&start, name, ref.len) != 0 ||
		git_odb_exists_prefix(&id, w->odb, &start, ref.len) != 0)
		return NULL;
	return peel(w, id);
}

static enum err_kind object_missing(struct str path, const git_oid *id, struct err *err)
{
	char shown[PATH_SHOWN_BYTES], hex[GIT_OID_HEXSZ + 1];

	git_oid_tostr(hex, 13, id);
	return err_set(err, ERR_INPUT,
		"object %s of %s is missing or damaged in the git repository: run \"git fsck\" there, "
		"or clone it whole",
		hex, path_shown(path, shown));
}

/* The object of a file or link. *object is the caller's to free. */
static enum err_kind read_blob(struct walk *w, struct str path, const git_oid *id,
	git_odb_object **object, struct err *err)
{
	char shown[PATH_SHOWN_BYTES];
	git_object_t type;
	size_t size;

	if (!is_whole(w, id) || git_odb_read_header(&size, &type, w->odb, id) != 0)
		return object_missing(path, id, err);
	if (size > LIMIT_FILE_BYTES)
		return err_set(err, ERR_LIMIT, "file %s is larger than %llu MiB: leave it out",
			path_shown(path, shown), LIMIT_FILE_BYTES >> 20);
	if (git_odb_read(object, w->odb, id) != 0)
		return object_missing(path, id, err);
	if (git_odb_object_type(*object) != GIT_OBJECT_BLOB) {
		git_odb_object_free(*object);
		return object_missing(path, id, err);
	}
	return OK;
}

static enum err_kind take_blob(
	struct walk *w, struct str path, const git_tree_entry *entry, struct err *err)
{
	unsigned mode = (unsigned)git_tree_entry_filemode_raw(entry);
	git_odb_object *object;
	enum err_kind rc = read_blob(w, path, git_tree_entry_id(entry), &object, err);

	if (rc != OK)
		return rc;
	struct str bytes = str_of(git_odb_object_data(object), git_odb_object_size(object));

	if (S_ISLNK(mode)) {
		rc = import_out_link(w->out, path, bytes, err);
	} else {
		rc = import_out_file(w->out, (mode & S_IXUSR) != 0 ? FILE_EXECUTABLE : FILE_PLAIN,
			path, bytes.len, err);
		if (rc == OK)
			rc = import_out_data(w->out, bytes, err);
	}
	git_odb_object_free(object);
	return rc;
}

static enum err_kind enter(
	struct walk *w, struct str path, const git_oid *id, size_t end, struct err *err)
{
	git_tree *tree;

	assert(w->depth <= LIMIT_PATH_DEPTH);
	if (!is_whole(w, id) || git_tree_lookup(&tree, w->repo, id) != 0)
		return object_missing(path, id, err);
	w->open[w->depth].tree = tree;
	w->open[w->depth].next = 0;
	w->open[w->depth].end = end;
	w->depth++;
	return OK;
}

static enum err_kind take_entry(struct walk *w, const git_tree_entry *entry, struct err *err)
{
	size_t end = w->open[w->depth - 1].end;
	struct str name = str_from(git_tree_entry_name(entry));
	unsigned mode = (unsigned)git_tree_entry_filemode_raw(entry);
	char shown[PATH_SHOWN_BYTES], hex[GIT_OID_HEXSZ + 1];
	enum err_kind rc = import_out_entry(w->out, err);

	if (rc != OK)
		return rc;
	if (end + name.len >= LIMIT_PATH_BYTES)
		return err_set(err, ERR_INPUT, "path %s is too long", path_shown(name, shown));
	memcpy(w->path + end, name.ptr, name.len);
	struct str path = { w->path, end + name.len };

	rc = path_check(path, err);
	if (rc != OK)
		return rc;
	if (memchr(name.ptr, '/', name.len) != NULL || str_eq(name, STR(".git")))
		return err_set(err, ERR_INPUT,
			"entry %s may not stand in a git tree: run \"git fsck\" in the repository",
			path_shown(path, shown));
	if (S_ISDIR(mode)) {
		w->path[path.len] = '/';
		return enter(w, path, git_tree_entry_id(entry), path.len + 1, err);
	}
	if (S_ISREG(mode) || S_ISLNK(mode))
		return take_blob(w, path, entry, err);
	if (mode != GIT_FILEMODE_COMMIT)
		return err_set(err, ERR_INPUT, "entry %s has an unknown mode %o",
			path_shown(path, shown), mode);
	git_oid_tostr(hex, sizeof(hex), git_tree_entry_id(entry));
	return import_out_submodule(w->out, path, str_from(hex), err);
}

static enum err_kind walk_all(struct walk *w, struct err *err)
{
	enum err_kind rc = OK;

	while (rc == OK && w->depth > 0) {
		git_tree *tree = w->open[w->depth - 1].tree;
		size_t next = w->open[w->depth - 1].next++;

		if (next < git_tree_entrycount(tree)) {
			rc = take_entry(w, git_tree_entry_byindex(tree, next), err);
		} else {
			git_tree_free(tree);
			w->depth--;
		}
	}
	while (w->depth > 0)
		git_tree_free(w->open[--w->depth].tree);
	return rc;
}

static enum err_kind read_commit(struct walk *w, struct str ref, struct err *err)
{
	char hex[GIT_OID_HEXSZ + 1];
	git_commit *commit = find_commit(w, ref);

	if (commit == NULL)
		return err_set(err, ERR_NOT_FOUND,
			"the git repository has no branch, tag or commit \"%.*s\" that can be read",
			STR_ARG(ref.len > 0 ? ref : STR("HEAD")));
	git_oid_tostr(hex, sizeof(hex), git_commit_id(commit));
	enum err_kind rc = enter(
		w, STR("."), git_commit_tree_id((const git_commit *)commit), 0, err);

	git_commit_free(commit);
	if (rc == OK)
		rc = walk_all(w, err);
	return rc == OK ? import_out_end(w->out, IMPORT_GIT, str_from(hex), err) : rc;
}

enum err_kind import_read_git(
	struct import_out *o, const char *git_path, struct str ref, struct err *err)
{
	static struct walk walk; /* one import a process */
	struct walk *w = &walk;
	enum err_kind rc = check_self_contained(git_path, err);

	if (rc != OK)
		return rc;
	w->out = o;
	w->git_path = git_path;
	w->depth = 0;
	if (git_repository_open_bare(&w->repo, git_path) != 0)
		return err_set(
			err, ERR_INPUT, "the git repository cannot be opened: %s", git_text());
	if (git_repository_odb(&w->odb, w->repo) != 0) {
		rc = err_set(err, ERR_INPUT, "the git repository cannot be read: %s", git_text());
	} else {
		rc = read_commit(w, ref, err);
		git_odb_free(w->odb);
	}
	git_repository_free(w->repo);
	return rc;
}
