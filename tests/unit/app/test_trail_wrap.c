/* test_trail_wrap: exactly the subsets, exactly their order, and nothing for fewer parties. */
#include "app/trail_wrap.h"
#include "base/hex.h"
#include "crypto/digest.h"
#include "crypto/sign.h"
#include "format/json.h"
#include "harness.h"
#include "os/fs.h"

#include <fcntl.h>

enum { MEM_BYTES = 8 << 20, N = LIMIT_TRAIL_PARTIES, ROWS_MAX = LIMIT_TRAIL_SUBSETS + 2 };
#define SESSION STR("ses_0123456789ab")

static struct arena mem;
static struct trail_opener openers[N], officer;
static struct seal_key key;

struct row {
	char recipient[TRAIL_RECIPIENT_BYTES];
	struct str wrapped;
};
static struct row rows[ROWS_MAX];
static size_t row_count;

static int start(void **state)
{
	struct err err;

	(void)state;
	if (crypto_init(&err) != OK)
		return -1;
	arena_init(&mem, MEM_BYTES);
	for (size_t i = 0; i < N; i++)
		box_generate(&openers[i].public_key, &openers[i].secret);
	box_generate(&officer.public_key, &officer.secret);
	seal_generate(&key);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	arena_reset(&mem);
	return 0;
}

static struct trail_plan plan_of(size_t n, size_t k)
{
	struct trail_plan plan = { .party_count = n, .quorum = k };

	for (size_t i = 0; i < n; i++) {
		snprintf(plan.parties[i].id, sizeof(plan.parties[i].id), "org_%c", (char)('a' + i));
		plan.parties[i].key = openers[i].public_key;
	}
	return plan;
}

static enum err_kind keep(void *arg, struct str recipient, struct str wrapped, struct err *err)
{
	(void)arg;
	(void)err;
	assert_true(row_count < ROWS_MAX);
	assert_true(wrapped.len <= TRAIL_WRAPPED_BYTES_MAX);
	struct row *row = &rows[row_count++];

	snprintf(row->recipient, sizeof(row->recipient), "%.*s", STR_ARG(recipient));
	assert_true(arena_copy(&mem, wrapped, &row->wrapped));
	return OK;
}

static void wrap(const struct trail_plan *plan, uint32_t seq)
{
	struct trail_of of = { SESSION, seq };
	struct err err;

	row_count = 0;
	arena_reset(&mem);
	assert_int_equal(trail_plan_check(plan, &err), OK);
	assert_int_equal(
		trail_wrap(plan, &officer.public_key, &of, &key, &mem, keep, NULL, &err), OK);
	assert_int_equal(row_count, trail_plan_count(plan));
}

/* Which parties a recipient names, a bit each. */
static unsigned mask_of(const char *recipient)
{
	struct str rest = str_from(recipient), id;
	unsigned mask = 0;
	int last = -1;

	while (trail_recipient_next(&rest, &id)) {
		assert_int_equal(id.len, 5);
		int party = id.ptr[4] - 'a';

		assert_true(party > last && party < N);
		last = party;
		mask |= 1U << party;
	}
	return mask;
}

/* Each layer opens for its own party alone, in the order of ids; then comes the key. */
static void peel_row(const struct row *row, size_t n, uint32_t seq)
{
	struct trail_of of = { SESSION, seq };
	struct str rest = row->wrapped, inner = STR("");
	unsigned mask = mask_of(row->recipient);
	struct err err;

	for (size_t next = 0; next < n; next++) {
		if ((mask & 1U << next) == 0)
			continue;
		for (size_t i = 0; i < n; i++) {
			struct str got;
			enum err_kind rc = trail_peel(&mem, &openers[i], &of, rest, &got, &err);

			assert_int_equal(rc, i == next ? OK : ERR_CORRUPT);
			if (rc == OK)
				inner = got;
		}
		rest = inner;
	}
	assert_true(str_eq(rest, str_of(key.bytes, sizeof(key.bytes))));
}

/*
 * For every n and k: C(n, k) rows, no two alike, and each layer of each opens for one party alone. So a set of parties opens
 * a row exactly when all that it names are in the set: k - 1 parties open none, k open one.
 */
