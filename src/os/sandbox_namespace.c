/* sandbox_namespace: own namespaces, an empty root, no rights over what is left. */
#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "os/sandbox_layer.h"

/*
 * Where the empty root is mounted before it becomes the root: a folder that exists, since we came by
 * /proc/self/exe. Only this process' mount namespace sees it.
 */
#define PIVOT "/proc"

static enum err_kind failed(struct err *err, const char *layer)
{
	return err_errno(err, errno, "sandbox: %s", layer);
}

/* pivot_root(".", ".") puts the old root on top of the new one, where it is unmounted: no folder needed. */
static enum err_kind empty_root(struct err *err)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return failed(err, "private mounts");
	if (mount("none", PIVOT, "tmpfs", flags, "mode=0555,size=4096,nr_inodes=2") != 0)
		return failed(err, "empty root: mount");
	if (chdir(PIVOT) != 0)
		return failed(err, "empty root: enter");
	if (syscall(SYS_pivot_root, ".", ".") != 0)
		return failed(err, "empty root: pivot_root");
	if (umount2(".", MNT_DETACH) != 0)
		return failed(err, "empty root: let go of the old one");
	if (chdir("/") != 0)
		return failed(err, "empty root: enter");
	if (mount("none", "/", NULL, flags | MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) != 0)
		return failed(err, "empty root: read-only");
	return OK;
}

/*
 * The folder becomes the root by its descriptor. A bind mount would need its path, and the folders above it
 * may be closed to this user. Leaving it again takes a descriptor of a folder outside, of which there is none,
 * or a capability, which layer_no_rights takes away; writing is left to Landlock and seccomp to refuse.
 */
static enum err_kind root_at(int src_fd, struct err *err)
{
	struct stat st;

	if (fstat(src_fd, &st) != 0)
		return failed(err, "the folder to read");
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ERR_IO, "sandbox: the folder to read is none");
	if (fchdir(src_fd) != 0 || chroot(".") != 0 || chdir("/") != 0)
		return failed(err, "the folder to read as root");
	return OK;
}

enum err_kind layer_namespaces(int src_fd, struct err *err)
{
	const int own = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
	enum err_kind rc;

	if (unshare(own) != 0)
		return failed(err, "own mount, network, IPC, UTS and cgroup namespaces");
	if (sethostname("vitrine", 7) != 0)
		return failed(err, "own UTS namespace");
	rc = empty_root(err);
	if (rc == OK && src_fd >= 0)
		rc = root_at(src_fd, err);
	return rc;
}

enum err_kind layer_no_rights(struct err *err)
{
	const unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
		SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
		SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return failed(err, "no_new_privs");
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap) != 0)
			return failed(err, "drop the capability bounding set");
	if (prctl(PR_SET_SECUREBITS, bits) != 0)
		return failed(err, "lock the secure bits");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
		return failed(err, "drop ambient capabilities");
	if (syscall(SYS_capset, &head, none) != 0)
		return failed(err, "drop capabilities");
	if (syscall(SYS_capget, &head, none) != 0)
		return failed(err, "read capabilities back");
	if ((none[0].permitted | none[1].permitted | none[0].effective | none[1].effective) != 0)
		return err_set(err, ERR_IO, "sandbox: capabilities are left");
	if (prctl(PR_SET_DUMPABLE, 0) != 0)
		return failed(err, "not dumpable");
	return OK;
}
