/*
 * record_seen: who may see which records; one condition in SQL, used by every query that gives records or
 * counts them, so that no count tells of what is hidden.
 *
 * - roles named in the kind's seen_by see every record of it;
 * - everybody sees what they made themselves, their own person and their own organisation;
 * - a reviewer sees records that name their organisation as `party` (and, where it names `people`, them), in
 *   states that are not inside, and the products and releases that such a grant names;
 * - everybody of an organisation for which a trail is sealed sees the openings of it.
 */
#ifndef APP_RECORD_SEEN_H
#define APP_RECORD_SEEN_H

#include "app/record.h"

/* The clause of the people that a record names, for the record `alias`. */
#define RECORD_SEEN_PEOPLE(alias)                                                                  \
	"(NOT EXISTS (SELECT 1 FROM record_refs q WHERE q.id = " alias                             \
	".id AND q.field = 'people') OR EXISTS (SELECT 1 FROM record_refs q WHERE q.id = " alias   \
	".id AND q.field = 'people' AND q.target = :person))"

/* Where-condition on `records r` of one kind; bound by record_seen_bind. */
#define RECORD_SEEN                                                                                \
	"(:all = 1 OR r.created_by = :person OR r.id = :person OR r.id = :organisation"            \
	" OR (r.kind = 'opening' AND EXISTS (SELECT 1 FROM record_refs o WHERE o.id = r.id"        \
	" AND o.field IN ('parties', 'organisation') AND o.target = :organisation))"               \
	" OR (:party = 1 AND ("                                                                    \
	"(:inside NOT LIKE '% ' || r.state || ' %'"                                                \
	" AND EXISTS (SELECT 1 FROM record_refs p WHERE p.id = r.id AND p.field = 'party'"         \
	" AND p.target = :organisation) AND " RECORD_SEEN_PEOPLE(                                  \
		"r") ")"                                                                           \
		     " OR EXISTS (SELECT 1 FROM record_refs n JOIN records g ON g.id = n.id"       \
		     " JOIN record_refs p ON p.id = g.id AND p.field = 'party'"                    \
		     " AND p.target = :organisation"                                               \
		     " WHERE n.target = r.id AND n.field IN ('product', 'releases')"               \
		     " AND g.kind = 'grant' AND :grant_inside NOT LIKE '% ' || g.state || ' %'"    \
		     " AND " RECORD_SEEN_PEOPLE("g") "))))"

/* Bind :all, :party, :person, :organisation, :inside and :grant_inside for records of `kind`. */
void record_seen_bind(struct stmt *s, const struct record_desk *desk, const struct kind *kind);

/* May the caller see it? False also when it does not exist. */
MUST_CHECK enum err_kind record_seen(
	const struct record_desk *desk, struct str id, bool *seen, struct err *err);

#endif
