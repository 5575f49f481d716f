/* The record as people read it, by the verbs of its family; and the store rid of what nothing names. */
#include "app/lab_compact.h"
#include "base/hex.h"
#include "format/json.h"
#include "ledger/tlogproof.h"
#include "ledger/verify.h"
#include "open_lab.h"

static struct open_lab lab;
static struct token officer, reviewer;

static int start(void **state)
{
	char rita[LAB_ID_BYTES];

	(void)state;
	open_lab_start(&lab);
	open_lab_person(&lab, "rita", lab.organisation, "\"reviewer\"", rita);
	open_lab_session(&lab, lab.officers[0], "console", &officer);
	open_lab_session(&lab, rita, "console", &reviewer);
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
	return open_lab_ask(&lab,
		&(struct ask){
			.verb = verb, .body = body, .token = who == NULL ? NULL : who->bytes });
}

static void only_published_files_have_names(void **state)
{
	static const struct {
		const char *path;
		enum err_kind want;
	} cases[] = {
		{ "checkpoint", OK },
		{ "log.vkey", OK },
		{ "tile/0/000.p/1", OK },
		{ "tile/0/000.p/200", ERR_NOT_FOUND },
		{ "tile/0/x999/999", ERR_NOT_FOUND },
		{ "../vitrine.yaml", ERR_NOT_FOUND },
		{ "tile/0/../../../keys/ledger.key", ERR_NOT_FOUND },
		{ "./checkpoint", ERR_NOT_FOUND },
		{ "/etc/passwd", ERR_NOT_FOUND },
		{ "", ERR_INPUT },
	};
	char body[200];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(body, sizeof(body), "{\"path\":\"%s\"}", cases[i].path);
		if (ask(NULL, "ledger.file", body)->status != cases[i].want)
			fail_msg("%s", cases[i].path);
	}
}

static void lists_page_backwards_and_filter(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(ask(&officer, "point.list", "{}")->status, OK);
	const struct told *told = ask(
		&officer, "ledger.list", "{\"kind\":\"point.list\",\"limit\":2}");

	assert_int_equal(told->status, OK);
	json_t *page = json_loads(told->json, 0, NULL);
	const json_t *entries = json_object_get(page, "entries");
	int64_t first, second, next;

	assert_int_equal(json_array_size(entries), 2);
	assert_true(json_i64(json_array_get(entries, 0), "index", &first));
	assert_true(json_i64(json_array_get(entries, 1), "index", &second));
	assert_true(json_i64(page, "next", &next));
	assert_true(first > second && second > next);
	json_decref(page);
	char body[200];

	snprintf(body, sizeof(body), "{\"kind\":\"point.list\",\"limit\":200,\"from\":%lld}",
		(long long)next);
	page = json_loads(ask(&officer, "ledger.list", body)->json, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(page, "entries")), 3);
	assert_true(json_is_null(json_object_get(page, "next")));
	json_decref(page);
	/* A session's acts are for those who may read details, and for its owner. */
	snprintf(body, sizeof(body), "{\"session\":\"%s\"}", officer.session);
	assert_int_equal(ask(&reviewer, "ledger.list", body)->status, ERR_DENIED);
	assert_int_equal(ask(&officer, "ledger.list", body)->status, OK);
	snprintf(body, sizeof(body), "{\"session\":\"%s\"}", reviewer.session);
	assert_int_equal(ask(&reviewer, "ledger.list", body)->status, OK);
	snprintf(body, sizeof(body), "{\"record\":\"%s\"}", lab.officers[0]);
	assert_int_equal(ask(&reviewer, "ledger.list", body)->status, ERR_DENIED);
	assert_int_equal(ask(&officer, "ledger.list", body)->status, OK);
}

static void an_entry_comes_with_a_proof_that_holds(void **state)
{
	(void)state;
	struct arena mem;
	struct tlogproof proof;
	struct checkpoint c;
	struct note_vkey vkey;
	struct str text;
	struct err err;

	arena_init(&mem, 1 << 20);
	assert_int_equal(lab_vkey(&lab.lab, &mem, &text, &err), OK);
	assert_int_equal(note_vkey_parse(text, &vkey, &err), OK);
	for (int index = 0; index < 4; index++) {
		char body[40];

		snprintf(body, sizeof(body), "{\"index\":%d}", index);
		const struct told *told = ask(&reviewer, "ledger.entry", body);

		assert_int_equal(told->status, OK);
		json_t *answer = json_loads(told->json, 0, NULL);
		struct str entry;

		assert_true(json_str(answer, "proof", &text));
		assert_true(json_str(answer, "entry", &entry));
		assert_null(json_object_get(answer, "detail"));
		assert_null(json_object_get(answer, "nonce"));
		struct sha256 leaf = merkle_leaf(entry);

		assert_int_equal(tlogproof_parse(text, &proof, &err), OK);
		assert_int_equal(tlogproof_verify(&mem, &proof, &vkey, &leaf, &c, &err), OK);
		assert_int_equal(proof.index, index);
		json_decref(answer);
	}
	assert_int_equal(
		ask(&reviewer, "ledger.entry", "{\"index\":100000}")->status, ERR_NOT_FOUND);
	arena_reset(&mem);
}

