"""oracle: what must be true of a lab after a fault, by a model that shares nothing with the code under test.

It reads records.db with Python's SQLite, hashes with hashlib, and folds the effects of the acts that the desk was
acknowledged: a list of acts in the order of the ledger is all that it believes.
"""
import hashlib
import os

from ledger_check import Refuted, check as check_published
from records import rows, unfit_pages


class Wrong(Exception):
    """What does not hold. The first word names the check."""

    def __init__(self, check, what):
        super().__init__(f"{check}: {what}")
        self.check = check


def need(condition, check, what):
    if not condition:
        raise Wrong(check, what)


class Tree:
    """RFC 6962 roots of every size of a growing list, by the plain definition over a cache of full subtrees."""

    def __init__(self, entries):
        self.levels = [[hashlib.sha256(b"\0" + entry).digest() for entry in entries]]
        while len(self.levels[-1]) > 1:
            below = self.levels[-1]
            self.levels.append([hashlib.sha256(b"\1" + below[i] + below[i + 1]).digest() for i in range(0, len(below) - 1, 2)])

    def root(self, size):
        if size == 0:
            return hashlib.sha256(b"").digest()
        parts, start = [], 0
        for level in range(size.bit_length() - 1, -1, -1):
            if size >> level & 1:
                parts.append(self.levels[level][start >> level])
                start += 1 << level
        root = parts.pop()
        while parts:
            root = hashlib.sha256(b"\1" + parts.pop() + root).digest()
        return root

    def path(self, index, size):
        """An inclusion proof, leaf side first."""
        def walk(first, count):
            if count == 1:
                return []
            split = 1 << (count - 1).bit_length() - 1
            if index < first + split:
                return walk(first, split) + [self.hash_of(first + split, count - split)]
            return walk(first + split, count - split) + [self.hash_of(first, split)]
        return walk(0, size)

    def hash_of(self, first, count):
        if count == 1:
            return self.levels[0][first]
        split = 1 << (count - 1).bit_length() - 1
        return hashlib.sha256(b"\1" + self.hash_of(first, split) + self.hash_of(first + split, count - split)).digest()


class Facts:
    """The state of a lab as it was when the story began; from there on the effects of acts are folded in."""

    def __init__(self, lab):
        self.size = rows(lab, "SELECT count(*) FROM entries")[0][0]
        self.records = dict(rows(lab, "SELECT id, state FROM records"))
        self.sessions = {row[0]: row[1] is None for row in rows(lab, "SELECT id, ended_us FROM sessions")}
        self.redacted = {row[0] for row in rows(lab, "SELECT idx FROM entries WHERE redacted")}
        self.lines = dict(rows(lab, "SELECT grant_id, sum(lines) FROM lines_shown GROUP BY grant_id"))
        self.releases = {}
        self.history = {row[0] for row in rows(lab, "SELECT entry FROM record_history")}

    def after(self, acts, size):
        """These facts and the effects of all acts whose entries lie below size."""
        now = object.__new__(Facts)
        now.size = size
        now.records, now.sessions, now.lines = dict(self.records), dict(self.sessions), dict(self.lines)
        now.redacted, now.releases, now.history = set(self.redacted), dict(self.releases), set(self.history)
        for act in sorted((act for act in acts if act.index is not None and act.index < size), key=lambda act: act.index):
            for effect in act.effects:
                now.fold(act, *effect)
        return now

    def fold(self, act, what, key, *more):
        if what == "record":
            self.records[key] = more[0]
            self.history.add(act.index)
        elif what == "session":
            self.sessions[key] = more[0]
        elif what == "redacted":
            self.redacted.add(key)
        elif what == "lines":
            self.lines[key] = self.lines.get(key, 0) + more[0]
        else:
            self.releases[key] = more


def check_entries(lab, acts, size):
    found = rows(lab, "SELECT idx, bytes, leaf, kind, redacted, nonce, detail, record FROM entries ORDER BY idx")
    need([row[0] for row in found] == list(range(len(found))), "gap", "entries without gaps")
    need(len(found) == size, "size", f"{len(found)} rows and a head of size {size}")
    for index, data, leaf, *_ in found:
        need(hashlib.sha256(b"\0" + data).digest() == leaf, "leaf", f"entry {index} does not fit its hash")
    for act in acts:
        if act.index is not None and act.index < size:
            row = found[act.index]
            need(row[3] == act.kind, "order", f"entry {act.index} is {row[3]}, acknowledged was {act.kind}")
    return found


