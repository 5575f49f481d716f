/* govern_record: the lists of records. */
#include "app/govern_record.h"
#include "app/families.h"
#include "app/record_seen.h"
#include "base/limit.h"

enum { ITEMS_DEFAULT = 50, AFTER_BYTES = 64 };

/* What record.list asks, bound by both of its queries. */
struct filter {
	const struct kind *kind;
	struct str state, ref, like; /* empty: any */
};

#define LIST_WHERE                                                                                 \
	" FROM records r WHERE r.kind = :kind AND (:state = '' OR r.state = :state)"               \
	" AND (:ref = '' OR EXISTS (SELECT 1 FROM record_refs f WHERE f.id = r.id"                 \
	" AND f.target = :ref))"                                                                   \
	" AND (:like = '' OR lower(r.title) LIKE lower(:like) ESCAPE '!')"                         \
	" AND " RECORD_SEEN

static void bind_filter(struct stmt *s, const struct record_desk *desk, const struct filter *filter)
{
	stmt_text(s, ":kind", str_from(filter->kind->name));
	stmt_text(s, ":state", filter->state);
	stmt_text(s, ":ref", filter->ref);
	stmt_text(s, ":like", filter->like);
	record_seen_bind(s, desk, filter->kind);
}

/* "%text%" with LIKE's own characters escaped by "!". */
static enum err_kind like_pattern(
	struct arena *mem, struct str text, struct str *pattern, struct err *err)
{
	static const char special[] = { '%', '_', '!' };
	struct out o;

	*pattern = STR("");
	if (text.len == 0)
		return OK;
	out_init(&o, mem, 2 * LIMIT_LINE_BYTES + 2);
	out_char(&o, '%');
	for (size_t i = 0; i < text.len; i++) {
		if (memchr(special, text.ptr[i], sizeof(special)) != NULL)
			out_char(&o, '!');
		out_char(&o, text.ptr[i]);
	}
	out_char(&o, '%');
	return out_finish(&o, pattern, err);
}

/* A page begins after a record: its moment and id, "1795359912000000.eng_7k2m9q4xw3ht". */
static enum err_kind read_after(struct str token, int64_t *us, struct str *id, struct err *err)
{
	struct str digits;
	uint64_t value;

	*us = -1;
	*id = STR("");
	if (token.len == 0)
		return OK;
	if (!str_cut(token, '.', &digits, id) || !str_to_u64(digits, &value) ||
		value > (uint64_t)INT64_MAX)
		return err_set(err, ERR_INPUT, "after: must be what an earlier page gave as next");
	*us = (int64_t)value;
	return OK;
}

static enum err_kind count_all(const struct record_desk *desk, const struct filter *filter,
	int64_t *total, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(desk->db, "SELECT count(*)" LIST_WHERE, &s, err);

	if (rc != OK)
		return rc;
	bind_filter(s, desk, filter);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	assert(row);
	*total = stmt_col_i64(s, 0);
	stmt_end(s);
	return OK;
}

/* Ids of one page and, if more follow, one more. */
static enum err_kind list_page(const struct ctx *ctx, const struct record_desk *desk,
	const struct filter *filter, struct str *ids, int64_t limit, size_t *count, struct err *err)
{
	struct stmt *s;
	struct str after_id;
	int64_t after_us;
	bool row;
	enum err_kind rc = read_after(arg_str(ctx, "after"), &after_us, &after_id, err);

	if (rc == OK)
		rc = stmt_begin(desk->db,
			"SELECT r.id" LIST_WHERE " AND (:after_us < 0 OR r.created_us < :after_us"
			" OR (r.created_us = :after_us AND r.id < :after_id))"
			" ORDER BY r.created_us DESC, r.id DESC LIMIT :limit",
			&s, err);
	if (rc != OK)
		return rc;
	bind_filter(s, desk, filter);
	stmt_i64(s, ":after_us", after_us);
	stmt_text(s, ":after_id", after_id);
	stmt_i64(s, ":limit", limit + 1);
	for (*count = 0;; ++*count) {
		rc = stmt_step(s, &row, err);
		if (rc != OK || !row)
			return rc;
		assert(*count <= (size_t)limit);
		if (!arena_copy(desk->mem, stmt_col_str(s, 0), &ids[*count])) {
			stmt_end(s);
			return err_set(err, ERR_LIMIT, "record: request memory used up");
		}
	}
}

