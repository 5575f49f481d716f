/*
 * fault_lab: a lab in process, as the vault has it but for the link, that does what its standard input says. What
 * is to be done and what must come of it is known by the one who writes there (model.py); nothing is judged here.
 *
 *   fault_lab LAB [--glass]     first line of output: `open SIZE ROOT`, `frozen SIZE ROOT WHY` or `error KIND WHY`
 *
 *   act TAG TOKEN VERB FD BODY  hands a call to the pipeline. TOKEN: base64url or -; FD: path or -
 *   held TAG TOKEN VERB FD BODY the same, but it stops between the snapshot and the writer until `release`
 *   signed COUNTER TAG TOKEN VERB FD BODY  the same, signed by the lab's point under this counter
 *   pages                       reads every page of the records: `pages ok` or `pages KIND WHY`
 *   dangle                      a row that refers to no record: `dangle ok` or `dangle KIND WHY`
 *   release                     lets held calls go on
 *   wait                        until every call was answered, but those that are held
 *   note                        the entry of a vault's start, outside the pipeline: `note ok SIZE ROOT`
 *   plan PLAN                   a fault from now on (faulty_io.c)
 *   blob DIGEST                 `blob ok` or `blob KIND WHY`
 *   path INDEX SIZE LEAF ROOT N HASH…  is this an inclusion proof? `path holds` or `path refuted`
 *
 * An answer is a line `ack TAG STATUS ENTRY SIZE ROOT JSON`, written in the pipeline's callback: SIZE and ROOT are
 * of the signed head that the caller is shown. The end of the input closes the lab in good order.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/lab.h"
#include "app/pipeline.h"
#include "base/hex.h"
#include "faulty_io.h"
#include "link/frame.h"
#include "os/fs.h"
#include "os/log.h"
#include "source/ingest.h"

/* Of the preloaded library; NULL without one. */
extern __typeof__(faulty_mark) faulty_mark __attribute__((weak));
extern __typeof__(faulty_plan) faulty_plan __attribute__((weak));

enum { LINE_BYTES_MAX = 1 << 16, TAG_BYTES_MAX = 32 };

static struct lab lab;
static struct pipeline *pipeline;
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned under_way, held;
	bool holds;
} desk = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

struct act {
	char tag[TAG_BYTES_MAX];
	int fd;
	bool is_held, is_computed;
	uint8_t token[32];
};

/* One line, to whoever listens and into the trace, before anything else can happen to the lab. */
static void tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void tell(const char *fmt, ...)
{
	char *line = NULL;
	va_list ap;

	va_start(ap, fmt);
	int len = vasprintf(&line, fmt, ap);

	va_end(ap);
	if (len < 0)
		abort();
	if (faulty_mark != NULL)
		faulty_mark(line);
	dprintf(STDOUT_FILENO, "%s\n", line);
	free(line);
}

static void on_answer(void *arg, const struct pipeline_answer *answer)
{
	struct act *act = arg;
	char root[SHA256_HEX_BYTES];

	sha256_format(&answer->root, root);
	tell("ack %s %s %lld %llu %s %.*s", act->tag,
		answer->status == OK ? "ok" : err_word(answer->status),
		answer->entry_index == UINT64_MAX ? -1LL : (long long)answer->entry_index,
		(unsigned long long)answer->tree_size, root, STR_ARG(answer->json));
	if (act->fd >= 0)
		close(act->fd);
	free(act);
	pthread_mutex_lock(&desk.lock);
	desk.under_way--;
	pthread_cond_broadcast(&desk.changed);
	pthread_mutex_unlock(&desk.lock);
}

/* Asked once before computing and once between that and the writer: there a held act waits. */
static bool on_cancelled(void *arg)
{
	struct act *act = arg;

	if (!act->is_computed || !act->is_held) {
		act->is_computed = true;
		return false;
	}
	pthread_mutex_lock(&desk.lock);
	desk.held++;
	desk.under_way--;
	pthread_cond_broadcast(&desk.changed);
	while (desk.holds)
		pthread_cond_wait(&desk.changed, &desk.lock);
	desk.held--;
	pthread_mutex_unlock(&desk.lock);
	return false;
}

