/*
 * call: any verb by its name. And the general form of verbs that have no command of their own: `vitrine FAMILY ACT
 * --name value …`, whose values are typed by the verb's row or, for the verbs of kinds, by the kind's fields.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "app/verb.h"
#include "cli/console.h"
#include "cli/progress.h"
#include "os/fs.h"

static int show(const struct client_answer *answer, const char *out_path)
{
	struct err err;
	enum err_kind rc = OK;

	if (out_path != NULL) {
		int fd = open(out_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		if (fd < 0) {
			err_errno(&err, errno, "%.200s", out_path);
			return cmd_fail("call", &err);
		}
		rc = fs_write_all(fd, answer->bytes.ptr, answer->bytes.len, &err);
		close(fd);
	}
	if (rc == OK)
		rc = fs_write_all(STDOUT_FILENO, answer->json.ptr, answer->json.len, &err);
	if (rc == OK)
		rc = fs_write_all(STDOUT_FILENO, "\n", 1, &err);
	return rc == OK ? 0 : cmd_fail("call", &err);
}

/* Strangers' verbs need no sign-in; with one they are called by whoever it is. */
static enum err_kind open_for(
	const struct cli *cli, const char *verb, struct console *c, struct err *err)
{
	const struct verb *row = verb_find(NULL, str_from(verb));
	bool stranger = row != NULL && (row->roles & ROLE_STRANGER) != 0 && cli->as == NULL;

	return console_open(cli, stranger ? CONSOLE_STRANGER : CONSOLE_SIGNED_IN, c, err);
}

static int ask_and_show(
	struct console *c, const char *verb, const json_t *body, const char *out_path)
{
	struct client_answer answer = { 0 };
	struct str text = STR("");
	struct err err;
	struct out o;
	struct jw w;

	out_init(&o, &c->mem, LIMIT_JSON_BYTES);
	jw_init(&w, &o);
	jw_value(&w, body);
	enum err_kind rc = out_finish(&o, &text, &err);

	if (rc == OK) {
		struct progress progress;
		struct client_call call = { .verb = verb,
			.body = text,
			.fd = -1,
			.progress = progress_tell,
			.cancelled = progress_cancelled,
			.arg = &progress };

		progress_begin(&progress, verb);
		rc = console_ask(c, &call, &answer, &err);
		progress_end(&progress);
	}
	return rc == OK ? show(&answer, out_path) : cmd_fail(verb, &err);
}

/* "name=text" or "name:=JSON" into body. */
static enum err_kind add_member(json_t *body, const char *word, struct err *err)
{
	struct str name, value;
	json_t *member = NULL;

	if (!str_cut(str_from(word), '=', &name, &value) || name.len == 0)
		return err_set(err, ERR_INPUT, "%.100s: name=value or name:=JSON is wanted", word);
	if (name.ptr[name.len - 1] == ':') {
		name.len--;
		member = json_loadb(
			value.ptr, value.len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
		if (member == NULL)
			return err_set(err, ERR_INPUT, "%.*s: not JSON", STR_ARG(name));
	} else {
		member = json_stringn(value.ptr, value.len);
		if (member == NULL)
			return err_set(err, ERR_INPUT, "%.*s: not UTF-8", STR_ARG(name));
	}
	if (json_object_setn_new(body, name.ptr, name.len, member) != 0)
		return err_set(err, ERR_INPUT, "%.*s: not a name", STR_ARG(name));
	return OK;
}

static enum err_kind read_stdin(struct arena *mem, struct str *text, struct err *err)
{
	char *buf = arena_alloc(mem, LIMIT_JSON_BYTES, 1);
	size_t len = 0;
	ssize_t n = 1;

	if (buf == NULL)
		return err_set(err, ERR_LIMIT, "memory used up");
	while (n > 0 && len < LIMIT_JSON_BYTES) {
		n = read(STDIN_FILENO, buf + len, LIMIT_JSON_BYTES - len);
		if (n < 0)
			return err_errno(err, errno, "standard input");
		len += (size_t)n;
	}
	if (len == LIMIT_JSON_BYTES)
		return err_set(
			err, ERR_LIMIT, "standard input: %u bytes or more", LIMIT_JSON_BYTES);
	*text = str_of(buf, len);
	return OK;
}

/* The whole body from a file, or from standard input ("-"). */
static enum err_kind read_body(struct arena *mem, const char *path, json_t **body, struct err *err)
{
	struct str text = STR("");
	enum err_kind rc = strcmp(path, "-") == 0
		? read_stdin(mem, &text, err)
		: fs_read(AT_FDCWD, path, LIMIT_JSON_BYTES, mem, &text, err);

