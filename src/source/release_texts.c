/* release_texts: what releases hold, asked by content. */
#include "base/limit.h"
#include "source/release.h"

enum { COL_RELEASE, COL_FOLDER, COL_NAME, COL_MODE, COL_DIGEST, COL_SIZE, COL_LINES, COL_BINARY };
#define COLUMNS "release, folder, name, mode, digest, size, lines, is_binary"

static enum err_kind read_row(
	struct stmt *s, struct arena *mem, struct release_text *text, struct err *err)
{
	struct str folder = stmt_col_str(s, COL_FOLDER), name = stmt_col_str(s, COL_NAME);
	struct str digest = stmt_col_str(s, COL_DIGEST);
	int64_t mode = stmt_col_i64(s, COL_MODE);

	if (mode < FILE_PLAIN || mode > FILE_SUBMODULE || digest.len != SHA256_BYTES)
		return err_set(err, ERR_CORRUPT, "a row of a release is damaged");
	const char *path = arena_printf(
		mem, "%.*s%s%.*s", STR_ARG(folder), folder.len > 0 ? "/" : "", STR_ARG(name));

	if (path == NULL || !arena_copy(mem, stmt_col_str(s, COL_RELEASE), &text->release))
		return err_set(err, ERR_LIMIT, "request memory used up");
	text->file = (struct release_file){ .mode = (enum file_mode)mode,
		.path = { path, folder.len + (folder.len > 0) + name.len },
		.size = (uint64_t)stmt_col_i64(s, COL_SIZE),
		.lines = (uint64_t)stmt_col_i64(s, COL_LINES),
		.binary = stmt_col_i64(s, COL_BINARY) != 0 };
	memcpy(text->file.digest.bytes, digest.ptr, SHA256_BYTES);
	return OK;
}

enum err_kind release_find_blob(struct db *db, struct arena *mem, struct str release_id,
	const struct sha256 *digest, struct release_file *file, struct err *err)
{
	struct release_text text;
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(db,
		"SELECT " COLUMNS
		" FROM release_nodes WHERE digest = :digest AND release = :release "
		"AND is_folder = 0 ORDER BY folder, name LIMIT 1",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_blob(s, ":digest", str_of(digest->bytes, SHA256_BYTES));
	stmt_text(s, ":release", release_id);
	rc = stmt_step(s, &row, err);
	if (rc == OK && !row)
		return err_set(err, ERR_NOT_FOUND, "the release has no such file");
	if (rc == OK)
		rc = read_row(s, mem, &text, err);
	stmt_end(s);
	if (rc == OK)
		*file = text.file;
	return rc;
}

/* One SQL text of each, so that each is answered from its index. */
static enum err_kind begin(struct db *db, const char *of_release, const char *of_all,
	struct str release_id, struct stmt **s, struct err *err)
{
	enum err_kind rc = stmt_begin(db, release_id.len > 0 ? of_release : of_all, s, err);

	if (rc == OK && release_id.len > 0)
		stmt_text(*s, ":release", release_id);
	return rc;
}

static enum err_kind count_rows(
	struct db *db, struct str release_id, size_t *count, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = begin(db,
		"SELECT count(*) FROM release_nodes WHERE is_folder = 0 AND release = :release",
		"SELECT count(*) FROM release_nodes WHERE is_folder = 0", release_id, &s, err);

	if (rc == OK)
		rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	*count = (size_t)stmt_col_i64(s, 0);
	stmt_end(s);
	return *count > 0 ? OK : err_set(err, ERR_NOT_FOUND, "no such release, or nothing in it");
}

/* Rows by digest: the same bytes follow each other. */
static enum err_kind read_rows(struct stmt *s, struct arena *mem, struct release_text *texts,
	size_t max, size_t *count, struct err *err)
{
	struct str digest;
	bool row = true;
	enum err_kind rc = OK;

	*count = 0;
	while (rc == OK && row && *count < max) {
		rc = stmt_step(s, &row, err);
		if (rc != OK || !row)
			break;
		digest = stmt_col_str(s, COL_DIGEST);
		if (*count > 0 &&
			str_eq(digest, str_of(texts[*count - 1].file.digest.bytes, SHA256_BYTES)))
			continue;
		rc = read_row(s, mem, &texts[*count], err);
		++*count;
	}
	stmt_end(s);
	return rc;
}

enum err_kind release_texts(struct db *db, struct arena *mem, struct str release_id,
	struct release_text **texts, size_t *count, struct err *err)
{
	struct stmt *s;
	size_t max;
	enum err_kind rc = count_rows(db, release_id, &max, err);

	if (rc != OK)
		return rc;
	*texts = arena_array(mem, struct release_text, max);
	if (*texts == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	rc = begin(db,
		"SELECT " COLUMNS " FROM release_nodes WHERE is_folder = 0 AND is_binary = 0 "
		"AND mode <= 1 AND release = :release ORDER BY digest",
		"SELECT " COLUMNS " FROM release_nodes WHERE is_folder = 0 AND is_binary = 0 "
		"AND mode <= 1 ORDER BY digest",
		release_id, &s, err);
	return rc == OK ? read_rows(s, mem, *texts, max, count, err) : rc;
}
