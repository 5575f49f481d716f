#!/usr/bin/env python3
"""Vectors for the hidden mark, made from docs/formats/glass.md by none of our code.

    make_mark_vectors.py FILE            write the vectors
    make_mark_vectors.py --check FILE    TAP: FILE is, byte for byte, what would be written

HMAC-SHA-256 is Python's, ChaCha20 is written from RFC 8439 section 2.3 with the original's 64-bit counter
and a nonce of 0; its own check is that section's key stream at counter 1.
"""
import hashlib
import hmac
import json
import struct
import sys

from vectors_main import vectors_main

LINES, COLUMNS = 60, 80


def hmac_sha256(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


# --- ChaCha20 ----------------------------------------------------------------------------------------------

def rotate(v, n):
    return ((v << n) | (v >> (32 - n))) & 0xffffffff


def quarter_round(s, a, b, c, d):
    s[a] = (s[a] + s[b]) & 0xffffffff
    s[d] = rotate(s[d] ^ s[a], 16)
    s[c] = (s[c] + s[d]) & 0xffffffff
    s[b] = rotate(s[b] ^ s[c], 12)
    s[a] = (s[a] + s[b]) & 0xffffffff
    s[d] = rotate(s[d] ^ s[a], 8)
    s[c] = (s[c] + s[d]) & 0xffffffff
    s[b] = rotate(s[b] ^ s[c], 7)


def chacha20_block(key, last_words):
    """last_words: the state's words 12 to 15, counter and nonce."""
    start = list(struct.unpack("<4I", b"expand 32-byte k")) + list(struct.unpack("<8I", key)) + list(last_words)
    s = list(start)
    for _ in range(10):
        quarter_round(s, 0, 4, 8, 12)
        quarter_round(s, 1, 5, 9, 13)
        quarter_round(s, 2, 6, 10, 14)
        quarter_round(s, 3, 7, 11, 15)
        quarter_round(s, 0, 5, 10, 15)
        quarter_round(s, 1, 6, 11, 12)
        quarter_round(s, 2, 7, 8, 13)
        quarter_round(s, 3, 4, 9, 14)
    return struct.pack("<16I", *((a + b) & 0xffffffff for a, b in zip(s, start)))


def chacha20_is_right():
    """RFC 8439 section 2.3.2."""
    got = chacha20_block(bytes(range(32)), (1, 0x09000000, 0x4a000000, 0))
    return got.hex().startswith("10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e")


# --- the mark ----------------------------------------------------------------------------------------------

def secret_of(mark_key, session):
    return hmac_sha256(mark_key, session)


def line_bits(secret, blob, line, column):
    """Paper's 80 bits, then the shift's, as lists."""
    key = hmac_sha256(secret, b"vitrine mark 1\0" + blob + struct.pack(">I", column // COLUMNS))
    block = chacha20_block(key, (line & 0xffffffff, line >> 32, 0, 0))
    bits = [block[i // 8] >> (i % 8) & 1 for i in range(2 * COLUMNS)]
    return bits[:COLUMNS], bits[COLUMNS:]


def is_identifier(c):
    return c == "_" or ord(c) >= 0x80 or (c.isascii() and c.isalnum())


def cells_of(text):
    """For each cell of a line the column whose bit it carries: paper's list, the shift's (-1: none)."""
    text = text.ljust(COLUMNS)
    paper, shift, runs = [], [], []
    for i, c in enumerate(text):
        if c == " ":
            paper.append(i // 2 * 2)
            shift.append(-1)
            runs.append(None)
            continue
        begin = runs[-1] if runs else None
        cells = i - begin if begin is not None else 0
        if begin is None or cells == 12 or (cells >= 3 and is_identifier(c) and not is_identifier(text[i - 1])):
            begin = i
        runs.append(begin)
        paper.append(begin)
        shift.append(begin)
    return paper, shift


def marks_of(secret, blob, line, column, text):
    paper_bits, shift_bits = line_bits(secret, blob, line, column)
    paper, shift = cells_of(text)
    return ("".join(str(paper_bits[i]) for i in paper),
            "".join("0" if i < 0 else str(shift_bits[i]) for i in shift))


TEXTS = [
    "",
    "x",
    "static int page_encode(struct page *p, const struct grid *grid)",
    "\tif (a->b->c[d].e_f != NULL && *(uint32_t *)p++ == 0xdeadbeef) {".replace("\t", "        "),
    "/* " + "=" * 70 + " */",
    "abcdefghijklmnopqrstuvwxyz" * 4,
    "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.0.1.2.3.4.5.6.7.8.9._.A",
    "!!!!x!!!!y!!z!!!!!!!!!!!!!!!!!!!!!!w",
    " 1 22 333 4444 55555 666666 7777777",
    "caf\u00e9 na\u00efve(\u03b1\u03b2\u03b3, \u2200x)\u2192y",
    " " * 79 + "}",
]


def page_vectors():
    pages = []
    for number, (session, file, line, column) in enumerate([
            (b"ses_1", b"", 0, 0),
            (b"ses_1", b"int a;\n", 60, 80),
            (b"ses_2", b"int a;\n", 600000, 160),
            (b"s" * 64, b"\x00\xff", 4294967220, 16777200)]):
        mark_key = bytes((number * 37 + i * 11) & 0xff for i in range(32))
        secret, blob = secret_of(mark_key, session), hashlib.sha256(file).digest()
        rows = [marks_of(secret, blob, line + row, column, TEXTS[row % len(TEXTS)][:COLUMNS])
                for row in range(LINES)]
        pages.append({
            "mark_key": mark_key.hex(), "session": session.decode(), "secret": secret.hex(),
            "blob": blob.hex(), "line": line, "column": column,
            "paper": [paper for paper, _ in rows], "shift": [shift for _, shift in rows],
        })
    return pages


def vectors():
    made = {
        "made_by": "tests/vectors/make_mark_vectors.py",
        "texts": [text[:COLUMNS] for text in TEXTS],
        "cells": [dict(zip(("paper", "shift"), cells_of(text[:COLUMNS]))) for text in TEXTS],
        "pages": page_vectors(),
    }
    return json.dumps(made, ensure_ascii=True, indent=None, separators=(",", ":")).replace("],", "],\n") + "\n"


def main():
    if not chacha20_is_right():
        print("not ok 1 - ChaCha20 gives RFC 8439's key stream")
        return 1
    return vectors_main(__doc__, vectors)


if __name__ == "__main__":
    sys.exit(main())
