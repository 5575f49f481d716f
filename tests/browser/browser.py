#!/usr/bin/env python3
"""browser: a real lab, a real Chromium. Makes the lab and its records, then runs the cases (run.mjs); prints TAP.

RECORD_DIR  when set, every answer that the browser receives is kept there (N.head, N.body) and the sources that were
            shown beside it in shown/, for no_line_leaves.py
"""
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(TOP, "tools"), os.path.join(TOP, "tests", "story")]
from fixture import BINARY, Fixture, moment  # noqa: E402
from parties import Parties  # noqa: E402
from labkit import Lab, People, free_port, new_password  # noqa: E402
from signing import agree  # noqa: E402
from PIL import Image  # noqa: E402

CHROMIUM = "/usr/bin/chromium"


def modules():
    """The folder of playwright-core and axe-core, installed there when it is not up to date."""
    folder = os.path.join(TOP, "build", "browser-modules")
    lock = os.path.join(HERE, "package-lock.json")
    kept = os.path.join(folder, "package-lock.json")
    with open(lock, "rb") as file:
        wanted = file.read()
    if os.path.exists(kept) and os.path.isdir(os.path.join(folder, "node_modules")):
        with open(kept, "rb") as file:
            if file.read() == wanted:
                return folder
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(HERE, name), folder)
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder,
                          capture_output=True, text=True)
    if done.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        print("Bail out! npm ci failed: " + done.stderr.strip().replace("\n", " ")[-300:])
        sys.exit(1)
    return folder


