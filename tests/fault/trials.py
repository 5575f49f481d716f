"""trials: what one well-aimed fault shows better than many random ones. Each raises Wrong."""
import hashlib
import os
import random

from desk import PASSWORDS, Desk, Ended
from oracle import Tree, need
from records import rows, spoil


def fold(index, size, leaf, path):
    """The root that a path, of whatever length, leads to by RFC 9162 section 2.1.3.2; None if it is too long."""
    fn, sn, r = index, size - 1, leaf
    for node in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            r = hashlib.sha256(b"\1" + node + r).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = hashlib.sha256(b"\1" + r + node).digest()
        fn, sn = fn >> 1, sn >> 1
    return r


def paths(lab, seed=1):
    """Right proofs hold; those cut short or too long are refuted, also with the root that they lead to."""
    dice = random.Random(seed)
    tree = Tree([b"entry %d" % number for number in range(70)])
    desk = Desk(lab.programs, lab.copy(), preload=False)

    def answer(index, size, root, path):
        hashes = " ".join(node.hex() for node in path)
        return desk.ask(f"path {index} {size} {tree.levels[0][index].hex()} {root.hex()} {len(path)} {hashes}".rstrip())

    try:
        for _ in range(60):
            size = dice.randrange(2, 71)
            index = dice.randrange(size)
            leaf, path = tree.levels[0][index], tree.path(index, size)
            need(answer(index, size, tree.root(size), path) == "path holds", "proof", f"the proof of {index} in {size} is refuted")
            for count in range(len(path)):
                led_to = fold(index, size, leaf, path[:count])
                need(answer(index, size, led_to, path[:count]) == "path refuted", "proof-short",
                     f"{count} of {len(path)} nodes prove {index} in {size}")
            longer = path + [leaf]
            need(answer(index, size, tree.root(size), longer) == "path refuted", "proof-long", "a node too many is taken")
    finally:
        desk.close()


def overtaken(lab):
    """A call that was computed while its session was open is refused when the session has ended before it is applied."""
    folder = lab.copy()
    desk = Desk(lab.programs, folder, preload=False)
    before = rows(folder, "SELECT count(*) FROM records")
    late = desk.submit("organisation.create", {"name": "Too late", "line": "customer", "country": "IT"}, lab.world["tokens"]["ada"],
                       held=True)
    desk.wait()
    ended = desk.act("session.end", lab.world["tokens"]["ada"])
    desk.send("release")
    desk.wait()
    desk.close()
    need(ended.status == "ok", "overtaken", "the session was not ended")
    need(late.status == "auth", "overtaken", f"an act of a session that had ended: {late.status}")
    need(rows(folder, "SELECT count(*) FROM records") == before, "overtaken", "it left a record")


def rewritten(lab, seed=1):
    """An entry below a signed size rewritten with a hash that fits: the root differs, so the log is frozen."""
    folder = lab.copy()
    index = random.Random(seed).randrange(lab.base.size)
    with spoil(folder) as connection:
        (data,) = connection.execute("SELECT bytes FROM entries WHERE idx = ?", (index,)).fetchone()
        data = data.replace(b"T", b"U", 1)
        connection.execute("UPDATE entries SET bytes = ?, leaf = ? WHERE idx = ?", (data, hashlib.sha256(b"\0" + data).digest(), index))
    desk = Desk(lab.programs, folder, preload=False)
    opening = desk.opening
    desk.close()
    need(opening == "frozen", "rewritten", f"entry {index} was rewritten and the log is {opening}")


def counter(lab):
    """A call of a point that was taken is taken once, also by the vault that starts after it."""
    folder = lab.copy()
    said = []
    for number in (7, 7, 8):
        desk = Desk(lab.programs, folder, preload=False)
        said.append(desk.act("session.start", None, None, None, number, name="ada", password=PASSWORDS["ada"]).status)
        desk.close()
    need(said == ["ok", "auth", "ok"], "counter", f"counters 7, 7 and 8 of a point, a start before each: {said}")


def dangling(lab):
    """A row that refers to one that is not there is refused by the records themselves."""
    desk = Desk(lab.programs, lab.copy(), preload=False)
    said = desk.ask("dangle")
    desk.close()
    need(said.startswith("dangle conflict "), "dangling", f"a history of no record: {said}")


def logged(lab, seed=1):
    """Bits of the write-ahead log turn over while the lab runs: who reads such a page gets an error, not the page."""
    folder = lab.copy()
    dice = random.Random(seed)
    desk = Desk(lab.programs, folder, preload=False)
    desk.act("organisation.create", lab.world["tokens"]["ada"], name="In the log", line="customer", country="IT")
    path = os.path.join(folder, "records.db-wal")
    with open(path, "r+b") as file:
        data = bytearray(file.read())
        # Each frame is a header of 24 bytes and a page; a bit in the upper half of each page.
        for at in range(32, len(data) - 4119, 4120):
            data[at + 24 + dice.randrange(2048)] ^= 1 << dice.randrange(8)
        file.seek(0)
        file.write(data)
    try:
        status = desk.act("session.start", None, None, None, name="ada", password=PASSWORDS["ada"]).status
    except Ended:
        # The writer, which reads an entry again before it signs: it stops rather than go on.
        status = "ended"
    log = desk.log()
    desk.close()
    need(status in ("corrupt", "ended") and "in records.db-wal does not fit its checksum" in log, "logged",
         f"a page of the log that is not what was written: {status} {log[-300:]}")


TRIALS = {"paths": paths, "overtaken": overtaken, "rewritten": rewritten, "counter": counter, "dangling": dangling,
          "logged": logged}
