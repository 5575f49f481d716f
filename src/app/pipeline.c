/*
 * pipeline: threads and queues. A lane is a queue with threads, each with a read connection of its own. A thread
 * takes several calls at a time: a wake-up and a snapshot are shared by whatever waits together.
 */
#include "app/pipeline.h"

#include <unistd.h>

#include "app/call.h"
#include "crypto/password.h"
#include "os/log.h"

enum lane_name { LANE_QUICK, LANE_PASSWORD, LANE_LONG, LANES };
enum {
	LANE_THREADS_MAX = 32,
	/* Calls that one thread takes at a time and computes on one snapshot. */
	LANE_TAKE_MAX = 32,
};

struct lane {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct pipeline_call *first, **last;
	size_t waiting, waiting_max;
	unsigned sleeping; /* threads that wait for `more` */
	bool stop;
	bool is_quick; /* calls are taken several at a time, and computed on a snapshot */
	unsigned thread_count;
	pthread_t threads[LANE_THREADS_MAX];
	struct db *db[LANE_THREADS_MAX];
};

struct pipeline {
	struct lab *lab;
	struct point_auth *points;
	struct db *maintain_db;
	struct lane lanes[LANES];
	pthread_mutex_t lock;
	pthread_cond_t idle;
	size_t under_way;
};

/* What a lane's thread gets. */
struct lane_start {
	struct lane *lane;
	struct db *db;
};

struct lab *pipeline_lab(const struct pipeline *p)
{
	return p->lab;
}

struct point_auth *pipeline_points(const struct pipeline *p)
{
	return p->points;
}

/* The thread's share of what waits; one that may take long is taken alone. NULL: the lane ends. */
static struct pipeline_call *lane_take(struct lane *lane)
{
	pthread_mutex_lock(&lane->lock);
	while (lane->first == NULL && !lane->stop) {
		lane->sleeping++;
		pthread_cond_wait(&lane->more, &lane->lock);
		lane->sleeping--;
	}
	struct pipeline_call *calls = lane->first, **end = &lane->first;
	size_t share = lane->is_quick ? lane->waiting / lane->thread_count + 1 : 1, count = 0;

	if (share > LANE_TAKE_MAX)
		share = LANE_TAKE_MAX;
	while (*end != NULL && count < share && (count == 0 || call_is_short(*end))) {
		bool alone = !call_is_short(*end);

		end = &(*end)->next;
		count++;
		if (alone)
			break;
	}
	lane->first = *end;
	*end = NULL;
	if (lane->first == NULL)
		lane->last = &lane->first;
	else if (lane->sleeping > 0)
		pthread_cond_signal(&lane->more);
	lane->waiting -= count;
	pthread_mutex_unlock(&lane->lock);
	return count > 0 ? calls : NULL;
}

/* forced: a call on its second round has its place already. */
static bool lane_put(struct lane *lane, struct pipeline_call *call, bool forced)
{
	bool fits;

	pthread_mutex_lock(&lane->lock);
	fits = forced || lane->waiting < lane->waiting_max;
	if (fits) {
		/* One thread is woken for whatever gathers until it looks; it wakes the next. */
		if (lane->first == NULL && lane->sleeping > 0)
			pthread_cond_signal(&lane->more);
		call->next = NULL;
		*lane->last = call;
		lane->last = &call->next;
		lane->waiting++;
	}
	pthread_mutex_unlock(&lane->lock);
	return fits;
}

static void *lane_main(void *arg)
{
	struct lane_start start = *(struct lane_start *)arg;
	struct pipeline_call *calls;

	free(arg);
	while ((calls = lane_take(start.lane)) != NULL)
		call_steps(calls, start.db, start.lane->is_quick);
	return NULL;
}

static enum err_kind lane_thread(struct lane *lane, const char *records_path, struct err *err)
{
	unsigned n = lane->thread_count;
	struct lane_start *start = malloc(sizeof(*start));

	if (start == NULL)
		return err_set(err, ERR_LIMIT, "no memory for a thread");
	enum err_kind rc = db_open(records_path, DB_READ, &lane->db[n], err);

	if (rc != OK) {
		free(start);
		return rc;
	}
	*start = (struct lane_start){ lane, lane->db[n] };
	int failed = pthread_create(&lane->threads[n], NULL, lane_main, start);

