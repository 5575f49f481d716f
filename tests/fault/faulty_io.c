/*
 * faulty_io: a library to preload. Beneath FAULTY_ROOT it writes down every operation that changes a file, in the
 * one order in which they took place, and makes one of them fail or lie as a plan says.
 *
 *   FAULTY_ROOT   absolute path of a lab; nothing outside is written down or counted
 *   FAULTY_TRACE  file for the trace; without it nothing is written down
 *   FAULTY_PLAN   a fault from the start on; faulty_plan() sets one later
 *
 * Plans: KIND:N[:M], N counts from 1.
 *   enospc:N    the N-th write and all later ones find no room
 *   eio:N       the N-th write fails
 *   sync:N      the N-th fsync or fdatasync fails once and drops what it should have kept, as Linux does
 *   short:N     of every N-th write only a part is taken
 *   emfile:N:M  the N-th opening of a file and the M - 1 after it find no descriptor
 *   flip:N:M    bit M of the N-th write (modulo its length) arrives turned over
 *   bind:N:M    bit M of the N-th blob of the ledger's rows is turned over before SQLite has it: after hashing,
 *               before writing
 *
 * A record of the trace: op[1] inode[8] offset[8] path_len[4] data_len[4] path data; little-endian. Ops: C a file
 * came to be, T its size was set to offset, W data, S synced, F a sync failed, D a folder synced, R renamed (to
 * data), U removed, M folder made, X folder removed, K a mark ("flipped": the write before it, of the file in data).
 */
#include "faulty_io.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum kind { NONE, ENOSPC_FROM, EIO_WRITE, EIO_SYNC, SHORT, EMFILE_OPEN, FLIP, BIND };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int trace_fd = -1;
static pid_t owner; /* a child between clone and execve is none of ours */
static char root[PATH_MAX];
static size_t root_len;
static struct {
	enum kind kind;
	unsigned long at, more, seen;
} plan;

int faulty_plan(const char *text)
{
	static const struct {
		const char *word;
		enum kind kind;
	} kinds[] = { { "enospc", ENOSPC_FROM }, { "eio", EIO_WRITE }, { "sync", EIO_SYNC },
		{ "short", SHORT }, { "emfile", EMFILE_OPEN }, { "flip", FLIP }, { "bind", BIND },
		{ "none", NONE } };
	char word[16];
	unsigned long at = 0, more = 0;

	if (sscanf(text, "%15[a-z]:%lu:%lu", word, &at, &more) < 1)
		return 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(word, kinds[i].word) == 0) {
			pthread_mutex_lock(&lock);
			plan.kind = kinds[i].kind;
			plan.at = at;
			plan.more = more;
			plan.seen = 0;
			pthread_mutex_unlock(&lock);
			return plan.kind == NONE || at > 0;
		}
	return 0;
}

