#include "os/fs.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_FIRST_BYTES = 4096, READ_BACK_BYTES = 16384 };

enum err_kind fs_open_dir(int at, const char *path, int *fd, struct err *err)
{
	int got = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (got < 0 && errno == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "%.200s: no such folder", path);
	if (got < 0)
		return err_errno(err, errno, "open folder %s", path);
	*fd = got;
	return OK;
}

enum err_kind fs_make_dirs(int at, const char *path, mode_t mode, struct err *err)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part))
		return err_set(
			err, ERR_INPUT, "a folder's path has 1 to %zu bytes", sizeof(part) - 1);
	memcpy(part, path, len + 1);
	for (size_t i = 1; i <= len; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		if (mkdirat(at, part, mode) != 0 && errno != EEXIST)
			return err_errno(err, errno, "make folder %s", part);
		part[i] = i < len ? '/' : '\0';
	}
	int fd = -1;
	enum err_kind rc = fs_open_dir(at, path, &fd, err);

	if (rc == OK)
		close(fd);
	return rc;
}

/* Reads to the end; *bytes is set on OK only. */
static enum err_kind read_open_file(int fd, const char *path, size_t bytes_max, struct arena *mem,
	struct str *bytes, struct err *err)
{
	struct stat st;
	size_t len = 0;

	if (fstat(fd, &st) != 0)
		return err_errno(err, errno, "stat %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, "%.200s: not a regular file", path);
	if (st.st_size > 0 && (uint64_t)st.st_size > bytes_max)
		return err_set(err, ERR_LIMIT, "%.200s: more than %zu bytes", path, bytes_max);

	size_t cap = st.st_size >= READ_FIRST_BYTES ? (size_t)st.st_size + 1 : READ_FIRST_BYTES;

	if (cap > bytes_max + 1)
		cap = bytes_max + 1;
	char *buf = arena_array(mem, char, cap);

	while (buf != NULL) {
		ssize_t n = read(fd, buf + len, cap - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "read %s", path);
		if (n == 0) {
			*bytes = str_of(buf, len);
			return OK;
		}
		len += (size_t)n;
		if (len > bytes_max)
			return err_set(
				err, ERR_LIMIT, "%.200s: more than %zu bytes", path, bytes_max);
		if (len == cap) { /* a file of /proc, or one that grows */
			size_t more = cap > bytes_max / 2 ? bytes_max + 1 : 2 * cap;
			char *grown = arena_array(mem, char, more);

			if (grown != NULL)
				memcpy(grown, buf, len);
			buf = grown;
			cap = more;
		}
	}
	return err_set(err, ERR_LIMIT, "read %.200s: memory used up", path);
}

enum err_kind fs_read(int at, const char *path, size_t bytes_max, struct arena *mem,
	struct str *bytes, struct err *err)
{
	assert(bytes_max < SIZE_MAX / 2);
	/* O_NONBLOCK: opening a FIFO that somebody put there must not hang. */
	int fd = openat(at, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "%.200s: no such file", path);
	if (fd < 0)
		return err_errno(err, errno, "open %s", path);
	enum err_kind rc = read_open_file(fd, path, bytes_max, mem, bytes, err);

	close(fd);
	return rc;
}

enum err_kind fs_read_fd(
	int fd, size_t bytes_max, struct arena *mem, struct str *bytes, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, "an ordinary file is wanted");
	if ((uint64_t)st.st_size > bytes_max)
		return err_set(err, ERR_LIMIT, "the file is larger than %zu bytes", bytes_max);
	size_t size = (size_t)st.st_size, len = 0;
	char *buf = arena_array(mem, char, size + 1);

	if (buf == NULL)
		return err_set(err, ERR_LIMIT, "memory used up");
	while (len < size) {
		ssize_t n = pread(fd, buf + len, size - len, (off_t)len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "read a file");
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*bytes = str_of(buf, len);
	return OK;
}

enum err_kind fs_replace(int at, const char *path, struct str bytes, mode_t mode, struct err *err)
{
	char beside[PATH_MAX];
	int n = snprintf(beside, sizeof(beside), "%s.new", path);
	enum err_kind rc;

	if (n < 0 || (size_t)n >= sizeof(beside))
		return err_set(err, ERR_INPUT, "%.200s: path too long", path);
	if (unlinkat(at, beside, 0) != 0 && errno != ENOENT)
		return err_errno(err, errno, "remove %s", beside);
	int fd = openat(at, beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return err_errno(err, errno, "create %s", beside);
	rc = fs_write_all(fd, bytes.ptr, bytes.len, err);
	if (rc == OK)
		rc = fs_reads_back(fd, bytes.ptr, bytes.len, 0, err);
	if (rc == OK && fchmod(fd, mode) != 0) /* whatever the umask */
		rc = err_errno(err, errno, "mode of %s", beside);
	if (rc == OK && fsync(fd) != 0)
		rc = err_errno(err, errno, "fsync %s", beside);
	if (close(fd) != 0 && rc == OK)
		rc = err_errno(err, errno, "close %s", beside);
	if (rc == OK && renameat(at, beside, at, path) != 0)
		rc = err_errno(err, errno, "rename %s", beside);
	if (rc == OK)
		rc = fs_sync_dir(at, path, err);
	else
		unlinkat(at, beside, 0);
	return rc;
}

enum err_kind fs_write_all(int fd, const void *bytes, size_t len, struct err *err)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "write");
		if (n == 0)
			return err_set(err, ERR_IO, "write: nothing was taken");
		at += n;
		len -= (size_t)n;
	}
	return OK;
}

