#!/usr/bin/env python3
"""The README's walk: its commands for a product of one's own, line by line as they stand there, at a terminal."""
import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

from tap import TOP, run
from labkit import free_port

BINARY = os.environ.get("VITRINE", os.path.join(TOP, "build", "release", "src", "proc", "vitrine"))
PATIENCE_S = 60
folder = tempfile.mkdtemp(prefix="vitrine-readme-")
environment = dict(os.environ, XDG_STATE_HOME=os.path.join(folder, "state"))
made = {}


def commands():
    """The README's indented lines that call vitrine, in order."""
    with open(os.path.join(TOP, "README.md"), encoding="utf-8") as file:
        lines = re.findall(r"^    (vitrine .*)$", file.read(), re.M)
    return [line.split("   #")[0].strip() for line in lines]


def at_terminal(arguments, answers):
    """Runs a command at a terminal of its own, types the answers at its questions; returns (status, text)."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execve(BINARY, [BINARY, *arguments], environment)
    answers, text, ends = list(answers), b"", time.monotonic() + PATIENCE_S
    while True:
        ready, _, _ = select.select([terminal], [], [], max(0, ends - time.monotonic()))
        if not ready:
            os.kill(pid, signal.SIGKILL)
        try:
            some = os.read(terminal, 4096)
        except OSError:  # the other end of a terminal that closed
            some = b""
        if not some:
            break
        text += some
        if text.endswith(b": ") and answers:
            os.write(terminal, answers.pop(0).encode() + b"\n")
    os.close(terminal)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert not answers, (arguments, "never asked for", len(answers), text)
    return status, text.decode()


def shell(line, **options):
    line = line.replace("~/src/router", shlex.quote(os.path.join(TOP, "src", "base")))
    return subprocess.run(["bash", "-c", f"vitrine() {{ {shlex.quote(BINARY)} \"$@\"; }}; {line}"], cwd=folder, env=environment,
                          capture_output=True, text=True, timeout=PATIENCE_S, **options)


def a_lab_is_made_and_serves():
    made["lines"] = commands()
    assert made["lines"][0].startswith("vitrine init "), made["lines"]
    done = shell(made["lines"].pop(0))
    assert done.returncode == 0, done.stderr
    made["door"] = f"127.0.0.1:{free_port()}"
    settings = os.path.join(folder, "LAB", "vitrine.yaml")
    with open(settings, encoding="utf-8") as file:
        text = file.read()
    with open(settings, "w", encoding="utf-8") as file:
        file.write(text.replace('door.listen: ""', f'door.listen: "{made["door"]}"'))
    made["once"] = re.search(r"officer ada: one-time password (\S+)", done.stdout).group(1)
    assert made["lines"].pop(0) == "vitrine up LAB &"
    made["up"] = subprocess.Popen([BINARY, "up", "LAB", "--listen", "127.0.0.1:0"], cwd=folder, env=environment, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert any(line.startswith("ready https://") for line in made["up"].stdout), "it does not serve"


def an_officer_signs_in_and_chooses_her_password_at_once():
    line = made["lines"].pop(0)
    assert line == "vitrine --lab LAB sign-in ada", line
    status, text = at_terminal(shlex.split(line)[1:], [made["once"], "a fine long password", "a fine long passwort"])
    assert status != 0 and "not the same" in text, text
    status, text = at_terminal(shlex.split(line)[1:], [made["once"], "a fine long password", "a fine long password"])
    assert status == 0 and "choose your own" in text, text
    assert "a fine long password" not in text, "what is typed is not shown"


def ours(line):
    """The same line with our binary, for a process that goes on."""
    return subprocess.Popen(shlex.split(line.replace("vitrine", shlex.quote(BINARY), 1)), cwd=folder, env=environment, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def two_commands_make_a_point_elsewhere():
    at = next(n for n, line in enumerate(made["lines"]) if " point enrol " in line)
    invite, join = made["lines"].pop(at), made["lines"].pop(at)
    enrol = ours(invite)
    token = enrol.stdout.readline().split()[1]
    words = {"HOST:PORT": made["door"], "TOKEN": token, "FOLDER": "bonn"}
    made["point"] = ours(" ".join(words.get(word, word) for word in join.split()) + " --listen 127.0.0.1:0")
    said = []
    for line in made["point"].stdout:
        said.append(line.strip())
        if line.startswith("ready https://"):
            break
    assert said[-1].startswith("ready "), said
    text = enrol.communicate(timeout=PATIENCE_S)[0]
    assert enrol.returncode == 0 and said[0].startswith("fingerprint ") and said[0] in text, (said, text)


def the_rest_works_as_it_stands_there():
    assert len(made["lines"]) >= 5, made["lines"]
    for line in made["lines"]:
        if line in ("vitrine man", "vitrine openapi"):
            continue
        done = shell(line)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        if "verify" in line:
            assert "holds" in done.stdout, (line, done.stdout)


def clean_up():
    for name in ("point", "up"):
        if name in made:
            made[name].terminate()
            made[name].wait(PATIENCE_S)
    shutil.rmtree(folder, ignore_errors=True)


run([a_lab_is_made_and_serves, an_officer_signs_in_and_chooses_her_password_at_once, two_commands_make_a_point_elsewhere,
     the_rest_works_as_it_stands_there], clean_up)
