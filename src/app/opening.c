#include "app/opening.h"

enum err_kind opening_agreed_load(
	struct db *db, struct str opening_id, struct opening_agreed *agreed, struct err *err)
{
	struct stmt *s;
	bool row = true;
	enum err_kind rc = stmt_begin(db,
		"SELECT DISTINCT organisation FROM record_history WHERE id = :id AND act = 'agree' "
		"ORDER BY organisation",
		&s, err);

	*agreed = (struct opening_agreed){ 0 };
	if (rc != OK)
		return rc;
	stmt_text(s, ":id", opening_id);
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		struct str id = stmt_col_str(s, 0);

		if (agreed->count == OPENING_PARTIES_MAX || id.len >= LAB_ID_BYTES) {
			stmt_end(s);
			return err_set(err, ERR_CORRUPT, "opening %.*s: its history is none",
				STR_ARG(opening_id));
		}
		memcpy(agreed->ids[agreed->count++], id.ptr, id.len);
	}
	return rc;
}

bool opening_has_agreed(const struct opening_agreed *agreed, struct str organisation_id)
{
	for (size_t i = 0; i < agreed->count; i++) {
		if (str_eq(str_from(agreed->ids[i]), organisation_id))
			return true;
	}
	return false;
}

bool opening_covers(const struct opening_agreed *agreed, struct str recipient)
{
	struct str id;

	if (recipient.len == 0)
		return false;
	while (trail_recipient_next(&recipient, &id)) {
		if (!opening_has_agreed(agreed, id))
			return false;
	}
	return true;
}

enum err_kind opening_is_enough(struct db *db, struct str session_id,
	const struct opening_agreed *agreed, bool *enough, struct err *err)
{
	struct stmt *s;
	bool row = true, covered = false;
	int64_t seq = -1;
	enum err_kind rc = stmt_begin(db,
		"SELECT seq, recipient FROM session_keys WHERE session = :session ORDER BY seq", &s,
		err);

	*enough = false;
	if (rc != OK)
		return rc;
	stmt_text(s, ":session", session_id);
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		struct str recipient = stmt_col_str(s, 1);

		if (stmt_col_i64(s, 0) != seq) {
			if (seq >= 0 && !covered) {
				stmt_end(s);
				return OK;
			}
			seq = stmt_col_i64(s, 0);
			covered = false;
		}
		covered = covered || str_eq(recipient, STR(TRAIL_OFFICER_ROLE)) ||
			(agreed != NULL && opening_covers(agreed, recipient));
	}
	if (rc == OK)
		*enough = seq >= 0 && covered;
	return rc;
}
