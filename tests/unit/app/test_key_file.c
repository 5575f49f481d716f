/* Key files: what was written comes back, with the passphrase alone, from a file that nobody else reads. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

#include "app/key_file.h"
#include "base/arena.h"
#include "crypto/sign.h"

static char path[] = "/tmp/vitrine-key-XXXXXX/own.key";
static uint8_t secret[KEY_FILE_SECRET_BYTES];
static struct arena mem;

static int set_up(void **state)
{
	struct err err;

	(void)state;
	memcpy(path, "/tmp/vitrine-key-XXXXXX", 23);
	path[23] = '\0';
	if (crypto_init(&err) != OK || mkdtemp(path) == NULL)
		return -1;
	path[23] = '/';
	memset(secret, 0x5a, sizeof(secret));
	arena_init(&mem, 1 << 16);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_reset(&mem);
	unlink(path);
	path[23] = '\0';
	return rmdir(path);
}

static enum err_kind open_with(const char *passphrase, uint8_t got[KEY_FILE_SECRET_BYTES])
{
	struct str bytes;
	struct err err;
	enum err_kind rc = key_file_read(&mem, path, &bytes, &err);

	return rc == OK ? key_file_open(&mem, bytes, str_from(passphrase), got, &err) : rc;
}

static void bytes_alone_are_their_owners(void **state)
{
	uint8_t got[KEY_FILE_SECRET_BYTES];
	struct stat st;
	struct err err;

	(void)state;
	assert_int_equal(key_file_write(path, secret, STR(""), &err), OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, KEY_FILE_SECRET_BYTES);
	assert_int_equal(open_with("", got), OK);
	assert_memory_equal(got, secret, sizeof(got));
	assert_int_equal(key_file_write(path, secret, STR(""), &err), ERR_CONFLICT);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(open_with("", got), ERR_DENIED);
}

static void a_sealed_key_wants_its_passphrase(void **state)
{
	uint8_t got[KEY_FILE_SECRET_BYTES];
	char text[KEY_FILE_BYTES_MAX];
	struct err err;

	(void)state;
	assert_int_equal(key_file_write(path, secret, STR("horse battery"), &err), OK);
	assert_int_equal(open_with("horse batterY", got), ERR_DENIED);
	assert_int_equal(open_with("horse battery", got), OK);
	assert_memory_equal(got, secret, sizeof(got));
	/* a byte of the ciphertext changed */
	FILE *file = fopen(path, "r+e");

	assert_non_null(file);
	size_t len = fread(text, 1, sizeof(text) - 1, file);

	text[len] = '\0';
	char *at = strstr(text, "\"sealed\":\"");

	assert_non_null(at);
	at[20] = at[20] == 'A' ? 'B' : 'A';
	rewind(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	fclose(file);
	assert_int_equal(open_with("horse battery", got), ERR_DENIED);
	assert_int_equal(truncate(path, 60), 0);
	assert_int_equal(open_with("horse battery", got), ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bytes_alone_are_their_owners, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_sealed_key_wants_its_passphrase, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
