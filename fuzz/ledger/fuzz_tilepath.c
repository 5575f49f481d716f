/*
 * Property: a path that is accepted is the only spelling of its tile and climbs nowhere; any tile's path reads
 * back; a bundle is its entries put together again.
 */
#include "ledger/bundle.h"
#include "ledger/tilepath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(struct str path)
{
	char again[TILEPATH_BYTES_MAX];
	struct tile tile;

	if (!tilepath_parse(path, &tile))
		return;
	tilepath_format(&tile, again);
	if (!str_eq(str_from(again), path) || strstr(again, "..") != NULL)
		abort();
}

static void check_tile(const uint8_t bytes[11])
{
	struct tile tile = { .is_bundle = (bytes[0] & 128) != 0 }, got;
	char path[TILEPATH_BYTES_MAX];

	tile.level = tile.is_bundle ? 0 : bytes[0] & 63;
	tile.width = (uint16_t)(bytes[1] + 1);
	memcpy(&tile.index, bytes + 2, sizeof(tile.index));
	tilepath_format(&tile, path);
	if (!tilepath_parse(str_from(path), &got) || got.index != tile.index ||
		got.level != tile.level || got.width != tile.width ||
		got.is_bundle != tile.is_bundle)
		abort();
}

static void check_bundle(struct str bytes)
{
	struct str rest = bytes, entry, again;
	struct arena mem;
	struct out o;
	struct err err;

	arena_init(&mem, 8 << 20);
	out_init(&o, &mem, bytes.len);
	while (rest.len > 0 && bundle_next(&rest, &entry))
		bundle_put(&o, entry);
	if (out_finish(&o, &again, &err) != OK || again.len + rest.len != bytes.len ||
		!str_starts(bytes, again))
		abort();
	arena_reset(&mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_path(str_of(data, size));
	if (size >= 11)
		check_tile(data);
	check_bundle(str_of(data, size));
	return 0;
}
