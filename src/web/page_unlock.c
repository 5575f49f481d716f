/* page_unlock: the place's own rules: a room that is closed or locked, and how it is unlocked. */
#include "base/hex.h"
#include "web/page.h"
#include "web/part.h"
#include "web/state.h"

static void facts(struct page *p, const char *why, const char *next)
{
	struct html *h = &p->html;

	HTML(h, "<dl class=\"facts\"><div><dt>Why</dt><dd>");
	html_text(h, str_from(why));
	HTML(h, "</dd></div><div><dt>What to do next</dt><dd>");
	html_text(h, str_from(next));
	HTML(h, "</dd></div></dl>");
}

enum err_kind shut_draw(struct page *p, enum rules_state state, const char *said, struct err *err)
{
	struct html *h = &p->html;
	bool locked = state == RULES_LOCKED;
	const char *title = locked ? "This room is locked" : "This access point is closed";

	p->status = 403;
	layout_begin(p, &(struct layout){ .title = title, .wide = true });
	HTML(h, "<section class=\"sheet verdict-sheet\"><div class=\"verdict wait\"><h1>");
	html_text(h, str_from(title));
	HTML(h, "</h1></div>");
	facts(p, said,
		locked ? "Ask a supervisor of this room to unlock it. Nothing was sent to the centre."
		       : "Come back when it is open. Nothing was sent to the centre.");
	if (locked)
		HTML(h, "<p class=\"pad foot\"><a class=\"button main\" href=\"/unlock\">Unlock the room</a></p>");
	HTML(h, "</section>");
	layout_end(p);
	return page_finish(p, err);
}

static void unlock_form(struct page *p)
{
	HTML(&p->html,
		"<form class=\"pad form\" method=\"post\" action=\"/unlock\"><p class=\"quiet\">A supervisor signs in "
		"once, here, to unlock; that session ends at once, and who unlocked the room does not sign in while it "
		"is unlocked.</p>"
		"<label class=\"field\"><span>Name</span><input name=\"name\" required maxlength=\"64\" "
		"autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\"></label>"
		"<label class=\"field\"><span>Password</span><input type=\"password\" name=\"password\" required "
		"maxlength=\"240\" autocomplete=\"off\"></label>"
		"<label class=\"field\"><span>One-time code <small>if you have set one up</small></span>"
		"<input name=\"totp\" inputmode=\"numeric\" pattern=\"[0-9]{6}\" maxlength=\"6\" autocomplete=\"off\">"
		"</label><p class=\"foot\"><button class=\"button main\">Unlock</button></p></form>");
}

static enum err_kind draw_unlock(struct page *p, int status, const char *said, struct err *err)
{
	struct html *h = &p->html;
	char why[RULES_SAID_BYTES];
	enum rules_state state = rules_now(p->web->options.rules, why);

	p->status = status;
	layout_begin(p, &(struct layout){ .title = "The room", .wide = true });
	HTML(h, "<section class=\"sheet signin\"><header><h1>The room</h1></header>");
	if (said != NULL)
		part_alert(p, "bad", str_from(said));
	if (state == RULES_OPEN) {
		HTML(h,
			"<form class=\"pad form\" method=\"post\" action=\"/lock\"><p>The room is unlocked. Locking it ends "
			"what those inside may do here.</p>");
		part_csrf(p);
		HTML(h,
			"<p class=\"foot\"><button class=\"button main\">Lock the room</button> "
			"<a class=\"button\" href=\"/sign-in\">Sign in</a></p></form>");
	} else if (state == RULES_CLOSED) {
		facts(p, why, "Come back when it is open.");
	} else {
		unlock_form(p);
	}
	HTML(h, "</section>");
	layout_end(p);
	return page_finish(p, err);
}

static enum err_kind check_supervised(struct page *p, struct err *err)
{
	const struct rules *rules = p->web->options.rules;

	return rules != NULL && rules_is_supervised(rules)
		? OK
		: err_set(err, ERR_NOT_FOUND, "this access point is no supervised room");
}

enum err_kind page_unlock(struct page *p, struct err *err)
{
	enum err_kind rc = check_supervised(p, err);

	return rc != OK ? rc : draw_unlock(p, 200, NULL, err);
}

/* The session that the supervisor's sign-in made has done its work. */
static enum err_kind end_session(struct page *p, struct str token, struct err *err)
{
	const json_t *answer;
	size_t len;

	p->has_token = base64url_parse(token, p->token, sizeof(p->token), &len) &&
		len == sizeof(p->token);
	enum err_kind rc = p->has_token ? page_ask(p, "session.end", &answer, err)
					: err_set(err, ERR_CORRUPT, "the lab gave no session");

	p->has_token = false;
	return rc;
}

enum err_kind page_unlock_post(struct page *p, struct err *err)
{
	struct rules *rules = p->web->options.rules;
	struct str totp = form_value(&p->form, "totp");
	const json_t *answer;
	struct ask a;
	enum err_kind rc = check_supervised(p, err);

	if (rc != OK)
		return rc;
	char why[RULES_SAID_BYTES];

	/* What is unlocked is locked before somebody else unlocks it. */
	if (rules_now(rules, why) != RULES_LOCKED)
		return page_redirect(p, "/unlock");
	p->has_token = false;
	p->session = NULL;
	ask_init(p, &a);
	jw_kstr(&a.jw, "name", str_trim(form_value(&p->form, "name")));
	jw_kstr(&a.jw, "password", form_value(&p->form, "password"));
	if (totp.len > 0)
		jw_kstr(&a.jw, "totp", totp);
	rc = ask_send(p, &a, "session.start", &answer, err);
	if (rc == ERR_AUTH || rc == ERR_LIMIT || rc == ERR_INPUT || rc == ERR_DENIED)
		return p->vault_away ? rc : draw_unlock(p, err_http_status(rc), err->msg, err);
	if (rc != OK)
		return rc;
	struct str person = json_text(json_object_get(answer, "person"), "id");

	if (json_bool(answer, "must_change"))
		rc = err_set(err, ERR_DENIED, "set a password of your own first, where you work");
	struct err ended;
	enum err_kind end_rc = end_session(p, json_text(answer, "token"), &ended);

	if (rc == OK && end_rc != OK)
		*err = ended;
	if (rc == OK)
		rc = end_rc;
	if (rc == OK)
		rc = rules_unlock(rules, person, err);
	return rc != OK ? rc : page_redirect(p, "/sign-in");
}

enum err_kind page_lock_post(struct page *p, struct err *err)
{
	enum err_kind rc = check_supervised(p, err);

	if (rc != OK)
		return rc;
	rules_lock(p->web->options.rules);
	return page_redirect(p, "/unlock");
}
