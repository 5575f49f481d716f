#!/usr/bin/env python3
"""campaign [FAULT_LAB FAULTY_IO VITRINE KILLAT] [--faults N] [--stories N] [--seed N] [--only KIND] [--story N]

Injects faults into a real lab and judges what is left by the model of oracle.py. Programs: those of build/release unless
named. Kinds:

  kill      the process ends right before a write; rebuilt from a written-down story, at each of its writes
  killed    the same, really: a seccomp tracer kills the process tree (killat)
  power     a power cut: unsynced writes dropped, reordered, torn at 512 bytes; names that were not synced come or go
  error     a full disk, EIO of a write, EIO of a sync (fatal, never tried again), short writes, no descriptors
  flip      a bit turns over on the way to the disk, or between hashing and writing
  rot       a bit turns over in what is stored: records by table, packs, tiles, checkpoint, key
  clock     the clock goes back, or ten years either way
  backup    the records are of yesterday, what is published of today
  trial     well-aimed single ones: proofs cut short, a session that ends in the middle of a call, rewritten history

Each story is random and comes from a seed; what fails prints the command that does it again: the same acts, places and
cuts (ids and nonces are drawn anew). TAP, one line a kind.
"""
import argparse
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter

from crash import Disk, read_trace, signed_heads, write_state
from desk import TOP, Desk, Ended, Programs, Story, make_lab
from oracle import Facts, Wrong, examine, need
from rot import PLACES, rot_once
from trials import TRIALS

KINDS = {"kill": 34, "power": 38, "rot": 8, "error": 6, "flip": 6, "backup": 4, "clock": 2, "killed": 2, "trial": 0}
CHANGES = "CTWSDFRUMX"


class Lab:
    """The pristine lab that every story begins with, and room for copies."""

    def __init__(self, programs, top):
        self.programs, self.top = programs, top
        self.pristine = os.path.join(top, "pristine")
        self.world = make_lab(programs, self.pristine)
        self.base = Facts(self.pristine)

    def with_programs(self, programs, top):
        """The same lab for other programs, with room of their own."""
        other = object.__new__(Lab)
        other.programs, other.top, other.pristine, other.world, other.base = programs, top, self.pristine, self.world, self.base
        return other

    def copy(self, name="lab"):
        folder = os.path.join(self.top, name)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.pristine, folder)
        return folder


class Recording:
    """A story that ended well, with everything that it did to the disk."""

    def __init__(self, lab, seed, length, only=None):
        self.lab, self.seed = lab, seed
        self.folder = lab.copy("recorded")
        trace = os.path.join(lab.top, "trace")
        if os.path.exists(trace):
            os.remove(trace)
        self.before = Disk(self.folder)
        desk = Desk(lab.programs, self.folder, glass=True, trace=trace)
        Story(desk, lab.world, seed, lab.top).run(length, only)
        need(desk.close() == 0, "end", "the story did not close its lab")
        self.acts, self.ops = desk.acts, read_trace(trace)
        in_place = [op[3] for op in self.ops if op[0] in "WT" and op[3].startswith("ledger/") and not op[3].endswith(".new")]
        need(not in_place, "published", f"written under the name that readers ask for: {in_place[:3]}")
        # A start stores the last checkpoint in the records: what comes after it differs by faults alone.
        Desk(lab.programs, self.folder, preload=False).close()
        self.writes = [at for at, op in enumerate(self.ops) if op[0] in CHANGES]

    def known_at(self, at):
        """(entries acknowledged, heads signed or shown) before operation `at`."""
        acknowledged, heads = 0, signed_heads(self.ops[:at])
        for op in self.ops[:at]:
            if op[0] == "K" and op[3].startswith("ack "):
                _, _, _, index, size, root, _ = op[3].split(" ", 6)
                acknowledged = max(acknowledged, int(index) + 1)
                heads.append((int(size), root))
            elif op[0] == "K" and op[3].startswith("note ok "):
                acknowledged = max(acknowledged, int(op[3].split(" ")[2]))
        return acknowledged, heads

    def disk_at(self, points):
        """(point, Disk) of ascending points; the same Disk each time, further on."""
        disk = Disk(self.lab.pristine)
        disk.inodes = {inode: disk.live[path] for inode, path in self.inodes().items() if path in disk.live}
        done = 0
        for point in points:
            for op in self.ops[done:point]:
                if op[0] in CHANGES:
                    disk.step(*op)
            done = point
            yield point, disk

    def inodes(self):
        names = {id(file): path for path, file in self.before.live.items()}
        return {inode: names[id(file)] for inode, file in self.before.inodes.items()}


