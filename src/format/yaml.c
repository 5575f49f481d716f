#include "format/yaml.h"

#include <yaml.h>

#include "base/limit.h"
#include "base/utf8.h"

struct level {
	json_t *container; /* owned by the level above, the first by the reader */
	json_t *key; /* of the member that is being read, or NULL; owned */
};

struct reader {
	yaml_parser_t parser;
	struct level levels[LIMIT_JSON_DEPTH];
	size_t depth;
	json_t *root; /* owned until it is handed out */
};

static enum err_kind refuse(struct err *err, enum err_kind kind, yaml_mark_t mark, const char *what)
{
	return err_set(
		err, kind, "YAML line %zu, column %zu: %s", mark.line + 1, mark.column + 1, what);
}

/* -?(0|[1-9][0-9]*): anything else that looks like a number is text. */
static bool is_integer(struct str s)
{
	if (s.len > 0 && s.ptr[0] == '-')
		s = str_skip(s, 1);
	if (s.len == 0 || (s.ptr[0] == '0' && s.len > 1))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
	return true;
}

static enum err_kind make_integer(struct str s, yaml_mark_t mark, json_t **value, struct err *err)
{
	bool negative = s.ptr[0] == '-';
	uint64_t magnitude;

	if (!str_to_u64(negative ? str_skip(s, 1) : s, &magnitude) || magnitude > INT64_MAX)
		return refuse(err, ERR_INPUT, mark, "a number is too large");
	*value = json_integer(negative ? -(json_int_t)magnitude : (json_int_t)magnitude);
	return OK;
}

static enum err_kind make_scalar(const yaml_event_t *event, json_t **value, struct err *err)
{
	struct str s = str_of(event->data.scalar.value, event->data.scalar.length);
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	*value = NULL;
	if (memchr(s.ptr, '\0', s.len) != NULL)
		return refuse(err, ERR_INPUT, event->start_mark, "a string holds a NUL");
	if (plain && (str_eq(s, STR("true")) || str_eq(s, STR("false"))))
		*value = json_boolean(s.len == 4);
	else if (plain && (s.len == 0 || str_eq(s, STR("null")) || str_eq(s, STR("~"))))
		*value = json_null();
	else if (plain && is_integer(s))
		return make_integer(s, event->start_mark, value, err);
	else
		*value = json_stringn(s.ptr, s.len);
	if (*value == NULL)
		return refuse(err, ERR_LIMIT, event->start_mark, "no memory");
	return OK;
}

/* Hangs a finished or just opened value into the level that is being read. Takes value over. */
static enum err_kind place(struct reader *r, json_t *value, yaml_mark_t mark, struct err *err)
{
	int rc;

	if (value == NULL)
		return refuse(err, ERR_LIMIT, mark, "no memory");
	if (r->depth == 0) {
		assert(r->root == NULL);
		r->root = value;
		return OK;
	}
	struct level *top = &r->levels[r->depth - 1];

	if (json_is_array(top->container)) {
		rc = json_array_append_new(top->container, value);
	} else {
		assert(top->key != NULL);
		rc = json_object_set_new(top->container, json_string_value(top->key), value);
		json_decref(top->key);
		top->key = NULL;
	}
	return rc == 0 ? OK : refuse(err, ERR_LIMIT, mark, "no memory");
}

static bool wants_key(const struct reader *r)
{
	const struct level *top = r->depth == 0 ? NULL : &r->levels[r->depth - 1];

	return top != NULL && json_is_object(top->container) && top->key == NULL;
}

static enum err_kind take_key(struct reader *r, const yaml_event_t *event, struct err *err)
{
	struct level *top = &r->levels[r->depth - 1];
	struct str s = str_of(event->data.scalar.value, event->data.scalar.length);
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (s.len == 0 || memchr(s.ptr, '\0', s.len) != NULL)
		return refuse(err, ERR_INPUT, event->start_mark, "a key is empty or holds a NUL");
	if (plain && str_eq(s, STR("<<")))
		return refuse(err, ERR_INPUT, event->start_mark, "merge keys are not accepted");
	top->key = json_stringn(s.ptr, s.len);
	if (top->key == NULL)
		return refuse(err, ERR_LIMIT, event->start_mark, "no memory");
	if (json_object_get(top->container, json_string_value(top->key)) != NULL)
		return err_set(err, ERR_INPUT, "YAML line %zu, column %zu: key %.*s occurs twice",
			event->start_mark.line + 1, event->start_mark.column + 1,
			s.len < 64 ? (int)s.len : 64, s.ptr);
	return OK;
}

