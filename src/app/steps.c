/*
 * steps: the life of a call, top to bottom. It is computed on a lane's thread, applied on the writer's, and
 * answered when its entry is durable; a refusal goes round once more to be recorded first.
 */
#include "app/args.h"
#include "app/call.h"
#include "os/log.h"

/* A refusal is recorded even when the call itself used up its memory. */
enum { REFUSAL_MEM_BYTES = 512 << 10 };

static bool wants_entry(const struct verb *verb)
{
	return (verb->flags & VERB_NO_ENTRY) == 0;
}

/* Refused, as opposed to malformed, broken or given up. */
static bool is_refusal(enum err_kind status)
{
	return status == ERR_AUTH || status == ERR_DENIED || status == ERR_NOT_FOUND ||
		status == ERR_LIMIT;
}

static void run_end(struct pipeline_call *call, bool durable)
{
	void (*end)(void *arg, bool durable) = call->end;

	call->end = NULL;
	if (end != NULL)
		end(call->end_arg, durable);
}

void call_on_end(struct ctx *ctx, void (*end)(void *arg, bool durable), void *arg)
{
	ctx->call->end = end;
	ctx->call->end_arg = arg;
}

bool call_progress(struct ctx *ctx, const struct call_report *report)
{
	const struct pipeline_request *in = &ctx->call->in;
	struct arena mem;
	struct out o;
	struct jw w;
	struct str json;
	struct err err;

	if (in->cancelled != NULL && in->cancelled(in->arg))
		return false;
	if (in->progress == NULL)
		return true;
	arena_init(&mem, 4096);
	out_init(&o, &mem, 256);
	jw_init(&w, &o);
	jw_object(&w);
	jw_key(&w, "done");
	jw_u64(&w, report->done);
	jw_key(&w, "total");
	jw_u64(&w, report->total);
	jw_kstr(&w, "unit", str_from(report->unit));
	if (report->bytes > 0) {
		jw_key(&w, "bytes");
		jw_u64(&w, report->bytes);
	}
	jw_object_end(&w);
	if (out_finish(&o, &json, &err) == OK)
		in->progress(in->arg, json);
	arena_reset(&mem);
	return true;
}

/* {"error":"denied","message":"…"}. What broke inside is for the operator's log, not for the caller. */
static struct str error_json(struct pipeline_call *call)
{
	bool is_inside = call->status == ERR_IO || call->status == ERR_CORRUPT;
	struct str json;
	struct err err;
	struct out o;
	struct jw w;

	/* What a sealed verb was about is not written down: the message may name the file. */
	if (is_inside && (call->ctx.verb->flags & VERB_SEALED) != 0)
		log_line(LOG_ERROR, "%s: %s", call->verb_name, err_word(call->status));
	else if (is_inside)
		log_line(LOG_ERROR, "%s: %s", call->verb_name, call->err.msg);
	out_init(&o, &call->mem, 8 * (size_t)ERR_MSG_BYTES_MAX);
	jw_init(&w, &o);
	jw_object(&w);
	jw_kstr(&w, "error", str_from(err_word(call->status)));
	jw_kstr(&w, "message",
		is_inside && !call->ctx.caller.is_console
			? STR("the lab could not do this; its operator finds the reason in the log")
			: str_from(call->err.msg));
	jw_object_end(&w);
	return out_finish(&o, &json, &err) == OK ? json
						 : STR("{\"error\":\"limit\",\"message\":\"\"}");
}

void call_answer(struct pipeline_call *call)
{
	struct pipeline_answer answer = { .status = call->status,
		.json = call->json,
		.bytes = call->bytes,
		.entry_index = call->entry_index };
	struct ledger_head head = { 0 };
	struct str note;
	struct err err;

	run_end(call, false);
	call->mem.limit_bytes += REFUSAL_MEM_BYTES;
	if (call->status != OK) {
		answer.json = error_json(call);
		answer.bytes = STR("");
	}
	if (ledger_checkpoint(
		    pipeline_lab(call->pipeline)->ledger, &call->mem, &head, &note, &err) == OK) {
		answer.tree_size = head.size;
		answer.root = head.root;
	}
	call->in.answer(call->in.arg, &answer);
	pipeline_release(call->pipeline, call);
}

