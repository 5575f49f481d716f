/*
 * see_glass: pages of source. A page is drawn on the snapshot; that it was seen is entered, and its lines
 * are taken from the budget, before it leaves the vault.
 */
#include "app/access.h"
#include "app/families.h"
#include "app/lab.h"
#include "app/visible_line.h"
#include "source/release.h"

static const struct verb_arg view_args[] = {
	{ "engagement", ARG_ID, ARG_REQUIRED, 0, 0, "eng",
		"The engagement under which it is read." },
	{ "release", ARG_ID, ARG_REQUIRED, 0, 0, "rel", "The release." },
	{ "path", ARG_PATH, ARG_REQUIRED, 1, LIMIT_PATH_BYTES, NULL, "The file in it." },
	{ "line", ARG_INT, 0, 0, UINT32_MAX - LIMIT_TILE_LINES, NULL,
		"First line of the tile, counted from 0: a multiple of 60." },
	{ "column", ARG_INT, 0, 0, LIMIT_LINE_COLUMNS, NULL,
		"First column of the tile, counted from 0: a multiple of 80." },
	{ "theme", ARG_ENUM, 0, 0, 0, "light dark contrast", "Colours; light when not given." },
	{ "zoom", ARG_ENUM, 0, 0, 0, "1 1.5 2", "Pixels per pixel; 1 when not given." },
	{ .name = NULL },
};

/* What apply needs of the page. */
struct view {
	int64_t lines_here;
};

static enum glass_theme theme_of(struct str word)
{
	for (int theme = 0; theme < GLASS_THEMES; theme++)
		if (str_eq(word, str_from(profile_theme_name((enum glass_theme)theme))))
			return (enum glass_theme)theme;
	return GLASS_LIGHT;
}

static enum glass_zoom zoom_of(struct str word)
{
	for (int zoom = 0; zoom < GLASS_ZOOMS; zoom++)
		if (str_eq(word, str_from(profile_zoom_name((enum glass_zoom)zoom))))
			return (enum glass_zoom)zoom;
	return GLASS_1X;
}

/* The file that is asked for, and its bytes. A path that does not exist is refused like one out of scope. */
static enum err_kind find_source(
	struct ctx *ctx, struct release_file *file, struct str *bytes, struct err *err)
{
	struct str path;
	enum err_kind rc = arg_path(ctx, "path", &path, err);

	if (rc == OK)
		rc = release_find_file(ctx->db, ctx->mem, arg_str(ctx, "release"), path, file, err);
	if (rc == ERR_NOT_FOUND)
		return access_refuse_path(err);
	if (rc != OK)
		return rc;
	if (file->mode == FILE_SUBMODULE)
		return err_set(err, ERR_INPUT,
			"this is another repository: its files are not in this release");
	return pack_read(ctx->lab->packs, ctx->db, &file->digest, bytes, err);
}

static void write_hits(struct jw *w, const struct glass_page *page)
{
	jw_key(w, "hits");
	jw_array(w);
	for (size_t i = 0; i < page->hit_count; i++) {
		jw_array(w);
		jw_i64(w, page->hits[i].row);
		jw_i64(w, page->hits[i].column);
		jw_i64(w, page->hits[i].columns);
		jw_i64(w, page->hits[i].id);
		jw_array_end(w);
	}
	jw_array_end(w);
}

static void write_page(
	struct ctx *ctx, const struct glass_request *request, const struct glass_page *page)
{
	const struct atlas_cell *cell = &atlas_cells[request->zoom];
	struct jw *w = ctx->answer;

