#include "source/ingest.h"

#include <stdlib.h>

#include "source/import_run.h"
#include "source/ingest_dsc.h"
#include "source/manifest.h"
#include "source/path.h"
#include "source/tree.h"

/* A file of the release to be, in the order of arrival. */
struct taken {
	struct release_file file;
	struct str same_as; /* a hard link that waits for its target; else empty */
	struct str target; /* of a symbolic link */
	size_t seq;
};

struct ingest {
	struct pack_store *store;
	struct db *read;
	struct arena *mem;
	uint64_t bytes_max;
	struct taken *taken;
	size_t count, cap;
	struct pack_place *fresh;
	size_t fresh_count, fresh_cap;
	uint64_t submodules;
};

/* Room for one more of an array in the arena, by doubling; the old one stays until the arena goes. */
static void *grown(struct arena *mem, void *array, size_t count, size_t *cap, size_t size)
{
	if (count < *cap)
		return array;
	size_t more = *cap == 0 ? 64 : *cap * 2;
	void *copy = arena_alloc(mem, more, size);

	if (copy == NULL)
		return NULL;
	if (count > 0)
		memcpy(copy, array, count * size);
	*cap = more;
	return copy;
}

static enum err_kind out_of_memory(struct err *err)
{
	return err_set(err, ERR_LIMIT, "the source has more files than the ingest's memory holds");
}

static enum err_kind keep(
	struct ingest *in, struct str bytes, struct pack_place *place, struct err *err)
{
	bool fresh = false;
	enum err_kind rc = pack_add(in->store, in->read, bytes, place, &fresh, err);

	if (rc != OK || !fresh)
		return rc;
	struct pack_place *list = grown(
		in->mem, in->fresh, in->fresh_count, &in->fresh_cap, sizeof(*in->fresh));

	if (list == NULL)
		return out_of_memory(err);
	in->fresh = list;
	list[in->fresh_count++] = *place;
	return OK;
}

/* Looks as git and grep do: a NUL byte near the start. */
static bool is_binary(struct str bytes)
{
	size_t near = bytes.len < LIMIT_BINARY_LOOK_BYTES ? bytes.len : LIMIT_BINARY_LOOK_BYTES;

	return near > 0 && memchr(bytes.ptr, '\0', near) != NULL;
}

static uint64_t count_lines(struct str bytes)
{
	const char *at = bytes.ptr, *end = bytes.ptr + bytes.len;
	uint64_t lines = 0;

	while (at < end) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));

		lines++;
		at = eol == NULL ? end : eol + 1;
	}
	return lines;
}

/* Into the store; the digest is ours, of our own copy of the bytes. */
static enum err_kind adopt(
	struct ingest *in, struct taken *t, const struct import_file *file, struct err *err)
{
	struct pack_place place;
	enum err_kind rc = keep(in, file->bytes, &place, err);

	if (rc != OK)
		return rc;
	t->file.digest = place.digest;
	t->file.size = file->bytes.len;
	t->file.binary = is_binary(file->bytes);
	t->file.lines = t->file.binary ? 0 : count_lines(file->bytes);
	if (file->mode == FILE_SYMLINK && !arena_copy(in->mem, file->bytes, &t->target))
		return out_of_memory(err);
	in->submodules += file->mode == FILE_SUBMODULE;
	return OK;
}

static enum err_kind take_file(void *arg, const struct import_file *file, struct err *err)
{
	struct ingest *in = arg;
	struct taken *list = grown(in->mem, in->taken, in->count, &in->cap, sizeof(*in->taken));

	if (list == NULL)
		return out_of_memory(err);
	in->taken = list;
	struct taken *t = &list[in->count];

	*t = (struct taken){ .file.mode = file->mode, .seq = in->count, .target = STR("") };
	if (!arena_copy(in->mem, file->path, &t->file.path) ||
		!arena_copy(in->mem, file->same_as, &t->same_as))
		return out_of_memory(err);
	enum err_kind rc = file->same_as.len > 0 ? OK : adopt(in, t, file, err);

	if (rc == OK)
		in->count++;
	return rc;
}

static int by_path(const void *a, const void *b)
{
	const struct taken *const *x = a, *const *y = b;
	int order = manifest_order(&(*x)->file, &(*y)->file);

	return order != 0 ? order : (*x)->seq < (*y)->seq ? -1 : 1;
}

