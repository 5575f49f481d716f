#include "cli/document.h"

#include <unistd.h>

#include "app/kind.h"
#include "cli/data.h"
#include "os/fs.h"

int document_print(
	const struct cli *cli, int argc, char **argv, size_t bytes_max, document_fn *write)
{
	struct lab lab = { 0 };
	struct arena mem;
	struct str text;
	struct out o;
	struct err err;

	if (argc != 1)
		return cmd_misuse(argv[0]);
	if (data_kinds(cli, &lab.kinds, &err) != OK)
		return cmd_fail(argv[0], &err);
	arena_init(&mem, 4 * bytes_max);
	out_init(&o, &mem, bytes_max);
	write(&o, &lab);
	enum err_kind rc = out_finish(&o, &text, &err);

	if (rc == OK)
		rc = fs_write_all(STDOUT_FILENO, text.ptr, text.len, &err);
	kinds_free(lab.kinds);
	arena_reset(&mem);
	return rc == OK ? 0 : cmd_fail(argv[0], &err);
}
