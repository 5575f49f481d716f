#include "open_lab.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "app/init.h"
#include "app/record.h"
#include "base/when.h"
#include "format/json.h"
#include "os/fs.h"
#include "os/random.h"

static struct told last;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;
static bool is_answered = true;

static void want(enum err_kind rc, const struct err *err)
{
	if (rc != OK)
		fail_msg("%s: %s", err_word(rc), err->msg);
}

static void open_here(struct open_lab *l)
{
	struct err err;

	want(lab_open(&l->lab, &err), &err);
	l->lab.without_glass = true;
	want(lab_note_start(&l->lab, &err), &err);
	want(pipeline_open(&l->lab, LAB_RECORDS, 2, &l->pipeline, &err), &err);
}

static void make(struct open_lab *l)
{
	char path[96], key[96];
	struct err err;
	struct init_options options = { .path = path,
		.officer_key = key,
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
				      .password = OLGA_PASSWORD },
			{ .name = STR("oleg"),
				.display = STR("Oleg"),
				.password = "correct-horse-staple" } },
		.officer_count = OPEN_LAB_OFFICERS,
		.test_clock = true };

	snprintf(path, sizeof(path), "%s/lab", l->dir);
	snprintf(key, sizeof(key), "%s/officer.key", l->dir);
	want(lab_make(&options, &err), &err);
	assert_int_equal(chdir(path), 0);
}

static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

void open_lab_start(struct open_lab *l)
{
	struct err err;

	memset(l, 0, sizeof(*l));
	want(crypto_init(&err), &err);
	copy_text(l->dir, sizeof(l->dir), "/tmp/vitrine-test-XXXXXX");
	assert_non_null(mkdtemp(l->dir));
	want(fs_open_dir(AT_FDCWD, ".", &l->back_fd, &err), &err);
	make(l);
	open_here(l);
	copy_text(l->officers[0], LAB_ID_BYTES,
		open_lab_text(l, "SELECT person FROM credentials WHERE name = 'olga'"));
	copy_text(l->officers[1], LAB_ID_BYTES,
		open_lab_text(l, "SELECT person FROM credentials WHERE name = 'oleg'"));
	copy_text(l->organisation, LAB_ID_BYTES,
		open_lab_text(l, "SELECT id FROM records WHERE kind = 'organisation'"));
}

static void shut(struct open_lab *l)
{
	pipeline_close(l->pipeline);
	lab_close(&l->lab);
}

void open_lab_restart(struct open_lab *l)
{
	shut(l);
	open_here(l);
}

void open_lab_stop(struct open_lab *l)
{
	struct err err;

	shut(l);
	assert_int_equal(fchdir(l->back_fd), 0);
	close(l->back_fd);
	want(fs_remove_tree(AT_FDCWD, l->dir, &err), &err);
}

void open_lab_clock(struct open_lab *l, int64_t shift_s)
{
	char text[32];
	int fd = open("run/clock", O_WRONLY | O_TRUNC | O_CLOEXEC);
	int len = snprintf(text, sizeof(text), "%lld\n", (long long)shift_s);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, (size_t)len), len);
	close(fd);
	l->shift_s = shift_s;
}

static void take_answer(void *arg, const struct pipeline_answer *answer)
{
	(void)arg;
	pthread_mutex_lock(&lock);
	assert(!is_answered);
	assert(answer->json.len < sizeof(last.json));
	last.status = answer->status;
	memcpy(last.json, answer->json.ptr, answer->json.len);
	last.json[answer->json.len] = '\0';
	last.entry = answer->entry_index;
	last.size = answer->tree_size;
	is_answered = true;
	pthread_cond_signal(&answered);
	pthread_mutex_unlock(&lock);
}

void open_lab_begin(struct open_lab *l, const struct ask *ask)
{
	static const uint8_t none[32];
	struct pipeline_request request = { .verb = str_from(ask->verb),
		.point = ask->point != NULL ? str_from(ask->point) : STR("console"),
		.body = str_from(ask->body),
		.token = ask->token != NULL ? ask->token : none,
		.counter = ask->counter,
		.idempotency_key = ask->key != NULL ? ask->key : none,
		.peer = ask->peer != NULL ? ask->peer : none,
		.uid = getuid(),
		.fd = ask->fd != NULL ? *ask->fd : -1,
		.answer = take_answer,
		.progress = ask->progress,
		.cancelled = ask->cancelled,
		.arg = ask->arg };

	if (ask->sign != NULL) {
		request.digest = sha256_of(str_from(ask->verb));
		request.signed_digest = ask->signed_digest != NULL ? *ask->signed_digest
								   : request.digest;
		request.signature = sign_make(
			ask->sign, str_of(request.signed_digest.bytes, SHA256_BYTES));
	}
	is_answered = false;
	pipeline_submit(l->pipeline, &request);
}

const struct told *open_lab_wait(void)
{
	pthread_mutex_lock(&lock);
	while (!is_answered)
		pthread_cond_wait(&answered, &lock);
	pthread_mutex_unlock(&lock);
	return &last;
}

const struct told *open_lab_ask(struct open_lab *l, const struct ask *ask)
{
	open_lab_begin(l, ask);
	return open_lab_wait();
}

enum err_kind open_lab_status(struct open_lab *l, const struct ask *ask)
{
	return open_lab_ask(l, ask)->status;
}

struct wanted {
	struct lab *lab;
	const char *kind, *state, *fields;
	char *id;
};

