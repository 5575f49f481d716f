/* Jobs that try to leave, and jobs that do their work. As root and, by --ordinary, as an ordinary user. */
#include "job/job.h"

#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "os/fs.h"

enum { ORDINARY_UID = 65534, MIB = 1 << 20 };

struct fixture {
	char folder[40], out[64], in[64];
	struct arena mem;
};

static int setup(void **state)
{
	static struct fixture f;
	struct err err;

	snprintf(f.folder, sizeof(f.folder), "/tmp/vitrine-job-XXXXXX");
	if (mkdtemp(f.folder) == NULL)
		return -1;
	snprintf(f.out, sizeof(f.out), "%s/out", f.folder);
	snprintf(f.in, sizeof(f.in), "%s/in", f.folder);
	arena_init(&f.mem, 32 * MIB);
	*state = &f;
	return mkdir(f.out, 0700) == 0 && mkdir(f.in, 0755) == 0 &&
			fs_chown_tree(AT_FDCWD, f.folder, geteuid(), getegid(), &err) == OK
		? 0
		: -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	struct err err;

	arena_reset(&f->mem);
	return fs_remove_tree(AT_FDCWD, f->folder, &err) == OK ? 0 : -1;
}

static struct job_options usual(const char *const *argv)
{
	return (struct job_options){ .argv = argv,
		.memory_bytes = 256 * (uint64_t)MIB,
		.file_bytes_max = 16 * MIB,
		.out_bytes_max = 8 * MIB,
		.out_files_max = 100,
		.cpu_s = 10,
		.wall_s = 20,
		.processes = 16,
		.open_files = 64,
		.text_bytes_max = 4096 };
}

static struct job_result run(struct fixture *f, const struct job_options *o)
{
	struct job_result result;
	struct err err = { 0 };

	if (job_run(o, &f->mem, &result, &err) != OK)
		fail_msg("%s", err.msg);
	return result;
}

/* By a shell inside: what the job can see and do. `want` is what it prints. */
static void shell(struct fixture *f, const char *script, const char *want)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	struct job_options o = usual(argv);
	struct job_result r = run(f, &o);

	if (r.end != JOB_EXITED || !str_eq(r.text, str_from(want)))
		fail_msg("%s: end %d, exit %d, wrote \"%.*s\" and \"%.*s\"", script, r.end,
			r.exit_code, STR_ARG(r.text), STR_ARG(r.errors));
}

static void a_job_does_its_work(void **state)
{
	struct fixture *f = *state;
	const char *argv[] = { "/bin/sh", "-c",
		"cat /in/a; tr a-z A-Z </in/a >b; echo $WHO >&2; exit 3", NULL };
	const char *env[] = { "WHO=nobody", NULL };
	const struct job_bind binds[] = { { f->in, "/in" } };
	struct job_options o = usual(argv);
	char path[96];
	struct str content;
	struct err err;

	snprintf(path, sizeof(path), "%s/a", f->in);
	assert_int_equal(fs_replace(AT_FDCWD, path, STR("hello\n"), 0644, &err), OK);
	o.env = env;
	o.read_only = binds;
	o.read_only_count = 1;
	o.out_dir = f->out;
	struct job_result r = run(f, &o);

	assert_int_equal(r.end, JOB_EXITED);
	assert_int_equal(r.exit_code, 3);
	assert_true(str_eq(r.text, STR("hello\n")));
	assert_true(str_eq(r.errors, STR("nobody\n")));
	snprintf(path, sizeof(path), "%s/b", f->out);
	assert_int_equal(fs_read(AT_FDCWD, path, 100, &f->mem, &content, &err), OK);
	assert_true(str_eq(content, STR("HELLO\n")));
}

static void a_job_sees_nothing_else(void **state)
{
	struct fixture *f = *state;

	shell(f, "ls -a /root /home /etc /var 2>/dev/null; echo end", "end\n");
	shell(f, "ls /proc | grep -c '^[0-9]*$' | (read n; test $n -le 8 && echo few)", "few\n");
	shell(f, "cat /proc/net/dev | grep -c : ; cat /proc/net/route | wc -l", "1\n1\n");
	shell(f, "env -u PWD | sort",
		"HOME=/tmp\nLANG=C.UTF-8\nPATH=/usr/bin:/bin:/usr/sbin:/sbin\n");
	shell(f, "ls /proc/self/fd | tr '\\n' ' '", "0 1 2 3 ");
	shell(f, "for d in / /usr /dev /proc; do (: >$d/x) 2>/dev/null && echo $d; done; echo end",
		"end\n");
	shell(f, "unshare -Ur true 2>/dev/null || echo no", "no\n");
	shell(f, "mount -t tmpfs none /mnt 2>/dev/null || echo no", "no\n");
	shell(f, "grep -E 'CapEff|CapBnd|NoNewPrivs|Seccomp:' /proc/self/status | tr '\\t\\n' '  '",
		"CapEff: 0000000000000000 CapBnd: 0000000000000000 NoNewPrivs: 1 Seccomp: 2 ");
}

