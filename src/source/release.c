#include "source/release.h"

#include "base/limit.h"
#include "source/tree.h"

/* Columns of a row as release_nodes keeps them, from `mode` on. */
enum { COL_MODE, COL_DIGEST, COL_SIZE, COL_LINES, COL_BINARY, COL_FILES, COL_NAME, COL_FOLDER };

static enum err_kind read_file(struct stmt *s, struct release_file *file, struct err *err)
{
	struct str digest = stmt_col_str(s, COL_DIGEST);
	int64_t mode = stmt_col_i64(s, COL_MODE);

	if (mode < FILE_PLAIN || mode > FILE_SUBMODULE || digest.len != SHA256_BYTES)
		return err_set(err, ERR_CORRUPT, "a row of a release is damaged");
	file->mode = (enum file_mode)mode;
	memcpy(file->digest.bytes, digest.ptr, SHA256_BYTES);
	file->size = (uint64_t)stmt_col_i64(s, COL_SIZE);
	file->lines = (uint64_t)stmt_col_i64(s, COL_LINES);
	file->binary = stmt_col_i64(s, COL_BINARY) != 0;
	return OK;
}

enum err_kind release_find_file(struct db *db, struct arena *mem, struct str release_id,
	struct str path, struct release_file *file, struct err *err)
{
	struct release_file found = { 0 };
	struct str folder, name;
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(db,
		"SELECT mode, digest, size, lines, is_binary FROM release_nodes WHERE release = :release "
		"AND folder = :folder AND name = :name AND is_folder = 0",
		&s, err);

	if (rc != OK)
		return rc;
	tree_split(path, &folder, &name);
	stmt_text(s, ":release", release_id);
	stmt_blob(s, ":folder", folder);
	stmt_blob(s, ":name", name);
	rc = stmt_step(s, &row, err);
	if (rc == OK && !row)
		return err_set(err, ERR_NOT_FOUND, "the release has no such file");
	if (rc == OK)
		rc = read_file(s, &found, err);
	stmt_end(s);
	if (rc == OK && !arena_copy(mem, path, &found.path))
		rc = err_set(err, ERR_LIMIT, "request memory used up");
	if (rc == OK)
		*file = found;
	return rc;
}

/* The row's path is put together in `path`, which has LIMIT_PATH_BYTES. */
static enum err_kind read_node(
	struct stmt *s, char *path, struct str folder, struct release_node *node, struct err *err)
{
	struct str name = stmt_col_str(s, COL_NAME);
	size_t slash = folder.len > 0 ? 1 : 0;

	if (folder.len + slash + name.len > LIMIT_PATH_BYTES)
		return err_set(err, ERR_CORRUPT, "a path of the release is too long");
	memcpy(path, folder.ptr, folder.len);
	if (slash > 0)
		path[folder.len] = '/';
	memcpy(path + folder.len + slash, name.ptr, name.len);
	*node = (struct release_node){ .name = { path + folder.len + slash, name.len },
		.is_folder = stmt_col_i64(s, COL_FOLDER) != 0 };
	node->file.path = (struct str){ path, folder.len + slash + name.len };
	if (!node->is_folder)
		return read_file(s, &node->file, err);
	node->files = (uint64_t)stmt_col_i64(s, COL_FILES);
	node->bytes = (uint64_t)stmt_col_i64(s, COL_SIZE);
	node->lines = (uint64_t)stmt_col_i64(s, COL_LINES);
	return OK;
}

static enum err_kind count_rows(
	struct db *db, struct str release_id, struct str folder, size_t *count, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(db,
		"SELECT count(*) FROM release_nodes WHERE release = :release AND folder = :folder",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":release", release_id);
	stmt_blob(s, ":folder", folder);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	*count = (size_t)stmt_col_i64(s, 0);
	stmt_end(s);
	return *count > 0 ? OK : err_set(err, ERR_NOT_FOUND, "the release has no such folder");
}

/* A row that is kept outlives the statement. */
static enum err_kind keep_node(struct arena *mem, struct release_node *node, struct err *err)
{
	struct str path = node->file.path;
	size_t name_at = path.len - node->name.len;

	if (!arena_copy(mem, path, &node->file.path))
		return err_set(err, ERR_LIMIT, "request memory used up");
	node->name = (struct str){ node->file.path.ptr + name_at, path.len - name_at };
	return OK;
}

static enum err_kind read_page(struct stmt *s, struct arena *mem, const struct release_page *page,
	struct release_node *list, size_t *count, bool *more, struct err *err)
{
	char path[LIMIT_PATH_BYTES];
	enum err_kind rc = OK;

	for (*count = 0, *more = false; rc == OK && !*more;) {
		struct release_node node = { 0 };
		bool row;

		rc = stmt_step(s, &row, err);
		if (rc != OK || !row)
			break;
		rc = read_node(s, path, page->folder, &node, err);
		if (rc != OK || (page->keep != NULL && !page->keep(page->arg, &node)))
			continue;
		*more = *count == page->limit;
		if (*more)
			break;
		rc = keep_node(mem, &node, err);
		if (rc == OK)
			list[(*count)++] = node;
	}
	stmt_end(s);
	return rc;
}

enum err_kind release_list(struct db *db, struct arena *mem, struct str release_id,
	const struct release_page *page, struct release_node **nodes, size_t *count, bool *more,
	struct err *err)
{
	struct stmt *s;
	size_t rows;
	enum err_kind rc = count_rows(db, release_id, page->folder, &rows, err);

	assert(page->limit > 0 && page->limit <= LIMIT_TREE_ROWS);
	if (rc != OK)
		return rc;
	*nodes = arena_array(mem, struct release_node, rows < page->limit ? rows : page->limit);
	if (*nodes == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	rc = stmt_begin(db,
		"SELECT mode, digest, size, lines, is_binary, files, name, is_folder FROM release_nodes "
		"WHERE release = :release AND folder = :folder AND (is_folder < :kind "
		"OR (is_folder = :kind AND name > :after)) ORDER BY is_folder DESC, name",
		&s, err);
	if (rc != OK)
		return rc;
	stmt_text(s, ":release", release_id);
	stmt_blob(s, ":folder", page->folder);
	/* Before the first row: behind the end of a kind that comes before folders. */
	stmt_i64(s, ":kind", page->after.len == 0 ? 2 : page->after_is_folder);
	stmt_blob(s, ":after", page->after);
	return read_page(s, mem, page, *nodes, count, more, err);
}
