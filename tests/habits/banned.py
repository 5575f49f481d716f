#!/usr/bin/env python3
"""banned: every function that src/banned.h poisons is refused by both compilers. Prints TAP."""
import os
import re
import shutil
import subprocess
import sys

top = sys.argv[1]
header = os.path.join(top, "src", "banned.h")
with open(header, encoding="utf-8") as file:
    names = [name for line in re.findall(r"#pragma GCC poison (.*)", file.read()) for name in line.split()]
compilers = [name for name in ("gcc", "clang") if shutil.which(name)]


def compiles(compiler, body):
    source = f"int probe(void);\nint probe(void)\n{{\n\t{body}\n\treturn 0;\n}}\n"
    return subprocess.run([compiler, "-std=gnu17", "-D_GNU_SOURCE", "-include", header, "-x", "c", "-fsyntax-only", "-w", "-"],
                          input=source, text=True, capture_output=True).returncode == 0


print(f"1..{len(names) + 1}")
clean = all(compiles(compiler, ";") for compiler in compilers) and compilers
print("ok 1 - a file without them compiles" if clean else "not ok 1 - a file without them compiles")
failed = not clean
for number, name in enumerate(names, 2):
    refused = not any(compiles(compiler, f"(void){name};") for compiler in compilers)
    failed |= not refused
    print(f"{'ok' if refused else 'not ok'} {number} - {name} is refused")
sys.exit(1 if failed else 0)