/* The JSON and what is attached, both bounded: an answer that does not fit is no act. */
static enum err_kind finish_answer(struct pipeline_call *call, struct err *err)
{
	jw_object_end(&call->answer);
	enum err_kind rc = out_finish(&call->answer_out, &call->json, err);

	if (rc != OK)
		return err_set(err, ERR_LIMIT, "the answer is too large: ask for less");
	call->bytes = call->ctx.attach;
	if (call->bytes.len > LIMIT_FRAME_BYTES - LIMIT_ANSWER_BYTES)
		return err_set(err, ERR_LIMIT, "the page is too large: ask for a smaller one");
	return OK;
}

/* In the transaction. The session and the point's counter move on with the act. */
static enum err_kind record_act(struct pipeline_call *call, struct db *db, struct err *err)
{
	const struct caller *caller = &call->ctx.caller;
	enum err_kind rc = call_append_entry(call, db, err);

	if (rc == OK && caller->session_id.len > 0 &&
		call->ctx.now_us - call->seen_us >= SESSION_SEEN_STEP_US)
		rc = session_touch(db, caller->session_id, call->ctx.now_us, err);
	if (rc == OK && call->is_signed)
		rc = point_auth_store(db, caller->point, call->in.counter, call->ctx.now_us, err);
	return rc != OK ? rc : repeat_store(call, db, err);
}

static enum err_kind apply_run(struct db *db, void *arg, struct err *err)
{
	struct pipeline_call *call = arg;
	struct ctx *ctx = &call->ctx;
	bool found = false;

	ctx->db = db;
	ctx->now_us = clock_now_us(&ctx->lab->clock);
	enum err_kind rc = call_authenticate(call, err);

	if (rc == OK)
		rc = call_authorise_role(call, err);
	if (rc == OK)
		rc = call_authorise_grant(call, err);
	if (rc == OK)
		rc = repeat_find(call, db, &found, err);
	if (rc != OK || found) {
		call->is_replayed = found;
		return rc;
	}
	if (ctx->verb->apply != NULL)
		rc = ctx->verb->apply(ctx, err);
	if (rc == OK)
		rc = finish_answer(call, err);
	return rc != OK ? rc : record_act(call, db, err);
}

static void fail(struct pipeline_call *call, enum err_kind status, const struct err *err);

static void apply_done(void *arg, enum err_kind result, const struct err *err)
{
	struct pipeline_call *call = arg;

	if (result != OK) {
		call->entry_index = UINT64_MAX;
		fail(call, result, err);
		return;
	}
	/* A repeated call changed nothing: what it had prepared is let go. */
	run_end(call, !call->is_replayed);
	call_answer(call);
}

static enum err_kind refuse_run(struct db *db, void *arg, struct err *err)
{
	struct pipeline_call *call = arg;
	struct ctx *ctx = &call->ctx;

	ctx->db = db;
	ctx->now_us = clock_now_us(&ctx->lab->clock);
	enum err_kind rc = OK;

	if (ctx->verb->refused != NULL)
		rc = ctx->verb->refused(ctx, err);
	return rc != OK ? rc : call_append_refusal(call, db, err);
}

static void refuse_done(void *arg, enum err_kind result, const struct err *err)
{
	struct pipeline_call *call = arg;

	/* A refusal that could not be recorded is not told: its reason may be what somebody is guessing at. */
	if (result != OK) {
		call->status = result;
		call->err = *err;
		call->entry_index = UINT64_MAX;
	}
	call_answer(call);
}

static void submit(struct pipeline_call *call,
	enum err_kind (*run)(struct db *db, void *arg, struct err *err),
	void (*done)(void *arg, enum err_kind result, const struct err *err))
{
	struct err err;

	call->job = (struct writer_job){ .run = run, .done = done, .arg = call };
	enum err_kind rc = writer_submit(call->ctx.lab->writer, &call->job, &err);

	if (rc == OK)
		return;
	call->status = rc;
	call->err = err;
	call_answer(call);
}

/* Not from the writer's thread alone: what must be recorded goes through a lane first. */
static void fail(struct pipeline_call *call, enum err_kind status, const struct err *err)
{
	assert(status != OK);
	call->status = status;
	call->err = *err;
	run_end(call, false);
	if (!is_refusal(status)) {
		call_answer(call);
		return;
	}
	call->stage = STAGE_REFUSE;
	call->mem.limit_bytes += REFUSAL_MEM_BYTES;
	pipeline_requeue(call->pipeline, call);
}

