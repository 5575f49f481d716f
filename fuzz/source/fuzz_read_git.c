/*
 * The reader of git repositories (reader.h has the property). The input is a list of parts, each a letter, a length
 * in 16 bits, high byte first, and its bytes:
 *
 *   b t c g   an object (blob, tree, commit, tag), written loose under its true name
 *   z         the bytes as they are in place of the last object's file
 *   h r p C   HEAD, refs/heads/main, packed-refs, config
 *   a d       objects/info/alternates, commondir
 *   P I       a pack and its index
 *
 * "@0" to "@9" in a tree stand for the raw name of an object that came before, in other texts for its hex. The
 * repository lies in a folder of its own below the folder for temporary files, which goes when the process ends.
 */
#include <fcntl.h>
#include <git2/object.h>
#include <git2/odb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "reader.h"

#define PACK "objects/pack/pack-0000000000000000000000000000000000000000"

enum {
	OBJECTS_MAX = 10,
	PARTS_MAX = 24,
	TEXT_BYTES_MAX = 8192,
	PATH_BYTES_MAX = 80,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int top = -1;
static char top_path[] = "/tmp/vitrine-fuzz-git-XXXXXX";
/* The files of one input, to be removed after it. */
static char written[PARTS_MAX + 3][PATH_BYTES_MAX];
static size_t written_count;
static git_oid ids[OBJECTS_MAX];
static size_t id_count;

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void remove_written(void)
{
	while (written_count > 0)
		unlinkat(top, written[--written_count], 0);
}

static void remove_top(void)
{
	static const char *const folders[] = { "objects/info", "objects/pack", "refs/heads",
		"refs/tags", "refs" };
	char fan[PATH_BYTES_MAX];

	remove_written();
	for (unsigned i = 0; i < 256; i++) {
		snprintf(fan, sizeof(fan), "objects/%02x", i);
		unlinkat(top, fan, AT_REMOVEDIR);
	}
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		unlinkat(top, folders[i], AT_REMOVEDIR);
	unlinkat(top, "objects", AT_REMOVEDIR);
	rmdir(top_path);
}

static void make_top(void)
{
	static const char *const folders[] = { "objects", "objects/info", "objects/pack", "refs",
		"refs/heads", "refs/tags" };
	char fan[PATH_BYTES_MAX];
	struct err err;

	must(mkdtemp(top_path) != NULL);
	top = open(top_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(top >= 0 && import_git_init(&err) == OK);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		must(mkdirat(top, folders[i], 0700) == 0);
	for (unsigned i = 0; i < 256; i++) {
		snprintf(fan, sizeof(fan), "objects/%02x", i);
		must(mkdirat(top, fan, 0700) == 0);
	}
	atexit(remove_top);
}

static void put_file(const char *path, const void *bytes, size_t len)
{
	int fd = openat(top, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0 && write(fd, bytes, len) == (ssize_t)len && close(fd) == 0);
	for (size_t i = 0; i < written_count; i++) {
		if (strcmp(written[i], path) == 0)
			return;
	}
	must(written_count < sizeof(written) / sizeof(written[0]));
	snprintf(written[written_count++], PATH_BYTES_MAX, "%s", path);
}

static void object_path(const git_oid *id, char path[PATH_BYTES_MAX])
{
	char hex[GIT_OID_HEXSZ + 1];

	git_oid_tostr(hex, sizeof(hex), id);
	snprintf(path, PATH_BYTES_MAX, "objects/%.2s/%s", hex, hex + 2);
}

/* Names of objects in place of "@d". */
static size_t expand(struct str text, bool raw, char *to)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len && len < TEXT_BYTES_MAX - GIT_OID_HEXSZ - 1; i++) {
		size_t at = i + 1 < text.len && text.ptr[i] == '@' ? (size_t)(text.ptr[i + 1] - '0')
								   : SIZE_MAX;

		if (at >= id_count) {
			to[len++] = text.ptr[i];
			continue;
		}
		if (raw)
			memcpy(to + len, ids[at].id, GIT_OID_RAWSZ);
		else
			git_oid_fmt(to + len, &ids[at]);
		len += raw ? GIT_OID_RAWSZ : GIT_OID_HEXSZ;
		i++;
	}
	return len;
}

