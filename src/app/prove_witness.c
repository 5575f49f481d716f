/*
 * prove_witness: what witnesses ask of the centre, and the policy that says whose cosignatures count. What a witness
 * does is no act in the lab and leaves no entry: an entry for each cosignature would need a cosignature of its own.
 */
#include "app/families.h"
#include "app/lab.h"
#include "app/verb.h"
#include "app/witnessing.h"
#include "base/hex.h"
#include "os/log.h"

/* In the call's memory; NULL with err set. */
static struct cosigned_view *view_of(struct ctx *ctx, struct err *err)
{
	struct cosigned_view *view = arena_array(ctx->mem, struct cosigned_view, 1);

	if (view == NULL) {
		err_set(err, ERR_LIMIT, "request memory used up");
		return NULL;
	}
	return cosigned_show(ctx->lab->cosigned, ctx->mem, view, err) == OK ? view : NULL;
}

static void put_path(struct ctx *ctx, const struct merkle_path *path, struct out *o)
{
	struct jw *w = ctx->answer;
	struct err err;

	jw_key(w, "proof");
	jw_array(w);
	for (size_t i = 0; i < path->count; i++) {
		struct str text;

		out_init(o, ctx->mem, 64);
		out_base64(o, str_of(path->nodes[i].bytes, SHA256_BYTES));
		if (out_finish(o, &text, &err) == OK)
			jw_str(w, text);
	}
	jw_array_end(w);
}

static enum err_kind next_compute(struct ctx *ctx, struct err *err)
{
	uint64_t size = (uint64_t)arg_i64(ctx, "size", 0);
	struct jw *w = ctx->answer;
	struct merkle_path path = { 0 };
	struct ledger_head head;
	struct str note = STR("");
	struct out o;
	enum err_kind rc = cosigned_offer(
		ctx->lab->cosigned, ctx->mem, clock_monotonic_us(), &head, &note, err);

	if (rc != OK)
		return rc;
	jw_key(w, "size");
	jw_u64(w, head.size);
	jw_kbool(w, "behind", size > head.size);
	if (size <= head.size)
		cosigned_hear(ctx->lab->cosigned, ctx->caller.point);
	if (size >= head.size)
		return OK;
	rc = ledger_extends(ctx->lab->ledger, size, head.size, &path, err);
	if (rc != OK)
		return rc;
	jw_kstr(w, "checkpoint", note);
	put_path(ctx, &path, &o);
	return OK;
}

static enum err_kind cosign_compute(struct ctx *ctx, struct err *err)
{
	unsigned taken;
	enum err_kind rc = cosigned_take(ctx->lab->cosigned, (uint64_t)arg_i64(ctx, "size", 0),
		arg_str(ctx, "lines"), ctx->now_us, &taken, err);

	if (rc != OK)
		return rc;
	jw_ki64(ctx->answer, "taken", (int64_t)taken);
	return OK;
}

static enum err_kind ahead_compute(struct ctx *ctx, struct err *err)
{
	bool frozen;
	enum err_kind rc = ledger_ahead(ctx->lab->ledger, arg_str(ctx, "checkpoint"), &frozen, err);

	if (rc != OK)
		return rc;
	if (frozen)
		log_line(LOG_ERROR,
			"the witness %.*s has shown a head that this log does not extend",
			STR_ARG(ctx->caller.point));
	jw_kbool(ctx->answer, "frozen", frozen);
	return OK;
}

/* The numbers of 2k > N + f, in the general form that groups need. */
static void put_bound(struct jw *w, const struct policy *policy)
{
	uint32_t counted = policy_counted(policy);

	jw_key(w, "bound");
	jw_object(w);
	jw_ki64(w, "witnesses", __builtin_popcount(counted));
	jw_ki64(w, "quorum", (int64_t)policy_fewest(policy));
	jw_ki64(w, "overlap", (int64_t)policy_overlap(policy, 0));
	jw_ki64(w, "stall", (int64_t)policy_stall(policy));
	jw_ki64(w, "owners", (int64_t)policy_owner_count(policy));
	jw_ki64(w, "owners_to_break", (int64_t)policy_owners_to_break(policy));
	jw_object_end(w);
}

