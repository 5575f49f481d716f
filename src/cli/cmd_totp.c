/* totp: the code of the moment, for those without an authenticator at hand. */
#include "cli/console.h"
#include "crypto/password.h"
#include "format/base32.h"
#include "os/clock.h"

int cmd_totp(const struct cli *cli, int argc, char **argv)
{
	char text[LIMIT_LINE_BYTES + 1];
	uint8_t secret[64];
	size_t len = 0;
	struct clock clock;
	struct err err;

	(void)cli;
	if (argc > 2)
		return cmd_misuse(argv[0]);
	if (console_secret(argc == 2 ? argv[1] : NULL, "Secret (base32): ", text, &err) != OK)
		return cmd_fail("totp", &err);
	bool read = base32_parse(str_from(text), secret, sizeof(secret), &len);

	secret_wipe(text, sizeof(text));
	if (!read || len == 0) {
		err_set(&err, ERR_INPUT, "the secret is not base32");
		return cmd_fail("totp", &err);
	}
	clock_init_machine(&clock);
	uint64_t step = (uint64_t)(clock_now_us(&clock) / 1000000 / 30);

	printf("%06u\n", (unsigned)totp_code(str_of(secret, len), step));
	secret_wipe(secret, sizeof(secret));
	return 0;
}
