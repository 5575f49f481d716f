"""parties: a fixture whose operator agreed on three parties, two of which open a trail together, with keys made by their own tools."""
import base64
import ctypes
import os
import sys

from fixture import TOP, Fixture, moment

sys.path.insert(0, os.path.join(TOP, "tests", "vectors"))
from make_trail_vectors import head, sodium, unseal  # noqa: E402


def root_key():
    public, secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(64)
    sodium.crypto_sign_keypair(public, secret)
    return base64.b64encode(public.raw).decode()


def peel(session, seq, wrapped, secrets):
    """The session's key, as far as these secrets go: read anew from docs/formats/trail.md; None when a layer stays."""
    rest, moved = wrapped, True
    while moved and len(rest) != 32:
        moved = False
        for secret in secrets:
            plain = unseal(secret, rest)
            if plain is not None:
                mark = head(session, seq)
                assert plain.startswith(mark), plain
                rest, moved = plain[len(mark):], True
    return rest if len(rest) == 32 else None


class Parties(Fixture):
    """authority (aron, auditor), house (tess, reviewer), board (bo, reviewer); the operator's people are rita."""

    def __init__(self, **options):
        super().__init__(**options)
        self.secrets = {}
        rows = self.ada.verb("record.list", kind="organisation")["items"]
        self.organisations = {"operator": self.operator,
                              "authority": next(row["id"] for row in rows if row["fields"]["name"] == "Authority"),
                              "house": self.people.organisation("Test House", "expert"),
                              "board": self.people.organisation("Oversight", "board")}
        self.people.person("tess", "Tess Moreau", self.organisations["house"], ["reviewer"], "third")
        self.people.person("bo", "Bo Lind", self.organisations["board"], ["reviewer"], "third")
        self.passwords.update(self.people.passwords)
        self.members = {"authority": "aron", "house": "tess", "board": "bo", "operator": "rita"}
        for name in ("authority", "house", "board"):
            self.agreement(name)
        self.agreement("operator", parties=[self.organisations[name] for name in ("authority", "house", "board")], quorum=2)

    def key(self, name):
        return os.path.join(self.folder, name + ".key")

    def agreement(self, name, **more):
        public = self.lab.run("trail", "keygen", self.key(name)).stdout.strip()
        self.ada.close()
        self.ben.close()
        made = self.ada.verb("agreement.create", title=name, organisation=self.organisations[name], document="00" * 32,
                             root_key=root_key(), sealing_key=public, until=moment(300), **more)["id"]
        self.ada.verb("agreement.propose", id=made)
        self.ben.verb("agreement.approve", id=made)

    def signed_in_at_the_console(self, *names):
        for name in names:
            self.lab.run("sign-in", name, "--password-file", "-", stdin=self.passwords[name] + "\n")

    def in_order(self, *names):
        """Parties in the order of their ids, in which they peel."""
        return sorted(names, key=lambda name: self.organisations[name])
