/* job_group: control groups of one job, memory and processes, v1 or v2. Private to job/. */
#ifndef JOB_JOB_GROUP_H
#define JOB_JOB_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JOB_GROUPS_MAX = 2, JOB_GROUP_PATH_BYTES = 512 };

struct job_group {
	size_t count; /* folders made: 0 where this user may make none */
	char path[JOB_GROUPS_MAX][JOB_GROUP_PATH_BYTES];
	int procs_fd[JOB_GROUPS_MAX]; /* write "0" to move the writer in */
	bool limits_memory, limits_processes;
};

/* Makes what this user may make; *group is filled in any case and to be closed. */
void job_group_open(struct job_group *group, uint64_t memory_bytes, uint32_t processes);
/* Kills what is left in it and removes it. */
void job_group_close(struct job_group *group);

#endif
