#include "ledger/policy.h"

enum { FIELDS_MAX = POLICY_MEMBERS_MAX + 3 };

/* One line cut at its blanks. */
struct fields {
	size_t count;
	struct str at[FIELDS_MAX];
};

struct reading {
	struct policy *policy;
	uint64_t line; /* for messages */
	uint64_t taken; /* members that belong to a group already, by their bits */
	bool has_quorum;
};

static enum err_kind refuse(const struct reading *r, struct err *err, const char *why)
{
	return err_set(err, ERR_INPUT, "policy, line %llu: %s", (unsigned long long)r->line, why);
}

static enum err_kind too_many(const struct reading *r, struct err *err, const char *what)
{
	return err_set(err, ERR_LIMIT, "policy, line %llu: too many %s",
		(unsigned long long)r->line, what);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* False: more fields than any line may have. */
static bool cut_fields(struct str line, struct fields *f)
{
	size_t at = 0;

	f->count = 0;
	for (;;) {
		while (at < line.len && is_blank(line.ptr[at]))
			at++;
		if (at == line.len)
			return true;
		size_t from = at;

		while (at < line.len && !is_blank(line.ptr[at]))
			at++;
		if (f->count == FIELDS_MAX)
			return false;
		f->at[f->count++] = str_of(line.ptr + from, at - from);
	}
}

/* A witness or a group by its name; POLICY_NO_QUORUM: there is none. */
static uint8_t find_member(const struct policy *p, struct str name)
{
	for (size_t i = 0; i < p->witness_count; i++)
		if (str_eq(p->witnesses[i].name, name))
			return (uint8_t)i;
	for (size_t i = 0; i < p->group_count; i++)
		if (str_eq(p->groups[i].name, name))
			return (uint8_t)(POLICY_WITNESSES_MAX + i);
	return POLICY_NO_QUORUM;
}

static bool key_is_known(const struct policy *p, const struct sign_public *key)
{
	for (size_t i = 0; i < p->log_count; i++)
		if (memcmp(&p->logs[i].vkey.key, key, sizeof(*key)) == 0)
			return true;
	for (size_t i = 0; i < p->witness_count; i++)
		if (memcmp(&p->witnesses[i].vkey.key, key, sizeof(*key)) == 0)
			return true;
	return false;
}

/* A verifier key of the type that its role needs, seen for the first time. */
static enum err_kind take_key(const struct reading *r, struct str text, enum note_type type,
	struct note_vkey *vkey, struct err *err)
{
	if (note_vkey_parse(text, vkey, err) != OK)
		return err_context(err, "policy, line %llu", (unsigned long long)r->line);
	if (vkey->type != type)
		return refuse(r, err,
			type == NOTE_ED25519 ? "the key of a log is of type 01"
					     : "the key of a witness is of type 04");
	return key_is_known(r->policy, &vkey->key) ? refuse(r, err, "this key occurs twice") : OK;
}

static enum err_kind new_name(const struct reading *r, struct str name, struct err *err)
{
	if (str_eq(name, STR("none")))
		return refuse(r, err, "\"none\" is no name");
	if (find_member(r->policy, name) != POLICY_NO_QUORUM)
		return refuse(r, err, "this name is taken");
	return OK;
}

static enum err_kind take_log(struct reading *r, const struct fields *f, struct err *err)
{
	struct policy *p = r->policy;
	struct policy_log log = { .url = f->count == 3 ? f->at[2] : STR("") };

	if (f->count != 2 && f->count != 3)
		return refuse(r, err, "log VKEY [URL]");
	if (p->log_count == POLICY_LOGS_MAX)
		return too_many(r, err, "logs");
	if (take_key(r, f->at[1], NOTE_ED25519, &log.vkey, err) != OK)
		return err->kind;
	p->logs[p->log_count++] = log;
	return OK;
}

static enum err_kind take_witness(struct reading *r, const struct fields *f, struct err *err)
{
	struct policy *p = r->policy;
	struct policy_witness witness = { .owner = STR("") };

	if (f->count != 3 && f->count != 4)
		return refuse(r, err, "witness NAME VKEY [URL]");
	if (p->witness_count == POLICY_WITNESSES_MAX)
		return too_many(r, err, "witnesses");
	if (new_name(r, f->at[1], err) != OK ||
		take_key(r, f->at[2], NOTE_COSIGNATURE, &witness.vkey, err) != OK)
		return err->kind;
	witness.name = f->at[1];
	witness.url = f->count == 4 ? f->at[3] : STR("");
	p->witnesses[p->witness_count++] = witness;
	return OK;
}

static enum err_kind take_members(
	struct reading *r, const struct fields *f, struct policy_group *group, struct err *err)
{
	for (size_t i = 3; i < f->count; i++) {
		uint8_t member = find_member(r->policy, f->at[i]);

		if (member == POLICY_NO_QUORUM)
			return refuse(r, err, "a member must be defined on a line before");
		if ((r->taken >> member & 1) != 0)
			return refuse(r, err, "a member belongs to one group only");
		r->taken |= UINT64_C(1) << member;
		group->members[group->member_count++] = member;
	}
	return OK;
}

static enum err_kind take_group(struct reading *r, const struct fields *f, struct err *err)
{
	struct policy *p = r->policy;
	struct policy_group group = { .member_count = 0 };
	uint64_t threshold;

