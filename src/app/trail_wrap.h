/*
 * trail_wrap: a session's key, wrapped for whom the agreement names. For every subset of `quorum` parties there is one nest
 * of sealed boxes, so that these parties open it one after the other and fewer of them do not; one more box is for the
 * organisation of the person whose session it is. No dealer, no share: what is opened for one session opens no other.
 *
 * A layer is crypto_box_seal, for one recipient, of "vtk1" || seq u32be || u8 length || session id || rest, where rest is the
 * next layer or, innermost, the 32 bytes of the key. The outermost layer is that of the first recipient by id. Session and
 * seq stand inside each layer, so that nobody who peels one for a session agreed to is handed another session's
 * (docs/formats/trail.md).
 */
#ifndef APP_TRAIL_WRAP_H
#define APP_TRAIL_WRAP_H

#include "app/lab.h"

struct trail_party {
	char id[LAB_ID_BYTES]; /* of the organisation */
	struct box_public key;
};

/* For whom the keys of a session are wrapped. */
struct trail_plan {
	/* Where no agreement names parties */
	bool for_officers;
	bool has_own; /* the person's own organisation has a sealing key */
	struct trail_party own;
	/* Ascending by id, no id twice; quorum: how many of them open a key together, 0 when there are none */
	struct trail_party parties[LIMIT_TRAIL_PARTIES];
	size_t party_count, quorum;
};

#define TRAIL_OFFICER_ROLE "officer-role" /* recipient of keys wrapped for the lab's officers */

/* "org_…+org_…", as many as LIMIT_TRAIL_PARTIES, and a NUL */
enum { TRAIL_RECIPIENT_BYTES = LIMIT_TRAIL_PARTIES * LAB_ID_BYTES };
/* One wrapped key at most: the key, and for each layer its box, its head and the session's id. */
enum {
	TRAIL_LAYER_HEAD_BYTES = 4 + 4 + 1,
	TRAIL_WRAPPED_BYTES_MAX = SEAL_KEY_BYTES +
		LIMIT_TRAIL_PARTIES * (BOX_OVERHEAD_BYTES + TRAIL_LAYER_HEAD_BYTES + LAB_ID_BYTES),
};

/* Of which session, and which of its keys. */
struct trail_of {
	struct str session;
	uint32_t seq;
};

/* May the plan be carried out? Errors: ERR_CONFLICT says what is wrong with it. */
MUST_CHECK enum err_kind trail_plan_check(const struct trail_plan *plan, struct err *err);
/* How many wrapped keys it makes: at most LIMIT_TRAIL_SUBSETS + 2. */
size_t trail_plan_count(const struct trail_plan *plan);

/* recipient and wrapped last until the call returns. */
typedef enum err_kind trail_wrapped_fn(
	void *arg, struct str recipient, struct str wrapped, struct err *err);
/*
 * Every wrapped key of a checked plan, one call each. The plain key is left nowhere in mem.
 * Errors: ERR_INPUT (a public key that cannot receive), ERR_LIMIT (arena), those of `wrapped`.
 */
MUST_CHECK enum err_kind trail_wrap(const struct trail_plan *plan,
	const struct box_public *officer_role, const struct trail_of *of,
	const struct seal_key *key, struct arena *mem, trail_wrapped_fn *wrapped, void *arg,
	struct err *err);

/* Whose secret peels a layer. */
struct trail_opener {
	struct box_secret secret;
	struct box_public public_key; /* box_public_of it */
};
/*
 * Peel one layer: *rest is the next one, or, when its length is SEAL_KEY_BYTES, the key; it lies in mem, which the caller wipes.
 * Errors: ERR_CORRUPT when the layer is not for this key or was changed; ERR_DENIED when it is of another session or seq.
 */
MUST_CHECK enum err_kind trail_peel(struct arena *mem, const struct trail_opener *opener,
	const struct trail_of *of, struct str wrapped, struct str *rest, struct err *err);

/* Walks the ids of a recipient "org_a+org_b": false after the last one. *rest begins as the recipient. */
bool trail_recipient_next(struct str *rest, struct str *id);

#endif
