"""trials: what one well-aimed fault shows better than many random ones. Each raises Wrong."""
import hashlib
import os
import random
import sqlite3

from desk import Desk
from oracle import Tree, need, rows


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
    connection = sqlite3.connect(os.path.join(folder, "records.db"))
    (data,) = connection.execute("SELECT bytes FROM entries WHERE idx = ?", (index,)).fetchone()
    data = data.replace(b"T", b"U", 1)
    connection.execute("UPDATE entries SET bytes = ?, leaf = ? WHERE idx = ?", (data, hashlib.sha256(b"\0" + data).digest(), index))
    connection.commit()
    connection.close()
    desk = Desk(lab.programs, folder, preload=False)
    opening = desk.opening
    desk.close()
    need(opening == "frozen", "rewritten", f"entry {index} was rewritten and the log is {opening}")


TRIALS = {"paths": paths, "overtaken": overtaken, "rewritten": rewritten}
