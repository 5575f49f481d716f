/* page_form: making, editing and moving a record: forms drawn from the kind, four-eyes words included. */
#include "web/page.h"
#include "web/page_sign.h"
#include "web/part.h"
#include "web/record_parts.h"

static enum err_kind field_controls(struct page *p, const struct basis *basis, const json_t *kind,
	const json_t *values, struct err *err)
{
	size_t index;
	json_t *field;
	enum err_kind rc = OK;

	json_array_foreach(json_object_get(kind, "fields"), index, field)
	{
		rc = field_control(p, basis, field,
			json_object_get(values, json_text(field, "name").ptr),
			json_bool(field, "required"), err);
		if (rc != OK)
			return rc;
	}
	return rc;
}

static void send_fields(struct page *p, const json_t *kind, bool clears, struct ask *a)
{
	size_t index;
	json_t *field;

	json_array_foreach(json_object_get(kind, "fields"), index, field)
	{
		field_send(p, field, clears, a);
	}
}

static void send_version(struct page *p, struct ask *a)
{
	uint64_t version;

	if (str_to_u64(form_value(&p->form, "version"), &version) && version > 0 &&
		version < INT64_MAX)
		jw_ki64(&a->jw, "if_version", (int64_t)version);
}

static enum err_kind go_to_record(struct page *p, struct str id)
{
	const char *path = arena_printf(p->mem, "/record/%.*s", STR_ARG(id));

	return page_redirect(p, path == NULL ? "/" : path);
}

/* Refused for what was typed: draw the form again with it. Anything else is a page of its own. */
static bool is_about_the_form(const struct page *p, enum err_kind rc)
{
	return !p->vault_away &&
		(rc == ERR_INPUT || rc == ERR_CONFLICT || rc == ERR_DENIED || rc == ERR_LIMIT ||
			rc == ERR_NOT_FOUND);
}

/* The engagement is chosen first: the address that this form leads to names it. */
static enum err_kind basis_form(
	struct page *p, const json_t *field, const struct basis *none, struct err *err)
{
	HTML(&p->html, "<form class=\"sheet pad form\" method=\"get\">");
	enum err_kind rc = field_control(p, none, field, NULL, true, err);

	HTML(&p->html, "<p class=\"foot\"><button class=\"button main\">Continue</button>");
	return rc;
}

static enum err_kind whole_form(struct page *p, const json_t *kind, struct str label,
	const struct basis *basis, struct err *err)
{
	struct html *h = &p->html;

	HTML(h, "<form class=\"sheet pad form\" method=\"post\">");
	part_csrf(p);
	enum err_kind rc = field_controls(p, basis, kind, NULL, err);

	HTML(h, "<p class=\"foot\"><button class=\"button main\">");
	html_text(h, label.len > 0 ? label : STR("Save"));
	HTML(h, "</button>");
	return rc;
}

/* Of the address; of what was typed only where there is no form without one. */
static struct str engagement_id(const struct page *p, const json_t *field)
{
	struct str id = form_value(&p->query, json_text(field, "name").ptr);

	return id.len == 0 && json_bool(field, "required")
		? form_value(&p->form, json_text(field, "name").ptr)
		: id;
}

static enum err_kind draw_new(struct page *p, const json_t *kind, const char *said, struct err *err)
{
	struct html *h = &p->html;
	const json_t *create = json_object_get(kind, "create"), *field = basis_field(kind);
	struct basis basis;
	enum err_kind rc = basis_load(
		p, field == NULL ? STR("") : engagement_id(p, field), &basis, err);

	if (rc != OK)
		return rc;
	struct str label = json_text(create, "label");
	const char *list = record_list_path(p, kind);

	layout_begin(p,
		&(struct layout){ .about = label,
			.title = json_text(kind, "plural").ptr,
			.family = record_family(kind),
			.here = list });
	HTML(h, "<div class=\"head\"><div><p class=\"crumb\">");
	part_crumb(p, list, json_text(kind, "plural").ptr);
	HTML(h, "</p><h1>");
	html_text(h, label.len > 0 ? label : json_text(kind, "title"));
	HTML(h, "</h1></div></div>");
	if (said != NULL)
		part_alert(p, "bad", str_from(said));
	if (field != NULL && json_bool(field, "required") && basis.record == NULL)
		rc = basis_form(p, field, &basis, err);
	else
		rc = whole_form(p, kind, label, &basis, err);
	if (rc != OK)
		return rc;
	HTML(h, "<a class=\"button\" href=\"");
	html_text(h, str_from(list));
	HTML(h, "\">Cancel</a></p></form>");
	layout_end(p);
	return page_finish(p, err);
}

enum err_kind page_record_new(struct page *p, struct err *err)
{
	const json_t *answer, *kind = page_kind(p, p->params[0], err);
	struct str verb;
	struct ask a;

