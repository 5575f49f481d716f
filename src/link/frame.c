#include "link/frame.h"

enum {
	FLAG_FD = 1,
	FLAG_MORE = 2,
	FLAGS_AT = 5,
	CALL_SIGNED_BYTES = FRAME_CALL_BYTES - SIGN_BYTES
};

static const char magic[4] = { 'v', 't', 'r', '1' };

/* What a type's frames look like; a type without a row does not exist. */
static const struct shape {
	uint16_t header_bytes;
	uint8_t flags; /* that may be set */
	uint32_t body_bytes_max;
} shapes[] = {
	[FRAME_CALL] = { FRAME_CALL_BYTES, FLAG_FD | FLAG_MORE, LIMIT_JSON_BYTES },
	[FRAME_ANSWER] = { FRAME_ANSWER_BYTES, 0, FRAME_ANSWER_BODY_BYTES_MAX },
	[FRAME_PROGRESS] = { FRAME_PROGRESS_BYTES, 0, FRAME_PROGRESS_BODY_BYTES_MAX },
	[FRAME_CANCEL] = { FRAME_CANCEL_BYTES, 0, 0 },
};

static_assert(CALL_SIGNED_BYTES ==
		8 + FRAME_VERB_BYTES + FRAME_POINT_BYTES + FRAME_TOKEN_BYTES + 8 + FRAME_KEY_BYTES +
			FRAME_PEER_BYTES,
	"the fields of a call, before its signature");
static_assert(
	FRAME_ANSWER_BYTES == 8 + 1 + 3 + 4 + 8 + 8 + SHA256_BYTES, "the fields of an answer");

/* Reading and writing: a cursor over bytes whose count was checked before. */

static uint64_t take_be(const uint8_t **at, size_t bytes)
{
	uint64_t v = 0;

	for (size_t i = 0; i < bytes; i++)
		v = v << 8 | *(*at)++;
	return v;
}

static void take(const uint8_t **at, void *to, size_t bytes)
{
	memcpy(to, *at, bytes);
	*at += bytes;
}

static void give_be(uint8_t **at, uint64_t v, size_t bytes)
{
	for (size_t i = bytes; i-- > 0;)
		*(*at)++ = (uint8_t)(v >> 8 * i);
}

static void give(uint8_t **at, const void *from, size_t bytes)
{
	memcpy(*at, from, bytes);
	*at += bytes;
}

/* Lower-case letters, digits and "._-", at least one, then zeros to the end, at least one. */
static bool is_name(const char *field, size_t bytes)
{
	size_t len = strnlen(field, bytes);

	if (len == 0 || len == bytes)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = field[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
			    c == '-'))
			return false;
	}
	for (size_t i = len; i < bytes; i++)
		if (field[i] != 0)
			return false;
	return true;
}

bool frame_set_name(char *field, size_t field_bytes, const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len >= field_bytes)
		return false;
	memset(field, 0, field_bytes);
	memcpy(field, text, len + 1);
	return is_name(field, field_bytes);
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
	uint8_t all = 0;

	for (size_t i = 0; i < len; i++)
		all |= bytes[i];
	return all == 0;
}

static enum err_kind parse_call(
	const uint8_t *at, uint8_t flags, struct str body, struct frame_call *call, struct err *err)
{
	call->request_id = take_be(&at, 8);
	take(&at, call->verb, FRAME_VERB_BYTES);
	take(&at, call->point, FRAME_POINT_BYTES);
	take(&at, call->token, FRAME_TOKEN_BYTES);
	call->counter = take_be(&at, 8);
	take(&at, call->idempotency_key, FRAME_KEY_BYTES);
	take(&at, call->peer, FRAME_PEER_BYTES);
	take(&at, call->signature.bytes, SIGN_BYTES);
	call->has_fd = (flags & FLAG_FD) != 0;
	call->has_more = (flags & FLAG_MORE) != 0;
	call->body = body;
	if (call->has_more && !is_zero(call->signature.bytes, SIGN_BYTES))
		return err_set(err, ERR_INPUT, "frame: a signature where a later one counts");
	if (!is_name(call->verb, FRAME_VERB_BYTES))
		return err_set(err, ERR_INPUT, "frame: not the name of a verb");
	if (!is_name(call->point, FRAME_POINT_BYTES))
		return err_set(err, ERR_INPUT, "frame: not the name of a point");
	return OK;
}

