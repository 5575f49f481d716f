#!/usr/bin/env python3
"""Archives, good, bad and hostile (import_box.py)."""
import gzip
import io
import os
import shutil
import stat
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib

from import_box import TREE, case, main, member, oracle, pack_tree, tar_of


@case
def every_archive_of_a_tree_gives_its_manifest(box):
    box.tree(TREE)
    want = oracle.manifest(box.source)
    for name, mode, more in [("a.tar", "w", {}), ("p.tar", "w", {"format": tarfile.PAX_FORMAT}),
                             ("g.tar", "w", {"format": tarfile.GNU_FORMAT}), ("a.tar.gz", "w:gz", {}),
                             ("a.tar.xz", "w:xz", {})]:
        answer = box.good(pack_tree(box, box.path(name), mode, **more))
        assert answer.manifest == want, name
        assert answer.words[1] == "tar"
        shutil.rmtree(box.store)
        os.mkdir(box.store)
    subprocess.run(["zstd", "-q", box.path("a.tar")], check=True)
    assert box.good(box.path("a.tar.zst")).manifest == want


@case
def a_zip_gives_its_manifest(box):
    files = {name: content for name, content in TREE.items()
             if isinstance(name, str) and isinstance(content, bytes) and "\\" not in name}
    files["caf\u00e9"] = b"utf-8"
    box.tree(files)
    with zipfile.ZipFile(box.path("a.zip"), "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(oracle.paths(os.fsencode(box.source))):
            packed.write(os.path.join(os.fsencode(box.source), path).decode(), path.decode())
    answer = box.good(box.path("a.zip"))
    assert answer.words[1] == "zip"
    assert answer.manifest == oracle.manifest(box.source)


@case
def names_in_a_zip_are_spelled_as_libarchive_does(box):
    with zipfile.ZipFile(box.path("a.zip"), "w") as packed:
        packed.writestr("e\u0301", b"")
        packed.writestr("a\\b", b"")
    assert box.good(box.path("a.zip")).paths() == [b"a/b", b"\\xc3\\xa9"]


@case
def one_top_folder_is_left_away(box):
    tar_of(box.path("a.tar"), member("p-1.0/a/b", b"1"), member("p-1.0/c", b"2"))
    assert box.good(box.path("a.tar")).paths() == [b"a/b", b"c"]


@case
def two_top_folders_stay(box):
    tar_of(box.path("a.tar"), member("p/a", b"1"), member("p.d/c", b"2"))
    assert box.good(box.path("a.tar")).paths() == [b"p.d/c", b"p/a"]


@case
def a_link_that_leaves_the_top_folder_is_refused(box):
    tar_of(box.path("a.tar"), member("p/a", b"1"), member("p/l", type=tarfile.SYMTYPE, linkname="../x"))
    box.bad("input", 'symbolic link "l" leaves', source=box.path("a.tar"))


@case
def paths_that_leave_are_refused_by_name(box):
    for number, name in enumerate(["../x", "/abs", "a/../../b", "a//b", "a/./b", "./../x"]):
        path = tar_of(box.path(f"{number}.tar"), member("fine", b"1"), member(name, b"2"))
        box.bad("input", 'path "', source=path)
        with zipfile.ZipFile(box.path(f"{number}.zip"), "w") as packed:
            packed.writestr("fine", b"1")
            packed.writestr(zipfile.ZipInfo(name), b"2")
        box.bad("input", 'path "', source=box.path(f"{number}.zip"))


@case
def links_in_archives_are_checked(box):
    for number, target in enumerate(["/etc/passwd", "../x"]):
        path = tar_of(box.path(f"{number}.tar"), member("f"), member("l", type=tarfile.SYMTYPE, linkname=target))
        box.bad("input", 'symbolic link "l"', source=path)
    info = zipfile.ZipInfo("l")
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(box.path("l.zip"), "w") as packed:
        packed.writestr("f", b"")
        packed.writestr(info, b"../../x")
    box.bad("input", 'symbolic link "l"', source=box.path("l.zip"))


@case
def hard_links_become_files(box):
    tar_of(box.path("a.tar"), member("p/a", b"same\n"), member("p/b", type=tarfile.LNKTYPE, linkname="p/a"),
           member("p/c/d", type=tarfile.LNKTYPE, linkname="p/b"))
    box.tree({"a": b"same\n", "b": b"same\n", "c/d": b"same\n"})
    assert box.good(box.path("a.tar")).manifest == oracle.manifest(box.source)


@case
def hard_links_to_nothing_are_refused(box):
    for number, target in enumerate(["missing", "z"]):
        path = tar_of(box.path(f"{number}.tar"), member("a", b"x"), member("l", type=tarfile.LNKTYPE, linkname=target),
                      member("z", b"later"))
        box.bad("input", '"l" is a hard link to', source=path)
    path = tar_of(box.path("out.tar"), member("a"), member("l", type=tarfile.LNKTYPE, linkname="../../etc/passwd"))
    box.bad("input", "hard link", source=path)


@case
def devices_and_fifos_in_archives_are_refused(box):
    for kind, says in [(tarfile.CHRTYPE, "a device"), (tarfile.BLKTYPE, "a device"), (tarfile.FIFOTYPE, "a fifo")]:
        path = tar_of(box.path("a.tar"), member("a"), member("odd", type=kind))
        box.bad("input", f'"odd" is {says}', source=path)


@case
def a_path_twice_is_refused(box):
    path = tar_of(box.path("a.tar"), member("a/b", b"1"), member("c"), member("a/b", b"2"))
    box.bad("input", '"a/b" is there twice', source=path)
    with zipfile.ZipFile(box.path("a.zip"), "w") as packed:
        packed.writestr("x", b"1")
        packed.writestr("y", b"1")
    data = open(box.path("a.zip"), "rb").read()
    with open(box.path("b.zip"), "wb") as file:
        file.write(data.replace(b"y", b"x"))
    box.bad("input", '"x" is there twice', source=box.path("b.zip"))


@case
def a_file_that_is_also_a_folder_is_refused(box):
    path = tar_of(box.path("a.tar"), member("a"), member("a-b"), member("a/x"))
    box.bad("input", '"a" is both a file and a folder', source=path)


@case
def bytes_that_are_not_utf8_are_kept_and_shown_escaped(box):
    path = tar_of(box.path("a.tar"), member("caf\udce9", b"x"), format=tarfile.GNU_FORMAT)
    assert box.good(path).paths() == [b"caf\\xe9"]
    path = tar_of(box.path("b.tar"), member("\udce9/../\u202ex"), format=tarfile.GNU_FORMAT)
    box.bad("input", '"\\xe9/../\\u{202e}x"', source=path)


@case
def very_long_names_are_bounded(box):
    name = "/".join(["n" * 250] * 16)
    assert box.good(tar_of(box.path("a.tar"), member(name), member("z"))).paths() == [name.encode(), b"z"]
    path = tar_of(box.path("b.tar"), member("x/" * 10 + "n" * 5000))
    box.bad("input", "too long", source=path)


@case
def git_folders_in_archives_are_left_out(box):
    path = tar_of(box.path("a.tar"), member(".git", type=tarfile.DIRTYPE), member(".git/config", b"secret"),
                  member("a", b"x"))
    answer = box.good(path)
    assert answer.paths() == [b"a"] and answer.words[6] == "1", answer.text


@case
def an_empty_archive_is_refused(box):
    box.bad("input", source=tar_of(box.path("a.tar")))
    with zipfile.ZipFile(box.path("a.zip"), "w"):
        pass
    box.bad("input", source=box.path("a.zip"))


@case
def what_is_no_archive_is_refused(box):
    for number, content in enumerate([b"", b"hello\n" * 1000, b"\x1f\x8b", b"\x1f\x8b\x08" + b"\0" * 50,
                                      b"\xfd7zXZ\0garbage", b"\x28\xb5\x2f\xfdgarbage", b"PK\3\4garbage"]):
        with open(box.path(f"x{number}.tar"), "wb") as file:
            file.write(content)
        box.bad("input", source=box.path(f"x{number}.tar"))


@case
def every_cut_of_an_archive_is_found(box):
    members = [member(f"f{n}", os.urandom(700 + n)) for n in range(6)]
    for mode, suffix in [("w", "tar"), ("w:gz", "tar.gz"), ("w:xz", "tar.xz")]:
        whole = open(tar_of(box.path("whole." + suffix), *[(i, io.BytesIO(c.getvalue())) for i, c in members],
                            mode=mode), "rb").read()
        end = len(whole) if suffix != "tar" else sum(512 + -(-i.size // 512) * 512 for i, _ in members)
        for cut in sorted({1, 100, 512, 1024, 1536, end // 3, end // 2, end - 512, end - 8, end - 1}):
            path = box.path("cut." + suffix)
            with open(path, "wb") as file:
                file.write(whole[:cut])
            box.bad("input", source=path)
    with open(box.path("cut.tar"), "wb") as file:
        # Cut exactly between the last entry and the end mark.
        file.write(open(box.path("whole.tar"), "rb").read()[:end_of(members)])
    box.bad("input", "cut short", source=box.path("cut.tar"))


def end_of(members):
    return sum(512 + -(-info.size // 512) * 512 for info, _ in members)


@case
def a_cut_zip_is_found(box):
    with zipfile.ZipFile(box.path("a.zip"), "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(5):
            packed.writestr(f"f{number}", os.urandom(999))
    whole = open(box.path("a.zip"), "rb").read()
    for cut in [10, len(whole) // 2, len(whole) - 30, len(whole) - 1]:
        with open(box.path("cut.zip"), "wb") as file:
            file.write(whole[:cut])
        box.bad("input", source=box.path("cut.zip"))


@case
def a_changed_byte_is_found(box):
    content = bytes(range(256)) * 40
    for name, mode in [("a.tar.gz", "w:gz"), ("a.tar.xz", "w:xz")]:
        whole = bytearray(open(tar_of(box.path(name), member("f", content), mode=mode), "rb").read())
        for at in [len(whole) // 2, len(whole) - 6]:
            whole[at] ^= 0x10
            with open(box.path(name), "wb") as file:
                file.write(whole)
            box.bad("input", "damaged", source=box.path(name))
            whole[at] ^= 0x10
    # Stored, not deflated: only the checksum can tell.
    with zipfile.ZipFile(box.path("a.zip"), "w", zipfile.ZIP_STORED) as packed:
        packed.writestr("f", content)
    whole = bytearray(open(box.path("a.zip"), "rb").read())
    whole[2000] ^= 1
    with open(box.path("a.zip"), "wb") as file:
        file.write(whole)
    box.bad("input", "damaged", source=box.path("a.zip"))


@case
def a_gzip_whose_checksum_is_wrong_is_found(box):
    data = open(tar_of(box.path("a.tar"), member("f", b"x" * 5000)), "rb").read()
    packer = zlib.compressobj(0, zlib.DEFLATED, 31)
    whole = bytearray(packer.compress(data) + packer.flush())
    whole[1000] ^= 1
    with open(box.path("a.tar.gz"), "wb") as file:
        file.write(whole)
    box.bad("input", "damaged", source=box.path("a.tar.gz"))


@case
def bombs_stop_early(box):
    with open(box.path("bomb.tar.gz"), "wb") as file, gzip.GzipFile(fileobj=file, mode="wb", compresslevel=9) as packed:
        for number in range(4):
            info, _ = member(f"zeros{number}")
            info.size = 200 << 20
            packed.write(info.tobuf())
            for _ in range(200):
                packed.write(b"\0" * (1 << 20))
        packed.write(b"\0" * 1024)
    box.bad("limit", "looks like a bomb", source=box.path("bomb.tar.gz"))
    with zipfile.ZipFile(box.path("bomb.zip"), "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(3):
            packed.writestr(f"zeros{number}", b"\0" * (200 << 20))
    box.bad("limit", "looks like a bomb", source=box.path("bomb.zip"))
    box.bad("limit", "larger than 1000 bytes", source=box.path("bomb.zip"), bytes_max=1000)


@case
def an_archive_that_goes_on_after_its_end_is_refused(box):
    with gzip.open(box.path("a.tar.gz"), "wb", compresslevel=9) as packed:
        info, content = member("f", b"x")
        packed.write(info.tobuf() + content.read() + b"\0" * 511 + b"\0" * 1024)
        for _ in range(8):
            packed.write(b"\0" * (1 << 20))
    box.bad("input", "long after its end", source=box.path("a.tar.gz"))


@case
def an_encrypted_zip_is_refused(box):
    with zipfile.ZipFile(box.path("a.zip"), "w") as packed:
        packed.writestr("f", b"x" * 40)
    whole = bytearray(open(box.path("a.zip"), "rb").read())
    whole[6] |= 1
    whole[whole.index(b"PK\1\2") + 8] |= 1
    with open(box.path("a.zip"), "wb") as file:
        file.write(whole)
    box.bad("input", '"f"', source=box.path("a.zip"))


@case
def a_zip_that_lies_about_sizes_is_refused(box):
    with zipfile.ZipFile(box.path("a.zip"), "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("f", b"x" * 5000)
    whole = bytearray(open(box.path("a.zip"), "rb").read())
    entry = whole.index(b"PK\1\2")
    for at in [22, entry + 24]:
        whole[at:at + 4] = struct.pack("<I", 7)
    with open(box.path("a.zip"), "wb") as file:
        file.write(whole)
    box.bad("input", source=box.path("a.zip"))


if __name__ == "__main__":
    sys.exit(main())
