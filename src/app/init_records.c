/* init_records: through the same engine and the same writer as everything later. */
#include "app/init_records.h"

#include "app/govern_session.h"
#include "app/record.h"

struct beginning {
	struct lab *lab;
	struct init_options *options;
	const struct sign_public *point;
	struct password_hash hashes[INIT_OFFICERS_MAX];
	struct arena mem;
};

/* Made by nobody who could sign in: the history says "lab". */
static const struct caller maker = {
	.session_id = { "", 0 },
	.person_id = { "lab", 3 },
	.person_name = { "", 0 },
	.organisation_id = { "", 0 },
	.organisation_name = { "", 0 },
	.line = { "", 0 },
	.point = { "console", 7 },
	.roles = ROLE_OFFICER,
	.is_console = true,
	.address = { "local", 5 },
};

static enum err_kind append(struct beginning *b, struct db *db, const char *kind, const char *id,
	int64_t now_us, struct err *err)
{
	uint64_t index;
	struct entry_draft draft = { .kind = kind,
		.time_us = now_us,
		.detail = STR("{\"call\":{\"point\":\"console\",\"person\":\"lab\"}}"),
		.session = STR(""),
		.record = str_from(id),
		.field_count = 2 };

	draft.fields[0] = (struct entry_field){ .name = "record", .text = str_from(id) };
	draft.fields[1] = (struct entry_field){ .name = "state", .text = STR("active") };
	return ledger_append(b->lab->ledger, db, &draft, &index, err);
}

/* Takes `fields` over. */
static enum err_kind add(struct beginning *b, struct db *db, const char *kind, const char *entry,
	json_t *fields, char id[LAB_ID_BYTES], struct err *err)
{
	struct record_desk desk = { .db = db,
		.mem = &b->mem,
		.kinds = b->lab->kinds,
		.caller = &maker,
		.now_us = clock_now_us(&b->lab->clock) };
	enum err_kind rc = ERR_LIMIT;

	if (fields == NULL)
		return err_set(err, ERR_LIMIT, "no memory for a record");
	rc = record_add(&desk, kind, "active", "create", fields, id, err);
	json_decref(fields);
	return rc != OK ? rc : append(b, db, entry, id, desk.now_us, err);
}

static enum err_kind add_credential(struct db *db, const char *person,
	const struct init_officer *officer, const struct password_hash *hash, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(db,
		"INSERT INTO credentials (person, name, password, must_change, totp_secret, "
		"totp_confirmed, totp_step) VALUES (:person, :name, :password, :must, NULL, 0, 0)",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":person", str_from(person));
	stmt_text(s, ":name", officer->name);
	stmt_text(s, ":password", str_from(hash->text));
	stmt_i64(s, ":must", officer->made_up);
	return stmt_run(s, NULL, err);
}

static enum err_kind add_officer(
	struct beginning *b, struct db *db, size_t index, const char *organisation, struct err *err)
{
	const struct init_officer *officer = &b->options->officers[index];
	char id[LAB_ID_BYTES];
	json_t *fields = json_pack("{s:s%, s:s%, s:s, s:[s], s:s}", "name", officer->name.ptr,
		officer->name.len, "display", officer->display.ptr, officer->display.len,
		"organisation", organisation, "roles", "officer", "line", "second");
	enum err_kind rc = add(b, db, "person", "person.create", fields, id, err);

	return rc != OK ? err_context(err, "officer %.*s", STR_ARG(officer->name))
			: add_credential(db, id, officer, &b->hashes[index], err);
}

static enum err_kind add_point(struct beginning *b, struct db *db, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(db,
		"INSERT INTO points (name, public_key, counter, site) "
		"VALUES ('centre', :key, 0, 'centre')",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_blob(s, ":key", str_of(b->point->bytes, SIGN_PUBLIC_BYTES));
	return stmt_run(s, NULL, err);
}

static enum err_kind run(struct db *db, void *arg, struct err *err)
{
	struct beginning *b = arg;
	struct str name = b->options->organisation;
	char organisation[LAB_ID_BYTES];
	enum err_kind rc = add(b, db, "organisation", "organisation.create",
		json_pack("{s:s%, s:s, s:b}", "name", name.ptr, name.len, "line", "maker", "maker",
			1),
		organisation, err);

	for (size_t i = 0; rc == OK && i < b->options->officer_count; i++)
		rc = add_officer(b, db, i, organisation, err);
	return rc != OK ? rc : add_point(b, db, err);
}

static enum err_kind take_password(struct arena *mem, struct init_officer *officer,
	struct password_hash *hash, struct err *err)
{
	struct str once;

	officer->made_up = officer->password[0] == '\0';
	if (officer->made_up) {
		enum err_kind rc = password_make_up(mem, &once, err);

		if (rc != OK)
			return rc;
		assert(once.len < sizeof(officer->password));
		memcpy(officer->password, once.ptr, once.len);
		officer->password[once.len] = '\0';
	}
	if (strlen(officer->password) < PASSWORD_MIN_BYTES)
		return err_set(err, ERR_INPUT, "the password of %.*s is shorter than %d characters",
			STR_ARG(officer->name), PASSWORD_MIN_BYTES);
	return password_make(str_from(officer->password), hash, err);
}

enum err_kind init_records(struct lab *lab, struct init_options *options,
	const struct sign_public *point, struct err *err)
{
	struct beginning b = { .lab = lab, .options = options, .point = point };
	enum err_kind rc = OK;

	arena_init(&b.mem, LIMIT_REQUEST_MEM_BYTES);
	for (size_t i = 0; rc == OK && i < options->officer_count; i++)
		rc = take_password(&b.mem, &options->officers[i], &b.hashes[i], err);
	if (rc == OK)
		rc = writer_run(lab->writer, run, &b, err);
	arena_wipe(&b.mem);
	return rc;
}
