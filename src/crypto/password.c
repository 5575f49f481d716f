#include "crypto/password.h"

#include <errno.h>
#include <nettle/hmac.h>
#include <pthread.h>
#include <sodium.h>

#include "crypto/digest.h"

static_assert(PASSWORD_HASH_BYTES == crypto_pwhash_STRBYTES, "libsodium's text form");

static const unsigned long long PASSES = 3;
static const size_t MEMORY_BYTES = 64U << 20;

/* The gate: at most PASSWORD_PARALLEL_MAX hashes at once; the others wait here. */
static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_left = PTHREAD_COND_INITIALIZER;
static unsigned gate_inside;

static enum err_kind gate_enter(struct err *err)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PASSWORD_WAIT_MS_MAX / 1000;
	pthread_mutex_lock(&gate_lock);
	while (gate_inside == PASSWORD_PARALLEL_MAX && rc == 0)
		rc = pthread_cond_clockwait(&gate_left, &gate_lock, CLOCK_MONOTONIC, &until);
	if (gate_inside == PASSWORD_PARALLEL_MAX) {
		pthread_mutex_unlock(&gate_lock);
		return err_set(err, ERR_LIMIT, "too many sign-ins at once; try again in a moment");
	}
	gate_inside++;
	assert(gate_inside <= PASSWORD_PARALLEL_MAX);
	pthread_mutex_unlock(&gate_lock);
	return OK;
}

static void gate_leave(void)
{
	pthread_mutex_lock(&gate_lock);
	assert(gate_inside > 0);
	gate_inside--;
	pthread_cond_signal(&gate_left);
	pthread_mutex_unlock(&gate_lock);
}

static enum err_kind check_length(struct str password, struct err *err)
{
	if (password.len > PASSWORD_BYTES_MAX)
		return err_set(err, ERR_INPUT, "password longer than %d bytes", PASSWORD_BYTES_MAX);
	return OK;
}

enum err_kind password_make(struct str password, struct password_hash *hash, struct err *err)
{
	struct password_hash made;

	if (check_length(password, err) != OK || gate_enter(err) != OK)
		return err->kind;
	int rc = crypto_pwhash_str_alg(made.text, password.ptr, password.len, PASSES, MEMORY_BYTES,
		crypto_pwhash_ALG_ARGON2ID13);
	gate_leave();
	if (rc != 0)
		return err_set(err, ERR_LIMIT, "no memory to hash a password");
	*hash = made;
	return OK;
}

enum err_kind password_check(
	const struct password_hash *hash, struct str password, bool *matches, struct err *err)
{
	if (check_length(password, err) != OK)
		return err->kind;
	/* Parameters come out of the text: only ours, or a stored row could ask for any amount of memory. */
	if (memchr(hash->text, '\0', sizeof(hash->text)) == NULL ||
		crypto_pwhash_argon2id_str_needs_rehash(hash->text, PASSES, MEMORY_BYTES) != 0)
		return err_set(err, ERR_CORRUPT, "stored password hash has not our form");
	if (gate_enter(err) != OK)
		return err->kind;
	errno = 0;
	int rc = crypto_pwhash_argon2id_str_verify(hash->text, password.ptr, password.len);
	int why = errno;

	gate_leave();
	/* libsodium says EINVAL for a password that differs, and nothing or ENOMEM where it could not tell. */
	if (rc != 0 && why != EINVAL)
		return err_set(err, ERR_LIMIT, "no memory to check a password");
	*matches = rc == 0;
	return OK;
}

enum err_kind password_derive(struct str passphrase, const uint8_t salt[PASSWORD_SALT_BYTES],
	struct seal_key *key, struct err *err)
{
	static_assert(PASSWORD_SALT_BYTES == crypto_pwhash_SALTBYTES, "libsodium's salt");
	if (check_length(passphrase, err) != OK || gate_enter(err) != OK)
		return err->kind;
	int rc = crypto_pwhash(key->bytes, sizeof(key->bytes), passphrase.ptr, passphrase.len, salt,
		PASSES, MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13);

	gate_leave();
	return rc == 0 ? OK : err_set(err, ERR_LIMIT, "no memory to hash a passphrase");
}

const struct password_hash *password_nobody(void)
{
	/* Our parameters, a salt and a hash of zero bytes: no one can find a password for that hash. */
	static const struct password_hash nobody = {
		"$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA"
		"$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	};

	return &nobody;
}

uint32_t totp_code(struct str secret, uint64_t step)
{
	struct hmac_sha1_ctx ctx;
	uint8_t counter[8], code[SHA1_DIGEST_SIZE];

	for (int i = 0; i < 8; i++)
		counter[i] = (uint8_t)(step >> (56 - 8 * i));
	hmac_sha1_set_key(&ctx, secret.len, (const uint8_t *)secret.ptr);
	hmac_sha1_update(&ctx, sizeof(counter), counter);
	hmac_sha1_digest(&ctx, sizeof(code), code);
	sodium_memzero(&ctx, sizeof(ctx));

	/* RFC 4226 section 5.3: 31 bits from where the last four bits point. */
	size_t at = code[19] & 15;
	uint32_t cut = (uint32_t)(code[at] & 0x7f) << 24 | (uint32_t)code[at + 1] << 16 |
		(uint32_t)code[at + 2] << 8 | code[at + 3];

	return cut % 1000000;
}

bool totp_check(
	struct str secret, struct str digits, int64_t now_us, uint64_t last_step, uint64_t *step)
{
	uint64_t found = 0;
	bool matches = false;

	if (digits.len != 6 || now_us < 0)
		return false;
	uint64_t now_step = (uint64_t)now_us / 1000000 / TOTP_STEP_S;

	for (uint64_t s = now_step == 0 ? 0 : now_step - 1; s <= now_step + 1; s++) {
		char want[6];
		uint32_t code = totp_code(secret, s);

		for (int i = 5; i >= 0; i--) {
			want[i] = (char)('0' + code % 10);
			code /= 10;
		}
		if (secret_eq(want, digits.ptr, sizeof(want)) && s > last_step && !matches) {
			matches = true;
			found = s;
		}
	}
	if (matches)
		*step = found;
	return matches;
}
