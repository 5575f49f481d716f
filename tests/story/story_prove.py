"""A real lab, a real view, a proof of it: checked by the separate program in an empty environment without a network."""
import hashlib
import json
import os
import subprocess
import sys
import tap
from fixture import TOP, Fixture, expect_refusal, moment

sys.path.insert(0, os.path.join(TOP, "tests", "vectors"))
from make_ledger_vectors import b64, canonical, public_key, sign  # noqa: E402

VERIFY = os.environ["VITRINE_VERIFY"]
lab = Fixture(releases=1)
NOTES = {}


def path(name):
    return os.path.join(lab.folder, name)


def policy(more=""):
    key = lab.lab.run("ledger", "vkey").stdout.strip()
    with open(path("policy"), "w", encoding="utf-8") as file:
        file.write(f"log {key}\nquorum none\n{more}")
    return path("policy")


def check(bundle, *more, rules=""):
    """In a network namespace of its own, with nothing in its environment."""
    return subprocess.run(["unshare", "--user", "--map-root-user", "--net", VERIFY, "verify", "--policy", policy(rules), *more, bundle],
                          capture_output=True, env={}, cwd="/", timeout=60, text=True)


def prove(thing, name, *more, person="ada"):
    lab.lab.run("prove", thing, "-o", path(name), *more, person=person)
    return path(name)


def a_view_is_proved_without_saying_what_was_viewed():
    engagement = lab.engagement()
    lab.grant(engagement)
    reader = lab.person("rita")
    reader.view(engagement=engagement, release=lab.releases[0], path="src/packet.c")
    view = next(e for e in lab.ada.verb("ledger.list", kind="source.view")["entries"])
    NOTES.update(engagement=engagement, view=view["index"], reader=reader)
    done = check(prove(str(view["index"]), "view.bundle"))
    assert done.returncode == 0, done.stderr
    assert f"entry {view['index']}: source.view" in done.stdout and "signed by the log alone" in done.stdout, done.stdout
    assert "later revocation is not excluded" in done.stdout and "packet.c" not in done.stdout, done.stdout


def the_reviewer_saves_the_same_from_her_page():
    reader = NOTES["reader"]
    status, headers, body = reader.request("GET", f"/proof/{NOTES['view']}", None, {"Cookie": f"__Host-vitrine={reader.token}"})
    assert status == 200 and headers["content-disposition"] == f'attachment; filename="{NOTES["view"]}.bundle"', (status, headers)
    with open(path("page.bundle"), "wb") as file:
        file.write(body)
    done = check(path("page.bundle"))
    assert done.returncode == 0, done.stderr
    page = reader.request("GET", f"/ledger/entry/{NOTES['view']}", None, {"Cookie": f"__Host-vitrine={reader.token}"})[2].decode()
    assert f'href="/proof/{NOTES["view"]}"' in page and f"vitrine-verify verify --policy lab.policy {NOTES['view']}.bundle" in page


def a_grant_comes_with_its_whole_history():
    grant = lab.ada.verb("record.list", kind="grant")["items"][0]["id"]
    NOTES["grant"] = grant
    done = check(prove(grant, "grant.bundle"))
    assert done.returncode == 0, done.stderr
    for act in ("grant.create", "grant.propose", "grant.approve"):
        assert f": {act} at" in done.stdout, done.stdout
    assert "not signed by a person: this is the log's word alone" in done.stdout, done.stdout
    assert "private detail" not in done.stdout
    strict = check(path("grant.bundle"), rules="#! signed grant.approve\n")
    assert strict.returncode == 1 and "asks for a person's signature" in strict.stderr, strict


def details_are_disclosed_only_on_request_and_to_who_may_read_them():
    done = check(prove(NOTES["grant"], "open.bundle", "--details"))
    assert done.returncode == 0 and "private detail, as committed to" in done.stdout, done.stderr
    told = NOTES["reader"].verb("prove.bundle", thing=NOTES["grant"], details=True)["bundle"]
    assert "\nnonce " not in told and "\nentry " in told
    sealed = lab.ada.verb("prove.bundle", thing=str(NOTES["view"]), details=True)["bundle"]
    assert "\nnonce " not in sealed, "what is sealed cannot be disclosed by the vault"


def a_release_is_attested():
    manifest = lab.ada.verb("record.show", id=lab.releases[0])["record"]["fields"]["manifest"]
    done = check(prove(manifest, "release.bundle"), "--digest", manifest)
    assert done.returncode == 0, done.stderr
    attested = next(line for line in done.stdout.splitlines() if "attested, signed by" in line)
    statement = json.loads(attested[attested.index("{"):])
    assert statement["subject"][0]["digest"]["sha256"] == manifest and statement["_type"].endswith("/Statement/v1"), statement
    assert check(path("release.bundle"), "--digest", "00" * 32).returncode == 1


def nobody_gets_what_they_may_not_see():
    rui = lab.person("rui")
    expect_refusal(404, lambda: rui.verb("prove.bundle", thing=NOTES["grant"]))
    expect_refusal(404, lambda: rui.verb("prove.bundle", thing=lab.releases[0]))
    manifest = lab.ada.verb("record.show", id=lab.releases[0])["record"]["fields"]["manifest"]
    expect_refusal(404, lambda: rui.verb("prove.bundle", thing=manifest))
    expect_refusal(404, lambda: rui.verb("prove.bundle", thing="99999999"))
    expect_refusal(404, lambda: rui.verb("prove.bundle", thing="00" * 32))


