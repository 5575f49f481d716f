/*
 * load_client: many browsers at once, from one thread, so that the server has the rest of the machine.
 *
 * usage: load_client --connect ADDRESS:PORT [OPTION…]; each OPTION is a name and a value
 *
 *   --idle N        keep-alive connections that ask once and then stay; opened again when the server closes them
 *   --active N      connections that ask; one request at a time each
 *   --rate R        requests a second in an open loop, over all active ones; 0: each asks again at once
 *   --lockstep 1    all active ones ask together, and again when the last answer is in
 *   --seconds S     how long; --count N: or until so many are answered
 *   --sources N     addresses to come from, 127.0.1.1 and on
 *   --path P, --body B, --tokens FILE (one a line, in turn), --accept STATUS (any other counts as unexpected)
 *                   "@" in the body is the number of the request
 *   --cookie 1      send the token as a browser does
 *   --break-every K the connection of each K-th request is dropped when it is out; the request is sent again on
 *                   a new one under its idempotency key
 *   --log FILE      a line "number status entry" for each answer
 *
 * Prints one JSON object. An answer's time runs from when the request was due.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

#include "load_connection.h"

enum {
	CONNECTIONS_MAX = 8192,
	SAMPLES_MAX = 4 << 20,
	TOKENS_MAX = 4096,
	TOKEN_BYTES = 64,
	OPENING_MAX =
		64, /* handshakes at once: a listen queue is bounded, and a lost SYN costs a second */
	DRAIN_S = 30,
	STATUSES = 600,
	EVENTS = 256,
};

static struct options {
	struct sockaddr_in to;
	unsigned idle, active, sources, lockstep, cookie, accept, break_every;
	double rate, seconds;
	uint64_t count;
	const char *path, *body, *tokens, *log;
} o = { .sources = 1, .seconds = 5, .path = "/", .accept = 200, .count = UINT64_MAX };

static struct load_connection connections[CONNECTIONS_MAX];
static struct load_connection *free_list[CONNECTIONS_MAX], *to_open[CONNECTIONS_MAX];
static unsigned free_count, to_open_count, opening;
static float samples_ms[SAMPLES_MAX];
static char tokens[TOKENS_MAX][TOKEN_BYTES];
static unsigned token_count;
static uint64_t next_number, asked, answered, unexpected, closed_idle, lost, resent, bytes;
static uint64_t statuses[STATUSES];
static uint64_t answered_in_time;
static unsigned opened;
static int64_t began_us, ended_us;
static char key_prefix[17];
static FILE *log_file;
static int epoll;

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void fail(const char *what)
{
	fprintf(stderr, "load_client: %s\n", what);
	exit(2);
}

static void read_tokens(void)
{
	FILE *file = o.tokens == NULL ? NULL : fopen(o.tokens, "re");

	if (o.tokens != NULL && file == NULL)
		fail("no tokens");
	while (file != NULL && token_count < TOKENS_MAX &&
		fgets(tokens[token_count], TOKEN_BYTES, file) != NULL) {
		tokens[token_count][strcspn(tokens[token_count], "\n")] = '\0';
		token_count++;
	}
	if (file != NULL)
		fclose(file);
}

static size_t format_request(const struct load_connection *c, char *request)
{
	char body[1024] = "", who[256] = "", key[128] = "";
	const char *at = o.body == NULL ? NULL : strchr(o.body, '@');

	if (token_count > 0)
		snprintf(who, sizeof(who),
			o.cookie ? "Cookie: __Host-vitrine=%s\r\n" : "Authorization: Bearer %s\r\n",
			tokens[c->index % token_count]);
	if (o.break_every > 0)
		snprintf(key, sizeof(key), "Idempotency-Key: %s%016llx\r\n", key_prefix,
			(unsigned long long)c->number);
	if (at != NULL)
		snprintf(body, sizeof(body), "%.*s%llu%s", (int)(at - o.body), o.body,
			(unsigned long long)c->number, at + 1);
	else if (o.body != NULL)
		snprintf(body, sizeof(body), "%s", o.body);
	int n = o.body == NULL
		? snprintf(request, LOAD_REQUEST_BYTES_MAX,
			  "GET %s HTTP/1.1\r\nHost: load\r\n%s\r\n", o.path, who)
		: snprintf(request, LOAD_REQUEST_BYTES_MAX,
			  "POST %s HTTP/1.1\r\nHost: load\r\nContent-Type: application/json\r\n%s%s"
			  "Content-Length: %zu\r\n\r\n%s",
			  o.path, who, key, strlen(body), body);

	if (n <= 0 || n >= LOAD_REQUEST_BYTES_MAX)
		fail("request too long");
	return (size_t)n;
}

static bool is_idle_one(const struct load_connection *c)
{
	return c->index >= o.active;
}

static void set_free(struct load_connection *c)
{
	free_list[free_count++] = c;
}

