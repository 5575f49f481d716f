#include "proc/witness_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include "format/json.h"
#include "format/yaml.h"
#include "link/far.h"
#include "os/fs.h"
#include "os/random.h"

enum { FILE_BYTES_MAX = 64 << 10, FOLDER_MEM_BYTES = 4 << 20, FOLDER_MODE = 0700 };

static const char *const key_files[] = { "witness.key", "mirror.key", "peer.key" };

static enum err_kind text_of(struct witness_folder *f, const json_t *root, const char *key,
	bool must, const char **value, struct err *err)
{
	struct str text;

	*value = NULL;
	if (!json_str(root, key, &text))
		return must ? err_set(err, ERR_INPUT, WITNESS_SETTINGS ": %s is missing", key) : OK;
	*value = arena_cstr(&f->mem, text);
	return *value == NULL ? err_set(err, ERR_LIMIT, WITNESS_SETTINGS ": no memory") : OK;
}

/* Keys of one name are one log's. */
static enum err_kind add_log(struct witness_folder *f, struct str text, struct err *err)
{
	struct note_vkey vkey;
	struct str kept;

	if (!arena_copy(&f->mem, str_trim(text), &kept))
		return err_set(err, ERR_LIMIT, WITNESS_SETTINGS ": no memory");
	if (note_vkey_parse(kept, &vkey, err) != OK)
		return err_context(err, WITNESS_SETTINGS);
	if (vkey.type != NOTE_ED25519)
		return err_set(err, ERR_INPUT, WITNESS_SETTINGS ": a log's key is of type 01");
	size_t at = 0;

	while (at < f->log_count && !str_eq(f->logs[at].keys[0].name, vkey.name))
		at++;
	if (at == WITNESS_LOGS_MAX || f->logs[at].count == WITNESS_LOG_KEYS_MAX)
		return err_set(err, ERR_LIMIT, WITNESS_SETTINGS ": too many logs or keys");
	f->logs[at].keys[f->logs[at].count++] = vkey;
	f->log_count += at == f->log_count;
	return OK;
}

static enum err_kind add_logs(struct witness_folder *f, const json_t *root, struct err *err)
{
	const json_t *list = json_object_get(root, "logs");
	struct str first;
	size_t i;
	json_t *item;
	enum err_kind rc = json_str(root, "log", &first)
		? add_log(f, first, err)
		: err_set(err, ERR_INPUT, WITNESS_SETTINGS ": log is missing");

	json_array_foreach((json_t *)(uintptr_t)list, i, item)
	{
		if (rc == OK)
			rc = json_is_string(item)
				? add_log(f, str_from(json_string_value(item)), err)
				: err_set(err, ERR_INPUT,
					  WITNESS_SETTINGS ": logs is a list of verifier keys");
	}
	return rc;
}

static enum err_kind take_settings(struct witness_folder *f, const json_t *root, struct err *err)
{
	const struct {
		const char *key;
		bool must;
		const char **value;
	} rows[] = {
		{ "name", true, &f->name },
		{ "peer", false, &f->peer },
		{ "socket", false, &f->socket },
		{ "centre", false, &f->centre },
		{ "listen", false, &f->listen },
		{ "receipts", false, &f->receipts },
	};
	enum err_kind rc = OK;

	for (size_t i = 0; rc == OK && i < sizeof(rows) / sizeof(rows[0]); i++)
		rc = text_of(f, root, rows[i].key, rows[i].must, rows[i].value, err);
	if (rc == OK && f->socket != NULL && f->centre != NULL)
		rc = err_set(err, ERR_INPUT, WITNESS_SETTINGS ": one of socket and centre");
	f->mirrors = true;
	if (rc == OK && json_object_get(root, "mirror") != NULL &&
		!json_flag(root, "mirror", &f->mirrors))
		rc = err_set(err, ERR_INPUT, WITNESS_SETTINGS ": mirror is true or false");
	if (rc != OK)
		return rc;
	f->mirror_name = arena_printf(&f->mem, "%s/mirror", f->name);
	if (f->peer == NULL)
		f->peer = f->name;
	if (f->mirror_name == NULL || !note_name_valid(str_from(f->mirror_name)))
		return err_set(err, ERR_INPUT, WITNESS_SETTINGS ": name cannot be that of a key");
	return add_logs(f, root, err);
}

