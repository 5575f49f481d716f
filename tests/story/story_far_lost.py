#!/usr/bin/env python3
"""Far, lost: what a point on another machine does while the wire is slow, cut, or loses what it carries; its place's own
rules; and what is left of what it served."""
import os
import re
import subprocess
import threading
import time
import zlib
from datetime import datetime
from urllib.parse import urlencode

from tap import run
from fixture import BINARY, Fixture, expect_refusal
from labkit import FarPoint, Refused
import memory
from wire import Wire

lab = Fixture(door=True, releases=1)
engagement = lab.engagement()
lab.grant(engagement)
where = {"engagement": engagement, "release": lab.releases[0]}
wire = Wire(lab.lab.door)
point = FarPoint(lab.lab, os.path.join(lab.folder, "bonn"), centre=wire.address)
point.join(lab.ada.verb("point.invite", name="bonn", site="Bonn, room 2")["token"])


def until(what, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("not within %d s" % seconds)


class Browser:
    """A cookie and forms: what a person without script has."""

    def __init__(self, at):
        self.client = at.client()
        self.cookie = None

    def ask(self, method, path, form=None):
        headers = {"Sec-Fetch-Site": "same-origin"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            form = urlencode(form)
        status, answered, body = self.client.request(method, path, form, headers)
        cookie = answered.get("set-cookie", "")
        if cookie:
            self.cookie = None if "Max-Age=0" in cookie else cookie.split(";")[0]
        return status, answered, body.decode("utf-8", "replace")

    def sign_in(self, name):
        status, _, body = self.ask("POST", "/sign-in", {"name": name, "password": lab.passwords[name]})
        return status, body

    def csrf(self, path):
        return re.search(r'name="csrf" value="([0-9a-f]+)"', self.ask("GET", path)[2])[1]


def organisations(name):
    rows = lab.ada.verb("record.list", kind="organisation")["items"]
    return [row for row in rows if row["fields"]["name"] == name]


def every_page_names_the_site():
    rita = Browser(point)
    assert "Bonn, room 2" in rita.ask("GET", "/sign-in")[2]
    assert rita.sign_in("rita")[0] == 303
    for path in ("/", "/products", "/account", f"/room/{engagement}/{lab.releases[0]}", "/nowhere", "/ledger"):
        assert "Bonn, room 2" in rita.ask("GET", path)[2], path
    assert rita.ask("POST", "/sign-out", {"csrf": rita.csrf("/")})[0] == 303


def a_lost_link_says_so_and_recovers_by_itself():
    ada = Browser(point)
    assert ada.sign_in("ada")[0] == 303
    wire.cut()
    try:
        status, answered, body = until(lambda: (lambda a: a if a[0] == 503 else None)(ada.ask("GET", "/products")))
        assert "link to the centre" in body and answered.get("refresh"), body
        # Nothing is sent, nothing is done: and the page says that.
        status, _, body = ada.ask("POST", "/records/organisation/new", {"csrf": "0" * 32, "name": "x"})
        assert status == 503 and "Nothing was sent" in body, body
    finally:
        wire.mend()
    until(lambda: ada.ask("GET", "/products")[0] == 200)


def act_while(swallowed, name):
    """Adds an organisation by the page while one direction of the wire loses everything; then the wire breaks and mends."""
    ada = Browser(point)
    assert ada.sign_in("ada")[0] == 303
    form = {"csrf": ada.csrf("/records/organisation/new"), "name": name, "line": "customer", "country": "IT"}
    # The person's pages ask for the session first: those answers must come, so the act is sent in a thread and the wire
    # loses what it carries from the moment on which the vault has, or has not, been reached.
    result = {}
    before = len(organisations(name))
    assert before == 0

    def send():
        result["answer"] = ada.ask("POST", "/records/organisation/new", form)

    sender = threading.Thread(target=send)
    if swallowed == "in":
        # Let questions through; hold answers back once the act has its entry.
        wire.delay_s = 0.3
        sender.start()
        until(lambda: len(organisations(name)) == 1)
        wire.swallow["in"] = True
    else:
        wire.swallow["out"] = True
        sender.start()
    wire.cut()
    wire.delay_s = 0
    wire.mend()
    sender.join(40)
    assert not sender.is_alive()
    # The link may still be on its way back: what comes next is about something else.
    until(lambda: reaches(point.client()))
    return result["answer"]


def an_act_whose_answer_is_lost_is_done_once_and_told():
    status, answered, body = act_while("in", "Westline Telecom")
    assert status == 303, (status, body[:600])
    assert len(organisations("Westline Telecom")) == 1


def an_act_that_never_arrived_is_not_done_behind_ones_back():
    status, answered, body = act_while("out", "Eastline Telecom")
    count = len(organisations("Eastline Telecom"))
    assert (status == 303 and count == 1) or (status == 503 and count == 0), (status, count)


def a_door_that_is_killed_and_started_again_is_found_again():
    """The door's process, not the wire: vault and door run on their own here."""
    lab.lab.stop()
    log = open(lab.lab.folder + ".log", "ab")

    def start(role):
        return subprocess.Popen([BINARY, role, lab.lab.folder], stdout=subprocess.PIPE, stderr=log, text=True)

    vault = start("vault")
    try:
        door = start("door")
        assert door.stdout.readline().startswith("door "), "the door says where it is"
        client = point.client()
        until(lambda: reaches(client))
        door.kill()
        door.wait()
        until(lambda: not reaches(client))
        door = start("door")
        assert door.stdout.readline().startswith("door ")
        until(lambda: reaches(client))
        door.terminate()
        assert door.wait(20) == 0
    finally:
        vault.terminate()
        vault.wait(20)
        log.close()
        lab.lab.start()
        lab.ada = lab.lab.signed_in("ada", lab.passwords["ada"])
        lab.ben = lab.lab.signed_in("ben", lab.passwords["ben"])
    until(lambda: reaches(point.client()))


def reaches(client):
    try:
        return client.verb("lab.hello")["name"] == "Story lab"
    except Refused as refused:
        assert refused.status == 503, refused
        return False


# Far away: 75 ms each way.

def a_page_of_source_costs_one_round_trip():
    rita = point.signed_in("rita", lab.passwords["rita"])
    rita.view(**where, path="Makefile")
    wire.delay_s = 0.075
    try:
        times = []
        for line in range(0, 180, 60):
            for theme in ("light", "dark"):
                _, trips, took = wire.count(lambda: rita.view(**where, path="src/packet.c", line=line, theme=theme))
                assert trips == 1, trips
                times.append(took)
        times.sort()
        assert times[-1] <= 0.150 + 0.5, times  # the figure is the benchmark's; here only that no second trip hides
    finally:
        wire.delay_s = 0


# What is left.

def needles_of(png):
    """Runs of 24 bytes of what was served: of the file all over, and of rows of its pixels."""
    found = {png[at:at + 24] for at in range(64, len(png) - 24, 509)}
    at, data = 8, b""
    while at < len(png):
        length = int.from_bytes(png[at:at + 4], "big")
        if png[at + 4:at + 8] == b"IDAT":
            data += png[at + 8:at + 8 + length]
        at += 12 + length
    width, height = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    rows = zlib.decompress(data)
    row_bytes = len(rows) // height
    for row in range(0, height, 16):
        middle = rows[row * row_bytes + 1:(row + 1) * row_bytes]
        for start in range(0, len(middle) - 24, 40):
            run = middle[start:start + 24]
            if len(set(run)) > 6:
                found.add(run)
                break
    return found


def serve_and_sign_out(at):
    rita = at.signed_in("rita", lab.passwords["rita"])
    needles = set()
    for line in range(0, 180, 60):
        needles |= needles_of(rita.view(**where, path="src/packet.c", line=line)[1])
    rita.sign_out()
    rita.close()
    return needles


def traces(at, needles):
    """Where bytes of what was served are still to be found: in memory or in the folder."""
    found = [("memory", needle) for needle in memory.find(at.process.pid, needles)]
    for name in os.listdir(at.folder):
        with open(os.path.join(at.folder, name), "rb") as file:
            data = file.read()
        found += [(name, needle) for needle in needles if needle in data]
    return found


def nothing_of_what_was_served_is_left_after_sign_out():
    if os.getuid() != 0:
        print("# searched by root only")
        return
    needles = serve_and_sign_out(point)
    assert len(needles) > 50, len(needles)
    found = traces(point, needles)
    assert not found, (len(found), len(needles), found[:3])


def a_point_that_keeps_pages_is_caught_by_the_same_search():
    if os.getuid() != 0:
        print("# searched by root only")
        return
    point.stop()
    keeping = FarPoint(lab.lab, point.folder, centre=wire.address)
    was, lab.lab.binary = lab.lab.binary, os.environ["VITRINE_KEEPING"]
    try:
        keeping.start()
        assert traces(keeping, serve_and_sign_out(keeping)), "the mutant keeps pages and was not caught"
    finally:
        lab.lab.binary = was
        keeping.stop()
        point.start()


# The place's own rules.

def with_rules(text, act):
    path = os.path.join(point.folder, "point.yaml")
    with open(path, encoding="utf-8") as file:
        plain = file.read()
    point.stop()
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(plain + text)
        point.start()
        act()
    finally:
        point.stop()
        with open(path, "w", encoding="utf-8") as file:
            file.write(plain)
        point.start()


def a_closed_point_says_when_it_is_open_and_lets_nobody_in():
    days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    other = days[(datetime.now().isoweekday() + 3) % 7]

    def closed():
        rita = Browser(point)
        status, _, body = rita.ask("GET", "/sign-in")
        assert status == 403 and "is closed" in body and f"{other} 08:00-18:00" in body, body
        refused = expect_refusal(403, lambda: point.signed_in("rita", lab.passwords["rita"]))
        assert "open" in refused
    with_rules(f'hours: ["{other} 08:00-18:00"]\n', closed)


def a_supervised_room_is_unlocked_by_a_second_person():
    def supervised():
        rita, ben = Browser(point), Browser(point)
        status, _, body = rita.ask("GET", "/")
        assert status == 403 and "locked" in body, body
        assert "unlocks" in expect_refusal(403, lambda: point.signed_in("rita", lab.passwords["rita"]))
        # Not by just anybody, and not with a wrong password.
        status, _, body = ben.ask("POST", "/unlock", {"name": "rita", "password": lab.passwords["rita"]})
        assert status == 403, body
        status, _, body = ben.ask("POST", "/unlock", {"name": "ben", "password": "wrong-password-here"})
        assert status in (401, 403), body
        status, answered, body = ben.ask("POST", "/unlock", {"name": "ben", "password": lab.passwords["ben"]})
        assert status == 303, body
        assert rita.sign_in("rita")[0] == 303
        assert rita.ask("GET", "/")[0] == 200
        # Who unlocked does not sign in, neither by the page nor by the API.
        status, body = ben.sign_in("ben")
        assert status == 403 and ben.cookie is None, (status, body)
        assert "unlocked the room" in expect_refusal(403, lambda: point.signed_in("ben", lab.passwords["ben"]))
        # Locked again, those inside go no further, and after the next unlocking neither.
        assert rita.ask("POST", "/lock", {"csrf": rita.csrf("/unlock")})[0] == 303
        assert rita.ask("GET", "/")[0] == 403
        assert ben.ask("POST", "/unlock", {"name": "ben", "password": lab.passwords["ben"]})[0] == 303
        status, _, body = rita.ask("GET", "/products")
        assert status in (303, 401, 403), body
    with_rules("supervised: true\nsupervisors: [ben]\n", supervised)


CASES = [every_page_names_the_site, a_lost_link_says_so_and_recovers_by_itself,
         an_act_whose_answer_is_lost_is_done_once_and_told, an_act_that_never_arrived_is_not_done_behind_ones_back,
         a_page_of_source_costs_one_round_trip,
         nothing_of_what_was_served_is_left_after_sign_out, a_point_that_keeps_pages_is_caught_by_the_same_search,
         a_closed_point_says_when_it_is_open_and_lets_nobody_in, a_supervised_room_is_unlocked_by_a_second_person,
         a_door_that_is_killed_and_started_again_is_found_again]


def clean_up():
    point.stop()
    wire.close()
    lab.remove()


if __name__ == "__main__":
    run(CASES, clean_up)
