#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limit.h"
#include "os/log.h"
#include "store/db_fail.h"
#include "store/page_sum.h"
#include "store/schema.h"
#include "store/vfs.h"

struct stmt {
	struct db *db;
	sqlite3_stmt *handle;
	struct stmt *next; /* in its bucket */
	uint64_t bound; /* bit i - 1: parameter i has a value */
	int parameter_count;
	bool in_use;
	/* First name that the text does not have; a literal of the caller */
	const char *wrong_name;
	int bind_code;
};

enum { BUCKETS = 256 };

struct db {
	sqlite3 *handle;
	enum db_mode mode;
	int wal_pages;
	size_t stmt_count, in_use_count;
	struct stmt *buckets[BUCKETS];
};

/* A page that is not what was written: nothing that it says is acted on. */
static enum err_kind fail_damaged(sqlite3 *handle, struct err *err)
{
	struct vfs_damage damage = vfs_last_damage(handle);

	if (damage.unreserved)
		err_set(err, ERR_CORRUPT,
			"records.db: the first page is damaged, or of a vitrine that kept no checksums: "
			"restore the lab from a backup, or make a new one");
	else
		err_set(err, ERR_CORRUPT,
			"page %u in records.db%s does not fit its checksum and is not read: stop the lab, "
			"restore its folder from a backup, and compare it with a mirror of its ledger",
			damage.page, damage.in_log ? "-wal" : "");
	log_line(LOG_ERROR, "%s", err->msg);
	return ERR_CORRUPT;
}

enum err_kind db_fail(sqlite3 *handle, int code, const char *what, struct err *err)
{
	const char *why = handle == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(handle);

	switch (code) {
	case SQLITE_IOERR_WRITE:
	case SQLITE_IOERR_FSYNC:
	case SQLITE_IOERR_DIR_FSYNC:
	case SQLITE_IOERR_TRUNCATE:
		log_line(LOG_ERROR, "records: %s: %s (%d): the disk failed, stopping", what, why,
			code);
		abort();
	case SQLITE_IOERR_DATA:
		return fail_damaged(handle, err);
	default:
		break;
	}
	switch (code & 0xff) {
	case SQLITE_CONSTRAINT:
		return err_set(err, ERR_CONFLICT, "records: %s: %s", what, why);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return err_set(err, ERR_CORRUPT, "records: %s: %s", what, why);
	case SQLITE_TOOBIG:
	case SQLITE_NOMEM:
		return err_set(err, ERR_LIMIT, "records: %s: %s", what, why);
	case SQLITE_CANTOPEN:
		return err_set(err, ERR_NOT_FOUND, "records: %s: %s", what, why);
	case SQLITE_INTERRUPT:
		return err_set(err, ERR_CANCELLED, "records: %s: %s", what, why);
	default:
		return err_set(err, ERR_IO, "records: %s: %s (%d)", what, why, code);
	}
}

static enum err_kind exec(struct db *db, const char *sql, struct err *err)
{
	int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? OK : db_fail(db->handle, rc, sql, err);
}

/* Setting a hook of our own also turns SQLite's automatic checkpoints off. */
static int note_wal_pages(void *arg, sqlite3 *handle, const char *name, int pages)
{
	struct db *db = arg;

	(void)handle;
	(void)name;
	db->wal_pages = pages;
	return SQLITE_OK;
}

/*
 * SQLite would create the file for everybody to read; its -wal and -shm take the mode of the file. One that is
 * there is never opened here: to close any descriptor of it would drop the locks that other connections of this
 * process hold (POSIX), and then whoever else closes the records last takes the log away under the vault.
 */
