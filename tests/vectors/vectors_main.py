"""What every script that makes vectors does with its words: FILE writes them, --check FILE compares and prints TAP."""
import sys


def vectors_main(usage, make):
    """usage: the script's own text; make: gives the file's whole text. Returns the exit status."""
    if len(sys.argv) == 3 and sys.argv[1] == "--check":
        with open(sys.argv[2], encoding="ascii") as file:
            same = file.read() == make()
        print(f"1..1\n{'ok' if same else 'not ok'} 1 - the vectors are what the script makes")
        return 0 if same else 1
    if len(sys.argv) != 2:
        print(usage, file=sys.stderr)
        return 2
    with open(sys.argv[1], "w", encoding="ascii") as file:
        file.write(make())
    return 0
