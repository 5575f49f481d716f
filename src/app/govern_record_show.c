/* govern_record_show: one record with its history and with what the caller may do with it. */
#include "app/govern_record.h"

#include "app/decision.h"
#include "app/record_seen.h"
#include "base/limit.h"

/*
 * The title of a record, whoever asks; empty when there is none. Acts carry their person's name: whoever sees a
 * record sees who acted on it.
 */
static enum err_kind title_of(
	const struct record_desk *desk, struct str id, struct str *title, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(
		desk->db, "SELECT title FROM records WHERE id = :id", &s, err);

	*title = STR("");
	if (rc != OK)
		return rc;
	stmt_text(s, ":id", id);
	rc = stmt_step(s, &row, err);
	if (rc != OK || !row)
		return rc;
	if (!arena_copy(desk->mem, stmt_col_str(s, 0), title))
		rc = err_set(err, ERR_LIMIT, "record: request memory used up");
	stmt_end(s);
	return rc;
}

static enum err_kind first_entry(
	const struct record_desk *desk, struct str id, int64_t *entry, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(
		desk->db, "SELECT entry FROM record_history WHERE id = :id AND seq = 1", &s, err);

	*entry = -1;
	if (rc != OK)
		return rc;
	stmt_text(s, ":id", id);
	rc = stmt_step(s, &row, err);
	if (rc != OK || !row)
		return rc;
	*entry = stmt_col_i64(s, 0);
	stmt_end(s);
	return OK;
}

enum err_kind record_write_head(
	const struct record_desk *desk, const struct record *record, struct jw *w, struct err *err)
{
	struct str maker;
	int64_t entry;
	enum err_kind rc = title_of(desk, record->created_by, &maker, err);

	if (rc == OK)
		rc = first_entry(desk, record->id, &entry, err);
	if (rc != OK)
		return rc;
	jw_kstr(w, "id", record->id);
	jw_kstr(w, "kind", str_from(record->kind->name));
	jw_kstr(w, "state", record->state);
	jw_kstr(w, "title", record->title);
	jw_key(w, "fields");
	record_write_values(record, w);
	jw_kwhen(w, "created", record->created_us);
	jw_kstr(w, "created_by", record->created_by);
	jw_kstr(w, "created_by_name", maker.len > 0 ? maker : record->created_by);
	jw_key(w, "entry");
	if (entry >= 0)
		jw_i64(w, entry);
	else
		jw_null(w);
	return OK;
}

/* One act as it was stored. */
struct act_row {
	struct str act, from, to, person, organisation, note;
	int64_t at_us, entry;
};

static bool copy_act(struct arena *mem, struct stmt *s, struct act_row *row)
{
	row->at_us = stmt_col_i64(s, 6);
	row->entry = stmt_col_i64(s, 7);
	return arena_copy(mem, stmt_col_str(s, 0), &row->act) &&
		arena_copy(mem, stmt_col_str(s, 1), &row->from) &&
		arena_copy(mem, stmt_col_str(s, 2), &row->to) &&
		arena_copy(mem, stmt_col_str(s, 3), &row->person) &&
		arena_copy(mem, stmt_col_str(s, 4), &row->organisation) &&
		arena_copy(mem, stmt_col_str(s, 5), &row->note);
}

/* The latest acts, oldest first. */
static enum err_kind read_history(const struct record_desk *desk, struct str id,
	struct act_row *rows, size_t *count, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(desk->db,
		"SELECT act, from_state, to_state, person, organisation, note, at_us, entry"
		" FROM (SELECT * FROM record_history WHERE id = :id ORDER BY seq DESC LIMIT :limit)"
		" AS latest ORDER BY seq",
		&s, err);

	*count = 0;
	if (rc != OK)
		return rc;
	stmt_text(s, ":id", id);
	stmt_i64(s, ":limit", LIMIT_PAGE_ITEMS);
	for (;; ++*count) {
		rc = stmt_step(s, &row, err);
		if (rc != OK || !row)
			return rc;
		if (!copy_act(desk->mem, s, &rows[*count])) {
			stmt_end(s);
			return err_set(err, ERR_LIMIT, "record: request memory used up");
		}
	}
}