/* Parse and check; call->args stays NULL unless they pass. */
static enum err_kind take_args(struct pipeline_call *call, struct err *err)
{
	json_t *args = NULL;
	struct str body = call->in.body.len > 0 ? call->in.body : STR("{}");
	enum err_kind rc = json_parse(body, LIMIT_JSON_BYTES, &args, err);

	if (rc != OK)
		return rc;
	rc = args_check(call->ctx.verb, args, &call->mem, err);
	if (rc != OK) {
		json_decref(args);
		return rc;
	}
	call->args = args;
	call->ctx.args = args;
	return OK;
}

static enum err_kind check_and_compute(struct pipeline_call *call, struct err *err)
{
	struct ctx *ctx = &call->ctx;
	const struct verb *verb = ctx->verb;
	struct err role_err, args_err;
	enum err_kind rc = call_authenticate(call, err);

	if (rc != OK)
		return rc;
	/* The role goes first, but the record of its refusal tells what was asked for. */
	enum err_kind role_rc = call_authorise_role(call, &role_err);
	enum err_kind args_rc = take_args(call, &args_err);

	if (role_rc != OK || args_rc != OK) {
		*err = role_rc != OK ? role_err : args_err;
		return role_rc != OK ? role_rc : args_rc;
	}
	if ((verb->flags & VERB_FD) && ctx->fd < 0)
		return err_set(err, ERR_INPUT, "%s takes an open file or folder", verb->name);
	rc = call_authorise_grant(call, err);
	if (rc != OK || verb->compute == NULL)
		return rc;
	return verb->compute(ctx, err);
}

static enum err_kind compute(struct pipeline_call *call, struct db *read, struct err *err)
{
	struct ctx *ctx = &call->ctx;
	const struct verb *verb = ctx->verb;
	const char *frozen = ledger_frozen(ctx->lab->ledger);

	if (call->in.cancelled != NULL && call->in.cancelled(call->in.arg))
		return err_set(err, ERR_CANCELLED, "the caller went away");
	if (frozen != NULL && wants_entry(verb))
		return err_set(err, ERR_FROZEN, "the record is frozen: %s", frozen);
	if (wants_entry(ctx->verb) && atomic_load(&ctx->lab->waits_for_witnesses))
		return err_set(err, ERR_FROZEN, "%s", LAB_WAITS);
	ctx->db = read;
	ctx->now_us = clock_now_us(&ctx->lab->clock);
	return check_and_compute(call, err);
}

/* no_snapshot: why there is none although there should be, or NULL. */
static void step(struct pipeline_call *call, struct db *read, const struct err *no_snapshot)
{
	struct err err;

	if (call->stage == STAGE_REFUSE) {
		submit(call, refuse_run, refuse_done);
		return;
	}
	assert(call->stage == STAGE_COMPUTE);
	if (no_snapshot != NULL)
		err = *no_snapshot;
	enum err_kind rc = no_snapshot != NULL ? err.kind : compute(call, read, &err);

	if (rc == OK && !wants_entry(call->ctx.verb))
		rc = finish_answer(call, &err);
	if (rc == OK && call->in.cancelled != NULL && call->in.cancelled(call->in.arg))
		rc = err_set(&err, ERR_CANCELLED, "the caller went away");
	if (rc != OK) {
		fail(call, rc, &err);
		return;
	}
	if (!wants_entry(call->ctx.verb)) {
		run_end(call, true);
		call_answer(call);
		return;
	}
	call->stage = STAGE_APPLY;
	submit(call, apply_run, apply_done);
}

bool call_is_short(const struct pipeline_call *call)
{
	return (call->ctx.verb->flags & VERB_BYTES) == 0;
}

void call_steps(struct pipeline_call *calls, struct db *read, bool on_snapshot)
{
	struct err err;
	bool failed = on_snapshot && db_begin(read, &err) != OK;

	while (calls != NULL) {
		struct pipeline_call *call = calls;

		/* A step gives the call away. */
		calls = call->next;
		call->next = NULL;
		step(call, read, failed ? &err : NULL);
		db_end_statements(read);
	}
	if (on_snapshot && !failed)
		db_rollback(read);
}
