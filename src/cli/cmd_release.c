/* release, product: what stands for longer verbs: a source opened here and handed to the vault, a product added. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/verb.h"
#include "base/utf8.h"
#include "cli/console.h"
#include "cli/progress.h"
#include "os/clock.h"

/* A source as the command line names it: "FOLDER", "ARCHIVE", "PACKAGE.dsc", "REPOSITORY@ref". */
struct source {
	struct str folder; /* what to open of it; the folder that holds a .dsc */
	struct str name, ref;
	int fd;
};

/* Everything before the "@" of a path that does not exist as it stands; a file may have one in its name. */
static void split_ref(struct arena *mem, struct str text, struct source *source)
{
	struct stat st;
	const char *path = arena_cstr(mem, text);
	size_t at = text.len;

	source->folder = text;
	source->ref = STR("");
	if (path == NULL || lstat(path, &st) == 0)
		return;
	while (at > 0 && text.ptr[at - 1] != '@' && text.ptr[at - 1] != '\0')
		at--;
	if (at <= 1)
		return;
	source->folder = str_head(text, at - 1);
	source->ref = str_skip(text, at);
}

/* What the lab shall call it: the last part, when that is one line of text. */
static struct str name_of(struct str path)
{
	struct str rest = path;

	while (str_cut(path, '/', &rest, &path))
		continue;
	if (path.len == 0 || path.len > LIMIT_LINE_BYTES || str_eq(path, STR(".")) ||
		str_eq(path, STR("..")))
		return STR("source");
	for (size_t i = 0; i < path.len;) {
		uint32_t code_point;
		size_t n = utf8_decode(str_skip(path, i), &code_point);

		if (n == 0 || utf8_is_hidden(code_point))
			return STR("source");
		i += n;
	}
	return path;
}

static enum err_kind open_source(
	struct arena *mem, const char *text, struct source *source, struct err *err)
{
	struct stat st;

	split_ref(mem, str_from(text), source);
	while (source->folder.len > 1 && str_ends(source->folder, STR("/")))
		source->folder.len--;
	source->name = name_of(source->folder);
	/* The lab reads a .dsc and its neighbours by the folder they lie in. */
	if (str_ends(source->name, STR(".dsc"))) {
		source->folder.len -= source->name.len;
		if (source->folder.len == 0)
			source->folder = STR(".");
	}
	const char *path = arena_cstr(mem, source->folder);

	if (path == NULL)
		return err_set(err, ERR_LIMIT, "memory used up");
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 && errno == ELOOP)
		return err_set(
			err, ERR_INPUT, "%.200s is a symbolic link: give what it points to", path);
	if (fd < 0)
		return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_INPUT, "%.200s: %s", path,
			strerror(errno));
	if (fstat(fd, &st) != 0 || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))) {
		close(fd);
		return err_set(
			err, ERR_INPUT, "%.200s is neither a folder nor an ordinary file", path);
	}
	source->fd = fd;
	return OK;
}

/* A JSON object of text members; an empty one is left out. *body in mem. */
static enum err_kind make_body(struct arena *mem, const char *const names[],
	const struct str values[], size_t count, struct str *body, struct err *err)
{
	struct out o;
	struct jw w;

	out_init(&o, mem, LIMIT_JSON_BYTES);
	jw_init(&w, &o);
	jw_object(&w);
	for (size_t i = 0; i < count; i++) {
		if (!utf8_valid(values[i]))
			return err_set(err, ERR_INPUT, "%s: not UTF-8", names[i]);
		if (values[i].len > 0)
			jw_kstr(&w, names[i], values[i]);
	}
	jw_object_end(&w);
	return out_finish(&o, body, err);
}

/* The only product of that name. */
static enum err_kind pick_product(
	struct arena *mem, const json_t *list, struct str name, struct str *id, struct err *err)
{
	const json_t *row;
	size_t at;

	json_array_foreach(json_object_get(list, "items"), at, row)
	{
		struct str title, found;

		if (!json_str(row, "title", &title) || !json_str(row, "id", &found) ||
			!str_eq(title, name))
			continue;
		return arena_copy(mem, found, id) ? OK : err_set(err, ERR_LIMIT, "memory used up");
	}
	return err_set(err, ERR_NOT_FOUND,
		"no product \"%.*s\": add it with vitrine product add, or give its id",
		STR_ARG(name));
}

static enum err_kind find_product(
	struct console *c, struct str word, struct str *id, struct err *err)
{
	static const char *const names[] = { "kind", "text" };
	const struct str values[] = { STR("product"), word };
	struct client_answer answer;
	struct str body = STR("");
	json_t *list = NULL;

	if (str_starts(word, STR("prd_"))) {
		*id = word;
		return OK;
	}
	enum err_kind rc = make_body(&c->mem, names, values, 2, &body, err);

	if (rc == OK)
		rc = console_verb(c, "record.list", body, &answer, err);
	if (rc == OK)
		rc = json_parse(answer.json, LIMIT_ANSWER_BYTES, &list, err);
	if (rc == OK)
		rc = pick_product(&c->mem, list, word, id, err);
	json_decref(list);
	return rc;
}