static enum err_kind load_settings(struct witness_folder *f, struct err *err)
{
	struct str text;
	json_t *root = NULL;
	enum err_kind rc = fs_read(AT_FDCWD, WITNESS_SETTINGS, FILE_BYTES_MAX, &f->mem, &text, err);

	if (rc == OK)
		rc = yaml_parse(text, FILE_BYTES_MAX, &root, err);
	if (rc == OK)
		rc = take_settings(f, root, err);
	json_decref(root);
	return rc;
}

static enum err_kind load_key(
	int folder, const char *path, struct sign_secret *key, struct err *err)
{
	struct sign_public unused;
	struct arena mem;
	struct str seed;

	arena_init(&mem, 4096);
	enum err_kind rc = fs_read(folder, path, SIGN_SEED_BYTES, &mem, &seed, err);

	if (rc == OK && seed.len != SIGN_SEED_BYTES)
		rc = err_set(err, ERR_CORRUPT, "%s: not %d bytes", path, SIGN_SEED_BYTES);
	if (rc == OK)
		sign_from_seed((const uint8_t *)seed.ptr, &unused, key);
	arena_wipe(&mem);
	return rc;
}

/* The TLS library takes C strings. No tls.key: plain HTTP. */
static enum err_kind load_certificate(struct witness_folder *f, struct err *err)
{
	struct str key, certificate;
	enum err_kind rc = fs_read(AT_FDCWD, "tls.key", FILE_BYTES_MAX, &f->mem, &key, err);

	f->key_pem = f->certificate_pem = STR("");
	if (rc == ERR_NOT_FOUND)
		return OK;
	if (rc == OK)
		rc = fs_read(AT_FDCWD, "tls.crt", FILE_BYTES_MAX, &f->mem, &certificate, err);
	if (rc != OK)
		return rc;
	f->key_pem = str_from(arena_cstr(&f->mem, key));
	f->certificate_pem = str_from(arena_cstr(&f->mem, certificate));
	return f->certificate_pem.len > 0 ? OK : err_set(err, ERR_LIMIT, "tls.crt: no memory");
}

enum err_kind witness_folder_load(struct witness_folder *f, struct err *err)
{
	memset(f, 0, sizeof(*f));
	arena_init(&f->mem, FOLDER_MEM_BYTES);
	enum err_kind rc = load_settings(f, err);

	if (rc == OK)
		rc = load_key(AT_FDCWD, key_files[0], &f->key, err);
	if (rc == OK)
		rc = load_key(AT_FDCWD, key_files[1], &f->mirror_key, err);
	if (rc == OK)
		rc = load_key(AT_FDCWD, key_files[2], &f->peer_key, err);
	return rc != OK ? rc : load_certificate(f, err);
}

void witness_folder_free(struct witness_folder *f)
{
	arena_wipe(&f->mem);
	secret_wipe(f, sizeof(*f));
}

static void put_setting(struct out *o, const char *key, const char *value)
{
	if (value != NULL)
		out_printf(o, "%s: \"%s\"\n", key, value);
}

static enum err_kind write_settings(int fd, const struct witness_new *s, struct err *err)
{
	struct arena mem;
	struct str text;
	struct out o;

	arena_init(&mem, FILE_BYTES_MAX);
	out_init(&o, &mem, FILE_BYTES_MAX / 2);
	put_setting(&o, "name", s->name);
	put_setting(&o, "peer", s->peer);
	put_setting(&o, "socket", s->socket);
	put_setting(&o, "centre", s->centre);
	put_setting(&o, "listen", s->listen);
	put_setting(&o, "receipts", s->receipts);
	out_put(&o, STR("mirror: true\nlog: \""));
	out_put(&o, s->log);
	out_put(&o, STR("\"\n"));
	enum err_kind rc = out_finish(&o, &text, err);

	if (rc == OK)
		rc = fs_replace(fd, WITNESS_SETTINGS, text, 0600, err);
	arena_reset(&mem);
	return rc;
}

