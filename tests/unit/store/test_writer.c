#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limit.h"
#include "harness.h"
#include "store/writer.h"
#include "temp.h"

static struct temp temp;
static struct err err;

static int make_temp(void **state)
{
	(void)state;
	temp_make(&temp);
	return 0;
}

static int remove_temp(void **state)
{
	(void)state;
	temp_remove(&temp);
	return 0;
}

static struct writer *start(const struct writer_hooks *hooks)
{
	struct db *db = NULL;
	struct writer *w = NULL;

	if (db_open(temp_file(&temp, "records.db"), DB_WRITE, &db, &err) != OK)
		fail_msg("%s", err.msg);
	if (writer_start(db, hooks, &w, &err) != OK)
		fail_msg("%s", err.msg);
	return w;
}

static enum err_kind insert(struct db *db, const char *key, struct err *e)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(
		db, "INSERT INTO meta (key, value) VALUES (:key, 'x')", &s, e);

	if (rc != OK)
		return rc;
	stmt_text(s, ":key", str_from(key));
	return stmt_run(s, NULL, e);
}

static int64_t count_keys(void)
{
	struct db *db = NULL;
	struct stmt *s;
	bool row = false;

	assert_int_equal(db_open(temp_file(&temp, "records.db"), DB_READ, &db, &err), OK);
	assert_int_equal(stmt_begin(db, "SELECT count(*) FROM meta", &s, &err), OK);
	assert_int_equal(stmt_step(s, &row, &err), OK);
	int64_t n = stmt_col_i64(s, 0);

	stmt_end(s);
	db_close(db);
	return n;
}

/* A job that inserts its number, and then fails when told to; it remembers when it was done. */
struct numbered {
	struct writer_job job;
	int number;
	bool fails;
	int done_as; /* how many were done before; -1: not yet */
	enum err_kind result;
};

static int done_count;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static sem_t at_gate;

static enum err_kind insert_number(struct db *db, void *arg, struct err *e)
{
	struct numbered *n = arg;
	char key[32];

	snprintf(key, sizeof(key), "%08d", n->number);
	enum err_kind rc = insert(db, key, e);

	if (rc == OK && n->fails)
		rc = err_set(e, ERR_DENIED, "job %d refuses", n->number);
	return rc;
}

static void note_done(void *arg, enum err_kind result, const struct err *e)
{
	struct numbered *n = arg;

	n->done_as = done_count++;
	n->result = result;
	if (result != OK)
		assert_int_equal(e->kind, result);
}

/* Holds the writer until the test lets the gate go, so that what follows becomes one batch. */
static enum err_kind wait_at_gate(struct db *db, void *arg, struct err *e)
{
	(void)db;
	(void)arg;
	(void)e;
	sem_post(&at_gate);
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return OK;
}

static void block(struct writer *w, struct numbered *blocker)
{
	*blocker = (struct numbered){ .done_as = -1 };
	sem_init(&at_gate, 0, 0);
	pthread_mutex_lock(&gate);
	blocker->job = (struct writer_job){
		.run = wait_at_gate, .done = note_done, .arg = blocker
	};
	assert_int_equal(writer_submit(w, &blocker->job, &err), OK);
	sem_wait(&at_gate);
}

static void submit(struct writer *w, struct numbered *n, int number, bool fails)
{
	*n = (struct numbered){ .number = number, .fails = fails, .done_as = -1 };
	n->job = (struct writer_job){ .run = insert_number, .done = note_done, .arg = n };
	assert_int_equal(writer_submit(w, &n->job, &err), OK);
}

static void failing_jobs_are_undone_alone_and_in_order(void **state)
{
	static struct numbered jobs[500];
	struct numbered blocker;
	struct writer *w = start(NULL);

	(void)state;
	done_count = 0;
	block(w, &blocker);
	for (int i = 0; i < 500; i++)
		submit(w, &jobs[i], i, i % 7 == 3);
	pthread_mutex_unlock(&gate);
	writer_stop(w);
	for (int i = 0; i < 500; i++) {
		assert_int_equal(jobs[i].done_as, i + 1);
		assert_int_equal(jobs[i].result, i % 7 == 3 ? ERR_DENIED : OK);
	}
	assert_int_equal(count_keys(), 500 - 71);
}

static enum err_kind insert_key(struct db *db, void *arg, struct err *e)
{
	return insert(db, arg, e);
}

static void run_waits_and_tells(void **state)
{
	struct writer *w = start(NULL);

	(void)state;
	assert_int_equal(writer_run(w, insert_key, "a", &err), OK);
	assert_int_equal(count_keys(), 1);
	assert_int_equal(writer_run(w, insert_key, "a", &err), ERR_CONFLICT);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_int_equal(writer_run(w, insert_key, "b", &err), OK);
	writer_stop(w);
	assert_int_equal(count_keys(), 2);
}

static void stop_drains_and_a_full_queue_refuses(void **state)
{
	static struct numbered jobs[LIMIT_WRITER_QUEUE];
	struct numbered blocker, last = { .done_as = -1 };
	struct writer *w = start(NULL);

	(void)state;
	done_count = 0;
	block(w, &blocker);
	for (int i = 0; i < LIMIT_WRITER_QUEUE; i++)
		submit(w, &jobs[i], i, false);
	last.job = (struct writer_job){ .run = insert_number, .done = note_done, .arg = &last };
	assert_int_equal(writer_submit(w, &last.job, &err), ERR_LIMIT);
	pthread_mutex_unlock(&gate);
	writer_stop(w);
	for (int i = 0; i < LIMIT_WRITER_QUEUE; i++)
		assert_int_equal(jobs[i].result, OK);
	assert_int_equal(last.done_as, -1);
	assert_int_equal(count_keys(), LIMIT_WRITER_QUEUE);
}

