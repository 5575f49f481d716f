/* trail_wrap: subsets in the order of their ids, boxes from the inside out. */
#include "app/trail_wrap.h"

#include "crypto/sign.h"

static const char layer_magic[] = "vtk1";
enum { LAYER_MAGIC_BYTES = sizeof(layer_magic) - 1 };

static size_t choose(size_t n, size_t k)
{
	size_t c = 1;

	assert(k <= n && n <= LIMIT_TRAIL_PARTIES);
	for (size_t i = 1; i <= k; i++)
		c = c * (n - k + i) / i;
	return c;
}

enum err_kind trail_plan_check(const struct trail_plan *plan, struct err *err)
{
	if (plan->party_count > LIMIT_TRAIL_PARTIES)
		return err_set(err, ERR_CONFLICT, "an agreement names at most %d parties",
			LIMIT_TRAIL_PARTIES);
	if (plan->quorum > plan->party_count || (plan->party_count > 0 && plan->quorum == 0))
		return err_set(err, ERR_CONFLICT,
			"the agreement wants %zu parties to open a trail; %zu of them have a sealing key",
			plan->quorum, plan->party_count);
	for (size_t i = 1; i < plan->party_count; i++) {
		if (strcmp(plan->parties[i - 1].id, plan->parties[i].id) >= 0)
			return err_set(err, ERR_CONFLICT, "the agreement names a party twice");
	}
	if (plan->party_count == 0 && !plan->for_officers)
		return err_set(err, ERR_CONFLICT, "nobody could open this session's trail");
	return OK;
}

/* A quorum of one that is the own organisation has its box already. */
static bool own_is_subset(const struct trail_plan *plan)
{
	if (!plan->has_own || plan->quorum != 1)
		return false;
	for (size_t i = 0; i < plan->party_count; i++) {
		if (strcmp(plan->parties[i].id, plan->own.id) == 0)
			return true;
	}
	return false;
}

size_t trail_plan_count(const struct trail_plan *plan)
{
	size_t subsets = plan->quorum > 0 ? choose(plan->party_count, plan->quorum) : 0;

	return subsets + plan->for_officers + (plan->has_own && !own_is_subset(plan));
}

/* From the inside out. *wrapped lies in mem; the plain bytes of each layer only on the stack. */
static enum err_kind nest(const struct box_public *const *keys, size_t count,
	const struct trail_of *of, const struct seal_key *key, struct arena *mem,
	struct str *wrapped, struct err *err)
{
	uint8_t plain[TRAIL_WRAPPED_BYTES_MAX];
	struct str rest = str_of(key->bytes, sizeof(key->bytes));
	enum err_kind rc = OK;

	assert(count > 0 && count <= LIMIT_TRAIL_PARTIES);
	assert(of->session.len > 0 && of->session.len < LAB_ID_BYTES);
	for (size_t i = count; i-- > 0 && rc == OK;) {
		uint8_t *at = plain;

		memcpy(at, layer_magic, LAYER_MAGIC_BYTES);
		at += LAYER_MAGIC_BYTES;
		for (int shift = 24; shift >= 0; shift -= 8)
			*at++ = (uint8_t)(of->seq >> shift);
		*at++ = (uint8_t)of->session.len;
		memcpy(at, of->session.ptr, of->session.len);
		at += of->session.len;
		memcpy(at, rest.ptr, rest.len);
		at += rest.len;
		assert((size_t)(at - plain) <= sizeof(plain));
		rc = box_close(mem, keys[i], str_of(plain, (size_t)(at - plain)), &rest, err);
	}
	secret_wipe(plain, sizeof(plain));
	*wrapped = rest;
	return rc;
}

/* The next subset in ascending order, as places of parties; false after the last. */
static bool next_subset(size_t *at, size_t k, size_t n)
{
	size_t i = k;

	while (i-- > 0) {
		if (at[i] == n - k + i)
			continue;
		at[i]++;
		for (size_t j = i + 1; j < k; j++)
			at[j] = at[j - 1] + 1;
		return true;
	}
	return false;
}

