#!/usr/bin/env python3
"""kill_everywhere STORY KILLAT VITRINE: kill a short story at its n-th writing system call, for every n. Prints TAP.

STORY is a program that opens a lab, does a few acts through the pipeline and prints `ack INDEX LEAF` once an act was
acknowledged. KILLAT runs it and kills the whole tree right before the n-th system call that writes. After each kill:

  - the lab opens again, is not frozen, and takes another act (STORY again, unharmed);
  - every acknowledged entry is there, with the same leaf;
  - the last signed checkpoint before the kill is a prefix of the log after it (an independent Merkle tree, here);
  - `vitrine ledger verify` holds.
"""
import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "oracle"))

from records import rows  # noqa: E402


def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def root_of(leaves):
    """RFC 6962 section 2.1, the plain recursive definition, by halves of powers of two."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + root_of(leaves[:split]) + root_of(leaves[split:])).digest()


def checkpoint_of(lab):
    """(size, root) of the published checkpoint, or (0, empty)."""
    try:
        with open(os.path.join(lab, "ledger", "checkpoint"), encoding="utf-8") as file:
            lines = file.read().split("\n")
    except FileNotFoundError:
        return 0, hashlib.sha256(b"").digest()
    return int(lines[1]), base64.b64decode(lines[2])


def leaves_of(lab):
    entries = rows(lab, "SELECT idx, bytes FROM entries ORDER BY idx")
    assert [index for index, _ in entries] == list(range(len(entries))), "indices without gaps"
    return [leaf_hash(data) for _, data in entries]


def acks_of(output):
    return [(int(index), leaf) for word, index, leaf in
            (line.split() for line in output.splitlines() if line.startswith("ack ")) if word == "ack"]


def check(lab, acknowledged, signed, story, vitrine):
    again = subprocess.run([story, lab], capture_output=True, text=True, timeout=60)
    assert again.returncode == 0, f"the lab does not go on: {again.stdout}{again.stderr}"
    leaves = leaves_of(lab)
    for index, leaf in acknowledged + acks_of(again.stdout):
        assert index < len(leaves) and leaves[index].hex() == leaf, f"acknowledged entry {index} is lost or another"
    size, root = signed
    assert size <= len(leaves) and root_of(leaves[:size]) == root, f"the log does not extend the signed size {size}"
    size, root = checkpoint_of(lab)
    assert size == len(leaves) and root_of(leaves) == root, "the checkpoint does not cover the log"
    verify = subprocess.run([vitrine, "--lab", lab, "ledger", "verify"], capture_output=True, text=True, timeout=60)
    assert verify.returncode == 0, f"ledger verify: {verify.stdout}{verify.stderr}"


def main():
    story, killat, vitrine = sys.argv[1:4]
    step = int(os.environ.get("FAULT_STEP", "1"))
    top = tempfile.mkdtemp(prefix="vitrine-fault-")
    pristine = os.path.join(top, "pristine")
    made = subprocess.run([story, "--make", pristine, vitrine], capture_output=True, text=True)
    if made.returncode != 0:
        sys.exit(f"1..1\nnot ok 1 - the story's lab is made\n# {made.stdout}{made.stderr}")
    lab = os.path.join(top, "lab")
    shutil.copytree(pristine, lab)
    counted = subprocess.run([killat, "count", "--", story, lab], capture_output=True, text=True, timeout=120)
    total = int(counted.stderr.strip().split()[-1])
    story_acks = len(acks_of(counted.stdout))
    points = range(1, total + 1, step)
    print(f"1..{len(points) + 1}")
    enough = story_acks >= 4 and total >= 30
    print(f"{'ok' if enough else 'not ok'} 1 - the story makes {story_acks} acts in {total} writing system calls", flush=True)
    failed = 0 if enough else 1
    for number, n in enumerate(points, 2):
        shutil.rmtree(lab)
        shutil.copytree(pristine, lab)
        killed = subprocess.run([killat, str(n), "--", story, lab], capture_output=True, text=True, timeout=120)
        try:
            check(lab, acks_of(killed.stdout), checkpoint_of(lab), story, vitrine)
            print(f"ok {number} - killed before write {n}, {len(acks_of(killed.stdout))} acts acknowledged", flush=True)
        except (AssertionError, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f"not ok {number} - killed before write {n}", flush=True)
            print(error, file=sys.stderr, flush=True)
    shutil.rmtree(top)
    sys.exit(1 if failed else 0)


main()
