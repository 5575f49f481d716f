#!/usr/bin/env python3
"""campaign: how often the watermark names the right session, attack by attack, and whether it ever names a wrong one.

usage: campaign.py PIPE_PROGRAM SOURCE_TREE [--minutes N] [--images F] [--jobs N] [--seed N] [--keys N] [--only TEXT]

PIPE_PROGRAM is watermark_pipe. Pages come from the kernel's source (VITRINE_KERNEL, else /usr/src/linux-source-*), or,
where there is none, from SOURCE_TREE: then they are fewer, and the table says so. --images multiplies how many images each
attack gets. Images come in an order that gives every attack its share, so that a run cut short by --minutes still
tells something of each. Results lie in build/watermark/results.jsonl; a run with the same seed and the same program
goes on where the last one ended. The table is build/watermark/watermark.md, and docs/watermark.md when nothing is
left to do.
"""
import argparse
import glob
import hashlib
import json
import multiprocessing
import os
import queue
import random
import subprocess
import sys
import time

try:
    import cv2
    import numpy as np
except ImportError:
    # Another python3 may come first on the path than Debian's, whose packages these are.
    if os.path.realpath(sys.executable) == os.path.realpath("/usr/bin/python3"):
        sys.exit("campaign: python3-opencv and python3-numpy are missing (tools/packages, group bench)")
    os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])

import attacks
import table

SESSIONS = 24
POOL = {"dense": 130, "comments": 40, "sparse": 40, "nearly blank": 20, "second block": 15}
# Some of them are not found, and 200 are wanted.
WRONG_IMAGES = 215
UNMARKED_IMAGES = 60
# Wrong sessions asked of every image, beside those of the tail's images.
WRONG_EACH = 2000
WRONG_FIRST = 1 << 40
# Files that were looked at while the detector was written: what it was fitted to is no test of it. Pages of seeds 1 and 99
# were looked at, too: another seed draws others.
SEEN_BEFORE = ("kernel/sched/core.c", "kernel/fork.c", "mm/page_alloc.c", "fs/ext4/inode.c", "net/ipv4/tcp_input.c",
               "include/linux/sched.h", "arch/x86/kvm/x86.c", "drivers/net/ethernet/intel/e1000e/netdev.c",
               "drivers/media/platform/verisilicon/hantro_jpeg.c")
PROGRESS_S = 60


class Pipe:
    """The C program that draws and scores."""

    def __init__(self, program):
        self.child = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, line, payload=b""):
        self.child.stdin.write(line.encode() + b"\n" + payload)
        self.child.stdin.flush()
        answer = self.child.stdout.readline().decode().split()
        if not answer:
            raise RuntimeError(f"watermark_pipe ended at {line.split()[0]}")
        return answer

    def tile(self, page):
        return self.ask(f"tile {page['line']} {page['column']} {page['path']}")

    def draw(self, session, theme=0, zoom=0):
        """session None: without a mark."""
        answer = self.ask(f"draw {int(session is not None)} {session or 0} {theme} {zoom}")
        width, height = int(answer[1]), int(answer[2])
        return np.frombuffer(self.child.stdout.read(width * height * 3), np.uint8).reshape(height, width, 3).copy()

    def find(self, image, theme=0, zoom=0):
        grey = attacks.to_bytes(image.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32))
        return self.ask(f"find {theme} {zoom} {grey.shape[1]} {grey.shape[0]}", np.ascontiguousarray(grey).tobytes())

    def score(self, session):
        named, *values = self.ask(f"score {session}")[1:]
        return {"named": named == "1", **dict(zip(("paper", "shift", "both", "log_chance"), map(float, values)))}

    def wrong(self, first, count):
        told = [int(word) for word in self.ask(f"wrong {first} {count}")[1:]]
        return {"named": told[0], "chance": told[1:1 + table.CHANCES], "z": told[1 + table.CHANCES:]}


