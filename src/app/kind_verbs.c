/* kind_verbs: verb rows made from kinds, and the three handlers that carry them out. */
#include "app/decision.h"
#include "app/families.h"
#include "app/kinds.h"
#include "app/pseudonym.h"
#include "app/record.h"
#include "base/hex.h"
#include "base/limit.h"
#include "base/when.h"
#include "crypto/sign.h"

/* What a row does. */
enum kind_act { ACT_CREATE, ACT_EDIT, ACT_MOVE };

struct kind_verb {
	const struct kind *kind;
	enum kind_act act;
	const struct kind_transition *transition; /* ACT_MOVE */
};

/* Public: which record, its new state, and the engagement it belongs to under its pseudonym. */
static enum err_kind enter(struct ctx *ctx, const struct record *record, struct err *err)
{
	const struct kind_field *f = kind_field(record->kind, STR("engagement"));
	struct str engagement = STR("");
	char pseudonym[PSEUDONYM_BYTES];
	struct str copy;

	entry_subject(ctx, record->id);
	entry_public(ctx, "record", record->id);
	entry_public(ctx, "state", record->state);
	if (strcmp(record->kind->name, "engagement") == 0)
		engagement = record->id;
	else if (f != NULL && f->type == FIELD_ID && !f->list)
		engagement = record_text(record, "engagement");
	if (engagement.len == 0)
		return OK;
	pseudonym_engagement(ctx->lab->keys.pseudonym, engagement, pseudonym);
	if (!arena_copy(ctx->mem, str_from(pseudonym), &copy))
		return err_set(err, ERR_LIMIT, "record: request memory used up");
	entry_public(ctx, "engagement", copy);
	return OK;
}

/* How a public field's value stands in an entry: a record by its title, a key in hexadecimal. */
static enum err_kind public_text(const struct record_desk *desk, const struct kind_field *f,
	const struct record_value *value, struct str *text, struct err *err)
{
	char when[WHEN_TEXT_BYTES], hex[2 * SIGN_PUBLIC_BYTES + 1];
	uint8_t key[SIGN_PUBLIC_BYTES];
	struct record target;
	size_t len;

	*text = value->text;
	if (f->type == FIELD_ID) {
		enum err_kind rc = record_load(desk, value->text, &target, err);

		if (rc == OK)
			*text = target.title;
		return rc;
	}
	if (f->type == FIELD_TIME) {
		when_format(value->number, when);
		*text = str_from(when);
	} else if (f->type == FIELD_KEY) {
		if (!base64_parse(value->text, key, sizeof(key), &len) || len != sizeof(key))
			return err_set(err, ERR_CORRUPT, "%s: what is stored is no key", f->name);
		hex_format(key, sizeof(key), hex);
		*text = str_from(hex);
	} else {
		return OK;
	}
	return arena_copy(desk->mem, *text, text)
		? OK
		: err_set(err, ERR_LIMIT, "record: request memory used up");
}

/* What the transition tells everybody of the record; a field that is not given is left out. */
static enum err_kind enter_publics(struct ctx *ctx, const struct record_desk *desk,
	const struct record *record, const struct kind_transition *t, struct err *err)
{
	enum err_kind rc = OK;

	for (size_t i = 0; rc == OK && i < t->public_count; i++) {
		const struct kind_field *f = &record->kind->fields[t->publics[i].field];
		const struct record_value *value = &record->values[t->publics[i].field];
		struct str text;

		if (!value->given)
			continue;
		if (f->type == FIELD_INT) {
			entry_public_i64(ctx, t->publics[i].name, value->number);
			continue;
		}
		rc = public_text(desk, f, value, &text, err);
		if (rc == OK)
			entry_public(ctx, t->publics[i].name, text);
	}
	return rc;
}

static enum err_kind apply_create(struct ctx *ctx, const struct kind *kind, struct err *err)
{
	struct record_desk desk = record_desk_of(ctx);
	struct record_value *values;
	struct record record;
	enum err_kind rc = record_values_read(&desk, kind, ctx->args, &values, err);