/* The lab's own point signs what it passes on. */
static void sign_request(struct pipeline_request *request, struct str token)
{
	struct frame_call frame = { .counter = request->counter, .body = request->body };
	struct sign_public public_key;
	struct sign_secret secret;
	struct arena mem;
	struct str seed;
	struct err err;

	arena_init(&mem, 4096);
	if (!frame_set_name(frame.verb, sizeof(frame.verb), request->verb.ptr) ||
		!frame_set_name(frame.point, sizeof(frame.point), "centre") ||
		fs_read(lab.dir_fd, "points/centre/point.key", SIGN_SEED_BYTES, &mem, &seed,
			&err) != OK)
		abort();
	sign_from_seed((const uint8_t *)seed.ptr, &public_key, &secret);
	memcpy(frame.token, token.ptr, token.len);
	request->point = STR("centre");
	request->digest = request->signed_digest = frame_call_digest(&frame);
	request->signature = sign_make(&secret,
		str_of(request->signed_digest.bytes, sizeof(request->signed_digest.bytes)));
	arena_reset(&mem);
}

/* point_counter: the point's, which signs the call then; 0: the command line, with a counter of its own. */
static void submit(char *rest, bool is_held, uint64_t point_counter)
{
	static uint64_t counter;
	struct act *act = calloc(1, sizeof(*act));
	char *tag = strsep(&rest, " "), *token = strsep(&rest, " "), *verb = strsep(&rest, " "),
	     *path = strsep(&rest, " ");
	size_t len = 0;

	if (act == NULL || rest == NULL)
		abort();
	snprintf(act->tag, sizeof(act->tag), "%s", tag);
	act->is_held = is_held;
	act->fd = strcmp(path, "-") == 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (strcmp(token, "-") != 0 &&
		!base64url_parse(str_from(token), act->token, sizeof(act->token), &len))
		abort();
	struct pipeline_request request = {
		.verb = str_from(verb),
		.point = STR("console"),
		.body = str_from(rest),
		.token = act->token,
		.counter = ++counter,
		.idempotency_key = (const uint8_t[16]){ 0 },
		.peer = (const uint8_t[16]){ 0 },
		.uid = getuid(),
		.fd = act->fd,
		.answer = on_answer,
		.cancelled = on_cancelled,
		.arg = act,
	};

	if (point_counter > 0) {
		request.counter = point_counter;
		sign_request(&request, str_of(act->token, sizeof(act->token)));
	}
	pthread_mutex_lock(&desk.lock);
	desk.under_way++;
	desk.holds |= is_held;
	pthread_mutex_unlock(&desk.lock);
	pipeline_submit(pipeline, &request);
}

static void wait_all(void)
{
	pthread_mutex_lock(&desk.lock);
	while (desk.under_way > 0)
		pthread_cond_wait(&desk.changed, &desk.lock);
	pthread_mutex_unlock(&desk.lock);
}

static void release(void)
{
	pthread_mutex_lock(&desk.lock);
	desk.under_way += desk.held;
	desk.holds = false;
	pthread_cond_broadcast(&desk.changed);
	pthread_mutex_unlock(&desk.lock);
}

static void tell_head(const char *word, const char *why)
{
	struct ledger_head head;
	struct arena mem;
	struct str text;
	struct err err;
	char root[SHA256_HEX_BYTES];

	arena_init(&mem, 1 << 16);
	if (ledger_checkpoint(lab.ledger, &mem, &head, &text, &err) != OK)
		abort();
	sha256_format(&head.root, root);
	tell("%s %llu %s%s%s", word, (unsigned long long)head.size, root, why != NULL ? " " : "",
		why != NULL ? why : "");
	arena_reset(&mem);
}

static void note(void)
{
	struct err err;

	if (lab_note_start(&lab, &err) != OK)
		tell("note %s %s", err_word(err.kind), err.msg);
	else
		tell_head("note ok", NULL);
}

static enum err_kind add_dangling(struct db *db, void *arg, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(db,
		"INSERT INTO record_history (id, seq, act, from_state, to_state, person, organisation, line, at_us, note, entry) "
		"VALUES ('eng_none', 1, '', '', '', '', '', '', 0, '', 0)",
		&s, err);

	(void)arg;
	return rc == OK ? stmt_run(s, NULL, err) : rc;
}

static void read_pages(void)
{
	struct db *db;
	uint64_t pages;
	struct err err;
	enum err_kind rc = db_open(LAB_RECORDS, DB_READ, &db, &err);

	if (rc == OK) {
		rc = db_verify(db, &pages, &err);
		db_close(db);
	}
	if (rc == OK)
		tell("pages ok");
	else
		tell("pages %s %s", err_word(rc), err.msg);
}

static void dangle(void)
{
	struct err err;

	if (writer_run(lab.writer, add_dangling, NULL, &err) != OK)
		tell("dangle %s %s", err_word(err.kind), err.msg);
	else
		tell("dangle ok");
}

