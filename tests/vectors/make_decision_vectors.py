#!/usr/bin/env python3
"""Vectors for keys and decisions, made from docs/formats/decision.md, FIPS 186-4 and W3C Web Authentication level 2, and by
none of our code.

    make_decision_vectors.py FILE            write the vectors
    make_decision_vectors.py --check FILE    TAP: FILE is, byte for byte, what would be written

Ed25519 is that of make_ledger_vectors.py (RFC 8032 section 6); P-256 is here, by its equations.
"""
import base64
import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from make_ledger_vectors import b64, public_key, sign  # noqa: E402
from vectors_main import vectors_main  # noqa: E402

# --- ECDSA on P-256: FIPS 186-4, section 6 and D.1.2.3 -------------------------------------------------------

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def add(a, b):
    if a is None or b is None:
        return b if a is None else a
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    if a == b:
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def multiply(k, point):
    result = None
    while k:
        if k & 1:
            result = add(result, point)
        point = add(point, point)
        k >>= 1
    return result


def point_of(secret):
    x, y = multiply(secret, G)
    return b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")


def ecdsa(secret, message):
    """r and s; the nonce comes from key and message, which is enough for vectors."""
    e = int.from_bytes(hashlib.sha256(message).digest(), "big")
    k = int.from_bytes(hashlib.sha256(b"nonce" + secret.to_bytes(32, "big") + message).digest(), "big") % (N - 1) + 1
    r = multiply(k, G)[0] % N
    return r, pow(k, -1, N) * (e + r * secret) % N


