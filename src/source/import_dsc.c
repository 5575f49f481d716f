/* import_dsc: what a .dsc says it needs. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/limit.h"
#include "source/import_read.h"

static enum err_kind read_all(int fd, char *text, size_t cap, size_t *len, struct err *err)
{
	size_t got = 0;

	while (got < cap) {
		ssize_t n = pread(fd, text + got, cap - got, (off_t)got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "read the .dsc");
		if (n == 0)
			break;
		got += (size_t)n;
	}
	if (got == cap)
		return err_set(err, ERR_LIMIT, "the .dsc is larger than %u bytes", LIMIT_DSC_BYTES);
	*len = got;
	return OK;
}

enum err_kind import_read_dsc(struct import_out *o, int fd, struct err *err)
{
	static char text[LIMIT_DSC_BYTES + 1];
	char origin[IMPORT_TEXT_BYTES];
	struct dsc dsc;
	size_t len = 0;
	enum err_kind rc = read_all(fd, text, sizeof(text), &len, err);

	if (rc == OK)
		rc = dsc_parse(str_of(text, len), &dsc, err);
	for (size_t i = 0; rc == OK && i < dsc.part_count; i++)
		rc = import_out_part(o, &dsc.parts[i], err);
	if (rc != OK)
		return rc;
	int n = snprintf(
		origin, sizeof(origin), "%.*s %.*s", STR_ARG(dsc.source), STR_ARG(dsc.version));

	assert(n > 0 && n < (int)sizeof(origin));
	return import_out_end(o, IMPORT_DSC, str_of(origin, (size_t)n), err);
}
