#include "app/record.h"

#include "app/record_seen.h"
#include "app/record_values.h"

struct record_desk record_desk_of(const struct ctx *ctx)
{
	return (struct record_desk){
		.db = ctx->db,
		.mem = ctx->mem,
		.kinds = ctx->lab->kinds,
		.caller = &ctx->caller,
		.now_us = ctx->now_us,
	};
}

static enum err_kind not_found(struct str id, struct err *err)
{
	struct str shown = id.len < LAB_ID_BYTES ? id : STR("that id");

	return err_set(err, ERR_NOT_FOUND, "there is no %.*s, or not for you", STR_ARG(shown));
}

static enum err_kind read_row(const struct record_desk *desk, struct stmt *s, struct str id,
	struct record *record, struct err *err)
{
	const struct kind *kind = kinds_of_id(desk->kinds, id);
	struct record got = { .kind = kind, .version = stmt_col_i64(s, 4) };
	bool copied = arena_copy(desk->mem, id, &got.id) &&
		arena_copy(desk->mem, stmt_col_str(s, 1), &got.state) &&
		arena_copy(desk->mem, stmt_col_str(s, 2), &got.title) &&
		arena_copy(desk->mem, stmt_col_str(s, 5), &got.created_by);

	if (!copied)
		return err_set(err, ERR_LIMIT, "record: request memory used up");
	if (!str_eq(stmt_col_str(s, 0), str_from(kind->name)) ||
		kind_state(kind, got.state) == kind->state_count)
		return err_set(err, ERR_CORRUPT,
			"record %.*s: its kind's file does not know its kind or state",
			STR_ARG(id));
	got.created_us = stmt_col_i64(s, 6);
	got.changed_us = stmt_col_i64(s, 7);
	enum err_kind rc = record_body_read(
		desk->mem, got.id, kind, stmt_col_str(s, 3), &got.values, err);

	if (rc == OK)
		*record = got;
	return rc;
}

enum err_kind record_load(
	const struct record_desk *desk, struct str id, struct record *record, struct err *err)
{
	struct stmt *s;
	bool row;

	if (kinds_of_id(desk->kinds, id) == NULL)
		return not_found(id, err);
	enum err_kind rc = stmt_begin(desk->db,
		"SELECT kind, state, title, body, version, created_by, created_us, changed_us"
		" FROM records WHERE id = :id",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":id", id);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	if (!row)
		return not_found(id, err);
	rc = read_row(desk, s, id, record, err);
	stmt_end(s);
	return rc;
}

enum err_kind record_find(
	const struct record_desk *desk, struct str id, struct record *record, struct err *err)
{
	bool seen = false;
	enum err_kind rc = record_seen(desk, id, &seen, err);

	if (rc != OK)
		return rc;
	return seen ? record_load(desk, id, record, err) : not_found(id, err);
}

static const struct record_value *value_of(const struct record *record, const char *field)
{
	const struct kind_field *f = kind_field(record->kind, str_from(field));

	assert(f != NULL);
	return &record->values[f - record->kind->fields];
}

struct str record_text(const struct record *record, const char *field)
{
	return value_of(record, field)->text;
}

int64_t record_number(const struct record *record, const char *field, int64_t absent)
{
	const struct record_value *value = value_of(record, field);

	return value->given ? value->number : absent;
}

const struct str *record_items(const struct record *record, const char *field, size_t *count)
{
	const struct record_value *value = value_of(record, field);

	*count = value->count;
	return value->items;
}

bool record_given(const struct record *record, const char *field)
{
	return value_of(record, field)->given;
}

void record_write_values(const struct record *record, struct jw *w)
{
	jw_object(w);
	for (size_t i = 0; i < record->kind->field_count; i++) {
		if (!record->values[i].given)
			continue;
		jw_key(w, record->kind->fields[i].name);
		record_value_write(&record->kind->fields[i], &record->values[i], false, w);
	}
	jw_object_end(w);
}
