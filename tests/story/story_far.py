#!/usr/bin/env python3
"""Far: points on other machines: who is let in and who is not, revocation, renewal, a lost link, and what a point keeps."""
import os
import socket
import ssl
import struct
import subprocess
import time

from tap import run
from fixture import Fixture
from labkit import FarPoint
from ring import Witness

HERE = os.path.dirname(os.path.abspath(__file__))
lab = Fixture(door=True, releases=1)
engagement = lab.engagement()
lab.grant(engagement)
where = {"engagement": engagement, "release": lab.releases[0]}
points = []


def invite(name, **more):
    return lab.ada.verb("point.invite", name=name, **more)["token"]


def far_point(name, **options):
    return FarPoint(lab.lab, os.path.join(lab.folder, name), **options)


def until(what, seconds=20):
    """Asks until `what` gives something true; the clock bounds it, nothing sleeps for a fixed time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("not within %d s: %s" % (seconds, what))


def entries(kind):
    return lab.ada.verb("ledger.list", kind=kind)["entries"]


def row_of(name):
    return next(row for row in lab.ada.verb("point.list")["points"] if row["name"] == name)


def page(client, path, method="GET", form=None):
    headers = {"Cookie": "__Host-vitrine=" + client.token} if client.token else {}
    if form is not None:
        headers.update({"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"})
    return client.request(method, path, form, headers)


# Who is let in.

def two_commands_make_a_point_and_both_sides_show_one_fingerprint():
    enrol = subprocess.Popen([lab.lab.binary, "--lab", lab.lab.folder, "--as", "ada", "point", "enrol", "bonn", "--site",
                              "Bonn, room 2"], stdout=subprocess.PIPE, text=True,
                             env={**os.environ, "XDG_STATE_HOME": lab.lab.state})
    token = enrol.stdout.readline().split()[1]
    bonn = far_point("bonn")
    points.append(bonn)
    bonn.join(token)
    said = enrol.stdout.read()
    assert enrol.wait() == 0
    shown = next(line for line in said.splitlines() if line.startswith("fingerprint "))
    assert shown == bonn.fingerprint(), (shown, bonn.fingerprint())
    # The folder belongs to no privileged user, and the token is nowhere in it.
    for name in os.listdir(bonn.folder):
        with open(os.path.join(bonn.folder, name), "rb") as file:
            assert token.encode() not in file.read(), name
    rita = bonn.signed_in("rita", lab.passwords["rita"])
    members, png = rita.view(**where, path="Makefile")
    assert png.startswith(b"\x89PNG")
    entry = entries("point.join")[0]
    assert entry["public"]["point"] == "bonn"


def the_list_tells_key_certificate_link_and_receipts():
    until(lambda: row_of("bonn")["linked"], 5)
    row = row_of("bonn")
    assert row["remote"] and row["role"] == "point", row
    assert "certificate_ends" in row and "seen" in row and len(row["fingerprint"]) == 64
    status, _, body = page(lab.ada, "/points")
    assert status == 200 and b"bonn" in body and b"Bonn, room 2" in body and b"linked" in body


def receipts_hold_digests_and_entries_and_nothing_else():
    bonn = points[0]
    with open(os.path.join(bonn.folder, "receipts"), "rb") as file:
        data = file.read()
    assert len(data) % 96 == 0 and data
    sent, answered = {}, {}
    for at in range(0, len(data), 96):
        counter, digest, when, index, size, root = struct.unpack(">Q32sQQQ32s", data[at:at + 96])
        if index == 2**64 - 2:
            sent[counter] = digest
            assert size == 0 and root == bytes(32)
        else:
            answered[counter] = (digest, index, size)
            assert counter in sent and sent[counter] == digest
            assert index == 2**64 - 1 or index < size
    assert answered and set(answered) <= set(sent)
    # Each entry that a receipt names bears the same digest.
    indices = {index: digest for digest, index, _ in answered.values() if index < 2**64 - 2}
    assert indices
    for index, digest in list(indices.items())[:5]:
        entry = lab.ada.verb("ledger.entry", index=index)
        assert digest.hex() in str(entry), (index, digest.hex())


def a_token_is_good_once_and_for_ten_minutes():
    token = invite("rome")
    rome = far_point("rome")
    points.append(rome)
    rome.join(token)
    again = far_point("rome-again")
    try:
        again.join(token)
        raise AssertionError("a token was redeemed twice")
    except RuntimeError as why:
        assert "used already" in str(why), why
    token = invite("oslo")
    lab.lab.shift_clock(601)
    try:
        far_point("oslo").join(token)
        raise AssertionError("a token was redeemed after ten minutes")
    except RuntimeError as why:
        assert "no link to the centre" in str(why) or "too old" in str(why), why
    finally:
        lab.lab.shift_clock(0)
    assert not os.path.exists(os.path.join(lab.folder, "oslo", "point.yaml"))


def a_token_that_names_another_authority_is_refused_by_the_one_who_joins():
    token = invite("kyiv")
    letters = token.replace("-", "")
    # The last 16 of the 32 bytes say by what the centre is known; one letter in their middle is another centre.
    wrong = letters[:40] + ("A" if letters[40] != "A" else "B") + letters[41:]
    try:
        far_point("kyiv").join(wrong)
        raise AssertionError("another authority was taken for the lab's")
    except RuntimeError as why:
        assert "another fingerprint" in str(why), why
    lab.ada.verb("point.revoke", name="kyiv")


# Strangers at the door: openssl and Python's TLS make what GnuTLS would not.

def certificate(name, days=30, authority=None, start=None):
    """(key, certificate) files of an Ed25519 key; signed by the given (key, certificate) or by itself."""
    base = os.path.join(lab.folder, name)
    run_quietly("openssl", "genpkey", "-algorithm", "ed25519", "-out", base + ".key")
    run_quietly("openssl", "req", "-new", "-key", base + ".key", "-subj", "/CN=bonn", "-out", base + ".csr")
    with open(base + ".ext", "w", encoding="ascii") as file:
        file.write("basicConstraints=critical,CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=clientAuth\n")
    by = ["-CA", authority[1], "-CAkey", authority[0], "-CAcreateserial"] if authority else ["-key", base + ".key"]
    run_quietly("openssl", "x509", "-req", "-in", base + ".csr", "-days", str(days), "-extfile", base + ".ext",
                "-out", base + ".crt", *by)
    return base + ".key", base + ".crt"


def run_quietly(*command):
    subprocess.run(command, check=True, capture_output=True)


def raw_key_to_pem(seed, path):
    """A 32-byte Ed25519 seed as PKCS 8 (RFC 8410)."""
    der = bytes.fromhex("302e020100300506032b657004220420") + seed
    subprocess.run(["openssl", "pkey", "-inform", "DER", "-out", path], input=der, capture_output=True, check=True)


def at_the_door(files=None, send=b""):
    """What a TLS client gets from the door: the bytes it answers, or the error that ends the link."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if files:
        context.load_cert_chain(files[1], files[0])
    host, port = lab.lab.door.rsplit(":", 1)
    try:
        with socket.create_connection((host, int(port)), timeout=15) as plain, context.wrap_socket(plain) as link:
            link.sendall(send or call_frame("bonn"))
            return link.recv(4096)
    except (ssl.SSLError, ConnectionError) as why:
        return why


