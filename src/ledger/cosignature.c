#include "ledger/cosignature.h"

#include "base/hex.h"

void cosignature_put_message(struct out *o, uint64_t time_s, struct str text)
{
	out_put(o, STR("cosignature/v1\ntime "));
	out_u64(o, time_s);
	out_char(o, '\n');
	out_put(o, text);
}

enum err_kind cosignature_put_line(struct arena *mem, struct out *o, const struct note_vkey *vkey,
	const struct sign_secret *secret, uint64_t time_s, struct str text, struct err *err)
{
	struct out message, blob;
	struct str bytes;

	assert(vkey->type == NOTE_COSIGNATURE);
	if (!note_text_valid(text) || text.len > NOTE_BYTES_MAX)
		return err_set(err, ERR_INPUT, "cosignature: the checkpoint is not a note's text");
	out_init(&message, mem, NOTE_BYTES_MAX + COSIGNATURE_HEAD_BYTES_MAX);
	cosignature_put_message(&message, time_s, text);
	if (out_finish(&message, &bytes, err) != OK)
		return err->kind;
	struct signature signature = sign_make(secret, bytes);

	out_init(&blob, mem, 4 + COSIGNATURE_BYTES);
	out_be32(&blob, vkey->id);
	out_be64(&blob, time_s);
	out_put(&blob, str_of(signature.bytes, SIGN_BYTES));
	if (out_finish(&blob, &bytes, err) != OK)
		return err->kind;
	out_put(o, STR("\xe2\x80\x94 "));
	out_put(o, vkey->name);
	out_char(o, ' ');
	out_base64(o, bytes);
	out_char(o, '\n');
	return OK;
}
