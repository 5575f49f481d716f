#!/usr/bin/env python3
"""no_line_leaves RECORD_DIR SOURCE_DIR...: does anything that was sent hold a line of source? Prints TAP.

RECORD_DIR  one pair of files an answer: N.head (status, headers) and N.body, as a browser or client received them
SOURCE_DIR  the trees that were shown

Every body and header is decoded in each way that it could carry text: as it is, gunzip and inflate, HTML entities,
percent escapes, JSON strings, base64 of runs long enough, UTF-16 of both orders, PNG text chunks. In none may stand three
consecutive tokens of the source that are not also in our own pages' words, nor a canary (a word that the source
holds and nothing else) outside a field that may name a path.

Pixels are what the glass is for: IDAT and PLTE chunks of a PNG are not searched.
"""
import base64
import binascii
import gzip
import html
import json
import os
import re
import struct
import sys
import urllib.parse
import zlib

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9][0-9A-Za-z_.]*|[^\sA-Za-z0-9_]")
OWN_TEXT = ("src/web", "src/http", "src/app", "src/proc", "ui", "kinds")
CANARY = re.compile(r"canary_[0-9a-f]{16,}")
DEPTH_MAX = 4


def tokens(text):
    return TOKEN.findall(text)


def trigrams(text):
    """Three tokens in a row that hold at least one word of three letters: brackets alone say nothing."""
    row = tokens(text)
    return {three for three in zip(row, row[1:], row[2:])
            if sum(len(word) for word in three) >= 6 and any(re.match(r"[A-Za-z_]\w\w", word) for word in three)}


def files_below(folder):
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in (".git", "node_modules")]
        for name in names:
            path = os.path.join(where, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path


def read_text(path):
    with open(path, "rb") as file:
        return file.read().decode("utf-8", "replace")


def png_texts(data):
    """Everything in a PNG but its pixels."""
    at = 8
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at:at + 4])
        kind = data[at + 4:at + 8]
        if kind not in (b"IDAT", b"PLTE"):
            yield data[at + 8:at + 8 + length]
        at += 12 + length
    yield data[at:]


def readings(data, depth=0):
    """Every text that these bytes could be read as."""
    if depth > DEPTH_MAX or not data:
        return
    tile = re.search(rb"\x89PNG\r\n\x1a\n", data)
    if tile:
        yield from readings(data[:tile.start()], depth + 1)
        for chunk in png_texts(data[tile.start():]):
            yield from readings(chunk, depth + 1)
        return
    if data[:2] == b"\x1f\x8b":
        try:
            yield from readings(gzip.decompress(data), depth + 1)
        except (OSError, EOFError, zlib.error):
            pass
    if data[:1] == b"\x78":
        try:
            yield from readings(zlib.decompress(data), depth + 1)
        except zlib.error:
            pass
    text = data.decode("utf-8", "replace")
    yield text
    if b"\0" in data:
        for order in ("utf-16-le", "utf-16-be"):
            yield data.decode(order, "replace")
    for decoded in (html.unescape(text), urllib.parse.unquote_plus(text)):
        if decoded != text:
            yield decoded
    try:
        yield from json_strings(json.loads(text))
    except ValueError:
        pass
    for run in re.findall(r"[A-Za-z0-9+/_-]{16,}={0,2}", text):
        padded = run.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            decoded = base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue
        if sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in decoded) > 0.9 * len(decoded) or b"\0" in decoded:
            yield from readings(decoded, depth + 1)
    for run in re.findall(r"(?:[0-9a-f]{2}){12,}", text):
        decoded = bytes.fromhex(run)
        if all(32 <= byte < 127 or byte in (9, 10, 13) for byte in decoded):
            yield decoded.decode("ascii")


def json_strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield key
            yield from json_strings(member)
    elif isinstance(value, list):
        for member in value:
            yield from json_strings(member)


def main():
    record, *sources = sys.argv[1:]
    theirs, canaries, paths = set(), set(), set()
    for source in sources:
        for path in files_below(source):
            text = read_text(path)
            theirs |= trigrams(text)
            canaries.update(CANARY.findall(text))
            paths.add(os.path.relpath(path, source))
    ours = set()
    for folder in OWN_TEXT:
        for path in files_below(os.path.join(TOP, folder)):
            ours |= trigrams(read_text(path))
    for path in paths:  # a path in scope may be shown
        for part in [path, *path.split("/")]:
            ours |= trigrams(f'"{part}"')
    secret = theirs - ours
    # What a page of ours would say on an empty lab is no leak either: its words are in the record of it.
    for name in sorted(os.listdir(record)):
        if name.endswith(".baseline"):
            with open(os.path.join(record, name), "rb") as file:
                for text in readings(file.read()):
                    secret -= trigrams(text)

    bodies, hits = 0, []
    for name in sorted(os.listdir(record)):
        if not name.endswith((".body", ".head")):
            continue
        bodies += name.endswith(".body")
        with open(os.path.join(record, name), "rb") as file:
            data = file.read()
        for text in readings(data):
            found = trigrams(text) & secret
            if found:
                hits.append(f"{name}: {' '.join(sorted(found)[0])!r} and {len(found) - 1} more")
            leaked = [word for word in CANARY.findall(text) if word in canaries]
            if leaked:
                hits.append(f"{name}: canary {leaked[0]}")
    print("1..2")
    enough = bodies >= 20 and len(secret) >= 200
    print(f"{'ok' if enough else 'not ok'} 1 - there was something to search: {bodies} answers, "
          f"{len(secret)} secret token triples, {len(canaries)} canaries")
    print(f"{'not ok' if hits else 'ok'} 2 - no answer holds three consecutive tokens of the source, nor a canary")
    for hit in hits[:20]:
        print(hit, file=sys.stderr)
    sys.exit(0 if enough and not hits else 1)


main()