static void what_is_redacted_is_gone_and_the_log_holds(void **state)
{
	(void)state;
	struct ledger_report report = { 0 };
	struct note_vkey vkey;
	struct arena mem;
	struct db *db;
	struct str text;
	struct err err;
	char body[100];

	assert_int_equal(ask(&officer, "point.list", "{}")->status, OK);
	int64_t index = open_lab_number(
		&lab, "SELECT max(idx) FROM entries WHERE kind = 'point.list'");

	snprintf(body, sizeof(body), "{\"index\":%lld}", (long long)index);
	assert_non_null(
		strstr(told_text(ask(&officer, "ledger.entry", body), "detail"), officer.session));
	snprintf(body, sizeof(body), "{\"index\":%lld,\"reason\":\"a name in it\"}",
		(long long)index);
	assert_int_equal(ask(&reviewer, "ledger.redact", body)->status, ERR_DENIED);
	assert_int_equal(ask(&officer, "ledger.redact", body)->status, OK);
	assert_int_equal(ask(&officer, "ledger.redact", body)->status, ERR_CONFLICT);
	assert_int_equal(
		ask(&officer, "ledger.redact", "{\"index\":99999,\"reason\":\"x\"}")->status,
		ERR_NOT_FOUND);
	snprintf(body, sizeof(body), "{\"index\":%lld}", (long long)index);
	const struct told *told = ask(&officer, "ledger.entry", body);

	assert_string_equal(told_text(told, "detail"), "");
	assert_non_null(strstr(told->json, "\"redacted\":true"));
	arena_init(&mem, 1 << 20);
	assert_int_equal(lab_vkey(&lab.lab, &mem, &text, &err), OK);
	assert_int_equal(note_vkey_parse(text, &vkey, &err), OK);
	assert_int_equal(db_open(LAB_RECORDS, DB_READ, &db, &err), OK);
	assert_int_equal(ledger_verify(lab.lab.ledger_fd, db, &vkey, &mem, &report, &err), OK);
	assert_int_equal(report.redacted, 1);
	db_close(db);
	arena_reset(&mem);
}

static enum err_kind name_places(struct db *db, void *arg, struct err *err)
{
	return pack_record(db, arg, 3, err);
}

static void a_compaction_keeps_what_is_named_and_enters_what_went(void **state)
{
	(void)state;
	static const char *const texts[] = { "held by a release", "named by a record",
		"named by nothing" };
	struct pack_place places[3];
	struct pack_freed freed;
	struct str bytes;
	struct db *db;
	struct err err;
	char sql[400], hex[SHA256_HEX_BYTES], id[LAB_ID_BYTES];
	bool fresh;

	assert_int_equal(db_open(LAB_RECORDS, DB_READ, &db, &err), OK);
	assert_int_equal(pack_begin(lab.lab.packs, &err), OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			pack_add(lab.lab.packs, db, str_from(texts[i]), &places[i], &fresh, &err),
			OK);
	assert_int_equal(pack_sync(lab.lab.packs, &err), OK);
	assert_int_equal(writer_run(lab.lab.writer, name_places, places, &err), OK);
	pack_end(lab.lab.packs, true);
	sha256_format(&places[0].digest, hex);
	snprintf(sql, sizeof(sql),
		"INSERT INTO release_nodes VALUES ('rel_x', '', 'a', 0, 1, x'%s', 1, 1, 0, 0)",
		hex);
	open_lab_sql(&lab, sql);
	sha256_format(&places[1].digest, hex);
	snprintf(sql, sizeof(sql), "{\"name\":\"p\",\"vendor\":\"v\",\"description\":\"see %s\"}",
		hex);
	open_lab_record(&lab, "product", "offered", sql, id);

	assert_int_equal(lab_compact(&lab.lab, &freed, &err), OK);
	assert_int_equal(freed.blobs, 1);
	assert_int_equal(freed.bytes, strlen(texts[2]));
	for (int i = 0; i < 3; i++)
		assert_int_equal(pack_read(lab.lab.packs, db, &places[i].digest, &bytes, &err),
			i < 2 ? OK : ERR_NOT_FOUND);
	assert_int_equal(open_lab_number(&lab,
				 "SELECT count(*) FROM entries WHERE kind = 'store.compact' AND "
				 "instr(bytes, '\"blobs\":1') > 0"),
		1);
	/* Nothing left to do: no second entry. */
	assert_int_equal(lab_compact(&lab.lab, &freed, &err), OK);
	assert_int_equal(freed.blobs, 0);
	assert_int_equal(
		open_lab_number(&lab, "SELECT count(*) FROM entries WHERE kind = 'store.compact'"),
		1);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_published_files_have_names),
		cmocka_unit_test(lists_page_backwards_and_filter),
		cmocka_unit_test(an_entry_comes_with_a_proof_that_holds),
		cmocka_unit_test(what_is_redacted_is_gone_and_the_log_holds),
		cmocka_unit_test(a_compaction_keeps_what_is_named_and_enters_what_went),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
