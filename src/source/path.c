#include "source/path.h"

#include <stdio.h>

#include "base/limit.h"
#include "base/utf8.h"

static const char *part_fault(struct str part)
{
	if (part.len == 0)
		return "has an empty part (two slashes in a row, or one at the end)";
	if (str_eq(part, STR(".")) || str_eq(part, STR("..")))
		return "has a \".\" or \"..\" part, which could leave the source";
	return NULL;
}

static const char *path_fault(struct str path)
{
	size_t depth = 0;

	if (path.len == 0)
		return "is empty";
	if (path.len >= LIMIT_PATH_BYTES)
		return "is too long";
	if (path.ptr[0] == '/')
		return "is absolute";
	if (memchr(path.ptr, '\0', path.len) != NULL)
		return "holds a NUL byte";
	for (bool more = true; more;) {
		struct str part = path, rest = STR("");

		more = str_cut(path, '/', &part, &rest);
		const char *fault = part_fault(part);

		if (fault != NULL)
			return fault;
		if (++depth > LIMIT_PATH_DEPTH)
			return "lies too deep";
		path = rest;
	}
	return NULL;
}

enum err_kind path_check(struct str path, struct err *err)
{
	const char *fault = path_fault(path);
	char shown[PATH_SHOWN_BYTES];

	if (fault == NULL)
		return OK;
	return err_set(err, ERR_INPUT, "path %s %s", path_shown(path, shown), fault);
}

static const char *target_fault(struct str path, struct str target)
{
	size_t depth = 0;

	if (target.len == 0)
		return "has an empty target";
	if (target.len > LIMIT_LINK_TARGET_BYTES)
		return "has too long a target";
	if (memchr(target.ptr, '\0', target.len) != NULL)
		return "has a NUL byte in its target";
	if (target.ptr[0] == '/')
		return "has an absolute target";
	for (size_t i = 0; i < path.len; i++)
		depth += path.ptr[i] == '/';
	for (bool more = true; more;) {
		struct str part = target, rest = STR("");

		more = str_cut(target, '/', &part, &rest);
		if (str_eq(part, STR(".."))) {
			if (depth == 0)
				return "leaves the source";
			depth--;
		} else if (part.len > 0 && !str_eq(part, STR("."))) {
			depth++;
		}
		target = rest;
	}
	return NULL;
}

enum err_kind path_link_check(struct str path, struct str target, struct err *err)
{
	const char *fault = target_fault(path, target);
	char shown[PATH_SHOWN_BYTES];

	if (fault == NULL)
		return OK;
	return err_set(err, ERR_INPUT,
		"symbolic link %s %s: remove it from the source, or make it point inside",
		path_shown(path, shown), fault);
}

bool path_in_git_folder(struct str path)
{
	for (bool more = true; more;) {
		struct str part = path, rest = STR("");

		more = str_cut(path, '/', &part, &rest);
		if (str_eq(part, STR(".git")))
			return true;
		path = rest;
	}
	return false;
}

const char *path_shown(struct str path, char shown[PATH_SHOWN_BYTES])
{
	enum { SHOWN_MAX = 150 };
	size_t cut = path.len < SHOWN_MAX ? path.len : SHOWN_MAX;
	struct arena mem;
	struct err err;
	struct str text;
	struct out o;

	/* Never cut inside a character. */
	while (cut < path.len && cut > SHOWN_MAX - 4 && (path.ptr[cut] & 0xc0) == 0x80)
		cut--;
	arena_init(&mem, 64U << 10);
	out_init(&o, &mem, 16U << 10);
	out_shown(&o, str_head(path, cut));
	if (out_finish(&o, &text, &err) != OK)
		text = STR("?");
	bool whole = cut == path.len && text.len <= SHOWN_MAX;
	size_t len = text.len <= SHOWN_MAX ? text.len : SHOWN_MAX;

	while (len < text.len && len > SHOWN_MAX - 4 && (text.ptr[len] & 0xc0) == 0x80)
		len--;
	if (whole)
		snprintf(shown, PATH_SHOWN_BYTES, "\"%.*s\"", (int)len, text.ptr);
	else
		snprintf(shown, PATH_SHOWN_BYTES, "\"%.*s\"... (%zu bytes)", (int)len, text.ptr,
			path.len);
	arena_reset(&mem);
	return shown;
}