static enum err_kind write_item(struct ctx *ctx, const struct record_desk *desk, struct str id,
	struct record_ids *names, struct err *err)
{
	struct jw *w = ctx->answer;
	struct record record;
	enum err_kind rc = record_load(desk, id, &record, err);

	if (rc != OK)
		return rc;
	record_ids_add(names, &record);
	jw_object(w);
	rc = record_write_head(desk, &record, w, err);
	jw_kwhen(w, "changed", record.changed_us);
	jw_object_end(w);
	return rc;
}

static enum err_kind list(struct ctx *ctx, struct err *err)
{
	struct record_desk desk = record_desk_of(ctx);
	struct filter filter = {
		.kind = kinds_find(desk.kinds, arg_str(ctx, "kind")),
		.state = arg_str(ctx, "state"),
		.ref = arg_str(ctx, "ref"),
	};
	struct str ids[LIMIT_PAGE_ITEMS + 1];
	size_t limit = (size_t)arg_i64(ctx, "limit", ITEMS_DEFAULT), count;
	int64_t total = 0;

	if (filter.kind == NULL)
		return err_set(err, ERR_INPUT, "kind: there is no such kind");
	enum err_kind rc = like_pattern(ctx->mem, arg_str(ctx, "text"), &filter.like, err);

	if (rc == OK)
		rc = count_all(&desk, &filter, &total, err);
	if (rc == OK)
		rc = list_page(ctx, &desk, &filter, ids, (int64_t)limit, &count, err);
	if (rc != OK)
		return rc;
	size_t shown = count > limit ? limit : count;
	struct record_ids *names = arena_array(ctx->mem, struct record_ids, 1);

	if (names == NULL)
		return err_set(err, ERR_LIMIT, "record: request memory used up");

	jw_kstr(ctx->answer, "kind", str_from(filter.kind->name));
	jw_key(ctx->answer, "items");
	jw_array(ctx->answer);
	for (size_t i = 0; rc == OK && i < shown; i++)
		rc = write_item(ctx, &desk, ids[i], names, err);
	jw_array_end(ctx->answer);
	if (rc == OK)
		rc = record_write_names(&desk, names, ctx->answer, err);
	if (rc != OK)
		return rc;
	jw_key(ctx->answer, "next");
	if (count > limit) {
		struct record last;

		rc = record_load(&desk, ids[limit - 1], &last, err);
		if (rc != OK)
			return rc;
		const char *next = arena_printf(
			ctx->mem, "%lld.%.*s", (long long)last.created_us, STR_ARG(last.id));

		jw_str(ctx->answer, str_from(next));
	} else {
		jw_null(ctx->answer);
	}
	jw_ki64(ctx->answer, "total", total);
	return OK;
}

static const struct verb_arg list_args[] = {
	{ "kind", ARG_LINE, ARG_REQUIRED, 1, 32, NULL, "kind of the records, as in lab.describe" },
	{ "state", ARG_LINE, 0, 0, 32, NULL, "only those in this state" },
	{ "ref", ARG_ID, 0, 0, 0, NULL, "only those that refer to this record" },
	{ "text", ARG_LINE, 0, 0, 120, NULL, "only those with this in their title" },
	{ "after", ARG_LINE, 0, 0, AFTER_BYTES, NULL, "the next page: what this one gave as next" },
	{ "limit", ARG_INT, 0, 1, LIMIT_PAGE_ITEMS, NULL, "items of a page" },
	{ 0 },
};

static const struct verb_arg show_args[] = {
	{ "id", ARG_ID, ARG_REQUIRED, 0, 0, NULL, "the record" },
	{ 0 },
};

const struct verb verbs_record[] = {
	{
		.name = "record.list",
		.summary = "Records of one kind that you may see, newest first.",
		.args = list_args,
		.roles = ROLE_SIGNED_IN,
		.entry = "record.list",
		.public_fields = "",
		.compute = list,
	},
	{
		.name = "record.show",
		.summary = "One record: its fields, what happened to it, what you may do with it.",
		.args = show_args,
		.roles = ROLE_SIGNED_IN,
		.entry = "record.show",
		.public_fields = "",
		.compute = record_show,
	},
	{ 0 },
};