	if (failed != 0) {
		db_close(lane->db[n]);
		free(start);
		return err_errno(err, failed, "start a thread");
	}
	lane->thread_count++;
	return OK;
}

static enum err_kind lane_open(struct lane *lane, unsigned threads, size_t waiting_max,
	const char *records_path, struct err *err)
{
	enum err_kind rc = OK;

	assert(threads > 0 && threads <= LANE_THREADS_MAX);
	pthread_mutex_init(&lane->lock, NULL);
	pthread_cond_init(&lane->more, NULL);
	lane->last = &lane->first;
	lane->waiting_max = waiting_max;
	for (unsigned i = 0; rc == OK && i < threads; i++)
		rc = lane_thread(lane, records_path, err);
	return rc;
}

static void lane_close(struct lane *lane)
{
	if (lane->last == NULL)
		return;
	pthread_mutex_lock(&lane->lock);
	lane->stop = true;
	pthread_cond_broadcast(&lane->more);
	pthread_mutex_unlock(&lane->lock);
	for (unsigned i = 0; i < lane->thread_count; i++) {
		pthread_join(lane->threads[i], NULL);
		db_close(lane->db[i]);
	}
	pthread_cond_destroy(&lane->more);
	pthread_mutex_destroy(&lane->lock);
}

static unsigned default_threads(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (processors < 1)
		processors = 1;
	return processors + 2 > LANE_THREADS_MAX ? LANE_THREADS_MAX : (unsigned)processors + 2;
}

enum err_kind pipeline_open(struct lab *lab, const char *records_path, unsigned threads,
	struct pipeline **p, struct err *err)
{
	struct pipeline *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return err_set(err, ERR_LIMIT, "no memory for the pipeline");
	made->lab = lab;
	pthread_mutex_init(&made->lock, NULL);
	pthread_cond_init(&made->idle, NULL);
	enum err_kind rc = point_auth_open(&made->points, err);

	if (rc == OK)
		rc = db_open(records_path, DB_READ, &made->maintain_db, err);
	/* No others: the write-ahead log cannot be moved past a snapshot, and they take long. */
	made->lanes[LANE_QUICK].is_quick = true;
	if (rc == OK)
		rc = lane_open(&made->lanes[LANE_QUICK], threads > 0 ? threads : default_threads(),
			LIMIT_CALLS, records_path, err);
	if (rc == OK)
		rc = lane_open(&made->lanes[LANE_PASSWORD], PASSWORD_PARALLEL_MAX,
			LIMIT_PASSWORD_QUEUE, records_path, err);
	if (rc == OK)
		rc = lane_open(&made->lanes[LANE_LONG], LIMIT_LONG_CALLS, LIMIT_LONG_QUEUE,
			records_path, err);
	if (rc != OK) {
		pipeline_close(made);
		return rc;
	}
	*p = made;
	return OK;
}

