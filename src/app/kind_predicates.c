/*
 * kind_predicates: the conditions that a kind's file may name. Each says one thing about a record and
 * whoever acts on it; a value that is missing does not count against it.
 */
#include "app/opening.h"
#include "app/record.h"
#include "app/record_values.h"
#include "base/hex.h"
#include "base/when.h"
#include "crypto/sign.h"

#define PREDICATE(name)                                                                            \
	static enum err_kind name(const struct record_desk *desk, const struct record *record,     \
		struct refusal *no, struct err *err)

static enum err_kind refuse(struct refusal *no, enum err_kind kind, const char *why)
{
	*no = (struct refusal){ kind, why };
	return OK;
}

/* The record's field of type id, loaded; *there false when the field is missing. */
static enum err_kind load_ref(const struct record_desk *desk, const struct record *record,
	const char *field, struct record *target, bool *there, struct err *err)
{
	const struct kind_field *f = kind_field(record->kind, str_from(field));

	*there = f != NULL && f->type == FIELD_ID && !f->list && record_given(record, field);
	return *there ? record_load(desk, record_text(record, field), target, err) : OK;
}

static enum err_kind is_active_ref(const struct record_desk *desk, const struct record *record,
	const char *field, struct refusal *no, struct err *err)
{
	struct record target;
	bool there;
	enum err_kind rc = load_ref(desk, record, field, &target, &there, err);

	if (rc == OK && there && !str_eq(target.state, STR("active")))
		return refuse(no, ERR_CONFLICT, "the organisation is suspended");
	return rc;
}

PREDICATE(party_active)
{
	return is_active_ref(desk, record, "party", no, err);
}

PREDICATE(organisation_active)
{
	return is_active_ref(desk, record, "organisation", no, err);
}

/* The record is the caller's own. */
PREDICATE(not_oneself)
{
	(void)err;
	if (str_eq(record->id, desk->caller->person_id))
		return refuse(no, ERR_DENIED, "nobody does this for themselves");
	return OK;
}

PREDICATE(not_own_organisation)
{
	(void)err;
	if (str_eq(record->id, desk->caller->organisation_id))
		return refuse(no, ERR_DENIED, "nobody does this to their own organisation");
	return OK;
}

/* Its party is the organisation of whoever acts: nobody asks in another's name. */
PREDICATE(party_own)
{
	(void)err;
	if (!str_eq(record_text(record, "party"), desk->caller->organisation_id))
		return refuse(no, ERR_DENIED, "its party must be your own organisation");
	return OK;
}

/* A grant that names the caller, or that serves everybody of the caller's organisation. */
PREDICATE(not_for_oneself)
{
	size_t count;
	const struct str *people = record_items(record, "people", &count);

	(void)err;
	for (size_t i = 0; i < count; i++) {
		if (str_eq(people[i], desk->caller->person_id))
			return refuse(no, ERR_DENIED,
				"needs somebody else: it names you among its people");
	}
	if (count == 0 && str_eq(record_text(record, "party"), desk->caller->organisation_id))
		return refuse(
			no, ERR_DENIED, "it would serve you too: name its people, without you");
	return OK;
}

PREDICATE(until_ahead)
{
	(void)err;
	if (record_given(record, "until") && record_number(record, "until", 0) <= desk->now_us)
		return refuse(no, ERR_CONFLICT, "its end lies in the past");
	return OK;
}

/* Whoever acts belongs to an organisation for which the trail is sealed, which has not agreed yet. */
PREDICATE(party_of_opening)
{
	struct opening_agreed agreed;
	size_t count;
	const struct str *parties = record_items(record, "parties", &count);
	struct str mine = desk->caller->organisation_id;
	bool is_party = str_eq(record_text(record, "organisation"), mine);

	for (size_t i = 0; i < count && !is_party; i++)
		is_party = str_eq(parties[i], mine);
	if (!is_party)
		return refuse(no, ERR_DENIED, "the trail is not sealed for your organisation");
	enum err_kind rc = opening_agreed_load(desk->db, record->id, &agreed, err);

	if (rc == OK && opening_has_agreed(&agreed, mine))
		return refuse(no, ERR_CONFLICT, "your organisation has agreed already");
	return rc;
}

PREDICATE(opening_agreed)
{
	struct opening_agreed agreed;
	bool enough;
	enum err_kind rc = opening_agreed_load(desk->db, record->id, &agreed, err);

	if (rc == OK)
		rc = opening_is_enough(
			desk->db, record_text(record, "session"), &agreed, &enough, err);
	if (rc == OK && !enough)
		return refuse(no, ERR_CONFLICT,
			"not enough of the parties for which the trail is sealed have agreed");
	return rc;
}