def call_frame(point, verb="lab.hello", flags=0, kind=1):
    body = b"{}"
    header = struct.pack(">Q48s32s32sQ16s16s64s", 1, verb.encode(), point.encode(), bytes(32), 1, bytes(16), bytes(16),
                         bytes(64))
    return struct.pack(">4sBBHI", b"vtr1", kind, flags, len(header), len(body)) + header + body


def refused_in_the_handshake(files):
    entries_before = lab.ada.verb("lab.hello")["size"]
    got = at_the_door(files)
    assert isinstance(got, Exception), got
    return entries_before


def strangers_are_refused_before_a_byte_of_a_verb_is_read():
    authority = certificate_of_lab()
    foreign = foreign_authority()
    refused_in_the_handshake(None)
    refused_in_the_handshake(certificate("selfmade"))
    refused_in_the_handshake(certificate("foreign", authority=foreign))
    # The lab's own authority, the name of a peer, but not its key: only the table of peers can tell.
    refused_in_the_handshake(certificate("stolen", authority=authority))
    said = lab.lab.log_tail(40)
    assert said.count("not let in") >= 4, said


def foreign_authority():
    base = os.path.join(lab.folder, "foreign-ca")
    run_quietly("openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", base + ".key", "-out", base + ".crt",
                "-subj", "/CN=vitrine lab authority", "-days", "30")
    return base + ".key", base + ".crt"


def certificate_of_lab():
    key = os.path.join(lab.folder, "ca.pem")
    with open(os.path.join(lab.lab.folder, "keys", "ca.key"), "rb") as file:
        raw_key_to_pem(file.read(), key)
    copy = os.path.join(lab.folder, "ca.crt")
    with open(os.path.join(lab.lab.folder, "keys", "ca.crt"), "rb") as source, open(copy, "wb") as target:
        target.write(source.read())
    return key, copy


def own_files(point):
    """A point's own key and certificate, in openssl's hands."""
    key = os.path.join(lab.folder, "own.pem")
    with open(os.path.join(point.folder, "point.key"), "rb") as file:
        raw_key_to_pem(file.read(), key)
    return key, os.path.join(point.folder, "link.crt")


