#include "link/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 64, CONNECT_TIMEOUT_S = 10 };

/*
 * Fills the address. *folder gets a descriptor to close after use when the path goes through it, else -1.
 */
static enum err_kind make_address(
	const char *path, struct sockaddr_un *address, int *folder, struct err *err)
{
	char above[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = strlen(path);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	*folder = -1;
	if (len < sizeof(address->sun_path)) {
		memcpy(address->sun_path, path, len + 1);
		return OK;
	}
	if (slash == NULL || slash == path || len >= sizeof(above))
		return err_set(err, ERR_INPUT, "socket %.200s: name too long", path);
	memcpy(above, path, (size_t)(slash - path));
	above[slash - path] = '\0';
	*folder = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*folder < 0)
		return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "socket %.160s: %s",
			path, strerrordesc_np(errno));
	int n = snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s",
		*folder, slash + 1);

	if (n > 0 && (size_t)n < sizeof(address->sun_path))
		return OK;
	close(*folder);
	*folder = -1;
	return err_set(err, ERR_INPUT, "socket %.200s: name too long", path);
}

static int make_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

enum err_kind endpoint_listen(const char *path, mode_t mode, int *fd, struct err *err)
{
	struct sockaddr_un address;
	int folder;
	enum err_kind rc = make_address(path, &address, &folder, err);

	if (rc != OK)
		return rc;
	int got = make_socket();

	if (got < 0)
		rc = err_errno(err, errno, "socket");
	else if (unlink(address.sun_path) != 0 && errno != ENOENT)
		rc = err_errno(err, errno, "remove the old socket %s", path);
	else if (fchmod(got, mode) != 0) /* before bind: it never has wider rights than these */
		rc = err_errno(err, errno, "mode of socket %s", path);
	else if (bind(got, (const struct sockaddr *)&address, sizeof(address)) != 0)
		rc = err_errno(err, errno, "bind %s", path);
	else if (chmod(address.sun_path, mode) != 0) /* whatever the umask took away */
		rc = err_errno(err, errno, "mode of socket %s", path);
	else if (listen(got, BACKLOG) != 0)
		rc = err_errno(err, errno, "listen on %s", path);
	if (folder >= 0)
		close(folder);
	if (rc != OK && got >= 0)
		close(got);
	if (rc == OK)
		*fd = got;
	return rc;
}

enum err_kind endpoint_connect(const char *path, int *fd, struct err *err)
{
	struct sockaddr_un address;
	int folder;
	enum err_kind rc = make_address(path, &address, &folder, err);

	if (rc != OK)
		return rc;
	/* A full queue in front of a lab that does not accept must not hold the caller for ever. */
	struct timeval patience = { .tv_sec = CONNECT_TIMEOUT_S };
	int got = make_socket();

	if (got < 0)
		rc = err_errno(err, errno, "socket");
	else if (setsockopt(got, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0)
		rc = err_errno(err, errno, "socket");
	else if (connect(got, (const struct sockaddr *)&address, sizeof(address)) != 0)
		rc = errno == ENOENT || errno == ECONNREFUSED
			? err_set(err, ERR_NOT_FOUND,
				  "nobody listens on %.160s: is the lab running?", path)
			: err_errno(err, errno, "connect to %s", path);
	if (folder >= 0)
		close(folder);
	if (rc != OK && got >= 0)
		close(got);
	if (rc == OK)
		*fd = got;
	return rc;
}
