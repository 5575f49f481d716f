#include "os/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

/* A fresh folder under /tmp; its descriptor is what the tests work in. */
struct place {
	char path[32];
	int fd;
};

static int setup(void **state)
{
	static struct place place;

	snprintf(place.path, sizeof(place.path), "/tmp/vitrine-fs-XXXXXX");
	if (mkdtemp(place.path) == NULL)
		return -1;
	place.fd = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = &place;
	return place.fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	struct place *place = *state;
	struct err err;

	close(place->fd);
	return fs_remove_tree(AT_FDCWD, place->path, &err) == OK ? 0 : -1;
}

static void assert_content(int at, const char *path, struct str want)
{
	struct arena mem;
	struct str got;
	struct err err;

	arena_init(&mem, 1 << 20);
	assert_int_equal(fs_read(at, path, 1 << 16, &mem, &got, &err), OK);
	assert_true(str_eq(got, want));
	arena_reset(&mem);
}

static void replaces_whole_files(void **state)
{
	struct place *place = *state;
	struct err err;
	struct stat st;

	assert_int_equal(fs_make_dirs(place->fd, "a/b", 0700, &err), OK);
	assert_int_equal(fs_replace(place->fd, "a/b/f", STR("one"), 0600, &err), OK);
	assert_content(place->fd, "a/b/f", STR("one"));
	assert_int_equal(fs_replace(place->fd, "a/b/f", STR(""), 0644, &err), OK);
	assert_content(place->fd, "a/b/f", STR(""));
	assert_int_equal(fstatat(place->fd, "a/b/f", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(fstatat(place->fd, "a/b/f.new", &st, 0), -1);
	/* What a crash left beside does not stand in the way. */
	assert_int_equal(symlinkat("f", place->fd, "a/b/f.new"), 0);
	assert_int_equal(fs_replace(place->fd, "a/b/f", STR("two"), 0600, &err), OK);
	assert_content(place->fd, "a/b/f", STR("two"));
	assert_int_equal(fs_replace(place->fd, "a/missing/f", STR("x"), 0600, &err), ERR_IO);
}

static void reads_within_bounds(void **state)
{
	struct place *place = *state;
	struct arena mem;
	struct str got;
	struct err err;

	arena_init(&mem, 1 << 20);
	assert_int_equal(fs_replace(place->fd, "ten", STR("0123456789"), 0600, &err), OK);
	assert_int_equal(fs_read(place->fd, "ten", 10, &mem, &got, &err), OK);
	assert_int_equal(fs_read(place->fd, "ten", 9, &mem, &got, &err), ERR_LIMIT);
	assert_int_equal(fs_read(place->fd, "none", 9, &mem, &got, &err), ERR_NOT_FOUND);
	assert_int_equal(fs_read(place->fd, ".", 9, &mem, &got, &err), ERR_INPUT);
	assert_int_equal(symlinkat("ten", place->fd, "link"), 0);
	assert_int_equal(fs_read(place->fd, "link", 10, &mem, &got, &err), ERR_IO);
	assert_int_equal(mkfifoat(place->fd, "fifo", 0600), 0);
	assert_int_equal(fs_read(place->fd, "fifo", 10, &mem, &got, &err), ERR_INPUT);
	/* A file without a size. */
	assert_int_equal(fs_read(AT_FDCWD, "/proc/self/maps", 1 << 19, &mem, &got, &err), OK);
	assert_true(got.len > 0);
	arena_reset(&mem);
}

static void removes_and_gives_away_trees(void **state)
{
	struct place *place = *state;
	struct err err;
	struct stat st;

	assert_int_equal(fs_make_dirs(place->fd, "t/u/v", 0700, &err), OK);
	assert_int_equal(fs_make_dirs(place->fd, "t/u/v", 0700, &err), OK);
	assert_int_equal(fs_replace(place->fd, "t/u/f", STR("x"), 0600, &err), OK);
	assert_int_equal(fs_replace(place->fd, "kept", STR("x"), 0600, &err), OK);
	assert_int_equal(symlinkat("../kept", place->fd, "t/link"), 0);
	assert_int_equal(symlinkat("..", place->fd, "t/up"), 0);
	assert_int_equal(fs_chown_tree(place->fd, "t", geteuid(), getegid(), &err), OK);
	assert_int_equal(fs_remove_tree(place->fd, "t", &err), OK);
	assert_int_equal(fstatat(place->fd, "t", &st, AT_SYMLINK_NOFOLLOW), -1);
	assert_content(place->fd, "kept", STR("x"));
	assert_int_equal(fs_remove_tree(place->fd, "t", &err), OK);
	assert_int_equal(fs_chown_tree(place->fd, "t", geteuid(), getegid(), &err), ERR_NOT_FOUND);
	assert_int_equal(fs_remove(place->fd, "kept", &err), OK);
	assert_int_equal(fs_remove(place->fd, "kept", &err), OK);
	assert_int_equal(fs_make_dirs(place->fd, "d", 0700, &err), OK);
	assert_int_equal(fs_remove(place->fd, "d", &err), OK);
}

static void walks_no_deeper_than_its_bound(void **state)
{
	struct place *place = *state;
	struct err err;
	int at = dup(place->fd);

	assert_int_equal(fs_make_dirs(place->fd, "deep", 0700, &err), OK);
	assert_int_equal(renameat(place->fd, "deep", place->fd, "0"), 0);
	for (int i = 0; i < FS_TREE_DEPTH_MAX; i++) {
		int next = openat(at, i == 0 ? "0" : "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		assert_true(next >= 0);
		assert_int_equal(mkdirat(next, "d", 0700), 0);
		close(at);
		at = next;
	}
	assert_int_equal(fs_remove_tree(place->fd, "0", &err), ERR_LIMIT);
	assert_int_equal(unlinkat(at, "d", AT_REMOVEDIR), 0);
	close(at);
	assert_int_equal(fs_remove_tree(place->fd, "0", &err), OK);
}

static void one_process_holds_a_lock(void **state)
{
	struct place *place = *state;
	struct err err;
	int first, second;

	assert_int_equal(fs_lock(place->fd, "lock", &first, &err), OK);
	assert_int_equal(fs_lock(place->fd, "lock", &second, &err), ERR_CONFLICT);
	close(first);
	assert_int_equal(fs_lock(place->fd, "lock", &second, &err), OK);
	close(second);
}

static void memory_files_are_sealed(void **state)
{
	struct err err;
	int fd;
	void *map;
	char byte;

	(void)state;
	assert_int_equal(fs_memfd("t", STR("abc"), &fd, &err), OK);
	assert_int_equal(pread(fd, &byte, 1, 2), 1);
	assert_int_equal(byte, 'c');
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	close(fd);

	assert_int_equal(fs_shared("s", 8192, &fd, &map, &err), OK);
	assert_int_equal(pwrite(fd, "x", 1, 8191), 1);
	assert_int_equal(((char *)map)[8191], 'x');
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, 16384), -1);
	munmap(map, 8192);
	close(fd);
}

static void writing_fails_loudly(void **state)
{
	struct err err;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(fs_write_all(fd, "x", 1, &err), ERR_IO);
	close(fd);
	assert_int_equal(fs_write_all(-1, "x", 1, &err), ERR_IO);
	assert_int_equal(fs_pwrite_all(-1, "x", 1, 0, &err), ERR_IO);
	assert_int_equal(fs_pwrite_all(-1, "x", 1, UINT64_MAX, &err), ERR_INPUT);
	assert_int_equal(fs_sync(-1, &err), ERR_IO);
}

static void notices_what_reads_back_otherwise(void **state)
{
	struct err err;
	char bytes[40000];
	int fd = memfd_create("read-back", MFD_CLOEXEC);

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	assert_int_equal(fs_pwrite_all(fd, bytes, sizeof(bytes), 100, &err), OK);
	assert_int_equal(fs_reads_back(fd, bytes, sizeof(bytes), 100, &err), OK);
	assert_int_equal(fs_reads_back(fd, bytes, sizeof(bytes), 101, &err), ERR_CORRUPT);
	for (size_t at = 0; at < sizeof(bytes); at += 4999) {
		bytes[at] ^= 4;
		assert_int_equal(fs_reads_back(fd, bytes, sizeof(bytes), 100, &err), ERR_CORRUPT);
		bytes[at] ^= 4;
	}
	assert_int_equal(fs_reads_back(-1, bytes, 1, 0, &err), ERR_IO);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaces_whole_files),
		cmocka_unit_test(reads_within_bounds),
		cmocka_unit_test(removes_and_gives_away_trees),
		cmocka_unit_test(walks_no_deeper_than_its_bound),
		cmocka_unit_test(one_process_holds_a_lock),
		cmocka_unit_test(memory_files_are_sealed),
		cmocka_unit_test(writing_fails_loudly),
		cmocka_unit_test(notices_what_reads_back_otherwise),
	};

	return cmocka_run_group_tests_name("fs", tests, setup, teardown);
}
