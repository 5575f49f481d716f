#!/usr/bin/env python3
"""An opening: two of three parties open one session's sealed trail, each with its own tool; fewer, or the maker, open nothing."""
import base64
import os
import re

from tap import run
from parties import Parties, peel
from make_trail_vectors import open_item

lab = Parties(releases=1)
engagement = lab.engagement()
lab.grant(engagement)
where = {"engagement": engagement, "release": lab.releases[0]}
sessions = {}
pages = {}
for name in ("first", "second"):
    rita = lab.person("rita")
    sessions[name] = rita.verb("session.show")["session"]
    sealed_for = rita.verb("session.show")["trail"]
    pages[name] = rita.view(**where, path="src/packet.c", line=60)[1]
    rita.view(**where, path="docs/notes.md" if name == "first" else "src/packet.h")
    rita.sign_out()
lab.signed_in_at_the_console("ada", "aron", "tess", "bo", "rita")
state = {}
one, two = lab.in_order("authority", "house")


def vitrine(*arguments, person="ada", check=True):
    done = lab.lab.run(*arguments, person=person, check=check)
    return done if check else (done.returncode, done.stdout, done.stderr)


def path(name):
    return os.path.join(lab.folder, name)


def an_opening(session, *agreeing):
    made = vitrine("opening", "ask", "--session", session, "--question", "Who was shown these lines?", "--reason",
                   "They were posted.").stdout
    opening = re.search(r"opn_\w+", made).group()
    for name in agreeing:
        vitrine("opening", "agree", "--id", opening, person=lab.members[name])
    return opening


def the_session_says_who_can_open_its_trail():
    assert not sealed_for["officers"] and sealed_for["quorum"] == 2, sealed_for
    assert {party["name"] for party in sealed_for["parties"]} == {"Authority", "Test House", "Oversight"}, sealed_for
    assert sealed_for["own"]["name"] == "Northline Telecom", sealed_for


def the_makers_officers_open_nothing():
    code, said, error = vitrine("trail", "open", sessions["first"], "--key", lab.lab.folder + "-officer-role.key", check=False)
    assert code != 0 and "packet.c" not in said and "opening" in error, (code, said, error)


def one_party_is_not_enough():
    state["opening"] = opening = an_opening(sessions["first"], "authority")
    code, _, error = vitrine("opening", "open", "--id", opening, check=False)
    assert code != 0 and "not enough" in error, error
    code, _, error = vitrine("trail", "export", opening, "-o", path("early"), check=False)
    assert code != 0 and not os.path.exists(path("early")), error
    progress = lab.person("tess").verb("opening.list", id=opening)["openings"][0]
    assert not progress["enough"], progress
    agreed = {party["name"]: party["agreed"] is not None for party in progress["parties"]}
    assert agreed == {"Authority": True, "Test House": False, "Oversight": False}, agreed


def a_party_agrees_once_and_an_officer_not_at_all():
    code, _, error = vitrine("opening", "agree", "--id", state["opening"], person="aron", check=False)
    assert code != 0 and "already" in error, error
    code, _, error = vitrine("opening", "agree", "--id", state["opening"], person="ada", check=False)
    assert code != 0 and "not sealed for your organisation" in error, error


def two_parties_unwrap_one_after_the_other():
    vitrine("opening", "agree", "--id", state["opening"], person="tess")
    vitrine("opening", "open", "--id", state["opening"])
    vitrine("trail", "export", state["opening"], "-o", path("t0"))
    # The second party cannot begin, the first alone cannot read.
    for act in (("open", path("t0"), "--key", lab.key(one)), ("open", path("t0"), "--key", lab.key(two)),
                ("unwrap", path("t0"), "--key", lab.key(two), "-o", path("wrong")),
                ("unwrap", path("t0"), "--key", lab.key("board"), "-o", path("wrong")),
                ("open", path("t0"), "--key", lab.lab.folder + "-officer-role.key")):
        code, said, _ = vitrine("trail", *act, check=False)
        assert code != 0 and "packet.c" not in said and not os.path.exists(path("wrong")), act
    vitrine("trail", "unwrap", path("t0"), "--key", lab.key(one), "-o", path("t1"))
    code, said, _ = vitrine("trail", "open", path("t1"), "--key", lab.key(one), check=False)
    assert code != 0 and "packet.c" not in said, said
    said = vitrine("trail", "open", path("t1"), "--key", lab.key(two)).stdout
    assert "src/packet.c" in said and "docs/notes.md" in said and "packet.h" not in said, said


def the_last_layer_lies_bare_in_no_file():
    code, _, error = vitrine("trail", "unwrap", path("t1"), "--key", lab.key(two), "-o", path("t2"), check=False)
    assert code != 0 and "last layer" in error and not os.path.exists(path("t2")), error
    public = base64.b64decode(vitrine("trail", "keygen", path("ada.key")).stdout)
    with open(path("ada.pub"), "wb") as file:
        file.write(public)
    vitrine("trail", "unwrap", path("t1"), "--key", lab.key(two), "--for", path("ada.pub"), "-o", path("t2"))
    said = vitrine("trail", "open", path("t2"), "--key", path("ada.key")).stdout
    assert "src/packet.c" in said, said


def parse(name):
    with open(path(name), encoding="ascii") as file:
        lines = file.read().split("\n")
    return lines


def layers(lines, session, secrets):
    """{seq: key}: what a set of secrets gets out of a file."""
    keys = {}
    for line in lines:
        if line.startswith("key "):
            _, seq, _, _, text = line.split(" ")
            key = peel(session, int(seq), base64.b64decode(text), secrets)
            if key:
                keys[int(seq)] = key
    return keys