static enum err_kind make_key(int fd, const char *path, struct err *err)
{
	uint8_t seed[SIGN_SEED_BYTES];

	if (faccessat(fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return OK;
	random_bytes(seed, sizeof(seed));
	enum err_kind rc = fs_replace(fd, path, str_of(seed, sizeof(seed)), 0600, err);

	secret_wipe(seed, sizeof(seed));
	return rc;
}

static enum err_kind make_state(int fd, struct str log, struct err *err)
{
	struct note_vkey vkey;
	int state_fd = -1;
	enum err_kind rc = note_vkey_parse(log, &vkey, err);

	if (rc == OK)
		rc = fs_make_dirs(fd, WITNESS_STATE_DIR, FOLDER_MODE, err);
	if (rc == OK)
		rc = fs_make_dirs(fd, WITNESS_MIRROR_DIR, FOLDER_MODE, err);
	if (rc == OK)
		rc = fs_open_dir(fd, WITNESS_STATE_DIR, &state_fd, err);
	if (rc == OK)
		rc = witness_begin_log(state_fd, vkey.name, err);
	if (state_fd >= 0)
		close(state_fd);
	return rc;
}

/* By the door: the centre tells the peer's name and its log's key. Texts live in mem. */
static enum err_kind join(int fd, struct arena *mem, struct witness_new *s, struct err *err)
{
	struct far_joined joined;
	struct sign_secret key;
	enum err_kind rc = load_key(fd, key_files[2], &key, err);

	if (rc != OK)
		return rc;
	rc = far_join(mem, s->centre, str_from(s->token), &key, &joined, err);
	secret_wipe(&key, sizeof(key));
	if (rc == OK && !str_eq(joined.role, STR("witness")))
		rc = err_set(err, ERR_INPUT, "this token invites a %.*s, not a witness",
			STR_ARG(joined.role));
	if (rc == OK)
		rc = far_keep(fd, &joined, err);
	if (rc != OK)
		return rc;
	s->peer = arena_cstr(mem, joined.name);
	s->log = joined.vkey;
	return s->peer != NULL ? OK : err_set(err, ERR_LIMIT, "the join's answer is too long");
}

/* Settings last: a folder without them is none. */
enum err_kind witness_folder_make(
	const char *folder, const struct witness_new *settings, struct err *err)
{
	struct witness_new s = *settings;
	struct arena mem;
	int fd = -1;

	if (!note_name_valid(str_from(settings->name)) || strpbrk(settings->name, "\"\\") != NULL)
		return err_set(
			err, ERR_INPUT, "\"%.80s\" cannot be the name of a key", settings->name);
	enum err_kind rc = fs_make_dirs(AT_FDCWD, folder, FOLDER_MODE, err);

	arena_init(&mem, FOLDER_MEM_BYTES);
	if (rc == OK)
		rc = fs_open_dir(AT_FDCWD, folder, &fd, err);
	if (rc == OK && faccessat(fd, WITNESS_SETTINGS, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		rc = err_set(err, ERR_CONFLICT, "%.200s holds a witness already", folder);
	for (size_t i = 0; rc == OK && i < sizeof(key_files) / sizeof(key_files[0]); i++)
		rc = make_key(fd, key_files[i], err);
	if (rc == OK && s.token != NULL)
		rc = join(fd, &mem, &s, err);
	if (rc == OK)
		rc = make_state(fd, s.log, err);
	if (rc == OK)
		rc = write_settings(fd, &s, err);
	if (fd >= 0)
		close(fd);
	arena_wipe(&mem);
	return rc;
}

enum err_kind witness_folder_vkey(struct witness_folder *f, const char *name,
	const struct sign_secret *key, struct str *vkey, struct err *err)
{
	struct sign_public public_key;
	struct out o;

	memcpy(public_key.bytes, key->bytes + SIGN_SEED_BYTES, SIGN_PUBLIC_BYTES);
	struct note_vkey made = note_vkey_make(str_from(name), NOTE_COSIGNATURE, &public_key);

	out_init(&o, &f->mem, NOTE_VKEY_BYTES_MAX);
	note_vkey_put(&o, &made);
	return out_finish(&o, vkey, err);
}
