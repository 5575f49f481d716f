#include "job/job_group.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"

enum { SELF_BYTES_MAX = 4096, REMOVE_TRIES = 100, REMOVE_PAUSE_NS = 5000000 };

/* Where the controllers of v1 are mounted by convention, and the one tree of v2. */
#define V1_MEMORY "/sys/fs/cgroup/memory"
#define V1_PIDS "/sys/fs/cgroup/pids"
#define V2_TREE "/sys/fs/cgroup"

static bool read_small(const char *path, char *text, size_t bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, bytes - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return false;
	text[n] = '\0';
	return true;
}

static bool write_u64(const char *folder, const char *name, uint64_t value)
{
	char path[JOB_GROUP_PATH_BYTES + 64], text[24];
	int len = snprintf(text, sizeof(text), "%llu", (unsigned long long)value);

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, (size_t)len) == len;

	if (fd >= 0)
		close(fd);
	return done;
}

/*
 * Our own group in a controller, from /proc/self/cgroup: lines "4:memory:/path" (v1) and "0::/path" (v2). A name
 * of "" finds the line of v2.
 */
static bool own_group(const char *controller, char *path, size_t path_bytes)
{
	char text[SELF_BYTES_MAX];
	struct str rest, line, id, names;

	if (!read_small("/proc/self/cgroup", text, sizeof(text)))
		return false;
	rest = str_from(text);
	while (str_cut(rest, '\n', &line, &rest)) {
		if (!str_cut(line, ':', &id, &line) || !str_cut(line, ':', &names, &line))
			continue;
		if (!str_eq(names, str_from(controller)))
			continue;
		if (line.len >= path_bytes)
			return false;
		memcpy(path, line.ptr, line.len);
		path[line.len] = '\0';
		return true;
	}
	return false;
}

/* Makes a group beneath our own in the tree at `mount`. Returns its folder's place in group, or NULL. */
static char *make_folder(struct job_group *group, const char *mount, const char *controller)
{
	static atomic_uint serial;
	char own[JOB_GROUP_PATH_BYTES / 2];
	char *path = group->path[group->count];

	if (group->count == JOB_GROUPS_MAX || !own_group(controller, own, sizeof(own)))
		return NULL;
	int n = snprintf(path, JOB_GROUP_PATH_BYTES, "%s%s%svitrine-job-%d-%u", mount, own,
		own[strlen(own) - (own[0] != '\0')] == '/' ? "" : "/", (int)getpid(),
		atomic_fetch_add(&serial, 1));

	if (n < 0 || n >= JOB_GROUP_PATH_BYTES || mkdir(path, 0700) != 0)
		return NULL;
	return path;
}

static bool keep_folder(struct job_group *group)
{
	char procs[JOB_GROUP_PATH_BYTES + 16];

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", group->path[group->count]);
	int fd = open(procs, O_WRONLY | O_CLOEXEC);

	if (fd < 0) {
		rmdir(group->path[group->count]);
		return false;
	}
	group->procs_fd[group->count++] = fd;
	return true;
}

/*
 * v2: one group with both controllers, where the one above delegates them to us. A group that holds processes (our
 * own) can delegate only from its parent; where that is not arranged, nothing is to be had.
 */
static void open_v2(struct job_group *group, uint64_t memory_bytes, uint32_t processes)
{
	char *path = make_folder(group, V2_TREE, "");

	if (path == NULL)
		return;
	bool memory = write_u64(path, "memory.max", memory_bytes);
	bool pids = write_u64(path, "pids.max", processes);

	if ((!memory && !pids) || !keep_folder(group)) {
		rmdir(path);
		return;
	}
	if (memory)
		write_u64(path, "memory.swap.max", 0);
	group->limits_memory = memory;
	group->limits_processes = pids;
}

static void open_v1(struct job_group *group, uint64_t memory_bytes, uint32_t processes)
{
	char *path;

	if (!group->limits_memory && (path = make_folder(group, V1_MEMORY, "memory")) != NULL) {
		if (write_u64(path, "memory.limit_in_bytes", memory_bytes))
			group->limits_memory = keep_folder(group);
		else
			rmdir(path);
	}
	if (!group->limits_processes && (path = make_folder(group, V1_PIDS, "pids")) != NULL) {
		if (write_u64(path, "pids.max", processes))
			group->limits_processes = keep_folder(group);
		else
			rmdir(path);
	}
}

void job_group_open(struct job_group *group, uint64_t memory_bytes, uint32_t processes)
{
	*group = (struct job_group){ 0 };
	open_v2(group, memory_bytes, processes);
	open_v1(group, memory_bytes, processes);
}

/* One sweep: everybody who is still in it gets SIGKILL. */
static void kill_members(const char *folder)
{
	char path[JOB_GROUP_PATH_BYTES + 16], text[SELF_BYTES_MAX];
	struct str rest, line;
	uint64_t pid;

	snprintf(path, sizeof(path), "%s/cgroup.procs", folder);
	if (!read_small(path, text, sizeof(text)))
		return;
	rest = str_from(text);
	while (str_cut(rest, '\n', &line, &rest))
		if (str_to_u64(line, &pid) && pid > 1 && pid <= INT32_MAX)
			kill((pid_t)pid, SIGKILL);
}

void job_group_close(struct job_group *group)
{
	struct timespec pause = { .tv_nsec = REMOVE_PAUSE_NS };

	for (size_t i = 0; i < group->count; i++) {
		close(group->procs_fd[i]);
		/* The kernel takes its time to bury the dead. */
		for (int tries = 0; rmdir(group->path[i]) != 0 && tries < REMOVE_TRIES; tries++) {
			kill_members(group->path[i]);
			nanosleep(&pause, NULL);
		}
	}
	group->count = 0;
}
