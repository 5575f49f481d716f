#include "ledger/tiles.h"

enum err_kind tiles_new(tiles_emit_fn *emit, void *arg, struct tiles **out, struct err *err)
{
	struct tiles *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return err_set(err, ERR_LIMIT, "ledger: no memory");
	t->emit = emit;
	t->arg = arg;
	*out = t;
	return OK;
}

struct sha256 tiles_subtree(const struct sha256 *hashes, size_t count)
{
	struct sha256 nodes[TILE_WIDTH];

	assert(count >= 1 && count <= TILE_WIDTH && (count & (count - 1)) == 0);
	memcpy(nodes, hashes, count * sizeof(nodes[0]));
	for (; count > 1; count /= 2)
		for (size_t i = 0; i < count / 2; i++)
			nodes[i] = merkle_node(&nodes[2 * i], &nodes[2 * i + 1]);
	return nodes[0];
}

static enum err_kind emit_level(
	struct tiles *t, unsigned level, uint64_t hashes_before, unsigned width, struct err *err)
{
	struct tile tile = {
		.level = (uint8_t)level,
		.index = hashes_before / TILE_WIDTH,
		.width = (uint16_t)width,
	};

	return t->emit(t->arg, &tile, str_of(t->hashes[level], width * sizeof(struct sha256)), err);
}

static enum err_kind emit_bundle(struct tiles *t, uint64_t index, unsigned width, struct err *err)
{
	struct tile tile = { .is_bundle = true, .index = index, .width = (uint16_t)width };

	return t->emit(t->arg, &tile, str_of(t->bundle, t->bundle_len), err);
}

/* Leaf `at` stands in its place already: tiles that it made full, from the lowest level up. */
static enum err_kind emit_full(struct tiles *t, uint64_t at, struct err *err)
{
	enum err_kind rc = emit_bundle(t, at / TILE_WIDTH, TILE_WIDTH, err);

	t->bundle_len = 0;
	for (unsigned level = 0; level + 1 < TILE_LEVELS && rc == OK; level++) {
		if (at % TILE_WIDTH != TILE_WIDTH - 1)
			break;
		rc = emit_level(t, level, at, TILE_WIDTH, err);
		at /= TILE_WIDTH;
		t->hashes[level + 1][at % TILE_WIDTH] = tiles_subtree(t->hashes[level], TILE_WIDTH);
	}
	return rc;
}

enum err_kind tiles_add(
	struct tiles *t, struct str entry, const struct sha256 *leaf, struct err *err)
{
	uint64_t at = t->size;

	if (entry.len > LIMIT_ENTRY_BYTES)
		return err_set(err, ERR_LIMIT, "entry %llu is longer than %d bytes",
			(unsigned long long)at, LIMIT_ENTRY_BYTES);
	t->bundle[t->bundle_len] = (char)(entry.len >> 8);
	t->bundle[t->bundle_len + 1] = (char)entry.len;
	memcpy(t->bundle + t->bundle_len + 2, entry.ptr, entry.len);
	t->bundle_len += 2 + entry.len;
	t->hashes[0][at % TILE_WIDTH] = *leaf;
	t->size++;
	return t->size % TILE_WIDTH == 0 ? emit_full(t, at, err) : OK;
}

enum err_kind tiles_flush(struct tiles *t, struct err *err)
{
	enum err_kind rc = OK;
	uint64_t count = t->size, was = t->flushed;

	if (count == was)
		return OK;
	if (count % TILE_WIDTH != 0)
		rc = emit_bundle(t, count / TILE_WIDTH, (unsigned)(count % TILE_WIDTH), err);
	for (unsigned level = 0; level < TILE_LEVELS && rc == OK && count != was; level++) {
		if (count % TILE_WIDTH != 0)
			rc = emit_level(t, level, count, (unsigned)(count % TILE_WIDTH), err);
		count /= TILE_WIDTH;
		was /= TILE_WIDTH;
	}
	if (rc == OK)
		t->flushed = t->size;
	return rc;
}
