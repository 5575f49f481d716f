"""signing: organisations with root keys and people with keys of their own, apart from the lab: their secrets never come near it.

Ed25519 is that of tests/vectors/make_ledger_vectors.py, so that nothing of ours signs what ours is to check.
"""
import base64
import json
import os
import sys
from datetime import datetime, timedelta, timezone

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "vectors"))
from make_ledger_vectors import public_key, sign  # noqa: E402


def b64(data):
    return base64.b64encode(data).decode()


def moment(days):
    return (datetime.now(timezone.utc) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


class Key:
    """An Ed25519 key of a seed of our own making."""

    def __init__(self, name):
        self.seed = name.encode().ljust(32, b".")
        self.public = public_key(self.seed)
        self.text = "ed25519:" + b64(self.public)

    def sign(self, message):
        return b64(sign(self.seed, message))


def statement(root, key, person, lab="story.example/lab", start=-1, end=300):
    """What person.key_add takes: `root` says that `key` is the person's."""
    text = json.dumps({"from": moment(start), "key": key.text, "lab": lab, "organisation": root.public.hex(), "person": person,
                       "until": moment(end), "v": 1}, separators=(",", ":"), sort_keys=True)
    return {"statement": text, "signature": root.sign(b"vitrine/person-key/v1\n" + text.encode())}


def decision(text, key):
    """What a signed act takes beside its own arguments."""
    signature = {"sig": key.sign(b"vitrine/decision/v1\n" + text.encode()), "type": "ed25519"}
    return {"decision": text, "signature": json.dumps(signature, separators=(",", ":"))}


def signed(client, key, verb, record, **more):
    text = client.verb("decision.text", act=verb, id=record, **more)["text"]
    return client.verb(verb, id=record, **more, **decision(text, key))


def agree(first, second, organisation, root=None, root_text=None, **more):
    """An agreement in force, put there by two officers without keys. root_text: the root key in base64."""
    made = first.verb("agreement.create", organisation=organisation, document="ab" * 32,
                      root_key=root_text or b64(root.public), until=moment(300), **more)["id"]
    first.verb("agreement.propose", id=made)
    second.verb("agreement.approve", id=made)
    return made