	if (kind == NULL)
		return err->kind;
	verb = json_text(json_object_get(kind, "create"), "verb");
	if (!json_bool(json_object_get(kind, "create"), "form") || verb.len == 0)
		return err_set(err, ERR_DENIED, "records of this kind are not made by a form");
	if (p->request->method == HTTP_GET)
		return draw_new(p, kind, NULL, err);
	ask_init(p, &a);
	send_fields(p, kind, false, &a);
	enum err_kind rc = ask_send(p, &a, verb.ptr, &answer, err);

	if (rc == OK)
		return go_to_record(p, json_text(answer, "id"));
	if (!is_about_the_form(p, rc))
		return rc;
	p->status = err_http_status(rc);
	return draw_new(p, kind, arena_printf(p->mem, "%s", err->msg), err);
}

struct act {
	struct str name, verb; /* "approve", "engagement.approve" */
	const json_t *kind, *shown, *record, *action; /* shown: answer of record.show */
	int64_t version; /* 0: not told */
	bool is_edit;
	bool is_signed; /* by whoever acts: they have a key that counts, or the lab asks for one */
};

/* The version that the form was drawn from: somebody else's change in between is not overwritten. */
static void version_control(struct page *p, const struct act *act)
{
	struct html *h = &p->html;
	int64_t version = act->version;

	if (p->form.count == 0 && version <= 0)
		return;
	HTML(h, "<input type=\"hidden\" name=\"version\" value=\"");
	if (p->form.count > 0)
		html_text(h, form_value(&p->form, "version"));
	else
		part_i64(p, version);
	HTML(h, "\">");
}

static enum err_kind load_act(struct page *p, struct act *act, struct err *err)
{
	const json_t *answer;
	size_t index;
	json_t *row;
	enum err_kind rc = page_ask_one(p, "record.show", "id", p->params[0], &answer, err);

	if (rc != OK)
		return rc;
	act->name = p->params[1];
	act->shown = answer;
	act->record = json_object_get(answer, "record");
	act->version = json_int(act->record, "version", 0);
	act->kind = page_kind(p, json_text(act->record, "kind"), err);
	if (act->kind == NULL)
		return err->kind;
	act->is_edit = str_eq(act->name, STR("edit"));
	act->verb = str_from(arena_printf(
		p->mem, "%.*s.%.*s", STR_ARG(json_text(act->record, "kind")), STR_ARG(act->name)));
	json_array_foreach(json_object_get(answer, "actions"), index, row)
	{
		if (str_eq(json_text(row, "verb"), act->verb))
			act->action = row;
	}
	act->is_signed = json_bool(act->action, "sign");
	if (act->verb.len == 0 || act->action == NULL)
		return err_set(
			err, ERR_NOT_FOUND, "this cannot be done with such a record as it is now");
	return OK;
}

/* The fields that the act needs, still missing or to be renewed. */
static enum err_kind needed_controls(
	struct page *p, const struct act *act, const struct basis *basis, struct err *err)
{
	const json_t *values = json_object_get(act->record, "fields");
	size_t index;
	json_t *name;

	json_array_foreach(json_object_get(act->action, "needs"), index, name)
	{
		const json_t *field = record_field(act->kind,
			json_is_string(name) ? str_from(json_string_value(name)) : STR(""));

		if (field == NULL)
			continue;
		enum err_kind rc = field_control(p, basis, field,
			json_object_get(values, json_string_value(name)), true, err);

		if (rc != OK)
			return rc;
	}
	return OK;
}

/*
 * The controls of an act, under the record's own engagement where they ask for anything at all. What is signed is the
 * record as it stands: nothing is asked for.
 */
static enum err_kind act_controls(struct page *p, const struct act *act, struct err *err)
{
	const json_t *values = json_object_get(act->record, "fields");
	const json_t *needs = json_object_get(act->action, "needs");
	struct str engagement = STR("");
	struct basis basis;

	if (act->is_signed && !act->is_edit)
		return OK;
	if (basis_field(act->kind) != NULL && (act->is_edit || json_array_size(needs) > 0))
		engagement = json_text(values, json_text(basis_field(act->kind), "name").ptr);
	enum err_kind rc = basis_load(p, engagement, &basis, err);

	if (rc != OK)
		return rc;
	return act->is_edit ? field_controls(p, &basis, act->kind, values, err)
			    : needed_controls(p, act, &basis, err);
}

static void note_control(struct page *p, const struct act *act)
{
	struct html *h = &p->html;
	bool required = json_bool(act->action, "note");

	HTML(h, "<label class=\"field\"><span>Reason");
	if (!required)
		HTML(h, " <small>optional</small>");
	HTML(h,
		"</span><small class=\"help\">Stands in the history for those who may see it, and as a commitment in the "
		"ledger.</small><textarea name=\"note\" rows=\"3\" maxlength=\"4000\"");
	if (required)
		HTML(h, " required");
	HTML(h, ">\n");
	html_text(h, form_value(&p->form, "note"));
	HTML(h, "</textarea></label>");
}

