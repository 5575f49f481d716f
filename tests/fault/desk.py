"""desk: sits in front of fault_lab, tells it what to do, and writes down what was acknowledged and what must come of it.

A Desk drives one process. A Story is a random sequence of acts from a seed; each Act knows its place in the ledger and
its effects, which is all that the model (oracle.py) needs: it never asks the code under test what ought to be.
"""
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "oracle"))

from manifest import manifest  # noqa: E402

PASSWORDS = {"ada": "correct-horse-battery", "ben": "staple-correct-horse", "rita": "battery-horse-staple"}
ANSWER_S = 120


class Ended(Exception):
    """The process ended before it answered."""


class Act:
    """One call. index is None while nothing was acknowledged; effects count once the entry is there."""

    def __init__(self, verb, arguments):
        self.verb, self.arguments = verb, arguments
        self.status = self.index = self.answer = None
        self.effects = []
        self.then = lambda answer: []  # the effects, once it was acknowledged

    @property
    def kind(self):
        return self.verb if self.status == "ok" else "refused"


class Programs:
    """The programs of one build, or of a mutant's."""

    def __init__(self, fault_lab, faulty_io, vitrine, killat=None):
        self.fault_lab, self.faulty_io, self.vitrine, self.killat = fault_lab, faulty_io, vitrine, killat