	jw_kstr(w, "path", arg_str(ctx, "path"));
	jw_ki64(w, "line", request->first_line);
	jw_ki64(w, "column", request->first_column);
	jw_ki64(w, "lines", page->lines);
	jw_ki64(w, "lines_here", page->lines_here);
	jw_ki64(w, "columns_max", page->columns_max);
	jw_ki64(w, "width", page->width);
	jw_ki64(w, "height", page->height);
	jw_key(w, "cell");
	jw_array(w);
	jw_i64(w, cell->width);
	jw_i64(w, cell->height);
	jw_array_end(w);
	jw_kstr(w, "language", str_from(page->language));
	jw_kbool(w, "binary", page->binary);
	jw_kstr(w, "profile", str_from(page->profile));
	jw_key(w, "visible");
	jw_object(w);
	jw_ki64(w, "row", GRID_FOOT);
	jw_kstr(w, "text", request->visible);
	jw_object_end(w);
	write_hits(w, page);
}

static enum err_kind view_compute(struct ctx *ctx, struct err *err)
{
	const struct visible_line line = {
		.person = ctx->caller.person_name,
		.party = ctx->caller.organisation_name,
		.engagement = ctx->scope->engagement_id,
		.now_us = ctx->now_us,
	};
	char visible[GLASS_VISIBLE_BYTES_MAX], blob[SHA256_HEX_BYTES];
	struct view *view = arena_array(ctx->mem, struct view, 1);
	struct release_file file;
	struct glass_page page;
	struct str bytes;

	if (view == NULL)
		return err_set(err, ERR_LIMIT, "source.view: request memory used up");
	enum err_kind rc = find_source(ctx, &file, &bytes, err);

	if (rc != OK)
		return rc;
	if (ctx->lab->glass == NULL)
		return err_set(err, ERR_IO, "source.view: this lab runs without glass");
	size_t visible_len = visible_line_format(&line, visible);
	const struct glass_request request = {
		.blob = file.digest,
		.bytes = bytes,
		.path = file.path,
		.first_line = (uint32_t)arg_i64(ctx, "line", 0),
		.first_column = (uint32_t)arg_i64(ctx, "column", 0),
		.theme = theme_of(arg_str(ctx, "theme")),
		.zoom = zoom_of(arg_str(ctx, "zoom")),
		.session = ctx->caller.session_id,
		.pool = ctx->scope->engagement_id,
		.visible = { visible, visible_len },
	};

	rc = glass_draw(ctx->lab->glass, ctx->mem, &request, &page, err);
	if (rc != OK)
		return rc;
	write_page(ctx, &request, &page);
	sha256_format(&file.digest, blob);
	entry_subject(ctx, ctx->scope->engagement_id);
	entry_detail(ctx, "blob", str_from(blob));
	entry_detail(ctx, "profile", str_from(page.profile));
	entry_detail_i64(ctx, "line", request.first_line);
	entry_detail_i64(ctx, "column", request.first_column);
	entry_detail_i64(ctx, "lines", page.lines_here);
	ctx->attach = page.png;
	view->lines_here = page.lines_here;
	ctx->state = view;
	return OK;
}

static enum err_kind view_apply(struct ctx *ctx, struct err *err)
{
	const struct view *view = ctx->state;
	const struct scope *scope = ctx->scope;
	struct jw *w = ctx->answer;
	enum err_kind rc = budget_take(ctx, scope, view->lines_here, err);

	if (rc != OK)
		return rc;
	jw_key(w, "budget");
	jw_object(w);
	jw_ki64(w, "lines_per_hour", scope->lines_per_hour);
	jw_ki64(w, "lines_left", scope->lines_left - view->lines_here);
	jw_kwhen(w, "until", scope->until_us);
	jw_object_end(w);
	return OK;
}

const struct verb verbs_source_view[] = {
	{
		.name = "source.view",
		.summary = "Draw one tile of a file: 60 lines by 80 columns, as a page of pixels.",
		.args = view_args,
		.roles = ROLE_REVIEWER,
		.activity = ACTIVITY_VIEW,
		.public_fields = "engagement",
		.flags = VERB_BYTES | VERB_SEALED,
		.compute = view_compute,
		.apply = view_apply,
	},
	{ .name = NULL },
};
