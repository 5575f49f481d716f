#include "witness/state.h"

#include "base/hex.h"
#include "os/fs.h"

#define STATE_HEAD "vitrine/witness-state/v1\ntime "

enum { STATE_MEM_BYTES = 256 << 10, STATE_KEYS_MAX = 8 };

void witness_state_name(struct str origin, char name[SHA256_HEX_BYTES])
{
	struct sha256 digest = sha256_of(origin);

	sha256_format(&digest, name);
}

void witness_state_init(struct witness_state *state)
{
	memset(state, 0, sizeof(*state));
	state->root = merkle_empty();
}

static enum err_kind damaged(struct err *err, const char *what)
{
	return err_set(err, ERR_CORRUPT, "the witness's state is damaged: %s", what);
}

/* The head that the note states, signed by the log. */
static enum err_kind take_note(struct str bytes, const struct note_vkey *keys, size_t key_count,
	struct witness_state *state, struct err *err)
{
	struct note_verdict verdicts[STATE_KEYS_MAX];
	struct checkpoint c;
	struct note note;
	struct arena mem;

	if (bytes.len > sizeof(state->note))
		return damaged(err, "its head is too long");
	arena_init(&mem, STATE_MEM_BYTES);
	bool holds = note_parse(bytes, &note, err) == OK &&
		note_verify(&mem, &note, keys, key_count, verdicts, err) == OK &&
		checkpoint_parse(note.text, &c, err) == OK && str_eq(c.origin, keys[0].name);

	arena_reset(&mem);
	if (!holds)
		return damaged(err, "its head is not the log's");
	state->size = c.size;
	state->root = c.root;
	state->note_len = bytes.len;
	memcpy(state->note, bytes.ptr, bytes.len);
	return OK;
}

enum err_kind witness_state_parse(struct str text, const struct note_vkey *keys, size_t key_count,
	struct witness_state *state, struct err *err)
{
	struct witness_state s;
	struct sha256 want, have;
	struct str digest, body, time, rest;

	assert(key_count > 0 && key_count <= STATE_KEYS_MAX);
	witness_state_init(&s);
	if (!str_cut(text, '\n', &digest, &body) || !sha256_parse(digest, &want))
		return damaged(err, "its first line is not a digest");
	have = sha256_of(body);
	if (!sha256_eq(&want, &have))
		return damaged(err, "its digest does not fit");
	if (!str_starts(body, STR(STATE_HEAD)) ||
		!str_cut(str_skip(body, sizeof(STATE_HEAD) - 1), '\n', &time, &rest) ||
		!str_to_u64(time, &s.time_s))
		return damaged(err, "its form is unknown");
	if (rest.len > 0 && take_note(rest, keys, key_count, &s, err) != OK)
		return err->kind;
	*state = s;
	return OK;
}

void witness_state_put(struct out *o, const struct witness_state *state)
{
	struct sha256_state digest;
	struct sha256 d;
	char head[sizeof(STATE_HEAD) + 24];
	int n = snprintf(
		head, sizeof(head), STATE_HEAD "%llu\n", (unsigned long long)state->time_s);

	assert(n > 0 && (size_t)n < sizeof(head));
	sha256_begin(&digest);
	sha256_add(&digest, str_of(head, (size_t)n));
	sha256_add(&digest, str_of(state->note, state->note_len));
	d = sha256_end(&digest);
	out_hex(o, d.bytes, SHA256_BYTES);
	out_char(o, '\n');
	out_put(o, str_of(head, (size_t)n));
	out_put(o, str_of(state->note, state->note_len));
}

enum err_kind witness_state_load(int dir_fd, const struct note_vkey *keys, size_t key_count,
	struct witness_state *state, struct err *err)
{
	char name[SHA256_HEX_BYTES];
	struct arena mem;
	struct str text;

	witness_state_name(keys[0].name, name);
	arena_init(&mem, STATE_MEM_BYTES);
	enum err_kind rc = fs_read(dir_fd, name, WITNESS_STATE_BYTES_MAX, &mem, &text, err);

	if (rc == ERR_NOT_FOUND)
		rc = err_set(err, rc,
			"nothing is remembered of the log %.*s: put its state file back, do not begin anew",
			STR_ARG(keys[0].name));
	else if (rc == ERR_LIMIT)
		rc = damaged(err, "it is too long");
	if (rc == OK)
		rc = witness_state_parse(text, keys, key_count, state, err);
	arena_reset(&mem);
	return rc;
}

enum err_kind witness_state_store(
	int dir_fd, struct str origin, const struct witness_state *state, struct err *err)
{
	char name[SHA256_HEX_BYTES];
	struct arena mem;
	struct out o;
	struct str text;

	witness_state_name(origin, name);
	arena_init(&mem, STATE_MEM_BYTES);
	out_init(&o, &mem, WITNESS_STATE_BYTES_MAX);
	witness_state_put(&o, state);
	enum err_kind rc = out_finish(&o, &text, err);

	if (rc == OK)
		rc = fs_replace(dir_fd, name, text, 0600, err);
	arena_reset(&mem);
	return rc;
}
