#!/usr/bin/env python3
"""test_killat KILLAT: the tool that the fault suite relies on, against trees whose writing calls are known. Prints TAP."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

KILLAT = os.path.abspath(sys.argv[1])

# Each step is one writing call that leaves its mark; what does not count stands between them.
STEPS = """
import os, sys
os.mkdir("1")
r, w = os.pipe(); os.write(w, b"x"); os.write(1, b"text\\n")
fd = os.open("2", os.O_CREAT | os.O_WRONLY); os.write(fd, b"x")
m = os.memfd_create("m"); os.write(m, b"x"); os.ftruncate(m, 0)
os.pwrite(fd, b"y", 1)
os.rename("2", "4")
os.symlink("4", "5")
os.link("4", "6")
os.unlink("6")
os.fsync(fd)
os.ftruncate(fd, 0)
os.rmdir("1")
"""
TOTAL = 10

# The same number of calls by threads, by children, and by children in namespaces of their own.
THREADS = """
import os, threading
def work(i):
    for j in range(5): os.mkdir(f"{i}-{j}")
threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
for t in threads: t.start()
for t in threads: t.join()
"""
CHILDREN = "for i in 1 2 3 4; do (for j in 1 2 3 4 5; do mkdir $i-$j; done) & done; wait"
NAMESPACES = "unshare -Urpfm sh -c 'for i in 1 2 3 4 5; do mkdir $i; done'; unshare -Urn mkdir 6"


def run(point, argv):
    """Runs argv under killat in an empty folder. Returns (exit code, number seen, names left behind)."""
    folder = tempfile.mkdtemp(prefix="vitrine-killat-")
    try:
        done = subprocess.run([KILLAT, str(point), "--", *argv], cwd=folder, capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL)
        names = sorted(p.name for p in pathlib.Path(folder).iterdir())
        return done.returncode, int(done.stderr.split()[-1]), names
    finally:
        shutil.rmtree(folder)


def python(script):
    return [sys.executable, "-I", "-S", "-B", "-c", script]


def counts_what_lasts():
    code, seen, _ = run("count", python(STEPS))
    assert (code, seen) == (0, TOTAL), (code, seen)


def kills_before_the_call():
    states = [[], ["1"], ["1", "2"], ["1", "2"], ["1", "4"], ["1", "4", "5"], ["1", "4", "5", "6"], ["1", "4", "5"],
              ["1", "4", "5"], ["1", "4", "5"]]
    for point, state in enumerate(states, 1):
        code, seen, names = run(point, python(STEPS))
        # An open with O_CREAT is no writing call: file 2 is there, empty, when its first write is the one killed.
        if point == 2:
            state = ["1", "2"]
        assert (code, seen, names) == (137, point, state), (point, code, seen, names)


def passes_the_exit_code_on():
    assert run("count", ["sh", "-c", "exit 7"])[:2] == (7, 0)
    assert run(5, ["sh", "-c", "mkdir a; exit 3"])[:2] == (3, 1)
    assert run("count", ["sh", "-c", "kill -TERM $$"])[0] == 143
    assert run("count", ["/no/such/program"])[0] == 127


def follows_threads():
    assert run("count", python(THREADS))[:2] == (0, 20)
    for point in (1, 7, 20):
        code, seen, names = run(point, python(THREADS))
        # The three others may have been let go and not yet begun: their call dies with them.
        assert (code, seen) == (137, point) and point - 4 <= len(names) <= point - 1, (code, seen, names)


def follows_children():
    assert run("count", ["sh", "-c", CHILDREN])[:2] == (0, 20)
    for point in (1, 9, 20):
        code, seen, names = run(point, ["sh", "-c", CHILDREN])
        assert (code, seen) == (137, point) and len(names) < 20, (code, seen, names)


def follows_into_namespaces():
    assert run("count", ["sh", "-c", NAMESPACES])[:2] == (0, 6)
    code, seen, names = run(3, ["sh", "-c", NAMESPACES])
    assert (code, seen, names) == (137, 3, ["1", "2"]), (code, seen, names)
    code, seen, names = run(6, ["sh", "-c", NAMESPACES])
    assert (code, seen, len(names)) == (137, 6, 5), (code, seen, names)


def is_alive(pid):
    """A zombie is dead: its new parent has not looked yet."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def leaves_nobody_behind():
    """A child that left its session is dead when killat returns."""
    script = "setsid sh -c 'echo $$ >pid; exec sleep 600' & until [ -s pid ]; do :; done; mkdir a"
    folder = tempfile.mkdtemp(prefix="vitrine-killat-")
    try:
        done = subprocess.run([KILLAT, "2", "--", "sh", "-c", script], cwd=folder, capture_output=True, timeout=60,
                              stdin=subprocess.DEVNULL)
        pid = pathlib.Path(folder, "pid").read_text(encoding="utf-8").strip()
        assert done.returncode == 137 and pid.isdigit() and not is_alive(pid), (done, pid)
    finally:
        shutil.rmtree(folder)


TESTS = [counts_what_lasts, kills_before_the_call, passes_the_exit_code_on, follows_threads, follows_children,
         follows_into_namespaces, leaves_nobody_behind]
print(f"1..{len(TESTS)}")
failed = 0
for number, test in enumerate(TESTS, 1):
    try:
        test()
        print(f"ok {number} - {test.__name__}", flush=True)
    except (AssertionError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        failed += 1
        print(f"not ok {number} - {test.__name__}\n# {error!r}", flush=True)
sys.exit(1 if failed else 0)
