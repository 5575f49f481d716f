#!/usr/bin/env python3
"""as_owner: run one part of a lab as the user whom the lab belongs to, as vitrine up does for both. LAB BINARY WORD..."""
import os
import sys

lab, binary, *words = sys.argv[1:]
program = os.open(binary, os.O_RDONLY)
owner = os.stat(lab)
if os.geteuid() == 0:
    os.setgroups([])
    os.setresgid(owner.st_gid, owner.st_gid, owner.st_gid)
    os.setresuid(owner.st_uid, owner.st_uid, owner.st_uid)
# By its descriptor: the folder that it was built in may be closed to that user.
os.execve(program, ["vitrine", *words], os.environ)
