/*
 * see_release: releases taken in, and their folders listed. Names of folders and files are text under any grant
 * (whoever may see pages of a file sees its name in the room); what a grant does not cover is not listed at all.
 */
#include "app/access.h"
#include "app/families.h"
#include "app/record.h"
#include "base/limit.h"
#include "base/utf8.h"
#include "source/ingest.h"
#include "source/tree.h"

enum { VERSION_BYTES_MAX = 120 };

static const struct verb_arg ingest_args[] = {
	{ .name = "product",
		.type = ARG_ID,
		.flags = ARG_REQUIRED,
		.words = "prd",
		.help = "Id of the product." },
	{ .name = "version",
		.type = ARG_LINE,
		.flags = ARG_REQUIRED,
		.min = 1,
		.max = VERSION_BYTES_MAX,
		.help = "What the maker calls this release." },
	{ .name = "name",
		.type = ARG_LINE,
		.flags = ARG_REQUIRED,
		.min = 1,
		.max = 240,
		.help = "File name of the source; one that ends in .dsc stands in the folder that is handed over." },
	{ .name = "ref",
		.type = ARG_LINE,
		.max = 200,
		.help = "Of a git repository: branch, tag or commit. Without: HEAD." },
	{ 0 },
};

/* A product that takes releases, and no release of that version yet. Asked before the work and again after it. */
static enum err_kind check_new(struct ctx *ctx, struct record *product, struct err *err)
{
	struct record_desk desk = record_desk_of(ctx);
	struct stmt *s;
	bool row;
	enum err_kind rc = record_find(&desk, arg_str(ctx, "product"), product, err);

	if (rc != OK)
		return rc;
	if (!str_eq(product->state, STR("offered")))
		return err_set(err, ERR_CONFLICT, "the product is withdrawn: offer it again first");
	/* A release's title is its version. */
	rc = stmt_begin(ctx->db,
		"SELECT r.id FROM record_refs p JOIN records r ON r.id = p.id WHERE p.target = :product "
		"AND p.field = 'product' AND r.kind = 'release' AND r.title = :version",
		&s, err);
	if (rc != OK)
		return rc;
	stmt_text(s, ":product", product->id);
	stmt_text(s, ":version", arg_str(ctx, "version"));
	rc = stmt_step(s, &row, err);
	if (rc == OK && row)
		rc = err_set(err, ERR_CONFLICT,
			"the product has a release %.*s already (%.*s): a release never changes, so give "
			"another version",
			STR_ARG(arg_str(ctx, "version")), STR_ARG(stmt_col_str(s, 0)));
	stmt_end(s);
	return rc;
}

static enum err_kind check_new_on_snapshot(struct ctx *ctx, struct err *err)
{
	struct record product;
	enum err_kind rc = db_begin(ctx->db, err);

	if (rc != OK)
		return rc;
	rc = check_new(ctx, &product, err);
	db_rollback(ctx->db);
	return rc;
}

static bool ingest_progress(void *arg, uint64_t files, uint64_t bytes)
{
	struct ctx *ctx = arg;

	return call_progress(
		ctx, &(struct call_report){ .done = files, .unit = "files", .bytes = bytes });
}

static void ingest_end(void *arg, bool durable)
{
	struct lab *lab = arg;

	pack_end(lab->packs, durable);
}

static enum err_kind ingest_compute(struct ctx *ctx, struct err *err)
{
	struct ingest_result *result = arena_array(ctx->mem, struct ingest_result, 1);
	const struct ingest_request request = {
		.source_fd = ctx->fd,
		.name = arg_str(ctx, "name"),
		.ref = arg_str(ctx, "ref"),
		.files_max = (uint64_t)ctx->lab->settings.ingest_files_max,
		.bytes_max = (uint64_t)ctx->lab->settings.ingest_bytes_max,
	};

