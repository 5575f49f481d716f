/* openapi: the API's document on standard output. */
#include <unistd.h>

#include "app/kind.h"
#include "app/openapi.h"
#include "cli/data.h"
#include "os/fs.h"

enum { DOCUMENT_BYTES_MAX = 4 << 20 };

int cmd_openapi(const struct cli *cli, int argc, char **argv)
{
	struct lab lab = { 0 };
	struct arena mem;
	struct str text;
	struct out o;
	struct err err;

	if (argc != 1)
		return cmd_misuse(argv[0]);
	if (data_kinds(cli, &lab.kinds, &err) != OK)
		return cmd_fail("openapi", &err);
	arena_init(&mem, 4 * (size_t)DOCUMENT_BYTES_MAX);
	out_init(&o, &mem, DOCUMENT_BYTES_MAX);
	openapi_put(&o, &lab, VITRINE_VERSION);
	out_char(&o, '\n');
	enum err_kind rc = out_finish(&o, &text, &err);

	if (rc == OK)
		rc = fs_write_all(STDOUT_FILENO, text.ptr, text.len, &err);
	kinds_free(lab.kinds);
	arena_reset(&mem);
	return rc == OK ? 0 : cmd_fail("openapi", &err);
}
