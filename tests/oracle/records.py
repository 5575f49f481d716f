"""records: a lab's records.db read, and spoiled, by Python's SQLite: nothing of the code under test.

Pages carry checksums that only vitrine writes (docs/formats/store.md). So a reader must not move pages out of the
write-ahead log, as SQLite does when its last connection closes: `rows` opens the file read-only. Who changes rows to see
what a lab makes of it does so in `spoil`, which puts the sums right again: the damage is then that of somebody who knew
how, not of a disk.
"""
import contextlib
import os
import sqlite3
import zlib

PAGE = 4096


def path_of(lab):
    return os.path.join(lab, "records.db")


def connect(lab):
    return sqlite3.connect(f"file:{path_of(lab)}?mode=ro", uri=True)


def rows(lab, sql, *values):
    """All rows; damage of a tree shows as sqlite3.DatabaseError."""
    with contextlib.closing(connect(lab)) as connection:
        return connection.execute(sql, values).fetchall()


def sum_of(page, number):
    """The eight bytes that a page ends with."""
    numbered = page[:PAGE - 8] + number.to_bytes(4, "big")
    return numbered[-4:] + zlib.crc32(numbered).to_bytes(4, "big")


def pages_of(lab):
    with open(path_of(lab), "rb") as file:
        data = file.read()
    return [data[at:at + PAGE] for at in range(0, len(data), PAGE)]


def unfit_pages(lab):
    """Numbers of the pages in the file that do not fit their sums, by our own reading of docs/formats/store.md."""
    return [number for number, page in enumerate(pages_of(lab), 1) if page[PAGE - 8:] != sum_of(page, number)]


@contextlib.contextmanager
def spoil(lab):
    """A connection that may write; afterwards the log is gone and every page fits its sum."""
    with contextlib.closing(sqlite3.connect(path_of(lab))) as connection:
        yield connection
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    summed = b"".join(page[:PAGE - 8] + sum_of(page, number) for number, page in enumerate(pages_of(lab), 1))
    with open(path_of(lab), "r+b") as file:
        file.write(summed)
