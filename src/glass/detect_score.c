#include <math.h>

#include "crypto/sign.h"
#include "glass/detect.h"

const double detect_false_alarm_max = 1e-6;

static double layer_sum(
	const struct evidence_layer *layer, uint8_t bit[LIMIT_TILE_LINES][LIMIT_TILE_COLUMNS])
{
	double sum = 0;

	for (size_t line = 0; line < LIMIT_TILE_LINES; line++)
		for (size_t column = 0; column < LIMIT_TILE_COLUMNS; column++) {
			double v = layer->value[line][column];

			sum += bit[line][column] != 0 ? v : -v;
		}
	return sum;
}

void detect_score(const struct evidence *evidence, const struct sha256 *secret,
	const struct mark_place *place, struct score *score)
{
	struct mark_bits bits;
	double z[MARK_LAYERS];

	mark_bits(secret, place, &bits);
	for (size_t i = 0; i < MARK_LAYERS; i++) {
		const struct evidence_layer *layer = &evidence->layer[i];

		z[i] = layer->energy > 0 ? layer_sum(layer, bits.bit[i]) / sqrt(layer->energy) : 0;
	}
	score->paper = z[MARK_PAPER];
	score->shift = z[MARK_SHIFT];
	/* Both layers scaled to the same energy: still a sum of values times signs. */
	score->both = (z[MARK_PAPER] + z[MARK_SHIFT]) / M_SQRT2;
	secret_wipe(&bits, sizeof(bits));
}

double detect_best(const struct score *score)
{
	return fmax(score->both, fmax(score->paper, score->shift));
}

double detect_false_alarm(double z, uint64_t sessions, uint64_t tries)
{
	if (!(z > 0))
		return 1;
	return fmin(1, 3.0 * (double)sessions * (double)tries * exp(-z * z / 2));
}
