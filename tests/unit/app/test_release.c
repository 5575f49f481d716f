/*
 * test_release: what the verbs of releases list, to whom and how much of it; and what an ingest is refused for before
 * anything is read. Taking a source in needs its child: tests/sandbox/test_ingest_verb.c.
 */
#include <unistd.h>

#include "format/json.h"
#include "open_lab.h"

static struct open_lab lab;
static struct token officer, auditor, reviewer;
static char product[LAB_ID_BYTES], release[LAB_ID_BYTES], party[LAB_ID_BYTES];

/* The bytes of these files are nowhere: a listing never asks for them. */
static void add_node(const char *folder, const char *name, int is_folder, int files)
{
	char sql[400];

	snprintf(sql, sizeof(sql),
		"INSERT INTO release_nodes (release, folder, name, is_folder, mode, digest, size, lines, "
		"is_binary, files) VALUES ('%s', CAST('%s' AS BLOB), CAST('%s' AS BLOB), %d, 0, "
		"zeroblob(32), %d, %d, 0, %d)",
		release, folder, name, is_folder, 100 * files, 10 * files, files);
	open_lab_sql(&lab, sql);
}

static void make_release(void)
{
	char fields[400];

	open_lab_record(&lab, "product", "offered", "{\"name\":\"packet\"}", product);
	snprintf(fields, sizeof(fields),
		"{\"product\":\"%s\",\"version\":\"1.0\",\"manifest\":"
		"\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}",
		product);
	open_lab_record(&lab, "release", "ingested", fields, release);
	add_node("", "Makefile", 0, 1);
	add_node("", "src", 1, 3);
	add_node("", "tests", 1, 1);
	add_node("", "tests2", 1, 1);
	add_node("src", "core", 1, 2);
	add_node("src", "main.c", 0, 1);
	add_node("src/core", "a.c", 0, 1);
	add_node("src/core", "a.h", 0, 1);
	add_node("tests", "test_a.c", 0, 1);
	add_node("tests2", "other.c", 0, 1);
}

/* An open engagement with one grant of these paths; its id. */
static const char *engage(const char *paths, const char *except)
{
	static char id[LAB_ID_BYTES];

	open_lab_engagement(
		&lab, &(struct wanted_engagement){ party, product, release, paths, except }, id);
	return id;
}

static void sign_in(
	const char *name, const char *organisation, const char *roles, struct token *token)
{
	char id[LAB_ID_BYTES];

	open_lab_person(&lab, name, organisation, roles, id);
	open_lab_session(&lab, id, "console", token);
}

static int start(void **state)
{
	(void)state;
	open_lab_start(&lab);
	open_lab_record(&lab, "organisation", "active",
		"{\"name\":\"Operator A\",\"line\":\"customer\"}", party);
	make_release();
	open_lab_session(&lab, lab.officers[0], "console", &officer);
	sign_in("aron", lab.organisation, "\"auditor\"", &auditor);
	sign_in("rita", party, "\"reviewer\"", &reviewer);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	open_lab_stop(&lab);
	return 0;
}

static const struct told *ask(const struct token *who, const char *verb, const char *body)
{
	return open_lab_ask(&lab, &(struct ask){ .verb = verb, .body = body, .token = who->bytes });
}

static const struct told *files(const struct token *who, const char *folder)
{
	char body[200];

	snprintf(body, sizeof(body), "{\"release\":\"%s\",\"folder\":\"%s\"}", release, folder);
	return ask(who, "release.files", body);
}

static const struct told *tree(const char *engagement, const char *folder)
{
	char body[300];

	snprintf(body, sizeof(body), "{\"engagement\":\"%s\",\"release\":\"%s\",\"folder\":\"%s\"}",
		engagement, release, folder);
	return ask(&reviewer, "source.tree", body);
}

/*
 * The answer's rows in its order, " " between them: "path:files" of a row with its figures, "path:?" of a folder that
 * is named only. Static buffer.
 */
