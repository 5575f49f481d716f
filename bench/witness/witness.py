#!/usr/bin/env python3
"""What witnesses cost whoever waits for an acknowledgement, and how long it takes until an act is cosigned by the quorum.

    witness.py FIGURE

A real lab, one caller over HTTPS, 0, 1 and 5 real witness processes on this machine (quorum 1 of 1, 4 of 5), mirrors included.
The caller asks for a list entry 300 times; then 40 acts are followed until lab.hello says that they are witnessed.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
from labkit import Lab, new_password  # noqa: E402

FIGURE, BINARY = sys.argv[1], os.environ["VITRINE"]
ACTS, FOLLOWED, GOAL_MS = 300, 40, 250


def figure(name, value, goal, load):
    subprocess.run([FIGURE, name, f"{value:.2f}", "ms", goal, load], check=True)


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def start_witness(lab, officer, top, number):
    """(process, line of a policy)."""
    folder, user = os.path.join(top, f"w{number}"), os.stat(lab.folder)
    made = lab.run("witness", "init", folder, "--name", f"w{number}.example/witness", "--peer", f"w{number}")
    words = dict(line.rsplit(" ", 1) for line in made.stdout.splitlines())
    for at, _, files in os.walk(folder):
        for path in [at, *(os.path.join(at, file) for file in files)]:
            os.chown(path, user.st_uid, user.st_gid)
    officer.verb("witness.enrol", name=f"w{number}", key=words["link key"])
    process = subprocess.Popen([BINARY, "witness", folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    process.stdout.readline()
    return process, f"witness w{number} {words['witness']}"


def policy(first, second, lines, threshold):
    names = " ".join(line.split()[1] for line in lines)
    text = "\n".join([f"log {first.verb('lab.hello')['vkey']}", *lines, f"group g {threshold} {names}", "quorum g", ""])
    second.verb("policy.set", policy=first.verb("policy.propose", policy=text)["policy"])


def measure(officer, witnesses):
    took = []
    for _ in range(ACTS):
        began = time.perf_counter()
        officer.verb("ledger.list", limit=1)
        took.append(1000 * (time.perf_counter() - began))
    load = f"one caller over HTTPS, {ACTS} acts, {witnesses} witnesses"
    figure(f"witness.ack.{witnesses}.p50_ms", percentile(took, 0.5), "-", load)
    figure(f"witness.ack.{witnesses}.p99_ms", percentile(took, 0.99), "-", load)
    if witnesses == 0:
        return
    waited = []
    for _ in range(FOLLOWED):
        size = officer.verb("ledger.list", limit=1)["size"] + 1
        began = time.perf_counter()
        while officer.verb("lab.hello")["witnessed"] < size:
            pass
        waited.append(1000 * (time.perf_counter() - began))
    load = f"{FOLLOWED} acts, {witnesses} witnesses, their mirrors beside, one machine"
    figure(f"witness.witnessed.{witnesses}.p50_ms", percentile(waited, 0.5), f"<= {GOAL_MS}", load)
    figure(f"witness.witnessed.{witnesses}.max_ms", max(waited), f"<= {GOAL_MS}", load)


def main():
    top = tempfile.mkdtemp(prefix="vitrine-bench-")
    os.chmod(top, 0o755)
    lab, processes, lines = Lab(os.path.join(top, "lab"), BINARY), [], []
    try:
        passwords = new_password(), new_password()
        lab.init([("ada", "Ada", passwords[0]), ("ben", "Ben", passwords[1])])
        lab.start()
        ada, ben = lab.signed_in("ada", passwords[0]), lab.signed_in("ben", passwords[1])
        measure(ada, 0)
        for count, threshold in ((1, 1), (5, 4)):
            while len(processes) < count:
                process, line = start_witness(lab, ada, top, len(processes))
                processes.append(process)
                lines.append(line)
            policy(ada, ben, lines, threshold)
            measure(ada, count)
    finally:
        for process in processes:
            process.terminate()
            process.wait()
        lab.remove()
        shutil.rmtree(top, ignore_errors=True)


main()
