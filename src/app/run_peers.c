/*
 * run_peers: points and witnesses on other machines: who may come, who is there, who is shown out. An officer invites;
 * whoever holds the token shows a key, and the lab certifies it.
 */
#include <fcntl.h>

#include "app/authority.h"
#include "app/call.h"
#include "app/families.h"
#include "base/hex.h"
#include "base/when.h"
#include "link/token.h"
#include "os/random.h"

static const int64_t INVITATION_US = 10 * WHEN_MINUTE_US;

static bool is_reserved(const char *name)
{
	return strcmp(name, "console") == 0 || strcmp(name, "door") == 0 ||
		str_starts(str_from(name), STR(TOKEN_LINK_PREFIX));
}

static enum err_kind peer_exists(struct ctx *ctx, struct str name, bool *exists, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(ctx->db, "SELECT 1 FROM points WHERE name = :name", &s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":name", name);
	rc = stmt_step(s, exists, err);
	stmt_end(s);
	return rc;
}

static enum err_kind count_of(struct ctx *ctx, const char *sql, int64_t *count, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(ctx->db, sql, &s, err);

	if (rc == OK)
		rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	*count = stmt_col_i64(s, 0);
	stmt_end(s);
	return OK;
}

/* Invitations that ran out, and an open one for the same name. */
static enum err_kind drop_invitations(struct ctx *ctx, struct str name, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(
		ctx->db, "DELETE FROM invitations WHERE ends_us <= :now OR name = :name", &s, err);

	if (rc != OK)
		return rc;
	stmt_i64(s, ":now", ctx->now_us);
	stmt_text(s, ":name", name);
	return stmt_run(s, NULL, err);
}

static enum err_kind check_owner(struct ctx *ctx, struct err *err)
{
	struct stmt *s;
	bool row;

	if (!arg_given(ctx, "owner"))
		return OK;
	enum err_kind rc = stmt_begin(
		ctx->db, "SELECT 1 FROM records WHERE id = :id AND kind = 'organisation'", &s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":id", arg_str(ctx, "owner"));
	rc = stmt_step(s, &row, err);
	stmt_end(s);
	return rc != OK || row ? rc : err_set(err, ERR_INPUT, "owner: no such organisation");
}

static enum err_kind check_invitation(struct ctx *ctx, struct str name, struct err *err)
{
	char field[FRAME_POINT_BYTES], *text = arena_cstr(ctx->mem, name);
	int64_t peers = 0, open = 0;
	bool exists = false;

	if (text == NULL || !frame_set_name(field, sizeof(field), text) || is_reserved(field))
		return err_set(err, ERR_INPUT,
			"name: lower-case letters, digits and ._- only, and not \"console\" or \"door\"");
	enum err_kind rc = peer_exists(ctx, name, &exists, err);

	if (rc == OK && exists)
		rc = err_set(err, ERR_CONFLICT,
			"there is a point or witness of that name; a name is given once, even when "
			"it was revoked");
	if (rc == OK)
		rc = check_owner(ctx, err);
	if (rc == OK)
		rc = count_of(ctx, "SELECT count(*) FROM points", &peers, err);
	if (rc == OK)
		rc = count_of(ctx, "SELECT count(*) FROM invitations", &open, err);
	if (rc == OK && (peers >= LIMIT_POINTS || open >= LIMIT_INVITATIONS))
		rc = err_set(err, ERR_LIMIT,
			"a lab has at most %d points and witnesses, and %d open invitations",
			LIMIT_POINTS, LIMIT_INVITATIONS);
	return rc;
}

static void bind_owner(struct stmt *s, struct str owner)
{
	if (owner.len > 0)
		stmt_text(s, ":owner", owner);
	else
		stmt_null(s, ":owner");
}

static enum err_kind insert_invitation(
	struct ctx *ctx, const struct sign_public *key, int64_t ends_us, struct err *err)
{
	char link[FRAME_POINT_BYTES];
	struct str name = arg_str(ctx, "name");
	struct str site = arg_given(ctx, "site") ? arg_str(ctx, "site") : name;
	struct stmt *s;
	enum err_kind rc = stmt_begin(ctx->db,
		"INSERT INTO invitations (name, link, public_key, role, site, owner, ends_us) "
		"VALUES (:name, :link, :key, :role, :site, :owner, :ends)",
		&s, err);