static enum err_kind add_record(struct db *db, void *arg, struct err *err)
{
	static const struct caller caller = { .person_id = { "lab", 3 },
		.person_name = { "", 0 },
		.organisation_id = { "", 0 },
		.organisation_name = { "", 0 },
		.line = { "", 0 },
		.roles = ROLE_OFFICER };
	const struct wanted *w = arg;
	struct arena mem;
	json_t *fields;
	struct record_desk desk = { .db = db,
		.mem = &mem,
		.kinds = w->lab->kinds,
		.caller = &caller,
		.now_us = clock_now_us(&w->lab->clock) };

	arena_init(&mem, 1 << 20);
	enum err_kind rc = json_parse(str_from(w->fields), LIMIT_JSON_BYTES, &fields, err);

	if (rc == OK) {
		rc = record_add(&desk, w->kind, w->state, "create", fields, w->id, err);
		json_decref(fields);
	}
	arena_reset(&mem);
	return rc;
}

void open_lab_record(struct open_lab *l, const char *kind, const char *state, const char *fields,
	char id[LAB_ID_BYTES])
{
	struct wanted wanted = { &l->lab, kind, state, fields, id };
	struct err err;

	want(writer_run(l->lab.writer, add_record, &wanted, &err), &err);
}

void open_lab_engagement(
	struct open_lab *l, const struct wanted_engagement *wanted, char id[LAB_ID_BYTES])
{
	char fields[900], grant[LAB_ID_BYTES];

	snprintf(fields, sizeof(fields),
		"{\"title\":\"Review\",\"party\":\"%s\",\"product\":\"%s\","
		"\"until\":\"2999-01-01T00:00:00Z\"}",
		wanted->party, wanted->product);
	open_lab_record(l, "engagement", "open", fields, id);
	snprintf(fields, sizeof(fields),
		"{\"title\":\"Grant\",\"engagement\":\"%s\",\"party\":\"%s\",\"product\":\"%s\","
		"\"releases\":[\"%s\"],\"paths\":[%s],\"paths_except\":[%s],"
		"\"activities\":[\"view\"],\"forms\":[\"glass\"],\"from\":\"2000-01-01T00:00:00Z\","
		"\"until\":\"2999-01-01T00:00:00Z\",\"lines_per_hour\":10000}",
		id, wanted->party, wanted->product, wanted->release, wanted->paths, wanted->except);
	open_lab_record(l, "grant", "approved", fields, grant);
}

static enum err_kind run_sql(struct db *db, void *arg, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(db, arg, &s, err);

	return rc != OK ? rc : stmt_run(s, NULL, err);
}

void open_lab_sql(struct open_lab *l, const char *sql)
{
	struct err err;

	want(writer_run(l->lab.writer, run_sql, (void *)(uintptr_t)sql, &err), &err);
}

void open_lab_person(struct open_lab *l, const char *name, const char *organisation,
	const char *roles, char id[LAB_ID_BYTES])
{
	char fields[512], sql[512];

	snprintf(fields, sizeof(fields),
		"{\"name\":\"%s\",\"display\":\"%s\",\"organisation\":\"%s\",\"roles\":[%s],"
		"\"line\":\"third\"}",
		name, name, organisation, roles);
	open_lab_record(l, "person", "active", fields, id);
	snprintf(sql, sizeof(sql),
		"INSERT INTO credentials (person, name, password, must_change) "
		"VALUES ('%s', '%s', 'none', 0)",
		id, name);
	open_lab_sql(l, sql);
}

void open_lab_session(
	struct open_lab *l, const char *person, const char *point, struct token *token)
{
	char sql[512], hex[SHA256_HEX_BYTES];
	int64_t now_us = clock_now_us(&l->lab.clock);

	random_bytes(token->bytes, sizeof(token->bytes));
	lab_new_id("ses", token->session);
	struct sha256 digest = sha256_of(str_of(token->bytes, sizeof(token->bytes)));

	sha256_format(&digest, hex);
	snprintf(sql, sizeof(sql),
		"INSERT INTO sessions (id, token, person, point, started_us, seen_us, ends_us, mark) "
		"VALUES ('%s', x'%s', '%s', '%s', %lld, %lld, %lld, zeroblob(32))",
		token->session, hex, person, point, (long long)now_us, (long long)now_us,
		(long long)(now_us + l->lab.settings.session_absolute_s * WHEN_SECOND_US));
	open_lab_sql(l, sql);
}

/* Reads through a connection of its own: what it sees is committed. */
static const char *read_first(const char *sql, bool *found)
{
	static char text[4096];
	struct db *db;
	struct stmt *s;
	struct err err;
	bool row = false;

	want(db_open(LAB_RECORDS, DB_READ, &db, &err), &err);
	want(stmt_begin(db, sql, &s, &err), &err);
	want(stmt_step(s, &row, &err), &err);
	text[0] = '\0';
	if (row)
		snprintf(text, sizeof(text), "%.*s", STR_ARG(stmt_col_str(s, 0)));
	if (row)
		stmt_end(s);
	db_close(db);
	*found = row;
	return text;
}

int64_t open_lab_number(struct open_lab *l, const char *sql)
{
	bool found;
	const char *text = read_first(sql, &found);

	(void)l;
	return found ? strtoll(text, NULL, 10) : -1;
}

const char *open_lab_text(struct open_lab *l, const char *sql)
{
	bool found;

	(void)l;
	return read_first(sql, &found);
}

const char *told_text(const struct told *told, const char *member)
{
	static char text[4096];
	struct err err;
	json_t *root;
	struct str value;

	text[0] = '\0';
	if (json_parse(str_from(told->json), OPEN_LAB_JSON_BYTES, &root, &err) != OK)
		fail_msg("not JSON: %s: %.200s", err.msg, told->json);
	if (json_str(root, member, &value))
		snprintf(text, sizeof(text), "%.*s", STR_ARG(value));
	json_decref(root);
	return text;
}
