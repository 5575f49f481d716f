/*
 * point_auth: each call of a point is signed and counted. A counter is taken once; calls may overtake each
 * other by LIMIT_POINT_WINDOW. What was counted before the vault started is below the stored counter and
 * refused altogether.
 */
#include <arpa/inet.h>
#include <unistd.h>

#include "app/call.h"
#include "link/token.h"

enum {
	LINKED_US = 5000000, /* what the door told longer ago counts no more */
	WINDOW_WORDS = LIMIT_POINT_WINDOW / 64,
	/* Signatures of which calls may still be under way: several calls share one, and some wait. */
	VERIFIED = 64,
};
static_assert(LIMIT_POINT_WINDOW % 64 == 0, "the window is whole words");

static const char revoked[] = "the centre has revoked this access point or witness";

struct point {
	char name[CALL_POINT_BYTES];
	enum peer peer;
	bool revoked;
	struct sign_public key;
	uint64_t floor; /* stored before this process began */
	uint64_t highest;
	uint64_t seen[WINDOW_WORDS]; /* bit counter % LIMIT_POINT_WINDOW, of the last so many */
	struct sha256 verified[VERIFIED]; /* what this key has signed, the newest; a ring */
	size_t verified_count;
};

struct point_auth {
	pthread_mutex_t verifying; /* held while a signature is verified; taken before lock */
	pthread_mutex_t lock; /* of all that follows */
	size_t count;
	struct point points[LIMIT_POINTS];
	/* As the door told last. */
	char linked[LIMIT_POINTS][CALL_POINT_BYTES];
	size_t linked_count;
	int64_t linked_us; /* monotonic */
};

enum err_kind point_auth_open(struct point_auth **auth, struct err *err)
{
	struct point_auth *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return err_set(err, ERR_LIMIT, "no memory for the points");
	pthread_mutex_init(&a->lock, NULL);
	pthread_mutex_init(&a->verifying, NULL);
	*auth = a;
	return OK;
}

void point_auth_close(struct point_auth *auth)
{
	if (auth == NULL)
		return;
	pthread_mutex_destroy(&auth->verifying);
	pthread_mutex_destroy(&auth->lock);
	free(auth);
}

static struct point *find(struct point_auth *a, struct str name)
{
	for (size_t i = 0; i < a->count; i++) {
		if (str_eq(str_from(a->points[i].name), name))
			return &a->points[i];
	}
	return NULL;
}

/* Lock held. */
static bool was_verified(const struct point *p, const struct sha256 *signed_digest)
{
	size_t n = p->verified_count < VERIFIED ? p->verified_count : VERIFIED;

	for (size_t i = 0; i < n; i++) {
		/* No secret: what a peer sent, and what it sent before. */
		if (memcmp(&p->verified[i], signed_digest, sizeof(*signed_digest)) == 0)
			return true;
	}
	return false;
}

/* From the records, at the point's first call. Lock held. */
static enum err_kind load(
	struct point_auth *a, struct db *db, struct str name, struct point **point, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(db,
		"SELECT public_key, counter, role, revoked_us IS NOT NULL FROM points "
		"WHERE name = :name",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":name", name);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	if (!row)
		return err_set(err, ERR_AUTH, "this lab knows no such point");
	struct str key = stmt_col_str(s, 0);
	int64_t counter = stmt_col_i64(s, 1);
	bool is_witness = str_eq(stmt_col_str(s, 2), STR("witness"));
	bool is_revoked = stmt_col_i64(s, 3) != 0;

	if (key.len != SIGN_PUBLIC_BYTES || a->count == LIMIT_POINTS || counter < 0) {
		stmt_end(s);
		return err_set(err, ERR_CORRUPT, "the record of the point does not make sense");
	}
	struct point *p = &a->points[a->count++];

	memset(p, 0, sizeof(*p));
	memcpy(p->name, name.ptr, name.len);
	memcpy(p->key.bytes, key.ptr, SIGN_PUBLIC_BYTES);
	p->peer = is_witness ? PEER_WITNESS : PEER_POINT;
	p->revoked = is_revoked;
	p->floor = p->highest = (uint64_t)counter;
	stmt_end(s);
	*point = p;
	return OK;
}