	if (rc == OK) {
		struct record_act act = { .values = values, .note = STR("") };

		rc = record_create(&desk, kind, &act, &record, err);
	}
	if (rc == OK)
		rc = enter(ctx, &record, err);
	if (rc == OK) {
		jw_kstr(ctx->answer, "id", record.id);
		jw_kstr(ctx->answer, "state", record.state);
	}
	return rc;
}

/* What was said with a signed act; text and signature are empty when nothing was. */
static struct decision_said said_of(const struct ctx *ctx)
{
	return (struct decision_said){ .text = arg_str(ctx, "decision"),
		.signature = arg_str(ctx, "signature"),
		.note = arg_str(ctx, "note") };
}

/* On the snapshot, so that a signature that fails does not hold up the writer. */
static enum err_kind compute_signed(struct ctx *ctx, struct err *err)
{
	const struct kind_verb *verb = ctx->verb->data;
	struct record_desk desk = record_desk_of(ctx);
	struct decision_said said = said_of(ctx);
	struct decided decided;
	struct record record;
	enum err_kind rc = record_find(&desk, arg_str(ctx, "id"), &record, err);

	return rc == OK ? decision_check(&desk, &ctx->lab->settings, &record, verb->transition,
				  &said, &decided, err)
			: rc;
}

/* The decision and its key for everybody; text and signature for whoever is shown the detail. */
static void enter_decision(struct ctx *ctx, const struct decided *decided)
{
	char hex[SHA256_HEX_BYTES];

	if (!decided->is_signed)
		return;
	sha256_format(&decided->digest, hex);
	entry_public(ctx, "decision", str_from(hex));
	sha256_format(&decided->key.id, hex);
	entry_public(ctx, "key", str_from(hex));
	entry_detail(ctx, "decision", decided->text);
	entry_detail_json(ctx, "signature", decided->signature);
}

/* A security key's counter moves on with the act. */
static enum err_kind keep_counter(
	const struct record_desk *desk, const struct decided *decided, struct err *err)
{
	if (!decided->is_signed || decided->key.credential.len == 0)
		return OK;
	return person_key_update(desk->db, &decided->key, err);
}

/* The record moved by its transition, signed where the kind says so. */
static enum err_kind move(struct ctx *ctx, struct record_desk *desk, struct record *record,
	const struct record_act *act, struct err *err)
{
	struct decided decided = { .is_signed = false };
	enum err_kind rc = OK;

	if (act->transition->is_signed) {
		struct decision_said said = said_of(ctx);

		rc = decision_check(
			desk, &ctx->lab->settings, record, act->transition, &said, &decided, err);
	}
	desk->decided = &decided;
	if (rc == OK)
		rc = record_move(desk, record, act, err);
	if (rc == OK)
		rc = keep_counter(desk, &decided, err);
	desk->decided = NULL;
	if (rc != OK)
		return rc;
	enter_decision(ctx, &decided);
	return enter_publics(ctx, desk, record, act->transition, err);
}

static enum err_kind apply_change(struct ctx *ctx, const struct kind_verb *verb, struct err *err)
{
	struct record_desk desk = record_desk_of(ctx);
	struct record_value *values;
	struct record record;
	struct record_act act = {
		.transition = verb->transition,
		.version = arg_i64(ctx, "if_version", 0),
		.note = arg_str(ctx, "note"),
	};
	enum err_kind rc = record_find(&desk, arg_str(ctx, "id"), &record, err);

	if (rc == OK)
		rc = record_values_read(&desk, verb->kind, ctx->args, &values, err);
	if (rc != OK)
		return rc;
	act.values = values;
	rc = verb->act == ACT_EDIT ? record_edit(&desk, &record, &act, err)
				   : move(ctx, &desk, &record, &act, err);
	if (rc == OK)
		rc = enter(ctx, &record, err);
	if (rc == OK) {
		jw_kstr(ctx->answer, "id", record.id);
		jw_kstr(ctx->answer, "state", record.state);
	}
	return rc;
}

