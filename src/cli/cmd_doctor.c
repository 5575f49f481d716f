/*
 * cmd_doctor: tries each layer that keeps hostile bytes in, and says what is in force. Nothing is read from a
 * configuration: every row comes from an attempt just made, by the user who runs it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "job/job.h"
#include "os/fs.h"
#include "os/sandbox.h"
#include "store/db.h"

enum { WHAT_BYTES = 256, MEM_BYTES = 1 << 20, LANDLOCK_ABI_KNOWN = 6 };

/* What a row says; the exit code is that of the required ones. */
struct table {
	unsigned failed;
};

static void print_row(struct table *t, const char *layer, bool in_force, const char *what)
{
	printf("%-4s %-32s %s\n", in_force ? "ok" : "FAIL", layer, what);
	if (!in_force)
		t->failed++;
}

static void print_note(const char *subject, const char *what)
{
	printf("%-4s %-32s %s\n", "note", subject, what);
}

static void print_layers(struct table *t)
{
	struct sandbox_probe rows[SANDBOX_PROBES];
	int count = sandbox_probe_all(rows);

	printf("Children without rights (layout, draw, import)\n");
	for (int i = 0; i < count; i++)
		print_row(t, rows[i].layer, rows[i].in_force, rows[i].what);
}

/* What a job tries, and what it prints when the layer held. */
static const struct job_probe {
	const char *layer;
	const char *script;
	const char *held;
	const char *otherwise; /* said when it printed something else */
} job_probes[] = {
	{ "job: network",
		"cut -d: -f1 /proc/net/dev | tail -n +3 | tr -d ' \\n'; "
		"wc -l </proc/net/route | tr -d '\\n'",
		"lo1", "more than a loopback interface without routes" },
	{ "job: files", "{ cat /etc/passwd; ls -a /root /home; } 2>/dev/null | wc -c | tr -d '\\n'",
		"0", "files of the machine are to be seen" },
	{ "job: writing", "for d in / /usr /dev /proc; do (: >$d/x) 2>/dev/null && echo $d; done",
		"", "a folder outside " JOB_OUT " was written" },
	{ "job: fork bomb", "for i in $(seq 200); do sleep 5 & done 2>/dev/null; echo all", "",
		"200 processes under a limit of 32" },
	{ "job: memory",
		"head -c 600000000 /dev/zero | tail -c 599999999 >/dev/null 2>&1 || printf held",
		"held", "600 MB of memory under a limit of 256 MiB" },
};

static void print_job_row(struct table *t, const struct job_probe *probe)
{
	const char *argv[] = { "/bin/sh", "-c", probe->script, NULL };
	struct job_options options = { .argv = argv,
		.memory_bytes = UINT64_C(256) << 20,
		.file_bytes_max = UINT64_C(16) << 20,
		.cpu_s = 10,
		.wall_s = 20,
		.processes = 32,
		.open_files = 64,
		.text_bytes_max = 1024 };
	char what[WHAT_BYTES];
	struct job_result result;
	struct arena mem;
	struct err err;

	arena_init(&mem, MEM_BYTES);
	if (job_run(&options, &mem, &result, &err) != OK) {
		print_row(t, probe->layer, false, err.msg);
	} else if (result.end != JOB_EXITED || !str_eq(result.text, str_from(probe->held))) {
		print_row(t, probe->layer, false, probe->otherwise);
	} else {
		snprintf(what, sizeof(what), "refused, in %lld ms",
			(long long)(result.wall_us / 1000));
		print_row(t, probe->layer, true, what);
	}
	arena_reset(&mem);
}

static void print_jobs(struct table *t)
{
	char what[WHAT_BYTES];

	printf("\nJobs under bubblewrap (compilers, unpackers, tools)\n");
	for (size_t i = 0; i < sizeof(job_probes) / sizeof(job_probes[0]); i++)
		print_job_row(t, &job_probes[i]);
	job_groups_available(what, sizeof(what));
	print_note("control groups", what);
}

