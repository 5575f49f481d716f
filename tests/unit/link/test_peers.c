/* What peers of other machines send and keep: tokens, frames at the door, receipts. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "link/door_check.h"
#include "link/receipts.h"
#include "link/token.h"
#include "os/fs.h"

static struct arena mem;

static int setup(void **state)
{
	struct err err;

	(void)state;
	arena_init(&mem, 1 << 20);
	return crypto_init(&err) == OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	arena_reset(&mem);
	return 0;
}

static struct str token_text(const struct token *token)
{
	struct out o;
	struct str text;
	struct err err;

	out_init(&o, &mem, TOKEN_TEXT_BYTES);
	token_put(&o, token);
	assert_int_equal(out_finish(&o, &text, &err), OK);
	return text;
}

static void tokens_are_read_as_written(void **state)
{
	struct token token = { .seed = { 1, 2, 3 }, .authority = { 250, 251, 252 } }, again;
	struct sign_public key, other;
	struct sign_secret secret;
	char name[FRAME_POINT_BYTES];

	(void)state;
	struct str text = token_text(&token);

	assert_int_equal(text.len, TOKEN_TEXT_BYTES - 1);
	assert_true(token_parse(text, &again));
	assert_memory_equal(&token, &again, sizeof(token));
	token_key(&token, &key, &secret);
	token_link_name(&key, name);
	assert_true(str_starts(str_from(name), STR(TOKEN_LINK_PREFIX)));
	token.seed[15] ^= 1;
	token_key(&token, &other, &secret);
	assert_memory_not_equal(key.bytes, other.bytes, SIGN_PUBLIC_BYTES);
	assert_false(token_parse(str_head(text, text.len - 1), &again));
	assert_false(token_parse(STR("not a token"), &again));
	assert_false(token_parse(STR(""), &again));
}

static struct str call_of(const char *point, const char *verb, bool has_fd)
{
	struct frame frame = { .type = FRAME_CALL,
		.call = { .request_id = 1, .counter = 1, .has_fd = has_fd, .body = STR("{}") } };
	struct out o;
	struct str bytes;
	struct err err;

	assert_true(frame_set_name(frame.call.point, sizeof(frame.call.point), point));
	assert_true(frame_set_name(frame.call.verb, sizeof(frame.call.verb), verb));
	out_init(&o, &mem, 4096);
	frame_format(&o, &frame);
	assert_int_equal(out_finish(&o, &bytes, &err), OK);
	return bytes;
}

static enum err_kind take(const struct door_check *check, struct str bytes, size_t *used)
{
	struct err err;

	*used = 0;
	return door_check_take(check, bytes, used, &err);
}

static void the_door_takes_a_peers_own_calls_only(void **state)
{
	const struct door_check bonn = { .name = "bonn" },
				guest = { .name = "join-00", .is_joining = true };
	struct str good = call_of("bonn", "lab.hello", false);
	size_t used;

	(void)state;
	assert_int_equal(take(&bonn, good, &used), OK);
	assert_int_equal(used, good.len);
	for (size_t len = 0; len < good.len; len++) {
		assert_int_equal(take(&bonn, str_head(good, len), &used), OK);
		assert_int_equal(used, 0);
	}
	assert_int_equal(take(&bonn, call_of("rome", "lab.hello", false), &used), ERR_AUTH);
	assert_int_equal(take(&bonn, call_of("console", "lab.hello", false), &used), ERR_AUTH);
	assert_int_equal(take(&bonn, call_of("bonn", "leak.picture", true), &used), ERR_INPUT);
	assert_int_equal(take(&bonn, STR("GET / HTTP/1.1"), &used), ERR_INPUT);
	assert_int_equal(take(&guest, call_of("join-00", "point.join", false), &used), OK);
	assert_int_equal(take(&guest, call_of("join-00", "lab.hello", false), &used), ERR_AUTH);
}

/* A bad frame behind a good one: of this stream nothing goes on. */
static void nothing_goes_on_before_all_was_looked_at(void **state)
{
	const struct door_check bonn = { .name = "bonn" };
	struct str first = call_of("bonn", "lab.hello", false),
		   second = call_of("rome", "lab.hello", false), both;
	struct out o;
	struct err err;
	size_t used;

	(void)state;
	out_init(&o, &mem, 8192);
	out_put(&o, first);
	out_put(&o, second);
	assert_int_equal(out_finish(&o, &both, &err), OK);
	assert_int_equal(take(&bonn, both, &used), ERR_AUTH);
	assert_int_equal(used, 0);
}

static void receipts_are_read_as_written(void **state)
{
	struct receipt row = { .counter = 7,
		.request = { { 1 } },
		.time_us = 5,
		.entry_index = 3,
		.tree_size = 4,
		.root = { { 2 } } },
		       again;
	uint8_t bytes[RECEIPT_BYTES], twice[RECEIPT_BYTES];
	struct err err;

	(void)state;
	receipt_format(&row, bytes);
	assert_int_equal(receipt_parse(bytes, &again, &err), OK);
	receipt_format(&again, twice);
	assert_memory_equal(bytes, twice, RECEIPT_BYTES);
	row.entry_index = 4;
	receipt_format(&row, bytes);
	assert_int_equal(receipt_parse(bytes, &again, &err), ERR_INPUT);
	row.entry_index = RECEIPT_SENT;
	receipt_format(&row, bytes);
	assert_int_equal(receipt_parse(bytes, &again, &err), ERR_INPUT);
	row.entry_index = RECEIPT_NO_ENTRY;
	row.time_us = -1;
	receipt_format(&row, bytes);
	assert_int_equal(receipt_parse(bytes, &again, &err), ERR_INPUT);
}

static void a_row_cut_short_is_cut_off(void **state)
{
	char folder[] = "/tmp/vitrine-receipts-XXXXXX";
	const struct client_receipt sent = { .counter = 1 };
	struct receipts *r;
	struct stat st;
	struct err err;
	int dir;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(fs_open_dir(AT_FDCWD, folder, &dir, &err), OK);
	assert_int_equal(fs_replace(dir, "receipts", STR("half a row"), 0600, &err), OK);
	assert_int_equal(receipts_open(dir, "receipts", &r, &err), OK);
	receipts_note(r, &sent);
	assert_true(receipts_whole(r));
	receipts_close(r);
	assert_int_equal(fstatat(dir, "receipts", &st, 0), 0);
	assert_int_equal(st.st_size, RECEIPT_BYTES);
	close(dir);
	assert_int_equal(fs_remove_tree(AT_FDCWD, folder, &err), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_are_read_as_written),
		cmocka_unit_test(the_door_takes_a_peers_own_calls_only),
		cmocka_unit_test(nothing_goes_on_before_all_was_looked_at),
		cmocka_unit_test(receipts_are_read_as_written),
		cmocka_unit_test(a_row_cut_short_is_cut_off),
	};

	return cmocka_run_group_tests_name("peers", tests, setup, teardown);
}
