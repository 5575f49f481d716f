#!/usr/bin/env python3
"""kill_witness STORY KILLAT: kill a witness at its n-th writing system call, for every n. Prints TAP.

After each kill: what it had told to be cosigned is remembered; it goes on from there; once it remembers more than the
common beginning it refuses the other branch of the log, whatever was killed when.
"""
import os
import shutil
import subprocess
import sys
import tempfile

FORK_AT = 5


def lines(output):
    return [(word, int(size), root) for word, size, root in (line.split() for line in output.splitlines())]


def remembered(folder):
    """The size in the state file: the head's second line, or 0."""
    names = [name for name in os.listdir(folder) if len(name) == 64]
    assert len(names) == 1, names
    with open(os.path.join(folder, names[0]), encoding="utf-8") as file:
        text = file.read().split("\n")
    return int(text[4]) if len(text) > 4 else 0


def check(story, folder, told):
    largest = max((size for word, size, _ in told if word == "cosigned"), default=0)
    size = remembered(folder)
    assert size >= largest, f"told of {largest} and remembers {size}"
    other = subprocess.run([story, folder, "other"], capture_output=True, text=True, timeout=60)
    assert other.returncode == 0, other.stderr
    on_other = [row for row in lines(other.stdout) if row[0] == "cosigned"]
    if size > FORK_AT:
        assert not on_other, f"remembers {size}, and cosigned the other branch: {on_other}"
        again = subprocess.run([story, folder], capture_output=True, text=True, timeout=60)
        assert again.returncode == 0 and all(row[0] == "cosigned" for row in lines(again.stdout)), again.stdout
    else:
        assert on_other[0][1] == size + 2, on_other


def main():
    story, killat = sys.argv[1:3]
    top = tempfile.mkdtemp(prefix="vitrine-witness-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    folder = os.path.join(top, "state")
    os.mkdir(folder)
    counted = subprocess.run([killat, "count", "--", story, folder], capture_output=True, text=True, timeout=120)
    total = int(counted.stderr.strip().split()[-1])
    enough = len(lines(counted.stdout)) == 6 and total >= 30
    print(f"1..{total + 1}")
    print(f"{'ok' if enough else 'not ok'} 1 - six heads in {total} writing system calls", flush=True)
    failed = not enough
    for n in range(1, total + 1):
        shutil.rmtree(folder)
        os.mkdir(folder)
        killed = subprocess.run([killat, str(n), "--", story, folder], capture_output=True, text=True, timeout=120)
        try:
            if not any(len(name) == 64 for name in os.listdir(folder)):
                assert not lines(killed.stdout), "it signed before it had a memory"
            else:
                check(story, folder, lines(killed.stdout))
            print(f"ok {n + 1} - killed before write {n}", flush=True)
        except AssertionError as error:
            failed = True
            print(f"not ok {n + 1} - killed before write {n}", flush=True)
            print(error, file=sys.stderr, flush=True)
    shutil.rmtree(top)
    sys.exit(1 if failed else 0)


main()
