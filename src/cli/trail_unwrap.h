/* trail_unwrap: peels one party's layer off every wrapped key of a trail file. No vault is asked. */
#ifndef CLI_TRAIL_UNWRAP_H
#define CLI_TRAIL_UNWRAP_H

#include "base/err.h"

struct trail_unwrap {
	const char *file, *key, *out;
	/* Of who reads it when this was the last layer: a public sealing key; NULL: nobody else */
	const char *to;
};

/* Errors: ERR_DENIED (no layer is this key's), ERR_CONFLICT (the last layer, and nobody named), ERR_INPUT, ERR_IO. */
MUST_CHECK enum err_kind trail_unwrap_run(const struct trail_unwrap *options, struct err *err);

#endif
