#!/usr/bin/env python3
"""git repositories, whole, damaged and hostile (import_box.py)."""
import hashlib
import os
import shutil
import subprocess
import sys
import zlib

from import_box import TREE, case, main, oracle


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


if __name__ == "__main__":
    sys.exit(main())
