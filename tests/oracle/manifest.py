#!/usr/bin/env python3
"""The manifest of a folder by docs/formats/manifest.md, written apart from vitrine's own.

usage: manifest.py FOLDER    the manifest on stdout; its SHA-256 is the release's identity
"""
import hashlib
import os
import stat
import sys


def escaped(path):
    return b"".join(bytes([b]) if 0x20 <= b <= 0x7E and b != 0x5C else b"\\x%02x" % b for b in path)


def entry(folder, path):
    full = os.path.join(folder, path)
    info = os.lstat(full)
    if stat.S_ISLNK(info.st_mode):
        mode, content = b"120000", os.readlink(full)
    else:
        with open(full, "rb") as file:
            content = file.read()
        mode = b"100755" if info.st_mode & stat.S_IXUSR else b"100644"
    digest = hashlib.sha256(content).hexdigest().encode()
    return b" ".join([mode, digest, b"%d" % len(content), escaped(path)]) + b"\n"


def paths(folder, below=b""):
    for item in os.scandir(os.path.join(folder, below) if below else folder):
        path = os.path.join(below, item.name)
        if item.name == b".git":
            continue
        if item.is_dir(follow_symlinks=False):
            yield from paths(folder, path)
        else:
            yield path


def manifest(folder):
    folder = os.fsencode(folder)
    return b"vitrine-manifest v1\n" + b"".join(entry(folder, path) for path in sorted(paths(folder)))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.stdout.buffer.write(manifest(sys.argv[1]))
