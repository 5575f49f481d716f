/*
 * sandbox_landlock: refuse every access to files but reading beneath one folder.
 * Source: the kernel's Documentation/userspace-api/landlock.rst, ABI 1 to 6. Rights are named here because
 * Debian 12's headers know ABI 3; what an older kernel does not know is left out, the other layers hold.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/sandbox_layer.h"

enum {
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_ALL_ABI1 = (1 << 13) - 1,
	FS_REFER = 1 << 13, /* ABI 2 */
	FS_TRUNCATE = 1 << 14, /* ABI 3 */
	FS_IOCTL_DEV = 1 << 15, /* ABI 5 */
	NET_BIND_TCP = 1 << 0, /* ABI 4 */
	NET_CONNECT_TCP = 1 << 1,
	SCOPE_ABSTRACT_UNIX_SOCKET = 1 << 0, /* ABI 6 */
	SCOPE_SIGNAL = 1 << 1,
	CREATE_VERSION = 1,
	RULE_PATH_BENEATH = 1,
	RULE_NET_PORT = 2, /* ABI 4 */
};

struct ruleset_attr {
	uint64_t handled_access_fs, handled_access_net, scoped;
};

struct path_beneath {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));

struct net_port {
	uint64_t allowed_access, port;
};

/* The kernel takes the size it knows and, of a larger one, insists that the rest is zero. */
static struct ruleset_attr all_rights(int abi)
{
	struct ruleset_attr a = { .handled_access_fs = FS_ALL_ABI1 };

	if (abi >= 2)
		a.handled_access_fs |= FS_REFER;
	if (abi >= 3)
		a.handled_access_fs |= FS_TRUNCATE;
	if (abi >= 4)
		a.handled_access_net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (abi >= 5)
		a.handled_access_fs |= FS_IOCTL_DEV;
	if (abi >= 6)
		a.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
	return a;
}

int sandbox_landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);

	return abi > 0 ? (int)abi : 0;
}

/*
 * All that `attr` handles is refused, but for `allowed` beneath an open folder (-1: none) and, where the network is
 * handled, connecting to a TCP port (0: none).
 */
static enum err_kind restrict_to(
	const struct ruleset_attr *attr, int fd, uint64_t allowed, unsigned port, struct err *err)
{
	enum err_kind rc = OK;

	if (sandbox_landlock_abi() == 0)
		return err_set(err, ERR_IO,
			"sandbox: Landlock is missing (a kernel of 5.13 or later with lsm=landlock)");
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, attr, sizeof(*attr), 0);

	if (ruleset < 0)
		return err_errno(err, errno, "sandbox: Landlock rules");
	if (fd >= 0) {
		struct path_beneath beneath = { .allowed_access = allowed, .parent_fd = fd };

		if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &beneath, 0) != 0)
			rc = err_errno(err, errno, "sandbox: Landlock rule");
	}
	if (rc == OK && port > 0 && attr->handled_access_net != 0) {
		struct net_port centre = { .allowed_access = NET_CONNECT_TCP, .port = port };

		if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &centre, 0) != 0)
			rc = err_errno(err, errno, "sandbox: Landlock rule of the network");
	}
	if (rc == OK && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		rc = err_errno(err, errno, "sandbox: Landlock");
	close(ruleset);
	return rc;
}

enum err_kind layer_landlock(int src_fd, struct err *err)
{
	struct ruleset_attr attr = all_rights(sandbox_landlock_abi());

	return restrict_to(&attr, src_fd, FS_READ_FILE | FS_READ_DIR, 0, err);
}

enum err_kind layer_landlock_folder(int dir_fd, struct err *err)
{
	struct ruleset_attr attr = all_rights(sandbox_landlock_abi());

	attr.handled_access_net = attr.scoped = 0;
	return restrict_to(&attr, dir_fd, attr.handled_access_fs, 0, err);
}

enum err_kind layer_landlock_connect(unsigned port, struct err *err)
{
	struct ruleset_attr attr = all_rights(sandbox_landlock_abi());

	return restrict_to(&attr, -1, 0, port, err);
}