static enum err_kind write_proposals(struct ctx *ctx, struct err *err)
{
	struct jw *w = ctx->answer;
	struct stmt *s;
	bool row = false;
	enum err_kind rc = stmt_begin(ctx->db,
		"SELECT digest, text, proposed_by, proposed_us FROM policies WHERE set_us IS NULL"
		" ORDER BY proposed_us DESC LIMIT 8",
		&s, err);

	if (rc != OK)
		return rc;
	jw_key(w, "proposed");
	jw_array(w);
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		jw_object(w);
		jw_khex(w, "policy", stmt_col_str(s, 0).ptr, stmt_col_str(s, 0).len);
		jw_kstr(w, "text", stmt_col_str(s, 1));
		jw_kstr(w, "by", stmt_col_str(s, 2));
		jw_kwhen(w, "time", stmt_col_i64(s, 3));
		jw_object_end(w);
	}
	stmt_end(s);
	jw_array_end(w);
	return rc;
}

static enum err_kind list_compute(struct ctx *ctx, struct err *err)
{
	struct cosigned_view *view = view_of(ctx, err);
	struct ledger_head head;
	struct str note;
	struct jw *w = ctx->answer;

	if (view == NULL)
		return err->kind;
	enum err_kind rc = ledger_checkpoint(ctx->lab->ledger, ctx->mem, &head, &note, err);

	if (rc != OK)
		return rc;
	jw_key(w, "size");
	jw_u64(w, head.size);
	jw_key(w, "witnessed");
	jw_u64(w, view->witnessed.size);
	jw_kbool(w, "has_policy", view->policy_text.len > 0);
	jw_kstr(w, "policy", view->policy_text);
	jw_ki64(w, "stale_s", WITNESSING_STALE_S);
	witnessing_put(w, view);
	put_bound(w, &view->policy);
	return (ctx->caller.roles & ROLE_OFFICER) != 0 ? write_proposals(ctx, err) : OK;
}

/* A policy that names this log by its key. */
static enum err_kind check_policy(
	struct ctx *ctx, struct str text, struct policy *policy, struct err *err)
{
	enum err_kind rc = policy_parse(text, policy, err);

	if (rc != OK)
		return rc;
	for (size_t i = 0; i < policy->log_count; i++)
		if (str_eq(policy->logs[i].vkey.name, str_from(ctx->lab->settings.origin)) &&
			memcmp(&policy->logs[i].vkey.key, &ctx->lab->keys.ledger_public,
				sizeof(struct sign_public)) == 0)
			return OK;
	return err_set(err, ERR_INPUT,
		"the policy must name this log: a line \"log\" and its key, as `vitrine ledger vkey` prints it");
}

static enum err_kind propose_apply(struct ctx *ctx, struct err *err)
{
	struct str text = arg_str(ctx, "policy");
	struct sha256 digest = sha256_of(text);
	struct policy *policy = arena_array(ctx->mem, struct policy, 1);
	char hex[SHA256_HEX_BYTES];
	struct stmt *s;
	enum err_kind rc = policy == NULL ? err_set(err, ERR_LIMIT, "request memory used up")
					  : check_policy(ctx, text, policy, err);

	if (rc == OK)
		rc = stmt_begin(ctx->db,
			"INSERT INTO policies (digest, text, proposed_by, proposed_us)"
			" VALUES (:digest, :text, :by, :now)"
			" ON CONFLICT (digest) DO UPDATE SET proposed_by = excluded.proposed_by,"
			" proposed_us = excluded.proposed_us, set_by = NULL, set_us = NULL"
			" WHERE set_us IS NULL OR set_us < (SELECT max(set_us) FROM policies)",
			&s, err);
	if (rc != OK)
		return rc;
	stmt_blob(s, ":digest", str_of(digest.bytes, SHA256_BYTES));
	stmt_text(s, ":text", text);
	stmt_text(s, ":by", ctx->caller.person_id);
	stmt_i64(s, ":now", ctx->now_us);
	int64_t changed = 0;

	rc = stmt_run(s, &changed, err);
	if (rc == OK && changed == 0)
		rc = err_set(err, ERR_CONFLICT, "this policy is in force already");
	if (rc != OK)
		return rc;
	sha256_format(&digest, hex);
	entry_public(ctx, "policy", str_from(hex));
	jw_kstr(ctx->answer, "policy", str_from(hex));
	put_bound(ctx->answer, policy);
	return OK;
}

/* What is to come into force once the entry is durable. */
struct setting_policy {
	struct cosigned *cosigned;
	struct str text; /* in the call's memory */
};

