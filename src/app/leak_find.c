#include "app/leak_find.h"

#include "app/lab.h"
#include "base/utf8.h"
#include "glass/finder.h"

/* How often a long search tells how far it is. */
enum { PROGRESS_FILES = 256 };

struct search {
	struct ctx *ctx;
	struct finder *finder;
	struct find_hit *hits;
	leak_hit_fn *hit;
	void *arg;
	struct leak_searched *searched;
};

static enum err_kind search_file(struct search *s, const struct release_text *text, struct err *err)
{
	struct str bytes;
	size_t count;
	enum err_kind rc = pack_read(
		s->ctx->lab->packs, s->ctx->db, &text->file.digest, &bytes, err);

	if (rc == OK)
		rc = finder_look(s->finder, bytes, s->hits, &count, err);
	if (rc != OK)
		return rc;
	if (count == FIND_HITS_MAX)
		return err_set(err, ERR_LIMIT,
			"this stands in %d places or more of one file: ask for less common words or lines",
			FIND_HITS_MAX);
	for (size_t i = 0; i < count && rc == OK; i++)
		rc = s->hit(s->arg, text, &s->hits[i], err);
	s->searched->files++;
	s->searched->bytes += bytes.len;
	return rc;
}

static enum err_kind search_all(
	struct search *s, const struct release_text *texts, size_t count, struct err *err)
{
	uint64_t total = 0;
	enum err_kind rc = OK;

	for (size_t i = 0; i < count; i++)
		total += texts[i].file.size;
	if (total > LIMIT_LEAK_SCAN_BYTES)
		return err_set(err, ERR_LIMIT,
			"more than %llu GiB of source would have to be looked through: name a release",
			LIMIT_LEAK_SCAN_BYTES >> 30);
	for (size_t i = 0; i < count && rc == OK; i++) {
		const struct call_report report = {
			.done = s->searched->bytes, .total = total, .unit = "bytes"
		};

		if (i % PROGRESS_FILES == 0 && !call_progress(s->ctx, &report))
			return err_set(err, ERR_CANCELLED, "the search was stopped");
		rc = search_file(s, &texts[i], err);
	}
	return rc;
}

enum err_kind leak_find(struct ctx *ctx, const struct find_needles *needles, struct str release,
	leak_hit_fn *hit, void *arg, struct leak_searched *searched, struct err *err)
{
	struct search search = { .ctx = ctx, .hit = hit, .arg = arg, .searched = searched };
	struct release_text *texts;
	size_t count;

	*searched = (struct leak_searched){ 0 };
	if (ctx->lab->glass == NULL)
		return err_set(err, ERR_IO, "this lab runs without glass");
	search.hits = arena_array(ctx->mem, struct find_hit, FIND_HITS_MAX);
	if (search.hits == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	enum err_kind rc = release_texts(ctx->db, ctx->mem, release, &texts, &count, err);

	if (rc == OK)
		rc = finder_open(ctx->lab->glass, needles, &search.finder, err);
	if (rc != OK)
		return rc;
	rc = search_all(&search, texts, count, err);
	finder_close(search.finder);
	return rc;
}

void leak_write_path(struct ctx *ctx, const char *key, struct str path)
{
	struct str shown;
	struct err err;
	struct out o;

	out_init(&o, ctx->mem, 4 * (size_t)LIMIT_PATH_BYTES);
	out_shown(&o, path);
	if (out_finish(&o, &shown, &err) != OK)
		ctx->answer->out->failed = true;
	else
		jw_kstr(ctx->answer, key, shown);
}
