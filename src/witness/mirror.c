#include "witness/mirror.h"

#include <errno.h>
#include <unistd.h>

#include "format/json.h"
#include "ledger/bundle.h"
#include "ledger/cosignature.h"
#include "ledger/publish.h"
#include "ledger/published.h"
#include "os/fs.h"

enum {
	BUNDLE_MEM_BYTES = 8 << 20,
	/* So many entries are synced tile by tile. Syncing the file system costs everybody on it 80 ms at the tail. */
	SYNCED_SINGLY = 4096,
};

struct mirror {
	struct mirror_options options;
	char name[NOTE_NAME_BYTES_MAX + 1];
	struct note_vkey vkey;
	struct sign_secret key;
	struct publish publish;
	struct tiles *tiles;
	struct merkle_edge edge; /* all entries in the tiles */
	uint64_t size; /* of the checkpoint that was signed last */
	char stopped[ERR_MSG_BYTES_MAX];
};

static enum err_kind take_entry(struct mirror *m, struct str entry, struct err *err)
{
	struct sha256 leaf = merkle_leaf(entry);
	enum err_kind rc = tiles_add(m->tiles, entry, &leaf, err);

	if (rc == OK)
		merkle_append(&m->edge, &leaf);
	return rc;
}

/* The entries of one bundle from m->edge.size on. */
static enum err_kind take_bundle(
	struct mirror *m, const struct tile *tile, struct str bytes, struct err *err)
{
	uint64_t index = tile->index * TILE_WIDTH;
	struct str entry;
	enum err_kind rc = OK;

	for (unsigned i = 0; i < tile->width && rc == OK; i++, index++) {
		if (bytes.len == 0 || !bundle_next(&bytes, &entry))
			return err_set(err, ERR_CORRUPT, "bundle %llu breaks off",
				(unsigned long long)tile->index);
		if (index >= m->edge.size)
			rc = take_entry(m, entry, err);
	}
	return rc;
}

static struct tile bundle_at(uint64_t size, uint64_t number)
{
	return (struct tile){ .is_bundle = true,
		.index = number,
		.width = (uint16_t)tile_width_at(size, 0, number) };
}

/* Entries from `from` on to whoever wants them: they are the log's. */
static enum err_kind tell_entries(struct mirror *m, uint64_t from, uint64_t size, struct err *err)
{
	enum err_kind rc = OK;

	for (uint64_t n = from / TILE_WIDTH;
		m->options.entry != NULL && rc == OK && n * TILE_WIDTH < size; n++) {
		struct tile tile = bundle_at(size, n);
		struct arena mem;
		struct str bytes = STR(""), entry;
		uint64_t index = n * TILE_WIDTH;

		arena_init(&mem, BUNDLE_MEM_BYTES);
		rc = published_tile(m->options.dir_fd, &tile, &mem, &bytes, err);
		for (; rc == OK && bytes.len > 0 && bundle_next(&bytes, &entry); index++)
			if (index >= from)
				m->options.entry(m->options.entry_arg, index, entry);
		arena_reset(&mem);
	}
	return rc;
}

static enum err_kind check_root(const struct mirror *m, const struct sha256 *want, struct err *err)
{
	struct sha256 root = merkle_root(&m->edge);

	return sha256_eq(&root, want)
		? OK
		: err_set(err, ERR_CORRUPT,
			  "the %llu entries hash to another root than the one that was signed",
			  (unsigned long long)m->edge.size);
}

/* What is on disk already, into the edge and the tiles, against its checkpoint. */
static enum err_kind replay(struct mirror *m, const struct checkpoint *c, struct err *err)
{
	enum err_kind rc = OK;

	m->publish.compares = true;
	for (uint64_t n = 0; rc == OK && n * TILE_WIDTH < c->size; n++) {
		struct tile tile = bundle_at(c->size, n);
		struct arena mem;
		struct str bytes = STR("");

		arena_init(&mem, BUNDLE_MEM_BYTES);
		rc = published_tile(m->options.dir_fd, &tile, &mem, &bytes, err);
		if (rc == OK)
			rc = take_bundle(m, &tile, bytes, err);
		arena_reset(&mem);
	}
	m->publish.compares = false;
	if (rc == OK)
		rc = check_root(m, &c->root, err);
	m->size = c->size;
	return rc != OK ? rc : tell_entries(m, 0, c->size, err);
}