	if (rc == OK)
		rc = json_parse(text, LIMIT_JSON_BYTES, body, err);
	if (rc == OK && !json_is_object(*body)) {
		json_decref(*body);
		*body = NULL;
		rc = err_set(err, ERR_INPUT, "%.200s: a JSON object is wanted", path);
	}
	return rc;
}

int cmd_call(const struct cli *cli, int argc, char **argv)
{
	const char *out_path = NULL, *body_path = NULL;
	json_t *body = NULL;
	struct console c;
	struct err err;
	int first = 2;

	if (argc < 2)
		return cmd_misuse(argv[0]);
	for (; first + 1 < argc && argv[first][0] == '-'; first += 2) {
		if (strcmp(argv[first], "--out") == 0)
			out_path = argv[first + 1];
		else if (strcmp(argv[first], "--json") == 0)
			body_path = argv[first + 1];
		else
			return cmd_misuse(argv[0]);
	}
	if (first < argc && argv[first][0] == '-')
		return cmd_misuse(argv[0]);
	enum err_kind rc = open_for(cli, argv[1], &c, &err);

	if (rc != OK)
		return cmd_fail("call", &err);
	if (body_path != NULL)
		rc = read_body(&c.mem, body_path, &body, &err);
	else
		body = json_object();
	for (int i = first; rc == OK && i < argc; i++)
		rc = add_member(body, argv[i], &err);
	int status = rc == OK ? ask_and_show(&c, argv[1], body, out_path) : cmd_fail("call", &err);

	json_decref(body);
	console_close(&c);
	return status;
}

/* How a value on the command line becomes JSON. */
enum value_type { VALUE_TEXT, VALUE_NUMBER, VALUE_FLAG, VALUE_LIST };

static enum value_type type_of_row(const struct verb *verb, struct str name)
{
	for (const struct verb_arg *arg = verb->args; arg != NULL && arg->name != NULL; arg++) {
		if (!str_eq(str_from(arg->name), name))
			continue;
		return arg->type == ARG_INT     ? VALUE_NUMBER
			: arg->type == ARG_BOOL ? VALUE_FLAG
			: arg->type == ARG_LIST ? VALUE_LIST
						: VALUE_TEXT;
	}
	return VALUE_TEXT;
}

/* By the kind's field in the answer of lab.describe. */
static enum value_type type_of_field(const json_t *kinds, struct str kind, struct str name)
{
	size_t at, inner;
	const json_t *row, *field;

	json_array_foreach(kinds, at, row)
	{
		struct str word = STR(""), type = STR("");
		bool list = false;

		if (!json_str(row, "kind", &word) || !str_eq(word, kind))
			continue;
		json_array_foreach(json_object_get(row, "fields"), inner, field)
		{
			if (!json_str(field, "name", &word) || !str_eq(word, name))
				continue;
			json_str(field, "type", &type);
			json_flag(field, "list", &list);
			return list                         ? VALUE_LIST
				: str_eq(type, STR("int"))  ? VALUE_NUMBER
				: str_eq(type, STR("bool")) ? VALUE_FLAG
							    : VALUE_TEXT;
		}
	}
	return VALUE_TEXT;
}

static json_t *typed(enum value_type type, struct str text)
{
	uint64_t number;

	if (type == VALUE_NUMBER && str_to_u64(text, &number) && number <= INT64_MAX)
		return json_integer((json_int_t)number);
	if (type == VALUE_FLAG)
		return json_boolean(str_eq(text, STR("true")) || str_eq(text, STR("yes")));
	return json_stringn(text.ptr, text.len);
}

static enum err_kind add_value(
	json_t *body, const char *name, enum value_type type, struct str text, struct err *err)
{
	json_t *value = typed(type, text), *list = json_object_get(body, name);

	if (value == NULL)
		return err_set(err, ERR_INPUT, "--%.60s: not UTF-8", name);
	if (type != VALUE_LIST) {
		if (json_object_set_new(body, name, value) == 0)
			return OK;
	} else {
		if (list == NULL && json_object_set_new(body, name, json_array()) == 0)
			list = json_object_get(body, name);
		if (list != NULL && json_array_append_new(list, value) == 0)
			return OK;
	}
	return err_set(err, ERR_INPUT, "--%.60s: cannot be given so", name);
}

/* The kinds, for typing; NULL when the lab does not tell. */
static json_t *describe(struct console *c, struct err *err)
{
	struct client_answer answer;
	json_t *root = NULL;

	if (console_verb(c, "lab.describe", STR("{}"), &answer, err) != OK ||
		json_parse(answer.json, LIMIT_ANSWER_BYTES, &root, err) != OK)
		return NULL;
	return root;
}

int cmd_verb(const struct cli *cli, int argc, char **argv)
{
	json_t *body = json_object(), *told = NULL;
	struct console c;
	struct err err;
	char verb[2 * LIMIT_NAME_BYTES];

	snprintf(verb, sizeof(verb), "%.60s.%.60s", argv[0], argc > 1 ? argv[1] : "");
	const struct verb *row = verb_find(NULL, str_from(verb));
	enum err_kind rc = open_for(cli, verb, &c, &err);

	if (rc != OK) {
		json_decref(body);
		return cmd_fail(verb, &err);
	}
	if (row == NULL && (told = describe(&c, &err)) == NULL)
		rc = err.kind;
	for (int i = 2; rc == OK && i < argc; i += 2) {
		if (strncmp(argv[i], "--", 2) != 0 || i + 1 == argc) {
			rc = err_set(&err, ERR_INPUT, "%.100s: --name value is wanted", argv[i]);
			break;
		}
		struct str name = str_from(argv[i] + 2);
		enum value_type type = row != NULL
			? type_of_row(row, name)
			: type_of_field(json_object_get(told, "kinds"), str_from(argv[0]), name);

		rc = add_value(body, argv[i] + 2, type, str_from(argv[i + 1]), &err);
	}
	int status = rc == OK ? ask_and_show(&c, verb, body, NULL) : cmd_fail(verb, &err);

	json_decref(told);
	json_decref(body);
	console_close(&c);
	return status;
}
