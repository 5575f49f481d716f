/*
 * bench_ledger: how long an act waits for its record, in-process: jobs arrive in an open loop at a fixed rate
 * (a late one does not hold up the next), each appends one entry of usual size; the time runs from when the job
 * was due to its done(). Beside it: what this disk takes for 4 KiB and fdatasync alone, how late this machine wakes a
 * sleeper, and how many entries a second go through when everything waits at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limit.h"
#include "ledger/log.h"
#include "os/clock.h"
#include "os/fs.h"
#include "report.h"

enum {
	RATE = 1000,
	SECONDS = 10,
	JOBS = RATE * SECONDS,
	SYNCS = 500,
	SLEEPS = 1000,
	FLOOD = 50000
};

struct bench {
	char dir[64];
	int lab_fd, ledger_fd;
	struct ledger *ledger;
	struct writer *writer;
	pthread_mutex_t mutex;
	pthread_cond_t finished;
	size_t done;
};

struct act {
	struct writer_job job;
	struct bench *bench;
	int64_t due_us, done_us;
};

static void need(enum err_kind rc, const struct err *err)
{
	if (rc == OK)
		return;
	fprintf(stderr, "bench_ledger: %s\n", err->msg);
	exit(1);
}

static enum err_kind append(struct db *db, void *arg, struct err *err)
{
	static const char detail[600] = "{\"args\":{\"path\":\"cJSON.c\"}}";
	struct act *act = arg;
	struct entry_draft draft = {
		.kind = "source.view",
		.time_us = act->due_us,
		.field_count = 2,
		.detail = str_of(detail, sizeof(detail)),
		.session = STR("ses_7k2m9q4x8b3c"),
		.record = STR(""),
	};
	uint64_t index;

	draft.fields[0] = (struct entry_field){ .name = "actor",
		.text = STR("0a1b2c3d4e5f60718293") };
	draft.fields[1] = (struct entry_field){ .name = "engagement",
		.text = STR("0a1b2c3d4e5f60718293") };
	memset(draft.request.bytes, 1, SHA256_BYTES);
	return ledger_append(act->bench->ledger, db, &draft, &index, err);
}

static void note_done(void *arg, enum err_kind result, const struct err *err)
{
	struct act *act = arg;
	struct bench *b = act->bench;

	need(result, err);
	act->done_us = clock_monotonic_us();
	pthread_mutex_lock(&b->mutex);
	b->done++;
	pthread_cond_signal(&b->finished);
	pthread_mutex_unlock(&b->mutex);
}

static void wait_for(struct bench *b, size_t count)
{
	pthread_mutex_lock(&b->mutex);
	while (b->done < count)
		pthread_cond_wait(&b->finished, &b->mutex);
	b->done -= count;
	pthread_mutex_unlock(&b->mutex);
}

static void submit(struct bench *b, struct act *act, int64_t due_us)
{
	struct err err;
	enum err_kind rc;

	*act = (struct act){ .bench = b, .due_us = due_us };
	act->job = (struct writer_job){ .run = append, .done = note_done, .arg = act };
	while ((rc = writer_submit(b->writer, &act->job, &err)) == ERR_LIMIT)
		usleep(100);
	need(rc, &err);
}

static void set_up(struct bench *b, const char *where)
{
	static const uint8_t seed[SIGN_SEED_BYTES] = { 1 };
	struct sign_public public_key;
	struct sign_secret key;
	struct db *db;
	struct err err;
	char path[128];

	snprintf(b->dir, sizeof(b->dir), "%s/bench-ledger-XXXXXX", where);
	if (mkdtemp(b->dir) == NULL) {
		perror(b->dir);
		exit(1);
	}
	need(crypto_init(&err), &err);
	sign_from_seed(seed, &public_key, &key);
	need(fs_open_dir(AT_FDCWD, b->dir, &b->lab_fd, &err), &err);
	need(fs_make_dirs(b->lab_fd, "ledger", 0755, &err), &err);
	need(fs_open_dir(b->lab_fd, "ledger", &b->ledger_fd, &err), &err);
	snprintf(path, sizeof(path), "%s/records.db", b->dir);
	need(db_open(path, DB_WRITE, &db, &err), &err);
	need(ledger_open(db, b->ledger_fd, STR("example.org/bench"), &key, &b->ledger, &err), &err);
	struct writer_hooks hooks = ledger_hooks(b->ledger);

	need(writer_start(db, &hooks, &b->writer, &err), &err);
	pthread_mutex_init(&b->mutex, NULL);
	pthread_cond_init(&b->finished, NULL);
}

static void tear_down(struct bench *b)
{
	struct err err;

	writer_stop(b->writer);
	ledger_close(b->ledger);
	close(b->ledger_fd);
	close(b->lab_fd);
	need(fs_remove_tree(AT_FDCWD, b->dir, &err), &err);
}

/* What the disk takes by itself, in milliseconds. */
static void measure_sync(struct bench *b, double ms[SYNCS])
{
	static const char page[4096];
	struct err err;
	int fd = openat(b->lab_fd, "sync", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	for (int i = 0; i < SYNCS; i++) {
		int64_t from = clock_monotonic_us();

		need(fs_pwrite_all(fd, page, sizeof(page), (uint64_t)i * sizeof(page), &err), &err);
		need(fs_sync(fd, &err), &err);
		ms[i] = (double)(clock_monotonic_us() - from) / 1000;
	}
	close(fd);
}

/* How late a sleep of a millisecond ends, in milliseconds. */
static void measure_sleep(double ms[SLEEPS])
{
	for (int i = 0; i < SLEEPS; i++) {
		int64_t from = clock_monotonic_us();

		usleep(1000);
		ms[i] = (double)(clock_monotonic_us() - from - 1000) / 1000;
	}
}

static void open_loop(struct bench *b, struct act *acts)
{
	int64_t start = clock_monotonic_us();

	for (int i = 0; i < JOBS; i++) {
		int64_t due = start + (int64_t)i * 1000000 / RATE, now = clock_monotonic_us();

		if (due > now)
			usleep((useconds_t)(due - now));
		submit(b, &acts[i], due);
	}
	wait_for(b, JOBS);
}

static void report_percentiles(const char *prefix, double *ms, size_t count, const char *load)
{
	static const struct {
		const char *suffix;
		double p;
	} rows[] = { { "p50_ms", 0.5 }, { "p99_ms", 0.99 }, { "p999_ms", 0.999 } };
	char name[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool has_goal = strcmp(prefix, "ledger.ack") == 0 && i == 1;

		snprintf(name, sizeof(name), "%s.%s", prefix, rows[i].suffix);
		report_figure(&(struct report_figure){ .name = name,
			.value = report_percentile(ms, count, rows[i].p),
			.unit = "ms",
			.goal = has_goal ? "<= 10" : NULL,
			.load = load });
	}
}

static void measure_ack(struct bench *b, struct act *acts)
{
	static double ms[JOBS], sync_ms[SYNCS], sleep_ms[SLEEPS];
	struct writer_stats before, after;
	char load[128];

	measure_sync(b, sync_ms);
	measure_sleep(sleep_ms);
	writer_stats(b->writer, &before);
	open_loop(b, acts);
	writer_stats(b->writer, &after);
	for (int i = 0; i < JOBS; i++)
		ms[i] = (double)(acts[i].done_us - acts[i].due_us) / 1000;
	snprintf(load, sizeof(load), "in process, %d/s open loop, %.1f entries a batch", RATE,
		(double)JOBS / (double)(after.batches - before.batches));
	report_percentiles("ledger.ack", ms, JOBS, load);
	report_percentiles("disk.fdatasync", sync_ms, SYNCS, "4 KiB each");
	report_percentiles("machine.usleep_late", sleep_ms, SLEEPS, "1 ms each");
}

static void measure_flood(struct bench *b, struct act *acts)
{
	int64_t from = clock_monotonic_us();

	for (int i = 0; i < FLOOD; i++)
		submit(b, &acts[i], from);
	wait_for(b, FLOOD);
	report_figure(&(struct report_figure){ .name = "ledger.flood.entries_per_s",
		.value = FLOOD / ((double)(clock_monotonic_us() - from) / 1e6),
		.unit = "entries/s",
		.goal = ">= 20000",
		.load = "in-process, everything waits at once" });
}

int main(int argc, char **argv)
{
	static struct act acts[FLOOD];
	struct bench b = { .done = 0 };
	const char *where = argc > 1 ? argv[1] : "/var/tmp";

	set_up(&b, where);
	measure_ack(&b, acts);
	measure_flood(&b, acts);
	tear_down(&b);
	return 0;
}
