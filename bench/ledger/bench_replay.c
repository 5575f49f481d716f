/*
 * bench_replay: a log of a million entries: the bytes it takes on the disk, and how long a start takes, which reads
 * every entry, hashes it and compares what is published.
 *
 * usage: bench_replay [FOLDER [ENTRIES]]    FOLDER: where to make the log; /var/tmp when absent
 */
#include <fcntl.h>
#include <ftw.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/log.h"
#include "os/clock.h"
#include "os/fs.h"
#include "report.h"

enum { ENTRIES = 1000000, ENTRIES_A_JOB = 10000, DESCRIPTORS = 16, DETAIL_BYTES = 100 };

struct bench {
	char dir[64], path[96];
	int lab_fd, ledger_fd;
	struct sign_secret key;
	struct db *db; /* the writer's while it runs */
	struct ledger *ledger;
	uint64_t count, made;
};

static void need(enum err_kind rc, const struct err *err)
{
	if (rc == OK)
		return;
	fprintf(stderr, "bench_replay: %s\n", err->msg);
	exit(1);
}

/* An entry of some 200 bytes: one public field, no signed request. */
static enum err_kind append_some(struct db *db, void *arg, struct err *err)
{
	static const char detail[DETAIL_BYTES] = "{\"args\":{}}";
	struct bench *b = arg;
	enum err_kind rc = OK;

	for (int i = 0; i < ENTRIES_A_JOB && rc == OK; i++) {
		struct entry_draft draft = { .kind = "source.view",
			.time_us = INT64_C(1700000000000000) + (int64_t)b->made * 1000,
			.field_count = 1,
			.detail = str_of(detail, sizeof(detail)),
			.session = STR("ses_7k2m9q4x8b3c"),
			.record = STR("") };
		uint64_t index;

		draft.fields[0] = (struct entry_field){ .name = "actor",
			.text = STR("0a1b2c3d4e5f60718293") };
		rc = ledger_append(b->ledger, db, &draft, &index, err);
		b->made++;
	}
	return rc;
}

static void open_log(struct bench *b, struct err *err)
{
	need(db_open(b->path, DB_WRITE, &b->db, err), err);
	need(ledger_open(b->db, b->ledger_fd, STR("example.org/bench"), &b->key, &b->ledger, err),
		err);
}

static void fill(struct bench *b, struct err *err)
{
	struct writer *writer;

	open_log(b, err);
	struct writer_hooks hooks = ledger_hooks(b->ledger);

	need(writer_start(b->db, &hooks, &writer, err), err);
	while (b->made < b->count)
		need(writer_run(writer, append_some, b, err), err);
	writer_stop(writer);
	ledger_close(b->ledger);
}

static uint64_t tree_bytes;

static int add_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)path;
	(void)at;
	if (type == FTW_F)
		tree_bytes += (uint64_t)st->st_size;
	return 0;
}

static double bytes_below(const struct bench *b, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", b->dir, name);
	tree_bytes = 0;
	if (nftw(path, add_file, DESCRIPTORS, FTW_PHYS) != 0) {
		perror(path);
		exit(1);
	}
	return (double)tree_bytes;
}

static void report_bytes(const struct bench *b, double entry_bytes)
{
	double published = bytes_below(b, "ledger"), records = bytes_below(b, "records.db");
	char load[96];

	snprintf(load, sizeof(load), "%llu entries of %.0f bytes, detail of %d bytes",
		(unsigned long long)b->count, entry_bytes / (double)b->count, DETAIL_BYTES);
	report_figure(&(struct report_figure){ .name = "ledger.published_bytes_a_byte",
		.value = published / entry_bytes,
		.unit = "x",
		.goal = "<= 1.25",
		.load = load });
	report_figure(&(struct report_figure){ .name = "ledger.all_bytes_a_byte",
		.value = (published + records) / (entry_bytes + (double)b->count * DETAIL_BYTES),
		.unit = "x",
		.goal = "<= 2.4",
		.load = load });
}

/* The sum of the entries' own bytes. */
static double sum_entries(struct bench *b, struct err *err)
{
	struct stmt *s;
	bool row;

	need(stmt_begin(b->db, "SELECT SUM(LENGTH(bytes)) FROM entries", &s, err), err);
	need(stmt_step(s, &row, err), err);
	double sum = (double)stmt_col_i64(s, 0);

	stmt_end(s);
	return sum;
}

static void set_up(struct bench *b, const char *where, struct err *err)
{
	static const uint8_t seed[SIGN_SEED_BYTES] = { 1 };
	struct sign_public public_key;

	snprintf(b->dir, sizeof(b->dir), "%s/bench-replay-XXXXXX", where);
	if (mkdtemp(b->dir) == NULL) {
		perror(b->dir);
		exit(1);
	}
	snprintf(b->path, sizeof(b->path), "%s/records.db", b->dir);
	need(crypto_init(err), err);
	sign_from_seed(seed, &public_key, &b->key);
	need(fs_open_dir(AT_FDCWD, b->dir, &b->lab_fd, err), err);
	need(fs_make_dirs(b->lab_fd, "ledger", 0755, err), err);
	need(fs_open_dir(b->lab_fd, "ledger", &b->ledger_fd, err), err);
}

int main(int argc, char **argv)
{
	struct bench b = { .count = argc > 2 ? strtoull(argv[2], NULL, 10) : ENTRIES };
	struct rusage before, after;
	struct err err;
	char load[96];

	set_up(&b, argc > 1 ? argv[1] : "/var/tmp", &err);
	fill(&b, &err);
	getrusage(RUSAGE_SELF, &before);
	int64_t from = clock_monotonic_us();

	open_log(&b, &err);
	double seconds = (double)(clock_monotonic_us() - from) / 1e6;

	getrusage(RUSAGE_SELF, &after);
	if (ledger_frozen(b.ledger) != NULL) {
		fprintf(stderr, "bench_replay: frozen: %s\n", ledger_frozen(b.ledger));
		return 1;
	}
	snprintf(load, sizeof(load), "%llu entries, %.2f s of CPU", (unsigned long long)b.count,
		(double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec -
			before.ru_stime.tv_sec) +
			(double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec +
				after.ru_stime.tv_usec - before.ru_stime.tv_usec) /
				1e6);
	report_figure(&(struct report_figure){ .name = "ledger.replay.s",
		.value = seconds,
		.unit = "s",
		.goal = "<= 3",
		.load = load });
	report_bytes(&b, sum_entries(&b, &err));
	ledger_close(b.ledger);
	db_close(b.db);
	close(b.ledger_fd);
	close(b.lab_fd);
	need(fs_remove_tree(AT_FDCWD, b.dir, &err), &err);
	return 0;
}
