#include "app/access.h"

#include "app/args.h"
#include "app/pseudonym.h"
#include "app/record.h"
#include "base/limit.h"
#include "base/when.h"

/* How near a grant comes to what is asked; the nearest one decides what a refusal says. */
enum nearness {
	OTHER_PEOPLE, /* also: no grant, no such engagement */
	OTHER_PATH,
	OTHER_ACTIVITY,
	OTHER_FORM,
	OTHER_POINT,
	NOT_YET,
	ENDED,
	COVERS,
};

static const struct {
	const char *word;
	enum activity activity;
} activities[] = {
	{ "view", ACTIVITY_VIEW },
	{ "search", ACTIVITY_SEARCH },
	{ "scan", ACTIVITY_SCAN },
	{ "test", ACTIVITY_TEST },
	{ "docs", ACTIVITY_DOCS },
};

static const struct {
	const char *word;
	enum grant_form form;
} forms[] = {
	{ "glass", FORM_GLASS },
	{ "names", FORM_NAMES },
	{ "text", FORM_TEXT },
};

/* What is asked. */
struct asked {
	const struct record_desk *desk;
	enum activity activity; /* ACTIVITY_NONE: any */
	struct str release, path;
	bool has_path, listing;
	int64_t engagement_until_us;
};

static bool is_listed(const struct record *grant, const char *field, struct str what)
{
	size_t count;
	const struct str *items = record_items(grant, field, &count);

	for (size_t i = 0; i < count; i++) {
		if (str_eq(items[i], what))
			return true;
	}
	return false;
}

/* An empty list names everybody, or every place. */
static bool is_listed_or_all(const struct record *grant, const char *field, struct str what)
{
	return !record_given(grant, field) || is_listed(grant, field, what);
}

static bool has_activity(const struct record *grant, enum activity activity)
{
	for (size_t i = 0; i < sizeof(activities) / sizeof(activities[0]); i++) {
		if (activities[i].activity == activity)
			return is_listed(grant, "activities", str_from(activities[i].word));
	}
	return activity == ACTIVITY_NONE;
}

static unsigned forms_of(const struct record *grant)
{
	unsigned mask = 0;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (is_listed(grant, "forms", str_from(forms[i].word)))
			mask |= (unsigned)forms[i].form;
	}
	return mask;
}

static enum err_kind raw_paths(const struct record_desk *desk, const struct record *grant,
	const char *field, const struct str **paths, size_t *count, struct err *err)
{
	const struct str *shown = record_items(grant, field, count);
	struct str *raw = arena_array(desk->mem, struct str, *count);

	if (raw == NULL)
		return err_set(err, ERR_LIMIT, "access: request memory used up");
	for (size_t i = 0; i < *count; i++) {
		/* Checked when it was stored: a grant that does not read is not in force. */
		if (path_from_shown(desk->mem, shown[i], &raw[i], err) != OK)
			return err_set(err, ERR_CORRUPT, "grant %.*s: %s does not read",
				STR_ARG(grant->id), field);
	}
	*paths = raw;
	return OK;
}

static enum err_kind open_grant(const struct asked *asked, const struct record *record,
	struct scope_grant *grant, struct err *err)
{
	int64_t until_us = record_number(record, "until", INT64_MIN), used = 0;
	enum err_kind rc = budget_used(asked->desk->db, record->id, asked->desk->caller->person_id,
		asked->desk->now_us, &used, err);

	if (rc != OK)
		return rc;
	*grant = (struct scope_grant){
		.id = record->id,
		.forms = forms_of(record),
		.until_us = until_us < asked->engagement_until_us ? until_us
								  : asked->engagement_until_us,
		.lines_per_hour = record_number(record, "lines_per_hour", 0),
	};
	grant->lines_left = used < grant->lines_per_hour ? grant->lines_per_hour - used : 0;
	rc = raw_paths(asked->desk, record, "paths", &grant->prefixes, &grant->prefix_count, err);
	if (rc == OK)
		rc = raw_paths(asked->desk, record, "paths_except", &grant->excepted,
			&grant->excepted_count, err);
	return rc;
}

static bool covers_path(const struct asked *asked, const struct scope_grant *grant)
{
	struct scope alone = { .grants = grant, .grant_count = 1 };

	if (asked->has_path && scope_covers(&alone, asked->path))
		return true;
	return asked->listing ? scope_reaches(&alone, asked->path) : !asked->has_path;
}

