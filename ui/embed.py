"""embed: writes C arrays of files, so that the point serves them without opening anything.

Arguments: header to write, source to write, then name=file pairs.
"""
import sys


def main():
    header, source, *pairs = sys.argv[1:]
    with open(header, "w", encoding="ascii") as h, open(source, "w", encoding="ascii") as c:
        h.write("/* embedded: what the browser is sent as it is; written by ui/embed.py. */\n"
                "#ifndef WEB_EMBEDDED_H\n#define WEB_EMBEDDED_H\n\n#include <stddef.h>\n\n")
        c.write("#include \"web/embedded.h\"\n\n")
        for pair in pairs:
            name, path = pair.split("=", 1)
            with open(path, "rb") as file:
                data = file.read()
            h.write(f"extern const unsigned char embedded_{name}[];\nextern const size_t embedded_{name}_len;\n")
            c.write(f"const size_t embedded_{name}_len = {len(data)};\nconst unsigned char embedded_{name}[] = {{")
            for at in range(0, len(data), 24):
                c.write("\n\t" + ", ".join(str(byte) for byte in data[at:at + 24]) + ",")
            c.write("\n};\n")
        h.write("\n#endif\n")


main()