static enum err_kind wrap_one(const struct trail_party *const *parties, size_t count,
	const struct trail_of *of, const struct seal_key *key, struct arena *mem,
	trail_wrapped_fn *wrapped, void *arg, struct err *err)
{
	const struct box_public *keys[LIMIT_TRAIL_PARTIES] = { NULL };
	char recipient[TRAIL_RECIPIENT_BYTES] = "";
	size_t len = 0;
	struct str nested;

	for (size_t i = 0; i < count; i++) {
		keys[i] = &parties[i]->key;
		len += (size_t)snprintf(recipient + len, sizeof(recipient) - len, "%s%s",
			i > 0 ? "+" : "", parties[i]->id);
		assert(len < sizeof(recipient));
	}
	enum err_kind rc = nest(keys, count, of, key, mem, &nested, err);

	return rc == OK ? wrapped(arg, str_of(recipient, len), nested, err) : rc;
}

static enum err_kind wrap_subsets(const struct trail_plan *plan, const struct trail_of *of,
	const struct seal_key *key, struct arena *mem, trail_wrapped_fn *wrapped, void *arg,
	struct err *err)
{
	size_t at[LIMIT_TRAIL_PARTIES] = { 0 };
	enum err_kind rc = OK;

	for (size_t i = 0; i < plan->quorum; i++)
		at[i] = i;
	do {
		const struct trail_party *subset[LIMIT_TRAIL_PARTIES] = { NULL };

		for (size_t i = 0; i < plan->quorum; i++)
			subset[i] = &plan->parties[at[i]];
		rc = wrap_one(subset, plan->quorum, of, key, mem, wrapped, arg, err);
	} while (rc == OK && next_subset(at, plan->quorum, plan->party_count));
	return rc;
}

enum err_kind trail_wrap(const struct trail_plan *plan, const struct box_public *officer_role,
	const struct trail_of *of, const struct seal_key *key, struct arena *mem,
	trail_wrapped_fn *wrapped, void *arg, struct err *err)
{
	const struct trail_party *own = &plan->own;
	struct str nested;
	enum err_kind rc = OK;

	assert(trail_plan_check(plan, err) == OK);
	if (plan->quorum > 0)
		rc = wrap_subsets(plan, of, key, mem, wrapped, arg, err);
	if (rc == OK && plan->has_own && !own_is_subset(plan))
		rc = wrap_one(&own, 1, of, key, mem, wrapped, arg, err);
	if (rc != OK || !plan->for_officers)
		return rc;
	rc = nest(&officer_role, 1, of, key, mem, &nested, err);
	return rc == OK ? wrapped(arg, STR(TRAIL_OFFICER_ROLE), nested, err) : rc;
}

enum err_kind trail_peel(struct arena *mem, const struct trail_opener *opener,
	const struct trail_of *of, struct str wrapped, struct str *rest, struct err *err)
{
	struct str plain = STR("");
	enum err_kind rc = box_open(
		mem, &opener->public_key, &opener->secret, wrapped, &plain, err);

	if (rc != OK)
		return rc;
	const uint8_t *at = (const uint8_t *)plain.ptr;

	if (plain.len < TRAIL_LAYER_HEAD_BYTES || memcmp(at, layer_magic, LAYER_MAGIC_BYTES) != 0 ||
		plain.len < TRAIL_LAYER_HEAD_BYTES + (size_t)at[8] + SEAL_KEY_BYTES)
		return err_set(err, ERR_CORRUPT, "a wrapped key of a form that is not known");
	uint32_t seq = (uint32_t)at[4] << 24 | (uint32_t)at[5] << 16 | (uint32_t)at[6] << 8 | at[7];

	if (seq != of->seq || !str_eq(str_of(at + TRAIL_LAYER_HEAD_BYTES, at[8]), of->session))
		return err_set(err, ERR_DENIED,
			"this wrapped key is not of the session that it is said to be of");
	*rest = str_skip(plain, TRAIL_LAYER_HEAD_BYTES + (size_t)at[8]);
	return OK;
}

bool trail_recipient_next(struct str *rest, struct str *id)
{
	struct str head, tail;

	if (rest->len == 0)
		return false;
	if (str_cut(*rest, '+', &head, &tail)) {
		*id = head;
		*rest = tail;
	} else {
		*id = *rest;
		*rest = STR("");
	}
	return true;
}