/* The engagement of a grant is not over. */
PREDICATE(engagement_lasts)
{
	struct record engagement;
	bool there;
	enum err_kind rc = load_ref(desk, record, "engagement", &engagement, &there, err);

	if (rc != OK || !there)
		return rc;
	if (str_eq(engagement.state, STR("closed")) || str_eq(engagement.state, STR("dropped")))
		return refuse(no, ERR_CONFLICT, "its engagement is over");
	return OK;
}

/* Party and product are those of the engagement. */
PREDICATE(party_of_engagement)
{
	struct record engagement;
	bool there;
	enum err_kind rc = load_ref(desk, record, "engagement", &engagement, &there, err);

	if (rc != OK || !there)
		return rc;
	if (!str_eq(record_text(record, "party"), record_text(&engagement, "party")))
		return refuse(no, ERR_CONFLICT, "its party is not that of the engagement");
	if (!str_eq(record_text(record, "product"), record_text(&engagement, "product")))
		return refuse(no, ERR_CONFLICT, "its product is not that of the engagement");
	return OK;
}

/* From, until: in this order, and not beyond the engagement's end. */
PREDICATE(within_engagement)
{
	struct record engagement;
	bool there;
	int64_t until = record_number(record, "until", INT64_MAX);
	enum err_kind rc = load_ref(desk, record, "engagement", &engagement, &there, err);

	if (rc != OK)
		return rc;
	if (record_given(record, "until") && record_number(record, "from", INT64_MIN) >= until)
		return refuse(no, ERR_CONFLICT, "it ends before it begins");
	if (there && record_given(record, "until") &&
		until > record_number(&engagement, "until", INT64_MAX))
		return refuse(no, ERR_CONFLICT, "it ends after its engagement");
	return OK;
}

PREDICATE(releases_of_product)
{
	size_t count;
	const struct str *releases = record_items(record, "releases", &count);

	for (size_t i = 0; i < count; i++) {
		struct record release;
		enum err_kind rc = record_load(desk, releases[i], &release, err);

		if (rc != OK)
			return rc;
		if (!str_eq(record_text(&release, "product"), record_text(record, "product")))
			return refuse(no, ERR_CONFLICT, "a release is not of its product");
		if (!str_eq(release.state, STR("ingested")))
			return refuse(no, ERR_CONFLICT, "a release was withdrawn");
	}
	return OK;
}

PREDICATE(people_of_party)
{
	size_t count;
	const struct str *people = record_items(record, "people", &count);

	for (size_t i = 0; i < count; i++) {
		struct record person;
		enum err_kind rc = record_load(desk, people[i], &person, err);

		if (rc != OK)
			return rc;
		if (!str_eq(record_text(&person, "organisation"), record_text(record, "party")))
			return refuse(
				no, ERR_CONFLICT, "one of its people does not belong to its party");
	}
	return OK;
}

/* The organisation has one root key at a time, and no two organisations share one. */
PREDICATE(sole_agreement)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(desk->db,
		"SELECT r.id, r.body FROM records r WHERE r.kind = :kind AND r.state = 'in_force'"
		" AND r.id <> :id",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":kind", str_from(record->kind->name));
	stmt_text(s, ":id", record->id);
	for (;;) {
		struct record_value *values;

		rc = stmt_step(s, &row, err);
		if (rc != OK || !row)
			return rc;
		rc = record_body_read(
			desk->mem, record->id, record->kind, stmt_col_str(s, 1), &values, err);
		if (rc != OK)
			break;
		struct record other = { .kind = record->kind, .values = values };

		if (str_eq(record_text(&other, "organisation"),
			    record_text(record, "organisation")))
			rc = refuse(no, ERR_CONFLICT,
				"another agreement with this organisation is in force: end it first");
		else if (str_eq(record_text(&other, "root_key"), record_text(record, "root_key")))
			rc = refuse(no, ERR_CONFLICT,
				"its root key is that of another organisation's agreement");
		if (no->kind != OK)
			break;
	}
	stmt_end(s);
	return rc;
}

/* A signature under the root key can prove something. */
PREDICATE(root_key_sound)
{
	struct sign_public root;
	struct str text = record_text(record, "root_key");
	size_t len;

	(void)desk;
	(void)err;
	if (text.len > 0 &&
		(!base64_parse(text, root.bytes, sizeof(root.bytes), &len) ||
			len != sizeof(root.bytes) || !sign_public_is_sound(&root)))
		return refuse(no, ERR_CONFLICT, "its root key is no Ed25519 key that could sign");
	return OK;
}

/* Parties and how many of them open a trail: both or neither, and not more than there are. */
PREDICATE(quorum_of_parties)
{
	size_t count;
	int64_t quorum = record_number(record, "quorum", 0);

	(void)desk;
	(void)err;
	record_items(record, "parties", &count);
	if ((count == 0) != (quorum == 0))
		return refuse(no, ERR_CONFLICT,
			"name both: the parties that open trails, and how many of them it takes");
	if (quorum > (int64_t)count)
		return refuse(no, ERR_CONFLICT, "its quorum is larger than its number of parties");
	return OK;
}

