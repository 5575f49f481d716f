/* grammar_words: the keywords of each language, ascending by bytes (a test checks). For grammar.c alone. */
#ifndef GLASS_GRAMMAR_WORDS_H
#define GLASS_GRAMMAR_WORDS_H

/* clang-format off */
static const char *const c_words[] = {
	"NULL", "_Alignas", "_Alignof", "_Atomic", "_Bool", "_Complex", "_Generic", "_Noreturn",
	"_Static_assert", "_Thread_local", "asm", "auto", "bool", "break", "case", "char",
	"complex", "const", "constexpr", "continue", "default", "do", "double", "else", "enum",
	"extern", "false", "float", "for", "goto", "if", "inline", "int", "int16_t", "long",
	"nullptr", "register", "restrict", "return", "s16", "s32", "s64", "s8", "short", "signed",
	"sizeof", "static", "static_assert", "struct", "switch", "true", "typedef", "typeof",
	"u16", "u32", "u64", "u8", "union", "unsigned", "void", "volatile", "while",
};
static const char *const cpp_words[] = {
	"NULL", "alignas", "alignof", "and", "asm", "auto", "bool", "break", "case", "catch",
	"char", "char16_t", "char32_t", "char8_t", "class", "co_await", "co_return", "co_yield",
	"concept", "const", "const_cast", "consteval", "constexpr", "constinit", "continue",
	"decltype", "default", "delete", "do", "double", "dynamic_cast", "else", "enum",
	"explicit", "export", "extern", "false", "final", "float", "for", "friend", "goto", "if",
	"inline", "int", "long", "mutable", "namespace", "new", "noexcept", "not", "nullptr",
	"operator", "or", "override", "private", "protected", "public", "register",
	"reinterpret_cast", "requires", "return", "short", "signed", "sizeof", "static",
	"static_assert", "static_cast", "struct", "switch", "template", "this", "throw", "true",
	"try", "typedef", "typeid", "typename", "union", "unsigned", "using", "virtual", "void",
	"volatile", "while", "xor",
};
static const char *const python_words[] = {
	"False", "None", "True", "and", "as", "assert", "async", "await", "break", "class",
	"continue", "def", "del", "elif", "else", "except", "finally", "for", "from", "global",
	"if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return",
	"self", "try", "while", "with", "yield",
};
static const char *const shell_words[] = {
	"break", "case", "continue", "do", "done", "elif", "else", "esac", "eval", "exec", "exit",
	"export", "fi", "for", "function", "if", "in", "local", "readonly", "return", "select",
	"set", "shift", "source", "then", "trap", "unset", "until", "while",
};
static const char *const make_words[] = {
	"define", "else", "endef", "endif", "export", "ifdef", "ifeq", "ifndef", "ifneq",
	"include", "override", "private", "sinclude", "undefine", "unexport", "vpath",
};
static const char *const cmake_words[] = {
	"add_compile_definitions", "add_compile_options", "add_custom_command",
	"add_custom_target", "add_definitions", "add_executable", "add_library",
	"add_subdirectory", "add_test", "break", "cmake_minimum_required", "configure_file",
	"continue", "else", "elseif", "enable_testing", "endforeach", "endfunction", "endif",
	"endmacro", "endwhile", "file", "find_library", "find_package", "find_path",
	"find_program", "foreach", "function", "get_property", "if", "include",
	"include_directories", "install", "list", "macro", "message", "option", "project",
	"return", "set", "set_property", "set_target_properties", "string",
	"target_compile_definitions", "target_compile_options", "target_include_directories",
	"target_link_libraries", "unset", "while",
};
static const char *const json_words[] = {
	"false", "null", "true",
};
static const char *const yaml_words[] = {
	"False", "No", "Null", "True", "Yes", "false", "no", "null", "off", "on", "true", "yes",
};
static const char *const go_words[] = {
	"any", "bool", "break", "byte", "case", "chan", "complex128", "complex64", "const",
	"continue", "default", "defer", "else", "error", "fallthrough", "false", "float32",
	"float64", "for", "func", "go", "goto", "if", "import", "int", "int16", "int32", "int64",
	"int8", "interface", "iota", "map", "nil", "package", "range", "return", "rune", "select",
	"string", "struct", "switch", "true", "type", "uint", "uint16", "uint32", "uint64",
	"uint8", "uintptr", "var",
};
static const char *const javascript_words[] = {
	"async", "await", "break", "case", "catch", "class", "const", "continue", "debugger",
	"default", "delete", "do", "else", "export", "extends", "false", "finally", "for",
	"function", "get", "if", "import", "in", "instanceof", "let", "new", "null", "of",
	"return", "set", "static", "super", "switch", "this", "throw", "true", "try", "typeof",
	"undefined", "var", "void", "while", "with", "yield",
};
static const char *const typescript_words[] = {
	"abstract", "any", "as", "asserts", "async", "await", "bigint", "boolean", "break",
	"case", "catch", "class", "const", "constructor", "continue", "debugger", "declare",
	"default", "delete", "do", "else", "enum", "export", "extends", "false", "finally", "for",
	"from", "function", "get", "if", "implements", "import", "in", "infer", "instanceof",
	"interface", "is", "keyof", "let", "module", "namespace", "never", "new", "null",
	"number", "object", "of", "override", "private", "protected", "public", "readonly",
	"require", "return", "satisfies", "set", "static", "string", "super", "switch", "symbol",
	"this", "throw", "true", "try", "type", "typeof", "undefined", "unique", "unknown", "var",
	"void", "while", "with", "yield",
};
static const char *const java_words[] = {
	"abstract", "assert", "boolean", "break", "byte", "case", "catch", "char", "class",
	"const", "continue", "default", "do", "double", "else", "enum", "extends", "false",
	"final", "finally", "float", "for", "goto", "if", "implements", "import", "instanceof",
	"int", "interface", "long", "native", "new", "null", "package", "private", "protected",
	"public", "record", "return", "sealed", "short", "static", "strictfp", "super", "switch",
	"synchronized", "this", "throw", "throws", "transient", "true", "try", "var", "void",
	"volatile", "while", "yield",
};
static const char *const rust_words[] = {
	"Self", "as", "async", "await", "bool", "break", "char", "const", "continue", "crate",
	"dyn", "else", "enum", "extern", "f32", "f64", "false", "fn", "for", "i128", "i16", "i32",
	"i64", "i8", "if", "impl", "in", "isize", "let", "loop", "match", "mod", "move", "mut",
	"pub", "ref", "return", "self", "static", "str", "struct", "super", "trait", "true",
	"type", "u128", "u16", "u32", "u64", "u8", "union", "unsafe", "use", "usize", "where",
	"while",
};
static const char *const sql_words[] = {
	"add", "all", "alter", "and", "as", "asc", "before", "begin", "between", "bigint", "blob",
	"boolean", "by", "cascade", "case", "cast", "char", "check", "collate", "column",
	"commit", "constraint", "create", "cross", "date", "default", "deferred", "delete",
	"desc", "distinct", "drop", "each", "else", "end", "except", "exists", "explain", "fail",
	"foreign", "from", "full", "function", "grant", "group", "having", "if", "ignore", "in",
	"index", "inner", "insert", "int", "integer", "intersect", "into", "is", "join", "key",
	"left", "like", "limit", "natural", "not", "null", "numeric", "offset", "on", "or",
	"order", "outer", "pragma", "primary", "real", "references", "release", "rename",
	"replace", "restrict", "returning", "revoke", "right", "rollback", "row", "rowid",
	"savepoint", "select", "set", "smallint", "table", "temp", "text", "then", "to",
	"transaction", "trigger", "union", "unique", "update", "using", "values", "varchar",
	"view", "virtual", "when", "where", "with", "without",
};
static const char *const ini_words[] = {
	"false", "no", "off", "on", "true", "yes",
};
/* clang-format on */

#endif
