#include "web/route.h"

#include "base/limit.h"
#include "web/page.h"

/* A form with a picture: what stands around it is small. */
enum { FORM_BYTES = 256 << 10, UPLOAD_BYTES = LIMIT_PICTURE_BYTES + (64 << 10) };

static const struct route routes[] = {
	{ HTTP_GET, ACCESS_SIGNED_IN, "/", 0, page_home, NULL },
	{ HTTP_GET, ACCESS_PUBLIC, "/sign-in", 0, page_sign_in, NULL },
	{ HTTP_POST, ACCESS_PUBLIC, "/sign-in", FORM_BYTES, page_sign_in_post, NULL },
	{ HTTP_POST, ACCESS_ALWAYS, "/sign-out", FORM_BYTES, page_sign_out_post, NULL },
	{ HTTP_GET, ACCESS_ALWAYS, "/unlock", 0, page_unlock, NULL },
	{ HTTP_POST, ACCESS_ALWAYS, "/unlock", FORM_BYTES, page_unlock_post, NULL },
	{ HTTP_POST, ACCESS_ALWAYS, "/lock", FORM_BYTES, page_lock_post, NULL },
	{ HTTP_GET, ACCESS_SIGNED_IN, "/points", 0, page_points, NULL },
	{ HTTP_POST, ACCESS_SIGNED_IN, "/points/invite", FORM_BYTES, page_invite_post, NULL },
	{ HTTP_POST, ACCESS_SIGNED_IN, "/points/revoke", FORM_BYTES, page_revoke_post, NULL },
	{ HTTP_GET, ACCESS_SIGNED_IN, "/products", 0, page_products, NULL },
	{ HTTP_GET, ACCESS_SIGNED_IN, "/product/:id", 0, page_product, NULL },
	{ HTTP_GET, ACCESS_SIGNED_IN, "/release/:id", 0, page_release, NULL },
	{ HTTP_GET, ACCESS_SIGNED_IN, "/room/:engagement/:release", 0, page_room, NULL },
	{ HTTP_GET, ACCESS_SIGNED_IN, "/records/:kind", 0, page_records, NULL },
	{ HTTP_GET, ACCESS_SIGNED_IN, "/records/:kind/new", 0, page_record_new, NULL },
	{ HTTP_POST, ACCESS_SIGNED_IN, "/records/:kind/new", FORM_BYTES, page_record_new, NULL },
	{ HTTP_GET, ACCESS_SIGNED_IN, "/record/:id", 0, page_record, NULL },
	{ HTTP_POST, ACCESS_SIGNED_IN, "/record/:id/credential", FORM_BYTES, page_credential_post,
		NULL },
	{ HTTP_GET, ACCESS_SIGNED_IN, "/record/:id/:act", 0, page_record_act, NULL },
	{ HTTP_POST, ACCESS_SIGNED_IN, "/record/:id/:act", FORM_BYTES, page_record_act, NULL },
	{ HTTP_GET, ACCESS_SIGNED_IN, "/ledger", 0, page_ledger, NULL },
	{ HTTP_GET, ACCESS_SIGNED_IN, "/ledger/entry/:index", 0, page_entry, NULL },
	{ HTTP_POST, ACCESS_SIGNED_IN, "/ledger/entry/:index", FORM_BYTES, page_redact_post, NULL },
	{ HTTP_GET, ACCESS_SIGNED_IN, "/proof/:thing", 0, page_proof, NULL },
	{ HTTP_GET, ACCESS_SIGNED_IN, "/witnesses", 0, page_witnesses, NULL },
	{ HTTP_POST, ACCESS_SIGNED_IN, "/witnesses/propose", FORM_BYTES, page_policy_propose_post,
		NULL },
	{ HTTP_POST, ACCESS_SIGNED_IN, "/witnesses/set", FORM_BYTES, page_policy_set_post, NULL },
	{ HTTP_GET, ACCESS_SIGNED_IN, "/refusals", 0, page_refusals, NULL },
	{ HTTP_GET, ACCESS_SIGNED_IN, "/refusals.csv", 0, page_refusals_csv, NULL },
	{ HTTP_GET, ACCESS_SIGNED_IN, "/notes", 0, page_notes, NULL },
	{ HTTP_GET, ACCESS_SIGNED_IN, "/openings", 0, page_openings, NULL },
	{ HTTP_GET, ACCESS_SIGNED_IN, "/account", 0, page_account, NULL },
	{ HTTP_POST, ACCESS_SIGNED_IN, "/account/password", FORM_BYTES, page_password_post, NULL },
	{ HTTP_POST, ACCESS_SIGNED_IN, "/account/totp", FORM_BYTES, page_totp_post, NULL },
	{ HTTP_GET, ACCESS_SIGNED_IN, "/account/keys", 0, page_keys, NULL },
	{ HTTP_POST, ACCESS_SIGNED_IN, "/account/keys", FORM_BYTES, page_keys_post, NULL },
	{ HTTP_POST, ACCESS_SIGNED_IN, "/account/keys/offer", FORM_BYTES, page_key_offer_post,
		NULL },
	{ HTTP_POST, ACCESS_SIGNED_IN, "/account/keys/revoke", FORM_BYTES, page_key_revoke_post,
		NULL },
	{ HTTP_GET, ACCESS_SIGNED_IN, "/leak", 0, page_leak, NULL },
	{ HTTP_POST, ACCESS_SIGNED_IN, "/leak", UPLOAD_BYTES, page_leak_post, NULL },
	{ HTTP_GET, ACCESS_BARE, "/ledger/*", 0, NULL, &api_ledger_file },
	{ HTTP_GET, ACCESS_BARE, "/a/:name", 0, page_asset, NULL },
	{ HTTP_GET, ACCESS_BARE, "/favicon.ico", 0, page_icon, NULL },
	{ HTTP_GET, ACCESS_BARE, "/v1/openapi.json", 0, NULL, &api_openapi },
	{ HTTP_POST, ACCESS_BARE, "/v1/:verb", LIMIT_JSON_BYTES, NULL, &api_verb },
};

