#!/usr/bin/env python3
"""Proof bundles made from docs/formats/bundle.md alone, by none of our code, with what a verifier must say to each.

    make_bundle_vectors.py FILE            write the vectors
    make_bundle_vectors.py --check FILE    TAP: FILE is, byte for byte, what would be written

Trees, notes and Ed25519 come from make_ledger_vectors.py beside this file; ECDSA over P-256 is that of FIPS 186-4 with
nonces after RFC 6979, written out here.
"""
import hashlib
import hmac
import json
import sys

from make_ledger_vectors import (Tree, b64, canonical, checkpoint, leaf_hash, public_key, sha256, sign, signature_line,
                                 vkey)
from vectors_main import vectors_main

# --- ECDSA over P-256 --------------------------------------------------------------------------------------

FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
GENERATOR = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
             0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % FIELD == 0:
        return None
    if a == b:
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, FIELD)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, FIELD)
    x = (slope * slope - a[0] - b[0]) % FIELD
    return x, (slope * (a[0] - x) - a[1]) % FIELD


def times(k, point):
    result = None
    while k:
        if k & 1:
            result = add(result, point)
        point = add(point, point)
        k >>= 1
    return result


def p256_key(secret):
    x, y = times(secret, GENERATOR)
    return b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")


def rfc6979(secret, digest):
    k, v = b"\x00" * 32, b"\x01" * 32
    seed = secret.to_bytes(32, "big") + (int.from_bytes(digest, "big") % ORDER).to_bytes(32, "big")
    for mark in (b"\x00", b"\x01"):
        k = hmac.new(k, v + mark + seed, hashlib.sha256).digest()
        v = hmac.new(k, v, hashlib.sha256).digest()
    while True:
        v = hmac.new(k, v, hashlib.sha256).digest()
        if 0 < int.from_bytes(v, "big") < ORDER:
            return int.from_bytes(v, "big")
        k = hmac.new(k, v + b"\x00", hashlib.sha256).digest()
        v = hmac.new(k, v, hashlib.sha256).digest()


