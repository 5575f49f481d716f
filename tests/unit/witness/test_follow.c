/* The mirror and the monitor, behind a real log's published files. */
#include <fcntl.h>
#include <unistd.h>

#include "base/hex.h"
#include "format/json.h"
#include "harness.h"
#include "labfix.h"
#include "ledger/cosignature.h"
#include "ledger/cosigned.h"
#include "ledger/tiles.h"
#include "ledger/verify.h"
#include "link/receipts.h"
#include "os/fs.h"
#include "witness/monitor.h"

enum { ENTRIES = 300 };

static struct labfix fix;
static struct temp temp;
static struct arena mem;
static struct err err;
static char rules[512];
static bool lies; /* the centre hands out another bundle than it signed */
static struct sign_secret witness_key;
static struct note_vkey cosigner_vkey, log_vkey;

static void note_alarm(void *arg, const char *rule, struct str subject, const char *words)
{
	size_t used = strlen(rules);

	(void)arg;
	(void)words;
	snprintf(rules + used, sizeof(rules) - used, "%s(%.*s) ", rule, STR_ARG(subject));
}

/* The centre's ledger.file, from the published files. */
static enum err_kind ask(void *arg, struct arena *into, const char *verb, struct str body,
	struct client_answer *answer, struct err *e)
{
	json_t *root = NULL;
	struct str path;
	enum err_kind rc = OK;

	(void)arg;
	if (strcmp(verb, "ledger.file") != 0)
		return err_set(e, ERR_DENIED, "no policy names this key");
	assert_int_equal(json_parse(body, LIMIT_JSON_BYTES, &root, e), OK);
	assert_true(json_str(root, "path", &path));
	rc = fs_read(fix.dir_fd, arena_cstr(into, path), BUNDLE_BYTES_MAX, into, &answer->bytes, e);
	json_decref(root);
	if (rc == OK && lies)
		((char *)(uintptr_t)answer->bytes.ptr)[40] ^= 1;
	return rc;
}

static int make(void **state)
{
	static const uint8_t seed[SIGN_SEED_BYTES] = { 3 };
	struct sign_public public_key;

	(void)state;
	rules[0] = '\0';
	lies = false;
	arena_init(&mem, 64 << 20);
	temp_make(&temp);
	if (crypto_init(&err) != OK)
		return -1;
	labfix_make(&fix);
	labfix_start(&fix, NULL);
	sign_from_seed(seed, &public_key, &witness_key);
	cosigner_vkey = note_vkey_make(STR("example.org/w"), NOTE_COSIGNATURE, &public_key);
	memcpy(public_key.bytes, fix.key.bytes + SIGN_SEED_BYTES, SIGN_PUBLIC_BYTES);
	log_vkey = note_vkey_make(LABFIX_ORIGIN, NOTE_ED25519, &public_key);
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	labfix_stop(&fix);
	labfix_remove(&fix);
	temp_remove(&temp);
	arena_reset(&mem);
	return 0;
}

/* What a witness remembers after it has cosigned the newest head. */
static void remember_head(struct witness_state *s)
{
	struct ledger_head head;
	struct str note;

	assert_int_equal(ledger_checkpoint(fix.ledger, &mem, &head, &note, &err), OK);
	witness_state_init(s);
	s->size = head.size;
	s->root = head.root;
	s->time_s = 1700000000;
	memcpy(s->note, note.ptr, note.len);
	s->note_len = note.len;
}

static struct mirror *open_mirror(int dir_fd, struct monitor *monitor)
{
	const struct mirror_options options = { .dir_fd = dir_fd,
		.name = STR("example.org/w/mirror"),
		.key = &witness_key,
		.log = &log_vkey,
		.ask = ask,
		.entry = monitor == NULL ? NULL : monitor_entry,
		.entry_arg = monitor };
	struct mirror *m = NULL;

	if (mirror_open(&options, &m, &err) != OK)
		fail_msg("%s", err.msg);
	return m;
}