__attribute__((constructor)) static void begin(void)
{
	const char *root_text = getenv("FAULTY_ROOT"), *trace = getenv("FAULTY_TRACE"),
		   *plan_text = getenv("FAULTY_PLAN");

	owner = getpid();
	if (root_text == NULL || realpath(root_text, root) == NULL)
		abort();
	root_len = strlen(root);
	if (trace != NULL)
		trace_fd = (int)syscall(SYS_openat, AT_FDCWD, trace,
			O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if ((trace != NULL && trace_fd < 0) || (plan_text != NULL && !faulty_plan(plan_text)))
		abort();
}

static void put(char op, uint64_t inode, uint64_t offset, const char *path, const void *data,
	size_t data_len)
{
	uint32_t lens[2] = { (uint32_t)strlen(path), (uint32_t)data_len };
	size_t len = 25 + lens[0] + data_len;
	char *record = trace_fd < 0 ? NULL : malloc(len);

	if (trace_fd < 0)
		return;
	if (record == NULL)
		abort();
	record[0] = op;
	memcpy(record + 1, &inode, 8);
	memcpy(record + 9, &offset, 8);
	memcpy(record + 17, lens, 8);
	memcpy(record + 25, path, lens[0]);
	if (data_len > 0)
		memcpy(record + 25 + lens[0], data, data_len);
	if (syscall(SYS_write, trace_fd, record, len) != (long)len)
		abort();
	free(record);
}

void faulty_mark(const char *text)
{
	pthread_mutex_lock(&lock);
	put('K', 0, 0, text, NULL, 0);
	pthread_mutex_unlock(&lock);
}

/* Path below the root, or NULL. A file without a name any more counts by the one it had. */
static const char *below_root(const char *path)
{
	return strncmp(path, root, root_len) == 0 && path[root_len] == '/' ? path + root_len + 1
									   : NULL;
}

static const char *path_of_fd(int fd, char path[PATH_MAX])
{
	char link[64];

	if (getpid() != owner)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, PATH_MAX - 1);

	if (n < 0)
		return NULL;
	path[n] = '\0';
	return strcmp(path, root) == 0 ? "" : below_root(path);
}

static const char *path_at(int at, const char *name, char path[PATH_MAX])
{
	char folder[PATH_MAX / 2], link[64];

	if (getpid() != owner)
		return NULL;
	if (name[0] == '/') {
		snprintf(path, PATH_MAX, "%s", name);
		return below_root(path);
	}
	snprintf(link, sizeof(link), at == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", at);
	ssize_t n = readlink(link, folder, sizeof(folder) - 1);

	if (n < 0)
		return NULL;
	folder[n] = '\0';
	/* "./name" and "name" are one. */
	while (strncmp(name, "./", 2) == 0)
		name += 2;
	if (strcmp(name, ".") == 0)
		snprintf(path, PATH_MAX, "%s", folder);
	else
		snprintf(path, PATH_MAX, "%s/%.2000s", folder, name);
	return below_root(path);
}

static uint64_t inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

/* Is this the one that the plan means? Counts. Lock held. */
static bool is_due(enum kind kind)
{
	return plan.kind == kind && ++plan.seen == plan.at;
}

/* What a write is to do: 0 go on, else errno. *len and the copy change. Lock held. */
static int spoil_write(size_t *len, unsigned char *copy, bool *flips)
{
	if (plan.kind == ENOSPC_FROM && ++plan.seen >= plan.at)
		return ENOSPC;
	if (is_due(EIO_WRITE))
		return EIO;
	if (plan.kind == SHORT && ++plan.seen % plan.at == 0 && *len > 1)
		*len = 1 + plan.seen % (*len - 1);
	*flips = is_due(FLIP);
	if (*flips)
		copy[plan.more / 8 % *len] ^= (unsigned char)(1U << plan.more % 8);
	return 0;
}

static ssize_t write_at(int fd, const void *bytes, size_t len, off_t at, bool moves)
{
	char full[PATH_MAX];
	const char *path = path_of_fd(fd, full);
	unsigned char *copy;
	ssize_t n;

	if (path == NULL || len == 0)
		return moves ? syscall(SYS_write, fd, bytes, len)
			     : syscall(SYS_pwrite64, fd, bytes, len, at);
	copy = malloc(len);
	if (copy == NULL)
		abort();
	memcpy(copy, bytes, len);
	pthread_mutex_lock(&lock);
	bool flips = false;
	int why = spoil_write(&len, copy, &flips);

	if (moves)
		at = lseek(fd, 0, SEEK_CUR);
	n = why != 0    ? -1
		: moves ? syscall(SYS_write, fd, copy, len)
			: syscall(SYS_pwrite64, fd, copy, len, at);
	int error = why != 0 ? why : errno;

	if (n > 0)
		put('W', inode_of(fd), (uint64_t)at, path, copy, (size_t)n);
	if (n > 0 && flips)
		put('K', 0, 0, "flipped", path, strlen(path));
	pthread_mutex_unlock(&lock);
	free(copy);
	errno = error;
	return n;
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	return write_at(fd, bytes, len, 0, true);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	return write_at(fd, bytes, len, at, false);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
	return write_at(fd, bytes, len, at, false);
}

/* Nothing is lost of a machine that stays up: the disk itself is spared. */
static int sync_fd(int fd)
{
	char full[PATH_MAX];
	const char *path = path_of_fd(fd, full);
	struct stat st;

	if (path == NULL || fstat(fd, &st) != 0)
		return 0;
	pthread_mutex_lock(&lock);
	bool fails = is_due(EIO_SYNC);

	put(fails ? 'F' : S_ISDIR(st.st_mode) ? 'D' : 'S', st.st_ino, 0, path, NULL, 0);
	pthread_mutex_unlock(&lock);
	errno = EIO;
	return fails ? -1 : 0;
}

int fsync(int fd)
{
	return sync_fd(fd);
}

int fdatasync(int fd)
{
	return sync_fd(fd);
}

static int truncate_fd(int fd, off_t len)
{
	char full[PATH_MAX];
	const char *path = path_of_fd(fd, full);

	if (path == NULL)
		return (int)syscall(SYS_ftruncate, fd, len);
	pthread_mutex_lock(&lock);
	int rc = (int)syscall(SYS_ftruncate, fd, len);

	if (rc == 0)
		put('T', inode_of(fd), (uint64_t)len, path, NULL, 0);
	pthread_mutex_unlock(&lock);
	return rc;
}

int ftruncate(int fd, off_t len)
{
	return truncate_fd(fd, len);
}

int ftruncate64(int fd, off_t len)
{
	return truncate_fd(fd, len);
}

static int open_at(int at, const char *name, int flags, mode_t mode)
{
	char full[PATH_MAX];
	const char *path = path_at(at, name, full);
	struct stat st;

	if (path == NULL)
		return (int)syscall(SYS_openat, at, name, flags, mode);
	pthread_mutex_lock(&lock);
	if (plan.kind == EMFILE_OPEN && ++plan.seen >= plan.at && plan.seen < plan.at + plan.more) {
		pthread_mutex_unlock(&lock);
		errno = EMFILE;
		return -1;
	}
	bool is_new = (flags & O_CREAT) && fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) != 0;
	int fd = (int)syscall(SYS_openat, at, name, flags, mode);

	if (fd >= 0 && is_new)
		put('C', inode_of(fd), 0, path, NULL, 0);
	else if (fd >= 0 && (flags & O_TRUNC))
		put('T', inode_of(fd), 0, path, NULL, 0);
	int error = errno;

	pthread_mutex_unlock(&lock);
	errno = error;
	return fd;
}

