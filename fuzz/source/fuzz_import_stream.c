/*
 * Property: whatever a child sends, only files that a release may hold reach the sink, within the limits, and a
 * stream that ended counted them right.
 */
#include <stdlib.h>

#include "source/import_stream.h"
#include "source/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct import_limits limits = { .files_max = 50, .bytes_max = 1U << 20 };

struct tally {
	uint64_t files, bytes;
};

static enum err_kind take_file(void *arg, const struct import_file *file, struct err *err)
{
	struct tally *t = arg;

	if (path_check(file->path, err) != OK || path_in_git_folder(file->path))
		abort();
	if (file->same_as.len > 0 && path_check(file->same_as, err) != OK)
		abort();
	if (file->mode == FILE_SYMLINK && path_link_check(file->path, file->bytes, err) != OK)
		abort();
	t->files++;
	t->bytes += file->bytes.len;
	if (t->files > limits.files_max || t->bytes > limits.bytes_max)
		abort();
	return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tally tally = { 0 };
	const struct import_sink sink = { .file = take_file, .arg = &tally };
	struct import_stream s;
	struct err err;

	import_stream_init(&s, &limits, &sink);
	if (import_stream_feed(&s, str_of(data, size), &err) == OK && s.ended &&
		(s.files != tally.files || s.bytes != tally.bytes || strlen(s.origin) > size))
		abort();
	import_stream_reset(&s);
	return 0;
}
