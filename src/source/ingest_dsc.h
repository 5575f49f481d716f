/* ingest_dsc: a Debian source package becomes a tar of its patched tree, by dpkg-source in a job without rights. */
#ifndef SOURCE_INGEST_DSC_H
#define SOURCE_INGEST_DSC_H

#include "source/import_run.h"

/*
 * The .dsc is parsed in an import child; the files that it names are copied from its folder into anonymous files
 * while their SHA-256 is checked; dpkg-source sees those copies and nothing else.
 *
 * task     source_fd is the folder, name the .dsc in it
 * *tar     an anonymous file; to close
 * origin   "cjson 1.7.15-1"
 * Errors: ERR_INPUT names the file that is missing, differs or cannot be unpacked; ERR_LIMIT; ERR_CANCELLED; ERR_IO.
 */
MUST_CHECK enum err_kind dsc_unpack(const struct import_task *task,
	const struct import_limits *limits, int *tar, char origin[IMPORT_TEXT_BYTES],
	struct err *err);

#endif
