#!/usr/bin/env python3
"""No line leaves: everything that an API client is sent, searched for the source; and a mutant that leaks is caught."""
import os
import subprocess
import sys

from tap import TOP, run
import fixture
from fixture import Fixture
from labkit import Refused

SEARCH = os.path.join(TOP, "tests/browser/no_line_leaves.py")
ROUNDS = [{"path": path, "theme": theme, "zoom": zoom, "line": line}
          for path, line in (("src/packet.c", 0), ("src/packet.c", 60), ("src/packet.h", 0), ("docs/notes.md", 0), ("Makefile", 0))
          for theme, zoom in (("light", "1"), ("dark", "2"))]


def walk(binary):
    """Walks a lab served by `binary`; returns what the search says of the answers."""
    fixture.BINARY = binary
    lab = Fixture()
    try:
        folder = os.path.join(lab.folder, "record")
        os.mkdir(folder)

        def record(method, path, status, headers, data):
            number = len(os.listdir(folder))
            with open(os.path.join(folder, f"{number}.head"), "w", encoding="utf-8") as file:
                file.write(f"{method} {path} {status}\n" + "".join(f"{k}: {v}\n" for k, v in headers))
            with open(os.path.join(folder, f"{number}.body"), "wb") as file:
                file.write(data)

        engagement = lab.engagement()
        lab.grant(engagement)
        where = {"engagement": engagement, "release": lab.releases[-1]}
        rita = lab.person("rita", record)
        rita.verb("engagement.mine")
        for folder_ in ("", "src", "docs"):
            rita.verb("source.tree", **where, **({"folder": folder_} if folder_ else {}))
        for arguments in ROUNDS:
            rita.view(**where, **arguments)
        for arguments in ({"path": "tests/test_packet.c"}, {"path": "src/packet.c", "line": 1}, {"path": "../etc/passwd"}):
            try:
                rita.view(**where, **arguments)
            except Refused:
                continue
            raise AssertionError(f"{arguments} was not refused")
        for name in ("ada", "aron"):
            reader = lab.person(name, record)
            reader.verb("release.files", release=lab.releases[-1])
            for entry in reader.verb("ledger.list", limit=40)["entries"]:
                reader.verb("ledger.entry", index=entry["index"])
            for kind in ("engagement", "grant", "release", "product"):
                for row in reader.verb("record.list", kind=kind)["items"]:
                    reader.verb("record.show", id=row["id"])
        return subprocess.run([sys.executable, SEARCH, folder, lab.source(2)], capture_output=True, text=True)
    finally:
        lab.remove()


def nothing_that_was_sent_holds_the_source():
    done = walk(os.environ["VITRINE"])
    assert done.returncode == 0, done.stdout


def a_mutant_that_leaks_is_caught():
    done = walk(os.environ["VITRINE_LEAKY"])
    assert "ok 1 - " in done.stdout and "not ok 1" not in done.stdout, done.stdout
    assert "not ok 2 - " in done.stdout, "the leak was not seen:\n" + done.stdout


run([nothing_that_was_sent_holds_the_source, a_mutant_that_leaks_is_caught])