static void subsets_are_exact(void **state)
{
	static const size_t binomial[N + 1][N + 1] = { { 1 }, { 1, 1 }, { 1, 2, 1 }, { 1, 3, 3, 1 },
		{ 1, 4, 6, 4, 1 }, { 1, 5, 10, 10, 5, 1 }, { 1, 6, 15, 20, 15, 6, 1 },
		{ 1, 7, 21, 35, 35, 21, 7, 1 }, { 1, 8, 28, 56, 70, 56, 28, 8, 1 } };

	(void)state;
	for (size_t n = 1; n <= N; n++) {
		for (size_t k = 1; k <= n; k++) {
			struct trail_plan plan = plan_of(n, k);
			bool seen[1 << N] = { false };

			wrap(&plan, 7);
			assert_int_equal(row_count, binomial[n][k]);
			for (size_t i = 0; i < row_count; i++) {
				unsigned mask = mask_of(rows[i].recipient);

				assert_int_equal(__builtin_popcount(mask), k);
				assert_true(mask < 1U << n && !seen[mask]);
				seen[mask] = true;
				peel_row(&rows[i], n, 7);
			}
		}
	}
}

/* The same once more without the argument above: every set of parties tries all it can. */
static void fewer_than_the_quorum_open_nothing(void **state)
{
	enum { PARTIES = 5, QUORUM = 3 };
	struct trail_of of = { SESSION, 0 };
	struct trail_plan plan = plan_of(PARTIES, QUORUM);

	(void)state;
	wrap(&plan, 0);
	for (unsigned set = 0; set < 1U << PARTIES; set++) {
		size_t opened = 0;

		for (size_t i = 0; i < row_count; i++) {
			struct str rest = rows[i].wrapped;
			bool moved = true;

			while (moved && rest.len != SEAL_KEY_BYTES) {
				moved = false;
				for (size_t p = 0; p < PARTIES && !moved; p++) {
					struct str inner;
					struct err err;

					moved = (set & 1U << p) != 0 &&
						trail_peel(&mem, &openers[p], &of, rest, &inner,
							&err) == OK;
					if (moved)
						rest = inner;
				}
			}
			opened += rest.len == SEAL_KEY_BYTES;
		}
		size_t members = (size_t)__builtin_popcount(set);

		if (members < QUORUM)
			assert_int_equal(opened, 0);
		else
			assert_true(opened > 0);
		if (members == QUORUM)
			assert_int_equal(opened, 1);
	}
}

static void a_layer_opens_for_its_session_and_seq_alone(void **state)
{
	struct trail_plan plan = plan_of(2, 2);
	struct str rest;
	struct err err;

	(void)state;
	wrap(&plan, 3);
	struct trail_of right = { SESSION, 3 }, later = { SESSION, 4 },
			other = { STR("ses_0123456789ac"), 3 };

	assert_int_equal(
		trail_peel(&mem, &openers[0], &other, rows[0].wrapped, &rest, &err), ERR_DENIED);
	assert_int_equal(
		trail_peel(&mem, &openers[0], &later, rows[0].wrapped, &rest, &err), ERR_DENIED);
	assert_int_equal(trail_peel(&mem, &openers[0], &right, rows[0].wrapped, &rest, &err), OK);
	/* The inner layer says so, too: the first party cannot hand on another session's. */
	struct str inner = rest;

	assert_int_equal(trail_peel(&mem, &openers[1], &other, inner, &rest, &err), ERR_DENIED);
	assert_int_equal(trail_peel(&mem, &openers[1], &right, inner, &rest, &err), OK);
	assert_int_equal(rest.len, SEAL_KEY_BYTES);
}

static void every_flipped_bit_is_refused(void **state)
{
	struct trail_plan plan = plan_of(2, 2);
	struct trail_of of = { SESSION, 0 };
	struct str rest;
	struct err err;

	(void)state;
	wrap(&plan, 0);
	char *bytes = (char *)(uintptr_t)rows[0].wrapped.ptr;

	for (size_t bit = 0; bit < 8 * rows[0].wrapped.len; bit++) {
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
		assert_int_not_equal(
			trail_peel(&mem, &openers[0], &of, rows[0].wrapped, &rest, &err), OK);
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
	}
}

