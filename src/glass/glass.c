#include "glass/glass.h"

#include <unistd.h>

#include "glass/grammar.h"
#include "glass/pool.h"
#include "os/fs.h"

enum err_kind glass_start(int font_fd, int mark_key_fd, unsigned layout_children_max,
	struct glass **g, struct err *err)
{
	struct pool_options options = pool_defaults;

	options.layout_max = layout_children_max < 1    ? 1
		: layout_children_max > POOL_LAYOUT_MAX ? POOL_LAYOUT_MAX
							: layout_children_max;
	return pool_start(&options, font_fd, mark_key_fd, g, err);
}

void glass_stop(struct glass *g)
{
	pool_stop(g);
}

static struct str name_of(const struct glass_request *request)
{
	size_t len = request->path.len;

	return len <= LAYOUT_NAME_BYTES_MAX ? request->path
					    : str_skip(request->path, len - LAYOUT_NAME_BYTES_MAX);
}

/* The slot that holds the file already, or the one to open it in: a free one, or that unused for longest. */
static uint32_t choose_slot(
	const struct pool_child *child, const struct glass_request *request, bool *is_open)
{
	struct str name = name_of(request);
	uint32_t oldest = 0;

	for (uint32_t i = 0; i < LAYOUT_SLOTS; i++) {
		const struct pool_file *file = &child->files[i];

		*is_open = file->is_open && sha256_eq(&file->blob, &request->blob) &&
			str_eq(name, (struct str){ file->name, file->name_len });
		if (*is_open)
			return i;
		if (!file->is_open ? child->files[oldest].is_open
				   : file->used < child->files[oldest].used)
			oldest = i;
	}
	return oldest;
}

static uint64_t bytes_held(const struct pool_child *child)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < LAYOUT_SLOTS; i++)
		sum += child->files[i].is_open ? child->files[i].bytes : 0;
	return sum;
}

static enum err_kind open_file(struct glass *g, struct pool_child *child, uint32_t slot,
	const struct glass_request *request, struct err *err)
{
	struct str name = name_of(request);
	struct pool_file *file = &child->files[slot];
	struct layout_open ask = {
		.bytes = request->bytes.len, .slot = slot, .name_len = (uint32_t)name.len
	};
	int patience_ms = g->options.layout_ms_max +
		(int)(request->bytes.len / g->options.index_bytes_per_ms);
	struct child_done done;
	int fd;

	file->is_open = false;
	/* Files of gigabytes: rare enough to begin again rather than to keep books on address space. */
	if (bytes_held(child) + request->bytes.len > LAYOUT_OPEN_BYTES_MAX) {
		enum err_kind renewed = pool_renew_layout(g, child, err);

		if (renewed != OK)
			return renewed;
	}
	memcpy(ask.name, name.ptr, name.len);
	enum err_kind rc = fs_memfd("source", request->bytes, &fd, err);

	if (rc != OK)
		return rc;
	rc = pool_ask(child, LAYOUT_OPEN, &ask, sizeof(ask), &fd, 1, patience_ms, CHILD_DONE, &done,
		sizeof(done), err);
	close(fd);
	if (rc != OK)
		return rc;
	if (done.kind == ERR_LIMIT)
		return err_set(err, ERR_LIMIT, "glass: the file is too large to be shown");
	if (done.kind != OK)
		return err_set(err, ERR_CORRUPT, "glass: the layout child answers something else");
	*file = (struct pool_file){ .is_open = true,
		.blob = request->blob,
		.bytes = request->bytes.len,
		.name_len = ask.name_len };
	memcpy(file->name, ask.name, ask.name_len);
	return OK;
}

/* Does the grid answer this request? What grid_check cannot know. */
static bool grid_answers(const struct grid *grid, const struct glass_request *request)
{
	uint32_t left = grid->lines > request->first_line ? grid->lines - request->first_line : 0;

	for (size_t column = 0; column < LIMIT_TILE_COLUMNS; column++)
		if (grid->cells[GRID_FOOT][column].code_point != ' ')
			return false;
	return grid->lines <= request->bytes.len &&
		grid->lines_here == (left < LIMIT_TILE_LINES ? left : LIMIT_TILE_LINES);
}

