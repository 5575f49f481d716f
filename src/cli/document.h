/* document: what this program says of itself as a whole document: the manual page, the API. */
#ifndef CLI_DOCUMENT_H
#define CLI_DOCUMENT_H

#include "app/lab.h"
#include "cli/cmd.h"

/* Appends the document; of the lab only its kinds are there. */
typedef void document_fn(struct out *o, const struct lab *lab);

/* Prints it, of at most bytes_max, for a command without arguments. Returns the exit status. */
int document_print(
	const struct cli *cli, int argc, char **argv, size_t bytes_max, document_fn *write);

#endif
