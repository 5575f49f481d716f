/*
 * agreement: what the lab agreed with an organisation, as the rest of the program needs it: whose root key
 * counts now, and for whom the organisation's sessions are sealed. The kind is kinds/agreement.yaml.
 *
 * Invariants
 *  - an organisation has at most one agreement in force, and no two organisations share a root key
 *    (the kind's condition sole_agreement);
 *  - nothing of an agreement counts before `from`, from `until` on, or once it was ended.
 */
#ifndef APP_AGREEMENT_H
#define APP_AGREEMENT_H

#include "base/limit.h"
#include "crypto/seal.h"
#include "crypto/sign.h"
#include "store/db.h"

struct agreement {
	struct str id, organisation_id;
	struct sign_public root;
	bool has_sealing; /* else sealing_key is zeros */
	struct box_public sealing_key;
	/* Organisations that open trails together, in the order of their ids; none: quorum is 0. */
	struct str parties[LIMIT_LIST_ITEMS];
	size_t party_count;
	int64_t quorum;
	int64_t from_us, until_us; /* INT64_MIN, INT64_MAX where there is none */
};

/*
 * The agreement that is in force with this organisation at now_us; texts live in mem.
 * Errors: ERR_NOT_FOUND (there is none), ERR_CORRUPT (what is stored is none, or there are two), ERR_LIMIT, ERR_IO.
 */
MUST_CHECK enum err_kind agreement_of(struct db *db, struct arena *mem, struct str organisation_id,
	int64_t now_us, struct agreement *agreement, struct err *err);

#endif
