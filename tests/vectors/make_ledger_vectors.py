#!/usr/bin/env python3
"""Vectors for the ledger's bytes, made from the specifications' own words and by none of our code.

    make_ledger_vectors.py FILE            write the vectors
    make_ledger_vectors.py --check FILE    TAP: FILE is, byte for byte, what would be written

Merkle trees are built by the recursive definition of RFC 6962 section 2.1, Ed25519 is that of RFC 8032
section 6. Numbers that do not fit a double are written as strings.
"""
import base64
import hashlib
import json
import sys

from vectors_main import vectors_main


def sha256(data):
    return hashlib.sha256(data).digest()


# --- Merkle trees: RFC 6962 section 2.1 --------------------------------------------------------------------

def leaf_hash(entry):
    return sha256(b"\x00" + entry)


def node_hash(left, right):
    return sha256(b"\x01" + left + right)


def split(n):
    """The largest power of two below n."""
    return 1 << ((n - 1).bit_length() - 1)


class Tree:
    """A tree over leaf hashes; hash_range may be overridden where the leaves cannot be listed."""

    def __init__(self, leaves):
        self.leaves = leaves
        self.cache = {}

    def hash_range(self, start, end):
        """MTH(D[start:end])."""
        if end == start:
            return sha256(b"")
        if end - start == 1:
            return self.leaves[start]
        key = (start, end)
        if key not in self.cache:
            k = split(end - start)
            self.cache[key] = node_hash(
                self.hash_range(start, start + k), self.hash_range(start + k, end))
        return self.cache[key]

    def inclusion(self, m, start, end):
        """PATH(m, D[start:end])."""
        n = end - start
        if n == 1:
            return []
        k = split(n)
        if m < k:
            return self.inclusion(m, start, start + k) + [self.hash_range(start + k, end)]
        return self.inclusion(m - k, start + k, end) + [self.hash_range(start, start + k)]

    def consistency(self, m, start, end, whole=True):
        """SUBPROOF(m, D[start:end], whole)."""
        n = end - start
        if m == n:
            return [] if whole else [self.hash_range(start, end)]
        k = split(n)
        if m <= k:
            return self.consistency(m, start, start + k, whole) + [self.hash_range(start + k, end)]
        return self.consistency(m - k, start + k, end, False) + [self.hash_range(start, start + k)]


class EqualLeaves(Tree):
    """Every leaf is the same, so that trees of any size can be computed."""

    def __init__(self, leaf):
        super().__init__(None)
        self.full = [leaf]
        for _ in range(63):
            self.full.append(node_hash(self.full[-1], self.full[-1]))

    def hash_range(self, start, end):
        n = end - start
        if n == 0:
            return sha256(b"")
        if n & (n - 1) == 0:
            return self.full[n.bit_length() - 1]
        k = split(n)
        return node_hash(self.full[k.bit_length() - 1], self.hash_range(start + k, end))


def merkle_vectors():
    entries = [("entry %d" % i).encode() for i in range(41)]
    tree = Tree([leaf_hash(e) for e in entries])
    hexes = lambda nodes: [n.hex() for n in nodes]
    places = [(i, n) for n in (1, 2, 3, 5, 7, 8, 13) for i in range(n)]
    places += [(i, 40) for i in (0, 1, 17, 31, 32, 38, 39)]
    pairs = [(m, n) for n in (1, 2, 3, 5, 7, 8, 13) for m in range(1, n + 1)]
    pairs += [(m, 40) for m in (1, 2, 3, 4, 6, 7, 8, 16, 31, 32, 33, 39, 40)]

    many = Tree([leaf_hash(b"%d" % i) for i in range(70001)])
    equal = EqualLeaves(leaf_hash(b"same"))
    large = []
    for n, i, m in ((2**40 + 12345, 2**40 + 12000, 2**39 + 1), (2**40, 77, 2**40 - 1),
                    (2**63 - 1, 2**62 + 5, 2**63 - 2), (2**64 - 1, 2**64 - 2, 2**63),
                    (2**64 - 1, 0, 2**64 - 2)):
        large.append({
            "size": str(n), "root": equal.hash_range(0, n).hex(),
            "index": str(i), "inclusion": hexes(equal.inclusion(i, 0, n)),
            "old_size": str(m), "old_root": equal.hash_range(0, m).hex(),
            "consistency": hexes(equal.consistency(m, 0, n))})
    return {
        "entry": "entry <i>",
        "roots": [tree.hash_range(0, n).hex() for n in range(41)],
        "inclusion": [{"index": i, "size": n, "path": hexes(tree.inclusion(i, 0, n))} for i, n in places],
        "consistency": [{"old_size": m, "size": n, "path": hexes(tree.consistency(m, 0, n))}
                        for m, n in pairs],
        "decimal_entries": [{"size": n, "root": many.hash_range(0, n).hex()}
                            for n in (255, 256, 257, 65535, 65536, 65537, 70001)],
        "equal_leaf": leaf_hash(b"same").hex(),
        "equal_leaves": large,
    }


