/*
 * The ledger's command on a log that is whole, and on logs that somebody has damaged: what is wrong is named, and the
 * exit code says so. The command's own functions, a real log, no vault.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "cli/cmd.h"
#include "harness.h"
#include "labfix.h"

enum { ENTRIES = 300, OUTPUT_BYTES = 64 << 10 };

static struct err failure; /* what the command last said */
static int misuses, verbs;
static char output[OUTPUT_BYTES];

/* What of the program the command leans on. */
int cmd_fail(const char *what, const struct err *err)
{
	(void)what;
	failure = *err;
	return err_exit_code(err->kind);
}

int cmd_misuse(const char *name)
{
	(void)name;
	misuses++;
	return err_exit_code(ERR_INPUT);
}

int cmd_verb(const struct cli *cli, int argc, char **argv)
{
	(void)cli;
	(void)argc;
	(void)argv;
	verbs++;
	return 0;
}

static void make_log(struct labfix *fix)
{
	labfix_make(fix);
	assert_int_equal(mkdir(temp_file(&fix->temp, "store"), 0700), 0);
	labfix_start(fix, NULL);
	assert_int_equal(labfix_append_batch(fix, 0, ENTRIES), OK);
	labfix_stop(fix);
}

/* Runs the command with what it prints caught in `output`. Words end with a NULL. */
static int run(const char *lab, const char *const *words)
{
	struct cli cli = { .lab = lab };
	char *argv[8];
	int argc = 0, kept, caught = memfd_create("output", MFD_CLOEXEC);

	argv[argc++] = (char *)(uintptr_t) "ledger";
	while (*words != NULL)
		argv[argc++] = (char *)(uintptr_t)*words++;
	argv[argc] = NULL;
	failure = (struct err){ .kind = OK };
	fflush(stdout);
	kept = dup(STDOUT_FILENO);
	assert_true(caught >= 0 && kept >= 0 && dup2(caught, STDOUT_FILENO) >= 0);
	int code = cmd_ledger(&cli, argc, argv);

	fflush(stdout);
	assert_true(dup2(kept, STDOUT_FILENO) >= 0);
	close(kept);
	ssize_t len = pread(caught, output, sizeof(output) - 1, 0);

	assert_true(len >= 0);
	output[len] = '\0';
	close(caught);
	return code;
}

#define RUN(lab, ...) run(lab, (const char *const[]){ __VA_ARGS__, NULL })

static void a_whole_log_holds(void **state)
{
	(void)state;
	struct labfix fix;

	make_log(&fix);
	assert_int_equal(RUN(fix.temp.dir, "verify"), 0);
	assert_non_null(strstr(output, "300 entries"));
	assert_non_null(strstr(output, "300 details are what their entries commit to, 0 redacted"));
	labfix_sql(
		&fix, "UPDATE entries SET nonce = NULL, detail = NULL, redacted = 1 WHERE idx = 4");
	assert_int_equal(RUN(fix.temp.dir, "verify"), 0);
	assert_non_null(strstr(output, "299 details are what their entries commit to, 1 redacted"));
	assert_int_equal(
		RUN(fix.temp.dir, "verify", "--published", temp_file(&fix.temp, "ledger")), 0);
	assert_non_null(strstr(output, "the records were not looked at"));
	assert_int_equal(RUN(fix.temp.dir, "show", "7"), 0);
	assert_non_null(strstr(output, "\"n\":7"));
	assert_int_equal(RUN(fix.temp.dir, "show", "300"), err_exit_code(ERR_NOT_FOUND));
	assert_int_equal(RUN(fix.temp.dir, "proof", "299"), 0);
	assert_non_null(strstr(output, "c2sp.org/tlog-proof@v1"));
	assert_int_equal(RUN(fix.temp.dir, "proof", "300"), err_exit_code(ERR_NOT_FOUND));
	assert_int_equal(RUN(fix.temp.dir, "vkey"), 0);
	assert_non_null(strstr(output, "example.org/test-lab+"));
	labfix_remove(&fix);
}

