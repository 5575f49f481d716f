#!/usr/bin/env python3
"""The tree that bench_ingest takes in: the kernel's where linux-source lies on this machine, else our own, many times.

usage: ingest.py BENCH_INGEST SOURCE_TREE

The kernel's is $VITRINE_BENCH_TREE, a folder linux-source-* below /usr/src or /var/tmp, or what Debian's package left packed
below /usr/src.
"""
import glob
import os
import shutil
import subprocess
import sys
import tempfile

COPIES = 40


def kernel(folder):
    """The kernel's tree, unpacked into `folder` if need be; None where there is none."""
    if "VITRINE_BENCH_TREE" in os.environ:
        return os.environ["VITRINE_BENCH_TREE"]
    found = sorted(glob.glob("/var/tmp/linux-source-*") + glob.glob("/usr/src/linux-source-*"))
    trees = [path for path in found if os.path.isdir(path)]
    packed = [path for path in found if path.endswith(".tar.xz")]
    if not trees and packed:
        subprocess.run(["tar", "-C", folder, "-xf", packed[-1]], check=True)
        trees = glob.glob(os.path.join(folder, "linux-source-*"))
    return trees[-1] if trees else None


def main():
    bench, top = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-", dir="/var/tmp") as folder:
        tree = kernel(folder)
        if tree is not None:
            return subprocess.run([bench, tree], check=False).returncode
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as folder:
        for number in range(COPIES):
            copy = os.path.join(folder, f"copy{number}")
            shutil.copytree(top, copy, symlinks=True,
                            ignore=shutil.ignore_patterns(".git", "build", "demo-lab", "node_modules"))
            # No two copies alike: a store that keeps one content once would be measured too well.
            for place, _, names in os.walk(copy):
                for name in names:
                    path = os.path.join(place, name)
                    if not os.path.islink(path):
                        with open(path, "ab") as file:
                            file.write(b"\n/* %d */\n" % number)
        return subprocess.run([bench, folder], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
