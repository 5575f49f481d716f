#!/usr/bin/env python3
"""Every kind of source, good and bad, through the real import child in the real sandbox.

usage: test_import.py INGEST_PROBE

A good source must give the manifest that tests/oracle/manifest.py makes apart from it; a bad one its error text,
and must leave nothing in the store. All inputs are made here.
"""
import gzip
import hashlib
import io
import os
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import manifest as oracle  # noqa: E402
import records  # noqa: E402

PROBE = os.path.abspath(sys.argv[1])
CASES = []


def case(function):
    CASES.append(function)
    return function


class Answer:
    def __init__(self, returncode, out):
        head, _, self.manifest = out.partition(b"\n")
        self.ok = returncode == 0
        self.text = head.decode()
        self.words = self.text.split(" ")

    def paths(self):
        return [line.split(b" ", 3)[3] for line in self.manifest.split(b"\n")[1:-1]]


class Box:
    """A folder of one case: `source` to ingest, `store` to ingest into."""

    def __init__(self):
        self.top = tempfile.mkdtemp(prefix="vitrine-import-")
        self.source = os.path.join(self.top, "source")
        self.store = os.path.join(self.top, "store")
        os.mkdir(self.store)

    def close(self):
        subprocess.run(["chmod", "-R", "u+rwx", self.top], check=False)
        shutil.rmtree(self.top)

    def path(self, name):
        return os.path.join(self.top, name)

    def ingest(self, source=None, ref="", files_max=0, bytes_max=0):
        run = subprocess.run([PROBE, self.store, source or self.source, ref, str(files_max), str(bytes_max)],
                             stdout=subprocess.PIPE, timeout=30, cwd=self.top)
        return Answer(run.returncode, run.stdout)

    def stored_bytes(self):
        return sum(os.path.getsize(os.path.join(self.store, name)) for name in os.listdir(self.store)
                   if name.endswith(".pack"))

    def good(self, source=None, **more):
        answer = self.ingest(source, **more)
        assert answer.ok, answer.text
        return answer

    def bad(self, kind, *says, source=None, **more):
        before = self.stored_bytes()
        answer = self.ingest(source, **more)
        assert not answer.ok, "was taken"
        assert answer.text.startswith(f"error {kind}: "), answer.text
        for text in says:
            assert text in answer.text, answer.text
        assert self.stored_bytes() == before, "something was left in the store"
        assert not os.path.exists(self.path("run/unpack")), "something was left in run/"

    def tree(self, files, top=None):
        """files: name -> bytes; "name*" is executable; a str value is a symbolic link."""
        for name, content in files.items():
            raw = name if isinstance(name, bytes) else name.encode()
            full = os.path.join(os.fsencode(top or self.source), raw.rstrip(b"*"))
            os.makedirs(os.path.dirname(full), exist_ok=True)
            if isinstance(content, str):
                os.symlink(content, full)
                continue
            with open(full, "wb") as file:
                file.write(content)
            os.chmod(full, 0o755 if raw.endswith(b"*") else 0o644)


TREE = {
    "README": b"hello\n",
    "build.sh*": b"#!/bin/sh\n",
    "src/a.c": b"int a;\nint b;",
    "src/deep/er/b.h": b"",
    "src/link": "../README",
    "data.bin": b"\0\1\2\n\n",
    "zero/sized": b"",
    "odd name\n\\x": b"x",
    b"caf\xc3\xa9/caf\xe9.c": b"latin\n",
    b"e\xcc\x81": b"not normalised\n",
}


def member(name, content=b"", **fields):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    info.mode = 0o644
    for key, value in fields.items():
        setattr(info, key, value)
    return info, io.BytesIO(content)


def tar_of(path, *members, mode="w", **more):
    with tarfile.open(path, mode, encoding="utf-8", errors="surrogateescape", **more) as tar:
        for info, content in members:
            tar.addfile(info, content if info.isreg() else None)
    return path


def pack_tree(box, path, mode, **more):
    with tarfile.open(path, mode, encoding="utf-8", errors="surrogateescape", **more) as tar:
        tar.add(box.source, arcname=".")
    return path


