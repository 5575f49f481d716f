#include "ledger/cosigned.h"

#include <pthread.h>

#include "ledger/checkpoint.h"
#include "ledger/publish.h"
#include "os/fs.h"
#include "os/log.h"

enum {
	OFFERS = 8, /* heads that late lines may still be for */
	LINE_BYTES_MAX = NOTE_NAME_BYTES_MAX + 128, /* dash, name, base64 of 76 bytes */
	HEAD_NOTE_BYTES_MAX = 2 * NOTE_NAME_BYTES_MAX + 256, /* our own, of one signature */
	WORK_BYTES = 1 << 20,
};

struct line {
	size_t len;
	char text[LINE_BYTES_MAX];
};

/* A head that witnesses are asked to cosign. */
struct offer {
	struct ledger_head head;
	int64_t since_us; /* monotonic; 0: this place is free */
	size_t note_len;
	char note[HEAD_NOTE_BYTES_MAX];
	uint32_t signed_by;
	struct line lines[POLICY_WITNESSES_MAX];
};

/* The largest head that one witness has cosigned. */
struct last {
	uint64_t size, time_s;
	int64_t received_us;
	bool is_stored;
	size_t note_len;
	char note[HEAD_NOTE_BYTES_MAX]; /* of that head, without the line */
	struct line line;
};

struct cosigned {
	struct ledger *ledger;
	int dir_fd;
	struct publish publish;
	pthread_mutex_t lock; /* of all that follows */
	char *policy_text;
	size_t policy_len;
	struct policy policy; /* borrows from it */
	struct last lasts[POLICY_WITNESSES_MAX];
	struct offer offers[OFFERS];
	unsigned newest; /* the offer that is on the table */
	unsigned heard_count;
	char heard[POLICY_WITNESSES_MAX][LIMIT_NAME_BYTES]; /* peers */
	struct ledger_head witnessed;
	char *witnessed_note; /* malloc */
	size_t witnessed_len;
};

enum err_kind cosigned_open(
	struct ledger *ledger, int dir_fd, struct cosigned **out, struct err *err)
{
	struct cosigned *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return err_set(err, ERR_LIMIT, "no memory for cosignatures");
	c->ledger = ledger;
	c->dir_fd = dir_fd;
	c->policy.quorum = POLICY_NO_QUORUM;
	publish_init(&c->publish, dir_fd);
	pthread_mutex_init(&c->lock, NULL);
	*out = c;
	return OK;
}

void cosigned_close(struct cosigned *c)
{
	if (c == NULL)
		return;
	pthread_mutex_destroy(&c->lock);
	free(c->policy_text);
	free(c->witnessed_note);
	free(c);
}

/* The note with the lines of these witnesses. */
static enum err_kind note_with_lines(const struct cosigned *c, const struct offer *offer,
	struct arena *mem, struct str *note, struct err *err)
{
	struct out o;

	out_init(&o, mem, NOTE_BYTES_MAX);
	out_put(&o, str_of(offer->note, offer->note_len));
	for (size_t i = 0; i < c->policy.witness_count; i++)
		if ((offer->signed_by >> i & 1) != 0)
			out_put(&o, str_of(offer->lines[i].text, offer->lines[i].len));
	return out_finish(&o, note, err);
}

/* With the lock held: publish this head if it meets the policy and is the newest that does, or the same with more lines. */
static enum err_kind publish_witnessed(
	struct cosigned *c, const struct offer *offer, struct err *err)
{
	struct arena mem;
	struct str note;

	if (c->policy.quorum == POLICY_NO_QUORUM || offer->head.size < c->witnessed.size ||
		!policy_is_met(&c->policy, offer->signed_by))
		return OK;
	arena_init(&mem, WORK_BYTES);
	enum err_kind rc = note_with_lines(c, offer, &mem, &note, err);
	char *copy = rc == OK ? malloc(note.len) : NULL;

	if (rc == OK)
		rc = copy == NULL ? err_set(err, ERR_LIMIT, "no memory for the witnessed head")
				  : publish_file(&c->publish, LEDGER_WITNESSED, note, false, err);
	if (rc == OK && copy != NULL) {
		memcpy(copy, note.ptr, note.len);
		free(c->witnessed_note);
		c->witnessed_note = copy;
		c->witnessed_len = note.len;
		c->witnessed = offer->head;
	} else {
		free(copy);
	}
	arena_reset(&mem);
	return rc;
}

static void keep_line(struct line *line, struct str text)
{
	assert(text.len <= sizeof(line->text));
	memcpy(line->text, text.ptr, text.len);
	line->len = text.len;
}

