#!/usr/bin/env python3
"""Folders, and an ingest that is killed: what becomes of them (import_box.py)."""
import hashlib
import os
import shutil
import socket
import stat
import subprocess
import sys

from import_box import PROBE, TREE, case, main, oracle, records


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


if __name__ == "__main__":
    sys.exit(main())
