#!/usr/bin/env python3
"""layers: the tree's habits that a program can check. Prints TAP.

  layers     a file of src/ includes only from its own folder or a lower layer (src/LAYERS)
  unicode    no invisible or bidirectional character in any text file of ours
  places     nothing names a path of a machine or a registry's host
  words      nothing left to do by its own words
  format     clang-format has nothing to say
  tidy       clang-tidy has nothing to say (.clang-tidy)
  commits    no generated file or binary blob is tracked
"""
import os
import re
import subprocess
import sys
import unicodedata

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TEXT = (".c", ".h", ".py", ".sh", ".ts", ".css", ".md", ".yaml", ".build", ".txt", ".sql", ".json", ".in", "")
BINARY_ALLOWED = ("docs/",)  # pictures of the README


def tracked():
    try:
        listing = subprocess.run(["git", "-C", TOP, "ls-files", "-z"], capture_output=True, check=True).stdout
        files = [name for name in listing.decode().split("\0") if name]
    except (subprocess.CalledProcessError, FileNotFoundError):
        files = []
        for folder, folders, names in os.walk(TOP):
            folders[:] = [f for f in folders if f not in (".git", "build", "node_modules", "demo-lab")]
            files += [os.path.relpath(os.path.join(folder, name), TOP) for name in names]
    return sorted(name for name in files if os.path.isfile(os.path.join(TOP, name)))


def text_of(name):
    with open(os.path.join(TOP, name), "rb") as file:
        return file.read()


def is_text(name):
    return os.path.splitext(name)[1] in TEXT and not name.startswith("fuzz/") or name.endswith((".c", ".h", ".py"))


def check_layers(files):
    layer_of, bad = {}, []
    for line in text_of("src/LAYERS").decode().splitlines():
        if line and not line.startswith("#"):
            level, *folders = line.split()
            layer_of.update({folder: int(level) for folder in folders})
    for name in files:
        match = re.fullmatch(r"src/([a-z]+)/.*\.[ch]", name)
        if not match:
            continue
        own = match.group(1)
        if own not in layer_of:
            bad.append(f"{name}: folder {own} has no layer")
            continue
        for number, line in enumerate(text_of(name).decode().splitlines(), 1):
            include = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not include:
                continue
            other = include.group(1).split("/")[0] if "/" in include.group(1) else own
            if other != own and (other not in layer_of or layer_of[other] >= layer_of[own]):
                bad.append(f"{name}:{number}: layer {layer_of[own]} includes {include.group(1)}")
    return bad


def check_unicode(files):
    bad = []
    for name in files:
        if not is_text(name):
            continue
        try:
            text = text_of(name).decode()
        except UnicodeDecodeError as error:
            bad.append(f"{name}: not UTF-8: {error}")
            continue
        for number, line in enumerate(text.split("\n"), 1):
            for char in line:
                if char not in "\t\r" and unicodedata.category(char) in ("Cf", "Cc", "Co", "Cn", "Zl", "Zp"):
                    bad.append(f"{name}:{number}: U+{ord(char):04X}")
    return bad


def check_places(files):
    hosts = set()
    sources = [os.path.join(folder, name) for folder, _, names in os.walk("/etc/apt") for name in names
               if name.endswith((".list", ".sources"))]
    for path in sources:
        with open(path, encoding="utf-8", errors="replace") as file:
            hosts.update(re.findall(r"^[^#\n]*?https?://([a-z0-9.-]+\.[a-z]+)", file.read(), re.M))
    hosts.add("registry." + "npmjs.org")
    places = [re.escape(host) for host in sorted(hosts)] + [r"/" + r"root/", r"/" + r"work/"]
    pattern = re.compile("|".join(places))
    return [f"{name}:{number}: {match.group(0)}" for name in files if is_text(name)
            for number, line in enumerate(text_of(name).decode(errors="replace").splitlines(), 1)
            for match in [pattern.search(line)] if match]


def check_words(files):
    pattern = re.compile(r"(/\*|//|#|^ \*).*\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK|not yet impl" + r"emented|for n" + r"ow)\b")
    return [f"{name}:{number}: {line.strip()}" for name in files
            if name.endswith((".c", ".h", ".ts", ".sh", ".py", ".build"))
            for number, line in enumerate(text_of(name).decode(errors="replace").splitlines(), 1)
            if pattern.search(line)]


def check_blobs(files):
    return [f"{name}: binary" for name in files
            if b"\0" in text_of(name)[:8192] and not name.startswith(BINARY_ALLOWED)
            and not (name.startswith("fuzz/") and len(text_of(name)) <= 4096)]


def check_format(files):
    ours = [name for name in files if name.endswith((".c", ".h"))]
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *ours], cwd=TOP, capture_output=True, text=True)
    return [line for line in done.stderr.splitlines() if "error:" in line]


def check_tidy(files, build):
    ours = [name for name in files if re.fullmatch(r"src/.*\.c", name)]
    workers = [subprocess.Popen(["clang-tidy", "--quiet", "-p", build, *ours[i::2]], cwd=TOP,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for i in range(2)]
    lines = [line for worker in workers for line in worker.communicate()[0].splitlines()]
    bad = [line for line in lines if "warning:" in line or "error:" in line]
    if not bad and any(worker.returncode for worker in workers):
        bad = ["clang-tidy failed", *lines[-5:]]
    return bad


def main():
    build = sys.argv[1]
    files = tracked()
    checks = {
        "each file includes only from lower layers": lambda: check_layers(files),
        "no invisible character": lambda: check_unicode(files),
        "no path of a machine, no registry host": lambda: check_places(files),
        "nothing left to do by its own words": lambda: check_words(files),
        "no binary blob": lambda: check_blobs(files),
        "clang-format has nothing to say": lambda: check_format(files),
        "clang-tidy has nothing to say": lambda: check_tidy(files, build),
    }
    print(f"1..{len(checks)}")
    failed = False
    for number, (name, check) in enumerate(checks.items(), 1):
        bad = check()
        failed |= bool(bad)
        print(f"{'not ok' if bad else 'ok'} {number} - {name}")
        # On the error stream: the runner shows that one of a test that failed.
        for line in bad[:40]:
            print(f"{name}: {line}", file=sys.stderr)
    sys.exit(1 if failed else 0)


main()
