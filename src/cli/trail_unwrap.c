/* trail_unwrap: `vitrine trail unwrap`: one party peels its layer, offline, and hands the file on. */
#include "cli/trail_unwrap.h"

#include <fcntl.h>
#include <stdio.h>

#include "cli/trail_fetch.h"
#include "cli/trail_reader.h"
#include "crypto/sign.h"
#include "os/fs.h"

static enum err_kind read_public(const char *path, struct box_public *key, struct err *err)
{
	struct arena mem;
	struct str bytes;

	arena_init(&mem, 4096);
	enum err_kind rc = fs_read(AT_FDCWD, path, sizeof(key->bytes), &mem, &bytes, err);

	if ((rc == OK && bytes.len != sizeof(key->bytes)) || rc == ERR_LIMIT)
		rc = err_set(err, ERR_INPUT, "%.200s: not a public sealing key (32 bytes)", path);
	if (rc == OK)
		memcpy(key->bytes, bytes.ptr, bytes.len);
	arena_reset(&mem);
	return rc;
}

struct collect {
	struct arena *mem;
	struct str wrapped;
};

static enum err_kind keep_wrapped(
	void *arg, struct str recipient, struct str wrapped, struct err *err)
{
	struct collect *c = arg;

	(void)recipient;
	return arena_copy(c->mem, wrapped, &c->wrapped) ? OK
							: err_set(err, ERR_LIMIT, "memory used up");
}

/* A bare key never lies in a file: it is wrapped again, for one reader. */
static enum err_kind hand_over(struct arena *mem, const struct box_public *to,
	const struct trail_of *of, struct str bare, struct trailfile_key *key, struct err *err)
{
	const struct trail_plan plan = { .for_officers = true };
	struct collect c = { .mem = mem };
	struct seal_key plain;

	memcpy(plain.bytes, bare.ptr, SEAL_KEY_BYTES);
	enum err_kind rc = trail_wrap(&plan, to, of, &plain, mem, keep_wrapped, &c, err);

	secret_wipe(&plain, sizeof(plain));
	key->wrapped = c.wrapped;
	return rc;
}

static enum err_kind peel_key(struct arena *mem, const struct trail_opener *opener,
	const struct box_public *to, struct str session, struct trailfile_key *key, size_t *peeled,
	struct err *err)
{
	struct trail_of of = { session, key->seq };
	struct str rest;
	enum err_kind rc = trail_peel(mem, opener, &of, key->wrapped, &rest, err);

	if (rc == ERR_CORRUPT) /* somebody else's layer */
		return OK;
	if (rc != OK)
		return rc;
	++*peeled;
	key->peeled++;
	if (rest.len != SEAL_KEY_BYTES) {
		key->wrapped = rest;
		return OK;
	}
	if (to == NULL)
		return err_set(err, ERR_CONFLICT,
			"this is the last layer: read it with `vitrine trail open`, or name who is to read it by --for");
	return hand_over(mem, to, &of, rest, key, err);
}

static enum err_kind peel_file(struct arena *mem, const struct trail_opener *opener,
	const struct box_public *to, struct trailfile *file, struct err *err)
{
	size_t peeled = 0;

	for (size_t i = 0; i < file->key_count; i++) {
		enum err_kind rc = peel_key(
			mem, opener, to, file->session, &file->keys[i], &peeled, err);

		if (rc != OK)
			return rc;
	}
	if (peeled == 0)
		return err_set(err, ERR_DENIED,
			"no layer of this file opens with this key: it is not this party's turn, or not its key");
	printf("session %.*s, opening %.*s: %zu layers peeled\n", STR_ARG(file->session),
		STR_ARG(file->opening), peeled);
	return OK;
}

enum err_kind trail_unwrap_run(const struct trail_unwrap *options, struct err *err)
{
	struct trail_opener opener = { 0 };
	struct box_public to;
	struct trailfile file;
	struct arena mem;
	enum err_kind rc = crypto_init(err);

	arena_init(&mem, TRAIL_FILE_MEM_BYTES);
	if (rc == OK)
		rc = trail_opener_read(options->key, &opener, err);
	if (rc == OK && options->to != NULL)
		rc = read_public(options->to, &to, err);
	if (rc == OK)
		rc = trail_load(&mem, options->file, &file, err);
	if (rc == OK)
		rc = peel_file(&mem, &opener, options->to != NULL ? &to : NULL, &file, err);
	if (rc == OK)
		rc = trail_save_file(&mem, options->out, &file, err);
	arena_wipe(&mem);
	secret_wipe(&opener, sizeof(opener));
	return rc;
}