def kind_of(path, line, ink):
    if ink < 150:
        return "nearly blank"
    if ink < 900:
        return "sparse"
    with open(path, encoding="utf-8", errors="replace") as file:
        shown = [text.strip() for text in file.read().split("\n")[line:line + 60]]
    talk = sum(text.startswith(("*", "/*", "//", "#!")) for text in shown)
    return "comments" if talk >= 25 else "dense"


def choose_pages(program, folder, seed):
    """Pages of each kind, drawn at random from C sources."""
    rng = random.Random(f"{seed}/pages")
    paths = sorted(path for ending in ("c", "h") for path in glob.glob(os.path.join(folder, "**", "*." + ending), recursive=True)
                   if not path.endswith(SEEN_BEFORE))
    rng.shuffle(paths)
    pipe, pages, left = Pipe(program), [], dict(POOL)
    for path in paths[:4000]:
        with open(path, "rb") as file:
            lines = file.read().count(b"\n")
        # The last tile of a file is often nearly blank.
        line = 60 * (lines // 60 if left["nearly blank"] and rng.random() < 0.3 else rng.randrange(lines // 60 + 1))
        answer = pipe.tile({"path": path, "line": line, "column": 80}) if left["second block"] else ["none"]
        column = 80 if answer[0] == "text" and int(answer[1]) >= 150 else 0
        if not column:
            answer = pipe.tile({"path": path, "line": line, "column": 0})
        if answer[0] != "text" or int(answer[1]) < 30:
            continue
        kind = "second block" if column else kind_of(path, line, int(answer[1]))
        if left[kind]:
            left[kind] -= 1
            pages.append({"path": path, "line": line, "column": column, "kind": kind, "ink": int(answer[1])})
        if not any(left.values()):
            break
    rng.shuffle(pages)
    return pages


def tasks_of(share, keys):
    """All images, each attack's spread evenly over the whole run."""
    counts = {name: row[0] for group in (attacks.ONE_SESSION, attacks.COLLUSION, attacks.DRAWN, attacks.OWN)
              for name, row in group.items()}
    counts["unmarked"] = UNMARKED_IMAGES
    counts = {name: max(1, round(count * share)) for name, count in counts.items()}
    if keys:
        counts["wrong keys"] = max(1, round(WRONG_IMAGES * share))
    tasks = [((i + 0.5) / count, name, i) for name, count in counts.items() for i in range(count)]
    return [(name, i) for _, name, i in sorted(tasks)]


def picture_of(pipe, name, rng, sessions):
    """The attacked picture, and the theme and zoom to look for it with."""
    if name in attacks.ONE_SESSION:
        return attacks.ONE_SESSION[name][1](pipe.draw(sessions[0]), rng), 0, 0
    if name in attacks.DRAWN:
        _, theme, zoom, attack = attacks.DRAWN[name]
        return attack(pipe.draw(sessions[0], theme, zoom), rng), theme, zoom
    if name in attacks.OWN:
        return attacks.OWN[name][1](lambda theme, zoom: pipe.draw(sessions[0], theme, zoom)), 0, 0
    if name in attacks.COLLUSION:
        return attacks.COLLUSION[name][2]([pipe.draw(session) for session in sessions]), 0, 0
    # Unmarked pages, and the pictures that many wrong keys are asked of, go through one attack or another.
    marked = sessions[0] if name == "wrong keys" else None
    other = rng.choice(sorted(attacks.ONE_SESSION))
    return attacks.ONE_SESSION[other][1](pipe.draw(marked), rng), 0, 0


def run_task(pipe, page, name, i, options):
    rng = random.Random(f"{options.seed}/{name}/{i}")
    count = attacks.COLLUSION[name][1] if name in attacks.COLLUSION else 1
    sessions = rng.sample(range(SESSIONS), count)
    pipe.tile(page)
    image, theme, zoom = picture_of(pipe, name, rng, sessions)
    answer = pipe.find(np.ascontiguousarray(image), theme, zoom)
    result = {"attack": name, "i": i, "kind": page["kind"], "found": answer[0] == "found"}
    if not result["found"]:
        return result | {"ms": float(answer[2])}
    keys = options.keys if name == "wrong keys" else WRONG_EACH
    scores = [pipe.score(session) for session in sessions]
    best = min(scores, key=lambda score: score["log_chance"])
    result.update(best, ms=float(answer[1]), correlation=float(answer[2]), tries=int(answer[4]),
                  bits=[int(answer[5]), int(answer[6])], wrong=pipe.wrong(WRONG_FIRST + (i << 24), keys))
    return result


def work(program, pages, options, tasks, results):
    cv2.setNumThreads(1)
    pipe = Pipe(program)
    while True:
        try:
            # What was put in last may take a moment to arrive.
            name, i = tasks.get(timeout=2)
        except queue.Empty:
            return
        page = random.Random(f"{options.seed}/page/{name}/{i}").choice(pages)
        results.put(run_task(pipe, page, name, i, options))


def load_results(path, header):
    """What an earlier run with the same header found. Another header's file is put aside."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    if json.loads(lines[0] or "{}") != header:
        os.replace(path, path + ".old")
        return []
    # The last line may be cut: it is measured again.
    return [json.loads(line) for line in lines[1:-1]]


def run(options, pages, header, folder):
    path = os.path.join(folder, "results.jsonl")
    results = load_results(path, header)
    done = {(row["attack"], row["i"]) for row in results}
    todo = [task for task in tasks_of(options.images, options.keys) if task not in done and options.only in task[0]]
    tasks, answers = multiprocessing.Queue(), multiprocessing.Queue()
    for task in todo:
        tasks.put(task)
    workers = [multiprocessing.Process(target=work, args=(options.program, pages, options, tasks, answers), daemon=True)
               for _ in range(options.jobs)]
    start = shown = time.monotonic()
    with open(path, "a", encoding="utf-8") as file:
        if not results:
            file.write(json.dumps(header) + "\n")
        for worker in workers:
            worker.start()
        left = len(todo)
        while left and time.monotonic() - start < options.minutes * 60:
            try:
                row = answers.get(timeout=5)
            except queue.Empty:
                # One without work ends while another still measures the last image.
                if any(worker.exitcode for worker in workers) or not any(worker.is_alive() for worker in workers):
                    sys.exit("campaign: a worker ended early")
                continue
            left -= 1
            results.append(row)
            file.write(json.dumps(row) + "\n")
            file.flush()
            if time.monotonic() - shown > PROGRESS_S:
                shown = time.monotonic()
                print(f"# {len(results)} images measured, {left} to go, {(shown - start) / 60:.0f} minutes", flush=True)
    for worker in workers:
        worker.terminate()
    # What is still to do stays undone: nobody waits for it to be handed out.
    tasks.cancel_join_thread()
    return results, left


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("tree")
    parser.add_argument("--minutes", type=float, default=100)
    parser.add_argument("--images", type=float, default=1.0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--keys", type=int, default=1000000)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    kernels = [os.environ.get("VITRINE_KERNEL", ""), *sorted(glob.glob("/usr/src/linux-source-*"), reverse=True)]
    source = next((path for path in kernels if os.path.isdir(path)), options.tree)
    pages = choose_pages(options.program, source, options.seed)
    if not pages:
        sys.exit(f"campaign: no pages in {source}")
    with open(options.program, "rb") as file:
        header = {"seed": options.seed, "keys": options.keys, "pages": len(pages),
                  "source": os.path.basename(os.path.normpath(source)),
                  "program": hashlib.sha256(file.read()).hexdigest()}
    folder = os.path.join("build", "watermark")
    os.makedirs(folder, exist_ok=True)
    results, left = run(options, pages, header, folder)
    seen = table.visibility(Pipe(options.program), pages[:20])
    text = table.page(results, seen, header, pages, left)
    is_whole = not left and not options.only
    for path in [os.path.join(folder, "watermark.md")] + ([os.path.join("docs", "watermark.md")] if is_whole else []):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    table.figures(results, seen, header)
    print(f"# table: {folder}/watermark.md; {left} images left" + (": docs/watermark.md written" if is_whole else ""))


if __name__ == "__main__":
    main()
