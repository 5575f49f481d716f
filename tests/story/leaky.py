#!/usr/bin/env python3
"""leaky IN OUT: a mutant of src/app/see_glass.c that puts the head of the file into the answer's JSON."""
import sys

source, mutant = sys.argv[1:]
with open(source, encoding="utf-8") as file:
    text = file.read()
seam = "\tsha256_format(&file.digest, blob);\n"
assert text.count(seam) == 1, "the seam of the mutant has moved"
leak = '\tjw_kstr(ctx->answer, "hint", str_head(bytes, bytes.len < 400 ? bytes.len : 400));\n'
with open(mutant, "w", encoding="utf-8") as file:
    file.write(text.replace(seam, seam + leak))
