/*
 * entry: what a call leaves in the ledger. Public fields are those that the verb declares; everything else
 * is detail: JSON, committed to, private, and sealed where the verb says so.
 */
#include "app/args.h"
#include "app/call.h"
#include "app/pseudonym.h"
#include "app/trail.h"

/* Arguments larger than this stand in the detail by their digest. */
enum { DETAIL_ARGS_BYTES_MAX = 32 << 10 };

static bool is_declared(const struct verb *verb, struct str name)
{
	struct str rest = str_from(verb->public_fields), word;

	while (str_cut(rest, ' ', &word, &rest)) {
		if (str_eq(word, name))
			return true;
	}
	return name.len > 0 && str_eq(rest, name);
}

/* The draft's field of this name, a new one where there is none. */
static struct entry_field *field_of(struct entry_draft *draft, const char *name)
{
	for (size_t i = 0; i < draft->field_count; i++) {
		if (strcmp(draft->fields[i].name, name) == 0)
			return &draft->fields[i];
	}
	assert(draft->field_count < ENTRY_FIELDS_MAX);
	struct entry_field *field = &draft->fields[draft->field_count++];

	*field = (struct entry_field){ .name = name, .text = STR("") };
	return field;
}

static void set_text(struct pipeline_call *call, const char *name, struct str value)
{
	struct entry_field *field = field_of(&call->draft, name);

	/* A copy that does not fit must not pass for an empty field. */
	if (!arena_copy(&call->mem, value, &field->text))
		call->detail_out.failed = true;
}

void entry_public(struct ctx *ctx, const char *name, struct str value)
{
	assert(is_declared(ctx->verb, str_from(name)));
	set_text(ctx->call, name, value);
}

void entry_public_i64(struct ctx *ctx, const char *name, int64_t value)
{
	assert(is_declared(ctx->verb, str_from(name)));
	struct entry_field *field = field_of(&ctx->call->draft, name);

	field->number = value;
	field->is_number = true;
}

void entry_detail(struct ctx *ctx, const char *name, struct str value)
{
	jw_kstr(&ctx->call->detail, name, value);
}

void entry_detail_json(struct ctx *ctx, const char *name, struct str json)
{
	jw_key(&ctx->call->detail, name);
	jw_raw(&ctx->call->detail, json);
}

void entry_detail_i64(struct ctx *ctx, const char *name, int64_t value)
{
	jw_ki64(&ctx->call->detail, name, value);
}

void entry_subject(struct ctx *ctx, struct str record_id)
{
	if (!arena_copy(ctx->mem, record_id, &ctx->call->draft.record))
		ctx->call->detail_out.failed = true;
}

void entry_session(struct ctx *ctx, struct str session_id)
{
	if (!arena_copy(ctx->mem, session_id, &ctx->call->draft.session))
		ctx->call->detail_out.failed = true;
}

/* "sealed_sha256": of the text that came. */
static void write_digest(struct jw *w, const char *name, const json_t *value)
{
	char key[LIMIT_NAME_BYTES];
	struct sha256 digest = sha256_of(
		str_of(json_string_value(value), json_string_length(value)));

	snprintf(key, sizeof(key), "%s_sha256", name);
	jw_khex(w, key, digest.bytes, SHA256_BYTES);
}

/* The checked arguments without the secrets. */
static enum err_kind write_args(struct pipeline_call *call, struct jw *w, struct err *err)
{
	struct out o;
	struct jw inner;
	struct str text;
	const char *name;
	json_t *value;

	out_init(&o, &call->mem, 2 * (size_t)LIMIT_JSON_BYTES);
	jw_init(&inner, &o);
	jw_object(&inner);
	json_object_foreach(call->args, name, value)
	{
		const struct verb_arg *arg = args_find(call->ctx.verb, name);

		if (arg->type == ARG_SECRET)
			continue;
		if ((arg->flags & ARG_BY_DIGEST) != 0) {
			write_digest(&inner, arg->name, value);
			continue;
		}
		jw_key(&inner, name);
		jw_value(&inner, value);
	}
	jw_object_end(&inner);
	enum err_kind rc = out_finish(&o, &text, err);

	if (rc != OK)
		return rc;
	if (text.len <= DETAIL_ARGS_BYTES_MAX) {
		jw_key(w, "args");
		jw_raw(w, text);
	} else {
		struct sha256 digest = sha256_of(text);

		jw_khex(w, "args_sha256", digest.bytes, SHA256_BYTES);
	}
	return OK;
}

/* The member "call", always noted: who, where from, with what arguments. */
static enum err_kind write_caller(struct pipeline_call *call, struct jw *w, struct err *err)
{
	const struct caller *caller = &call->ctx.caller;

	enum err_kind rc = OK;