def time_is_the_labs():
    rome = points[1]
    files = own_files(rome)
    good = at_the_door(files, call_frame("rome"))
    assert isinstance(good, bytes) and good.startswith(b"vtr1"), good
    try:
        lab.lab.shift_clock(91 * 86400)
        until(lambda: isinstance(at_the_door(files, call_frame("rome")), Exception), 5)
        lab.lab.shift_clock(-2 * 3600)
        until(lambda: isinstance(at_the_door(files, call_frame("rome")), Exception), 5)
    finally:
        lab.lab.shift_clock(0)
        lab.ada = lab.lab.signed_in("ada", lab.passwords["ada"])
    until(lambda: isinstance(at_the_door(files, call_frame("rome")), bytes), 5)


def the_door_lets_through_what_is_the_peers_own():
    files = own_files(points[1])
    for frame in (call_frame("bonn"), call_frame("console"), call_frame("door", "door.peers"),
                  call_frame("rome", flags=1), b"GET / HTTP/1.1\r\n\r\n"):
        got = at_the_door(files, frame)
        assert got == b"" or isinstance(got, Exception), (frame[:60], got)


# Revocation, a lost link, renewal.

def revocation_bites_within_five_seconds_on_open_links():
    rome = points[1]
    files = own_files(rome)
    host, port = lab.lab.door.rsplit(":", 1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(files[1], files[0])
    with socket.create_connection((host, int(port)), timeout=15) as plain, context.wrap_socket(plain) as link:
        link.sendall(call_frame("rome"))
        assert link.recv(4096).startswith(b"vtr1")
        began = time.monotonic()
        lab.ada.verb("point.revoke", name="rome")
        link.settimeout(5)
        try:
            ended = link.recv(4096) == b""
        except (ssl.SSLError, ConnectionError):
            ended = True
        assert ended and time.monotonic() - began < 5, time.monotonic() - began
    refused_in_the_handshake(files)
    assert row_of("rome").get("revoked")


def a_witness_comes_in_by_the_door_and_cosigns():
    witness = Witness(lab.lab, os.path.join(lab.folder, "w1"), "w1", "Northline Telecom")
    points.append(witness.join(invite("w1", role="witness")).start())
    until(lambda: "cosigned" in witness.status())
    listed = lab.ada.verb("witness.list")["witnesses"]
    assert row_of("w1")["role"] == "witness" and row_of("w1")["remote"], row_of("w1")
    # Not in the policy: let in, and counted by nobody.
    assert not any(one.get("counts") for one in listed), listed


def a_witness_s_token_makes_no_point():
    wrong = far_point("w2")
    try:
        wrong.join(invite("w2", role="witness"))
    except RuntimeError as refused:
        assert "invites a witness" in str(refused), refused
        return
    finally:
        wrong.stop()
    raise AssertionError("joined")


def certificates_are_renewed_before_they_end():
    bonn = points[0]
    clock = os.path.join(bonn.folder, "clock")
    before = len(entries_later("point.renew"))
    bonn.stop()
    with open(clock, "w", encoding="ascii") as file:
        file.write(f"{70 * 86400:<20d}")
    with open(os.path.join(bonn.folder, "point.yaml"), "a", encoding="utf-8") as file:
        file.write("test_clock: clock\n")
    lab.lab.shift_clock(70 * 86400)
    try:
        bonn.start()
        until(lambda: len(entries_later("point.renew")) > before)
        with open(os.path.join(bonn.folder, "link.next"), "rb") as file:
            assert b"BEGIN CERTIFICATE" in file.read()
        # Three weeks later the first certificate would have ended; the point starts with the second.
        bonn.stop()
        with open(clock, "w", encoding="ascii") as file:
            file.write(f"{95 * 86400:<20d}")
        lab.lab.shift_clock(95 * 86400)
        bonn.start()
    finally:
        bonn.stop()
        with open(clock, "w", encoding="ascii") as file:
            file.write(f"{0:<20d}")
        lab.lab.shift_clock(0)


def entries_later(kind):
    """As an officer of the shifted clock: sessions have ended by it."""
    ada = lab.lab.signed_in("ada", lab.passwords["ada"])
    found = ada.verb("ledger.list", kind=kind)["entries"]
    ada.close()
    return found


CASES = [two_commands_make_a_point_and_both_sides_show_one_fingerprint, the_list_tells_key_certificate_link_and_receipts,
         receipts_hold_digests_and_entries_and_nothing_else, a_token_is_good_once_and_for_ten_minutes,
         a_token_that_names_another_authority_is_refused_by_the_one_who_joins,
         strangers_are_refused_before_a_byte_of_a_verb_is_read, time_is_the_labs,
         the_door_lets_through_what_is_the_peers_own, a_witness_comes_in_by_the_door_and_cosigns,
         a_witness_s_token_makes_no_point, revocation_bites_within_five_seconds_on_open_links,
         certificates_are_renewed_before_they_end]


def clean_up():
    for point in points:
        point.stop()
    lab.remove()


run(CASES, clean_up)