/* The path apart. */
static enum nearness nearness_of(
	const struct asked *asked, const struct record *record, const struct scope_grant *grant)
{
	const struct caller *caller = asked->desk->caller;
	int64_t now_us = asked->desk->now_us;

	if (!str_eq(record_text(record, "party"), caller->organisation_id) ||
		!is_listed_or_all(record, "people", caller->person_id))
		return OTHER_PEOPLE;
	if (asked->release.len > 0 && !is_listed(record, "releases", asked->release))
		return OTHER_PATH;
	if (!has_activity(record, asked->activity))
		return OTHER_ACTIVITY;
	if (asked->activity == ACTIVITY_VIEW && (grant->forms & FORM_GLASS) == 0)
		return OTHER_FORM;
	if (!is_listed_or_all(record, "points", caller->point))
		return OTHER_POINT;
	if (now_us < record_number(record, "from", INT64_MIN))
		return NOT_YET;
	return now_us < grant->until_us ? COVERS : ENDED;
}

/* Ids of the engagement's approved grants, in their order. */
static enum err_kind list_grants(const struct record_desk *desk, struct str engagement,
	struct str *ids, size_t *count, struct err *err)
{
	struct stmt *s;
	bool row;
	enum err_kind rc = stmt_begin(desk->db,
		"SELECT g.id FROM record_refs e JOIN records g ON g.id = e.id"
		" WHERE e.target = :engagement AND e.field = 'engagement'"
		" AND g.kind = 'grant' AND g.state = 'approved' ORDER BY g.id",
		&s, err);

	*count = 0;
	if (rc != OK)
		return rc;
	stmt_text(s, ":engagement", engagement);
	for (;;) {
		rc = stmt_step(s, &row, err);
		if (rc != OK || !row)
			return rc;
		if (*count == LIMIT_LIST_ITEMS ||
			!arena_copy(desk->mem, stmt_col_str(s, 0), &ids[*count])) {
			stmt_end(s);
			return err_set(err, ERR_LIMIT, "more than %d grants in one engagement",
				LIMIT_LIST_ITEMS);
		}
		++*count;
	}
}

/*
 * Every grant of the engagement that is in force for the release and activity, whatever its paths: a listing
 * shows what any of them opens. *nearest is COVERS when one of them covers the path, too.
 */
static enum err_kind fitting_grants(const struct asked *asked, struct str engagement,
	struct scope_grant **grants, struct record **records, size_t *count, enum nearness *nearest,
	struct err *err)
{
	struct str ids[LIMIT_LIST_ITEMS];
	size_t listed;
	enum err_kind rc = list_grants(asked->desk, engagement, ids, &listed, err);

	if (rc != OK)
		return rc;
	*count = 0;
	*nearest = OTHER_PEOPLE;
	*grants = arena_array(asked->desk->mem, struct scope_grant, listed);
	*records = arena_array(asked->desk->mem, struct record, listed);
	if (*grants == NULL || *records == NULL)
		return err_set(err, ERR_LIMIT, "access: request memory used up");
	for (size_t i = 0; i < listed; i++) {
		struct record *record = &(*records)[*count];
		struct scope_grant *grant = &(*grants)[*count];

		rc = record_load(asked->desk, ids[i], record, err);
		if (rc == OK)
			rc = open_grant(asked, record, grant, err);
		if (rc != OK)
			return rc;
		enum nearness near = nearness_of(asked, record, grant);

		if (near == COVERS)
			++*count;
		if (near > OTHER_PATH && !covers_path(asked, grant))
			near = OTHER_PATH;
		if (near > *nearest)
			*nearest = near;
	}
	return OK;
}

static enum err_kind refuse(enum nearness nearest, struct err *err)
{
	static const char *const texts[] = {
		/* One text for both: which of them it is would tell what exists. */
		[OTHER_PEOPLE] =
			"no grant of yours covers this: ask the lab's officers for a grant that covers this path",
		[OTHER_PATH] =
			"no grant of yours covers this: ask the lab's officers for a grant that covers this path",
		[OTHER_ACTIVITY] =
			"your grant does not allow this activity: ask the lab's officers for one that does",
		[OTHER_FORM] =
			"your grant does not allow pages: ask the lab's officers for a grant with the form glass",
		[OTHER_POINT] =
			"your grant does not hold at this access point: ask the lab's officers",
		[NOT_YET] = "your grant has not begun yet: ask the lab's officers",
		[ENDED] = "your grant has ended: ask the lab's officers for a new one",
	};

	assert(nearest < COVERS);
	return err_set(err, ERR_DENIED, "%s", texts[nearest]);
}