static mode_t mode_of(int flags, va_list ap)
{
	return (flags & (O_CREAT | __O_TMPFILE)) ? va_arg(ap, mode_t) : 0;
}

#define OPEN(name)                                                                                 \
	int name(const char *path, int flags, ...)                                                 \
	{                                                                                          \
		va_list ap;                                                                        \
                                                                                                   \
		va_start(ap, flags);                                                               \
		mode_t mode = mode_of(flags, ap);                                                  \
                                                                                                   \
		va_end(ap);                                                                        \
		return open_at(AT_FDCWD, path, flags, mode);                                       \
	}
#define OPENAT(name)                                                                               \
	int name(int at, const char *path, int flags, ...)                                         \
	{                                                                                          \
		va_list ap;                                                                        \
                                                                                                   \
		va_start(ap, flags);                                                               \
		mode_t mode = mode_of(flags, ap);                                                  \
                                                                                                   \
		va_end(ap);                                                                        \
		return open_at(at, path, flags, mode);                                             \
	}
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

/* What the fortified headers make of calls without a mode. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int at, const char *path, int flags);
int __openat64_2(int at, const char *path, int flags);

int __open_2(const char *path, int flags)
{
	return open_at(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
	return open_at(AT_FDCWD, path, flags, 0);
}

int __openat_2(int at, const char *path, int flags)
{
	return open_at(at, path, flags, 0);
}

int __openat64_2(int at, const char *path, int flags)
{
	return open_at(at, path, flags, 0);
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
	char full[PATH_MAX], full_to[PATH_MAX];
	const char *path = path_at(from_at, from, full), *path_to = path_at(to_at, to, full_to);

	if (path == NULL || path_to == NULL)
		return (int)syscall(SYS_renameat2, from_at, from, to_at, to, 0);
	pthread_mutex_lock(&lock);
	int rc = (int)syscall(SYS_renameat2, from_at, from, to_at, to, 0);

	if (rc == 0)
		put('R', 0, 0, path, path_to, strlen(path_to));
	pthread_mutex_unlock(&lock);
	return rc;
}

int rename(const char *from, const char *to)
{
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

static int remove_at(int at, const char *name, int flags)
{
	char full[PATH_MAX];
	const char *path = path_at(at, name, full);

	if (path == NULL)
		return (int)syscall(SYS_unlinkat, at, name, flags);
	pthread_mutex_lock(&lock);
	int rc = (int)syscall(SYS_unlinkat, at, name, flags);
	int error = errno;

	if (rc == 0)
		put((flags & AT_REMOVEDIR) ? 'X' : 'U', 0, 0, path, NULL, 0);
	pthread_mutex_unlock(&lock);
	errno = error;
	return rc;
}

int unlinkat(int at, const char *name, int flags)
{
	return remove_at(at, name, flags);
}

int unlink(const char *name)
{
	return remove_at(AT_FDCWD, name, 0);
}

int rmdir(const char *name)
{
	return remove_at(AT_FDCWD, name, AT_REMOVEDIR);
}

int mkdirat(int at, const char *name, mode_t mode)
{
	char full[PATH_MAX];
	const char *path = path_at(at, name, full);

	if (path == NULL)
		return (int)syscall(SYS_mkdirat, at, name, mode);
	pthread_mutex_lock(&lock);
	int rc = (int)syscall(SYS_mkdirat, at, name, mode);
	int error = errno;

	if (rc == 0)
		put('M', 0, 0, path, NULL, 0);
	pthread_mutex_unlock(&lock);
	errno = error;
	return rc;
}

int mkdir(const char *name, mode_t mode)
{
	return mkdirat(AT_FDCWD, name, mode);
}

/* What the ledger hashes before it writes. */
static bool is_of_ledger(sqlite3_stmt *s)
{
	static const char *const heads[] = { "INSERT INTO entries", "INSERT INTO checkpoints" };
	const char *sql = sqlite3_sql(s);

	return strncmp(sql, heads[0], strlen(heads[0])) == 0 ||
		strncmp(sql, heads[1], strlen(heads[1])) == 0;
}

/* Takes a copy, so that the caller's bytes stay as they are. */
int sqlite3_bind_blob64(
	sqlite3_stmt *s, int place, const void *bytes, sqlite3_uint64 len, void (*end)(void *))
{
	static int (*next)(sqlite3_stmt *, int, const void *, sqlite3_uint64, void (*)(void *));

	pthread_mutex_lock(&lock);
	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "sqlite3_bind_blob64");
	bool flips = len > 0 && is_of_ledger(s) && is_due(BIND);
	unsigned char *copy = flips ? malloc(len) : NULL;

	pthread_mutex_unlock(&lock);
	if (copy == NULL)
		return next(s, place, bytes, len, end);
	memcpy(copy, bytes, len);
	copy[plan.more / 8 % len] ^= (unsigned char)(1U << plan.more % 8);
	int rc = next(s, place, copy, len, SQLITE_TRANSIENT);

	free(copy);
	return rc;
}
