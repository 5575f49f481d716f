#include "labfix.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "store/vfs.h"

void labfix_make(struct labfix *fix)
{
	struct temp temp;

	temp_make(&temp);
	labfix_make_at(fix, temp.dir);
}

void labfix_make_at(struct labfix *fix, const char *dir)
{
	static const uint8_t seed[SIGN_SEED_BYTES] = { 7, 7, 7 };
	struct sign_public public_key;

	*fix = (struct labfix){ .dir_fd = -1 };
	snprintf(fix->temp.dir, sizeof(fix->temp.dir), "%s", dir);
	assert_int_equal(mkdir(temp_file(&fix->temp, "ledger"), 0755), 0);
	fix->dir_fd = open(temp_file(&fix->temp, "ledger"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fix->dir_fd >= 0);
	assert_int_equal(crypto_init(&fix->err), OK);
	sign_from_seed(seed, &public_key, &fix->key);
}

enum err_kind labfix_open(struct labfix *fix)
{
	enum err_kind rc = db_open(
		temp_file(&fix->temp, "records.db"), DB_WRITE, &fix->db, &fix->err);

	if (rc != OK)
		return rc;
	rc = ledger_open(fix->db, fix->dir_fd, LABFIX_ORIGIN, &fix->key, &fix->ledger, &fix->err);
	if (rc != OK) {
		db_close(fix->db);
		fix->db = NULL;
	}
	return rc;
}

void labfix_start(struct labfix *fix, const struct writer_hooks *hooks)
{
	if (labfix_open(fix) != OK)
		fail_msg("%s", fix->err.msg);
	struct writer_hooks own = ledger_hooks(fix->ledger);

	if (writer_start(fix->db, hooks == NULL ? &own : hooks, &fix->writer, &fix->err) != OK)
		fail_msg("%s", fix->err.msg);
}

void labfix_stop(struct labfix *fix)
{
	if (fix->writer != NULL)
		writer_stop(fix->writer);
	else
		db_close(fix->db);
	ledger_close(fix->ledger);
	fix->writer = NULL;
	fix->db = NULL;
	fix->ledger = NULL;
}

void labfix_remove(struct labfix *fix)
{
	close(fix->dir_fd);
	temp_remove(&fix->temp);
}

struct entry_draft labfix_draft(int n, char text[64])
{
	static const char *const kinds[] = { "source.view", "engagement.open", "session.start" };
	struct entry_draft draft = {
		.kind = kinds[n % 3],
		.time_us = INT64_C(1795000000000000) + n,
		.field_count = 2,
		.session = n % 2 == 0 ? STR("ses_test") : STR(""),
	};

	snprintf(text, 64, "{\"secret\":\"detail %d\"}", n);
	draft.detail = str_from(text);
	draft.fields[0] = (struct entry_field){ .name = "engagement", .text = STR("0a1b2c") };
	draft.fields[1] = (struct entry_field){ .name = "n", .number = n, .is_number = true };
	if (n % 3 == 0)
		memset(draft.request.bytes, n & 0xff, SHA256_BYTES);
	return draft;
}

struct append {
	struct labfix *fix;
	int from, count;
	uint64_t index;
};

static enum err_kind append_run(struct db *db, void *arg, struct err *err)
{
	struct append *a = arg;
	enum err_kind rc = OK;

	for (int i = 0; i < a->count && rc == OK; i++) {
		char text[64];
		struct entry_draft draft = labfix_draft(a->from + i, text);

		rc = ledger_append(a->fix->ledger, db, &draft, &a->index, err);
	}
	return rc;
}

enum err_kind labfix_append(struct labfix *fix, int n, uint64_t *index)
{
	struct append a = { .fix = fix, .from = n, .count = 1 };
	enum err_kind rc = writer_run(fix->writer, append_run, &a, &fix->err);

	if (rc == OK && index != NULL)
		*index = a.index;
	return rc;
}

enum err_kind labfix_append_batch(struct labfix *fix, int from, int count)
{
	struct append a = { .fix = fix, .from = from, .count = count };

	return writer_run(fix->writer, append_run, &a, &fix->err);
}

void labfix_sql(struct labfix *fix, const char *sql)
{
	sqlite3 *handle = NULL;
	char *why = NULL;

	assert_int_equal(sqlite3_open_v2(temp_file(&fix->temp, "records.db"), &handle,
				 SQLITE_OPEN_READWRITE, vfs_checked()),
		SQLITE_OK);
	if (sqlite3_exec(handle, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	sqlite3_close(handle);
}
