/* record_acts: what changes records. Runs in the writer's transaction; a failure leaves it to be undone. */
#include "app/decision.h"
#include "app/record.h"
#include "app/record_values.h"
#include "base/limit.h"

/* ---- checks of a whole record ---- */

static enum err_kind check_required(const struct record *record, struct err *err)
{
	for (size_t i = 0; i < record->kind->field_count; i++) {
		const struct kind_field *f = &record->kind->fields[i];

		if (f->required && !record->values[i].given)
			return err_set(err, ERR_INPUT, "%s: is missing", f->name);
	}
	return OK;
}

/* A record that was dropped before anybody outside saw it frees its name. */
static bool is_gone(const struct record *record)
{
	size_t at = kind_state(record->kind, record->state);

	for (size_t i = 0; i < record->kind->transition_count; i++) {
		if (record->kind->transitions[i].from & UINT32_C(1) << at)
			return false;
	}
	return record->kind->states[at].inside;
}

/*
 * A pattern for LIKE that finds every body with this value, and perhaps others: "!" escapes. LIKE is only a
 * sieve: what it lets through is compared value by value.
 */
static enum err_kind body_pattern(struct arena *mem, const struct kind_field *f,
	const struct record_value *value, struct str *pattern, struct err *err)
{
	struct out json, like;
	struct jw w;
	struct str text;

	out_init(&json, mem, 6 * LIMIT_LINE_BYTES + KIND_FILE_BYTES_MAX);
	jw_init(&w, &json);
	jw_object(&w);
	jw_kstr(&w, f->name, value->text);
	jw_object_end(&w);
	enum err_kind rc = out_finish(&json, &text, err);

	if (rc != OK)
		return rc;
	text = str_head(str_skip(text, 1), text.len - 2); /* without the braces */
	out_init(&like, mem, 2 * text.len + 3);
	out_char(&like, '%');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '%' || text.ptr[i] == '_' || text.ptr[i] == '!')
			out_char(&like, '!');
		out_char(&like, text.ptr[i]);
	}
	out_char(&like, '%');
	return out_finish(&like, pattern, err);
}

static enum err_kind check_unique_field(
	const struct record_desk *desk, const struct record *record, size_t at, struct err *err)
{
	const struct kind_field *f = &record->kind->fields[at];
	struct str pattern, ids[LIMIT_LIST_ITEMS];
	size_t count = 0;
	struct stmt *s;
	bool row;
	enum err_kind rc = body_pattern(desk->mem, f, &record->values[at], &pattern, err);

	if (rc == OK)
		rc = stmt_begin(desk->db,
			"SELECT id FROM records WHERE kind = :kind AND id <> :id"
			" AND body LIKE :pattern ESCAPE '!'",
			&s, err);
	if (rc != OK)
		return rc;
	stmt_text(s, ":kind", str_from(record->kind->name));
	stmt_text(s, ":id", record->id);
	stmt_text(s, ":pattern", pattern);
	for (;;) {
		rc = stmt_step(s, &row, err);
		if (rc != OK)
			return rc;
		if (!row)
			break;
		if (count == LIMIT_LIST_ITEMS ||
			!arena_copy(desk->mem, stmt_col_str(s, 0), &ids[count++])) {
			stmt_end(s);
			return err_set(err, ERR_LIMIT, "%s: too many alike", f->name);
		}
	}
	for (size_t i = 0; i < count; i++) {
		struct record other;

		rc = record_load(desk, ids[i], &other, err);
		if (rc != OK)
			return rc;
		if (!is_gone(&other) && str_eq(other.values[at].text, record->values[at].text))
			return err_set(err, ERR_CONFLICT, "%s: %.*s has it already", f->name,
				STR_ARG(other.id));
	}
	return OK;
}

static enum err_kind check_unique(
	const struct record_desk *desk, const struct record *record, struct err *err)
{
	enum err_kind rc = OK;

	for (size_t i = 0; rc == OK && i < record->kind->field_count; i++) {
		if (record->kind->fields[i].unique && record->values[i].given)
			rc = check_unique_field(desk, record, i, err);
	}
	return rc;
}

/* The title field, or else the title of the first record that it refers to. */
static enum err_kind make_title(
	const struct record_desk *desk, struct record *record, struct err *err)
{
	const struct kind *kind = record->kind;
	size_t at = (size_t)(kind->title_field - kind->fields);

	record->title = str_from(kind->title);
	if (record->values[at].given) {
		record->title = record->values[at].text;
		return OK;
	}
	for (size_t i = 0; i < kind->field_count; i++) {
		struct record target;

		if (kind->fields[i].type != FIELD_ID || kind->fields[i].list ||
			!record->values[i].given)
			continue;
		enum err_kind rc = record_load(desk, record->values[i].text, &target, err);

		if (rc == OK)
			record->title = target.title;
		return rc;
	}
	return OK;
}