static const char *rows(const struct told *told)
{
	static char text[1000];
	json_t *answer = json_loads(told->json, 0, NULL);
	const json_t *row;
	size_t at, len = 0;

	assert_int_equal(told->status, OK);
	text[0] = '\0';
	json_array_foreach(json_object_get(answer, "entries"), at, row)
	{
		struct str path;
		int64_t count = 0;

		assert_true(json_str(row, "path", &path));
		bool told_all = json_i64(row, "files", &count);

		/* Named only: nothing at all that counts or measures what is beneath. */
		if (!told_all) {
			assert_true(json_is_true(json_object_get(row, "scoped")));
			assert_null(json_object_get(row, "size"));
			assert_null(json_object_get(row, "lines"));
		}
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s:%s",
			at > 0 ? " " : "", STR_ARG(path),
			!told_all            ? "?"
				: count == 1 ? "1"
					     : "n");
		assert_true(len < sizeof(text));
	}
	json_decref(answer);
	return text;
}

static bool is_scoped(const struct told *told)
{
	json_t *answer = json_loads(told->json, 0, NULL);
	const json_t *scoped = json_object_get(answer, "scoped");
	bool value = json_is_true(scoped);

	assert_true(json_is_boolean(scoped));
	json_decref(answer);
	return value;
}

static void whoever_runs_the_lab_lists_all_of_a_release(void **state)
{
	(void)state;
	const struct told *told = files(&officer, "");

	assert_string_equal(rows(told), "src:n tests:1 tests2:1 Makefile:1");
	assert_false(is_scoped(told));
	assert_string_equal(rows(files(&auditor, "src")), "src/core:n src/main.c:1");
	assert_string_equal(rows(files(&officer, "src/core")), "src/core/a.c:1 src/core/a.h:1");
	assert_int_equal(files(&officer, "nowhere")->status, ERR_NOT_FOUND);
	assert_int_equal(files(&officer, "Makefile")->status, ERR_NOT_FOUND);
	assert_int_equal(files(&officer, "../src")->status, ERR_INPUT);
	/* Without an engagement there is nothing for a reviewer, and the refusal is kept. */
	assert_int_equal(files(&reviewer, "")->status, ERR_DENIED);
	assert_int_equal(
		open_lab_number(&lab,
			"SELECT instr(bytes, '\"verb\":\"release.files\"') > 0 FROM entries "
			"WHERE kind = 'refused' ORDER BY idx DESC LIMIT 1"),
		1);
}

static void each_listing_is_an_entry_about_its_release(void **state)
{
	(void)state;
	char sql[200];

	assert_int_equal(files(&officer, "src")->status, OK);
	snprintf(sql, sizeof(sql),
		"SELECT count(*) FROM entries WHERE kind = 'release.files' AND record = '%s' AND "
		"instr(detail, 'src') > 0 AND instr(bytes, 'src') = 0",
		release);
	assert_true(open_lab_number(&lab, sql) >= 1);
}

static void a_grant_that_leaves_tests_out_lists_all_but_them(void **state)
{
	(void)state;
	const char *engagement = engage("", "\"tests\"");
	const struct told *told = tree(engagement, "");

	/* Not "tests", not even by name; "tests2" is another folder. */
	assert_string_equal(rows(told), "src:n tests2:1 Makefile:1");
	assert_true(is_scoped(told));
	assert_string_equal(rows(tree(engagement, "src")), "src/core:n src/main.c:1");
	assert_int_equal(tree(engagement, "tests")->status, ERR_DENIED);
}

/* A folder row by row: what is closed neither shows nor counts. */
static void a_long_folder_comes_in_pages(void **state)
{
	static const struct {
		const char *after, *rows, *next, *type;
	} pages[] = {
		{ "", "src:n", "src", "folder" },
		{ ",\"after\":\"src\",\"after_type\":\"folder\"", "tests2:1", "tests2", "folder" },
		{ ",\"after\":\"tests2\",\"after_type\":\"folder\"", "Makefile:1", "", "" },
	};
	(void)state;
	const char *engagement = engage("", "\"tests\"");
	char body[300];

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		snprintf(body, sizeof(body),
			"{\"engagement\":\"%s\",\"release\":\"%s\",\"limit\":1%s}", engagement,
			release, pages[i].after);
		assert_string_equal(rows(ask(&reviewer, "source.tree", body)), pages[i].rows);
		assert_string_equal(told_text(open_lab_wait(), "next"), pages[i].next);
		assert_string_equal(told_text(open_lab_wait(), "next_type"), pages[i].type);
	}
	snprintf(body, sizeof(body),
		"{\"engagement\":\"%s\",\"release\":\"%s\",\"after\":\"src/main.c\"}", engagement,
		release);
	assert_int_equal(ask(&reviewer, "source.tree", body)->status, ERR_INPUT);
}

