#include "store/pack_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limit.h"
#include "os/fs.h"
#include "os/log.h"
#include "store/pack.h"

/* A blob of LIMIT_FILE_BYTES fills a pack of its own: header and pad come on top. */
#define MAP_BYTES (LIMIT_PACK_BYTES + (1U << 20))
static_assert(PACK_HEADER_BYTES + LIMIT_FILE_BYTES + PACK_PAD_BYTES <= MAP_BYTES,
	"the largest blob fits a pack's mapping");

void pack_name(uint32_t number, char name[PACK_NAME_BYTES])
{
	snprintf(name, PACK_NAME_BYTES, "%04u.pack", number);
}

bool pack_number(const char *name, uint32_t *number)
{
	char same[PACK_NAME_BYTES];
	const char *dot = strchr(name, '.');
	uint32_t n = 0;

	if (dot == NULL || dot - name < 4 || dot - name > 6)
		return false;
	for (const char *p = name; p < dot; p++) {
		if (*p < '0' || *p > '9')
			return false;
		n = n * 10 + (uint32_t)(*p - '0');
	}
	pack_name(n, same);
	if (strcmp(same, name) != 0)
		return false;
	*number = n;
	return true;
}

static void format_header(uint32_t number, uint8_t header[PACK_HEADER_BYTES])
{
	static const uint8_t magic[8] = { 'v', 't', 'r', 'p', 'a', 'c', 'k', '1' };

	memcpy(header, magic, sizeof(magic));
	for (int i = 0; i < 4; i++)
		header[8 + i] = (uint8_t)(number >> (24 - 8 * i));
	memset(header + 12, 0, 4);
}

static bool header_is_ours(const struct pack_file *f)
{
	uint8_t want[PACK_HEADER_BYTES], have[PACK_HEADER_BYTES];

	format_header(f->number, want);
	return pread(f->fd, have, sizeof(have), 0) == (ssize_t)sizeof(have) &&
		memcmp(want, have, sizeof(want)) == 0;
}

enum err_kind pack_file_open(int dir_fd, uint32_t number, uint64_t used, bool writable,
	struct pack_file *f, struct err *err)
{
	char name[PACK_NAME_BYTES];

	assert(used >= PACK_HEADER_BYTES);
	pack_name(number, name);
	*f = (struct pack_file){ .number = number, .used = used };
	f->fd = openat(dir_fd, name, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW);
	if (f->fd < 0 && errno != ENOENT)
		return err_errno(err, errno, "open store/%s", name);
	f->damaged = f->fd < 0 || !header_is_ours(f) || !pack_file_holds(f, 0, used);
	return OK;
}

enum err_kind pack_file_create(int dir_fd, uint32_t number, struct pack_file *f, struct err *err)
{
	char name[PACK_NAME_BYTES];
	uint8_t header[PACK_HEADER_BYTES];

	pack_name(number, name);
	format_header(number, header);
	*f = (struct pack_file){ .number = number, .used = PACK_HEADER_BYTES };
	f->fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (f->fd < 0)
		return err_errno(err, errno, "create store/%s", name);
	enum err_kind rc = fs_pwrite_all(f->fd, header, sizeof(header), 0, err);

	if (rc == OK)
		return OK;
	pack_file_close(f);
	unlinkat(dir_fd, name, 0);
	err_context(err, "store/%s", name);
	return rc;
}

void pack_file_close(struct pack_file *f)
{
	if (f->map != NULL)
		munmap((void *)(uintptr_t)f->map, MAP_BYTES);
	if (f->fd >= 0)
		close(f->fd);
	f->map = NULL;
	f->fd = -1;
}

enum err_kind pack_file_append(struct pack_file *f, struct str bytes, struct err *err)
{
	assert(!f->damaged);
	enum err_kind rc = fs_pwrite_all(f->fd, bytes.ptr, bytes.len, f->used, err);

	if (rc == OK)
		rc = fs_reads_back(f->fd, bytes.ptr, bytes.len, f->used, err);
	if (rc != OK) {
		err_context(err, "store/%04u.pack", f->number);
		return rc;
	}
	f->used += bytes.len;
	return OK;
}

enum err_kind pack_file_cut(struct pack_file *f, uint64_t used, struct err *err)
{
	struct stat st;

	assert(!f->damaged);
	if (fstat(f->fd, &st) != 0)
		return err_errno(err, errno, "store/%04u.pack", f->number);
	f->used = used;
	if ((uint64_t)st.st_size == used + PACK_PAD_BYTES)
		return OK;
	/* Shortened first and made longer again, so that the pad is zero. */
	if (ftruncate(f->fd, (off_t)used) != 0 ||
		ftruncate(f->fd, (off_t)(used + PACK_PAD_BYTES)) != 0)
		return err_errno(err, errno, "cut store/%04u.pack", f->number);
	return OK;
}

_Noreturn void pack_disk_failed(const struct err *err)
{
	log_line(LOG_ERROR, "store: %s: the disk failed, stopping", err->msg);
	abort();
}

enum err_kind pack_file_sync(struct pack_file *f, struct err *err)
{
	static const char pad[PACK_PAD_BYTES];
	enum err_kind rc = fs_pwrite_all(f->fd, pad, sizeof(pad), f->used, err);

	if (rc != OK) {
		err_context(err, "store/%04u.pack", f->number);
		return rc;
	}
	if (fs_sync(f->fd, err) != OK)
		pack_disk_failed(err);
	return OK;
}

enum err_kind pack_file_map(struct pack_file *f, struct err *err)
{
	if (f->map != NULL)
		return OK;
	if (f->fd < 0)
		return err_set(err, ERR_CORRUPT, "store/%04u.pack is missing", f->number);
	void *map = mmap(NULL, MAP_BYTES, PROT_READ, MAP_SHARED, f->fd, 0);

	if (map == MAP_FAILED)
		return err_errno(err, errno, "map store/%04u.pack", f->number);
	f->map = map;
	return OK;
}

bool pack_file_holds(const struct pack_file *f, uint64_t offset, uint64_t len)
{
	struct stat st;
	uint64_t end;

	return f->fd >= 0 && fstat(f->fd, &st) == 0 && st.st_size >= 0 &&
		!__builtin_add_overflow(offset, len, &end) && end <= (uint64_t)st.st_size &&
		end <= MAP_BYTES;
}