def judge(lab, folder, acts, known, is_whole=True):
    """Opens what is left, takes one more act, closes, and compares with the model."""
    acknowledged, heads = known
    desk = Desk(lab.programs, folder, preload=False)
    if desk.opening != "open":
        desk.close()
        raise Wrong("opens", desk.first or "no word: " + desk.log()[-500:])
    size = desk.heads[0][0]
    need(size >= acknowledged, "lost", f"{acknowledged} entries were acknowledged, {size} are there")
    try:
        added = desk.note()
    except Ended:
        raise Wrong("goes-on", "it ended: " + desk.log()[-500:]) from None
    need(added.status == "ok" and desk.close() == 0, "goes-on", "no act is taken after the fault")
    mine = [act for act in acts if act.index is not None and act.index < size]
    examine(folder, lab.base, mine + [added], heads + desk.heads, acknowledged, desk.heads[-1], is_whole)


def ledger_verify(lab, folder):
    return subprocess.run([lab.programs.vitrine, "--lab", folder, "ledger", "verify"], capture_output=True, text=True, timeout=60)


class Campaign:
    def __init__(self, lab, dice_seed, length):
        self.lab, self.seed, self.length = lab, dice_seed, length
        self.counts, self.failures, self.outcomes, self.story = Counter(), [], Counter(), 0

    def record(self, number):
        return Recording(self.lab, self.seed * 1000 + number, self.length)

    def one(self, kind, story, what, run):
        """Runs one fault; what is wrong is kept with the command that does it again."""
        self.counts[kind] += 1
        try:
            run()
        except (Wrong, sqlite3.DatabaseError) as wrong:
            self.failures.append((kind, f"story {story}, {what}: {wrong}", self.story))

    def kill(self, recording, count, dice):
        points = sorted(dice.sample(recording.writes, min(count, len(recording.writes))))
        for point, disk in recording.disk_at(points):
            def run():
                folder = os.path.join(self.lab.top, "state")
                write_state(self.lab.pristine, disk, disk.killed(), folder)
                judge(self.lab, folder, recording.acts, recording.known_at(point))
            self.one("kill", recording.seed, f"before operation {point}", run)

    def power(self, recording, count, dice):
        points = sorted(dice.choices(recording.writes, k=count))
        for point, disk in recording.disk_at(points):
            cut = dice.randrange(1 << 32)

            def run():
                folder = os.path.join(self.lab.top, "state")
                write_state(self.lab.pristine, disk, disk.power_cut(random.Random(cut)), folder)
                judge(self.lab, folder, recording.acts, recording.known_at(point))
            self.one("power", recording.seed, f"before operation {point}, cut {cut}", run)

    def backup(self, recording, count, dice):
        size_at = {}
        points = sorted(dice.sample(recording.writes, min(2 * count, len(recording.writes))))
        states = []
        for point, disk in recording.disk_at(points):
            size_at[point] = max([size for size, _ in signed_heads(recording.ops[:point])], default=self.lab.base.size)
            states.append((point, disk.killed(), set(disk.folders)))
        for _ in range(count):
            (early, old, _), (late, new, folders) = sorted(dice.sample(states, 2), key=lambda state: state[0])
            old_size = recording.known_at(early)[0] + 9  # what may be durable and not yet acknowledged
            if size_at[late] <= old_size:
                continue

            def run():
                folder = os.path.join(self.lab.top, "state")
                mixed = {path: data for path, data in old.items() if not path.startswith("ledger/")}
                mixed.update({path: data for path, data in new.items() if path.startswith("ledger/")})
                disk = Disk(os.path.join(self.lab.top, "nothing"))
                disk.folders = folders
                write_state(self.lab.pristine, disk, mixed, folder)
                self.must_freeze(folder)
            self.one("backup", recording.seed, f"records of {early}, ledger of {late}", run)

    def must_freeze(self, folder):
        with open(os.path.join(folder, "ledger", "checkpoint"), "rb") as file:
            before = file.read()
        desk = Desk(self.lab.programs, folder, preload=False)
        opening = desk.opening
        try:
            if opening == "frozen":
                need(desk.note().status != "ok", "frozen", "a frozen log took an entry")
        finally:
            desk.close()
        need(opening in ("frozen", "error"), "frozen", f"opened as if nothing were: {desk.first}")
        with open(os.path.join(folder, "ledger", "checkpoint"), "rb") as file:
            need(file.read() == before, "frozen", "the published checkpoint was written over")
        need(ledger_verify(self.lab, folder).returncode != 0, "verify", "ledger verify holds")

    def rot(self, recording, count, dice, places=PLACES):
        for _ in range(count):
            roll = dice.randrange(1 << 32)

            def run():
                folder = os.path.join(self.lab.top, "state")
                shutil.rmtree(folder, ignore_errors=True)
                shutil.copytree(recording.folder, folder)
                self.outcomes[rot_once(self.lab, folder, random.Random(roll), places)] += 1
            self.one("rot", recording.seed, f"roll {roll}", run)

    def spoiled(self, plan, story_seed, check, only=None):
        """A fresh story under a plan."""
        folder, trace = self.lab.copy(), os.path.join(self.lab.top, "trace-spoiled")
        if os.path.exists(trace):
            os.remove(trace)
        before = Disk(folder)
        desk = Desk(self.lab.programs, folder, glass=False, trace=trace)
        story = Story(desk, self.lab.world, story_seed, self.lab.top)
        ended = False
        try:
            need(desk.ask("plan " + plan) == "plan ok", "harness", "the plan was not taken")
            for _ in range(12):
                getattr(story, only or story.dice.choice(["create", "burst", "step", "ingest", "redact"]))()
        except Ended:
            ended = True
        status = desk.close()
        if plan.startswith("short:"):
            refused = [act for act in desk.acts if act.status != "ok"]
            need(not ended and status == 0 and not refused, "short", "a short write is not an error: the rest follows")
        check(folder, desk, before, read_trace(trace), ended)

    def error(self, count, dice, words=("enospc", "eio", "sync", "short", "emfile"), only=None):
        for _ in range(count):
            word = dice.choice(words)
            plan = f"{word}:" + {"enospc": f"{dice.randrange(1, 150)}", "eio": f"{dice.randrange(1, 150)}",
                                 "sync": f"{dice.randrange(1, 25)}", "short": f"{dice.randrange(1, 6)}",
                                 "emfile": f"{dice.randrange(1, 20)}:{dice.randrange(1, 40)}"}[word]
            seed = dice.randrange(1 << 32)
            self.one("error", seed, plan, lambda: self.spoiled(plan, seed, self.check_error, only))

    def check_error(self, folder, desk, before, ops, ended):
        acks = [at for at, op in enumerate(ops) if op[0] == "K" and op[3].startswith("ack ")]
        failed = [at for at, op in enumerate(ops) if op[0] == "F"]
        acknowledged = max([act.index + 1 for act in desk.acts if act.index is not None], default=0)
        known = (acknowledged, desk.heads)
        if failed:
            later = [op for op in ops[failed[0] + 1:] if op[0] in "SF" and op[1] == ops[failed[0]][1]]
            need(not later, "sync-again", f"{ops[failed[0]][3]} was synced again after a sync that failed")
            oks = [at for at in acks if at > failed[0] and ops[at][3].split(" ")[2] == "ok"]
            need(not oks, "sync-fatal", "an act was acknowledged after a sync that failed")
            # What the failed sync dropped is gone, whatever the page cache still shows.
            for point in (failed[0] + 1, len(ops)):
                disk = Disk(self.lab.pristine)
                names = {id(file): path for path, file in before.live.items()}
                disk.inodes = {inode: disk.live[names[id(file)]] for inode, file in before.inodes.items()}
                for op in ops[:point]:
                    if op[0] in CHANGES:
                        disk.step(*op)
                state = os.path.join(self.lab.top, "state")
                write_state(self.lab.pristine, disk, disk.power_cut(random.Random(point)), state)
                judge(self.lab, state, desk.acts, known, is_whole=False)
        judge(self.lab, folder, desk.acts, known, is_whole=not ended)

    def flip(self, count, dice, words=("flip", "bind"), only=None):
        for _ in range(count):
            if only and self.failures:
                return
            word = dice.choice(words)
            plan = f"{word}:{dice.randrange(1, 150 if word == 'flip' else 60)}:{dice.randrange(1 << 16)}"
            seed = dice.randrange(1 << 32)
            self.one("flip", seed, plan, lambda: self.spoiled(plan, seed, self.check_flip, only))

    def check_flip(self, folder, desk, _before, ops, ended):
        acknowledged = max([act.index + 1 for act in desk.acts if act.index is not None], default=0)
        self.outcomes["flip: stopped" if ended else "flip: went on"] += 1
        flipped = [op[4].decode() for op in ops if op[0] == "K" and op[3] == "flipped"]
        if flipped and flipped[0].startswith("records.db"):
            need(ended, "flip-unseen", f"a bit turned over on its way into {flipped[0]} and the lab went on")
        if ended:
            # It stopped before it signed. What it left may freeze; it may not be taken for good.
            again = Desk(self.lab.programs, folder, preload=False)
            opening = again.opening
            again.close()
            if opening in ("frozen", "error"):
                return
        judge(self.lab, folder, desk.acts, (acknowledged, desk.heads), is_whole=not ended)
        done = ledger_verify(self.lab, folder)
        need(done.returncode == 0, "verify", done.stdout + done.stderr)

    def clock(self, count, dice):
        years = 365 * 86400
        done = 0
        while done < count:
            folder = self.lab.copy()
            seed = dice.randrange(1 << 32)
            desk = Desk(self.lab.programs, folder)
            story = Story(desk, self.lab.world, seed, self.lab.top)
            jumps = []

            def run():
                for _ in range(min(8, count - done)):
                    jumps.append(dice.choice([-60, -86400, 10 * years, -10 * years, dice.randrange(-years, years)]))
                    with open(os.path.join(folder, "run", "clock"), "r+", encoding="ascii") as file:
                        file.write(f"{jumps[-1]:<20d}")
                    story.create()
                    # Sessions may have run out, or not begun: whoever is refused signs in again.
                    if desk.acts[-1].status != "ok":
                        need(desk.acts[-1].status == "auth", "clock", f"{desk.acts[-1].status} after a jump to {jumps[-1]}")
                        story.sign_in("ada")
                    story.burst()
                need(desk.close() == 0, "end", "it did not close")
                acknowledged = max(act.index + 1 for act in desk.acts if act.index is not None)
                judge(self.lab, folder, desk.acts, (acknowledged, desk.heads))
            self.one("clock", seed, "jumps", run)
            self.counts["clock"] += len(jumps) - 1
            done += max(len(jumps), 1)

    def killed(self, count, dice):
        for _ in range(count):
            seed, point = dice.randrange(1 << 32), dice.randrange(30, 400)

            def run():
                folder = self.lab.copy()
                desk = Desk(self.lab.programs, folder, preload=False, wrapper=(self.lab.programs.killat, str(point), "--"))
                story = Story(desk, self.lab.world, seed, self.lab.top)
                story.view = story.create
                try:
                    story.run(40)
                except Ended:
                    pass
                desk.close()
                acknowledged = max([act.index + 1 for act in desk.acts if act.index is not None], default=0)
                judge(self.lab, folder, desk.acts, (acknowledged, desk.heads), is_whole=False)
            self.one("killed", seed, f"before write {point}", run)

    def trial(self, _count, _dice):
        for name, trial in TRIALS.items():
            self.one("trial", "-", name, lambda: trial(self.lab))

    def run(self, total, stories, only=None, story=None):
        """All stories, or one again; one kind, or all. Each kind of each story has dice of its own."""
        share = {kind: total * weight // 100 for kind, weight in KINDS.items() if only in (None, kind)}
        for number in range(stories) if story is None else [story]:
            recording = self.record(number) if set(share) & {"kill", "power", "backup", "rot"} else None
            for kind, count in share.items():
                part = count // stories + (1 if number < count % stories else 0)
                dice = random.Random(f"{self.seed}/{number}/{kind}")
                self.story = number
                method = getattr(self, kind)
                if kind in ("kill", "power", "backup", "rot"):
                    method(recording, part, dice)
                else:
                    method(part, dice)


def build():
    """The programs of the release build, made if need be."""
    subprocess.run([os.path.join(TOP, "tools", "build"), "release"], cwd=TOP, check=True, stdout=sys.stderr)
    names = ("tests/fault/fault_lab", "tests/fault/libfaulty_io.so", "src/proc/vitrine", "tests/fault/killat")
    return [os.path.join(TOP, "build", "release", name) for name in names]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", nargs="*")
    parser.add_argument("--faults", type=int, default=300)
    parser.add_argument("--stories", type=int, default=2)
    parser.add_argument("--length", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=KINDS)
    parser.add_argument("--story", type=int)
    options = parser.parse_args()
    programs = Programs(*(os.path.abspath(path) for path in options.programs or build()))
    command = " ".join([sys.argv[0], *options.programs])
    top = tempfile.mkdtemp(prefix="vitrine-faults-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    start = time.monotonic()
    try:
        campaign = Campaign(Lab(programs, top), options.seed, options.length)
        campaign.run(options.faults, options.stories, options.only, options.story)
    finally:
        shutil.rmtree(top)
    kinds = [options.only] if options.only else list(KINDS)
    print(f"1..{len(kinds)}")
    for number, kind in enumerate(kinds, 1):
        wrong = [(text, story) for where, text, story in campaign.failures if where == kind]
        print(f"{'not ok' if wrong or not campaign.counts[kind] else 'ok'} {number} - {kind}: {campaign.counts[kind]} faults")
        for text, story in wrong[:10]:
            print(text, file=sys.stderr)
            print(f"again: {command} --seed {options.seed} --stories {options.stories} --faults {options.faults}"
                  f" --length {options.length} --only {kind} --story {story}", file=sys.stderr)
    print(f"# {sum(campaign.counts.values())} faults in {time.monotonic() - start:.0f} s, seed {options.seed}, {options.stories} stories; "
          + ", ".join(f"{word} {count}" for word, count in sorted(campaign.outcomes.items())))
    sys.exit(1 if campaign.failures else 0)


if __name__ == "__main__":
    main()
