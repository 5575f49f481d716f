#!/usr/bin/env python3
"""Debian source packages (import_box.py)."""
import hashlib
import os
import sys
import tarfile

from import_box import case, main, member, oracle, tar_of


def dsc(box, source_format, files, name="p_1.dsc", lie=None):
    lines = [f"Format: {source_format}", "Source: p", "Binary: p", "Version: 1-1", "Checksums-Sha256:"]
    for file in files:
        content = open(box.path("package/" + file), "rb").read()
        lines.append(f" {lie or hashlib.sha256(content).hexdigest()} {len(content)} {file}")
    lines.append("Files:")
    for file in files:
        content = open(box.path("package/" + file), "rb").read()
        # dpkg-source wants this field of old; what it says is not what the lab relies on.
        lines.append(f" {hashlib.md5(content).hexdigest()} {len(content)} {file}")
    with open(box.path("package/" + name), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return box.path("package/" + name)


PATCH = b"""--- a/a.c
+++ b/a.c
@@ -1 +1 @@
-int a;
+int patched;
"""


def quilt(box, patch=PATCH, *extra):
    os.makedirs(box.path("package"))
    tar_of(box.path("package/p_1.orig.tar.gz"), member("p-1", type=tarfile.DIRTYPE, mode=0o755),
           member("p-1/a.c", b"int a;\n"), *extra, mode="w:gz")
    tar_of(box.path("package/p_1-1.debian.tar.xz"), member("debian", type=tarfile.DIRTYPE, mode=0o755),
           member("debian/patches", type=tarfile.DIRTYPE, mode=0o755), member("debian/patches/series", b"one.patch\n"),
           member("debian/patches/one.patch", patch), member("debian/rules", b"#!/usr/bin/make -f\n", mode=0o755),
           mode="w:xz")
    return ["p_1.orig.tar.gz", "p_1-1.debian.tar.xz"]


@case
def a_dsc_gives_the_patched_tree(box):
    files = quilt(box)
    answer = box.good(dsc(box, "3.0 (quilt)", files))
    box.tree({"a.c": b"int patched;\n", "debian/patches/series": b"one.patch\n", "debian/patches/one.patch": PATCH,
              "debian/rules*": b"#!/usr/bin/make -f\n", "debian/source/format": b"3.0 (quilt)\n"})
    assert answer.manifest == oracle.manifest(box.source), answer.manifest
    assert answer.text.endswith("p 1-1") and answer.words[1] == "dsc", answer.text
    assert not os.path.exists(box.path("run/unpack"))


@case
def a_dsc_whose_files_are_missing_or_differ_is_refused(box):
    files = quilt(box)
    path = dsc(box, "3.0 (quilt)", files, lie="0" * 64)
    box.bad("input", "p_1.orig.tar.gz is not the file", source=path)
    path = dsc(box, "3.0 (quilt)", files)
    with open(box.path("package/p_1.orig.tar.gz"), "ab") as file:
        file.write(b"more")
    box.bad("input", "p_1.orig.tar.gz is larger", source=path)
    os.unlink(box.path("package/p_1.orig.tar.gz"))
    box.bad("input", "p_1.orig.tar.gz cannot be read", source=path)
    os.symlink("/etc/passwd", box.path("package/p_1.orig.tar.gz"))
    box.bad("input", "p_1.orig.tar.gz cannot be read", source=path)


@case
def a_dsc_that_cannot_be_unpacked_is_refused(box):
    path = dsc(box, "3.0 (quilt)", quilt(box, PATCH.replace(b"int a;", b"int other;")))
    box.bad("input", "dpkg-source cannot unpack", source=path)


@case
def a_dsc_is_judged_like_any_tree(box):
    path = dsc(box, "3.0 (quilt)", quilt(box, PATCH, member("p-1/l", type=tarfile.SYMTYPE, linkname="/etc/passwd")))
    box.bad("input", 'symbolic link "l"', source=path)
    box.bad("limit", source=path, bytes_max=2000)


@case
def what_is_no_dsc_is_refused(box):
    os.makedirs(box.path("package"))
    for content in [b"", b"hello\n", b"Format: 1.0\nSource: p\nVersion: 1\nChecksums-Sha256:\n 00 1 ../x\n", b"x" * 300000]:
        with open(box.path("package/p.dsc"), "wb") as file:
            file.write(content)
        box.bad("input", source=box.path("package/p.dsc"))


if __name__ == "__main__":
    sys.exit(main())
