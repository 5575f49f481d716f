/* run_lab: what the lab says of itself. */
#include "app/call.h"
#include "app/families.h"
#include "app/kind.h"
#include "app/openapi.h"
#include "app/witnessing.h"
#include "base/when.h"

static enum err_kind hello_compute(struct ctx *ctx, struct err *err)
{
	struct lab *lab = ctx->lab;
	const char *frozen = ledger_frozen(lab->ledger);
	struct ledger_head head;
	struct str vkey, note;
	struct jw *w = ctx->answer;
	enum err_kind rc = lab_vkey(lab, ctx->mem, &vkey, err);

	if (rc == OK)
		rc = ledger_checkpoint(lab->ledger, ctx->mem, &head, &note, err);
	if (rc != OK)
		return rc;
	jw_kstr(w, "name", str_from(lab->settings.name));
	jw_kstr(w, "origin", str_from(lab->settings.origin));
	jw_kstr(w, "vkey", vkey);
	jw_key(w, "size");
	jw_u64(w, head.size);
	jw_khex(w, "root", head.root.bytes, SHA256_BYTES);
	jw_key(w, "frozen");
	if (frozen == NULL && atomic_load(&lab->waits_for_witnesses))
		frozen = LAB_WAITS;
	if (frozen != NULL)
		jw_str(w, str_from(frozen));
	else
		jw_null(w);
	rc = witnessing_put_sizes(ctx, err);
	if (rc != OK)
		return rc;
	jw_kbool(w, "test_clock", lab->settings.test_clock);
	jw_kstr(w, "version", STR(VITRINE_VERSION));
	jw_kwhen(w, "now", ctx->now_us);
	return OK;
}

/* Whether the caller's role is one of the verb's; grants and states are asked about when it is called. */
static void describe_verbs(struct ctx *ctx)
{
	struct jw *w = ctx->answer;

	jw_key(w, "verbs");
	jw_array(w);
	for (size_t i = 0; i < verb_count(ctx->lab); i++) {
		const struct verb *verb = verb_at(ctx->lab, i);

		jw_object(w);
		jw_kstr(w, "name", str_from(verb->name));
		jw_kstr(w, "summary", str_from(verb->summary));
		jw_kbool(w, "allowed", (verb->roles & ctx->caller.roles) != 0);
		jw_object_end(w);
	}
	jw_array_end(w);
}

static enum err_kind describe_compute(struct ctx *ctx, struct err *err)
{
	const struct settings *settings = &ctx->lab->settings;
	struct jw *w = ctx->answer;

	(void)err;
	jw_kstr(w, "name", str_from(settings->name));
	jw_key(w, "kinds");
	kinds_describe(w, ctx->lab->kinds, &ctx->caller);
	describe_verbs(ctx);
	jw_key(w, "settings");
	jw_object(w);
	jw_ki64(w, "session_idle_s", settings->session_idle_s);
	jw_ki64(w, "session_absolute_s", settings->session_absolute_s);
	jw_kbool(w, "totp_required", settings->totp_required);
	jw_kbool(w, "test_clock", settings->test_clock);
	jw_object_end(w);
	jw_key(w, "tile");
	jw_object(w);
	jw_ki64(w, "lines", LIMIT_TILE_LINES);
	jw_ki64(w, "columns", LIMIT_TILE_COLUMNS);
	jw_object_end(w);
	return OK;
}

static enum err_kind code_compute(struct ctx *ctx, struct err *err)
{
	struct str digest;
	int64_t index;
	enum err_kind rc = lab_code(ctx->db, ctx->mem, &digest, &index, err);

	jw_kstr(ctx->answer, "digest", digest);
	jw_ki64(ctx->answer, "entry", index);
	return rc;
}

static enum err_kind openapi_compute(struct ctx *ctx, struct err *err)
{
	struct out document;

	out_init(&document, ctx->mem, LIMIT_ANSWER_BYTES);
	openapi_put(&document, ctx->lab, VITRINE_VERSION);
	return out_finish(&document, &ctx->attach, err);
}

const struct verb verbs_lab[] = {
	{
		.name = "lab.hello",
		.summary = "Tell the lab's name, its ledger's key and head, and its time.",
		.roles = ROLE_ANYONE,
		.peers = PEER_ALL,
		.public_fields = "",
		.flags = VERB_NO_ENTRY | VERB_SELF,
		.compute = hello_compute,
	},
	{
		.name = "lab.describe",
		.summary =
			"Tell the kinds of records, the verbs and the settings that pages are drawn from.",
		.roles = ROLE_SIGNED_IN,
		.public_fields = "",
		.flags = VERB_NO_ENTRY | VERB_SELF,
		.compute = describe_compute,
	},
	{
		.name = "lab.code",
		.summary = "Tell the digest of the client code and the entry that has it.",
		.roles = ROLE_ANYONE,
		.public_fields = "",
		.flags = VERB_NO_ENTRY | VERB_SELF,
		.compute = code_compute,
	},
	{
		.name = "lab.openapi",
		.summary = "Give the OpenAPI document of every verb of this lab.",
		.roles = ROLE_ANYONE,
		.public_fields = "",
		.flags = VERB_NO_ENTRY | VERB_SELF | VERB_BYTES,
		.compute = openapi_compute,
	},
	{ 0 },
};
