#include <inttypes.h>
#include <string.h>

#include "verify.h"

enum { BLOB_BYTES_MAX = 48 << 10, TIMED_BYTES = 4 + 8 + ED25519_BYTES };

void key_parse(struct span text, enum key_type type, struct key *key)
{
	char typed[KEY_NAME_BYTES_MAX + 2 + ED25519_KEY_BYTES];
	uint8_t id[4], *bytes;
	struct span hex;

	*key = (struct key){ .type = type };
	need(span_cut(&text, '+', &key->name) && key->name.len > 0 && key->name.len <= KEY_NAME_BYTES_MAX &&
			span_cut(&text, '+', &hex) && span_hex(hex, id, sizeof(id)),
		UNUSABLE, "a key is name+id+base64");
	memcpy(typed, key->name.ptr, key->name.len);
	typed[key->name.len] = '\n';
	bytes = (uint8_t *)typed + key->name.len + 1;
	need(span_base64_n(text, bytes, 1 + ED25519_KEY_BYTES) && bytes[0] == type, UNUSABLE,
		"a key's type is not one that this program knows in this place");
	memcpy(key->bytes, bytes + 1, ED25519_KEY_BYTES);
	struct hash hash = hash_of((struct span){ typed, key->name.len + 2 + ED25519_KEY_BYTES });

	memcpy(key->id, hash.bytes, sizeof(key->id));
	need(memcmp(key->id, id, sizeof(id)) == 0, UNUSABLE, "a key's id is not the key's");
}

static bool is_text(struct span s)
{
	uint32_t rune;
	while (s.len > 0)
		if (!span_rune(&s, &rune) || (rune < 0x20 && rune != '\n')) return false;
	return true;
}

void head_parse(struct span note, struct head *head)
{
	uint8_t blob[BLOB_BYTES_MAX];
	struct span lines = { NULL, 0 }, line, rest, size, root;
	struct hash empty = hash_of(SPAN(""));
	size_t n;

	memset(head, 0, sizeof(*head));
	need(note.len <= HEAD_BYTES_MAX && is_text(note), UNUSABLE, "the checkpoint is not a signed note");
	/* The text ends before the last empty line. */
	for (size_t i = note.len; i >= 2 && lines.ptr == NULL; i--)
		if (note.ptr[i - 1] == '\n' && note.ptr[i - 2] == '\n') {
			head->text = rest = (struct span){ note.ptr, i - 1 };
			lines = (struct span){ note.ptr + i, note.len - i };
		}
	need(lines.len > 0, UNUSABLE, "the checkpoint has no signature line");
	for (; lines.len > 0; head->line_count++) {
		need(head->line_count < HEAD_LINES_MAX && span_cut(&lines, '\n', &line) &&
				span_take(&line, SPAN("\xe2\x80\x94 ")) &&
				span_cut(&line, ' ', &head->lines[head->line_count].name) &&
				head->lines[head->line_count].name.len > 0 &&
				span_base64(line, blob, sizeof(blob), &n) && n > 4,
			UNUSABLE, "a line below the checkpoint is no signature");
		head->lines[head->line_count].base64 = line;
		memcpy(head->lines[head->line_count].id, blob, 4);
	}
	need(span_cut(&rest, '\n', &head->origin) && span_cut(&rest, '\n', &size) && span_cut(&rest, '\n', &root) &&
			rest.len == 0 && span_u64(size, &head->size) &&
			span_base64_n(root, head->root.bytes, HASH_BYTES) &&
			(head->size == 0) == hash_eq(&head->root, &empty),
		UNUSABLE, "the checkpoint does not state origin, size and root, and nothing else");
}

static bool line_holds(const struct head *head, const struct key *key, struct span base64, uint64_t *time_s)
{
	uint8_t blob[TIMED_BYTES];
	char stated[64];
	if (key->type == KEY_LOG)
		return span_base64_n(base64, blob, 4 + ED25519_BYTES) &&
			ed25519_holds(key->bytes, head->text, SPAN(""), blob + 4);
	if (!span_base64_n(base64, blob, sizeof(blob))) return false;
	for (size_t i = 4; i < 12; i++) *time_s = *time_s << 8 | blob[i];
	snprintf(stated, sizeof(stated), "cosignature/v1\ntime %" PRIu64 "\n", *time_s);
	return ed25519_holds(key->bytes, span_from(stated), head->text, blob + 12);
}

bool head_signed(const struct head *head, const struct key *key, uint64_t *time_s)
{
	bool is_signed = false;
	*time_s = 0;
	for (size_t i = 0; i < head->line_count; i++) {
		uint64_t time = 0;
		if (!span_eq(head->lines[i].name, key->name) || memcmp(head->lines[i].id, key->id, 4) != 0) continue;
		if (!line_holds(head, key, head->lines[i].base64, &time))
			refuse(REFUTED, "the checkpoint's signature by %.*s does not hold", SPAN_ARG(key->name));
		is_signed = true;
		*time_s = time > *time_s ? time : *time_s;
	}
	return is_signed;
}