static enum err_kind read_checkpoint(struct mirror *m, struct err *err)
{
	struct checkpoint c;
	struct arena mem;
	struct str note;

	arena_init(&mem, 4 * (size_t)NOTE_BYTES_MAX);
	enum err_kind rc = published_checkpoint(m->options.dir_fd, &mem, &note, err);

	if (rc == OK)
		rc = checkpoint_open(&mem, note, m->options.log, &c, err);
	if (rc == OK)
		rc = replay(m, &c, err);
	arena_reset(&mem);
	return rc == ERR_NOT_FOUND && m->edge.size == 0 ? OK : rc;
}

/* Beside the tiles, so that the folder can be verified like any published log. */
static enum err_kind write_vkey(const struct mirror *m, struct err *err)
{
	struct arena mem;
	struct out o;
	struct str text;

	arena_init(&mem, 4096);
	out_init(&o, &mem, NOTE_VKEY_BYTES_MAX + 1);
	note_vkey_put(&o, m->options.log);
	out_char(&o, '\n');
	enum err_kind rc = out_finish(&o, &text, err);

	if (rc == OK)
		rc = fs_replace(m->options.dir_fd, "log.vkey", text, 0644, err);
	arena_reset(&mem);
	return rc;
}

enum err_kind mirror_open(
	const struct mirror_options *options, struct mirror **out, struct err *err)
{
	struct sign_public public_key;
	struct mirror *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return err_set(err, ERR_LIMIT, "no memory for the mirror");
	assert(options->name.len <= NOTE_NAME_BYTES_MAX);
	m->options = *options;
	memcpy(m->name, options->name.ptr, options->name.len);
	m->key = *options->key;
	memcpy(public_key.bytes, options->key->bytes + SIGN_SEED_BYTES, SIGN_PUBLIC_BYTES);
	m->vkey = note_vkey_make(str_of(m->name, options->name.len), NOTE_COSIGNATURE, &public_key);
	publish_init(&m->publish, options->dir_fd);
	enum err_kind rc = tiles_new(publish_tile, &m->publish, &m->tiles, err);

	if (rc == OK)
		rc = write_vkey(m, err);
	if (rc == OK)
		rc = read_checkpoint(m, err);
	if (rc != OK) {
		err_context(err, "mirror");
		mirror_close(m);
		return rc;
	}
	*out = m;
	return OK;
}

void mirror_close(struct mirror *m)
{
	if (m == NULL)
		return;
	free(m->tiles);
	secret_wipe(&m->key, sizeof(m->key));
	free(m);
}

/* The bundle of a tree of this size, as a client asks for it: the full one may have replaced it. */
static enum err_kind fetch(
	struct mirror *m, struct tile tile, struct arena *mem, struct str *bytes, struct err *err)
{
	struct client_answer answer;
	char path[TILEPATH_BYTES_MAX];
	enum err_kind rc = OK;

	for (int attempt = 0; attempt < 2; attempt++) {
		tilepath_format(&tile, path);
		const char *body = arena_printf(mem, "{\"path\":\"%s\"}", path);

		if (body == NULL)
			return err_set(err, ERR_LIMIT, "mirror: no memory");
		rc = m->options.ask(
			m->options.ask_arg, mem, "ledger.file", str_from(body), &answer, err);
		if (rc != ERR_NOT_FOUND || tile.width == TILE_WIDTH)
			break;
		tile.width = TILE_WIDTH;
	}
	if (rc == OK)
		*bytes = answer.bytes;
	return rc;
}

static enum err_kind fetch_all(struct mirror *m, uint64_t size, struct err *err)
{
	enum err_kind rc = OK;

	for (uint64_t n = m->edge.size / TILE_WIDTH; rc == OK && m->edge.size < size; n++) {
		struct tile tile = bundle_at(size, n);
		struct arena mem;
		struct str bytes = STR("");

		arena_init(&mem, BUNDLE_MEM_BYTES);
		rc = fetch(m, tile, &mem, &bytes, err);
		if (rc == OK)
			rc = take_bundle(m, &tile, bytes, err);
		arena_reset(&mem);
	}
	return rc;
}

/* One call for all tiles and the folders that they lie in. */
static enum err_kind sync_all(const struct mirror *m, struct err *err)
{
	return syncfs(m->options.dir_fd) == 0 ? OK : err_errno(err, errno, "sync the mirror");
}