static enum err_kind create_private(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct stat st;

	if (fd >= 0) {
		close(fd);
		return OK;
	}
	if (errno != EEXIST || lstat(path, &st) != 0)
		return err_errno(err, errno, "open %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_IO, "open %s: not a regular file", path);
	return OK;
}

static enum err_kind configure(struct db *db, struct err *err)
{
	static const char both[] = "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
				   "PRAGMA temp_store = MEMORY;";
	/* secure_delete: what a redaction destroys is overwritten in the file, not merely unlinked. */
	static const char writing[] = "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL;"
				      "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;";
	int reserved = PAGE_SUM_BYTES;

	sqlite3_extended_result_codes(db->handle, 1);
	sqlite3_busy_timeout(db->handle, LIMIT_DB_BUSY_MS);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	enum err_kind rc = exec(db, both, err);

	if (rc == OK && db->mode == DB_WRITE) {
		/* Both this and page_size are for a file that is made now; one that is there keeps what it has. */
		sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
		rc = exec(db, writing, err);
		sqlite3_wal_hook(db->handle, note_wal_pages, db);
	}
	return rc;
}

static enum err_kind check_version(struct db *db, struct err *err)
{
	int version = 0;

	if (db->mode == DB_WRITE)
		return schema_migrate(db->handle, schema_steps, schema_step_count, err);
	enum err_kind rc = schema_version(db->handle, &version, err);

	if (rc == OK && version != schema_step_count)
		rc = err_set(err, ERR_CONFLICT,
			"records are of version %d and this program reads %d: start the vault once",
			version, schema_step_count);
	return rc;
}

enum err_kind db_open(const char *path, enum db_mode mode, struct db **out, struct err *err)
{
	enum err_kind rc = OK;
	int flags = SQLITE_OPEN_NOMUTEX |
		(mode == DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);

	if (mode == DB_WRITE)
		rc = create_private(path, err);
	else if (access(path, R_OK) != 0)
		rc = err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "open %s: %s", path,
			strerror(errno));
	if (rc != OK)
		return rc;
	struct db *db = calloc(1, sizeof(*db));

	if (db == NULL)
		return err_set(err, ERR_LIMIT, "open %s: no memory", path);
	db->mode = mode;
	const char *vfs = vfs_checked();
	int code = vfs == NULL ? SQLITE_ERROR : sqlite3_open_v2(path, &db->handle, flags, vfs);

	if (code != SQLITE_OK)
		rc = db_fail(db->handle, code, "open", err);
	if (rc == OK)
		rc = configure(db, err);
	if (rc == OK)
		rc = check_version(db, err);
	if (rc == OK)
		*out = db;
	else
		db_close(db);
	return rc;
}

void db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		while (db->buckets[i] != NULL) {
			struct stmt *next = db->buckets[i]->next;

			sqlite3_finalize(db->buckets[i]->handle);
			free(db->buckets[i]);
			db->buckets[i] = next;
		}
	}
	sqlite3_close(db->handle);
	free(db);
}

const char *db_path(const struct db *db)
{
	return sqlite3_db_filename(db->handle, "main");
}

/* Transaction control several times a batch: prepared once like everything else. */
static enum err_kind control(struct db *db, const char *sql, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(db, sql, &s, err);

	return rc == OK ? stmt_run(s, NULL, err) : rc;
}

static enum err_kind touch(struct db *db, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(db, "SELECT 1 FROM meta LIMIT 1", &s, err);

	if (rc == OK)
		rc = stmt_step(s, &row, err);
	if (rc == OK)
		stmt_end(s);
	return rc;
}

enum err_kind db_begin(struct db *db, struct err *err)
{
	assert(!db_in_transaction(db));
	if (db->mode == DB_WRITE)
		return control(db, "BEGIN IMMEDIATE", err);
	enum err_kind rc = control(db, "BEGIN", err);

	if (rc != OK)
		return rc;
	rc = touch(db, err);
	if (rc != OK)
		db_rollback(db);
	return rc;
}

enum err_kind db_commit(struct db *db, struct err *err)
{
	assert(db_in_transaction(db));
	db_end_statements(db);
	return control(db, "COMMIT", err);
}

void db_rollback(struct db *db)
{
	db_end_statements(db);
	/* SQLite rolls back by itself after some failures; there is nothing left to do then. */
	struct err unused;

	if (db_in_transaction(db) && control(db, "ROLLBACK", &unused) != OK)
		log_line(LOG_ERROR, "%s", unused.msg);
}

void db_end_statements(struct db *db)
{
	for (size_t i = 0; i < BUCKETS && db->in_use_count > 0; i++)
		for (struct stmt *s = db->buckets[i]; s != NULL; s = s->next)
			stmt_end(s);
	assert(db->in_use_count == 0);
}

bool db_in_transaction(const struct db *db)
{
	return !sqlite3_get_autocommit(db->handle);
}

enum err_kind db_savepoint(struct db *db, struct err *err)
{
	assert(db_in_transaction(db));
	return control(db, "SAVEPOINT job", err);
}

enum err_kind db_release(struct db *db, struct err *err)
{
	db_end_statements(db);
	return control(db, "RELEASE job", err);
}

void db_undo(struct db *db)
{
	db_end_statements(db);
	if (db_in_transaction(db))
		sqlite3_exec(db->handle, "ROLLBACK TO job; RELEASE job", NULL, NULL, NULL);
}

