#include "ledger/published.h"

#include "base/hex.h"
#include "ledger/bundle.h"
#include "ledger/tlogproof.h"
#include "os/fs.h"

enum err_kind published_checkpoint(int dir_fd, struct arena *mem, struct str *note, struct err *err)
{
	return fs_read(dir_fd, "checkpoint", NOTE_BYTES_MAX, mem, note, err);
}

enum err_kind published_vkey(int dir_fd, struct arena *mem, struct note_vkey *vkey, struct err *err)
{
	struct str text;
	enum err_kind rc = fs_read(dir_fd, "log.vkey", NOTE_VKEY_BYTES_MAX + 1, mem, &text, err);

	return rc == OK ? note_vkey_parse(str_trim(text), vkey, err) : rc;
}

/* The first `width` of what the file holds. */
static enum err_kind cut_to_width(
	const struct tile *tile, const char *path, struct str *bytes, struct err *err)
{
	struct str rest = *bytes, entry;
	size_t len = (size_t)tile->width * SHA256_BYTES;

	if (tile->is_bundle) {
		for (unsigned i = 0; i < tile->width; i++)
			if (rest.len == 0 || !bundle_next(&rest, &entry))
				return err_set(err, ERR_CORRUPT, "ledger/%s breaks off", path);
		len = bytes->len - rest.len;
	}
	if (len > bytes->len)
		return err_set(err, ERR_CORRUPT, "ledger/%s is too short", path);
	*bytes = str_head(*bytes, len);
	return OK;
}

enum err_kind published_tile(
	int dir_fd, const struct tile *tile, struct arena *mem, struct str *bytes, struct err *err)
{
	char path[TILEPATH_BYTES_MAX];
	struct str read = STR("");
	struct tile whole = *tile;
	size_t bytes_max = tile->is_bundle ? BUNDLE_BYTES_MAX : TILE_BYTES;

	tilepath_format(tile, path);
	enum err_kind rc = fs_read(dir_fd, path, bytes_max, mem, &read, err);

	if (rc == ERR_NOT_FOUND && tile->width != TILE_WIDTH) {
		whole.width = TILE_WIDTH;
		tilepath_format(&whole, path);
		rc = fs_read(dir_fd, path, bytes_max, mem, &read, err);
	}
	if (rc == OK)
		rc = cut_to_width(tile, path, &read, err);
	if (rc == OK)
		*bytes = read;
	return rc;
}

/* What merkle_inclusion asks its nodes of. */
struct node_source {
	int dir_fd;
	uint64_t tree_size;
};

static enum err_kind read_node(
	void *arg, unsigned level, uint64_t index, struct sha256 *node, struct err *err)
{
	const struct node_source *source = arg;
	struct sha256 hashes[TILE_WIDTH];
	struct arena mem;
	struct str bytes;
	uint64_t first = index << level % 8; /* in hashes of the tile's level */
	size_t count = (size_t)1 << level % 8;
	struct tile tile = { .level = (uint8_t)(level / 8), .index = first / TILE_WIDTH };

	tile.width = (uint16_t)tile_width_at(source->tree_size, tile.level, tile.index);
	assert(first % TILE_WIDTH + count <= tile.width);
	arena_init(&mem, (size_t)4 * TILE_BYTES);
	enum err_kind rc = published_tile(source->dir_fd, &tile, &mem, &bytes, err);

	if (rc == OK) {
		memcpy(hashes, bytes.ptr + first % TILE_WIDTH * SHA256_BYTES, count * SHA256_BYTES);
		*node = tiles_subtree(hashes, count);
	}
	arena_reset(&mem);
	return rc;
}

enum err_kind published_proof(int dir_fd, struct arena *mem, const struct checkpoint *checkpoint,
	struct str note, uint64_t index, const struct sha256 *leaf, struct str *text,
	struct err *err)
{
	struct node_source source = { dir_fd, checkpoint->size };
	struct tlogproof proof = { .index = index, .checkpoint = note };
	struct out o;

	if (index >= checkpoint->size)
		return err_set(err, ERR_NOT_FOUND, "no entry %llu below the checkpoint's size %llu",
			(unsigned long long)index, (unsigned long long)checkpoint->size);
	enum err_kind rc = merkle_inclusion(
		index, checkpoint->size, read_node, &source, &proof.path, err);

