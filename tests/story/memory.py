"""memory: is a run of bytes anywhere in a process' memory? As root, over /proc/PID/mem, mapping by mapping."""
import re

STEP = 1 << 20


def writable(pid):
    """(start, end) of what the process may have written to."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
        for line in maps:
            match = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)", line)
            if match and match[3].startswith("rw") and match[4] not in ("[vvar]", "[vsyscall]"):
                yield int(match[1], 16), int(match[2], 16)


def find(pid, needles):
    """Those of the needles that are there. Longer than STEP none may be."""
    found = set()
    overlap = max(len(needle) for needle in needles) - 1
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end in writable(pid):
            tail, at = b"", start
            while at < end:
                memory.seek(at)
                try:
                    data = memory.read(min(STEP, end - at))
                except OSError:
                    break
                if not data:
                    break
                # Most of what threads could use they never touched.
                if data.count(0) == len(data):
                    tail, at = b"", at + len(data)
                    continue
                window = tail + data
                found.update(needle for needle in needles if needle in window)
                tail, at = window[-overlap:], at + len(data)
    return found
