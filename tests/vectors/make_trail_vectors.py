#!/usr/bin/env python3
"""make_trail_vectors: wrapped session keys after docs/formats/trail.md, made here from libsodium's sealed box alone; prints trail.json.

The secrets of the parties are SHA-256 of their ids. Sealed boxes are random, so each run gives other, equally right vectors.
"""
import base64
import ctypes
import hashlib
import itertools
import json
import struct

SESSION = "ses_0123456789ab"
SEALED_BYTES = 48
sodium = ctypes.CDLL("libsodium.so.23")
assert sodium.sodium_init() >= 0


def secret_of(party):
    return hashlib.sha256(party.encode()).digest()


def public_of(secret):
    public = ctypes.create_string_buffer(32)
    assert sodium.crypto_scalarmult_base(public, secret) == 0
    return public.raw


def seal(public, plain):
    box = ctypes.create_string_buffer(len(plain) + SEALED_BYTES)
    assert sodium.crypto_box_seal(box, plain, ctypes.c_ulonglong(len(plain)), public) == 0
    return box.raw


def unseal(secret, box):
    """The plain bytes, or None when the box is for somebody else."""
    if len(box) < SEALED_BYTES:
        return None
    plain = ctypes.create_string_buffer(max(1, len(box) - SEALED_BYTES))
    if sodium.crypto_box_seal_open(plain, box, ctypes.c_ulonglong(len(box)), public_of(secret), secret) != 0:
        return None
    return plain.raw[:len(box) - SEALED_BYTES]


def open_item(key, session, sealed):
    """The plain bytes of nonce24 || ciphertext || tag16, which is bound to the session's id."""
    plain = ctypes.create_string_buffer(max(1, len(sealed) - 40))
    bound = session.encode()
    if sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(plain, None, None, sealed[24:], ctypes.c_ulonglong(len(sealed) - 24), bound,
                                                         ctypes.c_ulonglong(len(bound)), sealed[:24], key) != 0:
        return None
    return plain.raw[:len(sealed) - 40]


def head(session, seq):
    return b"vtk1" + struct.pack(">IB", seq, len(session)) + session.encode()


def wrap(recipients, session, seq, key):
    for party in reversed(recipients):
        key = seal(public_of(secret_of(party)), head(session, seq) + key)
    return key


def main():
    cases = []
    for parties, quorum in ((1, 1), (2, 2), (3, 2), (4, 3), (8, 8)):
        ids = [f"org_{number:012d}" for number in range(parties)]
        for seq, subset in enumerate(itertools.combinations(ids, quorum)):
            key = hashlib.sha256(f"{parties} {quorum} {seq}".encode()).digest()
            cases.append({"session": SESSION, "seq": seq, "recipients": list(subset), "key": key.hex(),
                          "wrapped": base64.b64encode(wrap(subset, SESSION, seq, key)).decode()})
    print(json.dumps({"comment": "made by make_trail_vectors.py", "cases": cases}, indent=1))


if __name__ == "__main__":
    main()