static bool bit_get(const struct point *p, uint64_t counter)
{
	uint64_t at = counter % LIMIT_POINT_WINDOW;

	return (p->seen[at / 64] >> (at % 64) & 1) != 0;
}

static void bit_put(struct point *p, uint64_t counter, bool set)
{
	uint64_t at = counter % LIMIT_POINT_WINDOW, mask = UINT64_C(1) << (at % 64);

	p->seen[at / 64] = set ? p->seen[at / 64] | mask : p->seen[at / 64] & ~mask;
}

/* Take the counter; false when it was taken, or is too far back to know. Lock held. */
static bool take_counter(struct point *p, uint64_t counter)
{
	if (counter <= p->floor || counter > INT64_MAX)
		return false;
	if (counter > p->highest) {
		uint64_t ahead = counter - p->highest;

		if (ahead >= LIMIT_POINT_WINDOW)
			memset(p->seen, 0, sizeof(p->seen));
		for (uint64_t c = p->highest + 1; ahead < LIMIT_POINT_WINDOW && c < counter; c++)
			bit_put(p, c, false);
		p->highest = counter;
	} else if (p->highest - counter >= LIMIT_POINT_WINDOW || bit_get(p, counter)) {
		return false;
	}
	bit_put(p, counter, true);
	return true;
}

/* The command line and the door need no key: the socket tells who is at its other end. */
static enum err_kind check_local(const struct pipeline_request *request, struct err *err)
{
	bool is_door = str_eq(request->point, STR("door"));

	if (request->over_door != is_door)
		return err_set(
			err, ERR_AUTH, "%s: not over this socket", is_door ? "door" : "console");
	if (request->uid == 0 || request->uid == getuid())
		return OK;
	return err_set(err, ERR_AUTH, "the lab's own sockets are for the lab's own user");
}

/* Whoever holds an invitation's token: its key signs, and counts for no more than one call. */
static enum err_kind check_joining(
	struct db *db, const struct pipeline_request *request, struct err *err)
{
	struct sign_public key;
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(
		db, "SELECT public_key FROM invitations WHERE link = :link", &s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":link", request->point);
	rc = stmt_step(s, &row, err);
	if (rc != OK)
		return rc;
	bool known = row && stmt_col_str(s, 0).len == SIGN_PUBLIC_BYTES;

	if (known)
		memcpy(key.bytes, stmt_col_str(s, 0).ptr, SIGN_PUBLIC_BYTES);
	stmt_end(s);
	if (!known)
		return err_set(err, ERR_AUTH, "this token is too old or was taken back");
	return sign_verify(&key, str_of(request->signed_digest.bytes, SHA256_BYTES),
		       &request->signature)
		? OK
		: err_set(err, ERR_AUTH, "the token's signature does not fit the call");
}

/* Is it the point's signature? What it covers is verified once, whoever of its calls comes first. */
static enum err_kind check_signature(struct point_auth *a, struct point *point,
	const struct pipeline_request *request, struct err *err)
{
	pthread_mutex_lock(&a->lock);
	bool known = was_verified(point, &request->signed_digest);

	pthread_mutex_unlock(&a->lock);
	if (known)
		return OK;
	/* The other calls under it wait here instead of verifying it, too. */
	pthread_mutex_lock(&a->verifying);
	pthread_mutex_lock(&a->lock);
	known = was_verified(point, &request->signed_digest);
	struct sign_public key = point->key;

	pthread_mutex_unlock(&a->lock);
	if (!known) {
		known = sign_verify(&key, str_of(request->signed_digest.bytes, SHA256_BYTES),
			&request->signature);
		pthread_mutex_lock(&a->lock);
		if (known)
			point->verified[point->verified_count++ % VERIFIED] =
				request->signed_digest;
		pthread_mutex_unlock(&a->lock);
	}
	pthread_mutex_unlock(&a->verifying);
	return known ? OK : err_set(err, ERR_AUTH, "the point's signature does not fit the call");
}

