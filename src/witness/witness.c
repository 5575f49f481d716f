#include "witness/witness.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <unistd.h>

#include "ledger/cosignature.h"
#include "os/fs.h"

/* One log: its keys, and what is remembered of it. */
struct log {
	struct witness_log_keys keys;
	char name_hex[SHA256_HEX_BYTES];
	struct witness_state state;
	char forgotten[ERR_MSG_BYTES_MAX]; /* why it cannot be signed for; empty: it can */
};

struct witness {
	struct witness_options options;
	char name[NOTE_NAME_BYTES_MAX + 1];
	struct note_vkey vkey;
	struct sign_secret key;
	int lock_fd;
	size_t log_count;
	struct log *logs;
	pthread_mutex_t lock; /* of states and dead */
	char dead[ERR_MSG_BYTES_MAX];
};

int witness_status(enum witness_verdict verdict)
{
	static const int status[] = {
		[WITNESS_COSIGNED] = 200,
		[WITNESS_MALFORMED] = 400,
		[WITNESS_UNKNOWN_LOG] = 404,
		[WITNESS_UNTRUSTED] = 403,
		[WITNESS_CONFLICT] = 409,
		[WITNESS_UNPROVED] = 422,
		[WITNESS_UNABLE] = 503,
	};

	return status[verdict];
}

static void raise_alarm(struct witness *w, const char *rule, struct str subject, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));

static void raise_alarm(
	struct witness *w, const char *rule, struct str subject, const char *fmt, ...)
{
	char words[ERR_MSG_BYTES_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	if (w->options.alarm != NULL)
		w->options.alarm(w->options.arg, rule, subject, words);
}

static enum err_kind open_log(
	struct witness *w, const struct witness_log_keys *keys, struct log *log, struct err *err)
{
	struct str origin = keys->keys[0].name;

	for (size_t i = 0; i < keys->count; i++)
		if (!str_eq(keys->keys[i].name, origin) || keys->keys[i].type != NOTE_ED25519)
			return err_set(err, ERR_INPUT, "the keys of one log bear one name: %.*s",
				STR_ARG(origin));
	log->keys = *keys;
	witness_state_name(origin, log->name_hex);
	enum err_kind rc = witness_state_load(
		w->options.dir_fd, keys->keys, keys->count, &log->state, err);

	if (rc != ERR_NOT_FOUND && rc != ERR_CORRUPT)
		return rc;
	snprintf(log->forgotten, sizeof(log->forgotten), "%s", err->msg);
	raise_alarm(w, "forgotten", origin, "%s", log->forgotten);
	return OK;
}

enum err_kind witness_open(
	const struct witness_options *options, struct witness **out, struct err *err)
{
	struct sign_public public_key;
	struct witness *w;
	enum err_kind rc;

	if (!note_name_valid(options->name))
		return err_set(err, ERR_INPUT, "\"%.*s\" cannot be the name of a witness",
			STR_ARG(options->name));
	assert(options->log_count <= WITNESS_LOGS_MAX);
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return err_set(err, ERR_LIMIT, "witness: no memory");
	w->options = *options;
	w->lock_fd = -1;
	w->key = *options->key;
	memcpy(w->name, options->name.ptr, options->name.len);
	memcpy(public_key.bytes, options->key->bytes + SIGN_SEED_BYTES, SIGN_PUBLIC_BYTES);
	w->vkey = note_vkey_make(str_of(w->name, options->name.len), NOTE_COSIGNATURE, &public_key);
	pthread_mutex_init(&w->lock, NULL);
	w->logs = calloc(options->log_count + 1, sizeof(*w->logs));
	if (w->logs == NULL) {
		witness_close(w);
		return err_set(err, ERR_LIMIT, "witness: no memory");
	}
	rc = fs_lock(options->dir_fd, "lock", &w->lock_fd, err);
	for (; rc == OK && w->log_count < options->log_count; w->log_count++)
		rc = open_log(w, &options->logs[w->log_count], &w->logs[w->log_count], err);
	if (rc != OK) {
		witness_close(w);
		return rc;
	}
	*out = w;
	return OK;
}

void witness_close(struct witness *w)
{
	if (w == NULL)
		return;
	if (w->lock_fd >= 0)
		close(w->lock_fd);
	secret_wipe(&w->key, sizeof(w->key));
	pthread_mutex_destroy(&w->lock);
	free(w->logs);
	free(w);
}

enum err_kind witness_begin_log(int dir_fd, struct str origin, struct err *err)
{
	struct witness_state state;
	char name[SHA256_HEX_BYTES];