def an_independent_reader_sees_the_same():
    secrets = {}
    for name in ("authority", "house", "board", "operator"):
        with open(lab.key(name), "rb") as file:
            secrets[name] = file.read()
    lines = parse("t0")
    for alone in secrets:
        others = [secret for name, secret in secrets.items() if name not in (alone, "house" if alone != "house" else "authority")]
        assert layers(lines, sessions["first"], [secrets[alone]]) == {}, alone
        assert layers(lines, sessions["first"], others[:1]) == {}, alone
    keys = layers(lines, sessions["first"], [secrets["authority"], secrets["house"]])
    assert sorted(keys) == [0], keys
    seen = 0
    for line in lines:
        if line.startswith("item "):
            sealed = base64.b64decode(line.split(" ")[4])
            assert sealed[:4] == b"vts1"
            plain = open_item(keys[int.from_bytes(sealed[4:8], "big")], sessions["first"], sealed[8:])
            assert plain is not None
            seen += b"src/packet.c" in plain
    assert seen > 0


def a_key_of_one_session_opens_no_other():
    other = an_opening(sessions["second"], "authority", "house")
    vitrine("opening", "open", "--id", other)
    vitrine("trail", "export", other, "-o", path("o0"))
    # The maker gives the second session out as the first, for which the parties agreed.
    with open(path("forged"), "w", encoding="ascii") as file:
        file.write("\n".join(parse("o0")).replace(sessions["second"], sessions["first"]))
    code, _, error = vitrine("trail", "unwrap", path("forged"), "--key", lab.key(one), "-o", path("f1"), check=False)
    assert code != 0 and "not of the session" in error and not os.path.exists(path("f1")), error
    # Wrapped keys of one beside the items of the other open none of them.
    keys = [line for line in parse("t1") if line.startswith("key ")]
    with open(path("mixed"), "w", encoding="ascii") as file:
        file.write("\n".join(parse("t1")[:4] + keys + [line for line in parse("o0") if line.startswith("item ")] + ["end", ""]))
    code, said, _ = vitrine("trail", "open", path("mixed"), "--key", lab.key(two), check=False)
    assert code != 0 and "packet" not in said, said


def reader_of_the_first():
    """The trail and the key that aron of the Authority, an auditor, reads with: his party's layer is the last, or it was handed over."""
    return (path("t1"), lab.key("authority")) if two == "authority" else (path("t2"), path("ada.key"))


def a_leaked_picture_is_answered_through_the_opening():
    with open(path("leaked.png"), "wb") as file:
        file.write(pages["first"])
    words = ("leak", path("leaked.png"), "--release", lab.releases[0], "--words", "head[80] 80 fold")
    said = vitrine(*words, "--key", lab.lab.folder + "-officer-role.key").stdout
    assert "whether it was shown this page is not known" in said and "shows this page" not in said, said
    trail, key = reader_of_the_first()
    said = vitrine(*words, "--key", key, "--trail", trail, person="aron").stdout
    assert "shows this page" in said and f"narrows to session {sessions['first']} at point centre" in said, said
    # Without words the pages to try are those that the opened trail tells.
    said = vitrine("leak", path("leaked.png"), "--key", key, "--trail", trail, person="aron").stdout
    assert f"narrows to session {sessions['first']} at point centre" in said, said


def a_leaked_text_is_answered_through_the_opening():
    with open(os.path.join(lab.source(1), "src", "packet.c"), encoding="utf-8") as file:
        lines = file.read().split("\n")
    with open(path("leaked.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines[70:80]) + "\n")
    said = vitrine("leak", "--text", path("leaked.txt"), "--key", lab.lab.folder + "-officer-role.key").stdout
    assert "is not opened" in said and "Nothing is said of 2 sessions" in said and "narrows" not in said, said
    trail, key = reader_of_the_first()
    said = vitrine("leak", "--text", path("leaked.txt"), "--key", key, "--trail", trail, person="aron").stdout
    assert f"narrows to session {sessions['first']} at point centre" in said, said


def the_answer_ends_it():
    digest = "ab" * 32
    vitrine("opening", "answer", "--id", state["opening"], "--answer", digest)
    code, _, error = vitrine("trail", "export", state["opening"], "-o", path("late"), check=False)
    assert code != 0 and "not open" in error, error
    lab.ada.close()
    assert lab.ada.verb("opening.list", id=state["opening"])["openings"][0]["answer"] == digest
    acts = [entry["kind"] for entry in lab.ada.verb("ledger.list", record=state["opening"])["entries"]]
    assert acts == ["opening.answer", "opening.open", "opening.agree", "opening.agree", "opening.ask"], acts


def the_own_organisation_opens_its_own():
    opening = an_opening(sessions["second"], "operator")
    vitrine("opening", "open", "--id", opening)
    vitrine("trail", "export", opening, "-o", path("own"), person="rita")
    said = vitrine("trail", "open", path("own"), "--key", lab.key("operator"), person="rita").stdout
    assert "src/packet.h" in said, said


run([the_session_says_who_can_open_its_trail, the_makers_officers_open_nothing, one_party_is_not_enough,
     a_party_agrees_once_and_an_officer_not_at_all, two_parties_unwrap_one_after_the_other,
     the_last_layer_lies_bare_in_no_file, an_independent_reader_sees_the_same, a_key_of_one_session_opens_no_other,
     a_leaked_picture_is_answered_through_the_opening, a_leaked_text_is_answered_through_the_opening, the_answer_ends_it,
     the_own_organisation_opens_its_own], lab.remove)