static void put_object(git_object_t type, struct str text)
{
	static char plain[TEXT_BYTES_MAX + 64], body[TEXT_BYTES_MAX];
	static Bytef packed[2 * TEXT_BYTES_MAX];
	char path[PATH_BYTES_MAX];
	uLongf packed_len = sizeof(packed);

	if (id_count == OBJECTS_MAX)
		return;
	size_t len = expand(text, type == GIT_OBJECT_TREE, body);
	size_t head = (size_t)snprintf(
			      plain, sizeof(plain), "%s %zu", git_object_type2string(type), len) +
		1;

	memcpy(plain + head, body, len);
	must(git_odb_hash(&ids[id_count], body, len, type) == 0);
	must(compress(packed, &packed_len, (const Bytef *)plain, head + len) == Z_OK);
	object_path(&ids[id_count++], path);
	put_file(path, packed, packed_len);
}

static void put_part(char kind, struct str text)
{
	static const struct {
		char kind;
		bool has_names;
		const char *path;
	} files[] = {
		{ 'h', true, "HEAD" },
		{ 'r', true, "refs/heads/main" },
		{ 'p', true, "packed-refs" },
		{ 'C', false, "config" },
		{ 'a', false, "objects/info/alternates" },
		{ 'd', false, "commondir" },
		{ 'P', false, PACK ".pack" },
		{ 'I', false, PACK ".idx" },
	};
	static char body[TEXT_BYTES_MAX];
	static const char types[] = "ctbg"; /* git_object_t from 1 */
	const char *type = kind != '\0' ? strchr(types, kind) : NULL;
	char path[PATH_BYTES_MAX];

	if (type != NULL)
		put_object((git_object_t)(type - types + 1), text);
	if (kind == 'z' && id_count > 0) {
		object_path(&ids[id_count - 1], path);
		put_file(path, text.ptr, text.len);
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (files[i].kind != kind)
			continue;
		size_t len = files[i].has_names ? expand(text, false, body) : text.len;

		put_file(files[i].path, files[i].has_names ? body : text.ptr, len);
	}
}

/* What a repository has that is not odd, and the last object as its branch. */
static void put_defaults(void)
{
	static const char config[] = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n";
	char hex[GIT_OID_HEXSZ + 2];

	put_file("HEAD", "ref: refs/heads/main\n", 21);
	put_file("config", config, sizeof(config) - 1);
	if (id_count == 0)
		return;
	git_oid_tostr(hex, sizeof(hex), &ids[id_count - 1]);
	put_file("refs/heads/main", hex, GIT_OID_HEXSZ);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_of(data, size), input = rest;
	struct reader r;
	struct err err;

	if (top < 0)
		make_top();
	id_count = 0;
	/* Objects first, so that what the input says of branches wins over the defaults. */
	for (int round = 0; round < 2; round++) {
		rest = input;
		for (int part = 0; part < PARTS_MAX && rest.len >= 3; part++) {
			const uint8_t *head = (const uint8_t *)rest.ptr;
			size_t len = (size_t)head[1] << 8 | head[2];
			bool is_object = head[0] != 0 && strchr("btcgz", head[0]) != NULL;

			rest = str_skip(rest, 3);
			len = len < rest.len ? len : rest.len;
			if (is_object == (round == 0) && len <= TEXT_BYTES_MAX)
				put_part((char)head[0], str_head(rest, len));
			rest = str_skip(rest, len);
		}
		if (round == 0)
			put_defaults();
	}
	reader_begin(&r);
	enum err_kind rc = import_read_git(&r.out, top_path, STR(""), &err);

	reader_end(&r, rc, &err);
	remove_written();
	return 0;
}