static void a_mirror_follows_and_goes_on_after_a_restart(void **state)
{
	static struct witness_state head;
	struct ledger_report report;
	int fd = temp_open(&temp);
	struct mirror *m = open_mirror(fd, NULL);

	(void)state;
	for (int from = 0; from < ENTRIES; from += 100) {
		assert_int_equal(labfix_append_batch(&fix, from, 100), OK);
		remember_head(&head);
		if (mirror_follow(m, &head, &err) != OK)
			fail_msg("%s", err.msg);
		assert_int_equal(mirror_size(m), head.size);
		mirror_close(m);
		m = open_mirror(fd, NULL);
		assert_int_equal(mirror_size(m), head.size);
	}
	mirror_close(m);
	assert_int_equal(ledger_verify(fd, NULL, &log_vkey, &mem, &report, &err), OK);
	assert_int_equal(report.checkpoint.size, ENTRIES);
	close(fd);
}

static void a_centre_that_lies_stops_the_mirror(void **state)
{
	static struct witness_state head;
	int fd = temp_open(&temp);
	struct mirror *m = open_mirror(fd, NULL);

	(void)state;
	assert_int_equal(labfix_append_batch(&fix, 0, 10), OK);
	remember_head(&head);
	lies = true;
	assert_int_equal(mirror_follow(m, &head, &err), ERR_CORRUPT);
	assert_int_not_equal(faccessat(fd, "checkpoint", F_OK, 0), 0);
	lies = false;
	assert_int_equal(mirror_follow(m, &head, &err), ERR_CORRUPT);
	mirror_close(m);
	m = open_mirror(fd, NULL);
	assert_int_equal(mirror_follow(m, &head, &err), OK);
	mirror_close(m);
	close(fd);
}

/* An entry with these public fields, to the monitor. */
static void enter(struct monitor *m, uint64_t index, const char *kind, const char *product,
	const char *version, const char *field, const char *value)
{
	const struct entry_nonce nonce = { { 0 } };
	struct entry_draft draft = { .kind = kind,
		.time_us = 1,
		.detail = STR(""),
		.session = STR(""),
		.record = STR(""),
		.field_count = 3 };
	struct sha256 commit = entry_commit(&nonce, STR(""));
	struct str bytes;
	struct out o;

	draft.fields[0] = (struct entry_field){ .name = "product", .text = str_from(product) };
	draft.fields[1] = (struct entry_field){ .name = "version", .text = str_from(version) };
	draft.fields[2] = (struct entry_field){ .name = field, .text = str_from(value) };
	out_init(&o, &mem, LIMIT_ENTRY_BYTES);
	assert_int_equal(entry_format(&draft, &commit, &o, &err), OK);
	assert_int_equal(out_finish(&o, &bytes, &err), OK);
	monitor_entry(m, index, bytes);
}

static void rules_over_entries(void **state)
{
	static const struct monitor_rule own[] = {
		{ .alarm = "gate",
			.kind = "ship",
			.subject = { "product", "version" },
			.needs_kind = "gate",
			.needs_field = "verdict",
			.needs_value = "yes",
			.words = "no gate" },
		{ 0 },
	};
	const struct monitor_options vitrine = { .alarm = note_alarm },
				     with_own = { .alarm = note_alarm, .rules = own };
	struct monitor *m;

	(void)state;
	assert_int_equal(monitor_open(&vitrine, &m, &err), OK);
	enter(m, 0, "release.ingest", "p", "1", "manifest", "aa");
	enter(m, 1, "release.ingest", "p", "2", "manifest", "bb");
	enter(m, 2, "release.ingest", "p", "1", "manifest", "aa");
	assert_string_equal(rules, "");
	enter(m, 3, "release.ingest", "p", "1", "manifest", "cc");
	assert_string_equal(rules, "digest(product p, version 1) ");
	monitor_entry(m, 4, STR("{\"not\":\"an entry\"}"));
	assert_string_equal(rules, "digest(product p, version 1) entry(log) ");
	monitor_close(m);

	rules[0] = '\0';
	assert_int_equal(monitor_open(&with_own, &m, &err), OK);
	enter(m, 0, "gate", "p", "1", "verdict", "yes");
	enter(m, 1, "ship", "p", "1", "to", "x");
	enter(m, 2, "gate", "p", "2", "verdict", "no");
	assert_string_equal(rules, "");
	enter(m, 3, "ship", "p", "2", "to", "x");
	assert_string_equal(rules, "gate(product p, version 2) ");
	for (unsigned i = 0; i < 3000; i++) {
		char version[16];

		snprintf(version, sizeof(version), "v%u", i);
		enter(m, 4 + i, "gate", "p", version, "verdict", "yes");
	}
	enter(m, 5000, "ship", "p", "v17", "to", "x");
	assert_string_equal(rules, "gate(product p, version 2) ");
	monitor_close(m);
}

