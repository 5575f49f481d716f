"""labkit: start a real lab and talk to it as its people do. Used by the demo and by the stories of the tests.

A Lab is one `vitrine up` with its folder; a Client is a browser-less HTTPS client of its point, one signed-in person.
Standard library only.
"""
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
from urllib.parse import urlsplit

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Refused(Exception):
    """An answer that is not OK: its HTTP status, the kind's word, and what it says to the person."""

    def __init__(self, status, word, message):
        super().__init__(f"{status} {word}: {message}")
        self.status, self.word, self.message = status, word, message


class Client:
    """One person at one point. verb(name, **arguments) gives the answer's members; view() gives tiles."""

    def __init__(self, url, certificate, record=None):
        self.host = urlsplit(url).netloc
        self.context = ssl.create_default_context(cafile=certificate)
        self.token = None
        self.record = record
        self.connection = None

    def request(self, method, path, body=None, headers=None):
        """(status, headers, body) of one request on a kept connection."""
        for attempt in (1, 2):
            if self.connection is None:
                self.connection = http.client.HTTPSConnection(self.host, context=self.context, timeout=60)
            try:
                self.connection.request(method, path, body, headers or {})
                answer = self.connection.getresponse()
                data = answer.read()
                break
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
                self.connection.close()
                self.connection = None
                if attempt == 2:
                    raise
        if self.record is not None:
            self.record(method, path, answer.status, answer.getheaders(), data)
        return answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), data

    def raw(self, name, arguments):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        status, answered, data = self.request("POST", "/v1/" + name, json.dumps(arguments), headers)
        attached = b""
        if answered.get("content-type", "").startswith("application/vnd.vitrine.tile"):
            (length,) = struct.unpack(">I", data[:4])
            data, attached = data[4:4 + length], data[4 + length:]
        members = json.loads(data) if data else {}
        if status != 200:
            raise Refused(status, members.get("error", "?"), members.get("message", "?"))
        return members, attached

    def verb(self, name, /, **arguments):
        return self.raw(name, arguments)[0]

    def view(self, **arguments):
        """(members, PNG) of one tile."""
        arguments = {"line": 0, "column": 0, "theme": "light", "zoom": "1", **arguments}
        return self.raw("source.view", arguments)

    def page(self, path):
        """A page as the browser of this session gets it."""
        status, headers, body = self.request("GET", path, headers={"Cookie": "__Host-vitrine=" + self.token})
        assert status == 200, (path, status, body[:300])
        return headers, body.decode()

    def sign_in(self, name, password):
        self.token = None
        members = self.verb("session.start", name=name, password=password)
        self.token = members["token"]
        return members

    def sign_out(self):
        self.verb("session.end")
        self.token = None

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Lab:
    """A lab folder and the processes that serve it."""

    def __init__(self, folder, binary=None):
        self.folder = os.path.abspath(folder)
        self.binary = binary or os.path.join(TOP, "build", "release", "src", "proc", "vitrine")
        self.process = None
        self.url = None
        self.door = None
        self.state = tempfile.mkdtemp(prefix="vitrine-state-")
        self.log = None

    def run(self, *arguments, person=None, check=True, stdin=None):
        """One command of the command line; gives the finished process with its output."""
        command = [self.binary, "--lab", self.folder]
        if person:
            command += ["--as", person]
        done = subprocess.run(command + list(arguments), capture_output=True, text=True, input=stdin,
                              env={**os.environ, "XDG_STATE_HOME": self.state}, timeout=600)
        if check and done.returncode != 0:
            raise RuntimeError(f"vitrine {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def init(self, officers, name="Demonstration lab", origin="lab.example/vitrine", test_clock=False):
        """officers: [(name, display, password)]"""
        command = [self.binary, "init", self.folder, "--name", name, "--origin", origin, "--passwords", "-",
                   "--officer-key", self.folder + "-officer-role.key"]
        for officer, display, _ in officers:
            command += ["--officer", f"{officer}:{display}"]
        if test_clock:
            command.append("--test-clock")
        done = subprocess.run(command, capture_output=True, text=True,
                              input="".join(f"{officer} {password}\n" for officer, _, password in officers))
        if done.returncode != 0:
            raise RuntimeError(f"vitrine init: exit {done.returncode}\n{done.stdout}{done.stderr}")

    def open_door(self, port=0):
        """Before start: points and witnesses of other machines may come in."""
        self.door = f"127.0.0.1:{port or free_port()}"
        path = os.path.join(self.folder, "vitrine.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        assert 'door.listen: ""' in text
        with open(path, "w", encoding="utf-8") as file:  # its owner and rights stay
            file.write(text.replace('door.listen: ""', f'door.listen: "{self.door}"'))

    def start(self, port=0, wrapper=()):
        if port == 0:
            port = free_port()
        self.log = open(self.folder + ".log", "ab")
        self.process = subprocess.Popen([*wrapper, self.binary, "up", self.folder, "--listen", f"127.0.0.1:{port}"],
                                        stdout=subprocess.PIPE, stderr=self.log, text=True, start_new_session=True)
        for line in self.process.stdout:
            if line.startswith("ready "):
                self.url = line.split()[1]
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return self
        raise RuntimeError(f"vitrine up ended with {self.process.wait()}; see {self.folder}.log\n{self.log_tail()}")

    def log_tail(self, lines=20):
        with open(self.folder + ".log", encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-lines:])

    def client(self, record=None):
        return Client(self.url, os.path.join(self.folder, "points/centre/tls.crt"), record)

    def signed_in(self, name, password, record=None):
        client = self.client(record)
        client.sign_in(name, password)
        return client

    def shift_clock(self, seconds):
        """Only a lab made with test_clock: all its deadlines are judged by the shifted clock."""
        path = os.path.join(self.folder, "run", "clock")
        with open(path, "r+", encoding="ascii") as clock:
            clock.seek(0)
            clock.write(f"{seconds:<20d}")
            clock.flush()

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        status = self.process.returncode if self.process is not None else 0
        self.process = None
        if self.log is not None:
            self.log.close()
            self.log = None
        return status

    def remove(self):
        self.stop()
        shutil.rmtree(self.state, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        for beside in (".log", "-officer-role.key"):
            if os.path.exists(self.folder + beside):
                os.remove(self.folder + beside)


class FarPoint:
    """An access point on another machine: its own folder, and nothing of the lab but its door's address."""

    def __init__(self, lab, folder, centre=None, port=0):
        self.lab, self.folder, self.port = lab, os.path.abspath(folder), port
        self.centre = centre
        self.process = self.url = self.log = None
        self.said = []

    def join(self, token):
        return self._start("--centre", self.centre or self.lab.door, "--token", token, self.folder)

    def start(self):
        return self._start(self.folder)

    def _start(self, *arguments):
        self.log = open(self.folder + ".log", "ab")
        self.process = subprocess.Popen([self.lab.binary, "point", "--listen", f"127.0.0.1:{self.port or free_port()}", *arguments],
                                        stdout=subprocess.PIPE, stderr=self.log, text=True, start_new_session=True)
        for line in self.process.stdout:
            self.said.append(line.rstrip("\n"))
            if line.startswith("ready "):
                self.url = line.split()[1]
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return self
        raise RuntimeError(f"vitrine point ended with {self.process.wait()}; see {self.folder}.log\n{self.log_tail()}")

    def fingerprint(self):
        return next(line for line in self.said if line.startswith("fingerprint "))

    def log_tail(self, lines=20):
        with open(self.folder + ".log", encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-lines:])

    def client(self, record=None):
        return Client(self.url, os.path.join(self.folder, "tls.crt"), record)

    def signed_in(self, name, password, record=None):
        client = self.client(record)
        client.sign_in(name, password)
        return client

    def stop(self):
        status = None
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
            try:
                status = self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                status = self.process.wait()
            self.process = None
        if self.log is not None:
            self.log.close()
            self.log = None
        return status


def new_password():
    return "-".join(secrets.token_hex(3) for _ in range(3))


class People:
    """Adds people the way two officers do: one proposes, the other approves, each person sets an own password."""

    def __init__(self, lab, first, second):
        self.lab, self.first, self.second = lab, first, second
        self.passwords = {}

    def organisation(self, name, line, country="IT"):
        return self.first.verb("organisation.create", name=name, line=line, country=country)["id"]

    def person(self, name, display, organisation, roles, line):
        person = self.first.verb("person.create", name=name, display=display, organisation=organisation,
                                 roles=roles, line=line)["id"]
        self.first.verb("person.propose", id=person)
        self.second.verb("person.approve", id=person)
        once = self.first.verb("person.credential", id=person)["password"]
        password = self.passwords[name] = new_password()
        own = self.lab.signed_in(name, once)
        own.verb("session.password", old=once, new=password)
        own.close()
        return person

    def engagement(self, **fields):
        engagement = self.first.verb("engagement.create", **fields)["id"]
        self.first.verb("engagement.propose", id=engagement)
        self.second.verb("engagement.approve", id=engagement)
        self.first.verb("engagement.open", id=engagement)
        return engagement

    def grant(self, **fields):
        grant = self.first.verb("grant.create", **fields)["id"]
        self.first.verb("grant.propose", id=grant)
        self.second.verb("grant.approve", id=grant)
        return grant
