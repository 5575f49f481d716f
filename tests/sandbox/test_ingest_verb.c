/*
 * test_ingest_verb: release.ingest through the whole pipeline, as a long verb with its descriptor, progress and
 * cancelling, in a real lab with the real child in the real sandbox. This program is its own child.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/json.h"
#include "open_lab.h"
#include "os/fs.h"
#include "source/ingest.h"

static struct open_lab lab;
static struct token officer;
static char product[LAB_ID_BYTES];
static char source[96]; /* a folder of ours, beside the lab */

static void put(const char *name, const char *text, size_t repeats)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", source, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	for (size_t i = 0; i < repeats; i++)
		assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void make_folder(const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", source, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

static int start(void **state)
{
	(void)state;
	open_lab_start(&lab);
	open_lab_session(&lab, lab.officers[0], "console", &officer);
	open_lab_record(&lab, "product", "offered", "{\"name\":\"packet\"}", product);
	snprintf(source, sizeof(source), "%s/source", lab.dir);
	make_folder("");
	make_folder("src");
	put("src/a.c", "int a;\n", 3);
	put("src/big.c", "int canary_of_the_source; /* a line of some length */\n", 40000);
	put("Makefile", "all:\n", 1);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	open_lab_stop(&lab);
	return 0;
}

/* What a caller saw while it waited, and when it wants to stop: after that many reports; 0: never. */
struct watch {
	int reports, stop_after;
	int64_t files, bytes;
	bool is_sound;
};

/* On the pipeline's thread; read after the answer only. */
static void take_report(void *arg, struct str json)
{
	struct watch *w = arg;
	json_t *report = NULL;
	struct str unit;
	struct err err;
	int64_t files, bytes = 0;

	if (json_parse(json, LIMIT_JSON_BYTES, &report, &err) != OK ||
		!json_i64(report, "done", &files) || !json_str(report, "unit", &unit) ||
		!str_eq(unit, STR("files")) || files < w->files)
		w->is_sound = false;
	else
		w->files = files;
	/* Absent before the first byte. */
	json_i64(report, "bytes", &bytes);
	w->is_sound &= bytes >= w->bytes;
	w->bytes = bytes;
	w->reports++;
	json_decref(report);
}

static bool wants_stop(void *arg)
{
	const struct watch *w = arg;

	return w->stop_after > 0 && w->reports >= w->stop_after;
}

static const struct told *ingest(const char *version, struct watch *watch)
{
	char body[300];
	int fd = open(source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	watch->is_sound = true;
	snprintf(body, sizeof(body), "{\"product\":\"%s\",\"version\":\"%s\",\"name\":\"source\"}",
		product, version);
	const struct told *told = open_lab_ask(&lab,
		&(struct ask){ .verb = "release.ingest",
			.body = body,
			.token = officer.bytes,
			.fd = &fd,
			.cancelled = wants_stop,
			.progress = take_report,
			.arg = watch });

	/* The descriptor stays the caller's. */
	assert_int_equal(close(fd), 0);
	return told;
}

static int64_t count(const char *from)
{
	char sql[300];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", from);
	return open_lab_number(&lab, sql);
}

/* No release, no file of one, no blob, no entry that tells of one. */
static void assert_nothing_is_left(void)
{
	assert_int_equal(count("records WHERE kind = 'release'"), 0);
	assert_int_equal(count("release_nodes"), 0);
	assert_int_equal(count("blobs"), 0);
	assert_int_equal(count("entries WHERE kind = 'release.ingest'"), 0);
}

static void one_that_is_stopped_leaves_nothing(void **state)
{
	(void)state;
	struct watch watch = { .stop_after = 1 };

	assert_int_equal(ingest("1.0", &watch)->status, ERR_CANCELLED);
	assert_int_equal(watch.reports, 1);
	assert_nothing_is_left();
}

static void a_bad_source_is_named_and_leaves_nothing(void **state)
{
	(void)state;
	struct watch watch = { 0 };
	char link[160];

	snprintf(link, sizeof(link), "%s/src/out", source);
	assert_int_equal(symlink("/etc/passwd", link), 0);
	const struct told *told = ingest("1.0", &watch);

	assert_int_equal(unlink(link), 0);
	assert_int_equal(told->status, ERR_INPUT);
	assert_non_null(strstr(told_text(told, "message"), "src/out"));
	assert_nothing_is_left();
}

static void a_limit_of_the_lab_holds(void **state)
{
	(void)state;
	struct watch watch = { 0 };
	int64_t before = lab.lab.settings.ingest_bytes_max;

	lab.lab.settings.ingest_bytes_max = 1000;
	enum err_kind status = ingest("1.0", &watch)->status;

	lab.lab.settings.ingest_bytes_max = before;
	assert_int_equal(status, ERR_LIMIT);
	assert_nothing_is_left();
}

static void a_source_is_taken_in_with_its_record_and_entry(void **state)
{
	(void)state;
	struct watch watch = { 0 };
	const struct told *told = ingest("1.0", &watch);
	char manifest[SHA256_HEX_BYTES], id[LAB_ID_BYTES], sql[500];

	assert_int_equal(told->status, OK);
	assert_true(watch.reports > 0 && watch.is_sound);
	snprintf(id, sizeof(id), "%s", told_text(told, "id"));
	snprintf(manifest, sizeof(manifest), "%s", told_text(told, "manifest"));
	assert_string_equal(told_text(told, "format"), "directory");
	assert_non_null(strstr(told->json, "\"files\":3,"));
	assert_int_equal(told->entry, open_lab_number(&lab, "SELECT max(idx) FROM entries"));
	/* The entry names product, release, version and manifest in the open. */
	snprintf(sql, sizeof(sql),
		"SELECT kind = 'release.ingest' AND record = '%s' AND instr(bytes, '%s') > 0 AND "
		"instr(bytes, '%s') > 0 AND instr(bytes, '%s') > 0 AND instr(bytes, '\"1.0\"') > 0 "
		"FROM entries ORDER BY idx DESC LIMIT 1",
		id, id, product, manifest);
	assert_int_equal(open_lab_number(&lab, sql), 1);
	assert_int_equal(count("records WHERE kind = 'release' AND state = 'ingested'"), 1);
	/* Makefile and src of the top, a.c and big.c of src. */
	assert_int_equal(count("release_nodes"), 4);
	/* Nothing of the source's text in records and entries. */
	assert_int_equal(count("records WHERE instr(body, 'canary') > 0"), 0);
	assert_int_equal(
		count("entries WHERE instr(bytes, 'canary') + instr(detail, 'canary') > 0"), 0);
}

static void the_same_version_again_is_a_conflict(void **state)
{
	(void)state;
	struct watch watch = { 0 };
	int64_t blobs = count("blobs"), nodes = count("release_nodes");

	assert_int_equal(ingest("1.0", &watch)->status, ERR_CONFLICT);
	assert_int_equal(watch.reports, 0);
	assert_int_equal(count("blobs"), blobs);
	assert_int_equal(count("release_nodes"), nodes);
}

static void the_same_bytes_under_another_version_are_stored_once(void **state)
{
	(void)state;
	struct watch watch = { 0 };
	int64_t blobs = count("blobs"), nodes = count("release_nodes");
	char first[SHA256_HEX_BYTES];

	snprintf(first, sizeof(first), "%s",
		open_lab_text(&lab,
			"SELECT json_extract(body, '$.manifest') FROM records WHERE kind = 'release'"));
	const struct told *told = ingest("1.1", &watch);

	assert_int_equal(told->status, OK);
	assert_string_equal(told_text(told, "manifest"), first);
	assert_int_equal(count("blobs"), blobs);
	assert_int_equal(count("release_nodes"), 2 * nodes);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_is_stopped_leaves_nothing),
		cmocka_unit_test(a_bad_source_is_named_and_leaves_nothing),
		cmocka_unit_test(a_limit_of_the_lab_holds),
		cmocka_unit_test(a_source_is_taken_in_with_its_record_and_entry),
		cmocka_unit_test(the_same_version_again_is_a_conflict),
		cmocka_unit_test(the_same_bytes_under_another_version_are_stored_once),
	};

	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && strcmp(argv[1], "--child") == 0)
		import_child();
	return cmocka_run_group_tests(tests, start, stop);
}