# Folders.

@case
def a_folder_gives_the_oracles_manifest(box):
    box.tree(TREE)
    answer = box.good()
    assert answer.manifest == oracle.manifest(box.source)
    assert answer.words[:4] == ["ok", "directory", "10", str(6 + 10 + 13 + 9 + 5 + 1 + 6 + 15)], answer.text
    assert answer.words[4] == "8", answer.text


@case
def sha256sum_of_the_manifest_is_its_identity(box):
    box.tree(TREE)
    answer = box.good()
    made = subprocess.run(["sha256sum"], input=oracle.manifest(box.source), stdout=subprocess.PIPE, check=True)
    assert made.stdout.split()[0].decode() == hashlib.sha256(answer.manifest).hexdigest()


@case
def git_folders_are_left_out_and_counted(box):
    box.tree({"a/b.c": b"x", "a/.git/config": b"secret", "c/.git": b"gitdir: elsewhere"})
    answer = box.good()
    assert answer.paths() == [b"a/b.c"] and answer.words[6] == "2", answer.text


@case
def links_that_leave_are_refused(box):
    for number, target in enumerate(["/etc/passwd", "../x", "a/../../x", ".."]):
        top = box.path(f"links{number}")
        box.tree({"f": b"", "l": target}, top)
        box.bad("input", 'symbolic link "l"', source=top)


@case
def a_link_to_a_folder_is_not_followed(box):
    box.tree({"d/f": b"x", "l": "d"})
    assert box.good().paths() == [b"d/f", b"l"]


