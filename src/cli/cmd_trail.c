/* trail: prints one session's sealed trail, opened at the officer's own tool. */
#include <stdio.h>

#include "cli/trail_reader.h"

static enum err_kind print_item(void *arg, const struct trail_item *item, struct err *err)
{
	uint64_t *items = arg;

	(void)err;
	printf("%lld %.*s %.*s %.*s\n", (long long)item->index, STR_ARG(item->time),
		STR_ARG(item->kind), STR_ARG(item->plain));
	++*items;
	return OK;
}

int cmd_trail(const struct cli *cli, int argc, char **argv)
{
	struct trail_reader reader;
	uint64_t items = 0;
	struct err err;

	if (argc != 5 || strcmp(argv[1], "open") != 0 || strcmp(argv[3], "--key") != 0)
		return cmd_misuse(argv[0]);
	enum err_kind rc = trail_reader_open(cli, argv[4], &reader, &err);

	if (rc == OK)
		rc = trail_reader_session(&reader, str_from(argv[2]), print_item, &items, &err);
	if (rc == OK)
		fprintf(stderr, "%llu items\n", (unsigned long long)items);
	trail_reader_close(&reader);
	return rc == OK ? 0 : cmd_fail("trail", &err);
}
