#include "trial_lab.h"

#include <fcntl.h>
#include <unistd.h>

#include "app/args.h"
#include "app/families.h"
#include "app/person.h"
#include "base/limit.h"
#include "crypto/sign.h"
#include "os/fs.h"
#include "os/random.h"

/* Where the handlers' calls to the pipeline end up. */
static struct trial *current;

void entry_public(struct ctx *ctx, const char *name, struct str value)
{
	struct str rest = str_from(ctx->verb->public_fields), word;
	bool declared = false;

	while (!declared && str_cut(rest, ' ', &word, &rest))
		declared = str_eq(word, str_from(name));
	assert_true(declared || str_eq(rest, str_from(name)));
	json_object_set_new(current->publics, name, json_stringn(value.ptr, value.len));
	if (strcmp(name, "state") != 0 && strcmp(name, "engagement") != 0)
		return;
	char *into = strcmp(name, "state") == 0 ? current->state : current->engagement;

	assert_true(value.len < sizeof(current->state));
	snprintf(into, sizeof(current->state), "%.*s", STR_ARG(value));
}

void entry_detail(struct ctx *ctx, const char *name, struct str value)
{
	(void)ctx;
	json_object_set_new(current->details, name, json_stringn(value.ptr, value.len));
}

void entry_detail_json(struct ctx *ctx, const char *name, struct str json)
{
	json_t *value = NULL;
	struct err err;

	(void)ctx;
	assert_int_equal(json_parse(json, LIMIT_DETAIL_BYTES, &value, &err), OK);
	json_object_set_new(current->details, name, value);
}

void entry_public_i64(struct ctx *ctx, const char *name, int64_t value)
{
	(void)ctx;
	json_object_set_new(current->publics, name, json_integer(value));
}

void entry_subject(struct ctx *ctx, struct str record_id)
{
	(void)ctx;
	snprintf(current->subject, sizeof(current->subject), "%.*s", STR_ARG(record_id));
}

void lab_new_id(const char *prefix, char id[LAB_ID_BYTES])
{
	static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
	unsigned char bytes[12];
	char tail[13] = "";

	random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		tail[i] = letters[bytes[i] & 31];
	snprintf(id, LAB_ID_BYTES, "%s_%s", prefix, tail);
}

uint64_t trial_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* The pipeline's entry, as far as the history points to it. */
static void append_entry(struct trial *b, const char *verb)
{
	struct stmt *s;

	assert_int_equal(stmt_begin(b->db,
				 "INSERT INTO entries (idx, leaf, bytes, kind, time_us, record)"
				 " VALUES ((SELECT coalesce(max(idx), -1) + 1 FROM entries),"
				 " 'x', 'x', :kind, :now, :record)",
				 &s, &b->err),
		OK);
	stmt_text(s, ":kind", str_from(verb));
	stmt_i64(s, ":now", b->now_us);
	stmt_text(s, ":record", str_from(b->subject));
	assert_int_equal(stmt_run(s, NULL, &b->err), OK);
}

struct caller trial_caller(const struct actor *who)
{
	return (struct caller){
		.session_id = STR("ses_1"),
		.person_id = str_from(who->id),
		.person_name = str_from(who->id),
		.organisation_id = str_from(who->organisation),
		.organisation_name = str_from(who->organisation),
		.line = str_from(who->line),
		.point = str_from(who->point),
		.roles = who->roles,
		.address = STR("local"),
	};
}

void trial_add(
	struct trial *b, const char *kind, const char *state, json_t *fields, char id[LAB_ID_BYTES])
{
	struct caller program = { .person_id = STR("lab"),
		.organisation_id = STR("lab"),
		.line = STR("lab"),
		.point = STR("console") };
	struct record_desk desk = { .db = b->db,
		.mem = &b->mem,
		.kinds = b->lab.kinds,
		.caller = &program,
		.now_us = b->now_us };

	arena_reset(&b->mem);
	if (record_add(&desk, kind, state, "create", fields, id, &b->err) != OK)
		fail_msg("add %s: %s", kind, b->err.msg);
	json_decref(fields);
	snprintf(b->subject, sizeof(b->subject), "%s", id);
	append_entry(b, "lab.init");
}

void trial_organisation(struct trial *b, const char *name, const char *line, char id[LAB_ID_BYTES])
{
	trial_add(b, "organisation", "active", json_pack("{ssss}", "name", name, "line", line), id);
}

struct actor trial_person(
	struct trial *b, const char *name, const char *organisation, const char *roles)
{
	struct actor who = { .line = "second", .point = "centre" };
	json_t *list = json_array();
	struct str rest = str_from(roles), word;
	bool more = true;

	while (more) {
		more = str_cut(rest, ' ', &word, &rest);
		if (!more)
			word = rest;
		who.roles |= (unsigned)role_of_word(word);
		json_array_append_new(list, json_stringn(word.ptr, word.len));
	}
	snprintf(who.organisation, sizeof(who.organisation), "%s",
		organisation != NULL ? organisation : b->maker);
	trial_add(b, "person", "active",
		json_pack("{ssssssssso}", "name", name, "display", name, "organisation",
			who.organisation, "line", "second", "roles", list),
		who.id);
	return who;
}

