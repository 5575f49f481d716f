/*
 * The fork matrix: a centre that serves two branches to N witnesses, f of which collude with it. Real witnesses, real
 * policies; what must come out was found by brute force (tests/vectors/make_policy_vectors.py).
 */
#include <fcntl.h>
#include <jansson.h>

#include "base/hex.h"
#include "harness.h"
#include "ledger/policy.h"
#include "os/fs.h"
#include "temp.h"
#include "testlog.h"

enum { WITNESSES_MAX = 7, FORK_AT = 3, FORK_SIZE = 6 };

static struct arena mem;
static struct err err;
static json_t *vectors;

static int start(void **state)
{
	const char *file = getenv("VITRINE_VECTORS");

	(void)state;
	arena_init(&mem, 64 << 20);
	vectors = file == NULL ? NULL : json_load_file(file, JSON_REJECT_DUPLICATES, NULL);
	return vectors != NULL && crypto_init(&err) == OK ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	json_decref(vectors);
	arena_reset(&mem);
	return 0;
}

static int64_t number(const json_t *row, const char *key)
{
	return json_integer_value(json_object_get(row, key));
}

/* In memory where that can be had: what is asked here is not what the disk keeps. */
static void make_folder(struct temp *temp)
{
	snprintf(temp->dir, sizeof(temp->dir), "/dev/shm/vitrine-test-XXXXXX");
	if (mkdtemp(temp->dir) == NULL)
		temp_make(temp);
}

/* One witness; a colluding one is two of the same key that know nothing of each other. */
struct party {
	struct temp temps[2];
	struct testwitness selves[2];
	unsigned count;
};

static void party_make(struct party *p, struct testlog *log, unsigned number_of, bool colludes)
{
	p->count = colludes ? 2 : 1;
	for (unsigned i = 0; i < p->count; i++) {
		make_folder(&p->temps[i]);
		testwitness_make(&p->selves[i], log, p->temps[i].dir, number_of);
	}
}

static void party_free(struct party *p)
{
	for (unsigned i = 0; i < p->count; i++) {
		testwitness_free(&p->selves[i]);
		temp_remove(&p->temps[i]);
	}
}

/* The head with all lines that came for it, as a client gets it: whose signatures hold? */
static uint32_t signers(
	struct testlog *log, const struct policy *policy, unsigned branch, struct out *lines)
{
	struct note_vkey keys[POLICY_WITNESSES_MAX];
	struct note_verdict verdicts[POLICY_WITNESSES_MAX] = { { false, 0 } };
	struct note note;
	struct str got, both;
	struct out o;
	uint32_t by = 0;

	assert_int_equal(out_finish(lines, &got, &err), OK);
	out_init(&o, &log->mem, NOTE_BYTES_MAX);
	out_put(&o, testlog_note(log, branch, FORK_SIZE));
	out_put(&o, got);
	assert_int_equal(out_finish(&o, &both, &err), OK);
	assert_int_equal(note_parse(both, &note, &err), OK);
	for (size_t i = 0; i < policy->witness_count; i++)
		keys[i] = policy->witnesses[i].vkey;
	enum err_kind rc = note_verify(
		&log->mem, &note, keys, policy->witness_count, verdicts, &err);

	assert_true(rc == OK || rc == ERR_DENIED);
	for (size_t i = 0; i < policy->witness_count; i++)
		by |= (uint32_t)verdicts[i].has_signed << i;
	return by;
}

/* Show a branch to one witness: the common beginning first, so that it has something to remember. */
static void show(struct testwitness *w, unsigned branch, struct out *lines)
{
	struct witness_answer a = testwitness_add(w, branch, 0, FORK_AT);

	if (a.verdict == WITNESS_COSIGNED || a.verdict == WITNESS_CONFLICT)
		a = testwitness_add(w, branch, a.size, FORK_SIZE);
	if (a.verdict == WITNESS_COSIGNED)
		out_put(lines, a.lines);
}

/* The policy of n witnesses of these parties, all of one group; its threshold is set by the caller. */
static void policy_of(struct policy *policy, struct party *parties, unsigned n)
{
	struct out o;
	struct str text;

	out_init(&o, &mem, POLICY_BYTES_MAX);
	for (unsigned i = 0; i < n; i++) {
		out_printf(&o, "witness w%u ", i);
		note_vkey_put(&o, &parties[i].selves[0].vkey);
		out_char(&o, '\n');
	}
	out_put(&o, STR("group all any"));
	for (unsigned i = 0; i < n; i++)
		out_printf(&o, " w%u", i);
	out_put(&o, STR("\nquorum all\n"));
	assert_int_equal(out_finish(&o, &text, &err), OK);
	assert_int_equal(policy_parse(text, policy, &err), OK);
}