static enum err_kind parse_answer(
	const uint8_t *at, struct str body, struct frame_answer *answer, struct err *err)
{
	answer->request_id = take_be(&at, 8);
	answer->status = (uint8_t)take_be(&at, 1);
	uint64_t reserved = take_be(&at, 3);

	answer->json_len = (uint32_t)take_be(&at, 4);
	answer->entry_index = take_be(&at, 8);
	answer->tree_size = take_be(&at, 8);
	take(&at, answer->root.bytes, SHA256_BYTES);
	answer->body = body;
	if (answer->status >= ERR_KINDS || reserved != 0 || answer->json_len > body.len)
		return err_set(err, ERR_INPUT, "frame: malformed answer");
	return OK;
}

static enum err_kind parse_header(enum frame_type type, uint8_t flags, const uint8_t *at,
	struct str body, struct frame *frame, struct err *err)
{
	frame->type = type;
	switch (type) {
	case FRAME_CALL:
		return parse_call(at, flags, body, &frame->call, err);
	case FRAME_ANSWER:
		return parse_answer(at, body, &frame->answer, err);
	case FRAME_PROGRESS:
		frame->progress.request_id = take_be(&at, 8);
		frame->progress.body = body;
		return OK;
	case FRAME_CANCEL:
		frame->cancel.request_id = take_be(&at, 8);
		return OK;
	}
	return err_set(err, ERR_INPUT, "frame: unknown type");
}

enum err_kind frame_parse(struct str stream, struct frame *frame, size_t *used, struct err *err)
{
	struct frame got = { 0 };
	const uint8_t *at = (const uint8_t *)stream.ptr;
	size_t seen = stream.len < sizeof(magic) ? stream.len : sizeof(magic);

	/* A peer that speaks something else is told at its first byte. */
	if (memcmp(at, magic, seen) != 0)
		return err_set(err, ERR_INPUT, "frame: this is not the link's protocol");
	if (stream.len < FRAME_PREFIX_BYTES) {
		*used = 0;
		return OK;
	}
	at += sizeof(magic);
	uint8_t type = (uint8_t)take_be(&at, 1), flags = (uint8_t)take_be(&at, 1);
	size_t header_bytes = (size_t)take_be(&at, 2), body_bytes = (size_t)take_be(&at, 4);

	if (type < FRAME_CALL || type > FRAME_CANCEL)
		return err_set(err, ERR_INPUT, "frame: unknown type %u", type);
	const struct shape *shape = &shapes[type];

	if ((flags & ~shape->flags) != 0 || header_bytes != shape->header_bytes)
		return err_set(err, ERR_INPUT, "frame: unknown flags or header");
	if (body_bytes > shape->body_bytes_max)
		return err_set(err, ERR_INPUT, "frame: a body of %zu bytes, at most %u are allowed",
			body_bytes, shape->body_bytes_max);
	size_t total = FRAME_PREFIX_BYTES + header_bytes + body_bytes;

	if (stream.len < total) {
		*used = 0;
		return OK;
	}
	struct str body = str_of(at + header_bytes, body_bytes);
	enum err_kind rc = parse_header((enum frame_type)type, flags, at, body, &got, err);

	if (rc == OK) {
		*frame = got;
		*used = total;
	}
	return rc;
}

static void format_call(uint8_t **at, const struct frame_call *call)
{
	give_be(at, call->request_id, 8);
	give(at, call->verb, FRAME_VERB_BYTES);
	give(at, call->point, FRAME_POINT_BYTES);
	give(at, call->token, FRAME_TOKEN_BYTES);
	give_be(at, call->counter, 8);
	give(at, call->idempotency_key, FRAME_KEY_BYTES);
	give(at, call->peer, FRAME_PEER_BYTES);
	give(at, call->signature.bytes, SIGN_BYTES);
}

