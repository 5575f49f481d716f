#!/usr/bin/env python3
"""Mutants of the witness: a changed copy of one source is linked before the library; the witness's tests must fail.

    witness_mutants.py list                    NAME SOURCE, a line each
    witness_mutants.py make NAME OUT SOURCE    write the changed copy
    witness_mutants.py run PROGRAM…            TAP: each program ends with an error
"""
import os
import subprocess
import sys

WITNESS, STATE, MERKLE, FS = "src/witness/witness.c", "src/witness/state.c", "src/ledger/merkle.c", "src/os/fs.c"
MUTANTS = {
    "proof": (WITNESS, "\tif (merkle_verify_consistency(", "\tif (true || merkle_verify_consistency("),
    "short_path": (MERKLE, "\tif (sn != 0)\n\t\treturn wrong_length(err);\n\tif (!sha256_eq(&fr", "\tif (!sha256_eq(&fr"),
    "long_path": (MERKLE, "\tif (path->count != 0)\n\t\treturn wrong_length(err);\n", ""),
    "equal_size": (MERKLE, "\tif (old_size == new_size && !sha256_eq(old_root, new_root))", "\tif (old_size > new_size)"),
    "old_size": (WITNESS, "\tif (t->request->old_size != s->size)", "\tif (t->request->old_size > c->size)"),
    "signature": (WITNESS, "\tif (note_verify(t->mem, &t->note, keys->keys, keys->count, verdicts, &err) != OK)",
                  "\tif (note_verify(t->mem, &t->note, keys->keys, keys->count, verdicts, &err) == ERR_LIMIT)"),
    "answer_first": (WITNESS, "\t\treturn fail(t, WITNESS_UNABLE, \"the witness cannot store what it would sign\");\n\t}\n\tt->log",
                     "\t}\n\tt->log"),
    "not_stored": (WITNESS, "\tif (witness_state_store(", "\tif (w == NULL && witness_state_store("),
    "not_synced": (FS, "\tif (rc == OK && fsync(fd) != 0)\n\t\trc = err_errno(err, errno, \"fsync %s\", beside);", ""),
    "name_not_synced": (FS, "\t\trc = fs_sync_dir(at, path, err);\n\telse\n\t\tunlinkat(at, beside, 0);", "\t\trc = OK;"),
    "not_dead": (WITNESS, "\t\tsnprintf(w->dead, sizeof(w->dead), \"%s\", err.msg);\n\t\traise_alarm(w, \"disk\"", "\t\traise_alarm(w, \"disk\""),
    "old_time": (WITNESS, "\t*time_s = now_s > last_s ? now_s : last_s;", "\t*time_s = last_s;"),
    "clock": (WITNESS, "\tif (now_s == 0 || now_s + WITNESS_CLOCK_BACK_S < last_s) {", "\tif (now_s == 0) {"),
    "other_text": (WITNESS, "&w->key, time_s, t->note.text, &err)", "&w->key, time_s, STR(\"x\\n\"), &err)"),
    "forgets": (WITNESS, "\tif (rc != ERR_NOT_FOUND && rc != ERR_CORRUPT)\n\t\treturn rc;\n",
                "\tif (rc != OK)\n\t\twitness_state_init(&log->state);\n\tif (rc != ERR_IO)\n\t\treturn OK;\n"),
    "shared_state": (WITNESS, "rc = fs_lock(options->dir_fd, \"lock\", &w->lock_fd, err);", "rc = OK;"),
    "digest": (STATE, "\tif (!sha256_eq(&want, &have))", "\tif (want.bytes[0] != have.bytes[0] && false)"),
    "fork_unkept": (WITNESS, "\tif (s->size == c->size && s->size > 0)\n\t\tkeep_fork(t);\n", "\tif (s->size > c->size)\n\t\tkeep_fork(t);\n"),
}


def make(name, out, source):
    path, old, new = MUTANTS[name]
    with open(source, encoding="utf-8") as file:
        text = file.read()
    if text.count(old) != 1:
        sys.exit(f"mutant {name}: its seam in {path} has moved:\n{old}")
    with open(out, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))


def run(*programs):
    print(f"1..{len(programs)}")
    failed = 0
    for number, program in enumerate(programs, 1):
        name = os.path.basename(program).removeprefix("witness_mutant_")
        done = subprocess.run([program], capture_output=True, text=True, timeout=120)
        survived = done.returncode == 0
        failed += survived
        by = [line for line in done.stdout.splitlines() if line.startswith(("not ok", "[  FAILED  ]"))]
        print(f"{'not ok' if survived else 'ok'} {number} - witness mutant {name} {'SURVIVES' if survived else 'is killed'}", flush=True)
        print(f"# {MUTANTS[name][0]}" if survived else f"# by {by[0] if by else 'its end'}", flush=True)
    sys.exit(1 if failed or not programs else 0)


command, *arguments = sys.argv[1:] or [""]
if command == "list":
    print("\n".join(f"{name} {row[0]}" for name, row in MUTANTS.items()))
elif command == "make":
    make(*arguments)
elif command == "run":
    run(*arguments)
else:
    sys.exit(__doc__)
