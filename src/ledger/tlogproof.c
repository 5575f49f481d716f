#include "ledger/tlogproof.h"

#include "base/hex.h"

static const struct str MAGIC = { "c2sp.org/tlog-proof@v1\n", 23 };

static enum err_kind malformed(struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, "log proof: %s", what);
}

/* "<word> <value>\n" at the front of *rest, which then moves on. */
static bool take_field(struct str *rest, struct str word, struct str *value)
{
	struct str line, tail;

	if (!str_starts(*rest, word) || !str_cut(*rest, '\n', &line, &tail))
		return false;
	*value = str_skip(line, word.len);
	*rest = tail;
	return true;
}

static bool extra_valid(struct str base64)
{
	uint8_t bytes[TLOGPROOF_EXTRA_BYTES_MAX];
	size_t len;

	return base64_parse(base64, bytes, sizeof(bytes), &len);
}

static enum err_kind parse_path(struct str *rest, struct merkle_path *path, struct err *err)
{
	struct str line, tail;
	size_t len;

	while (str_cut(*rest, '\n', &line, &tail)) {
		*rest = tail;
		if (line.len == 0)
			return OK;
		if (path->count == MERKLE_PATH_MAX)
			return malformed(err, "more nodes than any tree has levels");
		if (!base64_parse(line, path->nodes[path->count].bytes, SHA256_BYTES, &len) ||
			len != SHA256_BYTES)
			return malformed(err, "a node is not base64 of 32 bytes");
		path->count++;
	}
	return malformed(err, "no blank line before the checkpoint");
}

enum err_kind tlogproof_parse(struct str text, struct tlogproof *proof, struct err *err)
{
	struct tlogproof p = { .has_extra = false, .extra_base64 = STR("") };
	struct str rest, index;
	struct note note;

	if (text.len > TLOGPROOF_BYTES_MAX)
		return err_set(
			err, ERR_LIMIT, "log proof longer than %d bytes", TLOGPROOF_BYTES_MAX);
	if (!str_starts(text, MAGIC))
		return malformed(err, "does not begin with c2sp.org/tlog-proof@v1");
	rest = str_skip(text, MAGIC.len);
	p.has_extra = take_field(&rest, STR("extra "), &p.extra_base64);
	if (p.has_extra && !extra_valid(p.extra_base64))
		return malformed(err, "extra is not base64, or too long");
	if (!take_field(&rest, STR("index "), &index) || !str_to_u64(index, &p.index))
		return malformed(err, "no index line");
	if (parse_path(&rest, &p.path, err) != OK || note_parse(rest, &note, err) != OK)
		return err->kind;
	p.checkpoint = rest;
	*proof = p;
	return OK;
}

void tlogproof_put(struct out *o, const struct tlogproof *proof)
{
	assert(proof->path.count <= MERKLE_PATH_MAX);
	out_put(o, MAGIC);
	if (proof->has_extra) {
		out_put(o, STR("extra "));
		out_put(o, proof->extra_base64);
		out_char(o, '\n');
	}
	out_put(o, STR("index "));
	out_u64(o, proof->index);
	out_char(o, '\n');
	for (size_t i = 0; i < proof->path.count; i++) {
		out_base64(o, str_of(proof->path.nodes[i].bytes, SHA256_BYTES));
		out_char(o, '\n');
	}
	out_char(o, '\n');
	out_put(o, proof->checkpoint);
}

enum err_kind tlogproof_verify(struct arena *mem, const struct tlogproof *proof,
	const struct note_vkey *log, const struct sha256 *leaf, struct checkpoint *checkpoint,
	struct err *err)
{
	struct checkpoint c;

	if (checkpoint_open(mem, proof->checkpoint, log, &c, err) != OK ||
		merkle_verify_inclusion(proof->index, c.size, leaf, &proof->path, &c.root, err) !=
			OK)
		return err->kind;
	*checkpoint = c;
	return OK;
}