/* Damage to the records by SQL, or to one byte of a published file (offset from its end when negative), or its cut. */
static const struct {
	const char *sql, *file;
	long at;
	bool cut;
	enum err_kind kind;
	const char *says;
} damages[] = {
	{ "UPDATE entries SET bytes = replace(bytes, '\"n\":5', '\"n\":6') WHERE idx = 5", NULL, 0,
		false, ERR_CORRUPT, "entry 5 does not fit its hash" },
	{ "UPDATE entries SET leaf = zeroblob(32) WHERE idx = 5", NULL, 0, false, ERR_CORRUPT,
		"entry 5 does not fit its hash" },
	{ "UPDATE entries SET leaf = x'00' WHERE idx = 5", NULL, 0, false, ERR_CORRUPT,
		"the hash of entry 5 is damaged" },
	{ "UPDATE entries SET (bytes, leaf) = (SELECT bytes, leaf FROM entries WHERE idx = 6) "
	  "WHERE idx = 5",
		NULL, 0, false, ERR_CORRUPT, "entry 5 of the records is not the published one" },
	{ "UPDATE entries SET detail = '{}' WHERE idx = 7", NULL, 0, false, ERR_CORRUPT,
		"the detail of entry 7 is not what it commits to" },
	{ "UPDATE entries SET nonce = x'00' WHERE idx = 7", NULL, 0, false, ERR_CORRUPT,
		"the nonce of entry 7 is damaged" },
	{ "UPDATE entries SET redacted = 1 WHERE idx = 7", NULL, 0, false, ERR_CORRUPT,
		"entry 7 is marked as redacted and its detail is still there" },
	{ "DELETE FROM entries WHERE idx = 8", NULL, 0, false, ERR_CORRUPT,
		"entry 8 is published and not in the records" },
	{ "UPDATE entries SET idx = 400 WHERE idx = 299", NULL, 0, false, ERR_CORRUPT,
		"entry 299 is published and not in the records" },
	{ "INSERT INTO entries SELECT 301, leaf, bytes, nonce, detail, redacted, kind, time_us, session, "
	  "record FROM entries WHERE idx = 0",
		NULL, 0, false, ERR_CORRUPT, "entries are missing from the records" },
	{ NULL, "ledger/checkpoint", -10, false, ERR_CORRUPT,
		"signature of example.org/test-lab does not hold" },
	{ NULL, "ledger/checkpoint", 25, false, ERR_CORRUPT,
		"signature of example.org/test-lab does not hold" },
	{ NULL, "ledger/checkpoint", 30, true, ERR_INPUT, "" },
	{ NULL, "ledger/tile/0/000", 40, false, ERR_CORRUPT, "tile/0/000 differs" },
	{ NULL, "ledger/tile/0/000", 40, true, ERR_CORRUPT, "tile/0/000 is too short" },
	{ NULL, "ledger/tile/0/001.p/44", 40, false, ERR_CORRUPT, "tile/0/001.p/44 differs" },
	{ NULL, "ledger/tile/1/000.p/1", 0, false, ERR_CORRUPT, "tile/1/000.p/1 differs" },
	{ NULL, "ledger/tile/entries/000", 60, true, ERR_CORRUPT, "tile/entries/000 breaks off" },
	{ NULL, "ledger/tile/entries/000", -1, false, ERR_CORRUPT, "entry 255" },
	{ NULL, "ledger/tile/entries/001.p/44", 0, false, ERR_CORRUPT, "tile/entries/001.p/44" },
};

static void damage_file(const char *path, long at, bool cut)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat st;
	char byte;

	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	off_t where = at < 0 ? st.st_size + at : at;

	if (cut) {
		assert_int_equal(ftruncate(fd, where), 0);
	} else {
		assert_int_equal(pread(fd, &byte, 1, where), 1);
		/* A letter stays one: what was base64 is base64 still, and says something else. */
		if ((byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z'))
			byte = byte == 'A' ? 'B' : 'A';
		else
			byte = byte == '/' || byte == '+' ? 'A' : (char)(byte ^ 1);
		assert_int_equal(pwrite(fd, &byte, 1, where), 1);
	}
	close(fd);
}

static void each_damage_is_named(void **state)
{
	int missed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct labfix fix;

		make_log(&fix);
		if (damages[i].sql != NULL)
			labfix_sql(&fix, damages[i].sql);
		else
			damage_file(temp_file(&fix.temp, damages[i].file), damages[i].at,
				damages[i].cut);
		int code = RUN(fix.temp.dir, "verify");

		if (failure.kind != damages[i].kind || code != err_exit_code(damages[i].kind) ||
			code == 0 || strstr(failure.msg, damages[i].says) == NULL) {
			print_error("damage %zu: exit %d, \"%s\", expected \"%s\"\n", i, code,
				failure.msg, damages[i].says);
			missed++;
		}
		labfix_remove(&fix);
	}
	assert_int_equal(missed, 0);
}

