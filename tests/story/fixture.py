"""fixture: a small real lab for stories: two officers, a reviewer, an auditor, a stranger's organisation, a product of our own.

The product's files are written here; each holds a canary, a word that nothing but the source holds.
"""
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone

from labkit import Lab, People, TOP, new_password

BINARY = os.environ.get("VITRINE", os.path.join(TOP, "build", "release", "src", "proc", "vitrine"))


def moment(days=0):
    when = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def write_product(folder, version):
    """A tree of a few files; returns its canaries."""
    canaries = []

    def put(path, text):
        canary = "canary_" + secrets.token_hex(12)
        canaries.append(canary)
        full = os.path.join(folder, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text.replace("CANARY", canary))

    lines = "".join(f"\tsum += head[{n}] << {n % 8}; /* step {n} of the fold */\n" for n in range(200))
    put("src/packet.c", f'#include "packet.h"\n\n/* CANARY */\nint packet_sum(const unsigned char *head)\n{{\n'
        f"\tint sum = {version};\n\n{lines}\treturn sum;\n}}\n")
    put("src/packet.h", "#ifndef PACKET_H\n#define PACKET_H\n/* CANARY */\nint packet_sum(const unsigned char *head);\n#endif\n")
    put("tests/test_packet.c", '/* CANARY */\n#include "packet.h"\nint main(void) { return packet_sum((const unsigned char *)"x"); }\n')
    put("docs/notes.md", "# Notes\n\nCANARY\n\nThe header is folded to sixteen bits.\n")
    put("Makefile", "# CANARY\npacket.o: src/packet.c\n\t$(CC) -c $<\n")
    return canaries


class Fixture:
    def __init__(self, test_clock=True, releases=2, binary=None, door=False):
        self.folder = tempfile.mkdtemp(prefix="vitrine-story-")
        os.chmod(self.folder, 0o755)
        self.lab = Lab(os.path.join(self.folder, "lab"), binary or BINARY)
        self.passwords = {"ada": new_password(), "ben": new_password()}
        self.lab.init([("ada", "Ada Keller", self.passwords["ada"]), ("ben", "Ben Okafor", self.passwords["ben"])],
                      name="Story lab", origin="story.example/lab", test_clock=test_clock)
        if door:
            self.lab.open_door()
        self.lab.start()
        self.ada = self.lab.signed_in("ada", self.passwords["ada"])
        self.ben = self.lab.signed_in("ben", self.passwords["ben"])
        self.people = People(self.lab, self.ada, self.ben)
        self.operator = self.people.organisation("Northline Telecom", "customer", "SE")
        self.rival = self.people.organisation("Southline Telecom", "customer", "PT")
        self.rita_id = self.people.person("rita", "Rita Lindqvist", self.operator, ["reviewer"], "third")
        self.people.person("rui", "Rui Matos", self.rival, ["reviewer"], "third")
        self.people.person("aron", "Aron Weiss", self.people.organisation("Authority", "regulator"), ["auditor"], "third")
        self.passwords.update(self.people.passwords)
        self.product = self.ada.verb("product.create", name="packet", vendor="Example Networks", description="")["id"]
        self.lab.run("sign-in", "ada", "--password-file", "-", stdin=self.passwords["ada"] + "\n")
        self.canaries, self.releases = [], []
        for number in range(1, releases + 1):
            source = os.path.join(self.folder, f"source-{number}")
            self.canaries += write_product(source, number)
            self.lab.run("release", "ingest", self.product, f"1.{number}", source, person="ada")
        rows = self.ada.verb("record.list", kind="release", ref=self.product)["items"]
        self.releases = [row["id"] for row in sorted(rows, key=lambda row: row["fields"]["version"])]

    def source(self, number):
        return os.path.join(self.folder, f"source-{number}")

    def engagement(self, **changes):
        return self.people.engagement(**{"title": "Packet review", "party": self.operator, "product": self.product,
                                         "purpose": "Review", "until": moment(30), **changes})

    def grant(self, engagement, **changes):
        return self.people.grant(**{"engagement": engagement, "party": self.operator, "product": self.product,
                                    "releases": self.releases[-1:], "paths": [], "paths_except": ["tests"],
                                    "activities": ["view"], "forms": ["glass", "names"], "from": moment(),
                                    "until": moment(20), "lines_per_hour": 6000, **changes})

    def person(self, name, record=None):
        return self.lab.signed_in(name, self.passwords[name], record)

    def remove(self):
        self.lab.remove()
        shutil.rmtree(self.folder, ignore_errors=True)


def expect_refusal(status, act):
    """The refusal's text; anything else is a failure."""
    from labkit import Refused
    try:
        act()
    except Refused as refusal:
        assert refusal.status == status, f"refused with {refusal}, expected {status}"
        assert refusal.message, "a refusal says why"
        return refusal.message
    raise AssertionError("not refused")
