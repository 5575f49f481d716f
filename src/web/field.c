/* field: a declared field of a kind, shown, asked for and sent, by its type. */
#include <inttypes.h>
#include <stdio.h>

#include "base/limit.h"
#include "web/part.h"

enum { CHOICES_MAX = 200, LIST_TEXT_ROWS = 3 };

/* The words of an enumeration: an array, or one string of words. *at advances; false at the end. */
static bool next_word(const json_t *words, size_t *at, struct str *word)
{
	if (json_is_array(words)) {
		const json_t *item = json_array_get(words, (*at)++);

		if (!json_is_string(item))
			return false;
		*word = str_of(json_string_value(item), json_string_length(item));
		return true;
	}
	struct str text = json_is_string(words)
		? str_of(json_string_value(words), json_string_length(words))
		: STR("");
	struct str rest;

	while (*at < text.len && text.ptr[*at] == ' ')
		(*at)++;
	if (*at >= text.len)
		return false;
	rest = str_skip(text, *at);
	if (!str_cut(rest, ' ', word, &rest))
		*word = rest;
	*at += word->len;
	return true;
}

static void show_one(struct page *p, struct str type, const json_t *value, const json_t *names)
{
	struct html *h = &p->html;
	struct str text = json_is_string(value)
		? str_of(json_string_value(value), json_string_length(value))
		: STR("");

	if (str_eq(type, STR("id"))) {
		part_record_link(p, text, json_text(names, text.ptr));
	} else if (str_eq(type, STR("time"))) {
		part_when(p, text, WHEN_ABSOLUTE);
	} else if (str_eq(type, STR("digest")) || str_eq(type, STR("key"))) {
		HTML(h, "<code class=\"whole\">");
		html_text(h, text);
		HTML(h, "</code>");
	} else if (str_eq(type, STR("path"))) {
		HTML(h, "<code>");
		html_text(h, text);
		HTML(h, "</code>");
	} else if (json_is_integer(value)) {
		part_number(p, json_integer_value(value));
	} else if (json_is_boolean(value)) {
		html_text(h, json_is_true(value) ? STR("yes") : STR("no"));
	} else {
		html_text(h, text);
	}
}

void field_show(struct page *p, const json_t *field, const json_t *value, const json_t *names)
{
	struct html *h = &p->html;
	struct str type = json_text(field, "type");
	size_t index;
	const json_t *item;

	if (!json_is_array(value)) {
		if (str_eq(type, STR("text")))
			HTML(h, "<span class=\"text\">");
		show_one(p, type, value, names);
		if (str_eq(type, STR("text")))
			HTML(h, "</span>");
		return;
	}
	json_array_foreach((json_t *)(uintptr_t)value, index, item)
	{
		if (index > 0)
			HTML(h, ", ");
		show_one(p, type, item, names);
	}
}

/* What stands in a single control: what was typed, what the record holds, or what the address suggests. */
static struct str current(struct page *p, const char *name, const json_t *value)
{
	char number[24];

	if (p->form.count > 0)
		return form_value(&p->form, name);
	if (json_is_string(value))
		return str_of(json_string_value(value), json_string_length(value));
	if (json_is_integer(value)) {
		struct str text;

		snprintf(number, sizeof(number), "%" PRId64, (int64_t)json_integer_value(value));
		return arena_copy(p->mem, str_from(number), &text) ? text : STR("");
	}
	return value == NULL ? form_value(&p->query, name) : STR("");
}

static bool is_chosen(struct page *p, const char *name, const json_t *value, struct str candidate)
{
	size_t index;
	const json_t *item;

	if (p->form.count > 0)
		return form_has(&p->form, name, candidate);
	if (value == NULL)
		return form_has(&p->query, name, candidate);
	if (json_is_string(value))
		return str_eq(
			candidate, str_of(json_string_value(value), json_string_length(value)));
	json_array_foreach((json_t *)(uintptr_t)value, index, item)
	{
		if (json_is_string(item) &&
			str_eq(candidate,
				str_of(json_string_value(item), json_string_length(item))))
			return true;
	}
	return false;
}

struct control {
	const char *name;
	const struct basis *basis;
	const json_t *field, *value;
	bool needed, list;
};

static void choice(struct page *p, const struct control *c, struct str value, struct str label)
{
	struct html *h = &p->html;
	bool chosen = is_chosen(p, c->name, c->value, value);

	if (c->list) {
		HTML(h, "<label class=\"tick\"><input type=\"checkbox\" name=\"");
		html_text(h, str_from(c->name));
		HTML(h, "\" value=\"");
		html_text(h, value);
		HTML(h, "\"");
		if (chosen)
			HTML(h, " checked");
		HTML(h, "> ");
		html_text(h, label);
		HTML(h, "</label>");
		return;
	}
	HTML(h, "<option value=\"");
	html_text(h, value);
	HTML(h, "\"");
	if (chosen)
		HTML(h, " selected");
	HTML(h, ">");
	html_text(h, label);
	HTML(h, "</option>");
}

