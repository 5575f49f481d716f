/* see_engagement: what is open to the caller now, and what waits for them. */
#include "app/access.h"
#include "app/families.h"
#include "app/record.h"
#include "app/record_seen.h"
#include "base/limit.h"

/* Shown on one home page; a list page shows the rest. */
enum { ENGAGEMENTS_MAX = 50, WAITING_MAX = 50, CANDIDATES_MAX = 200 };

/* A union of texts, in the order they came. */
struct words {
	struct str items[LIMIT_LIST_ITEMS];
	size_t count;
};

static void add_words(struct words *words, const struct str *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t k = 0;

		while (k < words->count && !str_eq(words->items[k], items[i]))
			k++;
		if (k == words->count && k < LIMIT_LIST_ITEMS)
			words->items[words->count++] = items[i];
	}
}

/* Ids that a query gives, one a row. */
static enum err_kind take_ids(struct arena *mem, struct stmt *s, struct str *ids, size_t max,
	size_t *count, struct err *err)
{
	bool row;

	*count = 0;
	for (;;) {
		enum err_kind rc = stmt_step(s, &row, err);

		if (rc != OK || !row)
			return rc;
		if (*count == max)
			break;
		if (!arena_copy(mem, stmt_col_str(s, 0), &ids[*count])) {
			stmt_end(s);
			return err_set(err, ERR_LIMIT, "record: request memory used up");
		}
		++*count;
	}
	stmt_end(s);
	return OK;
}

/* The ledger's entry of the record's first act, or -1. */
static enum err_kind entry_of(struct db *db, struct str id, int64_t *entry, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(
		db, "SELECT entry FROM record_history WHERE id = :id AND seq = 1", &s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":id", id);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	*entry = row ? stmt_col_i64(s, 0) : -1;
	if (row)
		stmt_end(s);
	return OK;
}

/* Releases by when they were taken in, the newest first: it is the one that a reviewer comes for. */
static enum err_kind newest_first(struct db *db, struct words *releases, struct err *err)
{
	int64_t entries[LIMIT_LIST_ITEMS] = { 0 };

	for (size_t i = 0; i < releases->count; i++) {
		struct str id = releases->items[i];
		int64_t entry = -1;
		enum err_kind rc = entry_of(db, id, &entry, err);
		size_t at = i;

		if (rc != OK)
			return rc;
		for (; at > 0 && entries[at - 1] < entry; at--) {
			entries[at] = entries[at - 1];
			releases->items[at] = releases->items[at - 1];
		}
		entries[at] = entry;
		releases->items[at] = id;
	}
	return OK;
}

static enum err_kind write_release(
	struct ctx *ctx, const struct record_desk *desk, struct str id, struct err *err)
{
	struct jw *w = ctx->answer;
	struct record release, product;
	int64_t entry = -1;
	enum err_kind rc = record_load(desk, id, &release, err);

	if (rc == OK && !str_eq(release.state, STR("ingested")))
		return OK;
	if (rc == OK)
		rc = record_load(desk, record_text(&release, "product"), &product, err);
	if (rc == OK)
		rc = entry_of(desk->db, id, &entry, err);
	if (rc != OK)
		return rc;
	jw_object(w);
	jw_kstr(w, "id", id);
	jw_kstr(w, "title", release.title);
	jw_kstr(w, "product", product.id);
	jw_kstr(w, "product_title", product.title);
	jw_kstr(w, "version", record_text(&release, "version"));
	jw_kstr(w, "manifest", record_text(&release, "manifest"));
	jw_ki64(w, "files", record_number(&release, "files", 0));
	jw_ki64(w, "lines", record_number(&release, "lines", 0));
	jw_key(w, "entry");
	if (entry >= 0)
		jw_i64(w, entry);
	else
		jw_null(w);
	jw_object_end(w);
	return OK;
}

static enum err_kind write_engagement(
	struct ctx *ctx, const struct record_desk *desk, struct str id, struct err *err)
{
	struct jw *w = ctx->answer;
	struct record engagement, *records;
	struct scope_grant *grants;
	struct words releases = { .count = 0 }, activities = { .count = 0 };
	int64_t per_hour = 0, left = 0;
	size_t count;
	enum err_kind rc = record_load(desk, id, &engagement, err);

	if (rc == OK)
		rc = access_grants(desk, &engagement, &grants, &records, &count, err);
	if (rc != OK)
		return rc;
	for (size_t i = 0; i < count; i++) {
		size_t n;
		const struct str *items = record_items(&records[i], "releases", &n);

		add_words(&releases, items, n);
		items = record_items(&records[i], "activities", &n);
		add_words(&activities, items, n);
		per_hour += grants[i].lines_per_hour;
		left += grants[i].lines_left;
	}
	rc = newest_first(desk->db, &releases, err);
	if (rc != OK)
		return rc;
	jw_object(w);
	jw_kstr(w, "id", engagement.id);
	jw_kstr(w, "title", engagement.title);
	jw_kstr(w, "state", engagement.state);
	if (record_given(&engagement, "until"))
		jw_kwhen(w, "until", record_number(&engagement, "until", 0));
	jw_key(w, "activities");
	jw_array(w);
	for (size_t i = 0; i < activities.count; i++)
		jw_str(w, activities.items[i]);
	jw_array_end(w);
	jw_key(w, "releases");
	jw_array(w);
	for (size_t i = 0; rc == OK && i < releases.count; i++)
		rc = write_release(ctx, desk, releases.items[i], err);
	jw_array_end(w);
	jw_key(w, "budget");
	jw_object(w);
	jw_ki64(w, "lines_per_hour", per_hour);
	jw_ki64(w, "lines_left", left);
	jw_object_end(w);
	jw_object_end(w);
	return rc;
}

