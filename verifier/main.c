/*
 * vitrine-verify: checks proofs of a vitrine lab, trusting the user's policy file and nothing else: no network, no clock,
 * no code of the lab's. Written apart from it, so that one mistake is not in both.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compare.h"
#include "report.h"

enum { POLICY_BYTES_MAX = 64 << 10 };

static const char usage[] = "usage: vitrine-verify verify --policy FILE [--digest HEX] BUNDLE\n"
			    "       vitrine-verify compare --policy FILE A B [CONSISTENCY]\n"
			    "       vitrine-verify measure FILE\n"
			    "exit: 0 holds, 1 refuted, 2 unusable input, 3 quorum short\n";

/* The whole of a file of at most max bytes; lives as long as the program. */
static enum verdict slurp(const char *path, size_t max, struct span *out, struct why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	char *bytes = size < 0 || (uint64_t)size > max ? NULL : malloc((size_t)size + 1);
	size_t len = 0;
	ssize_t n = 0;

	if (bytes == NULL)
		return because(why, UNUSABLE, "%s: %s", path,
			size < 0 ? strerror(errno) : "larger than any such file, or no memory");
	while (len < (size_t)size &&
		(n = pread(fd, bytes + len, (size_t)size - len, (off_t)len)) > 0)
		len += (size_t)n;
	close(fd);
	*out = (struct span){ bytes, len };
	return len == (size_t)size ? HOLDS
				   : because(why, UNUSABLE, "%s: cannot be read whole", path);
}

static enum verdict read_policy(const char *path, struct trust *trust, struct why *why)
{
	struct span text;
	enum verdict verdict = slurp(path, POLICY_BYTES_MAX, &text, why);

	return verdict == HOLDS ? trust_parse(text, trust, why) : verdict;
}

static enum verdict verify(
	const char *policy, const char *digest, const char *path, struct why *why)
{
	static struct trust trust;
	static struct bundle bundle;
	struct trust_answer answer;
	struct span file, wanted = { digest, digest == NULL ? 0 : strlen(digest) };
	enum verdict verdict = read_policy(policy, &trust, why);

	if (verdict == HOLDS)
		verdict = slurp(path, BUNDLE_BYTES_MAX, &file, why);
	if (verdict == HOLDS)
		verdict = claims_judge(&trust, file, wanted, &bundle, &answer, why);
	if (verdict == HOLDS) {
		puts("holds");
		report_head(&trust, &bundle.head, &answer);
		report_items(&bundle, &trust);
	}
	return verdict;
}

/* A bundle, or a checkpoint alone. */
static enum verdict read_head(
	const char *path, const struct trust *trust, struct bundle *bundle, struct why *why)
{
	struct trust_answer answer;
	struct span file;
	enum verdict verdict = slurp(path, BUNDLE_BYTES_MAX, &file, why);
	struct span rest = file;

	if (verdict == HOLDS && span_take(&rest, SPAN("vitrine-bundle ")))
		verdict = bundle_parse(file, bundle, why);
	else if (verdict == HOLDS)
		verdict = head_parse(file, &bundle->head, why);
	if (verdict == HOLDS)
		verdict = trust_log(trust, &bundle->head, &answer, why);
	return verdict == HOLDS ? bundle_places(bundle, why) : verdict;
}

static enum verdict compare(const char *policy, char **paths, size_t count, struct why *why)
{
	static struct trust trust;
	static struct bundle heads[2];
	struct span proof = { NULL, 0 };
	enum verdict verdict = read_policy(policy, &trust, why);

	for (size_t i = 0; verdict == HOLDS && i < 2; i++) {
		verdict = read_head(paths[i], &trust, &heads[i], why);
		/* What the log did not sign proves nothing of it. */
		if (verdict == REFUTED)
			verdict = UNUSABLE;
	}
	if (verdict == HOLDS && count == 3)
		verdict = slurp(paths[2], HEAD_BYTES_MAX, &proof, why);
	if (verdict == HOLDS)
		verdict = compare_heads(&heads[0], &heads[1], proof, why);
	if (verdict == HOLDS)
		puts("consistent: the smaller tree is the beginning of the larger one");
	return verdict;
}

static enum verdict measure(const char *path, struct why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	void *bytes = size <= 0 ? NULL : mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (size < 0 || bytes == MAP_FAILED)
		return because(why, UNUSABLE, "%s: %s", path, strerror(errno));
	struct hash hash = check_sha256((struct span){ bytes, (size_t)size });

	for (size_t i = 0; i < HASH_BYTES; i++)
		printf("%02x", hash.bytes[i]);
	putchar('\n');
	return HOLDS;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "", *policy = NULL, *digest = NULL;
	struct why why = { "" };
	enum verdict verdict;
	int at = 2;

	for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
		if (strcmp(argv[at], "--policy") == 0)
			policy = argv[at + 1];
		else if (strcmp(argv[at], "--digest") == 0)
			digest = argv[at + 1];
		else
			break;
	}
	if (strcmp(command, "verify") == 0 && policy != NULL && argc - at == 1)
		verdict = verify(policy, digest, argv[at], &why);
	else if (strcmp(command, "compare") == 0 && policy != NULL && digest == NULL &&
		(argc - at == 2 || argc - at == 3))
		verdict = compare(policy, argv + at, (size_t)(argc - at), &why);
	else if (strcmp(command, "measure") == 0 && argc == 3)
		verdict = measure(argv[2], &why);
	else
		verdict = because(&why, UNUSABLE, "wrong use\n%s", usage);
	if (fflush(stdout) != 0)
		verdict = because(&why, UNUSABLE, "standard output: %s", strerror(errno));
	if (verdict != HOLDS)
		fprintf(stderr, "vitrine-verify: %s: %s\n",
			verdict == REFUTED         ? "refuted"
				: verdict == SHORT ? "quorum short"
						   : "unusable",
			why.text);
	return (int)verdict;
}