/* ---- what it refers to ---- */

static enum err_kind add_ref(const struct record_desk *desk, const struct record *record,
	const struct kind_field *f, struct str target, struct err *err)
{
	struct record found;
	struct stmt *s;
	/* One that the caller may not see is answered like one that is not there. */
	enum err_kind rc = desk->caller->roles == 0 ? record_load(desk, target, &found, err)
						    : record_find(desk, target, &found, err);

	if (rc == ERR_NOT_FOUND)
		return err_set(err, ERR_NOT_FOUND, "%s: there is no %s %.*s", f->name,
			f->target_name, STR_ARG(target));
	if (rc == OK)
		rc = stmt_begin(desk->db,
			"INSERT INTO record_refs (id, field, target) VALUES (:id, :field, :target)",
			&s, err);
	if (rc != OK)
		return rc;
	stmt_text(s, ":id", record->id);
	stmt_text(s, ":field", str_from(f->name));
	stmt_text(s, ":target", target);
	return stmt_run(s, NULL, err);
}

static enum err_kind write_refs(
	const struct record_desk *desk, const struct record *record, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(desk->db, "DELETE FROM record_refs WHERE id = :id", &s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":id", record->id);
	rc = stmt_run(s, NULL, err);
	for (size_t i = 0; rc == OK && i < record->kind->field_count; i++) {
		const struct kind_field *f = &record->kind->fields[i];
		const struct record_value *value = &record->values[i];

		if (f->type != FIELD_ID || !value->given)
			continue;
		if (!f->list)
			rc = add_ref(desk, record, f, value->text, err);
		for (size_t k = 0; rc == OK && k < value->count; k++)
			rc = add_ref(desk, record, f, value->items[k], err);
	}
	return rc;
}

/* ---- rows ---- */

/* The entry of this act is the next one: the pipeline appends it in the same transaction, right after. */
static enum err_kind write_history(const struct record_desk *desk, const struct record *record,
	struct str act, struct str from, struct str note, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(desk->db,
		"INSERT INTO record_history"
		" (id, seq, act, from_state, to_state, person, organisation, line, at_us, note, entry,"
		" key, root)"
		" SELECT :id, (SELECT coalesce(max(seq), 0) + 1 FROM record_history WHERE id = :id),"
		" :act, :from, :to, :person, :organisation, :line, :at, :note,"
		" (SELECT coalesce(max(idx), -1) + 1 FROM entries), :key, :root",
		&s, err);
	const struct decided *decided = desk->decided;

	if (rc != OK)
		return rc;
	stmt_text(s, ":id", record->id);
	stmt_text(s, ":act", act);
	stmt_text(s, ":from", from);
	stmt_text(s, ":to", record->state);
	stmt_text(s, ":person", desk->caller->person_id);
	stmt_text(s, ":organisation", desk->caller->organisation_id);
	stmt_text(s, ":line", desk->caller->line);
	stmt_i64(s, ":at", desk->now_us);
	stmt_text(s, ":note", note);
	if (decided != NULL && decided->is_signed) {
		stmt_blob(s, ":key", str_of(decided->key.id.bytes, SHA256_BYTES));
		stmt_blob(s, ":root", str_of(decided->key.root.bytes, SIGN_PUBLIC_BYTES));
	} else {
		stmt_null(s, ":key");
		stmt_null(s, ":root");
	}
	return stmt_run(s, NULL, err);
}

/* What a record's row holds, once its values are complete and nobody else's. */
static enum err_kind make_body(
	const struct record_desk *desk, struct record *record, struct str *body, struct err *err)
{
	enum err_kind rc = check_required(record, err);

	if (rc == OK)
		rc = check_unique(desk, record, err);
	if (rc == OK)
		rc = make_title(desk, record, err);
	return rc == OK ? record_body_write(desk->mem, record->kind, record->values, body, err)
			: rc;
}

static enum err_kind insert(const struct record_desk *desk, struct record *record, struct str act,
	struct str note, struct err *err)
{
	struct stmt *s;
	struct str body;
	enum err_kind rc = make_body(desk, record, &body, err);