static void policy_is_durable(void *arg, bool durable)
{
	const struct setting_policy *p = arg;
	struct err err;

	if (durable && cosigned_set_policy(p->cosigned, p->text, &err) != OK)
		log_line(LOG_ERROR, "the policy is entered and not yet published: %s", err.msg);
}

static enum err_kind find_proposal(
	struct ctx *ctx, const struct sha256 *digest, struct str *text, struct err *err)
{
	struct stmt *s;
	bool row = false;
	enum err_kind rc = stmt_begin(ctx->db,
		"SELECT text, proposed_by FROM policies WHERE digest = :digest AND set_us IS NULL",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_blob(s, ":digest", str_of(digest->bytes, SHA256_BYTES));
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	if (!row)
		return err_set(err, ERR_NOT_FOUND, "no such policy is proposed");
	bool own = str_eq(stmt_col_str(s, 1), ctx->caller.person_id);
	bool copied = arena_copy(ctx->mem, stmt_col_str(s, 0), text);

	stmt_end(s);
	if (own)
		return err_set(err, ERR_DENIED, "another officer must confirm what you proposed");
	return copied ? OK : err_set(err, ERR_LIMIT, "request memory used up");
}

static enum err_kind set_apply(struct ctx *ctx, struct err *err)
{
	struct setting_policy *set = arena_array(ctx->mem, struct setting_policy, 1);
	struct policy *policy = arena_array(ctx->mem, struct policy, 1);
	struct sha256 digest;
	struct stmt *s;
	enum err_kind rc = OK;

	if (set == NULL || policy == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	if (!sha256_parse(arg_str(ctx, "policy"), &digest))
		return err_set(err, ERR_INPUT, "policy: 64 hexadecimal digits");
	set->cosigned = ctx->lab->cosigned;
	rc = find_proposal(ctx, &digest, &set->text, err);
	if (rc == OK)
		rc = check_policy(ctx, set->text, policy, err);
	if (rc == OK)
		rc = stmt_begin(ctx->db,
			"UPDATE policies SET set_by = :by, set_us = :now WHERE digest = :digest",
			&s, err);
	if (rc != OK)
		return rc;
	stmt_text(s, ":by", ctx->caller.person_id);
	stmt_i64(s, ":now", ctx->now_us);
	stmt_blob(s, ":digest", str_of(digest.bytes, SHA256_BYTES));
	rc = stmt_run(s, NULL, err);
	if (rc != OK)
		return rc;
	entry_public(ctx, "policy", arg_str(ctx, "policy"));
	entry_public_i64(ctx, "quorum", (int64_t)policy_fewest(policy));
	entry_public_i64(ctx, "witnesses", __builtin_popcount(policy_counted(policy)));
	jw_kstr(ctx->answer, "policy", arg_str(ctx, "policy"));
	put_bound(ctx->answer, policy);
	call_on_end(ctx, policy_is_durable, set);
	return OK;
}

/* A name as it stands in frames; "console" is the command line's. */
static bool is_peer_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
			    c == '_'))
			return false;
	}
	return name.len > 0 && !str_eq(name, STR("console"));
}

static enum err_kind enrol_apply(struct ctx *ctx, struct err *err)
{
	struct str name = arg_str(ctx, "name"), owner = arg_str(ctx, "owner");
	uint8_t key[SIGN_PUBLIC_BYTES];
	int64_t changed = 0;
	struct stmt *s;

	if (!is_peer_name(name))
		return err_set(err, ERR_INPUT, "name: lower-case letters, digits, . - _");
	if (!hex_parse(arg_str(ctx, "key"), key, sizeof(key)))
		return err_set(err, ERR_INPUT, "key: 64 hexadecimal digits");
	enum err_kind rc = stmt_begin(ctx->db,
		"INSERT INTO points (name, public_key, counter, site, role, owner, enrolled_us)"
		" VALUES (:name, :key, 0, '', 'witness', :owner, :now) ON CONFLICT (name) DO NOTHING",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":name", name);
	stmt_blob(s, ":key", str_of(key, sizeof(key)));
	if (owner.len > 0)
		stmt_text(s, ":owner", owner);
	else
		stmt_null(s, ":owner");
	stmt_i64(s, ":now", ctx->now_us);
	rc = stmt_run(s, &changed, err);
	if (rc == OK && changed == 0)
		rc = err_set(err, ERR_CONFLICT, "a peer of this name is enrolled already");
	if (rc != OK)
		return rc;
	entry_public(ctx, "name", name);
	entry_public(ctx, "key", arg_str(ctx, "key"));
	jw_kstr(ctx->answer, "name", name);
	return OK;
}

