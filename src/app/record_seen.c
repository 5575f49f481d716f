#include "app/record_seen.h"

void record_seen_bind(struct stmt *s, const struct record_desk *desk, const struct kind *kind)
{
	const struct caller *caller = desk->caller;
	const struct kind *grant = kinds_find(desk->kinds, STR("grant"));

	stmt_i64(s, ":all", (caller->roles & kind->seen_by) != 0);
	stmt_i64(s, ":party", (caller->roles & ROLE_REVIEWER) != 0 && grant != NULL);
	stmt_text(s, ":person", caller->person_id);
	stmt_text(s, ":organisation", caller->organisation_id);
	stmt_text(s, ":inside", str_from(kind->inside_states));
	stmt_text(s, ":grant_inside", grant == NULL ? STR("") : str_from(grant->inside_states));
}

enum err_kind record_seen(
	const struct record_desk *desk, struct str id, bool *seen, struct err *err)
{
	const struct kind *kind = kinds_of_id(desk->kinds, id);
	struct stmt *s;
	bool row = false;

	*seen = false;
	if (kind == NULL)
		return OK;
	enum err_kind rc = stmt_begin(desk->db,
		"SELECT 1 FROM records r WHERE r.id = :id AND r.kind = :kind AND " RECORD_SEEN, &s,
		err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":id", id);
	stmt_text(s, ":kind", str_from(kind->name));
	record_seen_bind(s, desk, kind);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	stmt_end(s);
	*seen = row;
	return OK;
}
