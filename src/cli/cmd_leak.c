/*
 * leak: whose mark does a picture carry; who was shown these lines. The vault names sessions by their marks; whether a
 * session was shown the very page stands in its sealed trail, which is opened here, never in the vault.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/leak_lines.h"
#include "cli/leak_trail.h"
#include "crypto/digest.h"
#include "os/fs.h"

enum { SESSIONS_MAX = 64 };

/* What was asked on the command line; NULL: not given. */
struct options {
	const char *image, *text, *release, *words, *path, *line, *column, *theme, *zoom, *seen_at;
	const char *key;
	char *sessions[SESSIONS_MAX], *files[TRAIL_FILES_MAX];
	size_t session_count, file_count;
};

static struct leak_trails trails_of(const struct options *o)
{
	return (struct leak_trails){ o->key, o->files, o->file_count, o->sessions,
		o->session_count };
}

static bool read_options(int argc, char **argv, struct options *o)
{
	const struct {
		const char *name;
		const char **value;
	} rows[] = { { "--text", &o->text }, { "--release", &o->release }, { "--words", &o->words },
		{ "--path", &o->path }, { "--line", &o->line }, { "--column", &o->column },
		{ "--theme", &o->theme }, { "--zoom", &o->zoom }, { "--seen-at", &o->seen_at },
		{ "--officer-key", &o->key }, { "--key", &o->key } };

	for (int i = 1; i < argc; i++) {
		const char **value = NULL;

		for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++)
			if (strcmp(argv[i], rows[r].name) == 0)
				value = rows[r].value;
		if (strcmp(argv[i], "--session") == 0 && i + 1 < argc &&
			o->session_count < SESSIONS_MAX) {
			o->sessions[o->session_count++] = argv[++i];
		} else if (strcmp(argv[i], "--trail") == 0 && i + 1 < argc &&
			o->file_count < TRAIL_FILES_MAX) {
			o->files[o->file_count++] = argv[++i];
		} else if (value != NULL && i + 1 < argc) {
			*value = argv[++i];
		} else if (argv[i][0] != '-' && o->image == NULL) {
			o->image = argv[i];
		} else {
			return false;
		}
	}
	return (o->image == NULL) != (o->text == NULL) && (o->file_count == 0 || o->key != NULL);
}

static enum err_kind set_number(json_t *body, const char *name, const char *text, struct err *err)
{
	uint64_t value;

	if (text == NULL)
		return OK;
	if (!str_to_u64(str_from(text), &value) || value > INT64_MAX)
		return err_set(err, ERR_INPUT, "--%s: a whole number is wanted", name);
	json_object_set_new(body, name, json_integer((json_int_t)value));
	return OK;
}

static void set_text(json_t *body, const char *name, const char *text)
{
	if (text != NULL)
		json_object_set_new(body, name, json_string(text));
}

/* The pages that sessions were shown, each once. */
struct shown {
	struct trail_reader *reader;
	json_t *tiles;
};

static enum err_kind add_tile(void *arg, const struct leak_view *view, struct err *err)
{
	struct shown *shown = arg;
	char text[LIMIT_LINE_BYTES];
	const json_t *tile;
	size_t i;

	snprintf(text, sizeof(text), "%.*s %lld %lld %.*s", STR_ARG(view->release),
		(long long)view->line, (long long)view->column, STR_ARG(view->blob));
	json_array_foreach(shown->tiles, i, tile)
	{
		if (strcmp(json_string_value(tile), text) == 0)
			return OK;
	}
	if (json_array_size(shown->tiles) == LIMIT_LEAK_PAGES)
		return err_set(err, ERR_LIMIT,
			"more than %d pages were shown to these sessions: name some by --session, or give --release and "
			"--words",
			LIMIT_LEAK_PAGES);
	json_array_append_new(shown->tiles, json_string(text));
	return OK;
}

static enum err_kind add_session(void *arg, struct str session, struct str point, struct err *err)
{
	struct shown *shown = arg;

	(void)point;
	return leak_trail_views(shown->reader, session, add_tile, shown, err);
}

/* The call's arguments. *body is the caller's to json_decref. */
static enum err_kind make_body(
	const struct options *o, struct trail_reader *reader, json_t *body, struct err *err)
{
	set_text(body, "release", o->release);
	set_text(body, "words", o->words);
	set_text(body, "path", o->path);
	set_text(body, "theme", o->theme);
	set_text(body, "zoom", o->zoom);
	set_text(body, "seen_at", o->seen_at);
	enum err_kind rc = set_number(body, "line", o->line, err);

	if (rc == OK)
		rc = set_number(body, "column", o->column, err);
	if (rc != OK || o->release != NULL || o->key == NULL)
		return rc;
	struct leak_trails trails = trails_of(o);
	struct shown shown = { reader, json_array() };
	size_t closed;

	rc = leak_each_session(reader, &trails, add_session, &shown, &closed, err);
	if (rc == OK && json_array_size(shown.tiles) == 0)
		rc = err_set(
			err, ERR_NOT_FOUND, "no session whose trail is open was shown any page");
	json_object_set_new(body, "tiles", shown.tiles);
	return rc;
}

