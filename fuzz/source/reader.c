#include "reader.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/ipc.h"
#include "source/import_stream.h"
#include "source/path.h"

/* Content and heads of a stream within these limits fit the two windows. */
static const struct import_limits limits = { .files_max = 64, .bytes_max = IMPORT_WINDOW_BYTES };

static char windows[IMPORT_WINDOWS * IMPORT_WINDOW_BYTES];

struct tally {
	uint64_t files, bytes, parts;
};

static enum err_kind take_file(void *arg, const struct import_file *file, struct err *err)
{
	struct tally *t = arg;

	assert(path_check(file->path, err) == OK && !path_in_git_folder(file->path));
	assert(file->same_as.len == 0 || path_check(file->same_as, err) == OK);
	assert(file->mode != FILE_SYMLINK || path_link_check(file->path, file->bytes, err) == OK);
	t->files++;
	t->bytes += file->bytes.len;
	return OK;
}

static enum err_kind take_part(void *arg, const struct import_part *part, struct err *err)
{
	struct tally *t = arg;

	(void)err;
	assert(dsc_name_is_safe(part->name));
	t->parts++;
	return OK;
}

void reader_begin(struct reader *r)
{
	int ends[2];
	struct err err;

	assert(ipc_pair(ends, &err) == OK);
	r->vault = ends[0];
	for (uint32_t i = 0; i < IMPORT_WINDOWS; i++) {
		struct import_window w = { .window = i };

		assert(ipc_send(r->vault, IMPORT_GO, &w, sizeof(w), NULL, 0, &err) == OK);
	}
	/* A reader that wanted a third window would hear that there is none. */
	assert(shutdown(r->vault, SHUT_WR) == 0);
	r->out = (struct import_out){ .sock = ends[1],
		.windows = windows,
		.files_max = limits.files_max,
		.bytes_max = limits.bytes_max };
}

void reader_end(struct reader *r, enum err_kind rc, const struct err *err)
{
	static const struct ipc_rule rules[IMPORT_MESSAGES] = {
		[IMPORT_FULL] = { .size = sizeof(struct import_window) },
	};
	struct tally tally = { 0 };
	const struct import_sink sink = { take_file, take_part, &tally };
	struct import_stream s;
	struct ipc_msg msg;
	struct err why;
	enum err_kind fed = OK;

	if (rc != OK) {
		assert(rc != ERR_CORRUPT && err->msg[0] != '\0');
		import_out_fail(&r->out, err);
	}
	/* Not closed yet: with a window unread it would take back what it has sent. */
	assert(shutdown(r->out.sock, SHUT_WR) == 0);
	import_stream_init(&s, &limits, &sink);
	while (fed == OK && ipc_receive(r->vault, rules, IMPORT_MESSAGES, -1, &msg, &why) == OK) {
		struct import_window w;

		memcpy(&w, msg.body, sizeof(w));
		assert(w.window < IMPORT_WINDOWS && w.len <= IMPORT_WINDOW_BYTES);
		fed = import_stream_feed(
			&s, str_of(windows + (size_t)w.window * IMPORT_WINDOW_BYTES, w.len), &why);
	}
	assert(fed != ERR_CORRUPT && (rc != OK || fed == OK));
	if (rc == OK)
		assert(s.ended && s.files == tally.files + tally.parts && s.files == r->out.files);
	import_stream_reset(&s);
	close(r->out.sock);
	close(r->vault);
}

int reader_file(const void *bytes, size_t len)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("source", MFD_CLOEXEC);
	assert(fd >= 0 && ftruncate(fd, 0) == 0);
	assert(pwrite(fd, bytes, len, 0) == (ssize_t)len);
	return fd;
}
