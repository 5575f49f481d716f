/*
 * fault_story: a few acts of one officer, in process: the lab, its pipeline and its writer as the vault has them,
 * without link, sandbox or pages, so that it is short enough to be killed at each of its writing system calls.
 *
 *   fault_story --make LAB VITRINE   makes the lab by `VITRINE init`, and an officer's password
 *   fault_story LAB                  signs in, makes two organisations, signs out; prints `ack INDEX LEAF` after each
 *
 * An acknowledgement is printed in the pipeline's answer callback, so it is what a caller would have seen.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/lab.h"
#include "app/pipeline.h"
#include "base/hex.h"
#include "os/log.h"

static const char PASSWORD[] = "correct-horse-battery-staple";

struct waiter {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	bool done;
	enum err_kind status;
	uint64_t entry_index;
	uint8_t token[32];
	char text[4096];
};

static void on_answer(void *arg, const struct pipeline_answer *answer)
{
	struct waiter *w = arg;
	const char *token = memmem(answer->json.ptr, answer->json.len, "\"token\":\"", 9);
	size_t len = 0;

	pthread_mutex_lock(&w->lock);
	w->status = answer->status;
	w->entry_index = answer->entry_index;
	snprintf(w->text, sizeof(w->text), "%.*s", (int)answer->json.len, answer->json.ptr);
	if (token != NULL)
		base64url_parse((struct str){ token + 9, 43 }, w->token, sizeof(w->token), &len);
	w->done = true;
	pthread_cond_signal(&w->answered);
	pthread_mutex_unlock(&w->lock);
}

static void print_ack(struct lab *lab, uint64_t index)
{
	struct arena mem;
	struct entry_row row;
	struct db *db;
	struct err err;
	char hex[SHA256_HEX_BYTES];

	(void)lab;
	arena_init(&mem, 1 << 20);
	if (db_open("records.db", DB_READ, &db, &err) != OK || db_begin(db, &err) != OK ||
		ledger_entry(db, &mem, index, &row, &err) != OK) {
		fprintf(stderr, "fault_story: acknowledged entry: %s\n", err.msg);
		_exit(3);
	}
	sha256_format(&row.leaf, hex);
	dprintf(STDOUT_FILENO, "ack %llu %s\n", (unsigned long long)index, hex);
	db_rollback(db);
	db_close(db);
	arena_reset(&mem);
}

static void act(
	struct lab *lab, struct pipeline *p, struct waiter *w, const char *verb, const char *body)
{
	static uint64_t counter = 0;
	struct pipeline_request request = {
		.verb = str_from(verb),
		.point = STR("console"),
		.body = str_from(body),
		.token = w->token,
		.counter = ++counter,
		.idempotency_key = (const uint8_t[16]){ 0 },
		.peer = (const uint8_t[16]){ 0 },
		.uid = getuid(),
		.fd = -1,
		.answer = on_answer,
		.arg = w,
	};

	w->done = false;
	pipeline_submit(p, &request);
	pthread_mutex_lock(&w->lock);
	while (!w->done)
		pthread_cond_wait(&w->answered, &w->lock);
	pthread_mutex_unlock(&w->lock);
	if (w->status != OK) {
		fprintf(stderr, "fault_story: %s: %s\n", verb, w->text);
		_exit(2);
	}
	print_ack(lab, w->entry_index);
}

static int make(const char *folder, char *vitrine)
{
	int input[2];

	if (pipe(input) != 0)
		return 1;
	pid_t pid = fork();

	if (pid == 0) {
		char *const argv[] = { vitrine, "init", (char *)folder, "--name", "Fault lab",
			"--origin", "fault.example/lab", "--officer", "ada:Ada Keller", "--officer",
			"ben:Ben Okafor", "--passwords", "-", NULL };

		dup2(input[0], STDIN_FILENO);
		close(input[0]);
		close(input[1]);
		execv(vitrine, argv);
		_exit(127);
	}
	close(input[0]);
	dprintf(input[1], "ada %s\nben %s\n", PASSWORD, PASSWORD);
	close(input[1]);
	int status;

	return pid < 0 || waitpid(pid, &status, 0) != pid || status != 0;
}

int main(int argc, char **argv)
{
	static struct lab lab;
	struct pipeline *pipeline;
	struct waiter waiter = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.answered = PTHREAD_COND_INITIALIZER };
	struct err err;
	char body[256];

	log_init("story", LOG_WARN);
	if (argc == 4 && str_eq(str_from(argv[1]), STR("--make")))
		return make(argv[2], argv[3]);
	if (argc != 2 || chdir(argv[1]) != 0)
		return 2;
	if (crypto_init(&err) != OK || lab_open(&lab, &err) != OK) {
		fprintf(stderr, "fault_story: %s\n", err.msg);
		return 1;
	}
	lab.without_glass = true;
	if (ledger_frozen(lab.ledger) != NULL) {
		fprintf(stderr, "fault_story: frozen: %s\n", ledger_frozen(lab.ledger));
		return 1;
	}
	if (pipeline_open(&lab, "records.db", 2, &pipeline, &err) != OK) {
		fprintf(stderr, "fault_story: %s\n", err.msg);
		return 1;
	}
	snprintf(body, sizeof(body), "{\"name\":\"ada\",\"password\":\"%s\"}", PASSWORD);
	act(&lab, pipeline, &waiter, "session.start", body);
	for (int i = 0; i < 2; i++) {
		snprintf(body, sizeof(body),
			"{\"name\":\"Organisation %d of %d\",\"line\":\"customer\",\"country\":\"IT\"}",
			i, (int)getpid());
		act(&lab, pipeline, &waiter, "organisation.create", body);
	}
	act(&lab, pipeline, &waiter, "session.end", "{}");
	pipeline_close(pipeline);
	lab_close(&lab);
	return 0;
}