static enum err_kind open_picture(
	const char *path, int *fd, char hex[SHA256_HEX_BYTES], struct err *err)
{
	struct arena mem;
	struct str bytes;

	*fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (*fd < 0)
		return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_INPUT, "%.200s: %s", path,
			strerror(errno));
	arena_init(&mem, LIMIT_PICTURE_BYTES + LIMIT_TEXT_BYTES);
	enum err_kind rc = fs_read_fd(*fd, LIMIT_PICTURE_BYTES, &mem, &bytes, err);

	if (rc == OK) {
		struct sha256 digest = sha256_of(bytes);

		sha256_format(&digest, hex);
	} else {
		err_context(err, "%.200s", path);
		close(*fd);
	}
	arena_reset(&mem);
	return rc;
}

static enum err_kind ask_picture(const struct cli *cli, const struct options *o, json_t *body,
	json_t **answer, struct err *err)
{
	char hex[SHA256_HEX_BYTES];
	struct console c;
	int fd;
	enum err_kind rc = console_open(cli, CONSOLE_SIGNED_IN, &c, err);

	if (rc != OK)
		return rc;
	rc = open_picture(o->image, &fd, hex, err);
	if (rc == OK) {
		set_text(body, "picture", hex);
		rc = leak_ask(&c, "leak.picture", body, fd, answer, err);
		close(fd);
	}
	console_close(&c);
	return rc;
}

static void print_page(const json_t *page)
{
	struct str release = leak_text_of(page, "release"), path = leak_text_of(page, "path");

	printf("page %.*s %.*s, lines %lld to %lld, columns %lld to %lld: ", STR_ARG(release),
		STR_ARG(path), (long long)leak_int_of(page, "line") + 1,
		(long long)leak_int_of(page, "line") + LIMIT_TILE_LINES,
		(long long)leak_int_of(page, "column") + 1,
		(long long)leak_int_of(page, "column") + LIMIT_TILE_COLUMNS);
	if (!json_is_true(json_object_get(page, "found"))) {
		printf("not in the picture\n");
		return;
	}
	struct str theme = leak_text_of(page, "theme"), zoom = leak_text_of(page, "zoom");

	printf("correlation %.3f, scale %.3f, turned %.1f degrees%s%s, %.*s, zoom %.*s\n",
		leak_real_of(page, "correlation"), leak_real_of(page, "scale"),
		leak_real_of(page, "degrees"),
		json_is_true(json_object_get(page, "at_an_angle")) ? ", at an angle" : "",
		json_is_true(json_object_get(page, "inverted")) ? ", inverted" : "", STR_ARG(theme),
		STR_ARG(zoom));
}

static void print_picture(const json_t *answer)
{
	const json_t *picture = json_object_get(answer, "picture"), *row;
	struct str format = leak_text_of(picture, "format");
	size_t i;

	printf("%.*s, %lld x %lld pixels; %lld sessions ever issued, %lld drawings measured\n",
		STR_ARG(format), (long long)leak_int_of(picture, "width"),
		(long long)leak_int_of(picture, "height"),
		(long long)leak_int_of(answer, "sessions"),
		(long long)leak_int_of(answer, "tries"));
	json_array_foreach(json_object_get(answer, "pages"), i, row) print_page(row);
	if (json_array_size(json_object_get(answer, "candidates")) == 0)
		return;
	printf("%-20s %-12s %7s %7s %7s %7s  %s\n", "session", "point", "paper", "shift", "both",
		"z", "false alarm at most");
	json_array_foreach(json_object_get(answer, "candidates"), i, row)
	{
		struct str session = leak_text_of(row, "session"),
			   point = leak_text_of(row, "point");

		/* What is smaller than a double holds comes as 0. */
		printf("%-20.*s %-12.*s %7.2f %7.2f %7.2f %7.2f  %.1e\n", STR_ARG(session),
			STR_ARG(point), leak_real_of(row, "paper"), leak_real_of(row, "shift"),
			leak_real_of(row, "both"), leak_real_of(row, "z"),
			fmax(leak_real_of(row, "false_alarm"), 1e-300));
	}
	printf("a false alarm of at most %.0e names somebody\n",
		leak_real_of(answer, "false_alarm_max"));
}

/* The views of one session that are of the page in the picture. */
struct agreeing {
	const json_t *page;
	int64_t seen;
};

