#include "glass/grammar.h"

struct named {
	const char *name;
	enum language language;
};

/* Whole names of files, as they are written. */
static const struct named names[] = {
	{ "CMakeLists.txt", LANGUAGE_CMAKE },
	{ "Dockerfile", LANGUAGE_SHELL },
	{ "GNUmakefile", LANGUAGE_MAKE },
	{ "Kbuild", LANGUAGE_MAKE },
	{ "Makefile", LANGUAGE_MAKE },
	{ "makefile", LANGUAGE_MAKE },
	{ ".clang-format", LANGUAGE_YAML },
	{ ".clang-tidy", LANGUAGE_YAML },
	{ ".editorconfig", LANGUAGE_INI },
	{ ".gitconfig", LANGUAGE_INI },
	{ ".gitmodules", LANGUAGE_INI },
	{ ".bashrc", LANGUAGE_SHELL },
	{ ".profile", LANGUAGE_SHELL },
};

/* What follows the last dot, in small letters. */
static const struct named extensions[] = {
	{ "c", LANGUAGE_C },
	{ "h", LANGUAGE_C },
	{ "i", LANGUAGE_C },
	{ "cc", LANGUAGE_CPP },
	{ "cpp", LANGUAGE_CPP },
	{ "cxx", LANGUAGE_CPP },
	{ "hh", LANGUAGE_CPP },
	{ "hpp", LANGUAGE_CPP },
	{ "hxx", LANGUAGE_CPP },
	{ "ipp", LANGUAGE_CPP },
	{ "inl", LANGUAGE_CPP },
	{ "ino", LANGUAGE_CPP },
	{ "py", LANGUAGE_PYTHON },
	{ "pyi", LANGUAGE_PYTHON },
	{ "pyw", LANGUAGE_PYTHON },
	{ "sh", LANGUAGE_SHELL },
	{ "bash", LANGUAGE_SHELL },
	{ "dash", LANGUAGE_SHELL },
	{ "ksh", LANGUAGE_SHELL },
	{ "zsh", LANGUAGE_SHELL },
	{ "mk", LANGUAGE_MAKE },
	{ "mak", LANGUAGE_MAKE },
	{ "make", LANGUAGE_MAKE },
	{ "cmake", LANGUAGE_CMAKE },
	{ "json", LANGUAGE_JSON },
	{ "jsonl", LANGUAGE_JSON },
	{ "yaml", LANGUAGE_YAML },
	{ "yml", LANGUAGE_YAML },
	{ "md", LANGUAGE_MARKDOWN },
	{ "markdown", LANGUAGE_MARKDOWN },
	{ "go", LANGUAGE_GO },
	{ "js", LANGUAGE_JAVASCRIPT },
	{ "mjs", LANGUAGE_JAVASCRIPT },
	{ "cjs", LANGUAGE_JAVASCRIPT },
	{ "jsx", LANGUAGE_JAVASCRIPT },
	{ "ts", LANGUAGE_TYPESCRIPT },
	{ "tsx", LANGUAGE_TYPESCRIPT },
	{ "java", LANGUAGE_JAVA },
	{ "rs", LANGUAGE_RUST },
	{ "sql", LANGUAGE_SQL },
	{ "xml", LANGUAGE_XML },
	{ "html", LANGUAGE_XML },
	{ "htm", LANGUAGE_XML },
	{ "svg", LANGUAGE_XML },
	{ "xsd", LANGUAGE_XML },
	{ "ini", LANGUAGE_INI },
	{ "toml", LANGUAGE_INI },
	{ "cfg", LANGUAGE_INI },
	{ "conf", LANGUAGE_INI },
	{ "desktop", LANGUAGE_INI },
	{ "service", LANGUAGE_INI },
	{ "properties", LANGUAGE_INI },
	{ "diff", LANGUAGE_DIFF },
	{ "patch", LANGUAGE_DIFF },
};

/* The program behind "#!", without folder and version. */
static const struct named programs[] = {
	{ "sh", LANGUAGE_SHELL },
	{ "bash", LANGUAGE_SHELL },
	{ "dash", LANGUAGE_SHELL },
	{ "ksh", LANGUAGE_SHELL },
	{ "zsh", LANGUAGE_SHELL },
	{ "python", LANGUAGE_PYTHON },
	{ "make", LANGUAGE_MAKE },
	{ "cmake", LANGUAGE_CMAKE },
	{ "node", LANGUAGE_JAVASCRIPT },
};

enum { SHEBANG_BYTES_MAX = 128, EXTENSION_BYTES_MAX = 16 };

#define FIND(table, name, found) find((table), sizeof(table) / sizeof((table)[0]), (name), (found))

static bool find(const struct named *table, size_t count, struct str name, enum language *found)
{
	for (size_t i = 0; i < count; i++) {
		if (!str_eq(name, str_from(table[i].name)))
			continue;
		*found = table[i].language;
		return true;
	}
	return false;
}

/* What follows the last `sep`; the whole when there is none. */
static struct str after_last(struct str s, char sep)
{
	struct str head, rest;

	while (str_cut(s, sep, &head, &rest))
		s = rest;
	return s;
}

static bool language_of_extension(struct str name, enum language *found)
{
	char small[EXTENSION_BYTES_MAX];
	struct str extension = after_last(name, '.');

	if (extension.len == name.len || extension.len > sizeof(small))
		return false;
	for (size_t i = 0; i < extension.len; i++) {
		char c = extension.ptr[i];

		small[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	return FIND(extensions, str_of(small, extension.len), found);
}

/* "#!/usr/bin/env python3.11 -u" is Python. */
static bool language_of_shebang(struct str bytes, enum language *found)
{
	struct str line = str_head(
		bytes, bytes.len < SHEBANG_BYTES_MAX ? bytes.len : SHEBANG_BYTES_MAX);
	struct str program, rest;

	if (!str_starts(line, STR("#!")))
		return false;
	if (str_cut(line, '\n', &program, &rest))
		line = program;
	line = str_trim(str_skip(line, 2));
	if (!str_cut(line, ' ', &program, &rest)) {
		program = line;
		rest = STR("");
	}
	program = after_last(program, '/');
	if (str_eq(program, STR("env"))) {
		rest = str_trim(rest);
		if (!str_cut(rest, ' ', &program, &line))
			program = rest;
	}
	while (program.len > 0 &&
		((program.ptr[program.len - 1] >= '0' && program.ptr[program.len - 1] <= '9') ||
			program.ptr[program.len - 1] == '.'))
		program.len--;
	return FIND(programs, program, found);
}

enum language language_of(struct str path, struct str bytes)
{
	struct str name = after_last(path, '/');
	enum language found;

	if (FIND(names, name, &found) || language_of_extension(name, &found) ||
		language_of_shebang(bytes, &found))
		return found;
	return LANGUAGE_PLAIN;
}
