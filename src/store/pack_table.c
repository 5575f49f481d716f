#include "store/pack_table.h"

/* A digest is uniform: its first bytes are its hash. */
static size_t slot_of(const struct pack_table *t, const struct sha256 *digest)
{
	uint64_t h;

	memcpy(&h, digest->bytes, sizeof(h));
	size_t at = (size_t)(h & (t->cap - 1));

	while (t->slots[at].pack != 0 &&
		memcmp(t->slots[at].digest.bytes, digest->bytes, SHA256_BYTES) != 0)
		at = (at + 1) & (t->cap - 1);
	return at;
}

const struct pack_place *pack_table_find(const struct pack_table *t, const struct sha256 *digest)
{
	if (t->cap == 0)
		return NULL;
	const struct pack_place *found = &t->slots[slot_of(t, digest)];

	return found->pack == 0 ? NULL : found;
}

enum err_kind pack_table_add(struct pack_table *t, const struct pack_place *place, struct err *err)
{
	assert(place->pack != 0);
	if (2 * (t->count + 1) > t->cap) {
		struct pack_table wider = { .cap = t->cap == 0 ? 1024 : 2 * t->cap };

		wider.slots = calloc(wider.cap, sizeof(wider.slots[0]));
		if (wider.slots == NULL)
			return err_set(err, ERR_LIMIT, "store: no memory");
		for (size_t i = 0; i < t->cap; i++)
			if (t->slots[i].pack != 0)
				wider.slots[slot_of(&wider, &t->slots[i].digest)] = t->slots[i];
		wider.count = t->count;
		free(t->slots);
		*t = wider;
	}
	t->slots[slot_of(t, &place->digest)] = *place;
	t->count++;
	return OK;
}

void pack_table_reset(struct pack_table *t)
{
	free(t->slots);
	*t = (struct pack_table){ 0 };
}

/* One word a place, never 0: packs count from 1 and offsets stay below 2^40. */
static uint64_t place_key(uint32_t pack, uint64_t offset)
{
	assert(pack != 0 && offset < UINT64_C(1) << 40);
	return (uint64_t)pack << 40 | offset;
}

/* splitmix64's mixer. */
static size_t key_slot(const struct pack_seen *s, uint64_t key)
{
	uint64_t h = key;

	h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
	size_t at = (size_t)((h ^ h >> 31) & (s->cap - 1));

	while (s->slots[at] != 0 && s->slots[at] != key)
		at = (at + 1) & (s->cap - 1);
	return at;
}

bool pack_seen_has(const struct pack_seen *s, uint32_t pack, uint64_t offset)
{
	uint64_t key = place_key(pack, offset);

	return s->cap > 0 && s->slots[key_slot(s, key)] == key;
}

void pack_seen_add(struct pack_seen *s, uint32_t pack, uint64_t offset)
{
	uint64_t key = place_key(pack, offset);

	if (2 * (s->count + 1) > s->cap) {
		struct pack_seen wider = { .cap = s->cap == 0 ? 1024 : 2 * s->cap };

		wider.slots = calloc(wider.cap, sizeof(wider.slots[0]));
		if (wider.slots == NULL)
			return;
		for (size_t i = 0; i < s->cap; i++)
			if (s->slots[i] != 0)
				wider.slots[key_slot(&wider, s->slots[i])] = s->slots[i];
		wider.count = s->count;
		free(s->slots);
		*s = wider;
	}
	uint64_t *slot = &s->slots[key_slot(s, key)];

	s->count += *slot == 0;
	*slot = key;
}

void pack_seen_reset(struct pack_seen *s)
{
	free(s->slots);
	*s = (struct pack_seen){ 0 };
}