/* The one that a hard link at place `before` of the archive may repeat, or NULL. */
static const struct taken *find_before(
	struct taken *const *sorted, size_t count, struct str path, size_t before)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (str_cmp(sorted[mid]->file.path, path) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == count || !str_eq(sorted[low]->file.path, path) || sorted[low]->seq >= before)
		return NULL;
	return sorted[low];
}

/* In order of arrival, so that a link to a link finds the first one resolved. */
static enum err_kind resolve_hard_links(
	struct ingest *in, struct taken *const *sorted, struct err *err)
{
	char shown[PATH_SHOWN_BYTES], shown_target[PATH_SHOWN_BYTES];

	for (size_t i = 0; i < in->count; i++) {
		struct taken *t = &in->taken[i];

		if (t->same_as.len == 0)
			continue;
		const struct taken *first = find_before(sorted, in->count, t->same_as, t->seq);

		if (first == NULL)
			return err_set(err, ERR_INPUT,
				"%s is a hard link to %s, which does not come before it in the "
				"archive: pack it again",
				path_shown(t->file.path, shown),
				path_shown(t->same_as, shown_target));
		struct str path = t->file.path;

		t->file = first->file;
		t->file.path = path;
		t->target = first->target;
	}
	return OK;
}

/* Bytes of "top/" when everything lies in one top folder, as archives are usually packed; else 0. */
static size_t top_folder(struct taken *const *sorted, size_t count)
{
	struct str first = sorted[0]->file.path, last = sorted[count - 1]->file.path, top, rest;

	if (!str_cut(first, '/', &top, &rest))
		return 0;
	/* What starts with "top/" is one run of a sorted list. */
	return str_starts(last, str_head(first, top.len + 1)) ? top.len + 1 : 0;
}

/* The release's list: sorted, hard links resolved, an archive's top folder left away, links checked again. */
static enum err_kind make_list(
	struct ingest *in, bool cut_top, struct ingest_result *result, struct err *err)
{
	struct taken **sorted = arena_array(in->mem, struct taken *, in->count);
	struct release_file *list = arena_array(in->mem, struct release_file, in->count);
	enum err_kind rc = OK;

	if (sorted == NULL || list == NULL)
		return out_of_memory(err);
	for (size_t i = 0; i < in->count; i++)
		sorted[i] = &in->taken[i];
	qsort(sorted, in->count, sizeof(struct taken *), by_path);
	rc = resolve_hard_links(in, sorted, err);
	size_t cut = cut_top ? top_folder(sorted, in->count) : 0;

	for (size_t i = 0; rc == OK && i < in->count; i++) {
		list[i] = sorted[i]->file;
		list[i].path = str_skip(list[i].path, cut);
		if (list[i].mode == FILE_SYMLINK)
			rc = path_link_check(list[i].path, sorted[i]->target, err);
		result->bytes += list[i].size;
		result->lines += list[i].lines;
	}
	if (rc == OK && result->bytes > in->bytes_max)
		rc = err_set(err, ERR_LIMIT,
			"with its hard links the source is larger than %llu bytes: ingest a part of "
			"it, or raise ingest_bytes_max",
			(unsigned long long)in->bytes_max);
	if (rc == OK)
		rc = tree_check(list, in->count, err);
	result->list = list;
	result->list_count = in->count;
	result->files = in->count;
	return rc;
}

static enum err_kind make_manifest(struct ingest *in, struct ingest_result *result, struct err *err)
{
	struct pack_place place;
	struct out o;

	out_init(&o, in->mem, in->mem->limit_bytes);
	manifest_format(&o, result->list, result->list_count);
	enum err_kind rc = out_finish(&o, &result->manifest_bytes, err);

	if (rc == OK)
		rc = keep(in, result->manifest_bytes, &place, err);
	if (rc == OK)
		result->manifest = place.digest;
	return rc;
}

static uint64_t at_most(uint64_t wanted, uint64_t limit)
{
	return wanted == 0 || wanted > limit ? limit : wanted;
}

/* A .dsc is unpacked into a folder first; everything else is read as it is. */
static enum err_kind read_source(struct ingest *in, const struct ingest_request *request,
	const struct import_limits *limits, ingest_progress_fn *progress, void *arg,
	struct ingest_result *result, struct err *err)
{
	static const char *const names[IMPORT_FORMATS] = {
		[IMPORT_DIRECTORY] = "directory",
		[IMPORT_GIT] = "git",
		[IMPORT_TAR] = "tar",
		[IMPORT_ZIP] = "zip",
		[IMPORT_DSC] = "dsc",
	};
	const struct import_sink sink = { .file = take_file, .arg = in };
	struct import_task task = { .source_fd = request->source_fd,
		.name = request->name,
		.ref = request->ref,
		.progress = progress,
		.arg = arg };
	bool is_dsc = str_ends(request->name, STR(".dsc"));
	char origin[IMPORT_TEXT_BYTES];
	struct import_stream s;
	int tree = -1;
	enum err_kind rc = is_dsc ? dsc_unpack(&task, limits, &tree, origin, err) : OK;

