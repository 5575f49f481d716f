#!/usr/bin/env python3
"""vault_killed [FAULT_LAB FAULTY_IO VITRINE KILLAT] [--points N] [--seed N]

The real `vitrine vault` is killed right before its n-th writing call while a client acts over its socket; then it is started
again. The client does what a client does: it sends again what was not answered, under the same idempotency key. Then
everything that it was ever told must be there once, and no more: judged by the model of oracle.py. N points of n, spread over
the whole story; the last runs to its end. Prints TAP.
"""
import argparse
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile

from campaign import Lab, build
from desk import Act, Ended, Programs, Story
from ledger_check import check as check_published
from oracle import Wrong, examine, need
from records import rows

STATUS = ["ok", "input", "auth", "denied", "not-found", "conflict", "limit", "io", "corrupt", "frozen", "cancelled"]
ACTS = 40
WAIT_S = 60
NONE = 2**64 - 1
NOBODY = 65534


class Vault:
    """`vitrine vault LAB`, alone or under killat, and the words of its log."""

    def __init__(self, programs, folder, kill_at=None):
        self.socket = os.path.join(folder, "run", "vault.sock")
        if os.path.exists(self.socket):
            os.remove(self.socket)
        wrapper = [] if kill_at is None else [programs.killat, str(kill_at), "--"]
        self.said, self.open, self.wrapped = [], False, bool(wrapper)
        self.process = subprocess.Popen([*wrapper, programs.vitrine, "vault", folder], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True, start_new_session=True)
        for line in self.process.stderr:
            self.said.append(line)
            if line.rstrip().endswith(" is open"):
                self.open = True
                break

    def pids(self):
        """The vault: what killat started, or the process itself. Nobody has waited for it yet, so its number is its own."""
        if not self.wrapped:
            return [self.process.pid]
        try:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
                return [int(pid) for pid in file.read().split()]
        except FileNotFoundError:
            return []

    def stop(self):
        """Its exit status, once it has ended: by itself when it was killed, else by a signal."""
        if self.open:
            for pid in self.pids():
                try:
                    os.kill(pid, signal.SIGTERM)
                except ProcessLookupError:
                    pass
        self.said.extend(self.process.stderr)
        self.process.stderr.close()
        return self.process.wait(WAIT_S)


class Line:
    """A desk (desk.py) at the end of a socket: the same acts, each under an idempotency key."""

    def __init__(self, path):
        self.acts, self.heads, self.waiting = [], [], {}
        self.connect(path)

    def connect(self, path):
        self.stream = socket.socket(socket.AF_UNIX)
        self.stream.settimeout(WAIT_S)
        self.stream.connect(path)
        self.input = self.stream.makefile("rb")

    def close(self):
        self.input.close()
        self.stream.close()

    def send(self, number, act):
        body = json.dumps(act.arguments).encode()
        token = b"" if act.token is None else _token(act.token)
        header = struct.pack(">Q48s32s32sQ16s16s64s", number + 1, act.verb.encode(), b"console", token, number + 1, act.key, b"", b"")
        try:
            self.stream.sendall(b"vtr1" + struct.pack(">BBHI", 1, 0, len(header), len(body)) + header + body)
        except OSError:
            raise Ended from None

    def submit(self, verb, arguments, token=None, fd=None, then=None):
        need(fd is None, "harness", "no descriptors here")
        act = Act(verb, arguments)
        act.token, act.key, act.then = token, os.urandom(16), then or act.then
        self.acts.append(act)
        self.waiting[len(self.acts) - 1] = act
        self.send(len(self.acts) - 1, act)
        return act

    def read(self, count):
        try:
            data = self.input.read(count)
        except OSError:
            data = b""
        if len(data) < count:
            raise Ended
        return data

    def wait(self):
        while self.waiting:
            magic, kind, _, head_len, body_len = struct.unpack(">4sBBHI", self.read(12))
            head, body = self.read(head_len), self.read(body_len)
            need(magic == b"vtr1" and kind in (2, 3), "harness", "a frame that is none")
            if kind == 3:
                continue
            number, status, json_len, index, size, root = struct.unpack(">QB3xIQQ32s", head)
            act = self.waiting.pop(number - 1)
            act.status, act.index = STATUS[status], None if index == NONE else index
            act.answer = json.loads(body[:json_len])
            if act.status == "ok":
                act.effects = act.then(act.answer)
            self.heads.append((size, root.hex()))

    def act(self, verb, token=None, fd=None, then=None, /, **arguments):
        act = self.submit(verb, arguments, token, fd, then)
        self.wait()
        return act

    def note(self):
        """A start of the vault: that is done by starting it."""

    def again(self, path):
        """What was not answered, once more."""
        self.close()
        self.connect(path)
        for number, act in self.waiting.items():
            self.send(number, act)
        self.wait()


