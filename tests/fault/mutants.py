#!/usr/bin/env python3
"""mutants: our own code with one thing left out, and the proof that the fault suite notices.

    mutants.py make NAME OUT SOURCE                                write the mutant of a source; fails when the seam moved
    mutants.py list                                                NAME SOURCE of each
    mutants.py run FAULT_LAB FAULTY_IO VITRINE KILLAT MUTANT…      TAP: each mutant is killed, and by which check

A mutant's program is called fault_lab_NAME. It gets the pristine lab of the sound one, and the same checks.
"""
import os
import random
import shutil
import sys
import tempfile

MUTANTS = {
    "sync_records": ("src/store/db.c", [("PRAGMA synchronous = FULL;", "PRAGMA synchronous = OFF;")], ["power"]),
    "sync_pack": ("src/store/pack_file.c", [("\tif (fs_sync(f->fd, err) != OK)\n", "\tif (false)\n")], ["power_ingest"]),
    "rehash": ("src/ledger/log.c", [("\trc = read_back(db, &read, err);\n", "\tread = l->pending;\n")], ["bind"]),
    "details": ("src/ledger/log_replay.c", [("\tif (redacted)\n\t\treturn true;\n", "\tif (true || redacted)\n\t\treturn true;\n")], ["bind"]),
    "short_path": ("src/ledger/merkle.c", [("\tif (sn != 0)\n\t\treturn wrong_length(err);\n\tif (!sha256_eq(&r, root))\n\t\treturn "
                                            "err_set(err, ERR_CORRUPT, \"inclusion",
                                            "\tif (!sha256_eq(&r, root))\n\t\treturn err_set(err, ERR_CORRUPT, \"inclusion")], ["paths"]),
    "prefixes": ("src/ledger/merkle.c", [('STR("\\0")', 'STR("\\1")'), ("\tbytes[0] = 1;\n", "\tbytes[0] = 0;\n")], ["paths", "kill"]),
    "answer_early": ("src/store/writer.c", [
        ("\tif (rc == OK)\n\t\trc = db_commit(w->db, err);\n\treturn rc;\n",
         "\tfor (struct writer_job *job = batch; job != NULL && rc == OK;) {\n\t\tstruct writer_job *next = job->next;\n\n"
         "\t\tjob->done(job->arg, job->result, &job->err);\n\t\tjob = next;\n\t}\n"
         "\tif (rc == OK)\n\t\trc = db_commit(w->db, err);\n\treturn rc;\n"),
        ("\t\tjob->done(job->arg, job->result, &job->err);\n\t\tjob = next;\n\t}\n}\n\nstatic void bound_wal",
         "\t\tjob = next;\n\t}\n}\n\nstatic void bound_wal"),
        ("\tfor (struct writer_job *job = batch; job != NULL;) {\n\t\tstruct writer_job *next = job->next;\n\n\t\tjob = next;",
         "\tfor (struct writer_job *job = NULL; job != NULL;) {\n\t\tstruct writer_job *next = job->next;\n\n\t\tjob = next;")],
        ["power", "kill"]),
    "reauthorise": ("src/app/steps.c", [("\tenum err_kind rc = call_authenticate(call, err);\n\n\tif (rc == OK)\n"
                                         "\t\trc = call_authorise_role(call, err);\n\tif (rc == OK)\n"
                                         "\t\trc = call_authorise_grant(call, err);\n", "\tenum err_kind rc = OK;\n\n")], ["overtaken"]),
    "ignore_eio": ("src/store/db.c", [("\t\tabort();\n\tcase SQLITE_IOERR_DATA:\n", "\t\tbreak;\n\tcase SQLITE_IOERR_DATA:\n")],
                   ["sync"]),
    "foreign_keys": ("src/store/db.c", [("PRAGMA foreign_keys = ON;", "PRAGMA foreign_keys = OFF;")], ["dangling"]),
    "counter": ("src/app/steps.c", [("\tif (rc == OK && call->is_signed)\n", "\tif (rc == OK && false)\n")], ["counter"]),
    "in_place": ("src/ledger/publish.c", [('"%s.new", path);', '"%s", path);')], ["recording"]),
    "page_unsummed": ("src/store/vfs.c", [("\tif (rc == SQLITE_OK && page_sum_fits(page, number))\n", "\tif (rc == SQLITE_OK)\n")],
                      ["rot_records"]),
    "log_unsummed": ("src/store/vfs.c", [(" || wal_sum_fits(bytes, frame))", " || frame != NULL)")], ["logged"]),
    "sync_again": ("src/os/fs.c", [("\tif (fdatasync(fd) != 0)\n", "\tif (fdatasync(fd) != 0 && fdatasync(fd) != 0)\n")], ["sync_ingest"]),
    "sign_first": ("src/ledger/log.c", [
        ("\treturn l->note_is_stored ? OK : log_store_note(l, db, err);\n",
         "\tstruct merkle_edge was = l->signed_edge;\n\tenum err_kind rc = l->note_is_stored ? OK : log_store_note(l, db, err);\n\n"
         "\tl->signed_edge = l->pending;\n\tstruct ledger_signed latest = l->latest;\n\n\tif (rc == OK)\n\t\trc = log_sign(l, err);\n"
         "\tif (rc == OK)\n\t\trc = publish_checkpoint(l, false, err);\n\tl->signed_edge = was;\n\tl->latest = latest;\n\treturn rc;\n")],
        ["kill", "power"]),
    "apart": ("src/app/steps.c", [("\treturn rc != OK ? rc : record_act(call, db, err);\n",
                                   "\tif (rc == OK)\n\t\trc = db_release(db, err);\n\tif (rc == OK)\n\t\trc = db_commit(db, err);\n"
                                   "\tif (rc == OK)\n\t\trc = db_begin(db, err);\n\tif (rc == OK)\n\t\trc = db_savepoint(db, err);\n"
                                   "\treturn rc != OK ? rc : record_act(call, db, err);\n")], ["kill"]),
    "never_frozen": ("src/ledger/log_replay.c", [("\tva_end(ap);\n", "\tva_end(ap);\n\tl->frozen[0] = '\\0';\n")],
                     ["backup", "rewritten"]),
    "claims": ("src/ledger/log_replay.c", [("\tif (!claim->is_there || claim->checkpoint.size != edge->size)\n", "\tif (edge != NULL)\n")],
               ["rewritten"]),
    "short_write": ("src/os/fs.c", [("\t\tfrom += n;\n\t\tat += (uint64_t)n;\n\t\tlen -= (size_t)n;\n", "\t\tfrom += n;\n\t\tlen = 0;\n")],
                    ["short"]),
    "blob_unread": ("src/store/pack.c", [("\t\tif (!sha256_eq(&digest, &place->digest))\n", "\t\tif (digest.bytes[0] != place->digest.bytes[0] && false)\n")],
                    ["rot_pack"]),
    "records_unread": ("src/store/vfs.c", [("\t\tif (rc == SQLITE_OK && memcmp(part, want, (size_t)n) != 0)\n", "\t\tif (0)\n")],
                       ["flip"]),
    "pack_unread": ("src/store/pack_file.c", [("\t\trc = fs_reads_back(f->fd, bytes.ptr, bytes.len, f->used, err);\n", "\t\trc = OK;\n")],
                    ["flip_ingest"]),
}