void trial_open(struct trial *b)
{
	char path[96];
	int kinds_fd;

	*b = (struct trial){ .now_us = TRIAL_NOW_US };
	current = b;
	assert_int_equal(crypto_init(&b->err), OK);
	snprintf(b->folder, sizeof(b->folder), "/tmp/vitrine-app-XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	snprintf(path, sizeof(path), "%s/records.db", b->folder);
	assert_int_equal(db_open(path, DB_WRITE, &b->db, &b->err), OK);
	assert_int_equal(db_begin(b->db, &b->err), OK);
	kinds_fd = open(KINDS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(kinds_fd >= 0);
	if (kinds_load(kinds_fd, &b->lab.kinds, &b->err) != OK)
		fail_msg("%s", b->err.msg);
	close(kinds_fd);
	memset(b->lab.keys.pseudonym, 7, sizeof(b->lab.keys.pseudonym));
	arena_init(&b->mem, LIMIT_REQUEST_MEM_BYTES);
	trial_organisation(b, "Example Networks", "maker", b->maker);
}

void trial_close(struct trial *b)
{
	json_decref(b->answer);
	json_decref(b->publics);
	json_decref(b->details);
	db_rollback(b->db);
	db_close(b->db);
	kinds_free(b->lab.kinds);
	arena_reset(&b->mem);
	assert_int_equal(fs_remove_tree(AT_FDCWD, b->folder, &b->err), OK);
	current = NULL;
}

struct ctx trial_ctx(struct trial *b, const struct actor *who)
{
	arena_reset(&b->mem);
	return (struct ctx){
		.lab = &b->lab,
		.mem = &b->mem,
		.db = b->db,
		.now_us = b->now_us,
		.caller = trial_caller(who),
		.fd = -1,
	};
}

enum err_kind trial_call(
	struct trial *b, const struct actor *who, const struct verb *verb, json_t *args)
{
	struct ctx ctx = trial_ctx(b, who);
	struct out o;
	struct jw w;
	struct str text;
	struct err undo;

	assert_non_null(args); /* json_pack found its format and arguments at odds */
	json_decref(b->answer);
	b->answer = NULL;
	json_decref(b->publics);
	b->publics = json_object();
	json_decref(b->details);
	b->details = json_object();
	b->state[0] = b->engagement[0] = b->subject[0] = '\0';
	out_init(&o, &b->mem, LIMIT_ANSWER_BYTES);
	jw_init(&w, &o);
	jw_object(&w);
	ctx.verb = verb;
	ctx.args = args;
	ctx.answer = &w;
	assert_int_equal(db_savepoint(b->db, &undo), OK);
	enum err_kind rc = args_check(verb, args, &b->mem, &b->err);

	if (rc == OK && (verb->roles & who->roles) == 0)
		rc = err_set(&b->err, ERR_DENIED, "role");
	if (rc == OK && verb->compute != NULL)
		rc = verb->compute(&ctx, &b->err);
	if (rc == OK && verb->apply != NULL)
		rc = verb->apply(&ctx, &b->err);
	json_decref(args);
	if (rc != OK) {
		db_undo(b->db);
		return rc;
	}
	append_entry(b, verb->name);
	assert_int_equal(db_release(b->db, &undo), OK);
	jw_object_end(&w);
	assert_int_equal(out_finish(&o, &text, &undo), OK);
	if (json_parse(text, LIMIT_ANSWER_BYTES, &b->answer, &undo) != OK)
		fail_msg("%s answers bad JSON: %s", verb->name, undo.msg);
	return OK;
}

enum err_kind trial_act(struct trial *b, const struct actor *who, const char *name, json_t *args)
{
	size_t count;
	const struct verb *verbs = kinds_verbs(b->lab.kinds, &count);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return trial_call(b, who, &verbs[i], args);
	}
	fail_msg("there is no verb %s", name);
	return ERR_NOT_FOUND;
}

void trial_id(const struct trial *b, char id[LAB_ID_BYTES])
{
	struct str got = STR("");

	assert_true(json_str(b->answer, "id", &got));
	snprintf(id, LAB_ID_BYTES, "%.*s", STR_ARG(got));
}

const char *trial_state(struct trial *b, const char *id)
{
	static char state[40];
	struct stmt *s;
	bool row;

	assert_int_equal(
		stmt_begin(b->db, "SELECT state FROM records WHERE id = :id", &s, &b->err), OK);
	stmt_text(s, ":id", str_from(id));
	assert_int_equal(stmt_step(s, &row, &b->err), OK);
	struct str got = row ? stmt_col_str(s, 0) : STR("");

	snprintf(state, sizeof(state), "%.*s", STR_ARG(got));
	stmt_end(s);
	return state;
}