	if (rc == OK)
		rc = stmt_begin(desk->db,
			"INSERT INTO records"
			" (id, kind, state, title, body, version, created_us, created_by, changed_us)"
			" VALUES (:id, :kind, :state, :title, :body, 1, :now, :person, :now)",
			&s, err);
	if (rc != OK)
		return rc;
	stmt_text(s, ":id", record->id);
	stmt_text(s, ":kind", str_from(record->kind->name));
	stmt_text(s, ":state", record->state);
	stmt_text(s, ":title", record->title);
	stmt_text(s, ":body", body);
	stmt_i64(s, ":now", desk->now_us);
	stmt_text(s, ":person", desk->caller->person_id);
	rc = stmt_run(s, NULL, err);
	if (rc == OK)
		rc = write_refs(desk, record, err);
	return rc == OK ? write_history(desk, record, act, STR(""), note, err) : rc;
}

static enum err_kind update(const struct record_desk *desk, struct record *record, struct err *err)
{
	struct stmt *s;
	struct str body;
	int64_t changed = 0;
	enum err_kind rc = make_body(desk, record, &body, err);

	if (rc == OK)
		rc = stmt_begin(desk->db,
			"UPDATE records SET state = :state, title = :title, body = :body,"
			" version = version + 1, changed_us = :now WHERE id = :id AND version = :version",
			&s, err);
	if (rc != OK)
		return rc;
	stmt_text(s, ":state", record->state);
	stmt_text(s, ":title", record->title);
	stmt_text(s, ":body", body);
	stmt_i64(s, ":now", desk->now_us);
	stmt_text(s, ":id", record->id);
	stmt_i64(s, ":version", record->version);
	rc = stmt_run(s, &changed, err);
	if (rc == OK && changed != 1)
		rc = err_set(err, ERR_CONFLICT, "somebody changed it meanwhile: look again");
	if (rc == OK)
		record->version++;
	return rc;
}

/* ---- acts ---- */

/* Given values replace, empty ones clear. */
static enum err_kind merge(const struct record_desk *desk, struct record *record,
	const struct record_value *values, struct err *err)
{
	const struct kind *kind = record->kind;
	struct record_value *merged = arena_array(
		desk->mem, struct record_value, kind->field_count);

	if (merged == NULL)
		return err_set(err, ERR_LIMIT, "record: request memory used up");
	for (size_t i = 0; i < kind->field_count; i++) {
		merged[i] = record->values != NULL ? record->values[i]
						   : (struct record_value){ .text = STR("") };
		if (values != NULL && values[i].given) {
			merged[i] = values[i];
			merged[i].given = !record_value_is_empty(&kind->fields[i], &values[i]);
		}
	}
	record->values = merged;
	return OK;
}

static enum err_kind new_id(const struct record_desk *desk, struct record *record, struct err *err)
{
	char id[LAB_ID_BYTES];

	lab_new_id(record->kind->prefix, id);
	return arena_copy(desk->mem, str_from(id), &record->id)
		? OK
		: err_set(err, ERR_LIMIT, "record: request memory used up");
}

static enum err_kind start(const struct record_desk *desk, const struct kind *kind,
	struct str state, const struct record_value *values, struct record *record, struct err *err)
{
	*record = (struct record){
		.kind = kind,
		.state = state,
		.created_by = desk->caller->person_id,
		.version = 1,
		.created_us = desk->now_us,
		.changed_us = desk->now_us,
	};
	enum err_kind rc = new_id(desk, record, err);

	return rc == OK ? merge(desk, record, values, err) : rc;
}

enum err_kind record_create(const struct record_desk *desk, const struct kind *kind,
	const struct record_act *act, struct record *record, struct err *err)
{
	struct refusal no = record_may_create(desk, kind);
	struct str first = str_from(kind->states[kind->first_state].name);

	assert(!kind->created_by_program);
	if (no.kind != OK)
		return err_set(err, no.kind, "%s", no.why);
	enum err_kind rc = start(desk, kind, first, act->values, record, err);

	if (rc == OK)
		rc = record_check_new(desk, record, &no, err);
	if (rc == OK && no.kind != OK)
		rc = err_set(err, no.kind, "%s", no.why);
	return rc == OK ? insert(desk, record, STR("create"), act->note, err) : rc;
}

enum err_kind record_add(const struct record_desk *desk, const char *kind_name, const char *state,
	const char *act, const json_t *fields, char id[LAB_ID_BYTES], struct err *err)
{
	const struct kind *kind = kinds_find(desk->kinds, str_from(kind_name));
	struct record_value *values;
	struct record record;

	if (kind == NULL || kind_state(kind, str_from(state)) == kind->state_count)
		return err_set(
			err, ERR_CORRUPT, "there is no kind %s with a state %s", kind_name, state);
	enum err_kind rc = record_values_read(desk, kind, fields, &values, err);

	if (rc == OK)
		rc = start(desk, kind, str_from(state), values, &record, err);
	if (rc == OK)
		rc = insert(desk, &record, str_from(act), STR(""), err);
	if (rc != OK)
		return rc;
	assert(record.id.len < LAB_ID_BYTES);
	memcpy(id, record.id.ptr, record.id.len);
	id[record.id.len] = '\0';
	return OK;
}

