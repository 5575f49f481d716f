#include "web/rules.h"

#include <pthread.h>
#include <time.h>

#include "base/hex.h"
#include "base/when.h"

enum { HOURS_MAX = 14, SUPERVISORS_MAX = 32, SITTING_MAX = 256, MINUTES_A_DAY = 24 * 60 };

struct rules {
	const struct clock *clock;
	struct rules_hours hours[HOURS_MAX];
	size_t hours_count;
	char hours_text[RULES_SAID_BYTES / 2];
	bool supervised;
	char supervisors[SUPERVISORS_MAX][LIMIT_NAME_BYTES + 1];
	size_t supervisor_count;
	pthread_mutex_t lock; /* of all that follows */
	char unlocker[LIMIT_NAME_BYTES]; /* per_…; "": locked */
	int64_t unlocked_us;
	struct sha256 sitting[SITTING_MAX]; /* of tokens of sessions that began since */
	size_t sitting_count;
};

static int day_of(struct str word)
{
	static const char days[7][4] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };

	for (int i = 0; i < 7; i++)
		if (str_eq(word, str_from(days[i])))
			return i;
	return -1;
}

/* "08:00" */
static bool parse_minute(struct str text, int *minute)
{
	uint64_t hours, minutes;
	struct str left, right;

	if (text.len != 5 || !str_cut(text, ':', &left, &right) || left.len != 2)
		return false;
	/* str_to_u64 takes no leading zero but "0" itself. */
	if (left.ptr[0] == '0')
		left = str_skip(left, 1);
	if (right.ptr[0] == '0')
		right = str_skip(right, 1);
	if (!str_to_u64(left, &hours) || !str_to_u64(right, &minutes) || minutes > 59)
		return false;
	*minute = (int)(hours * 60 + minutes);
	return hours <= 24 && *minute <= MINUTES_A_DAY;
}

bool rules_parse_hours(struct str text, struct rules_hours *hours)
{
	struct str days, times, first, last, from, until;
	struct rules_hours got = { .from_min = 0 };

	if (!str_cut(text, ' ', &days, &times) || !str_cut(times, '-', &from, &until))
		return false;
	if (!str_cut(days, '-', &first, &last))
		first = last = days;
	int day = day_of(first), end = day_of(last);

	if (day < 0 || end < 0 || !parse_minute(from, &got.from_min) ||
		!parse_minute(until, &got.until_min) || got.from_min >= got.until_min)
		return false;
	for (; day != end; day = (day + 1) % 7)
		got.days[day] = true;
	got.days[end] = true;
	*hours = got;
	return true;
}

static enum err_kind take_hours(struct rules *r, const json_t *list, struct err *err)
{
	size_t index, len = 0;
	const json_t *row;

	if (list != NULL && (!json_is_array(list) || json_array_size(list) == 0))
		return err_set(err, ERR_INPUT, "point.yaml: hours: a list is wanted");
	json_array_foreach(list, index, row)
	{
		const char *text = json_string_value(row);

		if (text == NULL || index == HOURS_MAX ||
			!rules_parse_hours(str_from(text), &r->hours[index]))
			return err_set(err, ERR_INPUT,
				"point.yaml: hours: \"mon-fri 08:00-18:00\" is wanted");
		int n = snprintf(r->hours_text + len, sizeof(r->hours_text) - len, "%s%s",
			len > 0 ? ", " : "", text);

		len += (size_t)n < sizeof(r->hours_text) - len ? (size_t)n
							       : sizeof(r->hours_text) - len - 1;
		r->hours_count++;
	}
	return OK;
}

static enum err_kind take_supervisors(struct rules *r, const json_t *list, struct err *err)
{
	size_t index;
	const json_t *row;

