/*
 * test_matrix: every verb of the table, every role, signed out, in scope and out of scope, against a table
 * that was written by hand (matrix.txt). A verb that one of the two lacks fails the test.
 */
#include "app/verb.h"
#include "open_lab.h"

enum { ROLES = 6, ROWS_MAX = 128, STRANGER = 0 };

static const char *const roles[ROLES] = { "stranger", "officer", "engineer", "reviewer", "auditor",
	"developer" };

struct row {
	char verb[48];
	bool allowed[ROLES], needs_grant, is_known;
};

static struct open_lab lab;
static struct row rows[ROWS_MAX];
static size_t row_count;
/* One person of each role, all of the operator; and what they may look at, or may not. */
static char people[ROLES][LAB_ID_BYTES], operator[LAB_ID_BYTES], stranger_party[LAB_ID_BYTES];
static char product[LAB_ID_BYTES], release[LAB_ID_BYTES], other_release[LAB_ID_BYTES];
static char engagement[LAB_ID_BYTES], other_engagement[LAB_ID_BYTES];

static void read_matrix(void)
{
	FILE *f = fopen(MATRIX, "re");
	char line[256];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		struct row *row = &rows[row_count];
		char cells[ROLES][2], grant[8] = "";

		if (line[0] == '#' || line[0] == '\n')
			continue;
		assert_true(row_count < ROWS_MAX);
		assert_true(sscanf(line, "%47s %1s %1s %1s %1s %1s %1s %7s", row->verb, cells[0],
				    cells[1], cells[2], cells[3], cells[4], cells[5], grant) >= 7);
		for (int i = 0; i < ROLES; i++) {
			assert_true(cells[i][0] == 'y' || cells[i][0] == '-');
			row->allowed[i] = cells[i][0] == 'y';
		}
		row->needs_grant = strcmp(grant, "grant") == 0;
		row_count++;
	}
	fclose(f);
}

static void make_engagement(const char *party, char id[LAB_ID_BYTES])
{
	const struct wanted_engagement wanted = { party, product, release, "\"src\"",
		"\"src/tests\"" };

	open_lab_engagement(&lab, &wanted, id);
}

/* The bytes of these files are nowhere: whoever may see them gets as far as that. */
static void add_node(const char *of, const char *folder, const char *name, int is_folder)
{
	char sql[400];

	snprintf(sql, sizeof(sql),
		"INSERT INTO release_nodes (release, folder, name, is_folder, mode, digest, size, lines, "
		"is_binary, files) VALUES ('%s', CAST('%s' AS BLOB), CAST('%s' AS BLOB), %d, 0, "
		"zeroblob(32), 1, 1, 0, 1)",
		of, folder, name, is_folder);
	open_lab_sql(&lab, sql);
}

static void make_release(const char *version, char id[LAB_ID_BYTES])
{
	char fields[400];

	snprintf(fields, sizeof(fields),
		"{\"product\":\"%s\",\"version\":\"%s\",\"manifest\":"
		"\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}",
		product, version);
	open_lab_record(&lab, "release", "ingested", fields, id);
	add_node(id, "", "src", 1);
	add_node(id, "", "src2", 0);
	add_node(id, "", "etc", 0);
	add_node(id, "src", "a", 0);
	add_node(id, "src", "tests", 1);
	add_node(id, "src/tests", "a", 0);
}

static int start(void **state)
{
	(void)state;
	open_lab_start(&lab);
	read_matrix();
	open_lab_record(&lab, "organisation", "active",
		"{\"name\":\"Operator A\",\"line\":\"customer\"}", operator);
	open_lab_record(&lab, "organisation", "active",
		"{\"name\":\"Operator B\",\"line\":\"customer\"}", stranger_party);
	for (int i = 1; i < ROLES; i++) {
		char words[32];

		snprintf(words, sizeof(words), "\"%s\"", roles[i]);
		open_lab_person(&lab, roles[i], operator, words, people[i]);
	}
	open_lab_record(&lab, "product", "offered", "{\"name\":\"Router\"}", product);
	make_release("1.0", release);
	make_release("2.0", other_release);
	make_engagement(operator, engagement);
	make_engagement(stranger_party, other_engagement);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	open_lab_stop(&lab);
	return 0;
}

static struct row *row_of(const char *verb)
{
	for (size_t i = 0; i < row_count; i++) {
		if (strcmp(rows[i].verb, verb) == 0)
			return &rows[i];
	}
	return NULL;
}

/* Each call has a session of its own: some of them end it. */
static enum err_kind ask(const char *verb, int role, const char *body)
{
	struct token token;
	struct ask call = { .verb = verb, .body = body };

	if (role != STRANGER) {
		open_lab_session(&lab, people[role], "console", &token);
		call.token = token.bytes;
	}
	return open_lab_status(&lab, &call);
}

