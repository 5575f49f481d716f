#!/usr/bin/env python3
"""What comes out of the tables: OpenAPI, the manual page, the list of commands."""
import json
import os
import re
import subprocess

from tap import TOP, run

BINARY = os.environ.get("VITRINE", os.path.join(TOP, "build", "release", "src", "proc", "vitrine"))


def output(*arguments):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, check=True).stdout


def the_openapi_document_holds_every_verb_with_its_arguments():
    document = json.loads(output("openapi"))
    assert document["openapi"] == "3.1.0"
    paths = document["paths"]
    for verb in ("session.start", "engagement.mine", "source.view", "grant.approve", "ledger.entry"):
        operation = paths["/v1/" + verb]["post"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert schema["additionalProperties"] is False
        assert set(schema["required"]) <= set(schema["properties"]), verb
    assert "path" in paths["/v1/source.view"]["post"]["requestBody"]["content"]["application/json"]["schema"]["required"]
    assert paths["/v1/session.start"]["post"]["security"] == []
    assert paths["/v1/source.view"]["post"]["security"] == [{"session": []}]
    assert "/v1/release.ingest" not in paths, "what takes a descriptor is no request"


def the_manual_page_is_sound_and_names_every_verb():
    page = output("man")
    lint = subprocess.run(["mandoc", "-Tlint", "-Werror"], input=page, capture_output=True, text=True)
    assert lint.returncode == 0, lint.stdout
    text = subprocess.run(["mandoc", "-Tascii"], input=page, capture_output=True, text=True, check=True).stdout
    text = re.sub(".\b", "", text)
    for path in json.loads(output("openapi"))["paths"]:
        assert path.removeprefix("/v1/") in text, path


def every_command_is_listed_and_explained():
    listed = re.findall(r"^  ([a-z-]+) ", output("help"), re.M)
    assert {"init", "up", "vault", "point", "sign-in", "release", "ledger", "doctor"} <= set(listed), listed
    for name in listed:
        assert output("help", name).strip(), name


def an_unknown_command_says_so():
    done = subprocess.run([BINARY, "no-such-thing"], capture_output=True, text=True)
    assert done.returncode == 3 and "no-such-thing" in done.stderr, done


run([the_openapi_document_holds_every_verb_with_its_arguments, the_manual_page_is_sound_and_names_every_verb,
     every_command_is_listed_and_explained, an_unknown_command_says_so])