void db_forget_pages(struct db *db)
{
	assert(!db_in_transaction(db));
	sqlite3_db_release_memory(db->handle);
}

int db_wal_pages(const struct db *db)
{
	return db->wal_pages;
}

enum err_kind db_checkpoint(struct db *db, struct err *err)
{
	int code = sqlite3_wal_checkpoint_v2(
		db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

	/* Another connection is at it already, or a reader holds the pages: nothing to wait for. */
	if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
		return OK;
	return db_fail(db->handle, code, "checkpoint", err);
}

static enum err_kind count_pages(struct db *db, uint64_t *pages, struct err *err)
{
	struct stmt *s;
	bool row = false;
	enum err_kind rc = stmt_begin(db, "PRAGMA page_count", &s, err);

	if (rc == OK)
		rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	*pages = row ? (uint64_t)stmt_col_i64(s, 0) : 0;
	stmt_end(s);
	return OK;
}

enum err_kind db_verify(struct db *db, uint64_t *pages, struct err *err)
{
	struct stmt *s;
	bool row = false;
	/* Visits each page that is in use; the first thing that is wrong ends it. */
	enum err_kind rc = stmt_begin(db, "PRAGMA quick_check(1)", &s, err);

	if (rc == OK)
		rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	struct str said = row ? stmt_col_str(s, 0) : STR("no answer");
	bool holds = str_eq(said, STR("ok"));

	/* A page that cannot be read is told of in words here, not by the code of the call. */
	if (vfs_last_damage(db->handle).page != 0)
		rc = fail_damaged(db->handle, err);
	else if (!holds)
		rc = err_set(err, ERR_CORRUPT, "records.db is damaged: %.*s", STR_ARG(said));
	stmt_end(s);
	return rc == OK ? count_pages(db, pages, err) : rc;
}

/* FNV-1a. */
static uint32_t hash_text(const char *text)
{
	uint32_t h = 2166136261U;

	for (; *text != '\0'; text++)
		h = (h ^ (uint8_t)*text) * 16777619U;
	return h;
}

/* PostgreSQL numbers parameters by place, SQLite by appearance: only names mean the same in both. */
static enum err_kind check_parameters(sqlite3_stmt *handle, struct err *err)
{
	int count = sqlite3_bind_parameter_count(handle);

	if (count > LIMIT_DB_PARAMETERS)
		return err_set(
			err, ERR_LIMIT, "records: %d parameters in %s", count, sqlite3_sql(handle));
	for (int i = 1; i <= count; i++) {
		const char *name = sqlite3_bind_parameter_name(handle, i);

		if (name == NULL || name[0] != ':')
			return err_set(err, ERR_INPUT, "records: only :name parameters: %s",
				sqlite3_sql(handle));
	}
	return OK;
}

static enum err_kind prepare(struct db *db, const char *sql, struct stmt **out, struct err *err)
{
	enum err_kind rc = OK;
	const char *rest = NULL;

	if (db->stmt_count == LIMIT_DB_STATEMENTS)
		return err_set(
			err, ERR_LIMIT, "records: more than %d SQL texts", LIMIT_DB_STATEMENTS);
	struct stmt *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return err_set(err, ERR_LIMIT, "records: no memory");
	int code = sqlite3_prepare_v3(
		db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->handle, &rest);

	if (code != SQLITE_OK)
		rc = db_fail(db->handle, code, sql, err);
	else if (s->handle == NULL || *rest != '\0')
		rc = err_set(err, ERR_INPUT, "records: exactly one statement a text: %s", sql);
	else
		rc = check_parameters(s->handle, err);
	if (rc != OK) {
		sqlite3_finalize(s->handle);
		free(s);
		return rc;
	}
	s->db = db;
	s->parameter_count = sqlite3_bind_parameter_count(s->handle);
	db->stmt_count++;
	*out = s;
	return OK;
}

enum err_kind stmt_begin(struct db *db, const char *sql, struct stmt **stmt, struct err *err)
{
	struct stmt **bucket = &db->buckets[hash_text(sql) % BUCKETS];
	struct stmt *s = *bucket;

