#include "app/witnessing.h"

#include "app/lab.h"
#include "base/when.h"

static enum err_kind load_policy(struct cosigned *c, struct db *db, struct err *err)
{
	struct stmt *s;
	bool row = false;
	enum err_kind rc = stmt_begin(db,
		"SELECT text FROM policies WHERE set_us IS NOT NULL ORDER BY set_us DESC LIMIT 1",
		&s, err);

	if (rc == OK)
		rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	rc = cosigned_set_policy(c, row ? stmt_col_str(s, 0) : STR(""), err);
	if (row)
		stmt_end(s);
	return rc;
}

enum err_kind witnessing_load(struct cosigned *c, struct db *db, struct err *err)
{
	struct stmt *s;
	bool row = false;
	enum err_kind rc = load_policy(c, db, err);

	if (rc == OK)
		rc = stmt_begin(db, "SELECT note, received_us FROM cosignatures", &s, err);
	if (rc != OK)
		return rc;
	while ((rc = stmt_step(s, &row, err)) == OK && row)
		cosigned_restore(c, stmt_col_str(s, 0), stmt_col_i64(s, 1));
	stmt_end(s);
	return rc;
}

static enum err_kind store_one(
	void *arg, struct str key_name, struct str note, int64_t received_us, struct err *err)
{
	struct db *db = arg;
	struct stmt *s;
	enum err_kind rc = stmt_begin(db,
		"INSERT INTO cosignatures (key_name, note, received_us) VALUES (:key_name, :note, :received_us)"
		" ON CONFLICT (key_name) DO UPDATE SET note = excluded.note, received_us = excluded.received_us",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":key_name", key_name);
	stmt_blob(s, ":note", note);
	stmt_i64(s, ":received_us", received_us);
	return stmt_run(s, NULL, err);
}

enum err_kind witnessing_store(struct db *db, void *arg, struct err *err)
{
	return cosigned_unstored(arg, store_one, db, err);
}

void witnessing_put(struct jw *w, const struct cosigned_view *view)
{
	jw_key(w, "witnesses");
	jw_array(w);
	for (size_t i = 0; i < view->policy.witness_count; i++) {
		const struct cosigned_witness *one = &view->witnesses[i];

		jw_object(w);
		jw_kstr(w, "name", one->name);
		jw_kstr(w, "owner", one->owner);
		jw_kstr(w, "key", one->key_name);
		jw_key(w, "size");
		jw_u64(w, one->size);
		if (one->size > 0) {
			jw_kwhen(w, "time", (int64_t)one->time_s * WHEN_SECOND_US);
			jw_kwhen(w, "received", one->received_us);
		}
		jw_object_end(w);
	}
	jw_array_end(w);
}

enum err_kind witnessing_put_sizes(struct ctx *ctx, struct err *err)
{
	struct cosigned_view *view = arena_array(ctx->mem, struct cosigned_view, 1);
	struct jw *w = ctx->answer;

	if (view == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	enum err_kind rc = cosigned_show(ctx->lab->cosigned, ctx->mem, view, err);

	if (rc != OK)
		return rc;
	jw_key(w, "witnessed");
	jw_u64(w, view->witnessed.size);
	jw_key(w, "cosigned");
	jw_array(w);
	for (size_t i = 0; i < view->policy.witness_count; i++)
		jw_u64(w, view->witnesses[i].size);
	jw_array_end(w);
	return OK;
}