void pipeline_close(struct pipeline *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	while (p->under_way > 0)
		pthread_cond_wait(&p->idle, &p->lock);
	pthread_mutex_unlock(&p->lock);
	for (int i = 0; i < LANES; i++)
		lane_close(&p->lanes[i]);
	if (p->maintain_db != NULL)
		db_close(p->maintain_db);
	point_auth_close(p->points);
	pthread_cond_destroy(&p->idle);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

enum err_kind pipeline_maintain(struct pipeline *p, struct err *err)
{
	return maintain_run(p->lab, p->maintain_db, err);
}

void pipeline_requeue(struct pipeline *p, struct pipeline_call *call)
{
	lane_put(&p->lanes[LANE_QUICK], call, true);
}

void pipeline_release(struct pipeline *p, struct pipeline_call *call)
{
	json_decref(call->args);
	/* Passwords, tokens and pages passed through here. */
	arena_wipe(&call->mem);
	secret_wipe(call, sizeof(*call));
	free(call);
	pthread_mutex_lock(&p->lock);
	p->under_way--;
	if (p->under_way == 0)
		pthread_cond_broadcast(&p->idle);
	pthread_mutex_unlock(&p->lock);
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
	uint8_t all = 0;

	for (size_t i = 0; i < len; i++)
		all |= bytes[i];
	return all == 0;
}

/* Copy what the request borrows. False when a name is too long to be one of ours. */
static bool take_request(struct pipeline_call *call, const struct pipeline_request *request)
{
	call->in = *request;
	if (request->verb.len >= CALL_VERB_BYTES || request->point.len >= CALL_POINT_BYTES ||
		request->body.len > LIMIT_JSON_BYTES ||
		!arena_copy(&call->mem, request->body, &call->in.body))
		return false;
	memcpy(call->verb_name, request->verb.ptr, request->verb.len);
	memcpy(call->point, request->point.ptr, request->point.len);
	memcpy(call->token, request->token, SESSION_TOKEN_BYTES);
	memcpy(call->key, request->idempotency_key, CALL_KEY_BYTES);
	peer_address(request->peer, call->address);
	call->has_token = !is_zero(call->token, SESSION_TOKEN_BYTES);
	call->has_key = !is_zero(call->key, CALL_KEY_BYTES);
	call->in.verb = str_from(call->verb_name);
	call->in.point = str_from(call->point);
	call->in.token = call->token;
	call->in.idempotency_key = call->key;
	call->in.peer = NULL;
	return true;
}

static void prepare(struct pipeline *p, struct pipeline_call *call, const struct verb *verb)
{
	size_t mem = verb->flags & VERB_LONG ? LIMIT_LONG_MEM_BYTES : LIMIT_REQUEST_MEM_BYTES;

	call->mem.limit_bytes = mem;
	call->entry_index = UINT64_MAX;
	call->ctx = (struct ctx){
		.lab = p->lab,
		.verb = verb,
		.mem = &call->mem,
		.fd = call->in.fd,
		.attach = STR(""),
		.answer = &call->answer,
		.call = call,
	};
	out_init(&call->answer_out, &call->mem, LIMIT_ANSWER_BYTES);
	jw_init(&call->answer, &call->answer_out);
	jw_object(&call->answer);
	/* Sealing adds a little to what must fit. */
	out_init(&call->detail_out, &call->mem, LIMIT_DETAIL_BYTES - 256);
	jw_init(&call->detail, &call->detail_out);
	jw_object(&call->detail);
}

static void refuse_at_once(
	const struct pipeline_request *request, enum err_kind status, struct str json)
{
	struct pipeline_answer answer = {
		.status = status, .json = json, .bytes = STR(""), .entry_index = UINT64_MAX
	};

	request->answer(request->arg, &answer);
}

static struct lane *lane_of(struct pipeline *p, const struct verb *verb)
{
	if (verb->flags & VERB_LONG)
		return &p->lanes[LANE_LONG];
	return &p->lanes[verb->flags & VERB_PASSWORD ? LANE_PASSWORD : LANE_QUICK];
}

static bool enter(struct pipeline *p)
{
	pthread_mutex_lock(&p->lock);
	bool fits = p->under_way < LIMIT_CALLS;

	if (fits)
		p->under_way++;
	pthread_mutex_unlock(&p->lock);
	return fits;
}

void pipeline_submit(struct pipeline *p, const struct pipeline_request *request)
{
	static const char busy[] =
		"{\"error\":\"limit\",\"message\":\"the lab has too much to do: try again in a moment\"}";
	const struct verb *verb = verb_find(p->lab, request->verb);

	if (verb == NULL) {
		refuse_at_once(request, ERR_NOT_FOUND,
			STR("{\"error\":\"not-found\",\"message\":\"no such verb\"}"));
		return;
	}
	if (!enter(p)) {
		refuse_at_once(request, ERR_LIMIT, str_from(busy));
		return;
	}
	struct pipeline_call *call = calloc(1, sizeof(*call));

	if (call == NULL) {
		log_line(LOG_ERROR, "no memory for a call");
		pthread_mutex_lock(&p->lock);
		p->under_way--;
		pthread_cond_broadcast(&p->idle);
		pthread_mutex_unlock(&p->lock);
		refuse_at_once(request, ERR_LIMIT, str_from(busy));
		return;
	}
	call->pipeline = p;
	arena_init(&call->mem, LIMIT_REQUEST_MEM_BYTES);
	if (!take_request(call, request)) {
		refuse_at_once(request, ERR_INPUT,
			STR("{\"error\":\"input\",\"message\":\"verb, point or body is too long\"}"));
		pipeline_release(p, call);
		return;
	}
	prepare(p, call, verb);
	if (!lane_put(lane_of(p, verb), call, false)) {
		refuse_at_once(request, ERR_LIMIT, str_from(busy));
		pipeline_release(p, call);
	}
}
