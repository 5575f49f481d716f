/*
 * verb: everything that can be asked of a lab. One table row holds a verb's name, arguments, who may call
 * it, what it enters into the ledger; one function (app/pipeline) carries every call through the same steps:
 *
 *   authenticate -> check arguments -> authorise -> compute on a snapshot
 *     -> in one transaction: authorise again, apply, append entry -> durable -> answer
 *
 * Command line, POST /v1/<verb>, OpenAPI, manual page, access-matrix test and pages come from the rows.
 */
#ifndef APP_VERB_H
#define APP_VERB_H

#include "format/json.h"
#include "ledger/log.h"
#include "store/db.h"

struct lab;
struct ctx;
struct scope;

enum role {
	ROLE_OFFICER = 1 << 0, /* runs the lab: people, engagements, grants */
	ROLE_ENGINEER = 1 << 1, /* products, releases, jobs */
	ROLE_REVIEWER = 1 << 2, /* looks through the glass, within grants */
	ROLE_AUDITOR = 1 << 3, /* reads records, changes nothing */
	ROLE_DEVELOPER = 1 << 4, /* of the maker's product team */
	ROLE_SIGNED_IN = (1 << 5) - 1,
	ROLE_STRANGER = 1 << 5, /* not signed in */
	ROLE_ANYONE = ROLE_SIGNED_IN | ROLE_STRANGER,
};

/* What kind of process calls, for a person or for itself. */
enum peer {
	PEER_CONSOLE = 1 << 0, /* the command line on the lab's own machine */
	PEER_POINT = 1 << 1,
	PEER_WITNESS = 1 << 2,
	PEER_JOINING = 1 << 3, /* holds an invitation's token */
	PEER_DOOR = 1 << 4,
	PEER_ENROLLED = PEER_POINT | PEER_WITNESS,
	PEER_ALL = (1 << 5) - 1,
};

enum activity {
	ACTIVITY_NONE,
	ACTIVITY_VIEW,
	ACTIVITY_SEARCH,
	ACTIVITY_SCAN,
	ACTIVITY_TEST,
	ACTIVITY_DOCS,
	ACTIVITIES
};

enum arg_type {
	ARG_LINE, /* one line of UTF-8 without control characters; min, max in bytes */
	ARG_TEXT, /* lines; min, max in bytes */
	ARG_ID, /* "eng_…"; words: the prefix, or NULL for any */
	ARG_INT, /* min, max */
	ARG_BOOL,
	ARG_TIME, /* RFC 3339 or a date; kept as int64 us */
	ARG_PATH, /* a path inside a release as out_shown writes it: "caf\xe9.c"; min 0: may be empty, the root */
	ARG_ENUM, /* one of words, separated by spaces */
	ARG_SECRET, /* like LINE, never logged nor echoed; min, max in bytes */
	ARG_LIST, /* of LINEs, or of words where there are any; min, max in items */
	ARG_BYTES, /* base64, decoded; min, max in bytes */
};
enum {
	ARG_REQUIRED = 1,
	ARG_BY_DIGEST =
		2, /* stands in the entry's detail by its SHA-256 alone, so that what it is can be dropped */
};

struct verb_arg {
	const char *name;
	enum arg_type type;
	unsigned flags;
	/* `max` 0: the type's own (LIMIT_LINE_BYTES, LIMIT_TEXT_BYTES, LIMIT_LIST_ITEMS, 2^53 - 1) */
	int64_t min, max;
	const char *words;
	const char *help; /* one line, for OpenAPI, man page and forms */
};

enum verb_flag {
	VERB_NO_ENTRY =
		1, /* not an act in the lab: public material or the caller's own connection (ARCHITECTURE lists them) */
	VERB_BYTES = 2, /* the answer carries bytes after the JSON */
	VERB_FD = 4, /* takes a descriptor: only on the lab's own machine, by the command line */
	VERB_LONG = 8, /* sends progress; runs on a thread of its own */
	VERB_SEALED = 16, /* the detail is sealed under the session's key */
	VERB_PASSWORD =
		32, /* checks a password: threads of its own, so that a flood of sign-ins holds up nobody */
	VERB_SECRET = 64, /* the answer holds a secret: not kept for a repeated call */
	VERB_SELF = 128, /* allowed while a one-time password must still be changed */
	VERB_CONSOLE =
		256, /* only on the lab's own machine, over its socket, which tells the caller's user */
	VERB_UPLOAD =
		512, /* VERB_FD whose descriptor a point may send, too: what a browser uploaded, named by its digest */
};

/* On failure the transaction, or the computation, leaves nothing behind but a record of the refusal. */
typedef enum err_kind verb_fn(struct ctx *ctx, struct err *err);