static enum err_kind choices(struct page *p, const struct control *c, struct err *err)
{
	struct str kind = json_text(c->field, "kind"), word, ref;
	const json_t *answer, *words = json_object_get(c->field, "words");
	size_t at = 0, offered = 0;
	json_t *item;

	if (kind.len == 0) {
		while (next_word(words, &at, &word))
			choice(p, c, word, word);
		return OK;
	}
	struct ask a;
	enum err_kind rc = basis_reference(p, c->basis, kind, &ref, err);

	if (rc != OK)
		return rc;
	ask_init(p, &a);
	jw_kstr(&a.jw, "kind", kind);
	if (ref.len > 0)
		jw_kstr(&a.jw, "ref", ref);
	jw_ki64(&a.jw, "limit", CHOICES_MAX);
	rc = ask_send(p, &a, "record.list", &answer, err);
	if (rc != OK)
		return rc;
	json_array_foreach(json_object_get(answer, "items"), at, item)
	{
		if (str_eq(json_text(item, "state"), STR("withdrawn")))
			continue;
		choice(p, c, json_text(item, "id"), json_text(item, "title"));
		offered++;
	}
	if (offered == 0 && c->list)
		HTML(&p->html, "<span class=\"faint\">There is none yet.</span>");
	return OK;
}

/* An input's attributes up to, not including, its value. */
static void input_open(struct page *p, const char *type, const struct control *c)
{
	struct html *h = &p->html;

	HTML(h, "<input type=\"");
	html_text(h, str_from(type));
	HTML(h, "\" name=\"");
	html_text(h, str_from(c->name));
	HTML(h, "\"");
	if (c->needed)
		HTML(h, " required");
}

static void text_area(struct page *p, const struct control *c)
{
	struct html *h = &p->html;
	size_t index;
	const json_t *item;

	HTML(h, "<textarea name=\"");
	html_text(h, str_from(c->name));
	HTML(h, "\" rows=\"");
	html_u64(h, LIST_TEXT_ROWS);
	HTML(h, "\"");
	if (c->needed)
		HTML(h, " required");
	HTML(h, ">\n");
	if (!c->list || p->form.count > 0 || !json_is_array(c->value)) {
		html_text(h, current(p, c->name, json_is_array(c->value) ? NULL : c->value));
	} else {
		json_array_foreach((json_t *)(uintptr_t)c->value, index, item)
		{
			if (index > 0)
				HTML(h, "\n");
			if (json_is_string(item))
				html_text(h,
					str_of(json_string_value(item), json_string_length(item)));
		}
	}
	HTML(h, "</textarea>");
}

static void single_input(struct page *p, const struct control *c, struct str type)
{
	struct html *h = &p->html;
	struct str value = current(p, c->name, c->value);
	int64_t max = json_int(c->field, "max", 0);

	if (str_eq(type, STR("time"))) {
		input_open(p, "datetime-local", c);
		if (value.len > 16)
			value = str_head(value, 16);
	} else if (str_eq(type, STR("int"))) {
		input_open(p, "number", c);
		HTML(h, " min=\"");
		part_i64(p, json_int(c->field, "min", 0));
		HTML(h, "\"");
		if (max > 0) {
			HTML(h, " max=\"");
			part_i64(p, max);
			HTML(h, "\"");
		}
	} else {
		input_open(p, "text", c);
		HTML(h, " maxlength=\"");
		html_u64(h, max > 0 ? (uint64_t)max : LIMIT_LINE_BYTES);
		HTML(h, "\"");
	}
	HTML(h, " value=\"");
	html_text(h, value);
	HTML(h, "\">");
}

/* Said, linked, and sent along unseen. */
static void fixed_value(struct page *p, const json_t *field, struct str id, struct str title)
{
	struct html *h = &p->html;

	HTML(h, "<div class=\"field\"><span>");
	html_text(h, json_text(field, "label"));
	HTML(h, "</span><p>");
	part_record_link(p, id, title);
	HTML(h, "</p><input type=\"hidden\" name=\"");
	html_text(h, json_text(field, "name"));
	HTML(h, "\" value=\"");
	html_text(h, id);
	HTML(h, "\"></div>");
}

