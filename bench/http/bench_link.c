/*
 * bench_link: verbs at the vault, over its socket, as one point sends them: signed and counted, from one thread.
 *
 * usage: bench_link SOCKET POINT KEY_FILE TOKEN_HEX VERB BODY IN_FLIGHT RATE SECONDS
 *
 *   RATE       calls a second in an open loop (a late one does not hold up the next); 0: IN_FLIGHT calls are always
 *              under way
 *
 * Prints one JSON object. The time of a call runs from when it was due to its answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hex.h"
#include "link/endpoint.h"
#include "link/frame.h"
#include "os/clock.h"
#include "os/fs.h"
#include "report.h"

enum {
	CALLS_MAX = 4 << 20,
	IN_BYTES = LIMIT_FRAME_BYTES + (256 << 10),
	BATCH_BYTES = 256 << 10,
	DRAIN_US = 5000000,
};

static struct {
	int fd;
	struct frame call; /* what each call repeats */
	struct sign_secret key;
	uint64_t first_counter, asked, answered, refused, in_flight_max;
	double rate;
	int64_t begin_us, end_us;
	int64_t due_us[CALLS_MAX];
	double ms[CALLS_MAX];
} b;

static uint8_t in[IN_BYTES];
static size_t in_len;

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench_link: %s\n", what);
	exit(1);
}

/* How many calls are due now, at most as many as one signature covers. */
static size_t count_due(int64_t now_us)
{
	uint64_t room = b.in_flight_max - (b.asked - b.answered), due = room;

	if (now_us >= b.end_us || b.asked >= CALLS_MAX)
		return 0;
	if (b.rate > 0) {
		uint64_t until = (uint64_t)((double)(now_us - b.begin_us) / 1e6 * b.rate) + 1;

		due = until > b.asked ? until - b.asked : 0;
	}
	if (due > room)
		due = room;
	return due < FRAME_BATCH_CALLS_MAX ? (size_t)due : FRAME_BATCH_CALLS_MAX;
}

static void send_all(const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(b.fd, bytes, len, MSG_NOSIGNAL);

		need(n > 0 || errno == EINTR, "send");
		bytes += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

static void send_batch(size_t count, int64_t now_us)
{
	struct sha256 digests[FRAME_BATCH_CALLS_MAX];
	struct arena mem;
	struct out o;
	struct str wire;
	struct err err;

	arena_init(&mem, (size_t)4 * BATCH_BYTES);
	out_init(&o, &mem, BATCH_BYTES);
	for (size_t i = 0; i < count; i++) {
		uint64_t n = b.asked++;

		b.due_us[n] = b.rate > 0 ? b.begin_us + (int64_t)((double)n / b.rate * 1e6)
					 : now_us;
		b.call.call.request_id = n;
		b.call.call.counter = b.first_counter + n;
		b.call.call.has_more = i + 1 < count;
		b.call.call.signature = (struct signature){ 0 };
		digests[i] = frame_call_digest(&b.call.call);
		if (i + 1 == count) {
			struct sha256 all = frame_batch_digest(digests, count);

			b.call.call.signature = sign_make(
				&b.key, str_of(all.bytes, sizeof(all.bytes)));
		}
		frame_format(&o, &b.call);
	}
	need(out_finish(&o, &wire, &err) == OK, "batch too long");
	send_all(wire.ptr, wire.len);
	arena_reset(&mem);
}

static void take_answers(void)
{
	ssize_t n = recv(b.fd, in + in_len, sizeof(in) - in_len, MSG_DONTWAIT);
	struct frame frame;
	struct err err;
	size_t at = 0, used = 1;

	need(n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)), "the vault is gone");
	in_len += n > 0 ? (size_t)n : 0;
	for (; at < in_len && used > 0; at += used) {
		need(frame_parse(str_of(in + at, in_len - at), &frame, &used, &err) == OK,
			"not a frame");
		if (used == 0)
			break;
		uint64_t id = frame.answer.request_id;

		need(frame.type == FRAME_ANSWER && id < b.asked, "not an answer");
		b.refused += frame.answer.status != OK || frame.answer.entry_index == UINT64_MAX;
		b.ms[b.answered++] = (double)(clock_monotonic_us() - b.due_us[id]) / 1000;
	}
	in_len -= at;
	memmove(in, in + at, in_len);
}

static void run(double seconds)
{
	struct pollfd p = { .fd = b.fd, .events = POLLIN };

	b.begin_us = clock_monotonic_us();
	b.end_us = b.begin_us + (int64_t)(seconds * 1e6);
	for (;;) {
		int64_t now_us = clock_monotonic_us();
		size_t due = count_due(now_us);

		if (due > 0)
			send_batch(due, now_us);
		else if (now_us >= b.end_us && b.answered == b.asked)
			return;
		need(now_us < b.end_us + DRAIN_US, "answers are missing");
		if (poll(&p, 1, b.rate > 0 && now_us < b.end_us ? 1 : 100) > 0)
			take_answers();
	}
}

static void read_key(const char *path)
{
	struct sign_public unused;
	struct arena mem;
	struct str seed;
	struct err err;

	arena_init(&mem, 4096);
	need(fs_read(AT_FDCWD, path, SIGN_SEED_BYTES, &mem, &seed, &err) == OK &&
			seed.len == SIGN_SEED_BYTES,
		"the point's key");
	sign_from_seed((const uint8_t *)seed.ptr, &unused, &b.key);
	arena_wipe(&mem);
}

int main(int argc, char **argv)
{
	struct frame_call *call = &b.call.call;
	struct err err;

	need(argc == 10, "see the head of bench_link.c");
	need(crypto_init(&err) == OK, "libsodium");
	b.call.type = FRAME_CALL;
	need(frame_set_name(call->point, FRAME_POINT_BYTES, argv[2]) &&
			frame_set_name(call->verb, FRAME_VERB_BYTES, argv[5]) &&
			hex_parse(str_from(argv[4]), call->token, FRAME_TOKEN_BYTES),
		"point, token, verb");
	read_key(argv[3]);
	call->body = str_from(argv[6]);
	b.in_flight_max = strtoull(argv[7], NULL, 10);
	b.rate = strtod(argv[8], NULL);
	/* As a point does: higher than whatever it used before. */
	struct clock machine;

	clock_init_machine(&machine);
	b.first_counter = (uint64_t)clock_now_us(&machine);
	if (endpoint_connect(argv[1], &b.fd, &err) != OK)
		need(false, err.msg);
	run(strtod(argv[9], NULL));
	double seconds = (double)(clock_monotonic_us() - b.begin_us) / 1e6;

	need(b.answered > 0, "nothing was answered");
	printf("{\"answered\": %llu, \"refused\": %llu, \"per_s\": %.1f, \"p50_ms\": %.3f, "
	       "\"p99_ms\": %.3f, \"p999_ms\": %.3f}\n",
		(unsigned long long)b.answered, (unsigned long long)b.refused,
		(double)b.answered / seconds, report_percentile(b.ms, b.answered, 0.5),
		report_percentile(b.ms, b.answered, 0.99),
		report_percentile(b.ms, b.answered, 0.999));
	return 0;
}