	while (s != NULL && strcmp(sqlite3_sql(s->handle), sql) != 0)
		s = s->next;
	if (s == NULL) {
		enum err_kind rc = prepare(db, sql, &s, err);

		if (rc != OK)
			return rc;
		assert(s != NULL);
		s->next = *bucket;
		*bucket = s;
	}
	assert(!s->in_use);
	s->in_use = true;
	db->in_use_count++;
	s->bound = 0;
	s->wrong_name = NULL;
	s->bind_code = SQLITE_OK;
	*stmt = s;
	return OK;
}

/* Place of a parameter, or 0 when the text has no such name, which is noted. */
static int place_of(struct stmt *s, const char *name)
{
	int place = sqlite3_bind_parameter_index(s->handle, name);

	assert(s->in_use);
	if (place == 0 && s->wrong_name == NULL)
		s->wrong_name = name;
	return place;
}

static void bound(struct stmt *s, int place, int code)
{
	s->bound |= UINT64_C(1) << (place - 1);
	if (code != SQLITE_OK && s->bind_code == SQLITE_OK)
		s->bind_code = code;
}

void stmt_text(struct stmt *s, const char *name, struct str value)
{
	int place = place_of(s, name);

	if (place > 0)
		bound(s, place,
			sqlite3_bind_text64(s->handle, place, value.ptr, value.len,
				SQLITE_TRANSIENT, SQLITE_UTF8));
}

void stmt_blob(struct stmt *s, const char *name, struct str value)
{
	int place = place_of(s, name);

	if (place > 0)
		bound(s, place,
			sqlite3_bind_blob64(
				s->handle, place, value.ptr, value.len, SQLITE_TRANSIENT));
}

void stmt_i64(struct stmt *s, const char *name, int64_t value)
{
	int place = place_of(s, name);

	if (place > 0)
		bound(s, place, sqlite3_bind_int64(s->handle, place, value));
}

void stmt_null(struct stmt *s, const char *name)
{
	int place = place_of(s, name);

	if (place > 0)
		bound(s, place, sqlite3_bind_null(s->handle, place));
}

static enum err_kind check_bound(struct stmt *s, struct err *err)
{
	uint64_t all = s->parameter_count == 64 ? UINT64_MAX
						: (UINT64_C(1) << s->parameter_count) - 1;

	if (s->wrong_name != NULL)
		return err_set(err, ERR_INPUT, "records: no parameter %s in %s", s->wrong_name,
			sqlite3_sql(s->handle));
	if (s->bind_code != SQLITE_OK)
		return db_fail(s->db->handle, s->bind_code, "bind", err);
	if (s->bound != all)
		return err_set(err, ERR_INPUT, "records: a parameter has no value: %s",
			sqlite3_sql(s->handle));
	return OK;
}

enum err_kind stmt_step(struct stmt *s, bool *row, struct err *err)
{
	assert(s->in_use);
	enum err_kind rc = check_bound(s, err);

	if (rc != OK) {
		stmt_end(s);
		return rc;
	}
	int code = sqlite3_step(s->handle);

	if (code == SQLITE_ROW) {
		*row = true;
		return OK;
	}
	if (code != SQLITE_DONE)
		rc = db_fail(s->db->handle, code, sqlite3_sql(s->handle), err);
	else
		*row = false;
	stmt_end(s);
	return rc;
}

enum err_kind stmt_run(struct stmt *s, int64_t *changed, struct err *err)
{
	bool row = false;
	enum err_kind rc = stmt_step(s, &row, err);

	if (rc != OK)
		return rc;
	if (row) {
		stmt_end(s);
		return err_set(err, ERR_INPUT, "records: rows where none were expected: %s",
			sqlite3_sql(s->handle));
	}
	if (changed != NULL)
		*changed = sqlite3_changes64(s->db->handle);
	return OK;
}

void stmt_end(struct stmt *s)
{
	if (!s->in_use)
		return;
	sqlite3_reset(s->handle);
	sqlite3_clear_bindings(s->handle);
	s->in_use = false;
	s->db->in_use_count--;
}

struct str stmt_col_str(struct stmt *s, int column)
{
	assert(s->in_use && column < sqlite3_column_count(s->handle));
	const void *bytes = sqlite3_column_blob(s->handle, column);
	int len = sqlite3_column_bytes(s->handle, column);

	return str_of(bytes, (size_t)len);
}

int64_t stmt_col_i64(struct stmt *s, int column)
{
	assert(s->in_use && column < sqlite3_column_count(s->handle));
	return sqlite3_column_int64(s->handle, column);
}

bool stmt_col_is_null(struct stmt *s, int column)
{
	assert(s->in_use && column < sqlite3_column_count(s->handle));
	return sqlite3_column_type(s->handle, column) == SQLITE_NULL;
}