def one_changed_bit_is_noticed_by_the_program():
    with open(path("grant.bundle"), "rb") as file:
        whole = file.read()
    for at in range(0, len(whole), 41):
        with open(path("bad.bundle"), "wb") as file:
            file.write(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1:])
        done = subprocess.run([VERIFY, "verify", "--policy", path("policy"), path("bad.bundle")], capture_output=True, env={})
        assert done.returncode in (1, 2), f"byte {at}: exit {done.returncode}"


def a_bundle_and_a_later_checkpoint_are_one_history():
    with open(path("grant.bundle"), encoding="utf-8") as file:
        size = int(file.read().split("\n")[3])
    lab.ada.verb("lab.describe")
    with open(os.path.join(lab.lab.folder, "ledger", "checkpoint"), encoding="utf-8") as file:
        later = file.read()
    with open(path("checkpoint"), "w", encoding="utf-8") as file:
        file.write(later)
    new = int(later.split("\n")[1])
    assert new > size
    command = [VERIFY, "compare", "--policy", path("policy"), path("grant.bundle"), path("checkpoint")]
    assert subprocess.run(command, capture_output=True).returncode == 2
    with open(path("consistency"), "w", encoding="utf-8") as file:
        file.write(lab.lab.run("ledger", "consistency", str(size), str(new)).stdout)
    assert subprocess.run([*command, path("consistency")], capture_output=True).returncode == 0


class Signer:
    """A person with a key of their own, which the organisation's root certifies."""

    def __init__(self, client, root):
        self.client, self.root, self.seed = client, root, os.urandom(32)
        person = client.verb("session.show")["person"]
        statement = canonical({"from": moment(-1).replace("Z", ".000000Z"), "until": moment(300).replace("Z", ".000000Z"), "v": 1,
                               "key": "ed25519:" + b64(public_key(self.seed)), "lab": "story.example/lab",
                               "organisation": public_key(root).hex(), "person": person["id"]})
        signature = b64(sign(root, b"vitrine/person-key/v1\n" + statement.encode()))
        client.verb("person.key_add", statement=statement, signature=signature, label="key")

    def act(self, verb, record):
        text = self.client.verb("decision.text", act=verb, id=record)["text"]
        made = canonical({"type": "ed25519", "sig": b64(sign(self.seed, b"vitrine/decision/v1\n" + text.encode()))})
        self.client.verb(verb, id=record, decision=text, signature=made)


def agree(organisation, root):
    made = lab.ada.verb("agreement.create", title="Agreement", organisation=organisation, document=hashlib.sha256(b"paper").hexdigest(),
                        root_key=b64(public_key(root)), until=moment(400))["id"]
    lab.ada.verb("agreement.propose", id=made)
    lab.ben.verb("agreement.approve", id=made)
    return made


def signed_decisions_are_checked_up_to_the_root_key():
    root = os.urandom(32)
    own = lab.ada.verb("session.show")["person"]["organisation"]
    agree(own, root)
    ada, ben = Signer(lab.ada, root), Signer(lab.ben, root)
    grant = lab.ada.verb("grant.create", engagement=NOTES["engagement"], party=lab.operator, product=lab.product, title="Signed",
                         releases=lab.releases, activities=["view"], forms=["glass"], until=moment(20), lines_per_hour=100)["id"]
    ada.act("grant.propose", grant)
    ben.act("grant.approve", grant)
    NOTES.update(signed=grant, root=root)
    known = f"#! root {public_key(root).hex()} The maker\n"
    done = check(prove(grant, "signed.bundle"), rules=known + "#! signed grant.propose grant.approve\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("decision signed by per_") == 2 and "the policy knows the root key" in done.stdout, done.stdout
    assert "the record's fields decided on" in done.stdout and ": agreement.approve at" in done.stdout, done.stdout


def a_root_that_its_owner_did_not_confirm_certifies_nobody():
    other = f"#! root {public_key(os.urandom(32)).hex()} The maker\n"
    done = check(path("signed.bundle"), rules=other)
    assert done.returncode == 1 and "does not know the root key" in done.stderr, done
    done = check(path("signed.bundle"), rules="#! two-organisations grant.approve\n")
    assert done.returncode == 1 and "no other organisation signed" in done.stderr, done


def a_decision_reaches_who_may_see_its_record_and_nobody_else():
    grant = NOTES["signed"]
    entry = next(e["index"] for e in lab.ada.verb("ledger.list", kind="grant.approve", record=grant)["entries"])
    rita = NOTES["reader"].verb("prove.bundle", thing=str(entry))["bundle"]
    rui = lab.person("rui").verb("prove.bundle", thing=str(entry))["bundle"]
    assert "\ndecision " in rita and "\ndecision " not in rui
    for name, bundle in (("rita", rita), ("rui", rui)):
        with open(path(name + ".bundle"), "w", encoding="utf-8") as file:
            file.write(bundle)
    assert check(path("rita.bundle"), rules="#! signed grant.approve\n").returncode == 0
    told = check(path("rui.bundle"))
    assert told.returncode == 0 and "nobody's signature was checked" in told.stdout, told
    assert check(path("rui.bundle"), rules="#! signed grant.approve\n").returncode == 1


tap.run([a_view_is_proved_without_saying_what_was_viewed, the_reviewer_saves_the_same_from_her_page, a_grant_comes_with_its_whole_history,
         details_are_disclosed_only_on_request_and_to_who_may_read_them, a_release_is_attested, nobody_gets_what_they_may_not_see,
         one_changed_bit_is_noticed_by_the_program, a_bundle_and_a_later_checkpoint_are_one_history,
         signed_decisions_are_checked_up_to_the_root_key, a_root_that_its_owner_did_not_confirm_certifies_nobody,
         a_decision_reaches_who_may_see_its_record_and_nobody_else], lab.remove)
