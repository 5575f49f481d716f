/*
 * head: a checkpoint (C2SP tlog-checkpoint 1.0.0) in its signed note (signed-note 1.0.0), and the keys that sign it: the
 * log's (type 01) and its witnesses' (type 04, tlog-cosignature 1.0.1).
 */
#ifndef HEAD_H
#define HEAD_H

#include "check.h"

enum { HEAD_BYTES_MAX = 64 << 10, HEAD_LINES_MAX = 100, VKEY_NAME_BYTES_MAX = 255 };

enum vkey_type { VKEY_LOG = 1, VKEY_WITNESS = 4 };

struct vkey {
	struct span name;
	enum vkey_type type;
	uint8_t id[4]; /* computed from name and key */
	uint8_t key[ED25519_KEY_BYTES];
};

struct head_line {
	struct span name, base64; /* of id and signature */
	uint8_t id[4];
};

struct head {
	struct span note, text, origin;
	uint64_t size;
	struct hash root;
	size_t line_count;
	struct head_line lines[HEAD_LINES_MAX];
};

/* "name+c74f20a3+AR…"; UNUSABLE also for types that this program does not know. */
enum verdict vkey_parse(struct span text, struct vkey *vkey, struct why *why);
/* Form alone; *head borrows from note. A checkpoint with further lines is UNUSABLE. */
enum verdict head_parse(struct span note, struct head *head, struct why *why);
/*
 * Check the lines of one key. *signs: there was one; *time_s: the latest time that a witness states. REFUTED when a line
 * of this key's name and id does not hold.
 */
enum verdict head_signed(const struct head *head, const struct vkey *vkey, bool *signs,
	uint64_t *time_s, struct why *why);

#endif