/* A line of a note by this key, as it stands in the note, into *line. */
static void find_line(const struct note *note, const struct note_vkey *key, struct line *line)
{
	struct arena mem;
	struct out o;
	struct str text;
	struct err err;

	arena_init(&mem, 16 << 10);
	for (size_t i = 0; i < note->line_count; i++) {
		const struct note_line *l = &note->lines[i];

		if (l->id != key->id || !str_eq(l->name, key->name))
			continue;
		out_init(&o, &mem, LINE_BYTES_MAX);
		out_put(&o, STR("\xe2\x80\x94 "));
		out_put(&o, l->name);
		out_char(&o, ' ');
		out_put(&o, l->base64);
		out_char(&o, '\n');
		if (out_finish(&o, &text, &err) == OK)
			keep_line(line, text);
		break;
	}
	arena_reset(&mem);
}

/* Which witnesses of the policy have signed the note, and when. */
static enum err_kind verify(const struct cosigned *c, const struct note *note,
	struct note_verdict verdicts[POLICY_WITNESSES_MAX], struct err *err)
{
	struct note_vkey keys[POLICY_WITNESSES_MAX];
	struct arena mem;

	for (size_t i = 0; i < c->policy.witness_count; i++)
		keys[i] = c->policy.witnesses[i].vkey;
	if (c->policy.witness_count == 0)
		return err_set(err, ERR_DENIED, "no policy names a witness");
	arena_init(&mem, WORK_BYTES);
	enum err_kind rc = note_verify(&mem, note, keys, c->policy.witness_count, verdicts, err);

	arena_reset(&mem);
	return rc;
}

/* Remember a witness's largest head. */
static void keep_last(struct last *last, const struct ledger_head *head, struct str note,
	const struct line *line, uint64_t time_s, int64_t received_us)
{
	if (head->size < last->size || note.len > sizeof(last->note))
		return;
	last->size = head->size;
	last->time_s = time_s;
	last->received_us = received_us;
	last->is_stored = false;
	memcpy(last->note, note.ptr, note.len);
	last->note_len = note.len;
	last->line = *line;
}

/* Lines of witnesses that are in both policies move to their new places; all others are let go. */
static void move_lines(struct cosigned *c, const struct policy *next)
{
	static struct last lasts[POLICY_WITNESSES_MAX];

	memset(lasts, 0, sizeof(lasts));
	for (size_t n = 0; n < next->witness_count; n++)
		for (size_t i = 0; i < c->policy.witness_count; i++)
			if (next->witnesses[n].vkey.id == c->policy.witnesses[i].vkey.id &&
				str_eq(next->witnesses[n].vkey.name,
					c->policy.witnesses[i].vkey.name))
				lasts[n] = c->lasts[i];
	memcpy(c->lasts, lasts, sizeof(lasts));
	memset(c->offers, 0, sizeof(c->offers));
	c->newest = 0;
}

/* With the lock held: what checkpoint.witnessed says, if it meets the policy in force; else nothing is witnessed. */
static void read_witnessed(struct cosigned *c)
{
	struct note_verdict verdicts[POLICY_WITNESSES_MAX] = { { false, 0 } };
	struct checkpoint checkpoint;
	struct str text = STR("");
	struct note note;
	struct arena mem;
	struct err err;
	uint32_t by = 0;

	free(c->witnessed_note);
	c->witnessed_note = NULL;
	c->witnessed_len = 0;
	c->witnessed = (struct ledger_head){ .size = 0 };
	arena_init(&mem, WORK_BYTES);
	bool holds = fs_read(c->dir_fd, LEDGER_WITNESSED, NOTE_BYTES_MAX, &mem, &text, &err) ==
			OK &&
		note_parse(text, &note, &err) == OK && verify(c, &note, verdicts, &err) == OK &&
		checkpoint_parse(note.text, &checkpoint, &err) == OK;

	for (size_t i = 0; holds && i < c->policy.witness_count; i++)
		by |= (uint32_t)verdicts[i].has_signed << i;
	if (holds && c->policy.quorum != POLICY_NO_QUORUM && policy_is_met(&c->policy, by) &&
		(c->witnessed_note = malloc(text.len)) != NULL) {
		memcpy(c->witnessed_note, text.ptr, text.len);
		c->witnessed_len = text.len;
		c->witnessed = (struct ledger_head){ checkpoint.size, checkpoint.root };
	}
	arena_reset(&mem);
}

enum err_kind cosigned_set_policy(struct cosigned *c, struct str text, struct err *err)
{
	struct policy next = { .quorum = POLICY_NO_QUORUM };
	char *copy = NULL;
	enum err_kind rc = OK;