/* Thousands at once, from several threads, each waiting for its own job as verbs do. */
enum { THREADS = 16, EACH = 250 };
static struct writer *shared_writer;
static atomic_int next_key;

static void *submit_many(void *arg)
{
	(void)arg;
	for (int i = 0; i < EACH; i++) {
		char key[32];
		struct err e;

		snprintf(key, sizeof(key), "%08d", atomic_fetch_add(&next_key, 1));
		if (writer_run(shared_writer, insert_key, key, &e) != OK)
			return "failed";
	}
	return NULL;
}

static void many_submitters(void **state)
{
	pthread_t threads[THREADS];
	struct writer_stats stats;

	(void)state;
	atomic_store(&next_key, 0);
	shared_writer = start(NULL);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, submit_many, NULL), 0);
	for (int i = 0; i < THREADS; i++) {
		void *failed;

		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	writer_stats(shared_writer, &stats);
	assert_int_equal(stats.jobs, THREADS * EACH);
	assert_true(stats.batches < stats.jobs); /* whatever waits went together */
	assert_true(stats.wal_pages_peak < 2 * LIMIT_WAL_PAGES);
	writer_stop(shared_writer);
	assert_int_equal(count_keys(), THREADS * EACH);
}

/* Hooks that write down what was called, and fail when told to. */
static char called[128];
static char failing_hook;

static void note(char what)
{
	size_t n = strlen(called);

	if (n + 1 < sizeof(called))
		called[n] = what;
}

static void hook_begin(void *arg)
{
	(void)arg;
	note('b');
}

static void hook_undo(void *arg)
{
	(void)arg;
	note('u');
}

static void hook_undo_batch(void *arg)
{
	(void)arg;
	note('U');
}

static enum err_kind hook_before(void *arg, struct db *db, struct err *e)
{
	(void)arg;
	note('c');
	if (failing_hook == 'c')
		return err_set(e, ERR_IO, "before");
	return insert(db, "by the hook", e);
}

static enum err_kind hook_after(void *arg, struct db *db, struct err *e)
{
	(void)arg;
	(void)db;
	note('s');
	return failing_hook == 's' ? err_set(e, ERR_CORRUPT, "after") : OK;
}

static const struct writer_hooks hooks = {
	.begin_job = hook_begin,
	.undo_job = hook_undo,
	.undo_batch = hook_undo_batch,
	.before_commit = hook_before,
	.after_commit = hook_after,
};

static enum err_kind refuse(struct db *db, void *arg, struct err *e)
{
	(void)db;
	(void)arg;
	return err_set(e, ERR_DENIED, "no");
}

static void hooks_stand_where_they_should(void **state)
{
	struct writer *w;

	(void)state;
	memset(called, 0, sizeof(called));
	failing_hook = 0;
	w = start(&hooks);
	assert_int_equal(writer_run(w, insert_key, "a", &err), OK);
	assert_string_equal(called, "bcs");
	assert_int_equal(writer_run(w, refuse, NULL, &err), ERR_DENIED);
	assert_string_equal(called, "bcsbu"); /* nothing changed: nothing to sign */
	assert_int_equal(count_keys(), 2);
	/* The hook's own insert conflicts now: the batch is undone, and said so to its jobs. */
	assert_int_equal(writer_run(w, insert_key, "b", &err), ERR_CONFLICT);
	assert_string_equal(called, "bcsbubcU");
	assert_int_equal(count_keys(), 2);
	writer_stop(w);
}

static void a_batch_that_cannot_be_signed_ends_the_process(void **state)
{
	int status = 0;

	(void)state;
	fflush(NULL);
	pid_t pid = fork();

	if (pid == 0) {
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(3);
		failing_hook = 's';
		struct writer *w = start(&hooks);

		(void)!writer_run(w, insert_key, "a", &err);
		_exit(2); /* answered though nothing was signed */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_int_equal(count_keys(), 2); /* durable all the same: the next start signs it */
}

/* Another process that opens the records for writing, when told to, and closes them as the last one would. */
static pid_t fork_visitor(int *go)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();

	if (pid == 0) {
		struct db *db = NULL;
		char byte;

		close(ends[1]);
		if (read(ends[0], &byte, 1) != 1 ||
			db_open(temp_file(&temp, "records.db"), DB_WRITE, &db, &err) != OK)
			_exit(1);
		db_close(db);
		_exit(0);
	}
	assert_true(pid > 0);
	close(ends[0]);
	*go = ends[1];
	return pid;
}

static void a_visitor_leaves_the_log_where_it_is(void **state)
{
	struct stat before, after;
	int go, status;

	(void)state;
	pid_t visitor = fork_visitor(&go);
	struct writer *w = start(NULL);

	assert_int_equal(stat(temp_file(&temp, "records.db-wal"), &before), 0);
	assert_int_equal(write(go, "x", 1), 1);
	assert_int_equal(waitpid(visitor, &status, 0), visitor);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_int_equal(stat(temp_file(&temp, "records.db-wal"), &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	close(go);
	writer_stop(w);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make_temp, remove_temp)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(failing_jobs_are_undone_alone_and_in_order),
		T(run_waits_and_tells),
		T(stop_drains_and_a_full_queue_refuses),
		T(many_submitters),
		T(hooks_stand_where_they_should),
		T(a_batch_that_cannot_be_signed_ends_the_process),
		T(a_visitor_leaves_the_log_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
