/*
 * records_sql: what root on the vault's machine may do to the records of a lab that is stopped: any statement, with page
 * checksums in order. One statement a line on standard input; the first column of each row is printed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "store/db.h"

enum { LINE_BYTES_MAX = 1 << 18 };

static void must(enum err_kind rc, const char *what, const struct err *err)
{
	if (rc == OK)
		return;
	fprintf(stderr, "%.200s: %s\n", what, err->msg);
	exit(1);
}

static void run(struct db *db, const char *sql)
{
	struct stmt *s;
	struct err err;
	bool row;

	must(stmt_begin(db, sql, &s, &err), sql, &err);
	for (;;) {
		must(stmt_step(s, &row, &err), sql, &err);
		if (!row)
			return;
		struct str first = stmt_col_str(s, 0);

		printf("%.*s\n", STR_ARG(first));
	}
}

int main(int argc, char **argv)
{
	char *line = malloc(LINE_BYTES_MAX);
	struct db *db;
	struct err err;

	if (argc != 2 || line == NULL)
		return 2;
	must(db_open(argv[1], DB_WRITE, &db, &err), argv[1], &err);
	must(db_begin(db, &err), "begin", &err);
	while (fgets(line, LINE_BYTES_MAX, stdin) != NULL)
		run(db, line);
	must(db_commit(db, &err), "commit", &err);
	db_close(db);
	free(line);
	return 0;
}