def integer(value):
    """DER INTEGER of a number above or equal to zero."""
    body = value.to_bytes((value.bit_length() + 8) // 8 or 1, "big")
    return b"\x02" + bytes([len(body)]) + body


def sequence(body):
    return b"\x30" + bytes([len(body)]) + body


def der(r, s):
    return sequence(integer(r) + integer(s))


SECRET = int.from_bytes(hashlib.sha256(b"vitrine decision vectors").digest(), "big") % N
POINT = point_of(SECRET)
MESSAGE = b"a message"


def es256_cases():
    r, s = ecdsa(SECRET, MESSAGE)
    good = der(r, s)
    off = bytearray(POINT)
    off[64] ^= 1
    long_r = b"\x02\x22\x00" + integer(r)[2:].rjust(33, b"\x00")
    cases = [
        ("as it is made", POINT, MESSAGE, good, True),
        ("n - s holds, too: signatures are no identity", POINT, MESSAGE, der(r, N - s), True),
        ("another message", POINT, MESSAGE + b".", good, False),
        ("another key", point_of(SECRET + 1), MESSAGE, good, False),
        ("a point off the curve", bytes(off), MESSAGE, good, False),
        ("a point said to be compressed", b"\x02" + POINT[1:], MESSAGE, good, False),
        ("coordinates not below p", b"\x04" + b"\xff" * 64, MESSAGE, good, False),
        ("the point 0, 0", b"\x04" + bytes(64), MESSAGE, good, False),
        ("nothing", POINT, MESSAGE, b"", False),
        ("a sequence of nothing", POINT, MESSAGE, sequence(b""), False),
        ("one integer", POINT, MESSAGE, sequence(integer(r)), False),
        ("three integers", POINT, MESSAGE, sequence(integer(r) + integer(s) + integer(1)), False),
        ("a byte behind", POINT, MESSAGE, good + b"\x00", False),
        ("a byte cut off", POINT, MESSAGE, good[:-1], False),
        ("a length in two bytes", POINT, MESSAGE, b"\x30\x81" + good[1:], False),
        ("a zero too many before r", POINT, MESSAGE, sequence(long_r + integer(s)), False),
        ("r of no bytes", POINT, MESSAGE, sequence(b"\x02\x00" + integer(s)), False),
        ("r is 0", POINT, MESSAGE, der(0, s), False),
        ("s is 0", POINT, MESSAGE, der(r, 0), False),
        ("r + n, where it fits", POINT, MESSAGE, sequence(integer(r + N) + integer(s)), False),
        ("s + n, where it fits", POINT, MESSAGE, sequence(integer(r) + integer(s + N)), False),
        ("a negative r", POINT, MESSAGE, sequence(b"\x02\x01\x80" + integer(s)), False),
        ("another tag", POINT, MESSAGE, b"\x31" + good[1:], False),
        ("r and s beside each other", POINT, MESSAGE, r.to_bytes(32, "big") + s.to_bytes(32, "big"), False),
    ]
    return [{"why": why, "key": b64(key), "message": b64(message), "signature": b64(signature), "holds": holds}
            for why, key, message, signature, holds in cases]


# --- statements and decisions --------------------------------------------------------------------------------

ROOT_SEED = bytes(range(32))
KEY_SEED = bytes(range(32, 64))
LAB = "example.org/lab"
PERSON = "per_7k2m9q4xw3ht"
FROM, UNTIL = "2026-11-22T15:04:05.000000Z", "2027-11-22T15:04:05.000000Z"


def canonical(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def statement(**changes):
    text = {"from": FROM, "key": "ed25519:" + b64(public_key(KEY_SEED)), "lab": LAB,
            "organisation": public_key(ROOT_SEED).hex(), "person": PERSON, "until": UNTIL, "v": 1}
    text.update(changes)
    return {name: value for name, value in text.items() if value is not None}


def statement_cases():
    def signed(text, seed=ROOT_SEED, prefix=b"vitrine/person-key/v1\n"):
        return b64(sign(seed, prefix + text.encode()))

    plain = canonical(statement())
    es256 = canonical(statement(key="es256:" + b64(POINT)))
    rows = [("as it is made", plain, signed(plain), True, True),
            ("a key on P-256", es256, signed(es256), True, True),
            ("signed by another key", plain, signed(plain, KEY_SEED), True, False),
            ("signed as a decision", plain, signed(plain, prefix=b"vitrine/decision/v1\n"), True, False),
            ("signed without its first line", plain, signed(plain, prefix=b""), True, False),
            ("another text's signature", plain, signed(es256), True, False)]
    refused = {
        "spaces": json.dumps(statement(), sort_keys=True),
        "another order": plain.replace('"v":1', "").replace(",}", "}").replace('{"from"', '{"v":1,"from"'),
        "a member twice": plain.replace('"v":1', '"v":1,"v":1'),
        "a member more": canonical(statement(more="x")),
        "another version": canonical(statement(v=2)),
        "a version in text": canonical(statement(v="1")),
        "no person": canonical(statement(person=None)),
        "no time": canonical(statement(until=None)),
        "a time of whole seconds": canonical(statement(until="2027-11-22T15:04:05Z")),
        "a time of another zone": canonical(statement(until="2027-11-22T15:04:05.000000+00:00")),
        "it ends before it begins": canonical(statement(until=FROM)),
        "a root key in capitals": canonical(statement(organisation=public_key(ROOT_SEED).hex().upper())),
        "a root key cut off": canonical(statement(organisation=public_key(ROOT_SEED).hex()[:-2])),
        "a key of no type": canonical(statement(key=b64(public_key(KEY_SEED)))),
        "a key of another type": canonical(statement(key="rsa:" + b64(public_key(KEY_SEED)))),
        "a short key": canonical(statement(key="ed25519:" + b64(public_key(KEY_SEED)[:-1]))),
        "a key without padding": canonical(statement(key="ed25519:" + b64(public_key(KEY_SEED)).rstrip("="))),
        "a key of small order": canonical(statement(key="ed25519:" + b64(b"\x01" + bytes(31)))),
        "a point off the curve": canonical(statement(key="es256:" + b64(POINT[:-1] + bytes([POINT[-1] ^ 1])))),
        "an escape that is not needed": plain.replace("example.org", "\\u0065xample.org"),
        "a list": "[" + plain + "]",
        "nothing": "",
        "too long": canonical(statement(lab="x" * 1100)),
    }
    rows += [(why, text, signed(text), False, False) for why, text in refused.items()]
    return [{"why": why, "text": text, "signature": signature, "reads": reads, "holds": holds}
            for why, text, signature, reads, holds in rows]


def decision(**changes):
    text = {"act": "grant.approve", "body": hashlib.sha256(b"{}").hexdigest(), "lab": LAB,
            "note": hashlib.sha256(b"").hexdigest(), "organisation": public_key(ROOT_SEED).hex(), "person": PERSON,
            "record": "grt_2m9q4xw3ht7k", "time": "2026-11-22T15:04:05.123456Z", "v": 1, "version": 2}
    text.update(changes)
    return {name: value for name, value in text.items() if value is not None}


def decision_cases():
    plain = canonical(decision())
    rows = [("as it is made", plain, True), ("a large version", canonical(decision(version=2**53 - 1)), True)]
    refused = {
        "spaces": json.dumps(decision(), sort_keys=True),
        "a member more": canonical(decision(more=1)),
        "no act": canonical(decision(act=None)),
        "another version of the format": canonical(decision(v=2)),
        "a version of the record that is no whole number": plain.replace('"version":2', '"version":2.0'),
        "a digest in capitals": canonical(decision(body=hashlib.sha256(b"{}").hexdigest().upper())),
        "a time without fractions": canonical(decision(time="2026-11-22T15:04:05Z")),
        "a statement": canonical(statement()),
        "too long": canonical(decision(act="x" * 1100)),
    }
    rows += [(why, text, False) for why, text in refused.items()]
    return [{"why": why, "text": text, "reads": reads, "signature": b64(sign(KEY_SEED, b"vitrine/decision/v1\n" + text.encode()))}
            for why, text, reads in rows]


# --- Web Authentication level 2: sections 5.8.1, 6.1, 6.5.1, 7.1, 7.2 -----------------------------------------

RP_ID, ORIGIN = "lab.example.org", "https://lab.example.org:8443"
CHALLENGE = hashlib.sha256(canonical(decision()).encode()).digest()
PRESENT, VERIFIED, CREDENTIAL, EXTENSIONS = 1, 4, 64, 128
CREDENTIAL_ID = bytes(range(200, 232))
COSE_ES256 = bytes.fromhex("a5010203262001215820") + POINT[1:33] + bytes.fromhex("225820") + POINT[33:]
COSE_ED25519 = bytes.fromhex("a4010103272006215820") + public_key(KEY_SEED)


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def client(kind, challenge=CHALLENGE, origin=ORIGIN, **more):
    text = {"type": kind, "challenge": base64url(challenge), "origin": origin, "crossOrigin": False}
    text.update(more)
    return json.dumps({name: value for name, value in text.items() if value is not None}, separators=(",", ":")).encode()


def head(flags, counter, rp_id=RP_ID):
    return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + counter.to_bytes(4, "big")


def new_credential(cose, flags=PRESENT | VERIFIED | CREDENTIAL, length=len(CREDENTIAL_ID), rp_id=RP_ID, behind=b""):
    return head(flags, 3, rp_id) + bytes(16) + length.to_bytes(2, "big") + CREDENTIAL_ID + cose + behind


def new_cases():
    es256, ed25519 = "es256:" + b64(POINT), "ed25519:" + b64(public_key(KEY_SEED))
    made, usual = new_credential(COSE_ES256), client("webauthn.create")
    both = PRESENT | VERIFIED | CREDENTIAL
    rows = [
        ("ES256", es256, made, usual, "ok"),
        ("EdDSA", ed25519, new_credential(COSE_ED25519), usual, "ok"),
        ("a member that nobody names", es256, made, client("webauthn.create", extra="x"), "ok"),
        ("crossOrigin absent", es256, made, client("webauthn.create", crossOrigin=None), "ok"),
        ("extensions behind", es256, new_credential(COSE_ES256, both | EXTENSIONS, behind=b"\xa0"), usual, "ok"),
        ("another key", ed25519, made, usual, "input"),
        ("extensions that no flag tells of", es256, new_credential(COSE_ES256, behind=b"\xa0"), usual, "input"),
        ("a flag without extensions", es256, new_credential(COSE_ES256, both | EXTENSIONS), usual, "input"),
        ("no credential", es256, head(PRESENT | VERIFIED, 3), usual, "input"),
        ("cut off in the head", es256, made[:36], usual, "input"),
        ("cut off in the key", es256, made[:-1], usual, "input"),
        ("a credential longer than its data", es256, new_credential(COSE_ES256, length=60000), usual, "input"),
        ("a credential of no bytes", es256, new_credential(COSE_ES256, length=0), usual, "input"),
        ("nothing", es256, b"", usual, "input"),
        ("client data that are no JSON", es256, made, b"{", "input"),
        ("client data twice as said", es256, made, usual[:-1] + b',"type":"webauthn.create"}', "input"),
        ("a get for a create", es256, made, client("webauthn.get"), "denied"),
        ("another challenge", es256, made, client("webauthn.create", bytes(32)), "denied"),
        ("a challenge cut off", es256, made, client("webauthn.create", CHALLENGE[:-1]), "denied"),
        ("another origin", es256, made, client("webauthn.create", origin="https://lab.example.org"), "denied"),
        ("inside another page", es256, made, client("webauthn.create", crossOrigin=True), "denied"),
        ("crossOrigin in text", es256, made, client("webauthn.create", crossOrigin="false"), "denied"),
        ("another site", es256, new_credential(COSE_ES256, rp_id="example.org"), usual, "denied"),
        ("user not verified", es256, new_credential(COSE_ES256, PRESENT | CREDENTIAL), usual, "denied"),
        ("user not present", es256, new_credential(COSE_ES256, VERIFIED | CREDENTIAL), usual, "denied"),
    ]
    return [{"why": why, "key": key, "authenticator": b64(authenticator), "client": b64(said), "want": want}
            for why, key, authenticator, said, want in rows]


def assertion_cases():
    def signed(authenticator, said, key="es256"):
        message = authenticator + hashlib.sha256(said).digest()
        return der(*ecdsa(SECRET, message)) if key == "es256" else sign(KEY_SEED, message)

    both, usual = PRESENT | VERIFIED, client("webauthn.get")
    rows = []

    def row(why, want, authenticator=head(both, 8), said=usual, counter=7, key="es256", signature=None):
        rows.append({"why": why, "want": want, "counter": counter,
                     "key": "es256:" + b64(POINT) if key == "es256" else "ed25519:" + b64(public_key(KEY_SEED)),
                     "authenticator": b64(authenticator), "client": b64(said),
                     "signature": b64(signature if signature is not None else signed(authenticator, said, key))})

    row("ES256", "ok")
    row("EdDSA", "ok", key="ed25519")
    row("a key that does not count", "ok", head(both, 0), counter=0)
    row("a key that begins to count", "ok", head(both, 1), counter=0)
    row("the last count there is", "ok", head(both, 2**32 - 1), counter=2**32 - 2)
    row("extensions behind", "ok", head(both | EXTENSIONS, 8) + b"\xa0")
    row("the same count again", "denied", head(both, 7))
    row("counted backwards", "denied", head(both, 6))
    row("counted, then no more", "denied", head(both, 0))
    row("user not verified", "denied", head(PRESENT, 8))
    row("user not present", "denied", head(VERIFIED, 8))
    row("another site", "denied", head(both, 8, "example.org"))
    row("another origin", "denied", said=client("webauthn.get", origin="https://evil.example"))
    row("another challenge", "denied", said=client("webauthn.get", bytes(32)))
    row("a create for a get", "denied", said=client("webauthn.create"))
    row("inside another page", "denied", said=client("webauthn.get", crossOrigin=True))
    row("signed over something else", "denied", signature=signed(head(both, 9), usual))
    row("the other key's signature", "denied", signature=signed(head(both, 8), usual, "ed25519"))
    row("no signature", "denied", signature=b"")
    row("extensions that no flag tells of", "input", head(both, 8) + b"\xa0")
    row("a credential in an assertion", "input", new_credential(COSE_ES256))
    row("cut off", "input", head(both, 8)[:-1])
    row("too long", "input", head(both | EXTENSIONS, 8) + bytes(1100))
    row("client data too long", "limit", said=client("webauthn.get", extra="x" * 2100))
    return rows


def vectors():
    return {
        "root": b64(public_key(ROOT_SEED)), "statements": statement_cases(), "decisions": decision_cases(),
        "key": "ed25519:" + b64(public_key(KEY_SEED)), "es256": es256_cases(),
        "rp_id": RP_ID, "origin": ORIGIN, "challenge": b64(CHALLENGE), "credential": b64(CREDENTIAL_ID),
        "new": new_cases(), "assertions": assertion_cases(),
    }


def text():
    return json.dumps(vectors(), indent=1, sort_keys=True, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    sys.exit(vectors_main(__doc__, text))