static const struct verb_arg enrol_args[] = {
	{ "name", ARG_LINE, ARG_REQUIRED, 1, 31, NULL, "how the witness calls itself on the link" },
	{ "key", ARG_LINE, ARG_REQUIRED, 64, 64, NULL,
		"its link key in hexadecimal, as `vitrine witness init` prints it" },
	{ "owner", ARG_ID, 0, 0, 0, "org", "the organisation in whose hands it is" },
	{ 0 },
};

static const struct verb_arg next_args[] = {
	{ "size", ARG_INT, ARG_REQUIRED, 0, 0, NULL, "of the head that the witness cosigned last" },
	{ 0 },
};

static const struct verb_arg cosign_args[] = {
	{ "size", ARG_INT, ARG_REQUIRED, 0, 0, NULL, "of the head that was cosigned" },
	{ "lines", ARG_TEXT, ARG_REQUIRED, 1, COSIGNED_LINES_BYTES_MAX, NULL,
		"signature lines, each with its line feed" },
	{ 0 },
};

static const struct verb_arg ahead_args[] = {
	{ "checkpoint", ARG_TEXT, ARG_REQUIRED, 1, 8192, NULL,
		"a head of this log that the witness holds" },
	{ 0 },
};

static const struct verb_arg propose_args[] = {
	{ "policy", ARG_TEXT, ARG_REQUIRED, 1, LIMIT_TEXT_BYTES, NULL,
		"the text of a tlog-policy, with \"# owner NAME: ORGANISATION\" lines" },
	{ 0 },
};

static const struct verb_arg set_args[] = {
	{ "policy", ARG_LINE, ARG_REQUIRED, 64, 64, NULL, "SHA-256 of the proposed text" },
	{ 0 },
};

const struct verb verbs_witness[] = {
	{
		.name = "witness.next",
		.summary = "Give a witness the head to cosign, with the proof from the one it has.",
		.args = next_args,
		.roles = ROLE_ANYONE,
		.peers = PEER_WITNESS,
		.public_fields = "",
		.flags = VERB_NO_ENTRY | VERB_SELF,
		.compute = next_compute,
	},
	{
		.name = "witness.cosign",
		.summary = "Take a witness's cosignature of a head.",
		.args = cosign_args,
		.roles = ROLE_ANYONE,
		.peers = PEER_WITNESS,
		.public_fields = "",
		.flags = VERB_NO_ENTRY | VERB_SELF,
		.compute = cosign_compute,
	},
	{
		.name = "witness.ahead",
		.summary = "Show the centre a head of its own that it does not extend: it freezes.",
		.args = ahead_args,
		.roles = ROLE_ANYONE,
		.peers = PEER_WITNESS,
		.public_fields = "",
		.flags = VERB_NO_ENTRY | VERB_SELF,
		.compute = ahead_compute,
	},
	{
		.name = "witness.list",
		.summary =
			"Tell the policy in force, whose keys it names, and what each has cosigned.",
		.roles = ROLE_ANYONE,
		.peers = PEER_CONSOLE | PEER_ENROLLED,
		.public_fields = "",
		.flags = VERB_NO_ENTRY | VERB_SELF,
		.compute = list_compute,
	},
	{
		.name = "witness.enrol",
		.summary = "Let a witness on the lab's own machine ask for heads.",
		.args = enrol_args,
		.roles = ROLE_OFFICER,
		.public_fields = "actor name key",
		.apply = enrol_apply,
	},
	{
		.name = "policy.propose",
		.summary = "Propose whose cosignatures make a head of the log count.",
		.args = propose_args,
		.roles = ROLE_OFFICER,
		.public_fields = "actor policy",
		.apply = propose_apply,
	},
	{
		.name = "policy.set",
		.summary = "Put a policy that another officer has proposed into force.",
		.args = set_args,
		.roles = ROLE_OFFICER,
		.public_fields = "actor policy quorum witnesses",
		.apply = set_apply,
	},
	{ 0 },
};
