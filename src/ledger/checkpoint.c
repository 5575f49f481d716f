#include "ledger/checkpoint.h"

#include "base/hex.h"

/* The text of a checkpoint: a name, 20 digits, 44 characters of base64, three newlines. */
enum { TEXT_BYTES_MAX = NOTE_NAME_BYTES_MAX + 20 + 44 + 3 };

static enum err_kind malformed(struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, "checkpoint: %s", what);
}

enum err_kind checkpoint_parse(struct str text, struct checkpoint *checkpoint, struct err *err)
{
	struct checkpoint c = { .origin = STR("") };
	struct str size, root, rest;
	struct sha256 empty = merkle_empty();
	size_t len;

	if (!str_cut(text, '\n', &c.origin, &rest) || !str_cut(rest, '\n', &size, &rest) ||
		!str_cut(rest, '\n', &root, &rest))
		return malformed(err, "not three lines");
	if (rest.len > 0)
		return malformed(err, "extension lines are not accepted");
	if (!note_name_valid(c.origin))
		return malformed(err, "the origin is not the name of a key");
	if (!str_to_u64(size, &c.size))
		return malformed(err, "the size is not a decimal number");
	if (!base64_parse(root, c.root.bytes, SHA256_BYTES, &len) || len != SHA256_BYTES)
		return malformed(err, "the root is not base64 of 32 bytes");
	if (c.size == 0 && !sha256_eq(&c.root, &empty))
		return malformed(err, "a tree of size 0 has another root");
	*checkpoint = c;
	return OK;
}

void checkpoint_put(struct out *o, const struct checkpoint *checkpoint)
{
	out_put(o, checkpoint->origin);
	out_char(o, '\n');
	out_u64(o, checkpoint->size);
	out_char(o, '\n');
	out_base64(o, str_of(checkpoint->root.bytes, SHA256_BYTES));
	out_char(o, '\n');
}

enum err_kind checkpoint_open(struct arena *mem, struct str bytes, const struct note_vkey *log,
	struct checkpoint *checkpoint, struct err *err)
{
	struct note_verdict verdict;
	struct checkpoint c = { .origin = STR("") };
	struct note note;

	if (note_parse(bytes, &note, err) != OK ||
		note_verify(mem, &note, log, 1, &verdict, err) != OK ||
		checkpoint_parse(note.text, &c, err) != OK)
		return err->kind;
	assert(verdict.has_signed);
	if (!str_eq(c.origin, log->name))
		return err_set(err, ERR_DENIED, "checkpoint of another log: its origin is not %.*s",
			STR_ARG(log->name));
	*checkpoint = c;
	return OK;
}

enum err_kind checkpoint_sign(struct arena *mem, const struct checkpoint *checkpoint,
	const struct note_vkey *log, const struct sign_secret *secret, struct str *note,
	struct err *err)
{
	struct out text_out, note_out;
	struct str text;

	assert(str_eq(checkpoint->origin, log->name));
	out_init(&text_out, mem, TEXT_BYTES_MAX);
	checkpoint_put(&text_out, checkpoint);
	if (out_finish(&text_out, &text, err) != OK)
		return err->kind;
	out_init(&note_out, mem, NOTE_BYTES_MAX);
	note_put(&note_out, log, secret, text);
	return out_finish(&note_out, note, err);
}
