#include "head.h"

#include <inttypes.h>
#include <string.h>

enum { BLOB_BYTES_MAX = 48 << 10, COSIGNATURE_BLOB_BYTES = 4 + 8 + ED25519_BYTES };

enum verdict vkey_parse(struct span text, struct vkey *vkey, struct why *why)
{
	uint8_t typed[1 + ED25519_KEY_BYTES], name[VKEY_NAME_BYTES_MAX + 1 + sizeof(typed)], id[4];
	struct span hex;

	if (!span_cut(&text, '+', &vkey->name) || vkey->name.len == 0 ||
		vkey->name.len > VKEY_NAME_BYTES_MAX || !span_cut(&text, '+', &hex) ||
		!span_hex(hex, id, sizeof(id)) || !span_base64_n(text, typed, sizeof(typed)) ||
		(typed[0] != VKEY_LOG && typed[0] != VKEY_WITNESS))
		return because(
			why, UNUSABLE, "not a key of a log or witness that this program knows");
	vkey->type = typed[0];
	memcpy(vkey->key, typed + 1, ED25519_KEY_BYTES);
	memcpy(name, vkey->name.ptr, vkey->name.len);
	name[vkey->name.len] = '\n';
	memcpy(name + vkey->name.len + 1, typed, sizeof(typed));
	struct hash hash = check_sha256(
		(struct span){ (const char *)name, vkey->name.len + 1 + sizeof(typed) });

	memcpy(vkey->id, hash.bytes, sizeof(vkey->id));
	if (memcmp(vkey->id, id, sizeof(id)) != 0)
		return because(
			why, UNUSABLE, "the id of key %.*s is not the key's", SPAN_ARG(vkey->name));
	return HOLDS;
}

static bool line_parse(struct span line, struct head_line *out)
{
	uint8_t blob[BLOB_BYTES_MAX];
	size_t n;

	if (!span_take(&line, SPAN("\xe2\x80\x94 ")) || !span_cut(&line, ' ', &out->name) ||
		out->name.len == 0 || !span_base64(line, blob, sizeof(blob), &n) ||
		n <= sizeof(out->id))
		return false;
	out->base64 = line;
	memcpy(out->id, blob, sizeof(out->id));
	return true;
}

/* The text ends before the last empty line. */
static bool split(struct span note, struct span *text, struct span *lines)
{
	for (size_t i = note.len; i >= 2; i--)
		if (note.ptr[i - 1] == '\n' && note.ptr[i - 2] == '\n') {
			*text = (struct span){ note.ptr, i - 1 };
			*lines = (struct span){ note.ptr + i, note.len - i };
			return text->len > 1;
		}
	return false;
}

enum verdict head_parse(struct span note, struct head *head, struct why *why)
{
	struct span lines, line, rest, size, root;
	struct hash empty = check_sha256(SPAN(""));

	*head = (struct head){ .note = note };
	if (note.len > HEAD_BYTES_MAX || !span_is_text(note) || !split(note, &head->text, &lines) ||
		lines.len == 0)
		return because(why, UNUSABLE, "the checkpoint is not a signed note");
	for (; lines.len > 0; head->line_count++)
		if (head->line_count == HEAD_LINES_MAX || !span_cut(&lines, '\n', &line) ||
			!line_parse(line, &head->lines[head->line_count]))
			return because(why, UNUSABLE,
				"line %zu of the checkpoint's signatures is not one",
				head->line_count + 1);
	rest = head->text;
	if (!span_cut(&rest, '\n', &head->origin) || !span_cut(&rest, '\n', &size) ||
		!span_cut(&rest, '\n', &root) || rest.len > 0 || !span_u64(size, &head->size) ||
		!span_base64_n(root, head->root.bytes, HASH_BYTES) ||
		(head->size == 0) != hash_eq(&head->root, &empty))
		return because(why, UNUSABLE,
			"the checkpoint does not state origin, size and root, and nothing else");
	return HOLDS;
}

static bool line_holds(
	const struct head *head, const struct vkey *vkey, struct span base64, uint64_t *time_s)
{
	uint8_t blob[COSIGNATURE_BLOB_BYTES];
	char stated[64];

	*time_s = 0;
	if (vkey->type == VKEY_LOG)
		return span_base64_n(base64, blob, 4 + ED25519_BYTES) &&
			check_ed25519(vkey->key, &head->text, 1, blob + 4);
	if (!span_base64_n(base64, blob, sizeof(blob)))
		return false;
	for (size_t i = 4; i < 12; i++)
		*time_s = *time_s << 8 | blob[i];
	int n = snprintf(stated, sizeof(stated), "cosignature/v1\ntime %" PRIu64 "\n", *time_s);
	const struct span parts[] = { { stated, (size_t)n }, head->text };

	return check_ed25519(vkey->key, parts, 2, blob + 12);
}

enum verdict head_signed(const struct head *head, const struct vkey *vkey, bool *signs,
	uint64_t *time_s, struct why *why)
{
	*signs = false;
	*time_s = 0;
	for (size_t i = 0; i < head->line_count; i++) {
		const struct head_line *line = &head->lines[i];
		uint64_t time;

		if (!span_eq(line->name, vkey->name) ||
			memcmp(line->id, vkey->id, sizeof(line->id)) != 0)
			continue;
		if (!line_holds(head, vkey, line->base64, &time))
			return because(why, REFUTED,
				"the checkpoint's signature by %.*s does not hold",
				SPAN_ARG(vkey->name));
		*signs = true;
		if (time > *time_s)
			*time_s = time;
	}
	return HOLDS;
}
