#!/usr/bin/env python3
"""parsers: fuzz/parsers.txt names every fuzz target, every target is built, and the files exist. Arguments: the tree's
top, then the targets that the build files list."""
import os
import re
import sys

TOP = sys.argv[1]


def targets():
    """Sources of targets: fuzz/<module>/fuzz_<name>.c; those about src/source carry its name before theirs."""
    found = set()
    for module in os.listdir(os.path.join(TOP, "fuzz")):
        folder = os.path.join(TOP, "fuzz", module)
        if os.path.isdir(folder):
            for name in os.listdir(folder):
                match = re.fullmatch(r"fuzz_(\w+)\.c", name)
                if match:
                    found.add(("source_" if module == "source" else "") + match.group(1))
    return found


def rows():
    with open(os.path.join(TOP, "fuzz", "parsers.txt"), encoding="utf-8") as text:
        words = [line.split("#")[0].split() for line in text]
    return {row[0]: row[1:] for row in words if row}


def main():
    table = rows()
    gone = sorted(path for files in table.values() for path in files if not os.path.exists(os.path.join(TOP, path)))
    bare = sorted(name for name, files in table.items() if not files)
    checks = [
        ("every fuzz target has a row, every row a target", sorted(set(table) ^ targets())),
        ("every target is built", sorted(targets() ^ set(sys.argv[2:]))),
        ("every row names its parser's files, and they exist", gone + bare),
    ]
    print(f"1..{len(checks)}")
    for number, (what, wrong) in enumerate(checks, 1):
        print(f"{'not ok' if wrong else 'ok'} {number} - {what}{': ' + ' '.join(wrong) if wrong else ''}")
    sys.exit(1 if any(wrong for _, wrong in checks) else 0)


main()