static void table_and_matrix_have_the_same_verbs(void **state)
{
	(void)state;
	for (size_t i = 0; i < verb_count(&lab.lab); i++) {
		const struct verb *verb = verb_at(&lab.lab, i);
		struct row *row = row_of(verb->name);

		if (row == NULL)
			fail_msg("%s is not in matrix.txt", verb->name);
		if (row->is_known)
			fail_msg("%s is there twice", verb->name);
		row->is_known = true;
		if (row->needs_grant != (verb->activity != ACTIVITY_NONE))
			fail_msg("%s: needs a grant in one table and not in the other", verb->name);
	}
	for (size_t i = 0; i < row_count; i++) {
		if (!rows[i].is_known)
			fail_msg("%s is in matrix.txt and no verb", rows[i].verb);
	}
}

/* A verb that a peer asks for itself: whoever else asks is denied it, signed in or not. */
static bool is_for_peers(const struct row *row)
{
	for (int role = 0; role < ROLES; role++)
		if (row->allowed[role])
			return false;
	return true;
}

/* What a role may call fails at most for what was asked, never for who asks; the rest is refused and recorded. */
static void every_verb_knows_its_roles(void **state)
{
	(void)state;
	for (size_t i = 0; i < row_count; i++) {
		for (int role = 0; role < ROLES; role++) {
			enum err_kind status = ask(rows[i].verb, role, "{}");
			bool refused = status == ERR_AUTH || status == ERR_DENIED;
			bool asked_to_sign_in = role == STRANGER && !is_for_peers(&rows[i]);
			enum err_kind how = asked_to_sign_in ? ERR_AUTH : ERR_DENIED;

			if (rows[i].allowed[role] == refused || (refused && status != how))
				fail_msg("%s by %s: %s", rows[i].verb, roles[role],
					err_word(status));
		}
	}
	assert_true(
		open_lab_number(&lab, "SELECT count(*) FROM entries WHERE kind = 'refused'") > 0);
}

static void body_for(
	const char *verb, const char *of, const char *what, const char *path, char body[400])
{
	bool is_view = strcmp(verb, "source.view") == 0;

	snprintf(body, 400,
		is_view ? "{\"engagement\":\"%s\",\"release\":\"%s\",\"path\":\"%s\",\"line\":0,"
			  "\"column\":0,\"theme\":\"light\",\"zoom\":\"1\"}"
			: "{\"engagement\":\"%s\",\"release\":\"%s\",\"folder\":\"%s\"}",
		of, what, path);
}

static void want_scope(
	const char *verb, int role, const char *of, const char *what, const char *path, bool inside)
{
	char body[400];

	body_for(verb, of, what, path, body);
	enum err_kind status = ask(verb, role, body);
	bool denied = status == ERR_DENIED || status == ERR_AUTH;

	if (denied == inside || status == ERR_INPUT)
		fail_msg("%s by %s of %s: %s", verb, roles[role], path, err_word(status));
}

static void a_grant_is_needed_and_its_edge_is_sharp(void **state)
{
	(void)state;
	for (size_t i = 0; i < row_count; i++) {
		const char *verb = rows[i].verb;
		bool is_view = strcmp(verb, "source.view") == 0;

		for (int role = 1; rows[i].needs_grant && role < ROLES; role++) {
			if (!rows[i].allowed[role])
				continue;
			want_scope(
				verb, role, engagement, release, is_view ? "src/a" : "src", true);
			want_scope(verb, role, engagement, release,
				is_view ? "src/tests/a" : "src/tests", false);
			want_scope(verb, role, engagement, release, "src2", false);
			want_scope(verb, role, engagement, release, "etc", false);
			want_scope(verb, role, engagement, other_release, is_view ? "src/a" : "src",
				false);
			want_scope(verb, role, other_engagement, release, is_view ? "src/a" : "src",
				false);
		}
	}
}

/* Expiry bites at the next call. */
static void a_grant_that_ran_out_is_none(void **state)
{
	(void)state;
	/* Times are stored in microseconds: 2999 becomes 2001. */
	open_lab_sql(&lab,
		"UPDATE records SET body = replace(body, '32472144000000000', '978307200000000') "
		"WHERE kind = 'grant'");
	want_scope("source.view", 3, engagement, release, "src/a", false);
	want_scope("source.tree", 3, engagement, release, "src", false);
}

static void records_of_others_are_not_there(void **state)
{
	(void)state;
	char body[100];

	snprintf(body, sizeof(body), "{\"id\":\"%s\"}", engagement);
	assert_int_equal(ask("record.show", 3, body), OK);
	snprintf(body, sizeof(body), "{\"id\":\"%s\"}", other_engagement);
	assert_int_equal(ask("record.show", 3, body), ERR_NOT_FOUND);
	assert_int_equal(ask("record.show", 1, body), OK);
	assert_int_equal(ask("record.show", 4, body), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_and_matrix_have_the_same_verbs),
		cmocka_unit_test(every_verb_knows_its_roles),
		cmocka_unit_test(a_grant_is_needed_and_its_edge_is_sharp),
		cmocka_unit_test(records_of_others_are_not_there),
		cmocka_unit_test(a_grant_that_ran_out_is_none),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