	if (rc != OK)
		return rc;
	token_link_name(key, link);
	stmt_text(s, ":name", name);
	stmt_text(s, ":link", str_from(link));
	stmt_blob(s, ":key", str_of(key->bytes, SIGN_PUBLIC_BYTES));
	stmt_text(s, ":role", arg_given(ctx, "role") ? arg_str(ctx, "role") : STR("point"));
	stmt_text(s, ":site", site);
	bind_owner(s, arg_given(ctx, "owner") ? arg_str(ctx, "owner") : STR(""));
	stmt_i64(s, ":ends", ends_us);
	return stmt_run(s, NULL, err);
}

static enum err_kind invite_apply(struct ctx *ctx, struct err *err)
{
	struct str name = arg_str(ctx, "name"), text = STR("");
	int64_t ends_us = ctx->now_us + INVITATION_US;
	struct sign_public public_key;
	struct sign_secret key;
	struct sha256 authority;
	struct token token;
	struct out o;
	enum err_kind rc = drop_invitations(ctx, name, err);

	if (rc == OK)
		rc = check_invitation(ctx, name, err);
	if (rc == OK)
		rc = authority_fingerprint(ctx->lab, &authority, err);
	if (rc != OK)
		return rc;
	random_bytes(token.seed, sizeof(token.seed));
	memcpy(token.authority, authority.bytes, sizeof(token.authority));
	token_key(&token, &public_key, &key);
	secret_wipe(&key, sizeof(key));
	rc = insert_invitation(ctx, &public_key, ends_us, err);
	out_init(&o, ctx->mem, TOKEN_TEXT_BYTES + 1);
	token_put(&o, &token);
	secret_wipe(&token, sizeof(token));
	if (rc == OK)
		rc = out_finish(&o, &text, err);
	if (rc != OK)
		return rc;
	entry_public(ctx, "point", name);
	entry_public(ctx, "role", arg_given(ctx, "role") ? arg_str(ctx, "role") : STR("point"));
	jw_kstr(ctx->answer, "name", name);
	jw_kstr(ctx->answer, "token", text);
	jw_kwhen(ctx->answer, "ends", ends_us);
	return OK;
}

/* What a person compares on both screens. */
static void write_fingerprint(struct jw *w, struct str public_key)
{
	struct sha256 digest = sha256_of(public_key);

	jw_khex(w, "fingerprint", digest.bytes, SHA256_BYTES);
}

static enum err_kind awaited_compute(struct ctx *ctx, struct err *err)
{
	struct jw *w = ctx->answer;
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(ctx->db,
		"SELECT public_key FROM points WHERE name = :name AND certificate IS NOT NULL", &s,
		err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":name", arg_str(ctx, "name"));
	rc = stmt_step(s, &row, err);
	if (rc == OK && row) {
		jw_kstr(w, "state", STR("came"));
		write_fingerprint(w, stmt_col_str(s, 0));
		stmt_end(s);
		return OK;
	}
	if (rc == OK)
		rc = stmt_begin(ctx->db,
			"SELECT 1 FROM invitations WHERE name = :name AND ends_us > :now", &s, err);
	if (rc != OK)
		return rc;
	stmt_text(s, ":name", arg_str(ctx, "name"));
	stmt_i64(s, ":now", ctx->now_us);
	rc = stmt_step(s, &row, err);
	stmt_end(s);
	if (rc == OK)
		jw_kstr(w, "state", row ? STR("awaited") : STR("over"));
	return rc;
}

/* The invitation under which a joining peer calls. */
struct invitation {
	struct str name, role, site, owner;
};

static enum err_kind find_invitation(struct ctx *ctx, struct invitation *found, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(ctx->db,
		"SELECT name, role, site, owner FROM invitations WHERE link = :link AND ends_us > :now",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":link", ctx->caller.point);
	stmt_i64(s, ":now", ctx->now_us);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	if (!row)
		return err_set(err, ERR_DENIED,
			"this token is too old or was taken back: an officer invites again");
	bool fits = arena_copy(ctx->mem, stmt_col_str(s, 0), &found->name) &&
		arena_copy(ctx->mem, stmt_col_str(s, 1), &found->role) &&
		arena_copy(ctx->mem, stmt_col_str(s, 2), &found->site) &&
		arena_copy(ctx->mem, stmt_col_str(s, 3), &found->owner);

	stmt_end(s);
	return fits ? OK : err_set(err, ERR_LIMIT, "request memory used up");
}