def der_integer(n):
    body = n.to_bytes(n.bit_length() // 8 + 1, "big")
    return bytes([2, len(body)]) + body


def p256_sign(secret, message):
    digest = sha256(message)
    k = rfc6979(secret, digest)
    r = times(k, GENERATOR)[0] % ORDER
    s = pow(k, -1, ORDER) * (int.from_bytes(digest, "big") + r * secret) % ORDER
    body = der_integer(r) + der_integer(s)
    return bytes([0x30, len(body)]) + body


# --- A small lab -------------------------------------------------------------------------------------------

LOG, LOG_SEED = "example.org/lab", bytes(range(32))
WITNESSES = [("w%d" % i, "w%d.example" % i, bytes([100 + i] * 32)) for i in range(5)]
ROOTS = {"Example Networks": bytes([50] * 32), "Northline Telecom": bytes([51] * 32), "Nobody": bytes([52] * 32)}
ADA, RITA_SECRET, EVE = bytes([60] * 32), int.from_bytes(sha256(b"rita"), "big") % ORDER, bytes([62] * 32)
RP_ID = "lab.example.org"
FLAGS_VERIFIED = 0x05


def root_hex(organisation):
    return public_key(ROOTS[organisation]).hex()


def entry(kind, public, minute, detail=None):
    nonce = sha256(b"nonce %s %d" % (kind.encode(), minute))
    detail = detail if detail is not None else canonical({"call": {"verb": kind}})
    return {"kind": kind, "nonce": nonce.hex(), "detail": detail,
            "bytes": canonical({"v": 1, "kind": kind, "time": "2026-11-22T15:%02d:00.000000Z" % minute, "public": public,
                                "commit": sha256(nonce + detail.encode()).hex(), "request": sha256(kind.encode()).hex()})}


class Person:
    def __init__(self, ident, organisation, key, assertion):
        self.ident, self.organisation, self.key, self.assertion = ident, organisation, key, assertion
        self.raw = key_bytes(key)

    def key_entry(self, minute, by=None, **changes):
        statement = {"from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z", "key": self.key, "lab": LOG,
                     "organisation": root_hex(self.organisation), "person": self.ident, "v": 1, **changes}
        text = canonical(statement)
        made = entry("person.key", {"actor": "aa" * 10, "key": sha256(self.raw).hex(),
                                    "root": root_hex(self.organisation), "statement": sha256(text.encode()).hex()}, minute)
        made["statement"] = text
        made["statement-signature"] = b64(sign(ROOTS[by or self.organisation],
                                               b"vitrine/person-key/v1\n" + text.encode()))
        return made

    def decides(self, act, record, state, minute, body, changes=None):
        fields = canonical(body)
        decision = {"act": act, "body": sha256(fields.encode()).hex(), "lab": LOG, "note": sha256(b"").hex(),
                    "organisation": root_hex(self.organisation), "person": self.ident, "record": record,
                    "time": "2026-11-22T15:%02d:00.000000Z" % minute, "v": 1, "version": 2, **(changes or {})}
        text = canonical(decision)
        made = entry(act, {"decision": sha256(text.encode()).hex(), "key": sha256(self.raw).hex(), "record": record,
                           "state": state}, minute)
        made.update({"decision": text, "signature": canonical(self.assertion(text.encode())), "body": fields})
        return made


def key_bytes(key):
    import base64
    return base64.b64decode(key.split(":")[1])


def plain(seed):
    return lambda text: {"type": "ed25519", "sig": b64(sign(seed, b"vitrine/decision/v1\n" + text))}


def webauthn(sign_with, rp_id=RP_ID, flags=FLAGS_VERIFIED, kind="webauthn.get"):
    def assertion(text):
        challenge = b64(sha256(text)).rstrip("=").replace("+", "-").replace("/", "_")
        client = ('{"type":"%s","challenge":"%s","origin":"https://lab.example.org","crossOrigin":false}'
                  % (kind, challenge)).encode()
        data = sha256(rp_id.encode()) + bytes([flags]) + (7).to_bytes(4, "big")
        return {"type": "webauthn", "authenticator": b64(data), "client": b64(client),
                "sig": b64(sign_with(data + sha256(client)))}
    return assertion


def people():
    rita = "es256:" + b64(p256_key(RITA_SECRET))
    return {
        "ada": Person("per_ada", "Example Networks", "ed25519:" + b64(public_key(ADA)), plain(ADA)),
        "rita": Person("per_rita", "Northline Telecom", rita, webauthn(lambda m: p256_sign(RITA_SECRET, m))),
        "rolf": Person("per_rolf", "Northline Telecom", "ed25519:" + b64(public_key(bytes([61] * 32))),
                       webauthn(lambda m: sign(bytes([61] * 32), m))),
        "eve": Person("per_eve", "Nobody", "ed25519:" + b64(public_key(EVE)), plain(EVE)),
    }


def agreement(organisation, minute, act="approve", state="in_force"):
    return entry("agreement." + act, {"document": sha256(organisation.encode()).hex(), "organisation": organisation,
                                      "record": "agr_1", "root": root_hex(organisation), "state": state}, minute)


MANIFEST = sha256(b"vitrine-manifest v1\n").hex()


def release(minute, subject=MANIFEST, seed=LOG_SEED, more="", others=()):
    made = entry("release.ingest", {"manifest": MANIFEST, "release": "rel_1", "version": "1.7.15"}, minute)
    payload = canonical({"_type": "https://in-toto.io/Statement/v1", "predicate": {"releaseId": "rel_1"},
                         "predicateType": "https://in-toto.io/attestation/release/v0.1",
                         "subject": [{"digest": {"sha256": subject}, "name": "cjson 1.7.15" + more}, *others]})
    made["attestation"] = payload
    made["attestation-signature"] = b64(sign(seed, b"DSSEv1 28 application/vnd.in-toto+json %d %s"
                                             % (len(payload), payload.encode())))
    return made


PARTS = ["entry", "proof", "nonce", "detail", "decision", "signature", "body", "statement", "statement-signature",
         "attestation", "attestation-signature"]


class Log:
    """Entries in their order; the rest of the tree is filled up with views."""

    def __init__(self, entries, size=13):
        self.entries = list(entries)
        while len(self.entries) < size:
            self.entries.append(entry("source.view", {"actor": "cc" * 10, "engagement": "dd" * 10}, len(self.entries)))
        self.tree = Tree([leaf_hash(e["bytes"].encode()) for e in self.entries])
        self.size = size

    def checkpoint(self, size=None, witnesses=(), log=LOG, seed=LOG_SEED, lines=""):
        text = checkpoint(log, size or self.size, self.tree.hash_range(0, size or self.size))
        note = text + "\n" + signature_line(log, 1, seed, text)
        for i in witnesses:
            note += signature_line(WITNESSES[i][1], 4, WITNESSES[i][2], text, 1795359600 + 60 * i)
        return note + lines

    def consistency(self, old):
        roots = [b64(self.tree.hash_range(0, n)) for n in (old, self.size)]
        return "old %d %s\nnew %d %s\n" % (old, roots[0], self.size, roots[1]) + "".join(
            b64(n) + "\n" for n in self.tree.consistency(old, 0, self.size))

    def bundle(self, indexes, note, without=("nonce", "detail")):
        out = "vitrine-bundle v1\n" + section("checkpoint", note)
        for index in indexes:
            made = dict(self.entries[index])
            made["entry"] = made["bytes"]
            path = "".join(b64(n) + "\n" for n in self.tree.inclusion(index, 0, self.size))
            made["proof"] = "index %d\n%s" % (index, path)
            out += "".join(section(p, made[p]) for p in PARTS if p in made and p not in without)
        return out + "end\n"


def section(name, text):
    return "%s %d\n%s\n" % (name, len(text.encode()), text)


def policy(witnesses=0, needed=0, own=""):
    out = "# made by tests/vectors/make_bundle_vectors.py\nlog %s\n" % vkey(LOG, 1, public_key(LOG_SEED))
    for name, key, seed in WITNESSES[:witnesses]:
        out += "witness %s %s https://%s/\n# owner %s: Owner of %s\n" % (name, vkey(key, 4, public_key(seed)), key, name, name)
    if needed:
        out += "group g %d %s\n" % (needed, " ".join(w[0] for w in WITNESSES[:witnesses]))
    return out + "quorum %s\n" % ("g" if needed else "none") + own


def replaced(text, was, now):
    assert text.count(was) == 1
    return text.replace(was, now)


def changed(made, **parts):
    return {**made, **parts}


def vectors():
    who = people()
    grant = {"activities": ["view"], "title": "Packet review"}
    roots = "#! root %s Example Networks\n#! root %s Northline Telecom\n" % (
        root_hex("Example Networks"), root_hex("Northline Telecom"))
    rules = "#! signed grant.propose\n#! two-organisations grant.approve\n"
    policies = {
        "log": policy(), "four of five": policy(5, 4), "two of three": policy(3, 2), "all": policy(5, 5),
        "rules": policy(own=roots + rules), "roots": policy(own=roots), "signed": policy(own="#! signed grant.approve\n"),
        "misspelt": policy(own="#! singed grant.approve\n"), "no quorum": policy().replace("quorum none\n", ""),
        "other log": "log %s\nquorum none\n" % vkey(LOG, 1, public_key(bytes([9] * 32))),
        "twice": policy(1, 1).replace("group", "witness again %s\ngroup" % vkey("other", 4, public_key(WITNESSES[0][2]))),
    }

    def decided(*acts, keys=("ada", "rita", "rolf"), revoked=None):
        made = [agreement("Example Networks", 1), agreement("Northline Telecom", 2)]
        made += [who[k].key_entry(3 + i) for i, k in enumerate(keys)]
        made += [revoked] if revoked else []
        return Log(made + list(acts), 17)

    propose = who["ada"].decides("grant.propose", "grt_1", "proposed", 20, grant)
    approve = who["rita"].decides("grant.approve", "grt_1", "approved", 21, grant)
    good = decided(propose, approve)
    chain = [0, 1, 2, 3, 5, 6]
    cases = []

    def case(name, wanted, bundle, policy_name="log", says="", **more):
        cases.append({"name": name, "policy": policy_name, "bundle": bundle, "exit": wanted, "says": says, **more})

    views = Log([])
    note5 = views.checkpoint(witnesses=range(5))
    case("a view, by the log alone", 0, views.bundle([7], views.checkpoint()), says="signed by the log alone")
    case("a view with its detail", 0, views.bundle([7], views.checkpoint(), ()), says="as committed to", flips=True)
    case("a view, cosigned by five", 0, views.bundle([7], note5), "four of five", says="at most f = 2")
    case("all have to cosign", 0, views.bundle([0, 7], note5), "all", flips=True, says="2026-11-22T15:04:00Z")
    case("four suffice", 0, views.bundle([7], views.checkpoint(witnesses=[0, 1, 3, 4])), "four of five", says="did not cosign")
    case("three do not", 3, views.bundle([7], views.checkpoint(witnesses=[0, 1, 4])), "four of five", says="quorum")
    case("two of three is worth f = 0", 0, views.bundle([7], note5), "two of three", says="at most f = 0")
    case("a line of a key that nobody knows", 0, views.bundle([7], views.checkpoint(lines=signature_line(
        "stranger", 1, b"\x05" * 32, "x\n"))))
    case("a quorum missing and a lie: the lie is told", 1, replaced(views.bundle([7], note5), "index 7", "index 6"), "all",
         says="not in the tree")
    for name, line in (("log", note5.split("\n")[4]), ("witness", note5.split("\n")[6])):
        case("a %s's line that does not hold" % name, 1, views.bundle([7], note5.replace(line, line[:60] + "AAAA" + line[64:])),
             "two of three", says="does not hold")
    case("another log's policy", 1, views.bundle([7], views.checkpoint()), "other log", says="not signed by a log")
    case("another key's checkpoint", 1, views.bundle([7], views.checkpoint(seed=b"\x07" * 32)), says="not signed by a log")
    case("a rule misspelt is no policy", 2, views.bundle([7], views.checkpoint()), "misspelt", says="line ")
    case("a policy without quorum", 2, views.bundle([7], views.checkpoint()), "no quorum")
    case("one key under two names", 2, views.bundle([7], views.checkpoint()), "twice")
    case("an older checkpoint than the proof's", 1, views.bundle([7], views.checkpoint(size=12)), says="not in the tree")
    whole = views.bundle([3, 7], views.checkpoint())
    case("entries out of order", 2, views.bundle([7, 3], views.checkpoint()))
    case("an entry twice", 2, views.bundle([7, 7], views.checkpoint()))
    case("no entry", 2, views.bundle([], views.checkpoint()))
    case("nothing", 2, "")
    case("cut", 2, whole[:-4])
    case("something after the end", 2, whole + "\n")
    case("a length with a leading zero", 2, whole.replace("entry ", "entry 0", 1))
    case("another version", 2, whole.replace("v1", "v2", 1))

    case("a grant, two organisations, WebAuthn", 0, good.bundle(chain, good.checkpoint()), "rules", flips=True,
         says="decision signed by per_rita")
    case("the same without known roots", 0, good.bundle(chain, good.checkpoint()), says="the policy lists no root keys")
    eddsa = decided(propose, who["rolf"].decides("grant.approve", "grt_1", "approved", 21, grant))
    case("WebAuthn with Ed25519", 0, eddsa.bundle([0, 1, 2, 4, 5, 6], eddsa.checkpoint()), "rules", says="per_rolf")
    alone = decided(propose, who["ada"].decides("grant.approve", "grt_1", "approved", 21, grant))
    case("one organisation alone", 1, alone.bundle([0, 1, 2, 5, 6], alone.checkpoint()), "rules", says="no other organisation")
    unsigned = Log([entry("grant.approve", {"record": "grt_1", "state": "approved"}, 1)])
    case("nobody signed", 0, unsigned.bundle([0], unsigned.checkpoint()), says="the log's word alone")
    case("nobody signed, and somebody had to", 1, unsigned.bundle([0], unsigned.checkpoint()), "signed", says="asks for a person's")
    case("the decision left out", 0, good.bundle([6], good.checkpoint(), tuple(PARTS[2:])), says="nobody's signature was checked")
    case("the decision left out where one is asked for", 1, good.bundle([6], good.checkpoint(), tuple(PARTS[2:])), "signed")
    case("no statement on the key", 1, good.bundle([0, 1, 2, 6], good.checkpoint()), says="no organisation's statement")
    case("no agreement", 1, good.bundle([0, 3, 6], good.checkpoint()), says="no agreement")
    made_up = Log([agreement("Nobody", 1), who["eve"].key_entry(2), who["eve"].decides("grant.approve", "grt_1", "approved", 3, grant)])
    case("a made-up organisation", 1, made_up.bundle([0, 1, 2], made_up.checkpoint()), "roots", says="does not know the root key")
    forged = Log([agreement("Northline Telecom", 1), who["rita"].key_entry(2, by="Nobody"), approve])
    case("a made-up reviewer", 1, forged.bundle([0, 1, 2], forged.checkpoint()), says="did not sign the statement")
    late = Log([agreement("Northline Telecom", 1), approve, who["rita"].key_entry(30)])
    case("a key entered after the decision", 1, late.bundle([0, 1, 2], late.checkpoint()), says="no organisation's statement")
    later = Log([who["rita"].key_entry(1), agreement("Northline Telecom", 2), approve])
    case("a root entered after the key, before the decision", 0, later.bundle([0, 1, 2], later.checkpoint()))
    ended = Log([agreement("Northline Telecom", 1), who["rita"].key_entry(2), agreement("Northline Telecom", 3, "end", "ended"),
                 approve, agreement("Northline Telecom", 5), agreement("Northline Telecom", 6, "propose", "proposed")])
    case("an agreement ended before", 1, ended.bundle([0, 1, 2, 3], ended.checkpoint()), says="no agreement in force")
    case("in force again, too late", 1, ended.bundle([1, 2, 3, 4], ended.checkpoint()), says="no agreement in force")
    again = Log([agreement("Northline Telecom", 1, "end", "ended"), agreement("Northline Telecom", 2), who["rita"].key_entry(3), approve,
                 agreement("Northline Telecom", 5, "end", "ended")])
    case("ended, in force again, and ended after", 0, again.bundle([0, 1, 2, 3, 4], again.checkpoint()), says="key entered as 2")
    only = Log([agreement("Northline Telecom", 1, "propose", "proposed"), who["rita"].key_entry(3), approve])
    case("an agreement that was proposed, no more", 1, only.bundle([0, 1, 2], only.checkpoint()), says="no agreement in force")
    revoked = decided(approve, revoked=entry("person.key_revoke", {"key": sha256(who["rita"].raw).hex()}, 10))
    case("a key revoked before", 1, revoked.bundle([1, 3, 5, 6], revoked.checkpoint()), says="no organisation's statement")
    expired = Log([agreement("Northline Telecom", 1), who["rita"].key_entry(2, until="2026-11-22T15:21:00Z"), approve])
    case("a key that ended just then", 1, expired.bundle([0, 1, 2], expired.checkpoint()), says="not certified for")
    until = Log([agreement("Northline Telecom", 1), who["rita"].key_entry(2, until="2026-11-22T15:21:00.000001Z"), approve])
    case("a key that ends a microsecond later", 0, until.bundle([0, 1, 2], until.checkpoint()))
    for field, value, says in (("act", "grant.revoke", "another act"), ("record", "grt_2", "another act"),
                               ("lab", "example.org/other", "another act"), ("person", "per_ada", "not certified for"),
                               ("organisation", root_hex("Example Networks"), "not certified for"), ("v", 2, "does not state")):
        wrong = decided(who["rita"].decides("grant.approve", "grt_1", "approved", 21, grant, {field: value}))
        bundle = wrong.bundle([1, 3, 5], wrong.checkpoint())
        case("a decision with another " + field, 1, bundle, says=says)
    for name, assertion in (("not verified by the device", webauthn(lambda m: p256_sign(RITA_SECRET, m), flags=1)),
                            ("another ceremony", webauthn(lambda m: p256_sign(RITA_SECRET, m), kind="webauthn.create")),
                            ("another key", webauthn(lambda m: p256_sign(RITA_SECRET + 1, m))),
                            ("a plain signature by an ES256 key", plain(ADA))):
        signature = canonical(assertion(approve["decision"].encode()))
        wrong = decided(changed(approve, signature=signature))
        case("a decision signed: " + name, 1, wrong.bundle([1, 3, 5], wrong.checkpoint()), says="did not sign")
    wrong = decided(changed(approve, body=canonical({**grant, "title": "Other"})))
    case("another body than was decided on", 1, wrong.bundle([1, 3, 5], wrong.checkpoint()), says="not those that were decided")
    case("a person's key", 0, good.bundle([1, 3], good.checkpoint()), says="key certified, signed by the organisation's root key")

    shipped = Log([release(1)])
    case("a release", 0, shipped.bundle([0], shipped.checkpoint()), says="attested", flips=True, digest=MANIFEST)
    case("another digest is asked for", 1, shipped.bundle([0], shipped.checkpoint()), digest="00" * 32, says="states this digest")
    for name, wanted, made in (("another subject", 1, release(1, subject="11" * 32)), ("another key", 1, release(1, seed=ADA)),
                               ("two subjects", 1, release(1, others=[{"digest": {"sha256": "11" * 32}, "name": "x"}])),
                               ("a name that looks like two", 0, release(1, more='"},{"name":"x'))):
        log = Log([made])
        case("an attestation with " + name, wanted, log.bundle([0], log.checkpoint()))

    other = Log([entry("release.ingest", {"manifest": "22" * 32}, 1)])
    more = Log(views.entries, 20)
    pairs = [
        {"name": "the same head", "a": views.checkpoint(), "b": note5, "exit": 0},
        {"name": "two trees of one size", "a": views.checkpoint(), "b": other.checkpoint(), "exit": 1},
        {"name": "two entries at one place", "a": shipped.bundle([0], shipped.checkpoint()),
         "b": Log(other.entries, 20).bundle([0], Log(other.entries, 20).checkpoint()), "exit": 1},
        {"name": "no proof", "a": views.checkpoint(), "b": more.checkpoint(), "exit": 2},
        {"name": "a proof", "a": more.checkpoint(), "b": views.bundle([1], views.checkpoint()),
         "proof": more.consistency(13), "exit": 0},
        {"name": "a proof of something else", "a": more.checkpoint(), "b": views.checkpoint(),
         "proof": more.consistency(12), "exit": 2},
        {"name": "a head that the log did not sign", "a": views.checkpoint(), "b": other.checkpoint(seed=ADA), "exit": 2},
    ]
    made = {"made_by": "tests/vectors/make_bundle_vectors.py", "policies": policies, "cases": cases, "pairs": pairs}
    return json.dumps(made, indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    sys.exit(vectors_main(__doc__, vectors))
