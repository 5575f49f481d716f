/*
 * prove_refusals: the refusal register: what was asked for and not granted, who decided, why, when. Each refusal
 * is an entry of the ledger, so that their number can be proved from the published log and never be lowered; what
 * was asked and why it was refused lie in the records.
 */
#include "app/answer_list.h"
#include "app/families.h"
#include "app/record.h"
#include "app/record_seen.h"
#include "base/limit.h"

#define REFUSAL_ENTRY "request.refuse"

/* Of the whole ledger, whoever asks: a count that is public in the log anyway. */
static enum err_kind count_entries(
	struct db *db, const char *kind, uint64_t size, int64_t *count, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(
		db, "SELECT count(*) FROM entries WHERE kind = :kind AND idx < :size", &s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":kind", str_from(kind));
	stmt_i64(s, ":size", (int64_t)size);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	*count = row ? stmt_col_i64(s, 0) : 0;
	stmt_end(s);
	return OK;
}

/* The counts, as of the signed head that an offline count of the published log is compared with. */
static enum err_kind write_counts(struct ctx *ctx, struct ledger_head *head, struct err *err)
{
	struct str note;
	int64_t refusals = 0, automatic = 0;
	enum err_kind rc = ledger_checkpoint(ctx->lab->ledger, ctx->mem, head, &note, err);

	if (rc == OK)
		rc = count_entries(ctx->db, REFUSAL_ENTRY, head->size, &refusals, err);
	if (rc == OK)
		rc = count_entries(ctx->db, "refused", head->size, &automatic, err);
	if (rc != OK)
		return rc;
	jw_key(ctx->answer, "size");
	jw_u64(ctx->answer, head->size);
	jw_ki64(ctx->answer, "count", refusals);
	jw_ki64(ctx->answer, "automatic", automatic);
	return OK;
}

static void write_title(
	struct jw *w, const char *key, const char *title_key, struct stmt *s, int column)
{
	jw_kstr(w, key, stmt_col_str(s, column));
	jw_kstr(w, title_key, stmt_col_str(s, column + 1));
}

static enum err_kind write_refusal(struct ctx *ctx, struct stmt *s, struct err *err)
{
	struct record_desk desk = record_desk_of(ctx);
	struct jw *w = ctx->answer;
	struct record record;
	enum err_kind rc = record_load(&desk, stmt_col_str(s, 3), &record, err);

	if (rc != OK)
		return rc;
	jw_object(w);
	jw_ki64(w, "entry", stmt_col_i64(s, 0));
	jw_kwhen(w, "time", stmt_col_i64(s, 1));
	jw_kstr(w, "reason", stmt_col_str(s, 2));
	write_title(w, "id", "title", s, 3);
	write_title(w, "party", "party_title", s, 5);
	write_title(w, "decided_by", "decided_by_title", s, 7);
	jw_kwhen(w, "asked", record.created_us);
	jw_key(w, "fields");
	record_write_values(&record, w);
	jw_object_end(w);
	return OK;
}

#define REFUSAL_ROWS                                                                               \
	" FROM records r JOIN record_history h ON h.id = r.id AND h.act = 'refuse'"                \
	" JOIN record_refs f ON f.id = r.id AND f.field = 'party'"                                 \
	" JOIN records o ON o.id = f.target JOIN records d ON d.id = h.person"                     \
	" WHERE r.kind = :kind AND h.entry <= :from AND " RECORD_SEEN

/* How many of them the caller may see: for who sees all, fewer than entries means that records were tampered with. */
static enum err_kind write_visible(struct ctx *ctx, const struct record_desk *desk,
	const struct kind *kind, const struct ledger_head *head, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(desk->db, "SELECT count(*)" REFUSAL_ROWS, &s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":kind", str_from(kind->name));
	stmt_i64(s, ":from", (int64_t)head->size - 1);
	record_seen_bind(s, desk, kind);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	jw_ki64(ctx->answer, "visible", row ? stmt_col_i64(s, 0) : 0);
	jw_kbool(ctx->answer, "sees_all", (ctx->caller.roles & kind->seen_by) != 0);
	stmt_end(s);
	return OK;
}

static enum err_kind begin_list(const struct record_desk *desk, const struct kind *kind,
	int64_t from, int64_t limit, struct stmt **out, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(desk->db,
		"SELECT h.entry, h.at_us, h.note, r.id, r.title, o.id, o.title, d.id, d.title" REFUSAL_ROWS
		" ORDER BY h.entry DESC LIMIT :limit",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":kind", str_from(kind->name));
	stmt_i64(s, ":from", from);
	stmt_i64(s, ":limit", limit + 1); /* one more tells whether there is a next page */
	record_seen_bind(s, desk, kind);
	*out = s;
	return OK;
}

static enum err_kind list_compute(struct ctx *ctx, struct err *err)
{
	struct record_desk desk = record_desk_of(ctx);
	const struct kind *kind = kinds_find(desk.kinds, STR("request"));
	int64_t limit = arg_i64(ctx, "limit", 50), from = arg_i64(ctx, "from", INT64_MAX);
	struct ledger_head head = { 0 };
	struct stmt *s;
	enum err_kind rc = write_counts(ctx, &head, err);

	if (rc != OK)
		return rc;
	if (kind == NULL)
		return err_set(err, ERR_NOT_FOUND,
			"this lab keeps no requests: kinds/request.yaml is missing");
	/* What is durable and not yet signed is neither counted nor shown. */
	if (from >= (int64_t)head.size)
		from = (int64_t)head.size - 1;
	rc = write_visible(ctx, &desk, kind, &head, err);
	if (rc != OK)
		return rc;
	rc = begin_list(&desk, kind, from, limit, &s, err);
	return rc == OK ? answer_list(ctx, s, "refusals", limit, write_refusal, err) : rc;
}

static const struct verb_arg list_args[] = {
	{ "from", ARG_INT, 0, 0, 0, NULL, "entry of the newest refusal to list; absent: the last" },
	{ "limit", ARG_INT, 0, 1, LIMIT_PAGE_ITEMS, NULL, "how many at most; 50 when absent" },
	{ 0 },
};

const struct verb verbs_refusal[] = {
	{
		.name = "refusal.list",
		.summary =
			"The refusal register: what was asked for and not granted, by whom and why.",
		.args = list_args,
		.roles = ROLE_OFFICER | ROLE_AUDITOR | ROLE_REVIEWER,
		.public_fields = "actor",
		.compute = list_compute,
	},
	{ 0 },
};
