/*
 * vitrine-verify: checks proofs of a vitrine lab, trusting the user's policy file and nothing else: no network, no clock,
 * no code of the lab's. Written apart from it, so that one mistake is not in both.
 */
#include <errno.h>
#include <string.h>

#include "verify.h"

static const char usage[] = "wrong use\n"
			    "usage: vitrine-verify verify --policy FILE [--digest HEX] BUNDLE\n"
			    "       vitrine-verify compare --policy FILE A B [CONSISTENCY]\n"
			    "       vitrine-verify measure FILE\n"
			    "exit: 0 holds, 1 refuted, 2 unusable input, 3 quorum short";

/* All that is read lies here: a policy, two bundles, a consistency proof. */
static char room[TRUST_BYTES_MAX + 2 * BUNDLE_BYTES_MAX + HEAD_BYTES_MAX + 4];
static size_t room_used;
static const char *failed; /* the file that could not be read */

static struct span read_file(const char *path, size_t bytes_max)
{
	FILE *file = failed == NULL ? fopen(path, "rb") : NULL;
	struct span all = { room + room_used, file == NULL ? 0 : fread(room + room_used, 1, bytes_max + 1, file) };
	if (failed == NULL && (file == NULL || ferror(file) || all.len > bytes_max)) failed = path;
	if (file != NULL) fclose(file);
	room_used += bytes_max + 1;
	return all;
}

static enum verdict unreadable(struct why *why)
{
	snprintf(why->text, sizeof(why->text), "%s: cannot be read, or is larger than any such file", failed);
	return UNUSABLE;
}

static enum verdict verify(const char *policy, const char *digest, const char *path, struct why *why)
{
	static struct verification v;
	v.policy = read_file(policy, TRUST_BYTES_MAX);
	v.file = read_file(path, BUNDLE_BYTES_MAX);
	if (digest != NULL) v.digest = span_from(digest);
	enum verdict verdict = failed != NULL ? unreadable(why) : judge(verification_run, &v, why);
	if (verdict == HOLDS) report(&v);
	return verdict;
}

static enum verdict compare(const char *policy, char **paths, struct why *why)
{
	static struct comparison c;
	c.policy = read_file(policy, TRUST_BYTES_MAX);
	for (size_t i = 0; i < 2; i++) c.files[i] = read_file(paths[i], BUNDLE_BYTES_MAX);
	if (paths[2] != NULL) c.proof = read_file(paths[2], HEAD_BYTES_MAX);
	enum verdict verdict = failed != NULL ? unreadable(why) : comparison_judge(&c, why);
	if (verdict == HOLDS) puts("consistent: the smaller tree is the beginning of the larger one");
	return verdict;
}

static enum verdict measure(const char *path, struct why *why)
{
	FILE *file = fopen(path, "rb");
	struct hash hash = { { 0 } };
	failed = file != NULL && hash_of_file(file, &hash) ? NULL : path;
	if (failed != NULL) return unreadable(why);
	for (size_t i = 0; i < HASH_BYTES; i++) printf("%02x", hash.bytes[i]);
	putchar('\n');
	return HOLDS;
}

int main(int argc, char **argv)
{
	static const char *const words[] = { "holds", "refuted", "unusable", "quorum short" };
	const char *command = argc > 1 ? argv[1] : "";
	bool with_policy = argc > 4 && strcmp(argv[2], "--policy") == 0;
	bool with_digest = argc > 6 && with_policy && strcmp(argv[4], "--digest") == 0;
	struct why why = { "" };
	enum verdict verdict = UNUSABLE;

	if (strcmp(command, "verify") == 0 && with_policy && argc == (with_digest ? 7 : 5))
		verdict = verify(argv[3], with_digest ? argv[5] : NULL, argv[argc - 1], &why);
	else if (strcmp(command, "compare") == 0 && with_policy && (argc == 6 || argc == 7))
		verdict = compare(argv[3], argv + 4, &why);
	else if (strcmp(command, "measure") == 0 && argc == 3)
		verdict = measure(argv[2], &why);
	else
		snprintf(why.text, sizeof(why.text), "%s", usage);
	if (fflush(stdout) != 0) {
		verdict = UNUSABLE;
		snprintf(why.text, sizeof(why.text), "standard output: %s", strerror(errno));
	}
	if (verdict != HOLDS) fprintf(stderr, "vitrine-verify: %s: %s\n", words[verdict], why.text);
	return (int)verdict;
}