def check_state(lab, facts):
    """State and entry together: exactly the effects of the entries that are there."""
    now = dict(rows(lab, "SELECT id, state FROM records"))
    for name, want in facts.records.items():
        need(now.get(name) == want, "state", f"{name} is {now.get(name)}, its entries say {want}")
    extra = set(now) - set(facts.records)
    need(not extra, "half", f"records without an entry: {sorted(extra)}")
    history = {row[0] for row in rows(lab, "SELECT entry FROM record_history")}
    need(history == facts.history, "half", f"history and entries differ at {sorted(history ^ facts.history)[:5]}")
    sessions = {row[0]: row[1] is None for row in rows(lab, "SELECT id, ended_us FROM sessions")}
    need(sessions == facts.sessions, "session", "sessions are not those of the entries")
    redacted = {row[0] for row in rows(lab, "SELECT idx FROM entries WHERE redacted AND nonce IS NULL AND detail IS NULL")}
    need(redacted == facts.redacted, "redacted", f"redacted {sorted(redacted ^ facts.redacted)}")
    lines = dict(rows(lab, "SELECT grant_id, sum(lines) FROM lines_shown GROUP BY grant_id"))
    need(lines == facts.lines, "lines", f"lines shown {lines}, the entries say {facts.lines}")


def check_blobs(lab, facts):
    """Each blob lies where its row says, and each release's files are among them."""
    digests = set()
    for digest, pack, offset, length in rows(lab, "SELECT digest, pack, offset, len FROM blobs"):
        with open(os.path.join(lab, "store", f"{pack:04d}.pack"), "rb") as file:
            file.seek(offset)
            need(hashlib.sha256(file.read(length)).digest() == digest, "blob", f"{digest.hex()} is not what is stored")
        digests.add(digest.hex())
    for release, (files, manifest_digest) in facts.releases.items():
        nodes = {(folder + b"/" + name if folder else name).decode(): digest.hex() for folder, name, digest in
                 rows(lab, "SELECT folder, name, digest FROM release_nodes WHERE release = ? AND NOT is_folder", release)}
        need(nodes == files, "release", f"{release} holds other files than were handed in")
        need(set(files.values()) | {manifest_digest} <= digests, "release", f"{release} lacks blobs")


def check_heads(found, heads):
    """Every head that was ever signed or shown is a prefix of the log."""
    tree = Tree([row[1] for row in found])
    for size, root in set(heads):
        need(size <= len(found), "lost", f"a head of size {size} was signed; {len(found)} entries are left")
        need(tree.root(size).hex() == root, "fork", f"the log does not extend the head of size {size}")
    return tree


def examine(lab, base, acts, heads, at_least, head, is_whole=True):
    """
    A lab that was opened again and closed. base: Facts; acts: in any order, all that may be there; heads: signed before
    the fault; at_least: entries that were acknowledged; head: (size, root) that the lab said after it was opened.
    is_whole: acts tells all acts (a killed process may have begun one that nobody heard of).
    """
    size, root = head
    unfit = unfit_pages(lab)
    need(not unfit, "pages", f"pages {unfit[:5]} do not fit their checksums")
    need(not rows(lab, "PRAGMA foreign_key_check"), "keys", "rows refer to rows that are not there")
    need(size >= at_least, "lost", f"{at_least} entries were acknowledged, {size} are there")
    found = check_entries(lab, acts, size)
    need(check_heads(found, heads).root(size).hex() == root, "root", "the entries hash to another root than the lab's")
    try:
        published, published_root, _ = check_published(os.path.join(lab, "ledger"))
    except (Refuted, OSError) as why:
        raise Wrong("published", str(why)) from None
    need((published, published_root.hex()) == head, "published", "the published checkpoint is not the lab's head")
    known = {act.index for act in acts if act.index is not None}
    if is_whole or all(index in known for index in range(base.size, size)):
        facts = base.after(acts, size)
        check_state(lab, facts)
        check_blobs(lab, facts)