	if (rc != OK)
		return rc;
	if (is_dsc) {
		task.source_fd = tree;
		task.name = STR("tree");
		task.is_plain_folder = true;
	}
	import_stream_init(&s, limits, &sink);
	rc = import_run(&task, &s, err);
	if (is_dsc)
		dsc_end(tree);
	if (rc == OK && in->count == 0)
		rc = err_set(err, ERR_INPUT, "the source holds no file");
	if (rc == OK && !arena_copy(in->mem, str_from(is_dsc ? origin : s.origin), &result->origin))
		rc = out_of_memory(err);
	if (rc == OK) {
		result->format = is_dsc ? names[IMPORT_DSC] : names[s.format];
		result->git_folders = s.git_folders;
		result->submodules = in->submodules;
		rc = make_list(in, !is_dsc && (s.format == IMPORT_TAR || s.format == IMPORT_ZIP),
			result, err);
	}
	import_stream_reset(&s);
	return rc;
}

enum err_kind ingest_read(struct pack_store *store, struct db *read, struct arena *mem,
	const struct ingest_request *request, ingest_progress_fn *progress, void *arg,
	struct ingest_result *result, struct err *err)
{
	struct ingest in = { .store = store, .read = read, .mem = mem };
	struct import_limits limits = {
		.files_max = at_most(request->files_max, LIMIT_RELEASE_FILES),
		.bytes_max = at_most(request->bytes_max, LIMIT_RELEASE_BYTES),
	};
	struct ingest_result r = { 0 };

	/* A snapshot from before pack_begin would miss what another ingest has just committed. */
	assert(!db_in_transaction(read));
	enum err_kind rc = pack_begin(store, err);

	if (rc != OK)
		return rc;
	in.bytes_max = limits.bytes_max;
	rc = read_source(&in, request, &limits, progress, arg, &r, err);
	if (rc == OK)
		rc = make_manifest(&in, &r, err);
	if (rc == OK)
		rc = pack_sync(store, err);
	if (rc != OK) {
		pack_end(store, false);
		return rc;
	}
	r.fresh = in.fresh;
	r.fresh_count = in.fresh_count;
	*result = r;
	return OK;
}

struct recording {
	struct db *db;
	struct str release_id;
};

static enum err_kind record_row(void *arg, const struct tree_row *row, struct err *err)
{
	const struct recording *rec = arg;
	const struct release_file *f = row->file;
	struct stmt *s;
	enum err_kind rc = stmt_begin(rec->db,
		"INSERT INTO release_nodes (release, folder, name, is_folder, mode, digest, size, lines, "
		"is_binary, files) VALUES (:release, :folder, :name, :is_folder, :mode, :digest, :size, "
		":lines, :is_binary, :files)",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":release", rec->release_id);
	stmt_blob(s, ":folder", row->folder);
	stmt_blob(s, ":name", row->name);
	stmt_i64(s, ":is_folder", f == NULL);
	stmt_i64(s, ":mode", f == NULL ? 0 : (int64_t)f->mode);
	if (f == NULL)
		stmt_null(s, ":digest");
	else
		stmt_blob(s, ":digest", str_of(f->digest.bytes, SHA256_BYTES));
	stmt_i64(s, ":size", (int64_t)(f == NULL ? row->bytes : f->size));
	stmt_i64(s, ":lines", (int64_t)(f == NULL ? row->lines : f->lines));
	stmt_i64(s, ":is_binary", f != NULL && f->binary);
	stmt_i64(s, ":files", f == NULL ? (int64_t)row->files : 1);
	return stmt_run(s, NULL, err);
}

enum err_kind ingest_record(
	struct db *db, struct str release_id, const struct ingest_result *result, struct err *err)
{
	struct recording rec = { .db = db, .release_id = release_id };
	enum err_kind rc = pack_record(db, result->fresh, result->fresh_count, err);

	return rc == OK ? tree_walk(result->list, result->list_count, record_row, &rec, err) : rc;
}
