#include "source/ingest_dsc.h"

enum err_kind dsc_unpack(const struct import_task *task, const struct import_limits *limits,
	int *tar, char origin[IMPORT_TEXT_BYTES], struct err *err)
{
	(void)limits;
	(void)tar;
	(void)origin;
	return err_set(err, ERR_INPUT, "%.*s: unpack it with dpkg-source -x and ingest the folder",
		STR_ARG(task->name));
}
