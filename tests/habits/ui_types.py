#!/usr/bin/env python3
"""ui_types.py TOP: the islands of ui/ fit their types (tsc, strict), and a line that does not is found. Prints TAP."""
import os
import shutil
import subprocess
import sys
import tempfile

UI = os.path.join(sys.argv[1], "ui")
TSC = shutil.which("tsc")
WRONG = "export const lines: number = document.title;\n"


def check(folder):
    done = subprocess.run([TSC, "--noEmit", "--project", folder], capture_output=True, text=True, timeout=300)
    return done.returncode == 0, done.stdout


def main():
    if TSC is None:
        sys.exit("1..2\nBail out! no tsc: apt-get install node-typescript")
    fits, said = check(UI)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(UI, folder, dirs_exist_ok=True)
        with open(os.path.join(folder, "wrong.ts"), "w", encoding="utf-8") as file:
            file.write(WRONG)
        is_found = "wrong.ts(1,14): error TS2322" in check(folder)[1]
    print("1..2")
    print(f"{'ok' if fits else 'not ok'} 1 - the islands fit their types")
    print(f"{'ok' if is_found else 'not ok'} 2 - text where a number is wanted is found", flush=True)
    print(said, end="", file=sys.stderr)
    sys.exit(0 if fits and is_found else 1)


main()