	if (rc == OK)
		rc = merkle_verify_inclusion(
			index, checkpoint->size, leaf, &proof.path, &checkpoint->root, err);
	if (rc != OK) {
		err_context(err, "proof of entry %llu from the published tiles",
			(unsigned long long)index);
		return rc;
	}
	out_init(&o, mem, TLOGPROOF_BYTES_MAX);
	tlogproof_put(&o, &proof);
	return out_finish(&o, text, err);
}

/* The root of the first `size` leaves: its full subtrees, one a bit. */
static enum err_kind root_at(
	struct node_source *source, uint64_t size, struct sha256 *root, struct err *err)
{
	struct merkle_edge edge = { .size = size };
	enum err_kind rc = OK;

	for (unsigned level = 0; rc == OK && size >> level != 0; level++) {
		if ((size >> level & 1) != 0)
			rc = read_node(source, level, (size >> level) - 1, &edge.nodes[level], err);
	}
	if (rc == OK)
		*root = merkle_root(&edge);
	return rc;
}

enum err_kind published_root(
	int dir_fd, uint64_t tree_size, uint64_t size, struct sha256 *root, struct err *err)
{
	struct node_source source = { dir_fd, tree_size };

	if (size > tree_size)
		return err_set(
			err, ERR_INPUT, "the log has no %llu entries", (unsigned long long)size);
	return root_at(&source, size, root, err);
}

enum err_kind published_path(int dir_fd, uint64_t tree_size, uint64_t old_size, uint64_t new_size,
	struct merkle_path *path, struct err *err)
{
	struct node_source source = { dir_fd, tree_size };

	if (old_size > new_size || new_size > tree_size)
		return err_set(err, ERR_INPUT, "no tree of size %llu extends one of size %llu here",
			(unsigned long long)new_size, (unsigned long long)old_size);
	return merkle_consistency(old_size, new_size, read_node, &source, path, err);
}

static void put_hash(struct out *o, const struct sha256 *hash)
{
	out_base64(o, str_of(hash->bytes, SHA256_BYTES));
	out_char(o, '\n');
}

static enum err_kind prove_extends(struct node_source *source, const struct sha256 roots[2],
	const uint64_t sizes[2], struct merkle_path *path, struct err *err)
{
	enum err_kind rc = merkle_consistency(sizes[0], sizes[1], read_node, source, path, err);

	return rc != OK
		? rc
		: merkle_verify_consistency(sizes[0], sizes[1], &roots[0], &roots[1], path, err);
}

enum err_kind published_consistency(int dir_fd, struct arena *mem,
	const struct checkpoint *checkpoint, uint64_t old_size, uint64_t new_size, struct str *text,
	struct err *err)
{
	struct node_source source = { dir_fd, checkpoint->size };
	const uint64_t sizes[2] = { old_size, new_size };
	struct merkle_path path = { 0 };
	struct sha256 roots[2], signed_root;
	struct out o;

	if (old_size == 0 || old_size > new_size || new_size > checkpoint->size)
		return err_set(err, ERR_INPUT,
			"sizes must be 1 <= OLD <= NEW <= %llu, the checkpoint's size",
			(unsigned long long)checkpoint->size);
	enum err_kind rc = root_at(&source, checkpoint->size, &signed_root, err);

	if (rc == OK && !sha256_eq(&signed_root, &checkpoint->root))
		rc = err_set(err, ERR_CORRUPT,
			"the published tiles hash to another root than is signed");
	for (int i = 0; rc == OK && i < 2; i++)
		rc = root_at(&source, sizes[i], &roots[i], err);
	if (rc == OK)
		rc = prove_extends(&source, roots, sizes, &path, err);
	if (rc != OK)
		return rc;
	out_init(&o, mem, 8192);
	for (int i = 0; i < 2; i++) {
		out_printf(&o, "%s %llu ", i == 0 ? "old" : "new", (unsigned long long)sizes[i]);
		put_hash(&o, &roots[i]);
	}
	for (size_t i = 0; i < path.count; i++)
		put_hash(&o, &path.nodes[i]);
	return out_finish(&o, text, err);
}
