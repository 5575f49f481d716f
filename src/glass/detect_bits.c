#include "glass/detect_bits.h"

#include <math.h>

enum {
	BITS_MAX = LIMIT_TILE_LINES * LIMIT_TILE_COLUMNS,
	/* Bits of like weight are judged together, when there are enough of each kind. */
	KINDS = 3,
	KIND_BITS_LEAST = 60,
	/* Signs sharpen the surroundings, and these the signs. */
	ROUNDS = 4
};

/* The least that is taken for the mark's amount, in deviations: below, signs are weighed almost linearly. */
static const double amount_least = 0.3;
/* A deviation of the median's kind, for a normal distribution. */
static const double median_to_deviation = 1.4826;

/* A bit that is seen. */
struct seen {
	uint8_t line, column;
	uint8_t kind;
	double weight, value;
	double left; /* of its value, when its surroundings are taken off */
	double sign; /* as far as is known, -1 to 1 */
};

/* amount: above or below; deviation: of the noise. */
struct kind {
	double amount, deviation;
};

struct judge {
	const struct layer_bits *bits;
	size_t count;
	struct seen *seen; /* line by line */
	size_t line_first[LIMIT_TILE_LINES + 1];
	double *spare; /* as many */
	struct kind kinds[KINDS];
};

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void gather(struct judge *j)
{
	j->count = 0;
	for (int line = 0; line < LIMIT_TILE_LINES; line++) {
		j->line_first[line] = j->count;
		for (int column = 0; column < LIMIT_TILE_COLUMNS; column++)
			if (j->bits->weight[line][column] > 0)
				j->seen[j->count++] = (struct seen){ .line = (uint8_t)line,
					.column = (uint8_t)column,
					.weight = j->bits->weight[line][column],
					.value = j->bits->value[line][column] };
	}
	j->line_first[LIMIT_TILE_LINES] = j->count;
}

static void sort_kinds(struct judge *j)
{
	if (j->count < (size_t)KINDS * KIND_BITS_LEAST)
		return;
	for (size_t i = 0; i < j->count; i++)
		j->spare[i] = j->seen[i].weight;
	qsort(j->spare, j->count, sizeof(j->spare[0]), ascending);
	double third = j->spare[j->count / 3], two_thirds = j->spare[2 * j->count / 3];

	for (size_t i = 0; i < j->count; i++) {
		double weight = j->seen[i].weight;

		j->seen[i].kind = (uint8_t)((weight > third) + (weight > two_thirds));
	}
}

/* The weighted mean of what lies around, each bit's own mark taken off as far as it is known. */
static double surroundings(const struct judge *j, const struct seen *one)
{
	size_t reach = j->bits->near.lines;
	size_t first = one->line > reach ? one->line - reach : 0;
	size_t last = one->line + reach < LIMIT_TILE_LINES ? one->line + reach
							   : LIMIT_TILE_LINES - 1;
	double sum = 0, weight = 0;

	for (size_t i = j->line_first[first]; i < j->line_first[last + 1]; i++) {
		const struct seen *s = &j->seen[i];

		if (abs(s->column - one->column) > (int)j->bits->near.columns)
			continue;
		sum += s->weight * (s->value - s->sign * j->kinds[s->kind].amount);
		weight += s->weight;
	}
	return sum / weight;
}

/* A bit that stands out too far is dirt, a border, a finger: it leaves. */
static void drop_outliers(struct judge *j)
{
	size_t kept = 0;

	for (size_t i = 0; i < j->count; i++) {
		if (fabs(j->seen[i].left) <= j->bits->value_most)
			j->seen[kept++] = j->seen[i];
	}
	j->count = kept;
	size_t at = 0;

	for (size_t line = 0; line <= LIMIT_TILE_LINES; line++) {
		while (at < j->count && j->seen[at].line < line)
			at++;
		j->line_first[line] = at;
	}
}

/*
 * Amount and deviation of one kind. For an amount a and normal noise s the second and fourth moments are
 * a a + s s and a^4 + 6 a a s s + 3 s^4, so that 3 m2 m2 - m4 = 2 a^4.
 */
static void estimate(struct judge *j, int kind)
{
	double m2 = 0, m4 = 0;
	size_t n = 0;

	for (size_t i = 0; i < j->count; i++)
		if (j->seen[i].kind == kind)
			j->spare[n++] = fabs(j->seen[i].left);
	if (n == 0)
		return;
	qsort(j->spare, n, sizeof(j->spare[0]), ascending);
	double most = 3 * median_to_deviation * j->spare[n / 2];

	for (size_t i = 0; i < n; i++) {
		double square = fmin(j->spare[i], most) * fmin(j->spare[i], most);

		m2 += square / (double)n;
		m4 += square * square / (double)n;
	}
	double fourth = (3 * m2 * m2 - m4) / 2;
	double amount = fourth > 0 ? sqrt(sqrt(fourth)) : 0;

	amount = fmax(amount, amount_least * sqrt(m2));
	j->kinds[kind].amount = amount;
	/* Never quite without noise: few bits may agree by chance. */
	j->kinds[kind].deviation = sqrt(fmax(m2 - amount * amount, 0.05 * m2));
}

static void judge(struct judge *j)
{
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < j->count; i++)
			j->seen[i].left = j->seen[i].value - surroundings(j, &j->seen[i]);
		drop_outliers(j);
		for (int kind = 0; kind < KINDS; kind++)
			estimate(j, kind);
		for (size_t i = 0; i < j->count; i++) {
			struct seen *s = &j->seen[i];
			const struct kind *k = &j->kinds[s->kind];
			double noise = k->deviation * k->deviation;

			s->sign = noise > 0 ? tanh(k->amount * s->left / noise) : 0;
		}
	}
}

bool detect_bits_judge(const struct layer_bits *bits, struct evidence_layer *layer)
{
	struct judge j = { .bits = bits,
		.seen = calloc(BITS_MAX, sizeof(struct seen)),
		.spare = calloc(BITS_MAX, sizeof(double)) };
	bool made = j.seen != NULL && j.spare != NULL;

	memset(layer, 0, sizeof(*layer));
	if (made) {
		gather(&j);
		sort_kinds(&j);
		judge(&j);
	}
	for (size_t i = 0; made && i < j.count; i++) {
		const struct seen *s = &j.seen[i];

		layer->value[s->line][s->column] = s->sign;
		layer->energy += s->sign * s->sign;
		layer->bits += s->sign != 0;
	}
	free(j.seen);
	free(j.spare);
	return made;
}
