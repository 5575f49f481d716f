#!/usr/bin/env python3
"""ledger_check: check a published log from its static files alone.

    ledger_check.py DIR [VKEY]

DIR holds checkpoint, log.vkey and tile/ (C2SP tlog-tiles). VKEY is the key to trust; without it the one in
DIR/log.vkey is taken. Written from the specifications, apart from the server's code, so that one error is not in
both: its own note parser, Merkle tree (recursive, as RFC 6962 section 2.1 defines it) and Ed25519 (RFC 8032
section 5.1.7, in plain integers). Prints "holds: SIZE ROOT" and exits 0, or says what does not hold and exits 1.
"""
import base64
import hashlib
import json
import os
import re
import sys

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


class Refuted(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Refuted(what)


# Ed25519, extended coordinates (X, Y, Z, T).


def point_add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_multiply(scalar, p):
    q = (0, 1, 1, 0)
    while scalar > 0:
        if scalar & 1:
            q = point_add(q, p)
        p = point_add(p, p)
        scalar >>= 1
    return q


def point_equal(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def point_decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    need(y < P, "a point is not canonical")
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if x2 == 0:
        need(not sign, "a point is not canonical")
        return (0, y, 1, 0)
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT_OF_MINUS_1 % P
    need((x * x - x2) % P == 0, "a point is not on the curve")
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = point_decompress(bytes([0x58]) + bytes([0x66]) * 31)


def ed25519_holds(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r = point_decompress(public), point_decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    return point_equal(point_multiply(s, BASE), point_add(r, point_multiply(h, a)))


# Merkle tree: the definition, not the way that a log computes it.


def leaf_hash(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_hash(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(tree_hash(leaves[:split]), tree_hash(leaves[split:]))


def decode(text, what):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refuted(f"{what} is not base64") from None
    need(base64.b64encode(data).decode() == text, f"{what} is not canonical base64")
    return data


def read_vkey(text):
    parts = text.strip().split("+", 2)
    need(len(parts) == 3, "the key is not NAME+ID+KEY")
    name, key = parts[0], decode(parts[2], "the key")
    need(len(key) == 33 and key[0] == 1, "the key is not Ed25519")
    key_id = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    need(key_id.hex() == parts[1], "the key's id is not its own")
    return name, key_id, key[1:]


def read_checkpoint(note, vkey):
    """(size, root) of a note that the key has signed."""
    name, key_id, public = vkey
    need(note.endswith(b"\n") and b"\n\n" in note, "the checkpoint is not a note")
    text, signatures = note.rsplit(b"\n\n", 1)
    text += b"\n"
    signed = False
    for line in signatures.decode("utf-8", "strict").splitlines():
        match = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", line)
        need(match, "a signature line is malformed")
        blob = decode(match[2], "a signature")
        if match[1] == name and blob[:4] == key_id:
            need(ed25519_holds(public, text, blob[4:]), "the log's signature fails")
            signed = True
    need(signed, "the log has not signed the checkpoint")
    lines = text.decode().split("\n")
    need(len(lines) == 4 and lines[3] == "" and lines[0] == name, "the checkpoint is not origin, size, root")
    need(re.fullmatch("0|[1-9][0-9]*", lines[1]), "the size is not a number")
    root = decode(lines[2], "the root")
    need(len(root) == 32, "the root is not 32 bytes")
    return int(lines[1]), root


def tile_path(index):
    path = "%03d" % (index % 1000)
    while index >= 1000:
        index //= 1000
        path = "x%03d/" % (index % 1000) + path
    return path


def read_tile(folder, kind, index, width):
    """Bytes of a tile: the partial one of this width, else the full one."""
    path = os.path.join(folder, "tile", kind, tile_path(index))
    for name in [path + f".p/{width}", path] if width < 256 else [path]:
        if os.path.exists(name):
            with open(name, "rb") as tile:
                return tile.read()
    raise Refuted(f"{path} is missing")


def split_bundle(data, count, exact):
    entries, at = [], 0
    for _ in range(count):
        need(at + 2 <= len(data), "a bundle breaks off")
        length = int.from_bytes(data[at : at + 2], "big")
        need(at + 2 + length <= len(data), "a bundle breaks off")
        entries.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    need(not exact or at == len(data), "a bundle holds more than its entries")
    return entries


def read_entries(folder, size):
    entries = []
    for index in range((size + 255) // 256):
        count = min(256, size - 256 * index)
        entries += split_bundle(read_tile(folder, "entries", index, count), count, count == 256)
    return entries


def no_duplicates(pairs):
    names = [name for name, _ in pairs]
    need(len(set(names)) == len(names), "a member stands twice")
    return dict(pairs)


def check_entry(number, data):
    need(len(data) <= 4096, f"entry {number} is too long")
    try:
        entry = json.loads(data.decode("utf-8", "strict"), object_pairs_hook=no_duplicates)
    except ValueError:
        raise Refuted(f"entry {number} is not JSON") from None
    need(isinstance(entry, dict) and {"commit", "kind", "public", "time", "v"} <= set(entry), f"entry {number}: members")
    need(set(entry) <= {"commit", "kind", "public", "request", "time", "v"}, f"entry {number}: unknown members")
    need(entry["v"] == 1 and re.fullmatch("[0-9a-f]{64}", entry["commit"]), f"entry {number}: version or commitment")
    need(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", entry["time"]), f"entry {number}: time")
    again = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    need(again.encode() == data, f"entry {number} is not canonical")


def check_tiles(folder, leaves):
    """Every level: the hashes of the tiles are the subtrees of 256^level leaves."""
    level, hashes = 0, leaves
    while hashes:
        for index in range((len(hashes) + 255) // 256):
            part = hashes[256 * index : 256 * index + 256]
            data = read_tile(folder, str(level), index, len(part))
            need(data[: 32 * len(part)] == b"".join(part), f"tile {level}/{tile_path(index)} differs from its entries")
            need(len(part) < 256 or len(data) == 32 * 256, f"tile {level}/{tile_path(index)} is too long")
        hashes = [tree_hash(hashes[at : at + 256]) for at in range(0, len(hashes) - 255, 256)]
        level += 1


def check(folder, vkey_text=None):
    if vkey_text is None:
        with open(os.path.join(folder, "log.vkey"), encoding="utf-8") as key:
            vkey_text = key.read()
    with open(os.path.join(folder, "checkpoint"), "rb") as note:
        size, root = read_checkpoint(note.read(), read_vkey(vkey_text))
    entries = read_entries(folder, size)
    for number, data in enumerate(entries):
        check_entry(number, data)
    leaves = [leaf_hash(data) for data in entries]
    need(tree_hash(leaves) == root, "the entries hash to another root than the signed one")
    check_tiles(folder, leaves)
    return size, root, entries


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    try:
        size, root, _ = check(*sys.argv[1:])
        print(f"holds: {size} {root.hex()}")
    except (Refuted, OSError, UnicodeDecodeError) as why:
        sys.exit(f"refuted: {why}")
