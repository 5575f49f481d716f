#!/usr/bin/env python3
"""The main job: a reviewer reads source through the glass, within a grant, recorded; anyone verifies the record."""
import os
import subprocess
import sys

from tap import TOP, run
from fixture import Fixture, expect_refusal, moment
from labkit import Refused

lab = Fixture()
engagement = lab.engagement()
grant = lab.grant(engagement)
rita = lab.person("rita")
where = {"engagement": engagement, "release": lab.releases[-1]}


def the_reviewer_sees_her_engagement_and_nobody_elses():
    assert [row["id"] for row in rita.verb("engagement.mine")["engagements"]] == [engagement]
    rui = lab.person("rui")
    assert rui.verb("engagement.mine")["engagements"] == []
    expect_refusal(404, lambda: rui.verb("record.show", id=engagement))
    assert rui.verb("record.list", kind="engagement")["items"] == []


def the_newest_release_stands_first():
    both = lab.engagement(title="Both releases")
    lab.grant(both, releases=lab.releases[:1])
    lab.grant(both, releases=lab.releases)
    mine = {row["id"]: row for row in rita.verb("engagement.mine")["engagements"]}
    assert [row["id"] for row in mine[both]["releases"]] == lab.releases[::-1], mine[both]
    lab.ada.verb("engagement.close", id=both)


def the_tree_holds_what_the_grant_covers():
    names = {row["path"] for row in rita.verb("source.tree", **where)["entries"]}
    assert names == {"src", "docs", "Makefile"}, names
    below = {row["path"] for row in rita.verb("source.tree", **where, folder="src")["entries"]}
    assert below == {"src/packet.c", "src/packet.h"}, below


def a_page_is_pixels():
    page, png = rita.view(**where, path="src/packet.c")
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert page["lines"] == 209 and page["lines_here"] == 60 and page["width"] == 640, page
    page, png = rita.view(**where, path="src/packet.c", line=180, theme="dark", zoom="2")
    assert page["lines_here"] == 29 and page["width"] == 1280, page


def outside_the_grant_is_refused_and_a_missing_path_looks_the_same():
    outside = expect_refusal(403, lambda: rita.view(**where, path="tests/test_packet.c"))
    missing = expect_refusal(403, lambda: rita.view(**where, path="tests/no_such_file.c"))
    assert outside == missing, (outside, missing)
    expect_refusal(403, lambda: rita.view(**{**where, "release": lab.releases[0]}, path="src/packet.c"))
    expect_refusal(403, lambda: lab.person("rui").view(**where, path="src/packet.c"))
    expect_refusal(403, lambda: lab.ada.view(**where, path="src/packet.c"))


def a_line_that_is_not_tile_aligned_is_refused():
    expect_refusal(400, lambda: rita.view(**where, path="src/packet.c", line=7))


def each_view_and_each_refusal_is_an_entry():
    auditor = lab.person("aron")
    before = auditor.verb("ledger.list", kind="source.view")["entries"]
    rita.view(**where, path="src/packet.h")
    after = auditor.verb("ledger.list", kind="source.view")["entries"]
    assert len(after) == len(before) + 1
    assert set(after[0]["public"]) <= {"engagement", "actor"}, after[0]
    refusals = len(auditor.verb("ledger.list", kind="refused")["entries"])
    expect_refusal(403, lambda: rita.view(**where, path="tests/test_packet.c"))
    assert len(auditor.verb("ledger.list", kind="refused")["entries"]) == refusals + 1


def the_maker_of_a_grant_cannot_approve_it():
    fields = {"engagement": engagement, "party": lab.operator, "product": lab.product, "releases": lab.releases,
              "activities": ["view"], "forms": ["glass"], "from": moment(), "until": moment(5), "lines_per_hour": 1}
    own = lab.ada.verb("grant.create", **fields)["id"]
    lab.ada.verb("grant.propose", id=own)
    expect_refusal(403, lambda: lab.ada.verb("grant.approve", id=own))
    expect_refusal(403, lambda: rita.verb("grant.approve", id=own))


def the_budget_bites():
    other = lab.engagement(title="Small budget")
    lab.grant(other, lines_per_hour=100)
    page, _ = rita.view(engagement=other, release=lab.releases[-1], path="src/packet.c")
    assert page["budget"]["lines_left"] == 40, page["budget"]
    expect_refusal(429, lambda: rita.view(engagement=other, release=lab.releases[-1], path="src/packet.c", line=60))


def revocation_bites_in_a_session_that_is_open():
    other = lab.engagement(title="Revoked")
    revoked = lab.grant(other)
    rita.view(engagement=other, release=lab.releases[-1], path="Makefile")
    lab.ada.verb("grant.revoke", id=revoked, note="The agreement was ended")
    expect_refusal(403, lambda: rita.view(engagement=other, release=lab.releases[-1], path="Makefile"))


def expiry_bites_in_a_session_that_is_open():
    lab.lab.shift_clock(19 * 86400)
    late = lab.person("rita")
    late.view(**where, path="Makefile")
    lab.lab.shift_clock(21 * 86400)
    later = lab.person("rita")
    expect_refusal(403, lambda: later.view(**where, path="Makefile"))
    lab.lab.shift_clock(0)


def an_idle_session_ends():
    idle = lab.person("rita")
    lab.lab.shift_clock(86400)
    expect_refusal(401, lambda: idle.view(**where, path="Makefile"))
    lab.lab.shift_clock(0)


def anyone_verifies_the_record():
    done = lab.lab.run("ledger", "verify")
    assert "holds" in done.stdout, done.stdout
    exported = os.path.join(lab.folder, "published")
    lab.lab.run("ledger", "export", exported)
    oracle = subprocess.run([sys.executable, os.path.join(TOP, "tests/oracle/ledger_check.py"), exported],
                            capture_output=True, text=True)
    assert oracle.returncode == 0, oracle.stdout + oracle.stderr
    proof = lab.lab.run("ledger", "proof", "3").stdout
    assert proof.startswith("c2sp.org/tlog-proof@v1\nindex 3\n"), proof


def a_flipped_bit_of_the_record_is_found():
    lab.lab.stop()
    tile = os.path.join(lab.lab.folder, "ledger/tile/entries")
    name = max((os.path.join(where_, name) for where_, _, names in os.walk(tile) for name in names), key=os.path.getsize)
    with open(name, "r+b") as file:
        file.seek(40)
        byte = file.read(1)[0]
        file.seek(40)
        file.write(bytes([byte ^ 1]))
    done = lab.lab.run("ledger", "verify", check=False)
    assert done.returncode != 0 and done.stderr, done.stdout
    lab.lab.start()  # published files are derived: they are made again from the records
    assert lab.lab.run("ledger", "verify").returncode == 0


run([value for name, value in list(globals().items())
     if callable(value) and getattr(value, "__module__", "") == "__main__" and not isinstance(value, type)], lab.remove)