	jw_key(w, "call");
	jw_object(w);
	jw_kstr(w, "verb", str_from(call->ctx.verb->name));
	jw_kstr(w, "point", caller->point);
	jw_kstr(w, "address", caller->address);
	if (caller->session_id.len > 0) {
		jw_kstr(w, "session", caller->session_id);
		jw_kstr(w, "person", caller->person_id);
		jw_kstr(w, "organisation", caller->organisation_id);
	}
	if (call->args != NULL)
		rc = write_args(call, w, err);
	jw_object_end(w);
	return rc;
}

/* Sealed when the verb says so and there is a session to seal for. */
static enum err_kind put_detail(
	struct pipeline_call *call, struct db *db, struct str plain, struct err *err)
{
	struct entry_draft *draft = &call->draft;
	struct ctx *ctx = &call->ctx;

	draft->detail = plain;
	if ((ctx->verb->flags & VERB_SEALED) == 0 || ctx->caller.session_id.len == 0)
		return OK;
	return trail_seal(
		ctx->lab, db, ctx->mem, ctx->caller.session_id, plain, &draft->detail, err);
}

static enum err_kind append(struct pipeline_call *call, struct db *db, struct err *err)
{
	struct entry_draft *draft = &call->draft;

	draft->time_us = call->ctx.now_us;
	if (draft->session.ptr == NULL)
		draft->session = call->ctx.caller.session_id;
	if (draft->record.ptr == NULL)
		draft->record = STR("");
	memset(&draft->request, 0, sizeof(draft->request));
	if (call->is_signed)
		draft->request = call->in.digest;
	return ledger_append(call->ctx.lab->ledger, db, draft, &call->entry_index, err);
}

/* The two fields that the pipeline knows itself, where the verb declares them. */
static void put_pseudonyms(struct pipeline_call *call)
{
	const struct ctx *ctx = &call->ctx;
	char actor[PSEUDONYM_BYTES];

	if (ctx->scope != NULL && is_declared(ctx->verb, STR("engagement")))
		set_text(call, "engagement", ctx->scope->engagement_pseudonym);
	if (!is_declared(ctx->verb, STR("actor")) || ctx->caller.person_id.len == 0)
		return;
	if (ctx->scope != NULL) {
		set_text(call, "actor", ctx->scope->actor_pseudonym);
		return;
	}
	pseudonym_actor(ctx->lab->keys.pseudonym, ctx->caller.person_id, STR(""), actor);
	set_text(call, "actor", str_from(actor));
}

enum err_kind call_append_entry(struct pipeline_call *call, struct db *db, struct err *err)
{
	const struct verb *verb = call->ctx.verb;
	struct str plain;

	enum err_kind rc = write_caller(call, &call->detail, err);

	if (rc != OK)
		return rc;
	jw_object_end(&call->detail);
	put_pseudonyms(call);
	rc = out_finish(&call->detail_out, &plain, err);
	if (rc == OK)
		rc = put_detail(call, db, plain, err);
	if (rc != OK)
		return rc;
	call->draft.kind = verb->entry != NULL ? verb->entry : verb->name;
	return append(call, db, err);
}

/* The engagement that was asked for, when there is one of that id. */
static enum err_kind put_engagement(struct pipeline_call *call, struct db *db, struct err *err)
{
	char pseudonym[PSEUDONYM_BYTES];
	struct stmt *s;
	bool row;

	if (call->args == NULL || args_find(call->ctx.verb, "engagement") == NULL ||
		args_find(call->ctx.verb, "engagement")->type != ARG_ID)
		return OK;
	struct str id = arg_str(&call->ctx, "engagement");
	enum err_kind rc = stmt_begin(
		db, "SELECT 1 FROM records WHERE id = :id AND kind = 'engagement'", &s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":id", id);
	rc = stmt_step(s, &row, err);
	if (rc != OK || !row)
		return rc;
	stmt_end(s);
	pseudonym_engagement(call->ctx.lab->keys.pseudonym, id, pseudonym);
	set_text(call, "engagement", str_from(pseudonym));
	return OK;
}

enum err_kind call_append_refusal(struct pipeline_call *call, struct db *db, struct err *err)
{
	struct ctx *ctx = &call->ctx;
	struct str plain;
	struct jw w;

	if (ctx->caller.session_id.len == 0)
		return stranger_count(db, ctx->caller.address, ctx->now_us, err);
	call->draft = (struct entry_draft){ .kind = "refused" };
	out_init(&call->detail_out, ctx->mem, LIMIT_DETAIL_BYTES - 256);
	jw_init(&w, &call->detail_out);
	jw_object(&w);
	set_text(call, "verb", str_from(ctx->verb->name));
	set_text(call, "reason", str_from(err_word(call->status)));
	enum err_kind rc = put_engagement(call, db, err);

	if (rc == OK)
		rc = write_caller(call, &w, err);
	if (rc != OK)
		return rc;
	jw_kstr(&w, "message", str_from(call->err.msg));
	jw_object_end(&w);
	rc = out_finish(&call->detail_out, &plain, err);
	if (rc == OK)
		rc = put_detail(call, db, plain, err);
	return rc != OK ? rc : append(call, db, err);
}
