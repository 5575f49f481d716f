/* access_path: what a scope's path prefixes cover. Pure. */
#include "app/access.h"
#include "base/limit.h"

bool path_covers(struct str prefix, struct str path)
{
	if (prefix.len == 0)
		return true;
	return str_starts(path, prefix) && (path.len == prefix.len || path.ptr[prefix.len] == '/');
}

/* Parts that are neither empty nor "." nor "..", no NUL: whatever else comes is covered by nothing. */
static bool is_plain(struct str path)
{
	struct str part, rest = path;
	bool more = path.len > 0;

	if (path.len > LIMIT_PATH_BYTES || memchr(path.ptr, '\0', path.len) != NULL)
		return false;
	while (more) {
		more = str_cut(rest, '/', &part, &rest);
		if (!more)
			part = rest;
		if (part.len == 0 || str_eq(part, STR(".")) || str_eq(part, STR("..")))
			return false;
	}
	return true;
}

static bool is_excepted(const struct scope_grant *g, struct str path)
{
	for (size_t i = 0; i < g->excepted_count; i++) {
		if (path_covers(g->excepted[i], path))
			return true;
	}
	return false;
}

static bool grant_covers(const struct scope_grant *g, struct str path)
{
	bool covered = g->prefix_count == 0;

	for (size_t i = 0; i < g->prefix_count && !covered; i++)
		covered = path_covers(g->prefixes[i], path);
	return covered && !is_excepted(g, path);
}

static bool grant_reaches(const struct scope_grant *g, struct str folder)
{
	if (grant_covers(g, folder))
		return true;
	if (is_excepted(g, folder))
		return false;
	for (size_t i = 0; i < g->prefix_count; i++) {
		if (path_covers(folder, g->prefixes[i]) && !is_excepted(g, g->prefixes[i]))
			return true;
	}
	return false;
}

bool scope_covers(const struct scope *scope, struct str path)
{
	if (!is_plain(path))
		return false;
	for (size_t i = 0; i < scope->grant_count; i++) {
		if (grant_covers(&scope->grants[i], path))
			return true;
	}
	return false;
}

bool scope_reaches(const struct scope *scope, struct str folder)
{
	if (!is_plain(folder))
		return false;
	for (size_t i = 0; i < scope->grant_count; i++) {
		if (grant_reaches(&scope->grants[i], folder))
			return true;
	}
	return false;
}

bool scope_is_whole(const struct scope *scope)
{
	for (size_t i = 0; i < scope->grant_count; i++) {
		if (scope->grants[i].prefix_count == 0 && scope->grants[i].excepted_count == 0)
			return true;
	}
	return false;
}