static enum err_kind take_key(struct ctx *ctx, struct sign_public *key, struct err *err)
{
	struct str bytes, signature_bytes, message;
	struct signature signature;
	struct out said;
	enum err_kind rc = arg_bytes(ctx, "key", &bytes, err);

	if (rc == OK)
		rc = arg_bytes(ctx, "signature", &signature_bytes, err);
	if (rc != OK)
		return rc;
	assert(bytes.len == SIGN_PUBLIC_BYTES && signature_bytes.len == SIGN_BYTES);
	memcpy(key->bytes, bytes.ptr, SIGN_PUBLIC_BYTES);
	memcpy(signature.bytes, signature_bytes.ptr, SIGN_BYTES);
	out_init(&said, ctx->mem, 256);
	out_put(&said, STR("vitrine/join/v1\n"));
	out_put(&said, ctx->caller.point);
	out_char(&said, '\n');
	out_put(&said, bytes);
	rc = out_finish(&said, &message, err);
	if (rc == OK && !sign_verify(key, message, &signature))
		rc = err_set(err, ERR_DENIED, "the key is not the caller's");
	return rc;
}

/*
 * The peer that an invitation made. Whoever lost the answer may ask again with the same key; another key is another
 * machine, and the token is used up.
 */
static enum err_kind find_joined(struct ctx *ctx, const struct invitation *invited,
	const struct sign_public *key, bool *joined, struct err *err)
{
	struct stmt *s;
	bool same;
	enum err_kind rc = stmt_begin(
		ctx->db, "SELECT public_key FROM points WHERE name = :name", &s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":name", invited->name);
	rc = stmt_step(s, joined, err);
	if (rc != OK || !*joined)
		return rc;
	same = str_eq(stmt_col_str(s, 0), str_of(key->bytes, SIGN_PUBLIC_BYTES));
	stmt_end(s);
	return same ? OK : err_set(err, ERR_DENIED, "this token was used already");
}

static enum err_kind insert_peer(struct ctx *ctx, const struct invitation *invited,
	const struct sign_public *key, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(ctx->db,
		"INSERT INTO points (name, public_key, counter, site, role, owner, enrolled_us) "
		"VALUES (:name, :key, 0, :site, :role, :owner, :now)",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":name", invited->name);
	stmt_blob(s, ":key", str_of(key->bytes, SIGN_PUBLIC_BYTES));
	stmt_text(s, ":site", invited->site);
	stmt_text(s, ":role", invited->role);
	bind_owner(s, invited->owner);
	stmt_i64(s, ":now", ctx->now_us);
	return stmt_run(s, NULL, err);
}

/* Certifies, and notes which certificate is the newest. */
static enum err_kind certify(struct ctx *ctx, struct str name, const struct sign_public *key,
	struct str *pem, struct err *err)
{
	const char *text = arena_cstr(ctx->mem, name);
	struct certificate_facts facts;
	struct stmt *s;

	if (text == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	enum err_kind rc = authority_certify(
		ctx->lab, ctx->mem, CERTIFICATE_PEER, text, key, pem, &facts, err);

	if (rc == OK)
		rc = stmt_begin(ctx->db,
			"UPDATE points SET certificate = :digest, certificate_ends_us = :ends "
			"WHERE name = :name",
			&s, err);
	if (rc != OK)
		return rc;
	stmt_blob(s, ":digest", str_of(facts.fingerprint.bytes, SHA256_BYTES));
	stmt_i64(s, ":ends", facts.until_s * WHEN_SECOND_US);
	stmt_text(s, ":name", name);
	return stmt_run(s, NULL, err);
}

static enum err_kind join_apply(struct ctx *ctx, struct err *err)
{
	struct invitation invited = { .name = STR("") };
	struct jw *w = ctx->answer;
	struct sign_public key;
	struct str pem = STR(""), vkey;
	bool joined = false;
	enum err_kind rc = find_invitation(ctx, &invited, err);