static int64_t number(const json_t *root, const char *name)
{
	int64_t value = 0;

	return json_i64(root, name, &value) ? value : 0;
}

static enum err_kind show_release(
	const struct client_answer *answer, int64_t start_us, struct err *err)
{
	double seconds = (double)(clock_monotonic_us() - start_us) / 1e6;
	struct str id = STR(""), manifest = STR(""), format = STR("");
	json_t *root;
	enum err_kind rc = json_parse(answer->json, LIMIT_ANSWER_BYTES, &root, err);

	if (rc != OK)
		return rc;
	json_str(root, "id", &id);
	json_str(root, "manifest", &manifest);
	json_str(root, "format", &format);
	printf("%.*s  %.*s\n  %lld files, %lld bytes, %lld lines from %.*s in %.1f s (%.1f MiB/s)\n",
		STR_ARG(id), STR_ARG(manifest), (long long)number(root, "files"),
		(long long)number(root, "bytes"), (long long)number(root, "lines"), STR_ARG(format),
		seconds, (double)number(root, "bytes") / 1048576 / (seconds > 0 ? seconds : 1));
	if (number(root, "git_folders") > 0)
		printf("  %lld .git folders were left out\n",
			(long long)number(root, "git_folders"));
	if (number(root, "submodules") > 0)
		printf("  %lld submodules are noted by their commit, not taken\n",
			(long long)number(root, "submodules"));
	if (answer->entry_index != UINT64_MAX)
		printf("  entry %llu of the ledger\n", (unsigned long long)answer->entry_index);
	json_decref(root);
	return OK;
}

static enum err_kind ingest(struct console *c, char **argv, struct err *err)
{
	static const char *const names[] = { "product", "version", "name", "ref" };
	struct str values[4] = { STR(""), str_from(argv[3]), STR(""), STR("") };
	int64_t start_us = clock_monotonic_us();
	struct source source = { .fd = -1 };
	struct client_answer answer;
	struct str body;
	enum err_kind rc = find_product(c, str_from(argv[2]), &values[0], err);

	if (rc == OK)
		rc = open_source(&c->mem, argv[4], &source, err);
	if (rc != OK)
		return rc;
	values[2] = source.name;
	values[3] = source.ref;
	rc = make_body(&c->mem, names, values, 4, &body, err);
	struct progress progress;
	struct client_call call = { .verb = "release.ingest",
		.body = body,
		.fd = source.fd,
		.progress = progress_tell,
		.cancelled = progress_cancelled,
		.arg = &progress };

	if (rc == OK) {
		progress_begin(&progress, "release.ingest");
		rc = console_ask(c, &call, &answer, err);
		progress_end(&progress);
	}
	close(source.fd);
	return rc == OK ? show_release(&answer, start_us, err) : rc;
}

int cmd_release(const struct cli *cli, int argc, char **argv)
{
	struct console c;
	struct err err;

	if (argc < 2 || strcmp(argv[1], "ingest") != 0)
		return argc < 2 ? cmd_misuse(argv[0]) : cmd_verb(cli, argc, argv);
	if (argc != 5)
		return cmd_misuse(argv[0]);
	enum err_kind rc = console_open(cli, CONSOLE_SIGNED_IN, &c, &err);

	if (rc != OK)
		return cmd_fail("release ingest", &err);
	rc = ingest(&c, argv, &err);
	console_close(&c);
	return rc == OK ? 0 : cmd_fail("release ingest", &err);
}

static enum err_kind add_product(struct console *c, int argc, char **argv, struct err *err)
{
	static const char *const names[] = { "name", "vendor", "description" };
	struct str values[3] = { str_from(argv[2]), STR(""), STR("") };
	struct str body = STR(""), id;
	struct client_answer answer;
	json_t *root = NULL;

	for (int i = 3; i + 1 < argc; i += 2)
		values[strcmp(argv[i], "--vendor") == 0 ? 1 : 2] = str_from(argv[i + 1]);
	enum err_kind rc = make_body(&c->mem, names, values, 3, &body, err);

	if (rc == OK)
		rc = console_verb(c, "product.create", body, &answer, err);
	if (rc == OK)
		rc = json_parse(answer.json, LIMIT_ANSWER_BYTES, &root, err);
	if (rc == OK && json_str(root, "id", &id))
		printf("%.*s\n", STR_ARG(id));
	json_decref(root);
	return rc;
}

int cmd_product(const struct cli *cli, int argc, char **argv)
{
	struct console c;
	struct err err;

	if (argc < 2 || strcmp(argv[1], "add") != 0)
		return argc < 2 ? cmd_misuse(argv[0]) : cmd_verb(cli, argc, argv);
	if (argc < 3 || argc % 2 == 0)
		return cmd_misuse(argv[0]);
	for (int i = 3; i < argc; i += 2)
		if (strcmp(argv[i], "--vendor") != 0 && strcmp(argv[i], "--description") != 0)
			return cmd_misuse(argv[0]);
	enum err_kind rc = console_open(cli, CONSOLE_SIGNED_IN, &c, &err);

	if (rc != OK)
		return cmd_fail("product add", &err);
	rc = add_product(&c, argc, argv, &err);
	console_close(&c);
	return rc == OK ? 0 : cmd_fail("product add", &err);
}
