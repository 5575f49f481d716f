#!/usr/bin/env python3
"""The trail: what a reviewer looked at is not readable from anything stored, but with the officer role's key."""
import os
import re

from tap import run
from fixture import Fixture

lab = Fixture(releases=1)
engagement = lab.engagement()
lab.grant(engagement)
rita = lab.person("rita")
session = rita.verb("session.show")["session"]
where = {"engagement": engagement, "release": lab.releases[0]}
rita.view(**where, path="src/packet.c", line=60)
rita.view(**where, path="docs/notes.md")
rita.sign_out()


def stored_bytes():
    for folder, _, names in os.walk(lab.lab.folder):
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.isfile(path) or "/store/" in path or "/source" in path:
                continue
            with open(path, "rb") as file:
                yield path, file.read()
    with open(lab.lab.folder + ".log", "rb") as file:
        yield "the log", file.read()


def nothing_stored_tells_what_was_looked_at():
    # The path stands in the release's own file list; what must not exist is a view that names it.
    for path, data in stored_bytes():
        for found in re.finditer(rb'"(?:path|line)":', data):
            around = data[max(0, found.start() - 200):found.end() + 200]
            assert b"packet.c" not in around and b"notes.md" not in around, (path, around)


def the_officer_role_opens_one_session():
    lab.lab.run("sign-in", "ada", "--password-file", "-", stdin=lab.passwords["ada"] + "\n")
    done = lab.lab.run("trail", "open", session, "--key", lab.lab.folder + "-officer-role.key", person="ada")
    assert "src/packet.c" in done.stdout and "docs/notes.md" in done.stdout, done.stdout


def another_key_opens_nothing():
    wrong = os.path.join(lab.folder, "wrong.key")
    with open(wrong, "wb") as file:
        file.write(os.urandom(32))
    os.chmod(wrong, 0o600)
    done = lab.lab.run("trail", "open", session, "--key", wrong, person="ada", check=False)
    assert done.returncode != 0 and "packet.c" not in done.stdout, done.stdout


def opening_is_recorded():
    entries = lab.ada.verb("ledger.list", kind="trail.export")["entries"]
    assert len(entries) == 2, entries


run([nothing_stored_tells_what_was_looked_at, the_officer_role_opens_one_session, another_key_opens_nothing,
     opening_is_recorded], lab.remove)