static void receipt(int fd, uint64_t counter, const struct sha256 *request, int64_t time_us,
	uint64_t index, const struct ledger_head *head)
{
	struct receipt r = {
		.counter = counter, .request = *request, .time_us = time_us, .entry_index = index
	};
	uint8_t row[RECEIPT_BYTES];

	if (head != NULL) {
		r.tree_size = head->size;
		r.root = head->root;
	}
	receipt_format(&r, row);
	assert_int_equal(write(fd, row, sizeof(row)), sizeof(row));
}

static enum err_kind append_requested(struct db *db, void *arg, struct err *e)
{
	char text[64];
	uint64_t index;
	struct entry_draft draft = labfix_draft(1, text);

	draft.request = *(const struct sha256 *)arg;
	return ledger_append(fix.ledger, db, &draft, &index, e);
}

static void receipts_are_held_against_the_log(void **state)
{
	static struct witness_state s;
	const struct monitor_options options = { .alarm = note_alarm, .keeps_requests = true };
	const struct sha256 mine = { { 1 } }, lost = { { 2 } };
	const int64_t now_us = INT64_C(1000000000);
	struct ledger_head head, wrong;
	struct str note;
	struct monitor *m;
	int fd = temp_open(&temp),
	    rows = openat(fd, "receipts", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	(void)state;
	assert_int_equal(monitor_open(&options, &m, &err), OK);
	struct mirror *mirror = open_mirror(fd, m);

	assert_int_equal(
		writer_run(fix.writer, append_requested, (void *)(uintptr_t)&mine, &err), OK);
	assert_int_equal(labfix_append_batch(&fix, 2, 3), OK);
	remember_head(&s);
	assert_int_equal(mirror_follow(mirror, &s, &err), OK);
	assert_int_equal(ledger_checkpoint(fix.ledger, &mem, &head, &note, &err), OK);
	/* Sent and answered; sent, and in the log without an answer; sent a moment ago. */
	receipt(rows, 1, &mine, now_us, RECEIPT_SENT, NULL);
	receipt(rows, 1, &mine, now_us, 0, &head);
	receipt(rows, 2, &mine, 0, RECEIPT_SENT, NULL);
	receipt(rows, 3, &lost, now_us, RECEIPT_SENT, NULL);
	assert_int_equal(monitor_receipts(m, rows, mirror, now_us, &err), OK);
	assert_string_equal(rules, "");
	/* The last one is never heard of again; another's entry; another root. */
	receipt(rows, 4, &lost, now_us, 1, &head);
	wrong = head;
	wrong.root.bytes[0] ^= 1;
	receipt(rows, 5, &mine, now_us, 0, &wrong);
	assert_int_equal(
		monitor_receipts(m, rows, mirror, now_us + 61 * INT64_C(1000000), &err), OK);
	assert_string_equal(rules, "request(call 4) request(call 5) request(call 3) ");
	mirror_close(mirror);
	monitor_close(m);
	close(rows);
	close(fd);
}

/* A policy of this one witness. */
static struct str policy_text(void)
{
	struct out o;
	struct str text;

	out_init(&o, &mem, POLICY_BYTES_MAX);
	out_put(&o, STR("log "));
	note_vkey_put(&o, &log_vkey);
	out_put(&o, STR("\nwitness w "));
	note_vkey_put(&o, &cosigner_vkey);
	out_put(&o, STR("\nquorum w\n"));
	assert_int_equal(out_finish(&o, &text, &err), OK);
	return text;
}

static struct str cosign(struct str note, const struct note_vkey *vkey)
{
	struct note parsed;
	struct str line;
	struct out o;

	assert_int_equal(note_parse(note, &parsed, &err), OK);
	out_init(&o, &mem, 4096);
	assert_int_equal(
		cosignature_put_line(&mem, &o, vkey, &witness_key, 1700000000, parsed.text, &err),
		OK);
	assert_int_equal(out_finish(&o, &line, &err), OK);
	return line;
}

static void lines_that_count_and_lines_that_do_not(void **state)
{
	struct cosigned *c;
	static struct cosigned_view view;
	struct ledger_head head, old;
	struct str note, old_note;
	struct note_vkey stranger = cosigner_vkey;
	unsigned taken;

	(void)state;
	assert_int_equal(labfix_append_batch(&fix, 0, 3), OK);
	assert_int_equal(cosigned_open(fix.ledger, fix.dir_fd, &c, &err), OK);
	assert_int_equal(cosigned_set_policy(c, policy_text(), &err), OK);
	assert_int_equal(cosigned_offer(c, &mem, 1, &old, &old_note, &err), OK);
	/* A head is offered until the quorum has it, however the log grows. */
	assert_int_equal(labfix_append_batch(&fix, 3, 3), OK);
	assert_int_equal(cosigned_offer(c, &mem, 2, &head, &note, &err), OK);
	assert_int_equal(head.size, old.size);
	assert_int_equal(cosigned_take(c, old.size, STR("no line\n"), 1, &taken, &err), ERR_INPUT);
	assert_int_equal(
		cosigned_take(c, old.size + 1, cosign(old_note, &cosigner_vkey), 1, &taken, &err),
		ERR_NOT_FOUND);
	stranger.id ^= 1;
	assert_int_equal(cosigned_take(c, old.size, cosign(old_note, &stranger), 1, &taken, &err),
		ERR_DENIED);
	/* Too long, though it begins well. */
	char *long_lines = arena_array(&mem, char, COSIGNED_LINES_BYTES_MAX + 1);

	memset(long_lines, 'x', COSIGNED_LINES_BYTES_MAX + 1);
	assert_int_equal(cosigned_take(c, old.size,
				 str_of(long_lines, COSIGNED_LINES_BYTES_MAX + 1), 1, &taken, &err),
		ERR_INPUT);
	assert_int_equal(
		cosigned_take(c, old.size, cosign(old_note, &cosigner_vkey), 1, &taken, &err), OK);
	assert_int_equal(taken, 1);
	assert_int_equal(cosigned_show(c, &mem, &view, &err), OK);
	assert_int_equal(view.witnessed.size, old.size);
	/* Now the newest is offered; the cosignature of the old one is none of it. */
	assert_int_equal(cosigned_offer(c, &mem, 3, &head, &note, &err), OK);
	assert_int_equal(head.size, old.size + 3);
	assert_int_equal(
		cosigned_take(c, head.size, cosign(old_note, &cosigner_vkey), 1, &taken, &err),
		ERR_CORRUPT);
	cosigned_close(c);
}

static void a_head_of_ours_that_we_do_not_extend_freezes(void **state)
{
	struct checkpoint c = { .origin = LABFIX_ORIGIN, .size = 2, .root = { { 9 } } };
	struct ledger_head head;
	struct str note;
	bool frozen;

	(void)state;
	assert_int_equal(labfix_append_batch(&fix, 0, 3), OK);
	assert_int_equal(ledger_checkpoint(fix.ledger, &mem, &head, &note, &err), OK);
	assert_int_equal(ledger_ahead(fix.ledger, note, &frozen, &err), OK);
	assert_false(frozen);
	/* Signed by somebody else: nobody is frozen by a lie. */
	assert_int_equal(checkpoint_sign(&mem, &c, &log_vkey, &witness_key, &note, &err), OK);
	assert_int_equal(ledger_ahead(fix.ledger, note, &frozen, &err), ERR_CORRUPT);
	assert_null(ledger_frozen(fix.ledger));
	assert_int_equal(checkpoint_sign(&mem, &c, &log_vkey, &fix.key, &note, &err), OK);
	assert_int_equal(ledger_ahead(fix.ledger, note, &frozen, &err), OK);
	assert_true(frozen);
	assert_non_null(ledger_frozen(fix.ledger));
	labfix_stop(&fix);
	assert_int_equal(labfix_open(&fix), OK);
	assert_non_null(ledger_frozen(fix.ledger));
	labfix_stop(&fix);
	labfix_start(&fix, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_mirror_follows_and_goes_on_after_a_restart, make, unmake),
		cmocka_unit_test_setup_teardown(a_centre_that_lies_stops_the_mirror, make, unmake),
		cmocka_unit_test_setup_teardown(rules_over_entries, make, unmake),
		cmocka_unit_test_setup_teardown(receipts_are_held_against_the_log, make, unmake),
		cmocka_unit_test_setup_teardown(
			lines_that_count_and_lines_that_do_not, make, unmake),
		cmocka_unit_test_setup_teardown(
			a_head_of_ours_that_we_do_not_extend_freezes, make, unmake),
	};

	return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
