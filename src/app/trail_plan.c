#include "app/trail_plan.h"

#include "app/agreement.h"
#include "app/person.h"

/* The agreement in force, if there is one. */
static enum err_kind find_agreement(struct db *db, struct arena *mem, struct str organisation_id,
	int64_t now_us, struct agreement *agreement, bool *there, struct err *err)
{
	struct err why;
	enum err_kind rc = agreement_of(db, mem, organisation_id, now_us, agreement, &why);

	*there = rc == OK;
	if (rc == ERR_NOT_FOUND)
		*agreement = (struct agreement){ .quorum = 0 };
	if (rc == OK || rc == ERR_NOT_FOUND)
		return OK;
	*err = why;
	return rc;
}

static void set_party(
	struct trail_party *party, struct str organisation_id, const struct box_public *key)
{
	assert(organisation_id.len < sizeof(party->id));
	memset(party, 0, sizeof(*party));
	memcpy(party->id, organisation_id.ptr, organisation_id.len);
	party->key = *key;
}

/* Those of the parties that have a sealing key of their own in force. */
static enum err_kind add_parties(struct db *db, struct arena *mem,
	const struct agreement *agreement, int64_t now_us, struct trail_plan *plan, struct err *err)
{
	if (agreement->party_count > LIMIT_TRAIL_PARTIES)
		return err_set(err, ERR_CONFLICT, "an agreement names at most %d parties",
			LIMIT_TRAIL_PARTIES);
	if (agreement->quorum < 0 || (agreement->party_count > 0 && agreement->quorum == 0) ||
		agreement->quorum > (int64_t)agreement->party_count)
		return err_set(err, ERR_CONFLICT, "the agreement's quorum is not of its parties");
	plan->quorum = (size_t)agreement->quorum;
	for (size_t i = 0; i < agreement->party_count; i++) {
		struct agreement theirs;
		struct str id = agreement->parties[i];
		bool there;
		enum err_kind rc = find_agreement(db, mem, id, now_us, &theirs, &there, err);

		if (rc != OK)
			return rc;
		if (there && theirs.has_sealing)
			set_party(&plan->parties[plan->party_count++], id, &theirs.sealing_key);
	}
	return OK;
}

/* The person whose session it is, and their organisation. */
static enum err_kind load_person(struct db *db, struct arena *mem, struct str session_id,
	struct caller *person, struct err *err)
{
	struct stmt *s;
	bool row;
	struct str id;
	enum err_kind rc = stmt_begin(db, "SELECT person FROM sessions WHERE id = :id", &s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":id", session_id);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	if (!row)
		return err_set(err, ERR_NOT_FOUND, "no such session");
	bool fits = arena_copy(mem, stmt_col_str(s, 0), &id);

	stmt_end(s);
	if (!fits)
		return err_set(err, ERR_LIMIT, "request memory used up");
	return person_load(db, mem, id, person, err);
}

enum err_kind trail_plan_load(struct db *db, struct arena *mem, struct str session_id,
	int64_t now_us, struct trail_plan *plan, struct err *err)
{
	struct caller person = { .organisation_id = STR("") };
	struct agreement agreement;
	bool there;
	enum err_kind rc = load_person(db, mem, session_id, &person, err);

	*plan = (struct trail_plan){ 0 };
	if (rc == OK)
		rc = find_agreement(
			db, mem, person.organisation_id, now_us, &agreement, &there, err);
	if (rc == OK)
		rc = add_parties(db, mem, &agreement, now_us, plan, err);
	if (rc != OK)
		return rc;
	plan->has_own = there && agreement.has_sealing;
	if (plan->has_own)
		set_party(&plan->own, person.organisation_id, &agreement.sealing_key);
	plan->for_officers = agreement.party_count == 0;
	/* Officers must get in to mend it; they are shown no source without a reviewer's role. */
	if (plan->party_count < plan->quorum && (person.roles & ROLE_OFFICER) != 0 &&
		(person.roles & ROLE_REVIEWER) == 0) {
		plan->party_count = plan->quorum = 0;
		plan->for_officers = true;
	}
	return trail_plan_check(plan, err);
}
