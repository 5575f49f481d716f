#include "link/frame.h"

#include "base/hex.h"
#include "harness.h"
#include "numbers.h"

static void fill(uint64_t *state, void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)bytes)[i] = (uint8_t)draw_number(state);
}

static void make_frame(uint64_t *state, const char *bodies, struct frame *frame)
{
	*frame = (struct frame){ .type = (enum frame_type)(FRAME_CALL + draw_number(state) % 4) };
	struct str body = { bodies, (size_t)(draw_number(state) % 3000) };
	uint64_t id = draw_number(state);

	switch (frame->type) {
	case FRAME_CALL:
		frame->call.request_id = id;
		assert_true(frame_set_name(frame->call.verb, FRAME_VERB_BYTES, "source.view"));
		assert_true(frame_set_name(frame->call.point, FRAME_POINT_BYTES, "centre"));
		fill(state, frame->call.token, FRAME_TOKEN_BYTES);
		frame->call.counter = draw_number(state);
		fill(state, frame->call.idempotency_key, FRAME_KEY_BYTES);
		frame->call.has_more = draw_number(state) % 2 == 0;
		if (!frame->call.has_more)
			fill(state, frame->call.signature.bytes, SIGN_BYTES);
		frame->call.has_fd = draw_number(state) % 2 == 0;
		frame->call.body = body;
		break;
	case FRAME_ANSWER:
		frame->answer = (struct frame_answer){ .request_id = id,
			.status = (uint8_t)(draw_number(state) % ERR_KINDS),
			.entry_index = draw_number(state),
			.json_len = (uint32_t)(body.len / 2),
			.body = body };
		break;
	case FRAME_PROGRESS:
		frame->progress.request_id = id;
		frame->progress.body = body;
		break;
	case FRAME_CANCEL:
		frame->cancel.request_id = id;
		break;
	}
}

static struct str format(struct arena *mem, const struct frame *frame)
{
	struct out o;
	struct str bytes;
	struct err err;

	out_init(&o, mem, LIMIT_FRAME_BYTES);
	frame_format(&o, frame);
	assert_int_equal(out_finish(&o, &bytes, &err), OK);
	return bytes;
}

enum { FRAMES = 40, ROUNDS = 200, STREAM_BYTES_MAX = FRAMES * 4096 };

/* However the stream is cut, the same frames come out: each is formatted again and compared with the stream. */
static void any_split_yields_the_same_frames(void **state)
{
	static char bodies[4096], buffer[STREAM_BYTES_MAX];
	uint64_t seed = 1;
	struct arena mem;
	struct err err;

	(void)state;
	fill(&seed, bodies, sizeof(bodies));
	for (int round = 0; round < ROUNDS; round++) {
		struct str stream;
		struct out all;

		arena_init(&mem, 8 << 20);
		out_init(&all, &mem, STREAM_BYTES_MAX);
		for (int i = 0; i < FRAMES; i++) {
			struct frame frame;

			make_frame(&seed, bodies, &frame);
			frame_format(&all, &frame);
		}
		assert_int_equal(out_finish(&all, &stream, &err), OK);
		size_t fed = 0, held = 0, taken = 0, count = 0;

		while (fed < stream.len) {
			size_t piece = 1 + (size_t)(draw_number(&seed) % 700), used = 1;

			if (piece > stream.len - fed)
				piece = stream.len - fed;
			memcpy(buffer + held, stream.ptr + fed, piece);
			fed += piece;
			held += piece;
			while (held > 0 && used > 0) {
				struct frame frame;

				assert_int_equal(
					frame_parse(str_of(buffer, held), &frame, &used, &err), OK);
				if (used == 0)
					break;
				struct str again = format(&mem, &frame);

				assert_int_equal(again.len, used);
				assert_memory_equal(again.ptr, stream.ptr + taken, used);
				taken += used;
				held -= used;
				memmove(buffer, buffer + used, held);
				count++;
			}
		}
		assert_int_equal(count, FRAMES);
		assert_int_equal(held, 0);
		arena_reset(&mem);
	}
}

static void sample_call(struct frame *frame)
{
	*frame = (struct frame){ .type = FRAME_CALL };
	frame->call.request_id = 7;
	assert_true(frame_set_name(frame->call.verb, FRAME_VERB_BYTES, "lab.hello"));
	assert_true(frame_set_name(frame->call.point, FRAME_POINT_BYTES, "centre"));
	frame->call.body = STR("{}");
}

/* Each row changes one byte of a good frame into something that is refused. */
static void malformed_frames_are_refused(void **state)
{
	static const struct {
		enum frame_type type;
		size_t at;
		uint8_t value;
	} bad[] = {
		{ FRAME_CALL, 0, 'V' },
		{ FRAME_CALL, 3, '2' },
		{ FRAME_CALL, 4, 0 },
		{ FRAME_CALL, 4, 5 },
		{ FRAME_CALL, 5, 4 }, /* unknown flag */
		{ FRAME_CALL, 7, 0 }, /* header length */
		{ FRAME_CALL, 8, 1 }, /* body of 16 MiB */
		{ FRAME_CALL, 20, 0 }, /* no verb */
		{ FRAME_CALL, 20, 'A' },
		{ FRAME_CALL, 67, 'x' }, /* not zero-padded */
		{ FRAME_CALL, 68, 0 }, /* no point */
		{ FRAME_CALL, 99, 'x' },
		{ FRAME_ANSWER, 5, 1 },
		{ FRAME_ANSWER, 20, ERR_KINDS },
		{ FRAME_ANSWER, 21, 1 }, /* reserved */
		{ FRAME_ANSWER, 27, 9 }, /* JSON longer than the body */
		{ FRAME_CANCEL, 11, 1 },
	};
	struct arena mem;
	struct err err;

	(void)state;
	arena_init(&mem, 1 << 20);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct frame frame = { .type = bad[i].type }, got;
		size_t used;

		if (bad[i].type == FRAME_CALL)
			sample_call(&frame);
		if (bad[i].type == FRAME_ANSWER)
			frame.answer.body = STR("{}");
		struct str bytes = format(&mem, &frame);
		char *copy = arena_cstr(&mem, bytes);

		assert_int_equal(frame_parse(bytes, &got, &used, &err), OK);
		assert_int_equal(used, bytes.len);
		copy[bad[i].at] = (char)bad[i].value;
		if (frame_parse(str_of(copy, bytes.len), &got, &used, &err) != ERR_INPUT)
			fail_msg("row %zu was not refused", i);
	}
	arena_reset(&mem);
}