static enum err_kind lay_out(struct glass *g, struct pool_child *child,
	const struct glass_request *request, struct grid *grid, struct err *err)
{
	const struct layout_region *region = child->region;
	struct child_done done;
	bool is_open;
	uint32_t slot = choose_slot(child, request, &is_open);
	enum err_kind rc = is_open ? OK : open_file(g, child, slot, request, err);

	if (rc != OK)
		return rc;
	child->files[slot].used = child->used;
	struct layout_ask ask = { slot, request->first_line, request->first_column };

	rc = pool_ask(child, LAYOUT_TILE, &ask, sizeof(ask), NULL, 0, g->options.layout_ms_max,
		CHILD_DONE, &done, sizeof(done), err);
	if (rc != OK)
		return rc;
	*grid = region->grid;
	rc = grid_check(grid, err);
	if (rc == OK && (done.kind != OK || !grid_answers(grid, request)))
		rc = err_set(err, ERR_CORRUPT, "glass: the layout child answers something else");
	return rc;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A page of the right size, as far as its head and its end tell; the pixels are the draw child's word. */
static bool page_answers(const uint8_t *png, size_t len, enum glass_zoom zoom)
{
	static const uint8_t head[16] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13,
		'I', 'H', 'D', 'R' };
	static const uint8_t end[8] = { 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82 };

	return len > sizeof(head) + 8 + sizeof(end) && memcmp(png, head, sizeof(head)) == 0 &&
		be32(png + 16) == page_width(zoom) && be32(png + 20) == page_height(zoom) &&
		memcmp(png + len - sizeof(end), end, sizeof(end)) == 0;
}

static enum err_kind draw(const struct glass *g, struct pool_child *child, struct arena *mem,
	const struct glass_request *request, const struct grid *grid, struct str *png,
	struct err *err)
{
	struct draw_region *region = child->region;
	struct draw_ask ask = {
		.blob = request->blob,
		.first_line = request->first_line,
		.first_column = request->first_column,
		.theme = (uint32_t)request->theme,
		.zoom = (uint32_t)request->zoom,
		.session_len = (uint32_t)request->session.len,
	};
	struct draw_done done;

	memcpy(ask.session, request->session.ptr, request->session.len);
	region->grid = *grid;
	enum err_kind rc = pool_ask(child, DRAW_PAGE, &ask, sizeof(ask), NULL, 0,
		g->options.draw_ms_max, DRAW_DONE, &done, sizeof(done), err);

	if (rc != OK)
		return rc;
	if (done.png_bytes > page_bytes_max(request->zoom))
		return err_set(err, ERR_CORRUPT, "glass: the draw child's page is too large");
	if (!arena_copy(mem, (struct str){ (const char *)region->png, done.png_bytes }, png))
		return err_set(err, ERR_LIMIT, "glass: request memory used up");
	if (!page_answers((const uint8_t *)png->ptr, png->len, request->zoom))
		return err_set(err, ERR_CORRUPT, "glass: the draw child's page is none");
	return OK;
}

static enum err_kind check_request(const struct glass_request *request, struct err *err)
{
	if (request->first_line % LIMIT_TILE_LINES != 0 ||
		request->first_column % LIMIT_TILE_COLUMNS != 0)
		return err_set(err, ERR_INPUT,
			"glass: line and column begin a tile: multiples of %d and %d",
			LIMIT_TILE_LINES, LIMIT_TILE_COLUMNS);
	if (request->bytes.len > LIMIT_FILE_BYTES)
		return err_set(err, ERR_LIMIT, "glass: the file is too large to be shown");
	if (request->visible.len > GLASS_VISIBLE_BYTES_MAX)
		return err_set(err, ERR_LIMIT, "glass: the visible line is too long");
	return OK;
}

