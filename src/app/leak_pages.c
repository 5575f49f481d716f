#include "app/leak_pages.h"

#include "app/leak_find.h"
#include "glass/hex_page.h"

/* Pages by words, while the search goes on. */
struct choice {
	struct leak_pages *pages;
	const struct leak_page *like; /* themes and zooms */
};

static uint32_t any_of(int count)
{
	return (1U << count) - 1;
}

static uint32_t theme_bits(struct str word)
{
	for (int theme = 0; theme < GLASS_THEMES; theme++)
		if (str_eq(word, str_from(profile_theme_name((enum glass_theme)theme))))
			return 1U << theme;
	return any_of(GLASS_THEMES);
}

static uint32_t zoom_bits(struct str word)
{
	for (int zoom = 0; zoom < GLASS_ZOOMS; zoom++)
		if (str_eq(word, str_from(profile_zoom_name((enum glass_zoom)zoom))))
			return 1U << zoom;
	return any_of(GLASS_ZOOMS);
}

static enum err_kind add(struct leak_pages *pages, const struct leak_page *page, struct err *err)
{
	if (pages->count == LIMIT_LEAK_PAGES)
		return err_set(err, ERR_LIMIT,
			"more than %d pages would have to be tried: give more words, rarer ones, or path and line",
			LIMIT_LEAK_PAGES);
	pages->page[pages->count++] = *page;
	return OK;
}

static enum err_kind add_hit(
	void *arg, const struct release_text *text, const struct find_hit *hit, struct err *err)
{
	const struct choice *choice = arg;
	struct leak_page page = *choice->like;

	page.release = text->release;
	page.file = text->file;
	page.line = hit->line;
	page.column = hit->column;
	return add(choice->pages, &page, err);
}

static enum err_kind by_words(
	struct ctx *ctx, struct leak_pages *pages, const struct leak_page *like, struct err *err)
{
	struct find_needles *needles = arena_array(ctx->mem, struct find_needles, 1);
	struct choice choice = { pages, like };
	struct leak_searched searched;

	if (needles == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	enum err_kind rc = find_split_words(arg_str(ctx, "words"), needles, err);

	if (rc == OK)
		rc = leak_find(
			ctx, needles, arg_str(ctx, "release"), add_hit, &choice, &searched, err);
	if (rc == OK && pages->count == 0)
		rc = err_set(err, ERR_NOT_FOUND,
			"no page of the release holds all of these words: %llu files were looked through. Type fewer, "
			"exactly as the picture shows them",
			(unsigned long long)searched.files);
	return rc;
}

/* Lines of a page of text or of a hex page. */
static uint64_t lines_of(const struct release_file *file)
{
	return file->binary ? (file->size + HEX_PAGE_LINE_BYTES - 1) / HEX_PAGE_LINE_BYTES
			    : file->lines;
}

static enum err_kind by_path(
	struct ctx *ctx, struct leak_pages *pages, const struct leak_page *like, struct err *err)
{
	struct leak_page page = *like;
	struct str path;
	enum err_kind rc = arg_path(ctx, "path", &path, err);

	page.release = arg_str(ctx, "release");
	if (rc == OK)
		rc = release_find_file(ctx->db, ctx->mem, page.release, path, &page.file, err);
	if (rc == OK && page.file.mode == FILE_SUBMODULE)
		rc = err_set(err, ERR_INPUT, "a submodule's files are not in the release");
	if (rc != OK)
		return rc;
	page.column = (uint32_t)arg_i64(ctx, "column", 0);
	page.column -= page.column % LIMIT_TILE_COLUMNS;
	if (arg_given(ctx, "line")) {
		page.line = (uint32_t)arg_i64(ctx, "line", 0);
		page.line -= page.line % LIMIT_TILE_LINES;
		return add(pages, &page, err);
	}
	for (uint64_t line = 0; rc == OK && (line == 0 || line < lines_of(&page.file));
		line += LIMIT_TILE_LINES) {
		page.line = (uint32_t)line;
		rc = add(pages, &page, err);
	}
	return rc;
}

/* "rel_… 120 0 5f1c…": as many lines and columns into the file of that digest. */
static enum err_kind add_tile(struct ctx *ctx, struct str text, struct leak_pages *pages,
	struct leak_page page, struct err *err)
{
	struct str release, line, column, blob;
	struct sha256 digest;
	uint64_t at[2];

	if (!str_cut(text, ' ', &release, &text) || !str_cut(text, ' ', &line, &text) ||
		!str_cut(text, ' ', &column, &blob) || !sha256_parse(blob, &digest) ||
		!str_to_u64(line, &at[0]) || !str_to_u64(column, &at[1]) ||
		at[0] > UINT32_MAX - LIMIT_TILE_LINES || at[1] > LIMIT_LINE_COLUMNS ||
		at[0] % LIMIT_TILE_LINES != 0 || at[1] % LIMIT_TILE_COLUMNS != 0)
		return err_set(err, ERR_INPUT,
			"tiles: each is \"RELEASE LINE COLUMN BLOB\", at the first cell of a tile");
	enum err_kind rc = release_find_blob(ctx->db, ctx->mem, release, &digest, &page.file, err);

	page.release = release;
	page.line = (uint32_t)at[0];
	page.column = (uint32_t)at[1];
	return rc == OK ? add(pages, &page, err) : rc;
}

enum err_kind leak_pages_choose(struct ctx *ctx, struct leak_pages *pages, struct err *err)
{
	const struct leak_page like = { .themes = theme_bits(arg_str(ctx, "theme")),
		.zooms = zoom_bits(arg_str(ctx, "zoom")) };
	size_t tiles = arg_count(ctx, "tiles");
	enum err_kind rc = OK;

	pages->count = 0;
	for (size_t i = 0; i < tiles && rc == OK; i++)
		rc = add_tile(ctx, arg_item(ctx, "tiles", i), pages, like, err);
	if (tiles > 0)
		return rc;
	if (!arg_given(ctx, "release"))
		return err_set(err, ERR_INPUT,
			"which page is it? Give the release, and words that can be read in the picture or the file's path");
	if (arg_given(ctx, "path"))
		return by_path(ctx, pages, &like, err);
	if (arg_given(ctx, "words"))
		return by_words(ctx, pages, &like, err);
	return err_set(err, ERR_INPUT,
		"which page is it? Type words that can be read in the picture, or name the file");
}
