#include "app/answer_list.h"

enum err_kind answer_list(struct ctx *ctx, struct stmt *s, const char *name, int64_t limit,
	answer_item_fn *write_item, struct err *err)
{
	struct jw *w = ctx->answer;
	int64_t next = -1;
	bool row = false;
	enum err_kind rc;

	jw_key(w, name);
	jw_array(w);
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		if (limit-- == 0) {
			next = stmt_col_i64(s, 0);
			break;
		}
		rc = write_item(ctx, s, err);
		if (rc != OK)
			break;
	}
	stmt_end(s);
	jw_array_end(w);
	jw_key(w, "next");
	if (next >= 0)
		jw_i64(w, next);
	else
		jw_null(w);
	return rc;
}
