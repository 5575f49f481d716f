#include "source/tree.h"

#include <stdlib.h>

#include "base/limit.h"
#include "source/manifest.h"
#include "source/path.h"

/* The file with that path in the sorted list, or NULL. */
static const struct release_file *find(
	const struct release_file *files, size_t count, struct str path)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = str_cmp(files[mid].path, path);

		if (order == 0)
			return &files[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* Bytes of the longest folder, slash included, that both paths lie in. */
static size_t common_folder(struct str a, struct str b)
{
	size_t folder = 0;

	for (size_t i = 0; i < a.len && i < b.len && a.ptr[i] == b.ptr[i]; i++)
		if (a.ptr[i] == '/')
			folder = i + 1;
	return folder;
}

enum err_kind tree_check(const struct release_file *files, size_t count, struct err *err)
{
	char shown[PATH_SHOWN_BYTES];

	for (size_t i = 0; i < count; i++) {
		struct str path = files[i].path;
		int order = i == 0 ? -1 : manifest_order(&files[i - 1], &files[i]);

		assert(order <= 0);
		if (order == 0)
			return err_set(err, ERR_INPUT, "path %s is there twice: remove one",
				path_shown(path, shown));
		/* Folders that the previous path did not lie in are new; each may not be a file. */
		size_t known = i == 0 ? 0 : common_folder(files[i - 1].path, path);

		for (size_t at = known; at < path.len; at++)
			if (path.ptr[at] == '/' && find(files, count, str_head(path, at)) != NULL)
				return err_set(err, ERR_INPUT,
					"path %s is both a file and a folder: remove one",
					path_shown(str_head(path, at), shown));
	}
	return OK;
}

void tree_split(struct str path, struct str *folder, struct str *name)
{
	size_t at = path.len;

	while (at > 0 && path.ptr[at - 1] != '/')
		at--;
	*folder = str_head(path, at == 0 ? 0 : at - 1);
	*name = str_skip(path, at);
}

/* Totals of the folders that are open, the root first. */
struct open_folder {
	size_t len; /* of the folder's path, its slash included */
	uint64_t files, bytes, lines;
};

static enum err_kind close_folder(struct open_folder *folders, size_t depth, struct str path,
	tree_row_fn *row, void *arg, struct err *err)
{
	const struct open_folder *f = &folders[depth];
	struct tree_row r = { .files = f->files, .bytes = f->bytes, .lines = f->lines };

	assert(depth > 0 && f->len > 0 && f->len <= path.len);
	tree_split(str_head(path, f->len - 1), &r.folder, &r.name);
	folders[depth - 1].files += f->files;
	folders[depth - 1].bytes += f->bytes;
	folders[depth - 1].lines += f->lines;
	return row(arg, &r, err);
}

enum err_kind tree_walk(const struct release_file *files, size_t count, tree_row_fn *row, void *arg,
	struct err *err)
{
	struct open_folder folders[LIMIT_PATH_DEPTH + 1] = { 0 };
	struct str before = STR("");
	size_t depth = 0;
	enum err_kind rc;

	for (size_t i = 0; i <= count; i++) {
		struct str path = i < count ? files[i].path : STR("");
		size_t common = common_folder(before, path);

		for (; depth > 0 && folders[depth].len > common; depth--) {
			rc = close_folder(folders, depth, before, row, arg, err);
			if (rc != OK)
				return rc;
		}
		if (i == count)
			break;
		for (size_t at = common; at < path.len; at++) {
			if (path.ptr[at] != '/')
				continue;
			assert(depth < LIMIT_PATH_DEPTH);
			folders[++depth] = (struct open_folder){ .len = at + 1 };
		}
		folders[depth].files++;
		folders[depth].bytes += files[i].size;
		folders[depth].lines += files[i].lines;

		struct tree_row r = { .file = &files[i] };

		tree_split(path, &r.folder, &r.name);
		rc = row(arg, &r, err);
		if (rc != OK)
			return rc;
		before = path;
	}
	return OK;
}
