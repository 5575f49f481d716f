#!/usr/bin/env python3
"""The maker's administrator: root on the vault, the records at hand, the ledger's key and every password. He makes up a reviewer,
approves alone, closes a reviewer's matter: his lab serves it all, and a stranger with the verifier and a policy refutes each.
"""
import hashlib
import json
import os
import subprocess
from datetime import datetime, timezone
import tap
from fixture import Fixture, moment
from labkit import new_password
from signing import Key, agree, decision, signed, statement

VERIFY = os.environ["VITRINE_VERIFY"]
RECORDS_SQL = os.environ["VITRINE_RECORDS_SQL"]
AS_OWNER = os.path.join(tap.TOP, "tests", "as_owner.py")
lab = Fixture(releases=1)
MAKER_ROOT, OPERATOR_ROOT, ADMIN_ROOT = Key("maker root"), Key("operator root"), Key("administrator's own root")
ADA, BEN, ROLF, EVA = Key("ada"), Key("ben"), Key("rolf"), Key("eva")
MADE = {}
SIGNED = "#! signed engagement.approve engagement.close grant.approve\n"
ROOTS = f"#! root {MAKER_ROOT.public.hex()} Example Networks\n#! root {OPERATOR_ROOT.public.hex()} Northline Telecom\n"


def path(name):
    return os.path.join(lab.folder, name)


def verify(thing, rules=SIGNED + ROOTS):
    """The exit status and the words of the program that believes nobody; the bundle is what his lab hands out."""
    lab.lab.run("prove", thing, "-o", path("bundle"), person="ada")
    with open(path("policy"), "w", encoding="utf-8") as file:
        file.write(f"log {lab.lab.run('ledger', 'vkey').stdout.strip()}\nquorum none\n{rules}")
    done = subprocess.run([VERIFY, "verify", "--policy", path("policy"), path("bundle")], capture_output=True, text=True, env={})
    os.remove(path("bundle"))
    return done.returncode, done.stdout + done.stderr