	if (rc == OK)
		rc = take_key(ctx, &key, err);
	if (rc == OK)
		rc = find_joined(ctx, &invited, &key, &joined, err);
	if (rc == OK && !joined)
		rc = insert_peer(ctx, &invited, &key, err);
	if (rc == OK)
		rc = certify(ctx, invited.name, &key, &pem, err);
	if (rc == OK)
		rc = lab_vkey(ctx->lab, ctx->mem, &vkey, err);
	if (rc != OK)
		return rc;
	char *hex = arena_printf(ctx->mem, "%*s", 2 * SIGN_PUBLIC_BYTES, "");

	if (hex == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	hex_format(key.bytes, SIGN_PUBLIC_BYTES, hex);
	entry_public(ctx, "point", invited.name);
	entry_public(ctx, "role", invited.role);
	entry_public(ctx, "key", str_from(hex));
	jw_kstr(w, "name", invited.name);
	jw_kstr(w, "role", invited.role);
	jw_kstr(w, "site", invited.site);
	jw_kstr(w, "lab", str_from(ctx->lab->settings.name));
	jw_kstr(w, "origin", str_from(ctx->lab->settings.origin));
	jw_kstr(w, "vkey", vkey);
	jw_kstr(w, "certificate", pem);
	jw_kstr(w, "authority", str_from(ctx->lab->authority_pem));
	return OK;
}

static enum err_kind renew_apply(struct ctx *ctx, struct err *err)
{
	struct sign_public key;
	struct str pem = STR("");
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(ctx->db,
		"SELECT public_key FROM points WHERE name = :name AND certificate IS NOT NULL", &s,
		err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":name", ctx->caller.point);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	if (!row)
		return err_set(err, ERR_NOT_FOUND, "a peer on this machine has no certificate");
	bool whole = stmt_col_str(s, 0).len == SIGN_PUBLIC_BYTES;

	if (whole)
		memcpy(key.bytes, stmt_col_str(s, 0).ptr, SIGN_PUBLIC_BYTES);
	stmt_end(s);
	if (!whole)
		return err_set(err, ERR_CORRUPT, "the record of the point does not make sense");
	rc = certify(ctx, ctx->caller.point, &key, &pem, err);
	if (rc != OK)
		return rc;
	entry_public(ctx, "point", ctx->caller.point);
	jw_kstr(ctx->answer, "certificate", pem);
	return OK;
}

static void revoke_end(void *arg, bool durable)
{
	struct ctx *ctx = arg;

	if (!durable)
		point_auth_revoke(
			pipeline_points(ctx->call->pipeline), arg_str(ctx, "name"), false);
}

static enum err_kind revoke_apply(struct ctx *ctx, struct err *err)
{
	struct str name = arg_str(ctx, "name");
	int64_t revoked = 0, dropped = 0;
	struct stmt *s;
	enum err_kind rc = stmt_begin(ctx->db,
		"UPDATE points SET revoked_us = :now WHERE name = :name AND revoked_us IS NULL", &s,
		err);

