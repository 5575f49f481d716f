#!/usr/bin/env python3
"""Witnesses: a real vault, three witness processes of three owners, a policy; a centre that is put back; a witness that is away."""
import json
import os
import shutil
import signal
import subprocess
import time

from tap import run
from fixture import BINARY, Fixture, expect_refusal

lab = Fixture(releases=1)
engagement = lab.engagement()
lab.grant(engagement)
rita = lab.person("rita")
where = {"engagement": engagement, "release": lab.releases[0]}
OWNERS = {"w1": "Northline Telecom", "w2": "Authority", "w3": "Independent laboratory"}
witnesses = {}
vault_user = os.stat(os.path.join(lab.folder, "lab")).st_uid


class Witness:
    def __init__(self, name):
        self.name = name
        self.folder = os.path.join(lab.folder, name)
        done = subprocess.run([BINARY, "--lab", os.path.join(lab.folder, "lab"), "witness", "init", self.folder, "--name",
                               f"{name}.example/witness", "--peer", name, "--listen", "127.0.0.1:0"],
                              capture_output=True, text=True, check=True)
        words = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
        self.key, self.vkey, self.mirror_vkey = words["link key"], words["witness"], words["mirror"]
        for top, folders, files in os.walk(self.folder):
            for path in [top, *(os.path.join(top, file) for file in files)]:
                os.chown(path, vault_user, vault_user)
        self.process = None

    def start(self):
        self.log = open(self.folder + ".log", "ab")
        self.process = subprocess.Popen([BINARY, "witness", self.folder], stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("witness ready http://"), (line, open(self.folder + ".log", encoding="utf-8").read())
        self.port = int(line.strip().rsplit(":", 1)[1])

    def stop(self, how=signal.SIGTERM):
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process.stdout.close()
            self.log.close()
            self.process = None

    def status(self):
        return subprocess.run([BINARY, "witness", "status", self.folder], capture_output=True, text=True, check=True).stdout


def until(what, said, seconds=20):
    """Ask until it holds; what it said last is told when it never does."""
    end = time.monotonic() + seconds
    while True:
        got = what()
        if got:
            return got
        assert time.monotonic() < end, f"{said}: never"
        time.sleep(0.02)


def hello():
    return lab.ada.verb("lab.hello")


def look():
    """A view, and the index of its entry."""
    rita.view(**where, path="Makefile")
    return hello()["size"] - 1


def witnessed(index):
    return until(lambda: hello()["witnessed"] > index and hello(), f"entry {index} is witnessed")


def begin():
    """The lab starts, and hears its witnesses before it acts."""
    lab.lab.start()
    client = lab.lab.client()
    until(lambda: "waits to hear" not in (client.verb("lab.hello")["frozen"] or ""), "the lab has heard its witnesses")
    client.close()


def three_witnesses_are_enrolled():
    for name in OWNERS:
        witnesses[name] = Witness(name)
        lab.ada.verb("witness.enrol", name=name, key=witnesses[name].key)
    expect_refusal(409, lambda: lab.ada.verb("witness.enrol", name="w1", key=witnesses["w1"].key))
    for witness in witnesses.values():
        witness.start()


def a_policy_needs_two_officers():
    vkey = hello()["vkey"]
    lines = [f"log {vkey}"]
    for name, witness in witnesses.items():
        lines += [f"witness {name} {witness.vkey}", f"# owner {name}: {OWNERS[name]}"]
    lines += ["group g 2 w1 w2 w3", "quorum g", ""]
    text = "\n".join(lines)
    proposed = lab.ada.verb("policy.propose", policy=text)
    assert proposed["bound"] == {"witnesses": 3, "quorum": 2, "overlap": 1, "stall": 2, "owners": 3, "owners_to_break": 1}, proposed
    expect_refusal(403, lambda: lab.ada.verb("policy.set", policy=proposed["policy"]))
    expect_refusal(400, lambda: lab.ada.verb("policy.propose", policy=text.replace("log ", "# log ", 1)))
    lab.ben.verb("policy.set", policy=proposed["policy"])
    status, headers, body = lab.ada.request("GET", "/ledger/policy")
    assert (status, body.decode()) == (200, text)
    entry = lab.ada.verb("ledger.list", kind="policy.set")["entries"][0]
    assert (entry["public"]["quorum"], entry["public"]["witnesses"]) == (2, 3), entry


def a_view_is_cosigned_within_a_moment():
    index = look()
    began = time.monotonic()
    witnessed(index)
    print(f"# witnessed {1000 * (time.monotonic() - began):.0f} ms after it was seen to be signed", flush=True)
    entry = lab.person("aron").verb("ledger.entry", index=index)
    assert entry["witnessed"] and sum(one["size"] > index for one in entry["witnesses"]) >= 2, entry["witnesses"]
    assert [one["owner"] for one in entry["witnesses"]] == list(OWNERS.values())
    assert entry["checkpoint"].count("\u2014 ") >= 3, entry["checkpoint"]
    status, _, body = lab.ada.request("GET", "/ledger/checkpoint.witnessed")
    assert status == 200 and int(body.decode().split("\n")[1]) > index


def a_proof_tells_who_cosigned_it():
    index = look()
    witnessed(index)
    bundle = lab.ada.verb("prove.bundle", thing=str(index))["bundle"]
    published = lab.ada.request("GET", "/ledger/policy")[2].decode()

    def verify(policy):
        for name, text in (("proof", bundle), ("proof.policy", policy)):
            with open(os.path.join(lab.folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        return subprocess.run([os.environ["VITRINE_VERIFY"], "verify", "--policy", os.path.join(lab.folder, "proof.policy"),
                               os.path.join(lab.folder, "proof")], capture_output=True, text=True, env={}, timeout=60)
    done = verify(published)
    assert done.returncode == 0, done.stderr
    assert ", cosigned at 20" in done.stdout and "witness w2, key of Authority: " in done.stdout, done.stdout
    assert "N = 3, k = 2" in done.stdout and "at most f = 0" in done.stdout, done.stdout
    signed = sum(f"\u2014 {name}.example/witness " in bundle for name in OWNERS)
    assert verify(published.replace("group g 2 ", "group g 3 ")).returncode == (0 if signed == 3 else 3)
    strangers = published.replace("w1.example/witness", "w9.example/witness")
    assert verify(strangers).returncode == 2, "a key under another name has another id"
    nobody = [line for line in published.splitlines() if line.startswith("log ")] + [
        f"witness other {lines}" for lines in [witnesses["w1"].mirror_vkey]] + ["quorum other", ""]
    assert verify("\n".join(nobody)).returncode == 3, "whom the policy names has not cosigned"


def the_mirror_is_the_log():
    index = look()
    witnessed(index)
    folder = os.path.join(witnesses["w1"].folder, "mirror")

    def is_there():
        try:
            with open(os.path.join(folder, "checkpoint"), encoding="utf-8") as file:
                return int(file.read().split("\n")[1]) > index
        except FileNotFoundError:
            return False
    until(is_there, "the mirror has the entry")
    done = subprocess.run([BINARY, "ledger", "verify", "--published", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with open(os.path.join(folder, "checkpoint"), encoding="utf-8") as file:
        assert "w1.example/witness/mirror " in file.read()


def a_witness_answers_others_over_http():
    import hashlib
    import http.client
    origin = hello()["origin"]
    connection = http.client.HTTPConnection("127.0.0.1", witnesses["w1"].port, timeout=20)
    connection.request("GET", f"/{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint")
    answer = connection.getresponse()
    note = answer.read().decode()
    assert answer.status == 200 and "w1.example/witness " in note, note
    connection.request("GET", f"/mirror/{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint")
    answer = connection.getresponse()
    assert answer.status == 200 and "/mirror " in answer.read().decode()
    connection.request("POST", "/add-checkpoint", f"old 0\n\n{note}".encode())
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 409 and answer.getheader("Content-Type") == "text/x.tlog.size" and body.strip().isdigit(), body
    connection.close()


def one_witness_away_is_no_matter_two_are():
    witnesses["w3"].stop(signal.SIGKILL)
    witnessed(look())
    witnesses["w2"].stop(signal.SIGKILL)
    index = look()
    until(lambda: lab.ada.verb("witness.list")["witnesses"][0]["size"] > index, "the last witness goes on")
    assert hello()["witnessed"] <= index
    witnesses["w2"].start()
    witnessed(index)
    witnesses["w3"].start()


def a_centre_that_was_put_back_is_frozen_by_a_witness():
    index = look()
    witnessed(index)
    lab.lab.stop()
    backup = os.path.join(lab.folder, "backup")
    subprocess.run(["cp", "-a", os.path.join(lab.folder, "lab"), backup], check=True)
    begin()
    for client in (lab.ada, lab.ben, rita):
        client.close()
    lab.ada = lab.lab.signed_in("ada", lab.passwords["ada"])
    later = hello()["size"] - 1
    witnessed(later)
    # Two of three would do for the quorum; here each must have seen more than the backup holds.
    until(lambda: all(one["size"] > later for one in lab.ada.verb("witness.list")["witnesses"]), "all three have cosigned it")
    newest = later

    def is_mirrored():
        with open(os.path.join(witnesses["w1"].folder, "mirror", "checkpoint"), encoding="utf-8") as file:
            return int(file.read().split("\n")[1]) > newest
    until(is_mirrored, "the mirror has it")
    lab.lab.stop()
    folder = os.path.join(lab.folder, "lab")
    subprocess.run(["cp", "-a", folder, os.path.join(lab.folder, "aside")], check=True)
    shutil.rmtree(folder)
    subprocess.run(["cp", "-a", backup, folder], check=True)
    lab.lab.start()
    client = lab.lab.client()
    before = client.verb("lab.hello")["size"]
    until(lambda: "a witness holds" in client.verb("lab.hello")["frozen"], "the witness's head freezes the centre")
    assert os.path.exists(os.path.join(folder, "ledger", "ahead"))
    assert client.verb("lab.hello")["size"] == before, "nothing was entered after the backup"
    client.close()
    lab.lab.stop()
    lab.lab.start()
    client = lab.lab.client()
    assert "ahead of the records" in client.verb("lab.hello")["frozen"], client.verb("lab.hello")
    expect_refusal(503, lambda: client.verb("session.start", name="ada", password=lab.passwords["ada"]))
    client.close()
    until(lambda: all(" behind " in witness.status() for witness in witnesses.values()), "each witness alarms its owner")


def it_catches_up_from_a_mirror_and_says_so():
    lab.lab.stop()
    for witness in witnesses.values():
        witness.stop()
    done = max((lab.lab.run("ledger", "catch-up", os.path.join(witness.folder, "mirror"), check=False)
                for witness in witnesses.values()), key=lambda done: done.returncode == 0)
    assert done.returncode == 0, done.stderr
    assert "details are lost" in done.stdout, done.stdout
    for witness in witnesses.values():
        witness.start()
    begin()
    lab.ada = lab.lab.signed_in("ada", lab.passwords["ada"])
    assert hello()["frozen"] is None, hello()
    assert not os.path.exists(os.path.join(lab.folder, "lab", "ledger", "ahead"))
    entry = lab.ada.verb("ledger.list", kind="ledger.restored")["entries"][0]
    assert entry["public"]["to"] > entry["public"]["from"], entry
    witnessed(hello()["size"] - 1)
    assert "the quorum of the policy beside it is met" in lab.lab.run("ledger", "verify").stdout


def up_starts_the_witness_in_the_labs_own_folder():
    lab.lab.stop()
    folder = os.path.join(lab.folder, "lab", "witnesses", "own")
    done = lab.lab.run("witness", "init", folder, "--name", "own.example/witness", "--peer", "own")
    key = next(line.split()[-1] for line in done.stdout.splitlines() if line.startswith("link key"))
    for top, _, files in os.walk(os.path.dirname(folder)):
        for path in [top, *(os.path.join(top, file) for file in files)]:
            os.chown(path, vault_user, vault_user)
    begin()
    lab.ada = lab.lab.signed_in("ada", lab.passwords["ada"])
    lab.ada.verb("witness.enrol", name="own", key=key)
    until(lambda: ": cosigned " in lab.lab.run("witness", "status", folder).stdout, "the witness beside the point cosigns")
    assert lab.lab.stop() == 0, "all parts end cleanly"


def clean_up():
    for witness in witnesses.values():
        witness.stop()
    lab.remove()


run([three_witnesses_are_enrolled, a_policy_needs_two_officers, a_view_is_cosigned_within_a_moment,
     a_proof_tells_who_cosigned_it, the_mirror_is_the_log,
     a_witness_answers_others_over_http, one_witness_away_is_no_matter_two_are,
     a_centre_that_was_put_back_is_frozen_by_a_witness, it_catches_up_from_a_mirror_and_says_so,
     up_starts_the_witness_in_the_labs_own_folder], clean_up)