class Desk:
    def __init__(self, programs, lab, glass=False, trace=None, plan=None, preload=True, wrapper=()):
        environment = dict(os.environ)
        if preload:
            environment.update({"LD_PRELOAD": programs.faulty_io, "FAULTY_ROOT": lab})
        if trace:
            environment["FAULTY_TRACE"] = trace
        if plan:
            environment["FAULTY_PLAN"] = plan
        self.errors = open(lab + ".log", "w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen([*wrapper, programs.fault_lab, lab, *(["--glass"] if glass else [])],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True,
                                        env=environment, errors="replace")
        self.acts, self.heads, self.tags = [], [], {}
        self.first = self.process.stdout.readline().strip()
        word, *rest = self.first.split(" ", 3) if self.first else ["ended"]
        self.opening = word
        if word in ("open", "frozen"):
            self.heads.append((int(rest[0]), rest[1]))
        self.frozen = self.first if word == "frozen" else None

    def send(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except (BrokenPipeError, OSError):
            raise Ended from None

    def answer_line(self):
        line = self.process.stdout.readline()
        if not line.endswith("\n"):
            raise Ended
        if line.startswith("ack "):
            _, tag, status, index, size, root, text = line.rstrip("\n").split(" ", 6)
            act = self.tags.pop(tag)
            act.status, act.index = status, int(index) if index != "-1" else None
            act.answer = json.loads(text) if text else {}
            if status == "ok":
                act.effects = act.then(act.answer)
            self.heads.append((int(size), root))
        return line.rstrip("\n")

    def submit(self, verb, arguments, token=None, fd=None, held=False, then=None, counter=None):
        """counter: the call is signed by the lab's point under this number; else it is the command line's."""
        act = Act(verb, arguments)
        act.then = then or act.then
        tag = str(len(self.acts))
        self.acts.append(act)
        self.tags[tag] = act
        word = "held" if held else "act" if counter is None else f"signed {counter}"
        self.send(f"{word} {tag} {token or '-'} {verb} {fd or '-'} {json.dumps(arguments)}")
        return act

    def wait(self):
        self.send("wait")
        while self.answer_line() != "waited":
            pass

    def act(self, verb, token=None, fd=None, then=None, counter=None, /, **arguments):
        act = self.submit(verb, arguments, token, fd, then=then, counter=counter)
        self.wait()
        return act

    def ask(self, line):
        """A question that one line answers."""
        self.send(line)
        return self.answer_line()

    def note(self):
        act = Act("lab.start", {})
        self.acts.append(act)
        said = self.ask("note").split(" ")
        if said[1] == "ok":
            act.status, act.index = "ok", int(said[2]) - 1
            self.heads.append((int(said[2]), said[3]))
        return act

    def close(self):
        """Ends it in good order; its exit status."""
        try:
            self.process.stdin.close()
        except (BrokenPipeError, OSError):
            pass
        self.process.stdout.read()
        status = self.process.wait(ANSWER_S)
        self.process.stdout.close()
        self.errors.close()
        return status

    def log(self):
        self.errors.seek(0)
        return self.errors.read()


def make_lab(programs, lab):
    """A lab with a reviewer, a release, an engagement that is open and a grant; returns what a Story starts from."""
    done = subprocess.run([programs.vitrine, "init", lab, "--name", "Fault lab", "--origin", "fault.example/lab",
                           "--officer", "ada:Ada Keller", "--officer", "ben:Ben Okafor", "--passwords", "-",
                           "--officer-key", lab + ".key", "--test-clock", "--user", "root" if os.geteuid() == 0 else ""]
                          [:None if os.geteuid() == 0 else -2],
                          input="".join(f"{name} {PASSWORDS[name]}\n" for name in ("ada", "ben")), capture_output=True,
                          text=True)
    if done.returncode:
        raise RuntimeError(f"vitrine init: {done.stdout}{done.stderr}")
    desk = Desk(programs, lab, glass=True)

    def must(verb, token=None, fd=None, /, **arguments):
        act = desk.act(verb, token, fd, None, **arguments)
        if act.status != "ok":
            raise RuntimeError(f"{verb}: {act.answer}")
        return act.answer

    tokens, sessions = {}, {}
    for name in ("ada", "ben"):
        answer = must("session.start", name=name, password=PASSWORDS[name])
        tokens[name], sessions[name] = answer["token"], answer["session"]
    ada, ben = tokens["ada"], tokens["ben"]
    world = {"tokens": tokens, "sessions": sessions, "party": must("organisation.create", ada, name="Northline", line="customer", country="SE")["id"]}
    person = must("person.create", ada, name="rita", display="Rita Lindqvist", organisation=world["party"], roles=["reviewer"],
                  line="third")["id"]
    must("person.propose", ada, id=person)
    must("person.approve", ben, id=person)
    once = must("person.credential", ada, id=person)["password"]
    answer = must("session.start", name="rita", password=once)
    tokens["rita"], sessions["rita"] = answer["token"], answer["session"]
    must("session.password", tokens["rita"], old=once, new=PASSWORDS["rita"])
    world["product"] = must("product.create", ada, name="packet", vendor="Maker", description="")["id"]
    world["source"] = lab + ".source"
    write_tree(world["source"], random.Random(1), 3)
    world["release"] = must("release.ingest", ada, world["source"], product=world["product"], version="1.0", name="source")["id"]
    world["engagement"] = must("engagement.create", ada, title="Review", party=world["party"], product=world["product"],
                               purpose="Review", until="2035-01-01T00:00:00Z")["id"]
    world["grant"] = must("grant.create", ada, engagement=world["engagement"], party=world["party"], product=world["product"],
                          releases=[world["release"]], activities=["view"], forms=["glass", "names"],
                          until="2035-01-01T00:00:00Z", lines_per_hour=100000)["id"]
    for kind in ("engagement", "grant"):
        must(kind + ".propose", ada, id=world[kind])
        must(kind + ".approve", ben, id=world[kind])
    must("engagement.open", ada, id=world["engagement"])
    if desk.close() != 0:
        raise RuntimeError("the lab did not close")
    return world


def write_tree(folder, dice, files):
    for number in range(files):
        path = os.path.join(folder, f"src/part{number % 3}/file{number}.c")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"int value_{dice.randrange(1 << 30)};\n" for _ in range(dice.randrange(5, 80)))


def digests_of(folder):
    """{path: SHA-256} and the manifest's digest of a folder, by the independent manifest of tests/oracle."""
    text = manifest(folder)
    lines = text.decode().splitlines()[1:]
    return {line.split(" ", 3)[3]: line.split(" ", 3)[1] for line in lines}, hashlib.sha256(text).hexdigest()


# Of each kind: the state of a new one, and where its acts lead. Written from kinds/*.yaml by hand.
FIRST = {"organisation": "active", "product": "offered", "person": "draft", "engagement": "draft", "grant": "draft"}
STEPS = {
    "organisation": [("suspend", "active", "suspended"), ("resume", "suspended", "active")],
    "product": [("withdraw", "offered", "withdrawn"), ("offer", "withdrawn", "offered")],
    "person": [("propose", "draft", "proposed"), ("approve", "proposed", "active"), ("drop", "draft", "dropped")],
    "engagement": [("propose", "draft", "proposed"), ("approve", "proposed", "approved"), ("open", "approved", "open")],
}
SECOND_OFFICER = {"approve", "resume"}