/* An engagement of the caller's party that is open now. */
static enum err_kind open_engagement(
	const struct record_desk *desk, struct str id, struct record *engagement, struct err *err)
{
	enum err_kind rc = record_load(desk, id, engagement, err);

	if (rc == ERR_NOT_FOUND)
		return refuse(OTHER_PEOPLE, err);
	if (rc != OK)
		return rc;
	size_t state = kind_state(engagement->kind, engagement->state);

	if (strcmp(engagement->kind->name, "engagement") != 0 ||
		engagement->kind->states[state].inside ||
		!str_eq(record_text(engagement, "party"), desk->caller->organisation_id))
		return refuse(OTHER_PEOPLE, err);
	if (!str_eq(engagement->state, STR("open")))
		return err_set(err, ERR_DENIED, "the engagement is %s: ask the lab's officers",
			engagement->kind->states[state].word);
	if (desk->now_us >= record_number(engagement, "until", INT64_MIN))
		return err_set(err, ERR_DENIED,
			"the engagement has ended: ask the lab's officers for a new one");
	return OK;
}

/* A release that is there and not withdrawn; else the text for a grant that does not name it. */
static enum err_kind check_release(const struct record_desk *desk, struct str id, struct err *err)
{
	struct record release;
	enum err_kind rc = record_load(desk, id, &release, err);

	if (rc == ERR_NOT_FOUND)
		return refuse(OTHER_PATH, err);
	if (rc == OK &&
		(strcmp(release.kind->name, "release") != 0 ||
			!str_eq(release.state, STR("ingested"))))
		return refuse(OTHER_PATH, err);
	return rc;
}

/* The grant with the most lines left decides the figures; its forms are those of the path. */
static void choose(struct scope *scope, const struct asked *asked)
{
	const struct scope_grant *best = NULL;

	for (size_t i = 0; i < scope->grant_count; i++) {
		const struct scope_grant *g = &scope->grants[i];

		if (!covers_path(asked, g))
			continue;
		if (best == NULL || g->lines_left > best->lines_left ||
			(g->lines_left == best->lines_left && g->until_us > best->until_us))
			best = g;
	}
	assert(best != NULL);
	scope->grant_id = best->id;
	scope->forms = best->forms;
	scope->until_us = best->until_us;
	scope->lines_per_hour = best->lines_per_hour;
	scope->lines_left = best->lines_left;
	/* Without a path it stands for all of them: only what every one allows. */
	for (size_t i = 0; !asked->has_path && i < scope->grant_count; i++)
		scope->forms &= scope->grants[i].forms;
}

static enum err_kind name_parties(const struct ctx *ctx, struct scope *scope, struct err *err)
{
	char engagement[PSEUDONYM_BYTES], actor[PSEUDONYM_BYTES];
	const uint8_t *key = ctx->lab->keys.pseudonym;

	pseudonym_engagement(key, scope->engagement_id, engagement);
	pseudonym_actor(key, ctx->caller.person_id, scope->engagement_id, actor);
	if (!arena_copy(ctx->mem, str_from(engagement), &scope->engagement_pseudonym) ||
		!arena_copy(ctx->mem, str_from(actor), &scope->actor_pseudonym))
		return err_set(err, ERR_LIMIT, "access: request memory used up");
	return OK;
}

enum err_kind access_check(struct ctx *ctx, enum activity activity, struct str engagement,
	struct str release, struct str path, bool listing, struct scope *scope, struct err *err)
{
	struct record_desk desk = record_desk_of(ctx);
	struct record found, *records;
	struct scope_grant *grants;
	struct asked asked = { .desk = &desk,
		.activity = activity,
		.release = release,
		.path = path,
		.has_path = path.len > 0,
		.listing = listing };
	struct scope made = { 0 };
	enum nearness nearest;
	enum err_kind rc = open_engagement(&desk, engagement, &found, err);

	if (rc == OK && release.len > 0)
		rc = check_release(&desk, release, err);
	if (rc != OK)
		return rc;
	asked.engagement_until_us = record_number(&found, "until", INT64_MIN);
	rc = fitting_grants(&asked, found.id, &grants, &records, &made.grant_count, &nearest, err);
	if (rc != OK)
		return rc;
	if (nearest != COVERS)
		return refuse(nearest, err);
	made.grants = grants;
	made.engagement_id = found.id;
	made.engagement_title = found.title;
	choose(&made, &asked);
	if (release.len == 0) /* paths are of a release: without one, none is covered */
		made.grant_count = 0;
	rc = name_parties(ctx, &made, err);
	if (rc == OK)
		*scope = made;
	return rc;
}

enum err_kind access_refuse_path(struct err *err)
{
	return refuse(OTHER_PATH, err);
}

enum err_kind access_grants(const struct record_desk *desk, const struct record *engagement,
	struct scope_grant **grants, struct record **records, size_t *count, struct err *err)
{
	struct asked asked = {
		.desk = desk,
		.engagement_until_us = record_number(engagement, "until", INT64_MIN),
	};
	enum nearness nearest;

	*count = 0;
	if (!str_eq(engagement->state, STR("open")) ||
		!str_eq(record_text(engagement, "party"), desk->caller->organisation_id))
		return OK;
	return fitting_grants(&asked, engagement->id, grants, records, count, &nearest, err);
}
