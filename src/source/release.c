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

static enum err_kind read_node(struct stmt *s, struct arena *mem, struct str folder,
	struct release_node *node, struct err *err)
{
	struct str name = stmt_col_str(s, COL_NAME);
	size_t slash = folder.len > 0 ? 1 : 0;
	char *path = arena_array(mem, char, folder.len + slash + name.len);

	if (path == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
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
	if (*count == 0)
		return err_set(err, ERR_NOT_FOUND, "the release has no such folder");
	if (*count > LIMIT_TREE_ROWS)
		return err_set(err, ERR_LIMIT,
			"the folder holds %zu entries, and at most %d are listed: open a file by its path",
			*count, LIMIT_TREE_ROWS);
	return OK;
}

enum err_kind release_list(struct db *db, struct arena *mem, struct str release_id,
	struct str folder, struct release_node **nodes, size_t *count, struct err *err)
{
	struct stmt *s;
	bool row = true;
	size_t expected, n = 0;
	enum err_kind rc = count_rows(db, release_id, folder, &expected, err);

	if (rc != OK)
		return rc;
	struct release_node *list = arena_array(mem, struct release_node, expected);

	if (list == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	rc = stmt_begin(db,
		"SELECT mode, digest, size, lines, is_binary, files, name, is_folder FROM release_nodes "
		"WHERE release = :release AND folder = :folder ORDER BY is_folder DESC, name",
		&s, err);
	if (rc != OK)
		return rc;
	stmt_text(s, ":release", release_id);
	stmt_blob(s, ":folder", folder);
	while (rc == OK && row && n < expected) {
		rc = stmt_step(s, &row, err);
		if (rc == OK && row)
			rc = read_node(s, mem, folder, &list[n++], err);
	}
	stmt_end(s);
	if (rc != OK)
		return rc;
	*nodes = list;
	*count = n;
	return OK;
}
