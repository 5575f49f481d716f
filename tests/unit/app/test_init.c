/* test_init: a lab is made whole or not at all. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/init.h"
#include "harness.h"
#include "os/fs.h"

static char dir[64];
static char lab_path[96], key_path[96];

static int start(void **state)
{
	struct err err;

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/vitrine-init-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(lab_path, sizeof(lab_path), "%s/lab", dir);
	snprintf(key_path, sizeof(key_path), "%s/officer.key", dir);
	return crypto_init(&err) == OK ? 0 : -1;
}

static int stop(void **state)
{
	struct err err;

	(void)state;
	return fs_remove_tree(AT_FDCWD, dir, &err) == OK ? 0 : -1;
}

static struct init_options good(void)
{
	return (struct init_options){ .path = lab_path,
		.officer_key = key_path,
		.data = KINDS_DATA,
		.font = KINDS_DATA "/LICENSE",
		.name = STR("Trial lab"),
		.origin = STR("lab.example/trial"),
		.organisation = STR("Maker"),
		.user = STR(""),
		.listen = STR("127.0.0.1:0"),
		.tls_key = STR("key"),
		.tls_certificate = STR("certificate"),
		.officers = { { .name = STR("olga"),
				      .display = STR("Olga"),
				      .password = "correct-horse-battery" },
			{ .name = STR("oleg"),
				.display = STR("Oleg"),
				.password = "correct-horse-staple" } },
		.officer_count = 2 };
}

/* How many things lie in the folder beside "." and "..". */
static int left_behind(void)
{
	DIR *d = opendir(dir);
	int count = -2;

	assert_non_null(d);
	while (readdir(d) != NULL)
		count++;
	closedir(d);
	return count;
}

static void want_refused(struct init_options *options, enum err_kind kind, int left)
{
	struct err err = { 0 };
	enum err_kind rc = lab_make(options, &err);

	if (rc != kind)
		fail_msg("%s: %s", err_word(rc), err.msg);
	assert_int_equal(left_behind(), left);
}

static void what_cannot_be_made_leaves_nothing(void **state)
{
	(void)state;
	struct init_options o = good();

	o.officer_count = 1;
	want_refused(&o, ERR_INPUT, 0);
	o = good();
	o.origin = STR("not an origin");
	want_refused(&o, ERR_INPUT, 0);
	o = good();
	o.data = "/nowhere";
	want_refused(&o, ERR_IO, 0);
	o = good();
	o.font = "/nowhere/font";
	want_refused(&o, ERR_NOT_FOUND, 0);
	o = good();
	memcpy(o.officers[1].password, "short", 6);
	want_refused(&o, ERR_INPUT, 0);
	o = good();
	o.officers[1].name = STR("olga");
	want_refused(&o, ERR_CONFLICT, 0);
	o = good();
	o.officers[1].name = STR("Not A Name");
	want_refused(&o, ERR_INPUT, 0);
}

static void nothing_is_overwritten(void **state)
{
	(void)state;
	struct init_options o = good();
	struct err err;
	int fd = open(key_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
	want_refused(&o, ERR_CONFLICT, 1);
	assert_int_equal(unlink(key_path), 0);
	assert_int_equal(fs_make_dirs(AT_FDCWD, lab_path, 0700, &err), OK);
	char inside[128];

	snprintf(inside, sizeof(inside), "%s/mine", lab_path);
	assert_int_equal(mkdir(inside, 0700), 0);
	want_refused(&o, ERR_CONFLICT, 1);
	assert_int_equal(rmdir(inside), 0);
}

static void rename_act(const char *path, const char *from, const char *to)
{
	struct arena mem;
	struct str text;
	struct err err;
	struct out o;

	arena_init(&mem, 1 << 20);
	assert_int_equal(fs_read(AT_FDCWD, path, 64 << 10, &mem, &text, &err), OK);
	const char *at = memmem(text.ptr, text.len, from, strlen(from));

	assert_non_null(at);
	size_t before = (size_t)(at - text.ptr);

	out_init(&o, &mem, 64 << 10);
	out_put(&o, str_head(text, before));
	out_put(&o, str_from(to));
	out_put(&o, str_skip(text, before + strlen(from)));
	assert_int_equal(out_finish(&o, &text, &err), OK);
	assert_int_equal(fs_replace(AT_FDCWD, path, text, 0600, &err), OK);
	arena_reset(&mem);
}

static void a_lab_is_closed_to_others_and_opens(void **state)
{
	(void)state;
	static const char *const secrets[] = { "vitrine.yaml", "records.db", "keys/ledger.key",
		"keys/mark.key", "keys/pseudonym.key", "points/centre/point.key",
		"points/centre/tls.key" };
	struct init_options o = good();
	struct lab lab;
	struct stat st;
	struct err err = { 0 };
	int back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	o.officers[1].password[0] = '\0';
	if (lab_make(&o, &err) != OK) /* over the empty folder */
		fail_msg("%s", err.msg);
	assert_true(o.officers[1].made_up);
	assert_int_equal(strlen(o.officers[1].password), 23);
	assert_int_equal(left_behind(), 2);
	assert_int_equal(stat(key_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 32);
	assert_int_equal(chdir(lab_path), 0);
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		assert_int_equal(stat(secrets[i], &st), 0);
		assert_int_equal(st.st_mode & 077, 0);
	}
	assert_int_equal(lab_open(&lab, &err), OK);
	assert_null(ledger_frozen(lab.ledger));
	struct lab second;

	assert_int_equal(lab_open(&second, &err), ERR_CONFLICT);
	lab_close(&lab);
	/* A kind whose act would be called like a verb of the program's own is refused. */
	rename_act("kinds/person.yaml", "- name: drop\n", "- name: reset\n");
	assert_int_equal(lab_open(&lab, &err), ERR_INPUT);
	assert_non_null(strstr(err.msg, "person.reset"));
	rename_act("kinds/person.yaml", "- name: reset\n", "- name: drop\n");
	assert_int_equal(lab_open(&lab, &err), OK);
	lab_close(&lab);
	assert_int_equal(fchdir(back), 0);
	close(back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_made_leaves_nothing),
		cmocka_unit_test(nothing_is_overwritten),
		cmocka_unit_test(a_lab_is_closed_to_others_and_opens),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