static enum err_kind open_container(
	struct reader *r, json_t *container, yaml_mark_t mark, struct err *err)
{
	if (wants_key(r)) {
		json_decref(container);
		return refuse(err, ERR_INPUT, mark, "a key must be text");
	}
	if (r->depth == LIMIT_JSON_DEPTH) {
		json_decref(container);
		return refuse(err, ERR_LIMIT, mark, "nested too deep");
	}
	if (place(r, container, mark, err) != OK)
		return err->kind;
	r->levels[r->depth++] = (struct level){ .container = container };
	return OK;
}

static enum err_kind take_scalar(struct reader *r, const yaml_event_t *event, struct err *err)
{
	json_t *value;

	if (event->data.scalar.anchor != NULL)
		return refuse(err, ERR_INPUT, event->start_mark, "anchors are not accepted");
	if (event->data.scalar.tag != NULL)
		return refuse(err, ERR_INPUT, event->start_mark, "tags are not accepted");
	if (wants_key(r))
		return take_key(r, event, err);
	if (make_scalar(event, &value, err) != OK)
		return err->kind;
	return place(r, value, event->start_mark, err);
}

static enum err_kind take_event(struct reader *r, const yaml_event_t *event, struct err *err)
{
	yaml_mark_t mark = event->start_mark;

	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (r->root != NULL)
			return refuse(err, ERR_INPUT, mark, "more than one document");
		if (event->data.document_start.version_directive != NULL ||
			event->data.document_start.tag_directives.start !=
				event->data.document_start.tag_directives.end)
			return refuse(err, ERR_INPUT, mark, "directives are not accepted");
		return OK;
	case YAML_ALIAS_EVENT:
		return refuse(err, ERR_INPUT, mark, "aliases are not accepted");
	case YAML_SCALAR_EVENT:
		return take_scalar(r, event, err);
	case YAML_SEQUENCE_START_EVENT:
		if (event->data.sequence_start.anchor != NULL ||
			event->data.sequence_start.tag != NULL)
			return refuse(err, ERR_INPUT, mark, "anchors and tags are not accepted");
		return open_container(r, json_array(), mark, err);
	case YAML_MAPPING_START_EVENT:
		if (event->data.mapping_start.anchor != NULL ||
			event->data.mapping_start.tag != NULL)
			return refuse(err, ERR_INPUT, mark, "anchors and tags are not accepted");
		return open_container(r, json_object(), mark, err);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		assert(r->depth > 0 && r->levels[r->depth - 1].key == NULL);
		r->depth--;
		return OK;
	default:
		return OK;
	}
}

static enum err_kind read_events(struct reader *r, struct err *err)
{
	bool end = false;

	while (!end) {
		yaml_event_t event;

		if (yaml_parser_parse(&r->parser, &event) == 0) {
			/* libyaml's texts are fixed: they quote nothing of the input. */
			bool memory = r->parser.error == YAML_MEMORY_ERROR;

			return refuse(err, memory ? ERR_LIMIT : ERR_INPUT, r->parser.problem_mark,
				r->parser.problem != NULL ? r->parser.problem : "not YAML");
		}
		enum err_kind rc = take_event(r, &event, err);

		end = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
		if (rc != OK)
			return rc;
	}
	if (r->root == NULL)
		return err_set(err, ERR_INPUT, "YAML: there is no document");
	assert(r->depth == 0);
	return OK;
}

enum err_kind yaml_parse(struct str text, size_t bytes_max, json_t **root, struct err *err)
{
	struct reader r = { .depth = 0 };

	if (text.len > bytes_max)
		return err_set(err, ERR_LIMIT, "YAML longer than %zu bytes", bytes_max);
	if (!utf8_valid(text))
		return err_set(err, ERR_INPUT, "YAML: not UTF-8");
	if (yaml_parser_initialize(&r.parser) == 0)
		return err_set(err, ERR_LIMIT, "no memory to read YAML");
	/* Said, not guessed from a byte order mark. */
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.ptr, text.len);
	enum err_kind rc = read_events(&r, err);

	if (rc == OK)
		*root = r.root;
	else
		json_decref(r.root);
	for (size_t i = 0; i < LIMIT_JSON_DEPTH; i++)
		json_decref(r.levels[i].key);
	yaml_parser_delete(&r.parser);
	return rc;
}