enum err_kind field_control(struct page *p, const struct basis *basis, const json_t *field,
	const json_t *value, bool needed, struct err *err)
{
	struct html *h = &p->html;
	struct str fixed = basis_fixed(basis, field);
	struct str type = json_text(field, "type"), help = json_text(field, "help");
	bool is_choice = str_eq(type, STR("id")) || json_object_get(field, "words") != NULL;
	struct control c = { .name = json_text(field, "name").ptr,
		.basis = basis,
		.field = field,
		.value = value,
		.needed = needed,
		.list = json_bool(field, "list") };
	bool grouped = is_choice && c.list;
	enum err_kind rc = OK;

	if (fixed.len > 0) {
		fixed_value(p, field, fixed, basis_title(basis, fixed));
		return OK;
	}
	if (grouped)
		HTML(h, "<fieldset class=\"field\"><legend>");
	else
		HTML(h, "<label class=\"field\"><span>");
	html_text(h, json_text(field, "label"));
	if (str_eq(type, STR("time")))
		HTML(h, " <small>UTC</small>");
	if (c.list && !is_choice)
		HTML(h, " <small>one a line</small>");
	if (!needed)
		HTML(h, " <small>optional</small>");
	if (grouped)
		HTML(h, "</legend>");
	else
		HTML(h, "</span>");
	if (help.len > 0) {
		HTML(h, "<small class=\"help\">");
		html_text(h, help);
		HTML(h, "</small>");
	}
	if (grouped) {
		HTML(h, "<div class=\"ticks\">");
		rc = choices(p, &c, err);
		HTML(h, "</div>");
	} else if (is_choice) {
		HTML(h, "<select name=\"");
		html_text(h, str_from(c.name));
		HTML(h, "\"");
		if (needed)
			HTML(h, " required");
		HTML(h, "><option value=\"\">–</option>");
		rc = choices(p, &c, err);
		HTML(h, "</select>");
	} else if (str_eq(type, STR("bool"))) {
		input_open(p, "checkbox", &(struct control){ .name = c.name });
		HTML(h, " value=\"yes\"");
		if (p->form.count > 0 ? form_has(&p->form, c.name, STR("yes"))
				      : json_is_true(value))
			HTML(h, " checked");
		HTML(h, ">");
	} else if (c.list || str_eq(type, STR("text"))) {
		text_area(p, &c);
	} else {
		single_input(p, &c, type);
	}
	if (grouped)
		HTML(h, "</fieldset>");
	else
		HTML(h, "</label>");
	return rc;
}

/* What a datetime-local control sends, as RFC 3339 in UTC. */
static void send_time(struct page *p, const char *name, struct str typed, struct jw *w)
{
	const char *zone = str_ends(typed, STR("Z")) || typed.len <= 10 ? ""
		: typed.len == 16                                       ? ":00Z"
									: "Z";
	char *text = arena_printf(p->mem, "%.*s%s", STR_ARG(typed), zone);

	jw_kstr(w, name, text == NULL ? typed : str_from(text));
}

static void send_list(struct page *p, const char *name, bool by_lines, struct jw *w)
{
	struct str wanted = str_from(name);

	jw_key(w, name);
	jw_array(w);
	for (size_t i = 0; i < p->form.count; i++) {
		struct str text = p->form.pairs[i].value, line, rest;

		if (!str_eq(p->form.pairs[i].name, wanted))
			continue;
		while (by_lines && str_cut(text, '\n', &line, &rest)) {
			if (str_trim(line).len > 0)
				jw_str(w, str_trim(line));
			text = rest;
		}
		text = by_lines ? str_trim(text) : text;
		if (text.len > 0)
			jw_str(w, text);
	}
	jw_array_end(w);
}

/* Anything in any control of that name? */
static bool is_filled(struct page *p, const char *name)
{
	struct str wanted = str_from(name);

	for (size_t i = 0; i < p->form.count; i++)
		if (str_eq(p->form.pairs[i].name, wanted) &&
			str_trim(p->form.pairs[i].value).len > 0)
			return true;
	return false;
}

void field_send(struct page *p, const json_t *field, bool clears, struct ask *a)
{
	const char *name = json_text(field, "name").ptr;
	struct str type = json_text(field, "type"), typed = form_value(&p->form, name);
	bool list = json_bool(field, "list");
	bool is_choice = str_eq(type, STR("id")) || json_object_get(field, "words") != NULL;
	bool is_words = str_eq(type, STR("line")) || str_eq(type, STR("text"));
	uint64_t number;

	if (str_eq(type, STR("bool"))) {
		jw_kbool(&a->jw, name, str_eq(typed, STR("yes")));
		return;
	}
	if (!is_filled(p, name)) {
		if (clears && list)
			send_list(p, name, false, &a->jw);
		else if (clears && is_words && !is_choice)
			jw_kstr(&a->jw, name, STR(""));
		return;
	}
	if (list)
		send_list(p, name, !is_choice, &a->jw);
	else if (str_eq(type, STR("time")))
		send_time(p, name, str_trim(typed), &a->jw);
	else if (str_eq(type, STR("int")) && str_to_u64(str_trim(typed), &number) &&
		number < INT64_MAX)
		jw_ki64(&a->jw, name, (int64_t)number);
	else
		jw_kstr(&a->jw, name, str_eq(type, STR("text")) ? typed : str_trim(typed));
}
