/* A child that lies: every way of breaking the protocol is ERR_CORRUPT and takes nothing. */
#include "source/import_stream.h"

#include "harness.h"

static struct arena mem;
static struct out wire;
static char seen[4096]; /* what the sink got, one word a file */

static enum err_kind note_file(void *arg, const struct import_file *file, struct err *err)
{
	size_t len = strlen(seen);

	(void)arg;
	(void)err;
	snprintf(seen + len, sizeof(seen) - len, "%d:%.*s=%.*s%.*s ", (int)file->mode,
		STR_ARG(file->path), STR_ARG(file->bytes), STR_ARG(file->same_as));
	return OK;
}

static void begin(void)
{
	arena_reset(&mem);
	arena_init(&mem, 1U << 20);
	out_init(&wire, &mem, 1U << 19);
}

static void record(uint32_t type, const void *fixed, size_t fixed_len, struct str rest)
{
	struct record_head head = { .type = type, .len = (uint32_t)(fixed_len + rest.len) };

	out_put(&wire, str_of(&head, sizeof(head)));
	out_put(&wire, str_of(fixed, fixed_len));
	out_put(&wire, rest);
}

static void file_of(uint32_t mode, struct str path, uint64_t size)
{
	struct record_file fixed = { .size = size, .mode = mode, .path_len = (uint32_t)path.len };

	record(RECORD_FILE, &fixed, sizeof(fixed), path);
}

static void data(struct str bytes)
{
	record(RECORD_DATA, "", 0, bytes);
}

static void same(struct str path, struct str target)
{
	struct record_same fixed = { (uint32_t)path.len, (uint32_t)target.len };
	char both[256];

	memcpy(both, path.ptr, path.len);
	memcpy(both + path.len, target.ptr, target.len);
	record(RECORD_SAME, &fixed, sizeof(fixed), str_of(both, path.len + target.len));
}

static void end(uint64_t files, uint64_t bytes, struct str origin)
{
	struct record_end fixed = { .files = files,
		.bytes = bytes,
		.format = IMPORT_TAR,
		.origin_len = (uint32_t)origin.len };

	record(RECORD_END, &fixed, sizeof(fixed), origin);
}

static void failure(uint32_t kind, struct str text)
{
	struct record_fail fixed = { kind, (uint32_t)text.len };

	record(RECORD_FAIL, &fixed, sizeof(fixed), text);
}

/* Feeds the wire in one piece. */
static enum err_kind fed(struct err *err)
{
	static const struct import_limits limits = { .files_max = 5, .bytes_max = 100 };
	static const struct import_sink sink = { .file = note_file };
	struct import_stream s;
	struct str bytes;

	seen[0] = '\0';
	assert_int_equal(out_finish(&wire, &bytes, err), OK);
	import_stream_init(&s, &limits, &sink);
	enum err_kind rc = import_stream_feed(&s, bytes, err);

	if (rc == OK && !s.ended)
		rc = ERR_NOT_FOUND;
	import_stream_reset(&s);
	return rc;
}

static void takes_an_honest_stream(void **state)
{
	struct err err;

	(void)state;
	begin();
	file_of(FILE_PLAIN, STR("a/b.c"), 6);
	data(STR("abc"));
	data(STR("def"));
	file_of(FILE_EXECUTABLE, STR("empty"), 0);
	file_of(FILE_SYMLINK, STR("a/l"), 4);
	data(STR("../x"));
	file_of(FILE_SUBMODULE, STR("sub"), 40);
	data(STR("0123456789012345678901234567890123456789"));
	same(STR("z"), STR("a/b.c"));
	end(5, 50, STR("origin"));
	assert_int_equal(fed(&err), OK);
	assert_string_equal(seen,
		"0:a/b.c=abcdef 1:empty= 2:a/l=../x "
		"3:sub=0123456789012345678901234567890123456789 0:z=a/b.c ");
}

static void passes_on_what_the_child_says(void **state)
{
	struct err err;

	(void)state;
	begin();
	file_of(FILE_PLAIN, STR("a"), 6);
	failure(ERR_LIMIT, STR("too much"));
	assert_int_equal(fed(&err), ERR_LIMIT);
	assert_string_equal(err.msg, "too much");
}