	if (rc != OK)
		return rc;
	stmt_i64(s, ":now", ctx->now_us);
	stmt_text(s, ":name", name);
	rc = stmt_run(s, &revoked, err);
	if (rc == OK)
		rc = stmt_begin(ctx->db, "DELETE FROM invitations WHERE name = :name", &s, err);
	if (rc != OK)
		return rc;
	stmt_text(s, ":name", name);
	rc = stmt_run(s, &dropped, err);
	if (rc == OK && revoked + dropped == 0)
		rc = err_set(err, ERR_NOT_FOUND,
			"no point, witness or invitation of that name is there to be revoked");
	if (rc != OK)
		return rc;
	/* Calls behind this one in the same batch are refused already. */
	if (revoked > 0) {
		point_auth_revoke(pipeline_points(ctx->call->pipeline), name, true);
		call_on_end(ctx, revoke_end, ctx);
	}
	entry_public(ctx, "point", name);
	return OK;
}

static void write_when(struct jw *w, const char *key, struct stmt *s, int column)
{
	if (stmt_col_is_null(s, column))
		return;
	jw_kwhen(w, key, stmt_col_i64(s, column));
}

static enum err_kind list_invitations(struct ctx *ctx, struct err *err)
{
	struct jw *w = ctx->answer;
	struct stmt *s;
	bool row = true;
	enum err_kind rc = stmt_begin(ctx->db,
		"SELECT name, role, site, ends_us FROM invitations WHERE ends_us > :now "
		"AND name NOT IN (SELECT name FROM points) ORDER BY name",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_i64(s, ":now", ctx->now_us);
	jw_key(w, "invitations");
	jw_array(w);
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		jw_object(w);
		jw_kstr(w, "name", stmt_col_str(s, 0));
		jw_kstr(w, "role", stmt_col_str(s, 1));
		jw_kstr(w, "site", stmt_col_str(s, 2));
		jw_kwhen(w, "ends", stmt_col_i64(s, 3));
		jw_object_end(w);
	}
	jw_array_end(w);
	return rc;
}

static enum err_kind list_compute(struct ctx *ctx, struct err *err)
{
	struct point_auth *auth = pipeline_points(ctx->call->pipeline);
	struct jw *w = ctx->answer;
	struct stmt *s;
	bool row = true;
	enum err_kind rc = stmt_begin(ctx->db,
		"SELECT p.name, p.site, p.counter, p.role, p.owner, r.title, p.public_key, "
		"p.enrolled_us, p.revoked_us, p.certificate_ends_us, p.seen_us FROM points p "
		"LEFT JOIN records r ON r.id = p.owner ORDER BY p.name",
		&s, err);

	if (rc != OK)
		return rc;
	jw_key(w, "points");
	jw_array(w);
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		jw_object(w);
		jw_kstr(w, "name", stmt_col_str(s, 0));
		jw_kstr(w, "site", stmt_col_str(s, 1));
		jw_ki64(w, "counter", stmt_col_i64(s, 2));
		jw_kstr(w, "role", stmt_col_str(s, 3));
		if (!stmt_col_is_null(s, 4)) {
			jw_kstr(w, "owner", stmt_col_str(s, 4));
			jw_kstr(w, "owner_name", stmt_col_str(s, 5));
		}
		write_fingerprint(w, stmt_col_str(s, 6));
		write_when(w, "enrolled", s, 7);
		write_when(w, "revoked", s, 8);
		write_when(w, "certificate_ends", s, 9);
		write_when(w, "seen", s, 10);
		jw_kbool(w, "remote", !stmt_col_is_null(s, 9));
		jw_kbool(w, "linked", point_auth_is_linked(auth, stmt_col_str(s, 0)));
		jw_object_end(w);
	}
	jw_array_end(w);
	return rc != OK ? rc : list_invitations(ctx, err);
}

static enum err_kind write_pins(
	struct ctx *ctx, const char *key, const char *sql, bool wants_now, struct err *err)
{
	struct jw *w = ctx->answer;
	struct stmt *s;
	bool row = true;
	enum err_kind rc = stmt_begin(ctx->db, sql, &s, err);

	if (rc != OK)
		return rc;
	if (wants_now)
		stmt_i64(s, ":now", ctx->now_us);
	jw_key(w, key);
	jw_array(w);
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		jw_object(w);
		jw_kstr(w, "name", stmt_col_str(s, 0));
		jw_kbase64(w, "key", stmt_col_str(s, 1));
		jw_object_end(w);
	}
	jw_array_end(w);
	return rc;
}

/* Asked once a second: what the door needs to know, and what it tells. */
static enum err_kind pins_compute(struct ctx *ctx, struct err *err)
{
	struct str links[LIMIT_POINTS], key_bytes, pem;
	size_t count = arg_count(ctx, "links");
	struct certificate_facts facts;
	struct sign_public key;
	enum err_kind rc = OK;

	for (size_t i = 0; i < count; i++)
		links[i] = arg_item(ctx, "links", i);
	point_auth_note_links(pipeline_points(ctx->call->pipeline), links, count);
	rc = write_pins(ctx, "peers",
		"SELECT name, public_key FROM points WHERE certificate IS NOT NULL AND "
		"revoked_us IS NULL",
		false, err);
	if (rc == OK)
		rc = write_pins(ctx, "invitations",
			"SELECT link, public_key FROM invitations WHERE ends_us > :now", true, err);
	jw_ki64(ctx->answer, "now_us", ctx->now_us);
	if (rc != OK || !arg_given(ctx, "key"))
		return rc;
	rc = arg_bytes(ctx, "key", &key_bytes, err);
	if (rc != OK)
		return rc;
	memcpy(key.bytes, key_bytes.ptr, SIGN_PUBLIC_BYTES);
	rc = authority_certify(
		ctx->lab, ctx->mem, CERTIFICATE_DOOR, "door", &key, &pem, &facts, err);
	if (rc != OK)
		return rc;
	jw_kstr(ctx->answer, "certificate", pem);
	jw_kstr(ctx->answer, "authority", str_from(ctx->lab->authority_pem));
	return OK;
}

