"""crowd: a real lab under load: its access points, their memory, the load client, and peers that misbehave."""
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile

from labkit import Lab, TOP, new_password
from records import rows, spoil

CLIENT = os.environ.get("LOAD_CLIENT", os.path.join(TOP, "build/release/tests/load/load_client"))
BINARY = os.environ.get("VITRINE", os.path.join(TOP, "build/release/src/proc/vitrine"))

# Ed25519 (RFC 8032), as far as a public key from its seed: points beside the first are made here.
P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P


def point_add(a, b):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    h, g, k, i = f - e, d + c, d - c, f + e
    return h * k % P, g * i % P, k * g % P, h * i % P


def public_key(seed):
    import hashlib
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | (1 << 254)
    y = 4 * pow(5, -1, P) % P
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    x = P - x if x & 1 else x
    total, base = (0, 1, 1, 0), (x, y, 1, x * y % P)
    while scalar:
        if scalar & 1:
            total = point_add(total, base)
        base = point_add(base, base)
        scalar >>= 1
    inverse = pow(total[2], -1, P)
    return (total[1] * inverse % P | (total[0] * inverse % P & 1) << 255).to_bytes(32, "little")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def memory_mb(pid):
    """What a process holds now, and what it held at most."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        held = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in status if line.startswith(("VmRSS", "VmHWM"))}
    return held["VmRSS"], held["VmHWM"]


def child_of(parent, word):
    """The process below `parent` whose command line has `word` as its second word."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as stat, open(f"/proc/{pid}/cmdline", "rb") as line:
                above, words = stat.read().rsplit(")", 1)[1].split()[1], line.read().split(b"\0")
        except OSError:
            continue
        if int(above) == parent and words[1:2] == [word.encode()]:
            return int(pid)
    raise RuntimeError(f"no {word} below {parent}")


class Crowd:
    """A lab of two officers, with `points` access points beside the first."""

    def __init__(self, points=0):
        self.folder = tempfile.mkdtemp(prefix="vitrine-load-")
        os.chmod(self.folder, 0o755)
        self.lab = Lab(os.path.join(self.folder, "lab"), BINARY)
        self.password = new_password()
        self.lab.init([("ada", "Ada Keller", self.password), ("ben", "Ben Okafor", new_password())],
                      name="Load lab", origin="load.example/lab")
        self.extra, self.urls = [], []
        for number in range(1, points + 1):
            self.add_point(f"room{number}")
        self.lab.start()
        self.address = self.lab.url.split("//")[1]
        self.vault = child_of(self.lab.process.pid, "vault")
        self.point = child_of(self.lab.process.pid, "point")

    def add_point(self, name):
        folder = os.path.join(self.lab.folder, "points", name)
        owner = os.stat(os.path.join(self.lab.folder, "points", "centre"))
        seed = os.urandom(32)
        os.mkdir(folder, 0o700)
        with open(os.path.join(folder, "point.key"), "wb") as file:
            file.write(seed)
        with open(os.path.join(folder, "point.yaml"), "w", encoding="ascii") as file:
            file.write(f'name: {name}\nsite: {name}\nlisten: "127.0.0.1:0"\nsocket: ../../run/vault.sock\n')
        for path in [folder] + [os.path.join(folder, name) for name in os.listdir(folder)]:
            os.chown(path, owner.st_uid, owner.st_gid)
            os.chmod(path, 0o700 if path == folder else 0o600)
        with spoil(self.lab.folder) as records:
            records.execute("INSERT INTO points (name, public_key, counter, site) VALUES (?, ?, 0, ?)",
                            (name, public_key(seed), name))

    def start_points(self):
        for name in sorted(os.listdir(os.path.join(self.lab.folder, "points"))):
            if name == "centre":
                continue
            process = subprocess.Popen([BINARY, "point", os.path.join(self.lab.folder, "points", name)],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            self.extra.append(process)
            line = process.stdout.readline()
            if not line.startswith("ready "):
                raise RuntimeError(f"point {name} said {line!r}")
            self.urls.append(line.split()[1].split("//")[1])

    def session(self):
        return self.lab.signed_in("ada", self.password)

    def tokens(self, *sessions):
        path = os.path.join(self.folder, "tokens")
        with open(path, "w", encoding="ascii") as file:
            file.writelines(session.token + "\n" for session in sessions)
        return path

    def load(self, **options):
        """Start the load client; finish() gives its figures."""
        options.setdefault("connect", self.address)
        words = [word for name, value in options.items() for word in ("--" + name.replace("_", "-"), str(value))]
        return subprocess.Popen([CLIENT, *words], stdout=subprocess.PIPE, text=True)

    def finish(self, process):
        text, _ = process.communicate(timeout=300)
        if process.returncode != 0:
            raise RuntimeError(f"load client: status {process.returncode}")
        return json.loads(text)

    def run(self, **options):
        return self.finish(self.load(**options))

    def rows(self):
        """How many entries the records hold, and the highest index."""
        return rows(self.lab.folder, "SELECT COUNT(*), MAX(idx) FROM entries")[0]

    def memory(self):
        return {"vault": memory_mb(self.vault), "point": memory_mb(self.point)}

    def raw(self, source, tls=True):
        """A connection of a peer that behaves as the caller likes."""
        host, port = self.address.split(":")
        plain = socket.create_connection((host, int(port)), timeout=20, source_address=(source, 0))
        if not tls:
            return plain
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(plain)

    def remove(self):
        for process in self.extra:
            process.terminate()
        for process in self.extra:
            process.wait(20)
        self.lab.remove()
        subprocess.run(["rm", "-rf", self.folder], check=False)


def say(text):
    print(f"# {text}", file=sys.stdout, flush=True)