enum err_kind point_auth_check(struct point_auth *auth, struct db *db,
	const struct pipeline_request *request, enum peer *peer, bool *is_signed, struct err *err)
{
	struct point *point;
	enum err_kind rc = OK;

	*is_signed = false;
	if (str_eq(request->point, STR("console")) || str_eq(request->point, STR("door"))) {
		*peer = request->over_door ? PEER_DOOR : PEER_CONSOLE;
		return check_local(request, err);
	}
	if (str_starts(request->point, STR(TOKEN_LINK_PREFIX))) {
		*peer = PEER_JOINING;
		return check_joining(db, request, err);
	}
	pthread_mutex_lock(&auth->lock);
	point = find(auth, request->point);
	if (point == NULL)
		rc = load(auth, db, request->point, &point, err);
	assert(rc != OK || point != NULL);
	if (rc == OK && point->revoked)
		rc = err_set(err, ERR_AUTH, "%s", revoked);
	pthread_mutex_unlock(&auth->lock);
	if (rc == OK)
		rc = check_signature(auth, point, request, err);
	if (rc != OK)
		return rc;

	/* Only a call that the point has signed moves its counter. */
	pthread_mutex_lock(&auth->lock);
	bool taken = take_counter(point, request->counter);

	pthread_mutex_unlock(&auth->lock);
	if (!taken)
		return err_set(err, ERR_AUTH, "the point's counter was used before");
	*peer = point->peer;
	*is_signed = true;
	return OK;
}

enum err_kind point_auth_still(struct point_auth *auth, struct str name, struct err *err)
{
	pthread_mutex_lock(&auth->lock);
	const struct point *point = find(auth, name);
	bool is_revoked = point != NULL && point->revoked;

	pthread_mutex_unlock(&auth->lock);
	return is_revoked ? err_set(err, ERR_AUTH, "%s", revoked) : OK;
}

void point_auth_revoke(struct point_auth *auth, struct str name, bool is_revoked)
{
	pthread_mutex_lock(&auth->lock);
	struct point *point = find(auth, name);

	/* One that has not called yet is loaded from the records when it does. */
	if (point != NULL)
		point->revoked = is_revoked;
	pthread_mutex_unlock(&auth->lock);
}

void point_auth_note_links(struct point_auth *auth, const struct str *names, size_t count)
{
	assert(count <= LIMIT_POINTS);
	pthread_mutex_lock(&auth->lock);
	auth->linked_count = 0;
	for (size_t i = 0; i < count; i++) {
		char *name = auth->linked[auth->linked_count];

		if (names[i].len >= CALL_POINT_BYTES)
			continue;
		memcpy(name, names[i].ptr, names[i].len);
		name[names[i].len] = '\0';
		auth->linked_count++;
	}
	auth->linked_us = clock_monotonic_us();
	pthread_mutex_unlock(&auth->lock);
}

bool point_auth_is_linked(struct point_auth *auth, struct str name)
{
	bool linked = false;

	pthread_mutex_lock(&auth->lock);
	bool fresh = clock_monotonic_us() - auth->linked_us < LINKED_US;

	for (size_t i = 0; fresh && !linked && i < auth->linked_count; i++)
		linked = str_eq(str_from(auth->linked[i]), name);
	pthread_mutex_unlock(&auth->lock);
	return linked;
}

enum err_kind point_auth_store(
	struct db *db, struct str point, uint64_t counter, int64_t now_us, struct err *err)
{
	struct stmt *s;
	enum err_kind rc = stmt_begin(db,
		"UPDATE points SET counter = :counter, seen_us = :now WHERE name = :name AND "
		"counter < :counter",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_i64(s, ":counter", (int64_t)counter);
	stmt_i64(s, ":now", now_us);
	stmt_text(s, ":name", point);
	return stmt_run(s, NULL, err);
}

void peer_address(const uint8_t *peer, char text[CALL_ADDRESS_BYTES])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t none[16];
	uint8_t prefix[16] = { 0 };
	char digits[INET6_ADDRSTRLEN] = "";

	if (memcmp(peer, none, sizeof(none)) == 0) {
		snprintf(text, CALL_ADDRESS_BYTES, "local");
	} else if (memcmp(peer, mapped, sizeof(mapped)) == 0) {
		inet_ntop(AF_INET, peer + sizeof(mapped), digits, sizeof(digits));
		snprintf(text, CALL_ADDRESS_BYTES, "%s", digits);
	} else {
		/* One household or room has a /64: its owner can take any address in it. */
		memcpy(prefix, peer, 8);
		inet_ntop(AF_INET6, prefix, digits, sizeof(digits));
		snprintf(text, CALL_ADDRESS_BYTES, "%s/64", digits);
	}
}