	if (f->count < 4)
		return refuse(r, err, "group NAME all|any|K MEMBER…");
	if (p->group_count == POLICY_GROUPS_MAX)
		return too_many(r, err, "groups");
	if (new_name(r, f->at[1], err) != OK || take_members(r, f, &group, err) != OK)
		return err->kind;
	if (str_eq(f->at[2], STR("any")))
		threshold = 1;
	else if (str_eq(f->at[2], STR("all")))
		threshold = group.member_count;
	else if (!str_to_u64(f->at[2], &threshold) || threshold == 0 ||
		threshold > group.member_count)
		return refuse(r, err, "a group's threshold is all, any, or from 1 to its size");
	group.name = f->at[1];
	group.threshold = (unsigned)threshold;
	p->groups[p->group_count++] = group;
	return OK;
}

static enum err_kind take_quorum(struct reading *r, const struct fields *f, struct err *err)
{
	if (f->count != 2)
		return refuse(r, err, "quorum NAME");
	if (r->has_quorum)
		return refuse(r, err, "there is a quorum already");
	r->has_quorum = true;
	r->policy->quorum = find_member(r->policy, f->at[1]);
	if (r->policy->quorum == POLICY_NO_QUORUM && !str_eq(f->at[1], STR("none")))
		return refuse(r, err, "the quorum must be defined on a line before");
	return OK;
}

/*
 * "# owner w1: Ministry of Transport". A comment that is anything else is nobody's business; so is one about a name
 * that is no witness, or that has its owner.
 */
static void take_owner(struct policy *p, struct str line)
{
	struct str name, owner, rest = str_trim(str_skip(str_trim(line), 1));

	if (!str_starts(rest, STR("owner ")) ||
		!str_cut(str_skip(rest, STR("owner ").len), ':', &name, &owner))
		return;
	name = str_trim(name);
	owner = str_trim(owner);
	for (size_t i = 0; i < p->witness_count; i++)
		if (str_eq(p->witnesses[i].name, name) && p->witnesses[i].owner.len == 0)
			p->witnesses[i].owner = owner;
}

static enum err_kind take_line(struct reading *r, struct str line, struct err *err)
{
	static const struct {
		const char *word;
		enum err_kind (*take)(struct reading *r, const struct fields *f, struct err *err);
	} rows[] = {
		{ "log", take_log },
		{ "witness", take_witness },
		{ "group", take_group },
		{ "quorum", take_quorum },
	};
	struct fields f;

	if (!cut_fields(line, &f))
		return too_many(r, err, "words");
	if (f.count == 0 || f.at[0].ptr[0] == '#')
		return OK;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (str_eq(f.at[0], str_from(rows[i].word)))
			return rows[i].take(r, &f, err);
	return refuse(r, err, "log, witness, group or quorum was expected");
}

/* Every byte is a tab, a newline, or no control character. */
static bool bytes_are_allowed(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f)
			return false;
	}
	return true;
}

/* Owners may be told before or after the witness: a second pass. */
static void take_owners(struct policy *p, struct str text)
{
	struct str line;

	while (str_cut(text, '\n', &line, &text)) {
		struct fields f;

		if (cut_fields(line, &f) && f.count > 0 && f.at[0].ptr[0] == '#')
			take_owner(p, line);
	}
}

enum err_kind policy_parse(struct str text, struct policy *policy, struct err *err)
{
	struct policy p = { .quorum = POLICY_NO_QUORUM };
	struct reading r = { .policy = &p };
	struct str rest = text, line;

	if (text.len > POLICY_BYTES_MAX)
		return err_set(err, ERR_LIMIT, "a policy of more than %d bytes", POLICY_BYTES_MAX);
	if (!bytes_are_allowed(text))
		return err_set(err, ERR_INPUT, "policy: a control character");
	while (str_cut(rest, '\n', &line, &rest)) {
		r.line++;
		if (take_line(&r, line, err) != OK)
			return err->kind;
	}
	if (rest.len > 0)
		return err_set(err, ERR_INPUT, "policy: its last line is not ended");
	if (!r.has_quorum)
		return err_set(err, ERR_INPUT, "policy: no quorum line");
	take_owners(&p, text);
	*policy = p;
	return OK;
}

static struct str member_name(const struct policy *p, uint8_t member)
{
	return member < POLICY_WITNESSES_MAX ? p->witnesses[member].name
					     : p->groups[member - POLICY_WITNESSES_MAX].name;
}

static void put_url(struct out *o, struct str url)
{
	if (url.len > 0)
		out_char(o, ' ');
	out_put(o, url);
	out_char(o, '\n');
}

static void put_group(struct out *o, const struct policy *p, const struct policy_group *group)
{
	out_put(o, STR("group "));
	out_put(o, group->name);
	out_char(o, ' ');
	out_u64(o, group->threshold);
	for (unsigned m = 0; m < group->member_count; m++) {
		out_char(o, ' ');
		out_put(o, member_name(p, group->members[m]));
	}
	out_char(o, '\n');
}

void policy_put(struct out *o, const struct policy *policy)
{
	for (size_t i = 0; i < policy->log_count; i++) {
		out_put(o, STR("log "));
		note_vkey_put(o, &policy->logs[i].vkey);
		put_url(o, policy->logs[i].url);
	}
	for (size_t i = 0; i < policy->witness_count; i++) {
		const struct policy_witness *w = &policy->witnesses[i];

		out_put(o, STR("witness "));
		out_put(o, w->name);
		out_char(o, ' ');
		note_vkey_put(o, &w->vkey);
		put_url(o, w->url);
		if (w->owner.len > 0) {
			out_put(o, STR("# owner "));
			out_put(o, w->name);
			out_put(o, STR(": "));
			out_put(o, w->owner);
			out_char(o, '\n');
		}
	}
	for (size_t i = 0; i < policy->group_count; i++)
		put_group(o, policy, &policy->groups[i]);
	out_put(o, STR("quorum "));
	out_put(o,
		policy->quorum == POLICY_NO_QUORUM ? STR("none")
						   : member_name(policy, policy->quorum));
	out_char(o, '\n');
}