static enum err_kind draw_act(
	struct page *p, const struct act *act, const char *said, struct err *err)
{
	struct html *h = &p->html;
	struct str label = json_text(act->action, "label"), id = json_text(act->record, "id");
	struct str help = json_text(act->action, "help"), why = json_text(act->action, "why");
	bool allowed = json_bool(act->action, "allowed");
	enum err_kind rc = OK;

	if (label.len == 0)
		label = act->is_edit ? STR("Edit") : act->name;
	layout_begin(p,
		&(struct layout){ .about = label,
			.title = json_text(act->record, "title").ptr,
			.family = record_family(act->kind),
			.here = record_list_path(p, act->kind) });
	HTML(h, "<div class=\"head\"><div><p class=\"crumb\">");
	part_record_link(p, id, json_text(act->record, "title"));
	HTML(h, " /</p><h1>");
	html_text(h, label);
	HTML(h, "</h1></div>");
	record_state_chip(p, act->kind, json_text(act->record, "state"));
	HTML(h, "</div>");
	if (said != NULL)
		part_alert(p, "bad", str_from(said));
	if (!allowed) {
		part_alert(p, "wait", why.len > 0 ? why : STR("This is not for you to do now."));
		layout_end(p);
		return page_finish(p, err);
	}
	HTML(h, "<form class=\"sheet pad form\" method=\"post\">");
	part_csrf(p);
	version_control(p, act);
	if (help.len > 0) {
		HTML(h, "<p class=\"quiet\">");
		html_text(h, help);
		HTML(h, "</p>");
	}
	rc = act_controls(p, act, err);
	if (rc != OK)
		return rc;
	if (!act->is_edit)
		note_control(p, act);
	HTML(h, "<p class=\"foot\"><button class=\"button ");
	html_text(h,
		str_eq(json_text(act->action, "tone"), STR("bad")) ? STR("danger") : STR("main"));
	HTML(h, "\">");
	html_text(h, act->is_edit ? STR("Save") : act->is_signed ? STR("Go on and sign") : label);
	HTML(h, "</button><a class=\"button\" href=\"/record/");
	html_url(h, id);
	HTML(h, "\">Cancel</a></p></form>");
	layout_end(p);
	return page_finish(p, err);
}

static void send_act(struct page *p, const struct act *act, struct ask *a)
{
	size_t index;
	json_t *name;

	jw_kstr(&a->jw, "id", json_text(act->record, "id"));
	send_version(p, a);
	if (act->is_edit) {
		send_fields(p, act->kind, true, a);
		return;
	}
	if (act->is_signed) {
		jw_kstr(&a->jw, "decision", form_value(&p->form, "decision"));
		jw_kstr(&a->jw, "signature", str_trim(form_value(&p->form, "signature")));
	}
	json_array_foreach(json_object_get(act->action, "needs"), index, name)
	{
		const json_t *field = record_field(act->kind,
			json_is_string(name) ? str_from(json_string_value(name)) : STR(""));

		if (field != NULL && !act->is_signed)
			field_send(p, field, false, a);
	}
	if (str_trim(form_value(&p->form, "note")).len > 0)
		jw_kstr(&a->jw, "note", str_trim(form_value(&p->form, "note")));
}

/* The page between the press and the act: what is signed, in full. */
static enum err_kind ask_signature(struct page *p, const struct act *act, struct err *err)
{
	struct str note = str_trim(form_value(&p->form, "note"));
	struct sign_view view = { .label = json_text(act->action, "label"),
		.kind = act->kind,
		.record = act->record,
		.shown = act->shown };
	struct ask a;

	ask_init(p, &a);
	jw_kstr(&a.jw, "act", act->verb);
	jw_kstr(&a.jw, "id", json_text(act->record, "id"));
	if (note.len > 0)
		jw_kstr(&a.jw, "note", note);
	enum err_kind rc = ask_send(p, &a, "decision.text", &view.answer, err);

	if (rc == OK)
		return sign_draw(p, &view, err);
	if (!is_about_the_form(p, rc))
		return rc;
	p->status = err_http_status(rc);
	return draw_act(p, act, arena_printf(p->mem, "%s", err->msg), err);
}

enum err_kind page_record_act(struct page *p, struct err *err)
{
	struct act act = { 0 };
	const json_t *answer;
	struct ask a;
	enum err_kind rc = load_act(p, &act, err);

	if (rc != OK)
		return rc;
	if (p->request->method == HTTP_GET)
		return draw_act(p, &act, NULL, err);
	if (act.is_signed && str_trim(form_value(&p->form, "signature")).len == 0)
		return ask_signature(p, &act, err);
	ask_init(p, &a);
	send_act(p, &act, &a);
	rc = ask_send(p, &a, act.verb.ptr, &answer, err);
	if (rc == OK)
		return go_to_record(p, json_text(act.record, "id"));
	if (!is_about_the_form(p, rc))
		return rc;
	p->status = err_http_status(rc);
	return draw_act(p, &act, arena_printf(p->mem, "%s", err->msg), err);
}