static void print_machine(void)
{
	struct utsname name;
	char what[WHAT_BYTES];

	printf("\nThis machine\n");
	if (uname(&name) == 0) {
		snprintf(what, sizeof(what), "%s %s %s", name.sysname, name.release, name.machine);
		print_note("kernel", what);
	}
	int abi = sandbox_landlock_abi();

	snprintf(what, sizeof(what), "ABI %d; %s", abi,
		abi >= LANDLOCK_ABI_KNOWN
			? "all that vitrine asks for"
			: "signals and abstract sockets are left to namespaces and seccomp");
	print_note("Landlock", what);
	snprintf(what, sizeof(what), "uid %u%s", geteuid(),
		geteuid() == 0 ? ": vitrine gives root's rights up before it serves" : "");
	print_note("user", what);
}

/* A file or folder that vitrine needs at hand: its own rights decide, as when it runs. */
static void print_path(struct table *t, const char *subject, const char *path)
{
	char what[WHAT_BYTES];
	int why = access(path, R_OK) == 0 ? 0 : errno;

	snprintf(what, sizeof(what), "%.200s%s%s", path, why == 0 ? "" : ": ",
		why == 0 ? "" : strerrordesc_np(why));
	print_row(t, subject, why == 0, what);
}

static void print_data(struct table *t, const struct cli *cli)
{
	const char *data = cli->data;

	if (data == NULL)
		data = access(VITRINE_DATA_DIR "/kinds", R_OK) == 0 ? VITRINE_DATA_DIR
								    : VITRINE_SOURCE_DIR;
	char kinds[WHAT_BYTES];

	snprintf(kinds, sizeof(kinds), "%.200s/kinds", data);
	print_path(t, "kinds of records", kinds);
	print_path(t, "font", "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf");
}

/* Every page against its checksum. */
static void print_records(struct table *t, const struct cli *cli)
{
	char path[WHAT_BYTES], what[WHAT_BYTES];
	struct db *db = NULL;
	uint64_t pages = 0;
	struct err err;

	snprintf(path, sizeof(path), "%.200s/records.db", cli->lab);
	enum err_kind rc = db_open(path, DB_READ, &db, &err);

	if (rc == OK)
		rc = db_verify(db, &pages, &err);
	snprintf(what, sizeof(what), "%llu pages fit their checksums", (unsigned long long)pages);
	print_row(t, "records", rc == OK, rc == OK ? what : err.msg);
	db_close(db);
}

/* A lab is optional here; one that is there must not be open to others. */
static void print_lab(struct table *t, const struct cli *cli)
{
	char settings[WHAT_BYTES], what[WHAT_BYTES];
	struct stat st;

	snprintf(settings, sizeof(settings), "%.200s/vitrine.yaml", cli->lab);
	if (stat(settings, &st) != 0) {
		snprintf(what, sizeof(what), "%.120s: %s", cli->lab, strerrordesc_np(errno));
		print_note("lab", what);
		return;
	}
	snprintf(what, sizeof(what), "%.120s: settings of uid %u, mode %04o", cli->lab, st.st_uid,
		st.st_mode & 07777U);
	print_row(t, "lab", (st.st_mode & 077U) == 0, what);
	print_records(t, cli);
}

int cmd_doctor(const struct cli *cli, int argc, char **argv)
{
	struct table table = { 0 };

	(void)argv;
	if (argc != 1)
		return cmd_misuse("doctor");
	setvbuf(stdout, NULL, _IOLBF, 0); /* the children must not inherit half a table */
	print_layers(&table);
	print_jobs(&table);
	print_machine();
	print_data(&table, cli);
	print_lab(&table, cli);
	if (table.failed == 0) {
		printf("\nEvery layer is in force.\n");
		return 0;
	}
	printf("\n%u of the rows above failed: vitrine refuses what depends on them.\n",
		table.failed);
	return err_exit_code(ERR_IO);
}