	if (text.len > 0) {
		copy = malloc(text.len);
		if (copy == NULL)
			return err_set(err, ERR_LIMIT, "no memory for the policy");
		memcpy(copy, text.ptr, text.len);
		rc = policy_parse(str_of(copy, text.len), &next, err);
	}
	if (rc == OK && ledger_frozen(c->ledger) == NULL)
		rc = text.len > 0 ? publish_file(&c->publish, LEDGER_POLICY, text, true, err)
				  : fs_remove(c->dir_fd, LEDGER_POLICY, err);
	if (rc != OK) {
		free(copy);
		return rc;
	}
	pthread_mutex_lock(&c->lock);
	move_lines(c, &next);
	free(c->policy_text);
	c->policy_text = copy;
	c->policy_len = text.len;
	c->policy = next;
	read_witnessed(c);
	pthread_mutex_unlock(&c->lock);
	return OK;
}

void cosigned_restore(struct cosigned *c, struct str bytes, int64_t received_us)
{
	struct note_verdict verdicts[POLICY_WITNESSES_MAX] = { { false, 0 } };
	struct checkpoint checkpoint;
	struct note note;
	struct err err;

	pthread_mutex_lock(&c->lock);
	if (note_parse(bytes, &note, &err) == OK && verify(c, &note, verdicts, &err) == OK &&
		checkpoint_parse(note.text, &checkpoint, &err) == OK) {
		struct ledger_head head = { checkpoint.size, checkpoint.root };

		for (size_t i = 0; i < c->policy.witness_count; i++) {
			struct line line = { .len = 0 };

			if (!verdicts[i].has_signed)
				continue;
			find_line(&note, &c->policy.witnesses[i].vkey, &line);
			keep_last(&c->lasts[i], &head, str_head(bytes, bytes.len - line.len), &line,
				verdicts[i].time_s, received_us);
			c->lasts[i].is_stored = true;
		}
	}
	pthread_mutex_unlock(&c->lock);
}

/* Is the head on the table done with: cosigned by a quorum, or waited for long enough? */
static bool is_done(const struct cosigned *c, const struct offer *offer, int64_t now_us)
{
	return offer->since_us == 0 || c->policy.quorum == POLICY_NO_QUORUM ||
		policy_is_met(&c->policy, offer->signed_by) ||
		now_us - offer->since_us > (int64_t)COSIGNED_OFFER_MS * 1000;
}

enum err_kind cosigned_offer(struct cosigned *c, struct arena *mem, int64_t now_us,
	struct ledger_head *head, struct str *note, struct err *err)
{
	struct ledger_head latest;
	struct str latest_note;
	enum err_kind rc = ledger_checkpoint(c->ledger, mem, &latest, &latest_note, err);

	if (rc != OK)
		return rc;
	if (latest_note.len > HEAD_NOTE_BYTES_MAX)
		return err_set(err, ERR_LIMIT, "the checkpoint is too long");
	pthread_mutex_lock(&c->lock);
	const struct offer *now = &c->offers[c->newest];

	if ((now->since_us == 0 || latest.size > now->head.size) && is_done(c, now, now_us)) {
		c->newest = (c->newest + 1) % OFFERS;
		struct offer *next = &c->offers[c->newest];

		memset(next, 0, sizeof(*next));
		next->head = latest;
		next->since_us = now_us;
		memcpy(next->note, latest_note.ptr, latest_note.len);
		next->note_len = latest_note.len;
	}
	const struct offer *offer = &c->offers[c->newest];

	*head = offer->head;
	bool copied = arena_copy(mem, str_of(offer->note, offer->note_len), note);

	pthread_mutex_unlock(&c->lock);
	return copied ? OK : err_set(err, ERR_LIMIT, "request memory used up");
}

bool cosigned_is_heard(struct cosigned *c)
{
	pthread_mutex_lock(&c->lock);
	bool heard = c->heard_count >= policy_stall(&c->policy);

	pthread_mutex_unlock(&c->lock);
	return heard;
}

void cosigned_hear(struct cosigned *c, struct str peer)
{
	unsigned at = 0;

	pthread_mutex_lock(&c->lock);
	while (at < c->heard_count && !str_eq(str_from(c->heard[at]), peer))
		at++;
	if (at == c->heard_count && at < POLICY_WITNESSES_MAX && peer.len < LIMIT_NAME_BYTES) {
		memcpy(c->heard[at], peer.ptr, peer.len);
		c->heard[at][peer.len] = '\0';
		c->heard_count++;
	}
	pthread_mutex_unlock(&c->lock);
}

