#!/usr/bin/env python3
"""Verbs at the vault and over HTTPS, each with its entry, durable before the answer; clients on the same machine.

usage: verbs.py FIGURE BENCH_LINK [SECONDS]    the two programs are built beside it
"""
import base64
import os
import subprocess
import sys
import json

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tools"), os.path.join(TOP, "tests", "load"), os.path.join(TOP, "tests", "oracle")]
from crowd import BINARY, Crowd

FIGURE, BENCH_LINK = sys.argv[1:3]
SECONDS = int(sys.argv[3]) if len(sys.argv) > 3 else 10
BIG_BYTES = 40000


def figure(name, value, unit, goal, load):
    subprocess.run([FIGURE, name, str(value), unit, goal, load], check=True)


def processor_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def saturate(crowd, tokens, name, goal, connections, path, body):
    before = processor_s(crowd.vault), processor_s(crowd.point)
    result = crowd.run(path=path, body=body, tokens=tokens, active=connections, sources=20, seconds=SECONDS)
    if result["unexpected"] or result["lost"] or result["unanswered"]:
        raise RuntimeError(f"{name}: {result}")
    vault, point = processor_s(crowd.vault) - before[0], processor_s(crowd.point) - before[1]
    micro = [1e6 * seconds / result["answered"] for seconds in (vault, point, result["cpu_s"])]
    figure(name, result["per_s"], "verbs/s", goal,
           f"{connections} connections, {result['bytes'] / result['answered']:.0f} bytes an answer, p99 {result['p99_ms']:.0f} ms, "
           "CPU us a verb: vault {:.0f}, point {:.0f}, client {:.0f}".format(*micro))


def over_https(crowd, session, tokens):
    for connections in (100, 250):
        saturate(crowd, tokens, f"http.verbs_{connections}.per_s", ">= 20000", connections, "/v1/point.list", "{}")
    # The length of a page of the list that is just a 40 KB answer, now that its entries are those of calls.
    rows = 10
    while len(json.dumps(session.verb("ledger.list", limit=rows), separators=(",", ":"))) < BIG_BYTES and rows < 200:
        rows += 10
    saturate(crowd, tokens, "http.verbs_40kb.per_s", ">= 8000", 100, "/v1/ledger.list", json.dumps({"limit": rows}))
    result = crowd.run(path="/v1/point.list", body="{}", tokens=tokens, active=200, sources=20, rate=1000, seconds=SECONDS)
    for key in ("p50_ms", "p99_ms", "p999_ms"):
        figure("http.ack." + key, result[key], "ms", "", "over HTTPS, 1000/s open loop, 200 connections")


def at_the_vault(crowd, session):
    token = base64.urlsafe_b64decode(session.token + "=").hex()
    folder = crowd.lab.folder
    crowd.lab.stop()
    vault = subprocess.Popen([BINARY, "vault", folder], stderr=subprocess.PIPE, text=True)
    try:
        while "is open" not in (line := vault.stderr.readline()):
            if line == "":
                raise RuntimeError(f"the vault ended with {vault.wait()}")
        for name, goal, in_flight, rate in (("vault.verbs.per_s", ">= 20000", 250, 0), ("vault.ack", "<= 10", 1000, 1000)):
            done = subprocess.run([BENCH_LINK, os.path.join(folder, "run/vault.sock"), "centre",
                                   os.path.join(folder, "points/centre/point.key"), token, "point.list", "{}", str(in_flight),
                                   str(rate), str(SECONDS)], capture_output=True, text=True, check=True)
            result = json.loads(done.stdout)
            if result["refused"]:
                raise RuntimeError(f"{name}: {result}")
            if rate == 0:
                figure(name, result["per_s"], "verbs/s", goal, f"{in_flight} in flight over the vault's socket, p99 {result['p99_ms']} ms")
                continue
            for key in ("p50_ms", "p99_ms", "p999_ms"):
                figure(f"{name}.{key}", result[key], "ms", goal if key == "p99_ms" else "", f"{rate}/s open loop over the vault's socket")
    finally:
        vault.terminate()
        vault.wait(30)
        vault.stderr.close()


def main():
    crowd = Crowd()
    try:
        session = crowd.session()
        over_https(crowd, session, crowd.tokens(session))
        session.close()
        at_the_vault(crowd, session)
    finally:
        crowd.remove()


main()