static void own_organisation_and_officers_have_a_box_each(void **state)
{
	struct trail_of of = { SESSION, 0 };
	struct trail_plan plan = plan_of(3, 2);
	struct str rest;
	struct err err;

	(void)state;
	plan.has_own = true;
	plan.own = plan.parties[1];
	wrap(&plan, 0);
	assert_int_equal(row_count, 4);
	assert_string_equal(rows[3].recipient, "org_b");
	assert_int_equal(trail_peel(&mem, &openers[1], &of, rows[3].wrapped, &rest, &err), OK);
	assert_int_equal(rest.len, SEAL_KEY_BYTES);
	/* A quorum of one names it already. */
	plan.quorum = 1;
	wrap(&plan, 0);
	assert_int_equal(row_count, 3);
	plan = (struct trail_plan){ .for_officers = true };
	wrap(&plan, 0);
	assert_int_equal(row_count, 1);
	assert_string_equal(rows[0].recipient, TRAIL_OFFICER_ROLE);
	assert_int_equal(trail_peel(&mem, &officer, &of, rows[0].wrapped, &rest, &err), OK);
}

static void a_plan_that_nobody_could_open_is_refused(void **state)
{
	struct trail_plan none = { 0 }, few = plan_of(2, 2), twice = plan_of(3, 2),
			  many = plan_of(3, 2);
	struct err err;

	(void)state;
	assert_int_equal(trail_plan_check(&none, &err), ERR_CONFLICT);
	few.party_count = 1;
	assert_int_equal(trail_plan_check(&few, &err), ERR_CONFLICT);
	twice.parties[1] = twice.parties[0];
	assert_int_equal(trail_plan_check(&twice, &err), ERR_CONFLICT);
	many.party_count = N + 1;
	assert_int_equal(trail_plan_check(&many, &err), ERR_CONFLICT);
	many = plan_of(3, 2);
	many.quorum = 0;
	assert_int_equal(trail_plan_check(&many, &err), ERR_CONFLICT);
}

/* Wrapped by tests/vectors/make_trail_vectors.py. */
static void foreign_wraps_open(void **state)
{
	struct err err;
	struct str text, wrapped64 = STR(""), hex = STR(""), session = STR("");
	json_t *root, *row;
	size_t at, cases = 0;

	(void)state;
	arena_reset(&mem);
	assert_int_equal(
		fs_read(AT_FDCWD, getenv("VITRINE_TRAIL_VECTORS"), 1 << 20, &mem, &text, &err), OK);
	assert_int_equal(json_parse(text, 1 << 20, &root, &err), OK);
	json_array_foreach(json_object_get(root, "cases"), at, row)
	{
		const json_t *ids = json_object_get(row, "recipients"), *id;
		int64_t seq = 0;
		size_t i, len;
		uint8_t bytes[TRAIL_WRAPPED_BYTES_MAX], want[SEAL_KEY_BYTES];

		assert_true(json_str(row, "session", &session) && json_i64(row, "seq", &seq));
		assert_true(json_str(row, "wrapped", &wrapped64) && json_str(row, "key", &hex));
		assert_true(base64_parse(wrapped64, bytes, sizeof(bytes), &len));
		assert_true(hex_parse(hex, want, sizeof(want)));
		struct trail_of of = { session, (uint32_t)seq };
		struct str rest = str_of(bytes, len);

		json_array_foreach(ids, i, id)
		{
			struct sha256 secret = sha256_of(str_from(json_string_value(id)));
			struct trail_opener opener;

			memcpy(opener.secret.bytes, secret.bytes, sizeof(opener.secret.bytes));
			box_public_of(&opener.secret, &opener.public_key);
			assert_int_equal(trail_peel(&mem, &opener, &of, rest, &rest, &err), OK);
		}
		assert_true(str_eq(rest, str_of(want, sizeof(want))));
		cases++;
	}
	assert_int_equal(cases, 10);
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(subsets_are_exact),
		cmocka_unit_test(fewer_than_the_quorum_open_nothing),
		cmocka_unit_test(a_layer_opens_for_its_session_and_seq_alone),
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(own_organisation_and_officers_have_a_box_each),
		cmocka_unit_test(a_plan_that_nobody_could_open_is_refused),
		cmocka_unit_test(foreign_wraps_open),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
