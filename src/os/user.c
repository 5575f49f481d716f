/* user: root becomes an ordinary user and keeps the lab. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "os/sandbox.h"

/* A folder of every Debian system, above which nothing is closed to anybody. */
#define PLACE "/mnt"
#define LAB_PLACE PLACE "/lab"

struct identity {
	uid_t uid;
	gid_t gid;
};

static enum err_kind find_identity(
	const char *lab_path, const char *user, struct identity *who, struct err *err)
{
	struct stat st;

	if (stat(lab_path, &st) != 0)
		return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "lab %.160s: %s",
			lab_path, strerrordesc_np(errno));
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ERR_NOT_FOUND, "lab %.160s: not a folder", lab_path);
	*who = (struct identity){ st.st_uid, st.st_gid };
	if (user != NULL && user[0] != '\0') {
		const struct passwd *entry = getpwnam(user);

		if (entry == NULL)
			return err_set(err, ERR_NOT_FOUND, "no user %.64s on this machine", user);
		*who = (struct identity){ entry->pw_uid, entry->pw_gid };
	}
	if (who->uid == 0 || who->gid == 0)
		return err_set(err, ERR_DENIED,
			"%.120s belongs to root, and there is no ordinary user to become: give it to one "
			"(chown -R USER, or vitrine init --user)",
			lab_path);
	return OK;
}

/* The lab where the ordinary user can reach it, in mounts that only this process and its children see. */
static enum err_kind place_lab(const char *lab_path, struct err *err)
{
	if (unshare(CLONE_NEWNS) != 0)
		return err_errno(err, errno, "own mount namespace");
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return err_errno(err, errno, "private mounts");
	int lab = open(lab_path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (lab < 0)
		return err_errno(err, errno, "lab %s", lab_path);
	char from[32];
	enum err_kind rc = OK;

	snprintf(from, sizeof(from), "/proc/self/fd/%d", lab);
	if (mount("none", PLACE, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		    "mode=0755,size=4096,nr_inodes=4") != 0)
		rc = err_errno(err, errno, "private mount at " PLACE);
	else if (mkdir(LAB_PLACE, 0755) != 0)
		rc = err_errno(err, errno, "make " LAB_PLACE);
	else if (mount(from, LAB_PLACE, NULL, MS_BIND, NULL) != 0)
		rc = err_errno(err, errno, "show the lab at " LAB_PLACE);
	else if (mount("none", LAB_PLACE, NULL,
			 MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
		rc = err_errno(err, errno, "options of " LAB_PLACE);
	else if (chdir(LAB_PLACE) != 0)
		rc = err_errno(err, errno, "enter " LAB_PLACE);
	close(lab);
	return rc;
}

enum err_kind process_close(struct err *err)
{
	struct rlimit no_core = { 0, 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_errno(err, errno, "no_new_privs");
	if (prctl(PR_SET_DUMPABLE, 0) != 0)
		return err_errno(err, errno, "not dumpable");
	if (setrlimit(RLIMIT_CORE, &no_core) != 0)
		return err_errno(err, errno, "no core file");
	return OK;
}

static enum err_kind drop_root(const struct identity *who, struct err *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };

	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap) != 0)
			return err_errno(err, errno, "drop the capability bounding set");
	if (setgroups(0, NULL) != 0)
		return err_errno(err, errno, "drop groups");
	if (setresgid(who->gid, who->gid, who->gid) != 0)
		return err_errno(err, errno, "become group %u", who->gid);
	if (setresuid(who->uid, who->uid, who->uid) != 0)
		return err_errno(err, errno, "become user %u", who->uid);
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
		return err_errno(err, errno, "drop ambient capabilities");
	if (syscall(SYS_capset, &head, none) != 0)
		return err_errno(err, errno, "drop capabilities");
	return process_close(err);
}

/* What was given up must not come back: ask for it and be refused. */
static enum err_kind verify_dropped(const struct identity *who, struct err *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2] = { { 0 } };
	uid_t uid[3];
	gid_t gid[3];

	if (getresuid(&uid[0], &uid[1], &uid[2]) != 0 || getresgid(&gid[0], &gid[1], &gid[2]) != 0)
		return err_errno(err, errno, "read user and group back");
	for (int i = 0; i < 3; i++)
		if (uid[i] != who->uid || gid[i] != who->gid)
			return err_set(err, ERR_IO, "user or group were not given up");
	if (setresuid((uid_t)-1, 0, (uid_t)-1) == 0 || setresgid((gid_t)-1, 0, (gid_t)-1) == 0)
		return err_set(err, ERR_IO, "root's rights can be had back");
	if (getgroups(0, NULL) != 0)
		return err_set(err, ERR_IO, "groups are left");
	if (syscall(SYS_capget, &head, caps) != 0)
		return err_errno(err, errno, "read capabilities back");
	if ((caps[0].permitted | caps[1].permitted | caps[0].effective | caps[1].effective |
		    caps[0].inheritable | caps[1].inheritable) != 0)
		return err_set(err, ERR_IO, "capabilities are left");
	return OK;
}

enum err_kind user_enter_lab(const char *lab_path, const char *user, struct err *err)
{
	struct identity who = { 0 };
	enum err_kind rc;

	if (geteuid() != 0) {
		if (chdir(lab_path) == 0)
			return OK;
		return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "lab %.160s: %s",
			lab_path, strerrordesc_np(errno));
	}
	rc = find_identity(lab_path, user, &who, err);
	if (rc == OK)
		rc = place_lab(lab_path, err);
	if (rc == OK)
		rc = drop_root(&who, err);
	if (rc == OK)
		rc = verify_dropped(&who, err);
	if (rc == OK && faccessat(AT_FDCWD, ".", R_OK | W_OK | X_OK, AT_EACCESS) != 0)
		rc = err_set(err, ERR_DENIED,
			"lab %.120s: user %u may not write it: give it to that user "
			"(vitrine init --user)",
			lab_path, who.uid);
	if (rc != OK)
		err_context(err, "give up root's rights");
	return rc;
}