static enum err_kind apply(struct ctx *ctx, struct err *err)
{
	const struct kind_verb *verb = ctx->verb->data;

	return verb->act == ACT_CREATE ? apply_create(ctx, verb->kind, err)
				       : apply_change(ctx, verb, err);
}

/* ---- rows ---- */

static enum arg_type arg_type_of(const struct kind_field *f)
{
	static const enum arg_type types[FIELD_TYPES] = {
		[FIELD_LINE] = ARG_LINE,
		[FIELD_NAME] = ARG_LINE,
		[FIELD_TEXT] = ARG_TEXT,
		[FIELD_ID] = ARG_ID,
		[FIELD_ENUM] = ARG_ENUM,
		[FIELD_INT] = ARG_INT,
		[FIELD_BOOL] = ARG_BOOL,
		[FIELD_TIME] = ARG_TIME,
		[FIELD_PATH] = ARG_PATH,
		[FIELD_DIGEST] = ARG_LINE,
		[FIELD_KEY] = ARG_LINE,
	};

	return f->list ? ARG_LIST : types[f->type];
}

static struct verb_arg arg_of(const struct kind_field *f, bool required)
{
	struct verb_arg arg = {
		.name = f->name,
		.type = arg_type_of(f),
		.flags = required ? ARG_REQUIRED : 0,
		.help = f->help[0] != '\0' ? f->help : f->label,
	};

	if (f->type == FIELD_ENUM)
		arg.words = f->words;
	else if (f->type == FIELD_ID && !f->list)
		arg.words = f->target->prefix;
	if (f->type != FIELD_ID && f->type != FIELD_ENUM && f->type != FIELD_BOOL &&
		f->type != FIELD_TIME && f->type != FIELD_PATH && f->type != FIELD_DIGEST &&
		f->type != FIELD_KEY)
		arg.max = f->max;
	if (f->list)
		arg.max = f->max;
	/* An optional one may be sent empty: that clears it. */
	if (arg.max != 0 && (required || f->type == FIELD_INT))
		arg.min = f->min;
	return arg;
}

/* A row being made. */
struct row {
	struct kinds *kinds;
	struct verb *verb;
	struct kind_verb *data;
	struct verb_arg *args; /* VERB_ARGS_MAX and the end */
	size_t arg_count;
	bool failed;
};

static void add_arg(struct row *row, struct verb_arg arg)
{
	assert(row->arg_count < VERB_ARGS_MAX);
	row->args[row->arg_count++] = arg;
}

static struct row begin_row(
	struct kinds *kinds, const struct kind *kind, enum kind_act act, const char *name)
{
	struct row row = { .kinds = kinds, .verb = &kinds->verbs[kinds->verb_count] };

	row.data = arena_array(&kinds->mem, struct kind_verb, 1);
	row.args = arena_array(&kinds->mem, struct verb_arg, VERB_ARGS_MAX + 1);

	if (row.data == NULL || row.args == NULL) {
		row.failed = true;
		return row;
	}
	*row.data = (struct kind_verb){ .kind = kind, .act = act };
	*row.verb = (struct verb){
		.name = name,
		.entry = name,
		.args = row.args,
		.public_fields = "record state engagement",
		.apply = apply,
		.data = row.data,
	};
	kinds->verb_count++;
	if (act == ACT_CREATE)
		return row;
	add_arg(&row,
		(struct verb_arg){ "id", ARG_ID, ARG_REQUIRED, 0, 0, kind->prefix, "the record" });
	add_arg(&row,
		(struct verb_arg){ "if_version", ARG_INT, 0, 1, 0, NULL,
			"refuse unless the record still has this version" });
	return row;
}

static void make_create(struct kinds *kinds, const struct kind *kind, bool *failed)
{
	struct row row = begin_row(kinds, kind, ACT_CREATE, kind->create_verb);

	if (row.failed) {
		*failed = true;
		return;
	}
	row.verb->summary = kind->create_label;
	row.verb->roles = kind->create.roles;
	for (size_t i = 0; i < kind->field_count; i++)
		add_arg(&row, arg_of(&kind->fields[i], kind->fields[i].required));
}