@case
def fifos_and_sockets_are_refused(box):
    box.tree({"f": b""})
    os.mkfifo(os.path.join(box.source, "pipe"))
    box.bad("input", '"pipe" is a fifo')
    os.unlink(os.path.join(box.source, "pipe"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.join(box.source, "sock"))
        box.bad("input", '"sock" is a socket')


@case
def a_device_is_refused(box):
    box.tree({"f": b""})
    try:
        os.mknod(os.path.join(box.source, "dev"), 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        return
    box.bad("input", '"dev" is a device')


@case
def an_empty_source_is_refused(box):
    os.makedirs(os.path.join(box.source, "only", "folders"))
    box.bad("input", "holds no file")


@case
def an_unreadable_file_is_named(box):
    box.tree({"d/locked": b"x"})
    os.chmod(os.path.join(box.source, "d", "locked"), 0)
    answer = box.ingest()
    # Root reads it all the same, in its namespace as outside.
    assert answer.ok or '"d/locked" cannot be read' in answer.text, answer.text
    assert os.geteuid() == 0 or not answer.ok


@case
def counts_and_sizes_are_bounded(box):
    box.tree({f"f{n}": b"12345" for n in range(10)})
    box.bad("limit", "more than 9 files", files_max=9)
    box.bad("limit", "larger than 49 bytes", bytes_max=49)
    box.good(files_max=10, bytes_max=50)


@case
def depth_is_bounded(box):
    box.tree({"/".join(["d"] * 128): b"deepest"})
    box.good()
    box.tree({"/".join(["e"] * 129): b"too deep"})
    box.bad("input", "lies too deep")


@case
def a_folder_is_no_repository(box):
    box.tree({"f": b""})
    box.bad("input", "@main is for git", ref="main")


@case
def a_second_ingest_stores_only_what_is_new(box):
    box.tree({"a": b"x" * 100000, "b": b"y"})
    box.good()
    before = box.stored_bytes()
    box.tree({"c": b"x" * 100000, "d": b"z"})
    answer = box.ingest()
    # The probe records under one release id: the second one conflicts, and its bytes go.
    assert answer.text.startswith("error conflict"), answer.text
    assert box.stored_bytes() == before


# Archives.

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


# git.

def git(folder, *words, **more):
    env = dict(os.environ, GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null", GIT_AUTHOR_NAME="a",
               GIT_AUTHOR_EMAIL="a@example.org", GIT_COMMITTER_NAME="a", GIT_COMMITTER_EMAIL="a@example.org")
    return subprocess.run(["git", "-C", folder, *words], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=env, **more).stdout.decode().strip()


def repository(box, files=None):
    box.tree(TREE if files is None else files)
    git(box.source, "init", "-q", "-b", "main")
    git(box.source, "add", "-A")
    git(box.source, "commit", "-q", "-m", "first")
    return git(box.source, "rev-parse", "HEAD")


@case
def a_commit_gives_the_oracles_manifest(box):
    commit = repository(box)
    want = oracle.manifest(box.source)
    box.tree({"uncommitted": b"x"})
    answer = box.good()
    assert answer.words[1] == "git" and answer.words[-1] == commit, answer.text
    assert answer.manifest == want


@case
def a_ref_is_a_branch_a_tag_or_a_commit(box):
    first = repository(box, {"a": b"1"})
    git(box.source, "tag", "-a", "-m", "t", "v1")
    git(box.source, "checkout", "-q", "-b", "side/two")
    box.tree({"b": b"2"})
    git(box.source, "add", "-A")
    git(box.source, "commit", "-q", "-m", "second")
    for ref, paths in [("v1", [b"a"]), ("main", [b"a"]), (first, [b"a"]), (first[:8], [b"a"]), ("side/two", [b"a", b"b"]),
                       ("", [b"a", b"b"])]:
        assert box.good(ref=ref).paths() == paths, ref
        shutil.rmtree(box.store)
        os.mkdir(box.store)
    for ref in ["nothing", "HEAD~1", "main:a", "0000000000", "-x"]:
        box.bad("not-found", "no branch, tag or commit", ref=ref)


@case
def bare_and_packed_repositories_are_read(box):
    repository(box)
    want = oracle.manifest(box.source)
    git(box.top, "clone", "-q", "--bare", "--no-local", box.source, box.path("bare.git"))
    git(box.path("bare.git"), "gc", "-q")
    assert box.good(box.path("bare.git")).manifest == want


@case
def an_unborn_head_is_said(box):
    os.mkdir(box.source)
    git(box.source, "init", "-q")
    box.bad("not-found", '"HEAD"')


@case
def missing_and_damaged_objects_are_named(box):
    repository(box, {"src/a.c": b"int a;\n" * 50})
    blob = git(box.source, "rev-parse", "HEAD:src/a.c")
    path = os.path.join(box.source, ".git", "objects", blob[:2], blob[2:])
    whole = open(path, "rb").read()
    os.chmod(path, 0o644)
    with open(path, "wb") as file:
        file.write(zlib.compress(b"blob 7\0int b;\n"))
    box.bad("input", '"src/a.c" is missing or damaged', blob[:12])
    with open(path, "wb") as file:
        file.write(whole[:len(whole) // 2])
    box.bad("input", '"src/a.c" is missing or damaged')
    os.unlink(path)
    box.bad("input", '"src/a.c" is missing or damaged')
    tree = git(box.source, "rev-parse", "HEAD:src")
    os.unlink(os.path.join(box.source, ".git", "objects", tree[:2], tree[2:]))
    box.bad("input", '"src" is missing or damaged')


@case
def damaged_packs_are_found(box):
    repository(box, {f"f{n}": os.urandom(500) for n in range(40)})
    git(box.source, "gc", "-q")
    packs = os.path.join(box.source, ".git", "objects", "pack")
    pack = os.path.join(packs, next(name for name in os.listdir(packs) if name.endswith(".pack")))
    os.chmod(pack, 0o644)
    whole = open(pack, "rb").read()
    for damaged in [whole[:len(whole) // 2], whole[:-1], whole[:2000] + b"\0" * 4000 + whole[6000:], b""]:
        with open(pack, "wb") as file:
            file.write(damaged)
        answer = box.ingest()
        assert not answer.ok and (answer.text.startswith("error input") or answer.text.startswith("error not-found")), \
            answer.text


@case
def borrowed_objects_are_refused(box):
    repository(box)
    git(box.top, "clone", "-q", "--shared", box.source, box.path("shared"))
    box.bad("input", "alternates", source=box.path("shared"))


@case
def a_submodule_is_noted(box):
    commit = repository(box, {"a": b"1"})
    git(box.source, "update-index", "--add", "--cacheinfo", f"160000,{commit},lib/sub")
    git(box.source, "commit", "-q", "-m", "sub")
    answer = box.good()
    line = f"160000 {hashlib.sha256(commit.encode()).hexdigest()} 40 lib/sub".encode()
    assert line in answer.manifest.split(b"\n") and answer.words[5] == "1", answer.text


def loose(box, kind, content):
    return git(box.source, "hash-object", "-w", "--literally", "-t", kind, "--stdin", input=content) \
        if isinstance(content, str) else \
        subprocess.run(["git", "-C", box.source, "hash-object", "-w", "--literally", "-t", kind, "--stdin"],
                       input=content, check=True, stdout=subprocess.PIPE).stdout.decode().strip()


@case
def a_tree_that_git_would_not_make_is_refused(box):
    repository(box, {"a": b"1"})
    blob = bytes.fromhex(git(box.source, "rev-parse", "HEAD:a"))
    for name, mode in [(b"..", b"100644"), (b".git", b"100644"), (b"a/b", b"100644"), (b".", b"100644"),
                       (b"l", b"120000"), (b"odd", b"060000")]:
        if name == b"l":
            target = bytes.fromhex(loose(box, "blob", b"../../etc/passwd"))
        else:
            target = blob
        tree = loose(box, "tree", mode + b" " + name + b"\0" + target)
        commit = git(box.source, "commit-tree", tree, "-m", "odd") if name not in (b"..", b".git", b".", b"a/b") else \
            loose(box, "commit", f"tree {tree}\nauthor a <a> 1 +0000\ncommitter a <a> 1 +0000\n\nodd\n".encode())
        box.bad("input", source=box.source, ref=commit)


@case
def a_repository_that_nests_itself_is_bounded(box):
    repository(box, {"a": b"1"})
    tree = loose(box, "tree", b"100644 f\0" + bytes.fromhex(git(box.source, "rev-parse", "HEAD:a")))
    for _ in range(12):
        tree = loose(box, "tree", b"".join(b"40000 d%d\0" % n + bytes.fromhex(tree) for n in range(10)))
    commit = git(box.source, "commit-tree", tree, "-m", "bomb")
    box.bad("limit", "more than 5000 files", ref=commit, files_max=5000)


@case
def a_worktrees_git_file_is_no_repository(box):
    repository(box, {"a": b"1"})
    git(box.source, "worktree", "add", "-q", box.path("linked"))
    assert box.good(box.path("linked")).words[1] == "directory"


# Debian source packages.

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


# The end of the vault, at any moment.

def rows(box):
    return [records.rows(box.store, f"SELECT count(*) FROM {table}")[0][0] for table in ("blobs", "release_nodes")]


@case
def a_killed_ingest_leaves_the_lab_as_before(box):
    for number in range(5):
        box.tree({f"d{number}/big": os.urandom(3 << 20), f"d{number}/small": b"%d" % number})
    box.good()
    want, want_rows = box.stored_bytes(), rows(box)
    kills = 0
    while True:
        shutil.rmtree(box.store)
        os.mkdir(box.store)
        run = subprocess.run([PROBE, box.store, box.source, "", "0", "0", str(kills + 1)], stdout=subprocess.DEVNULL,
                             cwd=box.top)
        if run.returncode != -9:
            break
        kills += 1
        committed = rows(box) != [0, 0]
        again = box.ingest()
        assert again.ok != committed, (kills, again.text)
        assert not committed or again.text.startswith("error conflict"), again.text
        assert box.stored_bytes() == want and rows(box) == want_rows, kills
    assert kills >= 6, kills


def main():
    print(f"1..{len(CASES)}")
    failed = 0
    for number, function in enumerate(CASES, 1):
        box = Box()
        try:
            function(box)
            print(f"ok {number} - {function.__name__}")
        except Exception as problem:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {function.__name__}")
            print(f"{function.__name__}: {type(problem).__name__}: {problem} (line {problem.__traceback__.tb_next.tb_lineno})",
                  file=sys.stderr)
        finally:
            box.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
