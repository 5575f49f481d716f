/* prove_ledger: the record as people read it: its published files, its entries, their proofs; redaction. */
#include "app/answer_list.h"
#include "app/families.h"
#include "app/lab.h"
#include "app/trail.h"
#include "app/verb.h"
#include "app/witnessing.h"
#include "base/hex.h"
#include "ledger/published.h"
#include "os/fs.h"

enum { DETAIL_READERS = ROLE_OFFICER | ROLE_AUDITOR };

static_assert(BUNDLE_BYTES_MAX <= LIMIT_FRAME_BYTES - LIMIT_ANSWER_BYTES,
	"every bundle can be handed out");

/* A published file by its one spelling; nothing else below ledger/ can be named. */
static bool path_is_published(struct str path)
{
	struct tile tile;

	return str_eq(path, STR("checkpoint")) || str_eq(path, STR("log.vkey")) ||
		str_eq(path, STR(LEDGER_WITNESSED)) || str_eq(path, STR(LEDGER_POLICY)) ||
		tilepath_parse(path, &tile);
}

static enum err_kind file_compute(struct ctx *ctx, struct err *err)
{
	struct str path = arg_str(ctx, "path");
	const char *name = arena_cstr(ctx->mem, path);

	if (!path_is_published(path))
		return err_set(err, ERR_NOT_FOUND, "the log has no such file");
	if (name == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	enum err_kind rc = fs_read(
		ctx->lab->ledger_fd, name, BUNDLE_BYTES_MAX, ctx->mem, &ctx->attach, err);

	if (rc == ERR_NOT_FOUND)
		return err_set(err, rc, "the log has no such file");
	if (rc == OK)
		jw_kstr(ctx->answer, "path", path);
	return rc;
}

/* Which acts belong to a session or a record is not public: the filters are for those who may read details. */
static enum err_kind check_filters(struct ctx *ctx, struct err *err)
{
	bool reads_details = (ctx->caller.roles & DETAIL_READERS) != 0;
	bool own = arg_given(ctx, "session") &&
		str_eq(arg_str(ctx, "session"), ctx->caller.session_id);

	if (!reads_details && (arg_given(ctx, "record") || (arg_given(ctx, "session") && !own)))
		return err_set(err, ERR_DENIED,
			"officers and auditors may list by record or session; you may list your own session");
	return OK;
}

/* The entry as it was signed: bytes that fit their hash are handed on, and not read a second time. */
static enum err_kind write_item(struct ctx *ctx, struct stmt *s, struct err *err)
{
	struct jw *w = ctx->answer;
	struct str bytes = stmt_col_str(s, 1);
	struct sha256 leaf = merkle_leaf(bytes);

	if (!str_eq(stmt_col_str(s, 3), str_of(leaf.bytes, SHA256_BYTES)))
		return err_set(err, ERR_CORRUPT, "entry %lld does not fit its hash",
			(long long)stmt_col_i64(s, 0));
	jw_object(w);
	jw_ki64(w, "index", stmt_col_i64(s, 0));
	jw_kbool(w, "redacted", stmt_col_i64(s, 2) != 0);
	jw_members(w, bytes);
	jw_object_end(w);
	return OK;
}

/* One statement a filter, so that each is answered from its index. */
static const char *list_sql(const struct ctx *ctx)
{
#define LIST_FROM "SELECT idx, bytes, redacted, leaf FROM entries WHERE idx <= :from AND "
#define LIST_TAIL " ORDER BY idx DESC LIMIT :limit"
	bool kind = arg_given(ctx, "kind");

	if (arg_given(ctx, "session"))
		return kind ? LIST_FROM "session = :session AND kind = :kind" LIST_TAIL
			    : LIST_FROM "session = :session" LIST_TAIL;
	if (arg_given(ctx, "record"))
		return kind ? LIST_FROM "record = :record AND kind = :kind" LIST_TAIL
			    : LIST_FROM "record = :record" LIST_TAIL;
	return kind ? LIST_FROM "kind = :kind" LIST_TAIL : LIST_FROM "idx >= 0" LIST_TAIL;
#undef LIST_FROM
#undef LIST_TAIL
}

static enum err_kind begin_list(
	struct ctx *ctx, int64_t from, int64_t limit, struct stmt **out, struct err *err)
{
	static const char *const filters[] = { "session", "record", "kind" };
	bool by_session = arg_given(ctx, "session");
	struct stmt *s;
	enum err_kind rc = stmt_begin(ctx->db, list_sql(ctx), &s, err);

	if (rc != OK)
		return rc;
	stmt_i64(s, ":from", from);
	stmt_i64(s, ":limit", limit + 1); /* one more tells whether there is a next page */
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = { ":session", ":record", ":kind" };

		if (arg_given(ctx, filters[i]) && !(i == 1 && by_session))
			stmt_text(s, names[i], arg_str(ctx, filters[i]));
	}
	*out = s;
	return OK;
}

static enum err_kind list_compute(struct ctx *ctx, struct err *err)
{
	struct ledger_head head;
	struct str note;
	struct stmt *s = NULL;
	int64_t limit = arg_i64(ctx, "limit", 50);
	enum err_kind rc = check_filters(ctx, err);

	if (rc == OK)
		rc = ledger_checkpoint(ctx->lab->ledger, ctx->mem, &head, &note, err);
	if (rc != OK)
		return rc;
	/* What is durable and not yet signed is not shown: it has no proof yet. */
	int64_t from = arg_i64(ctx, "from", INT64_MAX);