	if (result == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	enum err_kind rc = check_new_on_snapshot(ctx, err);

	if (rc == OK)
		rc = ingest_read(ctx->lab->packs, ctx->db, ctx->mem, &request, ingest_progress, ctx,
			result, err);
	if (rc != OK)
		return rc;
	/* From here on the store waits for the transaction's outcome. */
	call_on_end(ctx, ingest_end, ctx->lab);
	ctx->state = result;
	return OK;
}

static enum err_kind add_record(struct ctx *ctx, const struct record *product,
	const struct ingest_result *r, const char *manifest, char id[LAB_ID_BYTES], struct err *err)
{
	struct record_desk desk = record_desk_of(ctx);
	struct str version = arg_str(ctx, "version");
	json_t *fields = json_pack("{s:s%, s:s%, s:s, s:I, s:I, s:I, s:s, s:s%}", "product",
		product->id.ptr, product->id.len, "version", version.ptr, version.len, "manifest",
		manifest, "files", (json_int_t)r->files, "bytes", (json_int_t)r->bytes, "lines",
		(json_int_t)r->lines, "format", r->format, "origin", r->origin.ptr, r->origin.len);

	if (fields == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	if (r->origin.len == 0)
		json_object_del(fields, "origin");
	enum err_kind rc = record_add(&desk, "release", "ingested", "ingest", fields, id, err);

	json_decref(fields);
	return rc;
}

static void tell(struct ctx *ctx, const struct record *product, const struct ingest_result *r,
	const char *manifest, const char *id)
{
	struct jw *w = ctx->answer;

	entry_public(ctx, "product", product->id);
	entry_public(ctx, "release", str_from(id));
	entry_public(ctx, "version", arg_str(ctx, "version"));
	entry_public(ctx, "manifest", str_from(manifest));
	entry_public_i64(ctx, "files", (int64_t)r->files);
	entry_subject(ctx, str_from(id));
	jw_kstr(w, "id", str_from(id));
	jw_kstr(w, "manifest", str_from(manifest));
	jw_ki64(w, "files", (int64_t)r->files);
	jw_ki64(w, "bytes", (int64_t)r->bytes);
	jw_ki64(w, "lines", (int64_t)r->lines);
	jw_kstr(w, "format", str_from(r->format));
	jw_kstr(w, "origin", r->origin);
	jw_ki64(w, "git_folders", (int64_t)r->git_folders);
	jw_ki64(w, "submodules", (int64_t)r->submodules);
}

static enum err_kind ingest_apply(struct ctx *ctx, struct err *err)
{
	const struct ingest_result *r = ctx->state;
	char manifest[SHA256_HEX_BYTES], id[LAB_ID_BYTES];
	struct record product;
	enum err_kind rc = check_new(ctx, &product, err);

	sha256_format(&r->manifest, manifest);
	if (rc == OK)
		rc = add_record(ctx, &product, r, manifest, id, err);
	if (rc == OK)
		rc = ingest_record(ctx->db, str_from(id), r, err);
	if (rc == OK)
		tell(ctx, &product, r, manifest, id);
	return rc;
}

/* "text" is either a name or a path, spelled as out_shown does, so that ARG_PATH reads it back. */
static void write_shown(struct ctx *ctx, const char *key, struct str text)
{
	struct err err;
	struct str shown;
	struct out o;

	out_init(&o, ctx->mem, 4 * (size_t)LIMIT_PATH_BYTES);
	out_shown(&o, text);
	if (out_finish(&o, &shown, &err) != OK)
		ctx->answer->out->failed = true;
	else
		jw_kstr(ctx->answer, key, shown);
}

static void write_node(struct ctx *ctx, const struct release_node *node)
{
	static const char *const types[] = { [FILE_PLAIN] = "file",
		[FILE_EXECUTABLE] = "file",
		[FILE_SYMLINK] = "link",
		[FILE_SUBMODULE] = "submodule" };
	struct jw *w = ctx->answer;

	jw_object(w);
	write_shown(ctx, "name", node->name);
	write_shown(ctx, "path", node->file.path);
	jw_kstr(w, "type", str_from(node->is_folder ? "folder" : types[node->file.mode]));
	jw_ki64(w, "size", (int64_t)(node->is_folder ? node->bytes : node->file.size));
	jw_ki64(w, "lines", (int64_t)(node->is_folder ? node->lines : node->file.lines));
	jw_ki64(w, "files", (int64_t)(node->is_folder ? node->files : 1));
	jw_kbool(w, "binary", node->file.binary);
	jw_object_end(w);
}

/* Of a folder that is covered in part, what it holds in all would tell about the rest: no totals then. */
static void write_folder_name(struct ctx *ctx, const struct release_node *node)
{
	struct jw *w = ctx->answer;

	jw_object(w);
	write_shown(ctx, "name", node->name);
	write_shown(ctx, "path", node->file.path);
	jw_kstr(w, "type", STR("folder"));
	jw_kbool(w, "scoped", true);
	jw_object_end(w);
}

/* Is all that may lie beneath the folder covered by one of the grants? */
static bool covers_all_of(const struct scope *scope, struct str folder)
{
	for (size_t i = 0; i < scope->grant_count; i++) {
		const struct scope_grant *g = &scope->grants[i];
		bool within = g->prefix_count == 0, cut = false;

		for (size_t k = 0; k < g->prefix_count && !within; k++)
			within = path_covers(g->prefixes[k], folder);
		for (size_t k = 0; k < g->excepted_count && !cut; k++)
			cut = path_covers(g->excepted[k], folder) ||
				path_covers(folder, g->excepted[k]);
		if (within && !cut)
			return true;
	}
	return false;
}

static bool is_told_in_all(const struct scope *scope, const struct release_node *node)
{
	struct str path = node->file.path;

	return scope == NULL ||
		(node->is_folder ? covers_all_of(scope, path) : scope_covers(scope, path));
}

/* What is neither told nor named is left out before rows are counted: a page says nothing about it. */
static bool is_listed(void *arg, const struct release_node *node)
{
	const struct scope *scope = arg;

	return is_told_in_all(scope, node) ||
		(node->is_folder && scope_reaches(scope, node->file.path));
}

/* Where to go on, as the answer before said it: the path of its last row, and what that is. */
static enum err_kind read_page_args(struct ctx *ctx, struct release_page *page, struct err *err)
{
	struct str after = STR(""), unused;
	enum err_kind rc = arg_given(ctx, "folder") ? arg_path(ctx, "folder", &page->folder, err)
						    : OK;

	if (rc == OK && arg_given(ctx, "after"))
		rc = arg_path(ctx, "after", &after, err);
	if (rc != OK)
		return rc;
	page->limit = (size_t)arg_i64(ctx, "limit", LIMIT_TREE_ROWS);
	page->after_is_folder = str_eq(arg_str(ctx, "after_type"), STR("folder"));
	if (after.len == 0)
		return OK;
	tree_split(after, &unused, &page->after);
	return str_eq(unused, page->folder)
		? OK
		: err_set(err, ERR_INPUT, "after: must be what an earlier page gave as next");
}

/* scope NULL: everything. */
static enum err_kind list_folder(struct ctx *ctx, const struct scope *scope, struct err *err)
{
	struct release_page page = { .folder = STR(""),
		.after = STR(""),
		.keep = is_listed,
		.arg = (void *)(uintptr_t)scope };
	struct release_node *nodes;
	size_t count;
	bool more;
	enum err_kind rc = read_page_args(ctx, &page, err);

	if (rc == OK)
		rc = release_list(ctx->db, ctx->mem, arg_str(ctx, "release"), &page, &nodes, &count,
			&more, err);
	if (rc != OK)
		return rc;
	write_shown(ctx, "folder", page.folder);
	jw_kbool(ctx->answer, "scoped", scope != NULL && !scope_is_whole(scope));
	jw_key(ctx->answer, "entries");
	jw_array(ctx->answer);
	for (size_t i = 0; i < count; i++) {
		if (is_told_in_all(scope, &nodes[i]))
			write_node(ctx, &nodes[i]);
		else
			write_folder_name(ctx, &nodes[i]);
	}
	jw_array_end(ctx->answer);
	if (more) {
		write_shown(ctx, "next", nodes[count - 1].file.path);
		jw_kstr(ctx->answer, "next_type",
			nodes[count - 1].is_folder ? STR("folder") : STR("file"));
	}
	return OK;
}

static enum err_kind tree_compute(struct ctx *ctx, struct err *err)
{
	entry_public(ctx, "engagement", ctx->scope->engagement_pseudonym);
	return list_folder(ctx, ctx->scope, err);
}

/* Of a long folder: rows a page, and where it begins. */
#define PAGE_ARGS                                                                                  \
	{ .name = "limit",                                                                         \
		.type = ARG_INT,                                                                   \
		.min = 1,                                                                          \
		.max = LIMIT_TREE_ROWS,                                                            \
		.help = "Rows of a page." },                                                       \
		{ .name = "after",                                                                 \
			.type = ARG_PATH,                                                          \
			.help = "The next page: what this one gave as next." },                    \
	{                                                                                          \
		.name = "after_type", .type = ARG_ENUM, .words = "folder file",                    \
		.help = "The next page: what this one gave as next_type."                          \
	}

static const struct verb_arg tree_args[] = {
	{ .name = "engagement",
		.type = ARG_ID,
		.flags = ARG_REQUIRED,
		.words = "eng",
		.help = "Id of the engagement." },
	{ .name = "release",
		.type = ARG_ID,
		.flags = ARG_REQUIRED,
		.words = "rel",
		.help = "Id of the release." },
	{ .name = "folder", .type = ARG_PATH, .help = "Folder to list. Without: the top." },
	PAGE_ARGS,
	{ 0 },
};

static enum err_kind files_compute(struct ctx *ctx, struct err *err)
{
	struct record_desk desk = record_desk_of(ctx);
	struct record release;
	enum err_kind rc = record_find(&desk, arg_str(ctx, "release"), &release, err);

	if (rc != OK)
		return rc;
	entry_subject(ctx, release.id);
	return list_folder(ctx, NULL, err);
}

static const struct verb_arg files_args[] = {
	{ .name = "release",
		.type = ARG_ID,
		.flags = ARG_REQUIRED,
		.words = "rel",
		.help = "Id of the release." },
	{ .name = "folder", .type = ARG_PATH, .help = "Folder to list. Without: the top." },
	PAGE_ARGS,
	{ 0 },
};

const struct verb verbs_release[] = {
	{
		.name = "release.ingest",
		.summary =
			"Take a release in from a folder, git repository, archive or Debian source package.",
		.args = ingest_args,
		.roles = ROLE_OFFICER | ROLE_ENGINEER,
		.entry = "release.ingest",
		.public_fields = "product release version manifest files actor",
		.flags = VERB_FD | VERB_LONG,
		.compute = ingest_compute,
		.apply = ingest_apply,
	},
	{
		.name = "release.files",
		.summary = "List a folder of a release: names and sizes, never content.",
		.args = files_args,
		.roles = ROLE_OFFICER | ROLE_ENGINEER | ROLE_AUDITOR,
		.entry = "release.files",
		.public_fields = "actor",
		.compute = files_compute,
	},
	{
		.name = "source.tree",
		.summary = "List what the grants open of a folder.",
		.args = tree_args,
		.roles = ROLE_SIGNED_IN,
		.activity = ACTIVITY_VIEW,
		.entry = "source.tree",
		.public_fields = "engagement actor",
		.flags = VERB_SEALED,
		.compute = tree_compute,
	},
	{ 0 },
};