static void limits_hold(void **state)
{
	struct fixture *f = *state;

	shell(f,
		"head -c 20000000 /dev/zero >/tmp/big 2>/dev/null; test $(stat -c %s /tmp/big) -le 16777216 && echo held",
		"held\n");
	shell(f,
		"python3 -c 'bytearray(300<<20)' 2>/dev/null || head -c 400000000 /dev/zero | tail -c 399999999 >/dev/null 2>&1 || echo held",
		"held\n");
	/* Every loop forks one more that stays: far fewer than asked for come to be. */
	shell(f, "for i in $(seq 60); do sleep 3 & done 2>/dev/null; echo never", "");
}

static void a_job_ends_in_time(void **state)
{
	struct fixture *f = *state;
	const char *sleeps[] = { "/bin/sleep", "600", NULL };
	/* Leaves the session, closes what we read and stays. */
	const char *hides[] = { "/bin/sh", "-c",
		"setsid sh -c 'exec >&- 2>&-; sleep 600' & exec >&- 2>&-; sleep 600", NULL };
	const char *const *const jobs[] = { sleeps, hides };

	for (size_t i = 0; i < 2; i++) {
		struct job_options o = usual(jobs[i]);

		o.wall_s = 1;
		struct job_result r = run(f, &o);

		assert_int_equal(r.end, JOB_TIME_OVER);
		assert_true(r.wall_us < 15000000);
	}
	const char *spins[] = { "/bin/sh", "-c", "while :; do :; done", NULL };
	struct job_options o = usual(spins);

	o.cpu_s = 1;
	struct job_result r = run(f, &o);

	assert_int_equal(r.end, JOB_EXITED);
	assert_int_equal(r.exit_code, 128 + 9);
}

static void output_is_bounded(void **state)
{
	struct fixture *f = *state;
	const char *talks[] = { "/bin/sh", "-c", "yes | head -c 1000000; yes no | head -c 4096 >&2",
		NULL };
	struct job_options o = usual(talks);
	struct job_result r = run(f, &o);

	assert_int_equal(r.exit_code, 0);
	assert_int_equal(r.text.len, 4096);
	assert_true(r.text_cut);
	assert_int_equal(r.errors.len, 4096);
	assert_false(r.errors_cut);

	const char *fills[] = { "/bin/sh", "-c",
		"for i in 1 2 3 4; do head -c 4000000 /dev/zero >$i; done; sleep 600", NULL };

	o = usual(fills);
	o.out_dir = f->out;
	r = run(f, &o);
	assert_int_equal(r.end, JOB_OUT_FULL);

	const char *many[] = { "/bin/sh", "-c", "for i in $(seq 300); do : >f$i; done", NULL };

	o = usual(many);
	o.out_dir = f->out;
	r = run(f, &o);
	assert_int_equal(r.end, JOB_OUT_FULL);
}

static bool at_once(void *arg)
{
	(void)arg;
	return true;
}

static void a_job_is_cancelled(void **state)
{
	struct fixture *f = *state;
	const char *argv[] = { "/bin/sleep", "600", NULL };
	struct job_options o = usual(argv);

	o.cancelled = at_once;
	struct job_result r = run(f, &o);

	assert_int_equal(r.end, JOB_CANCELLED);
}

static void what_cannot_run_is_an_error(void **state)
{
	struct fixture *f = *state;
	const char *relative[] = { "ls", NULL };
	const char *good[] = { "/bin/true", NULL };
	const struct job_bind missing[] = { { "/no/such/folder", "/in" } };
	struct job_options o = usual(relative);
	struct job_result result;
	struct err err;

	assert_int_equal(job_run(&o, &f->mem, &result, &err), ERR_INPUT);
	o = usual(good);
	o.read_only = missing;
	o.read_only_count = 1;
	assert_int_equal(job_run(&o, &f->mem, &result, &err), ERR_INPUT);
	o = usual(good);
	o.out_dir = "/no/such/folder";
	assert_int_equal(job_run(&o, &f->mem, &result, &err), ERR_INPUT);
	o = usual(good);
	o.work_dir = "/no/such/folder";
	assert_int_equal(job_run(&o, &f->mem, &result, &err), ERR_IO);
	assert_non_null(strstr(err.msg, "bubblewrap"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_job_does_its_work, setup, teardown),
		cmocka_unit_test_setup_teardown(a_job_sees_nothing_else, setup, teardown),
		cmocka_unit_test_setup_teardown(limits_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(a_job_ends_in_time, setup, teardown),
		cmocka_unit_test_setup_teardown(output_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(a_job_is_cancelled, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_run_is_an_error, setup, teardown),
	};

	if (argc == 2 && strcmp(argv[1], "--ordinary") == 0 && geteuid() == 0 &&
		(setgroups(0, NULL) != 0 ||
			setresgid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID) != 0 ||
			setresuid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID) != 0))
		return 2;
	return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}
