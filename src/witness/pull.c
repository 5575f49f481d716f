#include "witness/pull.h"

#include "base/hex.h"
#include "format/json.h"

/* {"size":N} and more, as the body of a call. */
static enum err_kind ask_centre(struct pull *pull, struct arena *mem, const char *verb,
	uint64_t size, const char *key, struct str value, json_t **answer, struct err *err)
{
	struct client_answer got;
	struct out o;
	struct jw w;
	struct str body;

	out_init(&o, mem, LIMIT_JSON_BYTES);
	jw_init(&w, &o);
	jw_object(&w);
	if (size != UINT64_MAX) {
		jw_key(&w, "size");
		jw_u64(&w, size);
	}
	if (key != NULL)
		jw_kstr(&w, key, value);
	jw_object_end(&w);
	enum err_kind rc = out_finish(&o, &body, err);

	if (rc == OK)
		rc = pull->ask(pull->ask_arg, mem, verb, body, &got, err);
	return rc != OK ? rc : json_parse(got.json, LIMIT_ANSWER_BYTES, answer, err);
}

/* The centre is shown what we hold; a head that it does not extend freezes it. */
static void show_ours(struct pull *pull, struct arena *mem, const struct witness_state *ours)
{
	json_t *answer = NULL;
	struct err err;
	struct str note = str_of(ours->note, ours->note_len);

	if (note.len > 0 &&
		ask_centre(pull, mem, "witness.ahead", UINT64_MAX, "checkpoint", note, &answer,
			&err) == OK)
		json_decref(answer);
}

static void tell_behind(
	struct pull *pull, struct arena *mem, const struct witness_state *ours, uint64_t theirs)
{
	char words[160];

	snprintf(words, sizeof(words),
		"the centre shows %llu entries and we hold its own head of %llu: it was put back, or hides some",
		(unsigned long long)theirs, (unsigned long long)ours->size);
	pull->alarm(pull->alarm_arg, "behind", pull->origin, words);
	show_ours(pull, mem, ours);
}

static enum err_kind read_request(
	const json_t *answer, uint64_t old_size, struct add_request *request, struct err *err)
{
	const json_t *proof = json_object_get(answer, "proof");
	size_t i, len;
	json_t *line;

	request->old_size = old_size;
	request->path.count = 0;
	if (!json_str(answer, "checkpoint", &request->note) || !json_is_array(proof) ||
		json_array_size(proof) > ADD_REQUEST_PROOF_MAX)
		return err_set(err, ERR_INPUT, "the centre's answer has no checkpoint and proof");
	json_array_foreach((json_t *)(uintptr_t)proof, i, line)
	{
		if (!json_is_string(line) ||
			!base64_parse(str_from(json_string_value(line)),
				request->path.nodes[i].bytes, SHA256_BYTES, &len) ||
			len != SHA256_BYTES)
			return err_set(err, ERR_INPUT, "the centre's proof is malformed");
		request->path.count++;
	}
	return OK;
}

/* Our line of the remembered head: the last one. */
static struct str own_line(const struct witness_state *ours)
{
	struct str note = str_of(ours->note, ours->note_len);
	size_t at = note.len;

	while (at > 1 && note.ptr[at - 2] != '\n')
		at--;
	return str_skip(note, at == 0 ? 0 : at - 1);
}

static enum err_kind hand_over(
	struct pull *pull, struct arena *mem, const struct witness_state *ours, struct err *err)
{
	json_t *answer = NULL;
	enum err_kind rc = ask_centre(
		pull, mem, "witness.cosign", ours->size, "lines", own_line(ours), &answer, err);

	if (rc == OK)
		json_decref(answer);
	/* A centre that has moved on, or whose policy does not name us, has what it wants. */
	pull->handed_over = rc == OK || rc == ERR_NOT_FOUND || rc == ERR_DENIED;
	return pull->handed_over ? OK : rc;
}

/* The centre's new head through the core. */
static enum pull_result take_head(struct pull *pull, struct arena *mem, const json_t *answer,
	struct witness_state *ours, struct err *err)
{
	struct witness_answer verdict;
	struct add_request request;

	if (read_request(answer, ours->size, &request, err) != OK)
		return PULL_AWAY;
	witness_add(pull->witness, mem, &request, &verdict);
	if (verdict.verdict == WITNESS_COSIGNED) {
		pull->handed_over = false;
		if (witness_head(pull->witness, pull->origin, ours, err) != OK ||
			hand_over(pull, mem, ours, err) != OK)
			return PULL_AWAY;
		return PULL_COSIGNED;
	}
	err_set(err, ERR_DENIED, "%s", verdict.why);
	/* Another caller was faster: the next turn sees the head that it left. */
	if (verdict.verdict == WITNESS_CONFLICT)
		return PULL_NOTHING;
	if (verdict.verdict == WITNESS_UNABLE)
		return PULL_REFUSED;
	pull->alarm(pull->alarm_arg, "unproved", pull->origin, verdict.why);
	show_ours(pull, mem, ours);
	return PULL_REFUSED;
}

static enum pull_result turn(struct pull *pull, struct arena *mem, struct err *err)
{
	struct witness_state *ours = arena_array(mem, struct witness_state, 1);
	enum pull_result result = PULL_NOTHING;
	json_t *answer = NULL;
	int64_t size;

	if (ours == NULL || witness_head(pull->witness, pull->origin, ours, err) != OK)
		return PULL_AWAY;
	enum err_kind rc = ask_centre(
		pull, mem, "witness.next", ours->size, NULL, STR(""), &answer, err);

	if (rc != OK)
		return PULL_AWAY;
	if (!json_i64(answer, "size", &size) || size < 0) {
		err_set(err, ERR_INPUT, "the centre's answer has no size");
		result = PULL_AWAY;
	} else if ((uint64_t)size < ours->size) {
		tell_behind(pull, mem, ours, (uint64_t)size);
		err_set(err, ERR_DENIED, "the centre is behind what it has signed");
		result = PULL_REFUSED;
	} else if ((uint64_t)size > ours->size) {
		result = take_head(pull, mem, answer, ours, err);
	} else if (!pull->handed_over && ours->note_len > 0) {
		result = hand_over(pull, mem, ours, err) == OK ? PULL_NOTHING : PULL_AWAY;
	}
	json_decref(answer);
	return result;
}

enum pull_result pull_once(struct pull *pull, struct err *err)
{
	struct arena mem;

	arena_init(&mem, PULL_MEM_BYTES);
	enum pull_result result = turn(pull, &mem, err);

	arena_reset(&mem);
	return result;
}
