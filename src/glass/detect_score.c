#include <math.h>

#include "crypto/sign.h"
#include "glass/detect.h"
#include "glass/detect_bound.h"

const double detect_false_alarm_max = 1e-6;

/* Below, nobody is named: Hoeffding's bound, which is looser and costs nothing, will do. */
static const double near_z = 4;
/* Paper, shift, both: whoever looks at the best of three pays for three. */
enum { VALUES = 3 };

enum { CELLS = LIMIT_TILE_LINES * LIMIT_TILE_COLUMNS };

/* Each layer scaled to energy 1, one after the other. */
struct scaled {
	size_t count[MARK_LAYERS];
	double value[MARK_LAYERS * CELLS];
};

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

static void scale(const struct evidence *evidence, struct scaled *to)
{
	double *at = to->value;

	for (size_t i = 0; i < MARK_LAYERS; i++) {
		const struct evidence_layer *layer = &evidence->layer[i];
		const double *value = &layer->value[0][0];

		to->count[i] = 0;
		for (size_t cell = 0; layer->energy > 0 && cell < CELLS; cell++) {
			if (value[cell] == 0)
				continue;
			*at++ = value[cell] / sqrt(layer->energy);
			to->count[i]++;
		}
	}
}

static double log_chance(const struct evidence *evidence, const struct score *score)
{
	struct scaled all;
	double best = detect_best(score);

	if (best < near_z)
		return fmin(0, log(VALUES) - (best > 0 ? best * best / 2 : 0));
	scale(evidence, &all);
	const double *shift = all.value + all.count[MARK_PAPER];
	size_t both = all.count[MARK_PAPER] + all.count[MARK_SHIFT];
	double least = detect_bound(all.value, all.count[MARK_PAPER], score->paper);

	least = fmin(least, detect_bound(shift, all.count[MARK_SHIFT], score->shift));
	/* z of both is the sum over both layers, divided by sqrt 2. */
	least = fmin(least, detect_bound(all.value, both, score->both * M_SQRT2));
	return fmin(0, log(VALUES) + least);
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
	score->log_chance = log_chance(evidence, score);
	secret_wipe(&bits, sizeof(bits));
}

double detect_best(const struct score *score)
{
	return fmax(score->both, fmax(score->paper, score->shift));
}

double detect_false_alarm(double log_chance, uint64_t sessions, uint64_t tries)
{
	if (!(log_chance < 0))
		return 1;
	return fmin(1, (double)sessions * (double)tries * exp(log_chance));
}