static void forget_free(const struct load_connection *c)
{
	for (unsigned i = 0; i < free_count; i++)
		if (free_list[i] == c) {
			free_list[i] = free_list[--free_count];
			return;
		}
}

static void open_later(struct load_connection *c)
{
	to_open[to_open_count++] = c;
}

static void open_some(void)
{
	while (to_open_count > 0 && opening < OPENING_MAX) {
		struct load_connection *c = to_open[--to_open_count];

		if (!load_connection_open(c, &o.to, c->index % o.sources, epoll))
			fail("cannot open a connection: descriptors?");
		c->is_opening = true;
		opening++;
	}
}

static void note_answer(struct load_connection *c)
{
	if (log_file != NULL)
		fprintf(log_file, "%llu %d %lld\n", (unsigned long long)c->number, c->status,
			(long long)c->entry);
	if (c->status >= 0 && c->status < STATUSES)
		statuses[c->status]++;
	unexpected += c->status != (int)o.accept;
	bytes += c->body_bytes;
	if (is_idle_one(c))
		return;
	if (answered < SAMPLES_MAX)
		samples_ms[answered] = (float)(now_us() - c->due_us) / 1000;
	answered++;
	answered_in_time += ended_us == 0;
	set_free(c);
}

/* The peer closed it. A request that was out goes again where its key makes that safe, else it is lost. */
static void note_closed(struct load_connection *c)
{
	opening -= c->is_opening;
	c->is_opening = false;
	if (!c->is_pending) {
		closed_idle++;
		forget_free(c);
	} else if (o.break_every > 0) {
		resent++;
	} else {
		lost++;
		c->is_pending = false;
	}
	open_later(c);
}

static void send_request(struct load_connection *c)
{
	char request[LOAD_REQUEST_BYTES_MAX];
	size_t len = format_request(c, request);

	if (load_connection_send(c, request, len, epoll) == LOAD_CLOSED)
		note_closed(c);
}

static void ask(struct load_connection *c, int64_t due_us)
{
	c->number = next_number++;
	c->due_us = due_us;
	c->is_pending = true;
	send_request(c);
	if (o.break_every > 0 && c->number % o.break_every == 0 && c->fd >= 0) {
		/* What was sent may be done or not; the key must make it one act. */
		load_connection_drop(c);
		resent++;
		open_later(c);
	}
}

static void take_event(struct load_connection *c, enum load_event event)
{
	switch (event) {
	case LOAD_NOTHING:
		return;
	case LOAD_READY:
		opening--;
		c->is_opening = false;
		if (c->is_pending)
			send_request(c);
		else if (is_idle_one(c))
			ask(c, now_us());
		else
			set_free(c);
		return;
	case LOAD_ANSWERED:
		c->is_pending = false;
		note_answer(c);
		return;
	case LOAD_CLOSED:
		note_closed(c);
		return;
	}
}

static void ask_next(int64_t due_us)
{
	struct load_connection *c = free_list[--free_count];

	asked++;
	ask(c, due_us);
}

/* Asks what is due. Returns how long nothing will be, in milliseconds. */
static int ask_due(void)
{
	int64_t now = now_us();

	if (o.lockstep) {
		if (free_count == o.active && opening + to_open_count == 0)
			while (free_count > 0 && asked < o.count)
				ask_next(now);
		return 1000;
	}
	while (free_count > 0 && asked < o.count) {
		int64_t due = o.rate > 0 ? began_us + (int64_t)((double)asked / o.rate * 1e6) : now;

		if (due > now)
			return (int)((due - now) / 1000);
		ask_next(due);
	}
	return 1000;
}

static void serve(int timeout_ms)
{
	struct epoll_event events[EVENTS];

	open_some();
	int n = epoll_wait(epoll, events, EVENTS, timeout_ms);

	for (int i = 0; i < n; i++) {
		struct load_connection *c = events[i].data.ptr;

		/* An event of this round may have dropped it. */
		if (c->fd >= 0)
			take_event(c, load_connection_step(c, epoll));
	}
}

static uint64_t pending(void)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < o.active; i++)
		n += connections[i].is_pending;
	return n;
}

/* Idle ones ask once, when they come, and are idle from then on. */
static bool idle_wait(void)
{
	for (unsigned i = o.active; i < o.active + o.idle; i++)
		if (connections[i].is_pending)
			return true;
	return false;
}

static void run(void)
{
	unsigned all = o.active + o.idle;
	int64_t end_us;

	for (unsigned i = 0; i < all; i++) {
		connections[i].fd = -1;
		connections[i].index = i;
		open_later(&connections[i]);
	}
	/* The clock runs once everybody is there and the idle have what they came for. */
	for (int64_t limit = now_us() + DRAIN_S * 1000000LL;
		(to_open_count + opening > 0 || idle_wait()) && now_us() < limit;)
		serve(100);
	opened = all - to_open_count - opening;
	began_us = now_us();
	end_us = began_us + (int64_t)(o.seconds * 1e6);
	while (now_us() < end_us && answered + lost < o.count) {
		int wait_ms = ask_due();

		serve(wait_ms < 100 ? wait_ms : 100);
	}
	ended_us = now_us();
	for (int64_t limit = ended_us + DRAIN_S * 1000000LL; pending() > 0 && now_us() < limit;)
		serve(100);
}