# Mutants that a story kills: the whole program with one source changed, built beside the story (tests/story/meson.build).
STORY_MUTANTS = {
    "unsealed": ("src/app/entry.c", [("\tif ((ctx->verb->flags & VERB_SEALED) == 0 || ctx->caller.session_id.len == 0)\n",
                                      "\tif (db != NULL)\n")], "sealed"),
}


def make(name, out, source):
    with open(source, encoding="utf-8") as file:
        text = file.read()
    path, changes, _ = {**MUTANTS, **STORY_MUTANTS}[name]
    for old, new in changes:
        if text.count(old) != 1:
            sys.exit(f"mutant {name}: its seam in {path} has moved:\n{old}")
        text = text.replace(old, new)
    with open(out, "w", encoding="utf-8") as file:
        file.write(text)


def battery(campaign, recording, check, dice):
    """A check by its name, as much of it as a mutant deserves."""
    from trials import TRIALS
    if check in TRIALS:
        campaign.one(check, "-", check, lambda: TRIALS[check](campaign.lab))
    elif check in ("kill", "power", "backup"):
        getattr(campaign, check)(recording(), {"kill": 40, "power": 60, "backup": 10}[check], dice)
    elif check == "power_ingest":
        from campaign import Recording
        campaign.power(Recording(campaign.lab, 7, 8, "ingest"), 60, dice)
    elif check == "sync_ingest":
        campaign.error(6, dice, ["sync"], "ingest")
    elif check == "flip_ingest":
        campaign.flip(40, dice, ["flip"], "ingest")
    elif check in ("bind", "flip"):
        campaign.flip(16, dice, [check])
    elif check in ("sync", "short"):
        campaign.error(10, dice, [check])
    elif check == "rot_pack":
        campaign.rot(recording(), 6, dice, ["pack"])
    elif check == "rot_records":
        campaign.rot(recording(), 40, dice, ["records"])
    elif check == "recording":
        recording()


def kill(programs, sound, name, top):
    """The first check that a mutant fails, or None."""
    from campaign import Campaign, Recording
    from oracle import Wrong
    lab = sound.with_programs(programs, top)
    campaign = Campaign(lab, 7, 40)
    kept = []

    def recording():
        if not kept:
            kept.append(Recording(lab, 7, 40))
        return kept[0]
    for check in MUTANTS[name][2]:
        try:
            battery(campaign, recording, check, random.Random(name))
        except Wrong as wrong:
            return f"{check}: {wrong}"
        except Exception as error:  # a mutant may break the story itself; what else breaks is a fault of the harness
            from desk import Ended
            if not isinstance(error, Ended):
                raise
            return f"{check}: the story ended"
        if campaign.failures:
            return f"{check}: {campaign.failures[0][1]}"
    return None


def run(fault_lab, faulty_io, vitrine, killat, *mutants):
    from campaign import Lab
    from desk import Programs
    top = tempfile.mkdtemp(prefix="vitrine-mutants-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    failed = 0
    print(f"1..{len(mutants)}")
    try:
        sound = Lab(Programs(fault_lab, faulty_io, vitrine, killat), top)
        for number, program in enumerate(mutants, 1):
            name = os.path.basename(program).removeprefix("fault_lab_")
            own = os.path.join(top, name)
            os.mkdir(own)
            killed = kill(Programs(program, faulty_io, vitrine, killat), sound, name, own)
            shutil.rmtree(own)
            failed += killed is None
            print(f"{'ok' if killed else 'not ok'} {number} - mutant {name} {'is killed' if killed else 'SURVIVES'}", flush=True)
            print(f"# by {killed.splitlines()[0][:160]}" if killed else f"# {MUTANTS[name][0]}",
                  file=sys.stdout if killed else sys.stderr, flush=True)
    finally:
        shutil.rmtree(top)
    sys.exit(1 if failed or not mutants else 0)


if __name__ == "__main__":
    command, *arguments = sys.argv[1:] or [""]
    if command == "make":
        make(*arguments)
    elif command == "list":
        print("\n".join(f"{name} {source}" for name, (source, _, _) in MUTANTS.items()))
    elif command == "run":
        run(*map(os.path.abspath, arguments))
    else:
        sys.exit(__doc__)
