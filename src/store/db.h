/*
 * db: records in SQLite (WAL, synchronous=FULL, foreign keys on). One DML text for SQLite and PostgreSQL:
 * parameters are bound by name (":id"), and stmt_begin refuses $n, ?n and @name out of hand.
 *
 * Invariants
 *  - a struct db belongs to one thread at a time;
 *  - statements are cached by their SQL text; texts are constants of the program, so the cache is bounded;
 *  - each page has a checksum (vfs.h); one that fails it is never handed on: ERR_CORRUPT, with the page's number;
 *  - any failed write leaves the transaction to be rolled back by its owner; a failed write or sync of the
 *    file ends the process (db_fail.h).
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct db;
struct stmt;

enum db_mode { DB_READ, DB_WRITE };

/*
 * path: the records.db of a lab. DB_WRITE creates it (0600) and migrates it forward; DB_READ wants it whole.
 * *db to db_close. Errors: ERR_NOT_FOUND, ERR_CONFLICT (of another version), ERR_CORRUPT, ERR_IO.
 */
MUST_CHECK enum err_kind db_open(
	const char *path, enum db_mode mode, struct db **db, struct err *err);
void db_close(struct db *db);
/* Absolute; as long as db. */
const char *db_path(const struct db *db);

/*
 * A read snapshot (DB_READ; taken now, not at the first reading) or the write transaction (DB_WRITE).
 * Commit, rollback, release and undo end half-read statements first.
 */
MUST_CHECK enum err_kind db_begin(struct db *db, struct err *err);
/* After a failure the transaction is still to be rolled back. */
MUST_CHECK enum err_kind db_commit(struct db *db, struct err *err);
void db_rollback(struct db *db);
/* Ends statements left half-read; the transaction goes on. */
void db_end_statements(struct db *db);
/* False after some failures (a full disk): SQLite has rolled everything back then. */
bool db_in_transaction(const struct db *db);
MUST_CHECK enum err_kind db_savepoint(struct db *db, struct err *err); /* one level */
MUST_CHECK enum err_kind db_release(struct db *db, struct err *err);
void db_undo(struct db *db); /* back to the savepoint, which is gone then */

/*
 * Reads every page in use, so that each is compared with its checksum, and looks at the trees that they make.
 * *pages: how many the records have. Errors: ERR_CORRUPT says which page, or what is wrong.
 */
MUST_CHECK enum err_kind db_verify(struct db *db, uint64_t *pages, struct err *err);
/* Let go of the pages held in memory: what is read next comes from the files. Outside a transaction. */
void db_forget_pages(struct db *db);
/* Pages in the write-ahead log after the last commit of this connection. */
int db_wal_pages(const struct db *db);
/* Moves what no reader holds from the write-ahead log into the file; never waits (PASSIVE). */
MUST_CHECK enum err_kind db_checkpoint(struct db *db, struct err *err);

/*
 * stmt_begin  takes the cached statement, reset, nothing bound. One use at a time a SQL text.
 * stmt_step   *row says whether a row is there. After false or an error the statement is reset by itself.
 * stmt_end    ends a half-read one; harmless after the last row.
 * Names are given with their colon: stmt_text(s, ":id", id). A name that the text does not have, and a
 * parameter that nobody bound, are sticky failures and surface in stmt_step. Values are copied.
 * Text and blob columns are borrowed until the next step.
 */
MUST_CHECK enum err_kind stmt_begin(
	struct db *db, const char *sql, struct stmt **stmt, struct err *err);
void stmt_text(struct stmt *s, const char *name, struct str value);
void stmt_blob(struct stmt *s, const char *name, struct str value);
void stmt_i64(struct stmt *s, const char *name, int64_t value);
void stmt_null(struct stmt *s, const char *name);
/* Errors: ERR_CONFLICT (a broken constraint), ERR_LIMIT, ERR_CORRUPT, ERR_IO. */
MUST_CHECK enum err_kind stmt_step(struct stmt *s, bool *row, struct err *err);
/* Step, expect no row: for INSERT, UPDATE, DELETE. *changed may be NULL. ERR_CONFLICT on a broken constraint. */
MUST_CHECK enum err_kind stmt_run(struct stmt *s, int64_t *changed, struct err *err);
void stmt_end(struct stmt *s);
struct str stmt_col_str(struct stmt *s, int column); /* text or blob; empty for NULL */
int64_t stmt_col_i64(struct stmt *s, int column);
bool stmt_col_is_null(struct stmt *s, int column);

#endif
