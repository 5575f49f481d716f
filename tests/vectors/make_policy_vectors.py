#!/usr/bin/env python3
"""Vectors for witness policies, by brute force over sets: none of our code, and not the formula either.

    make_policy_vectors.py FILE            write the vectors
    make_policy_vectors.py --check FILE    TAP: FILE is, byte for byte, what would be written

`fork`: for N witnesses, quorum k, f of them colluding with the centre: can two branches both be cosigned by a quorum when
an honest witness signs one of them at most? Every way of dealing the honest ones out is tried.
`policies`: trees of groups. `overlap` is the fewest witnesses that two sets which meet the quorum share, `stall` the fewest
whose refusal leaves no set that meets it, `fewest` the size of the smallest set that does, `owners` the fewest owners whose witnesses hold all that two such sets share.
"""
import itertools
import json
import random
import sys


def fork_rows():
    rows = []
    for n in range(1, 8):
        for k in range(1, n + 1):
            for f in range(n + 1):
                honest = n - f
                forked = any(
                    f + choice.count("a") >= k and f + choice.count("b") >= k
                    for choice in itertools.product("ab-", repeat=honest))
                rows.append({"n": n, "k": k, "f": f, "forked": forked})
    return rows


def meets(tree, chosen):
    if isinstance(tree, int):
        return tree in chosen
    threshold, members = tree
    return sum(meets(member, chosen) for member in members) >= threshold


def subsets(n):
    return [frozenset(i for i in range(n) if bits >> i & 1) for bits in range(1 << n)]


def split(items, dice):
    """A random tree over these witnesses."""
    if len(items) == 1:
        return items[0]
    if len(items) == 2 or dice.random() < 0.4:
        members = list(items)
    else:
        cuts = sorted(dice.sample(range(1, len(items)), dice.randint(1, min(3, len(items) - 1))))
        parts = [items[i:j] for i, j in zip([0, *cuts], [*cuts, len(items)])]
        members = [split(part, dice) for part in parts]
    return (dice.randint(1, len(members)), members)


def text_of(tree, n, owners):
    """Lines of a policy; @i@ stands for the verifier key of witness i."""
    lines = [f"witness w{i} @{i}@" for i in range(n)]
    lines += [f"# owner w{i}: {owner}" for i, owner in enumerate(owners) if owner]
    groups = []

    def name(node):
        if isinstance(node, int):
            return f"w{node}"
        members = [name(member) for member in node[1]]
        groups.append(f"group g{len(groups)} {node[0]} {' '.join(members)}")
        return f"g{len(groups) - 1}"
    top = name(tree)
    return "\n".join([*lines, *groups, f"quorum {top}"]) + "\n"


def policy_rows():
    dice = random.Random("policies")
    rows = []
    for number in range(60):
        n = dice.randint(1, 6)
        tree = split(list(range(n)), dice)
        owners = [dice.choice(["A", "B", "C", ""]) for _ in range(n)]
        met = [chosen for chosen in subsets(n) if meets(tree, chosen)]
        shared = [a & b for a in met for b in met]
        overlap = min(len(both) for both in shared)
        stall = min(len(refusing) for refusing in subsets(n) if not meets(tree, frozenset(range(n)) - refusing))
        keys = {}
        for i, owner in enumerate(owners):
            keys.setdefault(owner or f"unsaid {i}", set()).add(i)
        breaking = 0
        if overlap > 0:
            breaking = min([len(some) for size in range(1, 4) for some in itertools.combinations(sorted(keys), size)
                            if any(both <= set().union(*(keys[owner] for owner in some)) for both in shared)] or [4])
        rows.append({"text": text_of(tree, n, owners), "n": n, "overlap": overlap, "stall": stall, "owners": breaking,
                     "fewest": min(len(chosen) for chosen in met),
                     "met": [sum(1 << i for i in chosen) for chosen in met]})
    return rows


def make():
    return json.dumps({"made_by": "tests/vectors/make_policy_vectors.py", "fork": fork_rows(), "policies": policy_rows()},
                      separators=(",", ":")) + "\n"


def main():
    if sys.argv[1] == "--check":
        with open(sys.argv[2], encoding="utf-8") as file:
            same = file.read() == make()
        print(f"1..1\n{'ok' if same else 'not ok'} 1 - the policy vectors are what their script makes")
        sys.exit(0 if same else 1)
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write(make())


main()
