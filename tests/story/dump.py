"""dump: everything that lies on a lab's disk, searched as its administrator would: raw, decoded, unpacked.

A word is looked for as it is, in UTF-16, hexadecimal, base64 at each of its three places, URL escapes; in files as they lie (so in
free pages and in the write-ahead log, too), in every value of every table, and in whatever zlib or gzip stream begins anywhere.
"""
import base64
import os
import re
import sqlite3
import urllib.parse
import zlib

INFLATED_MAX = 4 << 20
STREAM = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")


def base64_spellings(word, alphabet):
    for ahead in range(3):
        text = base64.b64encode(b"\0" * ahead + word, alphabet)
        # The first group holds what stood ahead of it, the last what follows.
        yield text[4 if ahead else 0:-4]


def spellings(word):
    raw = word.encode()
    forms = {raw, word.encode("utf-16-le"), word.encode("utf-16-be"), raw.hex().encode(), raw.hex().upper().encode(),
             urllib.parse.quote(word, safe="").encode(), word.replace("/", "\\/").encode()}
    for alphabet in (b"+/", b"-_"):
        forms.update(base64_spellings(raw, alphabet))
    return forms


def inflated(data):
    """What each stream unpacks to that begins anywhere in the data."""
    for found in STREAM.finditer(data):
        try:
            text = zlib.decompressobj(47).decompress(data[found.start():], INFLATED_MAX)
        except zlib.error:
            continue
        if len(text) > 16:
            yield text


def values(path):
    """Every value of every table of a copy of the records, as SQLite gives it."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    db.text_factory = bytes
    try:
        tables = [name.decode() for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for table in tables:
            for row in db.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    if isinstance(value, (bytes, str)):
                        yield table, value if isinstance(value, bytes) else value.encode()
    finally:
        db.close()


class Dump:
    """What a lab left behind: its folder with keys and points, its log, the command line's state."""

    def __init__(self, lab):
        self.parts = []
        for top in (lab.folder, lab.state):
            for folder, _, names in os.walk(top):
                for name in names:
                    path = os.path.join(folder, name)
                    if os.path.isfile(path) and not os.path.islink(path):
                        with open(path, "rb") as file:
                            self.parts.append((os.path.relpath(path, top), file.read()))
        with open(lab.folder + ".log", "rb") as file:
            self.parts.append(("the log", file.read()))
        joined = {}
        for table, value in values(os.path.join(lab.folder, "records.db")):
            joined.setdefault(table, []).append(value)
        for table, rows in joined.items():
            self.parts.append((f"table {table}", b"\n".join(rows)))
        # Streams are unpacked once for all words.
        self.parts += [(f"{name}, unpacked", text) for name, data in list(self.parts) for text in inflated(data)]
        self.parts += [(f"{name}, twice", text) for name, data in list(self.parts) if name.endswith("unpacked") for text in inflated(data)]

    def places(self, word):
        """{where: how often}"""
        forms = spellings(word)
        found = {name: sum(data.count(form) for form in forms) for name, data in self.parts}
        return {name: count for name, count in found.items() if count}

    def has(self, name):
        return any(part.startswith(name) for part, _ in self.parts)


def occurrences_in_memory(pid, secret):
    """How often the bytes stand in what the process can write. Needs root: the vault is closed to everybody else."""
    count = 0
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if "w" not in rights or "r" not in rights:
                continue
            begin, end = (int(text, 16) for text in span.split("-"))
            while begin < end:
                size = min(end - begin, 16 << 20)
                try:
                    memory.seek(begin)
                    data = memory.read(size)
                except OSError:
                    break
                count += data.count(secret)
                # Half of the secret may lie at the end of this piece.
                begin += size if size < 16 << 20 else size - len(secret) + 1
    return count
