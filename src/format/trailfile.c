/* trailfile: a line at a time; numbers and words have one spelling. */
#include "format/trailfile.h"

#include "base/hex.h"

static const char first_line[] = "vitrine-trail/v1";
enum { WORD_BYTES_MAX = 160 };

struct reader {
	struct arena *mem;
	struct str rest, line;
	size_t number; /* of the line, from 1 */
};

static enum err_kind wrong(const struct reader *r, const char *what, struct err *err)
{
	return err_set(err, ERR_INPUT, "trail file: line %zu: %s", r->number, what);
}

static enum err_kind next_line(struct reader *r, struct err *err)
{
	struct str rest;

	r->number++;
	if (!str_cut(r->rest, '\n', &r->line, &rest))
		return wrong(r, "the file ends early", err);
	r->rest = rest;
	return OK;
}

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		c == '_' || c == '+' || c == '.' || c == ':' || c == '-';
}

/* The next word of the line; false when there is none, or one of other bytes. */
static bool word(struct reader *r, struct str *got)
{
	struct str head = r->line, rest = STR("");

	str_cut(r->line, ' ', &head, &rest);
	if (head.len == 0 || head.len > WORD_BYTES_MAX)
		return false;
	for (size_t i = 0; i < head.len; i++) {
		if (!is_word_byte(head.ptr[i]))
			return false;
	}
	/* A blank at the end of the line would be dropped when it is written again. */
	if (head.len < r->line.len && rest.len == 0)
		return false;
	*got = head;
	r->line = rest;
	return true;
}

static bool number(struct reader *r, uint64_t max, uint64_t *got)
{
	struct str text;

	/* One spelling: no sign, no zero in front. */
	return word(r, &text) && (text.len == 1 || text.ptr[0] != '0') && str_to_u64(text, got) &&
		*got <= max;
}

/* What is left of the line. */
static enum err_kind bytes(struct reader *r, struct str *got, struct err *err)
{
	size_t cap = r->line.len / 4 * 3 + 1, len;
	char *buf = arena_alloc(r->mem, cap, 1);

	if (buf == NULL)
		return err_set(err, ERR_LIMIT, "trail file: memory used up");
	if (r->line.len == 0 || !base64_parse(r->line, buf, cap, &len))
		return wrong(r, "not base64", err);
	*got = str_of(buf, len);
	return OK;
}

static enum err_kind head_word(
	struct reader *r, const char *name, struct str *value, struct err *err)
{
	struct str got;
	enum err_kind rc = next_line(r, err);

	if (rc != OK)
		return rc;
	if (!word(r, &got) || !str_eq(got, str_from(name)) || !word(r, value) || r->line.len > 0)
		return wrong(r, name, err);
	return OK;
}

static enum err_kind read_key(struct reader *r, struct trailfile_key *key, struct err *err)
{
	uint64_t seq, peeled;

	if (!number(r, LIMIT_TRAIL_KEYS - 1, &seq) || !word(r, &key->recipient) ||
		!number(r, LIMIT_TRAIL_PARTIES, &peeled))
		return wrong(r, "not a key", err);
	key->seq = (uint32_t)seq;
	key->peeled = (uint32_t)peeled;
	return bytes(r, &key->wrapped, err);
}

static enum err_kind read_item(struct reader *r, struct trailfile_item *item, struct err *err)
{
	uint64_t index;

	if (!number(r, INT64_MAX, &index) || !word(r, &item->time) || !word(r, &item->kind))
		return wrong(r, "not an item", err);
	item->index = (int64_t)index;
	return bytes(r, &item->sealed, err);
}

/* How many lines begin with `start`. */
static size_t count_lines(struct str text, struct str start)
{
	struct str line, rest = text;
	size_t count = 0;

	while (str_cut(rest, '\n', &line, &rest))
		count += str_starts(line, start);
	return count;
}

static enum err_kind read_rows(struct reader *r, struct trailfile *file, size_t keys_max,
	size_t items_max, struct err *err)
{
	for (;;) {
		struct str name;
		enum err_kind rc = next_line(r, err);

		if (rc != OK)
			return rc;
		if (str_eq(r->line, STR("end")))
			return r->rest.len == 0 ? OK : wrong(r, "something follows the end", err);
		/* A word that nothing follows is no row: its line was not counted as one. */
		if (!word(r, &name) || r->line.len == 0)
			return wrong(r, "not a key, an item or the end", err);
		if (str_eq(name, STR("key")) && file->item_count == 0) {
			assert(file->key_count < keys_max);
			rc = read_key(r, &file->keys[file->key_count++], err);
		} else if (str_eq(name, STR("item"))) {
			assert(file->item_count < items_max);
			rc = read_item(r, &file->items[file->item_count++], err);
		} else {
			rc = wrong(r, "not a key, an item or the end", err);
		}
		if (rc != OK)
			return rc;
	}
}

enum err_kind trailfile_parse(
	struct arena *mem, struct str text, struct trailfile *file, struct err *err)
{
	struct reader r = { .mem = mem, .rest = text, .line = STR("") };
	size_t keys = count_lines(text, STR("key ")), items = count_lines(text, STR("item "));

	*file = (struct trailfile){ .opening = STR("") };
	if (text.len > LIMIT_TRAIL_FILE_BYTES || keys > TRAILFILE_KEYS_MAX)
		return err_set(err, ERR_LIMIT, "trail file: more than %u bytes, or than %d keys",
			LIMIT_TRAIL_FILE_BYTES, TRAILFILE_KEYS_MAX);
	enum err_kind rc = next_line(&r, err);

	if (rc == OK && !str_eq(r.line, str_from(first_line)))
		rc = wrong(&r, "not a trail file", err);
	if (rc == OK)
		rc = head_word(&r, "session", &file->session, err);
	if (rc == OK)
		rc = head_word(&r, "person", &file->person, err);
	if (rc == OK)
		rc = head_word(&r, "opening", &file->opening, err);
	if (rc != OK)
		return rc;
	if (str_eq(file->opening, STR("-")))
		file->opening = STR("");
	file->keys = arena_array(mem, struct trailfile_key, keys + 1);
	file->items = arena_array(mem, struct trailfile_item, items + 1);
	if (file->keys == NULL || file->items == NULL)
		return err_set(err, ERR_LIMIT, "trail file: memory used up");
	return read_rows(&r, file, keys, items, err);
}

void trailfile_put(struct out *o, const struct trailfile *file)
{
	out_printf(o, "%s\nsession %.*s\nperson %.*s\nopening %.*s\n", first_line,
		STR_ARG(file->session), STR_ARG(file->person),
		file->opening.len > 0 ? (int)file->opening.len : 1,
		file->opening.len > 0 ? file->opening.ptr : "-");
	for (size_t i = 0; i < file->key_count; i++) {
		const struct trailfile_key *key = &file->keys[i];

		out_printf(o, "key %u %.*s %u ", key->seq, STR_ARG(key->recipient), key->peeled);
		out_base64(o, key->wrapped);
		out_char(o, '\n');
	}
	for (size_t i = 0; i < file->item_count; i++) {
		const struct trailfile_item *item = &file->items[i];

		out_printf(o, "item %lld %.*s %.*s ", (long long)item->index, STR_ARG(item->time),
			STR_ARG(item->kind));
		out_base64(o, item->sealed);
		out_char(o, '\n');
	}
	out_put(o, STR("end\n"));
}
