/* sandbox_limit: resource limits of a child. */
#include <errno.h>
#include <sys/resource.h>

#include "os/sandbox_layer.h"

static enum err_kind set_limit(
	__rlimit_resource_t resource, const char *name, rlim_t value, struct err *err)
{
	struct rlimit limit = { value, value };

	if (setrlimit(resource, &limit) != 0)
		return err_errno(err, errno, "sandbox: limit of %s", name);
	return OK;
}

enum err_kind layer_limits(const struct sandbox_limits *limits, struct err *err)
{
	const struct {
		__rlimit_resource_t resource;
		const char *name;
		rlim_t value;
	} rows[] = {
		{ RLIMIT_AS, "address space", limits->memory_bytes },
		{ RLIMIT_CPU, "processor time",
			limits->cpu_s == 0 ? RLIM_INFINITY : limits->cpu_s },
		{ RLIMIT_NOFILE, "open files", limits->open_files },
		{ RLIMIT_FSIZE, "file size", limits->file_bytes },
		{ RLIMIT_CORE, "core file", 0 },
		{ RLIMIT_NPROC, "processes", 0 },
		{ RLIMIT_MEMLOCK, "locked memory", 0 },
		{ RLIMIT_MSGQUEUE, "message queues", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum err_kind rc = set_limit(rows[i].resource, rows[i].name, rows[i].value, err);

		if (rc != OK)
			return rc;
	}
	return OK;
}
