#!/usr/bin/env python3
"""The refusal register: what was asked and not granted stays there, with who decided and why; its count holds against the log."""
import csv
import io
import os
import sys

from tap import TOP, run
from fixture import Fixture, expect_refusal

sys.path.insert(0, os.path.join(TOP, "tests", "oracle"))
import records  # noqa: E402

lab = Fixture(releases=1)
rita, rui = lab.person("rita"), lab.person("rui")
made = {}


def ask(person, party, title):
    return person.verb("request.create", party=party, title=title, why="The grant leaves the tests out.", paths=["tests"],
                       activities=["view"])["id"]


def refusals(person):
    return person.verb("refusal.list")


def a_party_asks_in_its_own_name():
    made["refused"] = ask(rita, lab.operator, "The tests, too")
    made["=granted"] = ask(rita, lab.operator, "=The header\"s history")
    expect_refusal(403, lambda: ask(rui, lab.operator, "In another's name"))
    expect_refusal(403, lambda: ask(lab.ada, lab.operator, "By an officer"))


def a_refusal_needs_an_officer_and_a_reason():
    expect_refusal(403, lambda: rita.verb("request.refuse", id=made["refused"], note="no"))
    expect_refusal(400, lambda: lab.ada.verb("request.refuse", id=made["refused"]))
    lab.ada.verb("request.refuse", id=made["refused"], note="The tests hold a supplier's secrets.")
    lab.ben.verb("request.refuse", id=made["=granted"], note="There is no history yet.")


def it_cannot_be_taken_back():
    for act in ("grant", "refuse"):
        expect_refusal(409, lambda act=act: lab.ben.verb(f"request.{act}", id=made["refused"], note="second thoughts"))
    expect_refusal(409, lambda: rita.verb("request.withdraw", id=made["refused"]))


def the_register_says_what_who_and_why():
    for person in (lab.ada, lab.person("aron"), rita):
        register = refusals(person)
        assert register["count"] == register["visible"] == 2, register
        newest, oldest = register["refusals"]
        assert oldest["title"] == "The tests, too" and oldest["reason"] == "The tests hold a supplier's secrets.", oldest
        assert oldest["decided_by_title"] == "Ada Keller" and oldest["party_title"] == "Northline Telecom", oldest
        assert newest["decided_by_title"] == "Ben Okafor" and newest["entry"] > oldest["entry"], newest
        entry = person.verb("ledger.entry", index=oldest["entry"])["entry"]
        assert '"kind":"request.refuse"' in entry and made["refused"] in entry, entry


def another_party_sees_the_count_and_no_more():
    register = refusals(rui)
    assert register["count"] == 2 and register["visible"] == 0 and register["refusals"] == [], register


def pages_and_export_say_the_same():
    page = lab.ada.page("/refusals")[1]
    assert "2 refusals in all" in page and "supplier&#39;s secrets" in page and "changed behind" not in page, page
    headers, text = lab.ada.page("/refusals.csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert headers["content-type"].startswith("text/csv"), headers
    assert [row["decided by"] for row in rows] == ["Ben Okafor", "Ada Keller"], rows
    # A spreadsheet must not run what a stranger typed.
    assert rows[0]["what"] == "'=The header\"s history", rows[0]


def counted(*arguments):
    done = lab.lab.run("ledger", "count", "request.refuse", *arguments)
    return done.stdout.splitlines()[0]


def the_count_is_proved_from_the_published_log():
    published = os.path.join(lab.folder, "published")
    lab.lab.run("ledger", "export", published)
    assert counted("--published", published) == counted() == "2 entries of kind request.refuse"


def removed_rows_do_not_lower_it():
    lab.lab.stop()
    with records.spoil(lab.lab.folder) as db:
        db.execute("DELETE FROM record_history WHERE id = ? AND act = 'refuse'", (made["refused"],))
        db.execute("UPDATE records SET state = 'granted' WHERE id = ?", (made["refused"],))
    lab.lab.start()
    ada = lab.lab.signed_in("ada", lab.passwords["ada"])
    register = refusals(ada)
    assert register["count"] == 2 and register["visible"] == 1, register
    assert "changed behind" in ada.page("/refusals")[1]
    assert counted() == "2 entries of kind request.refuse"


run([a_party_asks_in_its_own_name, a_refusal_needs_an_officer_and_a_reason, it_cannot_be_taken_back,
     the_register_says_what_who_and_why, another_party_sees_the_count_and_no_more, pages_and_export_say_the_same,
     the_count_is_proved_from_the_published_log, removed_rows_do_not_lower_it], lab.remove)
