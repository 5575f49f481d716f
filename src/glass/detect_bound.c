#include "glass/detect_bound.h"

#include <math.h>

/* Any s gives a bound: the search for the least may end early. */
enum { STEPS_MAX = 60 };
static const double is_flat = 1e-9, is_least = 1e-6;
/* More than all roundings of so many logarithms together. */
static const double rounding = 1e-9;

/* At one s: the logarithm without -s t, and its first and second derivative by s. */
struct moment {
	double log, slope, bend;
};

static struct moment moment_at(const double *values, size_t count, double s)
{
	struct moment m = { 0 };

	for (size_t i = 0; i < count; i++) {
		double v = fabs(values[i]), e = exp(-2 * s * v);
		double tangent = (1 - e) / (1 + e);

		m.log += s * v + log1p(e) - M_LN2;
		m.slope += v * tangent;
		m.bend += v * v * (1 - tangent * tangent);
	}
	return m;
}

/*
 * The slope rises ever more slowly with s, and s = t / sum(v v) lies left of where it is t: Newton's steps come nearer from
 * that side alone. Where all values agree there is no such s, and the bound sinks towards 2^-n until it is flat.
 */
double detect_bound(const double *values, size_t count, double sum)
{
	double energy = 0;

	for (size_t i = 0; i < count; i++)
		energy += values[i] * values[i];
	if (!(sum > 0 && energy > 0))
		return 0;
	double s = sum / energy;
	struct moment m = moment_at(values, count, s);

	for (int i = 0; i < STEPS_MAX; i++) {
		double miss = sum - m.slope;

		if (miss < is_least * sum || m.bend < is_flat * energy)
			break;
		s += miss / m.bend;
		m = moment_at(values, count, s);
	}
	return fmin(0, m.log - s * sum + rounding);
}
