#!/usr/bin/env python3
"""Readers who scroll: a whole lab over HTTPS, real source, each reader asks tile after tile of a file of its own.

    scroll.py BINARY FOLDER [READERS [SECONDS]]

FOLDER's C files are the product (VITRINE_KERNEL's mm and kernel/sched where that is set). Each reader asks for a tile
every quarter of a second, whatever the last one took (open loop: a late answer makes the next ones late, too, and
that counts). Prints p50 and p99 from when a tile was due until its last byte, and the lab's CPU a tile.
"""
import json
import os
import random
import shutil
import sys
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tools"), os.path.join(TOP, "tests", "story")]

TILE_LINES, INTERVAL_S, WARM_TILES = 60, 0.25, 4


def c_files(folders, count):
    """The largest `count` C files below the folders."""
    found = []
    for folder in folders:
        for at, _, names in os.walk(folder):
            found += [os.path.join(at, name) for name in names if name.endswith(".c")]
    found = [path for path in found if os.path.isfile(path)]
    return sorted(found, key=lambda path: (-os.path.getsize(path), path))[:count]


def ticks_of(group):
    """User and system time of all processes of a process group, in ticks."""
    total = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            total += int(fields[11]) + int(fields[12])
    return total


def figure(name, value, goal, load):
    """As bench/report.h: a line, and the same as JSON in build/bench.jsonl."""
    print(f"{name} {value:.2f} ms ({f'goal {goal}; ' if goal else ''}load {load})")
    row = {"name": name, "value": value, "unit": "ms", "goal": goal, "peer": None, "peer_value": None, "load": load}
    with open(os.environ.get("BENCH_JSONL", os.path.join(TOP, "build", "bench.jsonl")), "a",
              encoding="ascii") as file:
        file.write(json.dumps(row) + "\n")


class Reader(threading.Thread):
    def __init__(self, client, where, lines, start, seconds):
        super().__init__()
        self.client, self.where, self.lines = client, where, lines
        self.start_s, self.seconds = start, seconds
        self.took, self.failure = [], None

    def run(self):
        due = self.start_s + random.random() * INTERVAL_S
        line = 0
        try:
            while due < self.start_s + self.seconds:
                time.sleep(max(0.0, due - time.monotonic()))
                self.client.view(**self.where, line=line)
                self.took.append(time.monotonic() - due)
                due += INTERVAL_S
                line = (line + TILE_LINES) % (self.lines // TILE_LINES * TILE_LINES or TILE_LINES)
        except Exception as failure:  # told by the main thread
            self.failure = failure


def main():
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    os.environ["VITRINE"] = sys.argv[1]
    from fixture import Fixture
    readers = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 10
    kernel = os.environ.get("VITRINE_KERNEL")
    folders = [os.path.join(kernel, part) for part in ("mm", "kernel/sched")] if kernel else [sys.argv[2]]
    lab = Fixture(releases=0)
    try:
        source = os.path.join(lab.folder, "source")
        os.mkdir(source)
        files = c_files(folders, readers)
        names = [f"{i:02d}_{os.path.basename(path)}" for i, path in enumerate(files)]
        for path, name in zip(files, names):
            shutil.copyfile(path, os.path.join(source, name))
        lab.lab.run("release", "ingest", lab.product, "1.0", source, person="ada")
        lab.releases = [lab.ada.verb("record.list", kind="release", ref=lab.product)["items"][0]["id"]]
        engagement = lab.engagement()
        lab.grant(engagement, lines_per_hour=1000000)
        where = [{"engagement": engagement, "release": lab.releases[0], "path": names[i % len(names)]}
                 for i in range(readers)]
        clients = [lab.person("rita") for _ in range(readers)]
        lines = []
        for client, place in zip(clients, where):
            members = [client.view(**place, line=n * TILE_LINES)[0] for n in range(WARM_TILES)][0]
            lines.append(members["lines"])
        before = ticks_of(lab.lab.process.pid)
        start = time.monotonic()
        threads = [Reader(*each, start, seconds) for each in zip(clients, where, lines)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        cpu_ms = (ticks_of(lab.lab.process.pid) - before) * 1000 / os.sysconf("SC_CLK_TCK")
        failures = [thread.failure for thread in threads if thread.failure is not None]
        if failures:
            print(f"scroll.py: {len(failures)} readers failed: {failures[0]}", file=sys.stderr)
            return 1
    finally:
        lab.remove()
    took = sorted(1000 * each for thread in threads for each in thread.took)
    load = f"{readers} readers, {len(took)} tiles, one each {INTERVAL_S} s, machine {os.getloadavg()[0]:.2f}"
    figure("glass.scroll.p50_ms", took[len(took) // 2], None, load)
    figure("glass.scroll.p99_ms", took[len(took) * 99 // 100], "<= 25", load)
    figure("glass.scroll.cpu_ms", cpu_ms / len(took), None, load + ", all processes of the lab, a tile")
    return 0


if __name__ == "__main__":
    sys.exit(main())