static enum err_kind compare_view(void *arg, const struct leak_view *view, struct err *err)
{
	struct agreeing *a = arg;

	(void)err;
	if (!str_eq(view->blob, leak_text_of(a->page, "blob")) ||
		view->line != leak_int_of(a->page, "line") ||
		view->column != leak_int_of(a->page, "column"))
		return OK;
	printf("  its trail: entry %lld, %.*s, shows this page\n", (long long)view->index,
		STR_ARG(view->time));
	a->seen++;
	return OK;
}

/* Named by the mark and, where the trail was opened, by a view of the page. */
struct upheld {
	int64_t count;
	struct str session, point; /* the last */
};

static enum err_kind print_named(struct trail_reader *reader, const json_t *answer,
	const json_t *candidate, struct upheld *upheld, struct err *err)
{
	struct str session = leak_text_of(candidate, "session");
	struct str point = leak_text_of(candidate, "point");
	struct agreeing agreeing = {
		.page = json_array_get(
			json_object_get(answer, "pages"), (size_t)leak_int_of(candidate, "page")),
	};

	printf("session %.*s at point %.*s: mark committed in entry %lld; %lld views recorded, the last in entry "
	       "%lld\n",
		STR_ARG(session), STR_ARG(point), (long long)leak_int_of(candidate, "start_entry"),
		(long long)leak_int_of(candidate, "views"),
		(long long)leak_int_of(candidate, "last_view_entry"));
	if (reader == NULL) {
		*upheld = (struct upheld){ upheld->count + 1, session, point };
		printf("  whether it was shown this page stands in its sealed trail: give --key\n");
		return OK;
	}
	enum err_kind rc = leak_trail_views(reader, session, compare_view, &agreeing, err);

	if (rc == ERR_CONFLICT) {
		*upheld = (struct upheld){ upheld->count + 1, session, point };
		printf("  whether it was shown this page is not known: %s\n", err->msg);
		return OK;
	}
	if (rc == OK && agreeing.seen == 0)
		printf("  its trail shows no view of this page: the mark alone names nobody\n");
	else if (rc == OK)
		*upheld = (struct upheld){ upheld->count + 1, session, point };
	return rc;
}

static enum err_kind print_verdict(
	struct trail_reader *reader, const json_t *answer, struct err *err)
{
	const json_t *row;
	struct str reason = leak_text_of(answer, "reason");
	struct upheld upheld = { 0 };
	size_t i;
	enum err_kind rc = OK;

	json_array_foreach(json_object_get(answer, "candidates"), i, row)
	{
		if (rc == OK && json_is_true(json_object_get(row, "named")))
			rc = print_named(reader, answer, row, &upheld, err);
	}
	if (rc != OK)
		return rc;
	if (upheld.count == 0) {
		if (str_eq(leak_text_of(answer, "verdict"), STR("nobody")))
			printf("names nobody: %.*s\n", STR_ARG(reason));
		else
			printf("names nobody: no trail agrees with the marks\n");
		return OK;
	}
	if (upheld.count == 1)
		printf("narrows to session %.*s at point %.*s\n", STR_ARG(upheld.session),
			STR_ARG(upheld.point));
	else
		printf("narrows to %lld sessions\n", (long long)upheld.count);
	struct str limits = leak_text_of(answer, "does_not_prove");

	printf("%.*s\n", STR_ARG(limits));
	return OK;
}

static enum err_kind run_picture(const struct cli *cli, const struct options *o, struct err *err)
{
	struct trail_reader reader;
	struct leak_trails trails = trails_of(o);
	json_t *body = json_object(), *answer = NULL;
	enum err_kind rc = o->key != NULL ? leak_trails_open(cli, &trails, &reader, err) : OK;

	if (rc == OK)
		rc = make_body(o, &reader, body, err);
	if (rc == OK)
		rc = ask_picture(cli, o, body, &answer, err);
	if (rc == OK) {
		print_picture(answer);
		rc = print_verdict(o->key != NULL ? &reader : NULL, answer, err);
	}
	if (o->key != NULL)
		trail_reader_close(&reader);
	json_decref(answer);
	json_decref(body);
	return rc;
}

int cmd_leak(const struct cli *cli, int argc, char **argv)
{
	struct options o = { 0 };
	struct err err;
	enum err_kind rc;

	if (!read_options(argc, argv, &o))
		return cmd_misuse(argv[0]);
	if (o.text != NULL) {
		const struct leak_lines lines = {
			.file = o.text, .release = o.release, .trails = trails_of(&o)
		};

		rc = leak_lines_run(cli, &lines, &err);
	} else {
		rc = run_picture(cli, &o, &err);
	}
	return rc == OK ? 0 : cmd_fail("leak", &err);
}
