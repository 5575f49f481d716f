"""crash: the states that a crash could leave of a lab, rebuilt from what faulty_io wrote down.

A file system keeps what was synced. Of the rest it may keep all, none or any part, in any order: of each unsynced
write any of its 512-byte sectors, of each unsynced change of a folder any (a new name, a rename, a removal). A sync that
failed has dropped what it should have kept, and no later one brings it back.
"""
import os
import shutil
import struct

SECTOR = 512


def read_trace(path):
    """[(op, inode, offset, path, data)] in the order in which they took place."""
    with open(path, "rb") as file:
        data = file.read()
    ops, at = [], 0
    while at < len(data):
        op, inode, offset, path_len, data_len = struct.unpack_from("<cQQII", data, at)
        at += 25
        ops.append((op.decode(), inode, offset, data[at:at + path_len].decode(), data[at + path_len:at + path_len + data_len]))
        at += path_len + data_len
    return ops


class File:
    """Bytes that would be there after a power cut, and what was done since without a sync."""

    def __init__(self, kept=b""):
        self.kept, self.pending, self.lost = bytearray(kept), [], []

    def sync(self):
        self.kept = apply(self.kept, self.pending)
        self.pending = []


def apply(kept, changes):
    data = bytearray(kept)
    for offset, chunk in changes:
        if chunk is None:
            del data[offset:]
            data.extend(b"\0" * (offset - len(data)))
        else:
            if len(data) < offset:
                data.extend(b"\0" * (offset - len(data)))
            data[offset:offset + len(chunk)] = chunk
    return data


class Disk:
    """The lab's folder as the operations go by. live: what a process sees; kept: names that are safe on disk."""

    def __init__(self, folder):
        self.live, self.inodes, self.folders = {}, {}, set()
        for base, folders, names in os.walk(folder):
            for name in folders:
                self.folders.add(os.path.relpath(os.path.join(base, name), folder))
            for name in names:
                full = os.path.join(base, name)
                with open(full, "rb") as file:
                    made = File(file.read())
                self.live[os.path.relpath(full, folder)] = made
                self.inodes[os.lstat(full).st_ino] = made
        self.kept = dict(self.live)
        self.names = []  # changes of names that no sync of their folder has made safe: (folder, name, File or None)

    def step(self, op, inode, offset, path, data):
        if op == "C":
            self.inodes[inode] = self.live[path] = File()
            self.name(path, self.live[path])
        elif op in "WT" and inode in self.inodes:
            self.inodes[inode].pending.append((offset, data if op == "W" else None))
        elif op == "S" and inode in self.inodes:
            self.inodes[inode].sync()
        elif op == "F" and inode in self.inodes:
            self.inodes[inode].pending = []
        elif op == "D":
            self.sync_folder(path)
        elif op == "R":
            moved = self.live.pop(path)
            self.live[data.decode()] = moved
            # One change: after a crash it is there under one of both names.
            self.names.append((os.path.dirname(path), [(path, None), (data.decode(), moved)]))
        elif op == "U" and path in self.live:
            del self.live[path]
            self.name(path, None)
        elif op == "M":
            self.folders.add(path)

    def name(self, path, file):
        self.names.append((os.path.dirname(path), [(path, file)]))

    def sync_folder(self, folder):
        for where, changes in self.names:
            if where == folder:
                self.keep(self.kept, changes)
        self.names = [change for change in self.names if change[0] != folder]

    @staticmethod
    def keep(names, changes):
        for path, file in changes:
            if file is None:
                names.pop(path, None)
            else:
                names[path] = file

    def killed(self):
        """{path: bytes}: the process is gone, the machine is not."""
        return {path: apply(file.kept, file.pending) for path, file in self.live.items()}

    def power_cut(self, dice):
        """{path: bytes}: one of the many that a power cut may leave."""
        mood = dice.choice(["none", "all", "some", "some", "torn", "torn", "last"])
        names = dict(self.kept)
        for _, changes in self.names:
            if mood == "all" or (mood != "none" and dice.random() < 0.5):
                self.keep(names, changes)
        return {path: self.cut(file, mood, dice) for path, file in names.items()}

    @staticmethod
    def cut(file, mood, dice):
        if mood == "none" or not file.pending:
            return bytes(file.kept)
        if mood == "all":
            return apply(file.kept, file.pending)
        changes = file.pending
        if mood == "last":
            changes = changes[-dice.randrange(1, len(changes) + 1):]
        elif mood == "some":
            changes = [change for change in changes if dice.random() < 0.5]
        else:
            changes = [part for change in changes for part in tear(change, dice)]
        return apply(file.kept, changes)


def tear(change, dice):
    offset, chunk = change
    if chunk is None:
        return [change] if dice.random() < 0.5 else []
    first = SECTOR - offset % SECTOR
    cuts = [0, *range(first, len(chunk), SECTOR), len(chunk)]
    return [(offset + a, chunk[a:b]) for a, b in zip(cuts, cuts[1:]) if dice.random() < 0.6]


def write_state(pristine, disk, state, folder):
    """The state as a lab's folder. What no story ever writes is linked from the pristine lab, not copied."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder, mode=0o700)
    for name in sorted(disk.folders | {os.path.dirname(path) for path in state} - {""}):
        os.makedirs(os.path.join(folder, name), mode=0o700, exist_ok=True)
    for path, data in state.items():
        # The index of the write-ahead log is memory, not data: it is made again.
        if path.endswith("-shm"):
            continue
        full = os.path.join(folder, path)
        if path.split("/")[0] in ("font", "keys", "kinds", "points") or path == "vitrine.yaml":
            os.link(os.path.join(pristine, path), full)
            continue
        with open(full, "wb") as file:
            file.write(data)
        os.chmod(full, 0o600)


def signed_heads(ops):
    """(size, root in hex) of every checkpoint that was written anywhere under ledger/."""
    heads = []
    for op, _, _, path, data in ops:
        if op == "W" and path.startswith("ledger/checkpoint"):
            lines = data.split(b"\n")
            if len(lines) > 3 and lines[1].isdigit():
                heads.append((int(lines[1]), decode_root(lines[2])))
    return heads


def decode_root(text):
    import base64
    return base64.b64decode(text).hex()
