#include "tally.h"

#include <math.h>

#include "bed.h"
#include "crypto/stream.h"

enum { BYTES = LIMIT_TILE_COLUMNS / 8, VALUES = 256 };

/* What a byte of signs adds to z, for each layer, line and byte of the line. */
struct table {
	float z[MARK_LAYERS][LIMIT_TILE_LINES][BYTES][VALUES];
};

static void fill(const struct evidence *evidence, struct table *t)
{
	for (size_t layer = 0; layer < MARK_LAYERS; layer++) {
		const struct evidence_layer *e = &evidence->layer[layer];
		double scale = e->energy > 0 ? 1 / sqrt(e->energy) : 0;

		for (size_t line = 0; line < LIMIT_TILE_LINES; line++)
			for (size_t byte = 0; byte < BYTES; byte++)
				for (size_t value = 0; value < VALUES; value++) {
					double sum = 0;

					for (size_t bit = 0; bit < 8; bit++) {
						double v = e->value[line][8 * byte + bit];

						sum += value >> bit & 1 ? v : -v;
					}
					t->z[layer][line][byte][value] = (float)(sum * scale);
				}
	}
}

static double best_z(const struct table *t, uint8_t stream[LIMIT_TILE_LINES][MARK_BLOCK_BYTES])
{
	float z[MARK_LAYERS] = { 0 };

	for (size_t layer = 0; layer < MARK_LAYERS; layer++)
		for (size_t line = 0; line < LIMIT_TILE_LINES; line++)
			for (size_t byte = 0; byte < BYTES; byte++)
				z[layer] += t->z[layer][line][byte]
						[stream[line][layer * MARK_LINE_BYTES + byte]];
	struct score score = { z[MARK_PAPER], z[MARK_SHIFT],
		(z[MARK_PAPER] + z[MARK_SHIFT]) / M_SQRT2 };

	return detect_best(&score);
}

bool tally(const struct evidence *evidence, const struct mark_place *place, uint64_t first,
	uint64_t count, uint64_t bins[TALLY_BINS])
{
	struct table *t = malloc(sizeof(*t));
	uint8_t stream[LIMIT_TILE_LINES][MARK_BLOCK_BYTES];

	if (t == NULL)
		return false;
	fill(evidence, t);
	for (uint64_t i = 0; i < count; i++) {
		struct sha256 secret = bed_secret(first + i);

		mark_stream(&secret, place, stream);
		double z = best_z(t, stream);
		double bin = z > 0 ? floor(z * TALLY_BINS_A_Z) : 0;

		bins[bin < TALLY_BINS - 1 ? (size_t)bin : TALLY_BINS - 1]++;
	}
	free(t);
	return true;
}
