/*
 * point_call: what a point does with a call before the vault gets it, and when the link broke under it. Its own rules
 * come first; then receipts; an act whose answer was lost is sent again under its idempotency key, so that it is
 * neither lost nor doubled. Looking is not: the person looks again.
 */
#include <time.h>

#include "app/verb.h"
#include "base/hex.h"
#include "os/random.h"
#include "proc/point_inside.h"

enum { AGAIN_NS = 100 * 1000 * 1000, AGAIN_US_MAX = 20 * 1000 * 1000 };

static const char NOT_MET[] = "the centre has not been met yet";

static enum err_kind find_client(struct point *pt, struct client **client, struct err *err)
{
	*client = atomic_load(&pt->client);
	if (*client == NULL)
		return err_set(err, ERR_NOT_FOUND, "%s", NOT_MET);
	if (!receipts_whole(pt->receipts))
		return err_set(err, ERR_IO, "this point cannot keep its receipts any more");
	return OK;
}

/* Refusals of the point itself are answers like the vault's, without an entry. */
static enum err_kind refuse(
	struct arena *mem, struct client_answer *answer, const struct err *why, struct err *err)
{
	struct out o;
	struct jw w;

	out_init(&o, mem, 2048);
	jw_init(&w, &o);
	jw_object(&w);
	jw_kstr(&w, "error", str_from(err_word(why->kind)));
	jw_kstr(&w, "message", str_from(why->msg));
	jw_object_end(&w);
	*answer = (struct client_answer){
		.status = why->kind, .bytes = STR(""), .entry_index = UINT64_MAX
	};
	return out_finish(&o, &answer->json, err);
}

static bool is_allowed(struct point *pt, const struct client_call *call, struct err *why)
{
	if (pt->far != NULL && call->fd >= 0) {
		err_set(why, ERR_DENIED,
			"a picture does not travel from a point on another machine: take it to "
			"the centre, where `vitrine leak` or the centre's own page takes it");
		return false;
	}
	return rules_let_pass(pt->rules, call, why);
}

/*
 * May be sent again without being done twice: the vault keeps answers of acts by their key (app/repeat), and what has
 * no entry changes nothing. Verbs of kinds are not in this table: they all are acts.
 */
static bool is_repeatable(const char *name)
{
	const struct verb *verb = verb_find(NULL, str_from(name));

	if (verb == NULL)
		return true;
	if (verb->flags & VERB_NO_ENTRY)
		return true;
	return verb->apply != NULL && (verb->flags & VERB_BYTES) == 0;
}

/* Asks; where the link broke under an act, again and again until it is there once more. */
static enum err_kind ask_through(struct client *client, struct arena *mem,
	const struct client_call *given, struct client_answer *answer, struct err *err)
{
	const struct timespec pause = { .tv_nsec = AGAIN_NS };
	int64_t end_us = clock_monotonic_us() + AGAIN_US_MAX;
	uint8_t key[FRAME_KEY_BYTES];
	struct client_call call = *given;
	bool repeatable = call.token != NULL && call.fd < 0 && is_repeatable(call.verb);

	if (repeatable && call.idempotency_key == NULL) {
		random_bytes(key, sizeof(key));
		call.idempotency_key = key;
	}
	enum err_kind rc = client_ask(client, mem, &call, answer, err);

	/* Not sent at all: the person is told, and nothing has happened. */
	if (rc != ERR_IO || !repeatable)
		return rc;
	while ((rc == ERR_IO || rc == ERR_NOT_FOUND) && clock_monotonic_us() < end_us) {
		nanosleep(&pause, NULL);
		rc = client_ask(client, mem, &call, answer, err);
	}
	/* Whether it was done is not known: never "nothing was sent". */
	return rc == ERR_NOT_FOUND ? err_set(err, ERR_IO, "%s", err->msg) : rc;
}

