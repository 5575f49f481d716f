#include "source/manifest.h"

#include "base/hex.h"
#include "base/limit.h"
#include "source/path.h"

static const struct str header = { "vitrine-manifest v1\n", 20 };

/* The words git uses for the same four modes. */
static const struct str mode_words[] = {
	[FILE_PLAIN] = { "100644", 6 },
	[FILE_EXECUTABLE] = { "100755", 6 },
	[FILE_SYMLINK] = { "120000", 6 },
	[FILE_SUBMODULE] = { "160000", 6 },
};
enum { MODES = sizeof(mode_words) / sizeof(mode_words[0]) };

int manifest_order(const struct release_file *a, const struct release_file *b)
{
	return str_cmp(a->path, b->path);
}

static bool stands_for_itself(char c)
{
	return c >= 0x20 && c <= 0x7e && c != '\\';
}

static void out_path(struct out *o, struct str path)
{
	while (path.len > 0) {
		size_t plain = 0;

		while (plain < path.len && stands_for_itself(path.ptr[plain]))
			plain++;
		out_put(o, str_head(path, plain));
		path = str_skip(path, plain);
		if (path.len > 0) {
			out_put(o, STR("\\x"));
			out_hex(o, path.ptr, 1);
			path = str_skip(path, 1);
		}
	}
}

void manifest_format(struct out *o, const struct release_file *files, size_t count)
{
	out_put(o, header);
	for (size_t i = 0; i < count; i++) {
		const struct release_file *f = &files[i];

		assert((int)f->mode < MODES);
		assert(i == 0 || manifest_order(&files[i - 1], f) < 0);
		out_put(o, mode_words[f->mode]);
		out_char(o, ' ');
		out_hex(o, f->digest.bytes, SHA256_BYTES);
		out_char(o, ' ');
		out_u64(o, f->size);
		out_char(o, ' ');
		out_path(o, f->path);
		out_char(o, '\n');
	}
}

static const char no_memory[] = "memory used up";

/* The raw bytes of an escaped path; only escapes that out_path would have written. NULL, or what is wrong. */
static const char *parse_path(struct arena *mem, struct str text, struct str *path)
{
	char *raw = arena_array(mem, char, text.len + 1);
	size_t len = 0;

	if (raw == NULL)
		return no_memory;
	while (text.len > 0) {
		char c = text.ptr[0];

		if (stands_for_itself(c)) {
			raw[len++] = c;
			text = str_skip(text, 1);
			continue;
		}
		if (c != '\\' || text.len < 4 || text.ptr[1] != 'x' ||
			!hex_parse((struct str){ text.ptr + 2, 2 }, &c, 1) || stands_for_itself(c))
			return "a path that is not escaped as it must be";
		raw[len++] = c;
		text = str_skip(text, 4);
	}
	*path = (struct str){ raw, len };
	return NULL;
}

static bool parse_mode(struct str word, enum file_mode *mode)
{
	for (int m = 0; m < MODES; m++)
		if (str_eq(word, mode_words[m])) {
			*mode = (enum file_mode)m;
			return true;
		}
	return false;
}

static const char *parse_line(struct arena *mem, struct str line, struct release_file *f)
{
	struct str mode, digest, size, path;

	if (!str_cut(line, ' ', &mode, &line) || !parse_mode(mode, &f->mode))
		return "no known mode";
	if (!str_cut(line, ' ', &digest, &line) || !sha256_parse(digest, &f->digest))
		return "no SHA-256 digest in 64 lower-case hexadecimal digits";
	if (!str_cut(line, ' ', &size, &path) || !str_to_u64(size, &f->size))
		return "no size in decimal digits";
	return parse_path(mem, path, &f->path);
}

enum err_kind manifest_parse(struct arena *mem, struct str bytes, struct release_file **files,
	size_t *count, struct err *err)
{
	size_t lines = 0, n = 0;

	if (!str_starts(bytes, header))
		return err_set(err, ERR_INPUT, "manifest: line 1 is not \"vitrine-manifest v1\"");
	bytes = str_skip(bytes, header.len);
	for (size_t i = 0; i < bytes.len; i++)
		lines += bytes.ptr[i] == '\n';
	if (lines > LIMIT_RELEASE_FILES)
		return err_set(err, ERR_LIMIT, "manifest: more than %u files", LIMIT_RELEASE_FILES);
	struct release_file *list = arena_array(mem, struct release_file, lines);

	if (list == NULL)
		return err_set(err, ERR_LIMIT, "manifest: memory used up");
	while (bytes.len > 0) {
		struct str line;

		if (!str_cut(bytes, '\n', &line, &bytes))
			return err_set(err, ERR_INPUT, "manifest: the last line has no end");
		const char *fault = parse_line(mem, line, &list[n]);

		if (fault != NULL)
			return err_set(err, fault == no_memory ? ERR_LIMIT : ERR_INPUT,
				"manifest: line %zu: %s", n + 2, fault);
		if (path_check(list[n].path, err) != OK)
			return err_context(err, "manifest: line %zu", n + 2);
		if (n > 0 && manifest_order(&list[n - 1], &list[n]) >= 0)
			return err_set(err, ERR_INPUT, "manifest: line %zu: out of order", n + 2);
		n++;
	}
	assert(n == lines);
	*files = list;
	*count = n;
	return OK;
}
