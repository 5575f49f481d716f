"""ring: what others run around a lab: witnesses, and access points on other machines, each with a folder and keys of its own.

On one machine they stand beside the lab; what connects them to it is the same link.
"""
import os
import signal
import subprocess
import threading
import time

from labkit import Client, free_port


def hand_over(folder, lab):
    """To the lab's user, when we are root: nothing of ours serves as root."""
    owner = os.stat(lab.folder).st_uid
    if os.getuid() == 0:
        for top, _, files in os.walk(folder):
            for path in [top, *(os.path.join(top, file) for file in files)]:
                os.chown(path, owner, owner)


class Peer:
    """A process with a folder; its log stands beside the folder."""

    def __init__(self, lab, folder):
        self.lab, self.folder = lab, os.path.abspath(folder)
        self.process = self.log = None

    def begin(self, *arguments):
        """Start it; gives the last word of its line "[witness] ready …", the address."""
        self.log = open(self.folder + ".log", "ab")
        self.process = subprocess.Popen([self.lab.binary, *arguments], stdout=subprocess.PIPE, stderr=self.log, text=True,
                                        start_new_session=True)
        for line in self.process.stdout:
            if "ready" in line.split()[:2]:
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return line.split()[-1]
        raise RuntimeError(f"{arguments[0]} ended with {self.process.wait()}:\n{self.log_tail()}")

    def log_tail(self, lines=20):
        with open(self.folder + ".log", encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-lines:])

    def stop(self, how=signal.SIGTERM):
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process = None
            self.log.close()


class Witness(Peer):
    def __init__(self, lab, folder, name, owner, port=0):
        """owner: the organisation that the key belongs to. A folder that is there already is taken as it is."""
        super().__init__(lab, folder)
        self.name, self.owner = name, owner
        if not os.path.exists(self.folder):
            done = lab.run("witness", "init", self.folder, "--name", f"{name}.example/witness", "--peer", name, "--listen",
                           f"127.0.0.1:{port}")
            words = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
            self.key, self.vkey, self.mirror_vkey = words["link key"], words["witness"], words["mirror"]
            hand_over(self.folder, lab)

    def start(self):
        self.port = int(self.begin("witness", self.folder).rsplit(":", 1)[1])
        return self

    def status(self):
        return subprocess.run([self.lab.binary, "witness", "status", self.folder], capture_output=True, text=True,
                              check=True).stdout


def policy_of(vkey, witnesses, quorum):
    """tlog-policy: quorum of these witnesses, and whose keys they are."""
    lines = [f"log {vkey}"]
    for one in witnesses:
        lines += [f"witness {one.name} {one.vkey}", f"# owner {one.name}: {one.owner}"]
    return "\n".join([*lines, f"group witnesses {quorum} {' '.join(one.name for one in witnesses)}", "quorum witnesses", ""])


def enrol_witnesses(witnesses, quorum, first, second):
    """One officer enrols them and proposes the policy, the other sets it. Gives the policy's text."""
    for one in witnesses:
        first.verb("witness.enrol", name=one.name, key=one.key)
        one.start()
    text = policy_of(first.verb("lab.hello")["vkey"], witnesses, quorum)
    proposed = first.verb("policy.propose", policy=text)
    second.verb("policy.set", policy=proposed["policy"])
    return text


def wait_witnessed(client, index, seconds=20):
    """Until the head that covers the entry meets the policy; how long it took, in seconds."""
    began = time.monotonic()
    while client.verb("lab.hello")["witnessed"] <= index:
        if time.monotonic() - began > seconds:
            raise RuntimeError(f"entry {index} is not cosigned after {seconds} s: do the witnesses run?")
        time.sleep(0.01)
    return time.monotonic() - began


class FarPoint(Peer):
    """An access point that reaches the lab through its door, as from another machine."""

    def __init__(self, lab, folder, port=0):
        super().__init__(lab, folder)
        self.listen = f"127.0.0.1:{port or free_port()}"
        self.url = None

    def enrol(self, name, site, door, officer):
        """The two commands. officer: whose sign-in the command line keeps; door: HOST:PORT of the centre."""
        invite = subprocess.Popen([self.lab.binary, "--lab", self.lab.folder, "--as", officer, "point", "enrol", name, "--site",
                                   site], stdout=subprocess.PIPE, text=True,
                                  env={**os.environ, "XDG_STATE_HOME": self.lab.state})
        token = invite.stdout.readline().split()[-1]
        os.makedirs(self.folder, mode=0o700)
        hand_over(self.folder, self.lab)
        self.url = self.begin("point", "--centre", door, "--token", token, self.folder, "--listen", self.listen)
        said = invite.stdout.read()
        if invite.wait(20) != 0 or f"{name} has come" not in said:
            raise RuntimeError(f"point enrol {name}: {said}")
        return self

    def start(self):
        self.url = self.begin("point", self.folder, "--listen", self.listen)
        return self

    def signed_in(self, name, password):
        client = Client(self.url, os.path.join(self.folder, "tls.crt"))
        client.sign_in(name, password)
        return client