static void read_blob(const char *hex)
{
	struct sha256 digest;
	struct db *db;
	struct str bytes;
	struct err err;
	enum err_kind rc = db_open(LAB_RECORDS, DB_READ, &db, &err);

	if (rc != OK) {
		tell("blob %s %s", err_word(rc), err.msg);
		return;
	}
	if (!sha256_parse(str_from(hex), &digest))
		abort();
	rc = pack_read(lab.packs, db, &digest, &bytes, &err);
	if (rc == OK)
		tell("blob ok");
	else
		tell("blob %s %s", err_word(rc), err.msg);
	db_close(db);
}

static struct sha256 next_hash(char **rest)
{
	struct sha256 hash;
	const char *word = strsep(rest, " ");

	if (word == NULL || !sha256_parse(str_from(word), &hash))
		abort();
	return hash;
}

static void check_path(char *rest)
{
	struct merkle_path proof = { 0 };
	struct err err;
	uint64_t index = strtoull(strsep(&rest, " "), NULL, 10);
	uint64_t size = strtoull(strsep(&rest, " "), NULL, 10);
	struct sha256 leaf = next_hash(&rest), root = next_hash(&rest);

	proof.count = (unsigned)strtoul(strsep(&rest, " "), NULL, 10);
	for (unsigned i = 0; i < proof.count; i++)
		proof.nodes[i] = next_hash(&rest);
	tell("path %s",
		merkle_verify_inclusion(index, size, &leaf, &proof, &root, &err) == OK ? "holds"
										       : "refuted");
}

static void obey(char *line)
{
	char *rest = line;
	const char *word = strsep(&rest, " ");

	if (strcmp(word, "act") == 0)
		submit(rest, false, 0);
	else if (strcmp(word, "held") == 0)
		submit(rest, true, 0);
	else if (strcmp(word, "signed") == 0) {
		uint64_t counter = strtoull(strsep(&rest, " "), NULL, 10);

		submit(rest, false, counter);
	} else if (strcmp(word, "dangle") == 0)
		dangle();
	else if (strcmp(word, "pages") == 0)
		read_pages();
	else if (strcmp(word, "release") == 0)
		release();
	else if (strcmp(word, "note") == 0)
		note();
	else if (strcmp(word, "blob") == 0)
		read_blob(rest);
	else if (strcmp(word, "path") == 0)
		check_path(rest);
	else if (strcmp(word, "plan") == 0 && faulty_plan != NULL && faulty_plan(rest))
		tell("plan ok");
	else if (strcmp(word, "wait") != 0)
		abort();
	else {
		wait_all();
		tell("waited");
	}
}

static enum err_kind start_glass(struct err *err)
{
	int font = openat(lab.dir_fd, LAB_FONT, O_RDONLY | O_CLOEXEC);
	int key = openat(lab.dir_fd, "keys/mark.key", O_RDONLY | O_CLOEXEC);
	enum err_kind rc = glass_start(font, key, 1, &lab.glass, err);

	close(font);
	close(key);
	return rc;
}

static enum err_kind start(const char *folder, bool with_glass, struct err *err)
{
	enum err_kind rc = chdir(folder) != 0 ? err_set(err, ERR_NOT_FOUND, "%s", folder)
					      : crypto_init(err);

	if (rc == OK)
		rc = lab_open(&lab, err);
	if (rc != OK)
		return rc;
	lab.without_glass = !with_glass;
	if (with_glass)
		rc = start_glass(err);
	return rc != OK ? rc : pipeline_open(&lab, LAB_RECORDS, 2, &pipeline, err);
}

/* What a child runs: the import of a release and the drawing of pages need them. */
static int run_child(const char *role)
{
	if (strcmp(role, "draw") == 0)
		draw_child();
	if (strcmp(role, "import") == 0)
		import_child();
	if (strcmp(role, "layout") == 0)
		layout_child();
	return 1;
}

int main(int argc, char **argv)
{
	static char line[LINE_BYTES_MAX];
	struct rlimit none = { 0, 0 };
	struct err err;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && strcmp(argv[1], "--child") == 0)
		return run_child(argv[2]);
	if (argc < 2)
		return 2;
	/* Ending by abort() is what some faults are meant to bring about. */
	setrlimit(RLIMIT_CORE, &none);
	log_init("fault", LOG_WARN);
	if (start(argv[1], argc > 2, &err) != OK) {
		tell("error %s %s", err_word(err.kind), err.msg);
		return 1;
	}
	tell_head(ledger_frozen(lab.ledger) != NULL ? "frozen" : "open", ledger_frozen(lab.ledger));
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		obey(line);
	}
	release();
	wait_all();
	pipeline_close(pipeline);
	glass_stop(lab.glass);
	lab_close(&lab);
	return 0;
}
