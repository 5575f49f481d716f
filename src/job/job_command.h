/* job_command: bubblewrap's command line and system call filter for a job. Private to job/. */
#ifndef JOB_JOB_COMMAND_H
#define JOB_JOB_COMMAND_H

#include "job/job.h"

/* Descriptors that bubblewrap finds open, besides 0 to 2. */
enum { JOB_STATUS_FD = 3, JOB_FILTER_FD = 4 };

#define JOB_BWRAP "/usr/bin/bwrap"
#define JOB_PRLIMIT "/usr/bin/prlimit"

/* *argv ends with NULL; all in mem. Errors: ERR_INPUT, ERR_LIMIT. */
MUST_CHECK enum err_kind job_command(
	const struct job_options *options, struct arena *mem, char ***argv, struct err *err);
/* The filter as a BPF program in an anonymous file; *fd is the caller's. Errors: ERR_IO. */
MUST_CHECK enum err_kind job_filter(int *fd, struct err *err);

#endif
