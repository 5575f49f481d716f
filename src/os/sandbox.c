#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "os/sandbox_layer.h"

/* What the child prints, it would print next to the operator's log: lines of source among it. */
static enum err_kind silence(int null_fd, struct err *err)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(null_fd, fd) < 0)
			return err_errno(err, errno, "sandbox: standard descriptors");
	if (null_fd > STDERR_FILENO)
		close(null_fd);
	return OK;
}

enum err_kind sandbox_enter(enum sandbox_profile profile, const struct sandbox_limits *limits,
	int src_fd, struct err *err)
{
	enum err_kind rc;

	if (getpid() != 1)
		return err_set(err, ERR_IO,
			"sandbox: own PID namespace is missing: a child is started by sandbox_spawn");
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return err_errno(err, errno, "sandbox: end with the parent");
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null_fd < 0)
		return err_errno(err, errno, "sandbox: open /dev/null");
	rc = layer_namespaces(src_fd, err);
	if (rc == OK)
		rc = layer_limits(limits, err);
	if (rc == OK)
		rc = layer_no_rights(err);
	if (rc == OK)
		rc = layer_landlock(src_fd, err);
	if (rc == OK)
		rc = silence(null_fd, err);
	if (rc == OK)
		rc = layer_seccomp(profile, err);
	return rc;
}
