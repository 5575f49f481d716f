#!/usr/bin/env python3
"""A leak: a page that two people saw leaves as a picture, spoilt on the way; the mark narrows it down to the right session,
another lab's drawing of it names nobody, and who was shown a text's lines is read from trails that are opened at the officer's."""
import hashlib
import os
import re
import subprocess

from tap import run
from fixture import BINARY, Fixture, expect_refusal
from PIL import Image

lab = Fixture(releases=1)
engagement = lab.engagement()
lab.grant(engagement)
lab.people.person("remo", "Remo Conti", lab.operator, ["reviewer"], "third")
lab.passwords.update(lab.people.passwords)
where = {"engagement": engagement, "release": lab.releases[0]}
key = lab.lab.folder + "-officer-role.key"
sessions, pages = {}, {}
for name in ("rita", "remo"):
    reader = lab.person(name)
    sessions[name] = reader.verb("session.show")["session"]
    pages[name] = reader.view(**where, path="src/packet.c", line=60)[1]
rita = lab.person("rita")
rita.view(**where, path="docs/notes.md")
later_session = rita.verb("session.show")["session"]
for officer in ("ada", "aron"):
    lab.lab.run("sign-in", officer, "--password-file", "-", stdin=lab.passwords[officer] + "\n")


def picture(name, page, change=lambda image: image, **save):
    path = os.path.join(lab.folder, name)
    raw = path + ".raw.png"
    with open(raw, "wb") as file:
        file.write(page)
    with Image.open(raw) as image:
        change(image.convert("RGB")).save(path, **save)
    os.remove(raw)
    return path


def half(image):
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)


def leak(*arguments, person="ada", check=True):
    # A point closes a connection on which nothing is said for 20 seconds.
    lab.ada.close()
    return lab.lab.run("leak", *arguments, person=person, check=check)


def words():
    return ("--release", lab.releases[0], "--words", "head[80] 80 fold")


def a_page_at_jpeg_50_and_half_scale_narrows_to_who_saw_it():
    for name, other, spoilt in (("rita", "remo", picture("both.jpg", pages["rita"], half, quality=50)),
                                ("remo", "rita", picture("half.png", pages["remo"], half))):
        said = leak(spoilt, *words(), "--officer-key", key).stdout
        assert f"narrows to session {sessions[name]} at point centre" in said, said
        assert re.search(r"its trail: entry \d+, .* shows this page", said), said
        assert f"narrows to session {sessions[other]}" not in said, said
        assert "proves no person's guilt" in said, said


def the_trails_tell_which_page_it_may_be():
    spoilt = picture("webp.webp", pages["remo"], quality=80)
    said = leak(spoilt, "--officer-key", key).stdout
    assert f"narrows to session {sessions['remo']} at point centre" in said, said


def a_page_that_no_session_of_this_lab_was_shown_names_nobody():
    """The same page, drawn by another lab: its mark is under another key."""
    other = Fixture(releases=1)
    try:
        where_there = {"engagement": other.engagement(), "release": other.releases[0]}
        other.grant(where_there["engagement"])
        page = other.person("rita").view(**where_there, path="src/packet.c", line=60)[1]
    finally:
        other.remove()
    said = leak(picture("foreign.png", page), *words(), "--officer-key", key).stdout
    assert "correlation" in said, said
    assert "names nobody: no session's mark agrees well enough" in said and "narrows to session" not in said, said


def a_page_without_a_mark_names_nobody():
    """Drawn by the same encoder with all bits 0: what a page would look like that no session was ever shown."""
    built = os.path.dirname(os.path.dirname(os.path.dirname(BINARY)))
    pipe = os.path.join(built, "bench", "watermark", "watermark_pipe")
    asked = f"tile 60 0 {os.path.join(lab.source(1), 'src/packet.c')}\ndraw 0 0 0 0\n"
    drawn = subprocess.run([pipe], input=asked.encode(), capture_output=True, check=True).stdout
    told, size, pixels = drawn.split(b"\n", 2)
    width, height = (int(word) for word in size.split()[1:])
    assert told.startswith(b"text") and len(pixels) == 3 * width * height, drawn[:80]
    path = os.path.join(lab.folder, "unmarked.png")
    Image.frombytes("RGB", (width, height), pixels).save(path)
    said = leak(path, *words(), "--officer-key", key).stdout
    assert "correlation" in said and "not in the picture" not in said, said
    assert "names nobody: no session's mark agrees well enough" in said and "narrows to session" not in said, said


def a_picture_that_lies_on_its_side_narrows_as_well():
    said = leak(picture("side.jpg", pages["remo"], lambda image: image.rotate(90, expand=True), quality=80), *words()).stdout
    assert re.search(r"turned -?90\.\d degrees", said), said
    assert f"session {sessions['remo']} at point centre" in said and "names nobody" not in said, said


def a_picture_seen_before_the_view_names_nobody():
    said = leak(picture("early.png", pages["rita"]), *words(), "--seen-at", "2020-01-01").stdout
    assert "names nobody: the record holds no page shown to it" in said, said