static const struct verb_arg invite_args[] = {
	{ "name", ARG_LINE, ARG_REQUIRED, 1, FRAME_POINT_BYTES - 1, NULL,
		"what it will be called: bonn, room-2; given once, for ever" },
	{ "site", ARG_LINE, 0, 1, 0, NULL, "where it stands, as pages show it" },
	{ "role", ARG_ENUM, 0, 0, 0, "point witness", "an access point, unless said otherwise" },
	{ "owner", ARG_ID, 0, 0, 0, "org", "whose machine and key it is; absent: the maker's" },
	{ 0 },
};

static const struct verb_arg name_args[] = {
	{ "name", ARG_LINE, ARG_REQUIRED, 1, FRAME_POINT_BYTES - 1, NULL,
		"of the point or witness" },
	{ 0 },
};

static const struct verb_arg join_args[] = {
	{ "key", ARG_BYTES, ARG_REQUIRED, SIGN_PUBLIC_BYTES, SIGN_PUBLIC_BYTES, NULL,
		"the new peer's Ed25519 public key" },
	{ "signature", ARG_BYTES, ARG_REQUIRED, SIGN_BYTES, SIGN_BYTES, NULL,
		"by that key, of what docs/formats/link.md says" },
	{ 0 },
};

static const struct verb_arg pins_args[] = {
	{ "key", ARG_BYTES, 0, SIGN_PUBLIC_BYTES, SIGN_PUBLIC_BYTES, NULL,
		"the door's own Ed25519 public key, to be certified" },
	{ "links", ARG_LIST, 0, 0, LIMIT_POINTS, NULL, "names of the peers that are linked" },
	{ 0 },
};

const struct verb verbs_peers[] = {
	{
		.name = "point.invite",
		.summary =
			"Invite an access point or witness on another machine: a token for ten minutes.",
		.args = invite_args,
		.roles = ROLE_OFFICER,
		.public_fields = "actor point role",
		.flags = VERB_SECRET,
		.apply = invite_apply,
	},
	{
		.name = "point.awaited",
		.summary = "Tell whether an invited one has come, and its key's fingerprint.",
		.args = name_args,
		.roles = ROLE_OFFICER,
		.public_fields = "",
		.flags = VERB_NO_ENTRY,
		.compute = awaited_compute,
	},
	{
		.name = "point.join",
		.summary = "Redeem an invitation: the lab certifies the caller's key.",
		.args = join_args,
		.roles = ROLE_ANYONE,
		.peers = PEER_JOINING,
		.public_fields = "point role key",
		.apply = join_apply,
	},
	{
		.name = "point.renew",
		.summary = "Certify the calling point's or witness' key anew.",
		.roles = ROLE_ANYONE,
		.peers = PEER_ENROLLED,
		.public_fields = "point",
		.apply = renew_apply,
	},
	{
		.name = "point.revoke",
		.summary = "Show a point or witness out for good, or take an invitation back.",
		.args = name_args,
		.roles = ROLE_OFFICER,
		.public_fields = "actor point",
		.apply = revoke_apply,
	},
	{
		.name = "point.list",
		.summary = "List the access points and witnesses, and who is invited.",
		.roles = ROLE_OFFICER | ROLE_ENGINEER | ROLE_AUDITOR,
		.public_fields = "",
		.compute = list_compute,
	},
	{
		.name = "door.peers",
		.summary = "Tell the door whose keys may come in, and certify its own.",
		.args = pins_args,
		.roles = ROLE_ANYONE,
		.peers = PEER_DOOR,
		.public_fields = "",
		.flags = VERB_NO_ENTRY,
		.compute = pins_compute,
	},
	{ 0 },
};