static void a_grant_of_one_prefix_names_the_way_to_it_only(void **state)
{
	(void)state;
	const char *engagement = engage("\"src/core\"", "");

	/* "src" is told without what it holds in all: the rest of it is not covered. */
	assert_string_equal(rows(tree(engagement, "")), "src:?");
	assert_string_equal(rows(tree(engagement, "src")), "src/core:n");
	assert_string_equal(rows(tree(engagement, "src/core")), "src/core/a.c:1 src/core/a.h:1");
	assert_int_equal(tree(engagement, "tests")->status, ERR_DENIED);
}

static void a_prefix_with_an_exception_beneath_tells_no_totals(void **state)
{
	(void)state;
	const char *engagement = engage("\"src\"", "\"src/core/a.h\"");

	assert_string_equal(rows(tree(engagement, "")), "src:?");
	assert_string_equal(rows(tree(engagement, "src")), "src/core:? src/main.c:1");
	assert_string_equal(rows(tree(engagement, "src/core")), "src/core/a.c:1");
}

static void what_is_closed_and_what_is_not_there_answer_alike(void **state)
{
	(void)state;
	const char *engagement = engage("\"src\"", "");
	char closed[200];

	assert_int_equal(tree(engagement, "tests")->status, ERR_DENIED);
	snprintf(closed, sizeof(closed), "%s", told_text(open_lab_wait(), "message"));
	assert_int_equal(tree(engagement, "no-such-folder")->status, ERR_DENIED);
	assert_string_equal(told_text(open_lab_wait(), "message"), closed);
}

static void a_revoked_grant_lists_nothing(void **state)
{
	(void)state;
	const char *engagement = engage("", "");
	char sql[300];

	assert_false(is_scoped(tree(engagement, "")));
	snprintf(sql, sizeof(sql),
		"UPDATE records SET state = 'revoked' WHERE kind = 'grant' AND id IN "
		"(SELECT id FROM record_refs WHERE field = 'engagement' AND target = '%s')",
		engagement);
	open_lab_sql(&lab, sql);
	assert_int_equal(tree(engagement, "")->status, ERR_DENIED);
}

static enum err_kind ingest(const struct token *who, const char *version, const int *fd)
{
	char body[300];

	snprintf(body, sizeof(body), "{\"product\":\"%s\",\"version\":\"%s\",\"name\":\"source\"}",
		product, version);
	return open_lab_status(&lab,
		&(struct ask){
			.verb = "release.ingest", .body = body, .token = who->bytes, .fd = fd });
}

static void an_ingest_is_refused_before_anything_is_read(void **state)
{
	(void)state;
	int ends[2];
	int64_t releases = open_lab_number(
		&lab, "SELECT count(*) FROM records WHERE kind = 'release'");

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(ingest(&officer, "2.0", NULL), ERR_INPUT);
	assert_int_equal(ingest(&reviewer, "2.0", &ends[0]), ERR_DENIED);
	assert_int_equal(ingest(&officer, "1.0", &ends[0]), ERR_CONFLICT);
	assert_non_null(strstr(told_text(open_lab_wait(), "message"), release));
	open_lab_sql(&lab, "UPDATE records SET state = 'withdrawn' WHERE kind = 'product'");
	assert_int_equal(ingest(&officer, "2.0", &ends[0]), ERR_CONFLICT);
	assert_non_null(strstr(told_text(open_lab_wait(), "message"), "withdrawn"));
	assert_int_equal(
		open_lab_number(&lab, "SELECT count(*) FROM records WHERE kind = 'release'"),
		releases);
	assert_int_equal(
		open_lab_number(&lab, "SELECT count(*) FROM entries WHERE kind = 'release.ingest'"),
		0);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_runs_the_lab_lists_all_of_a_release),
		cmocka_unit_test(each_listing_is_an_entry_about_its_release),
		cmocka_unit_test(a_grant_that_leaves_tests_out_lists_all_but_them),
		cmocka_unit_test(a_long_folder_comes_in_pages),
		cmocka_unit_test(a_grant_of_one_prefix_names_the_way_to_it_only),
		cmocka_unit_test(a_prefix_with_an_exception_beneath_tells_no_totals),
		cmocka_unit_test(what_is_closed_and_what_is_not_there_answer_alike),
		cmocka_unit_test(a_revoked_grant_lists_nothing),
		cmocka_unit_test(an_ingest_is_refused_before_anything_is_read),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