def a_picture_of_something_else_names_nobody():
    path = os.path.join(lab.folder, "gradient.png")
    Image.linear_gradient("L").resize((640, 976)).save(path)
    said = leak(path, *words()).stdout
    assert "names nobody" in said and "narrows to session" not in said, said


def what_is_no_picture_is_refused():
    for number, bytes_ in enumerate((b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\0" * 100, b"\xff\xd8\xff" + os.urandom(2000))):
        path = os.path.join(lab.folder, f"bad-{number}")
        with open(path, "wb") as file:
            file.write(bytes_)
        done = leak(path, *words(), check=False)
        assert done.returncode == 2 and "picture" in done.stderr, done.stderr
    assert leak(lab.folder, *words(), check=False).returncode == 2


def one_says_which_page_it_is():
    path = picture("which.png", pages["rita"])
    for arguments, text in (((), "which page is it"), (("--release", lab.releases[0]), "which page is it"),
                            (("--release", lab.releases[0], "--words", "absent_everywhere"), "no page of the release holds"),
                            (("--release", lab.releases[0], "--path", "src/none.c"), "no such file")):
        done = leak(path, *arguments, check=False)
        assert done.returncode != 0 and text in done.stderr, done.stderr
    said = leak(path, "--release", lab.releases[0], "--path", "src/packet.c").stdout
    assert f"narrows to session {sessions['rita']}" in said, said


def lines_of(path, first, count):
    with open(os.path.join(lab.source(1), path), encoding="utf-8") as file:
        return file.read().split("\n")[first:first + count]


def text_file(lines):
    path = os.path.join(lab.folder, "text.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return path


def the_lines_of_a_text_narrow_to_who_was_shown_them():
    path = text_file(["  " + line.strip() for line in lines_of("src/packet.c", 70, 5)])
    said = leak("--text", path, "--officer-key", key).stdout
    assert "5 of 5 lines tell" in said, said
    assert "narrows to 2 of 3 sessions" in said, said
    for name in ("rita", "remo"):
        assert re.search(rf"session {sessions[name]} at point centre: shown 5 of 5 lines, entry \d+", said), said
    assert f"session {later_session} at point centre: shown 0 of 5 lines" in said, said
    # On two tiles, of which the sessions saw one.
    said = leak("--text", text_file(lines_of("src/packet.c", 115, 10)), "--officer-key", key).stdout
    assert "names nobody: none of 3 sessions" in said, said
    assert "shown 5 of 10 lines" in said, said
    said = leak("--text", text_file(lines_of("src/packet.c", 70, 2)), "--officer-key", key).stdout
    assert "names nobody: at least 3 lines must tell" in said, said


def no_source_comes_back_for_a_text():
    answer, _ = lab.ada.raw("leak.text", {"text": "\n".join(lines_of("src/packet.c", 70, 5))})
    assert answer["telling"] == 5 and "sum" not in str(answer), answer


def it_is_recorded_and_names_nobody_in_public():
    entries = lab.ada.verb("ledger.list", kind="leak.picture", limit=200)["entries"]
    assert {entry["public"]["verdict"] for entry in entries} == {"narrows", "nobody"}, entries
    for entry in entries:
        assert set(entry["public"]) == {"verdict", "actor"}, entry
    exports = lab.ada.verb("ledger.list", kind="trail.export", limit=200)["entries"]
    assert len(exports) >= 4, len(exports)


def only_officers_and_auditors_ask():
    path = picture("refused.png", pages["rita"])
    with open(path, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    reviewer = lab.person("rita")
    expect_refusal(403, lambda: reviewer.verb("leak.picture", picture=digest, release=lab.releases[0], words="sum"))
    expect_refusal(403, lambda: reviewer.verb("leak.text", text="anything at all"))
    expect_refusal(403, lambda: reviewer.verb("leak.sessions"))
    said = leak(path, *words(), person="aron").stdout
    assert f"narrows to session {sessions['rita']}" in said, said
    # The digest that was signed, and no descriptor: nothing is looked at.
    expect_refusal(400, lambda: lab.ada.verb("leak.picture", picture=digest, release=lab.releases[0], words="sum"))


run([a_page_at_jpeg_50_and_half_scale_narrows_to_who_saw_it, the_trails_tell_which_page_it_may_be,
     a_page_that_no_session_of_this_lab_was_shown_names_nobody, a_page_without_a_mark_names_nobody,
     a_picture_that_lies_on_its_side_narrows_as_well, a_picture_seen_before_the_view_names_nobody,
     a_picture_of_something_else_names_nobody, what_is_no_picture_is_refused, one_says_which_page_it_is,
     the_lines_of_a_text_narrow_to_who_was_shown_them, no_source_comes_back_for_a_text,
     it_is_recorded_and_names_nobody_in_public, only_officers_and_auditors_ask], lab.remove)
