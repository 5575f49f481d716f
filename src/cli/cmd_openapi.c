/* openapi: the API's document on standard output. */
#include "app/openapi.h"
#include "cli/document.h"

enum { DOCUMENT_BYTES_MAX = 4 << 20 };

static void put_document(struct out *o, const struct lab *lab)
{
	openapi_put(o, lab, VITRINE_VERSION);
	out_char(o, '\n');
}

int cmd_openapi(const struct cli *cli, int argc, char **argv)
{
	return document_print(cli, argc, argv, DOCUMENT_BYTES_MAX, put_document);
}