static bool matches(const char *pattern, struct str path, struct route_match *match)
{
	struct str want = str_skip(str_from(pattern), 1), rest = str_skip(path, 1);

	match->param_count = 0;
	for (;;) {
		struct str want_segment = want, segment = rest, want_rest = STR(""),
			   path_rest = STR("");
		bool want_more = str_cut(want, '/', &want_segment, &want_rest);
		bool more;

		if (str_eq(want, STR("*"))) {
			match->params[match->param_count++] = rest;
			return rest.len > 0;
		}
		more = str_cut(rest, '/', &segment, &path_rest);
		if (want_segment.len > 0 && want_segment.ptr[0] == ':') {
			if (segment.len == 0)
				return false;
			assert(match->param_count < ROUTE_PARAMS_MAX);
			match->params[match->param_count++] = segment;
		} else if (!str_eq(want_segment, segment)) {
			return false;
		}
		if (!more && !want_more)
			return true;
		if (more != want_more)
			return false;
		want = want_rest;
		rest = path_rest;
	}
}

bool route_find(enum http_method method, struct str path, struct route_match *match)
{
	*match = (struct route_match){ 0 };
	if (path.len == 0 || path.ptr[0] != '/')
		return false;
	for (size_t i = 0; i < route_count(); i++) {
		if (!matches(routes[i].path, path, match))
			continue;
		if (routes[i].method == method) {
			match->route = &routes[i];
			return true;
		}
		match->path_known = true;
	}
	return false;
}

size_t route_count(void)
{
	return sizeof(routes) / sizeof(routes[0]);
}

const struct route *route_at(size_t index)
{
	assert(index < route_count());
	return &routes[index];
}
