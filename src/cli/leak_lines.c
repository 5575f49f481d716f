#include "cli/leak_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "glass/find.h"
#include "os/fs.h"

/* Where a line of the text stands. */
struct place {
	size_t needle; /* index among the telling lines */
	struct str blob; /* borrowed from the answer */
	int64_t line, column;
};

struct telling {
	json_t *answer;
	struct place *places;
	size_t place_count;
	int64_t numbers[FIND_NEEDLES_MAX]; /* of the text's lines that tell */
	size_t count;
	struct trail_reader *reader;
	/* Of the session being looked at: the entry that shows each line, or -1. */
	int64_t shown[FIND_NEEDLES_MAX];
	size_t sessions, narrowed;
	size_t closed; /* sessions whose trails were not opened */
	char last[LIMIT_NAME_BYTES], last_point[LIMIT_NAME_BYTES];
};

static enum err_kind read_text(
	const char *path, struct arena *mem, struct str *text, struct err *err)
{
	if (strcmp(path, "-") != 0)
		return fs_read(AT_FDCWD, path, LIMIT_TEXT_BYTES, mem, text, err);
	char *buf = arena_array(mem, char, LIMIT_TEXT_BYTES + 1);
	size_t len = 0;
	ssize_t n = 1;

	if (buf == NULL)
		return err_set(err, ERR_LIMIT, "memory used up");
	while (n > 0 && len <= LIMIT_TEXT_BYTES) {
		n = read(STDIN_FILENO, buf + len, LIMIT_TEXT_BYTES + 1 - len);
		if (n < 0)
			return err_errno(err, errno, "standard input");
		len += (size_t)n;
	}
	*text = str_of(buf, len);
	return len <= LIMIT_TEXT_BYTES
		? OK
		: err_set(err, ERR_LIMIT, "standard input: more than %u bytes", LIMIT_TEXT_BYTES);
}

static enum err_kind ask_places(
	const struct cli *cli, const struct leak_lines *options, json_t **answer, struct err *err)
{
	struct console c;
	struct str text = STR("");
	json_t *body = NULL;
	enum err_kind rc = console_open(cli, CONSOLE_SIGNED_IN, &c, err);

	if (rc != OK)
		return rc;
	rc = read_text(options->file, &c.mem, &text, err);
	if (rc == OK) {
		body = json_pack("{s:s%}", "text", text.ptr, text.len);
		if (body == NULL)
			rc = err_set(err, ERR_INPUT, "%.200s: not UTF-8 text", options->file);
	}
	if (rc == OK && options->release != NULL)
		json_object_set_new(body, "release", json_string(options->release));
	if (rc == OK)
		rc = leak_ask(&c, "leak.text", body, -1, answer, err);
	json_decref(body);
	console_close(&c);
	return rc;
}

static size_t number_of(struct telling *t, int64_t line)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->numbers[i] == line)
			return i;
	if (t->count < FIND_NEEDLES_MAX)
		t->numbers[t->count++] = line;
	return t->count - 1;
}

static enum err_kind read_places(struct telling *t, struct err *err)
{
	const json_t *files = json_object_get(t->answer, "files"), *file, *at;
	size_t i, k, total = 0;

	json_array_foreach(files, i, file) total += json_array_size(json_object_get(file, "at"));
	t->places = calloc(total + 1, sizeof(*t->places));
	if (t->places == NULL)
		return err_set(err, ERR_LIMIT, "no memory for %zu places", total);
	json_array_foreach(files, i, file)
	{
		json_array_foreach(json_object_get(file, "at"), k, at)
		{
			int64_t line = json_integer_value(json_array_get(at, 0));

			t->places[t->place_count++] = (struct place){ .needle = number_of(t, line),
				.blob = leak_text_of(file, "blob"),
				.line = json_integer_value(json_array_get(at, 1)),
				.column = json_integer_value(json_array_get(at, 2)) };
		}
	}
	return OK;
}

static void print_places(const struct telling *t)
{
	const json_t *files = json_object_get(t->answer, "files"), *file;
	size_t i;

	printf("%zu of %lld lines tell: %zu are too common, %zu stand nowhere (%lld files looked through)\n",
		t->count, (long long)leak_int_of(t->answer, "lines"),
		json_array_size(json_object_get(t->answer, "common")),
		json_array_size(json_object_get(t->answer, "unknown")),
		(long long)leak_int_of(t->answer, "files_searched"));
	json_array_foreach(files, i, file)
	{
		struct str path = leak_text_of(file, "path");
		struct str release = leak_text_of(file, "release");

		printf("  %.*s %.*s: %zu places\n", STR_ARG(release), STR_ARG(path),
			json_array_size(json_object_get(file, "at")));
	}
}

