#include "ledger/note.h"

#include "base/hex.h"
#include "base/utf8.h"
#include "crypto/digest.h"
#include "ledger/cosignature.h"

enum {
	ID_BYTES = 4,
	ML_DSA_44_PUBLIC_BYTES = 1312,
	SIGNATURE_BYTES_MAX = 8192, /* well above ML-DSA-44's 2420, for kinds to come */
};
/* U+2014 and a space begin each signature line. */
static const struct str DASH = { "\xe2\x80\x94 ", 4 };

/* White_Space of the Unicode character database. */
static bool is_space(uint32_t cp)
{
	return (cp >= 0x09 && cp <= 0x0d) || cp == 0x20 || cp == 0x85 || cp == 0xa0 ||
		cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 ||
		cp == 0x202f || cp == 0x205f || cp == 0x3000;
}

bool note_name_valid(struct str name)
{
	if (name.len == 0 || name.len > NOTE_NAME_BYTES_MAX)
		return false;
	while (name.len > 0) {
		uint32_t cp;
		size_t n = utf8_decode(name, &cp);

		if (n == 0 || cp < 0x20 || cp == '+' || is_space(cp))
			return false;
		name = str_skip(name, n);
	}
	return true;
}

static bool is_note_bytes(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] < 0x20 && s.ptr[i] != '\n')
			return false;
	return utf8_valid(s);
}

bool note_text_valid(struct str text)
{
	return text.len > 0 && text.ptr[text.len - 1] == '\n' && is_note_bytes(text);
}

/* SHA-256(name || 0x0A || type || public key), its first four bytes. */
static uint32_t key_id(struct str name, struct str type_and_key)
{
	struct sha256_state s;

	sha256_begin(&s);
	sha256_add(&s, name);
	sha256_add(&s, STR("\n"));
	sha256_add(&s, type_and_key);
	struct sha256 d = sha256_end(&s);

	return (uint32_t)d.bytes[0] << 24 | (uint32_t)d.bytes[1] << 16 | (uint32_t)d.bytes[2] << 8 |
		d.bytes[3];
}

static void type_and_key(const struct note_vkey *vkey, uint8_t bytes[1 + SIGN_PUBLIC_BYTES])
{
	assert(vkey->type == NOTE_ED25519 || vkey->type == NOTE_COSIGNATURE);
	bytes[0] = (uint8_t)vkey->type;
	memcpy(bytes + 1, vkey->key.bytes, SIGN_PUBLIC_BYTES);
}

struct note_vkey note_vkey_make(
	struct str name, enum note_type type, const struct sign_public *public_key)
{
	struct note_vkey vkey = { .name = name, .type = type, .key = *public_key };
	uint8_t bytes[1 + SIGN_PUBLIC_BYTES];

	assert(note_name_valid(name));
	type_and_key(&vkey, bytes);
	vkey.id = key_id(name, str_of(bytes, sizeof(bytes)));
	return vkey;
}

static bool parse_id(struct str hex, uint32_t *id)
{
	uint8_t b[ID_BYTES];

	if (!hex_parse(hex, b, sizeof(b)))
		return false;
	*id = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
	return true;
}

enum err_kind note_vkey_parse(struct str text, struct note_vkey *vkey, struct err *err)
{
	uint8_t bytes[1 + ML_DSA_44_PUBLIC_BYTES];
	struct str name, rest, hex, base64;
	struct note_vkey v = { .id = 0 };
	size_t len;

	/* A name holds no '+', base64 does. */
	if (!str_cut(text, '+', &name, &rest) || !str_cut(rest, '+', &hex, &base64) ||
		!note_name_valid(name) || !parse_id(hex, &v.id) ||
		!base64_parse(base64, bytes, sizeof(bytes), &len) || len == 0)
		return err_set(err, ERR_INPUT, "verifier key is not name+id+key");
	size_t want = 1 + (bytes[0] == NOTE_ML_DSA_44 ? ML_DSA_44_PUBLIC_BYTES : SIGN_PUBLIC_BYTES);

	if (bytes[0] != NOTE_ED25519 && bytes[0] != NOTE_COSIGNATURE && bytes[0] != NOTE_ML_DSA_44)
		return err_set(err, ERR_INPUT, "verifier key has unknown type %02x", bytes[0]);
	if (len != want)
		return err_set(err, ERR_INPUT, "verifier key has the wrong length");
	if (key_id(name, str_of(bytes, len)) != v.id)
		return err_set(err, ERR_INPUT, "verifier key's id is not that of its name and key");
	v.name = name;
	v.type = (enum note_type)bytes[0];
	if (v.type != NOTE_ML_DSA_44)
		memcpy(v.key.bytes, bytes + 1, SIGN_PUBLIC_BYTES);
	*vkey = v;
	return OK;
}

void note_vkey_put(struct out *o, const struct note_vkey *vkey)
{
	uint8_t bytes[1 + SIGN_PUBLIC_BYTES];

	type_and_key(vkey, bytes);
	out_put(o, vkey->name);
	out_printf(o, "+%08x+", vkey->id);
	out_base64(o, str_of(bytes, sizeof(bytes)));
}

static enum err_kind malformed(struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, "signed note: %s", what);
}

static enum err_kind parse_line(struct str line, struct note_line *out, struct err *err)
{
	uint8_t bytes[ID_BYTES + SIGNATURE_BYTES_MAX];
	struct str name, base64;
	size_t len;