	if (from >= (int64_t)head.size)
		from = (int64_t)head.size - 1;
	rc = begin_list(ctx, from, limit, &s, err);
	if (rc != OK)
		return rc;
	jw_key(ctx->answer, "size");
	jw_u64(ctx->answer, head.size);
	return answer_list(ctx, s, "entries", limit, write_item, err);
}

static void write_detail(struct ctx *ctx, const struct entry_row *row)
{
	struct jw *w = ctx->answer;
	bool sealed = trail_is_sealed(row->detail);

	jw_kbool(w, "redacted", row->redacted);
	jw_kbool(w, "sealed", sealed);
	if ((ctx->caller.roles & DETAIL_READERS) == 0 || sealed || row->redacted)
		return;
	jw_khex(w, "nonce", row->nonce.ptr, row->nonce.len);
	jw_kstr(w, "detail", row->detail);
}

static enum err_kind entry_compute(struct ctx *ctx, struct err *err)
{
	struct jw *w = ctx->answer;
	uint64_t index = (uint64_t)arg_i64(ctx, "index", 0);
	struct ledger_head head;
	struct entry_row row;
	struct str proof, note;
	struct cosigned_view *view = arena_array(ctx->mem, struct cosigned_view, 1);
	enum err_kind rc = ledger_checkpoint(ctx->lab->ledger, ctx->mem, &head, &note, err);

	if (rc == OK && view == NULL)
		rc = err_set(err, ERR_LIMIT, "request memory used up");
	if (rc == OK)
		rc = cosigned_show(ctx->lab->cosigned, ctx->mem, view, err);
	if (rc == OK && index >= head.size)
		rc = err_set(err, ERR_NOT_FOUND, "no entry %llu", (unsigned long long)index);
	/* The head that others vouch for is worth more than the newest. */
	if (rc == OK && index < view->witnessed.size) {
		head = view->witnessed;
		note = view->witnessed_note;
	}
	if (rc == OK)
		rc = ledger_entry(ctx->db, ctx->mem, index, &row, err);
	if (rc == OK)
		rc = ledger_prove(
			ctx->lab->ledger, ctx->mem, &head, note, index, &row.leaf, &proof, err);
	if (rc != OK)
		return rc;
	jw_key(w, "index");
	jw_u64(w, index);
	jw_kstr(w, "entry", row.bytes);
	jw_khex(w, "leaf", row.leaf.bytes, SHA256_BYTES);
	write_detail(ctx, &row);
	jw_kstr(w, "checkpoint", note);
	jw_kstr(w, "proof", proof);
	jw_key(w, "tree_size");
	jw_u64(w, head.size);
	jw_khex(w, "root", head.root.bytes, SHA256_BYTES);
	jw_kbool(w, "witnessed", index < view->witnessed.size);
	witnessing_put(w, view);
	return OK;
}

static enum err_kind redact_apply(struct ctx *ctx, struct err *err)
{
	int64_t index = arg_i64(ctx, "index", 0);
	enum err_kind rc = ledger_redact(ctx->db, (uint64_t)index, err);

	if (rc != OK)
		return rc;
	entry_public_i64(ctx, "index", index);
	jw_ki64(ctx->answer, "index", index);
	jw_kbool(ctx->answer, "redacted", true);
	return OK;
}

static const struct verb_arg file_args[] = {
	{ "path", ARG_LINE, ARG_REQUIRED, 1, TILEPATH_BYTES_MAX, NULL,
		"checkpoint, checkpoint.witnessed, policy, log.vkey, or a tile's name" },
	{ 0 },
};

static const struct verb_arg list_args[] = {
	{ "from", ARG_INT, 0, 0, 0, NULL, "index of the newest entry to list; absent: the last" },
	{ "limit", ARG_INT, 0, 1, LIMIT_PAGE_ITEMS, NULL, "how many at most; 50 when absent" },
	{ "kind", ARG_LINE, 0, 1, LIMIT_NAME_BYTES, NULL, "entries of this kind only" },
	{ "record", ARG_ID, 0, 0, 0, NULL, "entries about this record only" },
	{ "session", ARG_ID, 0, 0, 0, "ses", "entries of this session only" },
	{ 0 },
};

static const struct verb_arg entry_args[] = {
	{ "index", ARG_INT, ARG_REQUIRED, 0, 0, NULL, "the entry's place in the log" },
	{ 0 },
};

static const struct verb_arg redact_args[] = {
	{ "index", ARG_INT, ARG_REQUIRED, 0, 0, NULL, "the entry's place in the log" },
	{ "reason", ARG_TEXT, ARG_REQUIRED, 1, 1000, NULL, "why its detail must go" },
	{ 0 },
};

const struct verb verbs_ledger[] = {
	{
		.name = "ledger.file",
		.summary = "Hand out a file of the published log.",
		.args = file_args,
		.roles = ROLE_ANYONE,
		.peers = PEER_CONSOLE | PEER_ENROLLED,
		.public_fields = "",
		.flags = VERB_NO_ENTRY | VERB_BYTES | VERB_SELF,
		.compute = file_compute,
	},
	{
		.name = "ledger.list",
		.summary = "List entries of the ledger, newest first.",
		.args = list_args,
		.roles = ROLE_SIGNED_IN,
		.public_fields = "actor",
		.compute = list_compute,
	},
	{
		.name = "ledger.entry",
		.summary = "Show one entry with its proof; its detail to those who may read it.",
		.args = entry_args,
		.roles = ROLE_SIGNED_IN,
		.public_fields = "actor",
		.compute = entry_compute,
	},
	{
		.name = "ledger.redact",
		.summary = "Destroy the private detail of an entry; the entry and its proofs stay.",
		.args = redact_args,
		.roles = ROLE_OFFICER,
		.public_fields = "actor index",
		.apply = redact_apply,
	},
	{ 0 },
};