static void bounds_are_exact(void **state)
{
	static char body[FRAME_ANSWER_BODY_BYTES_MAX + 1];
	struct frame frame, got;
	struct arena mem;
	struct err err;
	size_t used;

	(void)state;
	arena_init(&mem, 16 << 20);
	sample_call(&frame);
	frame.call.body = str_of(body, LIMIT_JSON_BYTES);
	struct str bytes = format(&mem, &frame);

	assert_int_equal(frame_parse(bytes, &got, &used, &err), OK);
	assert_int_equal(used, bytes.len);
	char *copy = arena_cstr(&mem, bytes);

	copy[11]++; /* LIMIT_JSON_BYTES + 1 */
	assert_int_equal(frame_parse(str_of(copy, bytes.len), &got, &used, &err), ERR_INPUT);
	frame = (struct frame){ .type = FRAME_ANSWER,
		.answer = { .body = str_of(body, FRAME_ANSWER_BODY_BYTES_MAX) } };
	bytes = format(&mem, &frame);
	assert_int_equal(bytes.len, LIMIT_FRAME_BYTES);
	assert_int_equal(frame_parse(bytes, &got, &used, &err), OK);
	assert_int_equal(used, bytes.len);
	arena_reset(&mem);
}

static void names_are_checked(void **state)
{
	char field[8];

	(void)state;
	assert_true(frame_set_name(field, sizeof(field), "a.b_c-1"));
	assert_false(frame_set_name(field, sizeof(field), ""));
	assert_false(frame_set_name(field, sizeof(field), "12345678"));
	assert_false(frame_set_name(field, sizeof(field), "a b"));
	assert_false(frame_set_name(field, sizeof(field), "A"));
}

/* The documented example (docs/formats/link.md), and: every signed byte counts, the signature itself does not. */
static void the_signed_digest_covers_the_call(void **state)
{
	struct frame frame;
	char hex[SHA256_HEX_BYTES];

	(void)state;
	sample_call(&frame);
	struct sha256 first = frame_call_digest(&frame.call);

	sha256_format(&first, hex);
	assert_string_equal(
		hex, "fa6a8ec52e04bae6a7f757b7806f3c9201f514b1c197de3790e65052b8a0072f");
	frame.call.signature.bytes[0] = 1;
	frame.call.has_fd = true;
	struct sha256 same = frame_call_digest(&frame.call);

	assert_true(sha256_eq(&first, &same));
	frame.call.counter++;
	struct sha256 other = frame_call_digest(&frame.call);

	assert_false(sha256_eq(&first, &other));
	sample_call(&frame);
	frame.call.body = STR("{ }");
	other = frame_call_digest(&frame.call);
	assert_false(sha256_eq(&first, &other));
}

/* One signature for several calls: no call can be left out, added, changed or moved. */
static void a_batch_is_signed_whole(void **state)
{
	struct sha256 digests[FRAME_BATCH_CALLS_MAX + 1] = { { { 0 } } };

	(void)state;
	for (uint8_t i = 0; i < FRAME_BATCH_CALLS_MAX; i++)
		digests[i].bytes[0] = i;
	struct sha256 one = frame_batch_digest(digests, 1), two = frame_batch_digest(digests, 2);
	struct sha256 all = frame_batch_digest(digests, FRAME_BATCH_CALLS_MAX);

	assert_true(sha256_eq(&one, &digests[0]));
	assert_false(sha256_eq(&one, &two));
	struct sha256 less = frame_batch_digest(digests, FRAME_BATCH_CALLS_MAX - 1);

	assert_false(sha256_eq(&all, &less));
	struct sha256 swapped[2] = { digests[1], digests[0] };
	struct sha256 other = frame_batch_digest(swapped, 2);

	assert_false(sha256_eq(&two, &other));
	digests[FRAME_BATCH_CALLS_MAX / 2].bytes[31] ^= 1;
	other = frame_batch_digest(digests, FRAME_BATCH_CALLS_MAX);
	assert_false(sha256_eq(&all, &other));
}

static void a_signature_stands_with_the_last_call_alone(void **state)
{
	struct frame frame, back;
	struct arena mem;
	struct err err;
	size_t used;

	(void)state;
	arena_init(&mem, 1 << 16);
	sample_call(&frame);
	frame.call.has_more = true;
	struct str wire = format(&mem, &frame);

	assert_int_equal(frame_parse(wire, &back, &used, &err), OK);
	assert_true(back.call.has_more);
	frame.call.signature.bytes[SIGN_BYTES - 1] = 1;
	wire = format(&mem, &frame);
	assert_int_equal(frame_parse(wire, &back, &used, &err), ERR_INPUT);
	arena_reset(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_split_yields_the_same_frames),
		cmocka_unit_test(malformed_frames_are_refused),
		cmocka_unit_test(bounds_are_exact),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(the_signed_digest_covers_the_call),
		cmocka_unit_test(a_batch_is_signed_whole),
		cmocka_unit_test(a_signature_stands_with_the_last_call_alone),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