static enum err_kind get_grid(
	struct glass *g, const struct glass_request *request, struct grid *grid, struct err *err)
{
	struct pool_child *child;
	enum err_kind rc = pool_lease_layout(g, request->pool, &child, err);

	if (rc != OK)
		return rc;
	rc = lay_out(g, child, request, grid, err);
	pool_release(g, child, rc);
	if (rc != OK)
		return rc;
	if (request->first_line > 0 && grid->lines_here == 0)
		return err_set(err, ERR_NOT_FOUND, "the file has %u lines", (unsigned)grid->lines);
	grid_put_foot(grid, &g->coverage, request->visible);
	return OK;
}

static enum err_kind get_page(struct glass *g, struct arena *mem,
	const struct glass_request *request, const struct grid *grid, struct str *png,
	struct err *err)
{
	struct pool_child *child;
	enum err_kind rc = pool_lease_draw(g, &child, err);

	if (rc != OK)
		return rc;
	rc = draw(g, child, mem, request, grid, png, err);
	pool_release(g, child, rc);
	return rc;
}

enum err_kind glass_draw(struct glass *g, struct arena *mem, const struct glass_request *request,
	struct glass_page *page, struct err *err)
{
	struct profile profile = { .theme = request->theme, .zoom = request->zoom };
	struct glass_page made = { 0 };
	struct grid *grid;
	enum err_kind rc = check_request(request, err);

	if (rc != OK)
		return rc;
	if (request->session.len == 0 || request->session.len > GLASS_SESSION_BYTES_MAX)
		return err_set(
			err, ERR_INPUT, "glass: a session id of %zu bytes", request->session.len);
	grid = arena_array(mem, struct grid, 1);
	if (grid == NULL)
		return err_set(err, ERR_LIMIT, "glass: request memory used up");
	rc = get_grid(g, request, grid, err);
	if (rc == OK)
		rc = get_page(g, mem, request, grid, &made.png, err);
	if (rc != OK)
		return rc;
	made.lines = grid->lines;
	made.columns_max = grid->columns_max;
	made.lines_here = grid->lines_here;
	made.width = (uint16_t)page_width(request->zoom);
	made.height = (uint16_t)page_height(request->zoom);
	made.binary = grid->binary != 0;
	made.language = grammar_of((enum language)grid->language)->name;
	made.hits = grid->hits;
	made.hit_count = grid->hit_count;
	profile.font = g->font.font;
	memcpy(profile.engine, g->font.engine, sizeof(profile.engine));
	profile_id(&profile, made.profile);
	*page = made;
	return OK;
}

enum err_kind glass_lay_out(
	struct glass *g, const struct glass_request *request, struct grid *grid, struct err *err)
{
	struct glass_request plain = *request;

	plain.visible = STR("");
	enum err_kind rc = check_request(&plain, err);

	return rc != OK ? rc : get_grid(g, &plain, grid, err);
}

enum err_kind glass_commit_session(
	struct glass *g, struct str session, struct sha256 *digest, struct err *err)
{
	struct draw_commit ask = { .session_len = (uint32_t)session.len };
	struct draw_committed answer;
	struct pool_child *child;

	if (session.len == 0 || session.len > GLASS_SESSION_BYTES_MAX)
		return err_set(err, ERR_INPUT, "glass: a session id of %zu bytes", session.len);
	memcpy(ask.session, session.ptr, session.len);
	enum err_kind rc = pool_lease_draw(g, &child, err);

	if (rc != OK)
		return rc;
	rc = pool_ask(child, DRAW_COMMIT, &ask, sizeof(ask), NULL, 0, g->options.draw_ms_max,
		DRAW_COMMITTED, &answer, sizeof(answer), err);
	pool_release(g, child, rc);
	if (rc == OK)
		*digest = answer.digest;
	return rc;
}
