#!/usr/bin/env python3
"""Vectors for the detector's bound, made from docs/formats/glass.md (The bound) by none of our code.

    make_bound_vectors.py FILE            write the vectors
    make_bound_vectors.py --check FILE    TAP: FILE is, byte for byte, what would be written

log: the natural logarithm of the least over s of exp(-s t) x product of cosh(s v), by golden section. reach: of the 2^n ways to choose signs, how many make the sum t or more, counted one by one in whole thousandths; none
for more than 16 values.
"""
import itertools
import json
import math
import random
import sys

from vectors_main import vectors_main

GOLDEN = (math.sqrt(5) - 1) / 2


def log_at(s, values, t):
    """log cosh x = x + log(1 + exp(-2 x)) - log 2, for x >= 0."""
    sizes = [s * abs(v) for v in values]
    return math.fsum(x + math.log1p(math.exp(-2 * x)) - math.log(2) for x in sizes) - s * t


def least(values, t):
    """log_at is convex in s; beyond 30 / the least value it changes in no digit that counts."""
    low, high = 0, 30 / min(abs(v) for v in values)
    for _ in range(90):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        if log_at(left, values, t) < log_at(right, values, t):
            high = right
        else:
            low = left
    return log_at((low + high) / 2, values, t)


def reach(thousandths, t):
    if len(thousandths) > 16:
        return None
    return sum(sum(v * sign for v, sign in zip(thousandths, signs)) >= t
               for signs in itertools.product((-1, 1), repeat=len(thousandths)))


def cases():
    rng = random.Random("bound")
    yield [1000], 1000
    yield [1000] * 12, 12000
    yield [-1000, 1000, 1000, -1000], 2000
    yield [1000] * 38, 38000
    yield [1000] * 60, 52000
    yield [1, 1000], 1001
    for count in (2, 5, 9, 16, 40, 90):
        values = [rng.choice((-1, 1)) * rng.randint(1, 1000) for _ in range(count)]
        whole = sum(map(abs, values))
        for share in (0.05, 0.3, 0.6, 0.9, 1):
            yield values, int(whole * share)


def vectors():
    rows = []
    for thousandths, t in cases():
        values = [v / 1000 for v in thousandths]
        rows.append({"thousandths": thousandths, "sum": t, "log": f"{least(values, t / 1000):.6f}",
                     "reach": reach(thousandths, t)})
    return json.dumps({"made_by": "tests/vectors/make_bound_vectors.py", "bounds": rows},
                      separators=(",", ":")).replace("},", "},\n") + "\n"


if __name__ == "__main__":
    sys.exit(vectors_main(__doc__, vectors))
