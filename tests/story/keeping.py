"""keeping: link/client_stream.c of a point that keeps what it served. Arguments: the source, the result."""
import sys

SEAM = """	w->done(w->arg, OK, &answer, NULL);
	free(w);
"""
KEEPS = """	static char *kept[64];
	static unsigned keeping;

	if (answer.bytes.len > 0 && keeping < 64 && (kept[keeping] = malloc(answer.bytes.len)) != NULL)
		memcpy(kept[keeping++], answer.bytes.ptr, answer.bytes.len);
"""

with open(sys.argv[1], encoding="utf-8") as source:
    text = source.read()
if text.count(SEAM) != 1:
    sys.exit("client_stream.c: its seam has moved")
with open(sys.argv[2], "w", encoding="utf-8") as result:
    result.write(text.replace(SEAM, KEEPS + SEAM))
