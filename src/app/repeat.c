/*
 * repeat: idempotency keys. A caller whose connection broke sends the same call again under the same key and
 * gets the same answer, without a second act. Kept for a day, for verbs that change something; looking again
 * is a look of its own.
 */
#include "app/call.h"

/* What "the same call" means: verb, session and arguments. The counter and the signature differ each time. */
static struct sha256 digest_of(const struct pipeline_call *call)
{
	struct sha256_state s;

	sha256_begin(&s);
	sha256_add(&s, STR("vitrine/repeat/v1\n"));
	sha256_add(&s, str_of(call->verb_name, CALL_VERB_BYTES));
	sha256_add(&s, str_of(call->token, SESSION_TOKEN_BYTES));
	sha256_add(&s, call->in.body);
	return sha256_end(&s);
}

static bool applies(const struct pipeline_call *call)
{
	const struct verb *verb = call->ctx.verb;

	return call->has_key && call->ctx.caller.session_id.len > 0 && verb->apply != NULL &&
		(verb->flags & (VERB_BYTES | VERB_NO_ENTRY)) == 0;
}

enum err_kind repeat_find(struct pipeline_call *call, struct db *db, bool *found, struct err *err)
{
	struct stmt *s;
	bool row;

	*found = false;
	if (!applies(call))
		return OK;
	enum err_kind rc = stmt_begin(db,
		"SELECT request, answer, entry FROM idempotency WHERE point = :point AND key = :key",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":point", str_from(call->point));
	stmt_blob(s, ":key", str_of(call->key, CALL_KEY_BYTES));
	rc = stmt_step(s, &row, err);
	if (rc != OK || !row)
		return rc;
	struct sha256 digest = digest_of(call);

	if (!str_eq(stmt_col_str(s, 0), str_of(digest.bytes, SHA256_BYTES)))
		rc = err_set(err, ERR_CONFLICT, "this idempotency key came with another call");
	else if (stmt_col_str(s, 1).len == 0)
		rc = err_set(err, ERR_CONFLICT,
			"this was done already; its answer held a secret and is not kept");
	else if (!arena_copy(&call->mem, stmt_col_str(s, 1), &call->json))
		rc = err_set(err, ERR_LIMIT, "request memory used up");
	if (rc == OK) {
		call->entry_index = (uint64_t)stmt_col_i64(s, 2);
		*found = true;
	}
	stmt_end(s);
	return rc;
}

enum err_kind repeat_store(struct pipeline_call *call, struct db *db, struct err *err)
{
	struct stmt *s;
	struct sha256 digest;

	if (!applies(call))
		return OK;
	enum err_kind rc = stmt_begin(db,
		"INSERT INTO idempotency (point, key, request, answer, entry, at_us) "
		"VALUES (:point, :key, :request, :answer, :entry, :at)",
		&s, err);

	if (rc != OK)
		return rc;
	digest = digest_of(call);
	bool is_secret = (call->ctx.verb->flags & VERB_SECRET) != 0;

	stmt_text(s, ":point", str_from(call->point));
	stmt_blob(s, ":key", str_of(call->key, CALL_KEY_BYTES));
	stmt_blob(s, ":request", str_of(digest.bytes, SHA256_BYTES));
	stmt_text(s, ":answer", is_secret ? STR("") : call->json);
	stmt_i64(s, ":entry", (int64_t)call->entry_index);
	stmt_i64(s, ":at", call->ctx.now_us);
	return stmt_run(s, NULL, err);
}