static enum err_kind take_view(void *arg, const struct leak_view *view, struct err *err)
{
	struct telling *t = arg;

	(void)err;
	for (size_t i = 0; i < t->place_count; i++) {
		const struct place *p = &t->places[i];

		if (p->line >= view->line && p->line < view->line + view->lines &&
			p->column / LIMIT_TILE_COLUMNS * LIMIT_TILE_COLUMNS == view->column &&
			str_eq(p->blob, view->blob) && t->shown[p->needle] < 0)
			t->shown[p->needle] = view->index;
	}
	return OK;
}

static void print_session(struct telling *t, struct str session, struct str point)
{
	size_t shown = 0;

	for (size_t i = 0; i < t->count; i++)
		shown += t->shown[i] >= 0;
	printf("session %.*s at point %.*s: shown %zu of %zu lines", STR_ARG(session),
		STR_ARG(point), shown, t->count);
	for (size_t i = 0; i < t->count; i++) {
		bool is_new = t->shown[i] >= 0;

		for (size_t k = 0; k < i && is_new; k++)
			is_new = t->shown[k] != t->shown[i];
		if (is_new)
			printf(", entry %lld", (long long)t->shown[i]);
	}
	printf("\n");
	if (shown < t->count)
		return;
	t->narrowed++;
	snprintf(t->last, sizeof(t->last), "%.*s", STR_ARG(session));
	snprintf(t->last_point, sizeof(t->last_point), "%.*s", STR_ARG(point));
}

static enum err_kind look_at_session(
	void *arg, struct str session, struct str point, struct err *err)
{
	struct telling *t = arg;

	for (size_t i = 0; i < t->count; i++)
		t->shown[i] = -1;
	enum err_kind rc = leak_trail_views(t->reader, session, take_view, t, err);

	if (rc != OK)
		return rc;
	t->sessions++;
	print_session(t, session, point);
	return OK;
}

static void print_verdict(const struct telling *t)
{
	if (t->narrowed == 0)
		printf("names nobody: none of %zu sessions was shown all of these lines\n",
			t->sessions);
	else if (t->narrowed == 1)
		printf("narrows to session %s at point %s: of %zu sessions only it was shown all of these "
		       "lines\n",
			t->last, t->last_point, t->sessions);
	else
		printf("narrows to %zu of %zu sessions: they were shown all of these lines\n",
			t->narrowed, t->sessions);
	if (t->closed > 0)
		printf("Nothing is said of %zu sessions whose trails were not opened.\n",
			t->closed);
	printf("What was shown is no proof of who told it on: the lines may be known elsewhere.\n");
}

static enum err_kind open_trails(
	const struct cli *cli, const struct leak_lines *options, struct telling *t, struct err *err)
{
	struct trail_reader reader;
	enum err_kind rc = leak_trails_open(cli, &options->trails, &reader, err);

	t->reader = &reader;
	if (rc == OK)
		rc = leak_each_session(
			&reader, &options->trails, look_at_session, t, &t->closed, err);
	t->reader = NULL;
	trail_reader_close(&reader);
	if (rc == OK)
		print_verdict(t);
	return rc;
}

enum err_kind leak_lines_run(
	const struct cli *cli, const struct leak_lines *options, struct err *err)
{
	struct telling t = { 0 };
	enum err_kind rc = ask_places(cli, options, &t.answer, err);

	if (rc == OK)
		rc = read_places(&t, err);
	if (rc == OK)
		print_places(&t);
	if (rc == OK && !json_is_true(json_object_get(t.answer, "enough")))
		printf("names nobody: at least %lld lines must tell\n",
			(long long)leak_int_of(t.answer, "telling_min"));
	else if (rc == OK && options->trails.key == NULL)
		printf("Who was shown them stands in sealed trails: give --key to open them here.\n");
	else if (rc == OK)
		rc = open_trails(cli, options, &t, err);
	free(t.places);
	json_decref(t.answer);
	return rc;
}