	json_array_foreach(list, index, row)
	{
		const char *name = json_string_value(row);

		if (name == NULL || index == SUPERVISORS_MAX || strlen(name) > LIMIT_NAME_BYTES)
			return err_set(err, ERR_INPUT, "point.yaml: supervisors: sign-in names");
		snprintf(r->supervisors[index], sizeof(r->supervisors[index]), "%s", name);
		r->supervisor_count++;
	}
	if (r->supervised && r->supervisor_count == 0)
		return err_set(err, ERR_INPUT,
			"point.yaml: supervised: name in supervisors who may unlock the room");
	return OK;
}

enum err_kind rules_open(
	const json_t *settings, const struct clock *clock, struct rules **out, struct err *err)
{
	const json_t *supervised = json_object_get(settings, "supervised");
	struct rules *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return err_set(err, ERR_LIMIT, "no memory for the point's rules");
	pthread_mutex_init(&r->lock, NULL);
	r->clock = clock;
	r->supervised = json_is_true(supervised);
	/* The time zone's file is read now: later this process opens none. */
	tzset();
	enum err_kind rc = supervised != NULL && !json_is_boolean(supervised)
		? err_set(err, ERR_INPUT, "point.yaml: supervised: must be true or false")
		: take_hours(r, json_object_get(settings, "hours"), err);

	if (rc == OK)
		rc = take_supervisors(r, json_object_get(settings, "supervisors"), err);
	if (rc == OK)
		*out = r;
	else
		rules_close(r);
	return rc;
}

void rules_close(struct rules *r)
{
	if (r == NULL)
		return;
	pthread_mutex_destroy(&r->lock);
	secret_wipe(r, sizeof(*r));
	free(r);
}

bool rules_is_supervised(const struct rules *r)
{
	return r->supervised;
}

static bool is_open_hour(const struct rules *r, int64_t now_us)
{
	time_t now = (time_t)(now_us / WHEN_SECOND_US);
	struct tm local;

	if (r->hours_count == 0)
		return true;
	if (localtime_r(&now, &local) == NULL)
		return false;
	int minute = local.tm_hour * 60 + local.tm_min;

	for (size_t i = 0; i < r->hours_count; i++)
		if (r->hours[i].days[local.tm_wday] && minute >= r->hours[i].from_min &&
			minute < r->hours[i].until_min)
			return true;
	return false;
}

/* With the lock held. */
static void lock_room(struct rules *r)
{
	r->unlocker[0] = '\0';
	r->sitting_count = 0;
}

/* With the lock held. */
static enum rules_state state_of(struct rules *r)
{
	int64_t now_us = clock_now_us(r->clock);
	bool open = is_open_hour(r, now_us);

	if (!open || now_us - r->unlocked_us > ROOM_OPEN_S * WHEN_SECOND_US ||
		now_us < r->unlocked_us)
		lock_room(r);
	if (!open)
		return RULES_CLOSED;
	return r->supervised && r->unlocker[0] == '\0' ? RULES_LOCKED : RULES_OPEN;
}

enum rules_state rules_now(struct rules *r, char said[RULES_SAID_BYTES])
{
	pthread_mutex_lock(&r->lock);
	enum rules_state state = state_of(r);

	pthread_mutex_unlock(&r->lock);
	said[0] = '\0';
	if (state == RULES_CLOSED)
		snprintf(said, RULES_SAID_BYTES, "This access point is open %s.", r->hours_text);
	else if (state == RULES_LOCKED)
		snprintf(said, RULES_SAID_BYTES,
			"This room is supervised: somebody else unlocks it before you sign in.");
	return state;
}

static bool is_public(const char *verb)
{
	static const char *const verbs[] = { "lab.hello", "lab.openapi", "ledger.file",
		"session.end", "session.show" };

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verb, verbs[i]) == 0)
			return true;
	return false;
}

/* The name in the body of a session.start. */
static bool is_supervisor(const struct rules *r, struct str body)
{
	struct str name = STR("");
	json_t *root = NULL;
	struct err ignored;
	bool is = false;

	if (json_parse(body, LIMIT_JSON_BYTES, &root, &ignored) == OK)
		json_str(root, "name", &name);
	for (size_t i = 0; !is && i < r->supervisor_count; i++)
		is = str_eq(str_from(r->supervisors[i]), name);
	json_decref(root);
	return is;
}