static int compare(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static double percentile(double p)
{
	uint64_t n = answered < SAMPLES_MAX ? answered : SAMPLES_MAX;
	uint64_t at = (uint64_t)(p * (double)n);

	return n == 0 ? -1 : (double)samples_ms[at < n ? at : n - 1];
}

static void print_figures(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	qsort(samples_ms, answered < SAMPLES_MAX ? answered : SAMPLES_MAX, sizeof(samples_ms[0]),
		compare);
	printf("{\"opened\": %u, \"asked\": %llu, \"answered\": %llu, \"unexpected\": %llu, "
	       "\"lost\": %llu, \"unanswered\": %llu, \"resent\": %llu, \"closed_idle\": %llu, ",
		opened, (unsigned long long)asked, (unsigned long long)answered,
		(unsigned long long)unexpected, (unsigned long long)lost,
		(unsigned long long)pending(), (unsigned long long)resent,
		(unsigned long long)closed_idle);
	printf("\"seconds\": %.3f, \"per_s\": %.1f, \"bytes\": %llu, \"cpu_s\": %.3f, ",
		(double)(ended_us - began_us) / 1e6,
		(double)answered_in_time / ((double)(ended_us - began_us) / 1e6),
		(unsigned long long)bytes,
		(double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
			(double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6);
	printf("\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"p999_ms\": %.3f, \"max_ms\": %.3f, \"statuses\": {",
		percentile(0.5), percentile(0.99), percentile(0.999), percentile(1));
	const char *comma = "";

	for (unsigned i = 0; i < STATUSES; i++)
		if (statuses[i] > 0) {
			printf("%s\"%u\": %llu", comma, i, (unsigned long long)statuses[i]);
			comma = ", ";
		}
	printf("}}\n");
}

static void set_address(const char *text)
{
	char host[64];
	const char *colon = strrchr(text, ':');

	if (colon == NULL || (size_t)(colon - text) >= sizeof(host))
		fail("--connect ADDRESS:PORT");
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	o.to.sin_family = AF_INET;
	o.to.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	if (inet_pton(AF_INET, host, &o.to.sin_addr) != 1)
		fail("--connect ADDRESS:PORT");
}

static void read_option(const char *name, const char *value)
{
	static const struct {
		const char *name;
		unsigned *number;
		const char **text;
		double *real;
	} rows[] = {
		{ "--idle", &o.idle, NULL, NULL },
		{ "--active", &o.active, NULL, NULL },
		{ "--sources", &o.sources, NULL, NULL },
		{ "--lockstep", &o.lockstep, NULL, NULL },
		{ "--cookie", &o.cookie, NULL, NULL },
		{ "--accept", &o.accept, NULL, NULL },
		{ "--break-every", &o.break_every, NULL, NULL },
		{ "--path", NULL, &o.path, NULL },
		{ "--body", NULL, &o.body, NULL },
		{ "--tokens", NULL, &o.tokens, NULL },
		{ "--log", NULL, &o.log, NULL },
		{ "--rate", NULL, NULL, &o.rate },
		{ "--seconds", NULL, NULL, &o.seconds },
	};

	if (strcmp(name, "--connect") == 0) {
		set_address(value);
		return;
	}
	if (strcmp(name, "--count") == 0) {
		o.count = strtoull(value, NULL, 10);
		return;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(name, rows[i].name) != 0)
			continue;
		if (rows[i].number != NULL)
			*rows[i].number = (unsigned)strtoul(value, NULL, 10);
		else if (rows[i].text != NULL)
			*rows[i].text = value;
		else
			*rows[i].real = strtod(value, NULL);
		return;
	}
	fail(name);
}

int main(int argc, char **argv)
{
	uint64_t nonce;

	for (int i = 1; i + 1 < argc; i += 2)
		read_option(argv[i], argv[i + 1]);
	if (argc % 2 == 0 || o.to.sin_port == 0 || o.sources == 0 ||
		o.active + o.idle > CONNECTIONS_MAX)
		fail("see the head of load_client.c");
	if (getrandom(&nonce, sizeof(nonce), 0) != sizeof(nonce))
		fail("no random bytes");
	snprintf(key_prefix, sizeof(key_prefix), "%016llx", (unsigned long long)nonce);
	if (o.log != NULL && (log_file = fopen(o.log, "we")) == NULL)
		fail("cannot write the log");
	read_tokens();
	load_connection_init();
	epoll = epoll_create1(EPOLL_CLOEXEC);
	run();
	print_figures();
	if (log_file != NULL && fclose(log_file) != 0)
		fail("cannot write the log");
	return 0;
}