enum { VERB_ARGS_MAX = 28 };

struct verb {
	const char *name; /* "source.view": family or kind, dot, act */
	const char *summary; /* "Draw one tile of a file." */
	const struct verb_arg *args; /* ends with a row whose name is NULL */
	unsigned roles; /* mask of enum role; checked before anything else */
	unsigned peers; /* mask of enum peer; 0: points and the command line */
	/* A grant for it must cover the arguments engagement, release, path */
	enum activity activity;
	const char *entry; /* kind of the entry; usually the name */
	const char *public_fields; /* names that may stand in the entry, separated by spaces */
	unsigned flags;
	/* On a snapshot (VERB_LONG, VERB_PASSWORD: none is held open); may be NULL */
	verb_fn *compute;
	verb_fn *apply; /* in the transaction, after the second authorisation; may be NULL */
	verb_fn *refused; /* in the transaction that records a refusal of this verb; may be NULL */
	const void *data; /* for verbs made from kinds */
};

/* Who calls. */
struct caller {
	struct str session_id, person_id, person_name, organisation_id, organisation_name, line,
		point;
	unsigned roles; /* ROLE_STRANGER when not signed in */
	bool is_console; /* on the lab's own machine, over its socket */
	enum peer peer;
	struct str address; /* prefix of the peer: "192.0.2.7", "2001:db8:0:1::/64", "local" */
};

struct ctx {
	struct lab *lab;
	const struct verb *verb;
	struct arena *mem; /* as long as the call */
	struct db *db; /* compute: a read snapshot; apply: the writer's */
	int64_t now_us;
	struct caller caller;
	const json_t *args; /* checked: every member is declared, typed and within bounds */
	int fd; /* VERB_FD */
	struct jw *answer; /* the JSON object is open: write members, in compute or in apply */
	struct str attach; /* VERB_BYTES */
	/* Verbs with an activity: what the grants cover (app/access.h), renewed before apply */
	const struct scope *scope;
	void *state; /* from compute to apply */
	struct pipeline_call *call; /* the pipeline's own */
};

/* Typed arguments; absent optional ones give the default. */
struct str arg_str(const struct ctx *ctx, const char *name);
int64_t arg_i64(const struct ctx *ctx, const char *name, int64_t absent);
bool arg_flag(const struct ctx *ctx, const char *name);
bool arg_given(const struct ctx *ctx, const char *name);
size_t arg_count(const struct ctx *ctx, const char *name); /* of a list */
struct str arg_item(const struct ctx *ctx, const char *name, size_t index);
/* The raw bytes of an ARG_PATH. */
MUST_CHECK enum err_kind arg_path(
	const struct ctx *ctx, const char *name, struct str *path, struct err *err);
/* The decoded bytes of an ARG_BYTES. */
MUST_CHECK enum err_kind arg_bytes(
	const struct ctx *ctx, const char *name, struct str *bytes, struct err *err);

/* Into the entry. `name` must be declared in public_fields. */
void entry_public(struct ctx *ctx, const char *name, struct str value);
void entry_public_i64(struct ctx *ctx, const char *name, int64_t value);
/* Private detail, on top of what the pipeline always notes (person, session, arguments that are not secret). */
void entry_detail(struct ctx *ctx, const char *name, struct str value);
/* A value that is JSON already. */
void entry_detail_json(struct ctx *ctx, const char *name, struct str json);
void entry_detail_i64(struct ctx *ctx, const char *name, int64_t value);
/* The record that the entry is about; found again by ledger.list {record}. */
void entry_subject(struct ctx *ctx, struct str record_id);
/* How far a long verb is. total 0: not known. bytes: beside another unit than bytes, where it is files; else 0. */
struct call_report {
	uint64_t done, total, bytes;
	const char *unit;
};
/* Long verbs: tell how far; false when the caller wants to stop. */
bool call_progress(struct ctx *ctx, const struct call_report *report);
/*
 * `end` is called once, before the answer goes out: durable says whether the transaction is on disk. For
 * what apply prepared outside the records (pack_end, keys in memory). Must be quick; runs on any thread.
 * Only the last one set counts.
 */
void call_on_end(struct ctx *ctx, void (*end)(void *arg, bool durable), void *arg);

/* Every verb: the static families, then those of the lab's kinds. */
const struct verb *verb_find(const struct lab *lab, struct str name);
/* Does each name mean one verb? Errors: ERR_INPUT names the verb of a kind that is there already. */
MUST_CHECK enum err_kind verbs_check(const struct lab *lab, struct err *err);
size_t verb_count(const struct lab *lab);
const struct verb *verb_at(const struct lab *lab, size_t index);

#endif
