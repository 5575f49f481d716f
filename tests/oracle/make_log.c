/*
 * make_log: a log for the oracle.  make_log make DIR SIZE  builds a lab's records and ledger in DIR;
 * make_log verify DIR  checks the published files by our own verifier: exit 0 holds, 1 refuted.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "harness.h"
#include "labfix.h"
#include "ledger/published.h"
#include "ledger/verify.h"

static int make(const char *dir, int size)
{
	struct labfix fix;

	labfix_make_at(&fix, dir);
	labfix_start(&fix, NULL);
	/* Batches of uneven sizes, so that partial tiles of many widths come and go. */
	for (int n = 0, step = 1; n < size; n += step, step = step * 3 % 97 + 1)
		if (labfix_append_batch(&fix, n, step < size - n ? step : size - n) != OK)
			return 1;
	labfix_stop(&fix);
	return 0;
}

static int verify(const char *dir)
{
	struct ledger_report report = { 0 };
	struct note_vkey key;
	struct arena mem;
	struct err err;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || crypto_init(&err) != OK)
		return 2;
	arena_init(&mem, 1 << 20);
	enum err_kind rc = published_vkey(fd, &mem, &key, &err);

	if (rc == OK)
		rc = ledger_verify(fd, NULL, &key, &mem, &report, &err);
	if (rc != OK)
		printf("refuted: %s\n", err.msg);
	arena_reset(&mem);
	return rc == OK ? 0 : 1;
}

int main(int argc, char **argv)
{
	uint64_t size;

	if (argc == 4 && strcmp(argv[1], "make") == 0 && str_to_u64(str_from(argv[3]), &size) &&
		size < 1000000)
		return make(argv[2], (int)size);
	return argc == 3 && strcmp(argv[1], "verify") == 0 ? verify(argv[2]) : 2;
}
