"""Turn SQL files, in the order given, into one C file with NAME_steps[] and NAME_step_count.

schema_embed.py NAME OUT SQL...
"""
import sys

name, out, sources = sys.argv[1], sys.argv[2], sys.argv[3:]
with open(out, "w", encoding="ascii") as c:
    c.write('#pragma GCC diagnostic ignored "-Woverlength-strings"\n')
    c.write("extern const char *const %s_steps[];\nextern const int %s_step_count;\n\n" % (name, name))
    c.write("const char *const %s_steps[] = {\n" % name)
    for source in sources:
        with open(source, encoding="ascii") as sql:
            for line in sql:
                text = line.rstrip("\n").replace("\\", "\\\\").replace('"', '\\"')
                c.write('\t"%s\\n"\n' % text)
        c.write("\t,\n")
    c.write("};\nconst int %s_step_count = %d;\n" % (name, len(sources)))