static void a_missing_file_is_named(void **state)
{
	(void)state;
	static const char *const files[] = { "checkpoint", "log.vkey", "tile/0/000",
		"tile/entries/001.p/44" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct labfix fix;
		char path[64];

		make_log(&fix);
		snprintf(path, sizeof(path), "ledger/%s", files[i]);
		assert_int_equal(unlink(temp_file(&fix.temp, path)), 0);
		assert_int_equal(RUN(fix.temp.dir, "verify"), err_exit_code(ERR_NOT_FOUND));
		/* A partial tile that is gone is asked for as the full one that would replace it. */
		if (strstr(files[i], ".p/") == NULL)
			assert_non_null(strstr(failure.msg, files[i]));
		labfix_remove(&fix);
	}
}

/* One line of the proof's text, decoded. */
static void take_hash(struct str line, struct sha256 *hash)
{
	size_t len = 0;

	assert_true(
		base64_parse(line, hash->bytes, sizeof(hash->bytes), &len) && len == SHA256_BYTES);
}

static void proofs_of_consistency_hold(void **state)
{
	(void)state;
	static const char *const pairs[][2] = { { "1", "300" }, { "255", "256" }, { "256", "300" },
		{ "257", "299" }, { "300", "300" }, { "7", "8" } };
	struct labfix fix;

	make_log(&fix);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct str rest, line;
		struct merkle_path path = { 0 };
		struct sha256 roots[2];
		char head[2][32];
		struct err err;

		assert_int_equal(RUN(fix.temp.dir, "consistency", pairs[i][0], pairs[i][1]), 0);
		rest = str_from(output);
		for (int k = 0; k < 2; k++) {
			snprintf(head[k], sizeof(head[k]), "%s %s ", k == 0 ? "old" : "new",
				pairs[i][k]);
			assert_true(str_cut(rest, '\n', &line, &rest));
			assert_true(str_starts(line, str_from(head[k])));
			take_hash(str_skip(line, strlen(head[k])), &roots[k]);
		}
		while (str_cut(rest, '\n', &line, &rest))
			take_hash(line, &path.nodes[path.count++]);
		assert_int_equal(
			merkle_verify_consistency(strtoull(pairs[i][0], NULL, 10),
				strtoull(pairs[i][1], NULL, 10), &roots[0], &roots[1], &path, &err),
			OK);
	}
	assert_int_equal(RUN(fix.temp.dir, "consistency", "0", "300"), err_exit_code(ERR_INPUT));
	assert_int_equal(RUN(fix.temp.dir, "consistency", "9", "8"), err_exit_code(ERR_INPUT));
	assert_int_equal(RUN(fix.temp.dir, "consistency", "1", "301"), err_exit_code(ERR_INPUT));
	damage_file(temp_file(&fix.temp, "ledger/tile/0/000"), 40, false);
	assert_int_equal(RUN(fix.temp.dir, "consistency", "3", "300"), err_exit_code(ERR_CORRUPT));
	labfix_remove(&fix);
}

static void an_export_is_a_log(void **state)
{
	(void)state;
	struct labfix fix;
	char copy[256];

	make_log(&fix);
	snprintf(copy, sizeof(copy), "%s", temp_file(&fix.temp, "copy"));
	assert_int_equal(RUN(fix.temp.dir, "export", copy), 0);
	assert_int_equal(RUN("/nowhere", "verify", "--published", copy), 0);
	assert_int_equal(RUN(fix.temp.dir, "export", copy), err_exit_code(ERR_CONFLICT));
	labfix_remove(&fix);
}

static void other_words_are_verbs_or_misuse(void **state)
{
	(void)state;
	misuses = verbs = 0;
	assert_int_equal(RUN("/nowhere", "list", "--limit", "3"), 0);
	assert_int_equal(verbs, 1);
	assert_int_equal(RUN("/nowhere", "show", "first"), err_exit_code(ERR_INPUT));
	assert_int_equal(RUN("/nowhere", "consistency", "1"), err_exit_code(ERR_INPUT));
	assert_int_equal(misuses, 2);
	assert_int_equal(RUN("/nowhere", "verify"), err_exit_code(ERR_NOT_FOUND));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_log_holds),
		cmocka_unit_test(each_damage_is_named),
		cmocka_unit_test(a_missing_file_is_named),
		cmocka_unit_test(proofs_of_consistency_hold),
		cmocka_unit_test(an_export_is_a_log),
		cmocka_unit_test(other_words_are_verbs_or_misuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
