#include "ledger/tilepath.h"

#include <stdio.h>

/* "tile/1/x001/234.p/5": the groups of three digits; *index gets the number. */
static bool parse_groups(struct str groups, uint64_t *index)
{
	uint64_t n = 0;
	bool more = true;

	while (more) {
		struct str group = groups, rest = STR("");

		more = str_cut(groups, '/', &group, &rest);
		if (more) {
			if (group.len == 0 || group.ptr[0] != 'x')
				return false;
			group = str_skip(group, 1);
		}
		if (group.len != 3)
			return false;
		for (size_t i = 0; i < 3; i++) {
			if (group.ptr[i] < '0' || group.ptr[i] > '9' ||
				__builtin_mul_overflow(n, 10, &n) ||
				__builtin_add_overflow(n, (uint64_t)(group.ptr[i] - '0'), &n))
				return false;
		}
		groups = rest;
	}
	*index = n;
	return true;
}

/* Cuts ".p/5" off the end of *path; none: a full tile. */
static bool parse_width(struct str *path, uint16_t *width)
{
	uint64_t n;

	for (size_t i = 0; i + 3 <= path->len; i++) {
		if (memcmp(path->ptr + i, ".p/", 3) != 0)
			continue;
		if (!str_to_u64(str_skip(*path, i + 3), &n) || n == 0 || n >= TILE_WIDTH)
			return false;
		*width = (uint16_t)n;
		path->len = i;
		return true;
	}
	*width = TILE_WIDTH;
	return true;
}

bool tilepath_parse(struct str path, struct tile *tile)
{
	struct tile t = { .is_bundle = false };
	struct str level, rest = path;
	char spelling[TILEPATH_BYTES_MAX];
	uint64_t n = 0;

	if (!str_starts(path, STR("tile/")) || path.len >= TILEPATH_BYTES_MAX)
		return false;
	if (!str_cut(str_skip(path, 5), '/', &level, &rest))
		return false;
	t.is_bundle = str_eq(level, STR("entries"));
	if (!t.is_bundle && (!str_to_u64(level, &n) || n > TILE_LEVEL_MAX))
		return false;
	t.level = (uint8_t)n;
	if (!parse_width(&rest, &t.width) || !parse_groups(rest, &t.index))
		return false;
	/* Whatever else could name the same tile (leading zero groups) ends here. */
	tilepath_format(&t, spelling);
	if (!str_eq(str_from(spelling), path))
		return false;
	*tile = t;
	return true;
}

void tilepath_format(const struct tile *tile, char path[TILEPATH_BYTES_MAX])
{
	char groups[40], *at = groups + sizeof(groups) - 1;
	uint64_t n = tile->index;

	assert(tile->width >= 1 && tile->width <= TILE_WIDTH && tile->level <= TILE_LEVEL_MAX);
	assert(!tile->is_bundle || tile->level == 0);
	*at = '\0';
	do {
		if (*at != '\0')
			*--at = '/';
		for (unsigned unit = (unsigned)(n % 1000), i = 0; i < 3; i++, unit /= 10)
			*--at = (char)('0' + unit % 10);
		n /= 1000;
		/* All groups but the last, which was written first, are marked. */
		if (at[3] == '/')
			*--at = 'x';
	} while (n > 0);

	size_t used = (size_t)snprintf(path, TILEPATH_BYTES_MAX, "tile/");

	if (tile->is_bundle)
		used += (size_t)snprintf(path + used, TILEPATH_BYTES_MAX - used, "entries/%s", at);
	else
		used += (size_t)snprintf(
			path + used, TILEPATH_BYTES_MAX - used, "%u/%s", tile->level, at);
	if (tile->width < TILE_WIDTH)
		used += (size_t)snprintf(
			path + used, TILEPATH_BYTES_MAX - used, ".p/%u", tile->width);
	assert(used < TILEPATH_BYTES_MAX);
}

unsigned tile_width_at(uint64_t size, unsigned level, uint64_t index)
{
	uint64_t hashes = level > 7 ? 0 : size >> (8 * level);
	uint64_t full = hashes / TILE_WIDTH;

	if (index < full)
		return TILE_WIDTH;
	return index == full ? (unsigned)(hashes % TILE_WIDTH) : 0;
}