enum err_kind fs_pwrite_all(int fd, const void *bytes, size_t len, uint64_t at, struct err *err)
{
	const char *from = bytes;

	if (at > INT64_MAX - (uint64_t)len)
		return err_set(err, ERR_INPUT, "write: offset too large");
	while (len > 0) {
		ssize_t n = pwrite(fd, from, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "write at %llu", (unsigned long long)at);
		if (n == 0)
			return err_set(err, ERR_IO, "write: nothing was taken");
		from += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return OK;
}

enum err_kind fs_reads_back(int fd, const void *bytes, size_t len, uint64_t at, struct err *err)
{
	char part[READ_BACK_BYTES];
	const char *want = bytes;

	assert(at <= INT64_MAX - (uint64_t)len);
	while (len > 0) {
		size_t wanted = len < sizeof(part) ? len : sizeof(part);
		ssize_t n = pread(fd, part, wanted, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "read back at %llu", (unsigned long long)at);
		if (n == 0 || memcmp(part, want, (size_t)n) != 0)
			return err_set(err, ERR_CORRUPT,
				"what was written at %llu reads back otherwise",
				(unsigned long long)at);
		want += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return OK;
}

enum err_kind fs_sync(int fd, struct err *err)
{
	if (fdatasync(fd) != 0)
		return err_errno(err, errno, "fdatasync");
	return OK;
}

enum err_kind fs_sync_dir(int at, const char *path, struct err *err)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);
	enum err_kind rc = OK;
	int fd = -1;

	if (len >= sizeof(folder) - 1)
		return err_set(err, ERR_INPUT, "%.200s: path too long", path);
	if (slash == NULL) {
		memcpy(folder, ".", 2);
	} else {
		len = len == 0 ? 1 : len; /* "/name" lies in "/" */
		memcpy(folder, path, len);
		folder[len] = '\0';
	}
	rc = fs_open_dir(at, folder, &fd, err);
	if (rc != OK)
		return rc;
	if (fsync(fd) != 0)
		rc = err_errno(err, errno, "fsync folder %s", folder);
	close(fd);
	return rc;
}

enum err_kind fs_remove(int at, const char *path, struct err *err)
{
	if (unlinkat(at, path, 0) == 0 || errno == ENOENT)
		return OK;
	if (errno == EISDIR && (unlinkat(at, path, AT_REMOVEDIR) == 0 || errno == ENOENT))
		return OK;
	return err_errno(err, errno, "remove %s", path);
}

enum err_kind fs_lock(int at, const char *path, int *fd, struct err *err)
{
	int got = openat(at, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (got < 0)
		return err_errno(err, errno, "open %s", path);
	if (flock(got, LOCK_EX | LOCK_NB) != 0) {
		int why = errno;

		close(got);
		if (why == EWOULDBLOCK)
			return err_set(err, ERR_CONFLICT, "%.200s: another process holds it", path);
		return err_errno(err, why, "lock %s", path);
	}
	*fd = got;
	return OK;
}

enum err_kind fs_memfd(const char *name, struct str bytes, int *fd, struct err *err)
{
	enum err_kind rc;
	int got = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (got < 0)
		return err_errno(err, errno, "memfd %s", name);
	rc = fs_write_all(got, bytes.ptr, bytes.len, err);
	if (rc == OK && lseek(got, 0, SEEK_SET) != 0)
		rc = err_errno(err, errno, "memfd %s", name);
	if (rc == OK &&
		fcntl(got, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) !=
			0)
		rc = err_errno(err, errno, "seal memfd %s", name);
	if (rc != OK) {
		close(got);
		return rc;
	}
	*fd = got;
	return OK;
}

enum err_kind fs_shared(const char *name, size_t len, int *fd, void **map, struct err *err)
{
	enum err_kind rc = OK;
	void *at;

	assert(len > 0 && len <= INT64_MAX);
	int got = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (got < 0)
		return err_errno(err, errno, "memfd %s", name);
	if (ftruncate(got, (off_t)len) != 0) {
		rc = err_errno(err, errno, "size of memfd %s", name);
		goto out;
	}
	if (fcntl(got, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
		rc = err_errno(err, errno, "seal memfd %s", name);
		goto out;
	}
	at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, got, 0);
	if (at == MAP_FAILED) {
		rc = err_errno(err, errno, "map memfd %s", name);
		goto out;
	}
	*fd = got;
	*map = at;
	return OK;
out:
	close(got);
	return rc;
}