/*
 * Who has signed which branch when the first f collude and `first` of the others are shown branch 0 first; every
 * honest one is then shown the other branch, too.
 */
static void serve(unsigned n, unsigned f, unsigned first, struct policy *policy, uint32_t by[2])
{
	static struct party parties[WITNESSES_MAX];
	struct testlog log;
	struct out lines[2];

	testlog_make(&log, "example.org/log", 1, FORK_AT);
	for (unsigned i = 0; i < n; i++)
		party_make(&parties[i], &log, i, i < f);
	policy_of(policy, parties, n);
	for (unsigned branch = 0; branch < 2; branch++)
		out_init(&lines[branch], &log.mem, NOTE_BYTES_MAX);
	for (unsigned i = 0; i < n; i++) {
		unsigned one = i < f || i < f + first ? 0 : 1;

		show(&parties[i].selves[0], one, &lines[one]);
		show(&parties[i].selves[i < f], !one, &lines[!one]);
	}
	for (unsigned branch = 0; branch < 2; branch++)
		by[branch] = signers(&log, policy, branch, &lines[branch]);
	for (unsigned i = 0; i < n; i++)
		party_free(&parties[i]);
	testlog_free(&log);
}

static void the_bound_is_exact(void **state)
{
	const json_t *rows = json_object_get(vectors, "fork"), *row;
	bool forked[WITNESSES_MAX + 1][WITNESSES_MAX + 1][WITNESSES_MAX + 1] = { { { false } } };
	unsigned checked = 0;
	size_t i;

	(void)state;
	for (unsigned n = 1; n <= WITNESSES_MAX; n++) {
		for (unsigned f = 0; f <= n; f++) {
			for (unsigned first = 0; first <= n - f; first++) {
				struct policy policy;
				uint32_t by[2];

				serve(n, f, first, &policy, by);
				/* No honest witness stands on both. */
				assert_int_equal((by[0] & by[1]) >> f, 0);
				for (unsigned k = 1; k <= n; k++) {
					policy.groups[0].threshold = k;
					forked[n][k][f] |= policy_is_met(&policy, by[0]) &&
						policy_is_met(&policy, by[1]);
				}
			}
			arena_reset(&mem);
		}
	}
	json_array_foreach(rows, i, row)
	{
		unsigned n = (unsigned)number(row, "n"), k = (unsigned)number(row, "k"),
			 f = (unsigned)number(row, "f");
		bool want = json_is_true(json_object_get(row, "forked"));

		if (forked[n][k][f] != want || want == (2 * k > n + f))
			fail_msg("N=%u k=%u f=%u: forked %d, expected %d", n, k, f, forked[n][k][f],
				want);
		checked++;
	}
	assert_int_equal(checked, 168);
}

/* The text of a row with real keys in place of @0@ to @5@. */
static struct str with_keys(const char *text)
{
	struct out o;
	struct str s;

	out_init(&o, &mem, POLICY_BYTES_MAX);
	for (; *text != '\0'; text++) {
		struct sign_public public_key;
		struct sign_secret secret;
		uint8_t seed[SIGN_SEED_BYTES] = { 1 };

		if (*text != '@') {
			out_char(&o, *text);
			continue;
		}
		seed[1] = (uint8_t)text[1];
		text += 2;
		sign_from_seed(seed, &public_key, &secret);
		struct note_vkey vkey = note_vkey_make(
			STR("example.org/w"), NOTE_COSIGNATURE, &public_key);

		note_vkey_put(&o, &vkey);
	}
	assert_int_equal(out_finish(&o, &s, &err), OK);
	return s;
}

static void groups_of_groups(void **state)
{
	const json_t *rows = json_object_get(vectors, "policies"), *row;
	size_t i;

	(void)state;
	assert_true(json_array_size(rows) >= 50);
	json_array_foreach(rows, i, row)
	{
		struct policy p;
		const json_t *met = json_object_get(row, "met");
		size_t next = 0;

		if (policy_parse(with_keys(json_string_value(json_object_get(row, "text"))), &p,
			    &err) != OK)
			fail_msg("row %zu: %s", i, err.msg);
		assert_int_equal(policy_overlap(&p, 0), number(row, "overlap"));
		assert_int_equal(policy_stall(&p), number(row, "stall"));
		assert_int_equal(policy_fewest(&p), number(row, "fewest"));
		assert_int_equal(policy_owners_to_break(&p), number(row, "owners"));
		for (uint32_t by = 0; by < UINT32_C(1) << number(row, "n"); by++) {
			bool listed = next < json_array_size(met) &&
				json_integer_value(json_array_get(met, next)) == by;

			assert_int_equal(policy_is_met(&p, by), listed);
			next += listed;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bound_is_exact),
		cmocka_unit_test(groups_of_groups),
	};

	return cmocka_run_group_tests_name("fork", tests, start, stop);
}
