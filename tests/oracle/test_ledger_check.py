"""The oracle and our verifier against the same logs, sound and damaged: both hold, or both refute.

test_ledger_check.py MAKE_LOG
"""
import os
import random
import subprocess
import sys
import tempfile

import ledger_check

MAKE_LOG = sys.argv[1]
cases = []


def case(function):
    cases.append(function)
    return function


def make(folder, size):
    subprocess.run([MAKE_LOG, "make", folder, str(size)], check=True)
    return os.path.join(folder, "ledger")


def ours_holds(log):
    return subprocess.run([MAKE_LOG, "verify", log], stdout=subprocess.DEVNULL).returncode == 0


def oracle_holds(log):
    try:
        ledger_check.check(log)
        return True
    except (ledger_check.Refuted, OSError, UnicodeDecodeError):
        return False


@case
def sound_logs_of_every_shape_hold():
    for size in (0, 1, 2, 3, 7, 255, 256, 257, 511, 512, 513, 1000):
        with tempfile.TemporaryDirectory() as folder:
            log = make(folder, size)
            got, _, entries = ledger_check.check(log)
            assert got == size and len(entries) == size, size
            assert ours_holds(log), size


@case
def every_damage_is_refuted_by_both():
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        log = make(folder, 700)
        # Files that a client of this size reads; older partial tiles belong to older checkpoints.
        names = ["checkpoint", "log.vkey", "tile/entries/000", "tile/entries/001", "tile/entries/002.p/188",
                 "tile/0/000", "tile/0/001", "tile/0/002.p/188", "tile/1/000.p/2"]
        for name in names:
            path = os.path.join(log, name)
            with open(path, "rb") as file:
                sound = file.read()
            for _ in range(12):
                at, bit = chance.randrange(len(sound)), 1 << chance.randrange(8)
                damaged = bytearray(sound)
                damaged[at] ^= bit
                with open(path, "wb") as file:
                    file.write(damaged)
                assert not ours_holds(log), (name, at, bit)
                assert not oracle_holds(log), (name, at, bit)
            for cut in (0, len(sound) // 2, len(sound) - 1):
                with open(path, "wb") as file:
                    file.write(sound[:cut])
                trailing_newline = name == "log.vkey" and cut == len(sound) - 1
                assert ours_holds(log) == trailing_newline, (name, cut)
                assert oracle_holds(log) == trailing_newline, (name, cut)
            with open(path, "wb") as file:
                file.write(sound)
        assert ours_holds(log) and oracle_holds(log)


@case
def another_logs_key_is_refused():
    with tempfile.TemporaryDirectory() as folder:
        log = make(folder, 5)
        try:
            ledger_check.check(log, "example.org/test-lab+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
        except ledger_check.Refuted:
            return
        raise AssertionError("held")


print(f"1..{len(cases)}")
failed = False
for number, function in enumerate(cases, 1):
    try:
        function()
        print(f"ok {number} - {function.__name__}", flush=True)
    except Exception as why:  # every failure is one line of the report
        failed = True
        print(f"not ok {number} - {function.__name__}\n# {type(why).__name__}: {why}", flush=True)
sys.exit(failed)
