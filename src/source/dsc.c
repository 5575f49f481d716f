#include "source/dsc.h"

static bool is_one_of(char c, const char *more)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		(c != '\0' && strchr(more, c) != NULL);
}

static bool is_word(struct str s, const char *more, size_t len_max)
{
	if (s.len == 0 || s.len > len_max || !is_one_of(s.ptr[0], ""))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!is_one_of(s.ptr[i], more))
			return false;
	return true;
}

bool dsc_name_is_safe(struct str name)
{
	return is_word(name, "+-.~_", DSC_NAME_BYTES_MAX);
}

/* The text between an OpenPGP cleartext signature's header and its signature (RFC 4880 section 7). */
static enum err_kind strip_signature(struct str *text, struct err *err)
{
	struct str line, rest = *text;

	if (!str_starts(*text, STR("-----BEGIN PGP SIGNED MESSAGE-----")))
		return OK;
	do {
		if (!str_cut(rest, '\n', &line, &rest))
			return err_set(err, ERR_INPUT, ".dsc: cut short inside its signature");
	} while (str_trim(line).len > 0);

	struct str inside = rest;

	for (;;) {
		struct str at = rest;

		if (str_starts(at, STR("-----BEGIN PGP SIGNATURE-----"))) {
			*text = str_head(inside, (size_t)(at.ptr - inside.ptr));
			return OK;
		}
		if (!str_cut(rest, '\n', &line, &rest))
			return err_set(err, ERR_INPUT, ".dsc: its signature has no end");
	}
}

/* One line of Checksums-Sha256: digest, size, name. */
static enum err_kind parse_part(struct dsc *dsc, struct str line, struct err *err)
{
	struct dsc_part part;
	struct str digest, size;

	if (!str_cut(line, ' ', &digest, &line) || !sha256_parse(digest, &part.digest) ||
		!str_cut(line, ' ', &size, &part.name) || !str_to_u64(size, &part.size))
		return err_set(err, ERR_INPUT,
			".dsc: a line of Checksums-Sha256 is not \"digest size name\"");
	if (!dsc_name_is_safe(part.name))
		return err_set(err, ERR_INPUT, ".dsc: it names a file with an unusual name");
	for (size_t i = 0; i < dsc->part_count; i++)
		if (str_eq(dsc->parts[i].name, part.name))
			return err_set(err, ERR_INPUT, ".dsc: file %.*s is listed twice",
				STR_ARG(part.name));
	if (dsc->part_count == DSC_PARTS_MAX)
		return err_set(err, ERR_INPUT, ".dsc: more than %d files", DSC_PARTS_MAX);
	dsc->parts[dsc->part_count++] = part;
	return OK;
}

enum field { FIELD_OTHER, FIELD_FORMAT, FIELD_SOURCE, FIELD_VERSION, FIELD_SHA256, FIELDS };

static enum field field_of(struct str name)
{
	static const struct str names[FIELDS] = {
		[FIELD_FORMAT] = { "Format", 6 },
		[FIELD_SOURCE] = { "Source", 6 },
		[FIELD_VERSION] = { "Version", 7 },
		[FIELD_SHA256] = { "Checksums-Sha256", 16 },
	};

	for (int f = FIELD_FORMAT; f < FIELDS; f++)
		if (str_eq(name, names[f]))
			return (enum field)f;
	return FIELD_OTHER;
}

static enum err_kind take_field(
	struct dsc *dsc, enum field field, struct str value, struct err *err)
{
	struct str *slots[FIELDS] = {
		[FIELD_FORMAT] = &dsc->format,
		[FIELD_SOURCE] = &dsc->source,
		[FIELD_VERSION] = &dsc->version,
	};

	if (field == FIELD_OTHER)
		return OK;
	if (field == FIELD_SHA256)
		return value.len == 0
			? OK
			: err_set(err, ERR_INPUT, ".dsc: Checksums-Sha256 starts on its own line");
	if (slots[field]->len > 0)
		return err_set(err, ERR_INPUT, ".dsc: a field is there twice");
	*slots[field] = value;
	return OK;
}

static enum err_kind check(const struct dsc *dsc, struct err *err)
{
	if (!str_eq(dsc->format, STR("1.0")) && !str_eq(dsc->format, STR("3.0 (quilt)")) &&
		!str_eq(dsc->format, STR("3.0 (native)")))
		return err_set(err, ERR_INPUT,
			".dsc: its Format is none of \"1.0\", \"3.0 (quilt)\", \"3.0 (native)\"");
	if (!is_word(dsc->source, "+-.", 100) || !is_word(dsc->version, "+-.~:", 100))
		return err_set(err, ERR_INPUT, ".dsc: no proper Source and Version");
	if (dsc->part_count == 0)
		return err_set(err, ERR_INPUT,
			".dsc: no Checksums-Sha256, so no file could be "
			"checked against it");
	return OK;
}

enum err_kind dsc_parse(struct str text, struct dsc *dsc, struct err *err)
{
	struct dsc d = { .format = STR(""), .source = STR(""), .version = STR("") };
	enum field field = FIELD_OTHER;
	bool has_sums = false;
	enum err_kind rc = strip_signature(&text, err);

	while (rc == OK && text.len > 0) {
		struct str line = text, name, value;

		if (!str_cut(text, '\n', &line, &text))
			text = STR("");
		if (str_trim(line).len == 0) {
			field = FIELD_OTHER;
			continue;
		}
		if (line.ptr[0] == ' ' || line.ptr[0] == '\t') {
			if (field == FIELD_SHA256)
				rc = parse_part(&d, str_trim(line), err);
			continue;
		}
		if (!str_cut(line, ':', &name, &value))
			return err_set(err, ERR_INPUT, ".dsc: a line is not \"Field: value\"");
		field = field_of(name);
		if (field == FIELD_SHA256 && has_sums)
			return err_set(err, ERR_INPUT, ".dsc: Checksums-Sha256 is there twice");
		has_sums = has_sums || field == FIELD_SHA256;
		rc = take_field(&d, field, str_trim(value), err);
	}
	if (rc == OK)
		rc = check(&d, err);
	if (rc == OK)
		*dsc = d;
	return rc;
}