static enum err_kind write_act(const struct record_desk *desk, const struct kind *kind,
	const struct act_row *row, struct jw *w, struct err *err)
{
	const struct kind_transition *t = kind_transition(kind, row->act);
	struct str person, organisation, done = row->act;
	enum err_kind rc = title_of(desk, row->person, &person, err);

	if (rc == OK)
		rc = title_of(desk, row->organisation, &organisation, err);
	if (rc != OK)
		return rc;
	if (t != NULL)
		done = str_from(t->done);
	else if (str_eq(row->act, STR("create")))
		done = STR("made");
	else if (str_eq(row->act, STR("edit")))
		done = STR("edited");
	else if (record_noted_word(row->act) != NULL)
		done = str_from(record_noted_word(row->act));
	jw_object(w);
	jw_kstr(w, "act", row->act);
	jw_kstr(w, "done", done);
	jw_kstr(w, "from", row->from);
	jw_kstr(w, "to", row->to);
	jw_kstr(w, "person", row->person);
	jw_kstr(w, "person_name", person.len > 0 ? person : row->person);
	jw_kstr(w, "organisation", organisation.len > 0 ? organisation : row->organisation);
	jw_kwhen(w, "at", row->at_us);
	jw_kstr(w, "note", row->note);
	jw_ki64(w, "entry", row->entry);
	jw_object_end(w);
	return OK;
}

static enum err_kind write_history(
	const struct record_desk *desk, const struct record *record, struct jw *w, struct err *err)
{
	struct act_row *rows = arena_array(desk->mem, struct act_row, LIMIT_PAGE_ITEMS);
	size_t count = 0;

	if (rows == NULL)
		return err_set(err, ERR_LIMIT, "record: request memory used up");
	enum err_kind rc = read_history(desk, record->id, rows, &count, err);

	jw_key(w, "history");
	jw_array(w);
	for (size_t i = 0; rc == OK && i < count; i++)
		rc = write_act(desk, record->kind, &rows[i], w, err);
	jw_array_end(w);
	return rc;
}

/* One act from this state: edit (t NULL) or a transition. */
static enum err_kind write_action(const struct record_desk *desk, const struct record *record,
	const struct kind_transition *t, bool signs, struct jw *w, struct err *err)
{
	struct refusal no;
	enum err_kind rc = record_may(desk, record, t, &no, err);

	if (rc != OK)
		return rc;
	jw_object(w);
	jw_kstr(w, "verb", str_from(t != NULL ? t->verb : record->kind->edit_verb));
	jw_kstr(w, "label", t != NULL ? str_from(t->label) : STR("Edit"));
	jw_kstr(w, "help", t != NULL ? str_from(t->help) : STR(""));
	jw_kstr(w, "tone", t != NULL ? str_from(t->tone) : STR("plain"));
	jw_key(w, "needs");
	jw_array(w);
	for (size_t i = 0; t != NULL && i < t->need_count; i++) {
		if (!record->values[t->needs[i]].given)
			jw_str(w, str_from(record->kind->fields[t->needs[i]].name));
	}
	jw_array_end(w);
	jw_kbool(w, "note", t != NULL && t->note_required);
	jw_kbool(w, "sign", t != NULL && t->is_signed && signs);
	jw_kbool(w, "allowed", no.kind == OK);
	jw_kstr(w, "why", no.kind == OK ? STR("") : str_from(no.why));
	jw_object_end(w);
	return OK;
}

/* signs: the caller must sign what is signed. */
static enum err_kind write_actions(const struct record_desk *desk, const struct record *record,
	bool signs, struct jw *w, struct err *err)
{
	const struct kind *kind = record->kind;
	uint32_t state = UINT32_C(1) << kind_state(kind, record->state);
	enum err_kind rc = OK;

	jw_key(w, "actions");
	jw_array(w);
	if ((kind->edit_states & state) != 0)
		rc = write_action(desk, record, NULL, false, w, err);
	for (size_t i = 0; rc == OK && i < kind->transition_count; i++) {
		if ((kind->transitions[i].from & state) != 0)
			rc = write_action(desk, record, &kind->transitions[i], signs, w, err);
	}
	jw_array_end(w);
	return rc;
}

static enum err_kind write_name(
	const struct record_desk *desk, struct str id, struct jw *w, struct err *err)
{
	struct str title;
	bool seen;
	enum err_kind rc = record_seen(desk, id, &seen, err);

	if (rc == OK && seen)
		rc = title_of(desk, id, &title, err);
	if (rc != OK || !seen)
		return rc;
	const char *key = arena_cstr(desk->mem, id);

	if (key == NULL)
		return err_set(err, ERR_LIMIT, "record: request memory used up");
	jw_kstr(w, key, title);
	return OK;
}

