/*
 * ingest_dsc: a Debian source package becomes the folder that dpkg-source makes of it, in a job without rights.
 *
 * The work lies in run/unpack below the current folder, which is the lab: one ingest runs at a time, and what an
 * ended vault left there goes with the next one's start (ingest_clean).
 */
#ifndef SOURCE_INGEST_DSC_H
#define SOURCE_INGEST_DSC_H

#include "source/import_run.h"

/*
 * The .dsc is parsed in an import child; the files that it names are copied from its folder while their SHA-256 is
 * checked; dpkg-source sees those copies and nothing else. Signatures are not judged: whoever ingests vouches.
 *
 * task     source_fd is the folder, name the .dsc in it
 * *tree    the patched source, without quilt's .pc; for dsc_end
 * origin   "cjson 1.7.15-1"
 * Errors: ERR_INPUT names the file that is missing, differs or cannot be unpacked; ERR_LIMIT; ERR_CANCELLED; ERR_IO.
 * On error nothing is left.
 */
MUST_CHECK enum err_kind dsc_unpack(const struct import_task *task,
	const struct import_limits *limits, int *tree, char origin[IMPORT_TEXT_BYTES],
	struct err *err);
void dsc_end(int tree);

#endif