static void format_answer(uint8_t **at, const struct frame_answer *answer)
{
	assert(answer->status < ERR_KINDS);
	assert(answer->json_len <= answer->body.len);
	give_be(at, answer->request_id, 8);
	give_be(at, answer->status, 1);
	give_be(at, 0, 3);
	give_be(at, answer->json_len, 4);
	give_be(at, answer->entry_index, 8);
	give_be(at, answer->tree_size, 8);
	give(at, answer->root.bytes, SHA256_BYTES);
}

struct str frame_body(const struct frame *frame)
{
	switch (frame->type) {
	case FRAME_CALL:
		return frame->call.body;
	case FRAME_ANSWER:
		return frame->answer.body;
	case FRAME_PROGRESS:
		return frame->progress.body;
	case FRAME_CANCEL:
		break;
	}
	return STR("");
}

size_t frame_format_head(const struct frame *frame, uint8_t head[FRAME_HEAD_BYTES_MAX])
{
	uint8_t *at = head;
	struct str body = frame_body(frame);
	uint64_t flags = 0;

	if (frame->type == FRAME_CALL)
		flags = (frame->call.has_fd ? FLAG_FD : 0U) |
			(frame->call.has_more ? FLAG_MORE : 0U);

	assert(frame->type >= FRAME_CALL && frame->type <= FRAME_CANCEL);
	assert(body.len <= shapes[frame->type].body_bytes_max);
	give(&at, magic, sizeof(magic));
	give_be(&at, (uint64_t)frame->type, 1);
	give_be(&at, flags, 1);
	give_be(&at, shapes[frame->type].header_bytes, 2);
	give_be(&at, body.len, 4);
	switch (frame->type) {
	case FRAME_CALL:
		format_call(&at, &frame->call);
		break;
	case FRAME_ANSWER:
		format_answer(&at, &frame->answer);
		break;
	case FRAME_PROGRESS:
		give_be(&at, frame->progress.request_id, 8);
		break;
	case FRAME_CANCEL:
		give_be(&at, frame->cancel.request_id, 8);
		break;
	}
	assert(at == head + FRAME_PREFIX_BYTES + shapes[frame->type].header_bytes);
	return (size_t)(at - head);
}

void frame_format(struct out *o, const struct frame *frame)
{
	uint8_t head[FRAME_HEAD_BYTES_MAX];

	out_put(o, str_of(head, frame_format_head(frame, head)));
	out_put(o, frame_body(frame));
}

struct sha256 frame_call_digest(const struct frame_call *call)
{
	uint8_t header[FRAME_CALL_BYTES], *at = header;
	struct sha256 body = sha256_of(call->body);
	struct sha256_state state;

	format_call(&at, call);
	sha256_begin(&state);
	sha256_add(&state, STR("vitrine/call/v1\n"));
	sha256_add(&state, str_of(header, CALL_SIGNED_BYTES));
	sha256_add(&state, str_of(body.bytes, sizeof(body.bytes)));
	return sha256_end(&state);
}

struct sha256 frame_batch_digest(const struct sha256 *digests, size_t count)
{
	uint8_t be[4], *at = be;
	struct sha256_state state;

	assert(count >= 1 && count <= FRAME_BATCH_CALLS_MAX);
	if (count == 1)
		return digests[0];
	give_be(&at, count, sizeof(be));
	sha256_begin(&state);
	sha256_add(&state, STR("vitrine/calls/v1\n"));
	sha256_add(&state, str_of(be, sizeof(be)));
	for (size_t i = 0; i < count; i++)
		sha256_add(&state, str_of(digests[i].bytes, SHA256_BYTES));
	return sha256_end(&state);
}

void frame_set_more(uint8_t *wire)
{
	wire[FLAGS_AT] |= FLAG_MORE;
}

void frame_set_signature(uint8_t *wire, const struct signature *signature)
{
	memcpy(wire + FRAME_PREFIX_BYTES + CALL_SIGNED_BYTES, signature->bytes, SIGN_BYTES);
}