def sql(*statements):
    """The records changed with the vault stopped. What was read comes back, a line a row."""
    lab.lab.stop()
    done = subprocess.run(["python3", AS_OWNER, lab.lab.folder, RECORDS_SQL, os.path.join(lab.lab.folder, "records.db")],
                          input="".join(line + "\n" for line in statements), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lab.lab.start()
    lab.ada, lab.ben = (lab.lab.signed_in(name, lab.passwords[name]) for name in ("ada", "ben"))
    lab.people.first, lab.people.second = lab.ada, lab.ben
    lab.lab.run("sign-in", "ada", "--password-file", "-", stdin=lab.passwords["ada"] + "\n")
    return done.stdout.splitlines()


def person_id(name):
    return next(row["id"] for row in lab.ada.verb("record.list", kind="person")["items"] if row["fields"]["name"] == name)


def draft_grant(engagement):
    return lab.ada.verb("grant.create", engagement=engagement, party=lab.operator, people=[lab.rita_id], product=lab.product,
                        releases=lab.releases, activities=["view"], forms=["glass"], until=moment(20), lines_per_hour=6000)["id"]


def new_engagement():
    """Signed by ada and ben, opened by ada."""
    made = lab.ada.verb("engagement.create", title="Packet review", party=lab.operator, product=lab.product, purpose="Review",
                        until=moment(30))["id"]
    signed(lab.ada, ADA, "engagement.propose", made)
    signed(lab.ben, BEN, "engagement.approve", made)
    signed(lab.ada, ADA, "engagement.open", made)
    return made


def two_keys_make_a_grant_that_holds():
    MADE["maker"] = lab.ada.verb("session.show")["person"]["organisation"]
    agree(lab.ada, lab.ben, MADE["maker"], MAKER_ROOT)
    MADE["agreement"] = agree(lab.ada, lab.ben, lab.operator, OPERATOR_ROOT)
    for client, key, name in ((lab.ada, ADA, "ada"), (lab.ben, BEN, "ben")):
        client.verb("person.key_add", **statement(MAKER_ROOT, key, person_id(name)), label=name)
    engagement = MADE["engagement"] = new_engagement()
    grant = MADE["grant"] = draft_grant(engagement)
    signed(lab.ada, ADA, "grant.propose", grant)
    signed(lab.ben, BEN, "grant.approve", grant)
    status, words = verify(grant)
    assert status == 0, words
    assert person_id("ben") in words, words


def a_reviewer_of_another_organisation_signs_for_it():
    lab.ada.verb("person.create", name="rolf", display="Rolf Holm", organisation=lab.operator, roles=["officer"], line="third")
    rolf = person_id("rolf")
    signed(lab.ada, ADA, "person.propose", rolf)
    signed(lab.ben, BEN, "person.approve", rolf)
    once = lab.ada.verb("person.credential", id=rolf)["password"]
    lab.passwords["rolf"] = new_password()
    client = lab.lab.signed_in("rolf", once)
    client.verb("session.password", old=once, new=lab.passwords["rolf"])
    client.verb("person.key_add", **statement(OPERATOR_ROOT, ROLF, rolf), label="rolf")
    closed = MADE["closed"] = new_engagement()
    text = MADE["rolf's text"] = client.verb("decision.text", act="engagement.close", id=closed)["text"]
    client.verb("engagement.close", id=closed, **decision(text, ROLF))
    status, words = verify(closed)
    assert status == 0 and rolf in words, words


def made_up(name):
    """An officer of the operator's who is nobody: account and password by the administrator, key under a root of his."""
    lab.ada.verb("person.create", name=name, display="Eva Nilsson", organisation=lab.operator, roles=["officer"], line="third")
    person = person_id(name)
    signed(lab.ada, ADA, "person.propose", person)
    signed(lab.ben, BEN, "person.approve", person)
    once = lab.ada.verb("person.credential", id=person)["password"]
    lab.passwords[name] = new_password()
    client = lab.lab.signed_in(name, once)
    client.verb("session.password", old=once, new=lab.passwords[name])
    return client, person


def a_made_up_reviewer_whose_root_he_put_into_the_records():
    old, new = (json.dumps(key) for key in (b64_of(OPERATOR_ROOT), b64_of(ADMIN_ROOT)))
    sql(f"UPDATE records SET body = replace(body, '{old}', '{new}') WHERE id = '{MADE['agreement']}'")
    client, person = made_up("eva")
    client.verb("person.key_add", **statement(ADMIN_ROOT, EVA, person), label="eva")
    grant = draft_grant(MADE["engagement"])
    signed(lab.ada, ADA, "grant.propose", grant)
    signed(client, EVA, "grant.approve", grant)
    status, words = verify(grant)
    assert status == 1 and "root key" in words, words
    # Not even a reader who knows no root key believes it: no agreement entered this one.
    status, words = verify(grant, SIGNED)
    assert status == 1, words


def a_made_up_reviewer_whose_root_he_entered_himself():
    signed(lab.ada, ADA, "agreement.end", MADE["agreement"], note="renewed")
    made = lab.ada.verb("agreement.create", organisation=lab.operator, document="cd" * 32, root_key=b64_of(ADMIN_ROOT),
                        until=moment(100))["id"]
    signed(lab.ada, ADA, "agreement.propose", made)
    signed(lab.ben, BEN, "agreement.approve", made)
    client, person = made_up("eve")
    key = Key("eve")
    client.verb("person.key_add", **statement(ADMIN_ROOT, key, person), label="eve")
    grant = draft_grant(MADE["engagement"])
    signed(lab.ada, ADA, "grant.propose", grant)
    signed(client, key, "grant.approve", grant)
    status, words = verify(grant)
    assert status == 1 and "root key" in words, words


def b64_of(key):
    return key.text.split(":")[1]


def alone_and_unsigned():
    """The second officer's key is taken out of the records: to this lab he has none, and passes without."""
    sql(f"DELETE FROM person_keys WHERE person = '{person_id('ben')}'")
    grant = draft_grant(MADE["engagement"])
    signed(lab.ada, ADA, "grant.propose", grant)
    lab.ben.verb("grant.approve", id=grant)
    status, words = verify(grant)
    assert status == 1 and "grant.approve" in words, words


def alone_with_his_own_key():
    """His key becomes the second officer's, too; and the record forgets who proposed."""
    grant = draft_grant(MADE["engagement"])
    signed(lab.ada, ADA, "grant.propose", grant)
    ben = person_id("ben")
    sql(f"UPDATE person_keys SET person = '{ben}' WHERE person = '{person_id('ada')}'",
        f"UPDATE record_history SET key = NULL, root = NULL WHERE id = '{grant}'")
    signed(lab.ben, ADA, "grant.approve", grant)
    status, words = verify(grant)
    assert status == 1 and "not certified for this person" in words, words
    sql(f"UPDATE person_keys SET person = '{person_id('ada')}' WHERE person = '{ben}'")


def forge(kind, record, text, key):
    """An entry of his own, with a decision that was made for another one, beneath a head that the ledger's key signs."""
    detail = json.dumps({"decision": text, "signature": json.loads(decision(text, key)["signature"])}, separators=(",", ":"), sort_keys=True)
    nonce = hashlib.sha256(record.encode()).digest()
    # Starting and stopping enter more: the number is taken when nothing runs, and used before anything does.
    lab.lab.stop()
    read = subprocess.run(["python3", AS_OWNER, lab.lab.folder, RECORDS_SQL, os.path.join(lab.lab.folder, "records.db")],
                          input="SELECT CAST(max(idx) + 1 AS TEXT) FROM entries\nSELECT CAST(max(time_us) AS TEXT) FROM entries\n",
                          capture_output=True, text=True, check=True).stdout.split()
    index, time_us = int(read[0]), int(read[1])
    when = moment_of(time_us)
    entry = json.dumps({"commit": hashlib.sha256(nonce + detail.encode()).hexdigest(), "kind": kind,
                        "public": {"decision": hashlib.sha256(text.encode()).hexdigest(), "key": hashlib.sha256(key.public).hexdigest(),
                                   "record": record, "state": "closed"}, "time": when, "v": 1},
                       separators=(",", ":"), sort_keys=True).encode()
    leaf = hashlib.sha256(b"\0" + entry).digest()
    sql("INSERT INTO entries (idx, leaf, bytes, nonce, detail, redacted, kind, time_us, session, record) VALUES "
        f"({index}, x'{leaf.hex()}', x'{entry.hex()}', x'{nonce.hex()}', x'{detail.encode().hex()}', 0, '{kind}', {time_us}, NULL, '{record}')",
        "INSERT INTO record_history (id, seq, act, from_state, to_state, person, organisation, line, at_us, note, entry) "
        f"SELECT id, max(seq) + 1, 'close', 'open', 'closed', person, organisation, line, {time_us}, '', {index} FROM record_history "
        f"WHERE id = '{record}'",
        f"UPDATE records SET state = 'closed', version = version + 1 WHERE id = '{record}'")


def moment_of(time_us):
    return datetime.fromtimestamp(time_us // 1000000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") + f".{time_us % 1000000:06d}Z"


def a_reviewers_matter_closed_without_him():
    """As the reviewer whose password he made and whose key he took out; and then by an entry of his own pen."""
    rolf = person_id("rolf")
    sql(f"DELETE FROM person_keys WHERE person = '{rolf}'")
    lab.lab.signed_in("rolf", lab.passwords["rolf"]).verb("engagement.close", id=MADE["engagement"])
    status, words = verify(MADE["engagement"])
    assert status == 1 and "engagement.close" in words, words


def a_reviewers_decision_entered_for_another_matter():
    other = new_engagement_without_ben()
    forge("engagement.close", other, MADE["rolf's text"], ROLF)
    assert lab.lab.run("ledger", "verify").returncode == 0, "his ledger is in order: it says what he wrote"
    status, words = verify(other, "#! signed engagement.close\n" + ROOTS)
    assert status == 1 and "engagement.close" in words, words


def new_engagement_without_ben():
    made = lab.ada.verb("engagement.create", title="Second review", party=lab.operator, product=lab.product, purpose="Review",
                        until=moment(30))["id"]
    signed(lab.ada, ADA, "engagement.propose", made)
    lab.ben.verb("engagement.approve", id=made)
    signed(lab.ada, ADA, "engagement.open", made)
    return made


def what_held_before_still_holds():
    status, words = verify(MADE["grant"])
    assert status == 0, words
    status, words = verify(MADE["closed"])
    assert status == 0, words


tap.run([two_keys_make_a_grant_that_holds, a_reviewer_of_another_organisation_signs_for_it,
         a_made_up_reviewer_whose_root_he_put_into_the_records, a_made_up_reviewer_whose_root_he_entered_himself, alone_and_unsigned,
         alone_with_his_own_key, a_reviewers_matter_closed_without_him, a_reviewers_decision_entered_for_another_matter,
         what_held_before_still_holds], lab.remove)
