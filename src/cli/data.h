/* data: where the installed kinds and the font are. */
#ifndef CLI_DATA_H
#define CLI_DATA_H

#include "app/lab.h"
#include "cli/cmd.h"

/* --data, else where they were installed, else the source tree that this program was built in. */
const char *data_folder(const struct cli *cli);
/* The installed kinds; *kinds to kinds_free. Errors: those of kinds_load. */
MUST_CHECK enum err_kind data_kinds(const struct cli *cli, struct kinds **kinds, struct err *err);

#endif