# --- Ed25519: RFC 8032 section 6 ---------------------------------------------------------------------------

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_M1 = pow(2, (P - 1) // 4, P)


def point_add(a, b):
    x = (a[1] - a[0]) * (b[1] - b[0]) % P
    y = (a[1] + a[0]) * (b[1] + b[0]) % P
    c = 2 * a[3] * b[3] * D % P
    d = 2 * a[2] * b[2] % P
    e, f, g, h = y - x, d - c, d + c, y + x
    return (e * f, g * h, f * g, e * h)


def point_mul(s, point):
    q = (0, 1, 1, 0)
    while s > 0:
        if s & 1:
            q = point_add(q, point)
        point = point_add(point, point)
        s >>= 1
    return q


def recover_x(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P)
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P != 0:
        x = x * ROOT_M1 % P
    return P - x if x & 1 != sign else x


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def point_bytes(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def expand(seed):
    h = hashlib.sha512(seed).digest()
    a = int.from_bytes(h[:32], "little")
    return a & ((1 << 254) - 8) | 1 << 254, h[32:]


def public_key(seed):
    return point_bytes(point_mul(expand(seed)[0], BASE))


def sign(seed, message):
    a, prefix = expand(seed)
    key = point_bytes(point_mul(a, BASE))
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % Q
    rs = point_bytes(point_mul(r, BASE))
    h = int.from_bytes(hashlib.sha512(rs + key + message).digest(), "little") % Q
    return rs + ((r + h * a) % Q).to_bytes(32, "little")


# --- C2SP: signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof, tlog-tiles --------------------------

def b64(data):
    return base64.b64encode(data).decode()


def key_id(name, kind, key):
    return sha256(name.encode() + b"\n" + bytes([kind]) + key)[:4]


def vkey(name, kind, key):
    return "%s+%s+%s" % (name, key_id(name, kind, key).hex(), b64(bytes([kind]) + key))


def signature_line(name, kind, seed, text, time=None):
    key = public_key(seed)
    if kind == 1:
        blob = sign(seed, text.encode())
    else:
        blob = time.to_bytes(8, "big") + sign(seed, ("cosignature/v1\ntime %d\n%s" % (time, text)).encode())
    return "\u2014 %s %s\n" % (name, b64(key_id(name, kind, key) + blob))


def checkpoint(origin, size, root):
    return "%s\n%d\n%s\n" % (origin, size, b64(root))


def note_vectors():
    tree = Tree([leaf_hash(("entry %d" % i).encode()) for i in range(41)])
    log_seed, witness_seed = bytes(range(32)), bytes(range(100, 132))
    log, witness = "example.org/lab", "example.org/witness"
    notes = []
    for size, time in ((0, 0), (1, 1700000000), (13, 2**32), (40, 2**63)):
        text = checkpoint(log, size, tree.hash_range(0, size))
        notes.append({
            "size": size, "root": tree.hash_range(0, size).hex(), "text": text, "time": str(time),
            "note": text + "\n" + signature_line(log, 1, log_seed, text),
            "cosignature": signature_line(witness, 4, witness_seed, text, time)})
    proofs = []
    for index, extra in ((0, None), (12, b""), (7, b"\xff\x00 not authenticated")):
        head = "c2sp.org/tlog-proof@v1\n"
        if extra is not None:
            head += "extra %s\n" % b64(extra)
        path = "".join(b64(n) + "\n" for n in tree.inclusion(index, 0, 13))
        proofs.append({"index": index, "leaf": tree.leaves[index].hex(),
                       "extra": None if extra is None else b64(extra),
                       "text": "%sindex %d\n%s\n%s" % (head, index, path, notes[2]["note"])})
    names = ["a", "example.org/lab", "caf\u00e9", "x" * 255]
    text = "caf\u00e9\n\nwith a blank line\n"
    return {
        "log": {"name": log, "seed": log_seed.hex(), "vkey": vkey(log, 1, public_key(log_seed))},
        "witness": {"name": witness, "seed": witness_seed.hex(),
                    "vkey": vkey(witness, 4, public_key(witness_seed))},
        "checkpoints": notes,
        "proofs": proofs,
        "names": [{"name": n, "vkey": vkey(n, 1, public_key(log_seed)),
                   "note": text + "\n" + signature_line(n, 1, log_seed, text)} for n in names],
        "names_text": text,
    }


def tile_vectors():
    def path(level, index, width):
        groups = ["%03d" % (index % 1000)]
        while index >= 1000:
            index //= 1000
            groups.insert(0, "x%03d" % (index % 1000))
        partial = "" if width == 256 else ".p/%d" % width
        return "tile/%s/%s%s" % (level, "/".join(groups), partial)

    tiles = [(level, index, width) for level in (0, 1, 63, "entries")
             for index in (0, 1, 999, 1000, 1234067, 10**9, 2**64 - 1) for width in (1, 255, 256)]
    return [{"level": 0 if t[0] == "entries" else t[0], "bundle": t[0] == "entries", "index": str(t[1]),
             "width": t[2], "path": path(*t)} for t in tiles]


# --- DSSE and canonical JSON -------------------------------------------------------------------------------

def pae_vectors():
    cases = [("http://example.com/HelloWorld", "hello world"), ("", ""), ("t", "a b\n"),
             ("application/vnd.in-toto+json", "caf\u00e9"), ("caf\u00e9", "x" * 300)]
    pae = lambda t, b: b"DSSEv1 %d %s %d %s" % (len(t), t, len(b), b)
    return [{"type": t, "body": b, "pae": pae(t.encode(), b.encode()).decode()} for t, b in cases]


def canonical(value):
    """RFC 8785 for the values that we allow: no number but integers below 2^53."""
    if isinstance(value, dict):
        # Section 3.2.3: by UTF-16 code units.
        keys = sorted(value, key=lambda k: k.encode("utf-16-be"))
        return "{%s}" % ",".join(canonical(k) + ":" + canonical(value[k]) for k in keys)
    if isinstance(value, list):
        return "[%s]" % ",".join(canonical(v) for v in value)
    return json.dumps(value, ensure_ascii=False)


def canonical_vectors():
    values = [
        {}, [], "", 0, -1, True, False, None, 2**53 - 1, -(2**53) + 1,
        {"b": 1, "a": [3, 2, 1, {"z": None, "y": True}], "": ""},
        {"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
         "1": "One", "\U0001f600": "Emoji: Grinning Face", "\u0080": "Control",
         "\u00f6": "Latin Small Letter O With Diaeresis"},
        {"\ue000": 1, "\U00010000": 2, "\uffff": 3, "\U0010ffff": 4, "\ud7ff": 5, "a\ue000": 6,
         "a\U00010000": 7, "a": 8},
        "".join(chr(c) for c in range(1, 0x30)) + "\x7f\u2028\u2029/\\\"",
        {"A": 1, "a": 2, "aa": 3, "a\u0301": 4, "\u00e1": 5},
    ]
    return {
        "accepted": [{"in": json.dumps(v, indent=1), "out": canonical(v)} for v in values],
        "refused": ["9007199254740992", "-9007199254740992", "1.5", "[1e2]", "{\"a\":-0.0}"],
    }


def vectors():
    made = {
        "made_by": "tests/vectors/make_ledger_vectors.py",
        "merkle": merkle_vectors(),
        "notes": note_vectors(),
        "tiles": tile_vectors(),
        "pae": pae_vectors(),
        "canonical_json": canonical_vectors(),
    }
    return json.dumps(made, indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    sys.exit(vectors_main(__doc__, vectors))
