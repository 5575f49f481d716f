/*
 * The HTTP face: transcripts of torchwood's litewitness, with the status codes of tlog-witness 1.0.0 where that older
 * witness answered otherwise, and a server on this machine.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conformance.h"
#include "temp.h"
#include "testlog.h"
#include "witness/face.h"

static const char SIGSUM_NAME[] =
	"sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562";
static const char SIGSUM_KEY[] = "ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f";

static struct temp temp;
static struct testlog log_one;
static struct testwitness w;
static struct face face;

static int start(void **state)
{
	struct err err;
	struct sha256 key;

	(void)state;
	temp_make(&temp);
	if (crypto_init(&err) != OK || !sha256_parse(str_from(SIGSUM_KEY), &key))
		return -1;
	testlog_make(&log_one, SIGSUM_NAME, 1, 0);
	memcpy(log_one.vkey.key.bytes, key.bytes, sizeof(key.bytes));
	log_one.vkey = note_vkey_make(str_from(SIGSUM_NAME), NOTE_ED25519, &log_one.vkey.key);
	testwitness_make(&w, &log_one, temp.dir, 0);
	face = (struct face){ .witness = w.witness, .mirror_fd = -1 };
	return 0;
}

static int stop(void **state)
{
	(void)state;
	testwitness_free(&w);
	testlog_free(&log_one);
	temp_remove(&temp);
	return 0;
}

static struct http_response ask(enum http_method method, struct str path, struct str body)
{
	struct http_request q = { .method = method, .path = path, .body = body };
	struct http_response r = { .status = 0 };

	face_handle(&face, &log_one.mem, &q, &r);
	return r;
}

/* From `text`: the body between ``` lines, and the status after it. False at the end. */
static bool next_exchange(const char **text, struct str *body, int *status)
{
	const char *from = strstr(*text, "/add-checkpoint\n```\n"), *to;

	if (from == NULL)
		return false;
	from += strlen("/add-checkpoint\n```\n");
	to = strstr(from, "\n```\nHTTP ");
	assert_non_null(to);
	*body = str_of(from, (size_t)(to - from) + 1);
	uint64_t code = 0;

	assert_true(str_to_u64(str_of(to + strlen("\n```\nHTTP "), 3), &code));
	*status = (int)code;
	*text = to + 1;
	return true;
}

static void torchwoods_transcript(void **state)
{
	/*
	 * Litewitness said 403 to a log that it did not know: 404 by the specification. The second exchange's signature
	 * is base64 with unused bits set: no note, for us.
	 */
	static const int status[] = { 200, 400, 404, 422, 422, 200, 409, 200, 409 };
	static const char *const conflicts[] = { [6] = "3\n", [8] = "5\n" };
	struct str file = conformance_file(&log_one.mem, "litewitness.txt"), body;
	const char *text = file.ptr;
	size_t n = 0;
	int theirs;

	(void)state;
	for (; next_exchange(&text, &body, &theirs); n++) {
		assert_in_range(n, 0, 8);
		struct http_response r = ask(HTTP_POST, STR("/add-checkpoint"), body);

		if (r.status != status[n] || (theirs != status[n] && theirs != 403))
			fail_msg("exchange %zu: %d, the specification says %d: %.*s", n, r.status,
				status[n], STR_ARG(r.body));
		assert_string_equal(
			r.type, r.status == 409 ? "text/x.tlog.size" : "text/plain; charset=utf-8");
		if (r.status == 409)
			assert_true(str_eq(r.body, str_from(conflicts[n])));
		if (r.status == 200)
			assert_true(str_starts(r.body, STR("\xe2\x80\x94 example.org/w0 ")));
	}
	assert_int_equal(n, 9);
	assert_int_equal(w.alarms, 0);
}

static void an_origin_that_is_no_key_name_is_unknown(void **state)
{
	struct str file = conformance_file(&log_one.mem, "sumdb.txt"), body;
	const char *text = file.ptr;
	int theirs;

	(void)state;
	assert_true(next_exchange(&text, &body, &theirs));
	assert_int_equal(ask(HTTP_POST, STR("/add-checkpoint"), body).status, 404);
}

