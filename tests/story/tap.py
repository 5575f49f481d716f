"""tap: run the functions of a story in order and print TAP; why one failed goes to the error stream, which the runner shows."""
import os
import sys
import traceback

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tools"))


def run(cases, clean_up=None):
    """cases: functions without arguments; a name is its words. Ends the program with its status."""
    print(f"1..{len(cases)}", flush=True)
    failed = 0
    for number, case in enumerate(cases, 1):
        name = case.__name__.replace("_", " ")
        try:
            case()
            print(f"ok {number} - {name}", flush=True)
        except Exception:  # a story goes on: what follows may still tell something
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            print(traceback.format_exc(), file=sys.stderr, flush=True)
    if clean_up is not None:
        clean_up()
    sys.exit(1 if failed else 0)
