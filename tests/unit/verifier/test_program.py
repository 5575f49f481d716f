#!/usr/bin/env python3
"""The program itself: every vector's exit code and words, without environment or network, its bounds, its bytes.

    test_program.py PROGRAM TOP
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

PROGRAM, TOP = sys.argv[1:3]
FOLDER = tempfile.mkdtemp(prefix="vitrine-verify-")
with open(os.environ["VITRINE_VECTORS"], encoding="ascii") as file:
    VECTORS = json.load(file)


def put(name, text):
    path = os.path.join(FOLDER, name)
    with open(path, "wb") as out:
        out.write(text if isinstance(text, bytes) else text.encode())
    return path


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, env={}, cwd="/", timeout=60)


def verify(case, bundle=None):
    more = ["--digest", case["digest"]] if "digest" in case else []
    policy = put("policy", VECTORS["policies"][case["policy"]])
    return run("verify", "--policy", policy, *more, put("bundle", case["bundle"] if bundle is None else bundle))


def words_of(done):
    return (done.stdout + done.stderr).decode()


def every_vector_gets_its_exit_code_and_words():
    for case in VECTORS["cases"]:
        done = verify(case)
        assert done.returncode == case["exit"], f"{case['name']}: exit {done.returncode}, {words_of(done)}"
        assert case["says"] in words_of(done), f"{case['name']}: {words_of(done)}"
        assert (done.returncode == 0) == done.stdout.startswith(b"holds\n"), case["name"]
        assert done.returncode == 0 or done.stdout == b"", f"{case['name']}: says something true before it refuses"
    assert {case["exit"] for case in VECTORS["cases"]} == {0, 1, 2, 3}


def two_histories_are_a_proof_of_fraud():
    for pair in VECTORS["pairs"]:
        files = [put(name, pair[name]) for name in ("a", "b", "proof") if name in pair]
        for order in (files, [files[1], files[0], *files[2:]]):
            done = run("compare", "--policy", put("policy", VECTORS["policies"]["log"]), *order)
            assert done.returncode == pair["exit"], f"{pair['name']}: {words_of(done)}"
            assert ("fraud" in words_of(done)) == (pair["exit"] == 1), pair["name"]


def measure_is_sha256():
    import hashlib
    for data in (b"", b"x", os.urandom(1 << 20)):
        done = run("measure", put("image", data))
        assert done.stdout.decode() == hashlib.sha256(data).hexdigest() + "\n", words_of(done)


def wrong_use_and_missing_files_are_unusable():
    bundle, policy = put("bundle", "x"), put("policy", VECTORS["policies"]["log"])
    for arguments in ((), ("verify",), ("verify", bundle), ("verify", "--policy", policy), ("verify", "--policy", policy, "/nowhere"),
                      ("verify", "--policy", "/nowhere", bundle), ("compare", "--policy", policy, bundle), ("measure",),
                      ("measure", "/nowhere"), ("measure", "/"), ("verify", "--policy", policy, "--what", "x", bundle)):
        done = run(*arguments)
        assert done.returncode == 2 and done.stdout == b"", f"{arguments}: {done.returncode} {words_of(done)}"
    huge = put("huge", b"vitrine-bundle v1\n" + b"x" * (5 << 20))
    assert run("verify", "--policy", policy, huge).returncode == 2


def what_is_shown_cannot_steer_a_terminal():
    for case in VECTORS["cases"]:
        shown = verify(case).stdout
        assert all(byte == 10 or 32 <= byte != 127 for byte in shown), case["name"]


def no_answer_without_somewhere_to_write_it():
    case = VECTORS["cases"][0]
    policy, bundle = put("policy", VECTORS["policies"][case["policy"]]), put("bundle", case["bundle"])
    with open("/dev/full", "wb") as full:
        done = subprocess.run([PROGRAM, "verify", "--policy", policy, bundle], stdout=full, stderr=subprocess.PIPE, env={}, timeout=60)
    assert done.returncode == 2, done


def it_is_small_and_stands_alone():
    assert os.path.getsize(PROGRAM) <= 1 << 20, os.path.getsize(PROGRAM)
    lines = 0
    with open(PROGRAM, "rb") as program:
        assert b"/ld-linux" not in program.read(), "it wants a dynamic loader"
    folder = os.path.join(TOP, "verifier")
    for name in os.listdir(folder):
        if name.endswith((".c", ".h")):
            with open(os.path.join(folder, name), encoding="utf-8") as source:
                for line in source:
                    lines += 1
                    if line.startswith('#include "'):
                        assert os.path.exists(os.path.join(folder, line.split('"')[1])), f"{name}: {line}"
    assert lines <= 1500, f"{lines} lines: one can no longer read it in an afternoon"


def two_folders_give_the_same_bytes():
    made = []
    for place in ("one", "another/and/deeper"):
        copy = os.path.join(FOLDER, place)
        shutil.copytree(os.path.join(TOP, "verifier"), copy)
        subprocess.run(["make", "-s", "-B", "-C", copy], check=True, timeout=300, stdout=subprocess.DEVNULL,
                       env={"PATH": os.environ["PATH"], "HOME": copy, "TZ": "UTC" if made else "Asia/Tokyo"})
        with open(os.path.join(copy, "vitrine-verify"), "rb") as program:
            made.append(program.read())
    assert made[0] == made[1]


CASES = [every_vector_gets_its_exit_code_and_words, two_histories_are_a_proof_of_fraud, measure_is_sha256,
         wrong_use_and_missing_files_are_unusable, what_is_shown_cannot_steer_a_terminal,
         no_answer_without_somewhere_to_write_it, it_is_small_and_stands_alone, two_folders_give_the_same_bytes]


def main():
    failed = 0
    print(f"1..{len(CASES)}")
    for number, case in enumerate(CASES, 1):
        try:
            case()
            print(f"ok {number} - {case.__name__.replace('_', ' ')}")
        except (AssertionError, subprocess.SubprocessError, OSError) as error:
            failed += 1
            print(f"not ok {number} - {case.__name__.replace('_', ' ')}\n# {str(error)[:600]}")
    shutil.rmtree(FOLDER, ignore_errors=True)
    return 1 if failed else 0


sys.exit(main())
