#include "format/multipart.h"

#include <strings.h>

#include "base/limit.h"
#include "base/utf8.h"

/* RFC 2046 section 5.1.1: at most 70 characters. */
enum { BOUNDARY_MAX = 70, DELIMITER_MAX = BOUNDARY_MAX + 4 };

static const char type[] = "multipart/form-data";
/* What stands before a boundary. */
static const char line_end[4] = { '\r', '\n', '-', '-' };

static bool starts_no_case(struct str s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && strncasecmp(s.ptr, prefix, len) == 0;
}

bool multipart_is(struct str content_type)
{
	struct str rest = content_type;

	if (!starts_no_case(rest, type))
		return false;
	rest = str_trim(str_skip(rest, sizeof(type) - 1));
	return rest.len == 0 || rest.ptr[0] == ';';
}

static enum err_kind malformed(struct err *err)
{
	return err_set(err, ERR_INPUT, "the form's body is not multipart/form-data");
}

/* The value of `name=` among "; a=b; c=\"d\"": quoted or bare, without escapes. */
static bool parameter(struct str rest, const char *name, struct str *value)
{
	size_t len = strlen(name);

	while (rest.len > 0) {
		struct str piece = rest;

		if (!str_cut(rest, ';', &piece, &rest))
			rest = STR("");
		piece = str_trim(piece);
		if (!starts_no_case(piece, name) || piece.len <= len || piece.ptr[len] != '=')
			continue;
		*value = str_skip(piece, len + 1);
		if (value->len >= 2 && value->ptr[0] == '"' && value->ptr[value->len - 1] == '"')
			*value = (struct str){ value->ptr + 1, value->len - 2 };
		return memchr(value->ptr, '"', value->len) == NULL &&
			memchr(value->ptr, '\\', value->len) == NULL;
	}
	return false;
}

/* "\r\n--boundary" */
static bool delimiter_of(struct str content_type, char text[DELIMITER_MAX], size_t *len)
{
	struct str boundary;

	if (!multipart_is(content_type) ||
		!parameter(str_skip(content_type, sizeof(type) - 1), "boundary", &boundary) ||
		boundary.len == 0 || boundary.len > BOUNDARY_MAX)
		return false;
	for (size_t i = 0; i < boundary.len; i++)
		if (boundary.ptr[i] <= ' ' || boundary.ptr[i] > '~')
			return false;
	memcpy(text, line_end, sizeof(line_end));
	memcpy(text + sizeof(line_end), boundary.ptr, boundary.len);
	*len = boundary.len + sizeof(line_end);
	return true;
}

/* Cuts at the first `mark`; false when it is not there. */
static bool cut_at(struct str s, struct str mark, struct str *head, struct str *rest)
{
	const char *at = memmem(s.ptr, s.len, mark.ptr, mark.len);

	if (at == NULL)
		return false;
	*head = str_of(s.ptr, (size_t)(at - s.ptr));
	*rest = str_skip(s, (size_t)(at - s.ptr) + mark.len);
	return true;
}

struct part {
	struct str name, bytes;
	bool is_file;
};

/* The one header that counts; others, such as Content-Type, are passed over. */
static bool read_head(struct str head, struct part *part)
{
	static const char disposition[] = "content-disposition:";
	struct str line, filename;
	bool seen = false, more = true;

	while (more) {
		line = head;
		more = cut_at(head, STR("\r\n"), &line, &head);
		if (!starts_no_case(line, disposition))
			continue;
		struct str value = str_trim(str_skip(line, sizeof(disposition) - 1));

		if (seen || !starts_no_case(value, "form-data;") ||
			!parameter(value, "name", &part->name) || part->name.len == 0)
			return false;
		part->is_file = parameter(value, "filename", &filename);
		seen = true;
	}
	return seen;
}

static bool read_part(struct str text, struct part *part)
{
	struct str head;

	return cut_at(text, STR("\r\n\r\n"), &head, &part->bytes) &&
		head.len <= MULTIPART_HEAD_BYTES_MAX && read_head(head, part);
}

static bool is_text(struct str s)
{
	return utf8_valid(s) && (s.len == 0 || memchr(s.ptr, '\0', s.len) == NULL);
}

static enum err_kind take_part(
	const struct part *part, struct form *form, struct multipart_file *file, struct err *err)
{
	if (!is_text(part->name))
		return malformed(err);
	if (part->is_file) {
		if (file->name.len > 0)
			return err_set(err, ERR_INPUT, "the form takes one file");
		*file = (struct multipart_file){ part->name, part->bytes };
		return OK;
	}
	if (!is_text(part->bytes))
		return err_set(err, ERR_INPUT, "a field of the form is not UTF-8 text");
	if (part->bytes.len > LIMIT_TEXT_BYTES || form->count == MULTIPART_FIELDS_MAX)
		return err_set(
			err, ERR_LIMIT, "the form has too many fields, or one that is too long");
	form->pairs[form->count++] = (struct form_pair){ part->name, part->bytes };
	return OK;
}

enum err_kind multipart_parse(struct arena *mem, struct str content_type, struct str body,
	struct form *form, struct multipart_file *file, struct err *err)
{
	char delimiter[DELIMITER_MAX];
	size_t len;
	struct str rest, text;
	enum err_kind rc = OK;

	*file = (struct multipart_file){ STR(""), STR("") };
	form->count = 0;
	form->pairs = arena_array(mem, struct form_pair, MULTIPART_FIELDS_MAX);
	if (form->pairs == NULL)
		return err_set(err, ERR_LIMIT, "no memory for the form");
	if (!delimiter_of(content_type, delimiter, &len))
		return malformed(err);
	/* The first delimiter has no line before it. */
	if (!str_starts(body, str_of(delimiter + 2, len - 2)))
		return malformed(err);
	for (rest = str_skip(body, len - 2); !str_starts(rest, STR("--"));) {
		struct part part = { .name = STR("") };

		if (rc != OK)
			return rc;
		/* Behind a delimiter: the end of its line, then the part up to the next one. */
		if (!str_starts(rest, STR("\r\n")) ||
			!cut_at(str_skip(rest, 2), str_of(delimiter, len), &text, &rest) ||
			!read_part(text, &part))
			return malformed(err);
		rc = take_part(&part, form, file, err);
	}
	return rc;
}
