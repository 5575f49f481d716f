/* lab_code: which client code the lab hands to browsers, in the ledger since the vault that brought it. */
#include "app/lab.h"
#include "format/json.h"

#define CODE_KIND "ui.code"

enum err_kind lab_code(
	struct db *db, struct arena *mem, struct str *digest, int64_t *index, struct err *err)
{
	struct stmt *s;
	json_t *entry = NULL;
	struct str text = STR("");
	bool row;
	enum err_kind rc = stmt_begin(db,
		"SELECT idx, bytes FROM entries WHERE kind = '" CODE_KIND
		"' ORDER BY idx DESC LIMIT 1",
		&s, err);

	*digest = STR("");
	*index = -1;
	if (rc != OK)
		return rc;
	rc = stmt_step(s, &row, err);
	if (rc != OK || !row)
		return rc;
	rc = json_parse(stmt_col_str(s, 1), LIMIT_ENTRY_BYTES, &entry, err);
	if (rc == OK && !json_str(json_object_get(entry, "public"), "digest", &text))
		rc = err_set(err, ERR_CORRUPT, "an entry " CODE_KIND " has no digest");
	if (rc == OK && !arena_copy(mem, text, digest))
		rc = err_set(err, ERR_LIMIT, "memory used up");
	*index = stmt_col_i64(s, 0);
	json_decref(entry);
	stmt_end(s);
	return rc;
}

struct code {
	struct lab *lab;
	struct str digest;
};

static enum err_kind note_code(struct db *db, void *arg, struct err *err)
{
	const struct code *code = arg;
	struct arena mem;
	struct str before;
	int64_t last;
	uint64_t index;

	arena_init(&mem, LIMIT_JSON_BYTES);
	enum err_kind rc = lab_code(db, &mem, &before, &last, err);
	bool same = rc == OK && str_eq(before, code->digest);

	arena_reset(&mem);
	if (rc != OK || same)
		return rc;
	struct entry_draft draft = { .kind = CODE_KIND,
		.time_us = clock_now_us(&code->lab->clock),
		.detail = STR(""),
		.session = STR(""),
		.record = STR(""),
		.field_count = 1 };

	draft.fields[0] = (struct entry_field){ .name = "digest", .text = code->digest };
	return ledger_append(code->lab->ledger, db, &draft, &index, err);
}

enum err_kind lab_note_code(struct lab *lab, const char *digest, struct err *err)
{
	struct code code = { lab, str_from(digest) };

	return writer_run(lab->writer, note_code, &code, err);
}