void record_ids_add(struct record_ids *ids, const struct record *record)
{
	for (size_t i = 0; i < record->kind->field_count; i++) {
		const struct record_value *value = &record->values[i];
		bool is_list = record->kind->fields[i].list;
		size_t items = !value->given ? 0 : is_list ? value->count : 1;

		if (record->kind->fields[i].type != FIELD_ID)
			continue;
		for (size_t k = 0; k < items && ids->count < RECORD_IDS_MAX; k++) {
			struct str id = is_list ? value->items[k] : value->text;
			size_t n = 0;

			while (n < ids->count && !str_eq(ids->items[n], id))
				n++;
			if (n == ids->count)
				ids->items[ids->count++] = id;
		}
	}
}

enum err_kind record_write_names(
	const struct record_desk *desk, const struct record_ids *ids, struct jw *w, struct err *err)
{
	enum err_kind rc = OK;

	jw_key(w, "names");
	jw_object(w);
	for (size_t i = 0; rc == OK && i < ids->count; i++)
		rc = write_name(desk, ids->items[i], w, err);
	jw_object_end(w);
	return rc;
}

static enum err_kind write_names(
	const struct record_desk *desk, const struct record *record, struct jw *w, struct err *err)
{
	struct record_ids *ids = arena_array(desk->mem, struct record_ids, 1);

	if (ids == NULL)
		return err_set(err, ERR_LIMIT, "record: request memory used up");
	record_ids_add(ids, record);
	return record_write_names(desk, ids, w, err);
}

/* How many records of the kind refer to this one, of those that the caller may see. */
static enum err_kind count_links(const struct record_desk *desk, const struct record *record,
	const struct kind *kind, int64_t *count, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(desk->db,
		"SELECT count(*) FROM records r WHERE r.kind = :kind"
		" AND r.id IN (SELECT f.id FROM record_refs f WHERE f.target = :target)"
		" AND " RECORD_SEEN,
		&s, err);

	*count = 0;
	if (rc != OK)
		return rc;
	stmt_text(s, ":kind", str_from(kind->name));
	stmt_text(s, ":target", record->id);
	record_seen_bind(s, desk, kind);
	rc = stmt_step(s, &row, err);
	if (rc != OK || !row)
		return rc;
	*count = stmt_col_i64(s, 0);
	stmt_end(s);
	return OK;
}

static enum err_kind write_links(
	const struct record_desk *desk, const struct record *record, struct jw *w, struct err *err)
{
	enum err_kind rc = OK;

	jw_key(w, "links");
	jw_array(w);
	for (size_t i = 0; rc == OK && i < kinds_count(desk->kinds); i++) {
		const struct kind *kind = kinds_at(desk->kinds, i);
		int64_t count;

		rc = count_links(desk, record, kind, &count, err);
		if (rc != OK || count == 0)
			continue;
		jw_object(w);
		jw_kstr(w, "kind", str_from(kind->name));
		jw_ki64(w, "count", count);
		jw_object_end(w);
	}
	jw_array_end(w);
	return rc;
}

enum err_kind record_show(struct ctx *ctx, struct err *err)
{
	struct record_desk desk = record_desk_of(ctx);
	struct record record;
	bool signs = false;
	enum err_kind rc = record_find(&desk, arg_str(ctx, "id"), &record, err);

	if (rc != OK)
		return rc;
	jw_key(ctx->answer, "record");
	jw_object(ctx->answer);
	rc = record_write_head(&desk, &record, ctx->answer, err);
	jw_kwhen(ctx->answer, "changed", record.changed_us);
	jw_ki64(ctx->answer, "version", record.version);
	jw_object_end(ctx->answer);
	if (rc == OK)
		rc = write_history(&desk, &record, ctx->answer, err);
	if (rc == OK)
		rc = decision_wanted(&desk, &ctx->lab->settings, &signs, err);
	if (rc == OK)
		rc = write_actions(&desk, &record, signs, ctx->answer, err);
	if (rc == OK)
		rc = write_names(&desk, &record, ctx->answer, err);
	if (rc == OK)
		rc = write_links(&desk, &record, ctx->answer, err);
	return rc;
}
