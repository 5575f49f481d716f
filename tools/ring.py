"""ring: the witnesses around a lab, each with a folder and keys of its own, and the policy that counts them."""
import os
import shutil
import signal
import subprocess
import threading
import time


class Witness:
    """A witness that comes in by the lab's door, as from another machine."""

    def __init__(self, lab, folder, name, owner):
        """owner: the organisation that its key belongs to."""
        self.lab, self.folder, self.name, self.owner = lab, os.path.abspath(folder), name, owner
        self.process = self.log = None

    def join(self, token):
        """Keys and memory, for the lab that the token invites to."""
        done = self.lab.run("witness", "init", self.folder, "--name", f"{self.name}.example/witness", "--centre", self.lab.door,
                            "--token", token, "--listen", "127.0.0.1:0")
        words = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
        self.vkey, self.mirror_vkey = words["witness"], words["mirror"]
        # Nothing of ours serves as root: to the lab's user.
        if os.getuid() == 0:
            owner = os.stat(self.lab.folder)
            for top, _, files in os.walk(self.folder):
                for path in [top, *(os.path.join(top, file) for file in files)]:
                    shutil.chown(path, owner.st_uid, owner.st_gid)
        return self

    def start(self):
        self.log = open(self.folder + ".log", "ab")
        self.process = subprocess.Popen([self.lab.binary, "witness", self.folder], stdout=subprocess.PIPE, stderr=self.log,
                                        text=True, start_new_session=True)
        line = self.process.stdout.readline()
        if not line.startswith("witness ready"):
            raise RuntimeError(f"vitrine witness ended with {self.process.wait()}; see {self.folder}.log")
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        return self

    def status(self):
        return self.lab.run("witness", "status", self.folder).stdout

    def stop(self, how=signal.SIGTERM):
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process = None
            self.log.close()


def policy_of(vkey, witnesses, quorum):
    """tlog-policy: so many of these witnesses, and whose keys they are."""
    lines = [f"log {vkey}"]
    for one in witnesses:
        lines += [f"witness {one.name} {one.vkey}", f"# owner {one.name}: {one.owner}"]
    return "\n".join([*lines, f"group witnesses {quorum} {' '.join(one.name for one in witnesses)}", "quorum witnesses", ""])


def enrol_witnesses(witnesses, quorum, first, second):
    """One officer invites them and proposes the policy, the other sets it. Gives the policy's text."""
    for one in witnesses:
        one.join(first.verb("point.invite", name=one.name, role="witness")["token"]).start()
    text = policy_of(first.verb("lab.hello")["vkey"], witnesses, quorum)
    second.verb("policy.set", policy=first.verb("policy.propose", policy=text)["policy"])
    return text


def wait_witnessed(client, index, seconds=20):
    """Until the head that covers the entry meets the policy; how long it took, in seconds."""
    began = time.monotonic()
    while client.verb("lab.hello")["witnessed"] <= index:
        if time.monotonic() - began > seconds:
            raise RuntimeError(f"entry {index} is not cosigned after {seconds} s: do the witnesses run?")
        time.sleep(0.01)
    return time.monotonic() - began
