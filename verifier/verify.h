/* verify: heads, the user's policy, bundles, what they claim. All spans are borrowed from the files that were read. */
#ifndef VERIFY_H
#define VERIFY_H

#include "span.h"

enum { HEAD_BYTES_MAX = 64 << 10, HEAD_LINES_MAX = 100, TRUST_BYTES_MAX = 64 << 10, BUNDLE_BYTES_MAX = 4 << 20 };
enum { KEYS_MAX = 32, RULES_MAX = 64, ITEMS_MAX = 256, KEY_NAME_BYTES_MAX = 255 };
/* ---- head: a checkpoint (C2SP tlog-checkpoint 1.0.0) in its signed note (signed-note 1.0.0) ---- */
enum key_type { KEY_LOG = 1, KEY_WITNESS = 4 };
/* Of a log, or of a witness (tlog-cosignature 1.0.1). */
struct key {
	struct span title, owner; /* of a witness: its name in the policy; whose it is, if the policy tells */
	struct span name;
	enum key_type type;
	uint8_t id[4], bytes[ED25519_KEY_BYTES]; /* id: computed */
};
struct head {
	struct span text, origin;
	uint64_t size;
	struct hash root;
	size_t line_count;
	struct {
		struct span name, base64; /* of id and signature */
		uint8_t id[4];
	} lines[HEAD_LINES_MAX];
};
/* "name+c74f20a3+AR…" of this type. Refuses. */
void key_parse(struct span text, enum key_type type, struct key *key);
/* Form alone. Refuses. */
void head_parse(struct span note, struct head *head);
/* Did the key sign? Refuses when a line of its name and id does not hold. *time_s: the latest that a witness states. */
bool head_signed(const struct head *head, const struct key *key, uint64_t *time_s);

/* ---- trust: the policy file (C2SP tlog-policy; docs/formats/bundle.md has our lines) ---- */
struct trust {
	size_t log_count, witness_count, group_count, root_count, rule_count;
	struct key logs[KEYS_MAX], witnesses[KEYS_MAX];
	struct {
		struct span name;
		uint64_t needed, members; /* bit i: witness i; bit KEYS_MAX + i: group i */
	} groups[KEYS_MAX];
	struct hash roots[RULES_MAX]; /* root keys, the bytes themselves */
	struct {
		bool two; /* "two-organisations", not only "signed" */
		struct span kind;
	} rules[RULES_MAX];
	uint64_t quorum, used; /* a bit as above, 0: none is asked for; members of groups, each once */
	bool has_quorum;
};
/* Who signed a head. */
struct answer {
	const struct key *log;
	uint64_t cosigned, times_s[KEYS_MAX]; /* bit i: witness i */
	bool is_met; /* the quorum */
	uint64_t met_s; /* since when; 0 where none is asked for */
};
/* Refuses. */
void trust_parse(struct span text, struct trust *trust);
/* What the policy asks of acts of a kind. */
bool trust_wants(const struct trust *trust, bool two, struct span kind);
/* Refuses what no log of the policy signed, and lines that do not hold. */
void trust_head(const struct trust *trust, const struct head *head, struct answer *answer);
/* Is the quorum plain k of n witnesses? */
bool trust_k_of_n(const struct trust *trust, size_t *k, size_t *n);

/* ---- bundle (docs/formats/bundle.md) ---- */
/* In the order in which they stand. */
enum { PART_ENTRY, PART_PROOF, PART_NONCE, PART_DETAIL, PART_DECISION, PART_SIGNATURE, PART_BODY };
enum { PART_STATEMENT = PART_BODY + 1, PART_STATED_BY, PART_ATTESTATION, PART_ATTESTED_BY, PARTS };
/* Members of a statement and of a decision, in their order. */
enum { S_FROM, S_KEY, S_LAB, S_ROOT, S_PERSON, S_UNTIL, S_V, S_COUNT };
enum { D_ACT, D_BODY, D_LAB, D_NOTE, D_ROOT, D_PERSON, D_RECORD, D_TIME, D_V, D_VERSION, D_COUNT };
struct item {
	struct span parts[PARTS];
	uint64_t index;
	struct span kind, time, public; /* of the entry */
	struct span statement[S_COUNT], decision[D_COUNT]; /* once their signatures hold */
	const struct item *key_from, *root_from; /* what the decision stands on */
};
struct bundle {
	struct head head;
	size_t count; /* 0 where a head stands alone */
	struct item items[ITEMS_MAX];
};
/* A bundle, or where alone_too a checkpoint. Form, and the places of the entries. Refuses. */
void bundle_parse(struct span file, bool alone_too, struct bundle *bundle);
/* What the entries say and what hangs on them, and what the policy asks. Refuses. log: signed the head. */
void claims_check(struct bundle *bundle, const struct trust *trust, const struct key *log);

/* ---- the whole ---- */
struct verification {
	struct span policy, file;
	struct span digest; /* some entry must state it as its manifest; absent: any bundle will do */
	struct trust trust;
	struct answer answer;
	struct bundle bundle;
};
/* A judge's work; arg: a struct verification with its first three members. SHORT only when all else holds. */
void verification_run(void *arg);
struct comparison {
	struct span policy, files[2];
	struct span proof; /* what `vitrine ledger consistency` writes, or absent */
	struct trust trust;
	struct bundle heads[2];
};
/* HOLDS: one history. REFUTED: the log's signatures prove two. UNUSABLE: cannot tell. */
enum verdict comparison_judge(struct comparison *c, struct why *why);
/* In plain words, on standard output. */
void report(const struct verification *v);

#endif