static void bad_path(void)
{
	file_of(FILE_PLAIN, STR("../x"), 0);
}
static void git_path(void)
{
	file_of(FILE_PLAIN, STR("a/.git/config"), 0);
}
static void bad_mode(void)
{
	file_of(4, STR("a"), 0);
}
static void link_out(void)
{
	file_of(FILE_SYMLINK, STR("a"), 4);
	data(STR("../x"));
}
static void link_empty(void)
{
	file_of(FILE_SYMLINK, STR("a"), 0);
}
static void odd_submodule(void)
{
	file_of(FILE_SUBMODULE, STR("a"), 4);
	data(STR("beef"));
}
static void too_much_content(void)
{
	file_of(FILE_PLAIN, STR("a"), 2);
	data(STR("abc"));
}
static void content_of_nothing(void)
{
	data(STR("abc"));
}
static void empty_content(void)
{
	file_of(FILE_PLAIN, STR("a"), 2);
	data(STR(""));
}
static void missing_content(void)
{
	file_of(FILE_PLAIN, STR("a"), 2);
	data(STR("a"));
	end(1, 2, STR(""));
}
static void too_many_bytes(void)
{
	file_of(FILE_PLAIN, STR("a"), 101);
}
static void huge_file(void)
{
	file_of(FILE_PLAIN, STR("a"), UINT64_MAX);
}
static void too_many_files(void)
{
	for (int i = 0; i < 6; i++)
		file_of(FILE_PLAIN, STR("a"), 0);
}
static void wrong_count(void)
{
	file_of(FILE_PLAIN, STR("a"), 0);
	end(2, 0, STR(""));
}
static void wrong_bytes(void)
{
	file_of(FILE_PLAIN, STR("a"), 0);
	end(1, 1, STR(""));
}
static void control_in_origin(void)
{
	end(0, 0, STR("a\nb"));
}
static void after_the_end(void)
{
	end(0, 0, STR(""));
	file_of(FILE_PLAIN, STR("a"), 0);
}
static void bad_same(void)
{
	same(STR("a"), STR("../b"));
}
static void odd_same_length(void)
{
	struct record_same fixed = { UINT32_MAX, 2 };

	record(RECORD_SAME, &fixed, sizeof(fixed), STR("a"));
}
static void odd_path_length(void)
{
	struct record_file fixed = { .path_len = 7 };

	record(RECORD_FILE, &fixed, sizeof(fixed), STR("a"));
}
static void part_of_no_dsc(void)
{
	struct record_part fixed = { .name_len = 1 };

	record(RECORD_PART, &fixed, sizeof(fixed), STR("a"));
}
static void unknown_record(void)
{
	record(77, "", 0, STR(""));
}
static void length_beyond(void)
{
	struct record_head head = { RECORD_DATA, UINT32_MAX };

	out_put(&wire, str_of(&head, sizeof(head)));
}
static void cut_head(void)
{
	out_put(&wire, STR("abc"));
}
static void corrupt_claim(void)
{
	failure(ERR_CORRUPT, STR("the store is broken"));
}
static void control_in_failure(void)
{
	failure(ERR_INPUT, STR("a\033[2J"));
}
static void bidi_in_failure(void)
{
	failure(ERR_INPUT, STR("a\xe2\x80\xae"));
}

static void every_lie_is_found(void **state)
{
	static void (*const lies[])(void) = { bad_path, git_path, bad_mode, link_out, link_empty,
		odd_submodule, too_much_content, content_of_nothing, empty_content, missing_content,
		too_many_bytes, huge_file, too_many_files, wrong_count, wrong_bytes,
		control_in_origin, after_the_end, bad_same, odd_same_length, odd_path_length,
		part_of_no_dsc, unknown_record, length_beyond, cut_head, corrupt_claim,
		control_in_failure, bidi_in_failure };
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		begin();
		lies[i]();
		if (fed(&err) != ERR_CORRUPT)
			fail_msg("lie %zu was believed", i);
	}
}

static void an_unfinished_stream_is_not_ended(void **state)
{
	struct err err;

	(void)state;
	begin();
	file_of(FILE_PLAIN, STR("a"), 50);
	data(STR("half"));
	assert_int_equal(fed(&err), ERR_NOT_FOUND);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_an_honest_stream),
		cmocka_unit_test(passes_on_what_the_child_says),
		cmocka_unit_test(every_lie_is_found),
		cmocka_unit_test(an_unfinished_stream_is_not_ended),
	};
	int failed = cmocka_run_group_tests_name("import_stream", tests, NULL, NULL);

	arena_reset(&mem);
	return failed;
}
