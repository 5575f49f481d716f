/*
 * detect_bound: how seldom chance alone makes a sum of values with even, independent signs come out so large.
 *
 * P(sum of v b >= t) <= exp(-s t) x product of cosh(s v), for every s > 0 (Chernoff): exact for these very values, with
 * nothing assumed of them and no tail extrapolated. The least over s is never above Hoeffding's exp(-t t / 2 sum(v v));
 * for n values of one size that all agree it is 2^-n.
 *
 * Source: Chernoff, "A measure of asymptotic efficiency for tests of a hypothesis", 1952; Hoeffding, 1963.
 */
#ifndef GLASS_DETECT_BOUND_H
#define GLASS_DETECT_BOUND_H

#include <stddef.h>

/*
 * values  v; their own signs do not matter
 * sum     t
 * The bound's natural logarithm, at most 0; 0 when the sum is 0 or less. Never below the true one's, rounding included.
 */
double detect_bound(const double *values, size_t count, double sum);

#endif
