#!/usr/bin/env python3
"""How large the verifier is, and how long it takes for one bundle, from start to end of the program.

    verify.py PROGRAM FIGURE VECTORS

Bundles of tests/vectors: of all that hold, the one that takes longest counts; each is checked 100 times, taking turns.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

PROGRAM, FIGURE, VECTORS = sys.argv[1:4]
ROUNDS = 100


def figure(name, value, unit, goal, load):
    subprocess.run([FIGURE, name, str(value), unit, goal, load], check=True)


def run(arguments, quiet):
    """(seconds, seconds of CPU) of one run, without the time that Python needs to look on."""
    began = time.perf_counter()
    process = os.posix_spawn(arguments[0], arguments, {}, file_actions=[(os.POSIX_SPAWN_DUP2, quiet, 1)])
    _, status, used = os.wait4(process, 0)
    took = time.perf_counter() - began
    assert status == 0, arguments
    return took, used.ru_utime + used.ru_stime


def main():
    with open(VECTORS, encoding="ascii") as file:
        vectors = json.load(file)
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "wb") as null:
        commands = []
        for number, case in enumerate(case for case in vectors["cases"] if case["exit"] == 0):
            bundle, policy = os.path.join(folder, f"{number}.bundle"), os.path.join(folder, f"{number}.policy")
            for path, text in ((bundle, case["bundle"]), (policy, vectors["policies"][case["policy"]])):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
            commands.append([PROGRAM, "verify", "--policy", policy, bundle])
        runs = [[run(command, null.fileno()) for command in commands] for _ in range(ROUNDS)]
    slowest = max(statistics.median(one[i][0] for one in runs) for i in range(len(commands)))
    cpu = max(statistics.median(one[i][1] for one in runs) for i in range(len(commands)))
    load = f"{len(commands)} bundles, median of {ROUNDS} runs of the slowest, start of the program included"
    figure("verifier.bytes", os.path.getsize(PROGRAM), "bytes", "<= 1048576", "static")
    figure("verifier.bundle.ms", round(1000 * slowest, 2), "ms", "<= 10", load)
    figure("verifier.bundle.cpu_ms", round(1000 * cpu, 2), "ms", "<= 10", load)


main()
