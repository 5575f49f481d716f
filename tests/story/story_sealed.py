#!/usr/bin/env python3
"""What an administrator finds of ended sessions on disk, decoded: no path viewed, no word sought, no note. The same search finds all
of them where sealing is left out (mutant `unsealed`), and a session's key is in the vault's memory while it is open, not after."""
import base64
import ctypes
import os
import secrets
import sqlite3

from tap import run
from dump import Dump, occurrences_in_memory
from fixture import write_product
from parties import Parties, peel, sodium

PATH = "src/looked_at_{}.c"


def encrypted(text):
    """Encrypted away from the lab, as a browser does it: which cipher it is, the lab cannot tell."""
    key, nonce = secrets.token_bytes(32), secrets.token_bytes(24)
    sealed = ctypes.create_string_buffer(len(text) + 16)
    sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, None, text.encode(), ctypes.c_ulonglong(len(text)), None,
                                                      ctypes.c_ulonglong(0), None, nonce, key)
    return base64.b64encode(b"vtn1" + nonce[:12] + sealed.raw).decode()


class Trial:
    """A lab, and what its people did in it that nobody should find."""

    def __init__(self, binary):
        self.lab = lab = Parties(releases=0, binary=binary)
        mark = secrets.token_hex(8)
        self.viewed, self.unseen = PATH.format("a" + mark), PATH.format("b" + mark)
        self.sought, self.note, self.text, self.words, self.told = (
            f"{word}_{secrets.token_hex(10)}" for word in ("sought", "note", "text", "words", "told"))
        source = os.path.join(lab.folder, "source-own")
        write_product(source, 1)
        for path in (self.viewed, self.unseen):
            with open(os.path.join(source, path), "w", encoding="utf-8") as file:
                file.write("int f(void) { return 1; }\n")
        lab.lab.run("release", "ingest", lab.product, "1.0", source, person="ada")
        lab.ada.close()
        release = lab.ada.verb("record.list", kind="release", ref=lab.product)["items"][0]["id"]
        engagement = lab.engagement()
        lab.grant(engagement, releases=[release])
        self.where = {"engagement": engagement, "release": release}
        self.rita = lab.person("rita")
        self.session = self.rita.verb("session.show")["session"]
        self.look()

    def look(self):
        from labkit import Refused
        rita, where = self.rita, self.where
        page = os.path.join(self.lab.folder, "page.png")
        with open(page, "wb") as file:
            file.write(rita.view(**where, path=self.viewed)[1])
        rita.request("POST", "/v1/source.tree", f'{{"engagement":"{where["engagement"]}","release":"{where["release"]}","folder":"src"}}',
                     {"Content-Type": "application/json", "Authorization": "Bearer " + rita.token,
                      "Idempotency-Key": secrets.token_hex(16)})
        # The page's address holds the path: the point must not write it down.
        rita.request("GET", f"/room/{where['engagement']}/{where['release']}?path={self.viewed}")
        try:
            rita.view(**where, path=f"src/{self.sought}.c")
            raise AssertionError("a file that is not there was shown")
        except Refused:
            pass
        rita.verb("note.put", id="not_" + secrets.token_hex(6), version=1, sealed=encrypted(self.note))
        released = "not_" + secrets.token_hex(6)
        rita.verb("note.put", id=released, version=1, sealed=encrypted(self.told))
        rita.verb("note.release", id=released, text=self.told)
        aron = self.lab.person("aron")
        aron.verb("leak.text", text=f"{self.text} one line\nanother line of it\na third line of it\n")
        aron.sign_out()
        self.lab.signed_in_at_the_console("aron")
        self.lab.lab.run("leak", page, "--release", where["release"], "--words", f"{self.words} f(void)", person="aron", check=False)
        self.lab.lab.run("sign-out", person="aron")

    def session_keys(self):
        found = []
        with open(self.lab.key("authority"), "rb") as one, open(self.lab.key("house"), "rb") as two:
            parties = [one.read(), two.read()]
        db = sqlite3.connect(f"file:{self.lab.lab.folder}/records.db?mode=ro", uri=True)
        for seq, wrapped in db.execute("SELECT seq, wrapped FROM session_keys WHERE session = ?", (self.session,)):
            key = peel(self.session, seq, wrapped, parties)
            found += [key] if key else []
        db.close()
        return found


def descendants(pid):
    found = [pid]
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        for child in children.read().split():
            found += descendants(int(child))
    return found


def vault_of(lab):
    """The process of this lab that has its records open."""
    for pid in descendants(lab.process.pid):
        names = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        if any(name.endswith("/records.db") for name in names):
            return pid
    raise AssertionError("no vault runs")


trial = Trial(None)
lab = trial.lab
state = {}


def the_key_is_in_the_vaults_memory_while_the_session_is_open():
    state["keys"] = keys = trial.session_keys()
    assert len(keys) == 1, keys
    assert occurrences_in_memory(vault_of(lab.lab), keys[0]) > 0


def it_is_wiped_when_the_session_ends():
    pid = vault_of(lab.lab)
    trial.rita.sign_out()
    left = occurrences_in_memory(pid, state["keys"][0])
    assert left == 0, f"{left} copies left"


def the_vault_leaves_no_core_file():
    with open(f"/proc/{vault_of(lab.lab)}/limits", encoding="ascii") as limits:
        core = next(line for line in limits if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"], core


def nothing_of_it_is_found():
    """While the lab runs, with its write-ahead log, and after it has stopped."""
    for moment in ("running", "stopped"):
        if moment == "stopped":
            lab.lab.stop()
        dump = Dump(lab.lab)
        assert dump.has("table entries") and dump.has("store/") and dump.has("points/"), [name for name, _ in dump.parts]
        assert moment == "stopped" or dump.has("records.db-wal")
        for word in (trial.sought, trial.note, trial.text, trial.words):
            assert not dump.places(word), (moment, word, dump.places(word))
        # A path stands in the release's list of files, among the blobs: as often as that of a file that nobody looked at.
        viewed, unseen = ({place: count for place, count in dump.places(path).items()} for path in (trial.viewed, trial.unseen))
        assert viewed and viewed == unseen and all(place.startswith("store/") for place in viewed), (moment, viewed, unseen)
        # What was released is there: the search sees what lies in clear.
        assert "table entries" in dump.places(trial.told), (moment, dump.places(trial.told))


def it_is_found_where_sealing_is_left_out():
    mutant = Trial(os.environ["VITRINE_UNSEALED"])
    try:
        mutant.rita.sign_out()
        dump = Dump(mutant.lab.lab)
        for word in (mutant.sought, mutant.text, mutant.words):
            assert "table entries" in dump.places(word), (word, dump.places(word))
        assert "table entries" in dump.places(mutant.viewed) and "table entries" not in dump.places(mutant.unseen)
        assert not dump.places(mutant.note)
    finally:
        mutant.lab.remove()


run([the_key_is_in_the_vaults_memory_while_the_session_is_open, it_is_wiped_when_the_session_ends,
     the_vault_leaves_no_core_file, nothing_of_it_is_found, it_is_found_where_sealing_is_left_out], lab.remove)
