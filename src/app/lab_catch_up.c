#include "app/lab_catch_up.h"

#include <fcntl.h>
#include <unistd.h>

#include "app/settings.h"
#include "os/fs.h"

static enum err_kind read_origin(struct settings *settings, struct err *err)
{
	struct arena mem;
	struct str text;

	arena_init(&mem, 2 * (size_t)SETTINGS_FILE_BYTES_MAX);
	enum err_kind rc = fs_read(
		AT_FDCWD, "vitrine.yaml", SETTINGS_FILE_BYTES_MAX, &mem, &text, err);

	if (rc == OK)
		rc = settings_parse(text, settings, err);
	arena_reset(&mem);
	return rc;
}

static enum err_kind read_ledger_key(struct sign_secret *key, struct err *err)
{
	struct sign_public unused;
	struct arena mem;
	struct str seed;

	arena_init(&mem, 4096);
	enum err_kind rc = fs_read(AT_FDCWD, "keys/ledger.key", SIGN_SEED_BYTES, &mem, &seed, err);

	if (rc == OK && seed.len != SIGN_SEED_BYTES)
		rc = err_set(err, ERR_CORRUPT, "keys/ledger.key: not %d bytes", SIGN_SEED_BYTES);
	if (rc == OK)
		sign_from_seed((const uint8_t *)seed.ptr, &unused, key);
	arena_wipe(&mem);
	return rc;
}

/* Before the lab is opened: a log that is open would be frozen. */
static enum err_kind take_entries(int from_fd, struct catch_up *done, struct err *err)
{
	struct settings settings;
	struct sign_secret key;
	struct db *db = NULL;
	int lock_fd = -1;
	enum err_kind rc = read_origin(&settings, err);

	if (rc == OK)
		rc = read_ledger_key(&key, err);
	if (rc != OK)
		return rc;
	rc = fs_lock(AT_FDCWD, "run/lock", &lock_fd, err);
	if (rc == ERR_CONFLICT)
		rc = err_set(err, ERR_CONFLICT, "a vault has this lab open");
	if (rc == OK)
		rc = db_open(LAB_RECORDS, DB_WRITE, &db, err);
	if (rc == OK)
		rc = ledger_catch_up(db, from_fd, str_from(settings.origin), &key, done, err);
	db_close(db);
	if (lock_fd >= 0)
		close(lock_fd);
	secret_wipe(&key, sizeof(key));
	return rc;
}

struct restored {
	struct lab *lab;
	const struct catch_up *done;
};

static enum err_kind note_restored(struct db *db, void *arg, struct err *err)
{
	const struct restored *r = arg;
	uint64_t index;
	struct entry_draft draft = { .kind = "ledger.restored",
		.time_us = clock_now_us(&r->lab->clock),
		.detail = STR(""),
		.session = STR(""),
		.record = STR(""),
		.field_count = 2 };

	draft.fields[0] = (struct entry_field){
		.name = "from", .number = (int64_t)r->done->from, .is_number = true
	};
	draft.fields[1] = (struct entry_field){
		.name = "to", .number = (int64_t)r->done->to, .is_number = true
	};
	return ledger_append(r->lab->ledger, db, &draft, &index, err);
}

enum err_kind lab_catch_up(int from_fd, struct catch_up *done, struct err *err)
{
	struct lab lab;
	enum err_kind rc = take_entries(from_fd, done, err);

	if (rc == OK)
		rc = lab_open(&lab, err);
	if (rc != OK)
		return rc;
	struct restored restored = { &lab, done };

	rc = writer_run(lab.writer, note_restored, &restored, err);
	lab_close(&lab);
	return rc;
}
