"""rot: turns one bit over in what a lab has stored, and says how it was found.

Each place is one that holds something: a column of a row that was stored, a page of a table, a blob in a pack, a tile, the
published checkpoint, the key beside it. What the lab then does must be one of: it does not open, it opens frozen, ledger
verify refuses it, reading the blob fails with a clear error; or nothing is different, because the bit did not matter or
the file was made again from the records.
"""
import contextlib
import hashlib
import os
import sqlite3
import subprocess

from desk import Desk
from oracle import Wrong, need
from records import connect, path_of, rows

PLACES = ["records", "value", "value", "pack", "tile", "checkpoint", "key"]
TABLES = ["entries", "checkpoints", "sessions", "records", "record_history", "credentials", "blobs", "release_nodes"]


def contents(folder):
    """Every row of every table as one digest."""
    with contextlib.closing(connect(folder)) as connection:
        digest = hashlib.sha256()
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
            for row in connection.execute(f"SELECT * FROM {table} NOT INDEXED"):
                digest.update(repr((table, row)).encode())
        return digest.hexdigest()


def turn(path, offset, bit):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1 << bit]))


def pages_of(folder, table):
    ((size,),) = rows(folder, "PRAGMA page_size")
    return size, [page for (page,) in rows(folder, "SELECT pageno FROM dbstat WHERE name = ?", table)]


def rot_records(folder, dice):
    table = dice.choice(TABLES)
    size, pages = pages_of(folder, table)
    turn(path_of(folder), (dice.choice(pages) - 1) * size + dice.randrange(size), dice.randrange(8))
    return f"records {table}"


def rot_value(folder, dice):
    """In the middle of a value that an entry or the checkpoint depends on."""
    column, table = dice.choice([("bytes", "entries"), ("leaf", "entries"), ("nonce", "entries"), ("detail", "entries"),
                                 ("note", "checkpoints"), ("root", "checkpoints")])
    path = path_of(folder)
    values = [row[0] for row in rows(folder, f"SELECT {column} FROM {table} WHERE length({column}) >= 32")]
    value = dice.choice(values)
    with open(path, "rb") as file:
        data = file.read()
    at = data.find(value[:32])
    need(at >= 0, "harness", "the value lies somewhere in the file")
    turn(path, at + dice.randrange(32), dice.randrange(8))
    return f"value {table}.{column}"


def rot_file(folder, dice, names, what):
    path = dice.choice(sorted(names))
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        intact = file.read()
    turn(path, dice.randrange(size), dice.randrange(8))
    return what, path, intact


def is_mended(path, intact):
    """As it was, or gone: a tile of an older checkpoint that is wrong is taken away."""
    if not os.path.exists(path):
        return True
    with open(path, "rb") as file:
        return file.read() == intact


def files_below(folder):
    return [os.path.join(base, name) for base, _, names in os.walk(folder) for name in names]


def rot_pack(folder, dice):
    blobs = rows(folder, "SELECT digest, pack, offset, len FROM blobs WHERE len > 0 ORDER BY digest")
    digest, pack, offset, length = dice.choice(blobs)
    turn(os.path.join(folder, "store", f"{pack:04d}.pack"), offset + dice.randrange(length), dice.randrange(8))
    return digest.hex()


def opens(lab, folder):
    """(word, what it says about a blob if one is asked for)"""
    desk = Desk(lab.programs, folder, preload=False)
    word = desk.opening
    desk.close()
    return word


def verify(lab, folder):
    return subprocess.run([lab.programs.vitrine, "--lab", folder, "ledger", "verify"], capture_output=True, text=True,
                          timeout=60).returncode == 0


def blob_is_served(lab, folder, digest):
    desk = Desk(lab.programs, folder, preload=False)
    answer = desk.ask("blob " + digest) if desk.opening == "open" else "blob refused"
    desk.close()
    return answer == "blob ok"


def lab_notices(lab, folder):
    """A lab that opens although a page is damaged: it must tell when it comes to that page."""
    desk = Desk(lab.programs, folder, preload=False)
    said = desk.ask("pages")
    desk.close()
    return said.startswith("pages corrupt ")


def rot_once(lab, folder, dice, places):
    """Turns one bit over; returns "rot PLACE: OUTCOME"."""
    intact = contents(folder)
    where = dice.choice(places)
    if where == "pack":
        digest = rot_pack(folder, dice)
        need(not blob_is_served(lab, folder, digest), "rot-pack", f"blob {digest} is served with a bit turned over")
        need(not verify(lab, folder), "rot-pack", "ledger verify holds with a damaged blob")
        return "rot pack: refused"
    if where == "records":
        what = rot_records(folder, dice)
    elif where == "value":
        what = rot_value(folder, dice)
    elif where == "tile":
        what, path, before = rot_file(folder, dice, files_below(os.path.join(folder, "ledger", "tile")), "tile")
    elif where == "checkpoint":
        what, path, before = rot_file(folder, dice, [os.path.join(folder, "ledger", "checkpoint")], "checkpoint")
    else:
        what, path, before = rot_file(folder, dice, [os.path.join(folder, "ledger", "log.vkey")], "key")
    holds = verify(lab, folder)
    word = opens(lab, folder)
    if word != "open":
        return f"rot {what}: {word}"
    if what in ("tile", "key"):
        need(verify(lab, folder) and is_mended(path, before), "rot-remake", f"the {what} is not made again")
        return f"rot {what}: made again"
    if not holds:
        need(lab_notices(lab, folder), "rot-page", f"{what}: the lab reads the damaged page as if nothing were")
        return f"rot {what}: found by verify"
    try:
        if contents(folder) == intact:
            return f"rot {what}: no difference"
    except sqlite3.DatabaseError:
        # The pages around it still serve; whoever reads this one gets an error.
        return f"rot {what}: an error where it is read"
    raise Wrong("rot-silent", f"{what}: served as if nothing were")