/* With the lock held. */
static bool sits_here(const struct rules *r, const uint8_t *token)
{
	struct sha256 digest = sha256_of(str_of(token, FRAME_TOKEN_BYTES));

	for (size_t i = 0; i < r->sitting_count; i++)
		if (sha256_eq(&r->sitting[i], &digest))
			return true;
	return false;
}

bool rules_let_pass(struct rules *r, const struct client_call *call, struct err *why)
{
	bool is_sign_in = strcmp(call->verb, "session.start") == 0;
	char said[RULES_SAID_BYTES];

	if (is_public(call->verb) || (r->hours_count == 0 && !r->supervised))
		return true;
	enum rules_state state = rules_now(r, said);

	if (state == RULES_LOCKED && is_sign_in && is_supervisor(r, call->body))
		return true;
	if (state != RULES_OPEN) {
		err_set(why, ERR_DENIED, "%s", said);
		return false;
	}
	if (!r->supervised || is_sign_in || call->token == NULL)
		return true;
	pthread_mutex_lock(&r->lock);
	bool sits = sits_here(r, call->token);

	pthread_mutex_unlock(&r->lock);
	if (!sits)
		err_set(why, ERR_AUTH, "the room was locked since you signed in: sign in again");
	return sits;
}

/* With the lock held. False, with the reason: the session may not be. */
static bool admit(struct rules *r, struct str person, struct str token, struct err *why)
{
	uint8_t bytes[FRAME_TOKEN_BYTES];
	size_t len;

	/* To unlock, from the room's own page. */
	if (r->unlocker[0] == '\0')
		return true;
	if (str_eq(person, str_from(r->unlocker))) {
		err_set(why, ERR_DENIED, "who unlocked the room does not sign in here");
		return false;
	}
	if (r->sitting_count == SITTING_MAX ||
		!base64url_parse(token, bytes, sizeof(bytes), &len) || len != sizeof(bytes)) {
		err_set(why, ERR_LIMIT, "too many sign-ins since the room was unlocked");
		return false;
	}
	r->sitting[r->sitting_count++] = sha256_of(str_of(bytes, sizeof(bytes)));
	secret_wipe(bytes, sizeof(bytes));
	return true;
}

void rules_signed_in(struct rules *r, struct str json, struct str *token, struct err *why)
{
	struct str given = STR(""), person = STR("");
	json_t *root = NULL;
	struct err ignored;

	*token = STR("");
	if (!r->supervised || json_parse(json, LIMIT_ANSWER_BYTES, &root, &ignored) != OK)
		return;
	const json_t *who = json_object_get(root, "person");

	if (json_str(root, "token", &given) && who != NULL && json_str(who, "id", &person)) {
		pthread_mutex_lock(&r->lock);
		bool admitted = admit(r, person, given, why);
		const char *at = memmem(json.ptr, json.len, given.ptr, given.len);

		pthread_mutex_unlock(&r->lock);
		if (!admitted && at != NULL)
			*token = str_of(at, given.len);
	}
	json_decref(root);
}

enum err_kind rules_unlock(struct rules *r, struct str person, struct err *err)
{
	char said[RULES_SAID_BYTES];

	if (rules_now(r, said) == RULES_CLOSED)
		return err_set(err, ERR_DENIED, "%s", said);
	if (person.len == 0 || person.len >= sizeof(r->unlocker))
		return err_set(err, ERR_CORRUPT, "the lab does not say who signed in");
	pthread_mutex_lock(&r->lock);
	lock_room(r);
	memcpy(r->unlocker, person.ptr, person.len);
	r->unlocker[person.len] = '\0';
	r->unlocked_us = clock_now_us(r->clock);
	pthread_mutex_unlock(&r->lock);
	return OK;
}

void rules_lock(struct rules *r)
{
	pthread_mutex_lock(&r->lock);
	lock_room(r);
	pthread_mutex_unlock(&r->lock);
}