	witness_state_name(origin, name);
	if (faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(
			err, ERR_CONFLICT, "the log %.*s is remembered already", STR_ARG(origin));
	witness_state_init(&state);
	return witness_state_store(dir_fd, origin, &state, err);
}

static struct log *find_log(struct witness *w, struct str origin)
{
	for (size_t i = 0; i < w->log_count; i++)
		if (str_eq(w->logs[i].keys.keys[0].name, origin))
			return &w->logs[i];
	return NULL;
}

/* One request on its way through the checks, in the order in which the specification answers them. */
struct trial {
	struct witness *w;
	struct arena *mem;
	const struct add_request *request;
	struct log *log;
	struct note note;
	struct checkpoint checkpoint;
	bool is_ours; /* the note bears a cosignature of this very key */
	struct witness_answer *answer;
};

static bool fail(struct trial *t, enum witness_verdict verdict, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static bool fail(struct trial *t, enum witness_verdict verdict, const char *fmt, ...)
{
	va_list ap;

	t->answer->verdict = verdict;
	va_start(ap, fmt);
	vsnprintf(t->answer->why, sizeof(t->answer->why), fmt, ap);
	va_end(ap);
	return false;
}

/* Known log, signed by it; 404 and 403. */
static bool check_signature(struct trial *t)
{
	struct note_verdict verdicts[WITNESS_LOG_KEYS_MAX];
	struct str origin, rest;
	struct err err;

	if (note_parse(t->request->note, &t->note, &err) != OK)
		return fail(t, WITNESS_MALFORMED, "%s", err.msg);
	if (!str_cut(t->note.text, '\n', &origin, &rest))
		return fail(t, WITNESS_MALFORMED, "the checkpoint has no origin");
	t->log = find_log(t->w, origin);
	if (t->log == NULL)
		return fail(t, WITNESS_UNKNOWN_LOG, "this log is not witnessed here");
	const struct witness_log_keys *keys = &t->log->keys;

	if (note_verify(t->mem, &t->note, keys->keys, keys->count, verdicts, &err) != OK)
		return fail(t, WITNESS_UNTRUSTED, "%s", err.msg);
	t->is_ours = note_verify(t->mem, &t->note, &t->w->vkey, 1, verdicts, &err) == OK;
	return true;
}

/* The text is a checkpoint; 400, and 422 for the empty tree with another root. */
static bool check_text(struct trial *t)
{
	struct str origin, size, rest;
	struct err err;

	if (checkpoint_parse(t->note.text, &t->checkpoint, &err) != OK) {
		bool empty = str_cut(t->note.text, '\n', &origin, &rest) &&
			str_cut(rest, '\n', &size, &rest) && str_eq(size, STR("0"));

		return fail(t, empty ? WITNESS_UNPROVED : WITNESS_MALFORMED, "%s", err.msg);
	}
	if (t->request->old_size > t->checkpoint.size)
		return fail(t, WITNESS_MALFORMED, "old is above the checkpoint's size");
	return true;
}

/*
 * Our own cosignature over a head that we do not remember: somebody put an older state back. What it says is proved
 * like any other; but the owner must know, because another head could have been signed as well.
 */
static void check_memory(struct trial *t)
{
	const struct witness_state *s = &t->log->state;
	bool same = sha256_eq(&t->checkpoint.root, &s->root);

	if (!t->is_ours || t->checkpoint.size < s->size || (t->checkpoint.size == s->size && same))
		return;
	raise_alarm(t->w, "restored", t->checkpoint.origin,
		"a head of size %llu bears our cosignature, and %llu is all that is remembered here: an older "
		"state was put back, or the key is used elsewhere",
		(unsigned long long)t->checkpoint.size, (unsigned long long)s->size);
}

/*
 * Two heads of one size, both signed by the log: that is proof, whoever brought it. (A path that does not hold proves
 * nothing but that the caller has none.) Kept beside the state; the first one is enough.
 */
static void keep_fork(struct trial *t)
{
	const struct checkpoint *c = &t->checkpoint;
	char name[SHA256_HEX_BYTES + sizeof(WITNESS_FORK_SUFFIX)];
	struct err err;

	snprintf(name, sizeof(name), "%s" WITNESS_FORK_SUFFIX, t->log->name_hex);
	if (faccessat(t->w->options.dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0 &&
		fs_replace(t->w->options.dir_fd, name, t->request->note, 0600, &err) != OK)
		snprintf(t->w->dead, sizeof(t->w->dead), "%s", err.msg);
	raise_alarm(t->w, "fork", c->origin,
		"the log has signed two heads of size %llu; both are kept in the state's folder",
		(unsigned long long)c->size);
}

/* Against what is remembered; 409 and 422. */
static bool check_history(struct trial *t)
{
	const struct witness_state *s = &t->log->state;
	const struct checkpoint *c = &t->checkpoint;
	struct err err;

	if (t->request->old_size != s->size)
		return fail(t, WITNESS_CONFLICT, "the remembered size is %llu",
			(unsigned long long)s->size);
	/* A path from size 0 is empty; merkle_verify_consistency refuses any other. */
	if (merkle_verify_consistency(
		    s->size, c->size, &s->root, &c->root, &t->request->path, &err) == OK)
		return true;
	if (s->size == c->size && s->size > 0)
		keep_fork(t);
	return fail(t, WITNESS_UNPROVED, "%s", err.msg);
}

/* The time to sign under: never behind the last one. */
static bool take_time(struct trial *t, uint64_t *time_s)
{
	int64_t now_us = clock_now_us(t->w->options.clock);
	uint64_t now_s = now_us < 0 ? 0 : (uint64_t)now_us / 1000000;
	uint64_t last_s = t->log->state.time_s;

	if (now_s == 0 || now_s + WITNESS_CLOCK_BACK_S < last_s) {
		raise_alarm(t->w, "clock", t->checkpoint.origin,
			"the clock stands before the last cosignature: nothing is signed until it is right");
		return fail(t, WITNESS_UNABLE, "the witness's clock is wrong");
	}
	*time_s = now_s > last_s ? now_s : last_s;
	return true;
}

static void put_line(struct out *o, const struct note_line *line)
{
	out_put(o, STR("\xe2\x80\x94 "));
	out_put(o, line->name);
	out_char(o, ' ');
	out_put(o, line->base64);
	out_char(o, '\n');
}

/* The head as it will be remembered: the log's own lines, which were verified, and ours. */
static bool make_state(
	struct trial *t, uint64_t time_s, struct str ours, struct witness_state *state)
{
	const struct witness_log_keys *keys = &t->log->keys;
	struct out o;
	struct str note;
	struct err err;

	witness_state_init(state);
	state->size = t->checkpoint.size;
	state->root = t->checkpoint.root;
	state->time_s = time_s;
	out_init(&o, t->mem, WITNESS_NOTE_BYTES_MAX);
	out_put(&o, t->note.text);
	out_char(&o, '\n');
	for (size_t i = 0; i < t->note.line_count; i++) {
		const struct note_line *line = &t->note.lines[i];

		for (size_t k = 0; k < keys->count; k++)
			if (line->id == keys->keys[k].id && str_eq(line->name, keys->keys[k].name))
				put_line(&o, line);
	}
	out_put(&o, ours);
	if (out_finish(&o, &note, &err) != OK)
		return fail(t, WITNESS_MALFORMED, "too many signatures of one log");
	state->note_len = note.len;
	memcpy(state->note, note.ptr, note.len);
	return true;
}

/* Signed in memory, remembered on disk; nothing leaves before that. */
static bool cosign(struct trial *t)
{
	struct witness *w = t->w;
	struct witness_state state;
	struct str line;
	struct out o;
	struct err err;
	uint64_t time_s = 0;

	if (!take_time(t, &time_s))
		return false;
	out_init(&o, t->mem, (size_t)2 * NOTE_NAME_BYTES_MAX);
	if (cosignature_put_line(t->mem, &o, &w->vkey, &w->key, time_s, t->note.text, &err) != OK ||
		out_finish(&o, &line, &err) != OK)
		return fail(t, WITNESS_UNABLE, "%s", err.msg);
	if (!make_state(t, time_s, line, &state))
		return false;
	if (witness_state_store(w->options.dir_fd, t->checkpoint.origin, &state, &err) != OK) {
		snprintf(w->dead, sizeof(w->dead), "%s", err.msg);
		raise_alarm(w, "disk", t->checkpoint.origin, "%s", err.msg);
		return fail(t, WITNESS_UNABLE, "the witness cannot store what it would sign");
	}
	t->log->state = state;
	t->answer->verdict = WITNESS_COSIGNED;
	t->answer->lines = line;
	return true;
}

static void compare_and_cosign(struct trial *t)
{
	struct witness *w = t->w;

	if (w->dead[0] != '\0') {
		fail(t, WITNESS_UNABLE, "the witness cannot store what it would sign");
		return;
	}
	if (t->log->forgotten[0] != '\0') {
		fail(t, WITNESS_UNABLE, "the witness has forgotten this log");
		return;
	}
	check_memory(t);
	if (check_history(t))
		cosign(t);
	t->answer->size = t->log->state.size;
}

void witness_add(struct witness *w, struct arena *mem, const struct add_request *request,
	struct witness_answer *answer)
{
	struct trial t = { .w = w, .mem = mem, .request = request, .answer = answer };

	*answer = (struct witness_answer){ .lines = STR("") };
	if (!check_signature(&t) || !check_text(&t))
		return;
	pthread_mutex_lock(&w->lock);
	compare_and_cosign(&t);
	pthread_mutex_unlock(&w->lock);
}

enum err_kind witness_head(
	struct witness *w, struct str origin, struct witness_state *state, struct err *err)
{
	struct log *log = find_log(w, origin);

	if (log == NULL)
		return err_set(
			err, ERR_NOT_FOUND, "the log %.*s is not witnessed here", STR_ARG(origin));
	pthread_mutex_lock(&w->lock);
	*state = log->state;
	pthread_mutex_unlock(&w->lock);
	return OK;
}

enum err_kind witness_note(struct witness *w, struct arena *mem, struct str name_hex,
	struct str *note, struct err *err)
{
	for (size_t i = 0; i < w->log_count; i++) {
		struct log *log = &w->logs[i];

		if (!str_eq(str_from(log->name_hex), name_hex))
			continue;
		pthread_mutex_lock(&w->lock);
		size_t len = log->state.note_len;
		bool copied = arena_copy(mem, str_of(log->state.note, len), note);

		pthread_mutex_unlock(&w->lock);
		if (len == 0)
			break;
		return copied ? OK : err_set(err, ERR_LIMIT, "request memory used up");
	}
	return err_set(err, ERR_NOT_FOUND, "no such log was cosigned here");
}

const char *witness_dead(struct witness *w)
{
	pthread_mutex_lock(&w->lock);
	bool dead = w->dead[0] != '\0';

	pthread_mutex_unlock(&w->lock);
	return dead ? w->dead : NULL;
}

const struct note_vkey *witness_vkey(const struct witness *w)
{
	return &w->vkey;
}