/* With the lock held. */
static enum err_kind take_lines(struct cosigned *c, struct offer *offer, struct str lines,
	int64_t received_us, unsigned *taken, struct err *err)
{
	struct note_verdict verdicts[POLICY_WITNESSES_MAX] = { { false, 0 } };
	struct arena mem;
	struct str both = STR("");
	struct note note;
	struct out o;

	arena_init(&mem, WORK_BYTES);
	out_init(&o, &mem, NOTE_BYTES_MAX);
	out_put(&o, str_of(offer->note, offer->note_len));
	out_put(&o, lines);
	enum err_kind rc = out_finish(&o, &both, err);

	if (rc == OK)
		rc = note_parse(both, &note, err);
	if (rc == OK)
		rc = verify(c, &note, verdicts, err);
	for (size_t i = 0; rc == OK && i < c->policy.witness_count; i++) {
		if (!verdicts[i].has_signed)
			continue;
		find_line(&note, &c->policy.witnesses[i].vkey, &offer->lines[i]);
		offer->signed_by |= UINT32_C(1) << i;
		keep_last(&c->lasts[i], &offer->head, str_of(offer->note, offer->note_len),
			&offer->lines[i], verdicts[i].time_s, received_us);
		(*taken)++;
	}
	arena_reset(&mem);
	return rc == OK ? publish_witnessed(c, offer, err) : rc;
}

enum err_kind cosigned_take(struct cosigned *c, uint64_t size, struct str lines,
	int64_t received_us, unsigned *taken, struct err *err)
{
	enum err_kind rc = err_set(err, ERR_NOT_FOUND, "no head of size %llu is offered any more",
		(unsigned long long)size);

	*taken = 0;
	if (lines.len > COSIGNED_LINES_BYTES_MAX)
		return err_set(err, ERR_INPUT, "too many lines");
	if (ledger_frozen(c->ledger) != NULL)
		return err_set(err, ERR_FROZEN, "the record is frozen");
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < OFFERS; i++) {
		if (c->offers[i].since_us != 0 && c->offers[i].head.size == size) {
			rc = take_lines(c, &c->offers[i], lines, received_us, taken, err);
			break;
		}
	}
	pthread_mutex_unlock(&c->lock);
	return rc;
}

/* Of what is borrowed, copies in mem. */
static bool copy_view(struct cosigned *c, struct arena *mem, struct cosigned_view *view)
{
	size_t len = 0;
	struct err err;

	if (c->policy_text != NULL) {
		if (!arena_copy(mem, str_of(c->policy_text, c->policy_len), &view->policy_text) ||
			policy_parse(view->policy_text, &view->policy, &err) != OK)
			return false;
		len = view->policy.witness_count;
	}
	for (size_t i = 0; i < len; i++) {
		struct cosigned_witness *w = &view->witnesses[i];
		const struct last *last = &c->lasts[i];

		w->name = view->policy.witnesses[i].name;
		w->owner = view->policy.witnesses[i].owner;
		w->key_name = view->policy.witnesses[i].vkey.name;
		w->size = last->size;
		w->time_s = last->time_s;
		w->received_us = last->received_us;
		if (!arena_copy(mem, str_of(last->line.text, last->line.len), &w->line))
			return false;
	}
	view->witnessed = c->witnessed;
	return arena_copy(mem, str_of(c->witnessed_note, c->witnessed_len), &view->witnessed_note);
}

enum err_kind cosigned_show(
	struct cosigned *c, struct arena *mem, struct cosigned_view *view, struct err *err)
{
	memset(view, 0, sizeof(*view));
	view->policy_text = view->witnessed_note = STR("");
	view->policy.quorum = POLICY_NO_QUORUM;
	pthread_mutex_lock(&c->lock);
	bool copied = copy_view(c, mem, view);

	pthread_mutex_unlock(&c->lock);
	return copied ? OK : err_set(err, ERR_LIMIT, "request memory used up");
}

bool cosigned_has_unstored(struct cosigned *c)
{
	bool some = false;

	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < c->policy.witness_count; i++)
		some = some || (c->lasts[i].size > 0 && !c->lasts[i].is_stored);
	pthread_mutex_unlock(&c->lock);
	return some;
}

enum err_kind cosigned_unstored(
	struct cosigned *c, cosigned_store_fn *store, void *arg, struct err *err)
{
	enum err_kind rc = OK;

	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; rc == OK && i < c->policy.witness_count; i++) {
		struct last *last = &c->lasts[i];
		char note[HEAD_NOTE_BYTES_MAX + LINE_BYTES_MAX];

		if (last->size == 0 || last->is_stored)
			continue;
		memcpy(note, last->note, last->note_len);
		memcpy(note + last->note_len, last->line.text, last->line.len);
		rc = store(arg, c->policy.witnesses[i].vkey.name,
			str_of(note, last->note_len + last->line.len), last->received_us, err);
		last->is_stored = rc == OK;
	}
	pthread_mutex_unlock(&c->lock);
	return rc;
}