static void make_edit(struct kinds *kinds, const struct kind *kind, bool *failed)
{
	struct row row = begin_row(kinds, kind, ACT_EDIT, kind->edit_verb);
	const char *summary = arena_printf(
		&kinds->mem, "Edit: %s (what is not given stays)", kind->title);

	if (row.failed || summary == NULL) {
		*failed = true;
		return;
	}
	row.verb->summary = summary;
	row.verb->roles = kind->edit.roles;
	add_arg(&row, (struct verb_arg){ "note", ARG_LINE, 0, 0, 0, NULL, "why" });
	for (size_t i = 0; i < kind->field_count; i++)
		add_arg(&row, arg_of(&kind->fields[i], false));
}

/* Names of what a transition's entry may tell, or NULL when memory is used up. */
static const char *public_names(struct arena *mem, const struct kind_transition *t)
{
	const char *names = "record state engagement";

	static_assert(KIND_PUBLIC_MAX + 6 <= ENTRY_FIELDS_MAX, "with the program's own");
	if (t->is_signed || t->public_count > 0)
		names = "record state engagement actor decision key";
	for (size_t i = 0; names != NULL && i < t->public_count; i++)
		names = arena_printf(mem, "%s %s", names, t->publics[i].name);
	return names;
}

static void make_move(
	struct kinds *kinds, const struct kind *kind, const struct kind_transition *t, bool *failed)
{
	struct row row = begin_row(kinds, kind, ACT_MOVE, t->verb);
	const char *summary = arena_printf(&kinds->mem, "%s: %s", t->label, kind->title);

	if (row.failed || summary == NULL) {
		*failed = true;
		return;
	}
	row.data->transition = t;
	row.verb->summary = summary;
	row.verb->public_fields = public_names(&kinds->mem, t);
	row.failed = row.verb->public_fields == NULL;
	if (row.failed) {
		*failed = true;
		return;
	}
	row.verb->roles = t->who.roles;
	add_arg(&row,
		(struct verb_arg){ "note", ARG_TEXT, t->note_required ? ARG_REQUIRED : 0,
			t->note_required, 1000, NULL, "why" });
	if (t->is_signed) {
		row.verb->compute = compute_signed;
		add_arg(&row,
			(struct verb_arg){ "decision", ARG_TEXT, 0, 0, DECISION_TEXT_BYTES_MAX,
				NULL, "what was signed: the text of decision.text" });
		add_arg(&row,
			(struct verb_arg){ "signature", ARG_TEXT, 0, 0,
				DECISION_SIGNATURE_BYTES_MAX, NULL,
				"the signature, as JSON (docs/formats/decision.md)" });
	}
	for (size_t i = 0; i < t->need_count; i++)
		add_arg(&row, arg_of(&kind->fields[t->needs[i]], false));
}

enum err_kind kinds_make_verbs(struct kinds *kinds, struct err *err)
{
	bool failed = false;

	static_assert(KIND_FIELDS_MAX + 5 < VERB_ARGS_MAX,
		"id, version, note, decision beside all fields");
	kinds->verbs = arena_array(
		&kinds->mem, struct verb, kinds->count * (KIND_TRANSITIONS_MAX + 2) + 1);
	if (kinds->verbs == NULL)
		return err_set(err, ERR_LIMIT, "the kinds together are too large");
	for (size_t i = 0; i < kinds->count; i++) {
		const struct kind *kind = kinds->items[i];

		if (!kind->created_by_program)
			make_create(kinds, kind, &failed);
		if (kind->edit_states != 0)
			make_edit(kinds, kind, &failed);
		for (size_t k = 0; k < kind->transition_count; k++)
			make_move(kinds, kind, &kind->transitions[k], &failed);
	}
	return failed ? err_set(err, ERR_LIMIT, "the kinds together are too large") : OK;
}

const struct verb *kinds_verbs(const struct kinds *kinds, size_t *count)
{
	*count = kinds->verb_count;
	return kinds->verbs;
}