/* Engagements of the caller's party that are open or about to be, the open ones first. */
static enum err_kind write_engagements(
	struct ctx *ctx, const struct record_desk *desk, struct err *err)
{
	struct str ids[ENGAGEMENTS_MAX];
	size_t count = 0;
	struct stmt *s;
	enum err_kind rc = stmt_begin(desk->db,
		"SELECT r.id FROM record_refs p JOIN records r ON r.id = p.id"
		" WHERE p.target = :organisation AND p.field = 'party' AND r.kind = 'engagement'"
		" AND r.state IN ('open', 'approved')"
		" ORDER BY CASE r.state WHEN 'open' THEN 0 ELSE 1 END, r.created_us DESC, r.id",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":organisation", ctx->caller.organisation_id);
	rc = take_ids(ctx->mem, s, ids, ENGAGEMENTS_MAX, &count, err);
	jw_key(ctx->answer, "engagements");
	jw_array(ctx->answer);
	for (size_t i = 0; rc == OK && i < count; i++)
		rc = write_engagement(ctx, desk, ids[i], err);
	jw_array_end(ctx->answer);
	return rc;
}

/* One transition of one record, when the caller may do it. */
static enum err_kind write_waiting(struct ctx *ctx, const struct record_desk *desk, struct str id,
	const struct kind_transition *t, size_t *written, struct err *err)
{
	struct jw *w = ctx->answer;
	struct record record;
	struct refusal no = { OK, NULL };
	enum err_kind rc = record_load(desk, id, &record, err);

	if (rc == OK)
		rc = record_may(desk, &record, t, &no, err);
	if (rc != OK || no.kind != OK)
		return rc;
	jw_object(w);
	jw_kstr(w, "id", record.id);
	jw_kstr(w, "kind", str_from(record.kind->name));
	jw_kstr(w, "title", record.title);
	jw_kstr(w, "verb", str_from(t->verb));
	jw_kstr(w, "label", str_from(t->label));
	jw_kwhen(w, "since", record.changed_us);
	jw_object_end(w);
	++*written;
	return OK;
}

/* Records of the kind in a state that the transition starts from; the longest waiting first. */
static enum err_kind list_waiting(const struct record_desk *desk, const struct kind *kind,
	size_t state, struct str *ids, size_t *count, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(desk->db,
		"SELECT r.id FROM records r WHERE r.kind = :kind AND r.state = :state"
		" AND " RECORD_SEEN " ORDER BY r.changed_us, r.id",
		&s, err);

	*count = 0;
	if (rc != OK)
		return rc;
	stmt_text(s, ":kind", str_from(kind->name));
	stmt_text(s, ":state", str_from(kind->states[state].name));
	record_seen_bind(s, desk, kind);
	return take_ids(desk->mem, s, ids, CANDIDATES_MAX, count, err);
}

static enum err_kind write_waiting_for(struct ctx *ctx, const struct record_desk *desk,
	const struct kind *kind, const struct kind_transition *t, size_t *written, struct err *err)
{
	struct str ids[CANDIDATES_MAX];
	size_t count;
	enum err_kind rc = OK;

	if (!t->waits || (t->who.roles & ctx->caller.roles) == 0)
		return OK;
	for (size_t state = 0; rc == OK && state < kind->state_count; state++) {
		if ((t->from & UINT32_C(1) << state) == 0)
			continue;
		rc = list_waiting(desk, kind, state, ids, &count, err);
		for (size_t i = 0; rc == OK && i < count && *written < WAITING_MAX; i++)
			rc = write_waiting(ctx, desk, ids[i], t, written, err);
	}
	return rc;
}

static enum err_kind mine(struct ctx *ctx, struct err *err)
{
	struct record_desk desk = record_desk_of(ctx);
	size_t written = 0;
	enum err_kind rc = write_engagements(ctx, &desk, err);

	jw_key(ctx->answer, "waiting");
	jw_array(ctx->answer);
	for (size_t i = 0; rc == OK && i < kinds_count(desk.kinds); i++) {
		const struct kind *kind = kinds_at(desk.kinds, i);

		for (size_t k = 0; rc == OK && k < kind->transition_count; k++)
			rc = write_waiting_for(
				ctx, &desk, kind, &kind->transitions[k], &written, err);
	}
	jw_array_end(ctx->answer);
	return rc;
}

static const struct verb_arg no_args[] = { { 0 } };

const struct verb verbs_engagement[] = {
	{
		.name = "engagement.mine",
		.summary = "What is open to you now, and what waits for you.",
		.args = no_args,
		.roles = ROLE_SIGNED_IN,
		.entry = "engagement.mine",
		.public_fields = "",
		.compute = mine,
	},
	{ 0 },
};
