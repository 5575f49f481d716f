/*
 * authorise: who calls, and whether they may. Each function reads ctx->db and ctx->now_us and nothing that it
 * found before, so that the second time, in the transaction, decides anew.
 */
#include "app/access.h"
#include "app/args.h"
#include "app/call.h"
#include "app/person.h"

static bool is_for_strangers(const struct verb *verb)
{
	return (verb->roles & ROLE_STRANGER) != 0;
}

/* Fill the caller from the token's session. */
static enum err_kind take_session(struct pipeline_call *call, struct err *err)
{
	struct ctx *ctx = &call->ctx;
	struct session session;
	struct err why;
	enum err_kind rc = session_find(
		ctx->lab, ctx->db, ctx->mem, call->token, ctx->now_us, &session, &why);

	if (rc != OK && rc != ERR_NOT_FOUND) {
		*err = why;
		return rc;
	}
	if (rc == ERR_NOT_FOUND || !session.is_open)
		return is_for_strangers(ctx->verb) && call->stage == STAGE_COMPUTE
			? OK
			: err_set(err, ERR_AUTH, "the session has ended: sign in again");
	session_caller(&session, &ctx->caller);
	call->must_change = session.must_change;
	call->has_totp = session.has_totp;
	call->seen_us = session.seen_us;
	if (!str_eq(session.point, ctx->caller.point)) {
		ctx->caller.roles = 0;
		return err_set(err, ERR_AUTH, "the session belongs to another access point");
	}
	return OK;
}

enum err_kind call_authenticate(struct pipeline_call *call, struct err *err)
{
	struct ctx *ctx = &call->ctx;
	struct str was = ctx->caller.session_id;

	ctx->caller = (struct caller){
		.point = str_from(call->point),
		.address = str_from(call->address),
		.is_console = strcmp(call->point, "console") == 0,
		.roles = ROLE_STRANGER,
		.session_id = STR(""),
		.person_id = STR(""),
		.person_name = STR(""),
		.organisation_id = STR(""),
		.organisation_name = STR(""),
		.line = STR(""),
	};
	if (call->stage == STAGE_COMPUTE) {
		enum err_kind rc = point_auth_check(pipeline_points(call->pipeline), ctx->db,
			&call->in, &call->peer, &call->is_signed, err);

		ctx->caller.peer = call->peer;
		return rc != OK || !call->has_token ? rc : take_session(call, err);
	}
	ctx->caller.peer = call->peer;
	enum err_kind rc = point_auth_still(
		pipeline_points(call->pipeline), ctx->caller.point, err);

	/* A stranger at first is one again: the token, if any, was of no session then. */
	return rc != OK || was.len == 0 ? rc : take_session(call, err);
}

/* "only an officer or auditor may do this" */
static enum err_kind refuse_role(const struct verb *verb, struct err *err)
{
	char words[120] = "";
	size_t len = 0;

	for (unsigned bit = 1; bit < ROLE_STRANGER; bit <<= 1) {
		if ((verb->roles & bit) == 0)
			continue;
		int n = snprintf(words + len, sizeof(words) - len, "%s%s", len > 0 ? ", " : "",
			role_word((enum role)bit));

		assert(n > 0 && (size_t)n < sizeof(words) - len);
		len += (size_t)n;
	}
	return err_set(err, ERR_DENIED, "your role does not allow this; it is for: %s", words);
}

enum err_kind call_authorise_role(struct pipeline_call *call, struct err *err)
{
	const struct ctx *ctx = &call->ctx;
	const struct verb *verb = ctx->verb;
	bool is_stranger = ctx->caller.session_id.len == 0;
	unsigned peers = verb->peers != 0 ? verb->peers : PEER_POINT | PEER_CONSOLE;

	if ((peers & ctx->caller.peer) == 0)
		return err_set(err, ERR_DENIED, "%s is not for this kind of peer", verb->name);
	if ((verb->roles & ctx->caller.roles) == 0) {
		/* Strangers may be asked to sign in; so may a person who has no role any more. */
		if (is_stranger)
			return err_set(err, ERR_AUTH, "sign in first");
		bool all = (verb->roles & ROLE_SIGNED_IN) == ROLE_SIGNED_IN;

		/* Anybody signed in may do it, and the caller has no role at all. */
		if (all || (verb->roles & ROLE_SIGNED_IN) == 0)
			return err_set(
				err, ERR_DENIED, "your account has no role that allows this");
		return refuse_role(verb, err);
	}
	if ((verb->flags & (VERB_FD | VERB_CONSOLE)) && !(verb->flags & VERB_UPLOAD) &&
		!ctx->caller.is_console)
		return err_set(
			err, ERR_DENIED, "only on the lab's own machine, by the command line");
	if (is_stranger || (verb->flags & VERB_SELF))
		return OK;
	if (call->must_change)
		return err_set(err, ERR_DENIED,
			"you signed in with a one-time password: set your own first (session.password)");
	if (ctx->lab->settings.totp_required && !call->has_totp)
		return err_set(err, ERR_DENIED,
			"this lab wants a second factor: set one up first (session.totp_begin)");
	return OK;
}

enum err_kind call_authorise_grant(struct pipeline_call *call, struct err *err)
{
	struct ctx *ctx = &call->ctx;
	const struct verb *verb = ctx->verb;

	if (verb->activity == ACTIVITY_NONE)
		return OK;
	bool has_path = args_find(verb, "path") != NULL;
	const char *path_name = has_path ? "path" : "folder";
	struct str path = STR("");
	struct str release = args_find(verb, "release") != NULL ? arg_str(ctx, "release") : STR("");
	enum err_kind rc = OK;

	if (args_find(verb, path_name) != NULL)
		rc = arg_path(ctx, path_name, &path, err);
	memset(&call->scope, 0, sizeof(call->scope));
	if (rc == OK)
		rc = access_check(ctx, verb->activity, arg_str(ctx, "engagement"), release, path,
			!has_path, &call->scope, err);
	if (rc == OK)
		ctx->scope = &call->scope;
	return rc;
}
