"""import_box: every kind of source, good and bad, through the real import child in the real sandbox.

A suite is a file test_import_*.py that is run with INGEST_PROBE as its argument. A good source must give the manifest that
tests/oracle/manifest.py makes apart from it; a bad one its error text, and must leave nothing in the store. All inputs are
made here. What a suite takes from here: `case` marks one, `main` runs them all.
"""
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import manifest as oracle  # noqa: E402
import records  # noqa: E402

PROBE = os.path.abspath(sys.argv[1])
CASES = []


def case(function):
    CASES.append(function)
    return function


class Answer:
    def __init__(self, returncode, out):
        head, _, self.manifest = out.partition(b"\n")
        self.ok = returncode == 0
        self.text = head.decode()
        self.words = self.text.split(" ")

    def paths(self):
        return [line.split(b" ", 3)[3] for line in self.manifest.split(b"\n")[1:-1]]


class Box:
    """A folder of one case: `source` to ingest, `store` to ingest into."""

    def __init__(self):
        self.top = tempfile.mkdtemp(prefix="vitrine-import-")
        self.source = os.path.join(self.top, "source")
        self.store = os.path.join(self.top, "store")
        os.mkdir(self.store)

    def close(self):
        subprocess.run(["chmod", "-R", "u+rwx", self.top], check=False)
        shutil.rmtree(self.top)

    def path(self, name):
        return os.path.join(self.top, name)

    def ingest(self, source=None, ref="", files_max=0, bytes_max=0):
        run = subprocess.run([PROBE, self.store, source or self.source, ref, str(files_max), str(bytes_max)],
                             stdout=subprocess.PIPE, timeout=30, cwd=self.top)
        return Answer(run.returncode, run.stdout)

    def stored_bytes(self):
        return sum(os.path.getsize(os.path.join(self.store, name)) for name in os.listdir(self.store)
                   if name.endswith(".pack"))

    def good(self, source=None, **more):
        answer = self.ingest(source, **more)
        assert answer.ok, answer.text
        return answer

    def bad(self, kind, *says, source=None, **more):
        before = self.stored_bytes()
        answer = self.ingest(source, **more)
        assert not answer.ok, "was taken"
        assert answer.text.startswith(f"error {kind}: "), answer.text
        for text in says:
            assert text in answer.text, answer.text
        assert self.stored_bytes() == before, "something was left in the store"
        assert not os.path.exists(self.path("run/unpack")), "something was left in run/"

    def tree(self, files, top=None):
        """files: name -> bytes; "name*" is executable; a str value is a symbolic link."""
        for name, content in files.items():
            raw = name if isinstance(name, bytes) else name.encode()
            full = os.path.join(os.fsencode(top or self.source), raw.rstrip(b"*"))
            os.makedirs(os.path.dirname(full), exist_ok=True)
            if isinstance(content, str):
                os.symlink(content, full)
                continue
            with open(full, "wb") as file:
                file.write(content)
            os.chmod(full, 0o755 if raw.endswith(b"*") else 0o644)


TREE = {
    "README": b"hello\n",
    "build.sh*": b"#!/bin/sh\n",
    "src/a.c": b"int a;\nint b;",
    "src/deep/er/b.h": b"",
    "src/link": "../README",
    "data.bin": b"\0\1\2\n\n",
    "zero/sized": b"",
    "odd name\n\\x": b"x",
    b"caf\xc3\xa9/caf\xe9.c": b"latin\n",
    b"e\xcc\x81": b"not normalised\n",
}


def member(name, content=b"", **fields):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    info.mode = 0o644
    for key, value in fields.items():
        setattr(info, key, value)
    return info, io.BytesIO(content)


def tar_of(path, *members, mode="w", **more):
    with tarfile.open(path, mode, encoding="utf-8", errors="surrogateescape", **more) as tar:
        for info, content in members:
            tar.addfile(info, content if info.isreg() else None)
    return path


def pack_tree(box, path, mode, **more):
    with tarfile.open(path, mode, encoding="utf-8", errors="surrogateescape", **more) as tar:
        tar.add(box.source, arcname=".")
    return path


def main():
    print(f"1..{len(CASES)}")
    failed = 0
    for number, function in enumerate(CASES, 1):
        box = Box()
        try:
            function(box)
            print(f"ok {number} - {function.__name__}")
        except Exception as problem:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {function.__name__}")
            print(f"{function.__name__}: {type(problem).__name__}: {problem} (line {problem.__traceback__.tb_next.tb_lineno})",
                  file=sys.stderr)
        finally:
            box.close()
    return 1 if failed else 0