/* The head's note, as the witness cosigned it, with the mirror's own line; *line borrows from mem. */
static enum err_kind sign(struct mirror *m, const struct witness_state *head, struct arena *mem,
	struct str *line, struct str *note, struct err *err)
{
	struct out line_out, note_out;
	struct note parsed;

	out_init(&line_out, mem, (size_t)2 * NOTE_NAME_BYTES_MAX);
	out_init(&note_out, mem, WITNESS_NOTE_BYTES_MAX + (size_t)2 * NOTE_NAME_BYTES_MAX);
	enum err_kind rc = note_parse(str_of(head->note, head->note_len), &parsed, err);

	if (rc == OK)
		rc = cosignature_put_line(
			mem, &line_out, &m->vkey, &m->key, head->time_s, parsed.text, err);
	if (rc == OK)
		rc = out_finish(&line_out, line, err);
	if (rc != OK)
		return rc;
	out_put(&note_out, str_of(head->note, head->note_len));
	out_put(&note_out, *line);
	return out_finish(&note_out, note, err);
}

/* The centre may not name this key in its policy: then the line is of use to those who fetch it here. */
static void hand_over(struct mirror *m, struct arena *mem, uint64_t size, struct str line)
{
	struct client_answer answer;
	struct out o;
	struct jw w;
	struct str body;
	struct err err;

	out_init(&o, mem, LIMIT_JSON_BYTES);
	jw_init(&w, &o);
	jw_object(&w);
	jw_key(&w, "size");
	jw_u64(&w, size);
	jw_kstr(&w, "lines", line);
	jw_object_end(&w);
	if (out_finish(&o, &body, &err) == OK &&
		m->options.ask(m->options.ask_arg, mem, "witness.cosign", body, &answer, &err) !=
			OK)
		return;
}

static enum err_kind publish_head(
	struct mirror *m, const struct witness_state *head, struct err *err)
{
	struct arena mem;
	struct str line = STR(""), note = STR("");

	arena_init(&mem, PULL_MEM_BYTES);
	enum err_kind rc = sign(m, head, &mem, &line, &note, err);

	if (rc == OK && !m->publish.durable)
		rc = sync_all(m, err);
	if (rc == OK)
		rc = fs_replace(m->options.dir_fd, "checkpoint", note, 0644, err);
	if (rc == OK)
		hand_over(m, &mem, head->size, line);
	arena_reset(&mem);
	return rc;
}

enum err_kind mirror_follow(struct mirror *m, const struct witness_state *head, struct err *err)
{
	uint64_t from = m->size;

	if (m->stopped[0] != '\0')
		return err_set(err, ERR_CORRUPT, "%s", m->stopped);
	if (head->size <= m->size)
		return OK;
	m->publish.durable = head->size - m->size <= SYNCED_SINGLY;
	enum err_kind rc = fetch_all(m, head->size, err);

	if (rc == OK)
		rc = check_root(m, &head->root, err);
	if (rc == OK)
		rc = tiles_flush(m->tiles, err);
	if (rc == OK)
		rc = publish_head(m, head, err);
	if (rc == ERR_CORRUPT || rc == ERR_IO)
		snprintf(m->stopped, sizeof(m->stopped), "%s", err->msg);
	if (rc != OK)
		return rc;
	m->size = head->size;
	rc = publish_sweep(&m->publish, true, err);
	return rc != OK ? rc : tell_entries(m, from, head->size, err);
}

enum err_kind mirror_entry(const struct mirror *m, uint64_t index, struct arena *mem,
	struct str *entry, struct err *err)
{
	struct str bytes = STR("");

	if (index >= m->size)
		return err_set(err, ERR_NOT_FOUND, "entry %llu is not mirrored yet",
			(unsigned long long)index);
	struct tile tile = bundle_at(m->size, index / TILE_WIDTH);
	enum err_kind rc = published_tile(m->options.dir_fd, &tile, mem, &bytes, err);

	for (uint64_t i = 0; rc == OK && i <= index % TILE_WIDTH; i++)
		if (bytes.len == 0 || !bundle_next(&bytes, entry))
			rc = err_set(err, ERR_CORRUPT, "a bundle breaks off");
	return rc;
}

uint64_t mirror_size(const struct mirror *m)
{
	return m->size;
}

enum err_kind mirror_root(
	const struct mirror *m, uint64_t size, struct sha256 *root, struct err *err)
{
	return published_root(m->options.dir_fd, m->size, size, root, err);
}
