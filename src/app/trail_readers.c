/* trail_readers: who can open a session's trail, told from its wrapped keys. */
#include "app/trail_plan.h"
#include "format/json.h"

/* The organisations of the longest recipients are the parties; a shorter one is the person's own. */
struct readers {
	bool officers;
	size_t quorum, party_count;
	char parties[LIMIT_TRAIL_PARTIES][LAB_ID_BYTES];
	char own[LAB_ID_BYTES];
};

static size_t id_count(struct str recipient)
{
	struct str id;
	size_t count = 0;

	while (trail_recipient_next(&recipient, &id))
		count++;
	return count;
}

static void add_party(struct readers *r, struct str id)
{
	for (size_t i = 0; i < r->party_count; i++) {
		if (str_eq(str_from(r->parties[i]), id))
			return;
	}
	if (r->party_count == LIMIT_TRAIL_PARTIES || id.len >= LAB_ID_BYTES)
		return;
	memcpy(r->parties[r->party_count++], id.ptr, id.len);
}

static void add_recipient(struct readers *r, struct str recipient)
{
	struct str id;
	size_t count = id_count(recipient);

	if (str_eq(recipient, STR(TRAIL_OFFICER_ROLE))) {
		r->officers = true;
		return;
	}
	if (count < r->quorum || (count == 1 && r->officers)) {
		if (recipient.len < LAB_ID_BYTES)
			memcpy(r->own, recipient.ptr, recipient.len);
		return;
	}
	r->quorum = count;
	while (trail_recipient_next(&recipient, &id))
		add_party(r, id);
}

/* Of the newest key: the officer role first, then the longest recipients. */
static enum err_kind read_recipients(
	struct db *db, struct str session_id, struct readers *r, struct err *err)
{
	struct stmt *s;
	bool row = true;
	enum err_kind rc = stmt_begin(db,
		"SELECT recipient FROM session_keys WHERE session = :session AND seq = "
		"(SELECT max(seq) FROM session_keys WHERE session = :session) "
		"ORDER BY recipient <> '" TRAIL_OFFICER_ROLE "', length(recipient) DESC, recipient",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":session", session_id);
	while ((rc = stmt_step(s, &row, err)) == OK && row)
		add_recipient(r, stmt_col_str(s, 0));
	return rc;
}

static enum err_kind write_organisation(
	struct jw *w, struct db *db, const char *id, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(db, "SELECT title FROM records WHERE id = :id", &s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":id", str_from(id));
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	jw_object(w);
	jw_kstr(w, "id", str_from(id));
	jw_kstr(w, "name", row ? stmt_col_str(s, 0) : str_from(id));
	jw_object_end(w);
	if (row)
		stmt_end(s);
	return OK;
}

enum err_kind trail_readers_write(
	struct jw *w, struct db *db, struct str session_id, struct err *err)
{
	struct readers r = { 0 };
	enum err_kind rc = read_recipients(db, session_id, &r, err);

	if (rc != OK)
		return rc;
	jw_object(w);
	jw_kbool(w, "officers", r.officers);
	jw_ki64(w, "quorum", (int64_t)r.quorum);
	jw_key(w, "parties");
	jw_array(w);
	for (size_t i = 0; i < r.party_count && rc == OK; i++)
		rc = write_organisation(w, db, r.parties[i], err);
	jw_array_end(w);
	jw_key(w, "own");
	if (r.own[0] == '\0')
		jw_null(w);
	else if (rc == OK)
		rc = write_organisation(w, db, r.own, err);
	jw_object_end(w);
	return rc;
}