static void note_signed_in(const struct point *pt, const struct client_call *call,
	const struct client_answer *answer, struct str *token, struct err *why)
{
	*token = STR("");
	if (strcmp(call->verb, "session.start") != 0 || answer->status != OK)
		return;
	rules_signed_in(pt->rules, answer->json, token, why);
}

/* The session of somebody who may not be here: it is ended at once. */
static bool make_end(struct str token, uint8_t bytes[FRAME_TOKEN_BYTES], struct client_call *end)
{
	size_t len;

	*end = (struct client_call){ .verb = "session.end", .token = bytes, .fd = -1 };
	end->body = STR("{}");
	return base64url_parse(token, bytes, FRAME_TOKEN_BYTES, &len) && len == FRAME_TOKEN_BYTES;
}

enum err_kind point_ask(void *arg, struct arena *mem, const struct client_call *call,
	struct client_answer *answer, struct err *err)
{
	struct point *pt = arg;
	struct client *client;
	struct client_call end;
	struct client_answer ended;
	uint8_t bytes[FRAME_TOKEN_BYTES];
	struct err why;
	struct str token;
	enum err_kind rc = find_client(pt, &client, err);

	if (rc != OK)
		return rc;
	if (!is_allowed(pt, call, &why))
		return refuse(mem, answer, &why, err);
	rc = ask_through(client, mem, call, answer, err);
	if (rc != OK)
		return rc;
	note_signed_in(pt, call, answer, &token, &why);
	if (token.len == 0)
		return OK;
	if (make_end(token, bytes, &end))
		rc = client_ask(client, mem, &end, &ended, err);
	secret_wipe(bytes, sizeof(bytes));
	return rc != OK ? rc : refuse(mem, answer, &why, err);
}

/* A sign-in by the API, whose answer is looked at before it goes on. */
struct sending {
	struct point *pt;
	client_done_fn *done;
	void *arg;
};

static void ignore(
	void *arg, enum err_kind rc, const struct client_answer *answer, const struct err *err)
{
	(void)arg;
	(void)rc;
	(void)answer;
	(void)err;
}

static void tell_refusal(client_done_fn *done, void *arg, const struct err *why)
{
	struct client_answer answer = { .json = STR("") };
	struct arena mem;
	struct err err;

	arena_init(&mem, 16 << 10);
	enum err_kind rc = refuse(&mem, &answer, why, &err);

	done(arg, rc, &answer, &err);
	arena_reset(&mem);
}

static void sent(
	void *arg, enum err_kind rc, const struct client_answer *answer, const struct err *err)
{
	struct sending *s = arg;
	const struct client_call call = { .verb = "session.start" };
	struct client_call end;
	uint8_t bytes[FRAME_TOKEN_BYTES];
	struct str token = STR("");
	struct err why;

	if (rc == OK)
		note_signed_in(s->pt, &call, answer, &token, &why);
	if (token.len == 0) {
		s->done(s->arg, rc, answer, err);
	} else {
		if (make_end(token, bytes, &end))
			client_send(atomic_load(&s->pt->client), &end, ignore, NULL);
		secret_wipe(bytes, sizeof(bytes));
		tell_refusal(s->done, s->arg, &why);
	}
	free(s);
}

void point_send(void *arg, const struct client_call *call, client_done_fn *done, void *done_arg)
{
	struct point *pt = arg;
	struct client *client;
	struct err err;
	enum err_kind rc = find_client(pt, &client, &err);

	if (rc != OK) {
		done(done_arg, rc, NULL, &err);
		return;
	}
	if (!is_allowed(pt, call, &err)) {
		tell_refusal(done, done_arg, &err);
		return;
	}
	if (strcmp(call->verb, "session.start") != 0) {
		client_send(client, call, done, done_arg);
		return;
	}
	struct sending *s = malloc(sizeof(*s));

	if (s == NULL) {
		rc = err_set(&err, ERR_LIMIT, "no memory");
		done(done_arg, rc, NULL, &err);
		return;
	}
	*s = (struct sending){ pt, done, done_arg };
	client_send(client, call, sent, s);
}