	if (!str_starts(line, DASH) || !str_cut(str_skip(line, DASH.len), ' ', &name, &base64))
		return malformed(err, "a signature line has not the form of one");
	if (!note_name_valid(name))
		return malformed(err, "a signature's key name is not allowed");
	if (!base64_parse(base64, bytes, sizeof(bytes), &len) || len <= ID_BYTES)
		return malformed(err, "a signature is not base64 of an id and a signature");
	*out = (struct note_line){ .name = name, .base64 = base64 };
	out->id = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
		bytes[3];
	return OK;
}

/* Where the last blank line's newline stands: the text ends before it. */
static bool find_last_blank(struct str bytes, size_t *at)
{
	for (size_t i = bytes.len; i >= 2; i--) {
		if (bytes.ptr[i - 1] == '\n' && bytes.ptr[i - 2] == '\n') {
			*at = i - 1;
			return true;
		}
	}
	return false;
}

enum err_kind note_parse(struct str bytes, struct note *note, struct err *err)
{
	struct str line, rest;
	size_t blank, count = 0;

	if (bytes.len > NOTE_BYTES_MAX)
		return err_set(err, ERR_LIMIT, "signed note longer than %d bytes", NOTE_BYTES_MAX);
	if (!is_note_bytes(bytes))
		return malformed(err, "not UTF-8, or a control character");
	if (!find_last_blank(bytes, &blank))
		return malformed(err, "no blank line before the signatures");
	rest = str_skip(bytes, blank + 1);
	if (rest.len == 0 || rest.ptr[rest.len - 1] != '\n')
		return malformed(err, "no signature, or the last line is cut");
	while (str_cut(rest, '\n', &line, &rest)) {
		if (count == NOTE_SIGNATURES_MAX)
			return err_set(err, ERR_LIMIT, "signed note with more than %d signatures",
				NOTE_SIGNATURES_MAX);
		if (parse_line(line, &note->lines[count], err) != OK)
			return err->kind;
		count++;
	}
	note->text = str_head(bytes, blank);
	note->line_count = count;
	return OK;
}

/* True when the line is the key's signature; *time_s gets the time that a cosignature states. */
static enum err_kind check_line(struct arena *mem, struct str text, const struct note_line *line,
	const struct note_vkey *key, uint64_t *time_s, struct err *err)
{
	uint8_t bytes[ID_BYTES + COSIGNATURE_BYTES];
	struct signature signature;
	struct str message = text;
	bool timed = key->type == NOTE_COSIGNATURE;
	size_t want = ID_BYTES + (timed ? COSIGNATURE_BYTES : SIGN_BYTES), len;

	*time_s = 0;
	if (!base64_parse(line->base64, bytes, sizeof(bytes), &len) || len != want)
		goto bad;
	if (timed) {
		struct out o;

		for (size_t i = ID_BYTES; i < ID_BYTES + 8; i++)
			*time_s = *time_s << 8 | bytes[i];
		out_init(&o, mem, NOTE_BYTES_MAX + COSIGNATURE_HEAD_BYTES_MAX);
		cosignature_put_message(&o, *time_s, text);
		if (out_finish(&o, &message, err) != OK)
			return err->kind;
	}
	memcpy(signature.bytes, bytes + want - SIGN_BYTES, SIGN_BYTES);
	if (sign_verify(&key->key, message, &signature))
		return OK;
bad:
	return err_set(err, ERR_CORRUPT, "signature of %.*s does not hold", STR_ARG(key->name));
}

static bool same_key(struct str name, uint32_t id, const struct note_vkey *key)
{
	return id == key->id && str_eq(name, key->name);
}

enum err_kind note_verify(struct arena *mem, const struct note *note, const struct note_vkey *keys,
	size_t key_count, struct note_verdict *verdicts, struct err *err)
{
	bool any = false;

	for (size_t k = 0; k < key_count; k++) {
		for (size_t other = 0; other < k; other++)
			if (same_key(keys[k].name, keys[k].id, &keys[other]))
				return err_set(err, ERR_INPUT, "verifier key %.*s is given twice",
					STR_ARG(keys[k].name));
		verdicts[k] = (struct note_verdict){ .has_signed = false };
	}
	for (size_t i = 0; i < note->line_count; i++) {
		const struct note_line *line = &note->lines[i];

		for (size_t k = 0; k < key_count; k++) {
			uint64_t time_s;

			if (keys[k].type == NOTE_ML_DSA_44 ||
				!same_key(line->name, line->id, &keys[k]))
				continue;
			if (check_line(mem, note->text, line, &keys[k], &time_s, err) != OK)
				return err->kind;
			verdicts[k].has_signed = any = true;
			if (time_s > verdicts[k].time_s)
				verdicts[k].time_s = time_s;
		}
	}
	if (!any)
		return err_set(err, ERR_DENIED, "none of the known keys has signed");
	return OK;
}

void note_put_signature(struct out *o, const struct note_vkey *vkey,
	const struct sign_secret *secret, struct str text)
{
	uint8_t bytes[ID_BYTES + SIGN_BYTES];
	struct signature signature = sign_make(secret, text);

	assert(vkey->type == NOTE_ED25519 && note_text_valid(text));
	for (size_t i = 0; i < ID_BYTES; i++)
		bytes[i] = (uint8_t)(vkey->id >> (24 - 8 * i));
	memcpy(bytes + ID_BYTES, signature.bytes, SIGN_BYTES);
	out_put(o, DASH);
	out_put(o, vkey->name);
	out_char(o, ' ');
	out_base64(o, str_of(bytes, sizeof(bytes)));
	out_char(o, '\n');
}

void note_put(struct out *o, const struct note_vkey *vkey, const struct sign_secret *secret,
	struct str text)
{
	out_put(o, text);
	out_char(o, '\n');
	note_put_signature(o, vkey, secret, text);
}