static void the_last_head_is_served(void **state)
{
	char name[SHA256_HEX_BYTES];
	struct note_verdict verdict[2];
	struct note note;
	struct err err;

	(void)state;
	witness_state_name(str_from(SIGSUM_NAME), name);
	char *path = arena_printf(&log_one.mem, "/%s/checkpoint", name);
	struct http_response r = ask(HTTP_GET, str_from(path), STR(""));
	const struct note_vkey keys[2] = { log_one.vkey, w.vkey };

	assert_int_equal(r.status, 200);
	assert_int_equal(note_parse(r.body, &note, &err), OK);
	assert_int_equal(note_verify(&log_one.mem, &note, keys, 2, verdict, &err), OK);
	assert_true(verdict[0].has_signed && verdict[1].has_signed);
	assert_true(str_starts(note.text, str_from(SIGSUM_NAME)));
	path[1] = path[1] == '0' ? '1' : '0';
	assert_int_equal(ask(HTTP_GET, str_from(path), STR("")).status, 404);
}

static void what_is_no_request(void **state)
{
	static const char *const bodies[] = { "", "old\n\n", "old 0\n", "old 00\n\nx", "old 0\n\n",
		"old -1\n\nx\n", "old 18446744073709551616\n\nx\n", "old 0\nAAAA\n\nx\n",
		"old 0 \n\nx\n", "Old 0\n\nx\n", "old 0\r\n\r\nx\n", "old 0\n\nx\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct http_response r = ask(
			HTTP_POST, STR("/add-checkpoint"), str_from(bodies[i]));

		if (r.status != 400)
			fail_msg("body %zu: %d", i, r.status);
	}
	assert_int_equal(ask(HTTP_GET, STR("/add-checkpoint"), STR("")).status, 405);
	assert_int_equal(ask(HTTP_POST, STR("/add-checkpoints"), STR("")).status, 404);
	assert_int_equal(ask(HTTP_GET, STR("/"), STR("")).status, 404);
	assert_int_equal(ask(HTTP_GET, STR("/mirror/"), STR("")).status, 404);
	assert_int_equal(ask(HTTP_GET, STR("/../witness.key"), STR("")).status, 404);
}

static void sixty_three_lines_and_no_more(void **state)
{
	struct add_request r = { .old_size = 1, .note = STR("x\n") }, got;
	struct str body;
	struct out o;
	struct err err;

	(void)state;
	r.path.count = ADD_REQUEST_PROOF_MAX;
	out_init(&o, &log_one.mem, ADD_REQUEST_BYTES_MAX);
	add_request_put(&o, &r);
	assert_int_equal(out_finish(&o, &body, &err), OK);
	assert_int_equal(add_request_parse(body, &got, &err), OK);
	assert_int_equal(got.path.count, 63);
	struct str line, rest = STR("");

	assert_true(str_cut(body, '\n', &line, &rest));
	body = str_from(arena_printf(&log_one.mem,
		"old 1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n%.*s", STR_ARG(rest)));
	assert_int_equal(add_request_parse(body, &got, &err), ERR_INPUT);
}

/* One request on a connection of its own to the plain server; the whole answer. */
static struct str over_the_wire(unsigned port, const char *request)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	char *answer = arena_array(&log_one.mem, char, 1 << 16);
	size_t len = 0;
	ssize_t n;
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(s, (const struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(write(s, request, strlen(request)), strlen(request));
	while (len < 1 << 16 && (n = read(s, answer + len, (1 << 16) - len)) > 0)
		len += (size_t)n;
	close(s);
	return str_of(answer, len);
}

static void plain_http_on_this_machine_alone(void **state)
{
	struct http_options options = { .body_bytes_max = face_body_bytes_max,
		.handle = face_handle,
		.arg = &face,
		.workers = 2 };
	struct http *http;
	struct err err;
	unsigned port;

	(void)state;
	assert_int_equal(http_listen("127.0.0.1:0", &options.listen_fd, &port, &err), OK);
	assert_int_equal(http_start(&options, &http, &err), OK);
	struct str got = over_the_wire(port,
		"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nold x");

	assert_true(str_starts(got, STR("HTTP/1.1 400 ")));
	got = over_the_wire(port,
		"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 9999999\r\n\r\n");
	assert_true(str_starts(got, STR("HTTP/1.1 413 ")));
	http_stop(http);
	assert_int_equal(http_listen("0.0.0.0:0", &options.listen_fd, &port, &err), OK);
	assert_int_equal(http_start(&options, &http, &err), ERR_INPUT);
	close(options.listen_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(torchwoods_transcript),
		cmocka_unit_test(an_origin_that_is_no_key_name_is_unknown),
		cmocka_unit_test(the_last_head_is_served),
		cmocka_unit_test(what_is_no_request),
		cmocka_unit_test(sixty_three_lines_and_no_more),
		cmocka_unit_test(plain_http_on_this_machine_alone),
	};

	return conformance_run("face", "tlog/torchwood-witness", tests, 6, start, stop);
}
