/*
 * witness_story DIR [BRANCH]: a witness cosigns a few heads of a log and tells each one after it was cosigned, to be
 * killed at any of its writing system calls. On branch 1 the log tells another history from the sixth entry on.
 */
#include <stdio.h>
#include <unistd.h>

#include "harness.h"
#include "testlog.h"

enum { FORK_AT = 5, HEADS = 6 };

static void say(const char *word, uint64_t size, const struct sha256 *root)
{
	char hex[SHA256_HEX_BYTES], line[160];

	sha256_format(root, hex);
	int n = snprintf(line, sizeof(line), "%s %llu %s\n", word, (unsigned long long)size, hex);

	if (write(STDOUT_FILENO, line, (size_t)n) != n)
		_exit(3);
}

int main(int argc, char **argv)
{
	static struct testlog log;
	static struct testwitness w;
	static struct witness_state state;
	unsigned branch = argc > 2 ? 1 : 0;
	struct err err;

	if (argc < 2 || crypto_init(&err) != OK)
		return 2;
	testlog_make(&log, "example.org/log", 1, FORK_AT);
	testwitness_join(&w, &log, argv[1], 0);
	for (int i = 0; i < HEADS; i++) {
		if (witness_head(w.witness, log.vkey.name, &state, &err) != OK)
			return 2;
		uint64_t size = state.size + 2;
		struct witness_answer a = testwitness_add(&w, branch, state.size, size);
		struct sha256 root = testlog_root(&log, branch, size);

		say(a.verdict == WITNESS_COSIGNED ? "cosigned" : "refused", size, &root);
	}
	testwitness_free(&w);
	testlog_free(&log);
	return 0;
}