def soon(minutes):
    return (datetime.now(timezone.utc) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def person_ids(lab):
    rows = lab.ada.verb("record.list", kind="person")["items"]
    return {row["fields"]["name"]: row["id"] for row in rows}


def leaked_page(lab, engagement, release):
    """A page as one session was shown it, and a picture of something else."""
    lab.people.person("remo", "Remo Conti", lab.operator, ["reviewer"], "third")
    lab.passwords.update(lab.people.passwords)
    reader = lab.person("remo")
    session = reader.verb("session.show")["session"]
    page = reader.view(engagement=engagement, release=release, path="src/packet.c", line=60)[1]
    reader.close()
    picture, foreign = (os.path.join(lab.folder, name) for name in ("leaked.png", "foreign.png"))
    with open(picture, "wb") as file:
        file.write(page)
    Image.linear_gradient("L").resize((640, 976)).save(foreign)
    return {"picture": picture, "foreign": foreign, "words": "head[80] 80 fold", "session": session}


def refused_request(lab, engagement):
    """A request of the reviewer's that was refused, with words as long as they come."""
    reader = lab.person("rita")
    asked = reader.verb("request.create", party=lab.operator, engagement=engagement, title="The tests of the packet library",
                        why="The grant leaves the tests out. Without them nobody can say what was tried.\n" * 3,
                        paths=["tests"], activities=["view"])["id"]
    reader.close()
    lab.ada.verb("request.refuse", id=asked, note="The tests hold captures of a customer's traffic, which are not ours to show. "
                 "We offer the list of test cases instead, by the document room.")
    return asked


def not_to_offer(lab):
    """Releases that no form for a grant of our product may offer: another product's, and a withdrawn one."""
    other = lab.ada.verb("product.create", name="relay", vendor="Example Networks", description="")["id"]
    for product, version in ((other, "2.0"), (lab.product, "0.9")):
        lab.lab.run("release", "ingest", product, version, lab.source(1), person="ada")
    withdrawn = lab.ada.verb("record.list", kind="release", text="0.9")["items"][0]["id"]
    lab.ada.verb("release.withdraw", id=withdrawn, note="Taken in from the wrong folder")


def golden_pages(folder):
    """Pages of our golden inputs as the fast encoder writes them, and their pixels as the simple one draws them."""
    pages = []
    inputs = os.path.join(TOP, "tests", "golden", "in")
    for name, theme, zoom, width in (("sample.c.in", "light", "1", 640), ("alphabets.txt.in", "dark", "1", 640),
                                     ("sample.py.in", "contrast", "1.5", 960), ("sample.sh.in", "dark", "2", 1280)):
        png, rgb = os.path.join(folder, "page.png"), os.path.join(folder, "page.rgb")
        # By its own name, which decides the colours.
        source = shutil.copyfile(os.path.join(inputs, name), os.path.join(folder, name.removesuffix(".in")))
        subprocess.run([os.environ["GOLDEN_PAGES"], "both", source, theme, zoom, png, rgb], check=True)
        with open(png, "rb") as page, open(rgb, "rb") as pixels:
            pages.append({"name": f"{name}, {theme}, {zoom}", "width": width, "png": base64.b64encode(page.read()).decode(),
                          "rgb": base64.b64encode(pixels.read()).decode()})
    return pages


def lab_apart(folder):
    """A lab of its own whose vault and point the cases start and stop one by one."""
    lab = Lab(os.path.join(folder, "apart"), BINARY)
    password = new_password()
    lab.init([("ada", "Ada Keller", password), ("ben", "Ben Okafor", new_password())], name="Lab apart",
             origin="story.example/apart")
    listen = f"127.0.0.1:{free_port()}"
    part = [sys.executable, os.path.join(HERE, "..", "as_owner.py"), lab.folder, lab.binary]
    return {"url": "https://" + listen, "passwords": {"ada": password}, "vault": [*part, "vault", lab.folder],
            "point": [*part, "point", os.path.join(lab.folder, "points", "centre"), "--listen", listen]}


def sealed_lab():
    """A lab whose operator agreed on three parties, and an opening to which one of them agreed."""
    lab = Parties(releases=1)
    engagement = lab.engagement()
    lab.grant(engagement)
    reader = lab.person("rita")
    session = reader.verb("session.show")["session"]
    reader.view(engagement=engagement, release=lab.releases[0], path="src/packet.c", line=60)
    reader.sign_out()
    opening = lab.ada.verb("opening.ask", session=session, question="Who was shown these lines?", reason="They were posted.")["id"]
    aron = lab.person("aron")
    aron.verb("opening.agree", id=opening)
    aron.sign_out()
    return lab, {"url": lab.lab.url, "passwords": lab.passwords, "opening": opening, "session": session}


def lab_with_keys(folder):
    """A lab by its host's name, as security keys want it; its maker has a root key, and cleo a key of her own machine."""
    lab = Lab(os.path.join(folder, "keys"), BINARY)
    passwords = {"ada": new_password(), "ben": new_password()}
    lab.init([("ada", "Ada Keller", passwords["ada"]), ("ben", "Ben Okafor", passwords["ben"])], name="Lab of keys",
             origin="story.example/keys")
    port = free_port()
    settings = os.path.join(lab.folder, "vitrine.yaml")
    with open(settings, encoding="utf-8") as file:
        text = file.read().replace('web.rp_id: ""', 'web.rp_id: "localhost"')
    with open(settings, "w", encoding="utf-8") as file:
        file.write(text.replace('web.origin: ""', f'web.origin: "https://localhost:{port}"'))
    lab.start(port)
    ada, ben = (lab.signed_in(name, passwords[name]) for name in ("ada", "ben"))
    people = People(lab, ada, ben)
    maker = ada.verb("session.show")["person"]["organisation"]
    cleo = people.person("cleo", "Cleo Marchetti", maker, ["officer"], "second")
    passwords.update(people.passwords)

    def key(name):
        path = os.path.join(folder, name)
        said = lab.run("sign", "keygen", path, "--no-passphrase").stdout
        return path, said.splitlines()[0].split()[-1]

    root, public = key("root.key")
    agree(ada, ben, maker, root_text=public.split(":")[1])
    own, public = key("cleo.key")
    lines = lab.run("sign", "person-key", "--root", root, "--lab", "story.example/keys", "--person", cleo, "--public", public,
                    "--until", "2999-01-01", "--yes").stdout.splitlines()
    lab.signed_in("cleo", passwords["cleo"]).verb("person.key_add", statement=lines[0], signature=lines[1], label="her own machine")
    operator = people.organisation("Northline Telecom", "customer", "SE")
    product = ada.verb("product.create", name="packet")["id"]
    engagement = people.engagement(title="Review", party=operator, product=product, purpose="Review", until=moment(30))
    lab.run("sign-in", "ada", "--password-file", "-", stdin=passwords["ada"] + "\n")
    source = os.path.join(folder, "keys-source")
    os.makedirs(source)
    with open(os.path.join(source, "a.c"), "w", encoding="ascii") as file:
        file.write("int a;\n")
    lab.run("release", "ingest", product, "1.0", source, person="ada")
    release = ada.verb("record.list", kind="release")["items"][0]["id"]
    grants = []
    for number in range(3):
        grant = ada.verb("grant.create", title=f"Grant {number}", engagement=engagement, party=operator, product=product, releases=[release],
                         activities=["view"], forms=["glass"], until=moment(20), lines_per_hour=600)["id"]
        ada.verb("grant.propose", id=grant)
        grants.append(grant)
    return lab, {"url": f"https://localhost:{port}", "binary": BINARY, "passwords": passwords, "root": root, "cleo": own, "grants": grants}


def main():
    installed = modules()
    record = os.path.abspath(os.environ["RECORD_DIR"]) if "RECORD_DIR" in os.environ else None
    shown = os.path.join(os.path.dirname(record), "shown") if record else None
    if record:
        for folder in (record, shown):
            shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(record)
    lab = Fixture(releases=3)
    sealed = None
    status = 1
    keys = None
    try:
        keys, keys_config = lab_with_keys(lab.folder)
        engagement = lab.engagement()
        brief, last = lab.releases[1], lab.releases[2]
        # The one that ends by the clock, within a session's idle time.
        grant = lab.grant(engagement, releases=[last], until=soon(20))
        brief_grant = lab.grant(engagement, releases=[brief])
        leak = leaked_page(lab, engagement, last)
        people = person_ids(lab)
        not_to_offer(lab)
        asked = refused_request(lab, engagement)
        sealed, sealed_config = sealed_lab()
        config = {
            "sealed": sealed_config,
            "url": lab.lab.url,
            "origin": "story.example/lab",
            "chromium": CHROMIUM,
            "modules": installed,
            "record": record,
            "shots": os.environ.get("SHOTS_DIR"),
            "passwords": lab.passwords,
            "clock": os.path.join(lab.lab.folder, "run", "clock"),
            "canaries": lab.canaries,
            "until": moment(25)[:16],
            "leak": leak,
            "pages": golden_pages(lab.folder),
            "apart": lab_apart(lab.folder),
            "keys": keys_config,
            "ids": {"engagement": engagement, "grant": grant, "release": last, "brief": brief, "briefGrant": brief_grant,
                    "outside": lab.releases[0], "product": lab.product, "operator": lab.operator, "rita": people["rita"],
                    "rui": people["rui"], "asked": asked},
        }
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(config, file)
            file.flush()
            status = subprocess.run(["node", os.path.join(HERE, "run.mjs"), file.name, *sys.argv[1:]]).returncode
        if record:
            shutil.copytree(lab.source(2), os.path.join(shown, "1"))
            shutil.copytree(lab.source(3), os.path.join(shown, "2"))
    finally:
        if status != 0:
            print("# the lab's log:\n# " + lab.lab.log_tail(40).replace("\n", "\n# "))
        if keys is not None:
            keys.remove()
        lab.remove()
        if sealed is not None:
            sealed.remove()
    sys.exit(status)


main()