static enum err_kind check_version(
	const struct record *record, const struct record_act *act, struct err *err)
{
	if (act->version == 0 || act->version == record->version)
		return OK;
	return err_set(err, ERR_CONFLICT, "somebody changed it meanwhile: look again");
}

enum err_kind record_edit(const struct record_desk *desk, struct record *record,
	const struct record_act *act, struct err *err)
{
	struct refusal no;
	enum err_kind rc = record_may(desk, record, NULL, &no, err);

	if (rc == OK && no.kind != OK)
		rc = err_set(err, no.kind, "%s", no.why);
	if (rc == OK)
		rc = check_version(record, act, err);
	if (rc == OK)
		rc = merge(desk, record, act->values, err);
	if (rc == OK)
		rc = update(desk, record, err);
	if (rc == OK)
		rc = write_refs(desk, record, err);
	return rc == OK ? write_history(desk, record, STR("edit"), record->state, act->note, err)
			: rc;
}

static const struct {
	const char *act, *done;
} noted[] = {
	{ "credential", "given a one-time password" },
	{ "key", "given a key that counts" },
	{ "key_revoke", "deprived of a key" },
	{ "reset", "given another password at the centre" },
};

const char *record_noted_word(struct str act)
{
	for (size_t i = 0; i < sizeof(noted) / sizeof(noted[0]); i++) {
		if (str_eq(act, str_from(noted[i].act)))
			return noted[i].done;
	}
	return NULL;
}

enum err_kind record_note(const struct record_desk *desk, struct str id, const char *act,
	struct str note, struct err *err)
{
	struct record record;
	enum err_kind rc = record_load(desk, id, &record, err);

	assert(record_noted_word(str_from(act)) != NULL);
	return rc == OK ? write_history(desk, &record, str_from(act), record.state, note, err) : rc;
}

/* An act brings only fields that its transition needs. */
static enum err_kind take_needs(const struct record_desk *desk, struct record *record,
	const struct record_act *act, struct err *err)
{
	const struct kind_transition *t = act->transition;
	bool is_needed[KIND_FIELDS_MAX] = { false };

	for (size_t i = 0; i < t->need_count; i++)
		is_needed[t->needs[i]] = true;
	for (size_t i = 0; act->values != NULL && i < record->kind->field_count; i++) {
		if (act->values[i].given && desk->decided != NULL && desk->decided->is_signed)
			return err_set(err, ERR_INPUT,
				"%s: a signed act brings no fields: edit the record first, then sign",
				record->kind->fields[i].name);
		if (act->values[i].given && !is_needed[i])
			return err_set(err, ERR_INPUT, "%s: cannot be changed by this act",
				record->kind->fields[i].name);
	}
	return merge(desk, record, act->values, err);
}

static enum err_kind check_needs(
	const struct record *record, const struct record_act *act, struct err *err)
{
	const struct kind_transition *t = act->transition;

	if (t->note_required && act->note.len == 0)
		return err_set(err, ERR_INPUT, "note: say why");
	for (size_t i = 0; i < t->need_count; i++) {
		if (!record->values[t->needs[i]].given)
			return err_set(err, ERR_INPUT, "%s: is needed for this",
				record->kind->fields[t->needs[i]].name);
	}
	return OK;
}

enum err_kind record_move(const struct record_desk *desk, struct record *record,
	const struct record_act *act, struct err *err)
{
	const struct kind_transition *t = act->transition;
	struct str from = record->state;
	struct refusal no;

	assert(t != NULL);
	enum err_kind rc = check_version(record, act, err);

	if (rc == OK) /* first, since a condition may look at what the act brings */
		rc = take_needs(desk, record, act, err);
	if (rc == OK)
		rc = record_may(desk, record, t, &no, err);
	if (rc == OK && no.kind != OK)
		rc = err_set(err, no.kind, "%s", no.why);
	if (rc == OK)
		rc = check_needs(record, act, err);
	if (rc != OK)
		return rc;
	record->state = str_from(record->kind->states[t->to].name);
	rc = update(desk, record, err);
	if (rc == OK && t->need_count > 0)
		rc = write_refs(desk, record, err);
	return rc == OK ? write_history(desk, record, str_from(t->name), from, act->note, err) : rc;
}