def _token(text):
    import base64
    return base64.urlsafe_b64decode(text + "=")


class Acts(Story):
    """What a client may send again: no pages, no descriptors, nothing that a stranger asks for."""

    def run(self, length, only=None):
        while len(self.desk.acts) < length:
            getattr(self, only or self.dice.choices(["create", "burst", "step", "redact", "refused"], [5, 3, 8, 2, 1])[0])()


def starts(folder, base):
    """Acts of the vault itself, which nobody was told of: its starts, and the digest of its script."""
    made = []
    for index, kind in rows(folder, "SELECT idx, kind FROM entries WHERE kind IN ('lab.start', 'ui.code') AND idx >= ?", base.size):
        act = Act(kind, {})
        act.status, act.index = "ok", index
        made.append(act)
    return made


def judge(lab, folder, line):
    acts = line.acts + starts(folder, lab.base)
    indices = [act.index for act in acts if act.index is not None]
    need(len(indices) == len(set(indices)), "doubled", "two acts have the same entry")
    size, root, _ = check_published(os.path.join(folder, "ledger"))
    unknown = set(range(lab.base.size, size)) - set(indices)
    need(not unknown, "doubled", f"entries that nobody asked for: {sorted(unknown)[:5]}")
    examine(folder, lab.base, acts, line.heads, max(indices) + 1, (size, root.hex()))


def give_away(folder):
    """As root: the vault gives root's rights up for the lab's owner."""
    if os.geteuid() == 0:
        for base, _, names in os.walk(folder):
            for path in [base, *(os.path.join(base, name) for name in names)]:
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def one(lab, seed, point):
    """(writing calls seen, acts that were answered before it died, acts sent again)"""
    folder = lab.copy()
    give_away(folder)
    vault = Vault(lab.programs, folder, point)
    line = None
    answered = 0
    if vault.open:
        line = Line(vault.socket)
        try:
            Acts(line, lab.world, seed, lab.top).run(ACTS)
        except Ended:
            pass
        answered = len(line.acts) - len(line.waiting)
    status = vault.stop()
    seen = int(vault.said[-1].split()[-1])
    # How many calls there are depends on what met in one transaction: a late point may not be reached.
    reached = point != "count" and seen == point
    need(status == (137 if reached else 0), "harness", f"status {status}: {''.join(vault.said[-3:])}")
    vault = Vault(lab.programs, folder)
    need(vault.open, "opens", "".join(vault.said[-5:]))
    if line is None:
        line = Line(vault.socket)
    resent = len(line.waiting)
    line.again(vault.socket)
    Acts(line, lab.world, seed + 1, lab.top).run(len(line.acts) + 3)
    line.close()
    need(vault.stop() == 0, "end", "".join(vault.said[-3:]))
    judge(lab, folder, line)
    return seen, answered, resent


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", nargs="*")
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    programs = Programs(*(os.path.abspath(path) for path in options.programs or build()))
    top = tempfile.mkdtemp(prefix="vitrine-vault-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    os.chmod(top, 0o755)
    failed, resent_all = 0, 0
    try:
        lab = Lab(programs, top)
        total, answered, _ = one(lab, options.seed, "count")
        enough = total >= options.points and answered >= ACTS
        print(f"1..{options.points + 2}\n{'ok' if enough else 'not ok'} 1 - {answered} acts in {total} writing calls", flush=True)
        failed += not enough
        dice = random.Random(options.seed)
        points = sorted(dice.sample(range(1, total + 1), min(options.points, total)))
        for number, point in enumerate(points, 2):
            try:
                seen, answered, resent = one(lab, options.seed, point)
                resent_all += resent
                print(f"ok {number} - killed before call {seen}: {answered} acts answered, {resent} sent again", flush=True)
            except (Wrong, Ended) as wrong:
                failed += 1
                print(f"not ok {number} - killed before call {point}\n# {wrong!r}", flush=True)
        print(f"{'ok' if resent_all else 'not ok'} {options.points + 2} - {resent_all} acts were under way when their vault died", flush=True)
        failed += not resent_all
    finally:
        shutil.rmtree(top)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