class Story:
    """Random acts from a seed. Each wish is made with what the story has been answered so far."""

    def __init__(self, desk, world, seed, folder):
        self.desk, self.world, self.dice, self.folder = desk, world, random.Random(seed), folder
        self.tokens, self.sessions = dict(world["tokens"]), dict(world["sessions"])
        self.things = []  # [kind, id, state]
        self.redacted, self.count = set(), 0

    def run(self, length, only=None):
        """only: the name of the one kind of act that is wanted."""
        while len(self.desk.acts) < length:
            getattr(self, only or self.dice.choices(
                ["create", "burst", "step", "ingest", "view", "redact", "refused", "again", "start"], [5, 3, 8, 2, 4, 2, 1, 1, 1])[0])()

    def start(self):
        """What a vault enters when it starts."""
        self.desk.note()

    def sign_in(self, name):
        def then(answer):
            self.tokens[name], self.sessions[name] = answer["token"], answer["session"]
            return [("session", answer["session"], True)]
        self.desk.act("session.start", None, None, then, name=name, password=PASSWORDS[name])

    def again(self):
        name = self.dice.choice(["ben", "rita"])
        self.desk.act("session.end", self.tokens[name], None, lambda _: [("session", self.sessions[name], False)])
        self.sign_in(name)

    def wish(self):
        self.count += 1
        name = f"Thing {self.count} {self.dice.randrange(1 << 30)}"
        kind = self.dice.choice(["organisation", "product", "engagement", "person"])
        return kind, {
            "organisation": {"name": name, "line": "customer", "country": "IT"},
            "product": {"name": name, "vendor": "Maker", "description": "x" * self.dice.randrange(2000)},
            "engagement": {"title": name, "party": self.world["party"], "product": self.world["product"],
                           "purpose": "y" * self.dice.randrange(3000), "until": "2035-01-01T00:00:00Z"},
            "person": {"name": f"p{self.count}x{self.dice.randrange(1 << 20)}", "display": name,
                       "organisation": self.world["party"], "roles": ["reviewer"], "line": "third"},
        }[kind]

    def created(self, kind):
        def then(answer):
            self.things.append([kind, answer["id"], FIRST[kind]])
            return [("record", answer["id"], FIRST[kind], "create")]
        return then

    def create(self):
        kind, arguments = self.wish()
        self.desk.act(kind + ".create", self.tokens["ada"], None, self.created(kind), **arguments)

    def burst(self):
        """Several at once: they share a transaction."""
        for _ in range(self.dice.randrange(2, 9)):
            kind, arguments = self.wish()
            self.desk.submit(kind + ".create", arguments, self.tokens["ada"], then=self.created(kind))
        self.desk.wait()

    def step(self):
        if not self.things:
            return
        thing = self.dice.choice(self.things)
        ways = [way for way in STEPS[thing[0]] if way[1] == thing[2]]
        if not ways:
            return
        name, _, to = self.dice.choice(ways)

        def then(_):
            thing[2] = to
            return [("record", thing[1], to, name)]
        token = self.tokens["ben" if name in SECOND_OFFICER else "ada"]
        note = {"note": "as agreed"} if name in ("suspend", "withdraw") else {}
        self.desk.act(f"{thing[0]}.{name}", token, None, then, id=thing[1], **note)

    def ingest(self):
        self.count += 1
        source = os.path.join(self.folder, f"source-{self.count}")
        write_tree(source, self.dice, self.dice.randrange(1, 9))
        files, digest = digests_of(source)
        try:
            self.desk.act("release.ingest", self.tokens["ada"], source, lambda answer: [
                ("record", answer["id"], "ingested", "ingest"), ("release", answer["id"], files, digest)],
                product=self.world["product"], version=f"2.{self.count}", name="source")
        finally:
            shutil.rmtree(source)

    def view(self):
        self.desk.act("source.view", self.tokens["rita"], None,
                      lambda answer: [("lines", self.world["grant"], answer["lines_here"])],
                      engagement=self.world["engagement"], release=self.world["release"],
                      path=self.dice.choice(["src/part0/file0.c", "src/part1/file1.c"]))

    def redact(self):
        mine = [act.index for act in self.desk.acts if act.status == "ok" and act.index is not None
                and act.index not in self.redacted]
        if mine:
            index = self.dice.choice(mine)

            def then(_):
                self.redacted.add(index)
                return [("redacted", index)]
            self.desk.act("ledger.redact", self.tokens["ada"], None, then, index=index, reason="asked for")

    def refused(self):
        self.desk.act("organisation.create", self.tokens["rita"], name="No", line="customer", country="IT")
