#include "app/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "crypto/password.h"
#include "crypto/seal.h"
#include "crypto/sign.h"
#include "format/json.h"
#include "os/fs.h"
#include "os/random.h"

/* What is authenticated beside the secret. */
#define BOUND STR("vitrine/key-file/v1")

enum { SEALED_BYTES = SEAL_OVERHEAD_BYTES + KEY_FILE_SECRET_BYTES, MEM_BYTES = 16384 };

/* {"kdf":"argon2id","salt":…,"sealed":…,"v":1} and a line feed. */
static enum err_kind seal_secret(struct arena *mem, const uint8_t *secret, struct str passphrase,
	struct str *bytes, struct err *err)
{
	uint8_t salt[PASSWORD_SALT_BYTES];
	struct seal_key key;
	struct str sealed;
	struct out o;

	random_bytes(salt, sizeof(salt));
	enum err_kind rc = password_derive(passphrase, salt, &key, err);

	if (rc == OK)
		rc = seal_close(
			mem, &key, BOUND, str_of(secret, KEY_FILE_SECRET_BYTES), &sealed, err);
	secret_wipe(&key, sizeof(key));
	if (rc != OK)
		return rc;
	out_init(&o, mem, KEY_FILE_BYTES_MAX);
	out_put(&o, STR("{\"kdf\":\"argon2id\",\"salt\":\""));
	out_base64(&o, str_of(salt, sizeof(salt)));
	out_put(&o, STR("\",\"sealed\":\""));
	out_base64(&o, sealed);
	out_put(&o, STR("\",\"v\":1}\n"));
	return out_finish(&o, bytes, err);
}

static enum err_kind write_new(const char *path, struct str bytes, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return err_set(err, ERR_CONFLICT, "%.200s exists already", path);
	if (fd < 0)
		return err_errno(err, errno, "%.200s", path);
	enum err_kind rc = fs_write_all(fd, bytes.ptr, bytes.len, err);

	if (rc == OK)
		rc = fs_sync(fd, err);
	close(fd);
	if (rc != OK)
		unlink(path);
	return rc;
}

enum err_kind key_file_write(const char *path, const uint8_t secret[KEY_FILE_SECRET_BYTES],
	struct str passphrase, struct err *err)
{
	struct str bytes = str_of(secret, KEY_FILE_SECRET_BYTES);
	struct arena mem;
	enum err_kind rc = OK;

	arena_init(&mem, MEM_BYTES);
	if (passphrase.len > 0)
		rc = seal_secret(&mem, secret, passphrase, &bytes, err);
	if (rc == OK)
		rc = write_new(path, bytes, err);
	arena_reset(&mem);
	return rc;
}

bool key_file_is_sealed(struct str bytes)
{
	return bytes.len != KEY_FILE_SECRET_BYTES;
}

enum err_kind key_file_read(struct arena *mem, const char *path, struct str *bytes, struct err *err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, errno, "%.200s", path);
	enum err_kind rc = fs_read_fd(fd, KEY_FILE_BYTES_MAX, mem, bytes, err);

	if (rc == OK && fstat(fd, &st) != 0)
		rc = err_errno(err, errno, "%.200s", path);
	close(fd);
	if (rc == OK && !key_file_is_sealed(*bytes) && (st.st_mode & 077) != 0)
		rc = err_set(err, ERR_DENIED,
			"%.200s holds a key in clear and others may read it: chmod 600", path);
	return rc;
}

static enum err_kind not_a_key_file(struct err *err)
{
	return err_set(err, ERR_INPUT, "the key file is none that vitrine sign keygen made");
}

enum err_kind key_file_open(struct arena *mem, struct str bytes, struct str passphrase,
	uint8_t secret[KEY_FILE_SECRET_BYTES], struct err *err)
{
	uint8_t salt[PASSWORD_SALT_BYTES], sealed[SEALED_BYTES];
	size_t salt_len = 0, sealed_len = 0;
	struct str kdf, text, plain;
	struct seal_key key;
	json_t *root = NULL;

	if (!key_file_is_sealed(bytes)) {
		memcpy(secret, bytes.ptr, KEY_FILE_SECRET_BYTES);
		return OK;
	}
	if (json_parse(bytes, KEY_FILE_BYTES_MAX, &root, err) != OK)
		return not_a_key_file(err);
	bool is_read = json_str(root, "kdf", &kdf) && str_eq(kdf, STR("argon2id")) &&
		json_str(root, "salt", &text) &&
		base64_parse(text, salt, sizeof(salt), &salt_len) && salt_len == sizeof(salt) &&
		json_str(root, "sealed", &text) &&
		base64_parse(text, sealed, sizeof(sealed), &sealed_len) &&
		sealed_len == sizeof(sealed);

	json_decref(root);
	if (!is_read)
		return not_a_key_file(err);
	enum err_kind rc = password_derive(passphrase, salt, &key, err);

	if (rc == OK)
		rc = seal_open(mem, &key, BOUND, str_of(sealed, sizeof(sealed)), &plain, err);
	secret_wipe(&key, sizeof(key));
	if (rc == ERR_CORRUPT)
		return err_set(err, ERR_DENIED, "the passphrase is not that of the key file");
	if (rc != OK)
		return rc;
	assert(plain.len == KEY_FILE_SECRET_BYTES);
	memcpy(secret, plain.ptr, plain.len);
	secret_wipe((void *)(uintptr_t)plain.ptr, plain.len);
	return OK;
}