/* The access points named are those of the lab. */
PREDICATE(points_exist)
{
	size_t count;
	const struct str *points = record_items(record, "points", &count);

	for (size_t i = 0; i < count; i++) {
		struct stmt *s;
		bool row;
		enum err_kind rc = stmt_begin(
			desk->db, "SELECT 1 FROM points WHERE name = :name", &s, err);

		if (rc != OK)
			return rc;
		stmt_text(s, ":name", points[i]);
		rc = stmt_step(s, &row, err);
		if (rc != OK)
			return rc;
		if (!row)
			return refuse(
				no, ERR_CONFLICT, "it names an access point that is not there");
		stmt_end(s);
	}
	return OK;
}

/* What a condition reads of the record; a kind that lacks it is refused when it is loaded. */
struct read_field {
	const char *name;
	enum field_type type;
	bool list;
	const char *target;
};
enum { READ_FIELDS_MAX = 4 };

#define ENGAGEMENT                                                                                 \
	{                                                                                          \
		"engagement", FIELD_ID, false, "engagement"                                        \
	}
#define PARTY                                                                                      \
	{                                                                                          \
		"party", FIELD_ID, false, "organisation"                                           \
	}
#define PEOPLE                                                                                     \
	{                                                                                          \
		"people", FIELD_ID, true, "person"                                                 \
	}
#define PRODUCT                                                                                    \
	{                                                                                          \
		"product", FIELD_ID, false, "product"                                              \
	}
#define UNTIL                                                                                      \
	{                                                                                          \
		"until", FIELD_TIME, false, NULL                                                   \
	}

static const struct {
	const char *name;
	kind_predicate_fn *holds;
	struct read_field reads[READ_FIELDS_MAX];
} predicates[] = {
	{ "engagement_lasts", engagement_lasts, { ENGAGEMENT } },
	{ "not_for_oneself", not_for_oneself, { PARTY, PEOPLE } },
	{ "not_oneself", not_oneself, { { 0 } } },
	{ "opening_agreed", opening_agreed, { { "session", FIELD_LINE, false, NULL } } },
	{ "party_of_opening", party_of_opening,
		{ { "parties", FIELD_ID, true, "organisation" },
			{ "organisation", FIELD_ID, false, "organisation" } } },
	{ "not_own_organisation", not_own_organisation, { { 0 } } },
	{ "organisation_active", organisation_active,
		{ { "organisation", FIELD_ID, false, "organisation" } } },
	{ "party_active", party_active, { PARTY } },
	{ "party_own", party_own, { PARTY } },
	{ "party_of_engagement", party_of_engagement, { ENGAGEMENT, PARTY, PRODUCT } },
	{ "people_of_party", people_of_party, { PARTY, PEOPLE } },
	{ "quorum_of_parties", quorum_of_parties,
		{ { "parties", FIELD_ID, true, "organisation" },
			{ "quorum", FIELD_INT, false, NULL } } },
	{ "root_key_sound", root_key_sound, { { "root_key", FIELD_KEY, false, NULL } } },
	{ "sole_agreement", sole_agreement,
		{ { "organisation", FIELD_ID, false, "organisation" },
			{ "root_key", FIELD_KEY, false, NULL } } },
	{ "points_exist", points_exist, { { "points", FIELD_LINE, true, NULL } } },
	{ "releases_of_product", releases_of_product,
		{ PRODUCT, { "releases", FIELD_ID, true, "release" } } },
	{ "until_ahead", until_ahead, { UNTIL } },
	{ "within_engagement", within_engagement,
		{ ENGAGEMENT, UNTIL, { "from", FIELD_TIME, false, NULL } } },
};

static bool has_field(const struct kind *kind, const struct read_field *want)
{
	const struct kind_field *f = kind_field(kind, str_from(want->name));

	return f != NULL && f->type == want->type && f->list == want->list &&
		(want->target == NULL || strcmp(f->target_name, want->target) == 0);
}

kind_predicate_fn *kind_predicate(const struct kind *kind, struct str name, const char **lacks)
{
	*lacks = NULL;
	for (size_t i = 0; i < sizeof(predicates) / sizeof(predicates[0]); i++) {
		if (!str_eq(str_from(predicates[i].name), name))
			continue;
		for (size_t k = 0; k < READ_FIELDS_MAX; k++) {
			const struct read_field *want = &predicates[i].reads[k];

			if (want->name != NULL && !has_field(kind, want))
				*lacks = want->name;
		}
		return *lacks == NULL ? predicates[i].holds : NULL;
	}
	return NULL;
}
