/* trail: a session's sealed trail: handed out, unwrapped by its parties one after the other, read. */
#include <stdio.h>

#include "base/hex.h"
#include "cli/trail_fetch.h"
#include "cli/trail_reader.h"
#include "cli/trail_unwrap.h"
#include "crypto/sign.h"

/* "--key FILE" and so on; NULL: not given. */
struct options {
	const char *key, *out, *to;
};

static bool read_options(int argc, char **argv, struct options *o)
{
	const struct {
		const char *name;
		const char **value;
	} rows[] = { { "--key", &o->key }, { "-o", &o->out }, { "--for", &o->to } };

	*o = (struct options){ 0 };
	for (int i = 3; i < argc; i += 2) {
		const char **value = NULL;

		for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
			if (strcmp(argv[i], rows[r].name) == 0)
				value = rows[r].value;
		}
		if (value == NULL || i + 1 == argc)
			return false;
		*value = argv[i + 1];
	}
	return true;
}

static enum err_kind print_item(void *arg, const struct trail_item *item, struct err *err)
{
	uint64_t *items = arg;

	(void)err;
	printf("%lld %.*s %.*s %.*s\n", (long long)item->index, STR_ARG(item->time),
		STR_ARG(item->kind), STR_ARG(item->plain));
	++*items;
	return OK;
}

/* of: a session, which the vault is asked for, or a file. */
static enum err_kind open_trail(
	const struct cli *cli, const char *of, const struct options *o, struct err *err)
{
	bool is_session = str_starts(str_from(of), STR("ses_"));
	struct trail_reader reader;
	uint64_t items = 0;
	enum err_kind rc = trail_reader_open(cli, o->key, &reader, err);

	if (rc == OK && !is_session)
		rc = trail_reader_add(&reader, of, err);
	if (rc == OK)
		rc = trail_reader_session(&reader,
			is_session ? str_from(of) : reader.files[0].session, print_item, &items,
			err);
	if (rc == OK)
		fprintf(stderr, "%llu items\n", (unsigned long long)items);
	trail_reader_close(&reader);
	return rc;
}

/* Adds what a part brings; the keys come with each part alike. */
static enum err_kind add_part(
	struct arena *mem, struct trailfile *all, const struct trailfile *part, struct err *err)
{
	struct trailfile_item *items = arena_array(
		mem, struct trailfile_item, all->item_count + part->item_count + 1);

	if (items == NULL)
		return err_set(err, ERR_LIMIT, "memory used up");
	memcpy(items, all->items, all->item_count * sizeof(*items));
	memcpy(items + all->item_count, part->items, part->item_count * sizeof(*items));
	size_t count = all->item_count + part->item_count;

	*all = *part;
	all->items = items;
	all->item_count = count;
	return OK;
}

static enum err_kind export_trail(
	const struct cli *cli, const char *of, const struct options *o, struct err *err)
{
	struct trail_wanted wanted = {
		str_starts(str_from(of), STR("ses_")) ? "session" : "opening", str_from(of)
	};
	struct trailfile_item none;
	struct trailfile all = { .items = &none };
	struct arena mem;
	enum err_kind rc = OK;

	arena_init(&mem, TRAIL_FILE_MEM_BYTES);
	for (int64_t from = 0; rc == OK && from >= 0;) {
		struct trailfile part;
		struct console c;

		rc = console_open(cli, CONSOLE_SIGNED_IN, &c, err);
		if (rc != OK)
			break;
		rc = trail_fetch(&c, &mem, &wanted, &from, &part, err);
		if (rc == OK)
			rc = add_part(&mem, &all, &part, err);
		console_close(&c);
	}
	if (rc == OK)
		rc = trail_save_file(&mem, o->out, &all, err);
	if (rc == OK)
		printf("session %.*s: %zu items and %zu wrapped keys, all sealed\n",
			STR_ARG(all.session), all.item_count, all.key_count);
	arena_reset(&mem);
	return rc;
}

/* A pair for an organisation: the secret into a file, the public half, which the agreement names, to be read. */
static enum err_kind make_key(const char *path, struct err *err)
{
	struct trail_opener made;
	struct arena mem;
	struct str text;
	struct out o;
	enum err_kind rc = crypto_init(err);

	if (rc != OK)
		return rc;
	box_generate(&made.public_key, &made.secret);
	arena_init(&mem, 4096);
	out_init(&o, &mem, 64);
	out_base64(&o, str_of(made.public_key.bytes, sizeof(made.public_key.bytes)));
	rc = out_finish(&o, &text, err);
	if (rc == OK)
		rc = trail_save(path, str_of(made.secret.bytes, sizeof(made.secret.bytes)), err);
	if (rc == OK)
		printf("%.*s\n", STR_ARG(text));
	secret_wipe(&made, sizeof(made));
	arena_reset(&mem);
	return rc;
}

int cmd_trail(const struct cli *cli, int argc, char **argv)
{
	struct options o;
	struct err err;
	enum err_kind rc;

	if (argc < 3 || !read_options(argc, argv, &o))
		return cmd_misuse(argv[0]);
	const char *act = argv[1], *of = argv[2];

	if (strcmp(act, "open") == 0 && o.key != NULL && o.out == NULL && o.to == NULL) {
		rc = open_trail(cli, of, &o, &err);
	} else if (strcmp(act, "export") == 0 && o.out != NULL && o.key == NULL && o.to == NULL) {
		rc = export_trail(cli, of, &o, &err);
	} else if (strcmp(act, "unwrap") == 0 && o.key != NULL && o.out != NULL) {
		const struct trail_unwrap unwrap = { of, o.key, o.out, o.to };

		rc = trail_unwrap_run(&unwrap, &err);
	} else if (strcmp(act, "keygen") == 0 && argc == 3) {
		rc = make_key(of, &err);
	} else {
		return cmd_misuse(argv[0]);
	}
	return rc == OK ? 0 : cmd_fail("trail", &err);
}
