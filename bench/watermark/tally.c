#include "tally.h"

#include <math.h>

#include "crypto/stream.h"

enum { BYTES = LIMIT_TILE_COLUMNS / 8, VALUES = 256 };

/* A score of so much is looked at again, exactly: below, the bound is above 1e-3. */
static const float near_z = 3.99F;

/* What one byte of a session's signs adds to z. */
struct column {
	uint16_t at; /* in the stream */
	uint8_t layer;
	float z[VALUES];
};

/* Of all bytes that carry something. */
struct table {
	size_t count;
	struct column columns[MARK_LAYERS * LIMIT_TILE_LINES * BYTES];
};

static void add_column(
	struct table *t, const double value[8], double scale, size_t layer, size_t at)
{
	struct column *c = &t->columns[t->count];
	bool is_seen = false;

	for (size_t bit = 0; bit < 8; bit++)
		is_seen |= value[bit] != 0;
	if (!is_seen)
		return;
	t->count++;
	c->at = (uint16_t)at;
	c->layer = (uint8_t)layer;
	for (size_t signs = 0; signs < VALUES; signs++) {
		double sum = 0;

		for (size_t bit = 0; bit < 8; bit++)
			sum += signs >> bit & 1 ? value[bit] : -value[bit];
		c->z[signs] = (float)(sum * scale);
	}
}

static void fill(const struct evidence *evidence, struct table *t)
{
	t->count = 0;
	for (size_t layer = 0; layer < MARK_LAYERS; layer++) {
		const struct evidence_layer *e = &evidence->layer[layer];
		double scale = e->energy > 0 ? 1 / sqrt(e->energy) : 0;

		for (size_t line = 0; line < LIMIT_TILE_LINES; line++)
			for (size_t byte = 0; byte < BYTES; byte++)
				add_column(t, &e->value[line][8 * byte], scale, layer,
					line * MARK_BLOCK_BYTES + layer * MARK_LINE_BYTES + byte);
	}
}

static float best_z(const struct table *t, const uint8_t *stream)
{
	float z[MARK_LAYERS] = { 0 };

	for (size_t i = 0; i < t->count; i++) {
		const struct column *c = &t->columns[i];

		z[c->layer] += c->z[stream[c->at]];
	}
	float both = (z[MARK_PAPER] + z[MARK_SHIFT]) * (float)M_SQRT1_2;

	return fmaxf(both, fmaxf(z[MARK_PAPER], z[MARK_SHIFT]));
}

static void count_z(struct tally *to, double z)
{
	double bin = z > 0 ? floor(z * TALLY_BINS_A_Z) : 0;

	to->z[bin < TALLY_Z_BINS - 1 ? (size_t)bin : TALLY_Z_BINS - 1]++;
}

static void count_chance(struct tally *to, double log_chance)
{
	double bin = floor(-log_chance / M_LN10);

	to->chance[bin < 3 ? 0 : bin < TALLY_CHANCES - 1 ? (size_t)bin : TALLY_CHANCES - 1]++;
}

/* The sessions' scores at one place. */
static void tally_place(const struct bed_findings *findings, size_t at, const struct table *t,
	const struct mark_place *place, struct tally *to, uint64_t first, uint64_t count)
{
	uint8_t stream[LIMIT_TILE_LINES][MARK_BLOCK_BYTES];

	for (uint64_t i = 0; i < count; i++) {
		struct sha256 secret = bed_secret(first + i);
		struct score score = { .log_chance = 0 };

		mark_stream(&secret, place, stream);
		float z = best_z(t, stream[0]);

		count_z(to, (double)z);
		if (z >= near_z)
			detect_score(&findings->evidence[at], &secret, place, &score);
		count_chance(to, score.log_chance);
		to->named += detect_false_alarm(score.log_chance, BED_SESSIONS_EVER,
				     findings->tries) <= detect_false_alarm_max;
	}
}

bool tally(const struct bed_findings *findings, const struct mark_place *place, uint64_t first,
	uint64_t count, struct tally *to)
{
	struct table *t = malloc(sizeof(*t));

	if (t == NULL)
		return false;
	for (size_t i = 0; i < findings->tries; i++) {
		fill(&findings->evidence[i], t);
		tally_place(findings, i, t, place, to, first, count);
	}
	free(t);
	return true;
}
